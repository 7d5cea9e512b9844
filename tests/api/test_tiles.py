from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from api.app import create_app
from api.settings import Settings
from api.tiles import CELLS, TRUNCATED, parse_address
from tests.api.conftest import Client
from tests.api.town import COMMUNITY_CODES, EAST, NORTH, SOUTH, WEST, make_town
from tests.reference import reference_path
from tiles.archive import archive_path, build_archive
from tiles.matrix import MAX_ZOOM, tile_bbox, tiles_of_bbox
from twin.city import City
from twin.errors import InvalidQueryError, InvalidTileError
from twin.schema import DECLARED

MVT = "application/vnd.mapbox-vector-tile"
HALL_TILE = (16, *tiles_of_bbox((120.0405, 28.8905, 120.0405, 28.8905), 16)[:2])


def path_of(layer: str, address: tuple[int, int, int]) -> str:
    return f"/tiles/{layer}/{'/'.join(map(str, address))}.mvt"


def drawn(content: bytes, layer: str) -> list[dict[str, object]]:
    tile = mapbox_vector_tile.decode(content) if content else {}
    features: list[dict[str, object]] = tile.get(layer, {"features": []})["features"]
    return features


def test_tile_holds_every_building_whose_outline_reaches_into_it(client: Client, town: City) -> None:
    frame = town.layer("buildings").to_geodataframe()
    x, y = tiles_of_bbox((120.1, 28.9, 120.1, 28.9), 14)[:2]
    answer = client(path_of("buildings", (14, x, y)))
    assert answer.headers["content-type"] == MVT
    meets = shapely.intersects(frame.geometry.to_numpy(), shapely.box(*tile_bbox(14, x, y)))
    found = {feature["properties"]["building_id"] for feature in drawn(answer.content, "buildings")}  # type: ignore[index]
    assert set(frame["building_id"][meets]) <= found
    assert found
    assert TRUNCATED.decode() not in answer.headers


def test_gzipped_tile_is_the_same_tile(client: Client) -> None:
    plain = client(path_of("buildings", HALL_TILE))
    packed = client(path_of("buildings", HALL_TILE), accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]


def test_tile_without_features_is_empty(client: Client) -> None:
    for coding in ("gzip", "identity"):
        answer = client("/tiles/buildings/14/0/0.mvt", accept_encoding=coding)
        assert answer.status_code == 200
        assert answer.content == b""
        assert answer.headers["content-length"] == "0"


def test_prebuilt_tile_says_exactly_how_many_features_it_left_out(tmp_path: Path) -> None:
    city = make_town(tmp_path / "town.city", n_buildings=50, n_addresses=10)
    client = Client(create_app(city, Settings()))
    x0, y0, x1, y1 = tiles_of_bbox((WEST, SOUTH, EAST, NORTH), 13)
    paths = [path_of("buildings", (13, x, y)) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]
    said = [client(path).headers.get(TRUNCATED.decode()) for path in paths]
    view = city.layer("buildings")
    build_archive(view, archive_path(city.path, view.layer), range(13, 15))
    stored = Client(create_app(city, Settings()))
    assert [stored(path).headers.get(TRUNCATED.decode()) for path in paths] == said
    assert None in said
    assert any(said)
    city.close()


