"""Aggregate tiles: every feature counted once, whatever tiles its cell crosses."""

from __future__ import annotations

import itertools

import h3
import mapbox_vector_tile
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tiles.cells_layer import encode_cells_tile, resolution_at
from tiles.matrix import tiles_of_bbox
from tiles.validate import validate_tile
from twin.edits import Edits
from twin.errors import UnknownFieldError
from twin.layer import Layer
from twin.schema import LayerSchema
from twin.view import LayerView

BOX = (119.95, 28.85, 120.1, 29.0)
N = 3000


def lamps(n: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    lon, lat = rng.normal(120.02, 0.02, n), rng.normal(28.92, 0.02, n)
    points = shapely.points(np.clip(lon, BOX[0], BOX[2]), np.clip(lat, BOX[1], BOX[3]))
    watt = pa.array(rng.integers(1, 100, n), mask=rng.random(n) < 0.1)
    return pa.table(
        {"watt": watt, "kind": ["led"] * n, "geometry": pa.array(shapely.to_wkb(points), pa.binary())}
    )


@pytest.fixture(scope="module")
def view() -> LayerView:
    layer = Layer.from_table(LayerSchema("lamps", "point"), lamps(N, 1))
    return LayerView(layer, Edits(4, np.arange(0, 100), np.arange(50) + N, lamps(50, 2)))


def drawn_cells(view: LayerView, z: int, sums: tuple[str, ...] = ()) -> dict[str, dict]:
    """Return the properties of all cells of one zoom, by cell, from every tile around the city."""
    x0, y0, x1, y1 = tiles_of_bbox(BOX, z)
    found: dict[str, dict] = {}
    for x, y in itertools.product(range(x0 - 1, x1 + 2), range(y0 - 1, y1 + 2)):
        tile = encode_cells_tile(view, z, x, y, sums=sums)
        assert tile.n_dropped == 0
        assert validate_tile(tile.content) == ()
        if tile.content:
            for feature in mapbox_vector_tile.decode(tile.content)["cells"]["features"]:
                known = found.setdefault(
                    feature["properties"]["cell"], feature["properties"] | {"id": feature["id"]}
                )
                assert known == feature["properties"] | {"id": feature["id"]}
    assert len({one["id"] for one in found.values()}) == len(found)
    return found


@pytest.mark.parametrize("z", [3, 6, 8, 10, 11, 12, 13, 14])
def test_counts_add_up_to_every_feature_exactly(view: LayerView, z: int) -> None:
    cells = drawn_cells(view, z)
    assert sum(one["count"] for one in cells.values()) == N - 100 + 50
    assert {h3.get_resolution(cell) for cell in cells} == {resolution_at(z)}


def test_counts_and_sums_are_those_of_the_h3_library(view: LayerView) -> None:
    table = view.take(view.positions())
    points = shapely.from_wkb(table["geometry"].to_numpy())
    wanted: dict[str, list[int]] = {}
    for point, watt in zip(points, table["watt"].to_pylist(), strict=True):
        one = wanted.setdefault(h3.latlng_to_cell(point.y, point.x, 9), [0, 0])
        one[0] += 1
        one[1] += watt or 0
    cells = drawn_cells(view, 12, ("watt",))
    assert {cell: [one["count"], one["sum_watt"]] for cell, one in cells.items()} == wanted


@settings(deadline=None, max_examples=20)
@given(st.sets(st.integers(0, 199), max_size=30), st.integers(0, 30))
def test_edits_change_the_counts_at_once(hidden: set[int], n_new: int) -> None:
    layer = Layer.from_table(LayerSchema("lamps", "point"), lamps(200, 3))
    edits = Edits(
        1, np.array(sorted(hidden), np.int64), np.arange(n_new) + 500, lamps(n_new, 5) if n_new else None
    )
    cells = drawn_cells(LayerView(layer, edits), 11)
    assert sum(one["count"] for one in cells.values()) == 200 - len(hidden) + n_new


def test_only_number_columns_can_be_summed(view: LayerView) -> None:
    with pytest.raises(UnknownFieldError, match="no number column 'kind'; it has watt"):
        encode_cells_tile(view, 12, 0, 0, sums=("kind",))


def test_an_empty_layer_has_empty_aggregate_tiles() -> None:
    empty = pa.table({"geometry": pa.array([], pa.binary())})
    assert (
        encode_cells_tile(LayerView(Layer.from_table(LayerSchema("none", "point"), empty)), 5, 1, 1).content
        == b""
    )


@pytest.mark.parametrize("zoom", [12, 13, 14, 16])
@pytest.mark.parametrize("lat", [0.0, 29.0, 66.0])
def test_a_tile_of_a_large_layer_counted_by_itself_is_that_of_the_whole_count(
    zoom: int, lat: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = np.random.default_rng(7).normal((120.0, lat), 0.02, (3000, 2))
    table = pa.table({"geometry": pa.array(shapely.to_wkb(shapely.points(places)), pa.binary())})
    view = LayerView(Layer.from_table(LayerSchema("lamps", "point"), table))
    west, north, east, south = tiles_of_bbox((119.99, lat - 0.01, 120.01, lat + 0.01), zoom)
    tiles = [(zoom, x, y) for x in range(west, east + 1) for y in range(north, south + 1)][:40]
    whole = [encode_cells_tile(view, *tile) for tile in tiles]
    monkeypatch.setattr("tiles.cells_layer.PREPARED_WHOLE_ROWS", 0)
    monkeypatch.setattr("tiles.cells_layer._aggregate", lambda *_: pytest.fail("everything was counted"))
    assert [encode_cells_tile(view, *tile) for tile in tiles] == whole
    assert any(tile.content for tile in whole)
