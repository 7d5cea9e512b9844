"""Tile addresses and the world grid against the definition of WebMercatorQuad."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import reference_path
from tiles.matrix import GRID_BITS, MAX_LAT_DEG, check_tile, lonlat_of, tile_bbox, tiles_of_bbox, world_of
from twin.errors import InvalidTileError

HALF_WORLD_M = 20037508.342789244
WEB_MERCATOR = pyproj.Transformer.from_crs(4326, 3857, always_xy=True)


@given(st.floats(-180, 180), st.floats(-85, 85))
def test_the_world_grid_is_web_mercator_within_one_step(lon: float, lat: float) -> None:
    east_m, north_m = WEB_MERCATOR.transform(lon, lat)
    step_m = 2 * HALF_WORLD_M / 2**GRID_BITS
    steps = world_of(np.array([[lon, lat]]))[0]
    assert steps[0] == pytest.approx(east_m / step_m, abs=1.0)
    assert steps[1] == pytest.approx(-north_m / step_m, abs=1.0)


@given(st.floats(-180, 179.999), st.floats(-85, 85))
def test_steps_go_back_to_the_same_place(lon: float, lat: float) -> None:
    assert lonlat_of(world_of(np.array([[lon, lat]])))[0] == pytest.approx([lon, lat], abs=1e-9)


def test_nan_and_the_poles_stay_inside_the_grid() -> None:
    half = 1 << (GRID_BITS - 1)
    steps = world_of(np.array([[np.nan, 0.0], [0.0, np.nan], [180.0, -90.0], [-180.0, 90.0]]))
    assert steps.tolist() == [[-half, -half], [-half, -half], [half - 1, half - 1], [-half, -half]]


@given(st.data())
def test_a_point_lies_in_the_box_of_its_tile(data: st.DataObject) -> None:
    lon, lat = data.draw(st.floats(-180, 179.99)), data.draw(st.floats(-85, 85))
    z = data.draw(st.integers(0, 22))
    x, y, last_x, last_y = tiles_of_bbox((lon, lat, lon, lat), z)
    assert (x, y) == (last_x, last_y)
    west, south, east, north = tile_bbox(z, x, y)
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9


def test_the_scales_are_those_of_the_registered_tile_matrix_set() -> None:
    matrices = json.loads(reference_path("ogc-conformance/tms/WebMercatorQuad.json").read_text())[
        "tileMatrices"
    ]
    for matrix in matrices[:23]:
        z = int(matrix["id"])
        check_tile(z, matrix["matrixWidth"] - 1, matrix["matrixHeight"] - 1)
        with pytest.raises(InvalidTileError, match="wanted at zoom"):
            check_tile(z, matrix["matrixWidth"], 0)
        width_m = matrix["cellSize"] * matrix["tileWidth"]
        west, _, east, _ = tile_bbox(z, 0, 0)
        assert (east - west) / 360.0 * 2 * HALF_WORLD_M == pytest.approx(width_m, rel=1e-9)


def test_the_margin_widens_the_box_but_not_beyond_the_world() -> None:
    assert tile_bbox(0, 0, 0, margin=0.5) == pytest.approx((-180, -MAX_LAT_DEG, 180, MAX_LAT_DEG))
    plain, wide = np.array(tile_bbox(14, 13653, 6808)), np.array(tile_bbox(14, 13653, 6808, margin=0.25))
    width = plain[2] - plain[0]
    assert wide[[0, 2]] - plain[[0, 2]] == pytest.approx([-width / 4, width / 4])


@pytest.mark.parametrize("tile", [(23, 0, 0), (-1, 0, 0), (2, 4, 0), (2, 0, -1)])
def test_an_address_outside_the_matrix_says_what_was_wanted(tile: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidTileError, match="wanted"):
        tile_bbox(*tile)
