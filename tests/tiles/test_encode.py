"""Tiles of a view: ids, edits, scope, zoom limits."""

from __future__ import annotations

import itertools

import mapbox_vector_tile
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiles.town import building_properties, buildings
from tiles.encode import encode_tile, prepared_layer
from tiles.matrix import tile_bbox, tiles_of_bbox
from twin.edits import Edits
from twin.errors import InvalidGeometryError
from twin.layer import Layer
from twin.schema import DECLARED, LayerSchema
from twin.view import LayerView

TILE = (14, 13648, 6800)
N = 200


def table_of(shapes: np.ndarray, properties: dict[str, pa.Array]) -> pa.Table:
    return pa.table({**properties, "geometry": pa.array(shapely.to_wkb(shapes), pa.binary())})


@pytest.fixture(scope="module")
def town() -> pa.Table:
    return table_of(buildings(N, TILE), building_properties(N))


def features_of(view: LayerView, tile: tuple[int, int, int]) -> dict[int, dict]:
    drawn = encode_tile(view, *tile)
    if not drawn.content:
        return {}
    layer = mapbox_vector_tile.decode(drawn.content)[view.layer.schema.name]
    assert len(layer["features"]) == drawn.n_features
    return {feature["id"]: feature["properties"] for feature in layer["features"]}


def wanted_of(view: LayerView, tile: tuple[int, int, int]) -> dict[int, dict]:
    """Return ids and properties of the features that meet the buffered tile, asked of the view itself."""
    rows = view.take(view.in_bbox(tile_bbox(*tile, margin=64 / 4096))).drop_columns("geometry").to_pylist()
    return {
        row.pop("feature_id"): {key: value for key, value in row.items() if value is not None} for row in rows
    }


@pytest.mark.parametrize("zoom", [14, 15, 17])
def test_every_feature_that_meets_the_tile_is_in_it_with_its_id_and_properties(
    town: pa.Table, zoom: int
) -> None:
    view = LayerView(Layer.from_table(DECLARED["buildings"], town, np.arange(N) + 5000))
    west, south, east, north = tile_bbox(*TILE)
    x0, y0, x1, y1 = tiles_of_bbox((west + 1e-9, south + 1e-9, east - 1e-9, north - 1e-9), zoom)
    seen: set[int] = set()
    for x in range(x0, x1 + 1):
        for y in range(y0, y1 + 1):
            features, wanted = features_of(view, (zoom, x, y)), wanted_of(view, (zoom, x, y))
            assert features == wanted
            seen |= set(features)
    assert len(seen) > N * 0.9


@settings(deadline=None, max_examples=25)
@given(st.sets(st.integers(0, N - 1), max_size=20), st.integers(0, 20), st.integers(0, 99))
def test_edits_show_at_once_and_what_they_hide_is_gone(
    town: pa.Table, hidden: set[int], n_new: int, seed: int
) -> None:
    layer = Layer.from_table(DECLARED["buildings"], town)
    new = (
        table_of(buildings(n_new, TILE, seed=seed), building_properties(n_new, seed=seed)) if n_new else None
    )
    edits = Edits(1, np.array(sorted(hidden), np.int64), np.arange(n_new) + 10_000, new)
    view = LayerView(layer, edits)
    assert features_of(view, TILE) == wanted_of(view, TILE)
    assert not hidden & set(features_of(view, TILE))


RANKED = {
    "roads": ("class", ["trunk", "path"], shapely.LineString([(119.99, 28.99), (120.01, 29.01)])),
    "railways": ("class", ["rail", "siding"], shapely.LineString([(119.99, 28.99), (120.01, 29.01)])),
    "waterways": ("class", ["river", "ditch"], shapely.LineString([(119.99, 28.99), (120.01, 29.01)])),
    "divisions": ("level", [1, 4], shapely.box(119.9, 28.9, 120.1, 29.1)),
}


