"""Kernels that write protobuf: property values once a layer, features and the values they use once a tile.

Field numbers and wire types are those of the Mapbox Vector Tile specification 2.1 (vector_tile.proto).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

VALUE_FIELD = 0x22  # Layer.values, length-delimited
FEATURE_FIELD = 0x12  # Layer.features, length-delimited
STRING_VALUE, UINT_VALUE, SINT_VALUE, BOOL_VALUE = 0x0A, 0x28, 0x30, 0x38
POLYGON = 3
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7
LONGEST_VARINT = 10
ORDINATE_BYTES = 3  # extents up to 65,536 and as much buffer: differences stay below 2**20

Bytes = NDArray[np.uint8]


@njit(cache=True, nogil=True)
def put_varint(out: Bytes, at: int, number: int) -> int:
    """Write an unsigned number; return the position behind it."""
    rest = np.uint64(number)
    while rest >= np.uint64(0x80):
        out[at] = np.uint8(rest & np.uint64(0x7F)) | np.uint8(0x80)
        rest >>= np.uint64(7)
        at += 1
    out[at] = np.uint8(rest)
    return at + 1


@njit(cache=True, nogil=True)
def varint_size(number: int) -> int:
    """Return how many bytes an unsigned number takes."""
    rest = np.uint64(number) >> np.uint64(7)
    size = 1
    while rest:
        rest >>= np.uint64(7)
        size += 1
    return size


@njit(cache=True, nogil=True)
def put_bytes(out: Bytes, at: int, source: Bytes, start: int, end: int) -> int:
    """Copy source[start:end]; return the position behind it."""
    for i in range(start, end):
        out[at + i - start] = source[i]
    return at + end - start


@njit(cache=True, nogil=True)
def string_values(text: Bytes, ends: NDArray[np.int64], start: int) -> tuple[Bytes, NDArray[np.int64]]:
    """Return the value fields of UTF-8 strings that end at ``ends`` in text, and where each field ends."""
    out = np.empty(text.size + ends.size * (2 + 2 * LONGEST_VARINT), np.uint8)
    field_ends = np.empty(ends.size, np.int64)
    at = 0
    for i in range(ends.size):
        length = ends[i] - start
        out[at] = VALUE_FIELD
        at = put_varint(out, at + 1, 1 + varint_size(length) + length)
        out[at] = STRING_VALUE
        at = put_varint(out, at + 1, length)
        at = put_bytes(out, at, text, start, ends[i])
        start = ends[i]
        field_ends[i] = at
    return out[:at].copy(), field_ends


@njit(cache=True, nogil=True)
def integer_values(numbers: NDArray[np.int64], is_bool: bool) -> tuple[Bytes, NDArray[np.int64]]:
    """Return the value fields of integers (uint where >= 0, else sint, the shorter form) or booleans."""
    out = np.empty(numbers.size * (3 + LONGEST_VARINT), np.uint8)
    ends = np.empty(numbers.size, np.int64)
    at = 0
    for i in range(numbers.size):
        number = numbers[i]
        field = BOOL_VALUE if is_bool else UINT_VALUE
        if number < 0:
            field = SINT_VALUE
            number = (number << 1) ^ (number >> 63)
        out[at] = VALUE_FIELD
        at = put_varint(out, at + 1, 1 + varint_size(number))
        out[at] = field
        at = put_varint(out, at + 1, number)
        ends[i] = at
    return out[:at].copy(), ends


@njit(cache=True, nogil=True, inline="always")
def _zigzag(number: int) -> int:
    """Return the zigzag form of a signed number."""
    return (number << 1) ^ (number >> 63)


@njit(cache=True, nogil=True)
def _put_geometry(
    out: Bytes, kind: int, xy: NDArray[np.int32], ends: NDArray[np.int32], first: int, last: int
) -> int:
    """Write the commands of parts first..last of one feature; return how many bytes."""
    at = 0
    x = y = np.int64(0)
    for part in range(first, last):
        start = ends[part - 1] if part else 0
        n = ends[part] - start
        moves = n if kind == 1 else 1
        at = put_varint(out, at, moves << 3 | MOVE_TO)
        for i in range(start, ends[part]):
            if i == start + 1 and kind != 1:
                at = put_varint(out, at, (n - 1) << 3 | LINE_TO)
            at = put_varint(out, at, _zigzag(xy[i, 0] - x))
            at = put_varint(out, at, _zigzag(xy[i, 1] - y))
            x, y = xy[i, 0], xy[i, 1]
        if kind == POLYGON:
            at = put_varint(out, at, 1 << 3 | CLOSE_PATH)
    return at


@njit(cache=True, nogil=True)
def _number_of(code: int, table: NDArray[np.int32], used: NDArray[np.int32], n: int) -> tuple[int, int]:
    """Return the tile's own number of a value, given in order of first use, and how many are used now."""
    mask = table.size - 1
    slot = (code * 2654435761) & mask
    while table[slot] >= 0:
        if used[table[slot]] == code:
            return table[slot], n
        slot = (slot + 1) & mask
    table[slot] = n
    used[n] = code
    return n, n + 1


