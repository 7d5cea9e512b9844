"""Kernels that bring the features of one tile to integer tile coordinates.

Each takes the rows to draw and returns the same four arrays: vertices (n, 2) int32; where each part (the
points of one feature, a line, a ring) ends; where the parts of each feature end; and what became of each
feature. Features not drawn have no parts.

``frame`` (int64) is zoom, the tile's north-west corner in world steps x, y, the bits from step to tile unit,
and the buffered tile in steps from the corner, low and high, the same in x and y. ``keep_small`` says whether
what is smaller than a unit is drawn as one unit or left out.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tiles._rings import (
    SHORT_RING,
    clip_ring,
    crossing,
    is_simple,
    is_simple_ring,
    tidy_line,
    tidy_ring,
    twice_area,
)

DRAWN, ABSENT, SMALL, BROKEN = 0, 1, 2, 3
INSIDE, OUTSIDE, ACROSS = 0, 1, 2
FAR = 1 << 42

Offsets = NDArray[np.int32]
Units = NDArray[np.int32]
Steps = NDArray[np.int64]
Column = NDArray[np.int64]
Work = NDArray[np.int64]
Drawn = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]


@njit(cache=True, nogil=True)
def _load(
    xy: Steps, zooms: NDArray[np.uint8], start: int, end: int, frame: Column, work: Work
) -> tuple[int, int]:
    """Copy the vertices shown at the frame's zoom; return their count and how they lie to the box."""
    n = 0
    left = top = np.int64(FAR)
    right = bottom = np.int64(-FAR)
    for i in range(start, end):
        if zooms[i] > frame[0]:
            continue
        x, y = xy[i, 0] - frame[1], xy[i, 1] - frame[2]
        work[0, n], work[1, n] = x, y
        left, right = min(left, x), max(right, x)
        top, bottom = min(top, y), max(bottom, y)
        n += 1
    low, high = frame[4], frame[5]
    if left > high or right < low or top > high or bottom < low:
        return 0, OUTSIDE
    if left >= low and right <= high and top >= low and bottom <= high:
        return n, INSIDE
    return n, ACROSS


@njit(cache=True, nogil=True)
def _round(x: Column, y: Column, n: int, shift: int) -> None:
    """Turn steps into tile units in place, halves up: a world point rounds the same in every tile."""
    half = np.int64(1 << shift) >> 1
    for i in range(n):
        x[i] = (x[i] + half) >> shift
        y[i] = (y[i] + half) >> shift


@njit(cache=True, nogil=True)
def _append(out: Units, n: int, x: Column, y: Column, k: int, reverse: bool) -> Units:
    """Write k vertices behind the first n of out, which grows when full; return out."""
    if n + k > out.shape[0]:
        wider = np.empty((2 * (n + k), 2), np.int32)
        wider[:n] = out[:n]
        out = wider
    for i in range(k):
        j = k - 1 - i if reverse else i
        out[n + i, 0] = x[j]
        out[n + i, 1] = y[j]
    return out


@njit(cache=True, nogil=True)
def _draw_ring(
    xy: Steps, zooms: NDArray[np.uint8], start: int, end: int, frame: Column, work: Work
) -> tuple[int, int, int]:
    """Leave one ring in tile units in work; return its count before and after tidying, and its place."""
    k, place = _load(xy, zooms, start, end - 1, frame, work)
    if place == ACROSS:
        k = clip_ring(work[0], work[1], k, work[2], work[3], frame[4], frame[5])
    _round(work[0], work[1], k, frame[3])
    return k, tidy_ring(work[0], work[1], k), place


@njit(cache=True, nogil=True)
def _are_sound(
    out: Units, start: int, end: int, ends: Offsets, holes: NDArray[np.bool_], first: int, last: int
) -> bool:
    """Return whether the rings first..last, of vertices start..end, make a valid polygon."""
    if last == first + 1 and end - start <= SHORT_RING:
        return bool(is_simple_ring(out, start, end))
    return bool(is_simple(out[start:end], ends[first:last] - start, holes[first:last]))


