"""Large layers: tiles prepared on the spot against tiles of the layer prepared whole."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from tests.tiles.town import building_properties, buildings
from tiles import encode, on_the_spot, rules
from tiles.encode import encode_tile
from tiles.matrix import tile_bbox, tiles_of_bbox
from twin.edits import Edits
from twin.layer import Layer
from twin.schema import DECLARED, LayerSchema
from twin.view import LayerView

TILE = (11, 1706, 850)
N = 600


def binary(shapes: np.ndarray) -> pa.Array:
    return pa.array(shapely.to_wkb(shapes), pa.binary())


def roads(n: int) -> pa.Table:
    """Return a street mesh of shared corners: every second line bends where it meets another."""
    rng = np.random.default_rng(3)
    west, south, east, north = tile_bbox(*TILE)
    corners = rng.uniform((west, south), (east, north), (n // 4, 2))
    ways = corners[rng.integers(0, len(corners), (n, 5))]
    classes = np.array(["trunk", "primary", "residential", "path"])[np.arange(n) % 4]
    names = [f"{i % 9}号路" if i % 3 else None for i in range(n)]
    columns = {"osm_id": [f"w{i}" for i in range(n)], "class": classes, "name": names}
    return pa.table({**columns, "geometry": binary(shapely.linestrings(ways))})


def parcels(n: int) -> pa.Table:
    """Return squares side by side, so that every border is shared, with jagged edges."""
    west, south, east, north = tile_bbox(*TILE)
    side = int(np.sqrt(n))
    rng = np.random.default_rng(4)
    x = np.linspace(west, east, side + 1)[:, None] + rng.uniform(-1e-4, 1e-4, (side + 1, side + 1))
    y = np.linspace(south, north, side + 1)[None, :] + rng.uniform(-1e-4, 1e-4, (side + 1, side + 1))
    knots = np.stack([x, y], axis=-1)
    bends = 0.5 * (knots[:-1] + knots[1:]) + rng.uniform(-1e-4, 1e-4, (side, side + 1, 2))
    shapes = [
        shapely.Polygon(
            [knots[i, j], bends[i, j], knots[i + 1, j], knots[i + 1, j + 1], bends[i, j + 1], knots[i, j + 1]]
        )
        for i in range(side)
        for j in range(side)
    ]
    return pa.table({"name": [f"{i}" for i in range(len(shapes))], "geometry": binary(np.array(shapes))})


def lamps(n: int) -> pa.Table:
    west, south, east, north = tile_bbox(*TILE)
    points = np.random.default_rng(5).uniform((west, south), (east, north), (n, 2))
    return pa.table({"watt": np.arange(n) % 7, "geometry": binary(shapely.points(points))})


def towns() -> dict[str, tuple[LayerSchema, pa.Table]]:
    houses = pa.table({**building_properties(N), "geometry": binary(buildings(N, (14, 13648, 6800)))})
    return {
        "roads": (DECLARED["roads"], roads(N)),
        "parcels": (LayerSchema("parcels", "polygon"), parcels(N)),
        "lamps": (LayerSchema("lamps", "point"), lamps(N)),
        "buildings": (DECLARED["buildings"], houses),
    }


def some_tiles(view: LayerView) -> list[tuple[int, int, int]]:
    assert view.layer.bbox is not None
    tiles = []
    for z in (0, 8, 11, 12, 13, 14, 15):
        x0, y0, x1, y1 = tiles_of_bbox(view.layer.bbox, z)
        tiles += [(z, x, y) for x, y in {(x0, y0), ((x0 + x1) // 2, (y0 + y1) // 2), (x1, y1)}]
    return tiles


@pytest.mark.parametrize("name", towns())
@pytest.mark.parametrize("most", [20_000, 40])
@pytest.mark.parametrize("chunk", [1 << 20, 17])
def test_a_tile_prepared_on_the_spot_is_the_tile_of_the_whole_layer(
    name: str, most: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, table = towns()[name]
    edits = Edits(1, np.array([3, 5]), np.arange(20) + 9000, table.slice(0, 20))
    view = LayerView(Layer.from_table(schema, table), edits)
    monkeypatch.setattr(rules, "MAX_FEATURES_LOW", most)
    monkeypatch.setattr(rules, "MAX_FEATURES", most)
    whole = [encode_tile(view, *tile) for tile in some_tiles(view)]
    monkeypatch.setattr(encode, "PREPARED_WHOLE_ROWS", 0)
    monkeypatch.setattr(on_the_spot, "_CHUNK_ROWS", chunk)
    monkeypatch.setattr(encode, "prepared_layer", lambda _: pytest.fail("the whole layer was prepared"))
    assert [encode_tile(view, *tile) for tile in some_tiles(view)] == whole
    assert any(tile.content for tile in whole)


@pytest.mark.parametrize("name", ["parcels", "lamps"])
def test_of_too_many_candidates_as_many_are_drawn_as_fit_and_the_rest_is_announced(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, table = towns()[name]
    view = LayerView(Layer.from_table(schema, table))
    monkeypatch.setattr(encode, "PREPARED_WHOLE_ROWS", 0)
    monkeypatch.setattr(on_the_spot, "MAX_MEASURED", 50)
    monkeypatch.setattr(rules, "MAX_FEATURES_LOW", 50)
    drawn = encode_tile(view, *TILE)
    assert drawn.n_features == 50
    assert drawn.n_dropped == view.layer.n_rows - 50
    assert encode_tile(view, *TILE) == drawn


def test_of_too_many_polygons_those_of_the_largest_boxes_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    west, south = tile_bbox(*TILE)[:2]
    sides = np.linspace(0.001, 0.05, 60)
    shapes = shapely.box(west, south, west + sides, south + sides)
    layer = Layer.from_table(LayerSchema("parcels", "polygon"), pa.table({"geometry": binary(shapes)}))
    monkeypatch.setattr(on_the_spot, "MAX_MEASURED", 7)
    (prepared, rows), n_left_out = on_the_spot.part_of_rows(layer, np.arange(60), 11)
    assert sorted(prepared.feature_ids[rows]) == list(range(53, 60))
    assert n_left_out == 53
