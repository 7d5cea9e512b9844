"""Tile addresses of WebMercatorQuad and the integer world grid that tiles are cut from.

The world is a square of 2**40 x 2**40 steps (0.04 mm at the equator), x east and y south about its centre:
differences are exact and a tile coordinate is one shift away. Rounding to steps first moves one coordinate in
30,000 to the next unit of a zoom-14 tile; on a grid of 2**32 it was one in 128, which showed in the outlines.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tiles._world import project
from twin.errors import InvalidTileError

GRID_BITS = 40
MAX_ZOOM = 22
MAX_LAT_DEG = 85.0511287798066  # where Web Mercator is a square

Box = tuple[float, float, float, float]


def check_tile(z: int, x: int, y: int) -> None:
    """Return nothing if the address lies inside the tile matrix.

    Parameters
    ----------
    z, x, y : int
        Zoom, column from the west, row from the north.

    Raises
    ------
    InvalidTileError
        If the zoom is not 0-22, or column or row lie outside the matrix of that zoom.

    Examples
    --------
    >>> check_tile(1, 1, 0)
    """
    if not 0 <= z <= MAX_ZOOM:
        raise InvalidTileError(f"zoom {z} came, 0-{MAX_ZOOM} was wanted")
    last = (1 << z) - 1
    if not (0 <= x <= last and 0 <= y <= last):
        raise InvalidTileError(f"tile {z}/{x}/{y} came, x and y of 0-{last} were wanted at zoom {z}")


def tile_bbox(z: int, x: int, y: int, *, margin: float = 0.0) -> Box:
    """Return west, south, east, north of a tile, lon, lat degrees.

    Parameters
    ----------
    z, x, y : int
        Tile address.
    margin : float
        Widens the box on every side, as a share of the tile's width.

    Returns
    -------
    tuple of float
        Never beyond +-180 and +-85.06 degrees.

    Raises
    ------
    InvalidTileError
        If the address lies outside the tile matrix.

    Examples
    --------
    >>> tile_bbox(1, 1, 0)
    (0.0, 0.0, 180.0, 85.0511287798066)
    """
    check_tile(z, x, y)
    side = 1 << z
    west, east = max(x - margin, 0.0) / side, min(x + 1 + margin, side) / side
    north, south = max(y - margin, 0.0) / side, min(y + 1 + margin, side) / side
    return (west * 360.0 - 180.0, _latitude(south), east * 360.0 - 180.0, _latitude(north))


def tiles_of_bbox(bbox: Box, z: int) -> tuple[int, int, int, int]:
    """Return the first and last column and row of the tiles a box meets at one zoom.

    Parameters
    ----------
    bbox : tuple of float
        West, south, east, north, lon, lat degrees.
    z : int
        Zoom, 0-22.

    Returns
    -------
    tuple of int
        First x, first y, last x, last y, all inclusive.

    Examples
    --------
    >>> tiles_of_bbox((119.9, 28.8, 120.1, 29.0), 10)
    (853, 425, 853, 426)
    """
    xy = world_of(np.array([[bbox[0], bbox[3]], [bbox[2], bbox[1]]])) + (1 << (GRID_BITS - 1))
    (x0, y0), (x1, y1) = (xy >> (GRID_BITS - z)).tolist()
    return x0, y0, x1, y1


def world_of(lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return world-grid steps of lon, lat points, rounded to the nearest.

    Parameters
    ----------
    lonlat : ndarray of float64, shape (n, 2)
        Lon, lat, degrees. Latitudes beyond +-85.0511 stop at the edge of the square; NaN gives the far corner
        ``(-2**39, -2**39)``.

    Returns
    -------
    ndarray of int64, shape (n, 2)
        Steps east and south of lon 0, lat 0.

    Examples
    --------
    >>> world_of(np.array([[0.0, 0.0], [90.0, -85.1]]))
    array([[           0,            0],
           [274877906944, 549755813887]])
    """
    steps = np.empty((len(lonlat), 2), np.int64)
    project(np.ascontiguousarray(lonlat, np.float64), steps)
    return steps


def lonlat_of(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return lon, lat degrees of world-grid steps, the inverse of `world_of`.

    Parameters
    ----------
    steps : ndarray of int64, shape (n, 2)
        Steps east and south of lon 0, lat 0.

    Returns
    -------
    ndarray of float64, shape (n, 2)

    Examples
    --------
    >>> lonlat_of(np.array([[1 << 38, 1 << 38]])).round(4)
    array([[ 90.    , -66.5133]])
    """
    share = np.asarray(steps, np.float64) / 2.0**GRID_BITS
    return np.column_stack([share[:, 0] * 360.0, np.degrees(np.arctan(np.sinh(-2.0 * np.pi * share[:, 1])))])


def _latitude(share: float) -> float:
    """Return the latitude at a share of the square's height from the north, degrees."""
    return math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * share))))
