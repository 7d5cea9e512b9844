"""The parser on the files of the sample county, whose form the generator fixes."""

from __future__ import annotations

import csv
import gzip
import io
import re
from datetime import date

import pyarrow as pa
import pyarrow.csv
import pytest

from sample_data.generator.police import _written
from tests.reference import ROOT
from twin.addresses._numerals import arabic
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.parsing import Parser
from twin.divisions import DivisionTree

LIZHOU = ROOT / "sample_data" / "lizhou"
NTH = 40


@pytest.fixture(scope="module")
def tree() -> DivisionTree:
    table = pyarrow.csv.read_csv(LIZHOU / "divisions.csv", convert_options=_as_text())
    for name in ("valid_from", "valid_to"):
        days = [date.fromisoformat(day) if day else None for day in table[name].to_pylist()]
        table = table.set_column(table.column_names.index(name), name, pa.array(days, pa.date32()))
    level = table["level"].cast(pa.int64())
    table = table.set_column(table.column_names.index("level"), "level", level)
    return DivisionTree.from_tables(table, None, date(2024, 6, 1))


@pytest.fixture(scope="module")
def parser(tree: DivisionTree) -> Parser:
    return Parser(Gazetteer.from_tree(tree))


def _as_text() -> pyarrow.csv.ConvertOptions:
    names = ("code", "name", "level", "parent_code", "valid_from", "valid_to", "superseded_by")
    return pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))


def rows_of(name: str, encoding: str) -> list[dict[str, str]]:
    with gzip.open(LIZHOU / name) as packed:
        return list(csv.DictReader(io.TextIOWrapper(packed, encoding=encoding)))


def test_civil_texts_come_apart_into_the_parts_they_were_made_of(tree: DivisionTree, parser: Parser) -> None:
    names = {
        level: "|".join(
            sorted((node.name for node in tree.nodes if node.level == level), key=len, reverse=True)
        )
        for level in (2, 3, 4)
    }
    form = re.compile(
        rf"丽州市(?P<district>{names[2]})(?P<subdistrict>{names[3]})(?P<community>{names[4]})??"
        r"(?P<street>\D+?)(?P<number>\d+)号(?P<estate>\D*)"
        r"(?:(?P<building>\d+)幢)?(?:(?P<unit>\d+)单元)?(?:(?P<dwelling>\d+)室)?"
    )
    texts = [row["text"] for row in rows_of("addresses_civil.csv.gz", "utf-8")[::NTH]]
    assert len(texts) > 500
    for text, row in zip(texts, parser.parse_table(texts).to_pylist(), strict=True):
        made = form.fullmatch(text)
        assert made is not None, text
        assert row["city"] == "丽州市"
        for column in ("district", "subdistrict", "number", "building", "unit", "dwelling"):
            assert row[column] == made[column], text
        assert (row["community"] or "") + (row["hamlet"] or "") + (row["road"] or "") == (
            (made["community"] or "") + made["street"]
        ), text
        assert (row["estate"] or row["premises"] or "") == made["estate"], text
        assert row["rest"] == "", text
        assert not row["is_partial"], text


def test_police_texts_leave_little_unread(parser: Parser) -> None:
    texts = [row["地址"] for row in rows_of("addresses_police.csv.gz", "gb18030")[::NTH]]
    table = parser.parse_table(texts)
    unread = [text for text, rest in zip(texts, table["rest"].to_pylist(), strict=True) if rest]
    assert len(unread) <= len(texts) // 500, unread


def test_incidents_give_no_remark_as_a_name(parser: Parser) -> None:
    """The generator writes: place, a word where beside it, blank or comma or nothing, what happened."""
    rows = rows_of("incidents.csv.gz", "utf-8")[::NTH]
    happened = re.compile(r"(?:违停|积水|路灯|垃圾|占道|噪音|井盖|电动车|渣土车|共享单车)")
    for row in rows:
        parsed = parser.parse(row["text"])
        for part in parsed.components:
            assert not happened.search(part.text), row["text"]


def test_numbers_as_they_are_spoken_come_out_as_digits() -> None:
    assert [arabic(_written(number)) for number in range(1, 1_000)] == [str(n) for n in range(1, 1_000)]
