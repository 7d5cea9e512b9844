"""Coordinates that nobody declared, in a city that has roads and no buildings, or nothing at all yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely

from api.demo import sample_folder
from api.importing import ImportOutcome, ImportRequest, import_files
from tests.api.deliveries import take_in, write_addresses, write_geojson
from twin.city import City
from twin.config import CityConfig
from twin.crs import wgs84_to_gcj02

POLICE = {"source_id": "编号", "text": "地址"}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        yield made


def import_sample(city: City, name: str) -> ImportOutcome:
    request = ImportRequest("addresses", (sample_folder() / name,), columns=POLICE)
    (outcome,) = import_files(city, request)
    return outcome


def test_addresses_of_the_police_are_recognised_by_the_roads(city: City) -> None:
    take_in(city, "osm", sample_folder() / "roads.osm.pbf")
    outcome = import_sample(city, "addresses_police.csv.gz")
    assert outcome.report.crs == "gcj02"
    assert any(
        "no shift declared, but the rows stand along the roads" in note for note in outcome.report.notes
    )


def test_addresses_without_anything_to_compare_are_taken_with_a_loud_note(city: City) -> None:
    outcome = import_sample(city, "addresses_police.csv.gz")
    assert outcome.report.crs == "wgs84"
    assert "ATTENTION" in outcome.report.summary()
    assert "--crs gcj02" in outcome.report.summary()


@pytest.fixture
def houses(city: City, tmp_path: Path) -> np.ndarray:
    """Middles of 300 houses 20 m beside the roads of a country, (n, 2) lon, lat; the roads are imported."""
    rng = np.random.default_rng(3)
    ends = rng.uniform([120.0, 28.8], [120.12, 28.92], (60, 2, 2))
    roads = [({"osm_id": f"w{n}", "class": "primary"}, shapely.LineString(two)) for n, two in enumerate(ends)]
    take_in(city, "vector", write_geojson(tmp_path / "roads.geojson", roads), layer="roads")
    of_road, share = rng.integers(0, len(ends), 300), rng.uniform(0.0, 1.0, (300, 1))
    found: np.ndarray = ends[of_road, 0] * share + ends[of_road, 1] * (1.0 - share) + 2e-4
    return found


def write_outlines(path: Path, middles: np.ndarray) -> Path:
    boxes = shapely.box(*(middles - 5e-5).T, *(middles + 5e-5).T)
    rows = "".join(f'B{n},"{shape.wkt}"\n' for n, shape in enumerate(boxes))
    path.write_text("building_id,wkt\n" + rows)
    return path


@pytest.mark.parametrize("crs", ["wgs84", "gcj02"])
def test_outlines_of_buildings_show_their_shift_by_the_roads(
    city: City, tmp_path: Path, houses: np.ndarray, crs: str
) -> None:
    came = houses if crs == "wgs84" else np.column_stack(wgs84_to_gcj02(*houses.T))
    (outcome,) = take_in(city, "vector", write_outlines(tmp_path / "b.csv", came), layer="buildings")
    assert outcome.report.crs == crs
    view = city.layer("buildings")
    middles = shapely.get_coordinates(shapely.centroid(view.geometries(view.positions())))
    order = np.lexsort(middles.T)
    assert np.allclose(middles[order], houses[np.lexsort(houses.T)], atol=1e-6)  # 0.1 m


def test_declared_coordinates_are_taken_as_declared_and_doubted_aloud(
    city: City, tmp_path: Path, houses: np.ndarray
) -> None:
    places = np.column_stack(wgs84_to_gcj02(*houses.T)).tolist()
    path = write_addresses(tmp_path / "a.csv", {str(n): (f"{n}号", *place) for n, place in enumerate(places)})
    (outcome,) = take_in(city, "addresses", path, crs="wgs84")
    assert outcome.report.crs == "wgs84"
    assert any("taken as wgs84 as declared, but" in note for note in outcome.report.notes)
    assert take_in(city, "addresses", path)[0].report.crs == "gcj02"
