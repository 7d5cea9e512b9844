"""Versions of layers: put, opened, kept, rolled back, removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
import shapely

from tests.twin.layer_samples import Quarters, schema_of, shapes_of, table_of
from twin.catalog import Provenance
from twin.cells import cells_of
from twin.errors import InvalidLayerError, StorageError, UnknownLayerError
from twin.ragged import Kind
from twin.schema import LayerSchema
from twin.store import LayerPut, LayerStore
from twin.view import LayerView

KINDS: tuple[Kind, ...] = ("point", "line", "polygon")


@pytest.fixture
def store(tmp_path: Path) -> LayerStore:
    return LayerStore(tmp_path)


def ids_by_code(store: LayerStore, name: str) -> dict[str, int]:
    table = LayerView(store.open(name)).take(np.arange(store.current(name).n_rows))
    return dict(zip(table["code"].to_pylist(), table["feature_id"].to_pylist(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_stored_layer_reads_as_it_was_put(store: LayerStore, kind: Kind) -> None:
    shapes = np.append(shapes_of(kind, 300), [None, None])
    table = table_of(shapes)
    version = store.put(schema_of(kind), table, provenance=Provenance(sources=("a.shp",), rows_read=302))
    layer = store.open(f"{kind}s")
    read = LayerView(layer).take(np.arange(302)).sort_by("feature_id")
    order = np.argsort([int(code[1:]) for code in read["code"].to_pylist()])
    read = read.take(pa.array(order))
    for name in ("code", "floors", "height_m"):
        assert read[name].to_pylist() == table[name].to_pylist()
    assert shapely.equals_exact(shapely.from_wkb(read["geometry"].to_pylist()[:300]), shapes[:300]).all()
    assert read["geometry"].null_count == 2
    assert (version.version, version.n_rows) == (1, 302)
    assert version.bbox == layer.bbox == tuple(shapely.total_bounds(shapes[:300]))
    assert layer.provenance.sources == ("a.shp",)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_in_cell_order_and_cells_come_from_coordinates(store: LayerStore, kind: Kind) -> None:
    shapes = np.append(shapes_of(kind, 200), [None])
    store.put(schema_of(kind), table_of(shapes), resolutions=(7, 9, 11))
    layer = store.open(f"{kind}s")
    points = layer.geometry_arrays().representative_points()[:200]
    order = cells_of(points[:, 0], points[:, 1], 15)
    assert (np.diff(order.astype(np.int64)) >= 0).all()
    for resolution in (7, 9, 11):
        stored = layer.column(f"cell_{resolution}").to_numpy()
        assert np.array_equal(stored[:200], cells_of(points[:, 0], points[:, 1], resolution))
        assert stored[200] == 0
    assert layer.geometries(np.array([200]))[0] is None


def test_opening_copies_nothing(store: LayerStore) -> None:
    store.put(schema_of("polygon"), table_of(shapes_of("polygon", 2_000)))
    before = pa.total_allocated_bytes()
    layer = store.open("polygons")
    geometry = layer.geometry_arrays()
    for name in (*layer.columns, "feature_id", "cell_9"):
        layer.column(name)
    assert pa.total_allocated_bytes() == before
    for values in (geometry.coords, *geometry.offsets, *layer.bounds, layer.feature_ids, layer.blocks):
        assert not values.flags.owndata
        assert not values.flags.writeable


def test_key_keeps_its_feature_id_and_others_get_fresh_ones(store: LayerStore) -> None:
    shapes = shapes_of("point", 60)
    store.put(schema_of("point"), table_of(shapes[:40]))
    first = ids_by_code(store, "points")
    store.put(schema_of("point"), table_of(shapes[20:60], first_code=20))
    second = ids_by_code(store, "points")
    assert all(second[code] == first[code] for code in second.keys() & first.keys())
    assert min(second[f"c{row}"] for row in range(40, 60)) > max(first.values())
    store.put(schema_of("point"), table_of(shapes[:40]))
    third = ids_by_code(store, "points")
    used = set(first.values()) | set(second.values())
    assert not {third[f"c{row}"] for row in range(20)} & used


def test_layer_without_a_key_gets_fresh_ids_every_time(store: LayerStore) -> None:
    schema = replace(schema_of("point"), key="")
    store.put(schema, table_of(shapes_of("point", 10)))
    first = set(store.open("points").feature_ids)
    store.put(schema, table_of(shapes_of("point", 10)))
    assert not first & set(store.open("points").feature_ids)
    assert store.next_id("points") == max(store.open("points").feature_ids) + 1


def test_ids_that_come_with_rows_are_kept(store: LayerStore) -> None:
    table = table_of(shapes_of("point", 4)).append_column("feature_id", pa.array([70, None, 5, None]))
    store.put(schema_of("point"), table)
    ids = ids_by_code(store, "points")
    assert (ids["c0"], ids["c2"]) == (70, 5)
    assert sorted([ids["c1"], ids["c3"]]) == [71, 72]
    assert store.next_id("points") == 73
    for wrong in (-4, 2**53):
        column = pa.array([wrong, None, None, None], pa.int64())
        with pytest.raises(InvalidLayerError, match=f"feature_id {wrong} came"):
            store.put(schema_of("point"), table.set_column(4, "feature_id", column))


def test_every_id_is_found_whatever_their_order(store: LayerStore) -> None:
    rng = np.random.default_rng(2)
    ids = rng.choice(100_000, 500, replace=False)
    table = table_of(shapes_of("point", 500)).append_column("feature_id", pa.array(ids))
    store.put(schema_of("point"), table)
    layer = store.open("points")
    wanted = np.concatenate([ids, [100_001, -1]])
    rows = layer.rows_of(wanted)
    assert np.array_equal(layer.feature_ids[rows[:500]], ids)
    assert rows[500:].tolist() == [-1, -1]


def test_last_three_versions_are_kept(store: LayerStore, tmp_path: Path) -> None:
    for n in range(1, 6):
        store.put(schema_of("point"), table_of(shapes_of("point", n)))
    assert [version.version for version in store.versions("points")] == [3, 4, 5]
    names = sorted(path.name for folder in ("layers", "index") for path in (tmp_path / folder).iterdir())
    assert names == sorted(
        f"points.v{n}.{ending}" for n in (3, 4, 5) for ending in ("parquet", "arrow", "blocks.arrow")
    )


def test_reader_keeps_the_version_it_has_open(store: LayerStore) -> None:
    store.put(schema_of("point"), table_of(shapes_of("point", 30)))
    view = LayerView(store.open("points"))
    codes = view.take(view.positions())["code"].to_pylist()
    for n in range(1, 6):
        store.put(schema_of("point"), table_of(shapes_of("point", n)))
    store.remove("points")
    assert view.take(view.positions())["code"].to_pylist() == codes
    assert len(view.in_bbox((119, 28, 121, 30))) == 30


def test_older_version_can_be_put_in_force_again(store: LayerStore) -> None:
    store.put(schema_of("point"), table_of(shapes_of("point", 3)))
    store.put(schema_of("point"), table_of(shapes_of("point", 8)))
    store.roll_back("points", 1)
    assert store.open("points").n_rows == 3
    assert [version.version for version in store.versions("points")] == [1, 2]
    newest = store.put(schema_of("point"), table_of(shapes_of("point", 8)))
    assert newest.version == 3
    with pytest.raises(UnknownLayerError, match="version 9 is not kept; kept versions: 1, 2, 3"):
        store.roll_back("points", 9)


def test_removed_layer_is_gone_and_its_ids_stay_used(store: LayerStore, tmp_path: Path) -> None:
    store.put(schema_of("point"), table_of(shapes_of("point", 5)))
    store.put(schema_of("line"), table_of(shapes_of("line", 5)))
    assert store.names() == ("points", "lines")
    store.remove("points")
    assert store.names() == ("lines",)
    assert not list(tmp_path.glob("*/points.*"))
    with pytest.raises(UnknownLayerError, match="no layer 'points'; layers are: lines"):
        store.open("points")
    store.put(schema_of("point"), table_of(shapes_of("point", 5)))
    assert store.open("points").version == 2
    assert min(store.open("points").feature_ids) == 6


def test_change_by_another_process_is_seen_at_once(tmp_path: Path) -> None:
    reader, writer = LayerStore(tmp_path), LayerStore(tmp_path)
    assert reader.names() == ()
    assert reader.catalog_stamp() == (0, 0)
    writer.put(schema_of("point"), table_of(shapes_of("point", 5)))
    stamp = reader.catalog_stamp()
    assert reader.open("points").n_rows == 5
    assert reader.open("points") is reader.open("points")
    writer.put(schema_of("point"), table_of(shapes_of("point", 6)))
    assert reader.catalog_stamp() != stamp
    assert reader.open("points").n_rows == 6


def test_equal_content_has_an_equal_hash(tmp_path: Path) -> None:
    hashes = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        version = LayerStore(tmp_path / name).put(schema_of("line"), table_of(shapes_of("line", 50)))
        hashes.add(version.content_hash)
    assert len(hashes) == 1
    (tmp_path / "c").mkdir()
    other = LayerStore(tmp_path / "c").put(schema_of("line"), table_of(shapes_of("line", 51)))
    assert other.content_hash not in hashes
    assert re.fullmatch(r"[0-9a-f]{64}", other.content_hash)


@pytest.mark.parametrize("kind", KINDS)
def test_layer_of_no_rows_one_row_and_nulls_alone_can_be_asked(store: LayerStore, kind: Kind) -> None:
    nothing = np.full(3, None, dtype=object)
    for shapes, n_placed in ((nothing[:0], 0), (shapes_of(kind, 1), 1), (nothing, 0)):
        version = store.put(schema_of(kind), table_of(shapes))
        view = LayerView(store.open(f"{kind}s"))
        assert view.count() == version.n_rows == len(shapes)
        assert (version.bbox is None) == (n_placed == 0)
        assert len(view.in_bbox((-180, -90, 180, 90))) == n_placed
        assert len(view.in_polygon(shapely.box(-180, -90, 180, 90))) == n_placed
        assert len(view.nearest(120, 29)[0]) == n_placed
        assert view.count_by_cell(9)[1].sum() == n_placed
        assert len(view.page(-1, 10)[0]) == len(shapes)
        assert sum(batch.num_rows for batch in view.scan()) == len(shapes)
        features = [orjson.loads(feature) for feature in view.feature_json(view.positions())]
        assert sum(feature["geometry"] is not None for feature in features) == n_placed
        assert len(view.to_geodataframe()) == len(shapes)


def test_layer_without_geometry_can_be_asked(store: LayerStore) -> None:
    store.put(LayerSchema("codes", "none", "code"), pa.table({"code": ["a", "b", "c"]}))
    view = LayerView(store.open("codes"))
    assert view.count() == view.count(where=None) == 3
    assert view.take(view.page(-1, 10, where={"code": "b"})[0]).column_names == ["feature_id", "code"]
    assert len(view.in_bbox((119, 28, 121, 30))) == 0
    assert orjson.loads(view.feature_json(np.array([0]))[0])["geometry"] is None


def test_batches_can_be_put_one_by_one(store: LayerStore) -> None:
    table = table_of(shapes_of("line", 100))
    store.put(schema_of("line"), iter(table.to_batches(max_chunksize=7)))
    assert store.open("lines").n_rows == 100


def test_areas_are_stamped_and_named(store: LayerStore) -> None:
    shapes = np.append(shapes_of("polygon", 50), [None])
    store.put(schema_of("polygon"), table_of(shapes), areas=Quarters())
    layer = store.open("polygons")
    assert layer.areas_tag == "quarters"
    assert layer.area_ids.tolist() == [11, 12, 21, 22]
    offsets, areas = layer.area_lists
    for row, shape in enumerate(layer.geometries(np.arange(50))):
        expected = np.flatnonzero(shapely.intersects(shape, Quarters.boxes))
        assert areas[offsets[row] : offsets[row + 1]].tolist() == expected.tolist()
    assert offsets[50] == offsets[51]


def test_feature_json_is_the_same_stored_or_made_when_asked_for(tmp_path: Path) -> None:
    texts = []
    for with_json in (True, False):
        (tmp_path / str(with_json)).mkdir()
        store = LayerStore(tmp_path / str(with_json))
        store.put(schema_of("polygon"), table_of(shapes_of("polygon", 40)), with_json=with_json)
        texts.append([bytes(feature) for feature in store.open("polygons").feature_json(np.arange(40)[::-1])])
    assert texts[0] == texts[1]


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written: No such file"):
        LayerStore(tmp_path / "missing").put(schema_of("point"), table_of(shapes_of("point", 1)))


def test_table_of_geometry_alone_keeps_its_rows(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    store.put(
        LayerSchema("places", "point"),
        pa.table({"geometry": shapely.to_wkb(shapely.points([[0, 1], [2, 3]]))}),
    )
    assert store.open("places").n_rows == 2


def test_layers_put_together_come_into_force_by_one_change(store: LayerStore, tmp_path: Path) -> None:
    shapes = {kind: shapes_of(kind, 20) for kind in KINDS}
    puts = [LayerPut(schema_of(kind), table_of(shapes[kind])) for kind in KINDS]
    seen: list[tuple[str, ...]] = []

    def watched() -> Iterator[LayerPut]:
        for put in puts:
            seen.append(LayerStore(tmp_path).names())
            yield put

    versions = store.put_all(watched())
    assert seen == [(), (), ()]
    assert [version.layer for version in versions] == list(store.names()) == ["points", "lines", "polygons"]


def test_layer_that_cannot_be_put_keeps_the_others_of_its_batch_out(
    store: LayerStore, tmp_path: Path
) -> None:
    store.put(schema_of("point"), table_of(shapes_of("point", 5)))
    before = (tmp_path / "catalog.json").read_bytes()
    wrong = LayerPut(schema_of("line"), table_of(shapes_of("line", 5)).drop_columns(["geometry"]))
    with pytest.raises(InvalidLayerError):
        store.put_all([LayerPut(schema_of("point"), table_of(shapes_of("point", 9))), wrong])
    assert (tmp_path / "catalog.json").read_bytes() == before
    assert store.open("points").n_rows == 5
    store.put(schema_of("point"), table_of(shapes_of("point", 7)))
    assert store.current("points").version == 2
