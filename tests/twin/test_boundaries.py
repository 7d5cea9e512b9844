"""Faults of boundaries that were put there by hand, and none where there are none."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from tests.twin.tessellation import tessellation
from twin.boundaries import BoundaryFault, boundary_faults

CRS = "EPSG:4549"  # CGCS2000 3-degree zone, central meridian 120 E
BACK = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def in_degrees(*metres: shapely.Geometry) -> np.ndarray:
    """Return shapes given in metres of the working CRS, east and north of a corner in the town."""
    corner = np.array([500_000.0, 3_190_000.0])

    def place(xy: np.ndarray) -> np.ndarray:
        lon, lat = BACK.transform(*(xy + corner).T)
        return np.column_stack([lon, lat])

    return np.asarray(shapely.transform(np.array(metres, dtype=object), place))


def only(faults: tuple[BoundaryFault, ...]) -> BoundaryFault:
    assert len(faults) == 1, faults
    return faults[0]


def test_clean_tessellation_has_no_fault() -> None:
    ids, polygons = tessellation(8, 16, seed=1)
    assert boundary_faults(ids, polygons, CRS) == ()


def test_overlap_is_measured_and_named() -> None:
    shapes = in_degrees(shapely.box(0, 0, 100, 100), shapely.box(95, 0, 200, 100))
    fault = only(boundary_faults(["b", "a"], shapes, CRS))
    assert (fault.kind, fault.grid_ids) == ("overlap", ("a", "b"))
    assert fault.area_m2 == pytest.approx(500.0, abs=0.5)
    assert shapely.intersects_xy(shapes, fault.lon, fault.lat).all()


def test_unit_inside_another_is_an_overlap() -> None:
    shapes = in_degrees(shapely.box(0, 0, 100, 100), shapely.box(40, 40, 50, 50))
    fault = only(boundary_faults(["a", "b"], shapes, CRS))
    assert fault.kind == "overlap"
    assert fault.area_m2 == pytest.approx(100.0, abs=0.1)


def test_unit_delivered_twice_is_an_overlap() -> None:
    shapes = in_degrees(
        shapely.box(0, 0, 100, 100), shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)
    )
    fault = only(boundary_faults(["a", "b", "c"], shapes, CRS))
    assert (fault.kind, fault.grid_ids) == ("overlap", ("a", "b"))
    assert fault.area_m2 == pytest.approx(10_000.0, abs=5.0)


def test_hole_between_units_is_a_gap_and_names_all_around() -> None:
    left = shapely.Polygon([(0, 0), (100, 0), (100, 40), (90, 50), (100, 60), (100, 100), (0, 100)])
    right = shapely.Polygon([(100, 0), (200, 0), (200, 100), (100, 100), (100, 60), (110, 50), (100, 40)])
    fault = only(boundary_faults(["l", "r"], in_degrees(left, right), CRS))
    assert (fault.kind, fault.grid_ids) == ("gap", ("l", "r"))
    assert fault.area_m2 == pytest.approx(200.0, abs=0.2)


def test_narrow_slit_that_opens_to_the_outside_is_a_gap() -> None:
    shapes = in_degrees(shapely.box(0, 0, 100, 100), shapely.box(100.5, 0, 200, 100))
    fault = only(boundary_faults(["l", "r"], shapes, CRS))
    assert (fault.kind, fault.grid_ids) == ("gap", ("l", "r"))
    assert fault.area_m2 == pytest.approx(50.0, abs=1.0)
    assert not shapely.intersects_xy(shapes, fault.lon, fault.lat).any()


def test_wide_strip_between_units_and_slit_within_one_are_their_shape() -> None:
    apart = in_degrees(shapely.box(0, 0, 100, 100), shapely.box(105, 0, 200, 100))
    assert boundary_faults(["l", "r"], apart, CRS) == ()
    notched = shapely.box(0, 0, 100, 100) - shapely.box(50, 20, 50.5, 100)
    assert boundary_faults(["n"], in_degrees(notched), CRS) == ()


def test_unmatched_vertices_on_a_common_line_are_no_fault() -> None:
    left = shapely.box(120.0, 29.0, 120.01, 29.01)
    right = shapely.Polygon(
        [(120.01, 29.0), (120.02, 29.0), (120.02, 29.01), (120.01, 29.01), (120.01, 29.004)]
    )
    assert boundary_faults(["l", "r"], np.array([left, right]), CRS) == ()


def test_broken_and_empty_units_are_reported_with_the_reason() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    shapes = np.append(in_degrees(bow_tie), [None, shapely.MultiPolygon()])
    invalid, *empty = boundary_faults(["a", "b", "c"], shapes, CRS)
    assert (invalid.kind, invalid.grid_ids) == ("invalid", ("a",))
    assert "Self-intersection" in invalid.reason
    assert [(fault.kind, fault.grid_ids, fault.area_m2) for fault in empty] == [
        ("empty", ("b",), 0.0),
        ("empty", ("c",), 0.0),
    ]
    assert np.isnan(empty[0].lon)


def test_no_units_have_no_fault() -> None:
    assert boundary_faults([], np.array([], dtype=object), CRS) == ()


def test_faults_come_largest_first_and_areas_fit_the_ellipsoid() -> None:
    shapes = shapely.box([120.0, 120.009, 120.0195], 29.0, [120.01, 120.02, 120.03], 29.01)
    faults = boundary_faults(["a", "b", "c"], shapes, CRS)
    assert [fault.grid_ids for fault in faults] == [("a", "b"), ("b", "c")]
    on_ellipsoid, _ = Geod(ellps="WGS84").geometry_area_perimeter(shapely.box(120.009, 29.0, 120.01, 29.01))
    assert faults[0].area_m2 == pytest.approx(abs(on_ellipsoid), rel=1e-4)  # scale of the projection
