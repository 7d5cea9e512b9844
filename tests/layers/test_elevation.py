from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray

from layers.elevation import read_elevation
from tests.reference import reference_path
from twin.errors import ImportRefusedError
from twin.frame import CityFrame
from twin.rasters import read_window, store_raster

ANYWHERE = CityFrame("丽州市", "EPSG:4549")
LIZHOU = CityFrame("丽州市", "EPSG:4549", (119.9, 28.7, 120.2, 29.0))
IN_LIZHOU = Affine(30.0, 0.0, 500_000.0, 0.0, -30.0, 3_200_000.0)
ASC = "ncols 3\nnrows 2\nxllcorner 500000\nyllcorner 3199000\ncellsize 30\nNODATA_value -9999\n"


def geotiff(path: Path, values: NDArray[Any], **settings: Any) -> Path:
    """Write a GeoTIFF; unit, scale and offset go to the band."""
    band = {key: settings.pop(key) for key in ("units", "scales", "offsets") if key in settings}
    shape = values.shape if values.ndim == 3 else (1, *values.shape)
    profile = {"crs": "EPSG:4549", "transform": IN_LIZHOU, "dtype": values.dtype, **settings}
    with rasterio.open(
        path, "w", driver="GTiff", count=shape[0], height=shape[1], width=shape[2], **profile
    ) as dataset:
        dataset.write(values.reshape(shape))
        for key, value in band.items():
            setattr(dataset, key, (value,))
    return path


def rough(rows: int = 40, cols: int = 50) -> NDArray[np.float32]:
    """Return seeded ground with 1 m of noise."""
    return np.random.default_rng(2).normal(100.0, 1.0, (rows, cols)).astype(np.float32)


def test_reference_ascii_in_a_zip_is_taken_whole(tmp_path: Path) -> None:
    path = reference_path("flood/merewether2007/topography1.zip")
    read = read_elevation(path, crs="EPSG:32756", frame=CityFrame("Merewether", "EPSG:32756"))
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.lower().endswith(".asc"))
        plain = np.loadtxt(archive.open(name), skiprows=6, dtype=np.float32)
    plain[plain == -9999] = np.nan
    version = store_raster(tmp_path, "dem", read)
    values, _ = read_window(tmp_path, version)
    assert np.array_equal(values, plain, equal_nan=True)
    assert {*version.shape} == {321, 416}
    assert version.resolution_m == pytest.approx((1.0, 1.0), abs=1e-3)
    assert read.report.rows_read == read.report.rows_taken == np.isfinite(plain).sum()


def test_reference_gzip_of_another_suffix_is_recognised_by_its_content() -> None:
    path = reference_path("flood/carlisle2005/carlisle-5m.dem.raw.gz")
    read = read_elevation(path, crs="EPSG:27700", frame=CityFrame("Carlisle", "EPSG:27700"))
    assert any("611 x 951 pixels of 5 x 5 m" in note for note in read.report.notes)


@pytest.mark.parametrize("packing", ["plain", "gzip", "zip"])
def test_ascii_grid_is_read_however_it_is_packed(tmp_path: Path, packing: str) -> None:
    content = (ASC + "1 2 3\n4 -9999 6.5\n").encode()
    path = tmp_path / {"plain": "地形.asc", "gzip": "地形.asc.gz", "zip": "地形.zip"}[packing]
    if packing == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("高程/地形.asc", content)
    else:
        path.write_bytes(gzip.compress(content) if packing == "gzip" else content)
    version = store_raster(tmp_path, "dem", read_elevation(path, crs="EPSG:4549", frame=LIZHOU))
    values, transform = read_window(tmp_path, version)
    assert np.array_equal(values, np.array([[1, 2, 3], [4, np.nan, 6.5]]), equal_nan=True)
    assert transform == Affine(30.0, 0.0, 500_000.0, 0.0, -30.0, 3_199_060.0)


