"""Made-up grid units: a tessellation with winding shared borders, and points that are hard to place."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

WEST, SOUTH = 119.8, 28.6
WIDTH_DEG, HEIGHT_DEG = 0.006, 0.005


def tessellation(side: int, edges_per_border: int, seed: int) -> tuple[list[str], NDArray[np.object_]]:
    """Return ids in no order and polygons of side x side units that share every vertex of their borders."""
    rng = np.random.default_rng(seed)
    corners = np.stack(np.meshgrid(np.arange(side + 1.0), np.arange(side + 1.0)), axis=-1)
    corners[1:-1, 1:-1] += rng.uniform(-0.3, 0.3, (side - 1, side - 1, 2))
    east = _borders(corners[:, :-1], corners[:, 1:], edges_per_border, rng)
    north = _borders(corners[:-1], corners[1:], edges_per_border, rng)
    rings = np.concatenate(
        [
            east[:-1, :, :-1],
            north[:, 1:, :-1],
            east[1:, :, :0:-1],
            north[:, :-1, ::-1],
        ],
        axis=2,
    ).reshape(side * side, -1, 2)
    polygons = shapely.polygons(rings * [WIDTH_DEG, HEIGHT_DEG] + [WEST, SOUTH])
    ids = [f"331102{number:09d}" for number in rng.permutation(side * side)]
    return ids, np.asarray(polygons, dtype=object)


def _borders(
    start: NDArray[np.float64], stop: NDArray[np.float64], edges: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return winding lines (..., edges + 1, 2) between points (..., 2): random bridges."""
    along = np.linspace(0.0, 1.0, edges + 1)
    steps = np.cumsum(rng.normal(0.0, 0.03 / np.sqrt(edges), (*start.shape[:-1], edges + 1)), axis=-1)
    bridge = steps - steps[..., :1] - along * (steps[..., -1:] - steps[..., :1])
    direction = stop - start
    normal = np.stack([-direction[..., 1], direction[..., 0]], axis=-1)
    lines = (
        start[..., None, :]
        + along[:, None] * direction[..., None, :]
        + bridge[..., None] * normal[..., None, :]
    )
    lines[..., 0, :], lines[..., -1, :] = start, stop
    return lines


def points_for(
    polygons: NDArray[np.object_], n: int, seed: int, *, hard_share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return n lon, lat: vertices, points on edges their next floating-point neighbours, others anywhere."""
    rng = np.random.default_rng(seed)
    xmin, ymin, xmax, ymax = shapely.total_bounds(polygons)
    margin = 0.01 * (xmax - xmin)
    xy = rng.uniform([xmin - margin, ymin - margin], [xmax + margin, ymax + margin], (n, 2))
    vertices = shapely.get_coordinates(polygons)
    n_hard = int(n * hard_share)
    first = rng.integers(0, len(vertices) - 1, n_hard)
    share = rng.choice([0.0, 0.0, 0.5, 0.25, 1.0 / 3.0], n_hard)[:, None]
    hard = vertices[first] + share * (vertices[first + 1] - vertices[first])
    sideways = rng.integers(-1, 2, (n_hard, 2))
    xy[:n_hard] = np.where(sideways == 0, hard, np.nextafter(hard, np.where(sideways > 0, np.inf, -np.inf)))
    return xy[:, 0].copy(), xy[:, 1].copy()


def placed_by_shapely(
    ids: list[str], polygons: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the unit of each point by the plain rule: the lowest id of those that cover it."""
    points = shapely.points(lon, lat)
    asked, units = shapely.STRtree(polygons).query(points)
    covers = shapely.covers(polygons[units], points[asked])
    by_rank = sorted(range(len(ids)), key=lambda unit: ids[unit])
    rank = np.empty(len(ids), np.int64)
    rank[by_rank] = np.arange(len(ids))
    best = np.full(len(lon), len(ids))
    np.minimum.at(best, asked[covers], rank[units[covers]])
    found: NDArray[np.int64] = np.append(by_rank, -1)[best]
    return found
