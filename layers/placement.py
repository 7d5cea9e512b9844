"""Coordinates whose CRS is settled: where they lie in lon, lat, and which rows cannot be right."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyproj
from numpy.typing import NDArray

from layers.source_crs import SourceCRS, plain_lonlat, title_of
from twin.crs import CRSName, to_wgs84
from twin.frame import Box, CityFrame

Floats = NDArray[np.float64]

BBOX_MARGIN_DEG = 0.5
ZONE_MARGIN_DEG = 1.5
"""How far beyond the area of use of its CRS a city is believed to reach."""

WIDEN = "set bbox in city.toml if the city does reach there"


@dataclass(frozen=True, slots=True)
class Fault:
    """Rows whose place cannot be right, and why.

    Parameters
    ----------
    is_bad : ndarray of bool, shape (n,)
    reason, suggestion : str
        What is wrong, and what the sender can do.
    """

    is_bad: NDArray[np.bool_]
    reason: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Placement:
    """The CRS that coordinates are taken to be in.

    Parameters
    ----------
    crs : CRSName or pyproj.CRS
        A plain pyproj CRS where the file defines one that has no EPSG code.
    is_exchanged : bool
        Whether x holds latitude or northing.
    region : tuple of float, optional
        West, south, east, north, degrees: where rows are believed; None = anywhere.
    notes : tuple of str
        What was recognised, assumed or checked.
    """

    crs: SourceCRS
    is_exchanged: bool = False
    region: Box | None = None
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name of the CRS."""
        return title_of(self.crs)

    def lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return lon, lat of coordinates as they came; conversions are logged by ``twin.crs``.

        Parameters
        ----------
        x, y : ndarray of float64, shape (n,)
            As they stand in the source.

        Returns
        -------
        lon, lat : ndarray of float64, shape (n,)
            Degrees, WGS 84; NaN where the source has none or the projection no answer.
        """
        if self.is_exchanged:
            x, y = y, x
        return to_wgs84(x, y, self.crs) if isinstance(self.crs, CRSName) else plain_lonlat(x, y, self.crs)

    def faults(self, x: Floats, y: Floats, lon: Floats, lat: Floats) -> tuple[Fault, ...]:
        """Return what is wrong with single rows of a file whose CRS is settled.

        Parameters
        ----------
        x, y : ndarray of float64, shape (n,)
            As they stand in the source; NaN where a row has none, which is no fault.
        lon, lat : ndarray of float64, shape (n,)
            The same in degrees, as ``lonlat`` returned them.

        Returns
        -------
        tuple of Fault
            No row is in two of them.
        """
        has_place = np.isfinite(x) & np.isfinite(y)
        is_zero = has_place & (x == 0.0) & (y == 0.0)
        is_out = has_place & ~is_zero & ~is_inside(lon, lat, self.region)
        is_exchanged = np.zeros(len(x), dtype=bool)
        if is_out.any():
            there = replace(self, is_exchanged=not self.is_exchanged)
            is_exchanged[is_out] = is_inside(*there.plain_lonlat(x[is_out], y[is_out]), self.region)
        where = f"lies outside the city ({box_text(self.region)})" if self.region else "is not on Earth"
        return (
            Fault(is_zero, "stands at 0, 0", "clear both coordinates where the place is unknown"),
            Fault(is_exchanged, "has its two coordinates exchanged (坐标颠倒)", "exchange them"),
            Fault(is_out & ~is_exchanged, where, "correct the coordinates; " + WIDEN),
        )

    def plain_lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return lon, lat good enough to see where rows lie: a GCJ-02 shift is left in, nothing is logged.

        Parameters
        ----------
        x, y : ndarray of float64, shape (n,)
            As they stand in the source.

        Returns
        -------
        lon, lat : ndarray of float64, shape (n,)
            Degrees; NaN where the projection has no answer.
        """
        return plain_lonlat(y, x, self.crs) if self.is_exchanged else plain_lonlat(x, y, self.crs)

    def noting(self, note: str) -> Placement:
        """Return the same placement with one more sentence.

        Parameters
        ----------
        note : str

        Returns
        -------
        Placement
        """
        return replace(self, notes=(*self.notes, note))


def expected_region(frame: CityFrame) -> Box | None:
    """Return where coordinates of a city are believed to lie.

    Parameters
    ----------
    frame : CityFrame

    Returns
    -------
    tuple of float, optional
        West, south, east, north, degrees: the known extent and half a degree, else the
        zone of the working CRS and its surroundings, else None.

    Examples
    --------
    >>> expected_region(CityFrame("x", "", (120.0, 28.0, 121.0, 29.0)))
    (119.5, 27.5, 121.5, 29.5)
    """
    if frame.bbox is not None:
        west, south, east, north = frame.bbox
        margin = BBOX_MARGIN_DEG
    else:
        area = pyproj.CRS.from_user_input(frame.crs).area_of_use if frame.crs else None
        if area is None:
            return None
        west, south, east, north = area.bounds
        margin = ZONE_MARGIN_DEG
    return west - margin, south - margin, east + margin, north + margin


def is_inside(lon: Floats, lat: Floats, region: Box | None) -> NDArray[np.bool_]:
    """Return which points are on Earth and in a region; NaN is not.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees.
    region : tuple of float, optional
        West, south, east, north, degrees; None = the Earth.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    west, south, east, north = region or (-180.0, -90.0, 180.0, 90.0)
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north) & (np.abs(lat) <= 90.0)


def box_text(box: Box) -> str:
    """Return a lon/lat box as people read it.

    Parameters
    ----------
    box : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    str

    Examples
    --------
    >>> box_text((119.9, 28.7, 120.2, 29.0))
    '119.9-120.2 E, 28.7-29 N'
    """
    west, south, east, north = box
    return f"{west:.4g}-{east:.4g} E, {south:.4g}-{north:.4g} N"
