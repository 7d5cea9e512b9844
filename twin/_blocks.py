"""Kernels of the block tree: bounds of 64 consecutive rows, of 64 such blocks, and exact search in them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FAN_OUT = 64


@njit(cache=True, nogil=True, inline="always")
def _widen(blocks: NDArray[np.float64], i: int, xmin: float, ymin: float, xmax: float, ymax: float) -> None:
    """Make block i hold a box too."""
    blocks[i, 0] = min(blocks[i, 0], xmin)
    blocks[i, 1] = min(blocks[i, 1], ymin)
    blocks[i, 2] = max(blocks[i, 2], xmax)
    blocks[i, 3] = max(blocks[i, 3], ymax)


@njit(cache=True, nogil=True)
def build(
    xmin: NDArray[np.float64],
    ymin: NDArray[np.float64],
    xmax: NDArray[np.float64],
    ymax: NDArray[np.float64],
    n_rows: int,
) -> NDArray[np.float64]:
    """Return bounds (n_blocks + n_groups, 4) of every 64 rows, then of every 64 of those blocks."""
    n_blocks = (n_rows + FAN_OUT - 1) // FAN_OUT
    n_groups = (n_blocks + FAN_OUT - 1) // FAN_OUT
    blocks = np.empty((n_blocks + n_groups, 4))
    for i in range(n_blocks + n_groups):
        blocks[i, 0] = blocks[i, 1] = np.inf
        blocks[i, 2] = blocks[i, 3] = -np.inf
    for row in range(n_rows):
        _widen(blocks, row // FAN_OUT, xmin[row], ymin[row], xmax[row], ymax[row])
    for i in range(n_blocks):
        _widen(blocks, n_blocks + i // FAN_OUT, blocks[i, 0], blocks[i, 1], blocks[i, 2], blocks[i, 3])
    return blocks


@njit(cache=True, nogil=True, inline="always")
def _meets(blocks: NDArray[np.float64], i: int, box: tuple[float, float, float, float]) -> bool:
    """Return whether block i and a closed box have a place in common."""
    return bool(
        blocks[i, 0] <= box[2]
        and blocks[i, 2] >= box[0]
        and blocks[i, 1] <= box[3]
        and blocks[i, 3] >= box[1]
    )


@njit(cache=True, nogil=True, inline="always")
def _is_within(blocks: NDArray[np.float64], i: int, box: tuple[float, float, float, float]) -> bool:
    """Return whether block i lies inside a closed box."""
    return bool(
        blocks[i, 0] >= box[0]
        and blocks[i, 2] <= box[2]
        and blocks[i, 1] >= box[1]
        and blocks[i, 3] <= box[3]
    )


@njit(cache=True, nogil=True)
def rows_in_box(
    xmin: NDArray[np.float64],
    ymin: NDArray[np.float64],
    xmax: NDArray[np.float64],
    ymax: NDArray[np.float64],
    blocks: NDArray[np.float64],
    n_rows: int,
    box: tuple[float, float, float, float],
    first_row: int,
    limit: int,
) -> NDArray[np.int64]:
    """Return up to ``limit`` rows from ``first_row`` on whose bounds meet the closed box, ascending."""
    n_blocks = (n_rows + FAN_OUT - 1) // FAN_OUT
    n_groups = blocks.shape[0] - n_blocks
    rows = np.empty(256, np.int64)
    count = 0
    for group in range(first_row // (FAN_OUT * FAN_OUT), n_groups):
        if not _meets(blocks, n_blocks + group, box):
            continue
        for i in range(max(group * FAN_OUT, first_row // FAN_OUT), min((group + 1) * FAN_OUT, n_blocks)):
            if not _meets(blocks, i, box):
                continue
            if count + FAN_OUT > rows.shape[0]:
                larger = np.empty(2 * rows.shape[0], np.int64)
                for place in range(count):
                    larger[place] = rows[place]
                rows = larger
            is_within = _is_within(blocks, i, box)
            for row in range(max(i * FAN_OUT, first_row), min((i + 1) * FAN_OUT, n_rows)):
                if is_within or (
                    xmin[row] <= box[2]
                    and xmax[row] >= box[0]
                    and ymin[row] <= box[3]
                    and ymax[row] >= box[1]
                ):
                    rows[count] = row
                    count += 1
            if count >= limit:
                return rows[:limit]
    return rows[:count]


@njit(cache=True, nogil=True)
def count_in_box(
    xmin: NDArray[np.float64],
    ymin: NDArray[np.float64],
    xmax: NDArray[np.float64],
    ymax: NDArray[np.float64],
    blocks: NDArray[np.float64],
    n_rows: int,
    box: tuple[float, float, float, float],
) -> int:
    """Return how many rows' bounds meet the closed box, without looking into blocks wholly inside."""
    n_blocks = (n_rows + FAN_OUT - 1) // FAN_OUT
    n_groups = blocks.shape[0] - n_blocks
    count = 0
    for group in range(n_groups):
        if not _meets(blocks, n_blocks + group, box):
            continue
        first = group * FAN_OUT
        last = min(first + FAN_OUT, n_blocks)
        if _is_within(blocks, n_blocks + group, box):
            count += min(last * FAN_OUT, n_rows) - first * FAN_OUT
            continue
        for i in range(first, last):
            if not _meets(blocks, i, box):
                continue
            end = min((i + 1) * FAN_OUT, n_rows)
            if _is_within(blocks, i, box):
                count += end - i * FAN_OUT
                continue
            for row in range(i * FAN_OUT, end):
                if (
                    xmin[row] <= box[2]
                    and xmax[row] >= box[0]
                    and ymin[row] <= box[3]
                    and ymax[row] >= box[1]
                ):
                    count += 1
    return count


@njit(cache=True, nogil=True)
def are_in_areas(
    rows: NDArray[np.int64],
    offsets: NDArray[np.int32],
    areas: NDArray[np.int32],
    is_allowed: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return for each row (k,) whether any of its areas is allowed; a row without areas is not."""
    inside = np.zeros(rows.shape[0], np.bool_)
    for i in range(rows.shape[0]):
        for j in range(offsets[rows[i]], offsets[rows[i] + 1]):
            if is_allowed[areas[j]]:
                inside[i] = True
                break
    return inside
