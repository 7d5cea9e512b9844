"""The storm drains around the underpass, as a SWMM 5 input file, and their inlets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from sample_data.generator.frame import ORIGIN, to_lonlat
from sample_data.generator.network import network
from sample_data.generator.rasters import CENTRE_5M, elevation
from sample_data.generator.river import canals, river_water
from sample_data.generator.skeleton import UNDERPASS
from sample_data.generator.weather import RAIN_GAUGES, RAIN_STEP_MIN, rain_mm_h

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_NODES = 150
_SLOPE, _COVER_M = 0.0012, 1.6
_ROUGHNESS = 0.013
_STORM_STEPS = slice(60 * 12, 84 * 12)
"""The steps of the rain series, 5 min each, that the file simulates."""


@dataclass(frozen=True)
class Drains:
    """A tree of drains: road nodes, where each drains to (-1: outfall), and heights in m."""

    nodes: Ints
    below: Ints
    xy: Floats
    rim_m: Floats
    invert_m: Floats
    area_m2: Floats

    def name(self, i: int) -> str:
        """Return the name of a node."""
        return f"O{i:03d}" if self.below[i] < 0 else f"J{i:03d}"


def _rim(xy: Floats) -> Floats:
    """Return the height of the street above each node, m."""
    transform, height = elevation(CENTRE_5M, 5.0)
    col = ((xy[:, 0] - transform.c) / transform.a).astype(int)
    row = ((transform.f - xy[:, 1]) / transform.a).astype(int)
    rim: Floats = height[row, col]
    return rim


@cache
def drains() -> Drains:
    """Return the drain tree: streets near the underpass, draining to the moat and to 梅溪."""
    net = network()
    keep = net.rank >= 1
    tail, head, length = net.tail[keep], net.head[keep], shapely.length(net.lines[keep])
    graph = csr_matrix((length, (tail, head)), shape=(len(net.nodes),) * 2)
    water = shapely.union_all([canals()[0].area, river_water()])
    inside = shapely.contains_xy(shapely.box(-700, 1080, 1650, 2060), net.nodes)
    near = inside & shapely.dwithin(shapely.points(net.nodes), water, 40)
    outfalls = np.flatnonzero(near)
    far, before, _ = dijkstra(
        graph, directed=False, indices=outfalls, min_only=True, return_predecessors=True
    )
    to_dive = np.hypot(*(net.nodes - UNDERPASS).T)
    chosen: set[int] = set()
    for start in np.argsort(np.where(inside & np.isfinite(far), to_dive, 1e9), kind="stable"):
        path = [int(start)]
        while before[path[-1]] >= 0:
            path.append(int(before[path[-1]]))
        if len(chosen | set(path)) > N_NODES:
            break
        chosen |= set(path)
    nodes = np.array(sorted(chosen, key=lambda i: (far[i], i)))
    position = {int(node): i for i, node in enumerate(nodes)}
    below = np.array([position.get(int(before[node]), -1) for node in nodes])
    rim = _rim(net.nodes[nodes])
    invert = np.zeros(len(nodes))
    for i, node in enumerate(nodes):
        if below[i] < 0:
            invert[i] = min(rim[i] - _COVER_M - 1.2, rim.min() - 1.0 + 0.2 * (rim[i] - rim.min()))
        else:
            run = far[node] - far[nodes[below[i]]]
            invert[i] = max(invert[below[i]] + run * _SLOPE, rim[i] - 4.5)
        rim[i] = max(rim[i], invert[i] + _COVER_M)
    share = np.full(len(nodes), 0.0)
    share[below >= 0] = 5200.0 + 40 * (np.arange((below >= 0).sum()) % 37)
    return Drains(nodes, below, net.nodes[nodes], np.round(rim, 2), np.round(invert, 2), share)


def _diameters(tree: Drains) -> Floats:
    """Return pipe sizes below each node, m, for about 50 mm/h on the area above it."""
    above = tree.area_m2.copy()
    for i in range(len(tree.nodes) - 1, -1, -1):
        if tree.below[i] >= 0:
            above[tree.below[i]] += above[i]
    flow = above * 0.65 * 50 / 3.6e6
    size = (flow * _ROUGHNESS * 3.2084 / _SLOPE**0.5) ** 0.375
    standard = np.array([0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 1.8, 2.0, 2.4])
    size_m: Floats = standard[np.minimum(np.searchsorted(standard, size), len(standard) - 1)]
    return size_m


def _section(title: str, rows: list[tuple[Any, ...]]) -> str:
    """Return one section of an input file."""
    return (
        f"[{title}]\n"
        + "\n".join("  ".join(f"{cell!s:<10}" for cell in row).rstrip() for row in rows)
        + "\n\n"
    )


_OPTIONS = (
    ("FLOW_UNITS", "CMS"),
    ("INFILTRATION", "HORTON"),
    ("FLOW_ROUTING", "DYNWAVE"),
    ("START_DATE", "06/12/2024"),
    ("START_TIME", "12:00"),
    ("REPORT_START_DATE", "06/12/2024"),
    ("REPORT_START_TIME", "12:00"),
    ("END_DATE", "06/13/2024"),
    ("END_TIME", "12:00"),
    ("REPORT_STEP", "00:05:00"),
    ("WET_STEP", "00:01:00"),
    ("DRY_STEP", "00:05:00"),
    ("ROUTING_STEP", "2"),
    ("ALLOW_PONDING", "YES"),
    ("INERTIAL_DAMPING", "PARTIAL"),
)
_SUMP, _SUMP_CATCHMENT = "S001", "C999"


def _pipes(tree: Drains) -> list[int]:
    """Return the nodes that have a pipe below them."""
    return [i for i in range(len(tree.nodes)) if tree.below[i] >= 0]


def _surface(tree: Drains) -> str:
    """Return the sections of what falls and runs off: gauge, catchments, infiltration."""
    rows: list[tuple[Any, ...]] = []
    for i in _pipes(tree):
        width = f"{tree.area_m2[i] ** 0.5:.1f}"
        rows.append((f"C{i:03d}", "GAGE1", tree.name(i), f"{tree.area_m2[i] / 1e4:.3f}", 72, width, 0.6, 0))
    rows.append((_SUMP_CATCHMENT, "GAGE1", _SUMP, 0.62, 95, 60, 2.5, 0))
    names = [row[0] for row in rows]
    return (
        _section("RAINGAGES", [("GAGE1", "INTENSITY", "0:05", 1.0, "TIMESERIES", "STORM")])
        + _section("SUBCATCHMENTS", rows)
        + _section("SUBAREAS", [(name, 0.013, 0.15, 1.5, 4.0, 25, "OUTLET") for name in names])
        + _section("INFILTRATION", [(name, 50, 5, 4, 7, 0) for name in names])
    )


def _pipework(tree: Drains) -> str:
    """Return the sections of nodes, pipes and pumps."""
    size, pipes = _diameters(tree), _pipes(tree)
    falls = [i for i in range(len(tree.nodes)) if tree.below[i] < 0]
    far_m = np.hypot(*(tree.xy - UNDERPASS).T) + np.where(tree.below < 0, 1e6, 0)
    goal = tree.name(int(np.argmin(far_m)))
    low = float(_rim(np.array([UNDERPASS]))[0])
    junctions = [
        (tree.name(i), tree.invert_m[i], round(tree.rim_m[i] - tree.invert_m[i], 2), 0, 0, 400) for i in pipes
    ]
    return (
        _section("JUNCTIONS", junctions)
        + _section("OUTFALLS", [(tree.name(i), tree.invert_m[i], "FREE", "NO") for i in falls])
        + _section("STORAGE", [(_SUMP, round(low - 2.5, 2), 2.5, 0.4, "FUNCTIONAL", 0, 0, 90, 900, 0)])
        + _section("CONDUITS", [_conduit(tree, i) for i in pipes])
        + _section(
            "PUMPS",
            [
                (f"P{k}", _SUMP, goal, "PC1", "OFF", *on_off)
                for k, on_off in ((1, (1.0, 0.4)), (2, (1.6, 0.8)))
            ],
        )
        + _section("XSECTIONS", [(f"L{i:03d}", "CIRCULAR", size[i], 0, 0, 0, 1) for i in pipes])
        + _section("CURVES", [("PC1", "PUMP4", 0.0, 0.0), ("PC1", "", 0.5, 0.22), ("PC1", "", 2.0, 0.45)])
    )


def write_swmm(path: Path) -> None:
    """Write the drains as a SWMM 5 input file with rain, catchments and coordinates in EPSG:4549."""
    tree = drains()
    places = [*zip(map(tree.name, range(len(tree.nodes))), tree.xy + ORIGIN, strict=True)]
    places.append((_SUMP, np.array(UNDERPASS) + ORIGIN))
    text = _section("TITLE", [("丽州市 解放北路下穿片区雨水管网 (made up)",)])
    text += _section("OPTIONS", list(_OPTIONS))
    text += _section("EVAPORATION", [("CONSTANT", 0.0)])
    text += _surface(tree) + _pipework(tree)
    text += _section("TIMESERIES", [("STORM", time, value) for time, value in _storm()])
    text += _section("REPORT", [("INPUT", "NO"), ("CONTINUITY", "YES"), ("NODES", "ALL"), ("LINKS", "ALL")])
    text += _section("COORDINATES", [(name, f"{x:.2f}", f"{y:.2f}") for name, (x, y) in places])
    path.write_text(text, encoding="utf-8")


def _conduit(tree: Drains, i: int) -> tuple[Any, ...]:
    """Return the row of the pipe below a node."""
    there = int(tree.below[i])
    length = float(np.hypot(*(tree.xy[i] - tree.xy[there])))
    return (f"L{i:03d}", tree.name(i), tree.name(there), round(max(length, 5.0), 1), _ROUGHNESS, 0, 0, 0, 0)


def _storm() -> list[tuple[str, float]]:
    """Return hours from the start and rain in mm/h at the gauge of the old town."""
    rain = rain_mm_h()[_STORM_STEPS, [gauge[0] for gauge in RAIN_GAUGES].index("R1")]
    minutes = np.arange(len(rain)) * RAIN_STEP_MIN
    return [
        (f"{minute // 60}:{minute % 60:02d}", float(value))
        for minute, value in zip(minutes, rain, strict=True)
    ]


def inlet_rows() -> list[tuple[Any, ...]]:
    """Return the rows of ``inlets.csv``: two inlets at each junction, six at the sump."""
    tree = drains()
    rows: list[tuple[str, str, tuple[float, float], float]] = []
    for i in range(len(tree.nodes)):
        if tree.below[i] >= 0:
            x, y = tree.xy[i]
            rows += [
                (tree.name(i), "curb", (x + 5.0, y + 4.0), tree.rim_m[i]),
                (tree.name(i), "grate", (x - 5.0, y - 4.0), tree.rim_m[i]),
            ]
    low = round(float(_rim(np.array([UNDERPASS]))[0]), 2)
    rows += [
        ("S001", "grate", (UNDERPASS[0] + dx, UNDERPASS[1] + dy), low)
        for dx in (-7.0, 0.0, 7.0)
        for dy in (-6.0, 6.0)
    ]
    lonlat = to_lonlat([row[2] for row in rows])
    return [
        (f"Y{k + 1:04d}", node, kind, f"{lon:.7f}", f"{lat:.7f}", f"{level:.2f}", 0.75, 0.45)
        for k, ((node, kind, _, level), (lon, lat)) in enumerate(zip(rows, lonlat, strict=True))
    ]
