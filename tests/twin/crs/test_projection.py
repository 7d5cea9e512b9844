"""Working systems agree with the EPSG registry that pyproj carries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod

from twin.crs import accuracy_m, projected_crs, to_lonlat, to_working, working_crs
from twin.errors import InvalidCoordinateError, InvalidCRSError


def central_meridian_deg(code: str) -> float:
    operation = CRS.from_user_input(code).coordinate_operation
    assert operation is not None
    return next(p.value for p in operation.params if p.name == "Longitude of natural origin")


def false_easting_m(code: str) -> float:
    operation = CRS.from_user_input(code).coordinate_operation
    assert operation is not None
    return next(p.value for p in operation.params if p.name == "False easting")


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.floats(73.5, 136.5, exclude_max=True))
def test_the_chinese_zone_is_the_one_around_the_longitude(lon: float) -> None:
    code = working_crs(lon)
    assert CRS.from_user_input(code).name.startswith("CGCS2000 / 3-degree Gauss-Kruger CM")
    assert abs(central_meridian_deg(code) - lon) <= 1.5
    assert false_easting_m(code) == 500_000.0


@settings(deadline=None)  # the first example compiles kernels or loads PROJ
@given(st.floats(-180, 180), st.floats(-79.9, 83.9))
def test_any_place_has_a_working_system_whose_area_of_use_holds_it(lon: float, lat: float) -> None:
    crs = CRS.from_user_input(working_crs(lon, lat))
    assert crs.is_projected
    assert abs((central_meridian_deg(crs.to_string()) - lon + 180.0) % 360.0 - 180.0) <= 3.0
    assert lat >= 0 or crs.name.endswith("S")


def test_known_places_have_known_systems() -> None:
    assert working_crs(120.04, 28.89) == "EPSG:4549"
    assert working_crs(114.05, 22.54) == "EPSG:4547"
    assert working_crs(24.94, 60.17) == "EPSG:32635"
    assert working_crs(118.5) == "EPSG:4549"
    assert working_crs(118.49999) == "EPSG:4548"
    assert working_crs(180.0, -40.0) == "EPSG:32760"


@pytest.mark.parametrize(("lon", "lat"), [(np.nan, 30.0), (500_000.0, 30.0), (30.0, 120.0)])
def test_a_place_off_earth_has_no_system(lon: float, lat: float) -> None:
    with pytest.raises(InvalidCoordinateError, match="not on Earth"):
        working_crs(lon, lat)


def test_projected_systems_in_metres_are_taken() -> None:
    assert projected_crs("epsg:4549") == "EPSG:4549"
    for text in ("EPSG:4326", "EPSG:4258", "gcj02", "EPSG:2263"):  # the last is in feet
        with pytest.raises(InvalidCRSError, match="projected in metres"):
            projected_crs(text)


@pytest.mark.parametrize("code", ["EPSG:4549", "EPSG:4528", "EPSG:4509", "EPSG:32650", "EPSG:3857"])
def test_points_come_back_within_a_micrometre(code: str) -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(118, 122, 1000), rng.uniform(20, 45, 1000)
    back = to_lonlat(*to_working(lon, lat, code), code)
    np.testing.assert_allclose(back, (lon, lat), rtol=0, atol=1e-11)


def test_the_zone_prefix_is_forty_million_metres() -> None:
    x, y = to_working([120.3], [29.0], "EPSG:4549")
    prefixed_x, prefixed_y = to_working([120.3], [29.0], "EPSG:4528")
    assert prefixed_x[0] - x[0] == pytest.approx(40_000_000.0, abs=1e-6)
    assert prefixed_y[0] == pytest.approx(y[0], abs=1e-6)


def test_northings_are_metres_along_the_meridian() -> None:
    """On the central meridian Gauss-Krüger is true to scale: pyproj.Geod is the oracle."""
    _, y = to_working([120.0, 120.0], [0.0, 29.0], "EPSG:4549")
    _, _, metres = Geod(ellps="GRS80").inv(120.0, 0.0, 120.0, 29.0)
    assert y[1] - y[0] == pytest.approx(metres, abs=1e-5)


def test_what_a_projection_cannot_answer_is_nan() -> None:
    lon, lat = to_lonlat([500_000.0, np.nan, 1e12], [3.2e6, 3.2e6, 1e12], "EPSG:4549")
    np.testing.assert_array_equal(np.isnan(lon), [False, True, True])
    np.testing.assert_array_equal(np.isnan(lat), [False, True, True])
    assert to_lonlat([], [], "EPSG:4549")[0].shape == (0,)
    with pytest.raises(InvalidCoordinateError):
        to_lonlat([1.0, 2.0], [1.0], "EPSG:4549")


def test_unknown_shifted_and_lost_systems_are_refused() -> None:
    for code, reason in (("EPSG:999999", "no known"), ("gcj02", "no projection"), ("EPSG:2379", "Xian 1980")):
        with pytest.raises(InvalidCRSError, match=reason):
            to_lonlat([1.0], [1.0], code)


def test_accuracy_is_what_the_registry_says() -> None:
    assert accuracy_m("EPSG:4528") == 0.0
    assert accuracy_m("EPSG:32650") == 0.0
    assert accuracy_m("EPSG:2437") == 15.0  # Beijing 1954


def test_threads_share_a_transformer() -> None:
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(119, 121, (8, 5000)), rng.uniform(28, 30, (8, 5000))
    with ThreadPoolExecutor(4) as pool:
        parallel = list(pool.map(lambda k: to_working(lon[k % 8], lat[k % 8], "EPSG:4549"), range(64)))
    for k, columns in enumerate(parallel):
        np.testing.assert_array_equal(columns, to_working(lon[k % 8], lat[k % 8], "EPSG:4549"))
