"""dem_30m.tif, dem_5m_centre.tif and landcover.tif."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import Affine
from scipy import ndimage
from scipy.spatial import cKDTree

from sample_data.generator.buildings import buildings
from sample_data.generator.frame import CRS, HALF_M, ORIGIN, border
from sample_data.generator.landcover import land_cover
from sample_data.generator.network import network
from sample_data.generator.river import canals, lake, river_water, rivers
from sample_data.generator.skeleton import UNDERPASS, railway
from sample_data.generator.terrain import ground, smooth_noise

Floats = NDArray[np.float64]

CENTRE_5M = (-1300.0, -900.0, 1700.0, 2100.0)
"""xmin, ymin, xmax, ymax of the 5 m raster, local metres."""
_DIVE_M, _RAMP_M, _DIVE_HALF_WIDTH_M = 5.2, 120.0, 11.0
NODATA_M = -9999.0


def _grid(bounds: tuple[float, float, float, float], pixel_m: float) -> tuple[Affine, int, int, Floats]:
    """Return transform, rows, columns and the local x, y of pixel centres of a north-up raster."""
    cols, rows = round((bounds[2] - bounds[0]) / pixel_m), round((bounds[3] - bounds[1]) / pixel_m)
    transform = Affine(pixel_m, 0, bounds[0], 0, -pixel_m, bounds[3])
    x = bounds[0] + (np.arange(cols) + 0.5) * pixel_m
    y = bounds[3] - (np.arange(rows) + 0.5) * pixel_m
    return transform, rows, cols, np.stack([np.tile(x, rows), np.repeat(y, cols)], axis=1)


def _cut_water(
    height: Floats,
    xy: Floats,
    transform: Affine,
    courses: tuple[tuple[shapely.Geometry, Floats, Floats, float], ...],
) -> Floats:
    """Return heights with beds and banks cut in: area, points and level of each water, and its depth."""
    shape, pixel = height.shape, transform.a
    for area, points, level, depth in courses:
        wet = features.rasterize([(area, 1)], shape, transform=transform, all_touched=True) == 1
        if not wet.any():
            continue
        near = level[cKDTree(points).query(xy)[1]].reshape(shape)
        bank_m = ndimage.distance_transform_edt(~wet) * pixel
        inside_m = ndimage.distance_transform_edt(wet) * pixel
        bed = near - depth * np.clip(inside_m / 12, 0.4, 1)
        bank = near + 0.5 + 0.4 * bank_m
        height = np.where(wet, bed, np.where(bank_m < 30, np.minimum(height, bank), height))
    return height


def _waters(*, has_canals: bool) -> tuple[tuple[shapely.Geometry, Floats, Floats, float], ...]:
    """Return area, line points, level and depth of the waters that a raster can show."""
    seen = [river for river in rivers() if has_canals or river.width_m.mean() > 30]
    rows = [(river_water().intersection(river.area), river.points, river.level_m, 3.2) for river in seen]
    if has_canals:
        rows += [(canal.area, canal.points, canal.level_m, 2.0) for canal in canals()]
        middle = np.array([lake().centroid.coords[0]])
        rows.append((lake(), middle, np.array([41.3]), 2.4))
    return tuple(rows)


def _cut_underpass(height: Floats, xy: Floats) -> Floats:
    """Return heights with the hollow around the underpass, its ramps and the railway embankment."""
    shape = height.shape
    centre = np.array(UNDERPASS)
    hollow = 0.9 * np.exp(-((np.hypot(*(xy - centre).T) / 170) ** 2)).reshape(shape)
    height = height - hollow
    level = float(height.ravel()[np.argmin(np.hypot(*(xy - centre).T))])
    spots = shapely.points(xy)
    rail_m = shapely.distance(spots, railway()).reshape(shape)
    height = np.maximum(height, np.where(rail_m < 14, level + 3.0 - np.maximum(rail_m - 5, 0) * 0.33, -99))
    net = network()
    road = [line for line, s in zip(net.lines, net.street, strict=True) if net.streets[s].name == "解放北路"]
    near = shapely.union_all(road).intersection(shapely.Point(UNDERPASS).buffer(_RAMP_M + 60))
    off_m = shapely.distance(spots, near).reshape(shape)
    along_m = np.hypot(*(xy - centre).T).reshape(shape)
    dive = level - _DIVE_M * np.clip(1 - along_m / _RAMP_M, 0, 1)
    return np.where((off_m < _DIVE_HALF_WIDTH_M) & (along_m < _RAMP_M), np.minimum(height, dive), height)


@cache
def elevation(bounds: tuple[float, float, float, float], pixel_m: float) -> tuple[Affine, Floats]:
    """Return transform (local metres) and heights of the bare ground, m, NaN outside the county."""
    transform, rows, cols, xy = _grid(bounds, pixel_m)
    height = ground().sample(xy).reshape(rows, cols)
    is_fine = pixel_m < 10
    if is_fine:
        height = height + 0.08 * smooth_noise("fine ground", 40, max(rows, cols), pixel_m)[:rows, :cols]
    height = _cut_water(height, xy, transform, _waters(has_canals=is_fine))
    if is_fine:
        height = _cut_underpass(height, xy)
    inside = features.rasterize([(border(), 1)], (rows, cols), transform=transform) == 1
    return transform, np.where(inside, height, np.nan)


def _profile(transform: Affine, shape: tuple[int, int]) -> dict[str, object]:
    """Return the rasterio profile of a raster given in local metres."""
    moved = Affine.translation(*ORIGIN) @ transform
    return {
        "driver": "GTiff",
        "width": shape[1],
        "height": shape[0],
        "count": 1,
        "crs": CRS,
        "transform": moved,
        "compress": "deflate",
        "zlevel": 9,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }


def write_dem_30m(path: Path) -> None:
    """Write the county at 30 m as float32 metres."""
    transform, height = elevation((-HALF_M, -HALF_M, HALF_M + 10, HALF_M + 10), 30.0)
    with rasterio.open(
        path, "w", dtype="float32", nodata=NODATA_M, predictor=3, **_profile(transform, height.shape)
    ) as file:
        file.write(np.where(np.isnan(height), NODATA_M, np.round(height * 8) / 8).astype(np.float32), 1)
        file.units = ("m",)
        file.update_tags(VERTICAL_DATUM="1985 国家高程基准")


def write_dem_5m(path: Path) -> None:
    """Write the centre at 5 m as whole centimetres with a scale of 0.01."""
    transform, height = elevation(CENTRE_5M, 5.0)
    with rasterio.open(
        path, "w", dtype="int16", nodata=-32768, predictor=2, **_profile(transform, height.shape)
    ) as file:
        file.write(np.where(np.isnan(height), -32768, np.rint(height * 100)).astype(np.int16), 1)
        file.scales, file.offsets = (0.01,), (0.0,)
        file.units = ("m",)
        file.update_tags(VERTICAL_DATUM="1985 国家高程基准")


def write_land_cover(path: Path) -> None:
    """Write the land cover at 30 m, classes of ESA WorldCover, 0 outside the county."""
    transform, rows, _, _ = _grid((-HALF_M, -HALF_M, HALF_M + 10, HALF_M + 10), 30.0)
    classes = land_cover(transform, rows, [one.footprint for one in buildings()])
    with rasterio.open(path, "w", dtype="uint8", nodata=0, **_profile(transform, classes.shape)) as file:
        file.write(classes, 1)
