"""Import reports say what happened, survive spreadsheets and show no invisible character."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.report import MAX_CAME_CHARS, ImportReport, ReadResult, Rejection, shown
from twin.schema import DECLARED


def report(*rejections: Rejection, notes: tuple[str, ...] = ()) -> ImportReport:
    return ImportReport("部件.csv", "00", 10, 9, rejections, notes)


def test_csv_opens_in_excel_and_holds_every_finding(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    report(
        Rejection(3, "经度", "abc,\n", "is no number", "write degrees"), notes=("GB18030 recognised",)
    ).write_csv(path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["reason"] for row in rows] == [
        "10 rows read, 9 taken, 1 rejected",
        "GB18030 recognised",
        "is no number",
    ]
    assert (rows[2]["row"], rows[2]["field"], rows[2]["came"]) == ("3", "经度", r"abc,\n")


@pytest.mark.parametrize(
    ("came", "written"),
    [("=cmd()", "'=cmd()"), ("@a", "'@a"), ("-5.25", "-5.25"), ("-a", "'-a"), ("街道", "街道")],
)
def test_no_text_of_a_source_becomes_a_formula(tmp_path: Path, came: str, written: str) -> None:
    path = tmp_path / "report.csv"
    report(Rejection(1, "name", came, "r", "s")).write_csv(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.DictReader(file))[-1]["came"] == written


def test_summary_is_short_however_many_rows_failed() -> None:
    summary = report(*(Rejection(row, "lon", "x", "r", "s") for row in range(1, 1001))).summary()
    assert len(summary.splitlines()) == 5
    assert "997 more" in summary


@given(st.text(max_size=300))
def test_what_came_is_short_and_visible_and_stays_so(text: str) -> None:
    once = shown(text)
    assert len(once) <= MAX_CAME_CHARS
    assert shown(once) == once
    assert not any(ord(char) < 32 for char in once)


def test_bbox_spans_the_features_that_have_a_place() -> None:
    wkb = [shapely.to_wkb(shapely.Point(120, 29)), None, shapely.to_wkb(shapely.Point(121, 28))]
    schema = DECLARED["parts"]
    table = pa.table({"geometry": pa.array(wkb, pa.binary())})
    assert ReadResult(schema, table, report()).bbox == (120.0, 28.0, 121.0, 29.0)
    assert ReadResult(schema, table.slice(1, 1), report()).bbox is None
    assert ReadResult(schema, table.select([]), report()).bbox is None