def test_scaled_integers_in_feet_become_metres(tmp_path: Path) -> None:
    raw = np.array([[0, 1000, 20000, -32768]], np.int16)
    path = geotiff(tmp_path / "a.tif", raw, nodata=-32768, units="ft", scales=0.1, offsets=50.0)
    read = read_elevation(path, frame=LIZHOU)
    values, _ = read_window(tmp_path, store_raster(tmp_path, "dem", read))
    expected = [[50 * 0.3048, 150 * 0.3048, 2050 * 0.3048, np.nan]]
    assert values == pytest.approx(np.array(expected), abs=1e-4, nan_ok=True)
    assert any("multiplied by 0.1" in note for note in read.report.notes)
    assert any("ft are converted" in note for note in read.report.notes)


def test_spike_and_sink_are_reported_with_their_place_and_kept(tmp_path: Path) -> None:
    values = rough(1100, 40)
    values[10, 20], values[511, 7], values[512, 30] = 160.0, 40.0, 150.0  # two beside a strip's seam
    read = read_elevation(geotiff(tmp_path / "a.tif", values), frame=LIZHOU)
    found = {(item.row, item.field): item.came for item in read.report.rejections}
    assert found == {
        (11, "column 21"): "160 m",
        (512, "column 8"): "40 m",
        (513, "column 31"): "150 m",
    }
    assert read.report.rows_taken == values.size
    stored, _ = read_window(tmp_path, store_raster(tmp_path, "dem", read))
    assert stored[10, 20] == 160.0


def test_hillside_and_step_are_no_spikes(tmp_path: Path) -> None:
    row, col = np.mgrid[0:60, 0:60]
    hill = (30.0 * row + 5.0 * col).astype(np.float32)
    hill[:, 30:] += 40.0  # a retaining wall
    assert read_elevation(geotiff(tmp_path / "a.tif", hill), frame=LIZHOU).report.rejections == ()


def test_impossible_elevations_are_left_empty_and_reported(tmp_path: Path) -> None:
    values = rough()
    values[3, 4], values[5, 6] = 9999.0, -32768.0
    read = read_elevation(geotiff(tmp_path / "a.tif", values), frame=LIZHOU)
    assert (read.report.rows_read, read.report.rows_rejected) == (values.size, 2)
    assert {(item.row, item.field, item.came) for item in read.report.rejections} == {
        (4, "column 5", "9999 m"),
        (6, "column 7", "-32768 m"),
    }
    stored, _ = read_window(tmp_path, store_raster(tmp_path, "dem", read))
    assert np.isnan(stored[[3, 5], [4, 6]]).all()


def test_long_lists_of_pixels_are_cut_and_counted(tmp_path: Path) -> None:
    values = rough()
    values[:25] = 9999.0
    report = read_elevation(geotiff(tmp_path / "a.tif", values), frame=LIZHOU).report
    assert len(report.rejections) == 1_000
    assert report.rows_rejected == 25 * 50
    assert any("1,250 pixels" in note for note in report.notes)
    assert any("only the first 1,000" in note for note in report.notes)


def test_pixels_that_are_not_square_are_noted(tmp_path: Path) -> None:
    oblong = Affine(30.0, 0.0, 500_000.0, 0.0, -20.0, 3_200_000.0)
    report = read_elevation(geotiff(tmp_path / "a.tif", rough(), transform=oblong), frame=LIZHOU).report
    assert any("not square: 30 m wide, 20 m high" in note for note in report.notes)


def test_given_crs_overrules_the_file_and_that_is_said(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "a.tif", rough(), crs="EPSG:4548")
    read = read_elevation(path, crs="epsg:4549", frame=LIZHOU)
    assert read.crs == "EPSG:4549"
    assert any("file itself says EPSG:4548" in note for note in read.report.notes)


def test_vertical_datum_of_a_compound_crs_is_kept(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "a.tif", rough(), crs="EPSG:4549+5737", units="m")
    read = read_elevation(path, frame=LIZHOU)
    assert (read.crs, read.datum) == ("EPSG:4549", "Yellow Sea 1985 height")


