"""Cells of points agree with the h3 library to the last bit, everywhere."""

from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.cells import are_on_earth, cells_at, cells_of, parent
from twin.cells import encoding as public
from twin.errors import InvalidCellError, InvalidCoordinateError

RESOLUTIONS = range(16)


def slow_cells(lon: NDArray[np.float64], lat: NDArray[np.float64], resolution: int) -> NDArray[np.uint64]:
    points = zip(lat.tolist(), lon.tolist(), strict=True)
    return np.fromiter((h3.latlng_to_cell(y, x, resolution) for y, x in points), np.uint64, lon.size)


def on_sphere(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


def lon_lat(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.degrees(np.arctan2(unit[:, 1], unit[:, 0])), np.degrees(np.arcsin(unit[:, 2]))


def around_cell_edges(
    rng: np.random.Generator, lon: NDArray[np.float64], lat: NDArray[np.float64], resolution: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a vertex, an edge middle or an edge point of each point's cell, off by some rounding errors."""
    points = []
    for cell in slow_cells(lon, lat, resolution).tolist():
        ring = h3.cell_to_boundary(cell)
        k = int(rng.integers(len(ring)))
        (lat_a, lon_a), (lat_b, lon_b) = ring[k], ring[(k + 1) % len(ring)]
        if abs(lon_a - lon_b) > 180.0:
            lon_b = lon_a
        t = rng.choice([0.0, 0.5, rng.random()])
        points.append((lon_a + t * (lon_b - lon_a), lat_a + t * (lat_b - lat_a)))
    noise = rng.normal(size=(2, lon.size)) * 10.0 ** rng.uniform(-17, -13, lon.size)
    x, y = np.array(points).T + noise
    return np.clip(x, -180, 180), np.clip(y, -90, 90)


def test_two_million_points_of_the_globe_have_the_cells_of_h3() -> None:
    lon, lat = on_sphere(np.random.default_rng(1), 2_000_000)
    got = cells_at(lon, lat, (7, 9, 15))
    for k, resolution in enumerate((7, 9, 15)):
        np.testing.assert_array_equal(got[:, k], slow_cells(lon, lat, resolution))


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_resolution_has_the_cells_of_h3(resolution: int) -> None:
    lon, lat = on_sphere(np.random.default_rng(100 + resolution), 50_000)
    np.testing.assert_array_equal(cells_of(lon, lat, resolution), slow_cells(lon, lat, resolution))


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_points_on_cell_edges_and_vertices_have_the_cells_of_h3(resolution: int) -> None:
    rng = np.random.default_rng(200 + resolution)
    lon, lat = around_cell_edges(rng, *on_sphere(rng, 4_000), resolution)
    np.testing.assert_array_equal(cells_of(lon, lat, resolution), slow_cells(lon, lat, resolution))


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_pentagons_and_their_surroundings_have_the_cells_of_h3(resolution: int) -> None:
    rng = np.random.default_rng(300 + resolution)
    centres = [h3.cell_to_latlng(cell) for cell in h3.get_pentagons(resolution)]
    corners = [corner for cell in h3.get_pentagons(resolution) for corner in h3.cell_to_boundary(cell)]
    lat, lon = np.repeat(np.array(centres + corners), 60, axis=0).T
    lat = np.clip(lat + rng.normal(size=lat.size) * 10.0 ** rng.uniform(-14, 1, lat.size), -90, 90)
    np.testing.assert_array_equal(cells_of(lon, lat, resolution), slow_cells(lon, lat, resolution))


def test_poles_antimeridian_and_axes_have_the_cells_of_h3() -> None:
    lon = np.array([0.0, -0.0, 180.0, -180.0, 179.99999999999997, -179.99999999999997, 90.0, -90.0, 120.0])
    lat = np.array([90.0, -90.0, 0.0, -0.0, 45.0, -45.0, 89.99999999999999, -89.99999999999999, 5e-324])
    x, y = (grid.ravel() for grid in np.meshgrid(lon, lat))
    for resolution in RESOLUTIONS:
        np.testing.assert_array_equal(cells_of(x, y, resolution), slow_cells(x, y, resolution))


@pytest.mark.parametrize("resolution", [0, 1, 8, 9, 14, 15])
def test_face_centres_and_icosahedron_edges_have_the_cells_of_h3(resolution: int) -> None:
    rng = np.random.default_rng(400 + resolution)
    normals = public._icosahedron_of_h3().frames[:, :3]
    spread = 10.0 ** rng.uniform(-17, -1, (200, 20, 1))
    near_centres = (normals + rng.normal(size=(200, 20, 3)) * spread).reshape(-1, 3)
    a, b = np.nonzero(np.triu(normals @ normals.T > 0.7, 1))
    assert a.size == 30
    tangents = np.cross(normals[a], normals[b])
    along = rng.uniform(-0.8, 0.8, (200, 30, 1))
    across = rng.normal(size=(200, 30, 1)) * 10.0 ** rng.uniform(-17, -9, (200, 30, 1))
    edges = normals[a] + normals[b] + along * tangents + across * (normals[a] - normals[b])
    lon, lat = lon_lat(np.concatenate([near_centres, edges.reshape(-1, 3), normals]))
    np.testing.assert_array_equal(cells_of(lon, lat, resolution), slow_cells(lon, lat, resolution))


def test_rounding_bounds_hold_with_a_tenfold_margin() -> None:
    """With a tenth of the bounds the kernel alone, never asking h3, still answers no point wrongly."""
    rng = np.random.default_rng(5)
    grid = public._icosahedron_of_h3()
    strict = grid.lattices.copy()
    strict[:, 4] /= 10.0
    for resolution in (0, 5, 10, 15):
        lon, lat = around_cell_edges(rng, *on_sphere(rng, 20_000), resolution)
        cells = np.zeros((lon.size, 1), np.uint64).T.copy().T
        levels = np.array([resolution])
        public._encode.encode(lon, lat, levels, grid.frames, strict, grid.base_cells, grid.turns, cells)
        sure = cells[:, 0] != 0
        np.testing.assert_array_equal(cells[sure, 0], slow_cells(lon[sure], lat[sure], resolution))


def test_hardly_any_point_is_left_to_the_library() -> None:
    lon, lat = on_sphere(np.random.default_rng(6), 300_000)
    grid = public._icosahedron_of_h3()
    cells = np.zeros((16, lon.size), np.uint64).T
    levels = np.arange(16)
    public._encode.encode(lon, lat, levels, grid.frames, grid.lattices, grid.base_cells, grid.turns, cells)
    assert (cells == 0).sum() <= 20


def test_several_resolutions_at_once_equal_one_by_one_and_differ_from_parents() -> None:
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(119, 122, 50_000), rng.uniform(28, 31, 50_000)
    cells = cells_at(lon, lat, (10, 7, 9))
    for k, resolution in enumerate((10, 7, 9)):
        np.testing.assert_array_equal(cells[:, k], cells_of(lon, lat, resolution))
    assert 0.03 < (parent(cells[:, 0], 7) != cells[:, 1]).mean() < 0.12


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.floats(-180, 180), st.floats(-90, 90), st.integers(0, 15))
def test_any_point_has_the_cell_of_h3(lon: float, lat: float, resolution: int) -> None:
    assert cells_of(lon, lat, resolution).tolist() == [int(h3.latlng_to_cell(lat, lon, resolution))]


def test_no_points_and_no_resolutions_have_no_cells() -> None:
    assert cells_of([], [], 9).shape == (0,)
    assert cells_at([120.0], [30.0], ()).shape == (1, 0)


def test_strided_and_read_only_coordinates_are_taken() -> None:
    points = np.array([[120.04, 28.89], [120.05, 28.9]])
    points.flags.writeable = False
    want = slow_cells(points[:, 0], points[:, 1], 9)
    np.testing.assert_array_equal(cells_of(points[:, 0], points[:, 1], 9), want)
    fixed = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    for column in fixed:
        column.flags.writeable = False
    np.testing.assert_array_equal(cells_of(*fixed, 9), want)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        (np.nan, 30.0),
        (120.0, np.nan),
        (np.inf, 30.0),
        (120.0, -np.inf),
        (180.1, 0.0),
        (30.0, 120.0),
        (40500000.0, 3200000.0),
    ],
)
def test_a_bad_coordinate_is_refused_with_its_row(lon: float, lat: float) -> None:
    with pytest.raises(InvalidCoordinateError, match="row 2 has"):
        cells_of([120.0, 121.0, lon, np.nan], [30.0, 31.0, lat, np.nan], 9)
    assert are_on_earth([120.0, lon], [30.0, lat]).tolist() == [True, False]


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(InvalidCoordinateError, match=r"\(2,\).*\(1,\)"):
        cells_of([120.0, 121.0], [30.0], 9)


@pytest.mark.parametrize("resolution", [-1, 16, 8.5])
def test_an_impossible_resolution_is_refused(resolution: int) -> None:
    with pytest.raises(InvalidCellError, match="wanted a whole number 0-15"):
        cells_of([120.0], [30.0], resolution)


def test_turning_digits_equals_turning_each_digit() -> None:
    next_ccw = {0: 0, 1: 5, 5: 4, 4: 6, 6: 2, 2: 3, 3: 1}  # K, IK, I, IJ, J, JK and round again
    rng = np.random.default_rng(8)
    digits = rng.integers(0, 7, (200, 15))
    weights = 8 ** np.arange(14, -1, -1)
    for turn in range(6):
        packed = (digits @ weights).astype(np.uint64)
        want = digits
        for _ in range(turn):
            want = np.vectorize(next_ccw.get)(want)
        np.testing.assert_array_equal(public._encode.turned(packed, turn), (want @ weights).astype(np.uint64))