@njit(cache=True, nogil=True)
def write_features(
    kind: int, rows: NDArray[np.int64], ids: NDArray[np.int64], codes: NDArray[np.int32],
    columns: NDArray[np.int64], value_base: int,
    xy: NDArray[np.int32], ends: NDArray[np.int32], feature_ends: NDArray[np.int32],
) -> tuple[Bytes, NDArray[np.int32]]:  # fmt: skip
    """Return the feature fields of one layer and the codes of the values used, numbered from value_base.

    ``codes`` (n_rows, n_columns) are -1 where a property is absent; ``columns`` says which of them become
    keys 0, 1, ... of the tile, -1 for a key this layer does not have.
    """
    most = rows.size * columns.size
    size = 16
    while size < 2 * most:
        size *= 2
    table = np.full(size, -1, np.int32)
    used = np.empty(most, np.int32)
    n_used = 0
    longest = first = 0
    for f in range(rows.size):
        if feature_ends[f] > first:
            n = ends[feature_ends[f] - 1] - (ends[first - 1] if first else 0)
            longest = max(longest, 2 * ORDINATE_BYTES * n + 12 * (feature_ends[f] - first))
        first = feature_ends[f]
    geometry = np.empty(longest, np.uint8)
    tags = np.empty(10 * columns.size, np.uint8)
    bound = 2 * ORDINATE_BYTES * xy.shape[0] + 12 * ends.size + rows.size * (tags.size + 40)
    out = np.empty(bound, np.uint8)
    at = first = 0
    for f in range(rows.size):
        if feature_ends[f] == first:
            continue
        row = rows[f]
        n_geometry = _put_geometry(geometry, kind, xy, ends, first, feature_ends[f])
        first = feature_ends[f]
        n_tags = 0
        for key in range(columns.size):
            code = codes[row, columns[key]] if columns[key] >= 0 else -1
            if code >= 0:
                number, n_used = _number_of(code, table, used, n_used)
                n_tags = put_varint(tags, n_tags, key)
                n_tags = put_varint(tags, n_tags, value_base + number)
        length = 1 + varint_size(ids[row]) + 3 + varint_size(n_geometry) + n_geometry
        length += 1 + varint_size(n_tags) + n_tags if n_tags else 0
        out[at] = FEATURE_FIELD
        at = put_varint(out, at + 1, length)
        out[at] = 0x08
        at = put_varint(out, at + 1, ids[row])
        if n_tags:
            out[at] = 0x12
            at = put_varint(out, at + 1, n_tags)
            at = put_bytes(out, at, tags, 0, n_tags)
        out[at], out[at + 1], out[at + 2] = 0x18, kind, 0x22
        at = put_varint(out, at + 3, n_geometry)
        at = put_bytes(out, at, geometry, 0, n_geometry)
    return out[:at], used[:n_used]


@njit(cache=True, nogil=True)
def gather(fields: Bytes, ends: NDArray[np.int64], codes: NDArray[np.int32]) -> Bytes:
    """Return the value fields of these codes, one behind the other."""
    size = 0
    for code in codes:
        size += ends[code] - (ends[code - 1] if code else 0)
    out = np.empty(size, np.uint8)
    at = 0
    for code in codes:
        at = put_bytes(out, at, fields, ends[code - 1] if code else 0, ends[code])
    return out