@njit(cache=True, nogil=True)
def quantise_polygons(
    xy: Steps, zooms: NDArray[np.uint8], rings: Offsets, polygons: Offsets, features: Offsets,
    rows: Column, frame: Column, keep_small: bool,
) -> Drawn:  # fmt: skip
    """Return polygons as open rings, shells of positive area (y down) followed by their holes, negative."""
    total = n_rings = longest = 0
    for row in rows:
        first, last = polygons[features[row]], polygons[features[row + 1]]
        total += rings[last] - rings[first]
        n_rings += last - first
        for ring in range(first, last):
            longest = max(longest, rings[ring + 1] - rings[ring])
    work = np.empty((4, 6 * longest + 8), np.int64)  # each of the four clips adds at most half
    out = np.empty((total, 2), np.int32)
    ends = np.empty(n_rings, np.int32)
    holes = np.empty(n_rings, np.bool_)
    feature_ends = np.empty(rows.size, np.int32)
    fates = np.full(rows.size, DRAWN, np.uint8)
    n = parts = 0
    for f in range(rows.size):
        n_before, parts_before = n, parts
        is_met = is_whole = False
        for polygon in range(features[rows[f]], features[rows[f] + 1]):
            for ring in range(polygons[polygon], polygons[polygon + 1]):
                is_hole = ring > polygons[polygon]
                met, k, place = _draw_ring(xy, zooms, rings[ring], rings[ring + 1], frame, work)
                is_met |= met > 0
                is_whole |= place == INSIDE
                if k == 0 and not is_hole:
                    break  # a shell without area takes its holes along
                if k == 0:
                    continue
                out = _append(out, n, work[0], work[1], k, (twice_area(work[0], work[1], k) < 0) != is_hole)
                n += k
                ends[parts], holes[parts] = n, is_hole
                parts += 1
        if parts > parts_before:
            if not _are_sound(out, n_before, n, ends, holes, parts_before, parts):
                fates[f] = BROKEN
                n, parts = n_before, parts_before
        elif is_met and keep_small:
            fates[f] = BROKEN  # whether it really reaches into the box, the repair says
        else:
            fates[f] = SMALL if is_whole else ABSENT  # a sliver at the edge is drawn by the next tile
        feature_ends[f] = parts
    return out[:n], ends[:parts], feature_ends, fates


@njit(cache=True, nogil=True)
def _trim(ax: int, ay: int, bx: int, by: int, low: int, high: int) -> tuple[bool, int, int]:
    """Move the end a of a segment into the box along the segment; return whether anything is left, and a."""
    for limit, sign in ((low, -1), (high, 1)):
        if sign * ax > sign * limit:
            if sign * bx > sign * limit:
                return False, ax, ay
            ax, ay = limit, crossing(ax, ay, bx, by, limit)
    for limit, sign in ((low, -1), (high, 1)):
        if sign * ay > sign * limit:
            if sign * by > sign * limit:
                return False, ax, ay
            ax, ay = crossing(ay, ax, by, bx, limit), limit
    return True, ax, ay


@njit(cache=True, nogil=True)
def _clip_line(work: Work, n: int, low: int, high: int, pieces: Column) -> int:
    """Cut the line in rows 0-1 of work into pieces in rows 2-3; fill in where they end; return how many."""
    m = count = 0
    is_open = False
    for i in range(n - 1):
        x0, y0, x1, y1 = work[0, i], work[1, i], work[0, i + 1], work[1, i + 1]
        is_left, ax, ay = _trim(x0, y0, x1, y1, low, high)
        if is_left:
            is_left, bx, by = _trim(x1, y1, ax, ay, low, high)
        if not is_left:
            is_open = False
            continue
        if not is_open or ax != x0 or ay != y0:
            work[2, m], work[3, m] = ax, ay
            m += 1
            count += 1
        work[2, m], work[3, m] = bx, by
        m += 1
        pieces[count - 1] = m
        is_open = bx == x1 and by == y1
    return count


