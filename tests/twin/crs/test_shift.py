"""GCJ-02 and BD-09 agree with published points and an obvious twin, and come back."""

from __future__ import annotations

import logging
import math
from math import sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.crs import (
    Coordinates,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    parse_crs,
    to_wgs84,
    to_working,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from twin.errors import AlreadyConvertedError, InvalidCoordinateError, InvalidCRSError

MM_DEG = 1e-3 / 111_320.0  # one millimetre of latitude; less than that of longitude
IN_CHINA = (st.floats(72.1, 137.8), st.floats(0.9, 55.8))


def slow_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """The published formula, term by term."""
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lon, lat
    x, y, pi = lon - 105, lat - 35, math.pi
    common = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * abs(x) ** 0.5 + common
    d_lat += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    d_lat += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * abs(x) ** 0.5 + common
    d_lon += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    d_lon += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    a, e2 = 6378245.0, 0.00669342162296594323
    w2 = 1 - e2 * sin(lat / 180 * pi) ** 2
    d_lat = d_lat * 180 / (a * (1 - e2) / w2**1.5 * pi)
    d_lon = d_lon * 180 / (a / w2**0.5 * math.cos(lat / 180 * pi) * pi)
    return lon + d_lon, lat + d_lat


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [  # the test points of the eviltransform project, lat, lon there
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
        # the example of the coordtransform project
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
    ],
)
def test_gcj02_agrees_with_published_points(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    lon, lat = wgs84_to_gcj02([wgs84[0]], [wgs84[1]])
    assert (lon[0], lat[0]) == pytest.approx(gcj02, abs=1e-10)
    lon, lat = gcj02_to_wgs84([gcj02[0]], [gcj02[1]])
    assert (lon[0], lat[0]) == pytest.approx(wgs84, abs=MM_DEG / 10)


def test_bd09_agrees_with_a_published_point() -> None:
    lon, lat = gcj02_to_bd09([116.404], [39.915])
    assert (lon[0], lat[0]) == pytest.approx((116.41036949371029, 39.92133699351021), abs=1e-10)


def test_gcj02_agrees_with_the_formula_written_out() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(60, 145, 5000), rng.uniform(-5, 60, 5000)
    want = [slow_gcj02(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    np.testing.assert_allclose(np.column_stack(wgs84_to_gcj02(lon, lat)), want, rtol=0, atol=1e-12)


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(*IN_CHINA)
def test_every_shift_comes_back_within_a_tenth_of_a_millimetre(lon: float, lat: float) -> None:
    for there, back in (
        (wgs84_to_gcj02, gcj02_to_wgs84),
        (gcj02_to_bd09, bd09_to_gcj02),
        (wgs84_to_bd09, bd09_to_wgs84),
    ):
        for first, second in ((there, back), (back, there)):
            (x,), (y,) = second(*first([lon], [lat]))
            assert abs(x - lon) < MM_DEG / 10
            assert abs(y - lat) < MM_DEG / 10


def test_a_million_points_come_back_within_a_tenth_of_a_millimetre() -> None:
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(72.004, 137.8347, 10**6), rng.uniform(0.8293, 55.8271, 10**6)
    x, y = bd09_to_wgs84(*wgs84_to_bd09(lon, lat))
    assert max(np.abs(x - lon).max(), np.abs(y - lat).max()) < MM_DEG / 10


def test_gcj02_moves_by_hundreds_of_metres_in_china_and_not_at_all_outside() -> None:
    lon, lat = np.array([120.0, 9.5, 24.9, -74.0, 140.0]), np.array([29.0, 47.1, 60.2, 40.7, 36.0])
    x, y = wgs84_to_gcj02(lon, lat)
    moved_m = np.hypot((x - lon) * np.cos(np.radians(lat)), y - lat) * 111_195.0
    assert 300 < moved_m[0] < 700
    assert (moved_m[1:] == 0).all()
    for back in gcj02_to_wgs84(lon[1:], lat[1:]), wgs84_to_gcj02(lon[1:], lat[1:]):
        np.testing.assert_array_equal(back, (lon[1:], lat[1:]))


def test_missing_and_absurd_coordinates_stay_and_nothing_gives_nothing() -> None:
    lon, lat = np.array([np.nan, 120.0, np.inf, 4e7]), np.array([30.0, np.nan, 30.0, 3e6])
    for shift in (wgs84_to_gcj02, gcj02_to_wgs84):
        x, y = shift(lon, lat)
        np.testing.assert_array_equal(x, lon)
        np.testing.assert_array_equal(y, lat)
    assert [column.shape for column in wgs84_to_bd09([], [])] == [(0,), (0,)]


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(InvalidCoordinateError, match=r"\(2,\)"):
        wgs84_to_gcj02([120.0, 121.0], [30.0])
    with pytest.raises(InvalidCoordinateError):
        Coordinates(np.zeros(2), np.zeros(1), parse_crs("wgs84"))


@pytest.mark.parametrize(
    "name", ["wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4549", "EPSG:4528", "EPSG:3857"]
)
def test_anything_reaches_wgs84(name: str) -> None:
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(119, 121, 100), rng.uniform(28, 30, 100)
    if name.startswith("EPSG"):
        came = to_working(lon, lat, name)
    else:
        came = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}.get(name, lambda *columns: columns)(lon, lat)
    np.testing.assert_allclose(to_wgs84(*came, parse_crs(name)), (lon, lat), rtol=0, atol=MM_DEG)


def test_a_conversion_is_logged_with_the_number_of_points(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="citytwin.crs")
    to_wgs84([120.0, 120.1], [30.0, 30.1], parse_crs("gcj02"))
    to_wgs84([5e5], [3.2e6], parse_crs("EPSG:4549"))
    to_wgs84([120.0], [30.0], parse_crs("wgs84"))
    assert caplog.messages == [
        "converted 2 points from gcj02 to WGS 84",
        "converted 1 points from EPSG:4549 to WGS 84 (datum accuracy 0 m)",
    ]


@pytest.mark.parametrize("name", ["gcj02", "bd09", "EPSG:4549"])
def test_converting_twice_is_refused(name: str) -> None:
    came = Coordinates(np.array([120.0]), np.array([30.0]), parse_crs(name))
    once = came.to_wgs84()
    assert (once.crs.code, once.converted_from) == ("wgs84", parse_crs(name))
    with pytest.raises(AlreadyConvertedError, match=f"already converted from {name}"):
        once.to_wgs84()
    retagged = Coordinates(once.x, once.y, parse_crs("gcj02"), converted_from=once.converted_from)
    with pytest.raises(AlreadyConvertedError):
        retagged.to_wgs84()


def test_coordinates_that_came_as_wgs84_stay_what_they_are() -> None:
    came = Coordinates(np.array([120.0]), np.array([30.0]), parse_crs("CGCS2000"))
    assert came.to_wgs84().to_wgs84() is came


def test_a_datum_without_a_public_shift_is_refused() -> None:
    with pytest.raises(InvalidCRSError, match=r"Xian 1980.*convert the source to CGCS2000"):
        to_wgs84([5e5], [3.2e6], parse_crs("EPSG:2379"))
