"""What is to be said of coordinates that are taken as declared: rows that cannot be right, and a shift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layers.misfit import Trusted, compared
from layers.placement import Placement, expected_region, is_inside
from layers.placing import ATTENTION, UNCOMPARED
from twin.crs import WGS84, CRSName, gcj02_to_wgs84
from twin.frame import CityFrame

Floats = NDArray[np.float64]


def place_notes(x: Floats, y: Floats, crs: CRSName, frame: CityFrame, trusted: Trusted) -> tuple[str, ...]:
    """Return one sentence for each thing that is wrong, or may be, with coordinates; none is changed.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        As they came; NaN where a row has none.
    crs : CRSName
        What they are taken to be in.
    frame : CityFrame
        The city they should lie in.
    trusted : Trusted
        What they are compared with to see a GCJ-02 or BD-09 shift.

    Returns
    -------
    tuple of str
        How many rows lie outside the city, at 0, 0 or with their axes exchanged; how far the points lie
        from where they should, where that can be measured.

    Examples
    --------
    >>> from twin.crs import WGS84
    >>> city = CityFrame("丽州市", "EPSG:4549", (119.9, 28.7, 120.2, 29.0))
    >>> place_notes(np.array([120.0, 116.4]), np.array([28.8, 39.9]), WGS84, city, Trusted())[0][:45]
    '1 rows whose place lies outside the city (119'
    """
    placement = Placement(crs, region=expected_region(frame))
    lon, lat = placement.plain_lonlat(x, y)
    notes = [
        f"{n:,} rows whose place {fault.reason}: {fault.suggestion}"
        for fault in placement.faults(x, y, lon, lat)
        if (n := int(fault.is_bad.sum()))
    ]
    if crs.is_wgs84 or crs.is_shifted:
        is_placed = is_inside(lon, lat, placement.region)
        notes += _shift_notes(lon[is_placed], lat[is_placed], crs, trusted)
    return tuple(notes)


def _shift_notes(lon: Floats, lat: Floats, crs: CRSName, trusted: Trusted) -> list[str]:
    """Return what the points look like beside trusted features; nothing outside China."""
    if np.array_equal(gcj02_to_wgs84(lon, lat), (lon, lat)):
        return []
    finding = compared(lon, lat, trusted)
    if finding is None:
        return [UNCOMPARED]
    if finding.crs is None:
        return [finding.sentence]
    if finding.crs == (WGS84 if crs.is_wgs84 else crs):
        return [f"checked against trusted features: {finding.sentence}"]
    doubt = f"{ATTENTION}: taken as {crs}, but {finding.sentence}"
    return [f"{doubt}; if so ask again with --crs {finding.crs} (坐标偏移)"]
