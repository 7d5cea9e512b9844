"""Trips of a working day, and what they leave behind: turning counts, signal plans, speeds of a week."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from sample_data.generator.frame import border, stream
from sample_data.generator.network import RANK
from sample_data.generator.restrictions import Restriction, can_enter, can_leave, ends, restrictions, turn_deg
from sample_data.generator.roadmap import RoadMap, Way, road_map
from sample_data.generator.townplan import quarter_at
from sample_data.generator.weather import RAIN_STEP_MIN, WEEK_START, rain_mm_h

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CLEARANCE_S = 5
MIN_GREEN_S = 12
CYCLE_RANGE_S = (50, 150)
PLANS = {"高峰": (7, 8, 17, 18), "平峰": (10, 14, 20)}
"""The hours of the day that each plan is made for."""
SATURATION_VEH_H = 1650.0
"""What one lane discharges in an hour of green."""
GREEN_SHARE = 0.38
PROGRESSION_MPS = 11.5
REACH_S = 450.0
"""Goals are chosen e times less often for every so many seconds of way."""
N_TRIPS = 300_000
N_ORIGINS = 220
N_SPEED_WAYS = 110
SLOTS_PER_DAY = 288

_OUT_SHARE = np.array(
    [1, 1, 1, 1, 2, 6, 22, 74, 84, 48, 40, 38, 30, 34, 36, 34, 30, 34, 36, 34, 24, 12, 6, 3]
)
_BACK_SHARE = np.array(
    [4, 2, 1, 1, 1, 1, 4, 12, 16, 20, 26, 40, 34, 28, 30, 38, 52, 92, 78, 48, 40, 32, 20, 9]
)
"""Trips from home and trips home by hour of a working day."""
_WEEKEND_SHARE = np.array(
    [4, 2, 1, 1, 1, 2, 6, 14, 26, 42, 52, 48, 40, 40, 48, 54, 56, 52, 44, 42, 38, 28, 16, 8]
)
_HOMES = {"old": 1.5, "centre": 2.2, "industry": 0.2, "urban": 2.4, "new": 2.4, "fringe": 0.5}
_GOALS = {"old": 3.0, "centre": 3.6, "industry": 2.6, "urban": 1.2, "new": 1.8, "fringe": 0.3}
_GATE_WEIGHT = 260.0
"""A road that leaves the county, as so many ordinary street ends."""


@dataclass(frozen=True)
class Movement:
    """One way through a signalled junction; ``turn_deg`` is positive to the left.

    ``entry`` and ``exit`` are places around the junction, counted counter-clockwise: traffic keeps right.
    """

    node: int
    came: Way
    goes: Way
    turn_deg: float
    entry: int
    exit: int

    @property
    def key(self) -> tuple[int, int, int]:
        """Return node, from way and to way."""
        return self.node, self.came.way_id, self.goes.way_id

    @property
    def code(self) -> str:
        """Return the movement as it stands in ``signals.csv``: from way, an arrow, to way."""
        return f"{self.came.way_id}>{self.goes.way_id}"

    @property
    def is_left(self) -> bool:
        """Return whether the movement is a left turn."""
        return self.turn_deg > 40

    @property
    def lanes(self) -> float:
        """Return the lanes that the movement can use."""
        return max(1.0, _lanes(self.came) - 1) if abs(self.turn_deg) < 40 else 1.0


def _lanes(way: Way) -> float:
    """Return the lanes of a way in one direction."""
    return int(way.tags.get("lanes", "2")) / (1 if way.tags.get("oneway") == "yes" else 2)


def conflict(one: Movement, other: Movement) -> bool:
    """Return whether two movements of a junction cross or end in the same arm."""
    if one.came.way_id == other.came.way_id:
        return False
    low, high = sorted((one.entry, one.exit))
    return one.exit == other.exit or (low < other.entry < high) != (low < other.exit < high)


def _forbidden(rules: Sequence[Restriction]) -> Callable[[int, int, int], bool]:
    """Return a test of from way, node and to way that says whether the rules at the node forbid the turn."""
    banned = {(r.from_way, r.via, r.to_way) for r in rules if r.kind.startswith("no_")}
    only = {(r.from_way, r.via): r.to_way for r in rules if r.kind.startswith("only_")}
    return lambda came, node, goes: (came, node, goes) in banned or only.get((came, node), goes) != goes


def movements_at(
    roads: RoadMap, rules: Sequence[Restriction], nodes: Sequence[int]
) -> dict[int, tuple[Movement, ...]]:
    """Return the movements that the rules allow at each of some nodes where ways end."""
    at, is_forbidden = ends(roads), _forbidden(rules)
    found = {}
    for node in nodes:
        arms = at[node]
        bearing = [180.0] + [turn_deg(roads, arms[0], node, arm) % 360 for arm in arms[1:]]
        place = {arms[i].way_id: k for k, i in enumerate(np.argsort(bearing))}
        found[node] = tuple(
            Movement(
                node, came, goes, turn_deg(roads, came, node, goes), 2 * entry + 1, 2 * place[goes.way_id]
            )
            for came, entry in ((arm, place[arm.way_id]) for arm in arms)
            for goes in arms
            if came.way_id != goes.way_id
            and can_enter(came, node)
            and can_leave(goes, node)
            and not is_forbidden(came.way_id, node, goes.way_id)
        )
    return found


@dataclass(frozen=True)
class Arcs:
    """Directed pieces of ways between junctions, and the turns from one to the next.

    ``way`` are positions in ``RoadMap.ways``, ``tail`` and ``head`` node ids; turns are sorted by
    ``turn_from``, then ``turn_to``.
    """

    way: Ints
    is_forward: NDArray[np.bool_]
    tail: Ints
    head: Ints
    travel_s: Floats
    turn_from: Ints
    turn_to: Ints


def arcs_of(roads: RoadMap, rules: Sequence[Restriction]) -> Arcs:
    """Return the drivable road network as arcs; turns obey the rules at nodes, no U-turn but in dead ends."""
    drivable = [(i, way) for i, way in enumerate(roads.ways) if way.tags["highway"] != "footway"]
    seen = Counter(node for _, way in drivable for node in way.nodes)
    signals = set(roads.signals)
    rows: list[tuple[int, bool, int, int, float]] = []
    for i, way in drivable:
        far = np.r_[
            0.0, np.cumsum(np.hypot(*np.diff(np.array([roads.point(n) for n in way.nodes]), axis=0).T))
        ]
        last = len(way.nodes) - 1
        cuts = [k for k, node in enumerate(way.nodes) if k in (0, last) or seen[node] > 1]
        mps = float(way.tags.get("maxspeed", "12")) / 3.6 * 0.8
        for a, b in pairwise(cuts):
            run_s = (far[b] - far[a]) / mps
            for tail, head, is_forward in ((a, b, True), (b, a, False)):
                if is_forward or way.tags.get("oneway") != "yes":
                    wait_s = 15.0 if way.nodes[head] in signals else 1.0
                    rows.append((i, is_forward, way.nodes[tail], way.nodes[head], run_s + wait_s))
    way_pos, forward, tails, heads, travel_s = (np.array(column) for column in zip(*rows, strict=True))
    return Arcs(way_pos, forward, tails, heads, travel_s, *_turns(roads, rules, way_pos, tails, heads))


def _turns(
    roads: RoadMap, rules: Sequence[Restriction], way: Ints, tail: Ints, head: Ints
) -> tuple[Ints, Ints]:
    """Return the pairs of arcs that may follow one another."""
    leaving: dict[int, list[int]] = defaultdict(list)
    for arc, node in enumerate(tail):
        leaving[int(node)].append(arc)
    way_id = [roads.ways[i].way_id for i in way]
    is_forbidden = _forbidden(rules)
    pairs = [
        (arc, follow)
        for arc, node in enumerate(head)
        for follow in leaving[int(node)]
        if (head[follow] != tail[arc] or way[follow] != way[arc] or len(leaving[int(node)]) == 1)
        and not is_forbidden(way_id[arc], int(node), way_id[follow])
    ]
    turn_from, turn_to = np.array(pairs, np.int64).T
    return turn_from, turn_to


@dataclass(frozen=True)
class Trips:
    """Vehicles of a working day by hour: ``on_arc`` (n_arcs, 24) and ``on_turn`` (n_turns, 24)."""

    arcs: Arcs
    on_arc: Ints
    on_turn: Ints


def drive(
    arcs: Arcs, homes: Floats, goals: Floats, n_trips: int, n_origins: int, rng: np.random.Generator
) -> Trips:
    """Return the vehicles of trips from homes to goals and back, each on a fast way of its own origin.

    Every vehicle counted is one trip followed from arc to arc, so counts of neighbouring junctions agree.
    ``homes`` and ``goals`` weigh the nodes of ``np.unique(arcs.head)``.
    """
    nodes = np.unique(arcs.head)
    on_arc = np.zeros(len(arcs.way) * 24, np.int64)
    on_turn = np.zeros(len(arcs.turn_from) * 24, np.int64)
    day = _OUT_SHARE.sum() + _BACK_SHARE.sum()
    for start, end, hours in ((homes, goals, _OUT_SHARE), (goals, homes, _BACK_SHARE)):
        origins = nodes[rng.choice(len(nodes), n_origins, p=start / start.sum())]
        sizes = rng.multinomial(round(n_trips * hours.sum() / day), np.full(n_origins, 1 / n_origins))
        for origin, size in zip(origins, sizes, strict=True):
            passed, turned = _follow(
                arcs, nodes, int(origin), end, rng.choice(24, size, p=hours / hours.sum()), rng
            )
            np.add.at(on_arc, passed, 1)
            np.add.at(on_turn, turned, 1)
    return Trips(arcs, on_arc.reshape(-1, 24), on_turn.reshape(-1, 24))


def _follow(
    arcs: Arcs, nodes: Ints, origin: int, weight: Floats, hour: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return arc * 24 + hour and turn * 24 + hour of trips from one origin, which sees times its own way."""
    n_arcs = len(arcs.way)
    felt_s = (arcs.travel_s * rng.lognormal(0, 0.12, n_arcs))[arcs.turn_to] + 2.0
    graph = csr_matrix((felt_s, (arcs.turn_from, arcs.turn_to)), shape=(n_arcs, n_arcs))
    starts = np.flatnonzero(arcs.tail == origin)
    far_s, before, _ = dijkstra(graph, indices=starts, min_only=True, return_predecessors=True)
    order = np.lexsort((far_s, arcs.head))
    best = order[np.unique(arcs.head[order], return_index=True)[1]]
    chance = weight * np.where(nodes == origin, 0.0, np.exp(-far_s[best] / REACH_S))
    here = rng.choice(best, len(hour), p=chance / chance.sum())
    key = arcs.turn_from * n_arcs + arcs.turn_to
    passed, turned = [here * 24 + hour], [np.empty(0, np.int64)]
    while len(here):
        came = before[here].astype(np.int64)
        here, hour, came = here[came >= 0], hour[came >= 0], came[came >= 0]
        turned.append(np.searchsorted(key, came * n_arcs + here) * 24 + hour)
        passed.append(came * 24 + hour)
        here = came
    return np.concatenate(passed), np.concatenate(turned)


