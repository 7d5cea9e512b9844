"""Kernels for one ring or line on the integer grid: load, clip to a box, quantise, tidy, test.

Clipping works in world-grid steps relative to the tile's corner, before rounding to tile units. Vertices are
pairs of int64 columns with a count.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

SHORT_RING = 24  # vertices; up to here comparing all pairs of edges beats sorting them

Column = NDArray[np.int64]


@njit(cache=True, nogil=True, inline="always")
def crossing(a0: int, b0: int, a1: int, b1: int, limit: int) -> int:
    """Return b where the segment (a0, b0)-(a1, b1) meets a = limit, rounded; the same from either end."""
    if a0 > a1 or (a0 == a1 and b0 > b1):
        a0, b0, a1, b1 = a1, b1, a0, b0
    share = float(limit - a0) / float(a1 - a0)
    return b0 + math.floor(share * float(b1 - b0) + 0.5)


@njit(cache=True, nogil=True)
def _clip_side(a: Column, b: Column, n: int, to_a: Column, to_b: Column, limit: int, sign: int) -> int:
    """Clip a ring to the half-plane sign * a <= sign * limit (Sutherland-Hodgman); return the new count."""
    m = 0
    if n == 0:
        return 0
    last_a, last_b = a[n - 1], b[n - 1]
    last_inside = sign * last_a <= sign * limit
    for i in range(n):
        this_a, this_b = a[i], b[i]
        inside = sign * this_a <= sign * limit
        if inside != last_inside:
            to_a[m] = limit
            to_b[m] = crossing(last_a, last_b, this_a, this_b, limit)
            m += 1
        if inside:
            to_a[m] = this_a
            to_b[m] = this_b
            m += 1
        last_a, last_b, last_inside = this_a, this_b, inside
    return m


@njit(cache=True, nogil=True)
def clip_ring(x: Column, y: Column, n: int, x2: Column, y2: Column, low: int, high: int) -> int:
    """Clip an open ring in place to the square [low, high]^2; x2, y2 are scratch; return the new count."""
    n = _clip_side(x, y, n, x2, y2, low, -1)
    n = _clip_side(x2, y2, n, x, y, high, 1)
    n = _clip_side(y, x, n, y2, x2, low, -1)
    return int(_clip_side(y2, x2, n, y, x, high, 1))


@njit(cache=True, nogil=True, inline="always")
def _turn(x: Column, y: Column, i: int, j: int, px: int, py: int) -> int:
    """Return twice the signed area of vertices i, j and the point p."""
    return int((x[j] - x[i]) * (py - y[j]) - (y[j] - y[i]) * (px - x[j]))


@njit(cache=True, nogil=True)
def tidy_ring(x: Column, y: Column, n: int) -> int:
    """Drop repeated vertices, spikes and vertices on a straight edge, in place; return the count.

    Only exactly collinear vertices go: the ring encloses the same. A ring without area comes out empty.
    """
    m = 0
    for i in range(n):
        px, py = x[i], y[i]
        while m >= 2 and (x[m - 1] != px or y[m - 1] != py) and _turn(x, y, m - 2, m - 1, px, py) == 0:
            m -= 1
        if m == 0 or x[m - 1] != px or y[m - 1] != py:
            x[m] = px
            y[m] = py
            m += 1
    first = 0
    while m - first >= 3:
        is_repeated = x[m - 1] == x[first] and y[m - 1] == y[first]
        if is_repeated or _turn(x, y, m - 2, m - 1, x[first], y[first]) == 0:
            m -= 1
        elif _turn(x, y, m - 1, first, x[first + 1], y[first + 1]) == 0:
            first += 1
        else:
            break
    m -= first
    if m < 3:
        return 0
    if first:
        for i in range(m):
            x[i] = x[first + i]
            y[i] = y[first + i]
    return m


@njit(cache=True, nogil=True)
def tidy_line(x: Column, y: Column, n: int) -> int:
    """Drop repeated vertices and those straight between their neighbours, in place; return the count."""
    m = 0
    for i in range(n):
        px, py = x[i], y[i]
        if m >= 1 and x[m - 1] == px and y[m - 1] == py:
            continue
        if m >= 2 and _turn(x, y, m - 2, m - 1, px, py) == 0:
            ahead = (x[m - 1] - x[m - 2]) * (px - x[m - 1]) + (y[m - 1] - y[m - 2]) * (py - y[m - 1])
            if ahead > 0:
                m -= 1
        x[m] = px
        y[m] = py
        m += 1
    return m


@njit(cache=True, nogil=True)
def twice_area(x: Column, y: Column, n: int) -> int:
    """Return twice the signed area of an open ring; positive where it runs clockwise with y down."""
    total = 0
    for i in range(n):
        j = i + 1 if i + 1 < n else 0
        total += x[i] * y[j] - x[j] * y[i]
    return total


@njit(cache=True, nogil=True)
def _edges_meet(xy: NDArray[np.int32], a: int, b: int, c: int, d: int) -> bool:
    """Return whether the closed segments a-b and c-d share a point."""
    ax, ay, bx, by = np.int64(xy[a, 0]), np.int64(xy[a, 1]), np.int64(xy[b, 0]), np.int64(xy[b, 1])
    cx, cy, dx, dy = np.int64(xy[c, 0]), np.int64(xy[c, 1]), np.int64(xy[d, 0]), np.int64(xy[d, 1])
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx):
        return False
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    side_c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    side_d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    if (side_c > 0 and side_d > 0) or (side_c < 0 and side_d < 0):
        return False
    side_a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    side_b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    return not ((side_a > 0 and side_b > 0) or (side_a < 0 and side_b < 0))


@njit(cache=True, nogil=True)
def is_simple_ring(xy: NDArray[np.int32], start: int, end: int) -> bool:
    """Return whether the ring of vertices start..end neither crosses nor touches itself; for short rings."""
    for i in range(start, end - 2):
        last = end - 1 if i == start else end  # the closing edge and the first one are neighbours
        for j in range(i + 2, last):
            if _edges_meet(xy, i, i + 1, j, j + 1 if j + 1 < end else start):
                return False
    return True


@njit(cache=True, nogil=True)
def _meets_any(
    xy: NDArray[np.int32], following: Column, order: Column, left: Column, right: Column, sort: bool
) -> bool:
    """Return whether two edges that are not neighbours meet; ``order`` is by left end if sorted."""
    n = order.size
    for i in range(n):
        a = order[i]
        for j in range(i + 1, n):
            b = order[j]
            if sort and left[b] > right[a]:
                break
            if following[a] == b or following[b] == a:
                continue
            if _edges_meet(xy, a, following[a], b, following[b]):
                return True
    return False


@njit(cache=True, nogil=True)
def _is_within(xy: NDArray[np.int32], start: int, end: int, px: int, py: int) -> bool:
    """Return whether a point off the ring's edges lies inside the ring of vertices start..end."""
    inside = False
    j = end - 1
    for i in range(start, end):
        if (xy[i, 1] > py) != (xy[j, 1] > py):
            xi, yi = np.int64(xy[i, 0]), np.int64(xy[i, 1])
            xj, yj = np.int64(xy[j, 0]), np.int64(xy[j, 1])
            left = (px - xi) * (yj - yi) - (xj - xi) * (py - yi)
            if (left < 0) == (yj > yi):
                inside = not inside
        j = i
    return inside


