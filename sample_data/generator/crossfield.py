"""The direction that streets take: a field of crosses that bends along rivers and main roads."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from sample_data.generator.curves import resample, tangents
from sample_data.generator.frame import HALF_M
from sample_data.generator.river import canals, rivers
from sample_data.generator.skeleton import main_streets, old_town, railway
from sample_data.generator.terrain import smooth_noise

Floats = NDArray[np.float64]

PIXEL_M = 50.0
_N = int(2 * HALF_M / PIXEL_M) + 1
_REACHES_M = (120.0, 300.0, 700.0, 1600.0)
_OLD_TOWN_SWAY_RAD = 0.30


@cache
def crosses() -> NDArray[np.complex128]:
    """Return unit complex numbers of four times the street angle on a raster, row 0 in the south.

    Four times, since a street grid looks the same after a quarter turn: the mean of crosses is
    then an ordinary mean.
    """
    lines = [street.line for street in main_streets()] + [railway()]
    lines += [river.line for river in (*rivers(), *canals())]
    seeds = np.zeros((_N, _N), np.complex128)
    for line in lines:
        points = resample(np.asarray(line.coords), 25.0)
        at = np.rint((points + HALF_M) / PIXEL_M).astype(int)
        inside = ((at >= 0) & (at < _N)).all(axis=1)
        angle = np.arctan2(*tangents(points).T[::-1])
        np.add.at(seeds, (at[inside, 1], at[inside, 0]), np.exp(4j * angle[inside]))
    total = np.zeros_like(seeds)
    for reach in _REACHES_M:
        weight = (PIXEL_M / reach) ** 0.7
        total += weight * ndimage.gaussian_filter(seeds, reach / PIXEL_M, mode="constant", truncate=5.0)
    axis = np.arange(_N) * PIXEL_M - HALF_M
    is_old = shapely.contains_xy(old_town(), *np.meshgrid(axis, axis))
    sway = (
        _OLD_TOWN_SWAY_RAD
        * smooth_noise("lanes", 420, _N, PIXEL_M)
        * ndimage.gaussian_filter(is_old * 1.0, 3)
    )
    sway += 0.05 * smooth_noise("streets", 900, _N, PIXEL_M)
    unit: NDArray[np.complex128] = total / np.maximum(np.abs(total), 1e-12) * np.exp(4j * sway)
    return unit


def direction(x: float, y: float, heading: complex) -> complex:
    """Return the arm of the cross at a point that is nearest to a heading, as a unit complex number."""
    field = crosses()
    col, row = (x + HALF_M) / PIXEL_M, (y + HALF_M) / PIXEL_M
    c, r = min(max(int(col), 0), _N - 2), min(max(int(row), 0), _N - 2)
    u, v = col - c, row - r
    value = (field[r, c] * (1 - u) + field[r, c + 1] * u) * (1 - v)
    value += (field[r + 1, c] * (1 - u) + field[r + 1, c + 1] * u) * v
    if abs(value) < 1e-3:
        return heading
    arm = complex(value / abs(value)) ** 0.25
    return max((arm * turn for turn in (1, 1j, -1, -1j)), key=lambda one: (one * heading.conjugate()).real)
