"""Columns without a word about their system are recognised and said, or said to be unclear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.crs import measured_shift, recognise, to_lonlat, to_working, wgs84_to_bd09, wgs84_to_gcj02
from twin.errors import InvalidCoordinateError

LIZHOU = (120.04, 28.89)


def town(
    lon: float = 120.04, lat: float = 28.89, n: int = 200
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    return lon + rng.uniform(-0.1, 0.1, n), lat + rng.uniform(-0.1, 0.1, n)


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.floats(75.0, 134.0), st.floats(18.0, 53.0), st.booleans(), st.booleans())
def test_degrees_in_china_are_recognised_in_either_order(
    lon: float, lat: float, is_swapped: bool, is_placed: bool
) -> None:
    x, y = town(lon, lat)
    found = recognise(*((y, x) if is_swapped else (x, y)), near=(lon, lat) if is_placed else None)
    assert found.crs is not None
    assert (found.crs.code, found.is_swapped, found.share) == ("wgs84", is_swapped, 1.0)


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.floats(74.0, 134.5), st.floats(18.0, 53.0), st.booleans())
def test_eastings_with_a_zone_prefix_are_recognised_near_the_city(
    lon: float, lat: float, is_swapped: bool
) -> None:
    zone = int((lon + 1.5) // 3)
    x, y = to_working(*town(lon, lat), f"EPSG:{4488 + zone}")
    found = recognise(*((y, x) if is_swapped else (x, y)), near=(lon, lat))
    assert found.crs is not None
    assert (found.crs.code, found.is_swapped) == (f"EPSG:{4488 + zone}", is_swapped)
    assert f"zone {zone} with prefix" in found.sentence
    assert ("坐标轴颠倒" in found.sentence) == is_swapped


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.floats(74.0, 134.5), st.floats(18.0, 53.0), st.booleans())
def test_eastings_without_prefix_need_the_city(lon: float, lat: float, is_swapped: bool) -> None:
    code = f"EPSG:{4534 + int((lon - 73.5) // 3)}"
    x, y = to_working(*town(lon, lat), code)
    columns = (y, x) if is_swapped else (x, y)
    placed = recognise(*columns, near=(lon, lat))
    assert placed.crs is not None
    assert (placed.crs.code, placed.is_swapped) == (code, is_swapped)
    alone = recognise(*columns)
    assert alone.crs is None
    assert len(alone.candidates) == 21
    assert alone.is_swapped == is_swapped
    assert "--crs" in alone.sentence


def test_a_prefixed_zone_is_recognised_without_the_city() -> None:
    found = recognise(*to_working(*town(), "EPSG:4528"))
    assert found.crs is not None
    assert found.crs.code == "EPSG:4528"
    assert "Xian 1980" in found.sentence


@pytest.mark.parametrize("code", ["EPSG:4498", "EPSG:4499", "EPSG:3857"])
def test_six_degree_zones_and_web_mercator_are_recognised_near_the_city(code: str) -> None:
    found = recognise(*to_working(*town(), code), near=LIZHOU)
    assert found.crs is not None
    assert found.crs.code == code


def test_web_mercator_that_could_be_a_zone_prefix_is_said_to_be_unclear() -> None:
    found = recognise(*to_working(*town(), "EPSG:3857"))
    assert found.crs is None
    assert {str(crs) for crs in found.candidates} == {"EPSG:3857", "EPSG:4491"}


def test_degrees_outside_china_need_the_city() -> None:
    x, y = town(9.52, 47.14)
    alone = recognise(x, y)
    assert alone.crs is None
    assert "either column order" in alone.sentence
    for swapped in (False, True):
        found = recognise(*((y, x) if swapped else (x, y)), near=(9.5, 47.1))
        assert found.crs is not None
        assert (found.crs.code, found.is_swapped) == ("wgs84", swapped)


def test_a_few_broken_rows_do_not_hide_the_system_but_a_mixture_does() -> None:
    x, y = town()
    x[:5], y[:5] = [0, np.nan, np.inf, 28.9, 0], [0, 28.9, 28.9, 120.0, 28.9]
    found = recognise(x, y)
    assert found.crs is not None
    assert found.share == pytest.approx(195 / 197)
    x[::2], y[::2] = y[::2].copy(), x[::2].copy()
    mixed = recognise(x, y)
    assert mixed.crs is None
    assert "no known coordinate system" in mixed.sentence


@pytest.mark.parametrize(
    ("x", "y"), [([], []), ([np.nan], [1.0]), ([0.0], [0.0]), ([1e9, 2e9], [5.0, 6.0]), ([120.0], [3.2e6])]
)
def test_what_is_no_place_is_not_recognised(x: list[float], y: list[float]) -> None:
    found = recognise(x, y)
    assert found.crs is None
    assert found.candidates == ()
    assert found.sentence


def test_another_town_is_not_taken_for_this_one() -> None:
    found = recognise(*town(113.0, 23.0), near=LIZHOU)
    assert found.crs is None
    assert "near lon 120.04, lat 28.89" in found.sentence


@pytest.mark.parametrize(
    ("shift", "code"), [(wgs84_to_gcj02, "gcj02"), (wgs84_to_bd09, "bd09"), (None, "wgs84")]
)
def test_a_shift_is_measured_against_trusted_points(shift: object, code: str) -> None:
    lon, lat = town()
    rng = np.random.default_rng(2)
    x, y = shift(lon, lat) if callable(shift) else (lon, lat)
    x, y = x + rng.normal(0, 2e-4, x.size), y + rng.normal(0, 2e-4, y.size)  # 20 m of survey noise
    x[0] = np.nan
    x[1] = 0.0
    measured = measured_shift(x, y, lon, lat)
    assert measured.crs is not None
    assert (measured.crs.code, measured.n) == (code, lon.size - 1)
    assert measured.residual_m < 60
    assert code in measured.sentence


def test_a_shift_is_measured_in_metres() -> None:
    lon, lat = town()
    x, y = to_working(lon, lat, "EPSG:4549")
    moved = to_lonlat(x + 100.0, y - 50.0, "EPSG:4549")
    measured = measured_shift(*moved, lon, lat)
    assert (measured.east_m, measured.north_m) == pytest.approx((100.0, -50.0), abs=1.0)
    assert measured.crs is not None
    assert measured.crs.code == "wgs84"


def test_scatter_and_too_few_pairs_measure_nothing() -> None:
    lon, lat = town()
    rng = np.random.default_rng(3)
    scattered = measured_shift(lon + rng.uniform(-0.05, 0.05, lon.size), lat, lon, lat)
    assert scattered.crs is None
    assert "no known shift" in scattered.sentence
    assert measured_shift(lon[:4], lat[:4], lon[:4], lat[:4]).crs is None
    assert measured_shift([], [], [], []).n == 0


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(InvalidCoordinateError):
        recognise([1.0], [1.0, 2.0])
    with pytest.raises(InvalidCoordinateError):
        measured_shift([1.0], [1.0], [1.0], [1.0, 2.0])
