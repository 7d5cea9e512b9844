"""Kernels of distance on the WGS 84 / CGCS2000 ellipsoid: to points, lines and polygons, metres."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

SEMI_MAJOR_M = 6_378_137.0  # WGS 84 and CGCS2000 alike
FLATTENING = 1.0 / 298.257223563  # WGS 84; CGCS2000 differs in the ninth digit
SAME_PLACE = 1e-40  # square of half the angle between two places, rad**2: less than 1e-12 m
SMALLEST_RADIUS_M = SEMI_MAJOR_M * (1.0 - FLATTENING) ** 2
"""Smallest radius of curvature anywhere (the meridian at the equator): no degree is shorter."""


@njit(cache=True, nogil=True)
def distance_m(lon0: float, lat0: float, lon1: float, lat1: float) -> float:
    """Return the length of the geodesic by Andoyer and Lambert (Meeus, Astronomical Algorithms, chapter 11).

    Correct to about the flattening squared (1e-5), but for nearly antipodal points.
    """
    f = math.radians(0.5 * (lat0 + lat1))
    g = math.radians(0.5 * (lat0 - lat1))
    h = math.radians(0.5 * (lon0 - lon1))
    sin_f, cos_f = math.sin(f) ** 2, math.cos(f) ** 2
    sin_g, cos_g = math.sin(g) ** 2, math.cos(g) ** 2
    sin_h, cos_h = math.sin(h) ** 2, math.cos(h) ** 2
    s = sin_g * cos_h + cos_f * sin_h
    c = cos_g * cos_h + sin_f * sin_h
    if s < SAME_PLACE:
        return 0.0
    if c <= 1e-12:
        return math.pi * SEMI_MAJOR_M * (1.0 - 0.5 * FLATTENING)
    omega = math.atan2(math.sqrt(s), math.sqrt(c))
    r = 3.0 * math.sqrt(s * c) / omega
    bulge = (r - 1.0) / (2.0 * c) * sin_f * cos_g - (r + 1.0) / (2.0 * s) * cos_f * sin_g
    return 2.0 * omega * SEMI_MAJOR_M * (1.0 + FLATTENING * bulge)


@njit(cache=True, nogil=True)
def to_points(
    coords: NDArray[np.float64], rows: NDArray[np.int64], lon: float, lat: float
) -> NDArray[np.float64]:
    """Return the distance (k,) to each of these points, m."""
    distances = np.empty(rows.shape[0])
    for i in range(rows.shape[0]):
        distances[i] = distance_m(lon, lat, coords[rows[i], 0], coords[rows[i], 1])
    return distances


@njit(cache=True, nogil=True, inline="always")
def _wrapped(degrees: float) -> float:
    """Return a difference of longitudes as -180..180."""
    if degrees > 180.0:
        return degrees - 360.0
    if degrees < -180.0:
        return degrees + 360.0
    return degrees


@njit(cache=True, nogil=True)
def to_segments(
    coords: NDArray[np.float64],
    rings: NDArray[np.int64],
    first_rings: NDArray[np.int64],
    rows: NDArray[np.int64],
    lon: float,
    lat: float,
    is_area: bool,
) -> NDArray[np.float64]:
    """Return the distance (k,) to each of these lines, or polygons (0 inside), m.

    ``rings`` are coordinate offsets, ``first_rings[i]:first_rings[i + 1]`` the rings or parts of feature i.
    The nearest place is found in the plane that touches at the point, its distance on the ellipsoid.
    """
    shrink = math.cos(math.radians(lat))
    distances = np.empty(rows.shape[0])
    for i in range(rows.shape[0]):
        best = np.inf
        best_x = 0.0
        best_y = 0.0
        is_inside = False
        for ring in range(first_rings[rows[i]], first_rings[rows[i] + 1]):
            x0 = _wrapped(coords[rings[ring], 0] - lon)
            y0 = coords[rings[ring], 1] - lat
            for j in range(rings[ring], rings[ring + 1]):
                x1 = _wrapped(coords[j, 0] - lon)
                y1 = coords[j, 1] - lat
                dx = (x1 - x0) * shrink
                dy = y1 - y0
                length = dx * dx + dy * dy
                t = 0.0
                if length > 0.0:
                    t = min(1.0, max(0.0, -(x0 * shrink * dx + y0 * dy) / length))
                x = x0 + t * (x1 - x0)
                y = y0 + t * dy
                square = x * x * shrink * shrink + y * y
                if square < best:
                    best = square
                    best_x = x
                    best_y = y
                if (y0 > 0.0) != (y1 > 0.0) and x0 - y0 / dy * (x1 - x0) > 0.0:
                    is_inside = not is_inside
                x0 = x1
                y0 = y1
        if is_area and is_inside:
            distances[i] = 0.0
        else:
            distances[i] = distance_m(lon, lat, lon + best_x, lat + best_y)
    return distances
