"""What the bits of a cell say, and its relatives: ancestors, descendants, neighbours."""

from __future__ import annotations

from functools import lru_cache

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.cells import _encode
from twin.errors import InvalidCellError, InvalidQueryError

MAX_RESOLUTION = 15


def resolution_of(cells: ArrayLike) -> NDArray[np.int64]:
    """Return the resolution of each cell.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)
        Cells; bits are read, not checked.

    Returns
    -------
    ndarray of int64, shape (n,)
        0-15.

    Examples
    --------
    >>> from twin.cells import from_hex
    >>> resolution_of(from_hex(["8941945111bffff"])).tolist()
    [9]
    """
    return ((np.asarray(cells, np.uint64) >> np.uint64(52)) & np.uint64(15)).astype(np.int64)


def are_valid(cells: ArrayLike) -> NDArray[np.bool_]:
    """Return which values are H3 cells.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)
        Any 64-bit values.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for cells; False for edges, vertices, 0 and anything else.

    Examples
    --------
    >>> are_valid(np.array([0x8941945111BFFFF, 0, 5], np.uint64)).tolist()
    [True, False, False]
    """
    values = np.atleast_1d(np.asarray(cells, np.uint64))
    return _encode.are_cells(values, _pentagon_base_cells())


def parent(cells: ArrayLike, resolution: int) -> NDArray[np.uint64]:
    """Return the ancestor of each cell in the H3 hierarchy, for display and sort order only.

    The parent of a point's cell is often not the point's cell at the coarser resolution; use
    ``cells_at`` for that.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)
        Cells of resolutions not coarser than ``resolution``.
    resolution : int
        0-15.

    Returns
    -------
    ndarray of uint64, shape (n,)

    Raises
    ------
    InvalidCellError
        If the resolution is not one of 0-15, or a cell is coarser than it.

    Examples
    --------
    >>> from twin.cells import from_hex, to_hex
    >>> to_hex(parent(from_hex(["8941945111bffff"]), 7)).tolist()
    ['874194511ffffff']
    """
    level = checked_resolution(resolution)
    values = np.asarray(cells, np.uint64)
    coarser = np.atleast_1d(resolution_of(values) < level)
    if coarser.any():
        row = int(coarser.argmax())
        raise InvalidCellError(
            f"row {row} has resolution {resolution_of(values).flat[row]}, coarser than {level}"
        )
    kept = values & ~np.uint64(15 << 52)
    unused = np.uint64((1 << 3 * (MAX_RESOLUTION - level)) - 1)
    return kept | np.uint64(level << 52) | unused


def disk(cell: int, k: int) -> NDArray[np.uint64]:
    """Return the cells within ``k`` steps of a cell, itself among them, ascending.

    Parameters
    ----------
    cell : int
        A cell.
    k : int
        Steps, >= 0.

    Returns
    -------
    ndarray of uint64, shape (m,)
        ``m = 1 + 3k(k + 1)``, fewer around a pentagon.

    Raises
    ------
    InvalidCellError
        If ``cell`` is not a cell.
    InvalidQueryError
        If ``k`` is negative.

    Examples
    --------
    >>> disk(0x8941945111BFFFF, 1).size
    7
    """
    if k < 0:
        raise InvalidQueryError(f"k is {k}; wanted 0 or more steps")
    (checked,) = checked_cells([cell])
    return np.sort(h3.grid_disk(checked, k))


def compact(cells: ArrayLike) -> NDArray[np.uint64]:
    """Return the smallest mixed-resolution set with the same descendants, ascending.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)
        Cells of one resolution, none twice.

    Returns
    -------
    ndarray of uint64, shape (m,)

    Raises
    ------
    InvalidCellError
        If a value is not a cell, resolutions differ, or a cell comes twice.

    Examples
    --------
    >>> from twin.cells import from_hex, to_hex
    >>> to_hex(compact(uncompact(from_hex(["874194511ffffff"]), 9))).tolist()
    ['874194511ffffff']
    """
    values = checked_cells(cells)
    if np.unique(resolution_of(values)).size > 1:
        raise InvalidCellError(
            f"cells have resolutions {np.unique(resolution_of(values)).tolist()}; wanted one"
        )
    if np.unique(values).size < values.size:
        raise InvalidCellError("a cell comes twice; pass each cell once")
    return np.sort(h3.compact_cells(values))


def uncompact(cells: ArrayLike, resolution: int) -> NDArray[np.uint64]:
    """Return all descendants of the cells at one resolution, ascending.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)
        Cells not finer than ``resolution``.
    resolution : int
        0-15.

    Returns
    -------
    ndarray of uint64, shape (m,)

    Raises
    ------
    InvalidCellError
        If a value is not a cell, is finer than ``resolution``, or the resolution is not one of 0-15.

    Examples
    --------
    >>> from twin.cells import from_hex
    >>> uncompact(from_hex(["874194511ffffff"]), 9).size
    49
    """
    level = checked_resolution(resolution)
    values = checked_cells(cells)
    finer = resolution_of(values) > level
    if finer.any():
        raise InvalidCellError(f"cell {int(values[finer][0]):x} is finer than resolution {level}")
    return np.sort(h3.uncompact_cells(values, level))


def edge_length_m(resolution: int) -> float:
    """Return the average edge of a hexagon, m.

    Parameters
    ----------
    resolution : int
        0-15.

    Returns
    -------
    float
        m; single cells differ by up to a third.

    Raises
    ------
    InvalidCellError
        If the resolution is not one of 0-15.

    Examples
    --------
    >>> round(edge_length_m(9))
    201
    """
    return float(h3.average_hexagon_edge_length(checked_resolution(resolution), unit="m"))


def checked_resolution(resolution: int) -> int:
    """Return the resolution, checked.

    Parameters
    ----------
    resolution : int
        What a caller gave.

    Returns
    -------
    int
        0-15.

    Raises
    ------
    InvalidCellError
        If it is not one of 0-15.

    Examples
    --------
    >>> checked_resolution(9)
    9
    """
    if not 0 <= resolution <= MAX_RESOLUTION or resolution != int(resolution):
        raise InvalidCellError(f"resolution is {resolution!r}; wanted a whole number 0-15")
    return int(resolution)


def checked_cells(cells: ArrayLike) -> NDArray[np.uint64]:
    """Return the cells as an array, checked.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)
        What a caller gave.

    Returns
    -------
    ndarray of uint64, shape (n,)

    Raises
    ------
    InvalidCellError
        If a value is not a cell; the first such row is named.

    Examples
    --------
    >>> checked_cells([0x8941945111BFFFF]).dtype
    dtype('uint64')
    """
    values = np.atleast_1d(np.asarray(cells, np.uint64))
    wrong = ~are_valid(values)
    if wrong.any():
        row = int(wrong.argmax())
        raise InvalidCellError(f"row {row} is {int(values[row]):#x}; wanted an H3 cell")
    return values


@lru_cache(maxsize=1)
def _pentagon_base_cells() -> NDArray[np.bool_]:
    """Return which base cells (0-127) are pentagons."""
    pentagons = np.zeros(128, np.bool_)
    pentagons[[h3.get_base_cell_number(cell) for cell in h3.get_pentagons(0).tolist()]] = True
    return pentagons
