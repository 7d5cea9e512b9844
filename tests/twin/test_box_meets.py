from __future__ import annotations

import numpy as np
import pytest
import shapely

from twin import _box_meets
from twin.ragged import RaggedGeometry


def lines(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return random multilines without a part of no length."""
    shapes = [shapely.MultiLineString([some(rng, 4), some(rng, 2)]) for _ in range(n)]
    return np.array([shape for shape in shapes if all(part.length > 0 for part in shape.geoms)])


def polygons(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return multipolygons: squares with a hole, and small circles, each with an island far away."""
    far = shapely.box(30, 30, 31, 31)
    shapes = []
    for k in range(n):
        x, y = some(rng, 1)[0]
        radius = float(rng.integers(1, 8))
        hole = shapely.box(x - radius / 2, y - radius / 2, x + radius / 2, y + radius / 2).exterior.coords
        square = shapely.box(x - radius, y - radius, x + radius, y + radius).exterior.coords
        shape = shapely.Polygon(square, [hole]) if k % 2 else shapely.Point(x, y).buffer(radius, quad_segs=3)
        shapes.append(shapely.MultiPolygon([shape, far]))
    return np.array(shapes)


def some(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return vertices, half the time whole numbers, so that edges and corners touch."""
    return rng.integers(0, 12, (n, 2)).astype(float) if rng.random() < 0.5 else rng.uniform(0, 12, (n, 2))


def box_shape(box: tuple[float, float, float, float]) -> shapely.Geometry:
    """Return a closed box, also one without width or height, as GEOS understands it."""
    xmin, ymin, xmax, ymax = box
    if xmin < xmax and ymin < ymax:
        return shapely.box(*box)
    if xmin < xmax or ymin < ymax:
        return shapely.LineString([(xmin, ymin), (xmax, ymax)])
    return shapely.Point(xmin, ymin)


@pytest.mark.parametrize("seed", range(60))
def test_verdicts_are_those_of_shapely_wherever_there_is_no_doubt(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = "line" if seed % 2 else "polygon"
    shapes = lines(rng, 150) if kind == "line" else polygons(rng, 150)
    low, high = np.sort(some(rng, 2), axis=0)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    _, coords, offsets = shapely.to_ragged_array(shapes)
    geometry = RaggedGeometry(kind, coords, tuple(offsets))  # type: ignore[arg-type]
    rows = np.arange(len(shapes))
    if kind == "line":
        verdicts = _box_meets.lines_meet(geometry.coords, *geometry.offsets, rows, box)
    else:
        verdicts = _box_meets.polygons_meet(geometry.coords, *geometry.offsets, geometry.bounds(), rows, box)
    is_sure = verdicts != _box_meets.DOUBTFUL
    wanted = shapely.intersects(shapes, box_shape(box))
    assert ((verdicts == _box_meets.YES)[is_sure] == wanted[is_sure]).all()
    assert is_sure.mean() > 0.9
