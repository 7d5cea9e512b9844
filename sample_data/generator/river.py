"""The rivers, canals and lakes that were there before the town."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from sample_data.generator.curves import closed_curve, curve, km, ribbon
from sample_data.generator.frame import stream

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class River:
    """A named watercourse wide enough to be an area on the map."""

    name: str
    name_en: str
    kind: str
    points: Floats
    width_m: Floats
    level_m: Floats
    valley_m: Floats
    """Half width of the valley floor at each point, m."""

    @property
    def line(self) -> shapely.LineString:
        """Return the centre line."""
        return shapely.LineString(self.points)

    @property
    def area(self) -> shapely.Polygon:
        """Return the water surface."""
        return ribbon(self.points, self.width_m)


_MAIN_KM = """
    -10.9 -3, -9.6 -3.6, -8.6 -2.6, -7.3 -2.5, -6.5 -3.5, -5.4 -3.3, -4.7 -2.1, -3.5 -1.25, -2.3
    -1.75, -1.2 -1.95, -0.2 -1.25, 0.9 -0.62, 2.2 -0.55, 3.1 -1.25, 4.2 -1.75, 5.2 -1.2, 5.7 -0.1,
    6.6 0.7, 7.7 0.3, 8.5 -0.4, 9.5 0, 10.9 0.7
"""
_BRANCH_KM = """
    -1.2 10.9, -0.3 9.4, 0.9 8.3, 0.9 7.1, 0.1 6.1, 0.6 5, 1.7 4.3, 1.6 3.3, 2.1 2.5, 1.75 1.6, 1.7
    0.8, 2.15 0.1, 2.3 -0.6
"""
_SOUTH_KM = """
    -3.4 -10.9, -4.1 -9.4, -3.6 -8.2, -4 -7, -3.1 -5.9, -3.2 -4.8, -2.7 -3.7, -3 -2.8, -2.75 -1.6
"""
_EAST_KM = """
    9.9 9.6, 8.7 8.3, 8 6.9, 7.1 6, 7.2 4.6, 6.6 3.4, 7.1 2.3, 6.7 1.4, 6.7 0.7
"""
_MOAT_KM = """
    -0.62 -1.5, -0.68 -0.6, -0.72 0.15, -0.6 0.85, -0.15 1.17, 0.45 1.2, 0.93 0.95, 1.08 0.35, 0.95
    -0.2, 1.05 -0.65
"""
_NORTH_CANAL_KM = """
    1.6 3.2, 0.9 2.95, -0.1 2.78, -1.2 2.95, -2.2 2.35, -2.75 1.4, -2.9 0.4, -3.05 -0.5, -3 -1.45
"""
_SOUTH_CANAL_KM = """
    5 -4.3, 3.9 -3.75, 2.8 -3.45, 1.6 -3.6, 0.4 -3.2, -0.9 -3.3, -1.9 -3, -2.85 -3.2
"""
_LAKE_KM = """
    -1.52 -0.3, -1.3 -0.12, -1.02 -0.1, -0.92 -0.32, -1.05 -0.52, -1.22 -0.55, -1.3 -0.72, -1.5
    -0.68, -1.6 -0.5
"""
_ISLAND_KM = """
    3.55 -1.43, 3.85 -1.57, 4.15 -1.68, 4.4 -1.68, 4.15 -1.76, 3.8 -1.65
"""


def _river(
    names: tuple[str, str, str],
    course: str,
    width: list[float],
    level: list[float],
    valley: list[float],
) -> River:
    """Return a river whose width, level and valley are given at even steps along it."""
    points = curve(km(course), spacing_m=40.0)
    at = np.linspace(0, 1, len(points))

    def along(values: list[float]) -> Floats:
        return np.interp(at, np.linspace(0, 1, len(values)), values)

    ripple = np.convolve(
        stream("width " + names[0]).normal(0, 1.0, len(points) + 24), np.hanning(25) / 12, "valid"
    )
    return River(
        *names, points, along(width) * (1 + 0.18 * ripple[: len(points)]), along(level), along(valley)
    )


@cache
def rivers() -> tuple[River, ...]:
    """Return the rivers, largest first: 丽溪 and the three that join it."""
    return (
        _river(
            ("丽溪", "Lixi River", "river"),
            _MAIN_KM,
            [120, 130, 150, 165, 180, 190],
            [47, 45, 43, 41, 39, 36.5],
            [1100, 1600, 3400, 3600, 2400, 1500],
        ),
        _river(("梅溪", "Meixi River", "river"), _BRANCH_KM, [26, 40, 58], [64, 49, 40.2], [350, 800, 2500]),
        _river(
            ("南坑溪", "Nankeng Stream", "river"), _SOUTH_KM, [14, 20, 30], [72, 54, 42.6], [260, 600, 1900]
        ),
        _river(
            ("东岙溪", "Dongao Stream", "river"), _EAST_KM, [12, 18, 28], [78, 58, 38.6], [250, 550, 1500]
        ),
    )


@cache
def canals() -> tuple[River, ...]:
    """Return the canals of the town: the moat of the old town and two ring canals."""
    return (
        _river(("护城河", "Moat", "canal"), _MOAT_KM, [16, 18, 18, 16], [41.4, 41.2, 40.8], [0, 0]),
        _river(("北渠", "North Canal", "canal"), _NORTH_CANAL_KM, [14, 15, 16], [43.6, 42.6, 42.0], [0, 0]),
        _river(("南渠", "South Canal", "canal"), _SOUTH_CANAL_KM, [14, 16], [42.6, 42.9], [0, 0]),
    )


@cache
def lake() -> Polygon:
    """Return 镜湖, the lake of the town park."""
    return Polygon(closed_curve(km(_LAKE_KM), spacing_m=15.0))


@cache
def river_water() -> shapely.Geometry:
    """Return the union of all wide rivers, the island left out of it."""
    island = Polygon(closed_curve(km(_ISLAND_KM), spacing_m=20.0))
    return shapely.union_all([river.area for river in rivers()]).difference(island)


@cache
def town_water() -> shapely.Geometry:
    """Return rivers, canals and the lake as one area."""
    return shapely.union_all([river_water(), lake(), *(canal.area for canal in canals())])
