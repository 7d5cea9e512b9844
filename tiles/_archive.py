"""Kernels of the tile archive: Hilbert tile ids and directory entries (PMTiles version 3)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@njit(cache=True, nogil=True)
def tile_id(z: int, x: int, y: int) -> int:
    """Return the place of a tile along the Hilbert curves of zooms 0, 1, 2, ... laid end to end."""
    place = ((1 << (2 * z)) - 1) // 3
    side = (1 << z) >> 1
    while side > 0:
        right = 1 if x & side else 0
        below = 1 if y & side else 0
        place += side * side * ((3 * right) ^ below)
        if below == 0:
            if right == 1:
                x, y = ~x, ~y
            x, y = y, x
        side >>= 1
    return place


@njit(cache=True, nogil=True)
def spread(boxes: NDArray[np.int64], ids: Ids, owners: NDArray[np.int64], z: int) -> None:
    """Fill the id of each tile of each box (first x, y, last x, y), and whose box it is."""
    n = 0
    for row in range(boxes.shape[0]):
        for x in range(boxes[row, 0], boxes[row, 2] + 1):
            for y in range(boxes[row, 1], boxes[row, 3] + 1):
                ids[n] = tile_id(z, x, y)
                owners[n] = row
                n += 1


@njit(cache=True, nogil=True)
def place_of(z: int, tile: int) -> tuple[int, int]:
    """Return column and row of a tile id of zoom z."""
    rest = tile - ((1 << (2 * z)) - 1) // 3
    x = y = 0
    side = 1
    while side < 1 << z:
        right = (rest >> 1) & 1
        below = (rest ^ right) & 1
        if below == 0:
            if right == 1:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x += side * right
        y += side * below
        rest >>= 2
        side <<= 1
    return x, y


@njit(cache=True, nogil=True)
def directory_entries(content: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return tile id, run length, length, offset of each entry, shape (n, 4); none if bytes are missing."""
    numbers = np.empty(content.size, np.int64)
    n = 0
    number = shift = np.int64(0)
    for byte in content:
        number |= np.int64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers[n] = number
            n += 1
            number = shift = np.int64(0)
    count = numbers[0] if n else 0
    if n != 1 + 4 * count:
        return np.empty((0, 4), np.int64)
    entries = np.empty((count, 4), np.int64)
    last = np.int64(0)
    for i in range(count):
        last += numbers[1 + i]
        entries[i, 0] = last
        entries[i, 1] = numbers[1 + count + i]
        entries[i, 2] = numbers[1 + 2 * count + i]
        offset = numbers[1 + 3 * count + i]
        entries[i, 3] = offset - 1 if offset or i == 0 else entries[i - 1, 3] + entries[i - 1, 2]
    return entries
