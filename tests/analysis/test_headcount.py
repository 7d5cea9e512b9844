"""Counts of people over the division tree: sums by hand, and no table that tells what another hides."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.headcount import Headcount
from twin.divisions import DivisionTree

CODES = ["3311", "331102", "331103", "331102001", "331102002", "331103001"]
UNITS = {"a": "331102001", "b": "331102001", "c": "331102001", "d": "331103001"}


def tree() -> DivisionTree:
    divisions = pa.table({"code": CODES, "name": CODES})
    return DivisionTree.from_tables(
        divisions, pa.table({"grid_id": list(UNITS), "community_code": list(UNITS.values())})
    )


TREE = tree()
NUMBERS = {node.code: number for number, node in enumerate(TREE.nodes)}


def counts_of(people: dict[str, int], nowhere: int = 0) -> np.ndarray:
    counts = np.zeros(Headcount.n_leaves(TREE), np.int64)
    for code, count in people.items():
        counts[NUMBERS[code]] = count
    counts[-1] = nowhere
    return counts


def level(count: Headcount, *codes: str) -> list[int | None]:
    found: list[int | None] = count.rows(np.array([NUMBERS[code] for code in codes])).to_pylist()
    return found


def test_sums_by_hand() -> None:
    made = Headcount.of(TREE, counts_of({"a": 10, "b": 20, "d": 7, "331102": 3}, nowhere=6), suppresses=False)
    assert level(made, *UNITS) == [10, 20, 0, 7, 9]
    assert level(made, "331102001", "331102002", "331103001") == [30, 0, 7, 9]
    assert level(made, "331102", "331103") == [33, 7, 6]
    assert level(made, "3311") == [40, 6]
    assert made.total == 46
    assert Headcount.leaves(TREE, np.array([2, -1])).tolist() == [2, len(TREE.nodes)]


def test_ledgers_of_two_levels_do_not_give_away_a_unit() -> None:
    # The units of the first subdistrict alone: 12 - 9 would be the three people of b.
    made = Headcount.of(TREE, counts_of({"a": 9, "b": 3, "d": 50}), suppresses=True)
    a, b, *_ = level(made, *UNITS)
    (subdistrict, *_) = level(made, "331102001")
    assert b is None
    assert a is None or subdistrict is None


def test_nothing_is_suppressed_without_need() -> None:
    made = Headcount.of(TREE, counts_of({"a": 5, "b": 6, "c": 7, "d": 8}), suppresses=True)
    assert made.values.null_count == 0


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*UNITS, *CODES]), st.integers(0, 12), max_size=8),
    st.integers(0, 7),
)
def test_no_missing_count_is_the_only_one_of_its_sum(people: dict[str, int], nowhere: int) -> None:
    counts = counts_of(people, nowhere)
    made, plain = (Headcount.of(TREE, counts, suppresses=hides) for hides in (True, False))
    shown, exact = made.values.to_pylist(), plain.values.to_pylist()
    assert all(one is None or one == other for one, other in zip(shown, exact, strict=True))
    assert all(one is None for one, other in zip(shown, exact, strict=True) if 1 <= other <= 4)
    n = len(TREE.nodes)
    for above in range(n):
        below = [number for number in range(n) if TREE.parents[number] == above]
        if below:
            missing = [one for one in (*below, n + above, above) if shown[one] is None]
            assert len(missing) != 1
    tops = [number for number in range(n) if TREE.parents[number] < 0]
    assert len([one for one in (*tops, 2 * n, 2 * n + 1) if shown[one] is None]) != 1
