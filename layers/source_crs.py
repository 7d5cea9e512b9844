"""The CRS that a map file carries: by name where it has one, by its own definition where not."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from twin.crs import WGS84, CRSName, parse_crs, to_lonlat
from twin.errors import ImportRefusedError, InvalidCRSError
from twin.frame import Box

Floats = NDArray[np.float64]
SourceCRS = CRSName | pyproj.CRS
"""A name of ours, or a definition without EPSG code such as a local system (地方坐标系)."""

REACH_MARGIN_DEG = 2.0
"""How far beyond its area of use a projected CRS is still used, as towns at zone borders do."""

_SAME_AS_WGS84 = {"World Geodetic System 1984", "World Geodetic System 1984 ensemble", "China 2000"}


def crs_of_file(text: str, name: str) -> SourceCRS:
    """Return a file's own CRS, by EPSG code where it has one.

    Parameters
    ----------
    text : str
        Authority code or WKT, as the file carries it.
    name : str
        What to call the file in messages.

    Returns
    -------
    CRSName or pyproj.CRS

    Raises
    ------
    ImportRefusedError
        If it is not understood, or no public way leads from its datum to WGS 84.
    """
    try:
        crs = pyproj.CRS.from_user_input(text).to_2d()
    except CRSError as error:
        raise ImportRefusedError(f"{name}: its CRS is not understood ({error}); pass --crs EPSG:n") from error
    if crs.is_geographic and _is_like_wgs84(crs):
        return WGS84
    code = crs.to_epsg()
    try:
        if code is None:
            _way_of(crs)
            return crs
        found = parse_crs(f"EPSG:{code}")
        to_lonlat([], [], found.code)
    except (InvalidCRSError, ProjError) as error:
        raise ImportRefusedError(
            f"{name}: no public way leads from its CRS, {crs.name}, to CGCS2000 ({error}); "
            "convert the source first or pass --crs"
        ) from error
    return found


def title_of(crs: SourceCRS) -> str:
    """Return what to call a CRS.

    Parameters
    ----------
    crs : CRSName or pyproj.CRS

    Returns
    -------
    str
    """
    return crs.code if isinstance(crs, CRSName) else str(crs.name)


def plain_lonlat(x: Floats, y: Floats, crs: SourceCRS) -> tuple[Floats, Floats]:
    """Return lon, lat good enough to see where rows lie: a GCJ-02 shift is left in.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Easting and northing, or lon and lat.
    crs : CRSName or pyproj.CRS

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees; NaN where the projection has no answer.
    """
    if isinstance(crs, CRSName):
        return (x, y) if crs.is_wgs84 or crs.is_shifted else to_lonlat(x, y, crs.code)
    lon, lat = _way_of(crs).transform(x, y)
    is_lost = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(is_lost, np.nan, lon), np.where(is_lost, np.nan, lat)


@lru_cache(maxsize=64)
def reach_of(crs: SourceCRS) -> Box | None:
    """Return where a CRS is used, a little beyond its area of use.

    Parameters
    ----------
    crs : CRSName or pyproj.CRS

    Returns
    -------
    tuple of float, optional
        West, south, east, north, degrees; None = anywhere on Earth.
    """
    if isinstance(crs, CRSName):
        if crs.is_wgs84 or crs.is_shifted:
            return None
        crs = pyproj.CRS.from_user_input(crs.code)
    if crs.area_of_use is None:
        return None
    west, south, east, north = crs.area_of_use.bounds
    return (
        west - REACH_MARGIN_DEG,
        south - REACH_MARGIN_DEG,
        east + REACH_MARGIN_DEG,
        north + REACH_MARGIN_DEG,
    )


@lru_cache(maxsize=16)
def _way_of(crs: pyproj.CRS) -> pyproj.Transformer:
    """Return the way from a CRS without EPSG code to lon, lat; CGCS2000 and WGS 84 are equal here."""
    is_same = _is_like_wgs84(crs)
    target = crs.geodetic_crs if is_same else pyproj.CRS.from_epsg(4326)
    return pyproj.Transformer.from_crs(crs, target, always_xy=True, allow_ballpark=is_same)


def _is_like_wgs84(crs: pyproj.CRS) -> bool:
    geographic = crs.geodetic_crs
    return geographic is not None and geographic.datum is not None and geographic.datum.name in _SAME_AS_WGS84
