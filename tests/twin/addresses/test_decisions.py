"""People merge, split, correct and undo: what changes, what never does, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twin.addresses.places import city_of, row, seen
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.book import AddressBook
from twin.addresses.decisions import correct, merge, reject, rulings_of, split, undo
from twin.addresses.levels import Level
from twin.city import City
from twin.errors import (
    InvalidDecisionError,
    StateConflictError,
    TwinError,
    UnknownDecisionError,
    UnknownFeatureError,
)
from twin.state.decisions import decisions

EAST = "丽城区古城街道长春社区永城路38号紫荆花园"
WEST = "丽城区古城街道丰收社区中山路7号阳光花园"
ROWS = [
    row(f"{EAST}1幢1单元101室", 0, 0),
    row(f"{EAST}1幢1单元102室", 0, 0),
    row(f"{EAST}2幢1单元101室", 50, 0),
    row(f"{EAST}2幢", 50, 0),
    row(f"{WEST}1幢1单元101室", -2_000, 0),
    row(f"{WEST}3幢1单元301室", -2_050, 0),
    row(WEST, -2_000, 0),
]


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with city_of(tmp_path / "decided.city", ROWS) as made:
        yield made


def base(city: City) -> dict[int, dict[str, Any]]:
    return {one["feature_id"]: one for one in seen(city)[ADDRESS_BASE]}


def id_of(city: City, ending: str) -> int:
    (found,) = [
        key for key, one in base(city).items() if one["text"].endswith(ending) and one["status"] == "in_force"
    ]
    return found


def addresses_of(city: City) -> list[str]:
    known = base(city)
    return [known[one["address_id"]]["text"] for one in seen(city)[ADDRESSES]]


def test_merged_estate_is_superseded_and_its_parts_and_rows_go_over(city: City) -> None:
    east, west = id_of(city, "紫荆花园"), id_of(city, "阳光花园")
    done = merge(city, west, east, author="clerk")
    known = base(city)
    assert (known[west]["status"], known[west]["superseded_by"]) == ("superseded", east)
    assert known[west]["valid_to"] is not None
    home = f"丽州市{EAST}"
    assert addresses_of(city)[4:] == [f"{home}1幢1单元101室", f"{home}3幢1单元301室", home]
    assert addresses_of(city)[:4] == [f"丽州市{one[0]}" for one in ROWS[:4]]
    assert known[id_of(city, f"{EAST}1幢1单元101室")]["n_records"] == 2
    # The dwelling of building 3 is the one it was, under another estate; two rows name another address.
    assert done.n_records == 2
    matched = [one for one in seen(city)[ADDRESSES] if one["match_method"] == "decision"]
    assert len(matched) == 2
    assert known[east]["gates"] == str(id_of(city, "中山路7号"))


def test_base_is_whole_after_a_merge(city: City) -> None:
    merge(city, id_of(city, "阳光花园"), id_of(city, "紫荆花园"), author="clerk")
    book = AddressBook.from_view(city.layer(ADDRESS_BASE))
    known = base(city)
    assert len(book) == sum(one["status"] == "in_force" for one in known.values())
    for one in known.values():
        if one["status"] == "in_force" and one["parent_id"] is not None:
            assert known[one["parent_id"]]["status"] == "in_force"
            assert one["text"].startswith(known[one["division_id"]]["text"])


MERGES = [("阳光花园", "紫荆花园"), ("永城路38号", "中山路7号"), ("永城路", "中山路")]
MERGES += [(f"{EAST}1幢", f"{EAST}2幢"), (f"{EAST}1幢1单元102室", f"{EAST}1幢1单元101室")]


@pytest.mark.parametrize(("old", "new"), MERGES)
def test_merge_then_undo_is_identity(city: City, old: str, new: str) -> None:
    before = seen(city)
    done = merge(city, id_of(city, old), id_of(city, new), author="clerk")
    assert seen(city) != before
    assert not undo(city, done.decision_id, author="clerk").needs_build
    assert seen(city) == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(MERGES), min_size=1, max_size=3, unique=True))
def test_merges_undone_in_reverse_leave_nothing(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    with city_of(tmp_path_factory.mktemp("undone") / "a.city", ROWS) as city:
        before = seen(city)
        ids = {name: id_of(city, name) for pair in pairs for name in pair}
        made = []
        for old, new in pairs:
            try:
                made.append(merge(city, ids[old], ids[new], author="a").decision_id)
            except InvalidDecisionError:
                continue  # an earlier one has superseded it
        for decision_id in reversed(made):
            undo(city, decision_id, author="b")
        assert seen(city) == before


def test_split_takes_rows_into_a_new_address_and_its_parts(city: City) -> None:
    east = id_of(city, "紫荆花园")
    highest = max(base(city))
    moved = [one["feature_id"] for one in seen(city)[ADDRESSES] if "2幢" in one["text"]]
    done = split(city, east, moved, author="clerk")
    known = base(city)
    assert done.address_id > highest
    assert known[done.address_id]["token"] == known[east]["token"]
    named = {one["feature_id"]: one["address_id"] for one in seen(city)[ADDRESSES]}
    for record in moved:
        here: int | None = named[record]
        above = []
        while here is not None:
            above.append(here)
            here = known[here]["parent_id"]
        assert done.address_id in above
        assert east not in above
    assert all(named[record] < highest + 1 for record in named if record not in moved)
    assert known[done.address_id]["geometry"] is not None


def test_undone_split_leaves_its_addresses_superseded_and_the_rows_where_they_were(city: City) -> None:
    before = seen(city)
    moved = [one["feature_id"] for one in before[ADDRESSES] if "2幢" in one["text"]]
    done = split(city, id_of(city, "紫荆花园"), moved, author="clerk")
    undo(city, done.decision_id, author="clerk")
    after = seen(city)
    assert after[ADDRESSES] == before[ADDRESSES]
    old = {one["feature_id"] for one in before[ADDRESS_BASE]}
    assert [one for one in after[ADDRESS_BASE] if one["feature_id"] in old] == before[ADDRESS_BASE]
    new = [one for one in after[ADDRESS_BASE] if one["feature_id"] not in old]
    assert {one["status"] for one in new} == {"superseded"}
    assert {one["superseded_by"] for one in new} <= old


def test_corrected_name_stands_in_every_text_below(city: City) -> None:
    before = seen(city)
    done = correct(city, id_of(city, "紫荆花园"), "紫金花园", author="clerk")
    assert addresses_of(city)[0] == "丽州市丽城区古城街道长春社区永城路38号紫金花园1幢1单元101室"
    assert rulings_of(city.state).source_tokens == {done.address_id: "紫荆花园"}
    undo(city, done.decision_id, author="clerk")
    assert seen(city) == before
    assert rulings_of(city.state).source_tokens == {}


@pytest.mark.parametrize(
    ("ending", "token", "message"),
    [
        ("紫荆花园1幢", "张三 13800001234", "tells of a person"),
        ("紫荆花园1幢", "<b>", "is no 楼牌"),
        ("紫荆花园1幢", "紫荆", "is no 楼牌"),
        ("紫荆花园", "陈建国", "tells of a person"),
        ("紫荆花园", "花园<script>", "is no 小区"),
    ],
)
def test_correction_takes_neither_persons_nor_signs(
    city: City, ending: str, token: str, message: str
) -> None:
    before = seen(city)
    with pytest.raises(InvalidDecisionError, match=message) as refused:
        correct(city, id_of(city, ending), token, author="clerk")
    assert "13800001234" not in str(refused.value)
    assert seen(city) == before


def test_rejected_pair_is_remembered_until_undone(city: City) -> None:
    pair = sorted((id_of(city, "紫荆花园"), id_of(city, "阳光花园")))
    done = reject(city, pair[1], pair[0], author="clerk")
    assert rulings_of(city.state).rejected == {(pair[0], pair[1])}
    undo(city, done.decision_id, author="clerk")
    assert rulings_of(city.state).rejected == frozenset()


def test_decision_is_not_undone_while_a_later_one_stands_on_it(city: City) -> None:
    first = merge(city, id_of(city, "阳光花园"), id_of(city, "紫荆花园"), author="a")
    second = correct(city, id_of(city, "紫荆花园"), "紫金花园", author="b")
    with pytest.raises(StateConflictError, match=f"decision {second.decision_id} .*undo it first"):
        undo(city, first.decision_id, author="a")
    undo(city, second.decision_id, author="b")
    undo(city, first.decision_id, author="a")


def test_decision_is_undone_once(city: City) -> None:
    done = merge(city, id_of(city, "阳光花园"), id_of(city, "紫荆花园"), author="a")
    undone = undo(city, done.decision_id, author="a")
    with pytest.raises(InvalidDecisionError, match="was undone by"):
        undo(city, done.decision_id, author="a")
    with pytest.raises(InvalidDecisionError, match="is an undoing"):
        undo(city, undone.decision_id, author="a")
    with pytest.raises(UnknownDecisionError, match="no decision 99"):
        undo(city, 99, author="a")


def test_what_does_not_fit_together_is_refused_and_changes_nothing(city: City) -> None:
    before = seen(city)
    east, west = id_of(city, "紫荆花园"), id_of(city, "阳光花园")
    road, number = id_of(city, "永城路"), id_of(city, "永城路38号")
    records = [one["feature_id"] for one in before[ADDRESSES]]
    division = next(key for key, one in base(city).items() if one["level"] == Level.DISTRICT)
    wrong: list[tuple[Callable[[], object], type[TwinError]]] = [
        (lambda: merge(city, east, east, author="a"), InvalidDecisionError),
        (lambda: merge(city, east, number, author="a"), InvalidDecisionError),
        (lambda: merge(city, division, division + 1, author="a"), InvalidDecisionError),
        (lambda: merge(city, 10**9, east, author="a"), UnknownFeatureError),
        (lambda: split(city, east, records, author="a"), InvalidDecisionError),
        (lambda: split(city, east, [], author="a"), InvalidDecisionError),
        (lambda: split(city, west, records[4:], author="a"), InvalidDecisionError),
        (lambda: split(city, east, [10**9], author="a"), UnknownFeatureError),
        (lambda: correct(city, east, " ", author="a"), InvalidDecisionError),
        (lambda: correct(city, east, "紫荆花园", author="a"), InvalidDecisionError),
        (lambda: correct(city, id_of(city, f"{EAST}1幢"), "2", author="a"), InvalidDecisionError),
        (lambda: reject(city, road, road, author="a"), InvalidDecisionError),
    ]
    for act, error in wrong:
        with pytest.raises(error):
            act()
    assert seen(city) == before
    assert decisions(city.state) == ()


def test_superseded_address_is_told_with_what_it_went_into(city: City) -> None:
    east, west = id_of(city, "紫荆花园"), id_of(city, "阳光花园")
    merge(city, west, east, author="a")
    with pytest.raises(InvalidDecisionError, match=f"superseded; it went into {east}"):
        merge(city, west, east, author="a")


@pytest.mark.parametrize(
    "token",
    ["张三 13800001234", "<b>", "张三", "16幢1单元", "一百二十三点五", "1-10", "3;DROP", "路", "\u202e12"],
)
def test_number_is_corrected_to_a_number_alone(city: City, token: str) -> None:
    before = seen(city)
    with pytest.raises(InvalidDecisionError):
        correct(city, id_of(city, f"{EAST}2幢"), token, author="clerk")
    assert seen(city) == before


@pytest.mark.parametrize("token", ["12", "12A", "B", "甲"])
def test_number_is_corrected_to_what_the_parser_reads(city: City, token: str) -> None:
    correct(city, id_of(city, f"{EAST}2幢"), token, author="clerk")
    assert id_of(city, f"{EAST}{token}幢") > 0


@pytest.mark.parametrize(
    "token",
    ["张三 13800001234", "紫荆<b>花园", "紫荆花园3幢", "=cmd|x", "13800001234", "紫荆花园 联系人李四"],
)
def test_name_is_corrected_to_a_name_alone(city: City, token: str) -> None:
    before = seen(city)
    with pytest.raises(InvalidDecisionError):
        correct(city, id_of(city, "紫荆花园"), token, author="clerk")
    assert seen(city) == before
