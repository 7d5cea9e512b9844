from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod

from tests.api.conftest import Client
from tests.api.town import COMMUNITY_CODES, EAST, NORTH, SOUTH, STEP_DEG, WEST, unit_id
from twin.city import City
from twin.crs import wgs84_to_gcj02

HALL = (120.0405, 28.8905)
EARTH = Geod(ellps="GRS80")


def test_place_in_the_hall_tells_everything_about_it(client: Client) -> None:
    found = client(f"/v1/locate?lon={HALL[0]}&lat={HALL[1]}").json()
    # Column and row of the square that holds the hall, counted by hand: 0.04 / 0.02 and 0.09 / 0.02.
    assert found["grid_unit"]["grid_id"] == unit_id(2, 4)
    assert [one["level"] for one in found["chain"]] == [
        "city",
        "district",
        "subdistrict",
        "community",
        "grid",
    ]
    assert [one["name"] for one in found["chain"][:4]] == ["测试市", "东区", "中心街道", "城西社区"]
    assert found["building"]["name"] == "市民中心"
    assert found["building"]["contains"] is True
    assert found["building"]["distance_m"] == 0.0
    assert (found["lon"], found["lat"]) == HALL


def test_every_place_is_in_the_square_that_arithmetic_says(client: Client) -> None:
    rng = np.random.default_rng(11)
    for lon, lat in rng.uniform([WEST, SOUTH], [EAST, NORTH], (50, 2)):
        found = client(f"/v1/locate?lon={lon}&lat={lat}").json()
        column, row = int((lon - WEST) / STEP_DEG), int((lat - SOUTH) / STEP_DEG)
        assert found["grid_unit"]["grid_id"] == unit_id(column, row)
        assert found["chain"][-1]["code"] == unit_id(column, row)


def test_nearest_address_is_the_one_that_a_search_of_all_finds(client: Client, town: City) -> None:
    frame = town.layer("addresses").to_geodataframe().dropna(subset="geometry")
    x, y = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    rng = np.random.default_rng(12)
    n_near = 0
    for lon, lat in rng.uniform([WEST, SOUTH], [EAST, NORTH], (40, 2)):
        _, _, metres = EARTH.inv(np.full_like(x, lon), np.full_like(y, lat), x, y)
        found = client(f"/v1/locate?lon={lon}&lat={lat}").json()["address"]
        if metres.min() > 500:
            assert found is None
        else:
            n_near += 1
            assert found["source_id"] == frame["source_id"].iloc[int(metres.argmin())]
            assert found["distance_m"] == pytest.approx(metres.min(), rel=1e-3, abs=0.01)
    assert n_near > 10


def test_far_outside_nothing_is_here(client: Client) -> None:
    found = client("/v1/locate?lon=10&lat=50").json()
    assert found["grid_unit"] is None
    assert found["chain"] == []
    assert found["building"] is None
    assert found["address"] is None


def test_place_may_come_in_the_coordinates_of_other_maps(client: Client) -> None:
    lon, lat = wgs84_to_gcj02(np.array([HALL[0]]), np.array([HALL[1]]))
    found = client(f"/v1/locate?lon={lon[0]}&lat={lat[0]}&crs=gcj02").json()
    assert found["building"]["name"] == "市民中心"
    assert found["asked"]["crs"] == "gcj02"
    # 1e-8 degrees are 1 mm
    assert (found["lon"], found["lat"]) == pytest.approx(HALL, abs=1e-8)
    # EPSG:4549 is CGCS2000 / 3-degree Gauss-Kruger CM 120E: false easting 500 km at the meridian.
    found = client("/v1/locate?lon=500000&lat=3196908&crs=EPSG:4549").json()
    assert found["lon"] == pytest.approx(120.0, abs=1e-9)
    assert 28.8 < found["lat"] < 29.0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "lon is missing"),
        ("lon=120", "lat is missing"),
        ("lon=120&lat=", "lat='' is not"),
        ("lon=120&lat=nan", "lat='nan' is not"),
        ("lon=inf&lat=28", "lon='inf' is not"),
        ("lon=28.9&lat=120.1", "swapped"),
        ("lon=200&lat=28", "not lon, lat"),
        ("lon=120&lat=28&crs=mars", "mars"),
        ("lon=120&lat=28&crs=EPSG:999999", "999999"),
        ("lon=1e30&lat=1e30&crs=EPSG:4549", "EPSG:4549"),
        ("lon=120&lat=28&zoom=3", "'zoom'"),
        ("lon=120&lon=121&lat=28", "twice"),
    ],
)
def test_wrong_place_is_refused_saying_what_came(client: Client, query: str, said: str) -> None:
    answer = client(f"/v1/locate?{query}")
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["detail"]


def test_place_on_a_shared_edge_belongs_to_the_lowest_id(client: Client) -> None:
    found = client(f"/v1/locate?lon={WEST + 3 * STEP_DEG}&lat={SOUTH + STEP_DEG / 2}").json()
    held = [one for column in (2, 3) for one in [unit_id(column, 0)]]
    edge = shapely.Point(WEST + 3 * STEP_DEG, SOUTH + STEP_DEG / 2)
    assert shapely.covers(
        shapely.box(WEST + 2 * STEP_DEG, SOUTH, WEST + 3 * STEP_DEG, SOUTH + STEP_DEG), edge
    )
    assert found["grid_unit"]["grid_id"] == min(held)


def test_caller_of_one_community_learns_nothing_of_the_other(
    client: Client, town: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    western = town.divisions.scope(COMMUNITY_CODES[0])
    east = f"/v1/locate?lon={EAST - STEP_DEG / 2}&lat={SOUTH + STEP_DEG / 2}"
    west = f"/v1/locate?lon={WEST + STEP_DEG / 2}&lat={SOUTH + STEP_DEG / 2}"
    whole = client(east)
    monkeypatch.setattr("api.ask.caller_scope", lambda _: western)
    assert client(west).json()["grid_unit"]["grid_id"] == unit_id(0, 0)
    limited = client(east, if_none_match=whole.headers["etag"])
    assert limited.status_code == 200
    assert limited.headers["etag"] != whole.headers["etag"]
    assert limited.json()["grid_unit"] is None
    assert limited.json()["chain"] == []
    assert limited.json()["building"] is None


def test_who_asked_the_same_place_gets_an_empty_304(client: Client) -> None:
    path = f"/v1/locate?lon={HALL[0]}&lat={HALL[1]}"
    tag = client(path).headers["etag"]
    assert tag.startswith('"')
    assert client(path, if_none_match=tag).status_code == 304
