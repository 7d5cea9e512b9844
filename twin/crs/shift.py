"""GCJ-02 (国测局坐标) and BD-09 (百度坐标) both ways, and conversion to WGS 84 at the border, once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.crs import _shift
from twin.crs.names import WGS84, CRSName
from twin.crs.projection import accuracy_m, to_lonlat
from twin.errors import AlreadyConvertedError, InvalidCoordinateError

LonLat = tuple[NDArray[np.float64], NDArray[np.float64]]
_log = logging.getLogger("citytwin.crs")


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Return the GCJ-02 coordinates of WGS 84 points.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, WGS 84. Outside the customary box (72.004-137.8347, 0.8293-55.8271) nothing is shifted.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, GCJ-02; NaN stays NaN.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02([120.0], [30.0])
    >>> round(float(lon[0]), 6), round(float(lat[0]), 6)
    (120.00466, 29.997534)
    """
    return _applied(_shift.gcj02_from_wgs84, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Return the WGS 84 coordinates of GCJ-02 points, exact to a few micrometres.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, GCJ-02. Points whose origin lies outside the customary box stay.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, WGS 84; NaN stays NaN.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02([120.0], [30.0]))
    >>> round(float(lon[0]), 9), round(float(lat[0]), 9)
    (120.0, 30.0)
    """
    return _applied(_shift.wgs84_from_gcj02, lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Return the BD-09 coordinates of GCJ-02 points.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, GCJ-02.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, BD-09; NaN stays NaN.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = gcj02_to_bd09([120.0], [30.0])
    >>> bool(lon[0] > 120.0), bool(lat[0] > 30.0)
    (True, True)
    """
    return _applied(_shift.bd09_from_gcj02, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Return the GCJ-02 coordinates of BD-09 points, exact to a micrometre.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, BD-09.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, GCJ-02; NaN stays NaN.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = bd09_to_gcj02(*gcj02_to_bd09([120.0], [30.0]))
    >>> round(float(lon[0]), 9), round(float(lat[0]), 9)
    (120.0, 30.0)
    """
    return _applied(_shift.gcj02_from_bd09, lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Return the BD-09 coordinates of WGS 84 points.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, WGS 84.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, BD-09; NaN stays NaN.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = wgs84_to_bd09([120.0], [30.0])
    >>> 0.01 < float(lon[0]) - 120.0 < 0.02
    True
    """
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Return the WGS 84 coordinates of BD-09 points, exact to a few micrometres.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, BD-09.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, WGS 84; NaN stays NaN.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = bd09_to_wgs84(*wgs84_to_bd09([120.0], [30.0]))
    >>> round(float(lon[0]), 9), round(float(lat[0]), 9)
    (120.0, 30.0)
    """
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def to_wgs84(x: ArrayLike, y: ArrayLike, crs: CRSName) -> LonLat:
    """Return WGS 84 lon, lat of coordinates in any system, and log the conversion.

    Nothing here can tell whether numbers were converted before; where they travel, carry ``Coordinates``.

    Parameters
    ----------
    x, y : array_like of float64, shape (n,)
        Lon, lat degrees or easting, northing, in this order.
    crs : CRSName
        The system they are in.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, WGS 84 / CGCS2000; copies. NaN stays NaN, and stands where a projection has no answer.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.
    InvalidCRSError
        If the datum of the system has no known way to WGS 84.

    Examples
    --------
    >>> from twin.crs import parse_crs
    >>> lon, lat = to_wgs84([500000.0], [3209269.324], parse_crs("EPSG:4549"))
    >>> round(float(lon[0]), 6), round(float(lat[0]), 6)
    (120.0, 29.0)
    """
    if crs.is_wgs84:
        first, second = _pair(x, y)
        return first.copy(), second.copy()
    if crs.is_shifted:
        lon, lat = (gcj02_to_wgs84 if crs.code == "gcj02" else bd09_to_wgs84)(x, y)
        _log.info("converted %d points from %s to WGS 84", lon.size, crs)
    else:
        lon, lat = to_lonlat(x, y, crs.code)
        accuracy = accuracy_m(crs.code)
        _log.info("converted %d points from %s to WGS 84 (datum accuracy %g m)", lon.size, crs, accuracy)
    return lon, lat


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """Columns of coordinates that know the system they are in and the one they came in."""

    x: NDArray[np.float64]
    """Shape (n,): lon degrees or easting."""
    y: NDArray[np.float64]
    """Shape (n,): lat degrees or northing."""
    crs: CRSName
    converted_from: CRSName | None = field(default=None, kw_only=True)
    """The system before conversion; None for coordinates as they came."""

    def __post_init__(self) -> None:
        _pair(self.x, self.y)

    def to_wgs84(self) -> Coordinates:
        """Return the same places in WGS 84.

        Returns
        -------
        Coordinates
            These themselves where they came as WGS 84 or CGCS2000.

        Raises
        ------
        AlreadyConvertedError
            If these are the result of a conversion.
        InvalidCRSError
            If the datum of the system has no known way to WGS 84.

        Examples
        --------
        >>> from twin.crs import parse_crs
        >>> came = Coordinates(np.array([120.00466]), np.array([29.997534]), parse_crs("gcj02"))
        >>> str(came.to_wgs84().converted_from)
        'gcj02'
        """
        if self.converted_from is not None:
            raise AlreadyConvertedError(
                f"{self.x.size} points were already converted from {self.converted_from} to {self.crs}; "
                "converting twice would move them (重复转换)"
            )
        if self.crs.is_wgs84:
            return self
        lon, lat = to_wgs84(self.x, self.y, self.crs)
        return Coordinates(lon, lat, WGS84, converted_from=self.crs)


def _pair(x: ArrayLike, y: ArrayLike) -> LonLat:
    """Return coordinates as contiguous float64 columns of one length."""
    first = np.ascontiguousarray(np.atleast_1d(np.asarray(x, np.float64)))
    second = np.ascontiguousarray(np.atleast_1d(np.asarray(y, np.float64)))
    if first.ndim != 1 or first.shape != second.shape:
        raise InvalidCoordinateError(f"x has shape {first.shape}, y {second.shape}; wanted (n,) twice")
    return first, second


def _applied(kernel: Callable[..., None], lon: ArrayLike, lat: ArrayLike) -> LonLat:
    """Return what a kernel writes for the points."""
    first, second = _pair(lon, lat)
    x, y = np.empty_like(first), np.empty_like(second)
    kernel(first, second, x, y)
    return x, y