@pytest.mark.parametrize(
    ("settings", "values", "said"),
    [
        ({"crs": None}, rough(), "does not say its CRS; give it, such as --crs EPSG:4549"),
        ({}, np.full((4, 4), np.nan, np.float32), "no pixel with a number"),
        ({"nodata": 5.0}, np.full((4, 4), 5.0, np.float32), "no pixel with a number"),
        ({}, np.full((4, 4), 99999.0, np.float32), "no number that is an elevation"),
        ({"units": "hPa"}, rough(), "are in 'hpa'"),
        ({}, np.zeros((3, 4, 4), np.float32), "has 3 bands"),
        (
            {"transform": Affine(30.0, 0.0, 900_000.0, 0.0, -30.0, 4_000_000.0)},
            rough(),
            r"lat 3\d\.\d+ to 3\d\.\d+, outside 丽州市 \(lon 119.900 to 120.200, lat 28.700 to 29.000\)",
        ),
        (
            {"crs": "EPSG:4326", "transform": Affine(1.0, 0.0, 500_000.0, 0.0, -1.0, 3_200_000.0)},
            rough(),
            "off the earth|is not where",
        ),
    ],
)
def test_bad_raster_is_refused_in_one_sentence(
    tmp_path: Path, settings: dict[str, Any], values: NDArray[np.float32], said: str
) -> None:
    path = geotiff(tmp_path / "a.tif", values, **settings)
    with pytest.raises(ImportRefusedError, match=said) as refusal:
        read_elevation(path, frame=LIZHOU)
    assert "a.tif" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # raised by the writer
def test_raster_without_a_place_is_refused(tmp_path: Path) -> None:
    path = geotiff(tmp_path / "a.tif", rough(), transform=Affine.identity())
    with pytest.raises(ImportRefusedError, match="where its pixels lie"):
        read_elevation(path, crs="EPSG:4549", frame=ANYWHERE)


@pytest.mark.parametrize("crs", ["gcj02", "bd09", "EPSG:999999", "丽州坐标"])
def test_crs_that_no_raster_can_have_is_refused(tmp_path: Path, crs: str) -> None:
    with pytest.raises(ImportRefusedError):
        read_elevation(geotiff(tmp_path / "a.tif", rough()), crs=crs, frame=LIZHOU)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.tif", b"", "empty"),
        ("a.tif", b"id,lon,lat\n1,2,3\n", "neither GeoTIFF nor ESRI ASCII"),
        ("a.tif", b"II*\0\xff\xff\xff\xff", "cannot be read as a raster"),
        ("a.asc", b"ncols 3\nnrows 2\n", "cannot be read as a raster"),
        ("a.asc", (ASC + "1 2 3\n4 5").encode(), "cannot be read as a raster"),
        ("a.asc.gz", gzip.compress(ASC.encode() * 50, mtime=0)[:-9], "cannot be unpacked"),
        ("a.zip", b"PK\x03\x04 and no more", "cannot be unpacked"),
        ("a.vrt", b'<VRTDataset rasterXSize="1" rasterYSize="1"/>', "neither GeoTIFF nor ESRI ASCII"),
    ],
)
def test_broken_file_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError, match=said) as refusal:
        read_elevation(path, crs="EPSG:4549", frame=LIZHOU)
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_cut_off_geotiff_is_refused(tmp_path: Path, share: float) -> None:
    path = geotiff(tmp_path / "a.tif", rough(800, 300), compress="deflate")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ImportRefusedError, match="cannot be read as a raster"):
        read_elevation(path, frame=LIZHOU)


def test_archive_with_several_rasters_is_refused_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("east.asc", ASC)
        archive.writestr("west.asc", ASC)
    with pytest.raises(ImportRefusedError, match=r"2 rasters \(east.asc, west.asc\)"):
        read_elevation(path, crs="EPSG:4549", frame=LIZHOU)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="no file"):
        read_elevation(tmp_path / "absent.tif", frame=LIZHOU)
