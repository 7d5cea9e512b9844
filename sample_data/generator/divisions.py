"""Districts, subdistricts, communities and grid units: the county divided along roads, waters and ridges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from shapely.geometry import Point, Polygon
from shapely.ops import split

from sample_data.generator import names
from sample_data.generator.faces import faces
from sample_data.generator.frame import border, stream
from sample_data.generator.river import rivers
from sample_data.generator.rural import villages

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CITY_CODE = "339900000000"
DISTRICTS = (("339901000000", "丽城区"), ("339902000000", "溪南区"))
_SEATS_KM: tuple[tuple[int, str, str, float, float], ...] = (
    (0, "001", "古城街道", 0.15, 0.4),
    (0, "002", "西城街道", -1.9, -0.3),
    (0, "003", "江东街道", 3.3, 0.6),
    (0, "004", "北苑街道", 0.6, 2.6),
    (0, "005", "塔山街道", -2.9, 1.9),
    (0, "006", "金川街道", -5.6, -0.9),
    (0, "100", "梅溪镇", 0.2, 6.4),
    (0, "101", "东岙镇", 7.2, 4.9),
    (0, "102", "石门镇", -5.6, 5.6),
    (0, "103", "西屏镇", -8.2, 1.2),
    (1, "001", "溪南街道", 0.6, -2.1),
    (1, "002", "文苑街道", 3.0, -2.9),
    (1, "003", "望江街道", -1.5, -3.0),
    (1, "004", "开发区街道", 7.0, -2.4),
    (1, "100", "南坑镇", -3.4, -7.0),
    (1, "101", "桐岭镇", 5.0, -6.6),
)
N_COMMUNITIES = 130
N_UNITS = 900
_MAJOR_M, _MINOR_M = 260.0, 25.0
"""What crossing a main road or a lane adds to the way between two faces, m."""


@dataclass(frozen=True)
class Divisions:
    """The tree below the city, as arrays: a subdistrict per community, a community per grid unit.

    ``polygons`` are the grid units in local metres; shared edges are shared exactly.
    """

    subdistrict_codes: tuple[str, ...]
    subdistrict_names: tuple[str, ...]
    community_codes: tuple[str, ...]
    community_names: tuple[str, ...]
    community_subdistrict: Ints
    polygons: NDArray[np.object_]
    unit_ids: tuple[str, ...]
    unit_names: tuple[str, ...]
    unit_kinds: tuple[str, ...]
    unit_community: Ints

    def unit_at(self, xy: Floats) -> Ints:
        """Return the grid unit of local points, -1 outside the county."""
        found = np.full(len(xy), -1, np.int64)
        point, unit = shapely.STRtree(self.polygons).query(shapely.points(xy), "intersects")
        found[point[::-1]] = unit[::-1]
        return found


def _graph(inside: NDArray[np.bool_]) -> csr_matrix:
    """Return the ways between touching faces, m; faces that are not ``inside`` are cut off."""
    ground = faces()
    keep = inside[ground.left] & inside[ground.right]
    a, b = ground.left[keep], ground.right[keep]
    length = np.hypot(*(ground.middle[a] - ground.middle[b]).T) + np.where(
        ground.is_major[keep], _MAJOR_M, _MINOR_M
    )
    n = len(ground.weight)
    tails, heads = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((length, heads, tails))
    first = np.r_[True, (np.diff(tails[order]) != 0) | (np.diff(heads[order]) != 0)] if len(order) else order
    pick = order[first]
    return csr_matrix((length[pick], (tails[pick], heads[pick])), shape=(n, n))


def _nearest_seed(graph: csr_matrix, seeds: Ints, members: Ints, handicap: Floats) -> Ints:
    """Return for each member the seed whose way to it, times its handicap, is the shortest."""
    far = dijkstra(graph, directed=False, indices=seeds)[:, members]
    return np.asarray(np.argmin(far * handicap[:, None], axis=0), np.int64)


def _whole(graph: csr_matrix, members: Ints, part: Ints) -> Ints:
    """Return parts with every fragment that is cut off from the rest of its part given to a neighbour."""
    label = np.full(graph.shape[0], -1, np.int64)
    label[members] = part
    a, b = graph.nonzero()
    weight = faces().weight
    for _ in range(12):
        same = label[a] == label[b]
        n, piece = connected_components(
            csr_matrix((np.ones(same.sum()), (a[same], b[same])), shape=graph.shape), directed=False
        )
        size = np.bincount(piece, weight, minlength=n)
        best = np.zeros(label.max() + 1)
        np.maximum.at(best, label[members], size[piece[members]])
        loose = (label >= 0) & (size[piece] < best[label] * 0.999999)
        moves = [(x, y) for x, y in ((a, b), (b, a))]
        changed = False
        for x, y in moves:
            edge = np.flatnonzero(loose[x] & ~loose[y] & (label[y] >= 0))
            label[x[edge]] = label[y[edge]]
            changed |= len(edge) > 0
        if not changed:
            break
    settled: Ints = label[members]
    return settled


def _parts(members: Ints, n_parts: int, rng: np.random.Generator) -> Ints:
    """Return a division of some faces into connected parts of about equal weight (Lloyd's iteration)."""
    ground = faces()
    if n_parts <= 1 or len(members) <= n_parts:
        return np.arange(len(members)) if n_parts > 1 else np.zeros(len(members), np.int64)
    inside = np.zeros(len(ground.weight), bool)
    inside[members] = True
    graph = _graph(inside)
    weight, middle = ground.weight[members], ground.middle[members]
    seeds = rng.choice(members, n_parts, replace=False, p=weight / weight.sum())
    handicap = np.ones(n_parts)
    part = np.zeros(len(members), np.int64)
    for turn in range(9):
        part = _nearest_seed(graph, seeds, members, handicap)
        load = np.bincount(part, weight, minlength=n_parts)
        handicap *= np.clip((load / load.mean() + 0.05) ** 0.3, 0.75, 1.35)
        if turn == 8:
            break
        for k in range(n_parts):
            mine = np.flatnonzero(part == k)
            if len(mine):
                goal = np.average(middle[mine], axis=0, weights=weight[mine])
                seeds[k] = members[mine[np.argmin(np.hypot(*(middle[mine] - goal).T))]]
    return _whole(graph, members, part)


def _district_of_faces() -> Ints:
    """Return 0 for faces north of the main river, 1 for those south of it."""
    halves = list(split(border(), rivers()[0].line).geoms)
    south = min(halves, key=lambda half: half.centroid.y)
    district: Ints = shapely.intersects(south, shapely.points(faces().middle)).astype(np.int64)
    return district


def _subdistrict_of_faces() -> Ints:
    """Return the subdistrict of each face: the seat that is nearest on its bank of the river."""
    ground, district = faces(), _district_of_faces()
    found = np.full(len(ground.weight), -1, np.int64)
    for side in (0, 1):
        members = np.flatnonzero(district == side)
        seats = [i for i, seat in enumerate(_SEATS_KM) if seat[0] == side]
        points = np.array([_SEATS_KM[i][3:] for i in seats]) * 1000.0
        seeds = members[[int(np.argmin(np.hypot(*(ground.middle[members] - point).T))) for point in points]]
        pull = np.array([1.0 if _SEATS_KM[i][1] < "100" else 0.8 for i in seats])
        graph = _graph(district == side)
        part = _whole(graph, members, _nearest_seed(graph, seeds, members, pull))
        found[members] = np.array(seats)[part]
    return found


def _shares(weight: NDArray[np.floating | np.integer], n_total: int) -> Ints:
    """Return whole numbers in proportion to weights, at least 1 each, that add up to ``n_total``."""
    wanted = weight / weight.sum() * n_total
    whole: Ints = np.maximum(1, np.floor(wanted)).astype(np.int64)
    for i in np.argsort(-(wanted - whole), kind="stable")[: max(0, n_total - int(whole.sum()))]:
        whole[i] += 1
    return whole


def _grown(upper: Ints, n_total: int, name: str) -> tuple[Ints, Ints]:
    """Return the part of each face one level down, and the upper part of each new part."""
    ground, n_upper = faces(), int(upper.max()) + 1
    counts = _shares(np.bincount(upper, ground.weight, minlength=n_upper), n_total)
    found = np.full(len(upper), -1, np.int64)
    parents: list[int] = []
    for k in range(n_upper):
        members = np.flatnonzero(upper == k)
        part = np.unique(_parts(members, int(counts[k]), stream(f"{name} {k}")), return_inverse=True)[1]
        found[members] = part + len(parents)
        parents += [k] * (int(part.max()) + 1)
    return found, np.array(parents)


def _community_names(polygons: NDArray[np.object_], subdistrict: Ints) -> tuple[list[str], list[str]]:
    """Return codes and names; a community with a village in it and few floors is a 村."""
    village = shapely.STRtree([Point(one.centre) for one in villages()[0]])
    rng = stream("community names")
    words = iter([names.STREET_WORDS[i] for i in rng.permutation(len(names.STREET_WORDS))])
    settled = village_names()
    counter: dict[tuple[int, bool], int] = {}
    codes, titles = [], []
    for polygon, parent in zip(polygons, subdistrict, strict=True):
        inside = np.sort(village.query(polygon, "intersects"))
        is_village = len(inside) > 0
        number = counter[parent, is_village] = counter.get((int(parent), is_village), 0) + 1
        base = DISTRICTS[_SEATS_KM[parent][0]][0][:6] + _SEATS_KM[parent][1]
        codes.append(f"{base}{number + (199 if is_village else 0):03d}")
        titles.append(f"{settled[inside[0]]}村" if is_village else f"{next(words)}社区")
    return codes, titles


@cache
def village_names() -> tuple[str, ...]:
    """Return the names of the villages, in their order, without 村."""
    found = names.pairs(names.VILLAGE_FIRST, names.VILLAGE_SECOND, stream("village names"))
    return tuple(found[: len(villages()[0])])


@cache
def divisions() -> Divisions:
    """Return the administrative tree of the county with its grid units."""
    ground = faces()
    subdistrict = _subdistrict_of_faces()
    community, community_parent = _grown(subdistrict, N_COMMUNITIES, "communities")
    unit, unit_parent = _grown(community, N_UNITS, "units")
    merged = [shapely.coverage_union_all(ground.polygons[unit == k]) for k in range(len(unit_parent))]
    polygons = shapely.coverage_simplify(np.array(merged, object), 2.0)
    polygons = shapely.transform(polygons, lambda xy: np.round(xy, 2))
    outlines = np.array(
        [shapely.coverage_union_all(polygons[unit_parent == k]) for k in range(len(community_parent))], object
    )
    codes, titles = _community_names(outlines, community_parent)
    weight = np.bincount(unit, ground.weight)
    number: dict[int, int] = {}
    ids, unit_names, kinds = [], [], []
    for k, parent in enumerate(unit_parent):
        number[parent] = number.get(int(parent), 0) + 1
        ids.append(f"{codes[parent]}{number[parent]:03d}")
        unit_names.append(f"{titles[parent]}第{number[parent]}网格")
        crowd = weight[k] / (shapely.area(polygons[k]) / 1e6)
        kinds.append("专属网格" if crowd < 1e-5 else "综合网格")
    return Divisions(
        tuple(f"{DISTRICTS[seat[0]][0][:6]}{seat[1]}000" for seat in _SEATS_KM),
        tuple(seat[2] for seat in _SEATS_KM),
        tuple(codes),
        tuple(titles),
        community_parent,
        polygons,
        tuple(ids),
        tuple(unit_names),
        tuple(kinds),
        unit_parent,
    )


def outline(parts: NDArray[np.object_]) -> Polygon:
    """Return the union of grid units."""
    return shapely.coverage_union_all(parts)
