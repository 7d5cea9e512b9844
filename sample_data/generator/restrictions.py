"""Turn restrictions at main junctions, one of them over a way between two junctions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np

from sample_data.generator.frame import stream
from sample_data.generator.roadmap import RoadMap, Way, road_map

N_RESTRICTIONS = 60


@dataclass(frozen=True)
class Restriction:
    """A turn that is forbidden or the only one: ``via`` is a node id, or a way id when ``is_via_way``."""

    kind: str
    from_way: int
    via: int
    to_way: int
    is_via_way: bool = False
    tags: tuple[tuple[str, str], ...] = ()


def ends(roads: RoadMap) -> dict[int, list[Way]]:
    """Return the drivable ways that begin or end at each node."""
    at: dict[int, list[Way]] = defaultdict(list)
    for way in roads.ways:
        if way.tags["highway"] != "footway" and way.nodes[0] != way.nodes[-1]:
            at[way.nodes[0]].append(way)
            at[way.nodes[-1]].append(way)
    return at


def can_enter(way: Way, node: int) -> bool:
    """Return whether traffic on a way may arrive at the node at one of its ends."""
    return way.nodes[-1] == node or way.tags.get("oneway") != "yes"


def can_leave(way: Way, node: int) -> bool:
    """Return whether traffic may go from a node into a way."""
    return way.nodes[0] == node or way.tags.get("oneway") != "yes"


def turn_deg(roads: RoadMap, came: Way, node: int, goes: Way) -> float:
    """Return the turn from one way into another at a node, degrees, left positive, -180 to 180."""

    def outward(way: Way) -> complex:
        """Return the direction in which a way leaves the node."""
        line = roads.line(way)
        near = line.interpolate(25.0) if way.nodes[0] == node else line.interpolate(-min(25.0, line.length))
        x, y = np.array(near.coords[0]) - roads.point(node)
        return complex(x, y)

    return float(np.degrees(np.angle(outward(goes) / -outward(came))))


def _at_signals(roads: RoadMap, at: dict[int, list[Way]]) -> list[Restriction]:
    """Return one or two restrictions at some of the signals."""
    rng = stream("restrictions")
    found = []
    for node in rng.permutation(roads.signals):
        ways = at[int(node)]
        if len(ways) < 3:
            continue
        came, goes = (ways[i] for i in rng.choice(len(ways), 2, replace=False))
        if not can_enter(came, int(node)) or not can_leave(goes, int(node)):
            continue
        turn = turn_deg(roads, came, int(node), goes)
        if abs(turn) < 35 and rng.random() < 0.4:
            kind = "only_straight_on"
        elif abs(turn) < 35:
            kind = "no_straight_on"
        else:
            kind = "no_left_turn" if turn > 0 else "no_right_turn"
        if rng.random() < 0.15:
            kind, goes = "no_u_turn", came
            if came.tags.get("oneway") == "yes":
                continue
        tags = (("except", "bus"),) if rng.random() < 0.12 else ()
        found.append(Restriction(kind, came.way_id, int(node), goes.way_id, tags=tags))
        if len(found) == N_RESTRICTIONS - 1:
            break
    return found


def _over_a_way(roads: RoadMap, at: dict[int, list[Way]]) -> Restriction:
    """Return a U-turn forbidden over a short way between two parallel main roads."""
    for link in roads.ways:
        first, last = link.nodes[0], link.nodes[-1]
        if (
            first == last
            or not 60 < link.length_m < 400
            or link.tags["highway"] not in ("secondary", "tertiary", "primary")
        ):
            continue
        for came in at[first]:
            for goes in at[last]:
                if (
                    len({came.way_id, link.way_id, goes.way_id}) < 3
                    or "oneway" in came.tags | link.tags | goes.tags
                ):
                    continue
                turns = turn_deg(roads, came, first, link), turn_deg(roads, link, last, goes)
                if min(turns) > 50:
                    return Restriction("no_u_turn", came.way_id, link.way_id, goes.way_id, is_via_way=True)
    raise RuntimeError("no way between two left turns was found for the restriction over a way")


@cache
def restrictions() -> tuple[Restriction, ...]:
    """Return all turn restrictions."""
    roads = road_map()
    at = ends(roads)
    return (*_at_signals(roads, at), _over_a_way(roads, at))
