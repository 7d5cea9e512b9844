"""One road network from all streets: noded where they meet, bridged where they cross water."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from shapely.geometry import LineString, Point

from sample_data.generator import names
from sample_data.generator.frame import border, stream
from sample_data.generator.landuse import drives
from sample_data.generator.rural import country_roads, villages
from sample_data.generator.skeleton import Street, main_streets
from sample_data.generator.townplan import quarter_at, town_plan

Floats = NDArray[np.float64]

RANK = {
    "trunk": 7,
    "primary": 6,
    "secondary": 5,
    "tertiary": 4,
    "unclassified": 3,
    "residential": 2,
    "living_street": 1,
    "service": 1,
    "footway": 0,
}
ROUNDABOUT = (4545.0, -2605.0, 30.0)
"""x, y, radius of the roundabout on 丽州大道, m."""
MERGE_M = 3.0
SPUR_M = 9.0


@dataclass(frozen=True)
class Network:
    """Edges between junctions; all tags of an edge are those of its street.

    ``nodes`` has shape (n, 2), local metres; ``tail`` and ``head`` are positions in it.
    """

    nodes: Floats
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    lines: NDArray[np.object_]
    street: NDArray[np.int64]
    streets: tuple[Street, ...] = field(repr=False)

    @property
    def rank(self) -> NDArray[np.int64]:
        """Return the rank of each edge's class."""
        ranks = np.array([RANK[street.kind] for street in self.streets])
        chosen: NDArray[np.int64] = ranks[self.street]
        return chosen

    @property
    def degree(self) -> NDArray[np.int64]:
        """Return how many edges meet at each node."""
        return np.bincount(np.r_[self.tail, self.head], minlength=len(self.nodes))


def _local_streets() -> list[Street]:
    """Return the named local streets of the town."""
    rng = stream("street names")
    words = [names.STREET_WORDS[i] for i in rng.permutation(len(names.STREET_WORDS))]
    roads = iter(
        [
            f"{word}{end}"
            for end in (
                "路",
                "街",
                "北路",
                "南路",
                "东路",
                "西路",
                "一路",
                "二路",
                "三路",
                "中街",
                "东街",
                "西街",
                "新街",
            )
            for word in words
        ]
    )
    lane_words = [names.LANE_WORDS[i] for i in rng.permutation(len(names.LANE_WORDS))] + words
    lanes = iter(
        [
            f"{word}{end}"
            for end in (
                "巷",
                "弄",
                "小巷",
                "里",
                "一弄",
                "二弄",
                "三弄",
                "横巷",
                "四弄",
                "五弄",
                "一巷",
                "二巷",
                "三巷",
            )
            for word in lane_words
        ]
    )
    streets = []
    for cut in town_plan()[0]:
        middle = cut.line.interpolate(0.5, normalized=True)
        is_old = quarter_at(middle.x, middle.y) == "old"
        if is_old and cut.area_m2 < 60_000:
            kind = "footway" if rng.random() < 0.3 and cut.area_m2 < 30_000 else "living_street"
            streets.append(Street(cut.line, kind, next(lanes)))
        elif cut.area_m2 > 300_000:
            streets.append(Street(cut.line, "tertiary", next(roads)))
        elif cut.area_m2 > 90_000:
            streets.append(Street(cut.line, "residential", next(roads)))
        else:
            streets.append(Street(cut.line, "residential", next(lanes)))
    return streets


@cache
def all_streets() -> tuple[Street, ...]:
    """Return every street once, the roundabout in place of its junction."""
    x, y, radius = ROUNDABOUT
    disc = Point(x, y).buffer(radius - 0.4, quad_segs=24)
    rows = [*main_streets(), *country_roads(), *_local_streets(), *villages()[1], *drives()]
    streets = []
    county = border().buffer(-1)
    for row in rows:
        pieces = shapely.get_parts(row.line.intersection(county).difference(disc))
        kept = [piece for piece in pieces if piece.geom_type == "LineString" and piece.length > 6]
        streets += [Street(piece, row.kind, row.name, row.name_en, row.tags) for piece in kept]
    turn = np.linspace(0, 2 * np.pi, 37)
    ring = LineString(np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)]))
    streets.append(
        Street(ring, "primary", "丽州大道", "Lizhou Avenue", {"junction": "roundabout", "oneway": "yes"})
    )
    return tuple(streets)


