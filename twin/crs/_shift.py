"""Kernels of the GCJ-02 and BD-09 shifts, point by point.

The formulas are those in general use; their owners published neither. Each inverse repeats "take off the
shift found at the last guess": a shift changes by about 1 % of the distance moved, so four rounds leave a few
micrometres of 600 m.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

ROUNDS = 4
KRASOVSKY_A_M = 6_378_245.0
KRASOVSKY_E2 = 0.006_693_421_622_965_943_23
# The customary box around China, lon and lat degrees; outside it GCJ-02 is WGS 84.
WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
BAIDU_WAVE = math.pi * 3000.0 / 180.0
BAIDU_EAST_DEG, BAIDU_NORTH_DEG = 0.0065, 0.006


@njit(cache=True, nogil=True)
def _in_china(lon: float, lat: float) -> bool:
    """Return whether GCJ-02 shifts this WGS 84 point."""
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


@njit(cache=True, nogil=True)
def _gcj_shift(lon: float, lat: float) -> tuple[float, float]:
    """Return the shift of a WGS 84 point, degrees of lon, lat."""
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    pi = math.pi
    ripple = 20.0 * math.sin(6.0 * pi * x) + 20.0 * math.sin(2.0 * pi * x)
    east_waves = 20.0 * math.sin(pi * x) + 40.0 * math.sin(pi * x / 3.0)
    east_waves += 150.0 * math.sin(pi * x / 12.0) + 300.0 * math.sin(pi * x / 30.0)
    north_waves = 20.0 * math.sin(pi * y) + 40.0 * math.sin(pi * y / 3.0)
    north_waves += 160.0 * math.sin(pi * y / 12.0) + 320.0 * math.sin(pi * y / 30.0)
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + (ripple + east_waves) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (ripple + north_waves) * 2.0 / 3.0
    sine = math.sin(math.radians(lat))
    w2 = 1.0 - KRASOVSKY_E2 * sine * sine
    meridian_m = KRASOVSKY_A_M * (1.0 - KRASOVSKY_E2) / (w2 * math.sqrt(w2))
    parallel_m = KRASOVSKY_A_M / math.sqrt(w2) * math.cos(math.radians(lat))
    return math.degrees(east_m / parallel_m), math.degrees(north_m / meridian_m)


@njit(cache=True, nogil=True)
def _baidu_from_gcj(lon: float, lat: float) -> tuple[float, float]:
    """Return the BD-09 coordinates of a GCJ-02 point."""
    reach = math.sqrt(lon * lon + lat * lat) + 0.000_02 * math.sin(lat * BAIDU_WAVE)
    angle = math.atan2(lat, lon) + 0.000_003 * math.cos(lon * BAIDU_WAVE)
    return reach * math.cos(angle) + BAIDU_EAST_DEG, reach * math.sin(angle) + BAIDU_NORTH_DEG


@njit(cache=True, nogil=True)
def gcj02_from_wgs84(
    lon: NDArray[np.float64], lat: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Write the GCJ-02 coordinates x, y (n,) of WGS 84 points (n,)."""
    for row in range(lon.shape[0]):
        x[row], y[row] = lon[row], lat[row]
        if _in_china(lon[row], lat[row]):
            east, north = _gcj_shift(lon[row], lat[row])
            x[row] += east
            y[row] += north


@njit(cache=True, nogil=True)
def wgs84_from_gcj02(
    lon: NDArray[np.float64], lat: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Write the WGS 84 coordinates x, y (n,) of GCJ-02 points (n,)."""
    for row in range(lon.shape[0]):
        guess_x, guess_y = lon[row], lat[row]
        for _ in range(ROUNDS):
            east, north = _gcj_shift(guess_x, guess_y)
            guess_x, guess_y = lon[row] - east, lat[row] - north
        inside = _in_china(guess_x, guess_y)
        x[row] = guess_x if inside else lon[row]
        y[row] = guess_y if inside else lat[row]


@njit(cache=True, nogil=True)
def bd09_from_gcj02(
    lon: NDArray[np.float64], lat: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Write the BD-09 coordinates x, y (n,) of GCJ-02 points (n,)."""
    for row in range(lon.shape[0]):
        x[row], y[row] = _baidu_from_gcj(lon[row], lat[row])


@njit(cache=True, nogil=True)
def gcj02_from_bd09(
    lon: NDArray[np.float64], lat: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Write the GCJ-02 coordinates x, y (n,) of BD-09 points (n,)."""
    for row in range(lon.shape[0]):
        guess_x, guess_y = lon[row] - BAIDU_EAST_DEG, lat[row] - BAIDU_NORTH_DEG
        for _ in range(ROUNDS):
            there_x, there_y = _baidu_from_gcj(guess_x, guess_y)
            guess_x += lon[row] - there_x
            guess_y += lat[row] - there_y
        x[row], y[row] = guess_x, guess_y
