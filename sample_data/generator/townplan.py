"""Quarters of the town: what stands where, how small its blocks are, and the streets between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Point, Polygon

from sample_data.generator.frame import stream
from sample_data.generator.river import lake, town_water
from sample_data.generator.skeleton import inside_ring, main_streets, old_town, railway, town
from sample_data.generator.subdivision import Cut, Subdivision
from sample_data.generator.terrain import HILLOCKS, ground, smooth_noise

Floats = NDArray[np.float64]

CENTRE = (150.0, 320.0)
NEW_CENTRE = (900.0, -2300.0)
BLOCK_M2 = {
    "old": 8_500.0,
    "centre": 19_000.0,
    "urban": 33_000.0,
    "new": 43_000.0,
    "fringe": 62_000.0,
    "industry": 88_000.0,
}
_INDUSTRY = (
    Polygon([(5000, -5000), (9200, -5000), (9200, -800), (5350, -800)]),
    Polygon([(-7700, -900), (-4760, 0), (-4700, -2300), (-5500, -3200), (-7700, -2300)]),
)


@dataclass(frozen=True)
class Block:
    """A piece of town between streets: its outline (street centre lines) and its quarter."""

    outline: Polygon
    quarter: str


def quarter_at(x: float, y: float) -> str:
    """Return which kind of quarter a local point lies in."""
    if old_town().contains(Point(x, y)):
        return "old"
    if any(area.contains(Point(x, y)) for area in _INDUSTRY):
        return "industry"
    if np.hypot(x - CENTRE[0], y - CENTRE[1]) < 1750 and y > -1000:
        return "centre"
    if inside_ring().contains(Point(x, y)):
        return "new" if y < -800 else "urban"
    return "fringe"


@cache
def hill_parks() -> tuple[Polygon, ...]:
    """Return the wooded feet of the lone hills in town."""
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    parks = []
    for i, (x, y, radius, _) in enumerate(HILLOCKS):
        rng = stream(f"park {i}")
        reach = radius * (
            0.92 + sum(rng.uniform(0.02, 0.08) * np.cos(k * turn + rng.uniform(0, 6)) for k in (2, 3, 5))
        )
        parks.append(Polygon(np.column_stack([x + reach * np.cos(turn), y + reach * np.sin(turn) / 1.25])))
    return tuple(parks)


def _lake_shore() -> Polygon:
    shore: Polygon = lake().buffer(45).simplify(4)
    return shore


@cache
def barriers() -> shapely.Geometry:
    """Return the lines at which streets end."""
    areas = [town_water(), _lake_shore(), *hill_parks()]
    return shapely.union_all([area.boundary for area in areas] + [railway(), town().exterior])


def _superblocks() -> list[Polygon]:
    """Return the dry areas between main roads, banks, rails and the edge of the town."""
    roads = shapely.MultiLineString([street.line for street in main_streets()])
    noded = shapely.union_all([roads, barriers()], grid_size=0.01)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inner = shapely.point_on_surface(faces)
    closed = shapely.union_all([town_water(), _lake_shore(), *hill_parks()])
    is_dry = shapely.contains(town(), inner) & ~shapely.intersects(closed, inner)
    return [face for face in faces[is_dry] if 2 * face.area / face.length > 42 and face.area > 4000]


@cache
def town_plan() -> tuple[tuple[Cut, ...], tuple[Block, ...]]:
    """Return the local streets of the town and the blocks between them."""
    grain = smooth_noise("block size", 1000)

    def target_m2(x: float, y: float) -> float:
        quarter = quarter_at(x, y)
        wanted = BLOCK_M2[quarter] * np.exp(0.3 * ground().sample([x, y], grain)[0])
        thin = inside_ring().distance(Point(x, y)) / 1300 if quarter == "fringe" else 0.0
        return float(wanted * (1 + thin))

    plan = Subdivision(target_m2, barriers(), stream("town plan"))
    for face in sorted(_superblocks(), key=lambda one: (round(one.centroid.x), round(one.centroid.y))):
        plan.cut(face)
    blocks = tuple(Block(block, quarter_at(block.centroid.x, block.centroid.y)) for block in plan.blocks)
    return tuple(plan.cuts), blocks
