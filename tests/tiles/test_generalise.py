"""Simplification: within tolerance, the same for both sides of a border, and monotonic."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiles.town import ragged
from tiles.draw import draw_tile
from tiles.generalise import polygon_areas, vertex_zooms, zooms_by_area, zooms_by_rank
from tiles.matrix import GRID_BITS, tiles_of_bbox, world_of
from tiles.prepare import prepare
from tiles.rules import FULL_ZOOM, TOLERANCE_UNITS, LayerRules, is_drawn, rules_of
from twin.schema import DECLARED

PLACES = st.tuples(st.integers(-(10**7), 10**7), st.integers(-(10**7), 10**7))


def slow_kept(points: list[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    """Return what plain recursive Douglas-Peucker keeps, splitting at the first of the farthest vertices."""
    if len(points) < 3:
        return points
    chord = shapely.LineString([points[0], points[-1]])
    distances = [chord.distance(shapely.Point(point)) for point in points[1:-1]]
    middle = 1 + int(np.argmax(distances))
    if distances[middle - 1] < tolerance:
        return [points[0], points[-1]]
    return slow_kept(points[: middle + 1], tolerance)[:-1] + slow_kept(points[middle:], tolerance)


@given(st.lists(PLACES, min_size=2, max_size=30, unique=True), st.integers(0, FULL_ZOOM - 1))
def test_a_line_keeps_the_vertices_that_plain_douglas_peucker_keeps(line: list, z: int) -> None:
    xy = np.array(line)
    zooms = vertex_zooms(xy, np.array([0, len(xy)], np.int32), are_rings=False)
    tolerance = TOLERANCE_UNITS * 2.0 ** (GRID_BITS - 12 - z)
    assert [tuple(point) for point in xy[zooms <= z].tolist()] == slow_kept(line, tolerance)


def test_a_shared_border_loses_the_same_vertices_on_both_sides() -> None:
    rng = np.random.default_rng(5)
    border = np.column_stack([np.linspace(0, 1, 400), rng.normal(0, 0.004, 400).cumsum() / 10]) * 0.1 + [
        120,
        29,
    ]
    north, south = [(120.1, 29.1), (120, 29.1)], [(120.1, 28.9), (120, 28.9)]
    pair = np.array([shapely.Polygon([*border, *north]), shapely.Polygon([*south, *border])])
    geometry = ragged(pair)
    xy = world_of(geometry.coords)
    zooms = vertex_zooms(xy, geometry.offsets[0].astype(np.int32), are_rings=True)
    first, second = np.split(np.arange(len(xy)), [geometry.offsets[0][1]])
    for z in range(6, FULL_ZOOM):
        kept = [{tuple(place) for place in xy[rows][zooms[rows] <= z].tolist()} for rows in (first, second)]
        shared = {tuple(place) for place in world_of(border).tolist()}
        assert kept[0] & shared == kept[1] & shared
        assert len(kept[0] & shared) < len(shared)


def test_junctions_of_a_network_survive_every_zoom() -> None:
    lines = np.array(
        [shapely.LineString([(0, 0), (1e-6, 1e-7), (2e-6, 0)]), shapely.LineString([(1e-6, 1e-7), (1, 1)])]
    )
    geometry = ragged(lines, is_line=True)
    zooms = vertex_zooms(world_of(geometry.coords), geometry.offsets[0].astype(np.int32), are_rings=False)
    assert zooms.tolist() == [0, 0, 0, 0, 0]


@settings(deadline=None)
@given(st.integers(3, 60), st.integers(0, 2**32 - 1), st.integers(0, 59))
def test_a_ring_is_simplified_alike_wherever_it_starts(n: int, seed: int, start: int) -> None:
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False)
    radius = np.random.default_rng(seed).uniform(1e6, 2e7, n)
    ring = np.round(np.column_stack([np.cos(angles), np.sin(angles)]) * radius[:, None]).astype(np.int64)
    turned = np.roll(ring, start, axis=0)
    offsets = np.array([0, n + 1], np.int32)
    kept = [
        dict(
            zip(
                map(tuple, one.tolist()),
                vertex_zooms(np.vstack([one, one[:1]]), offsets, are_rings=True),
                strict=False,
            )
        )
        for one in (ring, turned, ring[::-1].copy())
    ]
    assert kept[0] == kept[1] == kept[2]


def test_areas_take_holes_off() -> None:
    square = shapely.box(0, 0, 0.01, 0.01)
    hole = shapely.box(0.002, 0.002, 0.004, 0.004)
    geometry = ragged(
        np.array([square, square - hole, shapely.MultiPolygon([square, shapely.box(1, 0, 1.01, 0.01)])])
    )
    xy = world_of(geometry.coords)
    areas = polygon_areas(xy, tuple(level.astype(np.int32) for level in geometry.offsets))
    assert areas / areas[0] == pytest.approx([1.0, 0.96, 2.0], rel=1e-6)


def test_an_area_shows_at_the_zoom_where_it_covers_four_pixels() -> None:
    unit = 2.0 ** (GRID_BITS - 12)
    at_z10 = np.array([255.9, 256.0, 257.0]) * (unit / 2**10) ** 2
    assert zooms_by_area(at_z10).tolist() == [11, 10, 10]


def test_roads_show_by_class_and_all_of_them_at_full_zoom() -> None:
    classes = pa.array(["motorway", "residential", "footway", None, "unheard_of"])
    assert zooms_by_rank(classes, rules_of(DECLARED["roads"])).tolist() == [5, 12, 14, 14, 14]
    assert zooms_by_rank(pa.array([20]), LayerRules(0, "level", {20: 19})).tolist() == [FULL_ZOOM]


def test_low_tiles_carry_style_properties_only_and_never_raw_tags() -> None:
    assert [is_drawn(column, 13) for column in ("class", "osm_id", "tags")] == [True, False, False]
    assert [is_drawn(column, 14) for column in ("class", "osm_id", "tags")] == [True, True, False]


def test_tiles_grow_more_detailed_with_zoom_and_count_what_they_leave_out() -> None:
    rng = np.random.default_rng(3)
    places = rng.uniform([120.0, 28.9], [120.2, 29.1], (300, 2))
    ponds = shapely.buffer(shapely.points(places), rng.uniform(2e-5, 2e-3, 300))
    layer = prepare(DECLARED["water"], ragged(ponds), np.arange(300), {})
    drawn = []
    for z in range(11, 15):
        x0, y0, x1, y1 = tiles_of_bbox((120.0, 28.9, 120.2, 29.1), z)
        tiles = [
            draw_tile([(layer, np.arange(300))], z, x, y, buffer=0)
            for x, y in itertools.product(range(x0, x1 + 1), range(y0, y1 + 1))
        ]
        drawn.append(sum(tile.n_features for tile in tiles))
        if len(tiles) == 1:
            assert tiles[0].n_features + tiles[0].n_dropped == 300
    assert drawn == sorted(drawn)
    assert drawn[-1] >= 300 > drawn[0] > 0
