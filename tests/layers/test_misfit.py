"""A shift shows along roads only where the points keep to the roads, and never by chance."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.misfit import Distance, Trusted, compared, roadside_misfit
from tests.layers.gcj02_oracle import gcj02_of
from twin.crs import parse_crs

LON, LAT = 120.0, 28.9
EAST_M, NORTH_M = 97_500.0, 110_900.0
SIZE_M = 12_000.0


class Country:
    """Straight roads across a square of 12 km; x, y metres from its corner."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        ends = self.rng.uniform(0.0, SIZE_M, (60, 2, 2))
        self.roads = shapely.linestrings(ends)
        self.tree = shapely.STRtree(self.roads)

    def distance_m(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        points = shapely.points(x, y)
        nearest: np.ndarray = shapely.distance(points, self.roads[self.tree.nearest(points)])
        return nearest

    def to_roads(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return self.distance_m((lon - LON) * EAST_M, (lat - LAT) * NORTH_M)

    def houses(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return lon, lat of places 5 to 60 m beside a road."""
        roads = self.roads[self.rng.integers(0, len(self.roads), n)]
        along = shapely.get_coordinates(
            shapely.line_interpolate_point(roads, self.rng.uniform(0, 1, n), normalized=True)
        )
        turn = self.rng.uniform(0.0, 2 * np.pi, n)
        aside = self.rng.uniform(5.0, 60.0, n)
        return lonlat(along[:, 0] + aside * np.cos(turn), along[:, 1] + aside * np.sin(turn))

    def trees(self, n: int, *, farther_than_m: float) -> tuple[np.ndarray, np.ndarray]:
        """Return lon, lat of places anywhere, at least so far from every road."""
        x, y = self.rng.uniform(0.0, SIZE_M, (2, 20 * n))
        is_far = self.distance_m(x, y) >= farther_than_m
        return lonlat(x[is_far][:n], y[is_far][:n])


def lonlat(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return LON + x / EAST_M, LAT + y / NORTH_M


def shifted(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = np.array([gcj02_of(*point) for point in zip(lon.tolist(), lat.tolist(), strict=True)])
    return points[:, 0], points[:, 1]


@pytest.mark.parametrize("seed", range(8))
def test_houses_show_their_shift_and_that_they_have_none(seed: int) -> None:
    country = Country(seed)
    lon, lat = country.houses(400)
    assert roadside_misfit(lon, lat, country.to_roads).crs == parse_crs("wgs84")
    assert roadside_misfit(*shifted(lon, lat), country.to_roads).crs == parse_crs("gcj02")


@pytest.mark.parametrize("farther_than_m", [0.0, 100.0, 300.0])
@pytest.mark.parametrize("seed", range(8))
def test_what_does_not_keep_to_roads_shows_nothing(seed: int, farther_than_m: float) -> None:
    country = Country(seed)
    lon, lat = country.trees(400, farther_than_m=farther_than_m)
    assert roadside_misfit(lon, lat, country.to_roads).crs is None
    assert roadside_misfit(*shifted(lon, lat), country.to_roads).crs is None


@pytest.mark.parametrize("seed", range(8))
def test_many_points_of_one_spot_are_no_evidence(seed: int) -> None:
    country = Country(seed)
    lon, lat = country.houses(1)
    noise = country.rng.normal(0.0, 1e-4, (2, 400))
    finding = roadside_misfit(lon[0] + noise[0], lat[0] + noise[1], country.to_roads)
    assert finding.crs is None
    assert "too few" in finding.sentence


def test_outside_china_nothing_is_clear() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(9.4, 9.6, 400), rng.uniform(47.0, 47.3, 400)
    assert roadside_misfit(lon, lat, lambda x, y: np.abs(x - 9.5) * 1e5).crs is None


def test_buildings_count_before_roads_and_nothing_where_there_is_nothing() -> None:
    country = Country(1)
    lon, lat = country.houses(400)

    def to_buildings(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.hypot((x - lon) * EAST_M, (y - lat) * NORTH_M)
        return found

    nowhere: Distance = lambda x, y: np.full(len(x), np.inf)  # noqa: E731 -- one line says it
    assert compared(lon, lat, Trusted()) is None
    by_buildings = compared(lon, lat, Trusted(to_buildings, nowhere))
    assert by_buildings is not None
    assert by_buildings.is_proof
    by_roads = compared(*shifted(lon, lat), Trusted(nowhere, country.to_roads))
    assert by_roads is not None
    assert (by_roads.crs, by_roads.is_proof) == (parse_crs("gcj02"), False)
