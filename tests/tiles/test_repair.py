"""Repair: whatever the rings do, a valid polygon on whole units that covers the same ground."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tiles.repair import RaggedRings, repaired

SHIFT = 10
FRAME = np.array([14, 0, 0, SHIFT, -64 << SHIFT, 4160 << SHIFT])
RINGS = st.lists(
    st.tuples(st.integers(-300_000, 300_000), st.integers(-300_000, 300_000)), min_size=3, max_size=12
)


def feature_of(ring: list[tuple[int, int]]) -> RaggedRings:
    closed = np.array([*ring, ring[0]])
    return RaggedRings(closed, np.array([0, len(closed)]), np.array([0, 1]))


def polygons_of(rings: list[np.ndarray]) -> shapely.MultiPolygon:
    """Return drawn rings as shells and holes by the sign of their area, y down."""
    polygons: list[list[np.ndarray]] = []
    for ring in rings:
        x, y = ring.astype(np.int64).T
        if np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0:
            polygons.append([ring])
        else:
            polygons[-1].append(ring)
    return shapely.MultiPolygon([(one[0], one[1:]) for one in polygons])


@settings(deadline=None, max_examples=200)
@given(RINGS)
def test_any_ring_becomes_valid_close_to_its_ground(ring: list[tuple[int, int]]) -> None:
    made = polygons_of(repaired(feature_of(ring), FRAME, keep_small=True))
    assert made.is_valid
    exact = shapely.make_valid(shapely.Polygon(np.array(ring) / 2**SHIFT), method="structure")
    exact = exact & shapely.box(-64, -64, 4160, 4160)
    if exact.is_empty:
        assert made.is_empty
    else:
        lines = (
            shapely.boundary(exact) if exact.area else exact
        )  # rounding moves them by 0.7, a speck grows by 1.4
        assert (made ^ exact).difference(lines.buffer(2.3)).area < 1e-6


def test_what_collapses_is_drawn_as_one_unit_only_if_small_things_are_kept() -> None:
    speck = feature_of([(1000, 1000), (1100, 1000), (1100, 1100)])
    assert repaired(speck, FRAME, keep_small=False) == []
    assert polygons_of(repaired(speck, FRAME, keep_small=True)).area == 1.0


def test_what_lies_outside_the_box_is_not_drawn() -> None:
    outside = feature_of([(-(1 << 30), 0), (-(1 << 29), 0), (-(1 << 29), 5000)])
    assert repaired(outside, FRAME, keep_small=True) == []
