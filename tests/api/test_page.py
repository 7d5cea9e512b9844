"""The map page in a real browser: it draws, answers, speaks both languages and asks no other host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pypinyin import lazy_pinyin

from api.demo import sample_folder
from api.demo_check import SourceTruth

FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCRIPTS = Path(__file__).resolve().parents[2] / "api" / "pages" / "js"
DRAWN_S = 60


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not on PATH; make test installs it as root")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """One opened page and everything it asked for or complained about."""

    def __init__(self, browser: Browser, url: str, *, width: int = 1280, height: int = 800) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": height})
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        self.failures: list[str] = []
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on(
            "console", lambda message: message.type == "error" and self.complaints.append(message.text)
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", lambda answer: answer.status >= 400 and self.failures.append(answer.url))
        self.page.goto(url)
        self.wait_until_drawn()

    def wait_until_drawn(self) -> None:
        self.page.wait_for_selector("html[data-map=idle]", timeout=DRAWN_S * 1000)

    def redraw(self, action: str) -> None:
        """Do something to the map and wait until it has nothing left to draw."""
        self.page.evaluate("delete document.documentElement.dataset.map")
        self.page.evaluate(action)
        self.wait_until_drawn()

    def drawn(self, layer: str) -> int:
        """Count the features of one city layer on the screen."""
        return self.page.evaluate(
            "name => citytwinMap.queryRenderedFeatures().filter(one => one.sourceLayer === name).length",
            layer,
        )


@pytest.fixture
def visit(browser: Browser, lizhou_url: str) -> Iterator[Visit]:
    opened = Visit(browser, lizhou_url)
    yield opened
    opened.page.close()


def test_first_map_shows_roads_and_water_and_asks_no_other_host(visit: Visit, lizhou_url: str) -> None:
    assert visit.page.title() == "丽州市"
    assert visit.drawn("roads") > 50
    assert visit.drawn("water") > 0
    assert visit.hosts <= {urlsplit(lizhou_url).netloc, ""}  # blob: and data: have no host
    assert visit.complaints == []
    assert visit.failures == []


def test_clicking_a_building_tells_its_grid_unit_and_levels(visit: Visit) -> None:
    truth = SourceTruth(sample_folder())
    building = truth.buildings.iloc[len(truth.buildings) // 2]
    place = building.geometry.representative_point()
    visit.redraw(f"citytwinMap.jumpTo({{center: [{place.x}, {place.y}], zoom: 17}})")
    visit.page.mouse.click(640, 400)
    visit.page.wait_for_selector("#here:not([hidden]) .chain li")
    levels = visit.page.locator("#here .chain li")
    assert levels.count() == 5
    assert levels.first.inner_text() == "丽州市"
    assert levels.last.get_attribute("title") == truth.unit_of(place.x, place.y)
    assert "建筑" in visit.page.locator("#here-body").inner_text()
    visit.page.click("#language")
    visit.page.wait_for_selector("#here-body dt:text('Building')")
    assert "建筑" not in visit.page.locator("#here-body dt").first.inner_text()
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("#here").is_hidden()
    visit.page.evaluate("localStorage.clear()")


def test_an_estate_typed_in_pinyin_is_offered_and_shown(visit: Visit) -> None:
    buildings = SourceTruth(sample_folder()).buildings
    names = buildings["小区名"].dropna().unique().tolist()
    spoken = ["".join(lazy_pinyin(name)) for name in names]
    name, typed = next(
        (one, said) for one, said in zip(names, spoken, strict=True) if spoken.count(said) == 1
    )
    box = visit.page.locator("#search-text")
    box.press_sequentially(typed)
    visit.page.wait_for_selector(f"#search-list li:first-child span:text('{name}')")
    box.press("ArrowDown")
    assert visit.page.locator("#search-list li[aria-selected=true]").count() == 1
    box.press("Enter")
    visit.page.wait_for_selector("#here:not([hidden]) .chain li")
    assert name in visit.page.locator("#search-said").inner_text()
    center = visit.page.evaluate(
        "async () => { if (citytwinMap.isMoving()) await citytwinMap.once('moveend');"
        " return citytwinMap.getCenter(); }"
    )
    west, south, east, north = buildings[buildings["小区名"] == name].total_bounds
    assert west <= center["lng"] <= east
    assert south <= center["lat"] <= north


def test_an_address_that_is_not_there_is_said_to_be_unsure(visit: Visit) -> None:
    box = visit.page.locator("#search-text")
    box.fill("没有这条路的9999号")
    box.press("Enter")
    visit.page.wait_for_selector("#search-said:not(:empty)")
    said = visit.page.locator("#search-said").inner_text()
    assert "不确定" in said or "没有找到" in said
    visit.page.click("#language")
    assert visit.page.locator("#search-text").get_attribute("placeholder").startswith("Find an address")
    visit.page.evaluate("localStorage.clear()")


def test_a_layer_switched_off_is_not_drawn_and_stays_off_after_a_reload(visit: Visit) -> None:
    assert visit.drawn("roads")
    visit.page.evaluate("delete document.documentElement.dataset.map")
    visit.page.locator("input[name=roads]").uncheck()
    visit.wait_until_drawn()
    assert visit.drawn("roads") == 0
    visit.page.reload()
    visit.wait_until_drawn()
    assert visit.drawn("roads") == 0
    visit.page.evaluate("localStorage.clear()")


def test_hexagons_are_drawn_with_a_legend(visit: Visit) -> None:
    visit.page.evaluate("delete document.documentElement.dataset.map")
    visit.page.select_option("#cells-of", "buildings")
    visit.page.wait_for_selector("#legend:not([hidden])", timeout=DRAWN_S * 1000)
    assert visit.drawn("cells") > 5
    assert visit.page.locator("#legend i").count() >= 2
    visit.page.select_option("#cells-of", "")
    assert visit.page.locator("#legend").is_hidden()


def test_page_speaks_english_when_asked(visit: Visit) -> None:
    visit.page.evaluate("delete document.documentElement.dataset.map")
    visit.page.click("#language")
    visit.wait_until_drawn()
    assert visit.page.locator("#layers-title").inner_text() == "Layers"
    assert visit.page.evaluate("document.documentElement.lang") == "en"
    assert visit.page.locator("#layer-list").inner_text().count("Buildings") == 1
    visit.page.evaluate("localStorage.clear()")


def test_night_colours_keep_the_map_drawn(visit: Visit) -> None:
    visit.page.evaluate("delete document.documentElement.dataset.map")
    visit.page.click("#theme")
    visit.wait_until_drawn()
    assert visit.page.locator("html").get_attribute("data-theme") == "night"
    assert visit.drawn("roads") > 50
    visit.page.evaluate("localStorage.clear()")


def test_phone_screen_keeps_every_control_inside(browser: Browser, lizhou_url: str) -> None:
    visit = Visit(browser, lizhou_url, width=360, height=640)
    for box in (one.bounding_box() for one in visit.page.locator("button:visible").all()):
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
    visit.page.close()


def test_both_languages_have_every_sentence() -> None:
    source = (SCRIPTS / "text.js").read_text(encoding="utf-8")
    tables = re.findall(r"^  (zh|en): \{\n(.*?)^  \},", source, flags=re.MULTILINE | re.DOTALL)
    keys = {name: re.findall(r"^    (\w+): \"", table, flags=re.MULTILINE) for name, table in tables}
    assert keys["zh"] == keys["en"]
    assert len(keys["zh"]) > 20
    used = {
        key
        for path in SCRIPTS.glob("*.js")
        for key in re.findall(r"\btext\(\"(\w+)\"\)", path.read_text("utf-8"))
    }
    assert used <= set(keys["zh"])


def test_browser_refuses_other_hosts_by_policy(visit: Visit) -> None:
    blocked = visit.page.evaluate(
        """() => new Promise(resolve => {
            document.addEventListener("securitypolicyviolation", event => resolve(event.violatedDirective));
            fetch("http://192.0.2.1/").catch(() => {});
        })"""
    )
    assert blocked in {"connect-src", "default-src"}
