"""Delivered files are unpacked within limits and are what their names say, or refused in one sentence."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import geopandas
import pytest
import shapely

from layers import delivery
from layers.delivery import delivered
from twin.errors import ImportRefusedError

CSV = "名称,经度\n中山路,120.5\n".encode()


@pytest.fixture
def shapefile(tmp_path: Path) -> Path:
    frame = geopandas.GeoDataFrame(
        {"n": range(50)}, geometry=[shapely.Point(i, i) for i in range(50)], crs=4549
    )
    frame.to_file(tmp_path / "parts.shp")
    return tmp_path / "parts.shp"


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ImportRefusedError) as caught, delivered(path):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_plain_file_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CSV)
    with delivered(path) as delivery:
        assert (delivery.path, delivery.kind, delivery.name) == (path, "text", "a.csv")
        assert delivery.sha256 == hashlib.sha256(CSV).hexdigest()


def test_gzip_is_unpacked_and_removed_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(CSV))
    with delivered(path) as delivery:
        assert delivery.path.read_bytes() == CSV
        assert delivery.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not delivery.path.exists()


def test_shapefile_in_a_zip_comes_with_its_family_and_without_litter(tmp_path: Path, shapefile: Path) -> None:
    members = {
        f"图层/parts{suffix}": shapefile.with_suffix(suffix).read_bytes()
        for suffix in (".shp", ".shx", ".dbf")
    }
    path = zipped(tmp_path / "p.zip", {**members, "__MACOSX/parts.shp": b"x", "readme.docx": b"x"})
    with delivered(path) as delivery:
        assert delivery.kind == "shapefile"
        assert sorted(file.suffix for file in delivery.path.parent.iterdir()) == [".dbf", ".shp", ".shx"]
        assert delivery.notes == ("read 图层/parts.shp from the archive",)


def test_member_names_of_chinese_windows_are_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    info = zipfile.ZipInfo("PLACE.csv")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, CSV)
    path.write_bytes(path.read_bytes().replace(b"PLACE", "部件".encode("gbk") + b"1"))
    with delivered(path) as delivery:
        assert delivery.notes == ("read 部件1.csv from the archive",)


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "..\\a.csv", "C:\\a.csv", "x/../../a.csv"])
def test_archive_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    assert "points out of the archive" in refusal(zipped(tmp_path / "a.zip", {name: CSV}))


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "holds a link" in refusal(tmp_path / "a.zip")


def test_bombs_are_refused_while_they_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "RATIO_COUNTS_FROM_BYTES", 1 << 20)
    zeros = b"0" * (8 << 20)
    assert "bomb" in refusal(zipped(tmp_path / "a.zip", {"a.csv": zeros}))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(zeros))
    assert "bomb" in refusal(path)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_cut_off_archives_are_refused(tmp_path: Path, share: float) -> None:
    rows = "".join(f"{i},{i * i}\n" for i in range(3000)).encode()
    whole = zipped(tmp_path / "whole.zip", {"a.csv": rows}).read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[: int(len(whole) * share)])
    assert "cut-off or damaged zip" in refusal(tmp_path / "a.zip")
    packed = gzip.compress(rows)
    (tmp_path / "a.csv.gz").write_bytes(packed[: int(len(packed) * share)])
    assert "cut off or damaged gzip" in refusal(tmp_path / "a.csv.gz")


@pytest.mark.parametrize(
    ("suffix", "keep"), [(".shp", 0.9), (".shp", 0.01), (".shx", 0.5), (".dbf", 0.9), (".dbf", 0)]
)
def test_cut_off_shapefiles_are_refused(shapefile: Path, suffix: str, keep: float) -> None:
    part = shapefile.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[: int(part.stat().st_size * keep)])
    assert "cut off" in refusal(shapefile)


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_shapefile_without_a_part_is_refused_by_name(shapefile: Path, suffix: str) -> None:
    shapefile.with_suffix(suffix).unlink()
    assert suffix in refusal(shapefile)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"PK\x03\x04....", "Excel workbook"),
        ("a.xlsx", b"PK\x03\x04....", "Excel workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0....", "old Excel"),
        ("a.csv", b'{"type": "FeatureCollection"}', "named as a text table but its content is GeoJSON"),
        ("a.geojson", b"a,b\n1,2\n", "named as GeoJSON but its content is a text table"),
        ("a.gpkg", b"a,b\n1,2\n", "named as a GeoPackage"),
        ("a.tif", b"II*\0", "raster"),
        ("a.csv", b"a,b\n\x00\x01\x02\n", "zero bytes"),
        ("a.pbf", b"\0\0\0\r\n\tOSMHeader", "OpenStreetMap"),
        ("a.gml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "document type"),
        ("a.gml", b"<OGRVRTDataSource/>", "XML of another kind"),
        ("a.dat", b"a,b\n1,2\n", "unknown suffix"),
    ],
)
def test_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert says in refusal(tmp_path / name)


def test_archive_must_hold_one_table(tmp_path: Path) -> None:
    assert "holds 2 tables (a.csv, b.csv)" in refusal(
        zipped(tmp_path / "1.zip", {"a.csv": CSV, "b.csv": CSV})
    )
    assert "holds no vector file but a.docx" in refusal(zipped(tmp_path / "2.zip", {"a.docx": b"x"}))


def test_missing_file_is_said(tmp_path: Path) -> None:
    assert "there is no file" in refusal(tmp_path / "none.csv")
