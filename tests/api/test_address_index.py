"""What finds addresses stands in the city's folder as soon as they are imported, and follows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from api.address_index import store_address_index
from tests.api.deliveries import take_in, write_addresses, write_divisions
from tests.api.test_addressing import CIVIL, HOME, POLICE
from twin.addresses.base import ADDRESS_BASE
from twin.addresses.book import AddressBook
from twin.addresses.book_file import book_path, load_book
from twin.city import City
from twin.config import CityConfig


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        take_in(made, "divisions", write_divisions(tmp_path / "divisions.csv"))
        take_in(made, "addresses", write_addresses(tmp_path / "police.csv", POLICE))
        yield made


def stored(city: City) -> set[str]:
    return {path.name for path in (city.path / "search").iterdir() if not path.name.startswith("doubts")}


def test_import_leaves_book_and_names_for_the_next_process(city: City) -> None:
    view = city.layer(ADDRESS_BASE)
    book = load_book(book_path(city.path, view))
    assert np.array_equal(book.ids, AddressBook.from_view(view).ids)
    before = stored(city)
    assert sorted(name.split("-")[0] for name in before) == ["book", "names"]
    with City.open(city.path) as other:
        assert other.address_finder().geocode(HOME)[0].standard_text.endswith("302室")
    assert stored(city) == before


def test_index_follows_the_base_and_leaves_no_older_one(city: City, tmp_path: Path) -> None:
    before = stored(city)
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    assert len(stored(city)) == 2
    assert not stored(city) & before
    assert book_path(city.path, city.layer(ADDRESS_BASE)).exists()


def test_city_without_addresses_keeps_none(tmp_path: Path) -> None:
    with City.create(tmp_path / "b.city", CityConfig("空市")) as empty, empty.writing():
        store_address_index(empty)
        assert not list((empty.path / "search").glob("book-*"))