def trip_ends(roads: RoadMap, arcs: Arcs) -> tuple[Floats, Floats]:
    """Return the weights of homes and goals at the nodes of ``np.unique(arcs.head)``."""
    nodes, position = np.unique(arcs.head, return_inverse=True)
    rank = np.array([RANK[way.tags["highway"]] for way in roads.ways])[arcs.way]
    doors = np.bincount(position, np.where(rank <= 2, 1.0, 0.25), minlength=len(nodes))
    top = np.zeros(len(nodes), int)
    np.maximum.at(top, position, rank)
    xy = np.array([roads.point(int(node)) for node in nodes])
    at_border = shapely.dwithin(border().exterior, shapely.points(xy), 40.0)
    gates = np.where(at_border & (top >= 3), _GATE_WEIGHT * np.where(top >= 6, 1.0, 0.15), 0.0)
    quarter = [quarter_at(float(x), float(y)) for x, y in xy]
    homes, goals = (np.array([table[one] for one in quarter]) for table in (_HOMES, _GOALS))
    return doors * homes + gates, doors * goals + gates


def turning_counts(
    roads: RoadMap, moves: dict[int, tuple[Movement, ...]], trips: Trips
) -> dict[tuple[int, int, int], Ints]:
    """Return the vehicles of every hour, shape (24,), by node, from way and to way."""
    arcs = trips.arcs
    found = {one.key: np.zeros(24, np.int64) for rows in moves.values() for one in rows}
    for k in np.flatnonzero(np.isin(arcs.head[arcs.turn_from], list(moves))):
        a, b = arcs.turn_from[k], arcs.turn_to[k]
        key = int(arcs.head[a]), roads.ways[arcs.way[a]].way_id, roads.ways[arcs.way[b]].way_id
        if key in found:
            found[key] = found[key] + trips.on_turn[k]
    return found


