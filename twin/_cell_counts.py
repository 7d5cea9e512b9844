"""Kernel that counts cells of rows in cell order."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_SLOTS = 4096  # 64 KiB of cells and counts: neighbouring rows share few cells, and a slot holds one of them
_SPREAD = np.uint64(
    0x9E3779B97F4A7C15
)  # odd, 2**64 over the golden ratio: the top bits of the product are the slot


@njit(cache=True, nogil=True)
def count_runs(cells: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return cells and how often they came, hardly any of them twice, in no order.

    Rows of one cell are nearly, not quite, consecutive: the hierarchy is not nested. Counts gather in a small
    table and leave it when another cell wants their slot; the caller adds up what came in several pieces.
    """
    held = np.zeros(_SLOTS, np.uint64)
    counts = np.zeros(_SLOTS, np.int64)
    found = np.empty(4 * _SLOTS, np.uint64)
    sums = np.empty(4 * _SLOTS, np.int64)
    n = 0
    row = 0
    while row < cells.shape[0]:
        cell = cells[row]
        first = row
        while row < cells.shape[0] and cells[row] == cell:
            row += 1
        slot = np.int64((cell * _SPREAD) >> np.uint64(52))
        if held[slot] != cell:
            if counts[slot]:
                if n + _SLOTS == found.shape[0]:  # room for the whole table stays
                    more_found, more_sums = np.empty(4 * n, np.uint64), np.empty(4 * n, np.int64)
                    for i in range(n):
                        more_found[i] = found[i]
                        more_sums[i] = sums[i]
                    found, sums = more_found, more_sums
                found[n] = held[slot]
                sums[n] = counts[slot]
                n += 1
            held[slot] = cell
            counts[slot] = 0
        counts[slot] += row - first
    for place in range(_SLOTS):
        if counts[place]:
            found[n] = held[place]
            sums[n] = counts[place]
            n += 1
    return found[:n], sums[:n]
