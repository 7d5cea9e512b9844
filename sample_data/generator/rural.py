"""Villages in the valleys and the country roads that lead to them along the gentlest way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import LineString, Point, Polygon

from sample_data.generator.curves import resample
from sample_data.generator.frame import border, stream
from sample_data.generator.river import town_water
from sample_data.generator.skeleton import Street, main_streets, railway, town
from sample_data.generator.streams import reservoir, streams
from sample_data.generator.subdivision import Subdivision
from sample_data.generator.terrain import EDGE_M, PIXEL_M, ground, pixel_centres, smooth_noise
from sample_data.generator.townplan import Block

Floats = NDArray[np.float64]

N_VILLAGES = 104
STREAM_CLEAR_M = 19.0
"""How far country roads keep from the middle of a stream that they follow, m."""
LANE_BLOCK_M2 = 5_200.0
_GATES_KM = (
    (-0.75, 9.2),
    (-3.95, -9.5),
    (8.4, 7.5),
    (-8.3, 7.2),
    (6.3, -8.6),
    (-9.5, -4.3),
    (3.6, 9.3),
    (-7.4, -8.6),
    (9.3, 4.4),
)
"""Where county roads leave the county."""


@dataclass(frozen=True)
class Village:
    """A village: its middle, local metres, and the ground that it covers."""

    centre: tuple[float, float]
    ground: Polygon


def _slope() -> Floats:
    south_north, west_east = np.gradient(ndimage.gaussian_filter(ground().height_m, 1.0), PIXEL_M)
    steepness: Floats = np.hypot(south_north, west_east)
    return steepness


def _to_pixel(xy: Floats) -> NDArray[np.int64]:
    """Return flat pixel numbers of local points."""
    n = ground().height_m.shape[0]
    col, row = np.clip(np.rint((xy + EDGE_M) / PIXEL_M), 0, n - 1).astype(np.int64).T
    flat: NDArray[np.int64] = row * n + col
    return flat


def _wet() -> shapely.Geometry:
    return shapely.union_all([town_water(), reservoir()])


@cache
def village_sites() -> Floats:
    """Return the middles of the villages, local metres, shape (n, 2): gentle ground near water."""
    shape, rng = ground(), stream("villages")
    xy = pixel_centres()
    spots = shapely.points(xy)
    creek = shapely.union_all([line for line, _ in streams()])
    keep = (_slope().ravel() < 0.09) & shapely.contains(border().buffer(-380), spots)
    keep &= ~shapely.contains(town().buffer(260), spots)
    xy, spots = xy[keep], spots[keep]
    water_m = shapely.distance(spots, shapely.union_all([creek, _wet()]))
    roads = shapely.MultiLineString([street.line for street in main_streets()])
    road_m, rail_m = shapely.distance(spots, roads), shapely.distance(spots, railway())
    open_ground = (shapely.distance(spots, _wet()) > 230) & (rail_m > 220) & (water_m > 50)
    score = np.exp(-water_m / 350) + 0.8 * np.exp(-road_m / 250) + 0.5 * rng.random(len(xy))
    score -= 0.5 * np.clip(shape.plain.ravel()[keep] - 1, 0, 3)
    chosen: list[Floats] = []
    for i in np.argsort(-np.where(open_ground, score, -9), kind="stable"):
        spacing = 760 + 350 * (xy[i, 0] % 97) / 97
        if all(np.hypot(*(xy[i] - other)) > spacing for other in chosen):
            chosen.append(xy[i])
        if len(chosen) == N_VILLAGES:
            break
    return np.array(chosen)


@cache
def _effort() -> Floats:
    """Return how much dearer than on flat dry ground a road is, for each pixel."""
    spots = shapely.points(pixel_centres())
    effort = 1 + (np.minimum(_slope().ravel(), 0.6) / 0.055) ** 1.6
    effort += 0.25 * smooth_noise("paths", 500).ravel()
    wet = shapely.distance(spots, _wet())
    effort += np.where(wet < 30, 25.0, np.where(wet < 130, 5.0, 0.0))
    creeks = shapely.union_all([line for line, _ in streams()])
    effort += np.where(shapely.dwithin(spots, creeks, 55), 3.0, 0.0)
    effort += np.where(shapely.dwithin(spots, railway(), 60), 6.0, 0.0)
    return effort + np.where(~shapely.contains(border().buffer(-60), spots), 30.0, 0.0)


def _step_costs(cheap: NDArray[np.int64]) -> csr_matrix:
    """Return the cost of a step between neighbouring pixels; ``cheap`` pixels already hold a road."""
    shape = ground()
    n = shape.height_m.shape[0]
    factor = _effort().copy()
    factor[cheap] *= 0.35
    factor = np.maximum(factor, 0.3)
    number = np.arange(n * n).reshape(n, n)
    tails, heads, lengths = [], [], []
    for rows, cols in ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)):
        a = number[: n - rows, max(0, -cols) : n - max(0, cols)]
        b = number[rows:, max(0, cols) : n - max(0, -cols)]
        tails.append(a.ravel())
        heads.append(b.ravel())
        lengths.append(np.full(a.size, PIXEL_M * np.hypot(rows, cols)))
    tail, head, length = np.concatenate(tails), np.concatenate(heads), np.concatenate(lengths)
    rise = np.abs(shape.height_m.ravel()[tail] - shape.height_m.ravel()[head]) / length
    cost = length * (factor[tail] + factor[head]) / 2 * (1 + (rise / 0.07) ** 2)
    return coo_matrix((cost, (tail, head)), shape=(n * n, n * n)).tocsr()


def _paths(
    sources: NDArray[np.int64], targets: NDArray[np.int64], costs: csr_matrix, limit: float = np.inf
) -> list[list[int]]:
    """Return the branches of the cheapest tree from ``sources`` to ``targets``, split where they fork."""
    _, before, _ = dijkstra(
        costs, directed=False, indices=sources, min_only=True, return_predecessors=True, limit=limit
    )
    is_knot = np.zeros(len(before), bool)
    is_knot[targets] = True
    used = np.zeros(len(before), bool)
    for target in targets:
        here = int(target)
        while before[here] >= 0 and not used[here]:
            used[here] = True
            here = int(before[here])
        is_knot[here] = True
    branches = []
    for knot in np.flatnonzero(is_knot & used):
        branch = [int(knot)]
        while len(branch) == 1 or not is_knot[branch[-1]]:
            branch.append(int(before[branch[-1]]))
        branches.append(branch)
    return branches


def _as_lines(branches: list[list[int]], onto: shapely.Geometry) -> list[LineString]:
    """Return branches as smooth lines; an end at an existing road is put exactly on it."""
    centres = pixel_centres()
    lines = []
    for branch in branches:
        points = resample(centres[branch], 25.0)
        smooth = ndimage.gaussian_filter1d(points, 2.6, axis=0, mode="nearest")
        smooth[0], smooth[-1] = points[0], points[-1]
        end = Point(smooth[-1])
        if onto.distance(end) < 60:
            hit = shapely.get_coordinates(shapely.shortest_line(end, onto))[1]
            smooth[-1] = hit + (hit - smooth[-1]) * 0.02
        lines.append(_beside_streams(smooth).simplify(1.2))
    return lines


def _beside_streams(points: Floats) -> LineString:
    """Return a road moved off the streams that it runs along, so that it crosses them squarely and seldom."""
    lines = np.array([line for line, _ in streams()], object)
    road = resample(points, 12.0)
    near = shapely.STRtree(lines).nearest(shapely.points(road))
    moved = road.copy()
    for k in np.unique(near):
        mine = np.flatnonzero(near == k)
        along = shapely.line_locate_point(lines[k], shapely.points(road[mine]))
        foot = shapely.get_coordinates(shapely.line_interpolate_point(lines[k], along))
        ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines[k], along + 4))
        back = shapely.get_coordinates(shapely.line_interpolate_point(lines[k], np.maximum(along - 4, 0)))
        way = (ahead - back) / np.maximum(np.hypot(*(ahead - back).T), 1e-6)[:, None]
        normal = np.column_stack([-way[:, 1], way[:, 0]])
        off_m = ((road[mine] - foot) * normal).sum(axis=1)
        side = np.where(ndimage.uniform_filter1d(np.clip(off_m, -60, 60), 21, mode="nearest") > 0, 1.0, -1.0)
        close = off_m * side < STREAM_CLEAR_M
        is_beside = (along > 1) & (along < lines[k].length - 1)
        close &= is_beside & (np.hypot(*(road[mine] - foot).T) < 60)
        moved[mine[close]] = (foot + normal * (side * STREAM_CLEAR_M)[:, None])[close]
    smooth = ndimage.gaussian_filter1d(moved, 1.2, axis=0, mode="nearest")
    smooth[0], smooth[-1] = points[0], points[-1]
    return LineString(smooth)


@cache
def country_roads() -> tuple[Street, ...]:
    """Return county roads through the valleys to the border, then roads to every village, then some loops."""
    main = [street.line for street in main_streets()]
    net = shapely.MultiLineString(main)
    pixels = _to_pixel(np.vstack([resample(np.asarray(line.coords), 40.0) for line in main]))
    streets: list[Street] = []
    sites = village_sites()
    rng = stream("loops")
    pairs = [
        (i, j)
        for i, j in shapely.STRtree(shapely.points(sites)).query(shapely.points(sites), "dwithin", 1500).T
        if i < j
    ]
    stages = [("secondary", np.array(_GATES_KM) * 1000), ("tertiary", sites)]
    for kind, goals in stages:
        goal_pixels = np.setdiff1d(_to_pixel(goals), pixels)
        branches = _paths(np.unique(pixels), goal_pixels, _step_costs(pixels))
        lines = _as_lines(branches, net)
        for line in lines:
            far = line.length > 1500 or kind == "secondary"
            streets.append(Street(line, kind if far else "unclassified"))
        net = shapely.union_all([net, *lines])
        pixels = np.unique(np.r_[pixels, [one for branch in branches for one in branch]])
    costs = _step_costs(pixels)
    close = net.buffer(35)
    for pick in rng.permutation(len(pairs))[:46]:
        a, b = pairs[pick]
        ends = _to_pixel(sites[[a, b]])
        branches = _paths(ends[:1], ends[1:], costs, limit=4500.0)
        for line in _as_lines(branches, shapely.Point(0, 9e9)):
            pieces = [piece for piece in shapely.get_parts(line.difference(close)) if piece.length > 300]
            streets += [Street(_joined(piece, net), "unclassified") for piece in pieces]
    return tuple(streets)


def _joined(piece: LineString, net: shapely.Geometry) -> LineString:
    """Return a line lengthened to the roads that lie within 60 m of its ends."""
    coords = [tuple(point) for point in np.asarray(piece.coords)]
    for at in (0, -1):
        link = shapely.get_coordinates(shapely.shortest_line(Point(coords[at]), net))
        if 0 < np.hypot(*(link[1] - link[0])) < 60:
            beyond = tuple(link[1] + (link[1] - link[0]) * 0.02)
            coords = [beyond, *coords] if at == 0 else [*coords, beyond]
    return LineString(coords)


def _blob(centre: Floats, angle: float, rng: np.random.Generator) -> Polygon:
    """Return the outline of a village, stretched along its road."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    size = rng.uniform(105, 190)
    reach = size * (
        1 + sum(rng.uniform(0.03, 0.16) * np.cos(k * turn + rng.uniform(0, 6.3)) for k in (2, 3, 4))
    )
    stretch = rng.uniform(1.1, 1.9)
    along, across = reach * np.cos(turn) * stretch, reach * np.sin(turn) / stretch**0.5
    x = centre[0] + along * np.cos(angle) - across * np.sin(angle)
    y = centre[1] + along * np.sin(angle) + across * np.cos(angle)
    return Polygon(np.column_stack([x, y]))


