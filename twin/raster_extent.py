"""Where the pixels of a raster lie: extent, pixel size, and the pixels of a box."""

from __future__ import annotations

import numpy as np
import rasterio.warp
from affine import Affine
from pyproj import CRS, Geod
from rasterio.windows import Window

from twin.errors import InvalidQueryError
from twin.frame import Box


def lonlat_bbox(crs: str, transform: Affine, shape: tuple[int, int]) -> Box:
    """Return the box around a raster.

    Parameters
    ----------
    crs : str
        ``EPSG:n``.
    transform : Affine
        Pixel corners to x, y.
    shape : tuple of int
        Rows, columns.

    Returns
    -------
    tuple of float
        West, south, east, north, degrees.

    Examples
    --------
    >>> lonlat_bbox("EPSG:4326", Affine(0.5, 0.0, 120.0, 0.0, -0.5, 30.0), (2, 4))
    (120.0, 29.0, 122.0, 30.0)
    """
    rows, cols = shape
    corners = np.array([transform @ corner for corner in ((0, 0), (cols, 0), (0, rows), (cols, rows))])
    (xmin, ymin), (xmax, ymax) = corners.min(axis=0), corners.max(axis=0)
    west, south, east, north = rasterio.warp.transform_bounds(crs, "EPSG:4326", xmin, ymin, xmax, ymax)
    return float(west), float(south), float(east), float(north)


def pixel_size_m(crs: str, transform: Affine, shape: tuple[int, int]) -> tuple[float, float]:
    """Return width and height of the pixel in the middle of a raster, m.

    Parameters
    ----------
    crs : str
        ``EPSG:n``.
    transform : Affine
        Pixel corners to x, y.
    shape : tuple of int
        Rows, columns.

    Returns
    -------
    tuple of float
        On the ellipsoid for lon, lat rasters; in the plane of the CRS for projected ones.

    Examples
    --------
    >>> pixel_size_m("EPSG:4549", Affine(30.0, 0.0, 500000.0, 0.0, -30.0, 3200000.0), (10, 10))
    (30.0, 30.0)
    """
    system = CRS.from_user_input(crs)
    row, col = shape[0] // 2, shape[1] // 2
    if system.is_projected:
        unit_m = system.axis_info[0].unit_conversion_factor
        width = np.hypot(transform.a, transform.d) * unit_m
        return float(width), float(np.hypot(transform.b, transform.e) * unit_m)
    corner, right, below = (transform @ place for place in ((col, row), (col + 1, row), (col, row + 1)))
    geod = system.get_geod() or Geod(ellps="WGS84")
    return float(geod.inv(*corner, *right)[2]), float(geod.inv(*corner, *below)[2])


def pixel_window(crs: str, transform: Affine, shape: tuple[int, int], bbox: Box) -> Window:
    """Return the pixels that a lon/lat box touches.

    Parameters
    ----------
    crs : str
        ``EPSG:n``.
    transform : Affine
        Pixel corners to x, y.
    shape : tuple of int
        Rows, columns.
    bbox : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    rasterio Window

    Raises
    ------
    InvalidQueryError
        If the box is malformed or does not meet the raster.

    Examples
    --------
    >>> window = pixel_window(
    ...     "EPSG:4326", Affine(0.5, 0.0, 120.0, 0.0, -0.5, 30.0), (2, 4), (120.6, 29.6, 120.9, 29.9)
    ... )
    >>> window.flatten()
    (1, 0, 1, 1)
    """
    west, south, east, north = bbox
    if not (np.isfinite(bbox).all() and west <= east and south <= north and abs(north) <= 90.0):
        raise InvalidQueryError(f"bbox {bbox} is not west, south, east, north in degrees")
    xmin, ymin, xmax, ymax = rasterio.warp.transform_bounds("EPSG:4326", crs, *bbox)
    corners = np.array(
        [~transform @ corner for corner in ((xmin, ymin), (xmin, ymax), (xmax, ymin), (xmax, ymax))]
    )
    first = np.maximum(np.floor(corners.min(axis=0)), 0.0)
    last = np.minimum(np.ceil(corners.max(axis=0)), shape[::-1])
    if (first >= last).any():
        covered = lonlat_bbox(crs, transform, shape)
        raise InvalidQueryError(f"bbox {bbox} does not meet the raster, which covers {covered}")
    return Window(int(first[0]), int(first[1]), int(last[0] - first[0]), int(last[1] - first[1]))
