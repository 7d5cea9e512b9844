"""Persons in deliveries are cut out at the border, and no report quotes them. All of them are made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.addresses import read_addresses
from layers.report import ReadResult
from layers.vector import read_vector
from twin.errors import ImportRefusedError
from twin.frame import CityFrame
from twin.personal import CUT
from twin.schema import DECLARED

CITY = CityFrame("丽州市", "EPSG:4549", (119.938, 28.798, 120.142, 28.982))
DELIVERED = """source_id,text,lon,lat,备注
P1,张三 13800001234 中山路1号,120.01,28.9,房东李四
P2,长乐弄18号陈建国,200,28.9,
P3,张三,,,
P4,中山路2号,120.02,28.9,电话13900001111
P5,中山路3号,13700001111,28.9,
P6,中山路4号王小明,,,x,y
330781198001011234,中山路5号,,,
P8,中山路6号,120.03,28.9,
"""
SECRETS = (
    "张三",
    "李四",
    "陈建国",
    "王小明",
    "13800001234",
    "13900001111",
    "13700001111",
    "330781198001011234",
)


def read(folder: Path, text: str = DELIVERED) -> ReadResult:
    path = folder / "p.csv"
    path.write_text(text, encoding="utf-8")
    return read_addresses(path, crs="wgs84", city=CITY)


def test_persons_are_not_among_what_is_stored(tmp_path: Path) -> None:
    table = read(tmp_path).table
    assert table["text"].to_pylist() == ["中山路1号", "中山路2号", "中山路6号"]
    assert not any(secret in str(table.to_pylist()) for secret in SECRETS)


def test_no_report_quotes_a_person(tmp_path: Path) -> None:
    report = read(tmp_path).report
    report.write_csv(tmp_path / "report.csv")
    said = (tmp_path / "report.csv").read_text("utf-8-sig") + report.summary()
    assert not any(secret in said for secret in SECRETS)


def test_report_says_which_rows_were_cut_and_how_many(tmp_path: Path) -> None:
    report = read(tmp_path).report
    found = {(one.row, one.field): (one.came, one.reason) for one in report.rejections}
    assert found[1, "text"] == (CUT, "tells of a person: cut out (个人信息不入库)")
    assert found[3, "text"][1] == "tells of a person and of nothing else (个人信息不入库): row rejected"
    assert found[7, "source_id"][1] == "is a person's identity number (个人信息不入库): row rejected"
    assert found[5, "lon, lat"][0] == CUT
    assert found[6, "columns"][0] == CUT
    assert report.rows_rejected == 5
    assert any("rows tell of persons" in note for note in report.notes)


def test_message_of_a_refused_file_quotes_no_person(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="个人信息不入库") as refused:
        read(tmp_path, "source_id,text\nP3,张三\n")
    assert "张三" not in str(refused.value)


def test_names_of_places_are_no_persons(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("source_id,text\nP1,王伟 中山路1号\n", encoding="utf-8")
    kept = read_addresses(path, city=CITY, known_places={"王伟"}).table["text"].to_pylist()
    assert kept == ["王伟 中山路1号"]


def test_incidents_lose_numbers_and_names_that_are_said_to_be_such(tmp_path: Path) -> None:
    path = tmp_path / "i.csv"
    rows = "incident_id,text\n1,联系人张三，电话13800001234，中山路堵车\n2,中山路2号 王府井堵车\n"
    path.write_text(rows, encoding="utf-8")
    result = read_vector(path, DECLARED["incidents"], city=CITY)
    assert result.table["text"].to_pylist() == ["中山路堵车", "中山路2号 王府井堵车"]
    assert [one.came for one in result.report.rejections] == [CUT]


def test_other_layers_are_taken_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "parts.csv"
    path.write_text("part_id,lon,lat\n13800001234,120.0,28.9\n", encoding="utf-8")
    assert read_vector(path, DECLARED["parts"], city=CITY).table["part_id"].to_pylist() == ["13800001234"]
