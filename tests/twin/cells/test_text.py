"""Cells are read and written as h3 writes them."""

from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.cells import cells_of, from_hex, to_hex
from twin.errors import InvalidCellError


@pytest.mark.parametrize("resolution", range(16))
def test_text_agrees_with_h3_and_comes_back(resolution: int) -> None:
    rng = np.random.default_rng(resolution)
    cells = cells_of(rng.uniform(-180, 180, 500), rng.uniform(-90, 90, 500), resolution)
    texts = to_hex(cells)
    assert texts.tolist() == [h3.int_to_str(int(cell)) for cell in cells]
    np.testing.assert_array_equal(from_hex(texts.tolist()), cells)
    np.testing.assert_array_equal(from_hex(np.char.upper(texts)), cells)


def test_nothing_is_written_as_nothing() -> None:
    assert to_hex(np.empty(0, np.uint64)).shape == (0,)
    assert from_hex([]).shape == (0,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8941945111bfff",
        "8941945111bffff0",
        "08941945111bffff",
        "0x8941945111bff",
        "8941945111bffff\0",
        "g941945111bffff",
        "894194511 bffff",
        "-941945111bffff",
        "fffffffffffffff",
        "8941945111bfffe",
        "中" * 15,
    ],
)
def test_a_text_that_is_no_cell_is_refused_with_its_row(text: str) -> None:
    with pytest.raises(InvalidCellError, match="row 1 is"):
        from_hex(["8941945111bffff", text, "also wrong"])


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.text(max_size=17))
def test_whatever_is_read_is_what_h3_takes(text: str) -> None:
    try:
        cells = from_hex([text])
    except InvalidCellError:
        return
    assert h3.is_valid_cell(int(cells[0]))
    assert h3.int_to_str(int(cells[0])) == text.lower()


def test_values_that_are_no_cells_are_not_written() -> None:
    with pytest.raises(InvalidCellError, match="row 1 is 0x0"):
        to_hex([0x8941945111BFFFF, 0])
