"""Numbers of people told address by address give no small one away, however they are subtracted."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.published_links import withheld_people
from tests.twin.small_book import TOWN, book_of
from twin.addresses.levels import Level
from twin.layer_table import TIMESTAMP
from twin.links import AddressLinks

BOOK = book_of()
SMALL = range(1, 5)


def links_of(address_ids: list[int]) -> AddressLinks:
    n = len(address_ids)
    table = pa.table(
        {
            "feature_id": pa.array(range(n), pa.int64()),
            "kind": pa.array(["person"] * n, pa.string()),
            "ref": pa.array([f"p{number}" for number in range(n)], pa.string()),
            "address_id": pa.array(address_ids, pa.int64()),
            **{name: pa.nulls(n, pa.string()) for name in ("address_source", "source_id", "class")},
            **{name: pa.nulls(n, TIMESTAMP) for name in ("valid_from", "valid_to")},
        }
    )
    return AddressLinks.of(table, BOOK)


def told(address_ids: list[int]) -> dict[int, int | None]:
    """Return what a caller who asks about every address learns."""
    links = links_of(address_ids)
    withheld = withheld_people(links)
    return {
        int(BOOK.ids[node]): None if withheld[node] else len(links.below(node)) for node in range(len(BOOK))
    }


def test_lone_small_dwelling_is_not_the_difference_of_two_numbers() -> None:
    numbers = told([41] * 6 + [42] * 2)
    assert numbers[42] is None
    assert numbers[41] is None, "8 in the unit less 6 in one dwelling are 2 in the other"
    assert numbers[31] == 8


def test_people_of_the_building_itself_are_not_the_difference_either() -> None:
    numbers = told([31] * 9 + [21] * 1)
    assert numbers[31] is None
    assert numbers[21] == 10


def test_numbers_are_told_where_nobody_is_few() -> None:
    numbers = told([41] * 6 + [42] * 7 + [43] * 8 + [12] * 5)
    assert numbers[41], numbers[42] == (6, 7)
    assert (numbers[21], numbers[22], numbers[20]) == (13, 8, 21)
    assert (numbers[4], numbers[5], numbers[3]) == (21, 5, 26)
    assert numbers[50] == 0


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([11, 12, 20, 21, 22, 31, 41, 42, 43, 50, 4]), max_size=45))
def test_no_sum_is_told_with_all_but_one_of_its_parts(address_ids: list[int]) -> None:
    numbers = told(address_ids)
    links = links_of(address_ids)
    assert not [number for number in numbers.values() if number in SMALL]
    for node in TOWN:
        is_division = node.level <= Level.COMMUNITY
        parts = [
            one.id for one in TOWN if one.above == node.id and (one.level <= Level.COMMUNITY) == is_division
        ]
        if not parts:
            continue
        whole = len(links.below(BOOK.position_of(node.id)))
        own = whole - sum(len(links.below(BOOK.position_of(part))) for part in parts)
        shown = [numbers[part] for part in parts]
        if numbers[node.id] is not None and None not in shown:
            assert own not in SMALL
        if own == 0:
            assert [*shown, numbers[node.id]].count(None) != 1
