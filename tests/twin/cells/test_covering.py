"""Covers are exact: against shapely on cell outlines, and point by point."""

from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.cells import Cover, boundaries, cells_of, cover, disk
from twin.errors import InvalidCellError, InvalidGeometryError

CELL = 0x8941945111BFFFF


def star(seed: int, lon: float, lat: float, radius_deg: float, n: int = 30) -> shapely.Polygon:
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, n))
    reach = radius_deg * rng.uniform(0.3, 1.0, n)
    ring = np.column_stack([lon + reach * np.cos(angles), lat + reach * np.sin(angles)])
    return shapely.make_valid(shapely.Polygon(ring))


def dense_outline(cell: int) -> shapely.Polygon:
    """Return the outline with great-circle edges, 32 chords each."""
    phi, lam = np.radians(h3.cell_to_boundary(cell)).T
    corners = np.column_stack([np.cos(lam) * np.cos(phi), np.sin(lam) * np.cos(phi), np.sin(phi)])
    t = np.linspace(0.0, 1.0, 32, endpoint=False)[:, None]
    chords = [a + t * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    x, y, z = np.concatenate(chords).T
    return shapely.Polygon(np.degrees(np.column_stack([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])))


def slow_cover(polygon: shapely.Geometry, resolution: int) -> Cover:
    """Classify every cell near the polygon's box by shapely."""
    xmin, ymin, xmax, ymax = polygon.bounds
    lon, lat = (xmin + xmax) / 2, (ymin + ymax) / 2
    edge_deg = h3.average_hexagon_edge_length(resolution, "km") / 111.0
    k = int(np.ceil(max(xmax - xmin, ymax - ymin) / edge_deg)) + 3
    cells = np.sort(h3.grid_disk(h3.latlng_to_cell(lat, lon, resolution), k))
    shapes = np.array([dense_outline(cell) for cell in cells.tolist()])
    covered = shapely.covers(polygon, shapes)
    return Cover(resolution, cells[covered], cells[shapely.intersects(polygon, shapes) & ~covered])


def assert_same(got: Cover, want: Cover) -> None:
    np.testing.assert_array_equal(got.interior, want.interior)
    np.testing.assert_array_equal(got.boundary, want.boundary)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("radius_deg", "resolution"), [(0.03, 9), (0.02, 10), (0.15, 7), (1.0, 5)])
def test_covers_of_stars_agree_with_shapely(seed: int, radius_deg: float, resolution: int) -> None:
    polygon = star(seed, 120.0 + seed, 29.0 - 4 * seed, radius_deg)
    assert_same(cover(polygon, resolution), slow_cover(polygon, resolution))


def test_covers_of_holes_and_several_parts_agree_with_shapely() -> None:
    ring = star(3, 120.0, 29.0, 0.05).difference(star(4, 120.0, 29.0, 0.02))
    parts = shapely.union_all([ring, star(5, 120.01, 29.0, 0.006), star(6, 120.07, 29.02, 0.01)])
    assert parts.geom_type == "MultiPolygon"
    assert_same(cover(parts, 9), slow_cover(parts, 9))
    assert_same(cover(parts, 8), slow_cover(parts, 8))


def test_slivers_and_polygons_smaller_than_a_cell_are_covered() -> None:
    speck = shapely.box(120.0, 29.0, 120.00001, 29.00001)
    found = cover(speck, 8)
    assert found.interior.size == 0
    assert found.boundary.tolist() == [h3.latlng_to_cell(29.000005, 120.000005, 8)]
    sliver = shapely.Polygon([(120.0, 29.0), (120.2, 29.1), (120.2, 29.1000001)])
    assert_same(cover(sliver, 9), slow_cover(sliver, 9))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(-179, 179), st.floats(-80, 80), st.integers(4, 11))
def test_points_of_interior_cells_are_inside_and_others_outside(
    seed: int, lon: float, lat: float, resolution: int
) -> None:
    radius_deg = 12.0 * h3.average_hexagon_edge_length(resolution, "km") / 111.0
    polygon = star(seed, lon, lat, min(radius_deg, 0.9))
    found = cover(polygon, resolution)
    xmin, ymin, xmax, ymax = polygon.bounds
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(xmin, xmax, 3000), rng.uniform(ymin, ymax, 3000)
    cells = cells_of(x, y, resolution)
    inside = shapely.intersects_xy(polygon, x, y)
    assert inside[np.isin(cells, found.interior)].all()
    assert not inside[~np.isin(cells, np.concatenate([found.interior, found.boundary]))].any()


def test_the_bulge_of_great_circle_edges_never_makes_an_interior_cell_wrong() -> None:
    """Points of a cell lie beyond its straight outline, so the outline's own cell is boundary."""
    (outline,) = boundaries([CELL])
    found = cover(outline, 9)
    assert found.interior.size == 0
    np.testing.assert_array_equal(found.boundary, disk(CELL, 1))
    grown = cover(shapely.buffer(outline, 1e-6), 9)
    assert grown.interior.tolist() == [CELL]


def test_covers_end_at_the_antimeridian_from_both_sides() -> None:
    for box in (shapely.box(179.0, -1.0, 180.0, 1.0), shapely.box(-180.0, -1.0, -179.0, 1.0)):
        found = cover(box, 5)
        seam = np.linspace(-0.9, 0.9, 200)
        at_seam: NDArray[np.uint64] = np.unique(cells_of(np.full(200, 180.0), seam, 5))
        assert np.isin(at_seam, found.boundary).all()
        rng = np.random.default_rng(1)
        cells = cells_of(rng.uniform(box.bounds[0], box.bounds[2], 5000), rng.uniform(-1, 1, 5000), 5)
        assert np.isin(cells, np.concatenate([found.interior, found.boundary])).all()


def test_a_belt_of_a_quarter_of_the_globe_is_covered() -> None:
    found = cover(shapely.box(60.0, -5.0, 150.0, 5.0), 3)
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(62, 148, 20_000), rng.uniform(-9, 9, 20_000)
    cells = cells_of(lon, lat, 3)
    assert (np.abs(lat[np.isin(cells, found.interior)]) < 5).all()
    assert (np.abs(lat[~np.isin(cells, np.concatenate([found.interior, found.boundary]))]) > 5).all()


@pytest.mark.parametrize(
    ("polygon", "reason"),
    [
        (shapely.Polygon(), "not empty"),
        (shapely.Point(120, 30), "wanted a polygon"),
        (shapely.Polygon([(120, 30), (121, 31), (121, 30), (120, 31)]), "Self-intersection"),
        (shapely.box(500_000, 3_200_000, 500_100, 3_200_100), "lat -85..85"),
        (shapely.box(0, 84, 1, 86), "lat -85..85"),
        (shapely.box(0, 0, 91, 1), "91.0 degrees wide"),
    ],
)
def test_what_cannot_be_covered_exactly_is_refused(polygon: shapely.Geometry, reason: str) -> None:
    with pytest.raises(InvalidGeometryError, match=reason):
        cover(polygon, 9)


def test_a_polygon_with_a_missing_coordinate_is_refused() -> None:
    with np.errstate(invalid="ignore"):
        polygon = shapely.from_wkt("POLYGON ((120 30, 121 30, 121 NaN, 120 30))")
    with pytest.raises(InvalidGeometryError, match="not valid"):
        cover(polygon, 9)


def test_an_impossible_resolution_is_refused() -> None:
    with pytest.raises(InvalidCellError):
        cover(shapely.box(120, 30, 121, 31), 16)