def _owners(lines: NDArray[np.object_], streets: tuple[Street, ...]) -> NDArray[np.int64]:
    """Return for each noded line the street it came from, the highest class where several coincide."""
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    edge, street = shapely.STRtree([one.line for one in streets]).query(middle, "dwithin", 0.35)
    rank = np.array([RANK[one.kind] for one in streets])[street]
    owner = np.full(len(lines), -1, np.int64)
    order = np.lexsort((-street, rank))
    owner[edge[order]] = street[order]
    return owner


def _enclosed_m2(lines: NDArray[np.object_]) -> Floats:
    """Return the area within each closed line, 0 for open ones and those that run out and back."""
    closed = shapely.is_closed(lines) & (shapely.get_num_points(lines) >= 4)
    area = np.zeros(len(lines))
    area[closed] = [shapely.Polygon(line).area for line in lines[closed]]
    return area


def _merge(
    lines: NDArray[np.object_],
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64], NDArray[np.object_]]:
    """Return nodes, tails, heads and lines after joining ends closer than ``MERGE_M``."""
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)])
    points, which = np.unique(np.round(ends, 2), axis=0, return_inverse=True)
    close = cKDTree(points).query_pairs(MERGE_M, output_type="ndarray")
    links = coo_matrix((np.ones(len(close)), (close[:, 0], close[:, 1])), shape=(len(points), len(points)))
    _, group = connected_components(links, directed=False)
    weight = np.bincount(group)
    nodes = np.column_stack([np.bincount(group, points[:, i]) / weight for i in (0, 1)])
    tail, head = group[which.ravel()].reshape(2, -1)
    keep = (tail != head) | (_enclosed_m2(lines) > 0.02 * shapely.length(lines) ** 2)
    tail, head = tail[keep], head[keep]
    moved = []
    for line, a, b in zip(lines[keep], tail, head, strict=True):
        coords = np.array(line.coords)
        coords[0], coords[-1] = nodes[a], nodes[b]
        moved.append(LineString(coords))
    return nodes, tail, head, np.array(moved, object)


def _without_spurs(
    tail: NDArray[np.int64], head: NDArray[np.int64], lines: NDArray[np.object_], n_nodes: int
) -> NDArray[np.bool_]:
    """Return which edges stay: no spur shorter than ``SPUR_M``, no second edge between the same nodes."""
    key = np.minimum(tail, head) * n_nodes + np.maximum(tail, head)
    length = shapely.length(lines)
    order = np.lexsort((length, key))
    same = np.r_[False, (np.diff(key[order]) == 0) & (length[order][1:] < 1.15 * length[order][:-1])]
    keep = np.ones(len(tail), bool)
    keep[order[same]] = False
    for _ in range(2):
        degree = np.bincount(np.r_[tail[keep], head[keep]], minlength=n_nodes)
        keep &= ~(((degree[tail] == 1) | (degree[head] == 1)) & (length < SPUR_M))
    return keep


@cache
def network() -> Network:
    """Return the road network of the county, its largest connected part."""
    streets = all_streets()
    noded = shapely.get_parts(shapely.union_all([street.line for street in streets], grid_size=0.01))
    nodes, tail, head, lines = _merge(noded[shapely.length(noded) > 0.02])
    keep = _without_spurs(tail, head, lines, len(nodes))
    owner = _owners(lines, streets)
    keep &= owner >= 0
    tail, head, lines, owner = tail[keep], head[keep], lines[keep], owner[keep]
    links = coo_matrix((np.ones(len(tail)), (tail, head)), shape=(len(nodes), len(nodes)))
    _, part = connected_components(links, directed=False)
    keep = part[tail] == np.bincount(part[tail]).argmax()
    tail, head, lines, owner = tail[keep], head[keep], lines[keep], owner[keep]
    used, position = np.unique(np.r_[tail, head], return_inverse=True)
    tail, head = position.reshape(2, -1)
    is_against = np.array(
        [
            streets[s].line.project(line.interpolate(0.4, normalized=True))
            > streets[s].line.project(line.interpolate(0.6, normalized=True))
            for s, line in zip(owner, lines, strict=True)
        ]
    )
    tail, head = np.where(is_against, head, tail), np.where(is_against, tail, head)
    lines = np.where(is_against, shapely.reverse(lines), lines)
    return Network(np.round(nodes[used], 2), tail, head, lines, owner, streets)
