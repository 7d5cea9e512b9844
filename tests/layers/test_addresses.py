"""Addresses come with or without a place, and a wrong place is rejected rather than believed."""

from __future__ import annotations

from pathlib import Path

from layers.addresses import read_addresses
from tests.reference import ROOT
from twin.frame import CityFrame

CITY = CityFrame("丽州市", "EPSG:4549", (119.938, 28.798, 120.142, 28.982))


def test_addresses_without_coordinates_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("source_id,text\n1,中山路1号\n2,中山路2号\n", encoding="utf-8")
    result = read_addresses(path, city=CITY)
    assert result.table["geometry"].null_count == 2
    assert any("all rows are taken without a place" in note for note in result.report.notes)


def test_police_file_of_the_sample_county_is_read_as_delivered() -> None:
    """GB18030, GCJ-02, Chinese column names, degrees-minutes-seconds, missing and broken rows."""
    result = read_addresses(
        ROOT / "sample_data/lizhou/addresses_police.csv.gz",
        crs="gcj02",
        columns={"source_id": "编号", "text": "地址", "lon": "经度", "lat": "纬度"},
        city=CITY,
    )
    report = result.report
    assert report.rows_read - report.rows_taken == len(report.rejections)
    assert 0 < len(report.rejections) < 0.01 * report.rows_read
    said = " | ".join(report.notes)
    for words in ("GB18030", "degrees, minutes and seconds", "have no place", "converted to WGS 84"):
        assert words in said
    assert result.bbox is not None
    assert CITY.is_near(result.bbox, margin_deg=0.0)