@njit(cache=True, nogil=True)
def _draw_line(
    xy: Steps, zooms: NDArray[np.uint8], start: int, end: int, frame: Column, work: Work, pieces: Column
) -> tuple[int, int]:
    """Leave the pieces of one line inside the box, in steps, in rows 2-3 of work; return how many."""
    k, place = _load(xy, zooms, start, end, frame, work)
    if place == ACROSS:
        return _clip_line(work, k, frame[4], frame[5], pieces), place
    work[2:, :k] = work[:2, :k]
    pieces[0] = k
    return (1 if k > 0 else 0), place


@njit(cache=True, nogil=True)
def quantise_lines(
    xy: Steps, zooms: NDArray[np.uint8], lines: Offsets, features: Offsets,
    rows: Column, frame: Column, keep_small: bool,
) -> Drawn:  # fmt: skip
    """Return lines, cut where they leave the box; every piece has at least two different vertices."""
    total = longest = 0
    for row in rows:
        total += lines[features[row + 1]] - lines[features[row]]
        for line in range(features[row], features[row + 1]):
            longest = max(longest, lines[line + 1] - lines[line])
    work = np.empty((4, 2 * longest + 2), np.int64)
    pieces = np.empty(longest + 1, np.int64)
    out = np.empty((total + 2 * rows.size, 2), np.int32)
    ends = np.empty(total + rows.size, np.int32)
    feature_ends = np.empty(rows.size, np.int32)
    fates = np.full(rows.size, DRAWN, np.uint8)
    n = parts = 0
    for f in range(rows.size):
        parts_before = parts
        is_met = is_whole = False
        spot_x = spot_y = np.int64(0)
        for line in range(features[rows[f]], features[rows[f] + 1]):
            start = 0
            count, place = _draw_line(xy, zooms, lines[line], lines[line + 1], frame, work, pieces)
            is_whole |= place == INSIDE
            for piece in range(count):
                x, y = work[2, start : pieces[piece]], work[3, start : pieces[piece]]
                start = pieces[piece]
                _round(x, y, x.size, frame[3])
                is_met, spot_x, spot_y = True, x[0], y[0]
                k = tidy_line(x, y, x.size)
                if k >= 2:
                    out = _append(out, n, x, y, k, False)
                    n += k
                    ends[parts] = n
                    parts += 1
        if parts == parts_before and is_met and keep_small:
            work[0, 0], work[0, 1], work[1, 0], work[1, 1] = spot_x, spot_x + 1, spot_y, spot_y
            out = _append(out, n, work[0], work[1], 2, False)
            n += 2
            ends[parts] = n
            parts += 1
        elif parts == parts_before:
            fates[f] = SMALL if is_whole else ABSENT
        feature_ends[f] = parts
    return out[:n], ends[:parts], feature_ends, fates


@njit(cache=True, nogil=True)
def quantise_points(xy: Steps, rows: Column, frame: Column) -> Drawn:
    """Return the points inside the box, one part each; feature i is point i."""
    out = np.empty((rows.size, 2), np.int32)
    ends = np.empty(rows.size, np.int32)
    feature_ends = np.empty(rows.size, np.int32)
    fates = np.full(rows.size, ABSENT, np.uint8)
    half = np.int64(1 << frame[3]) >> 1
    n = 0
    for f in range(rows.size):
        x, y = xy[rows[f], 0] - frame[1], xy[rows[f], 1] - frame[2]
        if frame[4] <= x <= frame[5] and frame[4] <= y <= frame[5]:
            out[n, 0], out[n, 1] = (x + half) >> frame[3], (y + half) >> frame[3]
            fates[f] = DRAWN
            n += 1
            ends[n - 1] = n
        feature_ends[f] = n
    return out[:n], ends[:n], feature_ends, fates
