"""The network as ways and nodes of a map: bridges, the underpass, one-ways, signals, turn restrictions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely.geometry import LineString, Point
from shapely.ops import substring

from sample_data.generator.frame import stream
from sample_data.generator.network import RANK, Network, network
from sample_data.generator.river import town_water
from sample_data.generator.skeleton import UNDERPASS, railway
from sample_data.generator.streams import reservoir, streams

Floats = NDArray[np.float64]
Tags = dict[str, str]

FIRST_NODE_ID = 100_001
FIRST_WAY_ID = 10_001
N_SIGNALS = 180
_LANES_SPEED = {
    "trunk": ("4", "80"),
    "primary": ("6", "60"),
    "secondary": ("4", "50"),
    "tertiary": ("2", "40"),
    "unclassified": ("2", "40"),
    "residential": ("", "30"),
    "living_street": ("", "15"),
}


@dataclass(frozen=True)
class Way:
    """A way of the map: its id, the ids of its nodes in order, its tags, its length in m."""

    way_id: int
    nodes: tuple[int, ...]
    tags: Tags
    length_m: float


@dataclass(frozen=True)
class RoadMap:
    """Roads as map objects. Node ids run from ``FIRST_NODE_ID``; ``points`` holds their local metres."""

    points: Floats
    ways: tuple[Way, ...]
    signals: tuple[int, ...]
    barriers: dict[int, Tags]

    def point(self, node_id: int) -> Floats:
        """Return the local metres of a node."""
        where: Floats = self.points[node_id - FIRST_NODE_ID]
        return where

    def line(self, way: Way) -> LineString:
        """Return a way as a line in local metres."""
        return LineString(self.points[np.array(way.nodes) - FIRST_NODE_ID])


def _crossings(net: Network) -> list[list[tuple[float, float]]]:
    """Return for each edge the stretches, m from its start, that lie over water."""
    wet = [*shapely.get_parts(town_water()), *shapely.get_parts(reservoir())]
    wet += [line.buffer(3.0 + 3.0 * (catchment > 6e6), cap_style="flat") for line, catchment in streams()]
    areas = np.array(wet, object)
    edges, waters = shapely.STRtree(areas).query(net.lines, "intersects")
    found: list[list[tuple[float, float]]] = [[] for _ in net.lines]
    for edge, water in zip(edges, waters, strict=True):
        line = net.lines[edge]
        for part in shapely.get_parts(line.intersection(areas[water])):
            if part.geom_type == "LineString" and part.length > 0.5:
                at = sorted(line.project(Point(part.coords[i])) for i in (0, -1))
                found[edge].append((at[0] - 5.0, at[1] + 5.0))
    return [_joined(spans, line.length) for spans, line in zip(found, net.lines, strict=True)]


def _joined(spans: list[tuple[float, float]], length: float) -> list[tuple[float, float]]:
    """Return stretches within (0, length), those less than 12 m apart made one."""
    merged: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if merged and low - merged[-1][1] < 12:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return [(0.0 if a < 8 else a, length if b > length - 8 else b) for a, b in merged]


def _pieces(net: Network) -> list[tuple[int, LineString, Tags]]:
    """Return every edge cut at bridges and the underpass: edge, line and tags of each piece."""
    pieces: list[tuple[int, LineString, Tags]] = []
    dive = Point(UNDERPASS)
    for edge, spans in enumerate(_crossings(net)):
        line = net.lines[edge]
        marked = [(low, high, {"bridge": "yes", "layer": "1"}) for low, high in spans]
        if net.rank[edge] >= 6 and line.distance(dive) < 25 and line.crosses(railway()):
            at = line.project(line.intersection(railway()).centroid)
            under = {"tunnel": "yes", "layer": "-1", "maxheight": "3.5"}
            marked = [(max(at - 45, 0), min(at + 45, line.length), under)]
        at = 0.0
        for low, high, tags in marked:
            if low > at:
                pieces.append((edge, substring(line, at, low), {}))
            pieces.append((edge, substring(line, max(low, at), high), tags))
            at = high
        if at < line.length - 0.01:
            pieces.append((edge, substring(line, at, line.length) if at else line, {}))
    return pieces


def _one_ways(net: Network) -> NDArray[np.bool_]:
    """Return which streets are one-way: some lanes, where no junction is cut off by it."""
    rng = stream("one-ways")
    wish = {"living_street": 0.22, "residential": 0.05}
    chosen = np.array(
        [rng.random() < wish.get(street.kind, 0) and bool(street.name) for street in net.streets]
    )
    degree = net.degree
    ends_open = np.minimum(degree[net.tail], degree[net.head]) < 2
    chosen[net.street[ends_open]] = False
    always = np.array([street.tags.get("oneway") == "yes" for street in net.streets])
    for _ in range(40):
        is_one = (chosen | always)[net.street]
        tail = np.r_[net.tail, net.head[~is_one]]
        head = np.r_[net.head, net.tail[~is_one]]
        links = coo_matrix((np.ones(len(tail)), (tail, head)), shape=(len(net.nodes), len(net.nodes)))
        _, part = connected_components(links, connection="strong")
        main = np.bincount(part).argmax()
        stuck = (part[net.tail] != main) | (part[net.head] != main)
        if not stuck.any():
            break
        chosen[net.street[stuck]] = False
    one_way: NDArray[np.bool_] = chosen | always
    return one_way


def _signal_nodes(net: Network) -> NDArray[np.int64]:
    """Return the nodes with signals: the most important crossings of main roads."""
    weight = np.zeros(len(net.nodes))
    rank = net.rank
    for ends in (net.tail, net.head):
        np.add.at(weight, ends, np.where(rank >= 4, 1.0 + (rank - 4) ** 2, 0.0))
    names: dict[int, set[int]] = defaultdict(set)
    for tail, head, street, r in zip(net.tail, net.head, net.street, rank, strict=True):
        if r >= 4:
            names[tail].add(street)
            names[head].add(street)
    crossing = np.array([len(names[i]) > 1 for i in range(len(net.nodes))]) & (net.degree >= 3)
    ring = [i for i, street in enumerate(net.streets) if street.tags.get("junction")]
    on_ring = np.isin(net.street, ring)
    crossing[net.tail[on_ring]] = False
    crossing[net.head[on_ring]] = False
    order = np.argsort(-np.where(crossing, weight, -1), kind="stable")
    chosen: list[int] = []
    for node in order:
        far = np.hypot(*(net.nodes[chosen] - net.nodes[node]).T) if chosen else np.array([1e9])
        if far.min() > 110:
            chosen.append(int(node))
        if len(chosen) == N_SIGNALS:
            break
    return np.array(sorted(chosen))


def _tags(net: Network, street: int, is_one_way: bool, piece: Tags) -> Tags:
    """Return the tags of a way of one street."""
    row = net.streets[street]
    lanes, speed = _LANES_SPEED.get(row.kind, ("", ""))
    tags = {"highway": row.kind, "name": row.name, "name:en": row.name_en, "lanes": lanes, "maxspeed": speed}
    if row.kind == "living_street":
        tags["width"] = str(round(3.0 + (street % 7) * 0.4, 1))
    if row.kind == "unclassified" and street % 9 == 0:
        tags |= {"maxheight": "3.2"} if street % 2 else {"width": "3.5"}
    if is_one_way:
        tags |= {"oneway": "yes", "lanes": "2" if "junction" in row.tags else "1"}
    if row.kind in ("secondary", "primary", "trunk"):
        tags["surface"] = "asphalt"
    return {key: value for key, value in (tags | row.tags | piece).items() if value}


def _chains(
    rows: list[tuple[float, tuple[int, ...], Tags, float]], stops: set[int]
) -> list[tuple[tuple[int, ...], Tags, float]]:
    """Return pieces of one street joined end to end while their tags agree and no stop lies between."""
    chains: list[tuple[tuple[int, ...], Tags, float]] = []
    for _, nodes, tags, length in sorted(rows, key=lambda row: row[0]):
        if chains:
            before, old, far = chains[-1]
            if (
                before[-1] == nodes[0]
                and old == tags
                and nodes[0] not in stops
                and len(before) < 400
                and far < 2500
            ):
                chains[-1] = (before + nodes[1:], tags, far + length)
                continue
        chains.append((nodes, tags, length))
    return chains


@cache
def road_map() -> RoadMap:
    """Return the roads as map objects, ids given street by street."""
    net = network()
    one_way = _one_ways(net)
    signals = _signal_nodes(net)
    points = [tuple(point) for point in net.nodes]
    number = {point: i for i, point in enumerate(points)}
    main = np.flatnonzero(
        np.bincount(np.r_[net.tail[net.rank >= 5], net.head[net.rank >= 5]], minlength=len(net.nodes)) >= 3
    )
    stops = {FIRST_NODE_ID + int(i) for i in np.r_[signals, main]}
    rows: dict[int, list[tuple[float, tuple[int, ...], Tags, float]]] = defaultdict(list)
    for edge, line, piece in _pieces(net):
        ids = []
        for point in np.round(np.asarray(line.coords), 2):
            key = (float(point[0]), float(point[1]))
            if key not in number:
                number[key] = len(points)
                points.append(key)
            ids.append(FIRST_NODE_ID + number[key])
        nodes = tuple(a for a, b in zip(ids, [*ids[1:], -1], strict=True) if a != b)
        street = int(net.street[edge])
        at = net.streets[street].line.project(line.interpolate(0.5, normalized=True))
        if len(nodes) > 1:
            rows[street].append((at, nodes, _tags(net, street, bool(one_way[street]), piece), line.length))
    ways: list[Way] = []
    for street in sorted(rows, key=lambda s: (-RANK[net.streets[s].kind], s)):
        for nodes, tags, length in _chains(rows[street], stops):
            ways.append(Way(FIRST_WAY_ID + len(ways), nodes, tags, length))
    chosen = tuple(FIRST_NODE_ID + int(i) for i in signals)
    return RoadMap(np.array(points), tuple(ways), chosen, _barriers(net, number))


def _barriers(net: Network, number: dict[tuple[float, float], int]) -> dict[int, Tags]:
    """Return gates just inside some estate drives, and bollards where footways end."""
    top = np.zeros(len(net.nodes), int)
    np.maximum.at(top, net.tail, net.rank)
    np.maximum.at(top, net.head, net.rank)
    found: dict[int, Tags] = {}
    kinds = [net.streets[street] for street in net.street]
    drives = [edge for edge, street in enumerate(kinds) if street.tags.get("access") == "private"]
    for edge in drives[::9]:
        for at in (1, -2):
            coords = net.lines[edge].coords
            inner = (round(coords[at][0], 2), round(coords[at][1], 2))
            node = net.tail[edge] if at == 1 else net.head[edge]
            if len(coords) > 2 and top[node] > 1 and np.hypot(*(net.nodes[node] - inner)) < 14:
                found[FIRST_NODE_ID + number[inner]] = {"barrier": "gate", "access": "private"}
    for edge in [edge for edge, street in enumerate(kinds) if street.kind == "footway"]:
        if top[net.head[edge]] <= 1:
            found[FIRST_NODE_ID + int(net.head[edge])] = {"barrier": "bollard"}
    return found
