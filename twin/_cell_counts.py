"""Kernel that counts cells of rows in cell order."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_SLOTS = 4096  # 64 KiB of cells and counts: neighbouring rows share few cells, and a slot holds one of them


@njit(cache=True, nogil=True)
def count_runs(cells: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return cells and how often they came, hardly any of them twice, in no order.

    Rows of one cell are nearly, not quite, consecutive: the hierarchy is not nested. Counts gather in a small
    table and leave it when another cell wants their slot; the caller adds up what came in several pieces.
    """
    held = np.zeros(_SLOTS, np.uint64)
    counts = np.zeros(_SLOTS, np.int64)
    found = np.empty(2 * _SLOTS, np.uint64)
    sums = np.empty(2 * _SLOTS, np.int64)
    n = 0
    for row in range(cells.shape[0]):
        cell = cells[row]
        slot = np.int64((cell * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(52))
        if held[slot] != cell:
            if counts[slot]:
                if n == found.shape[0]:
                    found = np.concatenate((found, np.empty_like(found)))
                    sums = np.concatenate((sums, np.empty_like(sums)))
                found[n] = held[slot]
                sums[n] = counts[slot]
                n += 1
            held[slot] = cell
            counts[slot] = 0
        counts[slot] += 1
    rest = np.flatnonzero(counts)
    return np.concatenate((found[:n], held[rest])), np.concatenate((sums[:n], counts[rest]))
