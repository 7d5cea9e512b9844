"""The grid index against shapely, point by point, and its life on disk."""

from __future__ import annotations

import errno
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.reference import reference_path
from tests.twin.tessellation import placed_by_shapely, points_for, tessellation
from twin import _grid_index as kernels
from twin.durable import DurableFile
from twin.errors import DamagedLayerError, InvalidCoordinateError, InvalidGeometryError, StorageError
from twin.grid_index import GridIndex, locate_points


def assert_equals_shapely(
    ids: list[str], polygons: NDArray[np.object_], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> None:
    found = GridIndex.build(ids, polygons).lookup(lon, lat)
    np.testing.assert_array_equal(found, placed_by_shapely(ids, polygons, lon, lat))


def test_every_point_lies_where_shapely_says() -> None:
    ids, polygons = tessellation(20, 32, seed=1)
    assert shapely.is_valid(polygons).all()
    assert_equals_shapely(ids, polygons, *points_for(polygons, 50_000, seed=2, hard_share=0.5))


def test_overlaps_holes_and_islands_follow_the_rule() -> None:
    ids, polygons = tessellation(6, 16, seed=3)
    grown = np.concatenate(
        [
            shapely.buffer(polygons[:10], 0.002),
            [shapely.MultiPolygon([polygons[20], polygons[35]])],
            [shapely.difference(shapely.union_all(polygons), shapely.buffer(polygons[14], -0.0005))],
            shapely.buffer(shapely.boundary(polygons[28:30]), 1e-7),
        ]
    )
    every = np.concatenate([polygons, grown])
    names = ids + [f"3311{number}" for number in range(7)] + [f"4{number}" for number in range(7)]
    lon, lat = points_for(every, 40_000, seed=4, hard_share=0.6)
    assert_equals_shapely(names, every, lon, lat)


def test_boundary_that_winds_along_one_pixel_row() -> None:
    x = np.linspace(120.0, 120.1, 4001)
    wave = 29.0 + 1e-5 * np.sin(np.arange(4001))
    comb = shapely.Polygon([*zip(x, wave, strict=True), (120.1, 28.99), (120.0, 28.99)])
    rest = shapely.difference(shapely.box(120.0, 28.99, 120.1, 29.01), comb)
    lon, lat = points_for(np.array([comb]), 20_000, seed=5, hard_share=0.5)
    assert_equals_shapely(["b", "a"], np.array([comb, rest]), lon, 29.0 + (lat - 29.0) * 0.01)


def test_counties_of_a_real_city() -> None:
    with gzip.open(reference_path("address/counties_330100_gcj02.json.gz")) as file:
        features = json.load(file)["features"]
    polygons = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    names = [feature["properties"]["name"] for feature in features]
    valid = shapely.is_valid(polygons)
    polygons, names = polygons[valid], [name for name, kept in zip(names, valid, strict=True) if kept]
    assert len(names) >= 10
    assert_equals_shapely(names, polygons, *points_for(polygons, 30_000, seed=6, hard_share=0.5))


coordinate = st.integers(-4, 4)


@st.composite
def units(draw: st.DrawFn) -> NDArray[np.object_]:
    """Return polygons on few coordinates, so that edges and vertices often coincide."""
    rings = draw(
        st.lists(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9), min_size=1, max_size=5)
    )
    shapes = [
        shapely.make_valid(shapely.Polygon(ring), method="structure", keep_collapsed=False) for ring in rings
    ]
    return np.array([shape for shape in shapes if shape.geom_type.endswith("Polygon") and not shape.is_empty])


