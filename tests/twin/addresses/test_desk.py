"""The desk keeps one finder until the base changes, and shows each caller his part of it."""

from __future__ import annotations

import numpy as np
import pytest

from twin.addresses.base import ADDRESS_BASE
from twin.addresses.desk import names_of
from twin.addresses.levels import Level
from twin.city import City
from twin.config import CityConfig
from twin.errors import UnknownLayerError
from twin.scope import Scope


def test_same_finder_answers_until_the_base_changes(own_lizhou: City) -> None:
    first = own_lizhou.address_finder()
    assert own_lizhou.address_finder() is first
    layer = own_lizhou.store.open(ADDRESS_BASE)
    view = own_lizhou.layer(ADDRESS_BASE)
    with own_lizhou.writing():
        own_lizhou.store.put(layer.schema, view.take(view.positions()))
    own_lizhou.forget(ADDRESS_BASE)
    assert own_lizhou.address_finder() is not first


def test_index_of_names_stands_in_the_folder_of_the_city(own_lizhou: City) -> None:
    own_lizhou.address_finder()
    assert len(list((own_lizhou.path / "search").glob("names-*"))) == 1


def test_caller_of_a_district_finds_addresses_of_it_alone(lizhou: City) -> None:
    tree = lizhou.divisions
    district = next(node for node in tree.nodes if node.level == 2)
    other = next(node for node in tree.nodes if node.level == 2 and node.name != district.name)
    place = next(place for place, node in enumerate(tree.nodes) if node.code == district.code)
    first = int(tree.preorder_of(np.array([district.id]))[0])
    n_below = sum(district in tree.chain(node) for node in tree.nodes[place:])
    scope = Scope(((first, first + n_below),))
    seen, whole = lizhou.address_finder(scope), lizhou.address_finder()
    assert lizhou.address_finder(scope) is seen
    book = whole.book
    dwellings = np.flatnonzero(book.levels == Level.DWELLING)[::997]
    texts = whole.standard_texts(dwellings).to_pylist()
    for text, found in zip(texts, seen.geocode_table(texts).to_pylist(), strict=True):
        if district.name in text:
            assert found["standard_text"] == text
        elif found["standard_text"]:
            assert other.name not in found["standard_text"]
            assert found["score"] < 0.9


def test_every_standard_address_of_the_county_finds_itself(lizhou: City) -> None:
    finder = lizhou.address_finder()
    nodes = np.flatnonzero(finder.book.levels > Level.COMMUNITY)[::41]
    table = finder.geocode_table(finder.standard_texts(nodes))
    assert (table["position"].to_numpy() == nodes).mean() > 0.99


def test_names_are_those_below_the_divisions(lizhou: City) -> None:
    names = names_of(lizhou.address_finder().book)
    assert "怡和公寓" in names
    assert "丽州市" not in names


def test_city_without_addresses_is_told_how_to_get_some(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with (
        City.create(tmp_path / "a.city", CityConfig("空市")) as city,
        pytest.raises(UnknownLayerError, match="import addresses"),
    ):
        city.address_finder()
