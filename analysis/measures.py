"""Exact sums by group: whole numbers and decimals without rounding, real numbers rounded once."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.buffers import array_of
from twin.errors import InvalidQueryError

_DIGITS = 38
"""Of a 128-bit decimal: room for sums of 10^18 numbers of 20 digits."""

_Ints = NDArray[np.int64]


def sums_by_group(values: pa.ChunkedArray, groups: _Ints, n_groups: int) -> pa.Array:
    """Return the sum of a column in each group; nulls do not count.

    Parameters
    ----------
    values : pyarrow.ChunkedArray, length n
        Whole numbers, decimals or real numbers.
    groups : ndarray of int64, shape (n,)
        Group of each row, 0 to ``n_groups - 1``.
    n_groups : int

    Returns
    -------
    pyarrow.Array, length n_groups
        int64 or decimal128 without any rounding; float64 correctly rounded (``math.fsum``).

    Raises
    ------
    InvalidQueryError
        If the column holds no numbers, or sums of whole numbers beyond 64 bits.

    Examples
    --------
    >>> sums_by_group(pa.chunked_array([[0.1, 0.2, 0.3, None]]), np.array([0, 0, 0, 1]), 2).to_pylist()
    [0.6, 0.0]
    """
    kind = values.type
    if pa.types.is_floating(kind):
        return pa.array(_float_sums(values, groups, n_groups))
    if pa.types.is_integer(kind):
        exact = _decimal_sums(values.cast(pa.decimal128(_DIGITS, 0)), groups, n_groups)
        try:
            return exact.cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise InvalidQueryError(f"the sums leave 64 bits: {error}") from error
    if pa.types.is_decimal(kind):
        return _decimal_sums(values.cast(pa.decimal128(_DIGITS, kind.scale)), groups, n_groups)
    raise InvalidQueryError(f"a column of {kind} cannot be summed; wanted numbers")


def means_by_group(
    values: pa.ChunkedArray, groups: _Ints, n_groups: int, sums: pa.Array | None = None
) -> pa.Array:
    """Return the mean of a column in each group.

    Parameters
    ----------
    values, groups, n_groups
        As for :func:`sums_by_group`.
    sums : pyarrow.Array, optional
        What that returned, where it was asked already.

    Returns
    -------
    pyarrow.Array of float64, length n_groups
        Correctly rounded quotient of the sum; null where a group has no number.

    Raises
    ------
    InvalidQueryError
        As :func:`sums_by_group` does.

    Examples
    --------
    >>> means_by_group(pa.chunked_array([[1, 2, None]]), np.array([0, 0, 1]), 2).to_pylist()
    [1.5, None]
    """
    sums = sums_by_group(values, groups, n_groups) if sums is None else sums
    is_there = pc.is_valid(values).to_numpy()
    counts = np.bincount(groups[is_there], minlength=n_groups).tolist()
    return pa.array(
        [_quotient(one, n) for one, n in zip(sums.to_pylist(), counts, strict=True)], pa.float64()
    )


def _quotient(total: float | Decimal, n: int) -> float | None:
    if not n:
        return None
    if isinstance(total, float) and not math.isfinite(total):
        return total
    return float(Fraction(total) / n)


def _decimal_sums(values: pa.ChunkedArray, groups: _Ints, n_groups: int) -> pa.Array:
    rows = pa.table({"group": array_of(groups), "value": values})
    found = rows.group_by("group").aggregate([("value", "sum")])
    sums = found["value_sum"].combine_chunks()
    places = pc.index_in(array_of(np.arange(n_groups)), value_set=found["group"].combine_chunks())
    zero = pa.scalar(Decimal(0), sums.type)
    return pc.fill_null(sums.take(places), zero)


def _float_sums(values: pa.ChunkedArray, groups: _Ints, n_groups: int) -> list[float]:
    is_there = pc.is_valid(values).to_numpy()
    numbers = values.drop_null().cast(pa.float64()).to_numpy()
    if n_groups == 1:
        return [math.fsum(numbers.tolist())]
    kept = groups[is_there]
    is_few = n_groups <= np.iinfo(np.uint16).max
    order = np.argsort(
        kept.astype(np.uint16) if is_few else kept, kind="stable"
    )  # 16 bits are sorted by radix
    edges = np.concatenate([[0], np.cumsum(np.bincount(kept, minlength=n_groups))])
    numbers = numbers[order]
    return [math.fsum(numbers[low:high].tolist()) for low, high in pairwise(edges.tolist())]
