"""``twin build``: what is derived is made once, from content, and a build that dies harms nothing."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from api.building import BuildSummary, build_city
from api.progress import ProgressBoard, read_progress
from tests.api.deliveries import (
    CITY,
    COMMUNITIES,
    DISTRICT,
    SOUTH,
    STREET,
    WEST,
    contents,
    ids_by,
    square,
    take_in,
    write_addresses,
    write_divisions,
    write_geojson,
    write_grid,
    write_osm,
)
from tests.twin import squares
from twin.addresses.base import MATCH_COLUMNS
from twin.city import City
from twin.config import CityConfig
from twin.errors import StorageError
from twin.grid_index import GridIndex
from twin.redraw import grid_unit_history, redraw

BUILD_AND_DIE = """
import os, signal, sys
from api.building import build_city
from api.progress import ProgressBoard
from twin import durable
from twin.city import City

last, count, enter = int(sys.argv[2]), 0, durable.DurableFile.__enter__

def enter_or_die(file):
    global count
    count += 1
    if count == last:
        file.write(b"half of it")
        os.kill(os.getpid(), signal.SIGKILL)
    return enter(file)

durable.DurableFile.__enter__ = enter_or_die
city = City.open(sys.argv[1])
with ProgressBoard(city.path) as board:
    build_city(city, board)
