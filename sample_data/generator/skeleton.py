"""The main roads and the railway, drawn by hand as a planner would, and the town they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

from sample_data.generator.curves import closed_curve, curve, km
from sample_data.generator.river import River, canals, rivers

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Street:
    """A road from end to end: its line in local metres and what the whole of it shares."""

    line: LineString
    kind: str
    name: str = ""
    name_en: str = ""
    tags: dict[str, str] = field(default_factory=dict)


_RING = """
    0.1 2.42, 1.2 2.55, 2.4 2.72, 3.6 2.25, 4.45 1.05, 4.75 -0.4, 4.62 -1.55, 4.5 -2.7, 4.2 -3.7,
    3.3 -4.28, 1.8 -4.2, 0.4 -3.93, -1.1 -3.92, -2.15 -3.6, -2.45 -2.7, -2.5 -1.75, -2.58 -0.8, -2.5
    0.4, -2.25 1.35, -1.75 2.1, -0.9 2.4
"""
_INNER = """
    -0.88 -0.5, -0.93 0.2, -0.8 0.98, -0.25 1.36, 0.5 1.4, 1.1 1.1, 1.29 0.35, 1.2 -0.12, 0.98 -0.4,
    0.35 -0.72, -0.28 -1.03, -0.72 -1.2
"""

_MAIN = """
人民西路 | Renmin West Road | primary |
    -4.75 -0.25, -3.5 0.12, -2.5 0.4, -1.7 0.42, -0.93 0.25
人民中路 | Renmin Middle Road | secondary |
    -0.93 0.25, -0.3 0.36, 0.16 0.3, 0.7 0.36, 1.29 0.33
人民东路 | Renmin East Road | primary |
    1.29 0.33, 1.85 0.4, 2.6 0.55, 3.6 0.45, 4.73 0.2, 5.35 0.95, 5.5 1.6
解放北路 | Jiefang North Road | primary |
    0.42 3.7, 0.3 2.44, 0.22 1.64, 0.17 1.4
解放中路 | Jiefang Middle Road | secondary |
    0.17 1.4, 0.08 0.8, 0.16 0.3, 0.12 -0.2, 0.26 -0.76
解放南路 | Jiefang South Road | primary |
    0.26 -0.76, 0.48 -1.5, 0.36 -2.2, 0.34 -2.56, 0.55 -3.2, 0.42 -3.93
站北路 | Zhanbei Road | secondary |
    -1.86 2.02, -0.9 2.06, 0.26 2.02, 1.3 2.15, 2.3 2.22, 3.52 2.3
站前路 | Zhanqian Road | secondary |
    -2.26 1.33, -1.6 1.44, -1 1.42, -0.52 1.3, -0.25 1.36
塔山路 | Tashan Road | secondary |
    -1.75 2.08, -1.62 1.44, -1.72 0.42, -1.82 -0.5, -1.62 -1.3, -1.42 -1.62
学院路 | Xueyuan Road | secondary |
    3.08 3.5, 3 2.55, 3.05 1.75, 3.16 0.52, 3.02 -0.5, 3.06 -1.25, 2.92 -2, 2.78 -2.38, 2.78 -3.1,
    2.6 -4.28
江东路 | Jiangdong Road | secondary |
    2.13 1.28, 2.6 1.22, 3.1 1.13, 4.4 1.12
丽州大道 | Lizhou Avenue | primary |
    -5.9 -4.6, -4.4 -3.8, -3.4 -3.1, -2.45 -2.62, -1.35 -2.5, 0.34 -2.56, 1.7 -2.36, 2.78 -2.38,
    4.52 -2.6, 5.7 -2.35, 7.2 -2, 8.6 -1.7, 10.2 -1.9
文苑路 | Wenyuan Road | secondary |
    1.6 -0.82, 1.5 -1.6, 1.72 -2.36, 2.02 -2.9, 1.92 -3.5, 1.85 -4.2
望江路 | Wangjiang Road | secondary |
    -1.28 -2.16, -1.35 -2.5, -1.12 -3.2, -1.1 -3.92
西山路 | Xishan Road | secondary |
    -3.15 3.22, -3.45 2.3, -3.35 1.3, -3.5 0.12, -3.62 -1.02
紫金路 | Zijin Road | secondary |
    3.95 -2.48, 3.85 -1.98
五二七国道 | National Road 527 | trunk |
    -10.2 -0.9, -8.6 -1.25, -7.2 -1.15, -5.8 -0.55, -4.95 0.2, -4.85 1.2, -4.3 2.35, -3.1 3.22, -1.4
    3.62, 0.42 3.7, 1.8 3.72, 3.1 3.5, 4.35 2.75, 5 2, 5.6 1.6, 6.8 1.75, 8.3 1.55, 10.2 2
工业路 | Gongye Road | secondary |
    5.25 -3.4, 6 -3.3, 7.3 -3.1, 8.5 -2.7
创业路 | Chuangye Road | secondary |
    5.9 -4.3, 6 -3.3, 5.9 -2.3, 5.95 -1.5
兴业路 | Xingye Road | secondary |
    7.4 -4, 7.3 -3.1, 7.3 -1.98, 7.4 -1.1
城西路 | Chengxi Road | secondary |
    -6 -0.6, -6.1 -1.5, -5.7 -2.4
康庄路 | Kangzhuang Road | tertiary |
    -7.3 -1.15, -7.2 -1.75, -6.1 -1.62, -5.3 -1.5, -4.75 -0.25
