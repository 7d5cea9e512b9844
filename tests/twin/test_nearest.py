"""Distances against geodesics of PROJ, and the nearest against measuring everything."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from tests.twin.layer_samples import SOUTH, WEST, WIDTH, schema_of, shapes_of, table_of
from twin import _nearest
from twin.layer import Layer
from twin.ragged import Kind
from twin.search import boxes_within
from twin.view import LayerView

GEOD = Geod(ellps="WGS84")


@settings(max_examples=300, deadline=None)
@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-90, 90), st.floats(-60, 60))
def test_distance_is_the_geodesic_to_a_thousandth(lon: float, lat: float, east: float, north: float) -> None:
    other_lat = min(89.0, max(-89.0, lat + north))
    other_lon = (lon + east + 180.0) % 360.0 - 180.0
    expected = GEOD.inv(lon, lat, other_lon, other_lat)[2]
    assert _nearest.distance_m(lon, lat, other_lon, other_lat) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.floats(0, 360),
    st.floats(0.1, 5_000_000),
    st.floats(0, 0.999),
)
def test_boxes_hold_every_place_within_the_radius(
    lon: float, lat: float, azimuth: float, radius_m: float, share: float
) -> None:
    x, y, _ = GEOD.fwd(lon, lat, azimuth, radius_m * share)
    slack = 1e-9  # degrees, 0.1 mm: PROJ's own rounding
    assert any(
        box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack
        for box in boxes_within(lon, lat, radius_m)
    )


def view_of(kind: Kind, n: int) -> tuple[LayerView, np.ndarray]:
    shapes = shapes_of(kind, n)
    return LayerView(Layer.from_table(schema_of(kind), table_of(shapes))), shapes


@pytest.mark.parametrize("kind", ["point", "line", "polygon"])
def test_nearest_are_those_of_measuring_everything(kind: Kind) -> None:
    view, shapes = view_of(kind, 300)
    # A transverse Mercator with its meridian here is true to 1e-6 over 10 km: an independent metric plane.
    to_metres = Transformer.from_crs(
        "EPSG:4326", f"+proj=tmerc +lon_0={WEST + WIDTH / 2} +lat_0={SOUTH} +k=1 +ellps=WGS84", always_xy=True
    )
    flat = shapely.transform(shapes, to_metres.transform, interleaved=False)
    for lon, lat in np.random.default_rng(8).uniform((WEST, SOUTH), (WEST + WIDTH, SOUTH + WIDTH), (40, 2)):
        expected = shapely.distance(flat, shapely.Point(to_metres.transform(lon, lat)))
        positions, distances_m = view.nearest(lon, lat, k=5)
        codes = [int(code[1:]) for code in view.take(positions, ["code"])["code"].to_pylist()]
        assert distances_m == pytest.approx(np.sort(expected)[:5], rel=1e-3, abs=1e-3)
        assert expected[codes] == pytest.approx(distances_m, rel=1e-3, abs=1e-3)


def test_point_inside_a_polygon_is_no_distance_away_but_its_hole_is() -> None:
    ring = shapely.box(120.0, 29.0, 120.04, 29.04) - shapely.box(120.01, 29.01, 120.03, 29.03)
    view = LayerView(Layer.from_table(schema_of("polygon"), table_of(np.array([ring]))))
    assert view.nearest(120.005, 29.02)[1].tolist() == [0.0]
    (in_hole,) = view.nearest(120.02, 29.012)[1].tolist()
    assert in_hole == pytest.approx(GEOD.inv(120.02, 29.012, 120.02, 29.01)[2], rel=1e-3)


def test_farther_than_wanted_is_left_out() -> None:
    view, _ = view_of("point", 50)
    positions, distances_m = view.nearest(WEST, SOUTH, k=50, max_distance_m=4_000.0)
    everything, all_distances_m = view.nearest(WEST, SOUTH, k=50)
    assert len(everything) == 50
    near = all_distances_m <= 4_000.0
    assert 0 < near.sum() < 50
    assert np.array_equal(positions, everything[near])
    assert np.array_equal(distances_m, all_distances_m[near])


def test_nearest_is_found_from_the_other_side_of_the_earth() -> None:
    view, _ = view_of("point", 20)
    for lon, lat in ((-60.0, -28.0), (120.0, 89.9), (-179.9, 0.0), (0.0, -90.0)):
        positions, distances_m = view.nearest(lon, lat)
        x, y = view.layer.bounds[:2]
        expected = min(GEOD.inv(lon, lat, *point)[2] for point in zip(x, y, strict=True))
        assert len(positions) == 1
        assert distances_m[0] == pytest.approx(expected, rel=1e-3)


def test_nearest_is_found_across_the_antimeridian() -> None:
    points = shapely.points([[179.999, 0.0], [-179.9, 0.0], [170.0, 0.0]])
    view = LayerView(Layer.from_table(schema_of("point"), table_of(points)))
    positions, distances_m = view.nearest(-179.999, 0.0, k=2)
    assert view.take(positions, ["code"])["code"].to_pylist() == ["c0", "c1"]
    assert distances_m[0] == pytest.approx(GEOD.inv(-179.999, 0, 179.999, 0)[2], rel=1e-3)


def test_line_across_from_the_antimeridian_is_measured_the_short_way() -> None:
    line = shapely.LineString([(179.99, -0.01), (179.99, 0.01)])
    view = LayerView(Layer.from_table(schema_of("line"), table_of(np.array([line]))))
    (distance_m,) = view.nearest(-179.99, 0.0)[1].tolist()
    assert distance_m == pytest.approx(GEOD.inv(-179.99, 0, 179.99, 0)[2], rel=1e-3)


def test_equally_near_features_come_by_position() -> None:
    view = LayerView(Layer.from_table(schema_of("point"), table_of(shapely.points(np.full((5, 2), 29.0)))))
    assert view.nearest(29.0, 29.0, k=3)[0].tolist() == [0, 1, 2]


def test_empty_layer_has_nothing_near() -> None:
    view = LayerView(Layer.from_table(schema_of("point"), table_of(np.empty(0, dtype=object))))
    positions, distances_m = view.nearest(120.0, 29.0)
    assert len(positions) == len(distances_m) == 0
