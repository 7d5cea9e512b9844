from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.twin.test_rasters import TRANSFORM, write
from twin import terrain as terrain_module
from twin.crs import to_lonlat
from twin.errors import InvalidCoordinateError, UnknownLayerError
from twin.rasters import store_raster
from twin.terrain import Terrain, bilinear


def stored(folder: Path, values: NDArray[np.float32], transform: Affine = TRANSFORM) -> Terrain:
    store_raster(folder, "dem", write(folder / "a.tif", values, transform=transform))
    return Terrain.open(folder)


def slow_bilinear(pixels: NDArray[np.float32], row: float, col: float) -> float:
    """Interpolate one point between four pixel centres, along rows first."""
    top, left = int(row - 0.5), int(col - 0.5)
    right, down = col - 0.5 - left, row - 0.5 - top
    above = float(pixels[top, left]) * (1 - right) + float(pixels[top, left + 1]) * right
    below = float(pixels[top + 1, left]) * (1 - right) + float(pixels[top + 1, left + 1]) * right
    return above * (1 - down) + below * down


def test_tilted_plane_is_sampled_exactly(tmp_path: Path) -> None:
    row, col = np.mgrid[0:40, 0:50]
    x, y = TRANSFORM @ (col + 0.5, row + 0.5)
    plane = (0.01 * (x - 500_000) - 0.02 * (y - 3_200_000) + 7).astype(np.float32)
    terrain = stored(tmp_path, plane)
    random = np.random.default_rng(3)
    px, py = random.uniform(500_005, 500_240, 500), random.uniform(3_199_810, 3_199_995, 500)
    lon, lat = to_lonlat(px, py, "EPSG:4549")
    expected = 0.01 * (px - 500_000) - 0.02 * (py - 3_200_000) + 7
    assert terrain.sample(lon, lat) == pytest.approx(expected, abs=1e-4)  # float32 pixels of about 10 m


def test_sampling_agrees_with_one_point_at_a_time_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terrain_module, "BLOCK", 16)
    random = np.random.default_rng(5)
    values = random.normal(100.0, 30.0, (70, 90)).astype(np.float32)
    terrain = stored(tmp_path, values)
    row, col = random.uniform(0.6, 69.4, 2000), random.uniform(0.6, 89.4, 2000)
    lon, lat = to_lonlat(TRANSFORM.c + TRANSFORM.a * col, TRANSFORM.f + TRANSFORM.e * row, "EPSG:4549")
    expected = [slow_bilinear(values, *place) for place in zip(row, col, strict=True)]
    assert terrain.sample(lon, lat) == pytest.approx(expected, abs=1e-3)


def test_outside_points_and_nan_points_have_no_elevation(tmp_path: Path) -> None:
    terrain = stored(tmp_path, np.full((10, 10), 5.0, np.float32))
    west, south, east, north = terrain.bbox
    lon = [(west + east) / 2, west - 0.1, (west + east) / 2, np.nan, 0.0]
    lat = [(south + north) / 2, (south + north) / 2, north + 0.1, (south + north) / 2, 95.0]
    assert np.array_equal(terrain.sample(lon, lat), [5.0, np.nan, np.nan, np.nan, np.nan], equal_nan=True)
    assert terrain.sample([], []).shape == (0,)


def test_border_half_pixel_takes_the_nearest_centres() -> None:
    pixels = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    corners = bilinear(pixels, np.array([0.0, 0.0, 2.0, 2.0]), np.array([0.0, 2.0, 0.0, 2.0]))
    assert corners.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_neighbour_without_a_value_does_not_count() -> None:
    pixels = np.array([[10.0, np.nan], [20.0, np.nan]], np.float32)
    # Half-way between rows, at the right edge of the first column: only 10 and 20 have values.
    assert bilinear(pixels, np.array([1.0]), np.array([0.9])).tolist() == [15.0]
    assert np.isnan(bilinear(pixels, np.array([1.0]), np.array([1.1]))).all()


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20),
    st.integers(0, 2**32 - 1),
)
def test_sample_lies_between_the_lowest_and_highest_pixel(
    rows: int, cols: int, shares: list[tuple[float, float]], seed: int
) -> None:
    pixels = np.random.default_rng(seed).uniform(-50, 50, (rows, cols)).astype(np.float32)
    place = np.array(shares)
    found = bilinear(pixels, place[:, 0] * rows, place[:, 1] * cols)
    assert (found >= pixels.min() - 1e-4).all()
    assert (found <= pixels.max() + 1e-4).all()


def test_raster_of_one_pixel_is_flat(tmp_path: Path) -> None:
    terrain = stored(tmp_path, np.array([[42.0]], np.float32))
    west, south, east, north = terrain.bbox
    assert terrain.sample([(west + east) / 2], [(south + north) / 2]).tolist() == [42.0]


def test_lengths_that_differ_are_refused(tmp_path: Path) -> None:
    terrain = stored(tmp_path, np.array([[42.0]], np.float32))
    with pytest.raises(InvalidCoordinateError, match="one length"):
        terrain.sample([120.0, 120.1], [28.0])


def test_terrain_says_where_it_lies(tmp_path: Path) -> None:
    terrain = stored(tmp_path, np.full((10, 20), 5.0, np.float32))
    assert (terrain.crs, terrain.shape, terrain.resolution_m) == ("EPSG:4549", (10, 20), (5.0, 5.0))
    assert terrain.transform == TRANSFORM
    window = terrain.window(terrain.bbox)
    assert (window.elevation_m.shape, window.crs) == ((10, 20), "EPSG:4549")


def test_city_without_elevations_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayerError, match="dem"):
        Terrain.open(tmp_path)
