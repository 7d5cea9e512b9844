"""The ledger over HTTP: from a grid unit to its buildings, to their dwellings; parts; scopes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from analysis.ledger import ledger
from api.app import create_app
from api.settings import Settings
from tests.analysis.housing import EIGHT, FARM, SEVEN, SIX, make_housing
from tests.api.conftest import Client
from tests.twin.squares import COMMUNITIES, drawing, grid_id, make_city, square
from twin.city import City
from twin.redraw import redraw

HOME = grid_id(0, 0)


@pytest.fixture(scope="module")
def housing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with make_housing(tmp_path_factory.mktemp("housing") / "a.city") as made:
        yield made


@pytest.fixture(scope="module")
def ask(housing: City) -> Client:
    return Client(create_app(housing, Settings()))


def test_unit_tells_its_chain_counts_buildings_and_history(ask: Client, housing: City) -> None:
    found = ask(f"/v1/grid-units/{HOME}").json()
    assert [one["level"] for one in found["chain"]] == [
        "city",
        "district",
        "subdistrict",
        "community",
        "grid",
    ]
    assert [one["name"] for one in found["chain"][:4]] == ["丽州市", "东区", "中心街道", "西社区"]
    assert (found["counts"]["dwellings"], found["counts"]["buildings"]) == (4, 3)
    assert found["counts"]["people"] is None
    assert found["counts"] == {k: v for k, v in ledger(housing).row(HOME).items() if k not in {"key", "name"}}
    assert {one["building_id"] for one in found["buildings"]} == {"B6", "B7", "B10"}
    (version,) = found["history"]
    assert (version["action"], version["author"]) == ("import", "")
    assert shapely.geometry.shape(version["geometry"]).equals(square(0, 0))


def test_one_can_walk_from_the_unit_to_every_dwelling(ask: Client) -> None:
    unit = ask(f"/v1/grid-units/{HOME}").json()
    dwellings = set()
    for building in unit["buildings"]:
        found = ask(f"/v1/buildings/{building['feature_id']}/dwellings").json()
        assert found["total"] == building["dwellings"] == len(found["dwellings"])
        dwellings |= {one["address_id"] for one in found["dwellings"]}
    assert dwellings == {72, 73, 74}, "301 stands in no footprint; the coverage report names it"
    assert EIGHT not in dwellings


def test_dwellings_say_how_they_came_to_the_building(ask: Client) -> None:
    buildings = {one["building_id"]: one for one in ask(f"/v1/grid-units/{HOME}").json()["buildings"]}
    found = ask(f"/v1/buildings/{buildings['B7']['feature_id']}/dwellings").json()
    assert [(one["address_id"], one["matched"]) for one in found["dwellings"]] == [(74, "near, same number")]
    assert 4.0 < found["dwellings"][0]["distance_m"] < 6.0
    assert found["dwellings"][0]["links"] == "http://twin/v1/addresses/74/links"
    assert found["house_number"] == "07号楼"
    assert {SIX, SEVEN, FARM}.isdisjoint(one["address_id"] for one in found["dwellings"])


def test_buildings_and_dwellings_come_page_by_page(ask: Client) -> None:
    path, seen = f"/v1/grid-units/{HOME}/buildings?limit=1", []
    while path:
        page = ask(path).json()
        assert len(page["buildings"]) == 1
        seen.append(page["buildings"][0]["feature_id"])
        path = page["links"][0]["href"].removeprefix("http://twin") if page["links"] else ""
    assert seen == sorted(set(seen))
    assert len(seen) == 3
    (six,) = [one for one in ask(f"/v1/grid-units/{HOME}").json()["buildings"] if one["building_id"] == "B6"]
    page = ask(f"/v1/buildings/{six['feature_id']}/dwellings?limit=1").json()
    rest = ask(page["links"][0]["href"].removeprefix("http://twin")).json()
    assert [one["address_id"] for one in (*page["dwellings"], *rest["dwellings"])] == [72, 73]
    assert rest["links"] == []


def test_nearest_part_is_told_with_its_distance(ask: Client) -> None:
    here = square(0, 0).centroid
    found = ask(f"/v1/parts/nearest?lon={here.x}&lat={here.y}&class=消火栓").json()
    (part,) = found["parts"]
    assert part["properties"]["part_id"] == "b"
    assert part["properties"]["owner"] == "市政"
    # 0.1 steps of 0.01 degrees at 28.8 N
    assert part["properties"]["distance_m"] == pytest.approx(97.6, abs=0.2)
    assert len(ask(f"/v1/parts/nearest?lon={here.x}&lat={here.y}&limit=3").json()["parts"]) == 3


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/grid-units/nowhere", 404),
        (f"/v1/grid-units/{HOME}?zoom=1", 400),
        (f"/v1/grid-units/{HOME}/buildings?limit=0", 400),
        (f"/v1/grid-units/{HOME}/buildings?after=x", 400),
        ("/v1/grid-units/nowhere/buildings", 404),
        ("/v1/buildings/999999/dwellings", 404),
        ("/v1/buildings/abc/dwellings", 404),
        ("/v1/parts/nearest?lon=120", 400),
        ("/v1/parts/nearest?lon=120&lat=95", 400),
        ("/v1/parts/nearest?lon=120&lat=28.8&limit=9999", 400),
        ("/v1/parts/nearest?lon=120&lat=28.8&max_distance_m=-1", 400),
    ],
)
def test_what_is_not_there_or_not_sound_is_refused(ask: Client, path: str, status: int) -> None:
    answer = ask(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_unit_outside_the_scope_is_as_if_it_were_not_there(
    ask: Client, housing: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(f"/v1/grid-units/{HOME}")
    western = whole.json()["buildings"][0]["feature_id"]
    east = housing.divisions.scope(COMMUNITIES[1])
    monkeypatch.setattr("api.ask.caller_scope", lambda _: east)
    for path in (
        f"/v1/grid-units/{HOME}",
        f"/v1/grid-units/{HOME}/buildings",
        f"/v1/buildings/{western}/dwellings",
    ):
        answer = ask(path, if_none_match=whole.headers["etag"])
        missing = ask(path.replace(HOME, "nowhere").replace(f"/{western}/", "/999999/"))
        assert answer.status_code == missing.status_code == 404
        assert (
            answer.json()["detail"].replace(HOME, "nowhere").replace(str(western), "999999")
            == (missing.json()["detail"])
        )
    seen = ask(f"/v1/grid-units/{grid_id(4, 4)}").json()
    assert [one["building_id"] for one in seen["buildings"]] == ["F12"]
    here = square(0, 0).centroid
    nearest = ask(f"/v1/parts/nearest?lon={here.x}&lat={here.y}&class=路灯").json()
    assert [one["properties"]["part_id"] for one in nearest["parts"]] == ["c"], "the one in the east"


def test_redraw_is_visible_at_the_next_question(tmp_path: Path) -> None:
    with make_housing(tmp_path / "a.city") as city:
        client = Client(create_app(city, Settings()))
        first = client(f"/v1/grid-units/{HOME}")
        assert client(f"/v1/grid-units/{HOME}", if_none_match=first.headers["etag"]).status_code == 304
        shapes = {HOME: square(0, 0, 0.3), grid_id(1, 0): square(0.3, 0, 1.7)}
        redraw(city, drawing(shapes), author="甲")
        second = client(f"/v1/grid-units/{HOME}", if_none_match=first.headers["etag"])
        assert second.status_code == 200
        found = second.json()
        assert {one["building_id"] for one in found["buildings"]} == {"B6"}
        assert found["counts"]["dwellings"] == 2
        assert [(one["action"], one["author"]) for one in found["history"]] == [("import", ""), ("put", "甲")]
        assert found["history"][1]["since"].startswith("20")
        assert shapely.geometry.shape(found["history"][1]["geometry"]).equals(shapes[HOME])


def test_city_without_address_base_says_so(tmp_path: Path) -> None:
    with make_city(tmp_path / "a.city", n=60) as city:
        client = Client(create_app(city, Settings()))
        found = client(f"/v1/grid-units/{HOME}").json()
        assert found["counts"]["dwellings"] is None
        assert all(one["dwellings"] is None for one in found["buildings"])
        feature_id = int(city.layer("buildings").layer.feature_ids[0])
        answer = client(f"/v1/buildings/{feature_id}/dwellings")
        assert answer.status_code == 404
        assert "no address base" in answer.json()["detail"]