def phases_of(rows: Sequence[Movement], weight: dict[tuple[int, int, int], float]) -> list[list[Movement]]:
    """Return phases in which no two movements conflict, every movement in one; the heaviest comes first."""
    waiting = sorted(rows, key=lambda one: (-weight[one.key], one.key))
    phases: list[list[Movement]] = []
    while waiting:
        phase: list[Movement] = []
        for one in sorted(waiting, key=lambda one: one.is_left != waiting[0].is_left):
            if not any(conflict(one, other) for other in phase):
                phase.append(one)
        phases.append(phase)
        waiting = [one for one in waiting if one not in phase]
    return phases


def _loads(phases: list[list[Movement]], weight: dict[tuple[int, int, int], float]) -> Floats:
    """Return the critical share of saturation flow of each phase."""
    return np.array(
        [max(weight[one.key] / (SATURATION_VEH_H * one.lanes) for one in phase) + 0.01 for phase in phases]
    )


def _cycle_s(loads: Floats) -> int:
    """Return Webster's cycle for the loads of the phases, within ``CYCLE_RANGE_S``."""
    lost_s = CLEARANCE_S * len(loads)
    best = (1.5 * lost_s + 5) / max(0.05, 1 - loads.sum())
    least = max(CYCLE_RANGE_S[0], lost_s + MIN_GREEN_S * len(loads))
    return int(np.clip(np.rint(best), least, max(least, CYCLE_RANGE_S[1])))