@cache
def villages() -> tuple[tuple[Village, ...], tuple[Street, ...], tuple[Block, ...]]:
    """Return the villages, their lanes, and the blocks between the lanes."""
    roads = [street.line for street in (*main_streets(), *country_roads())]
    tree = shapely.STRtree(roads)
    creeks = [line for line, _ in streams()]
    wet = shapely.union_all([_wet().buffer(14), *(line.buffer(7) for line in creeks), railway().buffer(16)])
    steep = ground().sample
    found, lanes, blocks = [], [], []
    taken = town()
    for i, site in enumerate(village_sites()):
        rng = stream(f"village {i}")
        near = tree.query_nearest(Point(site))[0]
        line = roads[near]
        at = line.project(Point(site))
        a, b = line.interpolate(max(at - 60, 0)), line.interpolate(min(at + 60, line.length))
        angle = float(np.arctan2(b.y - a.y, b.x - a.x))
        blob = _blob(site, angle, rng).difference(taken.buffer(90))
        blob = max(shapely.get_parts(blob), key=lambda part: part.area)
        if blob.area < 20_000 or np.ptp(steep(shapely.get_coordinates(blob))) > 30:
            continue
        taken = taken.union(blob)
        found.append(Village((float(site[0]), float(site[1])), blob))
        phase = rng.uniform(0, 6.3)

        def follow(
            x: float, y: float, heading: complex, angle: float = angle, phase: float = phase
        ) -> complex:
            sway = 0.4 * np.sin(x / 61 + phase) + 0.4 * np.cos(y / 53 - phase)
            arm = complex(np.cos(angle + sway * 0.6), np.sin(angle + sway * 0.6))
            return max(
                (arm * turn for turn in (1, 1j, -1, -1j)), key=lambda one: (one * heading.conjugate()).real
            )

        plan = Subdivision(lambda x, y: LANE_BLOCK_M2, blob.exterior, rng, follow)  # noqa: ARG005 - one size
        inside = list(tree.geometries[tree.query(blob)])
        noded = shapely.union_all([blob.exterior, wet.boundary.intersection(blob), *inside], grid_size=0.01)
        for face in shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))):
            middle = face.representative_point()
            if blob.contains(middle) and not wet.contains(middle) and face.area > 1500:
                plan.cut(face)
        lanes += [Street(cut.line, "residential" if cut.area_m2 > 16_000 else "service") for cut in plan.cuts]
        blocks += [Block(block, "village") for block in plan.blocks]
    return tuple(found), tuple(lanes), tuple(blocks)
