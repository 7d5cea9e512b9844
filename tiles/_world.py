"""Kernel of the projection to the world grid."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

SIDE = 2.0**40
HALF = 2.0**39


@njit(cache=True, nogil=True)
def project(lonlat: NDArray[np.float64], steps: NDArray[np.int64]) -> None:
    """Fill steps (n, 2) with Web Mercator x east, y south of lonlat (n, 2), rounded."""
    for i in range(lonlat.shape[0]):
        lon, lat = lonlat[i, 0], lonlat[i, 1]
        if math.isnan(lon) or math.isnan(lat):
            steps[i, 0] = steps[i, 1] = -(1 << 39)
            continue
        lat = min(max(lat, -89.9), 89.9)
        x = math.floor(lon / 360.0 * SIDE + 0.5)
        y = math.floor(-math.asinh(math.tan(math.radians(lat))) / (2.0 * math.pi) * SIDE + 0.5)
        steps[i, 0] = np.int64(min(max(x, -HALF), HALF - 1.0))
        steps[i, 1] = np.int64(min(max(y, -HALF), HALF - 1.0))
