"""Divisions come in so that a tree can be made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.divisions import read_divisions
from layers.report import ReadResult
from tests.reference import ROOT
from twin.divisions import DivisionTree
from twin.errors import ImportRefusedError
from twin.frame import CityFrame

CITY = CityFrame("丽州市", "EPSG:4549")
HEADER = "code,name,level,parent_code,valid_from,valid_to\n"


def read(folder: Path, rows: str) -> ReadResult:
    path = folder / "divisions.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return read_divisions(path, city=CITY)


def test_rows_that_no_tree_can_hold_are_rejected(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "339900000000,丽州市,1,,,\n339901000000,东区,7,339900000000,,\n"
        "339902000000,西区,2,339900000000,2021-01-01,2020-01-01\n339903000000,南区,2,339900000000,,\n",
    )
    assert result.table["code"].to_pylist() == ["339900000000", "339903000000"]
    assert [item.row for item in result.report.rejections] == [2, 3]
    assert [node.name for node in DivisionTree.from_tables(result.table, None).nodes] == ["丽州市", "南区"]


def test_parent_that_may_come_later_is_only_noted(tmp_path: Path) -> None:
    result = read(tmp_path, "339901001000,城东街道,3,339901000000,,\n")
    assert result.report.rows_taken == 1
    assert any("339901000000" in note for note in result.report.notes)


def test_code_may_be_carried_again_from_another_day(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "330206000000,滨海区,2,,,1987-01-01\n330206000000,北仑区,2,,1987-01-01,\n"
        "330206000000,港区,2,,1987-01-01,\n",
    )
    assert result.table["name"].to_pylist() == ["滨海区", "北仑区"]
    assert [item.row for item in result.report.rejections] == [3]
    assert not any("still carried" in note for note in result.report.notes)


def test_file_of_nothing_but_bad_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="none of its 1 rows can be taken"):
        read(tmp_path, "339901000000,东区,7,,,\n")


def test_divisions_of_the_sample_county_make_a_tree() -> None:
    result = read_divisions(ROOT / "sample_data/lizhou/divisions.csv", city=CITY)
    assert not result.report.rejections
    tree = DivisionTree.from_tables(result.table, None)
    assert tree.nodes[0].name == "丽州市"
    assert {node.level for node in tree.nodes} == {1, 2, 3, 4}


def test_points_of_divisions_are_no_boundaries(tmp_path: Path) -> None:
    path = tmp_path / "divisions.csv"
    path.write_text("code,name,lon,lat\n339900000000,丽州市,120.0,28.9\n", encoding="utf-8")
    result = read_divisions(path, city=CITY)
    assert result.table["geometry"].null_count == result.table.num_rows == 1
    assert any("are points, divisions holds polygons" in note for note in result.report.notes)
