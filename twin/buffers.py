"""Arrow arrays as numpy arrays and back on the same memory.

``Array.to_numpy`` and ``pyarrow.array`` do the same but load pandas first, which costs every worker process
20 MB and half a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_NUMPY_TYPES: dict[pa.DataType, np.dtype[Any]] = {
    pa.int32(): np.dtype(np.int32),
    pa.int64(): np.dtype(np.int64),
    pa.uint64(): np.dtype(np.uint64),
    pa.float64(): np.dtype(np.float64),
}
_ARROW_TYPES = {numpy_type: arrow_type for arrow_type, numpy_type in _NUMPY_TYPES.items()}


def values_of(column: pa.Array) -> NDArray[Any]:
    """Return the numbers of an array without a copy, read-only; what stands under a null is undefined.

    Parameters
    ----------
    column : pyarrow.Array of int32, int64, uint64 or float64, length n

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> values_of(pa.array([1, 2, 3]).slice(1))
    array([2, 3])
    """
    kind = _NUMPY_TYPES[column.type]
    content = column.buffers()[1]
    if not len(column) or content is None:
        values: NDArray[Any] = np.empty(0, kind)
    else:
        values = np.frombuffer(content, kind, len(column), column.offset * kind.itemsize)
    # Mapped columns cannot be written to; kernels compile once where those in memory cannot either.
    values.flags.writeable = False
    return values


def flags_of(column: pa.BooleanArray) -> NDArray[np.bool_]:
    """Return truth values as numpy has them; what stands under a null is undefined.

    Parameters
    ----------
    column : pyarrow.BooleanArray, length n

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> flags_of(pa.array([True, False, True]))
    array([ True, False,  True])
    """
    bits = np.frombuffer(column.buffers()[1], np.uint8) if len(column) else np.empty(0, np.uint8)
    flags = np.unpackbits(bits, count=column.offset + len(column), bitorder="little")
    return flags[column.offset :].view(np.bool_)


def array_of(values: NDArray[Any]) -> pa.Array:
    """Return numbers as an Arrow array; contiguous ones are not copied.

    Parameters
    ----------
    values : ndarray of int32, int64, uint64 or float64, shape (n,)

    Returns
    -------
    pyarrow.Array, length n

    Examples
    --------
    >>> array_of(np.array([1.5, 2.5])).to_pylist()
    [1.5, 2.5]
    """
    content = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(_ARROW_TYPES[values.dtype], len(values), [None, content])
