"""Counting cells against a dictionary."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from twin._cell_counts import count_runs


@pytest.mark.parametrize("n_cells", [1, 50, 100_000])
def test_counts_add_up_to_those_of_a_dictionary(n_cells: int) -> None:
    rng = np.random.default_rng(3)
    cells = np.sort(rng.integers(1, 1 + n_cells, 60_000)).astype(np.uint64) << np.uint64(20)
    swap = rng.integers(0, len(cells) - 1, 5_000)
    cells[swap], cells[swap + 1] = cells[swap + 1], cells[swap]
    total: Counter[int] = Counter()
    for cell, count in zip(*count_runs(cells), strict=True):
        total[int(cell)] += int(count)
    assert total == Counter(cells.tolist())


def test_no_rows_make_no_counts() -> None:
    cells, counts = count_runs(np.empty(0, np.uint64))
    assert len(cells) == len(counts) == 0
