"""The book of addresses on disk: as it was, or said to be damaged."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.twin.addresses.places import assembled, city_of, row
from twin.addresses.base import ADDRESS_BASE
from twin.addresses.book import AddressBook
from twin.addresses.book_file import book_path, load_book, store_book, stored_book
from twin.addresses.doubts import DOUBT_SCHEMA, doubts_of, store_doubts
from twin.addresses.levels import Level
from twin.errors import DamagedLayerError, InvalidLayerError, StorageError, UnknownFeatureError

ROWS = [row("丽城区古城街道长春社区永城路38号紫荆花园3幢1单元302室", 0, 0), row("溪南区学院路5号", 900, 0)]
ROWS += [row("丽城区永城路46号紫荆花园3幢1单元302室", 90, 0)]


def equal(one: AddressBook, other: AddressBook) -> bool:
    for field in fields(AddressBook):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            is_same = mine.dtype == theirs.dtype and np.array_equal(
                mine, theirs, equal_nan=mine.dtype.kind == "f"
            )
        else:
            is_same = mine == theirs if isinstance(mine, tuple) else mine.equals(theirs)
        if not is_same:
            return False
    return True


@pytest.mark.parametrize("rows", [[], ROWS[:1], ROWS])
def test_stored_book_is_read_as_it_was(
    tmp_path: Path, rows: list[tuple[str, float | None, float | None]]
) -> None:
    book = assembled(rows).book()
    store_book(book, tmp_path / "a.arrow")
    assert equal(load_book(tmp_path / "a.arrow"), book)


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"x" * 5_000])
def test_damaged_book_is_said_to_be_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.arrow").write_bytes(content)
    with pytest.raises(DamagedLayerError, match="cannot be read"):
        load_book(tmp_path / "a.arrow")
    with pytest.raises(DamagedLayerError, match="cannot be read"):
        load_book(tmp_path / "missing.arrow")


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        store_book(assembled(ROWS).book(), tmp_path / "no folder" / "a.arrow")


def test_missing_or_damaged_book_is_made_from_the_view(tmp_path: Path) -> None:
    with city_of(tmp_path / "a.city", ROWS) as city:
        view = city.layer(ADDRESS_BASE)
        made = AddressBook.from_view(view)
        assert equal(stored_book(city.path, view), made)
        path = book_path(city.path, view)
        path.parent.mkdir()
        path.write_bytes(b"half of it")
        assert equal(stored_book(city.path, view), made)


def test_every_address_of_a_book_is_found_under_the_one_above_it() -> None:
    book = assembled(ROWS).book()
    found = book.find(book.parents, book.levels, book.tokens)
    assert found.tolist() == list(range(len(book)))
    for position in range(len(book)):
        assert position in book.children(int(book.parents[position]))
        assert book.position_of(int(book.ids[position])) == position
    with pytest.raises(UnknownFeatureError, match="no address in force"):
        book.position_of(10**9)


def test_gate_of_an_estate_leads_to_its_other_number() -> None:
    book = assembled(ROWS).book()
    ((estate, number),) = book.gates.tolist()
    assert (Level(book.levels[estate]), book.name_of(estate)) == (Level.ESTATE, "紫荆花园")
    assert (Level(book.levels[number]), book.name_of(number)) == (Level.NUMBER, "46")


def test_addresses_that_stand_above_themselves_make_no_book() -> None:
    base = assembled(ROWS).base
    ids = base["feature_id"]
    ring = base.set_column(base.column_names.index("parent_id"), "parent_id", ids)
    with pytest.raises(InvalidLayerError, match="above themselves"):
        AddressBook.from_table(ring)


def test_doubts_are_kept_beside_their_base_and_only_the_newest(tmp_path: Path) -> None:
    with city_of(tmp_path / "a.city", ROWS) as city:
        layer = city.layer(ADDRESS_BASE).layer
        assert doubts_of(city.path, layer).num_rows == 0
        pair = {
            "address_id": 1,
            "other_id": 2,
            "text": "a",
            "other_text": "b",
            "distance_m": 3.0,
            "score": 0.9,
        }
        store_doubts(city.path, 1, "0" * 64, pa.Table.from_pylist([pair], DOUBT_SCHEMA))
        assert doubts_of(city.path, layer)["other_id"].to_pylist() == [2]
        store_doubts(city.path, layer.version, layer.content_hash, DOUBT_SCHEMA.empty_table())
        assert doubts_of(city.path, layer).num_rows == 0
        assert len(list((city.path / "search").glob("doubts-*"))) == 1
