"""``twin geocode``: the table as it came, and behind each record what its text means."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from api.geocoding import NEW_COLUMNS, TITLES
from tests.api.addressed_town import BAUHINIA, LAKE, make_addressed_town, rows, source_of
from tests.api.hostile import refusal, run
from twin.addresses import Level
from twin.city import City


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with make_addressed_town(tmp_path_factory.mktemp("geocoding")) as city:
        yield city.path


def geocode(folder: Path, tmp_path: Path, content: bytes, *more: str) -> tuple[Result, Path]:
    source, target = tmp_path / "q.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    target.unlink(missing_ok=True)
    words = ("--city", folder, "--input", source, "--output", target, *more)
    return run("geocode", *words), target


def answers(folder: Path, tmp_path: Path, content: bytes, encoding: str = "utf-8") -> list[dict[str, str]]:
    result, target = geocode(folder, tmp_path, content, "--column", "text")
    assert result.exit_code == 0, (result.output, result.exception)
    return list(csv.DictReader(io.StringIO(target.read_bytes().decode(encoding), newline="")))


def test_each_record_gets_address_place_unit_and_reason(folder: Path, tmp_path: Path) -> None:
    (row,) = answers(folder, tmp_path, "no,text\n7,西湖花园3-1-302\n".encode())
    assert list(row) == ["no", "text", *NEW_COLUMNS]
    assert (row["no"], row["text"]) == ("7", "西湖花园3-1-302")
    assert row["standard_text"] == f"{LAKE}3幢1单元302室"
    assert row["level"] == "户室"
    assert float(row["score"]) >= 0.9
    assert (float(row["lon"]), float(row["lat"])) == pytest.approx((120.0415, 28.89), abs=1e-6)  # 0.1 m
    assert row["grid_id"] == "G1"
    assert row["source_id"] == source_of(f"{LAKE}3幢1单元302室")
    with City.open(folder) as city:
        assert city.address_finder().geocode("西湖花园3-1-302")[0].address_id == int(row["address_id"])


def test_every_row_of_the_base_finds_itself(folder: Path, tmp_path: Path) -> None:
    texts = [row.split(",")[1] for row in rows()]
    found = answers(folder, tmp_path, "\n".join(["text", *texts, ""]).encode())
    assert [row["source_id"] for row in found] == [row.split(",")[0] for row in rows()]
    assert min(float(row["score"]) for row in found) >= 0.9


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *[("丽州市", ""), ("丽城区", "G1"), ("溪南区", ""), ("永城路", "G1"), ("西湖花园", "G1")],
        *[("新吴村3号", ""), ("溪南区望江街道", "")],
    ],
)
def test_division_or_road_has_a_unit_only_where_all_of_it_lies_in_one(
    folder: Path, tmp_path: Path, text: str, unit: str
) -> None:
    (row,) = answers(folder, tmp_path, f"text\n{text}\n".encode())
    assert row["standard_text"]
    assert row["grid_id"] == unit


@pytest.mark.parametrize(
    ("text", "level", "said"),
    [
        ("西湖花园3幢1单元909", "单元", "无此室号"),
        ("紫荆花园", "小区", "一致"),
        ("新吴村3号", "门牌", "一致"),
        ("革命路38号", "门牌", "旧名"),
        ("溪湖花园3-1-302", "户室", "溪湖花园→西湖花园"),
        ("溪南区西湖花园3-1-302", "户室", "不符"),
    ],
)
def test_level_and_reason_are_said_in_chinese(
    folder: Path, tmp_path: Path, text: str, level: str, said: str
) -> None:
    (row,) = answers(folder, tmp_path, f"text\n{text}\n".encode())
    assert row["level"] == level
    assert said in row["reason"]


def test_blank_and_unknown_texts_have_a_reason_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    found = answers(folder, tmp_path, 'text,n\n"",1\n向日葵庄园3幢,2\n'.encode())
    for row in found:
        assert row["reason"]
        assert [row[name] for name in NEW_COLUMNS if name != "reason"] == [""] * (len(NEW_COLUMNS) - 1)


def test_place_outside_every_unit_leaves_the_unit_empty(folder: Path, tmp_path: Path) -> None:
    (row,) = answers(folder, tmp_path, "text\n新吴村3号\n".encode())
    assert row["lon"]
    assert row["grid_id"] == ""


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_bytes_of_the_source_stay_as_they_are(folder: Path, tmp_path: Path, encoding: str, end: str) -> None:
    lines = ["备注,text", '"多行\n值, 逗号",西湖花园3-1-302', '空,""', '引号,"西湖花园""3-1-302"', ""]
    content = end.join(lines).encode(encoding)
    result, target = geocode(folder, tmp_path, content)
    assert result.exit_code == 0
    came = list(csv.reader(io.StringIO(content.decode(encoding), newline="")))
    went = list(csv.reader(io.StringIO(target.read_bytes().decode(encoding), newline="")))
    assert [row[:2] for row in went] == came
    assert went[0][2:] == list(NEW_COLUMNS)
    written = target.read_bytes()
    at = 0
    for piece in content.split(end.encode()):
        at = written.index(piece.strip(b"\xef\xbb\xbf"), at)


def test_record_with_fewer_fields_is_filled_up_and_says_so(folder: Path, tmp_path: Path) -> None:
    first, second = answers(folder, tmp_path, "text,n,m\n西湖花园3-1-302\n西湖花园3-1-302,1,2\n".encode())
    assert first["address_id"] == ""
    assert "字段不足" in first["reason"]
    assert second["address_id"]


def test_column_is_the_one_that_is_named(folder: Path, tmp_path: Path) -> None:
    result, target = geocode(folder, tmp_path, "地址,text\n西湖花园3-1-302,x\n".encode(), "--column", "地址")
    assert result.exit_code == 0
    assert f"{LAKE}3幢1单元302室" in target.read_text(encoding="utf-8")


def test_summary_counts_sure_doubtful_and_unanswered(folder: Path, tmp_path: Path) -> None:
    texts = "text\n西湖花园3-1-302\n西湖花园3-1-909\n向日葵庄园\n紫荆花园\n"
    result, _ = geocode(folder, tmp_path, texts.encode(), "--json")
    assert json.loads(result.stdout) == {"rows": 4, "sure": 2, "doubtful": 1, "unanswered": 1}
    result, _ = geocode(folder, tmp_path, texts.encode())
    assert result.stdout == ""
    assert "2 sure" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("地址\n西湖花园\n", "no column 'text'"),
        ("text,score\n西湖花园,1\n", "'score' already"),
        ("text,text\n西湖花园,1\n", "2 columns"),
        ("text\n", "no rows"),
        ('text\n"西湖花园\n', "stays open"),
    ],
)
def test_table_that_cannot_be_taken_is_refused_in_one_sentence(
    folder: Path, tmp_path: Path, content: str, said: str
) -> None:
    result, target = geocode(folder, tmp_path, content.encode())
    assert said in refusal(result)
    assert not target.exists()


def test_levels_have_the_titles_of_the_standard() -> None:
    assert TITLES[Level.DWELLING] == "户室"
    assert TITLES[0] == ""
    assert BAUHINIA.startswith("丽州市溪南区")
