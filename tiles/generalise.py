"""From which zoom each feature and each vertex is drawn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tiles._generalise import rank_vertices
from tiles.matrix import GRID_BITS
from tiles.rules import FULL_ZOOM, MIN_AREA_UNITS, TOLERANCE_UNITS, LayerRules

_UNIT_BITS = GRID_BITS - 12  # a unit at zoom z is 2 ** (28 - z) steps
_HASH_X, _HASH_Y = np.int64(0x9E3779B97F4A7C1), np.int64(0x2545F4914F6CDD1D)
Offsets = tuple[NDArray[np.int32], ...]


def vertex_zooms(xy: NDArray[np.int64], offsets: NDArray[np.int32], *, are_rings: bool) -> NDArray[np.uint8]:
    """Return the lowest zoom at which each vertex of lines or rings is needed.

    At zoom z a line without the vertices of higher zooms stays within half a pixel of the whole line. Borders
    that features share lose the same vertices on both sides, and vertices where lines meet are never lost.

    Parameters
    ----------
    xy : ndarray of int64, shape (m, 2)
        World-grid steps.
    offsets : ndarray of int32, shape (k + 1,)
        First vertex of each line or closed ring, and one past the last.
    are_rings : bool
        Whether the last vertex of each part repeats its first.

    Returns
    -------
    ndarray of uint8, shape (m,)
        0-14: from `FULL_ZOOM` on every vertex is drawn.

    Notes
    -----
    Douglas and Peucker (1973) between the vertices where neighbours part ways; O(m log m) for usual shapes.

    Examples
    --------
    >>> bent = np.array([[0, 0], [1 << 24, 9000 << 8], [1 << 25, 0]])
    >>> vertex_zooms(bent, np.array([0, 3], np.int32), are_rings=False)
    array([0, 9, 0], dtype=uint8)
    """
    ranks = np.zeros(len(xy), np.float32)
    rank_vertices(xy, offsets, _are_junctions(xy, offsets, are_rings=are_rings), are_rings, ranks)
    with np.errstate(divide="ignore"):
        zooms = np.ceil(_UNIT_BITS + np.log2(TOLERANCE_UNITS) - np.log2(ranks))
    return np.array(np.clip(zooms, 0, FULL_ZOOM), np.uint8)


def polygon_areas(xy: NDArray[np.int64], offsets: Offsets) -> NDArray[np.float64]:
    """Return the area of each polygon feature, in square steps of the world grid; holes taken off.

    Parameters
    ----------
    xy : ndarray of int64, shape (m, 2)
        World-grid steps.
    offsets : tuple of ndarray of int32
        Vertices of each ring, rings of each polygon, polygons of each feature.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    rings, polygons, features = offsets
    if not len(rings) - 1:
        return np.zeros(len(features) - 1)
    owner = np.repeat(np.arange(len(rings) - 1), np.diff(rings))
    relative = xy.astype(np.float64) - xy[rings[:-1]][owner]  # small numbers keep the products exact
    cross = relative[:-1, 0] * relative[1:, 1] - relative[1:, 0] * relative[:-1, 1]
    areas = np.abs(np.bincount(owner[:-1], np.where(owner[:-1] == owner[1:], cross, 0.0), len(rings) - 1)) / 2
    areas[np.setdiff1d(np.arange(len(areas)), polygons[:-1])] *= -1.0
    sums = np.concatenate([[0.0], np.cumsum(areas)])[polygons[features]]
    return np.maximum(np.diff(sums), 0.0)  # a hole outside its shell would go below


def zooms_by_area(areas: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the lowest zoom at which a polygon of this area covers four pixels, at most `FULL_ZOOM`.

    Parameters
    ----------
    areas : ndarray of float64, shape (n,)
        Square steps of the world grid.

    Returns
    -------
    ndarray of uint8, shape (n,)

    Examples
    --------
    >>> zooms_by_area(np.array([0.0, 256.0 * 4**18, 256.0 * 4**16]))
    array([14, 10, 12], dtype=uint8)
    """
    with np.errstate(divide="ignore"):
        zooms = np.ceil(_UNIT_BITS - np.log2(areas / MIN_AREA_UNITS) / 2)
    return np.array(np.clip(zooms, 0, FULL_ZOOM), np.uint8)


def zooms_by_rank(values: pa.Array, rules: LayerRules) -> NDArray[np.uint8]:
    """Return the lowest zoom of each feature by its class.

    Parameters
    ----------
    values : pyarrow.Array, length n
        The rank field of each feature.
    rules : LayerRules
        Zoom of each value.

    Returns
    -------
    ndarray of uint8, shape (n,)
        At most `FULL_ZOOM`.

    Examples
    --------
    >>> zooms_by_rank(pa.array(["trunk", None, "path"]), LayerRules(0, "class", {"trunk": 6}, 14))
    array([ 6, 14, 14], dtype=uint8)
    """
    coded = values.dictionary_encode()
    zooms = [rules.zooms.get(value, rules.other_zoom) for value in coded.dictionary.to_pylist()]
    table = np.array([min(zoom, FULL_ZOOM) for zoom in (*zooms, rules.other_zoom)], np.uint8)
    return table[np.array(coded.indices.fill_null(len(zooms)), np.int64)]


def _are_junctions(
    xy: NDArray[np.int64], offsets: NDArray[np.int32], *, are_rings: bool
) -> NDArray[np.bool_]:
    """Return at which vertices lines or rings meet and do not run on together on both sides."""
    n = len(xy)
    if n == 0:
        return np.zeros(0, np.bool_)
    sizes = np.diff(offsets)
    starts, ends = offsets[:-1][sizes > 0], offsets[1:][sizes > 0]
    keys = xy[:, 0] * _HASH_X + xy[:, 1] * _HASH_Y  # two places with one hash only cost an anchor
    before, after = np.roll(keys, 1), np.roll(keys, -1)
    if are_rings:
        before[starts] = before[ends - 1]  # the vertex before the closing one
        after[ends - 1] = after[starts]
    else:
        before[starts] = keys[starts]  # an end: nothing else looks like it except the same end
        after[ends - 1] = keys[ends - 1]
    low, high = np.minimum(before, after), np.maximum(before, after)
    order = np.argsort(keys, kind="stable")
    is_first = np.concatenate([[True], keys[order][1:] != keys[order][:-1]])
    place = np.cumsum(is_first) - 1
    firsts = order[is_first][place]
    differs = (low[order] != low[firsts]) | (high[order] != high[firsts])
    parts_ways = np.bincount(place, differs) > 0
    junctions = np.empty(n, np.bool_)
    junctions[order] = parts_ways[place]
    return junctions
