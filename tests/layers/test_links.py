"""Links come as opaque references; whatever tells who somebody is, is neither taken nor shown."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from layers.links import read_links
from layers.report import ReadResult
from tests.reference import ROOT
from twin.errors import ImportRefusedError
from twin.frame import CityFrame

CITY = CityFrame("丽州市", "EPSG:4549", (119.938, 28.798, 120.142, 28.982))
LINKS = ROOT / "sample_data/lizhou/links.csv.gz"
PERSONAL = ("张三", "13800138000", "339901199001011234", "zhangsan@mail.cn", "Zhang San")


def read(folder: Path, text: str, **columns: str) -> ReadResult:
    path = folder / "links.csv"
    path.write_text(text, encoding="utf-8")
    return read_links(path, columns=columns, city=CITY)


def everything_said(result: ReadResult, folder: Path) -> str:
    path = folder / "report.csv"
    result.report.write_csv(path)
    return path.read_text(encoding="utf-8-sig") + result.report.summary() + repr(result)


def test_sample_county_file_is_read_whole() -> None:
    result = read_links(LINKS, city=CITY)
    with gzip.open(LINKS, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert result.report.rows_rejected == 0
    assert result.table["ref"].to_pylist() == [row["ref"] for row in rows]
    assert result.table["source_id"].to_pylist() == [row["source_id"] for row in rows]
    assert set(result.table["kind"].to_pylist()) == {row["kind"] for row in rows}


def test_row_that_tells_who_somebody_is_is_rejected_and_never_shown(tmp_path: Path) -> None:
    rows = "".join(f"M{number},person,{ref}\n" for number, ref in enumerate(PERSONAL))
    result = read(tmp_path, f"source_id,kind,ref\nM9,person,9c7a1f\n{rows}")
    assert result.table["ref"].to_pylist() == ["9c7a1f"]
    assert [finding.row for finding in result.report.rejections] == [2, 3, 4, 5, 6]
    said = everything_said(result, tmp_path)
    assert not [ref for ref in PERSONAL if ref in said]


def test_shifted_columns_and_further_columns_show_nothing_either(tmp_path: Path) -> None:
    text = (
        "source_id,kind,ref,class,valid_from,备注\n"
        "M1,person,9c7a1f,住户,2020-01-01,李四\n"
        "M2,张三,9c7a20,住户,2020-01-01,\n"
        "M3,person,9c7a21,餐饮 13800138000,2020-01-01,\n"
        "M4,person,9c7a22,住户,王五 13900139000,\n"
        "M5,person,9c7a23\x07,住户,2020-01-01,\n"
        "13700137000,person,9c7a24,住户,2020-01-01,\n"
    )
    result = read(tmp_path, text)
    assert result.table["ref"].to_pylist() == ["9c7a1f", "9c7a22", "9c7a23"]
    said = everything_said(result, tmp_path)
    assert not [
        word for word in ("张三", "李四", "王五", "13800138000", "13900139000", "1370013") if word in said
    ]


def test_file_of_nothing_but_names_is_refused_without_naming_anybody(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError) as caught:
        read(tmp_path, "source_id,kind,ref\nM1,person,张三\nM2,person,李四\n")
    assert "张三" not in str(caught.value)
    assert "李四" not in str(caught.value)


def test_kinds_are_the_five_layers_and_incidents(tmp_path: Path) -> None:
    rows = "".join(f"M1,{kind},R{number}\n" for number, kind in enumerate("人企地物政事"))
    result = read(tmp_path, f"source_id,kind,ref\n{rows}M1,animal,R9\n")
    kinds = ["person", "enterprise", "place", "thing", "agency", "incident"]
    assert result.table["kind"].to_pylist() == kinds
    assert result.report.rows_rejected == 1


def test_link_names_its_address_by_id_or_by_the_number_of_a_source(tmp_path: Path) -> None:
    text = (
        "address_id,address_source,source_id,kind,ref\n17,,,person,R1\n,police,G7,person,R2\n,,,person,R3\n"
    )
    result = read(tmp_path, text)
    assert result.table["address_id"].to_pylist() == [17, None]
    assert result.table["address_source"].to_pylist() == [None, "police"]
    assert result.report.rejections[0].row == 3


def test_same_link_twice_is_taken_once_and_keeps_its_number(tmp_path: Path) -> None:
    rows = ("M1,person,R1,2020-01-01", "M1,人,R1,2020-01-01", "M1,person,R1,2021-01-01")
    text = "\n".join(("source_id,kind,ref,valid_from", *rows))
    first, again = read(tmp_path, text), read(tmp_path, text)
    assert first.table.num_rows == 2
    assert len(set(first.table["link_id"].to_pylist())) == 2
    assert first.table["link_id"].to_pylist() == again.table["link_id"].to_pylist()
