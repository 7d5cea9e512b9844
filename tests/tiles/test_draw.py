"""Tiles against the slow twin, against shapely, and against the promises of the encoder."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiles.slow_tile import slow_tile
from tests.tiles.town import building_layer, building_properties, buildings, ragged
from tiles.draw import draw_tile
from tiles.matrix import tile_bbox
from tiles.prepare import prepare
from twin.errors import InvalidTileError
from twin.ragged import RaggedGeometry
from twin.schema import DECLARED, LayerSchema

TILE = (14, 13648, 6800)


def decode(content: bytes, name: str) -> dict[int, dict]:
    """Return features by id, y down as stored."""
    options = {"y_coord_down": True}
    layer = mapbox_vector_tile.decode(content, default_options=options)[name]
    return {feature["id"]: feature for feature in layer["features"]}


def tile_units(shapes: np.ndarray, tile: tuple[int, int, int]) -> np.ndarray:
    """Return lon, lat shapes in unrounded units of a tile, straight from the definition of Web Mercator."""
    z, x, y = tile

    def project(lonlat: np.ndarray) -> np.ndarray:
        east = (lonlat[:, 0] + 180.0) / 360.0
        south = (1.0 - np.arcsinh(np.tan(np.radians(lonlat[:, 1]))) / np.pi) / 2.0
        return np.column_stack([(east * 2**z - x) * 4096.0, (south * 2**z - y) * 4096.0])

    return shapely.transform(shapes, project)


@pytest.mark.parametrize("tile", [TILE, (16, 54593, 27202), (15, 27297, 13601)])
def test_buildings_equal_the_slow_twin_byte_for_byte(tile: tuple[int, int, int]) -> None:
    shapes = buildings(300, TILE)
    properties = building_properties(300)
    layer = prepare(DECLARED["buildings"], ragged(shapes), np.arange(300), properties)
    ours = draw_tile([(layer, np.arange(300))], *tile)
    assert ours.content == slow_tile("buildings", ragged(shapes), range(300), properties, tile)
    assert ours.content


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Geometry:
    """Polygons of few vertices on a coarse lattice around a tile's corner: spikes and bow-ties abound."""
    lattice = st.tuples(st.integers(-12, 12), st.integers(-12, 12))
    shell = draw(st.lists(lattice, min_size=3, max_size=7))
    holes = draw(st.lists(st.lists(lattice, min_size=3, max_size=4), max_size=2))
    west, _, _, north = tile_bbox(*TILE)
    step = 0.4 * 360.0 / 2**14 / 4096 * draw(st.sampled_from([1, 7, 400]))
    place = [west + 1e-9, north - 1e-9]
    return shapely.Polygon(np.array(shell) * step + place, [np.array(hole) * step + place for hole in holes])


@settings(deadline=None, max_examples=150)
@given(st.lists(polygons(), min_size=1, max_size=4), st.sampled_from([TILE, (13, 6824, 3400)]))
def test_any_polygon_equals_the_slow_twin_and_is_valid(shapes: list, tile: tuple[int, int, int]) -> None:
    geometry = ragged(np.array(shapes, dtype=object))
    ids = np.arange(len(shapes))
    layer = prepare(LayerSchema("areas", "polygon"), geometry, ids, {})
    rows = ids[layer.zooms <= tile[0]]
    ours = draw_tile([(layer, rows)], *tile)
    some = geometry.take(rows)
    starts = geometry.starts
    zooms = [zoom for row in rows for zoom in layer.vertex_zooms[starts[row] : starts[row + 1]].tolist()]
    assert ours.content == slow_tile("areas", some, rows.tolist(), {}, tile, zooms)
    if ours.content:
        for feature in decode(ours.content, "areas").values():
            assert shapely.geometry.shape(feature["geometry"]).is_valid


@st.composite
def lines(draw: st.DrawFn) -> shapely.Geometry:
    lattice = st.tuples(st.integers(-9, 9), st.integers(-9, 9))
    parts = draw(st.lists(st.lists(lattice, min_size=2, max_size=8), min_size=1, max_size=3))
    west, _, _, north = tile_bbox(*TILE)
    step = 360.0 / 2**14 / 4096 * draw(st.sampled_from([0.3, 5.0, 900.0]))
    return shapely.MultiLineString([np.array(part) * step + [west, north] for part in parts])


