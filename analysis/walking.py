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
SLACK = 1e-9
"""Of the length of an edge: what rounding may take from where two edges meet."""

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]
Place = Callable[[_Floats, _Floats], _Ints]
"""Takes lon, lat (n,) and returns the area of each point."""
CutBoxes = Callable[[_Floats], NDArray[np.bool_]]
"""Takes boxes (n, 4) of xmin, ymin, xmax, ymax and returns which a border may cut."""


def walk_lengths(
    roads: LayerView,
    borders: NDArray[np.object_],
    place: Place,
    crs: str,
    may_be_cut: CutBoxes | None = None,
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
    may_be_cut : callable, optional
        Spares looking for borders where there are none, as
        :meth:`twin.grid_index.GridIndex.units_of_boxes` can tell.

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
    doubtful = np.arange(len(start))
    if may_be_cut is not None:
        doubtful = np.flatnonzero(may_be_cut(np.hstack([np.minimum(start, stop), np.maximum(start, stop)])))
    owner, along = _cuts(start, stop, borders, doubtful)
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


def _cuts(
    start: _Floats, stop: _Floats, borders: NDArray[np.object_], doubtful: _Ints
) -> tuple[_Ints, _Floats]:
    """Return segment and share of its length of every place where one begins, ends or meets a border."""
    n = len(start)
    every = np.arange(n)
    owner, along = [every, every], [np.zeros(n), np.ones(n)]
    outlines = shapely.boundary(borders[~shapely.is_missing(borders)])
    if len(doubtful) and len(outlines):
        edges = _edges(outlines)
        lines = shapely.linestrings(np.stack([start[doubtful], stop[doubtful]], axis=1))
        found, asked = shapely.STRtree(lines).query(shapely.linestrings(edges.reshape(-1, 2, 2)))
        segment, share = _crossings(start, stop, doubtful[asked], edges[found])
        owner.append(segment)
        along.append(share)
    return np.concatenate(owner), np.concatenate(along)


def _crossings(start: _Floats, stop: _Floats, segment: _Ints, edges: _Floats) -> tuple[_Ints, _Floats]:
    """Return segment and share of its length of each place where it meets an edge.

    A place that is met twice, or just missed, does no harm: each piece is placed by its middle.
    """
    step, edge = stop[segment] - start[segment], edges[:, 2:] - edges[:, :2]
    offset = edges[:, :2] - start[segment]
    turn = _cross(step, edge)
    is_level = turn == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        share, of_edge = _cross(offset, edge) / turn, _cross(offset, step) / turn
    meets = ~is_level & (np.abs(share - 0.5) <= 0.5) & (np.abs(of_edge - 0.5) <= 0.5 + SLACK)
    level = np.flatnonzero(is_level & (np.abs(_cross(offset, step)) <= SLACK * (step * step).sum(axis=1)))
    squared = np.maximum((step[level] * step[level]).sum(axis=1), np.finfo(float).tiny)
    ends = [((offset[level] + more) * step[level]).sum(axis=1) / squared for more in (0.0, edge[level])]
    shares = np.clip(np.concatenate([share[meets], *ends]), 0.0, 1.0)
    return np.concatenate([segment[meets], segment[level], segment[level]]), shares


def _cross(left: _Floats, right: _Floats) -> _Floats:
    product: _Floats = left[:, 0] * right[:, 1] - left[:, 1] * right[:, 0]
    return product


def _edges(outlines: NDArray[np.object_]) -> _Floats:
    """Return the ends (k, 4) of the straight edges of outlines, each shared one once."""
    start, stop = _segments(outlines)
    ends = np.concatenate([start, stop], axis=1)
    is_turned = (start[:, 0] > stop[:, 0]) | ((start[:, 0] == stop[:, 0]) & (start[:, 1] > stop[:, 1]))
    ends[is_turned] = ends[is_turned][:, [2, 3, 0, 1]]
    distinct: _Floats = np.unique(ends, axis=0)
    return distinct