def test_who_holds_the_tile_gets_304_without_its_being_drawn(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = client(path_of("roads", HALL_TILE)).headers["etag"]
    monkeypatch.setattr("api.tiles.draw", lambda *_: pytest.fail("it was drawn"))
    again = client(path_of("roads", HALL_TILE), if_none_match=tag)
    assert again.status_code == 304
    assert again.content == b""
    assert tag.startswith('"')


def test_counts_by_cell_add_up_to_the_features_of_the_layer(client: Client) -> None:
    box = (120.0, 28.8, 120.2, 29.0)
    west, north, east, south = tiles_of_bbox(box, 12)
    counted: dict[object, object] = {}
    for x in range(west, east + 1):
        for y in range(north, south + 1):
            for cell in drawn(client(path_of("buildings.cells", (12, x, y))).content, "cells"):
                counted[cell["properties"]["cell"]] = cell["properties"]["count"]  # type: ignore[index]
    assert sum(counted.values()) == 400  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/tiles/roads/1/2/0.mvt", 404, "1/2/0"),
        ("/tiles/roads/1/0/2.mvt", 404, "1/0/2"),
        ("/tiles/roads/0/0/1.mvt", 404, "0/0/1"),
        (f"/tiles/roads/{MAX_ZOOM + 1}/0/0.mvt", 400, f"0-{MAX_ZOOM}"),
        ("/tiles/roads/99999999999/0/0.mvt", 400, "z='99999999999'"),
        ("/tiles/roads/a/0/0.mvt", 400, "z='a'"),
        ("/tiles/roads/1/-1/0.mvt", 400, "x='-1'"),
        ("/tiles/roads/1/0/0.5.mvt", 400, "y='0.5'"),
        ("/tiles/roads/1/0/².mvt", 400, "y="),
        ("/tiles/moon/1/0/0.mvt", 404, "moon"),
        ("/tiles/moon.cells/1/0/0.mvt", 404, "moon"),
        ("/tiles/roads/1/0/0.mvt?x=1", 400, "'x'"),
        ("/tiles/moon.json", 404, "moon"),
        ("/styles/dawn.json", 400, "dawn"),
        ("/styles/day.json?lang=fr", 400, "fr"),
    ],
)
def test_wrong_address_is_refused_saying_what_came(client: Client, path: str, status: int, said: str) -> None:
    answer = client(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert said in answer.json()["detail"]


def test_addresses_are_read_and_checked() -> None:
    assert parse_address("0", "0", "0") == (0, 0, 0)
    with pytest.raises(InvalidTileError):
        parse_address("2", "4", "0")
    with pytest.raises(InvalidQueryError):
        parse_address("2", "+1", "0")


@pytest.mark.parametrize("layer", ["roads", "buildings", "incidents", "buildings.cells"])
def test_tilejson_is_valid_and_its_tiles_are_there(client: Client, layer: str) -> None:
    document = client(f"/tiles/{layer}.json").json()
    schema = json.loads(
        reference_path("ogc-conformance/tilejson-3.0.0.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.validate(document, schema)
    (template,) = document["tiles"]
    x, y = tiles_of_bbox((120.1, 28.9, 120.1, 28.9), 14)[:2]
    path = template.format(z=14, x=x, y=y).removeprefix("http://twin")
    answer = client(path)
    assert answer.status_code == 200
    named = document["vector_layers"][0]["id"]
    assert drawn(answer.content, named) or layer == "incidents"


@pytest.mark.parametrize("theme", ["day", "night"])
def test_style_draws_from_this_service_alone(client: Client, theme: str) -> None:
    text = client(f"/styles/{theme}.json?lang=en").text
    style = json.loads(text)
    assert style["version"] == 8
    assert style["name"] == "测试市"
    assert {"roads", "buildings", "grid"} <= style["sources"].keys()
    for source in style["sources"].values():
        for template in source["tiles"]:
            assert template.startswith("http://twin/tiles/")
    assert text.count("http") == text.count("http://twin/")
    assert "glyphs" not in style
    assert "sprite" not in style


def test_prebuilt_tile_is_the_drawn_tile_until_the_layer_is_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = make_town(tmp_path / "town.city", n_buildings=50, n_addresses=10)
    path = path_of("buildings", HALL_TILE)
    on_the_fly = Client(create_app(city, Settings()))(path)
    view = city.layer("buildings")
    build_archive(view, archive_path(city.path, view.layer), range(15, 17))
    with monkeypatch.context() as patched:
        patched.setattr("api.tiles.draw", lambda *_: pytest.fail("it was drawn"))
        app = Client(create_app(city, Settings()))
        stored = app(path)
        packed = app(path, accept_encoding="gzip")
        assert app("/tiles/buildings/16/0/0.mvt").content == b""
    assert stored.content == packed.content == on_the_fly.content
    assert TRUNCATED.decode() not in stored.headers
    assert stored.headers["etag"] == on_the_fly.headers["etag"]
    hall = int(view.take(np.array([0]), ["feature_id"])["feature_id"][0].as_py())
    city.state.delete_feature("buildings", hall, author="test")
    city.forget("buildings")
    edited = app(path, if_none_match=stored.headers["etag"])
    assert edited.status_code == 200
    assert hall not in {feature["id"] for feature in drawn(edited.content, "buildings")}
    city.close()


@pytest.mark.parametrize("layer", ["roads", "divisions"])
def test_edited_feature_of_a_ranked_layer_is_in_the_next_tile(tmp_path: Path, layer: str) -> None:
    city = make_town(tmp_path / "town.city", n_buildings=5, n_addresses=5)
    view = city.layer(layer)
    (row,) = view.take(view.positions()[:1]).to_pylist()
    feature_id, wkb = row.pop("feature_id"), row.pop("geometry")
    box = shapely.from_wkb(wkb).bounds
    city.state.put_feature(layer, feature_id, row, wkb, author="test")
    city.forget(layer)
    answer = Client(create_app(city, Settings()))(path_of(layer, (14, *tiles_of_bbox(box, 14)[:2])))
    assert answer.status_code == 200, answer.text
    assert feature_id in {feature["id"] for feature in drawn(answer.content, layer)}
    city.close()


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[City]:
    """A town whose buildings know the divisions they stand in."""
    city = make_town(tmp_path / "town.city", n_buildings=50, n_addresses=10)
    view = city.layer("buildings")
    table = view.take(view.positions())
    city.store.put(DECLARED["buildings"], table, areas=city.area_assigner)
    yield city
    city.close()


def test_extents_are_those_of_what_the_caller_sees(stamped: City, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(create_app(stamped, Settings()))
    western = stamped.divisions.scope(COMMUNITY_CODES[0])
    frame = stamped.layer("buildings").to_geodataframe()
    half = shapely.box(WEST, SOUTH, (WEST + EAST) / 2, NORTH)
    wanted = pytest.approx(list(frame[frame.intersects(half)].total_bounds), abs=1e-9)
    assert list(frame.total_bounds) != wanted
    monkeypatch.setattr("api.ask.caller_scope", lambda _: western)
    assert client("/collections/buildings").json()["extent"]["spatial"]["bbox"][0] == wanted
    assert client("/tiles/buildings.json").json()["bounds"] == wanted
    assert client("/styles/day.json").json()["sources"]["buildings"]["bounds"] == wanted


def test_prebuilt_tile_is_not_for_a_caller_who_sees_less(
    stamped: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = stamped.layer("buildings")
    build_archive(view, archive_path(stamped.path, view.layer), range(13, 17))
    client = Client(create_app(stamped, Settings()))
    frame = view.to_geodataframe()
    farthest_east = frame.geometry[frame.bounds["maxx"].idxmax()].bounds
    path = path_of("buildings", (14, *tiles_of_bbox(farthest_east, 14)[:2]))
    western = stamped.divisions.scope(COMMUNITY_CODES[0])
    limited = stamped.layer("buildings", western)
    own = set(limited.take(limited.positions())["feature_id"].to_pylist())
    whole = {feature["id"] for feature in drawn(client(path).content, "buildings")}
    assert whole - own
    monkeypatch.setattr("api.ask.caller_scope", lambda _: western)
    assert {feature["id"] for feature in drawn(client(path).content, "buildings")} == whole & own


def test_tile_that_left_features_out_says_so(client_of: Callable[..., Client], town: City) -> None:
    app = client_of()
    west, north, east, south = tiles_of_bbox((120.0, 28.8, 120.2, 29.0), 12)
    said = [
        app(path_of("buildings", (12, x, y))).headers.get(TRUNCATED.decode())
        for x in range(west, east + 1)
        for y in range(north, south + 1)
    ]
    # At zoom 12 a pixel is 17 m wide here: buildings of 10 to 40 m are too small to be drawn, most of them.
    assert any(one is not None and int(one) > 0 for one in said)
    assert gzip.decompress(gzip.compress(b"")) == b""
    assert CELLS == ".cells"
    assert town.has_layer("buildings")
