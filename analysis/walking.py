"""How many metres of road lie in each area (步行长度): lines cut exactly where they cross borders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from twin.boundaries import Measure
from twin.view import LayerView

NOT_WALKED = ("motorway", "motorway_link")
"""Road classes that nobody walks along."""

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]
Place = Callable[[_Floats, _Floats], _Ints]
"""Takes lon, lat (n,) and returns the area of each point."""


def walk_lengths(
    roads: LayerView, borders: NDArray[np.object_], place: Place, crs: str
) -> tuple[_Ints, _Floats]:
    """Return the pieces that borders cut walkable roads into: the area and length of each.

    Parameters
    ----------
    roads : LayerView
        The layer of that name.
    borders : ndarray of shapely Polygon or MultiPolygon
        Areas at whose boundaries roads are cut, lon, lat degrees.
    place : callable
        Tells the area of a point; asked of the middle of each piece, so that each piece counts once,
        also where it runs along a border.
    crs : str
        Projected working CRS in which lengths are measured.

    Returns
    -------
    areas : ndarray of int64, shape (m,)
        As ``place`` tells them.
    lengths_m : ndarray of float64, shape (m,)
        All of them together are the length of all walkable roads. A way for each direction counts twice.
    """
    positions = roads.positions()
    kinds = roads.take(positions, ["class"])["class"]
    is_walked = pc.invert(pc.is_in(kinds, value_set=pa.array(NOT_WALKED))).to_numpy(zero_copy_only=False)
    start, stop = _segments(roads.geometries(positions[is_walked]))
    owner, along = _cuts(start, stop, borders)
    order = np.lexsort((along, owner))
    owner, along = owner[order], along[order]
    is_piece = (owner[1:] == owner[:-1]) & (along[1:] > along[:-1])
    first = np.flatnonzero(is_piece)
    segment, step = owner[first], stop[owner[first]] - start[owner[first]]
    begin = start[segment] + along[first, np.newaxis] * step
    end = start[segment] + along[first + 1, np.newaxis] * step
    middle = 0.5 * (begin + end)
    areas = place(np.ascontiguousarray(middle[:, 0]), np.ascontiguousarray(middle[:, 1]))
    return areas, _lengths_m(begin, end, Measure.of(crs))


def _segments(lines: NDArray[np.object_]) -> tuple[_Floats, _Floats]:
    """Return the ends (k, 2) of the straight pieces of lines, lon, lat degrees."""
    parts = shapely.get_parts(lines[~shapely.is_missing(lines)])
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    is_inner = owner[1:] == owner[:-1]
    return xy[:-1][is_inner], xy[1:][is_inner]


def _lengths_m(start: _Floats, stop: _Floats, measure: Measure) -> _Floats:
    x1, y1 = measure.to_working.transform(start[:, 0], start[:, 1])
    x2, y2 = measure.to_working.transform(stop[:, 0], stop[:, 1])
    lengths: _Floats = np.hypot(np.subtract(x2, x1), np.subtract(y2, y1))
    return lengths


def _cuts(start: _Floats, stop: _Floats, borders: NDArray[np.object_]) -> tuple[_Ints, _Floats]:
    """Return segment and share of its length of every place where one begins, ends or meets a border."""
    n = len(start)
    every = np.arange(n)
    owner, along = [every, every], [np.zeros(n), np.ones(n)]
    outlines = shapely.boundary(borders[~shapely.is_missing(borders)])
    if n and len(outlines):
        edges = _edges(outlines)
        lines = shapely.linestrings(np.stack([start, stop], axis=1))
        asked, found = shapely.STRtree(edges).query(lines, predicate="intersects")
        met, of = shapely.get_coordinates(shapely.intersection(lines[asked], edges[found]), return_index=True)
        segment = asked[of]
        step = stop[segment] - start[segment]
        squared = np.maximum((step * step).sum(axis=1), np.finfo(float).tiny)
        share = ((met - start[segment]) * step).sum(axis=1) / squared
        owner.append(segment)
        along.append(np.clip(share, 0.0, 1.0))
    return np.concatenate(owner), np.concatenate(along)


def _edges(outlines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the straight edges of outlines, each shared one once."""
    start, stop = _segments(outlines)
    ends = np.concatenate([start, stop], axis=1)
    is_turned = (start[:, 0] > stop[:, 0]) | ((start[:, 0] == stop[:, 0]) & (start[:, 1] > stop[:, 1]))
    ends[is_turned] = ends[is_turned][:, [2, 3, 0, 1]]
    ends = np.unique(ends, axis=0)
    edges: NDArray[np.object_] = shapely.linestrings(ends.reshape(-1, 2, 2))
    return edges
