"""Cells of points: the public face of the encoder kernel, exact to the bit against h3."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.cells import _encode, _icosahedron
from twin.cells.hierarchy import checked_resolution
from twin.errors import InvalidCoordinateError


def cells_of(lon: ArrayLike, lat: ArrayLike, resolution: int) -> NDArray[np.uint64]:
    """Return the H3 cell of each point, bit for bit as the h3 library does, several times as fast.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, WGS 84 / CGCS2000.
    resolution : int
        0-15.

    Returns
    -------
    ndarray of uint64, shape (n,)

    Raises
    ------
    InvalidCoordinateError
        If a coordinate is NaN, infinite or out of range (the first such row is named), or shapes differ.
    InvalidCellError
        If the resolution is not one of 0-15.

    Examples
    --------
    >>> from twin.cells import to_hex
    >>> to_hex(cells_of([120.04], [28.89], 9)).tolist()
    ['8941945111bffff']
    """
    return cells_at(lon, lat, (resolution,))[:, 0]


def cells_at(lon: ArrayLike, lat: ArrayLike, resolutions: Sequence[int]) -> NDArray[np.uint64]:
    """Return the H3 cells of each point at several resolutions, projecting each point once.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, WGS 84 / CGCS2000.
    resolutions : sequence of int, length k
        Each 0-15.

    Returns
    -------
    ndarray of uint64, shape (n, k)
        Column-major: each column is contiguous.

    Raises
    ------
    InvalidCoordinateError
        If a coordinate is NaN, infinite or out of range (the first such row is named), or shapes differ.
    InvalidCellError
        If a resolution is not one of 0-15.

    Notes
    -----
    Points within 1e-13 rad (0.6 um) of a cell boundary, where two correct programs may round differently, are
    given to the h3 library itself, so that the answer is its answer on every platform. One point in a million
    is, at resolution 15.

    Examples
    --------
    >>> cells_at([120.04, 120.05], [28.89, 28.89], (7, 9)).shape
    (2, 2)
    """
    x, y = _points(lon, lat)
    levels = np.array([checked_resolution(r) for r in resolutions], np.int64)
    grid = _icosahedron_of_h3()
    cells = np.empty((levels.size, x.size), np.uint64).T
    bad = _encode.encode(x, y, levels, grid.frames, grid.lattices, grid.base_cells, grid.turns, cells)
    if bad >= 0:
        raise InvalidCoordinateError(
            f"row {bad} has lon {x[bad]!r}, lat {y[bad]!r}; wanted -180..180 and -90..90 degrees (经纬度无效)"
        )
    for row, k in np.argwhere(cells == 0):
        cells[row, k] = h3.latlng_to_cell(y[row], x[row], int(levels[k]))
    return cells


def are_on_earth(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Return which points ``cells_of`` takes: finite, longitude -180..180, latitude -90..90 degrees.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees; NaN and infinity are simply not on Earth.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> are_on_earth([120.0, 200.0, np.nan], [30.0, 30.0, 30.0]).tolist()
    [True, False, False]
    """
    x, y = _points(lon, lat)
    return (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)


def _points(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coordinates as contiguous float64 arrays of one length."""
    x = np.ascontiguousarray(np.atleast_1d(np.asarray(lon, np.float64)))
    y = np.ascontiguousarray(np.atleast_1d(np.asarray(lat, np.float64)))
    if x.ndim != 1 or x.shape != y.shape:
        raise InvalidCoordinateError(f"lon has shape {x.shape}, lat {y.shape}; wanted (n,) twice")
    return x, y


@lru_cache(maxsize=1)
def _icosahedron_of_h3() -> _icosahedron.Icosahedron:
    """Return the tables of the encoder, learnt from the h3 library once per process."""
    pentagons = h3.get_pentagons(0).tolist()
    phi, lam = np.radians([h3.cell_to_latlng(cell) for cell in pentagons]).T
    vertices = np.column_stack([np.cos(lam) * np.cos(phi), np.sin(lam) * np.cos(phi), np.sin(phi)])
    return _icosahedron.build(
        vertices, [set(h3.get_icosahedron_faces(cell)) for cell in pentagons], _slow_cells_of
    )


def _slow_cells_of(lon: NDArray[np.float64], lat: NDArray[np.float64], resolution: int) -> NDArray[np.uint64]:
    """Return the cells of points by the h3 library, one call each."""
    points = zip(lon.tolist(), lat.tolist(), strict=True)
    return np.fromiter((h3.latlng_to_cell(y, x, resolution) for x, y in points), np.uint64, lon.size)
