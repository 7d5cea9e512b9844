"""Kernels that write GeoJSON text, column by column, into one slot a row.

``out`` holds the slots, ``cursor[i]`` the place where row i is written next; slots are wide enough by
construction (see ``twin.feature_json``).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

COORDINATE_BYTES = 28
"""The longest coordinate pair with its brackets and comma: ``[-180.1234567,-90.1234567],``."""
PART_BYTES = 4
"""Brackets and comma around one ring or part."""
_PLACES = 10_000_000  # seven decimals, 1 cm
_QUOTE = 34
_BACKSLASH = 92
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


@njit(cache=True, nogil=True)
def escaped_lengths(content: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bytes (n,) each text takes inside a JSON string, quotes not counted."""
    lengths = np.empty(offsets.shape[0] - 1, np.int64)
    for i in range(lengths.shape[0]):
        length = offsets[i + 1] - offsets[i]
        for j in range(offsets[i], offsets[i + 1]):
            if content[j] < 32:
                length += 5
            elif content[j] == _QUOTE or content[j] == _BACKSLASH:
                length += 1
        lengths[i] = length
    return lengths


@njit(cache=True, nogil=True)
def append_choice(
    out: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    choice: NDArray[np.int64],
    content: NDArray[np.uint8],
    offsets: NDArray[np.int64],
) -> None:
    """Append to every row the one of several literals that ``choice`` (n,) names."""
    for i in range(cursor.shape[0]):
        at = cursor[i]
        for j in range(offsets[choice[i]], offsets[choice[i] + 1]):
            out[at] = content[j]
            at += 1
        cursor[i] = at


@njit(cache=True, nogil=True)
def append_values(
    out: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    key: NDArray[np.uint8],
    content: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    is_valid: NDArray[np.bool_],
) -> None:
    """Append ``key`` and a bare value, then a comma, to every row that has one."""
    for i in range(cursor.shape[0]):
        if not is_valid[i]:
            continue
        at = cursor[i]
        for j in range(key.shape[0]):
            out[at + j] = key[j]
        at += key.shape[0]
        for j in range(offsets[i], offsets[i + 1]):
            out[at] = content[j]
            at += 1
        out[at] = 44  # ,
        cursor[i] = at + 1


@njit(cache=True, nogil=True)
def append_texts(
    out: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    key: NDArray[np.uint8],
    content: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    is_valid: NDArray[np.bool_],
) -> None:
    """Append ``key`` and a quoted, escaped text, then a comma, to every row that has one."""
    for i in range(cursor.shape[0]):
        if not is_valid[i]:
            continue
        at = cursor[i]
        for j in range(key.shape[0]):
            out[at + j] = key[j]
        at += key.shape[0]
        out[at] = _QUOTE
        at += 1
        for j in range(offsets[i], offsets[i + 1]):
            byte = content[j]
            if byte < 32:
                out[at] = _BACKSLASH
                out[at + 1] = 117  # u
                out[at + 2] = 48
                out[at + 3] = 48
                out[at + 4] = _HEX[byte >> 4]
                out[at + 5] = _HEX[byte & 15]
                at += 6
                continue
            if byte in (_QUOTE, _BACKSLASH):
                out[at] = _BACKSLASH
                at += 1
            out[at] = byte
            at += 1
        out[at] = _QUOTE
        out[at + 1] = 44
        cursor[i] = at + 2


@njit(cache=True, nogil=True)
def _append_degrees(out: NDArray[np.uint8], at: int, degrees: float) -> int:
    """Write a number rounded to seven decimals, no trailing zeros; return the place behind it."""
    scaled = np.int64(np.rint(abs(degrees) * _PLACES))
    if degrees < 0.0 and scaled:
        out[at] = 45  # -
        at += 1
    whole = scaled // _PLACES
    digits = 1 if whole < 10 else 2 if whole < 100 else 3
    for j in range(digits - 1, -1, -1):
        out[at + j] = 48 + whole % 10
        whole //= 10
    at += digits
    rest = scaled % _PLACES
    if rest == 0:
        return at
    out[at] = 46  # .
    n = 7
    while rest % 10 == 0:
        rest //= 10
        n -= 1
    for j in range(n, 0, -1):
        out[at + j] = 48 + rest % 10
        rest //= 10
    return at + n + 1


