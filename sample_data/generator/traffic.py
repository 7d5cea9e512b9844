"""Signal plans, turning counts, and a week of speeds on the main roads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample_data.generator.frame import stream
from sample_data.generator.incidents import BEIJING
from sample_data.generator.network import RANK
from sample_data.generator.restrictions import can_enter, can_leave, ends, restrictions, turn_deg
from sample_data.generator.roadmap import Way, road_map

Floats = NDArray[np.float64]

CLEARANCE_S = 5
N_SPEED_WAYS = 110
WEEK_START = datetime(2024, 6, 10, tzinfo=BEIJING)
SLOTS_PER_DAY = 288
_HOUR_SHARE = (
    np.array(
        [6, 4, 3, 3, 4, 10, 30, 78, 92, 70, 62, 64, 58, 56, 60, 66, 76, 95, 84, 60, 46, 34, 22, 12], float
    )
    / 100
)


@dataclass(frozen=True)
class Movement:
    """One way through a signalled junction; ``turn_deg`` is positive to the left."""

    node: int
    came: Way
    goes: Way
    turn_deg: float

    @property
    def code(self) -> str:
        """Return the movement as it stands in ``signals.csv``: from way, an arrow, to way."""
        return f"{self.came.way_id}>{self.goes.way_id}"

    @property
    def is_left(self) -> bool:
        """Return whether the movement is a left turn."""
        return self.turn_deg > 40


@cache
def movements() -> dict[int, tuple[Movement, ...]]:
    """Return the allowed movements at every signalled junction."""
    roads = road_map()
    at = ends(roads)
    forbidden = {(r.from_way, r.via, r.to_way) for r in restrictions() if r.kind.startswith("no_")}
    only = {(r.from_way, r.via): r.to_way for r in restrictions() if r.kind.startswith("only_")}
    found = {}
    for node in roads.signals:
        rows = [
            Movement(node, came, goes, turn_deg(roads, came, node, goes))
            for came in at[node]
            for goes in at[node]
            if came.way_id != goes.way_id
            and can_enter(came, node)
            and can_leave(goes, node)
            and (came.way_id, node, goes.way_id) not in forbidden
            and only.get((came.way_id, node), goes.way_id) == goes.way_id
        ]
        found[node] = tuple(rows)
    return found


def _phases(rows: tuple[Movement, ...]) -> list[list[Movement]]:
    """Return phases: opposite arms together, left turns of main roads on their own."""
    roads = road_map()
    arms = {one.came.way_id: one.came for one in rows}
    node = rows[0].node
    left = dict(arms)
    pairs: list[set[int]] = []
    while left:
        first = next(iter(left.values()))
        del left[first.way_id]
        pair = {first.way_id}
        across = [way for way in left.values() if abs(turn_deg(roads, first, node, way)) < 40]
        if across:
            pair.add(across[0].way_id)
            del left[across[0].way_id]
        pairs.append(pair)
    phases = []
    for pair in pairs:
        mine = [one for one in rows if one.came.way_id in pair]
        lefts = [one for one in mine if one.is_left]
        is_main = len(pair) == 2 and min(RANK[arms[way].tags["highway"]] for way in pair) >= 5
        if is_main and lefts and len(lefts) < len(mine):
            phases += [[one for one in mine if not one.is_left], lefts]
        elif mine:
            phases.append(mine)
    return phases


def signal_rows() -> list[tuple[int, str, int, str, int, int, int]]:
    """Return the rows of ``signals.csv``: a peak and an off-peak plan at every junction."""
    rng = stream("signals")
    table = []
    for node, rows in sorted(movements().items()):
        if not rows:
            continue
        phases = _phases(rows)
        for plan, budget in (("高峰", 130), ("平峰", 90)):
            need = np.array(
                [sum(1 + RANK[one.came.tags["highway"]] for one in phase) ** 0.8 for phase in phases]
            )
            greens = np.maximum(12, np.rint(need / need.sum() * (budget - CLEARANCE_S * len(phases)))).astype(
                int
            )
            cycle = int(greens.sum()) + CLEARANCE_S * len(phases)
            offset = int(rng.integers(0, cycle))
            for k, (phase, green) in enumerate(zip(phases, greens, strict=True)):
                codes = " ".join(one.code for one in phase)
                table.append((node, plan, k + 1, codes, int(green), CLEARANCE_S, offset))
    return table


def turning_rows() -> list[tuple[int, int, int, int, int]]:
    """Return node_id, from_way, to_way, hour and vehicles counted on a working day."""
    rng = stream("turning counts")
    table = []
    roads = road_map()
    for node, rows in sorted(movements().items()):
        near = np.exp(-np.hypot(*(roads.point(node) - (300.0, -400.0))) / 4500)
        for one in rows:
            main = RANK[one.came.tags["highway"]] * RANK[one.goes.tags["highway"]] / 30
            share = 1.0 if abs(one.turn_deg) < 40 else 0.32 if one.is_left else 0.4
            peak = 620 * near * main * share * rng.uniform(0.6, 1.4)
            counts = rng.poisson(peak * _HOUR_SHARE)
            table += [
                (node, one.came.way_id, one.goes.way_id, hour, int(count))
                for hour, count in enumerate(counts)
            ]
    return table


def _congestion(is_weekend: bool, inbound: float) -> Floats:
    """Return the share of free-flow speed that is lost in each 5-minute slot of a day."""
    hour = np.arange(SLOTS_PER_DAY) / 12
    morning = np.exp(-(((hour - 7.9) / 0.8) ** 2)) * (0.55 + 0.45 * inbound)
    evening = np.exp(-(((hour - 17.6) / 1.1) ** 2)) * (1.0 - 0.45 * inbound)
    midday = 0.35 * np.exp(-(((hour - 12.5) / 3.5) ** 2))
    if is_weekend:
        return 0.55 * np.exp(-(((hour - 15.5) / 3.2) ** 2)) + 0.3 * np.exp(-(((hour - 10.5) / 1.5) ** 2))
    return morning + evening + midday


@cache
def speed_columns() -> tuple[tuple[Way, str], ...]:
    """Return the main-road ways with speeds and their directions: ``+`` along the way, ``-`` against it."""
    roads = [way for way in road_map().ways if RANK[way.tags["highway"]] >= 5 and way.length_m > 130]
    roads = [
        way
        for way in roads
        if "junction" not in way.tags and np.hypot(*road_map().line(way).centroid.coords[0]) < 6500
    ]
    picked = sorted(stream("speed ways").choice(len(roads), min(N_SPEED_WAYS, len(roads)), replace=False))
    found = []
    for i in picked:
        found.append((roads[i], "+"))
        if roads[i].tags.get("oneway") != "yes":
            found.append((roads[i], "-"))
    return tuple(found)


def speed_table() -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a week of speeds, km/h; empty where nothing was observed."""
    rng = stream("speeds")
    columns = []
    for way, sign in speed_columns():
        line = road_map().line(way)
        start, end = np.array(line.coords[0]), np.array(line.coords[-1])
        inbound = (
            float(np.hypot(*start) > np.hypot(*end))
            if sign == "+"
            else float(np.hypot(*end) > np.hypot(*start))
        )
        near = np.exp(-np.hypot(*line.centroid.coords[0]) / 3200)
        free = float(way.tags.get("maxspeed", "50")) * rng.uniform(0.72, 0.9)
        lost = (
            np.concatenate([_congestion(day >= 5, inbound) for day in range(7)])
            * (0.25 + 0.5 * near)
            * rng.uniform(0.8, 1.2)
        )
        wander = ndimage.gaussian_filter1d(rng.normal(0, 1, len(lost)), 6) * 3.5
        speed = free * (1 - np.clip(lost, 0, 0.82)) * (1 + wander * 0.05)
        speed[600:640] *= 0.75 + 0.2 * (1 - near)
        values = [str(max(4, round(value))) for value in speed]
        for _ in range(int(rng.integers(1, 6))):
            begin, slots = int(rng.integers(0, len(values))), int(rng.gamma(2, 8))
            values[begin : begin + slots] = [""] * len(values[begin : begin + slots])
        for slot in np.flatnonzero(rng.random(len(values)) < 0.006):
            values[slot] = ""
        columns.append(values)
    header = ["time", *(f"{way.way_id}:{sign}" for way, sign in speed_columns())]
    times = [
        (WEEK_START + timedelta(minutes=5 * k)).isoformat(timespec="minutes")
        for k in range(7 * SLOTS_PER_DAY)
    ]
    return header, [[time, *row] for time, row in zip(times, zip(*columns, strict=True), strict=True)]
