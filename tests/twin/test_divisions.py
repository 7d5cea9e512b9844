"""The administrative tree: parents, dates, numbers, scopes, and rows that are not sound."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference import reference_path
from twin.divisions import CodeLayout, Division, DivisionTree, Grant, GridUnit, findings
from twin.errors import InvalidDivisionError, UnknownDivisionError

DAY = date(2024, 6, 1)


def divisions_table(*rows: dict[str, object]) -> pa.Table:
    schema = pa.schema(
        [(name, pa.string()) for name in ("code", "name", "parent_code", "superseded_by")]
        + [("level", pa.int64())]
        + [(name, pa.timestamp("ms", "UTC")) for name in ("valid_from", "valid_to")]
    )
    return pa.Table.from_pylist(list(rows), schema=schema)


def row(code: str, name: str = "", **more: object) -> dict[str, object]:
    return {"code": code, "name": name or code, **more}


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


COUNTY = divisions_table(
    row("331100000000", "丽州市"),
    row("331102000000", "东区"),
    row("331103000000", "西区"),
    row("331102001000", "中心街道"),
    row("331102002000", "河东街道"),
    row("331102001001", "解放社区"),
    row("331102001002", "和平社区"),
    row("331103001000", "山前镇"),
)
GRID = pa.table(
    {
        "grid_id": ["331102001001001", "A-7", "331102001002001"],
        "name": ["一网格", "七网格", None],
        "community_code": [None, "331102001001", None],
        "kind": ["居住", None, None],
    }
)


@pytest.fixture
def tree() -> DivisionTree:
    return DivisionTree.from_tables(COUNTY, GRID, as_of=DAY)


def names(chain: tuple[Division, ...]) -> list[str]:
    return [division.name or division.code for division in chain]


def test_chain_runs_from_the_city_to_the_grid_unit(tree: DivisionTree) -> None:
    assert names(tree.chain(tree.unit("A-7"))) == ["丽州市", "东区", "中心街道", "解放社区", "七网格"]
    assert [division.level_name for division in tree.chain(tree.unit("A-7"))] == [
        "city",
        "district",
        "subdistrict",
        "community",
        "grid",
    ]


def test_parent_comes_from_the_code_where_none_is_named(tree: DivisionTree) -> None:
    assert names(tree.chain(tree.unit("331102001002001")))[-2] == "和平社区"


def test_code_is_found_with_and_without_its_padding(tree: DivisionTree) -> None:
    assert tree.by_code("331102") is tree.by_code("331102000000")
    assert names(tree.chain_of_code("331102001")) == ["丽州市", "东区", "中心街道"]


def test_children_and_descendants_follow_the_numbers(tree: DivisionTree) -> None:
    east = tree.by_code("331102")
    assert names(tree.children(east)) == ["中心街道", "河东街道"]
    assert names(tree.descendants(east)) == [
        "中心街道", "解放社区", "一网格", "七网格", "和平社区", "331102001002001", "河东街道",
    ]  # fmt: skip
    assert tree.children(tree.unit("A-7")) == ()


def test_numbers_are_those_of_a_walk_down_and_intervals_hold_subtrees(tree: DivisionTree) -> None:
    for number, node in enumerate(tree.nodes):
        below = {other.id for other in tree.nodes if node in tree.chain(other)}
        assert {other.id for other in tree.nodes[number : tree.ends[number]]} == below
    np.testing.assert_array_equal(
        tree.preorder_of(np.array([node.id for node in tree.nodes])), np.arange(len(tree.nodes))
    )


def test_scope_sees_its_subtree_alone(tree: DivisionTree) -> None:
    scope = tree.scope("331102001")
    seen = scope.contains(np.arange(len(tree.nodes), dtype=np.int32))
    assert names(tuple(node for node, is_seen in zip(tree.nodes, seen, strict=True) if is_seen)) == [
        "中心街道", "解放社区", "一网格", "七网格", "和平社区", "331102001002001",
    ]  # fmt: skip
    assert not scope.is_whole_city


def test_grant_adds_a_division_until_its_last_day(tree: DivisionTree) -> None:
    grants = (Grant("331103", until=DAY),)
    west = tree.preorder_of(np.array([tree.by_code("331103").id]))
    assert tree.scope("331102", grants, today=DAY).contains(west).all()
    assert not tree.scope("331102", grants, today=DAY + timedelta(days=1)).contains(west).any()


def test_grant_that_ended_long_ago_counts_no_more_today(tree: DivisionTree) -> None:
    assert tree.scope("331102", (Grant("331103", until=date(2001, 1, 1)),)) == tree.scope("331102")


def test_scopes_that_touch_or_nest_are_one_interval(tree: DivisionTree) -> None:
    grants = (Grant("331103", DAY), Grant("331102001001", DAY), Grant("331102", DAY))
    assert len(tree.scope("331102", grants, today=DAY).intervals) == 1
    assert len(tree.scope("331102001001", grants[:1], today=DAY).intervals) == 2


def test_grid_without_divisions_is_its_own_chain() -> None:
    tree = DivisionTree.from_tables(None, GRID, as_of=DAY)
    assert tree.chain(tree.unit("A-7")) == (tree.unit("A-7"),)
    assert isinstance(tree.unit("A-7"), GridUnit)
    assert tree.unit("A-7").grid_id == "A-7"


def test_neither_table_makes_an_empty_tree() -> None:
    tree = DivisionTree.from_tables(None, None)
    assert tree.nodes == ()
    assert tree.preorder_of(np.array([1, 2])).tolist() == [-1, -1]


def test_unit_with_the_code_of_its_community_is_kept_apart() -> None:
    grid = pa.table({"grid_id": ["331102001001"], "community_code": ["331102001001"]})
    tree = DivisionTree.from_tables(COUNTY, grid, as_of=DAY)
    assert names(tree.chain(tree.unit("331102001001")))[-2:] == ["解放社区", "331102001001"]
    assert tree.unit("331102001001").id != tree.by_code("331102001001").id


def test_missing_level_between_is_skipped() -> None:
    # Dongguan has no districts: its towns stand right below the city, with zeros in the district digits.
    tree = DivisionTree.from_tables(
        divisions_table(row("441900000000"), row("441900003000")), None, as_of=DAY
    )
    assert [division.level for division in tree.chain_of_code("441900003000")] == [1, 3]


def test_named_parent_goes_before_the_code() -> None:
    table = divisions_table(
        row("331102"), row("331103"), row("331102005", "飞地", parent_code="331103000000")
    )
    tree = DivisionTree.from_tables(table, None, as_of=DAY)
    assert [division.code for division in tree.chain_of_code("331102005")] == ["331103", "331102005"]


def test_other_layout_below_the_community_places_its_units() -> None:
    grid = pa.table({"grid_id": ["33110200100105"]})
    plain = DivisionTree.from_tables(COUNTY, grid, as_of=DAY)
    assert len(plain.chain(plain.unit("33110200100105"))) == 1
    two = DivisionTree.from_tables(COUNTY, grid, as_of=DAY, layout=CodeLayout(below=(2,)))
    assert len(two.chain(two.unit("33110200100105"))) == 5


MERGE = divisions_table(
    row("330100", "杭州市"),
    row("330102", "上城区", valid_to=at(2021, 4, 9), superseded_by="330102"),
    row("330104", "江干区", valid_to=at(2021, 4, 9), superseded_by="330102"),
    row("330102", "上城区", valid_from=at(2021, 4, 9)),
    row("330104009", "九堡街道", parent_code="330104", valid_to=at(2021, 4, 9), superseded_by="330102009"),
    row("330102009", "九堡街道", valid_from=at(2021, 4, 9)),
)


def test_merged_districts_stand_apart_before_the_day_and_together_from_it() -> None:
    before = DivisionTree.from_tables(MERGE, None, as_of=date(2021, 4, 8))
    after = before.at(date(2021, 4, 9))
    assert names(before.nodes) == ["杭州市", "上城区", "江干区", "九堡街道"]
    assert names(after.nodes) == ["杭州市", "上城区", "九堡街道"]
    assert names(after.chain_of_code("330104009")) == ["杭州市", "上城区", "九堡街道"]
    assert before.by_code("330102").id != after.by_code("330102").id
    assert after.by_code("330104", as_of=date(2020, 1, 1)).name == "江干区"


def test_features_of_a_merged_district_are_seen_by_what_it_went_into() -> None:
    before = DivisionTree.from_tables(MERGE, None, as_of=date(2020, 1, 1))
    after = before.at(date(2022, 1, 1))
    old = np.array([before.by_code("330104").id, before.by_code("330104009").id, 12345])
    assert after.scope("330102").contains(after.preorder_of(old)).tolist() == [True, True, False]
    assert after.scope("330104") == after.scope("330102")


def test_code_out_of_force_is_answered_with_its_fate() -> None:
    tree = DivisionTree.from_tables(MERGE, None, as_of=date(2022, 1, 1))
    with pytest.raises(
        UnknownDivisionError, match=r"江干区 is valid until before 2021-04-09; it went into 330102"
    ):
        tree.by_code("330104")
    with pytest.raises(UnknownDivisionError, match="ever carried"):
        tree.by_code("999999")
    with pytest.raises(UnknownDivisionError, match="not in force on 2022-01-01"):
        tree.chain(tree.by_code("330104", as_of=date(2020, 1, 1)))
    with pytest.raises(UnknownDivisionError, match="no grid unit 'x'"):
        tree.unit("x")


def test_midnight_in_china_and_in_utc_are_the_same_day() -> None:
    for moment in (at(2021, 4, 9), datetime(2021, 4, 8, 16, tzinfo=UTC)):
        table = divisions_table(row("330102", valid_from=moment))
        assert DivisionTree.from_tables(table, None, as_of=DAY).nodes[0].valid_from == date(2021, 4, 9)


def test_ids_stay_the_same_and_are_exact_as_doubles() -> None:
    trees = [
        DivisionTree.from_tables(COUNTY.take(order), GRID.slice(0, 1), as_of=DAY)
        for order in ([0, 1, 2], [2, 1, 0])
    ]
    assert {node.id for node in trees[0].nodes} == {node.id for node in trees[1].nodes}
    assert all(0 <= node.id < 2**53 for node in trees[0].nodes)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (divisions_table(row("331102"), row("331102000000", "西区")), "西区.*still carried by"),
        (divisions_table(row("331102", parent_code="331100")), "331102.*parent '331100' is not"),
        (divisions_table(row("331102", level=7)), r"divisions row 1 \(331102, 331102\): level is 7"),
        (divisions_table(row("东区")), r"row 1 \(东区, 东区\): level is None"),
        (divisions_table(row("", "东区")), r"row 1 \(no code, 东区\): the code is missing"),
        (divisions_table(row("331102"), row("331103", parent_code="331102")), "levels must rise"),
        (divisions_table(row("331102", parent_code="331102")), "parents run in a circle"),
        (
            divisions_table(row("331102", parent_code="331102001"), row("331102001", parent_code="331102")),
            "parents run in a circle",
        ),
        (divisions_table(row("331102", valid_from=at(2022, 1, 1), valid_to=at(2021, 1, 1))), "is not after"),
    ],
)
def test_unsound_row_is_refused_by_name(table: pa.Table, words: str) -> None:
    with pytest.raises(InvalidDivisionError, match=words):
        DivisionTree.from_tables(table, None, as_of=DAY)
    assert len(findings(table, None, as_of=DAY)) == 1


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (pa.table({"grid_id": ["a", "a"]}), "grid row 2 .*taken by an earlier row"),
        (pa.table({"grid_id": ["a", None]}), "grid row 2 .*the grid_id is missing"),
        (
            pa.table({"grid_id": ["a"], "community_code": ["331199001001"]}),
            "'331199001001' is not a division",
        ),
    ],
)
def test_unsound_unit_is_refused_by_name(grid: pa.Table, words: str) -> None:
    with pytest.raises(InvalidDivisionError, match=words):
        DivisionTree.from_tables(COUNTY, grid, as_of=DAY)


def test_sound_rows_make_a_tree_beside_unsound_ones() -> None:
    grid = pa.table({"grid_id": ["a", "a", "b"], "community_code": ["331102001001", None, "331199001001"]})
    tree, found = DivisionTree.from_sound_rows(COUNTY, grid, as_of=DAY)
    assert len(found) == 2
    assert len(tree.chain(tree.unit("a"))) == 5
    assert len(tree.chain(tree.unit("b"))) == 1


def test_several_unsound_rows_are_counted() -> None:
    with pytest.raises(InvalidDivisionError, match=r"\(and 1 more\)"):
        DivisionTree.from_tables(divisions_table(row("东区"), row("西区")), None)


def test_table_without_its_key_is_refused() -> None:
    with pytest.raises(InvalidDivisionError, match="no column 'code'; it has 代码"):
        DivisionTree.from_tables(pa.table({"代码": ["331102"]}), None)


@given(st.lists(st.integers(-1, 40), min_size=1, max_size=40), st.randoms())
@settings(max_examples=60, deadline=None)
def test_any_forest_is_numbered_so_that_intervals_are_subtrees(parents: list[int], random: object) -> None:
    levels: list[int] = []
    rows = []
    for number, wanted in enumerate(parents):
        parent = wanted if 0 <= wanted < number and levels[wanted] < 4 else -1
        levels.append(levels[parent] + 1 if parent >= 0 else 1)
        rows.append(row(f"x{number}", level=levels[-1], parent_code=f"x{parent}" if parent >= 0 else None))
    random.shuffle(rows)  # type: ignore[attr-defined]  # a random.Random of Hypothesis
    tree = DivisionTree.from_tables(divisions_table(*rows), None, as_of=DAY)
    for number, node in enumerate(tree.nodes):
        below = [other for other in tree.nodes if node in tree.chain(other)]
        assert list(tree.nodes[number : tree.ends[number]]) == below


def test_real_codes_of_a_province_find_their_parents() -> None:
    with gzip.open(reference_path("address/areacity_level4.csv.gz"), "rt", encoding="utf-8-sig") as file:
        rows = [line for line in csv.DictReader(file) if line["ext_id"].startswith("33")]
    table = divisions_table(
        *(row(line["ext_id"], line["ext_name"]) for line in rows if line["deep"] in {"1", "2", "3"})
    )
    tree, found = DivisionTree.from_sound_rows(table, None, as_of=DAY)
    by_id = {line["id"]: line for line in rows}
    for line in rows:
        if line["deep"] in {"2", "3"} and line["ext_id"] != by_id[line["pid"]]["ext_id"]:
            chain = tree.chain_of_code(line["ext_id"])
            assert chain[-2].name == by_id[line["pid"]]["ext_name"], line
    assert found == ()
