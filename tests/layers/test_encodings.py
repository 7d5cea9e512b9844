"""Encodings of Chinese text are recognised from the bytes, whatever is declared."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.encodings import _common_share, encoding_of_dbf, encoding_of_text, utf8_chunks
from twin.errors import ImportRefusedError

TEXT = "编号,地址\n1,丽州市中山路12号3幢2单元501室\n2,解放街道人民社区\n"


@pytest.mark.parametrize(
    ("written", "codec"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("gbk", "gb18030"),
        ("gb2312", "gb18030"),
        ("gb18030", "gb18030"),
    ],
)
def test_text_is_recognised_and_becomes_utf8(tmp_path: Path, written: str, codec: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode(written))
    found = encoding_of_text(path, "a.csv")
    assert found.codec == codec
    assert bool(found.note) == (codec != "utf-8")
    assert b"".join(utf8_chunks(path, found)).decode("utf-8") == TEXT


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=50))
def test_common_characters_are_counted_like_the_standard_orders_them(text: str) -> None:
    """GB 2312 level 1 spans rows 16-55, that is lead bytes B0-D7 with trail bytes from A1."""

    def is_everyday(char: str) -> bool:
        code = char.encode("gb18030")
        return len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1

    assert _common_share([text.encode("gb18030")]) == pytest.approx(sum(map(is_everyday, text)) / len(text))


@pytest.mark.parametrize(
    "content", [b"a,b\n\xff\xff\xff,1\n", TEXT.encode("big5", "ignore"), "日本語テキスト".encode("shift-jis")]
)
def test_text_of_no_known_encoding_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError, match=r"encoding of a.csv is not known.*save it as UTF-8"):
        encoding_of_text(path, "a.csv")


def test_broken_byte_is_told_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + b"a" * 1000 + b"\xff")
    with pytest.raises(ImportRefusedError, match="broken near byte 1,0"):
        encoding_of_text(path, "a.csv")


def shapefile(folder: Path, encoding: str, cpg: str | None, names: list[str]) -> Path:
    path = folder / "a.shp"
    frame = geopandas.GeoDataFrame({"名称": names}, geometry=[shapely.Point(0, 0)] * len(names), crs=4549)
    frame.to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


@pytest.mark.parametrize(
    ("written", "cpg", "codec", "says"),
    [
        ("GB18030", None, "gb18030", "there is no .cpg"),
        ("GB18030", "GBK", "gb18030", "as the .cpg says"),
        ("GB18030", "936", "gb18030", "as the .cpg says"),
        ("GB18030", "UTF-8", "gb18030", "which is wrong"),
        ("GB18030", "ISO-8859-1", "gb18030", "which is wrong"),
        ("UTF-8", None, "utf-8", "there is no .cpg"),
        ("UTF-8", "UTF-8", "utf-8", "as the .cpg says"),
        ("UTF-8", "GBK", "utf-8", "which is wrong"),
    ],
)
def test_attributes_are_judged_by_their_bytes(
    tmp_path: Path, written: str, cpg: str | None, codec: str, says: str
) -> None:
    path = shapefile(tmp_path, written, cpg, ["人民社区", "中山路", "plain"])
    found = encoding_of_dbf(path, "a.shp")
    assert found.codec == codec
    assert says in found.note


def test_character_cut_by_the_field_width_is_forgiven(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "UTF-8", None, ["中山路" * 20])
    dbf = path.with_suffix(".dbf")
    content = bytearray(dbf.read_bytes())
    width = content[32 + 16]
    start = int.from_bytes(content[8:10], "little") + 1
    content[start : start + width] = ("a" + "中" * 100).encode()[:width]
    assert width % 3 != 1
    dbf.write_bytes(content)
    assert encoding_of_dbf(path, "a.shp").codec == "utf-8"


def test_western_attributes_are_read_as_their_cpg_says(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "UTF-8", None, ["a"])
    western = shapefile(tmp_path, "GB18030", "ISO-8859-1", ["plain"])
    dbf = western.with_suffix(".dbf")
    dbf.write_bytes(
        dbf.read_bytes()
        .replace("名称".encode("gb18030"), b"name")
        .replace(b"plain", "Zürch".encode("latin-1"))
    )
    assert encoding_of_dbf(path, "a.shp").codec == "iso8859-1"


def test_plain_attributes_need_no_word(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "UTF-8", None, ["a", "b"])
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace("名称".encode(), b"name__"))
    assert encoding_of_dbf(path, "a.shp").note == ""
