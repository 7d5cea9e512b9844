"""Bits, ancestors, descendants and neighbours of cells agree with the h3 library."""

from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.cells import are_valid, cells_of, compact, disk, edge_length_m, parent, resolution_of, uncompact
from twin.errors import InvalidCellError, InvalidQueryError

CELL = 0x8941945111BFFFF


def random_cells(seed: int, n: int, resolution: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cells_of(rng.uniform(-180, 180, n), rng.uniform(-90, 90, n), resolution)


@pytest.mark.parametrize("resolution", range(16))
def test_resolution_and_validity_of_cells_agree_with_h3(resolution: int) -> None:
    cells = random_cells(resolution, 200, resolution)
    assert (resolution_of(cells) == resolution).all()
    assert are_valid(cells).all()
    assert are_valid(h3.get_pentagons(resolution)).all()


def test_validity_of_damaged_cells_agrees_with_h3() -> None:
    rng = np.random.default_rng(1)
    whole = np.concatenate(
        [random_cells(2, 500, r) for r in range(16)] + [h3.get_pentagons(r) for r in range(16)]
    )
    flips = np.uint64(1) << rng.integers(0, 64, (40, whole.size)).astype(np.uint64)
    damaged = np.concatenate([(whole ^ flips).ravel(), rng.integers(0, 2**64, 1000, dtype=np.uint64)])
    want = [h3.is_valid_cell(int(value)) for value in damaged]
    assert are_valid(damaged).tolist() == want
    assert 0.02 < np.mean(want) < 0.98


def test_parents_agree_with_h3() -> None:
    for fine in (0, 5, 9, 15):
        cells = random_cells(fine, 100, fine)
        for coarse in range(fine + 1):
            want = [h3.cell_to_parent(int(cell), coarse) for cell in cells]
            assert parent(cells, coarse).tolist() == want


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 15), st.integers(0, 15))
def test_the_parent_of_a_parent_is_the_parent(lon: float, lat: float, a: int, b: int) -> None:
    cell = cells_of(lon, lat, 15)
    np.testing.assert_array_equal(parent(parent(cell, max(a, b)), min(a, b)), parent(cell, min(a, b)))


def test_a_finer_parent_is_refused() -> None:
    with pytest.raises(InvalidCellError, match="row 1 has resolution 7, coarser than 8"):
        parent(np.array([CELL, parent([CELL], 7)[0]]), 8)


@pytest.mark.parametrize("k", [0, 1, 2, 10])
def test_a_disk_is_the_cells_within_k_steps(k: int) -> None:
    cells = disk(CELL, k)
    assert cells.size == 1 + 3 * k * (k + 1)
    assert (np.diff(cells) > 0).all()
    assert max(h3.grid_distance(CELL, int(cell)) for cell in cells) == k


def test_a_disk_around_a_pentagon_has_five_neighbours() -> None:
    assert disk(int(h3.get_pentagons(9)[0]), 1).size == 6


def test_a_disk_needs_a_cell_and_steps() -> None:
    with pytest.raises(InvalidQueryError, match="k is -1"):
        disk(CELL, -1)
    with pytest.raises(InvalidCellError, match="0x7"):
        disk(7, 1)


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.sets(st.integers(0, 342), min_size=1))
def test_compacting_keeps_the_descendants(kept: set[int]) -> None:
    children = np.sort(h3.cell_to_children(CELL, 12))[sorted(kept)]
    np.testing.assert_array_equal(uncompact(compact(children), 12), children)


def test_compacting_all_descendants_gives_the_ancestor() -> None:
    assert compact(uncompact([CELL], 12)).tolist() == [CELL]


def test_no_cells_have_no_relatives() -> None:
    none = np.empty(0, np.uint64)
    for relatives in (
        compact(none),
        uncompact(none, 9),
        parent(none, 3),
        resolution_of(none),
        are_valid(none),
    ):
        assert relatives.size == 0


def test_cells_twice_mixed_or_too_fine_are_refused() -> None:
    with pytest.raises(InvalidCellError, match="twice"):
        compact([CELL, CELL])
    with pytest.raises(InvalidCellError, match=r"\[8, 9\]"):
        compact([CELL, int(parent([CELL], 8)[0])])
    with pytest.raises(InvalidCellError, match="finer than resolution 8"):
        uncompact([CELL], 8)
    with pytest.raises(InvalidCellError, match="row 0 is 0x0"):
        uncompact([0], 8)


def test_edges_shrink_by_the_root_of_seven() -> None:
    edges_m = np.array([edge_length_m(resolution) for resolution in range(3, 16)])
    np.testing.assert_allclose(edges_m[:-1] / edges_m[1:], np.sqrt(7.0), rtol=0.01)
