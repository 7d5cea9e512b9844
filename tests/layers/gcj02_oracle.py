"""GCJ-02 of one WGS 84 point, slowly and plainly, to judge what the importers convert."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

A, EE = 6378245.0, 0.00669342162296594323


def gcj02_of(lon: float, lat: float) -> tuple[float, float]:
    """Return lon, lat in GCJ-02 degrees by the forward formula in public use."""
    x, y = lon - 105.0, lat - 35.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    d_lat += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lat += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    d_lat += (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    d_lon += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lon += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    d_lon += (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
    radians = lat / 180.0 * pi
    magic = 1 - EE * sin(radians) ** 2
    d_lat = d_lat * 180.0 / (A * (1 - EE) / (magic * sqrt(magic)) * pi)
    d_lon = d_lon * 180.0 / (A / sqrt(magic) * cos(radians) * pi)
    return lon + d_lon, lat + d_lat