@pytest.mark.parametrize("name", RANKED)
def test_an_edited_feature_of_a_ranked_layer_is_drawn_from_the_zoom_of_its_class(name: str) -> None:
    rank, values, shape = RANKED[name]
    key = {"divisions": "code"}.get(name, "osm_id")
    stored = table_of(np.array([shape]), {key: pa.array(["1"]), rank: pa.array(values[:1])})
    edited = table_of(np.array([shape]), {key: pa.array(["2"]), rank: pa.array(values[1:])})
    if name == "divisions":
        stored, edited = (one.append_column("name", pa.array(["丽州"])) for one in (stored, edited))
    view = LayerView(
        Layer.from_table(DECLARED[name], stored), Edits(1, np.empty(0, np.int64), np.array([7]), edited)
    )
    low = 9 if name == "divisions" else 12
    shown = {
        zoom: set(features_of(view, (zoom, *tiles_of_bbox((120, 29, 120, 29), zoom)[:2])))
        for zoom in (low, 14)
    }
    assert shown == {low: {0}, 14: {0, 7}}


def test_a_layer_below_its_lowest_zoom_draws_nothing_and_says_how_much(town: pa.Table) -> None:
    view = LayerView(Layer.from_table(DECLARED["buildings"], town))
    tile = encode_tile(view, 12, TILE[1] >> 2, TILE[2] >> 2)
    assert tile.content == b""
    assert tile.n_dropped == N


@pytest.mark.parametrize("zoom", [14, 16])
def test_the_name_of_a_polygon_stands_in_exactly_one_tile(town: pa.Table, zoom: int) -> None:
    view = LayerView(Layer.from_table(DECLARED["buildings"], town))
    x0, y0, x1, y1 = tiles_of_bbox(view.layer.bbox, zoom)
    seen: list[tuple[int, str]] = []
    for x, y in itertools.product(range(x0, x1 + 1), range(y0, y1 + 1)):
        layers = mapbox_vector_tile.decode(encode_tile(view, zoom, x, y).content)
        for label in layers.get("buildings.labels", {"features": []})["features"]:
            assert label["geometry"]["type"] == "Point"
            assert all(0 <= ordinate <= 4096 for ordinate in label["geometry"]["coordinates"])
            assert set(label["properties"]) <= {"name", "use"}
            seen.append((label["id"], label["properties"]["name"]))
    table = view.take(view.positions()).to_pylist()
    assert sorted(seen) == sorted((row["feature_id"], row["name"]) for row in table if row["name"])


def test_a_layer_is_prepared_once_while_it_is_open(town: pa.Table) -> None:
    layer = Layer.from_table(DECLARED["buildings"], town)
    assert prepared_layer(layer) is prepared_layer(layer)


def test_features_without_place_are_never_drawn() -> None:
    points = pa.array([shapely.to_wkb(shapely.Point(120, 29)), None], pa.binary())
    view = LayerView(Layer.from_table(LayerSchema("lamps", "point"), pa.table({"geometry": points})))
    x, y, _, _ = tiles_of_bbox((120, 29, 120, 29), 14)
    assert encode_tile(view, 14, x, y).n_features == 1
    assert encode_tile(view, 0, 0, 0).n_features == 1


def test_an_empty_layer_has_empty_tiles() -> None:
    for name in ("pois", "roads", "buildings"):
        empty = pa.table({"osm_id": pa.array([], pa.string()), "class": pa.array([], pa.string())})
        empty = empty.append_column("building_id", pa.array([], pa.string()))
        empty = empty.append_column("geometry", pa.array([], pa.binary()))
        assert encode_tile(LayerView(Layer.from_table(DECLARED[name], empty)), *TILE).content == b""


def test_a_layer_without_geometry_is_refused() -> None:
    view = LayerView(Layer.from_table(LayerSchema("codes", "none"), pa.table({"code": ["a"]})))
    with pytest.raises(InvalidGeometryError, match="no geometry"):
        encode_tile(view, *TILE)
