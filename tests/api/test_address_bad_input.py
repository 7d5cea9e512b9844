"""Bad files for ``twin import addresses``: rows left out with reasons, nothing changed where a file fails."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import shapely

from tests.api.deliveries import write_geojson
from tests.api.hostile import (
    findings,
    good_rows,
    refusal,
    refused_files,
    run,
    state_of,
    table,
)
from tests.layers.gcj02_oracle import gcj02_of
from twin.city import City

M_LON, M_LAT = 97_300.0, 110_900.0
"""Metres of a degree near 29 N, good to a percent."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A city that holds the good rows."""
    folder = tmp_path / "a.city"
    assert run("init", folder, "--name", "澜州市", "--crs", "EPSG:4549").exit_code == 0
    send(folder, table())
    return folder


def import_(folder: Path, came: bytes, *options: str) -> Any:
    path = folder.parent / "base.csv"
    path.write_bytes(came)
    return run("import", "addresses", path, "--city", folder, "--json", *options)


def send(folder: Path, came: bytes, *options: str) -> dict[str, Any]:
    """Import a file that must be taken; return what it did to the rows as they were sent."""
    result = import_(folder, came, *options)
    assert result.exit_code == 0, (result.output, result.exception)
    outcomes: list[dict[str, Any]] = json.loads(result.stdout)["imported"]
    return next(outcome for outcome in outcomes if outcome["layer"] == "addresses")


def texts(folder: Path) -> list[str]:
    with City.open(folder) as city:
        view = city.layer("addresses")
        return sorted(view.take(view.positions(), ["text"])["text"].to_pylist())


GOOD_TEXTS = sorted(row.split(",")[1] for row in good_rows())


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_chinese_offices_are_recognised(folder: Path, encoding: str) -> None:
    outcome = send(folder, table("R90,澜州市东城区永城路40号,,").decode().encode(encoding))
    assert outcome["rows_taken"] == 41
    assert texts(folder) == sorted([*GOOD_TEXTS, "澜州市东城区永城路40号"])


@pytest.mark.parametrize("wrong", refused_files())
def test_file_that_cannot_be_taken_changes_nothing(folder: Path, wrong: str) -> None:
    before = state_of(folder)
    sentence = refusal(import_(folder, refused_files()[wrong]))
    assert "base.csv" in sentence
    assert state_of(folder) == before


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("R90,29.05,澜州市东城区永城路40号,120.35", "no coordinate"),
        ("R90,澜州市东城区永城路40号,120.35,", "one coordinate of two"),
        ("R90,澜州市东城区永城路40号,87.6,43.8", "outside the city"),
        ("R90,澜州市东城区永城路40号,0,0", "0, 0"),
        ("R90,澜州市东城区永城路40号,29.05,120.35", "exchanged"),
        ("R90,澜州市东城区永城路40号,1e999,29.05", ""),
        ("R90,澜州市东城区永城路40号,nan,nan", ""),
        ("R1,澜州市东城区永城路40号,120.35,29.05", "already in row 1"),
        (",澜州市东城区永城路40号,120.35,29.05", ""),
        ("R90,,120.35,29.05", ""),
        ("R90,澜州市东城区永城路40号,120.35", "columns"),
        ("R90,澜州市东城区永城路40号,120.35,29.05,又一列", "columns"),
    ],
)
def test_bad_row_is_left_out_with_its_reason_and_the_others_are_taken(
    folder: Path, row: str, words: str
) -> None:
    outcome = send(folder, table(row))
    assert (outcome["rows_read"], outcome["rows_taken"]) == (41, 40)
    (finding,) = findings(Path(outcome["report"]))[41]
    assert "row rejected" in finding["reason"]
    assert words in finding["reason"]
    assert finding["suggestion"]
    assert texts(folder) == GOOD_TEXTS


def test_control_characters_never_reach_the_base_and_are_told(folder: Path) -> None:
    outcome = send(
        folder, table("R90,澜州市东城区永\x07城路40号\x1b[31m,120.35,29.05", "R91,永城路\x8542号,,")
    )
    assert {41, 42} <= findings(Path(outcome["report"])).keys()
    assert all(text.isprintable() for text in texts(folder))


def test_report_names_what_came_without_running_it(folder: Path) -> None:
    outcome = send(folder, table("R90,=1+1,=cmd|'/C calc'!A0,29.05"))
    written = Path(outcome["report"]).read_text(encoding="utf-8-sig")
    assert not re.search(r"(^|,)=", written, re.MULTILINE)


def test_shifted_places_declared_as_wgs84_are_refused_with_the_measured_shift(
    folder: Path, tmp_path: Path
) -> None:
    """Houses on a ragged raster of 60 m, so that no other shift puts the points onto them."""
    middles = [
        (
            120.36 + (60 * (n % 10) + 7 * (n * n % 5)) / M_LON,
            29.06 + (60 * (n // 10) + 5 * (n * n % 7)) / M_LAT,
        )
        for n in range(100)
    ]
    houses = [
        ({"building_id": f"B{n}"}, shapely.box(x - 8 / M_LON, y - 8 / M_LAT, x + 8 / M_LON, y + 8 / M_LAT))
        for n, (x, y) in enumerate(middles)
    ]
    outlines = write_geojson(tmp_path / "houses.geojson", houses)
    assert (
        run(
            "import", "vector", outlines, "--city", folder, "--layer", "buildings", "--crs", "wgs84"
        ).exit_code
        == 0
    )
    shifted = [gcj02_of(*middle) for middle in middles]
    rows = [f"R{n},永城路{n + 1}号,{x:.7f},{y:.7f}" for n, (x, y) in enumerate(shifted)]
    came = "\n".join(["source_id,text,lon,lat", *rows, ""]).encode()
    true_m = sum(
        ((x - a) ** 2 * M_LON**2 + (y - b) ** 2 * M_LAT**2) ** 0.5
        for (x, y), (a, b) in zip(shifted, middles, strict=True)
    ) / len(middles)
    before = state_of(folder)
    told = refusal(import_(folder, came, "--crs", "wgs84"))
    assert "declared as wgs84, but" in told
    assert "--crs gcj02" in told
    measured = re.search(r"lie as gcj02, (\d+) m from", told)
    assert measured is not None, told
    assert float(measured[1]) == pytest.approx(true_m, rel=0.02)
    assert state_of(folder) == before
    assert send(folder, came, "--crs", "gcj02")["rows_taken"] == 100