@given(
    shapes=units(),
    step=st.sampled_from([1.0, 0.1, 1.0 / 3.0, 1e-4, 3e-7, 1e-12]),
    centre=st.sampled_from([(120.1, 29.3), (0.0, 0.0), (0.1, 32.0), (-77.3, 0.0)]),
    shares=st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_any_valid_polygons_answer_as_shapely_does(
    shapes: NDArray[np.object_],
    step: float,
    centre: tuple[float, float],
    shares: list[tuple[float, float]],
) -> None:
    moved = shapely.transform(shapes, lambda xy: xy * step + centre) if len(shapes) else shapes
    moved = moved[shapely.is_valid(moved) & ~shapely.is_empty(moved)]
    grid = np.stack(np.meshgrid(np.arange(-5, 5.5, 0.5), np.arange(-5, 5.5, 0.5)), axis=-1).reshape(-1, 2)
    xy = np.concatenate([grid, np.array(shares).reshape(-1, 2)]) * step + centre
    ids = [str(number * 7 % 5) + str(number) for number in range(len(moved))]
    assert_equals_shapely(ids, moved, xy[:, 0].copy(), xy[:, 1].copy())


def test_point_that_two_doubles_cannot_judge_is_put_to_shapely() -> None:
    # Differences of numbers on both sides of zero need more than 53 bits here, so the side is in doubt.
    start, stop = np.array([-0.1, -0.3]), np.array([0.7, 0.2])
    share = np.linspace(0.05, 0.95, 400)[:, None]
    on_edge = start + share * (stop - start)
    sides = [kernels._exact_side(*start.tolist(), *stop.tolist(), *point) for point in on_edge.tolist()]
    assert kernels.UNDECIDED in sides
    triangles = np.array(
        [shapely.Polygon([start, stop, (-0.1, 0.9)]), shapely.Polygon([start, stop, (0.7, -0.9)])]
    )
    assert_equals_shapely(["2", "1"], triangles, on_edge[:, 0].copy(), on_edge[:, 1].copy())


@given(
    st.lists(st.one_of(st.floats(-180, 180), st.integers(-3, 3).map(float)), min_size=4, max_size=4),
    st.floats(0, 1),
    st.integers(-2, 2),
)
@settings(max_examples=300, deadline=None)
def test_side_of_an_edge_has_the_sign_of_exact_fractions(ends: list[float], share: float, ulps: int) -> None:
    x1, y1, x2, y2 = ends
    px, py = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
    for _ in range(abs(ulps)):
        py = float(np.nextafter(py, np.inf * ulps))
    a, b, c, d, e, f = map(Fraction, (x1, y1, x2, y2, px, py))
    turn = (c - a) * (f - d) - (d - b) * (e - c)
    sign = (turn > 0) - (turn < 0)
    assert kernels._exact_side(x1, y1, x2, y2, px, py) in {sign, kernels.UNDECIDED}
    assert kernels._side(x1, y1, x2, y2, px, py) in {sign, kernels.UNDECIDED}


def test_point_that_is_nan_infinite_or_far_away_lies_nowhere() -> None:
    index = GridIndex.build(["a"], shapely.box([120.0], 29.0, 120.1, 29.1))
    lon = np.array([np.nan, 120.05, np.inf, -np.inf, 1e300, 120.05, -60.0, 120.05])
    lat = np.array([29.05, np.nan, 29.05, 29.05, 29.05, -1e300, -29.0, 29.05])
    assert index.lookup(lon, lat).tolist() == [-1, -1, -1, -1, -1, -1, -1, 0]


def test_no_points_and_no_units() -> None:
    nothing = GridIndex.build([], np.array([], dtype=object))
    assert nothing.lookup([120.0], [29.0]).tolist() == [-1]
    assert nothing.lookup([], []).tolist() == []
    assert nothing.units_of_boxes(np.array([[120.0, 29.0, 120.1, 29.1]])).tolist() == [-1]
    without = GridIndex.build(["a", "b"], np.array([None, shapely.Polygon()]))
    assert without.lookup([0.0], [0.0]).tolist() == [-1]


def test_units_without_boundary_keep_their_position() -> None:
    square = shapely.box(120.0, 29.0, 120.1, 29.1)
    index = GridIndex.build(["a", "b", "c"], np.array([None, shapely.MultiPolygon(), square]))
    assert index.lookup([120.0], [29.0]).tolist() == [2]
    assert [shape.is_empty for shape in index.geometries()] == [True, True, False]


def test_among_equal_ids_the_first_unit_wins() -> None:
    square = shapely.box(120.0, 29.0, 120.1, 29.1)
    assert GridIndex.build(["a", "a"], np.array([square, square])).lookup([120.05], [29.05]).tolist() == [0]


def test_ids_are_compared_as_strings_not_as_numbers() -> None:
    square = shapely.box(120.0, 29.0, 120.1, 29.1)
    assert GridIndex.build(["9", "10"], np.array([square, square])).lookup([120.05], [29.05]).tolist() == [1]


def test_unit_beyond_the_antimeridian_is_found_at_its_own_longitudes() -> None:
    index = GridIndex.build(["a"], shapely.box([179.9], 10.0, 180.1, 10.1))
    assert index.lookup([180.05, -179.95], [10.05, 10.05]).tolist() == [0, -1]


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (shapely.Point(120, 29), "is a Point; wanted a polygon"),
        (shapely.box(500_000, 3_200_000, 501_000, 3_201_000), "wanted lon, lat in degrees"),
        (shapely.box(29.0, 120.0, 29.1, 120.1), "wanted lon, lat in degrees"),
    ],
)
def test_wrong_boundary_is_refused_by_name(shape: shapely.Geometry, words: str) -> None:
    with pytest.raises(InvalidGeometryError, match=f"'b-2'.*{words}"):
        GridIndex.build(["b-2"], np.array([shape]))