def _greens_s(loads: Floats, cycle_s: int) -> Ints:
    """Return greens that fill a cycle with the clearances, shared by load above the least green."""
    spare = cycle_s - (CLEARANCE_S + MIN_GREEN_S) * len(loads)
    share = loads / loads.sum() * spare
    greens: Ints = MIN_GREEN_S + np.floor(share).astype(np.int64)
    missing = cycle_s - CLEARANCE_S * len(loads) - int(greens.sum())
    greens[np.argsort(-(share - np.floor(share)), kind="stable")[:missing]] += 1
    return greens


def _way_along_m(points: Floats) -> Floats:
    """Return how far points lie along the line that they roughly form, m."""
    middle = points - points.mean(axis=0)
    along: Floats = middle @ np.linalg.svd(middle)[2][0]
    return np.asarray(along - along.min(), np.float64)


def signal_plans(
    roads: RoadMap,
    moves: dict[int, tuple[Movement, ...]],
    counts: dict[tuple[int, int, int], Ints],
) -> pd.DataFrame:
    """Return the phases of the plans of every junction; junctions of a main road share cycle and green wave.

    Columns node_id, plan, phase, movements, green_s, clearance_s, offset_s.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for node, rows in sorted(moves.items()):
        if rows:
            total: Counter[str] = Counter()
            for one in rows:
                total[one.came.tags.get("name", str(node))] += int(counts[one.key].sum()) + 1
            groups[total.most_common(1)[0][0]].append(node)
    table = []
    for plan, hours in PLANS.items():
        weight = {key: float(hourly[list(hours)].max()) for key, hourly in counts.items()}
        for nodes in groups.values():
            phases = {node: phases_of(moves[node], weight) for node in nodes}
            loads = {node: _loads(phases[node], weight) for node in nodes}
            cycle_s = max(_cycle_s(loads[node]) for node in nodes)
            along_m = _way_along_m(np.array([roads.point(node) for node in nodes]))
            for node, far_m in zip(nodes, along_m, strict=True):
                offset_s = round(far_m / PROGRESSION_MPS) % cycle_s
                greens_s = _greens_s(loads[node], cycle_s)
                for k, (phase, green_s) in enumerate(zip(phases[node], greens_s, strict=True)):
                    codes = " ".join(sorted(one.code for one in phase))
                    table.append((node, plan, k + 1, codes, int(green_s), CLEARANCE_S, offset_s))
    columns = ["node_id", "plan", "phase", "movements", "green_s", "clearance_s", "offset_s"]
    return pd.DataFrame(table, columns=columns).sort_values(["node_id", "plan", "phase"], ignore_index=True)


@dataclass(frozen=True)
class Detectors:
    """Ways with speeds, by direction (``+`` along the way), and what drives there by hour, (n, 24)."""

    ways: tuple[Way, ...]
    signs: tuple[str, ...]
    vehicles: Floats

    @property
    def columns(self) -> list[str]:
        """Return the column names of ``speeds.csv.gz``."""
        return [f"{way.way_id}:{sign}" for way, sign in zip(self.ways, self.signs, strict=True)]

    @property
    def capacity_veh_h(self) -> Floats:
        """Return the vehicles per hour that each way can carry in its direction through signals."""
        return np.array([_lanes(way) * SATURATION_VEH_H * GREEN_SHARE for way in self.ways])


def detectors(roads: RoadMap, trips: Trips, n_ways: int) -> Detectors:
    """Return detectors on the busiest main-road ways longer than 130 m, in both directions."""
    arcs = trips.arcs
    side = arcs.way * 2 + ~arcs.is_forward
    n = np.maximum(1, np.bincount(side, minlength=2 * len(roads.ways)))
    hourly = np.column_stack([np.bincount(side, trips.on_arc[:, h], minlength=len(n)) / n for h in range(24)])
    daily = hourly.sum(axis=1).reshape(-1, 2).sum(axis=1)
    main = [
        i
        for i, way in enumerate(roads.ways)
        if RANK[way.tags["highway"]] >= 5 and way.length_m > 130 and "junction" not in way.tags
    ]
    picked = sorted(sorted(main, key=lambda i: (-daily[i], i))[:n_ways])
    rows = [(i, k) for i in picked for k in (0, 1) if k == 0 or roads.ways[i].tags.get("oneway") != "yes"]
    return Detectors(
        tuple(roads.ways[i] for i, _ in rows),
        tuple("+-"[k] for _, k in rows),
        np.array([hourly[2 * i + k] for i, k in rows]),
    )


def _of_week(working_day: Floats, weekend_day: Floats) -> Floats:
    """Return values in the slots of a week, shape (7 * 288, n), from those of the hours of days, (n, 24)."""
    hour = np.arange(SLOTS_PER_DAY) / 12
    days = [
        np.column_stack([np.interp(hour, np.arange(24) + 0.5, one, period=24) for one in table])
        for table in (working_day, weekend_day)
    ]
    return np.vstack([days[0]] * 5 + [days[1]] * 2)


def _wander(points: Floats, roads: Sequence[str], n_slots: int, rng: np.random.Generator) -> Floats:
    """Return unit noise, smooth in time, alike at places near one another, most so on the same road."""
    far_m = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    same = np.array(roads)[:, None] == np.array(roads)[None]
    alike = 0.6 * same * np.exp(-far_m / 1200) + 0.3 * np.exp(-far_m / 3500) + 0.1 * np.eye(len(points))
    white = ndimage.gaussian_filter1d(rng.normal(0, 1, (n_slots, len(points))), 4, axis=0, mode="wrap")
    noise: Floats = white / white.std() @ np.linalg.cholesky(alike).T
    return noise


def week_speeds(
    roads: RoadMap, sites: Detectors, rain_mm_h: Floats, n_jams: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return a week of 5-minute speeds, km/h as nullable whole numbers, one column per way and direction.

    Slower where trips fill the road, in the rain, and around ``n_jams`` incidents; empty where a detector
    or the cabinet of a whole road had failed. ``rain_mm_h`` has shape (7 * 288,).
    """
    n_slots, n = 7 * SLOTS_PER_DAY, len(sites.ways)
    lines = [roads.line(way) for way in sites.ways]
    points = np.array([line.interpolate(0.5, normalized=True).coords[0] for line in lines])
    names = [way.tags.get("name", "") + sign for way, sign in zip(sites.ways, sites.signs, strict=True)]
    limit = np.array([float(way.tags.get("maxspeed", "50")) for way in sites.ways])
    weekend = sites.vehicles.sum(axis=1, keepdims=True) * (0.85 * _WEEKEND_SHARE / _WEEKEND_SHARE.sum())
    fill = _of_week(sites.vehicles, weekend) / sites.capacity_veh_h
    busy = fill.mean(axis=1, keepdims=True) / fill.mean(axis=1).max()
    speed = limit * rng.uniform(0.8, 0.93, n) / (1 + 0.3 * busy**1.5 + 0.55 * np.minimum(fill, 1.8) ** 1.5)
    speed *= 1 + 0.055 * _wander(points, names, n_slots, rng)
    speed *= (1 - 0.16 * (1 - np.exp(-rain_mm_h / 8)))[:, None]
    slot = np.arange(n_slots)
    for _ in range(n_jams):
        where, begin, last = int(rng.integers(n)), int(rng.integers(n_slots)), int(rng.integers(6, 22))
        reach = np.exp(-np.hypot(*(points - points[where]).T) / 450) * (np.array(names) == names[where])
        shape = np.clip(np.minimum((slot - begin) / 2, (begin + last - slot) / 4), 0, 1)
        speed *= 1 - 0.65 * shape[:, None] * reach
    is_lost = rng.random((n_slots, n)) < 0.006
    for k in range(n):
        for begin in rng.integers(0, n_slots, int(rng.integers(1, 5))):
            is_lost[begin : begin + int(rng.gamma(2, 8)), k] = True
    for name in rng.choice(sorted(set(names)), 3):
        begin = int(rng.integers(n_slots))
        is_lost[begin : begin + int(rng.integers(12, 60)), np.array(names) == name] = True
    kmh = pd.DataFrame(np.clip(np.rint(speed), 4, None), columns=sites.columns).mask(is_lost).astype("Int64")
    minutes = [(WEEK_START + timedelta(minutes=5 * k)).isoformat(timespec="minutes") for k in range(n_slots)]
    kmh.insert(0, "time", minutes)
    return kmh


