"""Kernels of the exact grid index: lattice keys, slabs of boundary runs, raster of sure and listed pixels.

The plane is cut into square pixels of a fixed lattice. A pixel that no boundary touches has one answer. Every
other pixel lists the units whose boundary passes through it, in the order in which they win, and the unit
that covers it anyway. A listed unit is asked by counting crossings of a ray to the east, as GEOS does, with
the sign of each doubtful crossing worked out exactly. A unit's edges lie in slabs, one for each pixel row; a
slab holds runs of consecutive vertices, so that a run wholly east or west of the point is settled by its two
ends.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

STEPS_PER_DEGREE = 2.0**21  # a lattice step is 4.8e-7 degrees, 5 cm; a power of two scales without rounding
ORIGIN_DEG = 512.0  # puts every longitude and latitude above zero, so that truncation rounds down
LATTICE_STEPS = 2.0**31
KEY_MASK = (1 << 31) - 1
# Rounding of lon + 512 moves a lattice coordinate by at most 2**-22 steps; boundaries are marked this much
# wider to hide it.
SLACK_STEPS = 2.0**-10
MAX_RUN = 24  # edges of a run; bounds the work at one point of a boundary that winds along a pixel row
FILTER = 3.3306690738754716e-16  # Shewchuk (1997), error bound A of orient2d: (3 + 16 eps) eps
TINY_PRODUCT = 1e-280  # below, products may have lost bits to underflow
TINY_DIFFERENCE = 1e-140
SPLITTER = 134217729.0  # 2**27 + 1, Dekker (1971)

NONE = -1
UNDECIDED = -2
Frame = tuple[int, int, int, int, int]
"""Shift from lattice steps to pixels, first pixel row and column, number of rows and columns."""
RUN = np.dtype([("west", np.float64), ("east", np.float64), ("start", np.int32), ("stop", np.int32)])
"""Consecutive vertices ``start`` to ``stop`` of a ring within one slab, and the x they span, degrees."""


@njit(cache=True, nogil=True)
def encode(lon: NDArray[np.float64], lat: NDArray[np.float64], keys: NDArray[np.int64]) -> None:
    """Write row << 32 | column of each point (n,) on the lattice; -1 where NaN or off the lattice."""
    for i in range(lon.shape[0]):
        x = (lon[i] + ORIGIN_DEG) * STEPS_PER_DEGREE
        y = (lat[i] + ORIGIN_DEG) * STEPS_PER_DEGREE
        if 0.0 <= x < LATTICE_STEPS and 0.0 <= y < LATTICE_STEPS:
            keys[i] = (np.int64(y) << 32) | np.int64(x)
        else:
            keys[i] = -1


@njit(cache=True, nogil=True, inline="always")
def _tail(a: float, b: float, difference: float) -> float:
    """Return what rounding took from a - b."""
    b_seen = a - difference
    a_seen = difference + b_seen
    return (b_seen - b) + (a - a_seen)


@njit(cache=True, nogil=True, inline="always")
def _product_tail(a: float, b: float, product: float) -> float:
    """Return what rounding took from a * b."""
    c = SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@njit(cache=True, nogil=True)
def _exact_side(x1: float, y1: float, x2: float, y2: float, px: float, py: float) -> int:
    """Return the sign of the turn p1, p2, p; UNDECIDED where GEOS itself must be asked.

    Takes the differences that GEOS takes. Where they are exact, as between neighbours in degrees they nearly
    always are, the double-double arithmetic of GEOS and the exact products here give the same sign.
    """
    dx1 = x2 - x1
    dy1 = y2 - y1
    dx2 = px - x2
    dy2 = py - y2
    if (
        _tail(x2, x1, dx1) != 0.0
        or _tail(y2, y1, dy1) != 0.0
        or _tail(px, x2, dx2) != 0.0
        or _tail(py, y2, dy2) != 0.0
    ):
        return UNDECIDED
    for difference in (dx1, dy1, dx2, dy2):
        if difference != 0.0 and abs(difference) < TINY_DIFFERENCE:
            return UNDECIDED
    left = dx1 * dy2
    right = dy1 * dx2
    if left == right:  # rounding keeps order, so unequal products are in their true order
        left = _product_tail(dx1, dy2, left)
        right = _product_tail(dy1, dx2, right)
    return int(left > right) - int(left < right)


@njit(cache=True, nogil=True, inline="always")
def _side(x1: float, y1: float, x2: float, y2: float, px: float, py: float) -> int:
    """Return 1 where p lies left of p1 -> p2, -1 right, 0 on the line, or UNDECIDED."""
    left = (x1 - px) * (y2 - py)
    right = (y1 - py) * (x2 - px)
    turn = left - right
    magnitude = abs(left) + abs(right)
    if abs(turn) > FILTER * magnitude and magnitude > TINY_PRODUCT:
        return 1 if turn > 0.0 else -1
    return _exact_side(x1, y1, x2, y2, px, py)


@njit(cache=True, nogil=True, inline="always")
def _is_on_level(x1: float, y1: float, x2: float, px: float, py: float) -> bool:
    """Return whether a point lies on an edge whose second end is level with it and the first no higher.

    A point on the first end alone lies on the second end of the edge before.
    """
    return x2 == px or (y1 == py and min(x1, x2) <= px <= max(x1, x2))


@njit(cache=True, nogil=True)
def _covers(
    px: float,
    py: float,
    first: int,
    last: int,
    runs: NDArray[np.void],
    xy: NDArray[np.float64],
) -> int:
    """Return 1 where the unit with these runs in its slab covers the point, 0 where not, or UNDECIDED."""
    is_inside = False
    for run in range(first, last):
        if px > runs[run].east:
            continue
        start = runs[run].start
        stop = runs[run].stop
        if px < runs[run].west:
            is_inside ^= (xy[start, 1] > py) != (xy[stop, 1] > py)
            continue
        x2 = xy[start, 0]
        y2 = xy[start, 1]
        for vertex in range(start + 1, stop + 1):
            x1 = x2
            y1 = y2
            x2 = xy[vertex, 0]
            y2 = xy[vertex, 1]
            if (y1 > py) != (y2 > py):
                if px < min(x1, x2):
                    is_inside = not is_inside
                elif px <= max(x1, x2):
                    side = _side(x1, y1, x2, y2, px, py)
                    if side == UNDECIDED:
                        return UNDECIDED
                    if side == 0:
                        return 1
                    is_inside ^= (side > 0) == (y2 > y1)
            elif y2 == py and _is_on_level(x1, y1, x2, px, py):
                return 1
    return int(is_inside)


@njit(cache=True, nogil=True)
def cut_runs(
    vertex_rows: NDArray[np.int64],
    xy: NDArray[np.float64],
    ring_starts: NDArray[np.int64],
    ring_slabs: NDArray[np.int64],
    slab_runs: NDArray[np.int32],
    run_slabs: NDArray[np.int32],
    runs: NDArray[np.void],
) -> int:
    """Write the runs of every ring and their slabs; return their number.

    ``ring_slabs`` is the number of the slab that pixel row 0 would have in the unit of each ring;
    ``slab_runs`` is filled with -1.
    """
    n = 0
    for ring in range(ring_slabs.shape[0]):
        for vertex in range(ring_starts[ring], ring_starts[ring + 1] - 1):
            low = min(vertex_rows[vertex], vertex_rows[vertex + 1])
            high = max(vertex_rows[vertex], vertex_rows[vertex + 1])
            west = min(xy[vertex, 0], xy[vertex + 1, 0])
            east = max(xy[vertex, 0], xy[vertex + 1, 0])
            for slab in range(ring_slabs[ring] + low, ring_slabs[ring] + high + 1):
                run = slab_runs[slab]
                if run >= 0 and runs[run].stop == vertex and vertex - runs[run].start < MAX_RUN:
                    runs[run].stop = vertex + 1
                    runs[run].west = min(runs[run].west, west)
                    runs[run].east = max(runs[run].east, east)
                    continue
                slab_runs[slab] = n
                run_slabs[n] = slab
                runs[n].west = west
                runs[n].east = east
                runs[n].start = vertex
                runs[n].stop = vertex + 1
                n += 1
    return n


@njit(cache=True, nogil=True, inline="always")
def _columns_in_row(
    x1: float, y1: float, x2: float, y2: float, row: int, shift: int, column_0: int
) -> tuple[int, int]:
    """Return the first and last pixel column that the edge may touch in a pixel row; degrees."""
    x1 = (x1 + ORIGIN_DEG) * STEPS_PER_DEGREE
    x2 = (x2 + ORIGIN_DEG) * STEPS_PER_DEGREE
    y1 = (y1 + ORIGIN_DEG) * STEPS_PER_DEGREE
    y2 = (y2 + ORIGIN_DEG) * STEPS_PER_DEGREE
    a = x1
    b = x2
    if y1 != y2:
        bottom = (float(row << shift) - SLACK_STEPS - y1) / (y2 - y1)
        top = (float((row + 1) << shift) + SLACK_STEPS - y1) / (y2 - y1)
        a = x1 + min(max(bottom, 0.0), 1.0) * (x2 - x1)
        b = x1 + min(max(top, 0.0), 1.0) * (x2 - x1)
    west = np.int64(max(min(a, b) - SLACK_STEPS, min(x1, x2)))
    east = np.int64(min(max(a, b) + SLACK_STEPS, max(x1, x2)))
    return int(west >> shift) - column_0, int(east >> shift) - column_0


@njit(cache=True, nogil=True)
def mark_pixels(
    order: NDArray[np.int64],
    unit_slabs: NDArray[np.int64],
    unit_rows: NDArray[np.int64],
    slab_starts: NDArray[np.int32],
    runs: NDArray[np.void],
    xy: NDArray[np.float64],
    frame: Frame,
    covering: NDArray[np.int32],
    is_listed: NDArray[np.bool_],
    marked: NDArray[np.int32],
    mark_slabs: NDArray[np.int32],
) -> int:
    """Write the pixel and slab of every boundary pixel, unit by unit in ``order``; return their number.

    ``covering`` (n_pixels,), -1 before, receives the first unit that covers a whole pixel; ``is_listed``
    those that a boundary touches or a second unit covers.
    """
    shift, row_0, column_0, _, n_columns = frame
    stamps = np.full(n_columns, -1, np.int64)
    half = float(1 << shift) / 2.0
    n = 0
    for unit in order:
        for slab in range(unit_slabs[unit], unit_slabs[unit + 1]):
            row = unit_rows[unit] + slab - unit_slabs[unit]
            low = n_columns
            high = -1
            for run in range(slab_starts[slab], slab_starts[slab + 1]):
                for vertex in range(runs[run].start, runs[run].stop):
                    west, east = _columns_in_row(
                        xy[vertex, 0],
                        xy[vertex, 1],
                        xy[vertex + 1, 0],
                        xy[vertex + 1, 1],
                        row,
                        shift,
                        column_0,
                    )
                    low = min(low, west)
                    high = max(high, east)
                    stamps[west : east + 1] = slab
            is_gap_inside = False
            for column in range(low, high + 1):
                pixel = (row - row_0) * n_columns + column
                if stamps[column] == slab:
                    is_listed[pixel] = True
                    marked[n] = pixel
                    mark_slabs[n] = slab
                    n += 1
                    continue
                if stamps[column - 1] == slab:
                    x = (float((column + column_0) << shift) + half) / STEPS_PER_DEGREE - ORIGIN_DEG
                    y = (float(row << shift) + half) / STEPS_PER_DEGREE - ORIGIN_DEG
                    is_gap_inside = _covers(x, y, slab_starts[slab], slab_starts[slab + 1], runs, xy) == 1
                if is_gap_inside:
                    if covering[pixel] == NONE:
                        covering[pixel] = unit
                    else:
                        is_listed[pixel] = True
    return n


@njit(cache=True, nogil=True)
def fill_lists(
    raster: NDArray[np.int32],
    marked: NDArray[np.int32],
    mark_slabs: NDArray[np.int32],
    slab_units: NDArray[np.int32],
    slab_starts: NDArray[np.int32],
    ranks: NDArray[np.int32],
    covering: NDArray[np.int32],
    starts: NDArray[np.int32],
    entries: NDArray[np.int32],
) -> None:
    """Write the list of each listed pixel: unit and runs of the slabs that can win, then the covering unit.

    ``raster`` holds -2 - list for listed pixels; ``covering`` and ``starts`` (n_lists + 1,), zero before, go
    by list. A list ends with the entry that has no runs.
    """
    n_lists = covering.shape[0]
    for turn in range(2):
        for mark in range(marked.shape[0]):
            listed = -2 - raster[marked[mark]]
            slab = mark_slabs[mark]
            unit = slab_units[slab]
            if covering[listed] != NONE and ranks[unit] > ranks[covering[listed]]:
                continue
            if turn:
                entries[starts[listed], 0] = unit
                entries[starts[listed], 1] = slab_starts[slab]
                entries[starts[listed], 2] = slab_starts[slab + 1]
            starts[listed] += 1
        if turn == 0:
            total = 0
            for listed in range(n_lists):
                count = starts[listed] + 1
                starts[listed] = total
                total += count
    for listed in range(n_lists - 1, -1, -1):
        entries[starts[listed], 0] = covering[listed]
        entries[starts[listed], 1:] = 0
        starts[listed + 1] = starts[listed] + 1
    starts[0] = 0


@njit(cache=True, nogil=True)
def look_up(
    keys: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    frame: Frame,
    raster: NDArray[np.int32],
    entries: NDArray[np.int32],
    runs: NDArray[np.void],
    xy: NDArray[np.float64],
    units: NDArray[np.int32],
) -> int:
    """Write the unit of each point (n,), -1 none, or UNDECIDED; return how many are undecided.

    Points of listed pixels are asked row by row, so that a row's runs stay in the cache whatever the order of
    the points.
    """
    shift, row_0, column_0, n_rows, n_columns = frame
    n_asked = np.zeros(n_rows + 1, np.int64)
    for i in range(keys.shape[0]):
        row = (keys[i] >> (32 + shift)) - row_0
        column = ((keys[i] & KEY_MASK) >> shift) - column_0
        units[i] = NONE
        if keys[i] >= 0 and 0 <= row < n_rows and 0 <= column < n_columns:
            units[i] = raster[row * n_columns + column]
            n_asked[row + 1] += units[i] < NONE
    starts = np.cumsum(n_asked)
    asked = np.empty(starts[n_rows], np.int64)
    points = np.empty((starts[n_rows], 2))
    for i in range(keys.shape[0]):
        if units[i] < NONE:
            row = (keys[i] >> (32 + shift)) - row_0
            asked[starts[row]] = i
            points[starts[row], 0] = lon[i]
            points[starts[row], 1] = lat[i]
            starts[row] += 1
    undecided = 0
    for j in range(asked.shape[0]):
        i = asked[j]
        px = points[j, 0]
        py = points[j, 1]
        entry = -2 - units[i]
        while True:
            unit, first, last = entries[entry, 0], entries[entry, 1], entries[entry, 2]
            if first == last:
                break
            answer = _covers(px, py, first, last, runs, xy)
            if answer == UNDECIDED:
                unit = np.int32(UNDECIDED)
                undecided += 1
            if answer:
                break
            entry += 1
        units[i] = unit
    return undecided


@njit(cache=True, nogil=True)
def units_of_boxes(
    low_keys: NDArray[np.int64],
    high_keys: NDArray[np.int64],
    frame: Frame,
    raster: NDArray[np.int32],
    units: NDArray[np.int32],
) -> None:
    """Write the unit that alone meets each box and covers it, -1 where none meets it, UNDECIDED otherwise."""
    shift, row_0, column_0, n_rows, n_columns = frame
    for i in range(low_keys.shape[0]):
        units[i] = UNDECIDED
        if low_keys[i] < 0 or high_keys[i] < 0:
            continue
        south = (low_keys[i] >> (32 + shift)) - row_0
        north = (high_keys[i] >> (32 + shift)) - row_0
        west = ((low_keys[i] & KEY_MASK) >> shift) - column_0
        east = ((high_keys[i] & KEY_MASK) >> shift) - column_0
        if north < 0 or south >= n_rows or east < 0 or west >= n_columns:
            units[i] = NONE
            continue
        if south < 0 or north >= n_rows or west < 0 or east >= n_columns:
            continue
        unit = raster[south * n_columns + west]
        for row in range(south, north + 1):
            for column in range(west, east + 1):
                if raster[row * n_columns + column] != unit:
                    unit = UNDECIDED
                    break
            if unit == UNDECIDED:
                break
        units[i] = max(unit, UNDECIDED)
