"""Archives against the pmtiles library and against tiles drawn one at a time."""

from __future__ import annotations

import gzip
import itertools
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Entry, deserialize_header, serialize_directory, tileid_to_zxy, zxy_to_tileid

from tests.tiles.town import building_properties, buildings
from tiles._archive import directory_entries, place_of, tile_id
from tiles.archive import Archive, archive_path, build_archive
from tiles.encode import encode_tile
from tiles.matrix import tiles_of_bbox
from twin.edits import Edits
from twin.errors import DamagedLayerError, InvalidTileError
from twin.layer import Layer
from twin.schema import DECLARED, LayerSchema
from twin.view import LayerView

TILE = (14, 13648, 6800)


def town_table(n: int, seed: int = 1) -> pa.Table:
    shapes = buildings(n, TILE, seed=seed)
    return pa.table(
        {**building_properties(n, seed=seed), "geometry": pa.array(shapely.to_wkb(shapes), pa.binary())}
    )


@pytest.fixture(scope="module")
def view() -> LayerView:
    new = town_table(5, seed=9)
    edits = Edits(1, np.array([3, 4]), np.arange(5) + 900, new)
    return LayerView(Layer.from_table(DECLARED["buildings"], town_table(400)), edits)


@pytest.fixture(scope="module")
def archive(view: LayerView, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = archive_path(tmp_path_factory.mktemp("city"), view.layer)
    assert build_archive(view, path, range(12, 17)) > 0
    return path


@settings(deadline=None)
@given(st.integers(0, 22), st.data())
def test_tile_ids_are_those_of_the_pmtiles_library(z: int, data: st.DataObject) -> None:
    x, y = (data.draw(st.integers(0, (1 << z) - 1)) for _ in range(2))
    assert tile_id(z, x, y) == zxy_to_tileid(z, x, y)
    assert place_of(z, tile_id(z, x, y)) == (x, y)
    assert tileid_to_zxy(tile_id(z, x, y)) == (z, x, y)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(1, 2**40)] * 3, st.integers(0, 5)), min_size=1, max_size=30))
def test_directories_read_as_the_pmtiles_library_writes_them(rows: list) -> None:
    ids = itertools.accumulate(row[0] for row in rows)
    entries = [Entry(i, offset, length, run) for i, (_, offset, length, run) in zip(ids, rows, strict=True)]
    for one, other in itertools.pairwise(entries[::2]):
        other.offset = one.offset + one.length
    content = np.frombuffer(gzip.decompress(serialize_directory(entries)), np.uint8)
    wanted = [[one.tile_id, one.run_length, one.length, one.offset] for one in entries]
    assert directory_entries(content).tolist() == wanted


def test_every_tile_of_the_archive_is_the_tile_drawn_on_demand(view: LayerView, archive: Path) -> None:
    ours = Archive.open(archive)
    with archive.open("rb") as file:
        stored = dict(all_tiles(MmapSource(file)))
    assert len(stored) == len(ours) > 20
    for address, content in stored.items():
        assert gzip.decompress(content) == encode_tile(view, *address).content
        assert ours.tile(*address) == content
    deepest = {(x, y) for z, x, y in stored if z == 16}
    for x, y in itertools.product(
        range(TILE[1] * 4 - 2, TILE[1] * 4 + 6), range(TILE[2] * 4 - 2, TILE[2] * 4 + 6)
    ):
        if (x, y) not in deepest:
            assert ours.tile(16, x, y) is None
            assert encode_tile(view, 16, x, y).content == b""


def test_the_archive_is_clustered_and_describes_itself(view: LayerView, archive: Path) -> None:
    with archive.open("rb") as file:
        reader = Reader(MmapSource(file))
        header, metadata = reader.header(), reader.metadata()
    assert header["clustered"]
    assert (header["min_zoom"], header["max_zoom"]) == (13, 16)
    assert metadata["vector_layers"][0]["id"] == "buildings"
    assert metadata["vector_layers"][0]["fields"]["height_m"] == "Number: 高度 m"
    assert {address.split("/")[0] for address in metadata["dropped"]} == {"12", "13"}
    assert Archive.open(archive).metadata == metadata


def test_each_tile_says_how_many_features_it_left_out(view: LayerView, archive: Path) -> None:
    ours = Archive.open(archive)
    for zoom in range(12, 17):
        x0, y0, x1, y1 = tiles_of_bbox(view.bbox, zoom)
        for x, y in itertools.product(range(x0 - 1, x1 + 2), range(y0 - 1, y1 + 2)):
            assert ours.n_dropped(zoom, x, y) == encode_tile(view, zoom, x, y).n_dropped


def test_equal_tiles_are_stored_once(tmp_path: Path) -> None:
    sea = pa.table({"osm_id": ["w1"], "geometry": [shapely.to_wkb(shapely.box(119, 28, 121, 30))]})
    view = LayerView(Layer.from_table(DECLARED["water"], sea))
    build_archive(view, tmp_path / "water.pmtiles", [12])
    with (tmp_path / "water.pmtiles").open("rb") as file:
        header = deserialize_header(file.read(127))
    assert header["addressed_tiles_count"] > 500
    assert header["tile_contents_count"] < header["addressed_tiles_count"] / 3


def test_a_layer_without_places_makes_no_archive(tmp_path: Path) -> None:
    table = pa.table({"geometry": pa.array([None], pa.binary())})
    view = LayerView(Layer.from_table(LayerSchema("lamps", "point"), table))
    assert build_archive(view, tmp_path / "lamps.pmtiles", [3]) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_archive_that_stood(
    view: LayerView, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = archive.read_bytes()

    def fail(descriptor: int, content: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="No space"):
        build_archive(view, archive, [14])
    assert archive.read_bytes() == before
    assert [one.name for one in archive.parent.iterdir()] == [archive.name]


@pytest.mark.parametrize("cut", [0, 50, 127, 400, -1])
def test_a_broken_archive_is_refused_with_its_name(archive: Path, tmp_path: Path, cut: int) -> None:
    broken = tmp_path / "broken.pmtiles"
    broken.write_bytes(archive.read_bytes()[:cut])
    with pytest.raises(DamagedLayerError, match=r"broken\.pmtiles.*twin build"):
        Archive.open(broken)
    with pytest.raises(DamagedLayerError, match="nowhere"):
        Archive.open(tmp_path / "nowhere.pmtiles")


def test_addresses_and_zooms_outside_the_matrix_are_refused(view: LayerView, archive: Path) -> None:
    with pytest.raises(InvalidTileError, match="wanted"):
        Archive.open(archive).tile(3, 8, 0)
    with pytest.raises(InvalidTileError, match="no zoom"):
        build_archive(view, archive, [])
    with pytest.raises(InvalidTileError, match="zoom 23"):
        build_archive(view, archive, [23])


def test_progress_tells_how_many_tiles_are_drawn(tmp_path: Path) -> None:
    sea = pa.table({"osm_id": ["w1"], "geometry": [shapely.to_wkb(shapely.box(119, 28, 121, 30))]})
    seen: list[int] = []
    view = LayerView(Layer.from_table(DECLARED["water"], sea))
    build_archive(view, tmp_path / "water.pmtiles", [12], seen.append)
    assert seen == sorted(seen)
    assert seen[0] == 256
