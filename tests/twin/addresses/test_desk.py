"""The desk keeps one finder until the base changes, and shows each caller his part of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from twin.addresses.base import ADDRESS_BASE, TIMESTAMP
from twin.addresses.desk import base_as_of, names_of
from twin.addresses.levels import Level
from twin.city import City
from twin.config import CityConfig
from twin.divisions import CHINA_TIME
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


def base_table(rows: list[tuple[int, int | None, str | None, str | None, str]]) -> pa.Table:
    """Return rows of a base: id, parent, first and last day, status; all else is not looked at."""

    def moment(day: str | None) -> datetime | None:
        return None if day is None else datetime.fromisoformat(f"{day}T00:00:00+08:00")

    ids, parents, first, last, status = zip(*rows, strict=True)
    return pa.table(
        {
            "feature_id": pa.array(ids, pa.int64()),
            "parent_id": pa.array(parents, pa.int64()),
            "valid_from": pa.array(map(moment, first), TIMESTAMP),
            "valid_to": pa.array(map(moment, last), TIMESTAMP),
            "status": pa.array(status, pa.string()),
        }
    )


@pytest.mark.parametrize(
    ("day", "ids"),
    [
        (date(1990, 1, 1), [1]),
        (date(2000, 1, 1), [1, 2, 3]),
        (date(2009, 12, 31), [1, 2, 3]),
        (date(2010, 1, 1), [1, 2, 4]),
    ],
)
def test_base_of_a_day_holds_what_was_valid_and_what_stands_above_it(day: date, ids: list[int]) -> None:
    base = base_table(
        [
            (1, None, None, None, "in_force"),
            (2, 1, "2005-01-01", None, "in_force"),
            (3, 2, "2000-01-01", "2010-01-01", "superseded"),
            (4, 2, "2010-01-01", None, "in_force"),
        ]
    )
    found = base_as_of(base, day)
    assert found["feature_id"].to_pylist() == ids
    assert set(found["status"].to_pylist()) == {"in_force"}


def test_address_that_came_later_is_not_found_as_of_a_day_before(lizhou: City) -> None:
    view = lizhou.layer(ADDRESS_BASE)
    rows = view.take(view.positions(), ["text", "level", "valid_from"]).to_pylist()
    late = max(
        (row for row in rows if row["level"] == 15 and row["valid_from"]), key=lambda row: row["valid_from"]
    )
    day = late["valid_from"].astimezone(CHINA_TIME).date()
    assert lizhou.address_finder(as_of=day).geocode(late["text"])[0].standard_text == late["text"]
    before = lizhou.address_finder(as_of=day - timedelta(days=1)).geocode(late["text"])[0]
    assert before.standard_text != late["text"]
    assert before.score < 0.9
    assert lizhou.address_finder().geocode(late["text"])[0].standard_text == late["text"]
