from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layers.landcover import WORLD_COVER, read_landcover
from tests.layers.test_elevation import LIZHOU, geotiff
from twin.errors import ImportRefusedError
from twin.rasters import read_window, store_raster


def test_classes_are_stored_as_they_came(tmp_path: Path) -> None:
    classes = np.random.default_rng(4).choice([*WORLD_COVER, 0], (600, 30)).astype(np.uint8)
    read = read_landcover(geotiff(tmp_path / "cover.tif", classes, nodata=0), frame=LIZHOU)
    assert read.report.rejections == ()
    assert read.report.rows_taken == np.count_nonzero(classes)
    values, _ = read_window(tmp_path, store_raster(tmp_path, "landcover", read))
    assert np.array_equal(values, classes)


def test_shares_of_the_classes_are_told_largest_first(tmp_path: Path) -> None:
    classes = np.array([[40, 40, 40, 80]], np.uint8)
    notes = read_landcover(geotiff(tmp_path / "cover.tif", classes), frame=LIZHOU).report.notes
    assert notes[-2:] == ("75.0 % 耕地 (cropland)", "25.0 % 永久水体 (permanent water bodies)")


def test_number_that_is_no_class_is_reported_once_and_left_empty(tmp_path: Path) -> None:
    classes = np.array([[10, 10], [11, 80], [11, 200]], np.int16)
    read = read_landcover(geotiff(tmp_path / "cover.tif", classes), frame=LIZHOU)
    assert [(item.row, item.came) for item in read.report.rejections] == [(2, "class 11"), (3, "class 200")]
    assert "2 pixels" in read.report.rejections[0].reason
    assert (read.report.rows_read, read.report.rows_taken) == (6, 3)
    values, _ = read_window(tmp_path, store_raster(tmp_path, "landcover", read))
    assert values.tolist() == [[10, 10], [0, 80], [0, 0]]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([[1, 2, 3]], np.uint8), "holds 1, 2, 3; wanted ESA WorldCover"),
        (np.zeros((2, 2), np.uint8), "holds nothing"),
        (np.array([[10.0, 20.0]], np.float32), "holds float32; wanted whole numbers"),
    ],
)
def test_raster_of_other_numbers_is_refused(tmp_path: Path, values: np.ndarray, said: str) -> None:
    path = geotiff(tmp_path / "cover.tif", values)
    with pytest.raises(ImportRefusedError, match=said):
        read_landcover(path, frame=LIZHOU)