def test_lengths_that_differ_are_refused() -> None:
    index = GridIndex.build(["a"], shapely.box([120.0], 29.0, 120.1, 29.1))
    with pytest.raises(InvalidGeometryError, match="2 grid ids"):
        GridIndex.build(["a", "b"], shapely.box([120.0], 29.0, 120.1, 29.1))
    with pytest.raises(InvalidCoordinateError, match="two equal lists"):
        index.lookup([120.0, 121.0], [29.0])
    with pytest.raises(InvalidCoordinateError, match=r"\(1,\) keys"):
        index.lookup_encoded(np.zeros(1, np.int64), [120.0, 121.0], [29.0, 29.0])


def test_keys_do_not_depend_on_the_index() -> None:
    ids, polygons = tessellation(5, 8, seed=7)
    lon, lat = points_for(polygons, 2_000, seed=8, hard_share=0.3)
    keys = GridIndex.encode(lon, lat)
    for kept in (slice(None), slice(3, 9)):
        index = GridIndex.build(ids[kept], polygons[kept])
        np.testing.assert_array_equal(index.lookup_encoded(keys, lon, lat), index.lookup(lon, lat))


def test_lookups_in_threads_agree() -> None:
    ids, polygons = tessellation(5, 8, seed=9)
    index = GridIndex.build(ids, polygons)
    lon, lat = points_for(polygons, 20_000, seed=10, hard_share=0.3)
    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(index.lookup, np.split(lon, 2), np.split(lat, 2)))
    np.testing.assert_array_equal(np.concatenate(halves), index.lookup(lon, lat))


def test_box_is_given_to_a_unit_only_where_that_unit_alone_covers_it() -> None:
    ids, polygons = tessellation(8, 16, seed=11)
    every = np.append(polygons, shapely.buffer(polygons[30], 0.001))
    index = GridIndex.build([*ids, "0"], every)
    lon, lat = points_for(every, 4_000, seed=12, hard_share=0.2)
    rng = np.random.default_rng(13)
    boxes = np.column_stack([lon, lat, lon + rng.uniform(0, 8e-4, 4_000), lat + rng.uniform(0, 8e-4, 4_000)])
    found = index.units_of_boxes(boxes)
    shapes = shapely.box(*boxes.T)
    meets = [np.flatnonzero(shapely.intersects(every, shape)) for shape in shapes]
    assert (found >= 0).mean() > 0.3
    assert (found == -1).any()
    for unit, shape, met in zip(found, shapes, meets, strict=True):
        if unit == -1:
            assert not len(met)
        elif unit >= 0:
            assert met.tolist() == [unit]
            assert shapely.covers(every[unit], shape)


def test_ids_come_back_as_text_and_none() -> None:
    index = GridIndex.build(["丽州-2", "丽州-1"], shapely.box([120.0, 120.1], 29.0, [120.1, 120.2], 29.1))
    found = locate_points(index, index.grid_ids, [120.1, 120.05, 7.0], [29.05, 29.05, 29.05])
    assert found.tolist() == ["丽州-1", "丽州-2", None]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[GridIndex, Path]:
    ids, polygons = tessellation(5, 8, seed=14)
    index = GridIndex.build(ids, polygons)
    index.save(tmp_path / "grid.points")
    return index, tmp_path / "grid.points"


