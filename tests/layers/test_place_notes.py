"""What is said of coordinates taken as declared: rows elsewhere, and a shift with its length."""

from __future__ import annotations

import re

import numpy as np
import pyproj
import pytest

from layers.misfit import Floats, Trusted
from layers.place_notes import place_notes
from tests.layers.gcj02_oracle import gcj02_of
from twin.crs import parse_crs
from twin.frame import CityFrame

WGS84, GCJ02, ZONE = parse_crs("wgs84"), parse_crs("gcj02"), parse_crs("EPSG:4549")
CITY = CityFrame("丽州市", "EPSG:4549", (119.9, 28.7, 120.2, 29.0))
GEOD = pyproj.Geod(ellps="WGS84")
NOTHING = Trusted()


@pytest.fixture(scope="module")
def houses() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(7)
    return rng.uniform(119.95, 120.15, 60), rng.uniform(28.75, 28.95, 60)


def shifted(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    points = np.array([gcj02_of(*point) for point in zip(lon.tolist(), lat.tolist(), strict=True)])
    return points[:, 0], points[:, 1]


def beside(houses: tuple[Floats, Floats]) -> Trusted:
    """Return buildings at the houses, measured on the ellipsoid."""

    def to_buildings(x: Floats, y: Floats) -> Floats:
        metres: Floats = GEOD.inv(x, y, *houses)[2]
        return metres

    return Trusted(to_buildings)


def test_rows_that_cannot_be_right_are_counted_by_fault() -> None:
    lon = np.array([120.0, 116.4, 0.0, 28.9, np.nan, 121.5])
    lat = np.array([28.8, 39.9, 0.0, 120.0, np.nan, 28.9])
    notes = place_notes(lon, lat, WGS84, CITY, NOTHING)
    assert [note.split(":")[0] for note in notes[:3]] == [
        "1 rows whose place stands at 0, 0",
        "1 rows whose place has its two coordinates exchanged (坐标颠倒)",
        "2 rows whose place lies outside the city (119.4-120.7 E, 28.2-29.5 N)",
    ]
    assert place_notes(lon[:1], lat[:1], ZONE, CITY, NOTHING)[0].startswith("1 rows whose place")


def test_undeclared_shift_is_told_with_its_length(houses: tuple[Floats, Floats]) -> None:
    came = shifted(*houses)
    (note,) = place_notes(*came, WGS84, CITY, beside(houses))
    assert note.startswith("ATTENTION")
    assert "--crs gcj02" in note
    length_m = GEOD.inv(*houses, *came)[2].mean()
    told = re.search(r"(\d+) m from where they should", note)
    assert told is not None
    assert int(told[1]) == pytest.approx(length_m, rel=0.01)  # a sphere is good to half a percent


@pytest.mark.parametrize("crs", ["wgs84", "cgcs2000", "gcj02"])
def test_coordinates_as_declared_are_said_to_be_so(houses: tuple[Floats, Floats], crs: str) -> None:
    came = shifted(*houses) if crs == "gcj02" else houses
    (note,) = place_notes(*came, parse_crs(crs), CITY, beside(houses))
    assert note.startswith("checked against trusted features")


def test_conversion_of_what_is_not_shifted_is_doubted(houses: tuple[Floats, Floats]) -> None:
    (note,) = place_notes(*houses, GCJ02, CITY, beside(houses))
    assert "taken as gcj02, but the points lie as wgs84" in note
    assert "--crs wgs84" in note


def test_what_cannot_be_checked_is_said_and_outside_china_nothing_need_be(
    houses: tuple[Floats, Floats],
) -> None:
    assert "nothing trusted" in place_notes(*houses, WGS84, CITY, NOTHING)[0]
    few = (houses[0][:5], houses[1][:5])
    assert "too few" in place_notes(*few, WGS84, CITY, beside(few))[0]
    vaduz = CityFrame("Vaduz", "", (9.4, 47.0, 9.7, 47.3))
    assert place_notes(np.array([9.5]), np.array([47.1]), WGS84, vaduz, NOTHING) == ()
    assert place_notes(np.array([]), np.array([]), WGS84, CITY, NOTHING) == ()
    assert place_notes(np.array([np.nan]), np.array([np.nan]), GCJ02, CITY, NOTHING) == ()