@njit(cache=True, nogil=True)
def _nests_well(xy: NDArray[np.int32], ends: NDArray[np.int32], holes: NDArray[np.bool_]) -> bool:
    """Return whether each hole lies in the shell before it, and shells at even, holes at odd depth."""
    shell = 0
    for ring in range(ends.size):
        shell = shell if holes[ring] else ring
        first = ends[ring - 1] if ring else 0
        depth = 0
        for other in range(ends.size):
            start = ends[other - 1] if other else 0
            if other != ring and _is_within(xy, start, ends[other], xy[first, 0], xy[first, 1]):
                depth += 1
            elif holes[ring] and other == shell:
                return False
        if (depth % 2 == 1) != holes[ring]:
            return False
    return True


@njit(cache=True, nogil=True)
def is_simple(xy: NDArray[np.int32], ends: NDArray[np.int32], holes: NDArray[np.bool_]) -> bool:
    """Return whether the rings of one feature neither cross, touch nor nest wrongly.

    ``ends`` says where in ``xy`` each ring stops, ``holes`` which are interior. Touching in a point is legal
    between rings, but rare enough to be left to the repair.
    """
    n = xy.shape[0]
    following = np.empty(n, np.int64)
    start = 0
    for ring in range(ends.size):
        for i in range(start, ends[ring]):
            following[i] = i + 1 if i + 1 < ends[ring] else start
        start = ends[ring]
    left = np.empty(n, np.int64)
    right = np.empty(n, np.int64)
    for i in range(n):
        left[i] = min(xy[i, 0], xy[following[i], 0])
        right[i] = max(xy[i, 0], xy[following[i], 0])
    sort = n > SHORT_RING
    order = np.argsort(left) if sort else np.arange(n)
    if _meets_any(xy, following, order, left, right, sort):
        return False
    return ends.size == 1 or _nests_well(xy, ends, holes)
