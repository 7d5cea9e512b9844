"""The block tree against looking at every row."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin import _blocks
from twin.ragged import Bounds

MANY = np.iinfo(np.int64).max


def boxes(n: int, size: float) -> Bounds:
    rng = np.random.default_rng(n)
    low = np.sort(rng.integers(0, 50, (2, n)).astype(float), axis=1)
    return low[0], low[1], low[0] + size, low[1] + size


def slow_rows(bounds: Bounds, box: tuple[float, ...]) -> list[int]:
    xmin, ymin, xmax, ymax = bounds
    return [
        row
        for row in range(len(xmin))
        if xmin[row] <= box[2] and xmax[row] >= box[0] and ymin[row] <= box[3] and ymax[row] >= box[1]
    ]


corner = st.integers(-5, 60).map(float)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([0, 1, 63, 64, 65, 4096, 4097, 9000]), st.tuples(corner, corner, corner, corner))
def test_rows_in_a_box_are_those_of_a_full_scan(n: int, corners: tuple[float, float, float, float]) -> None:
    box = (min(corners[0], corners[2]), min(corners[1], corners[3]), max(corners[0], corners[2]),
           max(corners[1], corners[3]))  # fmt: skip
    for size in (0.0, 3.0):
        bounds = boxes(n, size)
        blocks = _blocks.build(*bounds, n)
        expected = slow_rows(bounds, box)
        assert _blocks.rows_in_box(*bounds, blocks, n, box, 0, MANY).tolist() == expected
        assert _blocks.count_in_box(*bounds, blocks, n, box) == len(expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9000), st.integers(1, 200))
def test_search_can_start_late_and_stop_early(first_row: int, limit: int) -> None:
    bounds = boxes(9000, 1.0)
    blocks = _blocks.build(*bounds, 9000)
    box = (10.0, 10.0, 40.0, 40.0)
    expected = [row for row in slow_rows(bounds, box) if row >= first_row][:limit]
    assert _blocks.rows_in_box(*bounds, blocks, 9000, box, first_row, limit).tolist() == expected


def test_blocks_hold_their_rows_and_groups_their_blocks() -> None:
    bounds = boxes(5000, 2.0)
    blocks = _blocks.build(*bounds, 5000)
    n_blocks = -(-5000 // 64)
    assert len(blocks) == n_blocks + -(-n_blocks // 64)
    for block in (0, 40, n_blocks - 1):
        rows = slice(64 * block, min(64 * (block + 1), 5000))
        expected = [
            bounds[0][rows].min(),
            bounds[1][rows].min(),
            bounds[2][rows].max(),
            bounds[3][rows].max(),
        ]
        assert blocks[block].tolist() == expected
    assert blocks[n_blocks:, 0].min() == bounds[0].min()


def test_row_is_in_scope_when_any_of_its_areas_is() -> None:
    offsets = np.array([0, 1, 3, 3, 4], np.int32)
    areas = np.array([0, 0, 2, 1], np.int32)
    allowed = np.array([False, False, True])
    rows = np.arange(4)
    assert _blocks.are_in_areas(rows, offsets, areas, allowed).tolist() == [False, True, False, False]
