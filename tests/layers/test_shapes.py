"""Shapes come out of one family, flat, finite and valid, or their row is rejected."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers.ledger import RowLedger
from layers.shapes import cleaned, family_of, moved, point_wkb, shapes_of_wkt
from twin.schema import Geometry


def clean(family: Geometry, *wkt: str | None) -> tuple[list[str | None], dict[int, str]]:
    shapes = np.array([None if text is None else shapely.from_wkt(text) for text in wkt], dtype=object)
    ledger = RowLedger(np.arange(1, len(shapes) + 1))
    found = cleaned(shapes, family, "geometry", ledger)
    texts = [None if shape is None else shape.wkt for shape in found]
    return texts, {item.row: item.reason for item in ledger.report("a", "").rejections}


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)) | st.none(), max_size=20))
def test_points_are_written_as_shapely_writes_them(points: list[tuple[float, float] | None]) -> None:
    xy = np.array([point or (np.nan, np.nan) for point in points], dtype=float).reshape(-1, 2)
    wkb = point_wkb(xy[:, 0].copy(), xy[:, 1].copy())
    wkb.validate(full=True)
    assert wkb.to_pylist() == [
        None if point is None else shapely.to_wkb(shapely.Point(point)) for point in points
    ]


def test_family_is_that_of_most() -> None:
    shapes = shapely.from_wkt(["POINT (1 1)", "LINESTRING (0 0, 1 1)", "MULTILINESTRING ((0 0, 1 1))", None])
    assert family_of(shapes) == "line"
    assert family_of(np.array([None], dtype=object)) == "none"


def test_heights_are_dropped_and_collections_of_one_kind_become_one_shape() -> None:
    texts, said = clean(
        "line",
        "LINESTRING Z (0 0 1, 1 1 2)",
        "GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1), GEOMETRYCOLLECTION (LINESTRING (2 2, 3 3)))",
        "GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1), POINT (5 5))",
        "LINESTRING (1 1, 1 1)",
        "LINESTRING EMPTY",
    )
    assert texts == ["LINESTRING (0 0, 1 1)", "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))", None, None, None]
    assert said[3].startswith("is no line")
    assert said[4] == "is no line: row rejected"
    assert 5 not in said  # having no shape is judged with the place


def test_points_stand_alone() -> None:
    texts, said = clean(
        "point", "MULTIPOINT ((1 2))", "MULTIPOINT ((1 2), (3 4))", "POLYGON ((0 0, 1 0, 1 1, 0 0))", None
    )
    assert texts == ["POINT (1 2)", None, None, None]
    assert sorted(said) == [2, 3]


def test_polygons_stay_as_they_were_drawn_where_nobody_may_repair_them() -> None:
    bow = shapely.from_wkt(["POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"])
    ledger = RowLedger(np.array([1]))
    assert cleaned(bow, "polygon", "geometry", ledger, repairs=False)[0].equals_exact(bow[0], 0.0)
    assert not shapely.is_valid(bow[0])
    assert ledger.report("a", "").rejections == ()


def test_infinite_vertices_are_rejected() -> None:
    shapes = shapely.from_wkt(["LINESTRING (0 0, 1 1)"] * 2)
    shapes = shapely.set_coordinates(shapes, np.array([[0, 0], [np.nan, 1], [0, 0], [np.inf, 1]]))
    ledger = RowLedger(np.array([1, 2]))
    cleaned(shapes, "line", "geometry", ledger)
    assert ledger.n_taken == 0


def test_self_crossing_polygon_keeps_its_area_and_is_spoken_of() -> None:
    """A bow tie over the unit square encloses two triangles of a quarter each."""
    texts, said = clean("polygon", "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "POLYGON ((0 0, 1 1, 2 2, 0 0))")
    assert shapely.from_wkt(texts[0]).area == pytest.approx(0.5)
    assert said == {1: "was no valid polygon: repaired", 2: "encloses no area: row rejected"}


def test_every_vertex_is_moved_and_nothing_else() -> None:
    shapes = np.array([shapely.box(0, 0, 1, 1), None, shapely.Point(5, 6)], dtype=object)
    there = moved(shapes, lambda x, y: (y + 10, x))
    assert [None if shape is None else shape.bounds for shape in there] == [
        (10, 0, 11, 1),
        None,
        (16, 5, 16, 5),
    ]
    assert shapes[2].x == 5


def test_text_that_is_no_geometry_is_kept_for_the_report() -> None:
    shapes, unread, crs = shapes_of_wkt(
        pa.array(["SRID=4528;POINT (1 2)", "SRID=4549;POINT (1 2)", "POINT", None])
    )
    assert [None if shape is None else shape.wkt for shape in shapes] == [
        "POINT (1 2)",
        "POINT (1 2)",
        None,
        None,
    ]
    assert unread.tolist() == [None, None, "POINT", None]
    assert crs == ""
