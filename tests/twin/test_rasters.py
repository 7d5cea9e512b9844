from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from numpy.typing import NDArray
from pyproj import Geod

from twin.errors import (
    DamagedLayerError,
    InvalidLayerError,
    InvalidQueryError,
    StorageError,
    UnknownLayerError,
)
from twin.raster_extent import lonlat_bbox, pixel_size_m, pixel_window
from twin.raster_source import RasterSource
from twin.rasters import raster_version, raster_versions, read_window, store_raster
from twin.terrain import Terrain

TRANSFORM = Affine(5.0, 0.0, 500_000.0, 0.0, -5.0, 3_200_000.0)


def ground(rows: int = 600, cols: int = 700) -> NDArray[np.float32]:
    """Return seeded elevations with a hole."""
    values = np.random.default_rng(7).normal(100.0, 20.0, (rows, cols)).astype(np.float32)
    values[20:40, 30:60] = np.nan
    return values


def write(path: Path, values: NDArray[Any], *, crs: str = "EPSG:4549", **profile: Any) -> RasterSource:
    """Write a plain GeoTIFF and return it as a source."""
    settings = {"transform": TRANSFORM, "nodata": np.nan, **profile}
    rows, cols = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=cols, height=rows, count=1, dtype=values.dtype, crs=crs, **settings
    ) as file:
        file.write(values, 1)
    return RasterSource(str(path), crs, path.name, "00")


def files(city: Path) -> list[str]:
    return sorted(path.name for path in (city / "rasters").iterdir())


def test_stored_raster_reads_back_bit_by_bit(tmp_path: Path) -> None:
    values = ground()
    version = store_raster(tmp_path, "dem", write(tmp_path / "a.tif", values))
    found, transform = read_window(tmp_path, version)
    assert np.array_equal(found, values, equal_nan=True)
    assert transform == TRANSFORM
    assert (version.n_values, version.shape) == (int(np.isfinite(values).sum()), values.shape)
    assert version.minimum == float(np.nanmin(values))
    assert version.maximum == float(np.nanmax(values))
    assert version == raster_version(tmp_path, "dem")


def test_stored_file_is_cloud_optimised_with_overviews(tmp_path: Path) -> None:
    version = store_raster(tmp_path, "dem", write(tmp_path / "a.tif", ground(1100, 1200)))
    with rasterio.open(tmp_path / version.path) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.overviews(1)
        assert dataset.block_shapes == [(512, 512)]
        assert np.isnan(dataset.nodata)


def test_scale_offset_and_range_make_the_values(tmp_path: Path) -> None:
    raw = np.array([[0, 1000, 2000, 32767, -32768]], np.int16)
    plain = write(tmp_path / "a.tif", raw, nodata=-32768)
    source = RasterSource(
        plain.path, plain.crs, "a.tif", "00", scale=0.1, offset=-10.0, lowest=-500.0, highest=3000.0
    )
    version = store_raster(tmp_path, "dem", source)
    expected = np.array([[-10.0, 90.0, 190.0, np.nan, np.nan]], np.float32)
    assert np.array_equal(read_window(tmp_path, version)[0], expected, equal_nan=True)


def test_classes_stay_whole_numbers_and_unknown_ones_become_nothing(tmp_path: Path) -> None:
    raw = np.array([[10, 80, 7, 0]], np.uint8)
    plain = write(tmp_path / "a.tif", raw, nodata=0)
    version = store_raster(
        tmp_path, "cover", RasterSource(plain.path, plain.crs, "a.tif", "00", classes=(10, 80))
    )
    values, _ = read_window(tmp_path, version)
    assert values.dtype == np.uint8
    assert values.tolist() == [[10, 80, 0, 0]]
    with pytest.raises(InvalidLayerError, match="classes"):
        Terrain.open(tmp_path, "cover")


def test_new_version_stands_beside_the_old_and_the_oldest_goes(tmp_path: Path) -> None:
    source = write(tmp_path / "a.tif", ground(8, 8))
    for number in range(1, 6):
        assert store_raster(tmp_path, "dem", source).version == number
    assert [version.version for version in raster_versions(tmp_path)["dem"]] == [3, 4, 5]
    assert files(tmp_path) == ["dem.v3.tif", "dem.v4.tif", "dem.v5.tif", "rasters.json"]


