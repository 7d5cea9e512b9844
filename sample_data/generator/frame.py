"""Where the made-up county lies: its origin, its border, its random streams, its coordinates.

All of the generator works in local metres: x east, y north of ``ORIGIN`` in EPSG:4549.
"""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer
from shapely.geometry import Polygon

from sample_data.generator.curves import closed_curve, km

Floats = NDArray[np.float64]

SEED = 339900
CRS = "EPSG:4549"
ORIGIN = (503_900.0, 3_197_000.0)
"""Easting and northing of the local zero in EPSG:4549, m."""
ZONE_40_PREFIX = 40_000_000.0
"""What EPSG:4528 adds to an easting in front of EPSG:4549, m."""
HALF_M = 10_000.0
"""The county lies within this many metres of the origin, in x and in y."""

_BORDER_KM = """
    -9.7 -6.2, -9.9 -2.6, -9.6 1.4, -9.8 4.9, -8.6 7.9, -5.9 9.3, -2.6 9.8, 0.9 9.5, 3.7 9.9, 6.8
    9.2, 9.1 7.6, 9.8 4.6, 9.7 0.8, 9.9 -2.9, 9.3 -6.4, 7.4 -8.8, 4.2 -9.7, 0.8 -9.4, -2.9 -9.9,
    -6.6 -9.4, -8.9 -8.1
"""


def stream(name: str) -> np.random.Generator:
    """Return the random numbers of one subject, the same in every run and for any order of subjects."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


@cache
def border() -> Polygon:
    """Return the county border, local metres."""
    rng = stream("border")
    ring = closed_curve(km(_BORDER_KM), spacing_m=300.0)
    wobble = np.convolve(np.r_[w := rng.normal(0, 110.0, len(ring)), w, w], np.hanning(9), "same")
    offset = wobble[len(ring) : 2 * len(ring)]
    radius = np.hypot(*ring.T)
    ring = ring * (1 - np.abs(offset) / radius)[:, None]
    return Polygon(np.round(closed_curve(ring, spacing_m=60.0), 1))


@cache
def _transformer() -> Transformer:
    return Transformer.from_crs(CRS, "EPSG:4490", always_xy=True)


def to_lonlat(xy: ArrayLike) -> Floats:
    """Return lon, lat degrees (CGCS2000) of local metres, shape (n, 2) -> (n, 2), to 1e-7 degrees."""
    points = np.asarray(xy, np.float64).reshape(-1, 2) + ORIGIN
    return np.round(np.column_stack(_transformer().transform(points[:, 0], points[:, 1])), 7)


def to_projected(geometries: ArrayLike) -> NDArray[np.object_]:
    """Return shapely geometries moved from local metres to EPSG:4549."""
    moved: NDArray[np.object_] = shapely.transform(geometries, lambda xy: np.round(xy + ORIGIN, 3))
    return moved


def to_gcj02(lonlat: Floats) -> Floats:
    """Return GCJ-02 lon, lat of WGS 84 lon, lat, degrees, shape (n, 2) -> (n, 2), to 1e-6 degrees.

    Notes
    -----
    The public forward formula, on the Krasovsky 1940 ellipsoid.
    """
    axis_m, eccentricity2 = 6378245.0, 0.00669342162296594323
    x, y = lonlat[:, 0] - 105.0, lonlat[:, 1] - 35.0
    waves = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + waves
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + waves
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    latitude = np.radians(lonlat[:, 1])
    magic = 1 - eccentricity2 * np.sin(latitude) ** 2
    north = np.degrees(north / (axis_m * (1 - eccentricity2) / magic**1.5))
    east = np.degrees(east / (axis_m / np.sqrt(magic) * np.cos(latitude)))
    return np.round(lonlat + np.column_stack([east, north]), 6)
