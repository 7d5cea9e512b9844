"""Since when and until when addresses are, and rows from before and after divisions changed (杭州 2021)."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from twin.addresses.assembly import Assembly, Surroundings, assemble
from twin.addresses.base import TIMESTAMP, WITHDRAWN
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.parsing import Parser
from twin.divisions import DivisionTree

NOW = datetime(2024, 5, 1, tzinfo=UTC)
DIVISIONS = """330100000000,杭州市,1,,1990,,
330104000000,江干区,2,330100000000,1990,2021,330102000000;330114000000
330102000000,上城区,2,330100000000,2021,,
330114000000,钱塘区,2,330100000000,2021,,
330110000000,余杭区,2,330100000000,1990,2021,330110000000;330113000000
330110000000,余杭区,2,330100000000,2021,,
330113000000,临平区,2,330100000000,2021,,
330110001000,临平街道,3,330110000000,1990,2021,330113001000
330113001000,临平街道,3,330113000000,2021,,
330110001001,保障桥社区,4,330110001000,1990,2021,330113001001
330113001001,保障桥社区,4,330113001000,2021,,
"""


def day(year: str) -> datetime | None:
    return datetime(int(year), 1, 1, tzinfo=UTC) if year else None


@pytest.fixture(scope="module")
def tree() -> DivisionTree:
    fields = ("code", "name", "level", "parent_code", "valid_from", "valid_to", "superseded_by")
    columns = dict(
        zip(fields, zip(*(line.split(",") for line in DIVISIONS.split()), strict=True), strict=True)
    )
    table = pa.table(
        {
            **{name: pa.array([one or None for one in columns[name]]) for name in fields},
            "level": pa.array([int(one) for one in columns["level"]]),
            **{name: pa.array(map(day, columns[name]), TIMESTAMP) for name in ("valid_from", "valid_to")},
        }
    )
    return DivisionTree.from_tables(table, None)


def assembled(tree: DivisionTree, *rows: tuple[str, str, str], before: pa.Table | None = None) -> Assembly:
    """Return the base of rows of a text, the first year and the first no longer."""
    records = pa.table(
        {
            "feature_id": list(range(1, len(rows) + 1)),
            "text": [text for text, _, _ in rows],
            "lon": pa.nulls(len(rows), pa.float64()).fill_null(float("nan")),
            "lat": pa.nulls(len(rows), pa.float64()).fill_null(float("nan")),
            "valid_from": pa.array([day(first) for _, first, _ in rows], TIMESTAMP),
            "valid_to": pa.array([day(last) for _, _, last in rows], TIMESTAMP),
        }
    )
    parser = Parser(Gazetteer.from_tree(tree))
    return assemble(records, parser, Surroundings(tree), before=before, now=NOW)


def spans(found: Assembly) -> dict[str, tuple[int | None, int | None, str]]:
    """Return first year, first year no longer, and status of each address below the divisions."""
    return {
        one["text"]: (
            one["valid_from"] and one["valid_from"].year,
            one["valid_to"] and one["valid_to"].year,
            one["status"],
        )
        for one in found.base.to_pylist()
        if one["level"] > 4
    }


def test_address_is_as_long_as_any_of_its_rows(tree: DivisionTree) -> None:
    rows = (("杭州市永城路1号", "2005", "2010"), ("永城路1号", "2008", ""), ("永城路2号", "2011", "2021"))
    assert spans(assembled(tree, *rows)) == {
        "杭州市永城路": (2005, None, "in_force"),
        "杭州市永城路1号": (2005, None, "in_force"),
        "杭州市永城路2号": (2011, 2021, WITHDRAWN),
    }


def test_end_that_has_not_come_leaves_an_address_in_force(tree: DivisionTree) -> None:
    found = spans(assembled(tree, ("永城路1号", "2005", "2030")))
    assert found["杭州市永城路1号"] == (2005, 2030, "in_force")


def test_row_without_days_tells_no_beginning_but_that_there_is_no_end(tree: DivisionTree) -> None:
    found = spans(assembled(tree, ("永城路1号", "2005", "2010"), ("永城路1号", "", "")))
    assert found["杭州市永城路1号"] == (2005, None, "in_force")


def test_ended_address_keeps_its_end_when_assembled_again(tree: DivisionTree) -> None:
    rows = (("永城路1号", "", ""), ("永城路2号", "2011", "2021"))
    first = assembled(tree, *rows)
    again = assembled(tree, *rows, before=first.base)
    assert again.base.drop_columns(["lon", "lat"]).equals(first.base.drop_columns(["lon", "lat"]))


def test_rows_before_and_after_a_district_was_divided_name_one_address_in_its_community(
    tree: DivisionTree,
) -> None:
    rows = (
        ("杭州市余杭区临平街道保障桥社区邱山大街100号", "2005", ""),
        ("杭州市临平区临平街道保障桥社区邱山大街100号", "2021", ""),
    )
    assert set(spans(assembled(tree, *rows))) == {
        "杭州市临平区临平街道保障桥社区邱山大街",
        "杭州市临平区临平街道保障桥社区邱山大街100号",
    }


def test_row_of_a_district_that_was_divided_and_is_no_more_is_not_foreign(tree: DivisionTree) -> None:
    found = assembled(tree, ("江干区学源街168号", "2005", ""))
    assert not found.unread
    assert "杭州市学源街168号" in spans(found)
