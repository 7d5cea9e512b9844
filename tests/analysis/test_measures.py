"""Sums by group are exact for whole numbers and decimals, and rounded once for real numbers."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures import means_by_group, sums_by_group
from twin.errors import InvalidQueryError

GROUPS = 3
decimals = st.integers(-(10**12), 10**12).map(lambda whole: Decimal(whole) / 1000)
columns = st.one_of(
    st.lists(st.tuples(st.integers(0, GROUPS - 1), st.none() | st.integers(-(2**40), 2**40))),
    st.lists(st.tuples(st.integers(0, GROUPS - 1), st.none() | decimals)),
    st.lists(st.tuples(st.integers(0, GROUPS - 1), st.none() | st.floats(-1e12, 1e12))),
)


def column(values: list[Any]) -> pa.ChunkedArray:
    kind = pa.int64()
    for value in values:
        if isinstance(value, Decimal):
            kind = pa.decimal128(20, 3)
        elif isinstance(value, float):
            kind = pa.float64()
    return pa.chunked_array([pa.array(values, kind)])


@given(columns)
def test_sums_and_means_are_those_of_fractions(rows: list[tuple[int, Any]]) -> None:
    groups = np.array([row[0] for row in rows], np.int64)
    values = column([row[1] for row in rows])
    sums = sums_by_group(values, groups, GROUPS).to_pylist()
    means = means_by_group(values, groups, GROUPS).to_pylist()
    for group in range(GROUPS):
        inside = [Fraction(value) for at, value in rows if at == group and value is not None]
        exact = sum(inside, Fraction(0))
        assert sums[group] == (float(exact) if pa.types.is_floating(values.type) else exact)
        if inside:
            assert math.isclose(means[group], float(exact / len(inside)), rel_tol=1e-15, abs_tol=1e-300)
        else:
            assert means[group] is None


def test_groups_of_decimals_add_up_to_all_of_them() -> None:
    values = column([Decimal("0.1")] * 10 + [Decimal("0.2")])
    groups = np.array([0] * 10 + [1])
    assert sum(sums_by_group(values, groups, 2).to_pylist()) == Decimal("1.2")


def test_sum_beyond_64_bits_is_refused_and_not_wrapped() -> None:
    values = column([2**62, 2**62])
    with pytest.raises(InvalidQueryError, match="64 bits"):
        sums_by_group(values, np.zeros(2, np.int64), 1)


def test_text_cannot_be_summed() -> None:
    with pytest.raises(InvalidQueryError, match="wanted numbers"):
        sums_by_group(pa.chunked_array([["1"]]), np.zeros(1, np.int64), 1)


def test_nothing_sums_to_zero_and_has_no_mean() -> None:
    nothing = np.empty(0, np.int64)
    assert sums_by_group(column([]), nothing, 2).to_pylist() == [0, 0]
    assert means_by_group(column([]), nothing, 2).to_pylist() == [None, None]