@njit(cache=True, nogil=True)
def _append_pair(out: NDArray[np.uint8], at: int, coords: NDArray[np.float64], row: int) -> int:
    out[at] = 91  # [
    at = _append_degrees(out, at + 1, coords[row, 0])
    out[at] = 44
    at = _append_degrees(out, at + 1, coords[row, 1])
    out[at] = 93  # ]
    return at + 1


@njit(cache=True, nogil=True)
def append_points(out: NDArray[np.uint8], cursor: NDArray[np.int64], coords: NDArray[np.float64]) -> None:
    """Append one coordinate pair to every row; ``coords`` (n, 2), NaN where there is none."""
    for i in range(cursor.shape[0]):
        if coords[i, 0] == coords[i, 0]:
            cursor[i] = _append_pair(out, cursor[i], coords, i)


@njit(cache=True, nogil=True)
def _append_run(out: NDArray[np.uint8], at: int, coords: NDArray[np.float64], first: int, last: int) -> int:
    """Write a bracketed list of coordinate pairs ``first:last``; return the place behind it."""
    out[at] = 91
    at += 1
    for j in range(first, last):
        if j > first:
            out[at] = 44
            at += 1
        at = _append_pair(out, at, coords, j)
    out[at] = 93
    return at + 1


@njit(cache=True, nogil=True)
def append_lines(
    out: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    coords: NDArray[np.float64],
    parts: NDArray[np.int64],
    features: NDArray[np.int64],
) -> None:
    """Append the coordinates of every line, bracketed once more where it has several parts."""
    for i in range(cursor.shape[0]):
        if features[i + 1] == features[i]:
            continue
        at = cursor[i]
        is_multi = features[i + 1] - features[i] > 1
        if is_multi:
            out[at] = 91
            at += 1
        for part in range(features[i], features[i + 1]):
            if part > features[i]:
                out[at] = 44
                at += 1
            at = _append_run(out, at, coords, parts[part], parts[part + 1])
        if is_multi:
            out[at] = 93
            at += 1
        cursor[i] = at


@njit(cache=True, nogil=True)
def append_polygons(
    out: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    coords: NDArray[np.float64],
    rings: NDArray[np.int64],
    polygons: NDArray[np.int64],
    features: NDArray[np.int64],
) -> None:
    """Append the coordinates of every polygon, bracketed once more where it has several parts."""
    for i in range(cursor.shape[0]):
        if features[i + 1] == features[i]:
            continue
        at = cursor[i]
        is_multi = features[i + 1] - features[i] > 1
        if is_multi:
            out[at] = 91
            at += 1
        for polygon in range(features[i], features[i + 1]):
            if polygon > features[i]:
                out[at] = 44
                at += 1
            out[at] = 91
            at += 1
            for ring in range(polygons[polygon], polygons[polygon + 1]):
                if ring > polygons[polygon]:
                    out[at] = 44
                    at += 1
                at = _append_run(out, at, coords, rings[ring], rings[ring + 1])
            out[at] = 93
            at += 1
        if is_multi:
            out[at] = 93
            at += 1
        cursor[i] = at


@njit(cache=True, nogil=True)
def closed_up(
    out: NDArray[np.uint8], starts: NDArray[np.int64], cursor: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Close the two objects of every row and return all rows without gaps: bytes and offsets (n + 1,)."""
    offsets = np.zeros(cursor.shape[0] + 1, np.int64)
    for i in range(cursor.shape[0]):
        at = cursor[i] - 1 if out[cursor[i] - 1] == 44 else cursor[i]
        out[at] = 125  # }
        out[at + 1] = 125
        offsets[i + 1] = offsets[i] + at + 2 - starts[i]
    dense = np.empty(offsets[-1], np.uint8)
    for i in range(cursor.shape[0]):
        for j in range(offsets[i + 1] - offsets[i]):
            dense[offsets[i] + j] = out[starts[i] + j]
    return dense, offsets
