"""Counts, plans and speeds of the generator on towns small enough to reason about."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString

from sample_data.generator import traffic
from sample_data.generator.restrictions import Restriction
from sample_data.generator.roadmap import FIRST_NODE_ID, RoadMap, Way

POINTS = [(0, 0), (300, 0), (-300, 0), (600, 0), (0, 300), (0, -300), (300, 300), (300, -300)]
"""Two crossings at 0 and 300 m on a road from west to east, with an arm to the north and the south each."""
STRETCHES = [(2, 0), (0, 1), (1, 3), (4, 0), (0, 5), (6, 1), (1, 7)]
WEST, MIDDLE, EAST, NORTH, SOUTH = 1, 2, 3, 4, 5
FIRST, SECOND = FIRST_NODE_ID, FIRST_NODE_ID + 1


def town() -> RoadMap:
    tags = {"highway": "secondary", "name": "人民路", "lanes": "4", "maxspeed": "50"}
    ways = tuple(
        Way(i + 1, (FIRST_NODE_ID + a, FIRST_NODE_ID + b), tags, 300.0) for i, (a, b) in enumerate(STRETCHES)
    )
    return RoadMap(np.array(POINTS, float), ways, (FIRST, SECOND), {})


def moves(node: int = FIRST) -> dict[tuple[int, int], traffic.Movement]:
    rows = traffic.movements_at(town(), (), [node])[node]
    return {(one.came.way_id, one.goes.way_id): one for one in rows}


def day(rules: tuple[Restriction, ...] = ()) -> traffic.Trips:
    arcs = traffic.arcs_of(town(), rules)
    even = np.ones(len(np.unique(arcs.head)))
    return traffic.drive(arcs, even, even, 4000, 30, np.random.default_rng(5))


def test_turns_have_the_sign_of_their_side() -> None:
    at = moves()
    assert at[WEST, NORTH].turn_deg == pytest.approx(90)
    assert at[WEST, SOUTH].turn_deg == pytest.approx(-90)
    assert at[WEST, MIDDLE].turn_deg == pytest.approx(0, abs=1e-9)
    assert len(at) == 12  # 4 arms, 3 ways on from each


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((WEST, MIDDLE), (MIDDLE, WEST), False),  # straight on against straight on
        ((WEST, NORTH), (MIDDLE, SOUTH), False),  # left turns pass in front of one another
        ((WEST, NORTH), (MIDDLE, WEST), True),  # left across oncoming traffic
        ((WEST, MIDDLE), (NORTH, SOUTH), True),  # roads that cross
        ((WEST, SOUTH), (NORTH, SOUTH), True),  # same arm to leave by
        ((WEST, SOUTH), (MIDDLE, NORTH), False),  # right turns on opposite corners
        ((WEST, NORTH), (WEST, MIDDLE), False),  # same approach
    ],
)
def test_conflicts_are_those_of_right_hand_traffic(
    one: tuple[int, int], other: tuple[int, int], expected: bool
) -> None:
    at = moves()
    assert traffic.conflict(at[one], at[other]) is expected
    assert traffic.conflict(at[other], at[one]) is expected


def test_conflicts_agree_with_paths_drawn_through_the_junction() -> None:
    bearing = {WEST: 180.0, MIDDLE: 0.0, NORTH: 90.0, SOUTH: 270.0}
    paths = {}
    for came, goes in moves():
        angles = np.radians(
            [bearing[came] + 8, bearing[goes] - 8]
        )  # on the right of the arm, inward, outward
        paths[came, goes] = LineString(np.column_stack([np.cos(angles), np.sin(angles)]))
    for (a, one), (b, other) in combinations(moves().items(), 2):
        meet = a[0] != b[0] and (a[1] == b[1] or paths[a].intersects(paths[b]))
        assert traffic.conflict(one, other) == meet, (a, b)


@given(st.lists(st.floats(0, 2000), min_size=12, max_size=12))
def test_phases_hold_every_movement_once_and_no_conflict(flows: list[float]) -> None:
    rows = list(moves().values())
    weight = {one.key: flow for one, flow in zip(rows, flows, strict=True)}
    phases = traffic.phases_of(rows, weight)
    assert sorted(one.key for phase in phases for one in phase) == sorted(one.key for one in rows)
    assert not any(traffic.conflict(a, b) for phase in phases for a, b in combinations(phase, 2))


@given(st.lists(st.floats(0.01, 1.5), min_size=1, max_size=6))
def test_greens_and_clearances_fill_the_cycle(loads: list[float]) -> None:
    shares = np.array(loads)
    cycle_s = traffic._cycle_s(shares)
    greens_s = traffic._greens_s(shares, cycle_s)
    assert greens_s.sum() + traffic.CLEARANCE_S * len(loads) == cycle_s
    assert greens_s.min() >= traffic.MIN_GREEN_S


def test_what_leaves_one_junction_arrives_at_the_next() -> None:
    at = traffic.movements_at(town(), (), town().signals)
    counts = traffic.turning_counts(town(), at, day())
    left = np.sum([n for (node, _, goes), n in counts.items() if node == FIRST and goes == MIDDLE], axis=0)
    arrived = np.sum(
        [n for (node, came, _), n in counts.items() if node == SECOND and came == MIDDLE], axis=0
    )
    trips = day()
    eastward = int(np.flatnonzero((trips.arcs.tail == FIRST) & (trips.arcs.head == SECOND))[0])
    here = trips.on_arc[eastward]
    into = trips.on_turn[trips.arcs.turn_to == eastward].sum(axis=0)
    onward = trips.on_turn[trips.arcs.turn_from == eastward].sum(axis=0)
    assert np.array_equal(left, into)
    assert np.array_equal(arrived, onward)
    began, ended = here - into, here - onward
    assert began.min() >= 0
    assert ended.min() >= 0
    assert left.sum() > 100


def test_every_trip_begins_once_and_ends_once() -> None:
    trips = day()
    arcs = trips.arcs
    total = trips.on_arc.sum()
    assert total - trips.on_turn.sum() == 4000
    assert trips.on_turn.shape == (len(arcs.turn_from), 24)


def test_forbidden_turn_is_never_driven() -> None:
    rule = Restriction("no_left_turn", WEST, FIRST, NORTH)
    arcs = traffic.arcs_of(town(), (rule,))
    ids = np.array([way.way_id for way in town().ways])[arcs.way]
    pairs = set(zip(ids[arcs.turn_from].tolist(), ids[arcs.turn_to].tolist(), strict=True))
    assert (WEST, NORTH) not in pairs
    assert (WEST, SOUTH) in pairs
    kept = traffic.movements_at(town(), (rule,), [FIRST])[FIRST]
    assert (FIRST, WEST, NORTH) not in {one.key for one in kept}


def test_only_straight_on_leaves_one_movement() -> None:
    rule = Restriction("only_straight_on", WEST, FIRST, MIDDLE)
    kept = traffic.movements_at(town(), (rule,), [FIRST])[FIRST]
    assert [one.goes.way_id for one in kept if one.came.way_id == WEST] == [MIDDLE]


def test_plans_of_one_road_share_their_cycle_and_form_a_wave() -> None:
    at = traffic.movements_at(town(), (), town().signals)
    plans = traffic.signal_plans(town(), at, traffic.turning_counts(town(), at, day()))
    length = (plans["green_s"] + plans["clearance_s"]).groupby([plans["plan"], plans["node_id"]]).sum()
    assert set(plans["plan"]) == {"高峰", "平峰"}
    for plan in ("高峰", "平峰"):
        assert length[plan].nunique() == 1
        shift = plans[plans["plan"] == plan].groupby("node_id")["offset_s"].first().diff().abs().iloc[-1]
        assert shift == round(300 / traffic.PROGRESSION_MPS)


def test_speeds_are_low_in_rush_hours_and_at_the_limit_at_night() -> None:
    sites = traffic.detectors(town(), day(), 3)
    busy = traffic.Detectors(sites.ways, sites.signs, sites.vehicles * 40)
    speeds = traffic.week_speeds(town(), busy, np.zeros(2016), 0, np.random.default_rng(3))
    assert speeds.shape == (2016, 1 + len(sites.columns))
    assert speeds["time"].iloc[[0, -1]].tolist() == ["2024-06-10T00:00+08:00", "2024-06-16T23:55+08:00"]
    hour = np.arange(2016) // 12 % 24
    kmh = speeds[sites.columns].astype(float)
    working = np.arange(2016) < 5 * 288
    rush, night = (kmh[working & (hour == at)].mean().mean() for at in (17, 3))
    assert rush < 0.85 * night
    assert 0.7 * 50 < night < 1.05 * 50
    assert 0 < kmh.isna().to_numpy().mean() < 0.2


def test_rain_slows_traffic() -> None:
    sites = traffic.detectors(town(), day(), 3)
    dry, wet = (
        traffic.week_speeds(town(), sites, np.full(2016, rain), 0, np.random.default_rng(3))[sites.columns]
        for rain in (0.0, 30.0)
    )
    assert np.nanmean(wet.astype(float)) < 0.95 * np.nanmean(dry.astype(float))
