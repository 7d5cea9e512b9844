"""``twin import``: sources side by side, re-imports by key, refusals that leave no trace, reports."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from api.importing import ImportRequest, import_files
from tests.api.deliveries import (
    COMMUNITIES,
    SOUTH,
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
from twin.city import City
from twin.config import CityConfig
from twin.crs import wgs84_to_gcj02
from twin.errors import (
    DamagedLayerError,
    ImportRefusedError,
    InvalidCRSError,
    InvalidLayerError,
    StorageError,
)

HOME = ("中山路1号", WEST + 0.001, SOUTH + 0.001)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        yield made


def write_lamps(path: Path, lamps: dict[str, object]) -> Path:
    return write_geojson(
        path,
        [({"part_id": key, "condition": value}, shapely.Point(WEST, SOUTH)) for key, value in lamps.items()],
    )


def test_sources_of_one_layer_stand_side_by_side(city: City, tmp_path: Path) -> None:
    take_in(city, "vector", write_lamps(tmp_path / "lamps.geojson", {"L1": "good"}), layer="parts")
    take_in(city, "vector", write_lamps(tmp_path / "drains.geojson", {"D1": "good"}), layer="parts")
    view = city.layer("parts")
    rows = view.take(view.positions(), ["part_id", "source"]).to_pylist()
    assert {row["part_id"]: row["source"] for row in rows} == {"L1": "lamps", "D1": "drains"}
    assert city.store.current("parts").provenance.sources == ("lamps", "drains")


def test_source_that_comes_again_replaces_its_rows_and_keeps_their_ids(city: City, tmp_path: Path) -> None:
    lamps, drains = tmp_path / "lamps.geojson", tmp_path / "drains.geojson"
    take_in(city, "vector", write_lamps(drains, {"D1": "good"}), layer="parts")
    take_in(city, "vector", write_lamps(lamps, {"L1": "good", "L2": "good"}), layer="parts")
    first = ids_by(city, "parts", "part_id")
    (outcome,) = take_in(city, "vector", write_lamps(lamps, {"L2": "broken", "L3": "new"}), layer="parts")
    second = ids_by(city, "parts", "part_id")
    assert second.keys() == {"D1", "L2", "L3"}
    assert (second["D1"], second["L2"]) == (first["D1"], first["L2"])
    assert ids_by(city, "parts", "condition").keys() == {"good", "broken", "new"}
    assert outcome.notes == ("1 rows of the earlier import of lamps no longer come",)
    take_in(city, "vector", write_lamps(lamps, {"L1": "back"}), layer="parts")
    third = ids_by(city, "parts", "part_id")
    assert third["L1"] not in {*first.values(), *second.values()}, "an id of a dropped row was given again"


def test_file_with_a_date_in_its_name_is_the_same_source_by_its_option(city: City, tmp_path: Path) -> None:
    for name in ("lamps-2025.geojson", "lamps-2026.geojson"):
        take_in(city, "vector", write_lamps(tmp_path / name, {name: "good"}), layer="parts", source="lamps")
    assert ids_by(city, "parts", "part_id").keys() == {"lamps-2026.geojson"}


def test_same_key_of_another_source_is_replaced_and_said(city: City, tmp_path: Path) -> None:
    take_in(city, "vector", write_lamps(tmp_path / "old.geojson", {"L1": "old", "L2": "old"}), layer="parts")
    before = ids_by(city, "parts", "part_id")
    (outcome,) = take_in(city, "vector", write_lamps(tmp_path / "new.geojson", {"L1": "new"}), layer="parts")
    assert outcome.notes == ("1 rows of other sources had the same part_id and are replaced",)
    assert ids_by(city, "parts", "part_id") == before
    assert ids_by(city, "parts", "condition") == {"new": before["L1"], "old": before["L2"]}


def test_two_files_of_one_import_do_not_drop_one_another(city: City, tmp_path: Path) -> None:
    files = [write_lamps(tmp_path / f"{key}.geojson", {key: key, "both": key}) for key in ("a", "b")]
    outcomes = take_in(city, "vector", *files, layer="parts", source="lamps")
    assert ids_by(city, "parts", "part_id").keys() == {"a", "b", "both"}
    assert ids_by(city, "parts", "condition").keys() == {"a", "b"}
    assert outcomes[-1].notes == ("1 rows stand in several files with the same part_id: the last counts",)
    assert [outcome.version for outcome in outcomes] == [1, 1], "two files, one version"
    assert len({outcome.report_path for outcome in outcomes}) == 2


def test_departments_may_give_the_same_number_to_different_addresses(city: City, tmp_path: Path) -> None:
    civil, police = tmp_path / "civil.csv", tmp_path / "police.csv"
    take_in(city, "addresses", write_addresses(civil, {"1": HOME, "2": "无坐标"}))
    first = ids_by(city, "addresses", "text")
    take_in(city, "addresses", write_addresses(police, {"1": ("解放路9号", *HOME[1:])}))
    take_in(city, "addresses", write_addresses(civil, {"1": ("中山路1-1号", *HOME[1:])}))
    last = ids_by(city, "addresses", "text")
    assert last.keys() == {"解放路9号", "中山路1-1号"}
    assert last["中山路1-1号"] == first["中山路1号"]
    assert last["解放路9号"] not in first.values()


def test_street_map_that_comes_again_empties_the_layers_it_no_longer_has(city: City, tmp_path: Path) -> None:
    take_in(city, "osm", write_osm(tmp_path / "may.osm", roads=[7, 8], buildings=[9]))
    take_in(city, "vector", write_cadastre(tmp_path), layer="buildings")
    before = ids_by(city, "roads", "osm_id")
    take_in(city, "osm", write_osm(tmp_path / "june.osm", roads=[8]))
    assert ids_by(city, "roads", "osm_id") == {"w8": before["w8"]}
    assert ids_by(city, "buildings", "building_id").keys() == {"K1"}


def write_cadastre(folder: Path) -> Path:
    return write_geojson(folder / "cadastre.geojson", [({"building_id": "K1"}, square(0.1, 0.1, 0.01))])


def test_two_extracts_in_one_import_are_one_street_map(city: City, tmp_path: Path) -> None:
    north, south = write_osm(tmp_path / "n.osm", roads=[7, 8]), write_osm(tmp_path / "s.osm", roads=[8, 9])
    take_in(city, "osm", north, south)
    assert ids_by(city, "roads", "osm_id").keys() == {"w7", "w8", "w9"}


def test_ids_of_a_removed_layer_and_of_its_edits_are_not_given_again(city: City, tmp_path: Path) -> None:
    lamps = tmp_path / "lamps.geojson"
    take_in(city, "vector", write_lamps(lamps, {"L1": "good", "L2": "good"}), layer="parts")
    used = set(ids_by(city, "parts", "part_id").values())
    used.add(city.state.new_feature_id("parts", at_least=city.store.next_id("parts")))
    city.store.remove("parts")
    take_in(city, "vector", write_lamps(lamps, {"L1": "again", "L3": "new"}), layer="parts")
    assert not used & set(ids_by(city, "parts", "part_id").values())


def test_open_edits_stay_above_an_import_and_their_ids_are_not_given_again(
    city: City, tmp_path: Path
) -> None:
    lamps = tmp_path / "lamps.geojson"
    take_in(city, "vector", write_lamps(lamps, {"L1": "good", "L2": "good"}), layer="parts")
    ids = ids_by(city, "parts", "part_id")
    point = shapely.to_wkb(shapely.Point(WEST, SOUTH))
    city.state.put_feature("parts", ids["L1"], {"part_id": "L1", "condition": "edited"}, point, author="a")
    drawn = city.state.new_feature_id("parts", at_least=city.store.next_id("parts"))
    city.state.put_feature("parts", drawn, {"part_id": "X", "condition": "drawn"}, point, author="a")
    take_in(city, "vector", write_lamps(lamps, {"L1": "good", "L2": "good", "L3": "new"}), layer="parts")
    city.forget("parts")
    after = ids_by(city, "parts", "part_id")
    assert after["X"] == drawn
    assert len(set(after.values())) == 4
    assert ids_by(city, "parts", "condition")["edited"] == ids["L1"]
    assert city.state.new_feature_id("parts", at_least=1) > max(after.values())


def test_own_column_called_source_is_kept_beside_ours(city: City, tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "trees.geojson", [({"source": "航拍"}, shapely.Point(WEST, SOUTH))])
    for _ in range(2):
        take_in(city, "vector", path, layer="trees")
        view = city.layer("trees")
        (row,) = view.take(view.positions(), ["source", "source_text"]).to_pylist()
        assert row == {"source": "trees", "source_text": "航拍"}


def test_field_that_is_a_number_here_and_a_text_there_becomes_text(city: City, tmp_path: Path) -> None:
    for name, height in (("a", 3), ("b", "三米"), ("c", 2.5)):
        point = shapely.Point(WEST, SOUTH)
        path = write_geojson(tmp_path / f"{name}.geojson", [({"height": height}, point)])
        take_in(city, "vector", path, layer="trees")
    view = city.layer("trees")
    assert set(view.take(view.positions())["height"].to_pylist()) == {"3", "三米", "2.5"}


def test_free_layer_keeps_the_key_it_was_given(city: City, tmp_path: Path) -> None:
    path = tmp_path / "trees.csv"
    path.write_text(f"no,lon,lat\nT1,{WEST},{SOUTH}\n")
    request = ImportRequest("vector", (path,), "trees", columns={"key": "no"})
    import_files(city, request)
    before = ids_by(city, "trees", "no")
    path.write_text(f"no,lon,lat\nT0,{WEST},{SOUTH}\nT1,{WEST},{SOUTH}\n")
    take_in(city, "vector", path, layer="trees")
    assert ids_by(city, "trees", "no")["T1"] == before["T1"]


def test_every_finding_stands_in_the_report_of_the_city(city: City, tmp_path: Path) -> None:
    rows = {"1": HOME, "2": ("", *HOME[1:]), "3": ("远方", 100.0, 20.0), "4": ("零", 0.0, 0.0)}
    (outcome,) = take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", rows))
    assert outcome.report_path.parent == city.path / "reports"
    with outcome.report_path.open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    assert {row["row"] for row in listed if row["row"]} == {"2", "3", "4"}
    assert city.layer("addresses").count() == 1


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a city with a street map, divisions and a grid."""
    folder = tmp_path_factory.mktemp("imported")
    with City.create(folder / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        take_in(made, "osm", write_osm(folder / "town.osm", roads=[7], buildings=[9]))
        take_in(made, "divisions", write_divisions(folder / "divisions.csv"))
        take_in(made, "grid", write_grid(folder / "grid.geojson"))
    return folder / "a.city"


@pytest.fixture
def settled(imported: Path, tmp_path: Path) -> Iterator[City]:
    """A copy of that city."""
    with City.open(shutil.copytree(imported, tmp_path / "settled.city")) as made:
        yield made


def bad_files(folder: Path) -> dict[str, tuple[str, Path, dict[str, str]]]:
    """Return files that must be refused: kind, path and options by what is wrong with them."""
    grid = write_grid(folder / "good.geojson").read_bytes()
    packed = gzip.compress(grid)
    files = {
        "truncated": ("grid", folder / "cut.geojson", grid[: len(grid) // 2], {}),
        "truncated gzip": ("grid", folder / "cut.geojson.gz", packed[: len(packed) // 2], {}),
        "no rows": ("grid", folder / "none.geojson", b'{"type": "FeatureCollection", "features": []}', {}),
        "empty": ("grid", folder / "empty.geojson", b"", {}),
        "another format": ("grid", folder / "a.shp", grid, {}),
        "another CRS": ("grid", folder / "crs.geojson", grid, {"crs": "EPSG:4528"}),
        "unknown CRS": ("grid", folder / "crs2.geojson", grid, {"crs": "EPSG:1"}),
        "missing column": ("addresses", folder / "a.csv", b"number,street\n1,a\n", {}),
        "every row wrong": ("addresses", folder / "b.csv", b"source_id,text\n1,\n2,\n", {}),
        "no street map": ("osm", folder / "a.osm", b"<osm></osm>", {}),
        "no PBF": ("osm", folder / "a.osm.pbf", b"\x00\x01\x02" * 99, {}),
        "no raster": ("dem", folder / "a.tif", b"II*\0 but no more", {}),
        "other geometry": ("vector", folder / "good.geojson", grid, {"layer": "parts"}),
        "bad layer name": ("vector", folder / "good.geojson", grid, {"layer": "Parts!"}),
    }
    for _, path, content, _ in files.values():
        path.write_bytes(content)
    found = {name: (kind, path, options) for name, (kind, path, _, options) in files.items()}
    far = [({"grid_id": "1"}, shapely.box(9.5, 47.1, 9.6, 47.2))]
    found["outside"] = ("grid", write_geojson(folder / "far.geojson", far), {})
    swapped = [({"grid_id": "1"}, shapely.transform(square(0), lambda xy: xy[:, ::-1]))]
    found["swapped"] = ("grid", write_geojson(folder / "swapped.geojson", swapped), {})
    far_osm = folder / "far.osm"
    far_osm.write_text(write_osm(folder / "x.osm").read_text().replace('lat="28.', 'lat="47.'))
    found["street map of another place"] = ("osm", far_osm, {})
    return found


BAD = [
    "truncated",
    "truncated gzip",
    "no rows",
    "empty",
    "another format",
    "another CRS",
    "unknown CRS",
    "missing column",
    "every row wrong",
    "no street map",
    "no PBF",
    "no raster",
    "other geometry",
    "bad layer name",
    "outside",
    "swapped",
    "street map of another place",
]


@pytest.mark.parametrize("fault", BAD)
def test_bad_file_is_refused_in_one_sentence_and_leaves_the_city_as_it_was(
    settled: City, tmp_path: Path, fault: str
) -> None:
    before = contents(settled.path)
    kind, path, options = bad_files(tmp_path)[fault]
    with pytest.raises((ImportRefusedError, InvalidCRSError, InvalidLayerError)) as refusal:
        take_in(settled, kind, path, **options)
    assert str(refusal.value).strip()
    assert "\n" not in str(refusal.value).strip()
    assert contents(settled.path) == before


def test_bad_file_among_good_ones_stops_them_all(settled: City, tmp_path: Path) -> None:
    before = contents(settled.path)
    good, cut = write_grid(tmp_path / "good.geojson", [0]), tmp_path / "cut.geojson"
    cut.write_bytes(good.read_bytes()[:100])
    with pytest.raises(ImportRefusedError):
        take_in(settled, "grid", good, cut)
    assert contents(settled.path) == before


def test_layer_of_another_geometry_is_refused(settled: City, tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "trees.geojson", [({}, shapely.Point(WEST, SOUTH))])
    take_in(settled, "vector", path, layer="trees")
    path = write_geojson(tmp_path / "woods.geojson", [({}, square(0))])
    before = contents(settled.path)
    with pytest.raises(
        InvalidLayerError, match=r"'trees' holds point features, woods\.geojson brings polygon"
    ):
        take_in(settled, "vector", path, layer="trees")
    assert contents(settled.path) == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": "shapes"}, "cannot import 'shapes'; the kinds are osm, graphml"),
        ({"kind": "vector"}, "needs --layer"),
        ({"kind": "osm", "layer": "roads"}, "--layer roads does not go with osm"),
        ({"kind": "osm", "columns": {"a": "b"}}, "--map does not go with osm"),
        ({"kind": "osm", "crs": "gcj02"}, "--crs gcj02 cannot be right"),
        ({"kind": "dem", "files": 2}, "a dem import takes one at a time"),
        ({"kind": "grid", "source": "a\nb"}, "cannot be printed"),
        ({"kind": "grid", "files": 0}, "there is no file"),
    ],
)
def test_option_that_does_not_fit_is_refused(tmp_path: Path, asked: dict[str, object], said: str) -> None:
    path = tmp_path / "a.osm"
    path.touch()
    n_files = asked.pop("files", 1)
    files = (path,) * int(str(n_files)) or (tmp_path / "missing.osm",)
    with pytest.raises(ImportRefusedError) as refusal:
        ImportRequest(files=files, **asked)  # type: ignore[arg-type]  # fields by name
    assert said in str(refusal.value)


def test_layers_written_before_one_that_fails_are_taken_back(
    settled: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: settled.store.current(name) for name in settled.layers()}
    reports = sorted((settled.path / "reports").iterdir())
    put, calls = settled.store.put_all, []

    def failing_put(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise StorageError("No space left on device")
        return put(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(settled.store, "put_all", failing_put)
    with pytest.raises(StorageError, match="No space left"):
        take_in(settled, "osm", write_osm(tmp_path / "new.osm", roads=[11], buildings=[12]))
    assert {name: settled.store.current(name) for name in settled.layers()} == before
    assert sorted((settled.path / "reports").iterdir()) == reports
    assert ids_by(settled, "roads", "osm_id").keys() == {"w7"}


def test_second_import_at_the_same_time_is_refused(settled: City, tmp_path: Path) -> None:
    with (
        settled.writing(),
        City.open(settled.path) as other,
        pytest.raises(StorageError, match="another import or build is at work"),
    ):
        take_in(other, "grid", write_grid(tmp_path / "grid.geojson"))


def test_rows_are_placed_in_the_grid_that_is_there(settled: City, tmp_path: Path) -> None:
    take_in(settled, "addresses", write_addresses(tmp_path / "civil.csv", {"1": HOME}))
    layer = settled.layer("addresses").layer
    offsets, values = layer.area_lists
    assert offsets.tolist() == [0, 1]
    unit = settled.divisions.unit(f"{COMMUNITIES[0]}000")
    assert layer.area_ids[values].tolist() == [unit.id]


@pytest.mark.parametrize(
    ("west", "south", "crs"),
    [(120.0, 28.8, "EPSG:4549"), (9.5, 47.1, "EPSG:32632"), (18.4, -34.0, "EPSG:32734")],
)
def test_first_features_settle_the_working_crs(tmp_path: Path, west: float, south: float, crs: str) -> None:
    path = write_geojson(tmp_path / "a.geojson", [({}, shapely.Point(west, south))])
    with City.create(tmp_path / "a.city", CityConfig("x")) as city:
        take_in(city, "vector", path, layer="trees", crs="wgs84")
        assert city.config.crs == crs
    with City.open(tmp_path / "a.city") as city:
        assert city.config.crs == crs


def test_shifted_file_is_refused_where_the_deployment_does_not_convert(tmp_path: Path) -> None:
    lon, lat = wgs84_to_gcj02([HOME[1]], [HOME[2]])
    path = write_addresses(tmp_path / "civil.csv", {"1": ("中山路1号", float(lon[0]), float(lat[0]))})
    by_row = tmp_path / "rows.csv"
    by_row.write_text(f"source_id,text,lon,lat,crs\n1,a,{lon[0]},{lat[0]},gcj02\n")
    with City.create(tmp_path / "a.city", CityConfig("x", "EPSG:4549", converts_shifted=False)) as city:
        for files, options in ((path, {"crs": "gcj02"}), (by_row, {})):
            with pytest.raises(InvalidCRSError, match=r"converts_shifted = false in city\.toml"):
                take_in(city, "addresses", files, **options)
        assert city.layers() == ()
    with City.create(tmp_path / "b.city", CityConfig("x", "EPSG:4549")) as city:
        take_in(city, "addresses", path, crs="gcj02")
        (point,) = city.layer("addresses").geometries(np.array([0]))
        assert point.distance(shapely.Point(HOME[1:])) < 1e-8  # 1 mm


def test_shift_that_nobody_declared_shows_by_the_buildings(city: City, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, 40, (60, 2)).round(2)
    shapes = [({"building_id": f"B{n}"}, square(x, y, 0.01)) for n, (x, y) in enumerate(corners)]
    take_in(city, "vector", write_geojson(tmp_path / "b.geojson", shapes), layer="buildings")
    middles = np.array([shape.centroid.coords[0] for _, shape in shapes])
    lon, lat = wgs84_to_gcj02(*middles.T)
    rows = {str(n): (f"{n}号", float(x), float(y)) for n, (x, y) in enumerate(zip(lon, lat, strict=True))}
    path = write_addresses(tmp_path / "civil.csv", rows)
    with pytest.raises(ImportRefusedError, match="gcj02"):
        take_in(city, "addresses", path, crs="wgs84")
    take_in(city, "addresses", path, crs="gcj02")
    view = city.layer("addresses")
    placed = shapely.get_coordinates(view.geometries(view.positions()))
    assert np.allclose(np.sort(placed, axis=0), np.sort(middles, axis=0), atol=1e-8)


def test_damaged_layer_is_replaced_by_its_only_source_alone(city: City, tmp_path: Path) -> None:
    lamps, drains = tmp_path / "lamps.geojson", tmp_path / "drains.geojson"
    take_in(city, "vector", write_lamps(lamps, {"L1": "good"}), layer="parts")
    damage(city, "parts")
    (outcome,) = take_in(city, "vector", lamps, layer="parts")
    assert outcome.notes == ("the stored version was damaged; this import takes its place",)
    take_in(city, "vector", write_lamps(drains, {"D1": "good"}), layer="parts")
    damage(city, "parts")
    with pytest.raises(DamagedLayerError):
        take_in(city, "vector", lamps, layer="parts")


def damage(city: City, layer: str) -> None:
    """Cut the mapped file of the version in force."""
    for file in city.store.current(layer).files:
        if file.path.endswith(".arrow"):
            path = city.path / file.path
            path.write_bytes(path.read_bytes()[:-1])
    city.forget(layer)


def test_raster_is_stored_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "heights.tif"
    profile = {"driver": "GTiff", "width": 4, "height": 3, "count": 1, "dtype": "float32", "crs": "EPSG:4549"}
    with rasterio.open(path, "w", transform=Affine(30, 0, 500_000, 0, -30, 3_200_000), **profile) as raster:
        raster.write(np.arange(12, dtype=np.float32).reshape(1, 3, 4))
    with City.create(tmp_path / "a.city", CityConfig("x")) as city:
        (outcome,) = take_in(city, "dem", path)
        assert (outcome.layer, outcome.version, outcome.rows) == ("dem", 1, 12)
        assert city.config.crs == "EPSG:4549"
        assert city.terrain("dem").shape == (3, 4)
        assert outcome.report_path.is_file()
        (outcome,) = take_in(city, "dem", path, layer="dem_30m")
        assert city.terrain("dem_30m").shape == (3, 4)
