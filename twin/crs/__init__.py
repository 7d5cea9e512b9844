"""Coordinate reference systems: names, working systems, the shifts of GCJ-02 and BD-09, recognition.

Inside, everything is lon, lat degrees in WGS 84 / CGCS2000 (treated as equal) or the city's projected metres;
anything else is converted at the border, once.
"""

from twin.crs.names import WGS84, CRSName, parse_crs
from twin.crs.projection import accuracy_m, projected_crs, to_lonlat, to_working, working_crs
from twin.crs.recognition import Recognition, Shift, measured_shift, recognise
from twin.crs.shift import (
    Coordinates,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

__all__ = [
    "WGS84",
    "CRSName",
    "Coordinates",
    "Recognition",
    "Shift",
    "accuracy_m",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "measured_shift",
    "parse_crs",
    "projected_crs",
    "recognise",
    "to_lonlat",
    "to_wgs84",
    "to_working",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
    "working_crs",
]
