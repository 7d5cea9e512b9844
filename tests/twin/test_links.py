"""Links are found from an address and all below it, from a reference, and as of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.small_book import TOWN, book_of
from twin.errors import InvalidQueryError
from twin.layer_table import TIMESTAMP
from twin.link_kinds import LINK_KINDS
from twin.links import AddressLinks, end_of_day_ms

Row = tuple[int | None, str, str, date | None, date | None]
BOOK = book_of()
ABOVE = {node.id: node.above for node in TOWN}
DIVISION = {node.id: node.division for node in TOWN}


def moment(day: date | None) -> datetime | None:
    """Return midnight in China as UTC."""
    return None if day is None else datetime.fromtimestamp(end_of_day_ms(day) / 1000 - 86_400, UTC)


def links_of(rows: list[Row]) -> AddressLinks:
    n = len(rows)
    table = pa.table(
        {
            "feature_id": pa.array(range(1, n + 1), pa.int64()),
            "kind": pa.array([row[1] for row in rows], pa.string()),
            "ref": pa.array([row[2] for row in rows], pa.string()),
            "address_id": pa.array([row[0] for row in rows], pa.int64()),
            "address_source": pa.nulls(n, pa.string()),
            "source_id": pa.nulls(n, pa.string()),
            "class": pa.nulls(n, pa.string()),
            "valid_from": pa.array([moment(row[3]) for row in rows], TIMESTAMP),
            "valid_to": pa.array([moment(row[4]) for row in rows], TIMESTAMP),
        }
    )
    return AddressLinks.of(table, BOOK)


def references(links: AddressLinks, rows: np.ndarray) -> list[str]:
    return sorted(links.table(rows)["ref"].to_pylist())


ROWS: list[Row] = [
    (41, "person", "P1", None, None),
    (42, "person", "P2", None, None),
    (43, "person", "P1", None, None),
    (43, "thing", "T1", None, None),
    (21, "enterprise", "E1", None, None),
    (12, "enterprise", "E2", None, None),
    (50, "person", "P9", None, None),
    (None, "person", "P8", None, None),
]


def test_building_has_the_links_of_its_dwellings() -> None:
    links = links_of(ROWS)
    assert references(links, links.below(BOOK.position_of(21))) == ["E1", "P1", "P2"]
    assert references(links, links.below(BOOK.position_of(22))) == ["P1", "T1"]
    assert references(links, links.below(BOOK.position_of(20))) == ["E1", "P1", "P1", "P2", "T1"]
    assert references(links, links.below(BOOK.position_of(42))) == ["P2"]


def test_community_has_the_links_of_addresses_on_its_part_of_a_road() -> None:
    links = links_of(ROWS)
    assert references(links, links.below(BOOK.position_of(5))) == ["E2"]
    assert references(links, links.below(BOOK.position_of(4))) == ["E1", "P1", "P1", "P2", "T1"]
    assert references(links, links.below(BOOK.position_of(1))) == ["E1", "E2", "P1", "P1", "P2", "T1"]


def test_somebody_with_two_dwellings_is_one_person() -> None:
    links = links_of(ROWS)
    rows = links.below(BOOK.position_of(20))
    assert dict(zip(LINK_KINDS, links.counts(rows)[0].tolist(), strict=True)) == {
        "person": 2,
        "enterprise": 1,
        "place": 0,
        "thing": 1,
        "agency": 0,
        "incident": 0,
    }
    by_building = np.where(links.nodes[rows] == BOOK.position_of(43), 1, 0)
    assert links.counts(rows, by_building, 2)[:, 0].tolist() == [2, 1]


def test_one_reference_of_two_kinds_is_two_things() -> None:
    links = links_of([(41, "person", "X", None, None), (41, "thing", "X", None, None)])
    assert links.counts(links.below(BOOK.position_of(41)))[0].tolist() == [1, 0, 0, 1, 0, 0]
    assert references(links, links.find("thing", "X")) == ["X"]


def test_reference_leads_back_to_its_addresses() -> None:
    links = links_of(ROWS)
    assert links.table(links.find("person", "P1"))["address_id"].to_pylist() == [41, 43]
    assert links.table(links.find("person", "P8"))["address_id"].to_pylist() == [None]
    assert len(links.find("person", "nobody")) == 0
    assert len(links.find("enterprise", "P1")) == 0
    assert links.n_unplaced == 1


def test_link_holds_from_its_first_day_to_the_day_before_its_last() -> None:
    links = links_of([(41, "person", "P1", date(2020, 1, 1), date(2021, 1, 1))])
    everything = np.arange(1)
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1)]
    assert [len(links.in_force(everything, day)) for day in days] == [0, 1, 1, 0]
    assert links.table(everything)["valid_to"].to_pylist() == [datetime(2020, 12, 31, 16, tzinfo=UTC)]


def test_link_by_the_number_of_a_source_row_is_resolved_where_that_is_clear() -> None:
    addresses = pa.table(
        {
            "source": ["civil", "civil", "police", "police", "police"],
            "source_id": ["1", "2", "2", "3", "4"],
            "address_id": pa.array([41, 42, 43, 42, None], pa.int64()),
        }
    )
    wanted = [
        ("civil", "1"),
        (None, "1"),
        (None, "2"),
        ("police", "2"),
        (None, "3"),
        (None, "4"),
        (None, "9"),
    ]
    table = pa.table(
        {
            "feature_id": pa.array(range(7), pa.int64()),
            "kind": ["person"] * 7,
            "ref": [f"P{number}" for number in range(7)],
            "address_id": pa.nulls(7, pa.int64()),
            "address_source": pa.array([one[0] for one in wanted], pa.string()),
            "source_id": pa.array([one[1] for one in wanted], pa.string()),
            "class": pa.nulls(7, pa.string()),
            "valid_from": pa.nulls(7, TIMESTAMP),
            "valid_to": pa.nulls(7, TIMESTAMP),
        }
    )
    links = AddressLinks.of(table, BOOK, addresses)
    found = links.table(np.arange(7)).sort_by("ref")["address_id"].to_pylist()
    assert found == [41, 41, None, 43, 42, None, None]


def test_link_to_a_merged_address_belongs_to_what_it_went_into() -> None:
    base = pa.table(
        {
            "feature_id": pa.array([41, 98, 99, 97], pa.int64()),
            "superseded_by": pa.array([None, 41, 98, 96], pa.int64()),
        }
    )
    table = links_of([(99, "person", "P1", None, None), (97, "person", "P2", None, None)]).table(np.arange(2))
    table = table.set_column(4, "address_id", pa.array([99, 97], pa.int64()))
    for name in ("address_source", "source_id"):
        table = table.append_column(name, pa.nulls(2, pa.string()))
    links = AddressLinks.of(table, BOOK, base=base)
    assert references(links, links.below(BOOK.position_of(41))) == ["P1"]
    assert links.n_unplaced == 1, "what went into an address that is gone too has none"


def test_classes_and_kinds_narrow_and_unknown_kinds_are_refused() -> None:
    links = links_of(ROWS)
    everything = np.arange(len(links))
    assert references(links, links.of_kinds(everything, ["thing", "enterprise"])) == ["E1", "E2", "T1"]
    assert len(links.of_kinds(everything, ["thing"], ["餐饮"])) == 0
    with pytest.raises(InvalidQueryError, match="animal"):
        links.of_kinds(everything, ["animal"])


def test_no_links_and_no_addresses_are_fine() -> None:
    links = links_of([])
    assert links.counts(links.below(BOOK.position_of(1))).tolist() == [[0] * 6]
    assert len(links.find("person", "P1")) == 0
    empty = AddressLinks.of(
        links.table(np.empty(0, np.int64))
        .append_column("source_id", pa.nulls(0, pa.string()))
        .append_column("address_source", pa.nulls(0, pa.string())),
        book_of(()),
    )
    assert len(empty) == 0


def lies_below(id_: int | None, above: int) -> bool:
    """Say whether an address lies in another, by going up one step at a time."""
    if above in (1, 2, 3, 4, 5):
        id_ = DIVISION.get(id_ or 0, 0)
    while id_:
        if id_ == above:
            return True
        id_ = ABOVE[id_]
    return False


ids = st.sampled_from([node.id for node in TOWN])
days = st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 5))


@given(
    st.lists(st.tuples(ids | st.none(), st.sampled_from(LINK_KINDS), st.sampled_from("ABC"), days, days)),
    ids,
    st.dates(date(2019, 12, 31), date(2020, 1, 6)),
)
def test_answers_are_those_of_a_slow_loop(rows: list[Row], above: int, day: date) -> None:
    links = links_of(rows)
    wanted = [
        row
        for row in rows
        if lies_below(row[0], above) and (row[3] or date.min) <= day and day < (row[4] or date.max)
    ]
    found = links.in_force(links.below(BOOK.position_of(above)), day)
    assert references(links, found) == sorted(row[2] for row in wanted)
    counts = [len({row[2] for row in wanted if row[1] == kind}) for kind in LINK_KINDS]
    assert links.counts(found)[0].tolist() == counts
