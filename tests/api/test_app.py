from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.types import Message, Scope

from api.app import create_app
from api.hot import FrontDoor
from api.openapi import OPERATIONS
from api.service import Service
from api.settings import Settings
from tests.api.conftest import Client
from tests.api.town import make_town
from twin.city import City

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_browsers_get_the_map_and_programs_the_links(client: Client) -> None:
    page = client("/", accept=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "accept" in page.headers.get_list("vary", split_commas=True)
    assert client("/", accept="*/*").headers["content-type"] == "application/json"
    assert client("/?f=json", accept=BROWSER).headers["content-type"] == "application/json"
    assert client("/?f=html").headers["content-type"] == "text/html; charset=utf-8"
    assert client("/?lang=en", accept=BROWSER).status_code == 200


@pytest.mark.parametrize("accept", [BROWSER, "*/*"])
def test_who_holds_the_first_page_still_learns_what_it_varies_by(client: Client, accept: str) -> None:
    tag = client("/", accept=accept).headers["etag"]
    again = client("/", accept=accept, if_none_match=tag)
    assert again.status_code == 304
    assert set(again.headers.get_list("vary", split_commas=True)) == {"accept", "accept-encoding"}


def test_unknown_path_and_method_are_problems(client: Client) -> None:
    for path in ("/nowhere", "/docs", "/redoc", "/collections/", "/tiles/roads/1/2.mvt"):
        answer = client(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    for path in ("/collections", "/healthz", "/collections/roads/items", "/v1/locate"):
        answer = client(path, "POST")
        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["allow"] == "GET, HEAD"
    for path in ("/v1/geocode", "/v1/divisions/331102/rollup"):
        answer = client(path, "DELETE")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, POST"
        assert answer.json()["detail"].endswith("it takes GET, HEAD, POST")


@pytest.mark.parametrize(
    "path", ["/", "/collections", "/collections/roads/items?limit=3", "/healthz", "/v1/progress"]
)
def test_head_says_what_get_would(client: Client, path: str) -> None:
    got, head = client(path), client(path, "HEAD")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers.get("etag") == got.headers.get("etag")


def test_pages_of_other_origins_read_nothing_unless_set(
    client: Client, client_of: Callable[..., Client]
) -> None:
    assert "access-control-allow-origin" not in client("/collections", origin="https://a.example").headers
    shared = client_of(cors_origins="https://a.example")
    for path in ("/collections", "/healthz", "/collections/roads/items"):
        allowed = shared(path, origin="https://a.example")
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        assert "ETag" in allowed.headers["access-control-expose-headers"]
        refused = shared(path, origin="https://b.example")
        assert "access-control-allow-origin" not in refused.headers


def test_age_setting_lets_caches_keep_answers(client: Client, client_of: Callable[..., Client]) -> None:
    assert client("/collections").headers["cache-control"] == "no-cache"
    assert client_of(max_age_s=60)("/collections").headers["cache-control"] == "public, max-age=60"


def test_hot_paths_answer_exactly_as_their_documented_routes(town: City) -> None:
    hot, documented = create_app(town, Settings()), create_app(town, Settings())
    (door,) = [one for one in documented.user_middleware if one.cls is FrontDoor]
    door.kwargs["endpoints"] = {}
    for path in (
        "/healthz",
        "/v1/locate?lon=120.04&lat=28.89",
        "/collections/roads/items?limit=3",
        "/collections/roads/items?limit=0",
        "/collections/moon/items",
        "/tiles/buildings/14/13656/6822.mvt",
    ):
        fast, slow = Client(hot)(path), Client(documented)(path)
        assert fast.status_code == slow.status_code
        assert fast.headers == slow.headers
        assert strip_time(fast.content) == strip_time(slow.content)


def strip_time(body: bytes) -> bytes:
    return body.partition(b'"timeStamp"')[0]


def test_failure_of_ours_is_a_problem_that_tells_nothing_of_us(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret path")

    monkeypatch.setattr(City, "layer", fail)
    for path in ("/collections", "/collections/roads/items"):
        answer = client(path)
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert "secret" not in answer.text


def test_service_says_that_it_lives_and_is_ready(client: Client) -> None:
    assert client("/healthz").json() == {"status": "ok"}
    assert client("/readyz").json() == {"status": "ready", "failures": {}}
    assert client("/v1/progress").json() == {"is_building": False, "steps": []}
    for path in ("/healthz", "/readyz", "/v1/progress", "/metrics"):
        assert client(path).headers["cache-control"] == "no-store"


def test_damaged_layer_makes_the_service_unready_and_hides_our_files(tmp_path: Path) -> None:
    folder = tmp_path / "town.city"
    make_town(folder, n_buildings=5, n_addresses=5).close()
    for path in (folder / "index").glob("roads*"):
        path.write_bytes(b"")
    city = City.open(folder)
    client = Client(create_app(city, Settings()))
    ready = client("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"status": "unready", "failures": {"roads": "DamagedLayer"}}
    refused = client("/collections/roads/items")
    assert refused.status_code == 503
    assert str(tmp_path) not in refused.text
    assert client("/collections/grid/items").status_code == 200
    city.close()


@pytest.mark.parametrize("layer", ["roads", "grid", "buildings"])
@pytest.mark.parametrize("pattern", ["index/{}.v1.arrow", "layers/{}.v1.parquet", "index/{}.v1.*blocks*"])
def test_one_cut_file_silences_its_layer_alone(tmp_path: Path, layer: str, pattern: str) -> None:
    folder = tmp_path / "town.city"
    make_town(folder, n_buildings=5, n_addresses=5).close()
    (cut,) = folder.glob(pattern.format(layer))
    cut.write_bytes(cut.read_bytes()[:-7])
    city = City.open(folder)
    client = Client(create_app(city, Settings()))
    assert client("/readyz").json()["failures"] == {layer: "DamagedLayer"}
    others = {"divisions", "grid", "buildings", "addresses", "roads", "incidents"} - {layer}
    assert {one["id"] for one in client("/collections").json()["collections"]} == others
    assert client("/styles/day.json").json()["sources"].keys() == others
    here = client("/v1/locate?lon=120.0405&lat=28.8905").json()
    assert (here["grid_unit"] is None) == (layer == "grid")
    assert (here["building"] is None) == (layer == "buildings")
    for path in (f"/collections/{layer}", f"/collections/{layer}/items", f"/tiles/{layer}/14/0/0.mvt"):
        refused = client(path)
        assert refused.status_code == 503
        assert repr(layer) in refused.json()["detail"]
        assert str(tmp_path) not in refused.text
    assert client("/tiles/incidents/14/0/0.mvt").status_code == 200
    city.close()


def test_every_route_is_counted_under_its_template(town: City) -> None:
    client = Client(create_app(town, Settings()))
    for path in (
        "/collections/roads",
        "/collections/roads/items",
        "/nowhere/a",
        "/nowhere/b",
        "/collections/moon",
    ):
        client(path)
    text = client("/metrics").text
    assert 'count{route="/collections/{collection_id}",status="200"} 1.0' in text
    assert 'count{route="/collections/{collection_id}",status="404"} 1.0' in text
    assert 'count{route="/collections/{collection_id}/items",status="200"} 1.0' in text
    assert 'count{route="unmatched",status="404"} 2.0' in text
    assert "nowhere" not in text


def test_every_documented_path_is_served(town: City) -> None:
    routes = {route.path for route in create_app(town, Settings()).routes}  # type: ignore[attr-defined]
    assert set(OPERATIONS) <= routes


def test_threads_end_with_the_service(town: City) -> None:
    app = create_app(town, Settings())
    messages: list[Message] = []
    steps = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def run() -> None:
        async def receive() -> Message:
            return next(steps)

        async def send(message: Message) -> None:
            messages.append(message)

        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        await app(scope, receive, send)

    asyncio.run(run())
    assert [one["type"] for one in messages] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_long_work_leaves_the_event_loop_free(town: City) -> None:
    service = Service.of(town, Settings())

    async def run() -> bool:
        loop = asyncio.get_running_loop()
        gate = loop.create_future()

        def wait_for_the_loop() -> bool:
            loop.call_soon_threadsafe(gate.set_result, True)
            return True

        waiting = asyncio.ensure_future(service.in_thread(wait_for_the_loop))
        return await gate and await waiting

    assert asyncio.run(run())
    service.pool.shutdown()
