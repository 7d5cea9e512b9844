"""Centres and outlines of cells."""

from __future__ import annotations

from itertools import chain

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from twin.cells.hierarchy import checked_cells, resolution_of


def centers(cells: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centre of each cell.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, WGS 84.

    Raises
    ------
    InvalidCellError
        If a value is not a cell.

    Examples
    --------
    >>> from twin.cells import from_hex
    >>> lon, lat = centers(from_hex(["8941945111bffff"]))
    >>> round(float(lon[0]), 2), round(float(lat[0]), 2)
    (120.04, 28.89)
    """
    values = checked_cells(cells)
    pairs = chain.from_iterable(map(h3.cell_to_latlng, values.tolist()))
    lat_lon = np.fromiter(pairs, np.float64, 2 * values.size)
    return lat_lon[1::2].copy(), lat_lon[::2].copy()


def boundaries(cells: ArrayLike) -> NDArray[np.object_]:
    """Return the outline of each cell as a polygon in lon, lat.

    Parameters
    ----------
    cells : array_like of uint64, shape (n,)

    Returns
    -------
    ndarray of shapely Polygon, shape (n,)
        Degrees, WGS 84. A cell across the antimeridian keeps its shape: longitudes run beyond 180. The two
        cells around the poles become the band from their outline to the pole.

    Raises
    ------
    InvalidCellError
        If a value is not a cell.

    Examples
    --------
    >>> from twin.cells import from_hex
    >>> boundaries(from_hex(["8941945111bffff"]))[0].geom_type
    'Polygon'
    """
    values = checked_cells(cells)
    corners, owners = _outlines(values)
    polygons: NDArray[np.object_] = shapely.polygons(shapely.linearrings(corners, indices=owners))
    for pole in (90.0, -90.0):
        around = {h3.latlng_to_cell(pole, 0.0, int(level)) for level in np.unique(resolution_of(values))}
        for row in np.flatnonzero(np.isin(values, np.array([*around], np.uint64))):
            polygons[row] = _polar_band(int(values[row]), pole)
    return polygons


def _outlines(cells: NDArray[np.uint64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the corners (m, 2) of all cells as lon, lat, each ring in one piece, and their rows (m,)."""
    rings = [h3.cell_to_boundary(cell) for cell in cells.tolist()]
    sizes = np.fromiter(map(len, rings), np.int64, len(rings))
    lat_lon = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64).reshape(-1, 2)
    owners = np.repeat(np.arange(sizes.size), sizes)
    lon = lat_lon[:, 1]
    from_first = lon - lon[(np.cumsum(sizes) - sizes)[owners]]
    return np.column_stack([lon - 360.0 * np.round(from_first / 360.0), lat_lon[:, 0]]), owners


def _polar_band(cell: int, pole: float) -> shapely.Polygon:
    """Return the polygon between the outline of the cell around a pole and that pole."""
    lat, lon = np.array(sorted(h3.cell_to_boundary(cell), key=lambda corner: corner[1])).T
    seam = np.interp(180.0, [lon[-1], lon[0] + 360.0], [lat[-1], lat[0]])
    ring = np.column_stack([[-180.0, *lon, 180.0, 180.0, -180.0], [seam, *lat, seam, pole, pole]])
    return shapely.Polygon(ring)
