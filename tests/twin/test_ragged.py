"""Ragged geometry against shapely."""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
import pytest
import shapely
from numpy.typing import NDArray

from tests.twin.layer_samples import shapes_of
from twin.errors import InvalidGeometryError
from twin.ragged import Kind, RaggedGeometry, read_wkb

KINDS: tuple[Kind, ...] = ("point", "line", "polygon")


def wkb_of(shapes: NDArray[np.object_], chunk_rows: int = 17) -> pa.ChunkedArray:
    whole = pa.array(shapely.to_wkb(shapes), pa.binary())
    return pa.chunked_array([whole[start : start + chunk_rows] for start in range(0, len(whole), chunk_rows)])


@pytest.mark.parametrize("kind", KINDS)
def test_wkb_comes_back_as_it_went_in(kind: Kind) -> None:
    shapes = shapes_of(kind, 60)
    geometry, rows = read_wkb(wkb_of(shapes), kind)
    assert rows.tolist() == list(range(60))
    assert shapely.equals_exact(geometry.to_shapely(), shapes).all()
    assert shapely.equals_exact(shapely.from_wkb(geometry.to_wkb().to_pylist()), shapes).all()


@pytest.mark.parametrize("kind", ["line", "polygon"])
def test_arrays_are_those_of_shapely(kind: Kind) -> None:
    shapes = shapes_of(kind, 60)
    _, coords, offsets = shapely.to_ragged_array(shapes)
    geometry, _ = read_wkb(wkb_of(shapes), kind)
    assert np.array_equal(geometry.coords, coords)
    for ours, theirs in zip(geometry.offsets, offsets or (), strict=True):
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_arrow_array_shares_its_memory_and_returns_the_same(kind: Kind) -> None:
    geometry, _ = read_wkb(wkb_of(shapes_of(kind, 40)), kind)
    geometry = geometry.with_unplaced(43)
    column = geometry.to_arrow()
    again = RaggedGeometry.from_arrow(kind, column)
    before = pa.total_allocated_bytes()
    assert np.shares_memory(again.coords, RaggedGeometry.from_arrow(kind, column).coords)
    assert pa.total_allocated_bytes() == before
    assert len(again) == 43
    assert shapely.equals_exact(again.to_shapely()[:40], geometry.to_shapely()[:40]).all()
    assert again.to_shapely()[40:].tolist() == [None, None, None]
    assert again.to_wkb().null_count == 3


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_are_those_of_shapely(kind: Kind) -> None:
    shapes = shapes_of(kind, 60)
    geometry, _ = read_wkb(wkb_of(shapes), kind)
    assert np.array_equal(np.column_stack(geometry.bounds()), shapely.bounds(shapes))
    assert np.isnan(np.column_stack(geometry.with_unplaced(61).bounds())[60]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_taken_rows_are_the_same_shapes(kind: Kind) -> None:
    shapes = shapes_of(kind, 30)
    geometry, _ = read_wkb(wkb_of(shapes), kind)
    rows = np.array([29, 0, 0, 13, 7])
    assert shapely.equals_exact(geometry.take(rows).to_shapely(), shapes[rows]).all()
    assert len(geometry.take(np.empty(0, np.int64))) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_representative_point_lies_on_its_shape(kind: Kind) -> None:
    shapes = shapes_of(kind, 200)
    geometry, _ = read_wkb(wkb_of(shapes), kind)
    points = geometry.representative_points()
    assert (
        shapely.distance(shapely.points(points), shapes).max() <= 1e-12
    )  # degrees: rounding of one division


def test_representative_point_avoids_a_hole_in_the_middle() -> None:
    ring = shapely.box(0, 0, 4, 4) - shapely.box(1, 1, 3, 3)
    geometry, _ = read_wkb(wkb_of(np.array([ring])), "polygon")
    assert shapely.contains_properly(ring, shapely.Point(geometry.representative_points()[0]))


def test_polygon_without_area_is_represented_by_a_vertex() -> None:
    flat = shapely.Polygon([(1, 1), (2, 1), (3, 1), (1, 1)])
    geometry, _ = read_wkb(wkb_of(np.array([flat])), "polygon")
    assert geometry.representative_points().tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("kind", KINDS)
def test_null_and_empty_geometries_are_without_place(kind: Kind) -> None:
    shapes = shapes_of(kind, 4)
    empty = {"point": shapely.Point(), "line": shapely.LineString(), "polygon": shapely.Polygon()}[kind]
    mixed = np.array([None, shapes[0], empty, shapes[1], None], dtype=object)
    geometry, rows = read_wkb(wkb_of(mixed), kind)
    assert rows.tolist() == [1, 3]
    assert shapely.equals_exact(geometry.to_shapely(), shapes[:2]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_column_of_nulls_alone_has_no_place(kind: Kind) -> None:
    geometry, rows = read_wkb(pa.chunked_array([pa.nulls(3, pa.binary())]), kind)
    assert len(geometry) == len(rows) == 0
    geometry, rows = read_wkb(pa.chunked_array([], pa.binary()), kind)
    assert len(geometry.with_unplaced(2)) == 2


def test_points_written_otherwise_are_read_alike() -> None:
    points = shapes_of("point", 9)
    plain, _ = read_wkb(wkb_of(points), "point")
    for wkb in (
        shapely.to_wkb(points, byte_order=0),
        shapely.to_wkb(shapely.force_3d(points, 5.0)),
        shapely.to_wkb(shapely.set_srid(points, 4326), include_srid=True),
        shapely.to_wkb(shapely.multipoints(points[:, None])),
    ):
        geometry, _ = read_wkb(pa.chunked_array([pa.array(wkb, pa.large_binary())]), "point")
        assert np.array_equal(geometry.coords, plain.coords)


def test_heights_of_lines_are_dropped() -> None:
    lines = shapes_of("line", 5)
    geometry, _ = read_wkb(wkb_of(shapely.force_3d(lines, 7.0)), "line")
    assert shapely.equals_exact(geometry.to_shapely(), lines).all()


def test_slice_of_a_column_reads_its_own_rows() -> None:
    points = shapes_of("point", 9)
    geometry, _ = read_wkb(
        pa.chunked_array([pa.array(shapely.to_wkb(points), pa.binary()).slice(4, 3)]), "point"
    )
    assert shapely.equals_exact(geometry.to_shapely(), points[4:7]).all()


def test_error_names_the_first_wrong_row() -> None:
    points = shapes_of("point", 20)
    wrong = points.copy()
    wrong[18] = shapely.LineString([(120, 29), (121, 29)])
    with pytest.raises(InvalidGeometryError, match="row 18: a LineString came, the layer holds points"):
        read_wkb(wkb_of(wrong), "point")
    wrong[18] = shapely.MultiPoint([(120, 29), (121, 29)])
    with pytest.raises(InvalidGeometryError, match="row 18: a MultiPoint of several points"):
        read_wkb(wkb_of(wrong), "point")
    wrong[18] = shapely.Point(29, 120)
    with pytest.raises(InvalidGeometryError, match=r"row 18: coordinates \(29.0, 120.0\)"):
        read_wkb(wkb_of(wrong), "point")
    wrong[18] = shapely.Point(np.inf, 20)
    with pytest.raises(InvalidGeometryError, match="row 18"):
        read_wkb(wkb_of(wrong), "point")
    wkb = [shapely.to_wkb(point) for point in points]
    wkb[18] = b"\x01\x02\x00"
    with pytest.raises(InvalidGeometryError, match="row 18: the geometry is not valid WKB"):
        read_wkb(pa.chunked_array([pa.array(wkb[:10]), pa.array(wkb[10:])]), "point")


def test_nan_in_a_line_is_refused() -> None:
    wkb = [shapely.to_wkb(line) for line in shapes_of("line", 3)]
    wkb[1] = wkb[1][:-8] + struct.pack("<d", np.nan)
    with pytest.raises(InvalidGeometryError, match="row 1"):
        read_wkb(pa.chunked_array([wkb]), "line")
