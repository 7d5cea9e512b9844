"""Kernels: drainage of a raster and the river incision that shapes hills."""

from __future__ import annotations

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True, nogil=True)
def drainage(height_m: Floats, is_outlet: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return each pixel's downstream pixel (flat index) and all pixels from outlets upward.

    Priority flood (Barnes 2014): pits are crossed at their lowest rim, so every pixel drains.
    """
    n_rows, n_cols = height_m.shape
    receiver = np.full(n_rows * n_cols, -1, np.int64)
    order = np.empty(n_rows * n_cols, np.int64)
    is_seen = is_outlet.copy()
    queue = [(0.0, np.int64(0))]
    queue.pop()
    for row in range(n_rows):
        for col in range(n_cols):
            if is_outlet[row, col]:
                heapq.heappush(queue, (height_m[row, col], np.int64(row * n_cols + col)))
    n_done = 0
    while len(queue) > 0:
        level, here = heapq.heappop(queue)
        order[n_done] = here
        n_done += 1
        row, col = here // n_cols, here % n_cols
        for step in range(9):
            r, c = row + step // 3 - 1, col + step % 3 - 1
            if r < 0 or c < 0 or r >= n_rows or c >= n_cols or is_seen[r, c]:
                continue
            is_seen[r, c] = True
            receiver[r * n_cols + c] = here
            heapq.heappush(queue, (max(level + 1e-4, height_m[r, c]), np.int64(r * n_cols + c)))
    return receiver, order[:n_done]


@njit(cache=True, nogil=True)
def accumulate(receiver: Ints, order: Ints, pixel_m2: float) -> Floats:
    """Return the area that drains through each pixel, m2, flat."""
    area = np.full(len(receiver), pixel_m2)
    for i in range(len(order) - 1, -1, -1):
        here = order[i]
        if receiver[here] >= 0:
            area[receiver[here]] += area[here]
    return area


@njit(cache=True, nogil=True)
def incise(
    height_m: Floats,
    uplift_m: Floats,
    receiver: Ints,
    order: Ints,
    area_m2: Floats,
    pixel_m: float,
    strength: float,
) -> None:
    """Raise by ``uplift_m`` and cut by stream power in place, implicitly.

    Braun and Willett 2013 with n = 1, m = 0.45.
    """
    flat = height_m.ravel()
    lift = uplift_m.ravel()
    n_cols = height_m.shape[1]
    for i in range(len(order)):
        here = order[i]
        below = receiver[here]
        if below < 0:
            continue
        is_diagonal = (here % n_cols != below % n_cols) and (here // n_cols != below // n_cols)
        length_m = pixel_m * 1.41421356 if is_diagonal else pixel_m
        factor = strength * area_m2[here] ** 0.45 / length_m
        flat[here] = (flat[here] + lift[here] + factor * flat[below]) / (1.0 + factor)
