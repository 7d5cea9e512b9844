"""The shape of the ground: a flat valley floor between hills that running water has cut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from sample_data.generator._erosion import accumulate, drainage, incise
from sample_data.generator.frame import HALF_M, stream
from sample_data.generator.river import River, canals, rivers
from sample_data.generator.skeleton import town

Floats = NDArray[np.float64]

PIXEL_M = 50.0
EDGE_M = HALF_M + 600.0
_N = int(2 * EDGE_M / PIXEL_M) + 1
HILLOCKS = (
    (-1060.0, 1080.0, 190.0, 34.0),
    (1500.0, -2900.0, 260.0, 46.0),
    (-4300.0, 900.0, 420.0, 78.0),
    (3900.0, -700.0, 210.0, 26.0),
    (5200.0, 3100.0, 380.0, 64.0),
)
"""x, y, radius, height of the lone hills in the plain, m."""


@dataclass(frozen=True)
class Ground:
    """Heights on a square raster of ``PIXEL_M``, row 0 in the south, and what the water does on it."""

    height_m: Floats
    plain: Floats
    """0 on a river, 1 at the edge of the valley floor, more in the hills."""
    distance_m: Floats
    receiver: NDArray[np.int64]
    area_m2: Floats

    def sample(self, xy: ArrayLike, field: Floats | None = None) -> Floats:
        """Return height (or another raster's value) at local points, bilinear, shape (n,)."""
        points = np.asarray(xy, np.float64).reshape(-1, 2)
        rows_cols = np.stack([(points[:, 1] + EDGE_M) / PIXEL_M, (points[:, 0] + EDGE_M) / PIXEL_M])
        raster = self.height_m if field is None else field
        value: Floats = ndimage.map_coordinates(raster, rows_cols, order=1, mode="nearest")
        return value


def pixel_centres() -> Floats:
    """Return local x, y of all pixels, row by row from the south-west, shape (n, 2), m."""
    axis = np.arange(_N) * PIXEL_M - EDGE_M
    return np.stack([np.tile(axis, _N), np.repeat(axis, _N)], axis=1)


def smooth_noise(name: str, wavelength_m: float, n: int = _N, pixel_m: float = PIXEL_M) -> Floats:
    """Return seeded noise of one wavelength on an n x n raster, mean 0, deviation 1."""
    white = stream("noise " + name).normal(size=(n, n))
    smooth = ndimage.gaussian_filter(white, wavelength_m / pixel_m / 4, mode="wrap")
    normal: Floats = (smooth - smooth.mean()) / smooth.std()
    return normal


def _nearest_river(courses: tuple[River, ...]) -> tuple[Floats, Floats, Floats]:
    """Return distance to the next river, its level and its valley half width for each pixel."""
    level, valley = np.full((_N, _N), np.nan), np.full((_N, _N), np.nan)
    for course in reversed(courses):
        at = np.rint((course.points + EDGE_M) / PIXEL_M).astype(int)
        inside = ((at >= 0) & (at < _N)).all(axis=1)
        col, row = at[inside].T
        level[row, col], valley[row, col] = course.level_m[inside], course.valley_m[inside]
    distance, (row, col) = ndimage.distance_transform_edt(np.isnan(level), return_indices=True)
    return (
        distance * PIXEL_M,
        ndimage.gaussian_filter(level[row, col], 5),
        ndimage.gaussian_filter(valley[row, col], 6),
    )


def _hills(plain: Floats, floor_m: Floats) -> Floats:
    """Return heights after uplift and river incision outside the valley floor."""
    uplift = np.clip((plain - 1.0) / 2.6, 0, 1) ** 0.8 * (1 + 0.3 * smooth_noise("uplift", 5200))
    height = floor_m + np.clip(plain - 1, 0, 1) * (12 + 6 * smooth_noise("start", 500))
    is_floor = plain < 1.0
    for turn in range(60):
        receiver, order = drainage(height, is_floor)
        area = accumulate(receiver, order, PIXEL_M**2)
        incise(height, 7.5 * np.clip(uplift, 0, None), receiver, order, area, PIXEL_M, 0.32)
        if turn % 6 == 5:
            height = np.where(is_floor, floor_m, ndimage.gaussian_filter(height, 0.7))
    return height


@cache
def ground() -> Ground:
    """Return the ground of the county."""
    distance, level, valley = _nearest_river(rivers())
    warp = 1 + 0.22 * smooth_noise("valley", 2600) + 0.1 * smooth_noise("valley fine", 900)
    plain = distance / np.maximum(valley, 150) * np.clip(warp, 0.45, 1.7)
    town_m = shapely.distance(shapely.points(pixel_centres()), town()).reshape(_N, _N)
    plain = np.minimum(plain, 0.55 + town_m / 900)
    floor = (
        level
        + 2.4
        + 1.4 * np.clip(distance / 500, 0, 1)
        + 0.0019 * distance
        + 0.35 * smooth_noise("floor", 800)
    )
    height = _hills(plain, floor)
    height = np.where(plain < 1, floor, height) + np.clip(plain - 1, 0, 1) * 2.0 * smooth_noise("grain", 260)
    height = np.round(ndimage.gaussian_filter(height, 0.8), 3)
    x, y = pixel_centres().reshape(_N, _N, 2).transpose(2, 0, 1)
    for east, north, radius, top in HILLOCKS:
        far = np.hypot(x - east, (y - north) * 1.25) * (1 + 0.15 * smooth_noise("hillock", 500)) / radius
        height += top * np.exp(-(far**2.4))
    is_water = distance < 1.1 * PIXEL_M
    for canal in canals():
        at = np.rint((canal.points + EDGE_M) / PIXEL_M).astype(int)
        is_water[at[:, 1], at[:, 0]] = True
    wobble = height + np.where(plain < 1.2, 0.9 * smooth_noise("creek", 420), 0)
    receiver, order = drainage(wobble, is_water)
    area = accumulate(receiver, order, PIXEL_M**2)
    receiver = np.where(is_water.ravel(), -1, receiver)
    return Ground(np.round(height, 3), plain, distance, receiver, area)
