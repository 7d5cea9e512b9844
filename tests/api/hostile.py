"""Address files as a hostile but real department would send them, and the base that must outlive them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from api import cli
from tests.api.deliveries import contents

HEADER = "source_id,text,lon,lat"
BIG_BYTES = 50_000_000
HOSTILE_TEXTS = {
    "sql": "'; DROP TABLE address; --",
    "sql_union": "1' OR '1'='1' UNION SELECT * FROM users",
    "html": "<script>alert(document.cookie)</script>",
    "image": '<img src=x onerror="alert(1)">',
    "formula": "=cmd|'/C calc'!A0",
    "formula_at": "@SUM(1+1)*cmd",
    "path": "../../../../etc/passwd",
    "template": "{{7*7}}${jndi:ldap://x}",
    "query": 'text:* OR "NEAR"~9 AND (NOT [a TO z]^5 +-&&||!',
    "smiley": "😀😀😀",
    "dashes": "--------------------",
    "digits": "9" * 40,
    "long": "幢" * 5_000,
    "blanks": "　 \u3000",
}
"""Texts that are no address."""


def run(*words: object) -> Result:
    """Run one command in this process."""
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def good_rows(count: int = 40) -> list[str]:
    """Return rows that nobody could refuse, without the header."""
    return [
        f"R{number},澜州市东城区永城路38号紫荆花园{number}幢1单元302室,"
        f"{120.35 + number * 1e-4:.5f},{29.05 + number * 1e-4:.5f}"
        for number in range(1, count + 1)
    ]


def table(*rows: str, header: str = HEADER) -> bytes:
    """Return the good rows and more below them, as UTF-8."""
    return "\n".join([header, *good_rows(), *rows, ""]).encode()


def quoted(text: str) -> str:
    """Return a text as a CSV value."""
    return '"' + text.replace('"', '""') + '"'


def refused_files() -> dict[str, bytes]:
    """Return files that cannot be taken as a whole, by what is wrong with them."""
    rows = good_rows()
    good = table().decode()
    return {
        "empty": b"",
        "header alone": f"{HEADER}\n".encode(),
        "one column": "text\n永城路38号\n".encode(),
        "million blank lines": f"{HEADER}\n".encode() + b"\n" * 1_000_000,
        "blank lines alone": b"\r\n" * 100_000,
        "separated by something": good.replace(",", "#").encode(),
        "quote never closed": good.replace("R20,", 'R20,"').encode(),
        "one line, no end": b"a" * BIG_BYTES,
        "one value, no end": f"{HEADER}\nR1,".encode() + "永".encode() * (BIG_BYTES // 3),
        "zero bytes": good.replace("R5,", "R5\0,").encode(),
        "UTF-16 without mark": good.encode("utf-16-le"),
        "cut-off workbook": b"PK\x03\x04" + bytes(200),
        "elsewhere": "\n".join([HEADER, *(row.replace(",120.", ",87.") for row in rows), ""]).encode(),
        "every row shifted": "\n".join(
            [
                HEADER,
                *(",".join([row.split(",")[0], *row.split(",")[2:], row.split(",")[1]]) for row in rows),
                "",
            ]
        ).encode(),
    }


def findings(report: Path) -> dict[int, list[Mapping[str, str]]]:
    """Return what a report says of single rows, by row."""
    found: dict[int, list[Mapping[str, str]]] = {}
    with report.open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            if line["row"]:
                found.setdefault(int(line["row"]), []).append(line)
    return found


def refusal(result: Result) -> str:
    """Return the one sentence of a command that must have been refused."""
    assert result.exit_code == cli.EXIT_USAGE, (result.exit_code, result.output[:500], result.exception)
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if line.startswith("twin: ")]
    assert len(lines) == 1, result.stderr[:500]
    assert "Traceback" not in result.stderr
    assert len(lines[0]) < 400
    return lines[0]


def state_of(folder: Path) -> dict[str, str]:
    """Return a digest of everything in a city that an import may change."""
    return contents(folder)
