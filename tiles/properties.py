"""Property columns as dictionary codes and the protobuf bytes of each distinct value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tiles._encode import integer_values, string_values

_FLOAT_FIELD = np.array([0x22, 5, 0x15], np.uint8)  # Layer.values, 5 bytes, Value.float_value
_DOUBLE_FIELD = np.array([0x22, 9, 0x19], np.uint8)


@dataclass(frozen=True, slots=True)
class PropertyTable:
    """The properties of n features, ready to be written into tiles.

    Parameters
    ----------
    columns : tuple of str
        Names of the c columns.
    codes : ndarray of int32, shape (n, c)
        Which value each feature has; -1 none.
    fields : ndarray of uint8
        The ``Layer.values`` fields of all values, one behind the other.
    ends : ndarray of int64
        Where the field of each code ends.
    """

    columns: tuple[str, ...]
    codes: NDArray[np.int32]
    fields: NDArray[np.uint8]
    ends: NDArray[np.int64]


def table_of(properties: Mapping[str, pa.Array], n_rows: int) -> PropertyTable:
    r"""Return property columns in tile form.

    Strings, integers, booleans and floats become values of their kind (floats single where that is exact),
    times become ISO 8601 strings; null and NaN are absent. Columns of other types, such as lists, stay out.

    Parameters
    ----------
    properties : mapping of str to pyarrow.Array
        Columns of length ``n_rows``.
    n_rows : int
        Number of features.

    Returns
    -------
    PropertyTable

    Examples
    --------
    >>> table = table_of({"class": pa.array(["park", None, "park"])}, 3)
    >>> table.codes.ravel().tolist(), table.fields.tobytes()
    ([0, -1, 0], b'"\x06\n\x04park')
    """
    coded = {name: column for name, values in properties.items() if (column := _code(values)) is not None}
    codes = np.empty((n_rows, len(coded)), np.int32)
    fields, ends = [np.empty(0, np.uint8)], [np.empty(0, np.int64)]
    n_values = n_bytes = 0
    for i, (own_codes, column_fields, column_ends) in enumerate(coded.values()):
        codes[:, i] = np.where(own_codes < 0, own_codes, own_codes + n_values)
        fields.append(column_fields)
        ends.append(column_ends + n_bytes)
        n_values += len(column_ends)
        n_bytes += len(column_fields)
    return PropertyTable(tuple(coded), codes, np.concatenate(fields), np.concatenate(ends))


def is_tile_type(kind: pa.DataType) -> bool:
    """Return whether tiles can hold values of an Arrow type.

    Parameters
    ----------
    kind : pyarrow.DataType
        Type of a column.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_tile_type(pa.string()), is_tile_type(pa.list_(pa.int64()))
    (True, False)
    """
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_null(kind))


Coded = tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.int64]]


def _code(values: pa.Array | pa.ChunkedArray) -> Coded | None:
    """Return codes, value fields and their ends of one column; None for types that tiles cannot hold."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if not is_tile_type(kind):
        return None
    if pa.types.is_floating(kind):
        values = pc.if_else(pc.is_nan(values), None, values)
    coded = values.dictionary_encode()
    codes = np.array(coded.indices.fill_null(-1), np.int32)
    distinct = coded.dictionary
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return codes, *integer_values(distinct.cast(pa.int64()).to_numpy(), pa.types.is_boolean(kind))
    if pa.types.is_floating(kind):
        return _code_floats(codes, distinct.to_numpy())
    return codes, *_string_fields(_iso_times(distinct) if pa.types.is_timestamp(kind) else distinct)


def _iso_times(times: pa.Array) -> pa.Array:
    """Return UTC times as ISO 8601 text, to the second where nothing finer is there."""
    seconds = times.cast(pa.timestamp("s", times.type.tz), safe=False)
    is_whole = pc.all(pc.equal(seconds.cast(times.type), times)).as_py() is not False
    return pc.strftime(seconds if is_whole else times, format="%Y-%m-%dT%H:%M:%SZ")


def _string_fields(strings: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the value fields of distinct strings and their ends."""
    strings = strings.cast(pa.large_string())  # dates come out as YYYY-MM-DD
    _, offsets, content = strings.buffers()
    ends = np.frombuffer(offsets, np.int64)[strings.offset : strings.offset + len(strings) + 1]
    text = np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)
    fields, field_ends = string_values(text, ends[1:], int(ends[0]) if len(ends) else 0)
    return fields, field_ends


def _code_floats(codes: NDArray[np.int32], numbers: NDArray[np.floating]) -> Coded:
    """Return codes and fields of numbers: first those that float32 holds exactly, then the others."""
    doubles = numbers.astype(np.float64)
    with np.errstate(over="ignore"):
        singles = doubles.astype("<f4")
    is_single = singles == doubles
    short = np.empty((is_single.sum(), 7), np.uint8)
    short[:, :3] = _FLOAT_FIELD
    short[:, 3:] = singles[is_single].reshape(-1, 1).view(np.uint8)
    long = np.empty((len(doubles) - len(short), 11), np.uint8)
    long[:, :3] = _DOUBLE_FIELD
    long[:, 3:] = doubles[~is_single].astype("<f8").reshape(-1, 1).view(np.uint8)
    order = np.argsort(~is_single, kind="stable")
    renumbered = np.empty(len(doubles) + 1, np.int32)
    renumbered[order] = np.arange(len(doubles), dtype=np.int32)
    renumbered[-1] = -1
    ends = np.cumsum(np.repeat([7, 11], [len(short), len(long)]))
    return renumbered[codes], np.concatenate([short.ravel(), long.ravel()]), ends