def test_reader_keeps_the_version_that_it_opened(tmp_path: Path) -> None:
    store_raster(tmp_path, "dem", write(tmp_path / "a.tif", np.full((4, 4), 1.0, np.float32)))
    terrain = Terrain.open(tmp_path)
    store_raster(tmp_path, "dem", write(tmp_path / "b.tif", np.full((4, 4), 2.0, np.float32)))
    assert terrain.window().elevation_m.mean() == 1.0
    assert Terrain.open(tmp_path).window().elevation_m.mean() == 2.0


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """Make every write beyond so many bytes of a file fail, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.99, 0.9999])
def test_full_disk_leaves_the_old_version_in_force(tmp_path: Path, share: float) -> None:
    source = write(tmp_path / "a.tif", ground())
    first = store_raster(tmp_path, "dem", source)
    with largest_file(int(first.size * share)), pytest.raises(StorageError, match="version 1 stays in force"):
        store_raster(tmp_path, "dem", source)
    assert raster_version(tmp_path, "dem") == first
    assert files(tmp_path) == ["dem.v1.tif", "rasters.json"]


def test_file_that_does_not_read_back_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "a.tif", ground())
    true_copy = rasterio.shutil.copy

    def lossy_copy(raw: Path, path: Path, **options: Any) -> None:
        with rasterio.open(raw, "r+") as dataset:
            dataset.write(np.zeros((1, 5), np.float32), 1, window=((300, 301), (300, 305)))
        true_copy(raw, path, **options)

    monkeypatch.setattr(rasterio.shutil, "copy", lossy_copy)
    with pytest.raises(StorageError, match="does not read back"):
        store_raster(tmp_path, "dem", source)
    assert files(tmp_path) == []
    assert raster_versions(tmp_path) == {}


def test_killed_before_the_catalog_leaves_the_old_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "a.tif", ground(8, 8))
    first = store_raster(tmp_path, "dem", source)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("twin.rasters._write_catalog", full)
    with pytest.raises(StorageError, match="No space left"):
        store_raster(tmp_path, "dem", source)
    assert raster_version(tmp_path, "dem") == first
    monkeypatch.undo()
    assert store_raster(tmp_path, "dem", source).version == 2


def test_raster_without_a_value_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "a.tif", np.full((4, 4), np.nan, np.float32))
    with pytest.raises(InvalidLayerError, match="no value"):
        store_raster(tmp_path, "dem", source)
    assert raster_versions(tmp_path) == {}


@pytest.mark.parametrize("name", ["", "../dem", "DEM", "a b", "x" * 60])
def test_name_that_is_no_identifier_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidLayerError, match="identifier"):
        store_raster(tmp_path, name, RasterSource("absent.tif", "EPSG:4549", "absent.tif", "00"))


def test_source_that_vanished_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="none of this name yet"):
        store_raster(tmp_path, "dem", RasterSource("absent.tif", "EPSG:4549", "absent.tif", "00"))


def test_unknown_raster_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayerError, match="no raster 'dem'; it has none"):
        raster_version(tmp_path, "dem")


def test_damage_is_found_when_a_raster_is_opened(tmp_path: Path) -> None:
    version = store_raster(tmp_path, "dem", write(tmp_path / "a.tif", ground(8, 8)))
    path = tmp_path / version.path
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(DamagedLayerError, match="instead of"):
        raster_version(tmp_path, "dem")
    path.unlink()
    with pytest.raises(DamagedLayerError, match="is missing"):
        raster_version(tmp_path, "dem")
    (tmp_path / "rasters" / "rasters.json").write_text('{"dem": [{"name"')
    with pytest.raises(DamagedLayerError, match="cannot be read"):
        raster_version(tmp_path, "dem")
    (tmp_path / "rasters" / "rasters.json").write_text(json.dumps({"dem": [{"name": "dem"}]}))
    with pytest.raises(DamagedLayerError, match="cannot be read"):
        raster_version(tmp_path, "dem")


def test_broken_pixels_are_found_when_they_are_read(tmp_path: Path) -> None:
    version = store_raster(tmp_path, "dem", write(tmp_path / "a.tif", ground()))
    path = tmp_path / version.path
    path.write_bytes(b"\0" * version.size)
    with pytest.raises(DamagedLayerError):
        read_window(tmp_path, version)
    with pytest.raises(DamagedLayerError):
        Terrain.open(tmp_path).sample(*(version.bbox[:2]))


def test_window_of_a_box_holds_every_pixel_that_it_touches(tmp_path: Path) -> None:
    values = np.arange(48, dtype=np.float32).reshape(6, 8)
    lattice = Affine(0.5, 0.0, 120.0, 0.0, -0.5, 30.0)
    version = store_raster(
        tmp_path, "dem", write(tmp_path / "a.tif", values, crs="EPSG:4326", transform=lattice)
    )
    found, transform = read_window(tmp_path, version, (120.6, 28.4, 121.6, 29.2))
    assert found.tolist() == values[1:4, 1:4].tolist()
    assert transform @ (0, 0) == (120.5, 29.5)
    whole, _ = read_window(tmp_path, version, (0.0, 0.0, 180.0, 89.0))
    assert whole.shape == values.shape


@pytest.mark.parametrize(
    "bbox",
    [
        (120.0, 28.0, np.nan, 29.0),
        (121.0, 28.0, 120.0, 29.0),
        (28.0, 120.0, 29.0, 121.0),
        (10.0, 10.0, 11.0, 11.0),
    ],
)
def test_bad_or_foreign_box_is_refused(bbox: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidQueryError, match="bbox"):
        pixel_window("EPSG:4326", Affine(0.5, 0.0, 120.0, 0.0, -0.5, 30.0), (4, 4), bbox)


def test_pixel_of_a_lon_lat_raster_is_measured_on_the_ellipsoid() -> None:
    width_m, height_m = pixel_size_m("EPSG:4326", Affine(0.001, 0.0, 120.0, 0.0, -0.001, 30.0), (2, 2))
    geod = Geod(ellps="WGS84")
    assert width_m == pytest.approx(geod.inv(120.001, 29.999, 120.002, 29.999)[2], abs=1e-6)
    assert height_m == pytest.approx(geod.inv(120.001, 29.999, 120.001, 29.998)[2], abs=1e-6)


def test_pixel_in_feet_is_told_in_metres() -> None:
    # EPSG:2263 measures in US survey feet of 1200/3937 m.
    size = pixel_size_m("EPSG:2263", Affine(10.0, 0.0, 980_000.0, 0.0, -10.0, 200_000.0), (2, 2))
    assert size == pytest.approx((12_000 / 3937, 12_000 / 3937))


def test_extent_holds_all_corners_of_a_turned_raster() -> None:
    turned = Affine(0.1, 0.1, 120.0, 0.1, -0.1, 30.0)
    assert lonlat_bbox("EPSG:4326", turned, (10, 10)) == pytest.approx((120.0, 29.0, 122.0, 31.0))
