"""Cells as the hexadecimal digits they have outside."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.cells.hierarchy import are_valid, checked_cells
from twin.errors import InvalidCellError

WIDTH = 15  # the leading digit of the 64 bits is always 0


def to_hex(cells: ArrayLike) -> NDArray[np.str_]:
    """Return each cell as the 15 hexadecimal digits that H3 uses outside.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)

    Returns
    -------
    ndarray of str, shape (n,)

    Raises
    ------
    InvalidCellError
        If a value is not a cell.

    Examples
    --------
    >>> to_hex(np.array([0x8941945111BFFFF], np.uint64)).tolist()
    ['8941945111bffff']
    """
    octets = np.frombuffer(checked_cells(cells).astype(">u8").tobytes(), np.uint8)
    nibbles = np.column_stack([octets >> 4, octets & 15]).reshape(-1, WIDTH + 1)[:, 1:]
    symbols = np.frombuffer(b"0123456789abcdef", np.uint8)[nibbles].astype("<u4")
    return np.ascontiguousarray(symbols).view(f"<U{WIDTH}")[:, 0]


def from_hex(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return the cells written as hexadecimal digits.

    Parameters
    ----------
    texts : iterable of str, length n
        Each as ``to_hex`` writes it; capitals are taken too.

    Returns
    -------
    ndarray of uint64, shape (n,)

    Raises
    ------
    InvalidCellError
        If a text is not a cell; the first such row is named.

    Examples
    --------
    >>> hex(from_hex(["8941945111bffff"])[0])
    '0x8941945111bffff'
    """
    whole = [*texts]
    codes = np.array(whole, f"<U{WIDTH}").view(np.uint32).reshape(len(whole), WIDTH)
    nibbles = _nibble_of_code()[np.minimum(codes, 127)]
    shifts = np.arange(4 * (WIDTH - 1), -1, -4, dtype=np.uint64)
    cells: NDArray[np.uint64] = (nibbles.astype(np.uint64) << shifts).sum(axis=1, dtype=np.uint64)
    lengths = np.fromiter(map(len, whole), np.int64, len(whole))
    wrong = (lengths != WIDTH) | (nibbles > 15).any(axis=1) | ~are_valid(cells)
    if wrong.any():
        row = int(wrong.argmax())
        raise InvalidCellError(f"row {row} is {whole[row]!r:.40}; wanted an H3 cell of 15 hexadecimal digits")
    return cells


@lru_cache(maxsize=1)
def _nibble_of_code() -> NDArray[np.uint8]:
    """Return the value of each ASCII code as a hexadecimal digit, 255 where it is none."""
    values = np.full(128, 255, np.uint8)
    for value, symbol in enumerate("0123456789abcdef"):
        values[ord(symbol)] = values[ord(symbol.upper())] = value
    return values
