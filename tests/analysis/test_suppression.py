"""No small count of people stands in what is published, nor can it be worked out from it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.suppression import SMALLEST_PUBLISHED, suppress_small_counts
from twin.errors import InvalidQueryError

Published = list[int | None]


def summed(leaves: list[int], groups: list[int]) -> tuple[list[int], list[int]]:
    """Return counts and parents of leaves, the sums of their groups, and the sum of all."""
    n, names = len(leaves), sorted(set(groups))
    sums = [sum(leaf for leaf, group in zip(leaves, groups, strict=True) if group == name) for name in names]
    top = n + len(names)
    parents = [n + names.index(group) for group in groups] + [top] * len(names) + [-1]
    return [*leaves, *sums, sum(leaves)], parents


def possible_values(published: Published, parents: list[int], cap: int) -> list[set[int]]:
    """Return what each row can be, by trying everything: missing ones are at least 1, sums hold."""
    leaves = [row for row in range(len(parents)) if row not in parents]
    choices = [range(1, cap + 1) if (value := published[row]) is None else [value] for row in leaves]
    found: list[set[int]] = [set() for _ in published]
    for chosen in itertools.product(*choices):
        values = dict(zip(leaves, chosen, strict=True))
        for row in sorted(set(range(len(parents))) - set(leaves)):  # a sum stands after its parts here
            values[row] = sum(values[part] for part, above in enumerate(parents) if above == row)
        fits = all(
            values[row] == value if value is not None else values[row] >= 1
            for row, value in enumerate(published)
        )
        for row in range(len(parents)) if fits else ():
            found[row].add(values[row])
    return found


def test_small_counts_go_and_others_stay_where_no_sum_is_published() -> None:
    counts = [0, 1, 2, 3, 4, 5, 6, 1000]
    assert suppress_small_counts(counts).to_pylist() == [0, None, None, None, None, 5, 6, 1000]


def test_nothing_goes_where_nothing_is_small() -> None:
    assert suppress_small_counts([0, 5, 9, 14], [3, 3, 3, -1]).to_pylist() == [0, 5, 9, 14]


def test_smallest_neighbour_goes_with_a_lone_small_count() -> None:
    assert suppress_small_counts([3, 40, 7, 50], [3, 3, 3, -1]).to_pylist() == [None, 40, None, 50]


def test_two_ones_are_not_left_to_a_sum_of_two() -> None:
    """Both are at least 1, so 12 - 10 = 2 would tell both."""
    assert suppress_small_counts([1, 1, 10, 12], [3, 3, 3, -1]).to_pylist() == [None, None, None, 12]


def test_sum_goes_where_nothing_stands_beside() -> None:
    assert suppress_small_counts([3, 0, 3], [2, 2, -1]).to_pylist() == [None, 0, None]
    counts, parents = summed([3, 40, 50, 60], [0, 1, 1, 1])
    published = suppress_small_counts(counts, parents).to_pylist()
    assert published[4] is None
    assert published[5] is None, "a lone sum beside the shown sum of all would tell the small one"
    assert published[-1] == 153


def test_empty_and_one() -> None:
    assert suppress_small_counts([]).to_pylist() == []
    assert suppress_small_counts([], []).to_pylist() == []
    assert suppress_small_counts([4], [-1]).to_pylist() == [None]


@pytest.mark.parametrize(
    ("counts", "parents"),
    [([3, 4, 8], [2, 2, -1]), ([-1], None), ([1, 1], [1, 0]), ([1, 2], [-1]), ([1], [3])],
)
def test_sums_that_do_not_add_up_are_refused(counts: list[int], parents: list[int] | None) -> None:
    with pytest.raises(InvalidQueryError):
        suppress_small_counts(counts, parents)


small_or_not = st.one_of(st.integers(0, 6), st.integers(0, 6))


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(small_or_not, st.integers(0, 2)), min_size=1, max_size=4))
def test_missing_counts_keep_two_possible_values_by_trying_all(rows: list[tuple[int, int]]) -> None:
    leaves, groups = [row[0] for row in rows], [row[1] for row in rows]
    counts, parents = summed(leaves, groups)
    published = suppress_small_counts(counts, parents).to_pylist()
    possible = possible_values(published, parents, cap=8)
    for row, value in enumerate(published):
        assert counts[row] in possible[row]
        assert value is not None or len(possible[row]) > 1, (counts, published, row)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 7)), max_size=60))
def test_what_is_published_is_true_and_never_small(rows: list[tuple[int, int]]) -> None:
    counts, parents = summed([row[0] for row in rows], [row[1] for row in rows])
    published = suppress_small_counts(counts, parents).to_pylist()
    for count, value in zip(counts, published, strict=True):
        assert value in (None, count)
        assert value is None or not 0 < value < SMALLEST_PUBLISHED
        assert value == 0 if count == 0 else True


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 7)), max_size=60))
def test_subtraction_never_gives_a_missing_count(rows: list[tuple[int, int]]) -> None:
    counts, parents = summed([row[0] for row in rows], [row[1] for row in rows])
    published = suppress_small_counts(counts, parents).to_pylist()
    above = np.array(parents)
    for row, value in enumerate(published):
        parts = [published[part] for part in np.flatnonzero(above == row)]
        if parts:
            n_missing = sum(part is None for part in [*parts, value])
            assert n_missing != 1
