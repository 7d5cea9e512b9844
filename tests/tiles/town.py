"""A seeded made-up quarter: rotated rectangles, L shapes, courtyards with holes, pairs of wings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from tiles.matrix import tile_bbox
from tiles.prepare import PreparedLayer, prepare
from twin.ragged import RaggedGeometry
from twin.schema import DECLARED

METRES_PER_DEGREE = 111_320.0
_OUTLINES = (
    shapely.box(-1, -1, 1, 1),
    shapely.Polygon([(-1, -1), (1, -1), (1, 0), (0.1, 0), (0.1, 1), (-1, 1)]),
    shapely.box(-1, -1, 1, 1) - shapely.box(-0.5, -0.4, 0.5, 0.4),
    shapely.MultiPolygon([shapely.box(-1, -1, -0.2, 1), shapely.box(0.2, -1, 1, 0.5)]),
)


def buildings(n: int, tile: tuple[int, int, int], *, seed: int = 1) -> NDArray[np.object_]:
    """Return n buildings of 8-40 m on a jittered lattice over one tile, lon, lat; some cross its edge."""
    rng = np.random.default_rng(seed)
    west, south, east, north = tile_bbox(*tile, margin=0.01)
    side = int(np.ceil(np.sqrt(n)))
    cells = rng.permutation(side * side)[:n]
    columns, rows = cells % side, cells // side
    lon = west + (columns + 0.5 + rng.uniform(-0.15, 0.15, n)) * (east - west) / side
    lat = south + (rows + 0.5 + rng.uniform(-0.15, 0.15, n)) * (north - south) / side
    shrink = np.cos(np.radians(lat))
    radius = rng.uniform(4.0, 20.0, (n, 2)) * np.minimum(1.0, 45.0 / np.sqrt(n))
    turns = rng.uniform(0.0, np.pi, n)
    picks = rng.choice(len(_OUTLINES), n, p=[0.6, 0.25, 0.1, 0.05])
    shapes = np.array([_OUTLINES[pick] for pick in picks], dtype=object)
    coords, owner = shapely.get_coordinates(shapes, return_index=True)
    scaled = coords * radius[owner]
    cos, sin = np.cos(turns)[owner], np.sin(turns)[owner]
    east_m, north_m = scaled[:, 0] * cos - scaled[:, 1] * sin, scaled[:, 0] * sin + scaled[:, 1] * cos
    placed = np.column_stack(
        [
            lon[owner] + east_m / METRES_PER_DEGREE / shrink[owner],
            lat[owner] + north_m / METRES_PER_DEGREE,
        ]
    )
    return shapely.set_coordinates(shapes, placed)


def building_properties(n: int, *, seed: int = 2) -> dict[str, pa.Array]:
    """Return the declared properties of n buildings, with gaps."""
    rng = np.random.default_rng(seed)
    uses = np.array(["住宅", "商业", "工业", "学校", "医院"])
    floors = rng.integers(1, 34, n)
    has_name = rng.random(n) < 0.2
    names = [f"丽阳{i % 97}号楼" if named else None for i, named in enumerate(has_name)]
    return {
        "building_id": pa.array([f"B{i:07d}" for i in range(n)]),
        "floors": pa.array(floors),
        "height_m": pa.array(np.round(floors * 3.1, 1), mask=rng.random(n) < 0.1),
        "use": pa.array(uses[rng.integers(0, len(uses), n)]),
        "name": pa.array(names),
        "house_number": pa.array([f"{i % 300}号" for i in range(n)]),
        "estate": pa.array([f"小区{i % 40}" for i in range(n)]),
        "built_year": pa.array(rng.integers(1975, 2025, n)),
    }


def ragged(shapes: NDArray[np.object_], *, is_line: bool = False) -> RaggedGeometry:
    """Return polygons or lines as multi-part arrays."""
    collect = shapely.multilinestrings if is_line else shapely.multipolygons
    parts, owner = shapely.get_parts(shapes, return_index=True)
    _, coords, offsets = shapely.to_ragged_array(collect(parts, indices=owner))
    return RaggedGeometry("line" if is_line else "polygon", coords, offsets)


def building_layer(n: int, tile: tuple[int, int, int], *, seed: int = 1) -> PreparedLayer:
    """Return n buildings over a tile, ready for tiles, with ids 1000 + row."""
    geometry = ragged(buildings(n, tile, seed=seed))
    return prepare(DECLARED["buildings"], geometry, 1000 + np.arange(n), building_properties(n))
