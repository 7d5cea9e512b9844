"""The CRS of numbers is settled only where one fits, and a shift only where something trusted stands."""

from __future__ import annotations

import logging

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.misfit import MIN_POINTS, measured_misfit
from layers.placement import Placement, expected_region, is_inside
from layers.placing import Claims, settle
from layers.source_crs import crs_of_file, reach_of
from tests.layers.gcj02_oracle import gcj02_of
from twin.crs import CRSName, parse_crs
from twin.errors import ImportRefusedError
from twin.frame import CityFrame

CITY = CityFrame("丽州市", "EPSG:4549", (119.9, 28.7, 120.2, 29.1))
LOCAL = (
    'PROJCS["local",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",50000.0],PARAMETER["False_Northing",-3000000.0],'
    'PARAMETER["Central_Meridian",120.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def place(crs: str, lon: float = 120.05, lat: float = 28.9, **claims: object) -> Placement:
    x, y = pyproj.Transformer.from_crs(4490, crs, always_xy=True).transform([lon], [lat])
    return settle(np.array(x), np.array(y), Claims(**claims), CITY, name="a")  # type: ignore[arg-type]  # varies


@settings(max_examples=30, deadline=None)
@given(
    st.floats(119.9, 120.2), st.floats(28.7, 29.1), st.sampled_from(["EPSG:4528", "EPSG:4549"]), st.booleans()
)
def test_place_comes_back_from_undeclared_numbers(lon: float, lat: float, crs: str, exchanged: bool) -> None:
    x, y = pyproj.Transformer.from_crs(4490, crs, always_xy=True).transform([lon], [lat])
    first, second = (np.array(y), np.array(x)) if exchanged else (np.array(x), np.array(y))
    placement = settle(first, second, Claims(), CITY, name="a")
    assert placement.title == crs
    assert placement.is_exchanged == exchanged
    assert np.ravel(placement.lonlat(first, second)) == pytest.approx([lon, lat], abs=1e-9)


def test_old_datums_are_named_as_look_alikes() -> None:
    assert any("Xian 1980" in note for note in place("EPSG:4549").notes)


def test_asking_for_another_crs_than_the_file_says_is_said() -> None:
    x, y = np.array([120.05]), np.array([28.9])
    placement = settle(x, y, Claims(asked="gcj02", of_file="EPSG:4326"), CITY, name="a")
    assert placement.title == "gcj02"
    assert placement.notes == (
        "the file says wgs84; taken as gcj02 as asked",
        "gcj02 converted to WGS 84 (偏移坐标已转换)",
    )


def test_surveyors_order_is_read_where_columns_are_neutral_and_refused_where_they_are_not() -> None:
    x, y = np.array([3_200_000.0]), np.array([500_000.0])
    placement = settle(x, y, Claims(asked="EPSG:4549"), CITY, name="a")
    assert placement.is_exchanged
    assert any("axes are exchanged" in note for note in placement.notes)
    with pytest.raises(ImportRefusedError, match="exchanged"):
        settle(x, y, Claims(asked="EPSG:4549", is_ordered=True), CITY, name="a")


def test_local_system_without_epsg_code_is_followed() -> None:
    crs = crs_of_file(LOCAL, "a")
    assert not isinstance(crs, CRSName)
    x, y = pyproj.Transformer.from_crs(4490, 4549, always_xy=True).transform([120.05], [28.9])
    placement = settle(np.array(x) - 450_000, np.array(y) - 3_000_000, Claims(of_file=LOCAL), CITY, name="a")
    lon, lat = placement.lonlat(np.array(x) - 450_000, np.array(y) - 3_000_000)
    assert [lon[0], lat[0]] == pytest.approx([120.05, 28.9], abs=1e-9)


@pytest.mark.parametrize(
    ("text", "code"),
    [("EPSG:4326", "wgs84"), ("EPSG:4490", "wgs84"), ("EPSG:4979", "wgs84"), ("EPSG:4528", "EPSG:4528")],
)
def test_files_crs_is_taken_by_its_code(text: str, code: str) -> None:
    assert crs_of_file(text, "a") == CRSName(code)


def test_crs_that_is_none_is_refused() -> None:
    with pytest.raises(ImportRefusedError, match="not understood"):
        crs_of_file("LOCAL_CS[", "a")


def test_no_coordinates_settle_on_what_is_declared() -> None:
    nothing = np.full(3, np.nan)
    assert settle(nothing, nothing, Claims(), CITY, name="a").title == "wgs84"
    assert settle(nothing, nothing, Claims(asked="gcj02"), CITY, name="a").title == "gcj02"


def test_faults_tell_zero_exchanged_and_outside_apart() -> None:
    x = np.array([120.0, 0.0, 28.9, 116.4, np.nan])
    y = np.array([28.9, 0.0, 120.0, 39.9, np.nan])
    placement = Placement(parse_crs("wgs84"), region=expected_region(CITY))
    faults = placement.faults(x, y, x, y)
    assert [np.flatnonzero(fault.is_bad).tolist() for fault in faults] == [[1], [2], [3]]


def test_region_is_the_known_extent_or_the_zone() -> None:
    assert expected_region(CityFrame("x", "")) is None
    west, south, east, north = expected_region(CityFrame("x", "EPSG:4549")) or (0, 0, 0, 0)
    assert west <= 118.5
    assert east >= 121.5
    assert is_inside(
        np.array([120.0, np.nan]), np.array([29.0, 29.0]), (west, south, east, north)
    ).tolist() == [True, False]
    assert reach_of(parse_crs("wgs84")) is None


def test_conversion_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="citytwin.crs"):
        Placement(parse_crs("gcj02")).lonlat(np.array([120.0]), np.array([29.0]))
    assert "converted 1 points from gcj02" in caplog.text


@pytest.mark.parametrize(
    ("n", "noise_m", "crs"), [(200, 3.0, "gcj02"), (MIN_POINTS - 1, 0.0, None), (200, 5_000.0, None)]
)
def test_shift_is_told_only_where_it_is_clear(n: int, noise_m: float, crs: str | None) -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(120.0, 120.1, n), rng.uniform(28.9, 29.0, n)
    east, north = rng.normal(0.0, noise_m, n) / 97_500, rng.normal(0.0, noise_m, n) / 110_900
    shifted = np.array([gcj02_of(*point) for point in zip(lon + east, lat + north, strict=True)])

    def trusted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        nearest: np.ndarray = np.hypot((x[:, None] - lon) * 97_500, (y[:, None] - lat) * 110_900).min(axis=1)
        return nearest

    finding = measured_misfit(shifted[:, 0], shifted[:, 1], trusted)
    assert finding.crs == (None if crs is None else parse_crs(crs))