@cache
def _trips() -> Trips:
    arcs = arcs_of(road_map(), restrictions())
    return drive(arcs, *trip_ends(road_map(), arcs), N_TRIPS, N_ORIGINS, stream("trips"))


@cache
def _moves() -> dict[int, tuple[Movement, ...]]:
    return movements_at(road_map(), restrictions(), road_map().signals)


@cache
def _counts() -> dict[tuple[int, int, int], Ints]:
    return turning_counts(road_map(), _moves(), _trips())


def signal_rows() -> list[tuple[object, ...]]:
    """Return the rows of ``signals.csv``: a peak and an off-peak plan at every junction."""
    return list(signal_plans(road_map(), _moves(), _counts()).itertuples(index=False, name=None))


def turning_rows() -> list[tuple[int, int, int, int, int]]:
    """Return node_id, from_way, to_way, hour and vehicles counted on a working day."""
    return [
        (*key, hour, int(n)) for key, counts in sorted(_counts().items()) for hour, n in enumerate(counts)
    ]


def speed_table() -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a week of speeds, km/h; empty where nothing was observed."""
    rain = rain_mm_h()[:: 5 // RAIN_STEP_MIN, 0]
    sites = detectors(road_map(), _trips(), N_SPEED_WAYS)
    table = week_speeds(road_map(), sites, rain, 14, stream("speeds")).astype("string").fillna("")
    return list(table.columns), table.to_numpy().tolist()