"""
"""Name, English name, class and points, km, of the roads drawn by hand."""
_RAIL = """
    -10.4 1.7, -8.2 1.4, -6.4 1.7, -4.6 1.95, -2.8 1.68, -1.2 1.72, 0.22 1.64, 1.4 1.66, 2.6 1.8,
    4.2 1.72, 6 2.15, 8 2, 10.4 2.7
"""
_TOWN = """
    -4 2.5, -3.1 3.22, -1.4 3.62, 0.42 3.7, 1.8 3.72, 3.1 3.5, 4.35 2.75, 5 2, 5.6 1.6, 5.5 0.6, 5.3
    -0.9, 6.4 -0.9, 7.6 -0.95, 8.7 -1.4, 8.9 -2.6, 8.3 -3.7, 6.9 -4.2, 5.4 -4.4, 4.3 -4.7, 2.6 -4.9,
    0.7 -4.75, -1.3 -4.6, -2.9 -4.1, -4 -3.3, -4.4 -2.3, -5.3 -3, -5.8 -2.6, -7.3 -2.1, -7.5 -1.15,
    -5.8 -0.55, -4.95 0.2, -4.75 1.2
"""
UNDERPASS = (220.0, 1640.0)
"""Where 解放北路 dives under the railway."""


@cache
def railway() -> LineString:
    """Return the centre line of the railway."""
    return LineString(curve(km(_RAIL), spacing_m=30.0))


@cache
def town() -> Polygon:
    """Return the built-up area of the county seat."""
    return Polygon(km(_TOWN))


@cache
def old_town() -> Polygon:
    """Return the area within the inner ring road."""
    return Polygon(closed_curve(km(_INNER), spacing_m=15.0))


@cache
def inside_ring() -> Polygon:
    """Return the area within the ring road."""
    return Polygon(closed_curve(km(_RING), spacing_m=20.0))


def _bank(course: River, side: int, beyond_m: float, keep: shapely.Geometry) -> LineString:
    """Return a line along one bank of a river, within ``keep``; side +1 is left of the flow."""
    reach = course.width_m.mean() / 2 + beyond_m
    line = (
        course.line.simplify(8.0).offset_curve(side * reach, quad_segs=12, join_style="round").simplify(5.0)
    )
    inside = shapely.get_parts(shapely.intersection(line, keep))
    longest: LineString = max(inside, key=lambda part: part.length)
    return LineString(curve(np.asarray(longest.simplify(14.0).coords), spacing_m=25.0))


def _embankments() -> list[Street]:
    """Return the streets that follow the rivers and canals through the town."""
    main, branch, south, _ = rivers()
    moat, north, southern = canals()
    ring = inside_ring()
    wide = shapely.box(-4350, -9000, 5250, 9000)
    rows = [
        (
            _bank(main, 1, 52, wide.difference(old_town().buffer(60))),
            "secondary",
            "滨江东路",
            "Binjiang East Road",
        ),
        (
            _bank(main, 1, 52, shapely.box(-3700, -9000, -900, 9000)),
            "secondary",
            "滨江西路",
            "Binjiang West Road",
        ),
        (_bank(main, -1, 58, shapely.box(-2550, -9000, 4680, 9000)), "secondary", "南滨路", "Nanbin Road"),
        (_bank(branch, 1, 26, shapely.box(0, 100, 9000, 3680)), "tertiary", "梅溪东路", "Meixi East Road"),
        (_bank(branch, -1, 26, shapely.box(0, -150, 9000, 3680)), "tertiary", "梅溪西路", "Meixi West Road"),
        (_bank(moat, -1, 16, old_town().buffer(-60)), "residential", "城河路", "Chenghe Road"),
        (_bank(north, -1, 22, shapely.box(-9000, -900, 1500, 9000)), "residential", "北渠路", "Beiqu Road"),
        (_bank(southern, -1, 20, ring), "residential", "南渠路", "Nanqu Road"),
        (
            _bank(south, -1, 24, shapely.box(-9000, -4600, 9000, -2200)),
            "residential",
            "南坑路",
            "Nankeng Road",
        ),
    ]
    return [Street(line, kind, name, english) for line, kind, name, english in rows]


def _drawn() -> list[Street]:
    """Return the roads of the table ``_MAIN``."""
    streets = []
    for row in _MAIN.strip().replace("\n    ", " ").split("\n"):
        name, english, kind, points = (cell.strip() for cell in row.split("|"))
        streets.append(Street(LineString(curve(km(points), spacing_m=25.0)), kind, name, english))
    return streets


@cache
def main_streets() -> tuple[Street, ...]:
    """Return all roads that are drawn by hand."""
    ring = closed_curve(km(_RING), spacing_m=25.0)
    inner = closed_curve(km(_INNER), spacing_m=20.0)
    quarter = len(ring) // 4
    cuts = [0, quarter, 2 * quarter, 3 * quarter, len(ring) - 1]
    sides = [
        ("环城东路", "Huancheng East Road"),
        ("环城南路", "Huancheng South Road"),
        ("环城西路", "Huancheng West Road"),
        ("环城北路", "Huancheng North Road"),
    ]
    streets = [
        Street(LineString(ring[a : b + 1]), "primary", *names)
        for a, b, names in zip(cuts[:-1], cuts[1:], sides, strict=True)
    ]
    streets.append(Street(LineString(inner), "secondary", "环翠路", "Huancui Road"))
    return (*streets, *_drawn(), *_embankments())
