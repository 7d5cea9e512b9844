"""No command writes over the file that it reads, whatever name it goes by."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner

from api import cli
from api.outputs import refuse_overwriting
from tests.api.town import make_town, unit_id
from twin.errors import ImportRefusedError

TABLE = "unit,text,lon,lat\n,丽州市,120.01,28.81\n"


def same(source: Path) -> Path:
    return source


def roundabout(source: Path) -> Path:
    return source.parent / "." / ".." / source.parent.name / source.name


def symbolic(source: Path) -> Path:
    link = source.with_name("symbolic.csv")
    link.symlink_to(source)
    return link


def hard(source: Path) -> Path:
    link = source.with_name("hard.csv")
    os.link(source, link)
    return link


NAMES = [same, roundabout, symbolic, hard]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_town(tmp_path / "a.city", n_buildings=3, n_addresses=3).close()
    (tmp_path / "in.csv").write_text(TABLE, encoding="utf-8")
    square = shapely.box(120.0, 28.8, 120.02, 28.82).wkt
    (tmp_path / "drawing.csv").write_text(f'grid_id,wkt\n{unit_id(0, 0)},"{square}"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_source_is_known_by_every_name(tmp_path: Path, name: Callable[[Path], Path]) -> None:
    source = tmp_path / "in.csv"
    source.write_text(TABLE, encoding="utf-8")
    with pytest.raises(ImportRefusedError, match="would be lost"):
        refuse_overwriting(source, [tmp_path / "out.csv", name(source)])


def test_file_beside_the_target_that_is_written_first_is_a_target_too(tmp_path: Path) -> None:
    source = tmp_path / "out.csv.part"
    source.write_text(TABLE, encoding="utf-8")
    with pytest.raises(ImportRefusedError, match="would be lost"):
        refuse_overwriting(source, [tmp_path / "out.csv"])


def test_two_outputs_want_two_files(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="two outputs"):
        refuse_overwriting(tmp_path / "in.csv", [tmp_path / "a.csv", None, roundabout(tmp_path / "a.csv")])


def test_copy_with_the_same_bytes_is_another_file(tmp_path: Path) -> None:
    source, copy = tmp_path / "in.csv", tmp_path / "copy.csv"
    for path in (source, copy):
        path.write_text(TABLE, encoding="utf-8")
    refuse_overwriting(source, [copy])


@pytest.mark.parametrize(
    "words",
    [
        "rollup in.csv --by grid --lon lon --lat lat --output in.csv",
        "rollup in.csv --by grid --lon lon --lat lat --output out.csv --placed in.csv",
        "rollup in.csv --by grid --lon lon --lat lat --output out.csv --picture in.csv",
        "locate --input in.csv --output in.csv",
        "geocode --input in.csv --output in.csv",
        "grid redraw drawing.csv --accept-faults --output drawing.csv",
    ],
)
def test_no_command_writes_over_its_input(folder: Path, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.chdir(folder)
    before = {path: path.read_bytes() for path in folder.glob("*.csv")}
    result = CliRunner().invoke(cli.main, [*words.split(), "--city", "a.city"])
    assert result.exit_code == 2, result.output
    assert "it would be lost" in result.stderr
    assert {path: path.read_bytes() for path in folder.glob("*.csv")} == before
