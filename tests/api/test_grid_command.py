"""``twin grid`` and ``twin division`` as people type them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner, Result

from api.cli import main
from tests.analysis.housing import make_housing
from tests.twin.squares import SIDE, grid_id, square
from twin.city import City

A, B = grid_id(0, 0), grid_id(1, 0)
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_housing(tmp_path / "a.city").close()
    return tmp_path / "a.city"


@pytest.fixture
def run(folder: Path) -> Run:
    return lambda *words: CliRunner().invoke(main, [*map(str, words), "--city", str(folder)])


def write(path: Path, shapes: dict[str, shapely.Geometry], **more: str) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"grid_id": name, **more},
            "geometry": shapely.geometry.mapping(shape),
        }
        for name, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def tag(folder: Path) -> str:
    with City.open(folder) as city:
        return city.layer("grid").version_tag


def test_sound_drawing_is_taken_and_what_moved_is_written(run: Run, folder: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "new.geojson", {A: square(0, 0, 0.3), B: square(0.3, 0, 1.7)})
    assert run("grid", "check", file).exit_code == 0
    moved = tmp_path / "moved.csv"
    done = run("grid", "redraw", file, "--author", "甲", "--output", moved)
    assert done.exit_code == 0, done.output
    assert "2 units redrawn" in done.output
    rows = rows_of(moved)
    assert {(row["from"], row["to"]) for row in rows if row["layer"] == "address_base"} == {(A, B)}
    with City.open(folder) as city:
        assert {edit.author for edit in city.state.history("grid") if edit.action == "put"} == {"甲"}


def test_drawing_with_faults_is_listed_and_changes_nothing(run: Run, folder: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "new.geojson", {A: square(0, 0, 1.5)})
    before = tag(folder)
    for command in ("check", "redraw"):
        done = run("grid", command, file)
        assert done.exit_code == 1
        assert "overlap: " in done.output
        assert f"{A}, {B}" in done.output
        said = json.loads(run("grid", command, file, "--json").stdout)
        assert (said["stored"], [fault["kind"] for fault in said["faults"]]) == (False, ["overlap"])
    assert tag(folder) == before
    assert run("grid", "redraw", file, "--tolerance", "1e9").exit_code == 0
    assert tag(folder) != before


def test_faults_may_be_accepted(run: Run, folder: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "new.geojson", {A: square(0, 0, 1.5)})
    done = run("grid", "redraw", file, "--accept-faults", "--json")
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert (said["stored"], said["redrawn"]) == (True, 1)
    assert said["moved"]


def test_boundary_that_crosses_itself_is_named_and_never_taken(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    west, south, east, north = square(0, 0).bounds
    bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    file = write(tmp_path / "new.geojson", {A: bow})
    before = tag(folder)
    done = run("grid", "check", file)
    assert done.exit_code == 1
    assert f"{A}: " in next(line for line in done.output.splitlines() if line.startswith("invalid: "))
    for words in ([], ["--accept-faults"], ["--accept-faults", "--tolerance", "1e9"]):
        assert run("grid", "redraw", file, *words).exit_code in (1, 2)
        assert tag(folder) == before


def test_whole_grid_gives_up_what_it_leaves_out(run: Run, tmp_path: Path) -> None:
    shapes = {grid_id(i, j): square(i, j) for i in range(SIDE) for j in range(SIDE) if (i, j) != (5, 5)}
    file = write(tmp_path / "new.geojson", shapes)
    assert run("grid", "check", file).exit_code == 0, "a part of the grid leaves the rest as it is"
    done = run("grid", "check", file, "--whole")
    assert done.exit_code == 1
    assert "vanishes" in done.output
    said = json.loads(run("grid", "redraw", file, "--whole", "--accept-faults", "--json").stdout)
    assert (said["removed"], said["redrawn"]) == (1, 0)


@pytest.mark.parametrize("content", ["", "no json", '{"type": "FeatureCollection", "features": []}'])
def test_file_that_is_no_drawing_is_refused_in_a_sentence(
    run: Run, folder: Path, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "new.geojson"
    file.write_text(content, encoding="utf-8")
    before = tag(folder)
    done = run("grid", "redraw", file)
    assert done.exit_code == 2
    assert done.stderr.startswith("twin: ")
    assert len(done.stderr.splitlines()) == 1
    assert tag(folder) == before


def test_drawing_is_taken_whole_or_not_at_all(run: Run, folder: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "new.geojson", {A: square(0, 0, 0.3), B: shapely.Point(120.0, 28.8)})
    before = tag(folder)
    done = run("grid", "redraw", file, "--accept-faults")
    assert done.exit_code == 2
    assert tag(folder) == before
    assert run("grid", "redraw", tmp_path / "none.geojson").exit_code == 2


def test_target_that_cannot_be_written_stops_before_anything_is_redrawn(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    file = write(tmp_path / "new.geojson", {A: square(0, 0, 0.3), B: square(0.3, 0, 1.7)})
    before = tag(folder)
    assert run("grid", "redraw", file, "--output", tmp_path / "no" / "moved.csv").exit_code == 2
    assert tag(folder) == before


def test_ledger_is_written_with_nowhere_and_total(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "ledger.csv"
    done = run("grid", "ledger", "--output", target)
    assert done.exit_code == 0, done.output
    rows = rows_of(target)
    assert len(rows) == SIDE * SIDE + 2
    for name in ("addresses", "buildings", "dwellings", "parts", "incidents"):
        assert sum(int(row[name]) for row in rows[:-1]) == int(rows[-1][name])
    assert {row["key"]: row["dwellings"] for row in rows}[A] == "4"
    assert (
        json.loads(run("grid", "ledger", "--output", target, "--by", "community", "--json").stdout)["rows"]
        == 3
    )
    assert [row["name"] for row in rows_of(target)[:2]] == ["西社区", "东社区"]
    assert run("grid", "ledger", "--output", target, "--by", "street").exit_code == 2


def test_coverage_is_written_and_counted(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "coverage.csv"
    done = run("grid", "coverage", "--output", target)
    assert done.exit_code == 0, done.output
    assert "buildings: 2 of 6 building without address" in done.output
    said = json.loads(run("grid", "coverage", "--output", target, "--json").stdout)["summary"]
    assert sum(row["count"] for row in said) == len(rows_of(target))


def test_division_is_told_as_of_a_day(run: Run) -> None:
    done = run("division", "331102001", "--as-of", "2026-01-01")
    assert done.exit_code == 0
    assert "2026-01-01: 丽州市 331100000000 > 东区 331102000000 > 中心街道 331102001000" in done.output
    assert json.loads(run("division", "331102001", "--json").stdout)["name"] == "中心街道"
    assert run("division", "99").exit_code == 2
