"""``twin rollup``: tables, a layer and a picture come out, or one sentence and nothing."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely
from click.testing import CliRunner, Result

from api import cli
from tests.api.town import COMMUNITY_CODES, make_town, unit_id
from tests.layers.gcj02_oracle import gcj02_of
from twin.city import City

ROWS = (
    f"{unit_id(0, 0)},120.01,28.81,10.5\n{unit_id(9, 9)},120.19,28.99,0.25\n,120.01,28.81,4.25\n999,,,1.00\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_town(tmp_path / "a.city", n_buildings=3, n_addresses=3).close()
    (tmp_path / "energy.csv").write_text(f"unit,lon,lat,kwh\n{ROWS}", encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: object) -> Result:
    line = [
        "rollup",
        folder / "energy.csv",
        "--city",
        folder / "a.city",
        "--output",
        folder / "out.csv",
        *words,
    ]
    return CliRunner().invoke(cli.main, [str(word) for word in line])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_table_is_rolled_up_by_coordinates_into_every_output(folder: Path) -> None:
    result = run(
        folder, "--by", "community", "--lon", "lon", "--lat", "lat", "--sum", "kwh", "--mean", "kwh",
        "--layer", "energy", "--picture", folder / "out.png", "--placed", folder / "placed.csv", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["rows"], said["placed"], said["unplaced"]) == (4, 3, 1)
    assert said["totals"] == {"count": 4, "sum_kwh": "16.00", "mean_kwh": 4.0}
    assert rows_of(folder / "out.csv") == [
        {
            "key": COMMUNITY_CODES[0],
            "name": "城西社区",
            "count": "2",
            "sum_kwh": "14.75",
            "mean_kwh": "7.375",
        },
        {"key": COMMUNITY_CODES[1], "name": "城东社区", "count": "1", "sum_kwh": "0.25", "mean_kwh": "0.25"},
        {"key": "", "name": "未落图 could not be placed", "count": "1", "sum_kwh": "1.00", "mean_kwh": "1.0"},
    ]
    placed = rows_of(folder / "placed.csv")
    assert [row["row"] for row in placed] == ["1", "2", "3", "4"]
    assert [row["how"] for row in placed] == ["coordinates"] * 3 + [""]
    assert placed[3]["reason"] == "no coordinates"
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")
    with City.open(folder / "a.city") as city:
        view = city.layer("energy")
        assert view.layer.schema.geometry == "polygon"
        found = view.take(view.in_bbox((120.0, 28.8, 120.01, 28.81)))
        assert found["name"].to_pylist() == ["城西社区"]
        assert found["sum_kwh"].to_pylist() == [14.75]
        assert sum(view.take(view.positions())["count"].to_pylist()) == 4
        assert view.take(view.positions())["count"].type == pa.int64()


def test_table_is_rolled_up_by_code_where_coordinates_fail(folder: Path) -> None:
    result = run(folder, "--by", "grid", "--lon", "lat", "--lat", "lon", "--code", "unit")
    assert result.exit_code == 0, result.output
    counts = {row["key"]: row["count"] for row in rows_of(folder / "out.csv") if row["count"] != "0"}
    assert counts == {unit_id(0, 0): "1", unit_id(9, 9): "1", "": "2"}
    assert "2 could not be placed" in result.stderr


def test_layer_is_replaced_by_the_next_roll_up_and_keeps_its_ids(folder: Path) -> None:
    for by in ("community", "community", "h3:7"):
        assert run(folder, "--by", by, "--lon", "lon", "--lat", "lat", "--layer", "energy").exit_code == 0
        with City.open(folder / "a.city") as city:
            layer = city.store.open("energy")
            ids = dict(zip(layer.column("key").to_pylist(), layer.feature_ids.tolist(), strict=True))
        if by == "community":
            first = ids
    assert ids["unplaced"] == first["unplaced"]
    assert not set(ids.values()) & set(first.values()) - {first["unplaced"]}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "street", "--lon", "lon", "--lat", "lat"], "wanted city, district"),
        (["--by", "grid"], "no column came that places a row"),
        (["--by", "grid", "--lon", "lon"], "one coordinate column"),
        (["--by", "grid", "--lon", "x", "--lat", "lat"], "no column 'x'"),
        (
            ["--by", "grid", "--lon", "lon", "--lat", "lat", "--sum", "unit", "--show", "sum_x"],
            "no column 'sum_x'",
        ),
        (["--by", "grid", "--lon", "lon", "--lat", "lat", "--layer", "roads"], "layer of the city itself"),
        (["--by", "grid", "--text", "unit"], "address base"),
        (["--by", "grid", "--lon", "lon", "--lat", "lat", "--crs", "mars"], "mars"),
    ],
)
def test_wrong_question_is_one_sentence_and_writes_nothing(folder: Path, words: list[str], said: str) -> None:
    picture = ["--picture", folder / "out.png"] if "--show" in words else []
    result = run(folder, *words, *picture)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (folder / "out.csv").exists()
    assert not (folder / "out.png").exists()


def test_undeclared_shift_is_measured_in_the_summary_and_nothing_converted(folder: Path) -> None:
    make_town(folder / "b.city", n_buildings=60, n_addresses=3).close()
    with City.open(folder / "b.city") as city:
        view = city.layer("buildings")
        middles = shapely.get_coordinates(shapely.centroid(view.geometries(view.positions())))
    places = [gcj02_of(*middle) for middle in middles.tolist()]
    lines = [f",{lon:.7f},{lat:.7f},1\n" for lon, lat in [*places, (116.4, 39.9)]]
    (folder / "energy.csv").write_text("unit,lon,lat,kwh\n" + "".join(lines), encoding="utf-8")
    place = ("--city", folder / "b.city", "--by", "h3:9", "--lon", "lon", "--lat", "lat")
    result = run(folder, *place)
    assert result.exit_code == 0, result.output
    geod_m = pyproj.Geod(ellps="WGS84").inv(*middles.T, *np.array(places).T)[2].mean()
    told = re.search(r"taken as wgs84, but the points lie as gcj02, (\d+) m from", result.stderr)
    assert told is not None
    assert int(told[1]) == pytest.approx(geod_m, rel=0.01)
    assert "1 rows whose place lies outside the city" in result.stderr
    said = run(folder, *place, "--crs", "gcj02")
    assert "ATTENTION" not in said.stderr
    assert "checked against trusted features" in said.stderr


def test_people_are_suppressed_on_demand(folder: Path) -> None:
    rng = np.random.default_rng(3)
    lines = [f",{lon:.6f},28.85,1\n" for lon in [120.01] * 2 + rng.uniform(120.11, 120.19, 9).tolist()]
    (folder / "energy.csv").write_text("unit,lon,lat,kwh\n" + "".join(lines), encoding="utf-8")
    place = ("--by", "community", "--lon", "lon", "--lat", "lat")
    assert run(folder, *place, "--people").exit_code == 0
    assert [row["count"] for row in rows_of(folder / "out.csv")] == ["", "", "0"]
    assert run(folder, *place).exit_code == 0
    assert [row["count"] for row in rows_of(folder / "out.csv")] == ["2", "9", "0"]


def test_picture_of_people_is_the_same_for_any_few_who_have_no_place(folder: Path) -> None:
    pictures = []
    for n_lost in (2, 3):
        lines = [",120.01,28.85,1\n"] * 9 + [",120.11,28.85,1\n"] * 8 + [",,,1\n"] * n_lost
        (folder / "energy.csv").write_text("unit,lon,lat,kwh\n" + "".join(lines), encoding="utf-8")
        words = (
            "--by",
            "community",
            "--lon",
            "lon",
            "--lat",
            "lat",
            "--people",
            "--picture",
            folder / "p.png",
        )
        assert run(folder, *words).exit_code == 0
        pictures.append((folder / "p.png").read_bytes())
    assert pictures[0] == pictures[1]
