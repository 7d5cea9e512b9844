"""Distinct numbers are those of ``numpy.unique``."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.distinct import distinct


@given(arrays(np.int64, st.integers(0, 30), elements=st.integers(-5, 2**63 - 1) | st.integers(-5, 5)))
def test_numbers_are_those_that_numpy_finds(numbers: np.ndarray) -> None:
    before = numbers.copy()
    assert np.array_equal(distinct(numbers), np.unique(numbers))
    assert np.array_equal(numbers, before)