@settings(deadline=None, max_examples=150)
@given(st.lists(lines(), min_size=1, max_size=4), st.sampled_from([TILE, (12, 3412, 1700)]))
def test_any_line_equals_the_slow_twin(shapes: list, tile: tuple[int, int, int]) -> None:
    geometry = ragged(np.array(shapes, dtype=object), is_line=True)
    ids = np.arange(len(shapes))
    layer = prepare(LayerSchema("paths", "line"), geometry, ids, {})
    ours = draw_tile([(layer, ids)], *tile)
    assert ours.content == slow_tile("paths", geometry, ids.tolist(), {}, tile, layer.vertex_zooms.tolist())


@settings(deadline=None)
@given(st.data())
def test_points_and_every_kind_of_value_equal_the_slow_twin(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    whole = st.none() | st.integers(-(2**63), 2**63 - 1)
    real = st.none() | st.floats(allow_infinity=False) | st.integers(-99, 99).map(float)
    properties = {
        "name": pa.array(data.draw(st.lists(st.none() | st.text(), min_size=n, max_size=n)), pa.string()),
        "whole": pa.array(data.draw(st.lists(whole, min_size=n, max_size=n)), pa.int64()),
        "real": pa.array(data.draw(st.lists(real, min_size=n, max_size=n)), pa.float64()),
        "truth": pa.array(data.draw(st.lists(st.none() | st.booleans(), min_size=n, max_size=n)), pa.bool_()),
    }
    west, south, east, north = tile_bbox(*TILE, margin=0.1)
    shares = st.tuples(st.floats(0, 1), st.floats(0, 1))
    places = np.array(data.draw(st.lists(shares, min_size=n, max_size=n)))
    geometry = RaggedGeometry("point", places * [east - west, north - south] + [west, south])
    ids = np.arange(n) * 977
    layer = prepare(LayerSchema("lamps", "point"), geometry, ids, properties)
    ours = draw_tile([(layer, np.arange(n))], *TILE)
    assert ours.content == slow_tile("lamps", geometry, ids.tolist(), properties, TILE)


def test_decoded_buildings_have_the_ids_properties_and_shape_of_the_source() -> None:
    shapes = buildings(2000, TILE)
    properties = building_properties(2000)
    features = decode(draw_tile([(building_layer(2000, TILE), np.arange(2000))], *TILE).content, "buildings")
    exact = tile_units(shapes, TILE)
    box = shapely.box(-64, -64, 4160, 4160)
    assert set(features) == {1000 + row for row in np.flatnonzero(shapely.intersects(exact, box))}
    columns = {key: values.to_pylist() for key, values in properties.items()}
    overlaps = []
    for feature_id, feature in features.items():
        row = feature_id - 1000
        wanted = {key: values[row] for key, values in columns.items() if values[row] is not None}
        assert feature["properties"] == wanted
        drawn = shapely.geometry.shape(feature["geometry"])
        assert drawn.is_valid
        whole = shapely.set_precision(exact[row] & box, 1.0)
        overlaps.append(drawn.intersection(whole).area / drawn.union(whole).area)
    assert np.quantile(overlaps, 0.01) >= 0.99


def test_tiles_at_the_same_zoom_round_a_shared_vertex_to_the_same_place() -> None:
    west, south, _, north = tile_bbox(*TILE)
    middle = (south + north) / 2
    wide = shapely.box(west - 1e-4, middle - 1e-4, west + 1e-4, middle + 1e-4)
    layer = prepare(DECLARED["water"], ragged(np.array([wide])), np.array([1]), {})
    here = decode(draw_tile([(layer, np.array([0]))], *TILE).content, "water")[1]
    z, x, y = TILE
    there = decode(draw_tile([(layer, np.array([0]))], z, x - 1, y).content, "water")[1]
    moved = shapely.transform(shapely.geometry.shape(there["geometry"]), lambda xy: xy - [4096, 0])
    overlap = moved & shapely.geometry.shape(here["geometry"])
    assert overlap.equals(shapely.geometry.shape(here["geometry"]) & shapely.box(-64, -64, 64, 4160))


def test_nothing_vanishes_at_full_zoom_however_small() -> None:
    west, south, east, north = tile_bbox(*TILE)
    centre = np.array([(west + east) / 2, (south + north) / 2])
    speck = shapely.Polygon(centre + np.array([[0, 0], [2e-7, 0], [0, 2e-7]]))
    layer = prepare(LayerSchema("kiosks", "polygon"), ragged(np.array([speck])), np.array([5]), {})
    tile = draw_tile([(layer, np.array([0]))], *TILE)
    assert shapely.geometry.shape(decode(tile.content, "kiosks")[5]["geometry"]).area == 1.0
    assert (tile.n_features, tile.n_dropped) == (1, 0)
    above = draw_tile([(layer, np.array([0]))], 13, TILE[1] >> 1, TILE[2] >> 1)
    assert (above.content, above.n_features, above.n_dropped) == (b"", 0, 1)


def test_a_ring_around_the_corner_of_the_tile_is_absent() -> None:
    west, _, _, north = tile_bbox(*TILE)
    step = 360.0 / 2**14
    around = np.array([(-1, 1), (1, 1), (1, 0.5), (-0.5, 0.5), (-0.5, -1), (-1, -1)]) * step + [west, north]
    layer = prepare(
        LayerSchema("areas", "polygon"), ragged(np.array([shapely.Polygon(around)])), np.array([5]), {}
    )
    assert draw_tile([(layer, np.array([0]))], *TILE).n_features == 0


def test_a_polygon_around_the_tile_fills_it_with_its_buffer() -> None:
    layer = prepare(DECLARED["water"], ragged(np.array([shapely.box(119, 28, 121, 30)])), np.array([5]), {})
    feature = decode(draw_tile([(layer, np.array([0]))], *TILE).content, "water")[5]
    assert shapely.geometry.shape(feature["geometry"]).equals(shapely.box(-64, -64, 4160, 4160))


def test_the_cap_keeps_the_heaviest_and_says_how_many_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiles.rules.MAX_FEATURES", 50)
    layer = building_layer(200, TILE)
    tile = draw_tile([(layer, np.arange(200))], *TILE)
    whole = decode(tile.content, "buildings")
    assert tile.n_features + tile.n_dropped == 200
    heaviest = set((1000 + np.argsort(-layer.weights)[:50]).tolist())
    assert set(whole) <= heaviest
    assert len(whole) == tile.n_features


def test_two_parts_make_one_layer_with_the_keys_of_both() -> None:
    west, south, east, north = tile_bbox(*TILE)
    middle = np.array([[(west + east) / 2, (south + north) / 2]])
    schema = LayerSchema("lamps", "point")
    old = prepare(schema, RaggedGeometry("point", middle), np.array([1]), {"watt": pa.array([40])})
    new = prepare(
        schema,
        RaggedGeometry("point", middle),
        np.array([2]),
        {"led": pa.array([True]), "watt": pa.array([9])},
    )
    tile = draw_tile([(old, np.array([0])), (new, np.array([0]))], *TILE)
    features = decode(tile.content, "lamps")
    assert features[1]["properties"] == {"watt": 40}
    assert features[2]["properties"] == {"watt": 9, "led": True}


def test_an_empty_tile_is_empty_bytes() -> None:
    layer = building_layer(10, TILE)
    assert draw_tile([(layer, np.empty(0, np.int64))], *TILE).content == b""
    assert draw_tile([(layer, np.arange(10))], 14, 0, 0).content == b""


@pytest.mark.parametrize("tile", [(23, 0, 0), (-1, 0, 0), (3, 8, 0), (3, 0, -1)])
def test_a_tile_outside_the_matrix_is_refused(tile: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidTileError, match="wanted"):
        draw_tile([(building_layer(1, TILE), np.arange(1))], *tile)


@pytest.mark.parametrize(("extent", "buffer"), [(4000, 64), (128, 0), (4096, -1), (4096, 5000)])
def test_odd_extents_and_buffers_are_refused(extent: int, buffer: int) -> None:
    with pytest.raises(InvalidTileError, match="power of two"):
        draw_tile([(building_layer(1, TILE), np.arange(1))], *TILE, extent=extent, buffer=buffer)
