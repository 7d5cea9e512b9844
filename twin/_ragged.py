"""Kernels over ragged geometry: bounds and representative points."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def bounds(
    coords: NDArray[np.float64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return xmin, ymin, xmax, ymax (n,) of geometries whose coordinates are ``starts[i]:starts[i + 1]``.

    NaN where a geometry has no coordinates.
    """
    n = starts.shape[0] - 1
    xmin, ymin, xmax, ymax = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        if starts[i] == starts[i + 1]:
            xmin[i] = ymin[i] = xmax[i] = ymax[i] = np.nan
            continue
        x0 = x1 = coords[starts[i], 0]
        y0 = y1 = coords[starts[i], 1]
        for j in range(starts[i] + 1, starts[i + 1]):
            x = coords[j, 0]
            y = coords[j, 1]
            x0 = min(x0, x)
            x1 = max(x1, x)
            y0 = min(y0, y)
            y1 = max(y1, y)
        xmin[i] = x0
        ymin[i] = y0
        xmax[i] = x1
        ymax[i] = y1
    return xmin, ymin, xmax, ymax


@njit(cache=True, nogil=True)
def middle_vertices(coords: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the vertex in the middle of each line (n, 2), NaN where it has none."""
    n = starts.shape[0] - 1
    points = np.empty((n, 2))
    for i in range(n):
        middle = (starts[i] + starts[i + 1]) // 2
        for axis in range(2):
            points[i, axis] = coords[middle, axis] if starts[i] < starts[i + 1] else np.nan
    return points


@njit(cache=True, nogil=True)
def _crossings(
    coords: NDArray[np.float64],
    rings: NDArray[np.int64],
    first_ring: int,
    last_ring: int,
    y: float,
    found: NDArray[np.float64],
) -> int:
    """Write where the horizontal line at ``y`` crosses the rings, ascending; return how many crossings."""
    n = 0
    for ring in range(first_ring, last_ring):
        for j in range(rings[ring], rings[ring + 1] - 1):
            y0 = coords[j, 1]
            y1 = coords[j + 1, 1]
            if (y0 > y) == (y1 > y):
                continue
            x = coords[j, 0] + (y - y0) / (y1 - y0) * (coords[j + 1, 0] - coords[j, 0])
            place = n
            while place > 0 and found[place - 1] > x:
                found[place] = found[place - 1]
                place -= 1
            found[place] = x
            n += 1
    return n


@njit(cache=True, nogil=True)
def interior_points(
    coords: NDArray[np.float64], rings: NDArray[np.int64], first_rings: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return a point inside each polygon (n, 2): the middle of the widest stretch at mid height.

    ``rings`` are coordinate offsets, ``first_rings[i]:first_rings[i + 1]`` the rings of polygon i, parts and
    holes alike. Polygons without area give their first vertex, without coordinates NaN.
    """
    n = first_rings.shape[0] - 1
    points = np.empty((n, 2))
    found = np.empty(64)
    for i in range(n):
        start = rings[first_rings[i]]
        end = rings[first_rings[i + 1]]
        if start == end:
            points[i, 0] = points[i, 1] = np.nan
            continue
        if end - start > found.shape[0]:
            found = np.empty(2 * (end - start))
        low = high = coords[start, 1]
        for j in range(start, end):
            low = min(low, coords[j, 1])
            high = max(high, coords[j, 1])
        # Halfway between the vertices next to mid height, so that the line runs through no vertex.
        middle = 0.5 * (low + high)
        below = low
        above = high
        for j in range(start, end):
            y = coords[j, 1]
            if y <= middle:
                below = max(below, y)
            else:
                above = min(above, y)
        y = 0.5 * (below + above)
        points[i, 0] = coords[start, 0]
        points[i, 1] = coords[start, 1]
        widest = 0.0
        for k in range(0, _crossings(coords, rings, first_rings[i], first_rings[i + 1], y, found) - 1, 2):
            if found[k + 1] - found[k] > widest:
                widest = found[k + 1] - found[k]
                points[i, 0] = 0.5 * (found[k] + found[k + 1])
                points[i, 1] = y
    return points
