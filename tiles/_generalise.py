"""Kernel that ranks the vertices of lines and rings by how far the line would move without them.

Douglas-Peucker on the arcs between anchors. An anchor is a vertex where neighbours part ways, so two features
that share a border cut it into the same arcs; each arc is walked in one direction whichever feature it
belongs to, so the shared border loses the same vertices on both sides.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Steps = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _distance_squared(xy: Steps, i: int, a: int, b: int) -> float:
    """Return the squared distance of vertex i from the segment a-b, steps^2."""
    ax, ay = float(xy[a, 0]), float(xy[a, 1])
    dx, dy = float(xy[b, 0]) - ax, float(xy[b, 1]) - ay
    px, py = float(xy[i, 0]) - ax, float(xy[i, 1]) - ay
    length_squared = dx * dx + dy * dy
    if length_squared == 0.0:
        return px * px + py * py
    share = min(max((px * dx + py * dy) / length_squared, 0.0), 1.0)
    px -= share * dx
    py -= share * dy
    return px * px + py * py


@njit(cache=True, nogil=True)
def _is_before(xy: Steps, i: int, j: int) -> bool:
    """Return whether vertex i comes before vertex j from west to east, then north to south."""
    return bool(xy[i, 0] < xy[j, 0] or (xy[i, 0] == xy[j, 0] and xy[i, 1] < xy[j, 1]))


@njit(cache=True, nogil=True)
def _farthest(xy: Steps, path: NDArray[np.int64], first: int, last: int, a: int, b: int) -> tuple[int, float]:
    """Return where between first and last the path is farthest from a-b, and the distance squared."""
    best, position = -1.0, -1
    for k in range(first + 1, last):
        distance = _distance_squared(xy, path[k], a, b)
        if distance > best or (distance == best and _is_before(xy, path[k], path[position])):
            best, position = distance, k
    return position, best


@njit(cache=True, nogil=True)
def _rank_arc(xy: Steps, path: NDArray[np.int64], ranks: NDArray[np.float32]) -> None:
    """Fill the ranks of an arc's inner vertices: the tolerance, steps, above which each is dropped."""
    n = path.size
    firsts, lasts = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
    ceilings = np.empty(n + 1, np.float64)
    firsts[0], lasts[0], ceilings[0] = 0, n - 1, np.inf
    depth = 1
    while depth:
        depth -= 1
        first, last, ceiling = firsts[depth], lasts[depth], ceilings[depth]
        if last - first < 2:
            continue
        a, b = path[first], path[last]
        if _is_before(xy, b, a):
            a, b = b, a
        middle, squared = _farthest(xy, path, first, last, a, b)
        ceiling = min(ceiling, math.sqrt(squared))
        ranks[path[middle]] = ceiling
        firsts[depth], lasts[depth], ceilings[depth] = first, middle, ceiling
        firsts[depth + 1], lasts[depth + 1], ceilings[depth + 1] = middle, last, ceiling
        depth += 2


@njit(cache=True, nogil=True)
def _anchor_ring(xy: Steps, start: int, n: int, anchors: NDArray[np.bool_]) -> None:
    """Give a ring of n vertices two anchors if it has fewer, the same wherever the ring starts."""
    found = -1
    for i in range(start, start + n):
        if anchors[i]:
            if found >= 0:
                return
            found = i
    if found < 0:
        found = start
        for i in range(start + 1, start + n):
            if _is_before(xy, i, found):
                found = i
    best, opposite = -1.0, found
    for i in range(start, start + n):
        distance = _distance_squared(xy, i, found, found)
        if distance > best or (distance == best and _is_before(xy, i, opposite)):
            best, opposite = distance, i
    anchors[found] = anchors[opposite] = True


@njit(cache=True, nogil=True)
def _set_direction(xy: Steps, path: NDArray[np.int64]) -> None:
    """Turn an arc, in place, to start at its first end; a closed one by its second vertices."""
    n = path.size
    ends_meet = xy[path[0], 0] == xy[path[n - 1], 0] and xy[path[0], 1] == xy[path[n - 1], 1]
    k = 1 if ends_meet else 0
    if _is_before(xy, path[n - 1 - k], path[k]):
        for i in range(n // 2):
            path[i], path[n - 1 - i] = path[n - 1 - i], path[i]


@njit(cache=True, nogil=True)
def rank_vertices(
    xy: Steps,
    offsets: NDArray[np.int32],
    anchors: NDArray[np.bool_],
    are_rings: bool,
    ranks: NDArray[np.float32],
) -> None:
    """Fill the tolerance, steps, up to which each vertex is kept; infinite for anchors and ends."""
    for part in range(offsets.size - 1):
        start, end = offsets[part], offsets[part + 1]
        n = end - start - 1 if are_rings else end - start
        if n < 1:
            continue
        first = start
        if are_rings:
            _anchor_ring(xy, start, n, anchors)
            while not anchors[first]:
                first += 1
            ranks[end - 1] = np.inf
        else:
            anchors[start] = anchors[end - 1] = True
        path = np.empty(n + 1, np.int64)
        path[0] = first
        ranks[first] = np.inf
        k = 1
        for step in range(1, n + 1 if are_rings else n):
            i = start + (first - start + step) % n
            path[k] = i
            k += 1
            if anchors[i]:
                arc = path[:k].copy()
                _set_direction(xy, arc)
                _rank_arc(xy, arc, ranks)
                ranks[i] = np.inf
                path[0] = i
                k = 1
