"""Divisions through time: the truth is Hangzhou 2021, and reference tables of what became of which code."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from tests.reference import reference_path
from tests.twin.hangzhou import ABOLISHED, AFTER, BEFORE, CREATED, DAY, hangzhou
from twin.division_rows import Division, in_force
from twin.divisions import DivisionTree
from twin.errors import UnknownDivisionError


@pytest.fixture(scope="module")
def tree() -> DivisionTree:
    return DivisionTree.from_tables(hangzhou(), None, as_of=AFTER)


def said(divisions: tuple[Division, ...]) -> list[tuple[str, str]]:
    return [(division.code.rstrip("0"), division.name) for division in divisions]


def test_districts_of_each_date_are_those_of_that_date(tree: DivisionTree) -> None:
    before = {division.name for division in tree.at(BEFORE).nodes if division.level == 2}
    after = {division.name for division in tree.nodes if division.level == 2}
    assert before == {"上城区", "下城区", "江干区", "拱墅区", "萧山区", "余杭区", "西湖区"}
    assert after == {"上城区", "拱墅区", "萧山区", "余杭区", "临平区", "钱塘区", "西湖区"}
    assert {node.name for node in tree.at(DAY).nodes} == {node.name for node in tree.nodes}


def test_subdistrict_is_found_under_the_code_and_district_of_the_date(tree: DivisionTree) -> None:
    chain = tree.at(BEFORE).chain(tree.by_code("330104008", BEFORE))
    assert [division.name for division in chain] == ["杭州市", "江干区", "下沙街道"]
    assert [division.name for division in tree.chain_of_code("330104008")] == ["杭州市", "钱塘区", "下沙街道"]
    assert tree.current("330104008").code.startswith("330114002")
    with pytest.raises(UnknownDivisionError, match="临平区 is valid from 2021-04-09"):
        tree.by_code("330113", BEFORE)


def test_one_heir_is_followed_and_several_are_said(tree: DivisionTree) -> None:
    assert tree.current("330103").name == "拱墅区"
    with pytest.raises(UnknownDivisionError, match=r"江干区.*was split into 330102, 330114, so ask for"):
        tree.current("330104")
    with pytest.raises(UnknownDivisionError, match="split into"):
        tree.scope("330104")
    assert tree.current("330110").valid_from == DAY, "who carries the code on the day is meant"


def test_features_of_a_split_division_are_given_to_no_heir(tree: DivisionTree) -> None:
    old = tree.at(BEFORE)
    ids = np.array([old.by_code(code).id for code in ("330103", "330104", "330110")])
    numbers = tree.preorder_of(ids)
    assert tree.nodes[numbers[0]].name == "拱墅区"
    assert numbers[1:].tolist() == [-1, -1]


def test_heirs_that_later_merge_are_one_again() -> None:
    def at(year: int) -> datetime:
        return datetime(year, 1, 1, tzinfo=UTC)

    rows = [
        ("330201", "甲区", None, at(2000), "330202 330203"),
        ("330202", "乙区", at(2000), at(2010), "330204"),
        ("330203", "丙区", at(2000), at(2012), "330204"),
        ("330204", "丁区", at(2000), None, None),
    ]
    names = ("code", "name", "valid_from", "valid_to", "superseded_by")
    days = pa.timestamp("ms", "UTC")
    types = (pa.string(), pa.string(), days, days, pa.string())
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
    tree = DivisionTree.from_tables(pa.table(columns, names=names), None, as_of=date(2005, 1, 1))
    with pytest.raises(UnknownDivisionError, match="split into"):
        tree.current("330201")
    assert tree.at(date(2020, 1, 1)).current("330201").name == "丁区"


def test_successors_and_predecessors_are_the_two_ends_of_one_step(tree: DivisionTree) -> None:
    register = tree.register
    (jianggan,) = register.rows_of("330104")
    assert said(register.successors(jianggan)) == [("330102", "上城区"), ("330114", "钱塘区")]
    qiantang = tree.by_code("330114")
    assert said(register.predecessors(qiantang)) == [("330104", "江干区"), ("330109", "萧山区")]
    assert said(register.predecessors(tree.by_code("330105"))) == [("330103", "下城区"), ("330105", "拱墅区")]
    assert register.successors(qiantang) == ()
    assert register.predecessors(tree.by_code("330106")) == ()


def test_name_changes_under_one_code_follow_one_another() -> None:
    table = pa.table(
        {
            "code": ["330206", "330206"],
            "name": ["滨海区", "北仑区"],
            "valid_from": pa.array([None, datetime(1987, 1, 1, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
            "valid_to": pa.array([datetime(1987, 1, 1, tzinfo=UTC), None], pa.timestamp("ms", "UTC")),
        }
    )
    tree = DivisionTree.from_tables(table, None, as_of=date(2020, 1, 1))
    assert tree.by_code("330206", date(1986, 1, 1)).name == "滨海区"
    assert tree.by_code("330206").name == "北仑区"
    old, new = tree.register.rows_of("330206")
    assert tree.register.successors(old) == (new,)
    assert tree.register.predecessors(new) == (old,)
    assert tree.preorder_of(np.array([old.id])).tolist() == [0]


def test_heir_that_begins_some_days_later_is_still_the_heir() -> None:
    days = [None, datetime(2021, 4, 12, tzinfo=UTC)], [datetime(2021, 4, 9, tzinfo=UTC), None]
    table = pa.table(
        {
            "code": ["330103", "330105"],
            "name": ["下城区", "拱墅区"],
            "superseded_by": ["330105", None],
            "valid_from": pa.array(days[0], pa.timestamp("ms", "UTC")),
            "valid_to": pa.array(days[1], pa.timestamp("ms", "UTC")),
        }
    )
    register = DivisionTree.from_tables(table, None, as_of=AFTER).register
    (old,), (new,) = register.rows_of("330103"), register.rows_of("330105")
    assert register.successors(old) == (new,)
    assert register.predecessors(new) == (old,)


def test_rows_in_force_are_those_that_the_tree_holds() -> None:
    table = hangzhou()
    for day in (BEFORE, date(2021, 4, 8), DAY, AFTER):
        held = table.filter(pa.array(in_force(table, day)))
        tree = DivisionTree.from_tables(table, None, as_of=day)
        assert sorted(zip(held["code"].to_pylist(), held["name"].to_pylist(), strict=True)) == sorted(
            (node.code, node.name) for node in tree.nodes
        )


def test_merges_are_those_of_the_reference_table() -> None:
    with reference_path("address/division_code-merges.csv").open(encoding="utf-8") as file:
        merges = {
            (old, new) for year, old, new, *_ in csv.reader(file) if year == "2021" and old[:4] == "3301"
        }
    ours = {(code, heir) for code, _, _, heirs in ABOLISHED for heir in heirs.replace(",", " ").split()}
    assert merges <= ours


def test_new_codes_and_names_are_those_of_the_reference_tree() -> None:
    with gzip.open(reference_path("address/areacity_level4.csv.gz"), "rt", encoding="utf-8-sig") as file:
        names = {line["ext_id"]: line["ext_name"] for line in csv.DictReader(file)}
    for code, name, _ in CREATED:
        assert names[code.ljust(12, "0")] == name
    # 余杭 and 下沙 have gone on under new codes; the codes that were given up are carried by nobody.
    for code in ("330103", "330104", "330103001", "330104008", "330110001"):
        assert code.ljust(12, "0") not in names


def test_codes_of_forty_years_lead_to_those_of_today() -> None:
    """Counties around Hangzhou changed their codes up to three times; the reference tells each step."""
    with reference_path("address/division_code-changes.csv").open(encoding="utf-8") as file:
        steps = [line[:4] for line in csv.reader(file)]
    steps = [step for step in steps if step[1][:4] in {"3301", "3390"} and step[2][:2] == "33"]
    begun = {new: int(years[-4:]) for years, _, new, _ in steps}
    ended = {old: (int(years[-4:]), new) for years, old, new, _ in steps}
    codes = sorted(begun.keys() | ended.keys())

    def moment(year: int | None) -> datetime | None:
        return None if year is None else datetime(year, 1, 1, tzinfo=UTC)

    days = pa.timestamp("ms", "UTC")
    table = pa.table(
        {
            "code": codes,
            "name": codes,
            "level": pa.array([2] * len(codes)),
            "superseded_by": [ended[code][1] if code in ended else None for code in codes],
            "valid_from": pa.array([moment(begun.get(code)) for code in codes], days),
            "valid_to": pa.array([moment(ended[code][0]) if code in ended else None for code in codes], days),
        }
    )
    tree, found = DivisionTree.from_sound_rows(table, None, AFTER)
    assert found == ()
    for old, now in {"330121": "330109", "330123": "330111", "330124": "330112", "330125": "330110"}.items():
        assert tree.current(old).code == now  # 萧山, 富阳, 临安, 余杭
    assert tree.at(date(1990, 1, 1)).current("330121").code == "339005"
    assert tree.at(date(1986, 6, 1)).current("330121").code == "330121"
    assert [one.code for one in tree.register.predecessors(tree.by_code("330109"))] == ["330181"]
    ids = np.array([row.id for code in codes for row in tree.register.rows_of(code)])
    assert (tree.preorder_of(ids) >= 0).all()