"""


def build(city: City) -> BuildSummary:
    with ProgressBoard(None) as board:
        return build_city(city, board)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city whose roads and divisions came before its grid, as the first map wants it."""
    folder = tmp_path_factory.mktemp("imported")
    with City.create(folder / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        take_in(made, "osm", write_osm(folder / "town.osm", roads=[7, 250], buildings=[9]))
        take_in(made, "divisions", write_divisions(folder / "divisions.csv"))
        take_in(made, "grid", write_grid(folder / "grid.geojson"))
        homes: dict[str, tuple[str, float, float] | str] = {
            "1": ("西", WEST + 0.001, SOUTH + 0.001),
            "2": ("东", WEST + 0.031, SOUTH + 0.001),
            "3": "无坐标",
        }
        take_in(made, "addresses", write_addresses(folder / "civil.csv", homes))
    return folder / "a.city"


@pytest.fixture
def city(imported: Path, tmp_path: Path) -> Iterator[City]:
    """A copy of that city."""
    with City.open(shutil.copytree(imported, tmp_path / "a.city")) as made:
        yield made


def boundary(city: City, code: str) -> shapely.Geometry:
    view = city.layer("divisions")
    positions = view.positions()
    row = view.take(positions, ["code"])["code"].to_pylist().index(code)
    return view.geometries(positions[row : row + 1])[0]


def test_second_build_writes_nothing(city: City) -> None:
    assert build(city) != BuildSummary()
    before = contents(city.path)
    assert build(city) == BuildSummary()
    with City.open(city.path) as again:
        assert build(again) == BuildSummary()
    assert contents(city.path) == before


def test_every_layer_is_placed_in_the_grid(city: City) -> None:
    build(city)
    tag = city.area_assigner.tag if city.area_assigner else ""
    assert tag
    assert {city.layer(name).layer.areas_tag for name in city.layers()} == {tag}


def test_layers_that_came_after_the_grid_are_not_written_again(city: City) -> None:
    version = city.store.current("addresses").version
    assert "addresses" not in build(city).placed_layers
    assert city.store.current("addresses").version == version


def test_edits_are_folded_into_the_same_features(city: City) -> None:
    build(city)
    ids = ids_by(city, "addresses", "text")
    moved = shapely.to_wkb(shapely.Point(WEST + 0.035, SOUTH + 0.005))
    city.state.put_feature("addresses", ids["西"], {"source_id": "1", "text": "搬"}, moved, author="a")
    city.state.delete_feature("addresses", ids["东"], author="a")
    drawn = city.state.new_feature_id("addresses", at_least=city.store.next_id("addresses"))
    city.state.put_feature("addresses", drawn, {"source_id": "9", "text": "新"}, moved, author="a")
    city.forget("addresses")
    before = city.layer("addresses").to_geodataframe().set_index("feature_id").sort_index()
    assert build(city).folded_edits == 3
    view = city.layer("addresses")
    assert view.edits.is_empty
    after = view.to_geodataframe().set_index("feature_id").sort_index()
    sources = after.columns.difference(MATCH_COLUMNS)  # edited texts may name other addresses
    assert after[sources].equals(before[sources])
    assert ids_by(city, "addresses", "text") == {"搬": ids["西"], "新": drawn, "无坐标": ids["无坐标"]}
    east = city.divisions.scope(COMMUNITIES[1])
    assert city.layer("addresses", east).count() == 2
    assert build(city) == BuildSummary()


def test_edits_made_while_a_build_folds_stay_open(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ids_by(city, "addresses", "text")
    city.state.delete_feature("addresses", ids["西"], author="a")
    put = city.store.put

    def put_and_be_edited(*args: object, **kwargs: object) -> object:
        city.state.delete_feature("addresses", ids["东"], author="a")
        return put(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(city.store, "put", put_and_be_edited)
    build(city)
    city.forget("addresses")
    assert ids_by(city, "addresses", "text").keys() == {"无坐标"}
    assert city.layer("addresses").edits.hidden_ids.tolist() == [ids["东"]]


def test_boundaries_are_the_union_of_the_units_below(city: City) -> None:
    assert build(city).derived_boundaries == 5
    units = {column: square(column) for column in range(4)}
    assert boundary(city, COMMUNITIES[0]).equals(shapely.union_all([units[0], units[1]]))
    for code in (CITY, DISTRICT, STREET):
        assert boundary(city, code).equals(shapely.union_all(list(units.values())))
        assert boundary(city, code).area == pytest.approx(
            sum(unit.area for unit in units.values()), rel=1e-12
        )


def test_boundaries_follow_the_grid(city: City, tmp_path: Path) -> None:
    build(city)
    take_in(city, "grid", write_grid(tmp_path / "grid.geojson", [0, 1, 2]))
    assert build(city).derived_boundaries == 4, "the western community is as it was"
    assert boundary(city, COMMUNITIES[1]).equals(square(2))
    take_in(city, "grid", write_grid(tmp_path / "grid.geojson", [0, 1]))
    build(city)
    assert boundary(city, COMMUNITIES[1]) is None
    assert build(city) == BuildSummary()


def test_supplied_boundary_is_never_touched(city: City, tmp_path: Path) -> None:
    drawn = square(0, 0, 1.5)
    row = {"code": COMMUNITIES[0], "name": "西社区", "level": 4, "parent_code": STREET}
    take_in(city, "divisions", write_geojson(tmp_path / "outlines.geojson", [(row, drawn)]))
    for _ in range(2):
        build(city)
        assert boundary(city, COMMUNITIES[0]).equals(drawn)
        assert boundary(city, STREET).equals(shapely.union_all([square(column) for column in range(4)]))


def test_overlapping_units_have_one_outline(city: City, tmp_path: Path) -> None:
    rows = [
        ({"grid_id": f"{COMMUNITIES[0]}00{n}", "community_code": COMMUNITIES[0]}, square(n, 0, 1.3))
        for n in (0, 1)
    ]
    take_in(city, "grid", write_geojson(tmp_path / "grid.geojson", rows))
    build(city)
    assert boundary(city, COMMUNITIES[0]).equals(shapely.union_all([square(0, 0, 1.3), square(1, 0, 1.3)]))


def test_grid_of_communities_nobody_delivered_is_built_all_the_same(tmp_path: Path) -> None:
    with City.create(tmp_path / "b.city", CityConfig("x")) as city:
        take_in(city, "grid", write_grid(tmp_path / "grid.geojson"))
        build(city)
        assert city.grid_index.lookup([WEST + 0.001], [SOUTH + 0.001]).tolist() == [
            city.grid_index.grid_ids.tolist().index(f"{COMMUNITIES[0]}000")
        ]
        assert build(city) == BuildSummary()


def test_city_without_boundaries_is_left_unplaced(tmp_path: Path) -> None:
    with City.create(tmp_path / "b.city", CityConfig("x")) as city:
        take_in(city, "osm", write_osm(tmp_path / "town.osm"))
        take_in(city, "divisions", write_divisions(tmp_path / "divisions.csv"))
        summary = build(city)
        assert (summary.placed_layers, summary.derived_boundaries) == ([], 0)
        assert city.store.current("roads").version == 1


def test_point_index_of_the_present_grid_alone_is_stored(city: City, tmp_path: Path) -> None:
    build(city)
    (first,) = (city.path / "index").glob("grid-*")
    assert GridIndex.load(first).content_hash == city.grid_index.content_hash
    take_in(city, "grid", write_grid(tmp_path / "grid.geojson", [0, 1, 2]))
    build(city)
    (second,) = (city.path / "index").glob("grid-*")
    assert second != first
    assert len(GridIndex.load(second).grid_ids) == 3


def test_damaged_point_index_is_made_again(city: City) -> None:
    build(city)
    (index,) = (city.path / "index").glob("grid-*")
    (index / "entries.npy").write_bytes(b"")
    with City.open(city.path) as again:
        assert again.grid_index.lookup([WEST + 0.001], [SOUTH + 0.001])[0] >= 0
        build(again)
    assert len(GridIndex.load(index).grid_ids) == 4


def test_archives_are_drawn_of_new_versions_alone(city: City, tmp_path: Path) -> None:
    first = build(city).archives
    assert {"roads", "divisions", "grid", "buildings"} <= set(first)
    stamps = {path.name: path.stat().st_mtime_ns for path in (city.path / "tiles").iterdir()}
    take_in(city, "osm", write_osm(tmp_path / "town.osm", roads=[7], buildings=[9]))
    assert set(build(city).archives) == {"roads", "buildings"}
    after = {path.name: path.stat().st_mtime_ns for path in (city.path / "tiles").iterdir()}
    kept = {name for name in stamps if after.get(name) == stamps[name]}
    assert kept == {name for name in stamps if not name.startswith(("roads", "buildings"))}
    assert len(after) == len(stamps), "an archive of an old version was left"


def test_build_waits_for_nobody(city: City) -> None:
    with City.open(city.path) as other, other.writing(), pytest.raises(StorageError, match="at work"):
        build(city)


@pytest.mark.parametrize("last", [1, 7, 20, 33])
def test_killed_build_leaves_a_city_that_opens_and_builds_again(city: City, last: int) -> None:
    ids = ids_by(city, "addresses", "text")
    city.state.delete_feature("addresses", ids["西"], author="a")
    city.forget("addresses")
    command = [sys.executable, "-c", BUILD_AND_DIE, str(city.path), str(last)]
    killed = subprocess.run(command, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert [step["state"] for step in read_progress(city.path)][-1] == "failed"
    with City.open(city.path) as again:
        assert ids_by(again, "addresses", "text") == {key: ids[key] for key in ("东", "无坐标")}
        assert again.layer("roads").count() == 2
        build(again)
        assert build(again) == BuildSummary()
        assert not list(again.path.rglob("*.part"))
        assert boundary(again, CITY).area == pytest.approx(4 * square(0).area)
        east = again.layer("roads", again.divisions.scope(COMMUNITIES[1]))
        assert east.take(east.positions())["osm_id"].to_pylist() == ["w250"]


def test_redrawn_grid_is_folded_and_every_layer_answers_as_before(tmp_path: Path) -> None:
    wider = {
        squares.grid_id(2, 0): squares.square(2, 0, 1.5),
        squares.grid_id(3, 0): squares.square(3.5, 0, 0.5),
    }
    with squares.make_city(tmp_path / "squares.city") as city:
        build(city)
        redraw(city, squares.drawing(wider), author="a")
        names = ("addresses", "buildings", "roads")

        def seen() -> dict[str, int]:
            scope = city.divisions.scope(squares.COMMUNITIES[0])
            return {name: city.layer(name, scope).count() for name in (*names, "grid")}

        before, assigner = seen(), city.area_assigner
        assert {city.layer(name).layer.areas_tag for name in names}.isdisjoint({assigner.tag})
        summary = build(city)
        assert summary.folded_edits == 2
        assert set(names) <= set(summary.placed_layers)
        assert city.area_assigner.tag == assigner.tag, (
            "folding changes no assignment, so nothing is placed twice"
        )
        assert city.layer("grid").edits.is_empty
        assert seen() == before
        assert build(city) == BuildSummary()
        assert [one.action for one in grid_unit_history(city, squares.grid_id(2, 0))] == ["import", "put"]


def test_redrawn_units_stay_visible_at_every_step_of_a_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wider = {
        squares.grid_id(2, 0): squares.square(2, 0, 1.5),
        squares.grid_id(3, 0): squares.square(3.5, 0, 0.5),
    }
    with squares.make_city(tmp_path / "squares.city") as city:
        redraw(city, squares.drawing(wider), author="a")

        def seen() -> dict[str, int]:
            scope = city.divisions.scope(squares.COMMUNITIES[0])
            return {name: city.layer(name, scope).count() for name in ("addresses", "buildings", "roads")}

        expected, put = seen(), city.store.put

        def put_and_look(*args: object, **kwargs: object) -> object:
            version = put(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
            assert seen() == expected
            return version

        monkeypatch.setattr(city.store, "put", put_and_look)
        build(city)
        assert seen() == expected
