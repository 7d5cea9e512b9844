"""Aliases come without geometry, each renaming something, once, for a time that does not run backwards."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers.aliases import read_aliases
from tests.reference import ROOT
from twin.errors import ImportRefusedError
from twin.frame import CityFrame

CITY = CityFrame("丽州市", "EPSG:4549", (119.938, 28.798, 120.142, 28.982))
OLD_NAMES = ROOT / "sample_data/lizhou/old_names.csv"


def write(folder: Path, text: str) -> Path:
    path = folder / "names.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_sample_county_file_is_read_whole() -> None:
    result = read_aliases(OLD_NAMES, columns={"alias": "old_name", "name": "new_name"}, city=CITY)
    with OLD_NAMES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert result.schema.geometry == "none"
    assert result.table["alias"].to_pylist() == [row["old_name"] for row in rows]
    assert result.table["name"].to_pylist() == [row["new_name"] for row in rows]
    assert result.table["kind"].to_pylist() == [row["kind"] for row in rows]
    assert result.report.rows_rejected == 0


def test_validity_is_days_of_china(tmp_path: Path) -> None:
    path = write(tmp_path, "alias,name,valid_to\n革命街,人民中路,2004-12-01\n")
    ends = read_aliases(path, city=CITY).table["valid_to"].to_pylist()
    assert ends == [datetime(2004, 11, 30, 16, tzinfo=UTC)]


def test_rows_that_rename_nothing_run_backwards_or_stand_twice_are_rejected(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "alias,name,kind,valid_from,valid_to\n"
        "革命街,人民中路,street,,2004-12-01\n"
        "人民中路,人民中路,street,,\n"
        "革命街,人民中路,street,,2004-12-01\n"
        "东风巷,解放路,street,2005-01-01,2004-01-01\n"
        ",解放路,street,,\n",
    )
    result = read_aliases(path, city=CITY)
    assert result.table["alias"].to_pylist() == ["革命街"]
    assert [finding.row for finding in result.report.rejections] == [2, 3, 4, 5]


def test_kinds_are_understood_in_chinese_and_others_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path, "别名,名称,类别\n甲路,乙路,道路\n甲苑,乙苑,小区\n甲镇,乙街道,街道\n甲桥,乙桥,桥\n甲,乙,\n"
    )
    kinds = read_aliases(path, city=CITY).table["kind"].to_pylist()
    assert kinds == ["street", "estate", "subdistrict", "桥", None]


def test_file_without_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="no column for alias"):
        read_aliases(write(tmp_path, "old,new\n甲路,乙路\n"), city=CITY)
