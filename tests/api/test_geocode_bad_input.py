"""Bad files for ``twin geocode``: hostile texts are answered with a reason, bad files change nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.api.hostile import (
    BIG_BYTES,
    HOSTILE_TEXTS,
    findings,
    quoted,
    refusal,
    run,
    state_of,
    table,
)

ASKED = ("澜州市东城区永城路38号紫荆花园7幢1单元302室", "紫荆花园9-1-302", "永城路38号12幢1单元302")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city that holds the good rows, sent together with texts that are no address."""
    folder = tmp_path_factory.mktemp("hostile") / "a.city"
    assert run("init", folder, "--name", "澜州市", "--crs", "EPSG:4549").exit_code == 0
    path = folder.parent / "base.csv"
    rows = [f"H{n},{quoted(text)},120.35,29.05" for n, text in enumerate(HOSTILE_TEXTS.values())]
    path.write_bytes(table(*rows))
    result = run("import", "addresses", path, "--city", folder, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    (folder.parent / "said.json").write_text(result.stdout)
    return folder


def geocode(folder: Path, came: bytes, column: str = "text") -> tuple[Result, Path]:
    queries, answers = folder.parent / "q.csv", folder.parent / "answers.csv"
    queries.write_bytes(came)
    answers.unlink(missing_ok=True)
    words = ("--city", folder, "--input", queries, "--column", column, "--output", answers)
    return run("geocode", *words), answers


def answered(folder: Path, came: bytes, encoding: str = "utf-8-sig") -> list[dict[str, Any]]:
    result, answers = geocode(folder, came)
    assert result.exit_code == 0, (result.output, result.exception)
    with answers.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def sheet(*texts: str) -> bytes:
    return "\n".join(["text", *map(quoted, texts), ""]).encode()


def test_texts_that_are_no_address_are_listed_in_the_report(folder: Path) -> None:
    (outcome, *_) = json.loads((folder.parent / "said.json").read_text())["imported"]
    told = findings(Path(outcome["report"]))
    assert [name for row, name in enumerate(HOSTILE_TEXTS, start=41) if row not in told] == []


def test_texts_that_are_no_address_get_no_place_and_a_reason(folder: Path) -> None:
    rows = answered(folder, sheet(*HOSTILE_TEXTS.values()))
    # A line of blanks alone is passed over or answered; everything else has its own row, in order.
    texts = [text for text in HOSTILE_TEXTS.values() if text.strip()]
    rows = [row for row in rows if row["text"].strip()]
    assert [row["text"] for row in rows] == texts
    for row in rows:
        assert row["address_id"] == row["standard_text"] == row["source_id"] == "", row
        assert row["lon"] == row["lat"] == row["grid_id"] == "", row
        assert float(row["score"] or 0) < 0.5, row
        assert row["reason"], row


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_questions_are_answered_alike_in_every_encoding(folder: Path, encoding: str) -> None:
    # Answers come in the encoding of the questions, as those of `twin locate` do; UTF-16 becomes UTF-8.
    written_in = "gb18030" if encoding == "gb18030" else "utf-8-sig"
    rows = answered(folder, sheet(*ASKED).decode().encode(encoding), written_in)
    assert [row["source_id"] for row in rows] == ["R7", "R9", "R12"]
    assert [row["text"] for row in rows] == list(ASKED)


def test_control_characters_in_a_question_do_not_hide_its_address(folder: Path) -> None:
    came = ("永城路38号紫荆\x07花园7幢1单元302室", "紫荆花园\u200b9-1-302", "\u202e紫荆花园9-1-302\u202c")
    assert [row["source_id"] for row in answered(folder, sheet(*came))] == ["R7", "R9", "R9"]


@pytest.mark.parametrize(
    ("wrong", "came"),
    [
        ("empty", b""),
        ("no such column", "地址\n永城路38号\n".encode()),
        ("blank lines alone", b"\n" * 100_000),
        ("one line, no end", b"a" * BIG_BYTES),
        ("one value, no end", b"text\n" + "永".encode() * (BIG_BYTES // 3)),
        ("zero bytes", b"text\nab\0c\n"),
        ("quote never closed", 'text\n"永城路38号\n永城路39号\n永城路40号\n'.encode()),
        ("a workbook", b"PK\x03\x04" + bytes(200)),
    ],
)
def test_bad_file_is_refused_in_one_sentence_and_leaves_no_answers(
    folder: Path, wrong: str, came: bytes
) -> None:
    before = state_of(folder)
    result, answers = geocode(folder, came)
    assert refusal(result)
    assert not answers.exists()
    assert state_of(folder) == before


def test_city_without_addresses_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "bare.city"
    assert run("init", folder, "--name", "澜州市").exit_code == 0
    result, answers = geocode(folder, sheet(*ASKED))
    assert "import addresses" in refusal(result)
    assert not answers.exists()


def test_more_columns_and_thousands_of_rows_come_back_in_order(folder: Path) -> None:
    lines = [f'{n},"第{n}行, 备注",{ASKED[n % 3]}' for n in range(3_000)]
    rows = answered(folder, "\n".join(["no,remark,text", *lines, ""]).encode())
    assert [row["no"] for row in rows] == [str(n) for n in range(3_000)]
    assert [row["source_id"] for row in rows[:3]] == ["R7", "R9", "R12"]
    assert {row["source_id"] for row in rows} == {"R7", "R9", "R12"}
