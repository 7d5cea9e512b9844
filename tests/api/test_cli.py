"""The command line: exit statuses, one sentence on standard error, one object on standard output."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner, Result

from api import cli
from tests.api.deliveries import (
    COMMUNITIES,
    SOUTH,
    WEST,
    contents,
    square,
    write_addresses,
    write_divisions,
    write_geojson,
    write_grid,
    write_osm,
)
from twin.city import City

HEAVY = (
    "geopandas",
    "pandas",
    "numba",
    "numpy",
    "pyarrow",
    "fastapi",
    "osmnx",
    "shapely",
    "sqlalchemy",
    "rich",
)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def refused(*words: object) -> str:
    """Run a command that must be refused; return its one sentence."""
    result = run(*words)
    assert result.exit_code == cli.EXIT_USAGE, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("twin: ")
    assert result.stderr.count("\n") == 1, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("twin: ").rstrip("\n")


def answer(*words: object) -> dict[str, Any]:
    """Run a command with --json; return the one object that it prints."""
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "a.city"
    assert run("init", folder, "--name", "丽州市", "--crs", "epsg:4549").exit_code == 0
    return folder


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("town")
    folder = tmp_path / "a.city"
    assert run("init", folder, "--name", "丽州市", "--crs", "EPSG:4549").exit_code == 0
    for kind, path in (
        ("osm", write_osm(tmp_path / "town.osm", roads=[7], buildings=[9])),
        ("divisions", write_divisions(tmp_path / "divisions.csv")),
        ("grid", write_grid(tmp_path / "grid.geojson")),
    ):
        assert run("import", kind, path, "--city", folder).exit_code == 0
    assert run("build", "--city", folder).exit_code == 0
    return folder


@pytest.fixture
def built(town: Path, tmp_path: Path) -> Path:
    return shutil.copytree(town, tmp_path / "built.city")


def test_help_imports_nothing_heavy() -> None:
    for arguments in (["--help"], ["import", "--help"], ["--version"]):
        code = f"import sys; sys.argv[1:] = {arguments}; from api.cli import main; main()"
        command = [sys.executable, "-X", "importtime", "-c", code]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "click" in loaded
        assert not loaded & set(HEAVY)


def test_help_lists_the_commands() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in ("init", "import", "build", "serve", "demo", "locate"):
        assert f"  {name} " in result.stdout
    assert run("import", "--help").exit_code == 0


def test_city_is_made_imported_built_and_asked(folder: Path, tmp_path: Path) -> None:
    result = run(
        "import", "osm", write_osm(tmp_path / "town.osm", roads=[7], buildings=[9]), "--city", folder
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "roads v1: town.osm: 1 rows read, 1 taken, 0 rejected" in result.stdout
    assert "twin import osm" in run("init", tmp_path / "b.city", "--name", "b").stdout
    assert run("import", "grid", write_grid(tmp_path / "grid.geojson"), "--city", folder).exit_code == 0
    result = run("build", "--city", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "is built" in result.stdout
    assert "everything was up to date" in run("build", "--city", folder).stdout
    (tmp_path / "points.csv").write_text(f"lon,lat\n{WEST + 0.001},{SOUTH + 0.001}\n0,0\nx,\n")
    result = run(
        "locate", "--city", folder, "--input", tmp_path / "points.csv", "--output", tmp_path / "out.csv"
    )
    assert (result.exit_code, result.stdout) == (0, "")
    assert "3 points: 1 placed, 1 outside every unit, 1 without readable coordinates" in result.stderr
    assert (tmp_path / "out.csv").read_text().splitlines()[1].endswith(f",{COMMUNITIES[0]}000")


def test_json_is_one_object_and_nothing_else(built: Path, tmp_path: Path) -> None:
    made = answer("init", tmp_path / "b.city", "--name", "b", "--crs", "EPSG:4549")
    assert made == {"city": str(tmp_path / "b.city"), "name": "b", "crs": "EPSG:4549"}
    path = write_addresses(tmp_path / "civil.csv", {"1": ("中山路1号", WEST, SOUTH), "2": ""})
    found = answer("import", "addresses", path, "--city", built)
    (imported,) = found["imported"]
    assert (imported["layer"], imported["version"], imported["source"]) == ("addresses", 1, "civil.csv")
    assert (imported["rows_read"], imported["rows_taken"], imported["rows_rejected"]) == (2, 1, 1)
    assert Path(imported["report"]).is_file()
    assert answer("build", "--city", built)["archives"] == []
    (tmp_path / "points.csv").write_text("lon,lat\n0,0\n")
    where = ("--input", tmp_path / "points.csv", "--output", tmp_path / "out.csv")
    assert answer("locate", "--city", built, *where) == {
        "rows": 1,
        "placed": 0,
        "outside": 1,
        "unreadable": 0,
    }


def test_columns_are_mapped_by_options(folder: Path, tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "a.geojson", [({"编号": "P1", "状态": "good"}, shapely.Point(WEST, SOUTH))]
    )
    mapped = ("--map", "part_id=编号", "--map", "condition = 状态")
    assert run("import", "vector", path, "--layer", "parts", *mapped, "--city", folder).exit_code == 0
    with City.open(folder) as city:
        view = city.layer("parts")
        (row,) = view.take(view.positions(), ["part_id", "condition"]).to_pylist()
    assert row == {"part_id": "P1", "condition": "good"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command 'nonsense'; see: twin --help"),
        (["build"], "Missing option '--city'; see: twin build --help"),
        (["build", "--city"], "Option '--city' requires an argument"),
        (["build", "--towns", "x"], "No such option"),
        (["import", "osm", "--city", "x"], "Missing argument 'FILES...'; see: twin import --help"),
        (["serve", "--city", "x", "--port", "99999"], "99999 is not in the range"),
        (["serve", "--city", "x", "--workers", "no"], "'no' is not a valid integer range"),
        (["import", "grid", "a", "--city", "x", "--map", "a"], "'a' is not OUR_COLUMN=FIELD_IN_THE_FILE"),
        (["import", "grid", "a", "--city", "x", "--map", "a=b", "--map", "a=c"], "'a' is named twice"),
    ],
)
def test_wrong_usage_is_one_sentence(words: list[str], said: str) -> None:
    assert said in refused(*words)


@pytest.mark.parametrize("command", [["build"], ["serve"], ["import", "grid", __file__], ["locate"]])
def test_missing_city_is_one_sentence(tmp_path: Path, command: list[str]) -> None:
    more = ["--input", __file__, "--output", tmp_path / "out.csv"] if command == ["locate"] else []
    assert "there is no city folder" in refused(*command, *more, "--city", tmp_path / "missing")
    assert "is not a city" in refused(*command, *more, "--city", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_city_is_made_in_an_empty_folder_alone(folder: Path) -> None:
    before = contents(folder)
    assert "is not empty" in refused("init", folder, "--name", "b")
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--name", " "], "needs a name"),
        (["--name", "a", "--crs", "EPSG:4490"], "is not projected in metres"),
        (["--name", "a", "--crs", "Beijing"], "unknown coordinate system"),
        (["--name", "a", "--admin-code", "33"], "has not 12 digits"),
    ],
)
def test_wrong_settings_make_no_folder(tmp_path: Path, options: list[str], said: str) -> None:
    assert said in refused("init", tmp_path / "a.city", *options)
    assert not (tmp_path / "a.city").exists()


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:200])
    return path


BAD_FILES: dict[str, Callable[[Path], tuple[object, ...]]] = {
    "missing": lambda tmp: ("grid", tmp / "none.geojson"),
    "truncated": lambda tmp: ("grid", cut(write_grid(tmp / "cut.geojson"))),
    "no rows": lambda tmp: ("grid", write_grid(tmp / "none.geojson", [])),
    "wrong CRS": lambda tmp: ("grid", write_grid(tmp / "b.geojson"), "--crs", "EPSG:4528"),
    "outside": lambda tmp: ("grid", write_geojson(tmp / "far.geojson", [({"grid_id": "1"}, square(-3000))])),
    "unknown kind": lambda tmp: ("gmns", write_grid(tmp / "b.geojson")),
    "no layer": lambda tmp: ("vector", write_grid(tmp / "b.geojson")),
    "no raster": lambda tmp: ("dem", write_grid(tmp / "b.geojson")),
    "folder": lambda tmp: ("grid", tmp),
}


@pytest.mark.parametrize("fault", BAD_FILES)
@pytest.mark.parametrize("as_json", [False, True])
def test_bad_file_is_one_sentence_and_the_city_is_as_it_was(
    built: Path, tmp_path: Path, fault: str, *, as_json: bool
) -> None:
    before = contents(built)
    words = BAD_FILES[fault](tmp_path)
    assert refused("import", *words, "--city", built, *(["--json"] if as_json else []))
    assert contents(built) == before


def test_broken_city_is_one_sentence(built: Path, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("lon,lat\n0,0\n")
    where = ("--input", tmp_path / "points.csv", "--output", tmp_path / "out.csv")
    for path in (built / "index").glob("grid.v*"):
        path.write_bytes(b"half")
    assert "grid" in refused("locate", "--city", built, *where)
    (built / "catalog.json").write_text("{")
    assert "catalog.json" in refused("build", "--city", built)
    (built / "city.toml").write_text("name =")
    assert "is not TOML" in refused("build", "--city", built)
    assert not (tmp_path / "out.csv").exists()


def test_error_of_the_system_is_one_sentence(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "layers/roads.v2.parquet")

    monkeypatch.setattr("api.building.build_city", full)
    assert refused("build", "--city", built) == "layers/roads.v2.parquet: No space left on device"


def test_interrupted_command_says_that_it_stopped(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("api.building.build_city", interrupt)
    result = run("build", "--city", built)
    assert (result.exit_code, result.stderr.strip()) == (cli.EXIT_INTERRUPTED, "twin: stopped")


def test_demo_check_that_fails_is_exit_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    for holds, status in ((True, 0), (False, cli.EXIT_WRONG)):
        monkeypatch.setattr("api.demo.check_demo", lambda _port, holds=holds: holds)
        assert run("demo", "--check").exit_code == status


def test_wrong_setting_in_the_environment_is_one_sentence(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYTWIN_MAX_AGE_S", "soon")
    assert refused("serve", "--city", built).startswith("CITYTWIN_MAX_AGE_S = 'soon' in the environment: ")


def test_serve_hands_its_options_on(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[object, ...]] = []

    def serve(folder: Path, *, host: str, port: int, workers: int) -> None:
        calls.append((folder, host, port, workers))

    monkeypatch.setattr("api.server.serve", serve)
    assert run("serve", "--city", built, "--port", 0, "--workers", 2).exit_code == 0
    assert calls == [(built, "127.0.0.1", 0, 2)]


def test_nothing_asked_is_answered_with_the_help() -> None:
    result = run()
    assert result.exit_code == cli.EXIT_USAGE
    assert "Commands:" in result.stderr
