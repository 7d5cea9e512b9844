"""A city folder opened as one thing: layers with edits and scope, the tree, the grid, the settings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely

from twin import city as city_module
from twin.city import City
from twin.config import CONFIG_NAME, CityConfig, write_config
from twin.errors import (
    CityExistsError,
    CityNotFoundError,
    DamagedLayerError,
    InvalidConfigError,
    MissingExtraError,
    StorageError,
    UnknownLayerError,
)
from twin.schema import DECLARED

CITY, DISTRICT, STREET = "339900000000", "339901000000", "339901001000"
WEST, EAST = "339901001001", "339901001002"


def wkb(shapes: object) -> pa.Array:
    return pa.array(shapely.to_wkb(np.asarray(shapes, dtype=object)), pa.binary())


def put(city: City, name: str, /, **columns: object) -> None:
    areas = None if name in {"grid", "divisions"} else city.area_assigner
    city.store.put(DECLARED[name], pa.table(columns), areas=areas)


def put_divisions(city: City, **columns: object) -> None:
    codes = [CITY, DISTRICT, STREET, WEST, EAST]
    levels = pa.array([1, 2, 3, 4, 4], pa.int64())
    rows = {
        "code": codes,
        "name": list("市区街西东"),
        "level": levels,
        "geometry": wkb([None] * 5),
        **columns,
    }
    put(city, "divisions", **rows)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """Two communities of one unit each, four addresses: west, east, on the border, without place."""
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        put_divisions(made)
        units = shapely.box([120.0, 120.1], 28.8, [120.1, 120.2], 28.9)
        put(
            made,
            "grid",
            grid_id=[f"{WEST}001", f"{EAST}001"],
            community_code=[WEST, EAST],
            geometry=wkb(units),
        )
        points = [*shapely.points([[120.05, 28.85], [120.15, 28.85], [120.1, 28.85]]), None]
        put(made, "addresses", source_id=list("1234"), text=list("西东边无"), geometry=wkb(points))
        road = shapely.LineString([(120.05, 28.82), (120.15, 28.82)])
        put(made, "roads", osm_id=["w1"], **{"class": ["primary"]}, geometry=wkb([road]))
        yield made


def texts(city: City, code: str | None = None) -> list[str]:
    view = city.layer("addresses") if code is None else city.layer("addresses", city.divisions.scope(code))
    found: list[str] = view.take(view.positions(), ["text"])["text"].to_pylist()
    return sorted(found)


def test_scope_sees_its_own_community_alone(city: City) -> None:
    assert texts(city, WEST) == ["西", "边"]  # a shared edge belongs to the lowest grid_id
    assert texts(city, EAST) == ["东"]
    assert texts(city, STREET) == texts(city, CITY) == ["东", "西", "边"]


def test_feature_without_place_is_seen_by_the_whole_city_alone(city: City) -> None:
    assert texts(city) == ["东", "无", "西", "边"]
    assert "无" not in texts(city, CITY)


def test_feature_that_crosses_areas_belongs_to_each(city: City) -> None:
    for code in (WEST, EAST):
        assert city.layer("roads", city.divisions.scope(code)).count() == 1


def test_edited_feature_moves_between_scopes(city: City) -> None:
    view = city.layer("addresses")
    ids = dict(
        zip(*(view.take(view.positions())[name].to_pylist() for name in ("text", "feature_id")), strict=True)
    )
    there = shapely.to_wkb(shapely.Point(120.15, 28.86))
    city.state.put_feature("addresses", ids["西"], {"source_id": "1", "text": "西"}, there, author="a")
    city.forget("addresses")
    assert texts(city, WEST) == ["边"]
    assert texts(city, EAST) == ["东", "西"]


def test_view_is_a_snapshot_and_the_next_one_is_new(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    before = city.layer("addresses")
    assert city.layer("addresses") is before, "an unchanged layer is opened once"
    city.state.delete_feature("addresses", int(before.layer.feature_ids[0]), author="a")
    monkeypatch.setattr(city_module, "EDITS_POLL_S", 0.0)
    after = city.layer("addresses")
    assert (before.count(), after.count()) == (4, 3)
    assert before.version_tag != after.version_tag
    assert after.layer is before.layer, "an edit does not open the version again"


def test_version_of_another_process_is_seen_at_once(city: City) -> None:
    before = city.layer("roads")
    with City.open(city.path) as other:
        put(
            other,
            "roads",
            osm_id=["w2"],
            **{"class": ["primary"]},
            geometry=wkb([shapely.box(120, 28, 121, 29).exterior]),
        )
    assert city.layer("roads").layer.version == before.layer.version + 1
    assert before.take(before.positions())["osm_id"].to_pylist() == ["w1"]


def test_threads_share_a_city(city: City) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(texts(city, WEST))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["西", "边"]] * 8


def test_tree_and_index_are_made_once_a_version(city: City) -> None:
    assert city.divisions is city.divisions
    assert city.grid_index is city.grid_index
    assert city.area_assigner is city.area_assigner
    tree = city.divisions
    put_divisions(city, name=list("市区街甲乙"))
    assert city.divisions is not tree
    assert city.divisions.by_code(WEST).name == "甲"


def test_grid_index_finds_the_unit_of_a_point(city: City) -> None:
    places = city.grid_index.lookup([120.05, 120.15, 121.0], [28.85, 28.85, 28.85])
    assert [city.grid_index.grid_ids[place] if place >= 0 else "" for place in places] == [
        f"{WEST}001",
        f"{EAST}001",
        "",
    ]


def test_stored_grid_index_is_mapped_and_a_damaged_one_made_anew(city: City) -> None:
    path = city.grid_index_path(city.layer("grid"))
    city.grid_index.save(path)
    with City.open(city.path) as again:
        assert isinstance(again.grid_index.xy.base, np.ndarray)
    (path / "manifest.json").write_text("{")
    with City.open(city.path) as again:
        assert again.grid_index.content_hash == city.grid_index.content_hash


def test_supplied_boundary_places_what_no_unit_does(city: City) -> None:
    outline = [None, None, None, shapely.box(119.9, 28.8, 120.1, 28.9), None]
    put_divisions(city, geometry=wkb(outline))
    put(city, "addresses", source_id=["1"], text=["郊"], geometry=wkb([shapely.Point(119.95, 28.85)]))
    assert texts(city, WEST) == ["郊"]
    assert texts(city, EAST) == []
    derived = pa.array([None, None, None, "abc", None], pa.string())
    put_divisions(city, geometry=wkb(outline), boundary_source=derived)
    put(city, "addresses", source_id=["1"], text=["郊"], geometry=wkb([shapely.Point(119.95, 28.85)]))
    assert texts(city, WEST) == [], "a derived boundary is no area of its own"


def test_boundary_of_another_day_is_none_today(city: City) -> None:
    now = datetime.now(UTC)
    outline = [None, None, None, shapely.box(119.9, 28.8, 120.1, 28.9), None]
    for end, seen in ((now - timedelta(days=2), []), (now + timedelta(days=2), ["郊"])):
        valid_to = pa.array([None, None, None, end, None], pa.timestamp("ms", "UTC"))
        put_divisions(city, geometry=wkb(outline), valid_to=valid_to)
        put(city, "addresses", source_id=["1"], text=["郊"], geometry=wkb([shapely.Point(119.95, 28.85)]))
        assert texts(city, STREET) == seen


def test_nothing_is_placed_where_nothing_has_boundaries(tmp_path: Path) -> None:
    with City.create(tmp_path / "a.city", CityConfig("x")) as city:
        assert city.area_assigner is None
        put_divisions(city)
        assert city.area_assigner is None
        with pytest.raises(UnknownLayerError, match="twin import grid"):
            assert city.grid_index


def test_frame_is_the_extent_of_the_layers_unless_it_is_set(city: City) -> None:
    assert city.frame.bbox == (120.0, 28.8, 120.2, 28.9)
    city.change_config(bbox=(119.0, 28.0, 121.0, 30.0))
    assert city.frame.bbox == (119.0, 28.0, 121.0, 30.0)
    with City.open(city.path) as again:
        assert again.config == city.config
    with pytest.raises(InvalidConfigError):
        city.change_config(name="")
    assert city.config.name == "丽州市"


def test_unknown_layer_and_raster_say_what_there_is(city: City) -> None:
    with pytest.raises(UnknownLayerError, match="layers are: divisions, grid"):
        city.layer("houses")
    with pytest.raises(UnknownLayerError, match="no raster 'dem'"):
        city.terrain()
    assert not city.has_layer("houses")


def test_damaged_layer_is_said_when_it_is_opened(city: City) -> None:
    for file in city.store.current("roads").files:
        (city.path / file.path).write_bytes(b"half")
    with City.open(city.path) as again, pytest.raises(DamagedLayerError, match="roads"):
        again.layer("roads")


def test_one_writer_at_a_time(city: City) -> None:
    with city.writing(), City.open(city.path) as other:
        with pytest.raises(StorageError, match="another import or build is at work"), other.writing():
            pass
        assert other.layer("roads").count() == 1, "readers do not wait"
    with City.open(city.path) as other, other.writing():
        pass


def test_folder_without_a_city_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityNotFoundError, match="there is no city folder"):
        City.open(tmp_path / "missing")
    with pytest.raises(CityNotFoundError, match="is not a city"):
        City.open(tmp_path)


def test_city_is_made_in_a_new_or_empty_folder_alone(tmp_path: Path) -> None:
    City.create(tmp_path / "new" / "a.city", CityConfig("x")).close()
    with pytest.raises(CityExistsError, match="is not empty"):
        City.create(tmp_path / "new" / "a.city", CityConfig("y"))
    (tmp_path / "file").touch()
    with pytest.raises(CityExistsError):
        City.create(tmp_path / "file", CityConfig("x"))
    with pytest.raises(StorageError, match="cannot be made"):
        City.create(tmp_path / "file" / "a.city", CityConfig("x"))


@pytest.mark.parametrize("url", ["not a url", "nosuchdb://host/x"])
def test_state_url_that_names_no_database_is_refused(tmp_path: Path, url: str) -> None:
    write_config(tmp_path, CityConfig("x", state_url=url))
    with pytest.raises(InvalidConfigError, match=f"{CONFIG_NAME}: state_url"):
        City.open(tmp_path)


def test_database_without_its_driver_names_the_extra(tmp_path: Path) -> None:
    write_config(tmp_path, CityConfig("x", state_url="postgresql+pg8000://host/x"))
    with pytest.raises(MissingExtraError, match=r"citytwin\[postgres\]"):
        City.open(tmp_path)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    write_config(tmp_path, CityConfig("x"))
    (tmp_path / "live.db").write_bytes(b"not a database, but long enough to be looked at " * 40)
    with pytest.raises(StorageError, match="cannot be opened"):
        City.open(tmp_path)


def test_folder_that_takes_no_files_is_said_to_be_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_config(tmp_path, CityConfig("x"))
    (tmp_path / "live.db").mkdir()  # what no database can be opened in, whoever runs the test
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with pytest.raises(StorageError, match=r"the city folder .* is read-only here"):
        City.open(tmp_path)
