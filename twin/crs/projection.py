"""Working systems in metres, and the way between them and lon, lat."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection
from pyproj.exceptions import ProjError

from twin.crs.names import parse_crs
from twin.errors import InvalidCoordinateError, InvalidCRSError

CHINA_WEST_DEG, CHINA_EAST_DEG = 73.5, 136.5  # CGCS2000 3-degree zones 25-45
CHINA_SOUTH_DEG, CHINA_NORTH_DEG = 0.0, 56.0
CGCS2000_DATUM = "China 2000"


def working_crs(lon: float, lat: float = 30.0) -> str:
    """Return the projected system in metres that fits a place best.

    Parameters
    ----------
    lon, lat : float
        Middle of the city, degrees, WGS 84. Without ``lat``, a place in the northern hemisphere is meant.

    Returns
    -------
    str
        In the Chinese zones (longitudes 73.5-136.5, latitudes 0-56), CGCS2000 3-degree Gauss-Krüger by
        central meridian, without zone prefix (EPSG:4534-4554); elsewhere the WGS 84 / UTM zone.

    Raises
    ------
    InvalidCoordinateError
        If the place is not on Earth.

    Examples
    --------
    >>> working_crs(120.04), working_crs(9.5, 47.1)
    ('EPSG:4549', 'EPSG:32632')
    """
    if not (abs(lon) <= 180.0 and abs(lat) <= 90.0):
        raise InvalidCoordinateError(f"lon {lon}, lat {lat} is not on Earth; wanted degrees")
    if CHINA_WEST_DEG <= lon < CHINA_EAST_DEG and CHINA_SOUTH_DEG <= lat <= CHINA_NORTH_DEG:
        return f"EPSG:{4534 + math.floor((lon - CHINA_WEST_DEG) / 3.0)}"
    zone = min(math.floor((lon + 180.0) / 6.0) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0.0 else 32700) + zone}"


def projected_crs(text: str) -> str:
    """Return the canonical name of a projected system in metres, fit as a working CRS.

    Parameters
    ----------
    text : str
        ``EPSG:n``.

    Returns
    -------
    str

    Raises
    ------
    InvalidCRSError
        If it is unknown, not projected, or not in metres.

    Examples
    --------
    >>> projected_crs("epsg:4549")
    'EPSG:4549'
    """
    name = parse_crs(text)
    crs = CRS.from_user_input(name.code) if name.code.startswith("EPSG") else None
    if crs is None or not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise InvalidCRSError(f"{text!r} is not projected in metres; wanted one such as EPSG:4549")
    return name.code


def to_working(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return projected coordinates of points.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees, WGS 84 / CGCS2000.
    crs : str
        ``EPSG:n``.

    Returns
    -------
    x, y : ndarray of float64, shape (n,)
        Easting and northing in the unit of the system, in this order whatever the EPSG axis order is; NaN
        where the input is NaN or the projection has no answer.

    Raises
    ------
    InvalidCRSError
        If the system is unknown, or its datum has no known way to WGS 84.
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> x, y = to_working([120.0], [29.0], "EPSG:4549")
    >>> round(float(x[0]), 3), round(float(y[0]), 3)
    (500000.0, 3209269.324)
    """
    return _moved(_transformer(crs), lon, lat, TransformDirection.INVERSE)


def to_lonlat(x: ArrayLike, y: ArrayLike, crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lon, lat of projected (or other EPSG) coordinates.

    Parameters
    ----------
    x, y : array_like of float64, shape (n,)
        Easting and northing (or lon and lat) in the unit of the system, in this order.
    crs : str
        ``EPSG:n``.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees, WGS 84 / CGCS2000; NaN where the input is NaN or the projection has no answer.

    Raises
    ------
    InvalidCRSError
        If the system is unknown, or its datum has no known way to WGS 84.
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = to_lonlat([40500000.0], [3209269.324], "EPSG:4528")
    >>> round(float(lon[0]), 6), round(float(lat[0]), 6)
    (120.0, 29.0)
    """
    return _moved(_transformer(crs), x, y, TransformDirection.FORWARD)


def accuracy_m(crs: str) -> float:
    """Return how accurate the datum shift from a system to WGS 84 is said to be, m.

    Parameters
    ----------
    crs : str
        ``EPSG:n``.

    Returns
    -------
    float
        0 where no datum shift is needed; NaN where the registry does not say before the place is known.

    Raises
    ------
    InvalidCRSError
        If the system is unknown, or its datum has no known way to WGS 84.

    Examples
    --------
    >>> accuracy_m("EPSG:4549")
    0.0
    """
    accuracy = _transformer(crs).accuracy
    return float(accuracy) if accuracy >= 0.0 else math.nan


def _moved(
    transformer: Transformer, x: ArrayLike, y: ArrayLike, direction: TransformDirection
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return transformed arrays with NaN where PROJ answers infinity."""
    first = np.atleast_1d(np.asarray(x, np.float64))
    second = np.atleast_1d(np.asarray(y, np.float64))
    if first.shape != second.shape:
        raise InvalidCoordinateError(f"x has shape {first.shape}, y {second.shape}; wanted the same")
    left, right = transformer.transform(first, second, direction=direction)
    lost = ~(np.isfinite(left) & np.isfinite(right))
    return np.where(lost, np.nan, left), np.where(lost, np.nan, right)


@lru_cache(maxsize=64)
def _transformer(code: str) -> Transformer:
    """Return the way from a system to lon, lat; pyproj transformers are safe to share between threads."""
    crs = CRS.from_user_input(_epsg(code))
    geographic = crs.geodetic_crs
    is_cgcs2000 = (
        geographic is not None and geographic.datum is not None and geographic.datum.name == CGCS2000_DATUM
    )
    try:
        # The EPSG registry has no way from CGCS2000 to WGS 84; here they are equal.
        return Transformer.from_crs(
            crs, 4490 if is_cgcs2000 else 4326, always_xy=True, allow_ballpark=is_cgcs2000
        )
    except ProjError as error:
        raise InvalidCRSError(
            f"{code} ({crs.name}) has no public datum shift to WGS 84; convert the source to CGCS2000 first "
            "(请先转换为2000坐标系)"
        ) from error


def _epsg(code: str) -> str:
    """Return what pyproj understands for a name that carries no GCJ-02 or BD-09 shift."""
    name = parse_crs(code)
    if name.is_shifted:
        raise InvalidCRSError(f"{name} is no projection; convert it with to_wgs84")
    return {"wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490"}.get(name.code, name.code)
