"""What holds for every base, whatever rows it was made of."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.addresses.places import TREE, Row, assembled, records, with_matches
from twin.addresses.assembly import Assembly
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level

PARTS = (
    (
        "",
        "丽州市",
        "丽城区",
        "溪南区",
        "丽城区古城街道",
        "丽州市丽城区古城街道长春社区",
        "溪南区文苑街道和平社区",
        "杭州市",
    ),
    ("", "永城路", "永诚路", "学院路", "人民东路"),
    ("", "38号", "5号", "三十八号"),
    ("", "紫荆花园", "紫金花园", "绿城小区"),
    ("", "3幢", "1-10幢", "5栋"),
    ("", "1单元", "2单元"),
    ("", "302室", "12层1203", "101", "对面"),
)
METRES = st.one_of(st.none(), st.integers(-4_000, 4_000).map(float))


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    made = []
    for _ in range(draw(st.integers(0, 14))):
        text = "".join(draw(st.sampled_from(choices)) for choices in PARTS)
        east = draw(METRES)
        made.append((text or "无", east, None if east is None else draw(st.integers(-4_000, 4_000)) * 1.0))
    return made


def check_whole(found: Assembly) -> None:
    """Check that rows and addresses lead to each other, and parts lie in what they are parts of."""
    base = {one["feature_id"]: one for one in found.base.to_pylist()}
    assert len(base) == found.base.num_rows
    named = [one for one in found.matches["address_id"].to_pylist() if one is not None]
    assert all(base[one]["status"] == "in_force" for one in named)
    assert {one: named.count(one) for one in named} == {
        key: one["n_records"] for key, one in base.items() if one["n_records"]
    }
    above: set[int] = {one["parent_id"] for one in base.values()} | {
        one["division_id"] for one in base.values()
    }
    gates = {int(gate) for one in base.values() for gate in (one["gates"] or "").split()}
    for key, one in base.items():
        if one["status"] == "in_force" and one["level"] > Level.COMMUNITY:
            assert one["n_records"] or key in above | gates, "an address that nothing names"
            assert (one["source_id"] is not None) == bool(one["n_records"])
        if one["status"] != "in_force" or one["parent_id"] is None:
            continue
        parent = base[one["parent_id"]]
        assert parent["status"] == "in_force"
        deeper = parent["level"] < one["level"] or parent["level"] == one["level"] == Level.ROAD
        assert deeper
        assert chain(base, one["division_id"])[: len(chain(base, parent["division_id"]))] == chain(
            base, parent["division_id"]
        )


def chain(base: dict[int, dict[str, object]], division_id: int | None) -> list[int]:
    """Return the divisions down to one, from the top."""
    found: list[int] = []
    while division_id is not None:
        found.insert(0, division_id)
        division_id = base[division_id]["parent_id"]  # type: ignore[assignment]  # an id or None
    return found


def plain(table: pa.Table) -> list[dict[str, object]]:
    """Return rows in which equal places are equal: NaN as None."""
    return [
        {name: None if value != value else value for name, value in one.items()} for one in table.to_pylist()
    ]


@settings(max_examples=60, deadline=None)
@given(rows())
def test_rows_and_addresses_lead_to_each_other_and_parts_lie_in_wholes(made: list[Row]) -> None:
    found = assembled(made)
    check_whole(found)
    book = AddressBook.from_table(found.base)
    assert len(book) == pc.sum(pc.equal(found.base["status"], "in_force")).as_py()


@settings(max_examples=50, deadline=None)
@given(rows())
def test_assembling_the_same_rows_again_changes_nothing(made: list[Row]) -> None:
    table = records(made)
    first = assembled(table)
    again = assembled(with_matches(table, first), before=first.base)
    assert plain(again.base) == plain(first.base)
    assert again.matches.equals(first.matches)
    assert again.n_new == 0


@settings(max_examples=60, deadline=None)
@given(rows(), st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(made: list[Row], random: object) -> None:
    table = records(made)
    order = list(range(len(made)))
    random.shuffle(order)  # type: ignore[attr-defined]  # a random.Random
    first, other = assembled(table), assembled(table.take(pa.array(order, pa.int64())))
    assert plain(other.base) == plain(first.base)
    assert other.matches["address_id"].equals(first.matches["address_id"].take(pa.array(order, pa.int64())))


@settings(max_examples=50, deadline=None)
@given(rows(), rows(), st.sets(st.integers(0, 13)))
def test_no_id_is_lost_or_used_twice_when_rows_go_and_others_come(
    made: list[Row], later: list[Row], gone: set[int]
) -> None:
    table = records(made)
    first = assembled(table)
    stays = [number for number in range(len(made)) if number not in gone]
    kept = with_matches(table, first).take(pa.array(stays, pa.int64()))
    more = records(later, first_id=100, source="civil")
    second = assembled(pa.concat_tables([kept, more], promote_options="permissive"), before=first.base)
    check_whole(second)
    before = {one["feature_id"]: one for one in first.base.to_pylist()}
    after = {one["feature_id"]: one for one in second.base.to_pylist()}
    assert before.keys() <= after.keys()
    assert all(key > max(before) for key in after.keys() - before.keys())
    for key, one in before.items():
        assert (after[key]["level"], after[key]["token"]) == (one["level"], one["token"])
        if after[key]["status"] != "in_force":
            assert after[key]["valid_to"] is not None
        if after[key]["status"] == "superseded":
            assert after[after[key]["superseded_by"]]["level"] == one["level"]


def test_town_of_the_tests_has_the_divisions_that_it_says() -> None:
    assert [one.name for one in TREE.chain_of_code("339901001001")] == [
        "丽州市",
        "丽城区",
        "古城街道",
        "长春社区",
    ]
