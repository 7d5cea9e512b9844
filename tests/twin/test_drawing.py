"""Faults of a drawing, placed and measured, against shapely and pyproj by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
import shapely
from pyproj import Transformer

from tests.twin.squares import COMMUNITIES, SIDE, WEST, drawing, grid_id, grid_table, point, square
from twin.drawing import Drawing, DrawingFault, drawing_faults
from twin.errors import InvalidGeometryError
from twin.layer import Layer
from twin.schema import DECLARED
from twin.view import LayerView

CRS = "EPSG:4549"
A, B, C = grid_id(0, 0), grid_id(1, 0), grid_id(1, 1)
METRES = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
STEP_M = 970.0
"""A step of the squares from west to east is about so long at 28.8 N, m."""


def area_m2(shape: shapely.Geometry) -> float:
    return float(shapely.area(shapely.transform(shape, METRES.transform, interleaved=False)))


@pytest.fixture(scope="module")
def grid() -> LayerView:
    return LayerView(Layer.from_table(DECLARED["grid"], grid_table()))


def faults(grid: LayerView, units: pa.Table, **options: object) -> tuple[DrawingFault, ...]:
    is_whole = bool(options.pop("is_whole", False))
    return drawing_faults(Drawing.of(grid, units, is_whole=is_whole), CRS, **options)  # type: ignore[arg-type]  # of the test


def said(found: Sequence[DrawingFault]) -> list[tuple[str, tuple[str, ...]]]:
    return [(fault.kind, fault.grid_ids) for fault in found]


def test_moved_border_is_no_fault(grid: LayerView) -> None:
    assert faults(grid, drawing({A: square(0, 0, 1.3), B: square(1.3, 0, 0.7)})) == ()


def test_grid_as_it_stands_is_no_fault_and_changes_nothing(grid: LayerView) -> None:
    whole = Drawing.of(grid, grid_table(), is_whole=True)
    assert not whole.is_changed.any()
    assert drawing_faults(whole, CRS) == ()


def test_overlap_is_measured_and_placed(grid: LayerView) -> None:
    (fault,) = faults(grid, drawing({A: square(0, 0, 1.25)}))
    assert (fault.kind, fault.grid_ids) == ("overlap", (A, B))
    shared = square(1, 0, 0.25)
    assert fault.area_m2 == pytest.approx(area_m2(shared), rel=1e-9)
    assert shared.contains(shapely.Point(fault.lon, fault.lat))


def test_place_that_is_left_is_a_gap(grid: LayerView) -> None:
    (fault,) = faults(grid, drawing({B: square(1, 0, 0.5)}))
    assert fault.kind == "gap"
    assert B in fault.grid_ids
    assert grid_id(2, 0) in fault.grid_ids
    assert fault.area_m2 == pytest.approx(area_m2(square(1.5, 0, 0.5)), rel=1e-9)
    assert square(1.5, 0, 0.5).contains(shapely.Point(fault.lon, fault.lat))


def test_gap_and_overlap_of_one_drawing_are_both_found(grid: LayerView) -> None:
    found = faults(grid, drawing({B: square(1.5, 0, 1)}))
    assert sorted(fault.kind for fault in found) == ["gap", "overlap"]


def test_new_hole_between_units_is_a_gap(grid: LayerView) -> None:
    # Beyond the edge of the grid in the south: three new units around a yard that nobody has drawn.
    new = {"x": square(0, -2, 1, 2), "y": square(2, -2, 1, 2), "z": square(1, -2, 1, 1)}
    (fault,) = faults(grid, drawing(new))
    assert fault.kind == "gap"
    assert fault.area_m2 == pytest.approx(area_m2(square(1, -1)), rel=1e-9)
    assert set(fault.grid_ids) >= {"x", "y", "z", B}


def test_hole_that_stood_before_is_not_said_again() -> None:
    table = grid_table()
    holed = table.filter(pa.array([one != C for one in table["grid_id"].to_pylist()]))
    grid = LayerView(Layer.from_table(DECLARED["grid"], holed))
    assert faults(grid, drawing({A: square(0, 0, 1.3), B: square(1.3, 0, 0.7)})) == ()
    found = faults(grid, drawing({B: square(1, 0, 1, 0.8)}))
    assert [fault.kind for fault in found] == ["gap"]
    assert found[0].area_m2 == pytest.approx(area_m2(square(1, 0.8, 1, 0.2)), rel=1e-6)


@pytest.mark.parametrize(("border", "kind"), [(1.001, "overlap"), (0.999, "gap")])
def test_thin_overlaps_and_gaps_are_slivers_with_their_width(
    grid: LayerView, border: float, kind: str
) -> None:
    (fault,) = faults(grid, drawing({A: square(0, 0, border)}))
    assert fault.kind == "sliver"
    assert kind in fault.reason
    assert fault.width_m == pytest.approx(0.001 * STEP_M, rel=0.02)
    assert fault.area_m2 > 500


def test_faults_below_the_tolerance_are_rounding(grid: LayerView) -> None:
    assert faults(grid, drawing({A: square(0, 0, 1 + 1e-7)})) == ()
    units = drawing({A: square(0, 0, 1.001)})
    assert faults(grid, units, tolerance_m2=2_000.0) == ()
    assert len(faults(grid, units, tolerance_m2=500.0)) == 1


def test_detached_thin_part_of_a_unit_is_a_sliver(grid: LayerView) -> None:
    strip = square(1, 0, 0.001)
    shapes = {A: shapely.MultiPolygon([square(0, 0, 0.9), strip]), B: square(1.001, 0, 0.999)}
    kinds = {(fault.kind, fault.grid_ids) for fault in faults(grid, drawing(shapes))}
    assert ("sliver", (A,)) in kinds


def test_broken_and_missing_boundaries_are_said(grid: LayerView) -> None:
    bow = shapely.Polygon([(WEST, 28.8), (WEST + 0.01, 28.81), (WEST + 0.01, 28.8), (WEST, 28.81)])
    kinds = [fault.kind for fault in faults(grid, drawing({A: bow, B: None}))]
    assert "invalid" in kinds
    assert "empty" in kinds
    with pytest.raises(InvalidGeometryError, match="is a Point"):
        Drawing.of(grid, drawing({A: point(0, 0)}))


def test_what_reaches_beyond_the_boundary_of_the_city_is_outside(grid: LayerView) -> None:
    outline = square(0, 0, SIDE, SIDE)
    units = drawing({"x": square(-1, 0), A: square(0, 0)})
    assert said(faults(grid, units, outline=outline)) == [("outside", ("x",))]
    assert faults(grid, units) == ()
    (fault,) = faults(grid, drawing({A: square(-0.5, 0, 1.5)}), outline=outline)
    assert fault.area_m2 == pytest.approx(area_m2(square(-0.5, 0, 0.5)), rel=1e-9)


def test_unit_that_is_not_drawn_or_is_covered_vanishes(grid: LayerView) -> None:
    table = grid_table()
    less = table.filter(pa.array([one != C for one in table["grid_id"].to_pylist()]))
    found = faults(grid, less, is_whole=True)
    assert ("vanishes", (C,)) in said(found)
    assert any(fault.kind == "gap" for fault in found)
    assert faults(grid, less) == (), "what a part of the grid leaves out stays as it is"
    found = faults(grid, drawing({A: square(0, 0, 2)}))
    assert said(found)[0][0] in {"overlap", "vanishes"}
    assert {kind for kind, _ in said(found)} == {"overlap", "vanishes"}


def test_properties_that_do_not_come_stay(grid: LayerView) -> None:
    units = drawing({A: square(0, 0), "x": square(-1, 0)}, name=[None, "新网格"])
    made = Drawing.of(grid, units)
    rows = dict(zip(made.grid_ids.tolist(), made.properties.to_pylist(), strict=True))
    assert rows[A]["community_code"] == COMMUNITIES[0]
    assert rows[A]["name"] is not None
    assert rows["x"]["name"] == "新网格"
    assert made.is_changed[made.grid_ids == A].tolist() == [False]
    assert made.feature_ids[made.grid_ids == "x"].tolist() == [-1]


def test_every_fault_of_a_random_drawing_is_where_shapely_finds_it(grid: LayerView) -> None:
    rng = np.random.default_rng(7)
    for _ in range(5):
        column, row = (int(value) for value in rng.integers(1, SIDE - 1, 2))
        shape = shapely.affinity.translate(square(column, row), *rng.uniform(-0.004, 0.004, 2))
        others = {
            grid_id(i, j): square(i, j) for i in range(SIDE) for j in range(SIDE) if (i, j) != (column, row)
        }
        found = faults(grid, drawing({grid_id(column, row): shape}))
        overlap = sum(area_m2(shape.intersection(other)) for other in others.values())
        left = square(column, row).difference(shape)
        # Degrees and metres bend edges differently by some 1e-7 of an area.
        kinds = ("overlap", "sliver"), ("gap", "sliver")
        both = sum(fault.area_m2 for fault in found if fault.kind in {*kinds[0], *kinds[1]})
        assert both == pytest.approx(overlap + area_m2(left), rel=1e-5)