def test_loaded_index_is_memory_mapped_and_answers_alike(saved: tuple[GridIndex, Path]) -> None:
    index, path = saved
    loaded = GridIndex.load(path)
    assert isinstance(loaded.raster.base, np.memmap)
    assert loaded.content_hash == index.content_hash
    lon, lat = points_for(index.geometries(), 5_000, seed=15, hard_share=0.3)
    np.testing.assert_array_equal(loaded.lookup(lon, lat), index.lookup(lon, lat))
    assert shapely.equals_exact(loaded.geometries(), index.geometries()).all()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_index_without_units_survives_the_disk(tmp_path: Path) -> None:
    GridIndex.build([], np.array([], dtype=object)).save(tmp_path / "empty")
    assert GridIndex.load(tmp_path / "empty").lookup([120.0], [29.0]).tolist() == [-1]


def test_content_hash_tells_ids_and_boundaries_apart() -> None:
    one, two = shapely.box([120.0], 29.0, 120.1, 29.1), shapely.box([120.0], 29.0, 120.1, 29.2)
    hashes = {GridIndex.build([name], shape).content_hash for name in "ab" for shape in (one, two)}
    assert len(hashes) == 4
    assert GridIndex.build(["a"], one).content_hash in hashes


@pytest.mark.parametrize("name", ["manifest.json", "raster.npy", "xy.npy", "runs.npy", "grid_ids.npy"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "missing", "emptied"])
def test_damaged_file_is_refused(saved: tuple[GridIndex, Path], name: str, damage: str) -> None:
    path = saved[1] / name
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    else:
        content[len(content) // 2] ^= 0x80
        path.write_bytes(bytes({"cut": content[:-3], "flipped": content, "emptied": b""}[damage]))
    with pytest.raises(DamagedLayerError, match=r"build it again|cannot be read"):
        GridIndex.load(saved[1])


def test_folder_of_another_format_is_refused(saved: tuple[GridIndex, Path]) -> None:
    manifest = json.loads((saved[1] / "manifest.json").read_text())
    (saved[1] / "manifest.json").write_text(json.dumps(manifest | {"format": 999}))
    with pytest.raises(DamagedLayerError, match="format 999"):
        GridIndex.load(saved[1])
    with pytest.raises(DamagedLayerError, match="cannot be read"):
        GridIndex.load(saved[1].parent / "nothing")


def test_saving_replaces_another_index_and_repairs_a_damaged_one(saved: tuple[GridIndex, Path]) -> None:
    index, path = saved
    held = GridIndex.load(path)
    other = GridIndex.build(["a"], shapely.box([120.0], 29.0, 120.1, 29.1))
    other.save(path)
    assert GridIndex.load(path).content_hash == other.content_hash
    assert held.lookup([119.81], [28.61]).tolist() == index.lookup([119.81], [28.61]).tolist()
    (path / "xy.npy").write_bytes(b"")
    index.save(path)
    assert GridIndex.load(path).content_hash == index.content_hash


@pytest.mark.parametrize("writes_before", [0, 1, 5, 12, 16])
def test_full_disk_leaves_the_old_index_in_force(
    saved: tuple[GridIndex, Path], monkeypatch: pytest.MonkeyPatch, writes_before: int
) -> None:
    index, path = saved
    other = GridIndex.build(["a"], shapely.box([120.0], 29.0, 120.1, 29.1))
    write, left = DurableFile.write, [writes_before]

    def write_until_full(file: DurableFile, content: bytes, /) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, content)

    monkeypatch.setattr(DurableFile, "write", write_until_full)
    with pytest.raises(StorageError, match="No space left"):
        other.save(path)
    monkeypatch.undo()
    assert GridIndex.load(path).content_hash == index.content_hash
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_report_names_what_overlaps() -> None:
    index = GridIndex.build(["a", "b"], shapely.box([120.0, 120.09], 29.0, [120.1, 120.2], 29.1))
    assert [(fault.kind, fault.grid_ids) for fault in index.report("EPSG:4549")] == [("overlap", ("a", "b"))]
