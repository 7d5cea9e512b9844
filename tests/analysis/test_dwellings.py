"""From buildings to addresses and dwellings: a base small enough to match by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.dwellings import BuildingAddresses, match_buildings
from tests.analysis.housing import EIGHT, FARM, HOUSES, NINE, SEVEN, SIX, make_housing
from twin.addresses.base import ADDRESS_BASE, from_layer
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.city import City


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with make_housing(tmp_path_factory.mktemp("housing") / "a.city") as made:
        yield made


@pytest.fixture(scope="module")
def homes(city: City) -> BuildingAddresses:
    return matched(city)


def matched(city: City, **options: float) -> BuildingAddresses:
    book = AddressBook.from_view(city.layer(ADDRESS_BASE))
    return match_buildings(city.layer("buildings"), book, city.config.crs, **options)


def building_ids(city: City) -> dict[str, int]:
    view = city.layer("buildings")
    rows = view.take(view.positions(), ["building_id", "feature_id"]).to_pylist()
    return {row["building_id"]: row["feature_id"] for row in rows}


def addresses_of(city: City, homes: BuildingAddresses, key: str, level: Level | None = None) -> set[int]:
    return set(homes.book.ids[homes.addresses(building_ids(city)[key], level)].tolist())


def test_address_inside_a_footprint_belongs_to_it_with_all_below(
    city: City, homes: BuildingAddresses
) -> None:
    assert addresses_of(city, homes, "B6") == {SIX, 71, 72, 73}
    assert addresses_of(city, homes, "B6", Level.DWELLING) == {72, 73}
    assert homes.how_of(homes.book.position_of(72)) == ("inside", 0.0)


def test_address_beside_a_footprint_needs_its_number(city: City, homes: BuildingAddresses) -> None:
    assert addresses_of(city, homes, "B7", Level.DWELLING) == {74}
    how, distance_m = homes.how_of(homes.book.position_of(SEVEN))
    assert how == "near, same number"
    # 0.005 steps of 0.01 degrees at 28.8 N: 0.00005 * 111.32 km * cos(28.8) = 4.88 m
    assert distance_m == pytest.approx(4.88, abs=0.02)
    assert addresses_of(city, matched(city, near_m=4.0), "B7") == set()


def test_address_far_from_every_footprint_has_no_building(homes: BuildingAddresses) -> None:
    for address_id in (EIGHT, 76):
        assert homes.homes[homes.book.position_of(address_id)] == -1
    assert homes.how_of(homes.book.position_of(76))[0] == ""


def test_address_inside_a_building_of_another_number_is_told(city: City, homes: BuildingAddresses) -> None:
    assert addresses_of(city, homes, "B10") == {NINE}
    assert homes.book.ids[homes.matched[homes.disagrees]].tolist() == [NINE]


def test_house_number_without_buildings_stands_for_one(city: City, homes: BuildingAddresses) -> None:
    assert addresses_of(city, homes, "F12") == {FARM, 75}


def test_road_and_estate_stand_for_no_building(homes: BuildingAddresses) -> None:
    book = homes.book
    assert {int(level) for level in book.levels[homes.matched]} <= {
        Level.NUMBER,
        Level.PREMISES,
        Level.BUILDING,
    }


def test_counts_are_those_of_the_lists(city: City, homes: BuildingAddresses) -> None:
    for feature_id, n_addresses, n_dwellings in zip(
        homes.feature_ids.tolist(), homes.address_counts.tolist(), homes.dwelling_counts.tolist(), strict=True
    ):
        assert len(homes.addresses(feature_id)) == n_addresses
        assert len(homes.addresses(feature_id, Level.DWELLING)) == n_dwellings
    assert homes.dwelling_counts.sum() == 4
    assert len(homes.addresses(10**9)) == 0


def test_footprint_beside_an_address_is_its_building_only_where_it_says_so(tmp_path: Path) -> None:
    footprint = HOUSES["B7"][0]
    for name, number, estate, how in (
        ("a", None, "紫荆花园", "near, same estate"),
        ("b", "7", "别的小区", ""),
        ("c", "8", "紫荆花园", ""),
    ):
        with make_housing(tmp_path / f"{name}.city", HOUSES | {"B7": (footprint, number, estate)}) as other:
            homes = matched(other)
            assert homes.how_of(homes.book.position_of(SEVEN))[0] == how


def test_base_without_addresses_leaves_buildings_empty(city: City) -> None:
    empty = city.layer(ADDRESS_BASE).take(np.empty(0, np.int64))
    book = AddressBook.from_table(from_layer(empty))
    homes = match_buildings(city.layer("buildings"), book, city.config.crs)
    assert homes.address_counts.tolist() == [0] * len(homes.feature_ids)
