"""The buildings: row houses, slabs and towers, halls, farmhouses, each on its own ground."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from sample_data.generator.frame import stream
from sample_data.generator.landuse import Site, sites
from sample_data.generator.network import network
from sample_data.generator.packing import Plot, frontage, rows
from sample_data.generator.river import town_water
from sample_data.generator.skeleton import railway
from sample_data.generator.streams import reservoir, streams
from sample_data.generator.townplan import CENTRE, NEW_CENTRE

HALF_WIDTH_M = {
    "trunk": 17.0,
    "primary": 18.0,
    "secondary": 13.5,
    "tertiary": 9.5,
    "unclassified": 5.5,
    "residential": 6.0,
    "living_street": 3.2,
    "service": 3.4,
    "footway": 2.2,
}
"""From the centre line of a street to where a plot may begin, m."""


@dataclass(frozen=True)
class Building:
    """One building; ``site`` is the position of its site, ``floors`` count from the ground."""

    footprint: Polygon
    site: int
    use: str
    floors: int
    height_m: float
    built_year: int


def lands() -> NDArray[np.object_]:
    """Return the buildable ground of every site: free of streets, water and rails."""
    net = network()
    kinds = np.array([street.kind for street in net.streets])[net.street]
    half = np.array([HALF_WIDTH_M[kind] for kind in kinds])
    half[[net.streets[s].name == "" and net.streets[s].kind == "service" for s in net.street]] = 2.6
    strips = shapely.buffer(net.lines, half, cap_style="flat", quad_segs=3)
    strips = np.r_[strips, shapely.buffer(shapely.points(net.nodes), 3.0)]
    wet = [town_water().buffer(9), reservoir().buffer(25), railway().buffer(15)]
    wet += [line.buffer(6.5) for line, _ in streams()]
    closed = np.r_[strips, np.array([part for area in wet for part in shapely.get_parts(area)], object)]
    outlines = np.array([site.outline for site in sites()], object)
    site, strip = shapely.STRtree(closed).query(outlines, "intersects")
    found = []
    starts = np.searchsorted(site, np.arange(len(outlines) + 1))
    for i, outline in enumerate(outlines):
        near = shapely.union_all(closed[strip[starts[i] : starts[i + 1]]])
        found.append(outline.difference(near).buffer(-1.2).buffer(0.6).simplify(0.3))
    return np.array(found, object)


def _row_angle(land: shapely.Geometry) -> float:
    """Return the direction of rows: a side of the plot, at most 28 degrees off east-west."""
    box = np.asarray(land.minimum_rotated_rectangle.exterior.coords)
    step = box[1] - box[0]
    angle = float(np.arctan2(step[1], step[0]))
    angle = (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
    return float(np.clip(angle, -0.5, 0.5))


def _estate(plot: Plot, storeys: int) -> None:
    rng = plot.rng
    if storeys <= 7:
        depth, pitch, gap, wide = rng.uniform(11, 13), 13 + storeys * 3.0, 8.0, (40.0, 76.0)
    elif storeys <= 12:
        depth, pitch, gap, wide = rng.uniform(12, 15), 16 + storeys * 2.6, 12.0, (34.0, 60.0)
    else:
        depth, pitch, gap, wide = rng.uniform(15, 19), 58.0, 20.0, (26.0, 42.0)
    kinds = ("box", "notched") if storeys < 13 else ("notched",)
    rows(plot, _row_angle(plot.land), lambda: rng.uniform(*wide), depth, pitch, gap, kinds)


def _school(plot: Plot) -> None:
    rng = plot.rng
    rows(plot, _row_angle(plot.land), lambda: rng.uniform(38, 66), 15.0, 42.0, 45.0, ("box", "box", "ell"))


def _halls(plot: Plot) -> None:
    rng = plot.rng
    box = np.asarray(plot.land.minimum_rotated_rectangle.exterior.coords)
    sides = box[1:3] - box[:2]
    step = sides[np.argmax(np.hypot(*sides.T))]
    deep = rng.uniform(26, 52)
    rows(
        plot,
        float(np.arctan2(step[1], step[0])),
        lambda: rng.uniform(45, 115),
        deep,
        deep + rng.uniform(12, 20),
        13.0,
    )


def _fill(site: Site, plot: Plot) -> None:
    """Place the footprints that belong to the use of a site."""
    rng, use = plot.rng, site.use
    if use == "lanes":
        frontage(plot, (9, 26), (11, 16), rings=2, gap=1.4, kinds=("box", "box", "ell", "court"), share=0.7)
    elif use == "urban_village":
        frontage(plot, (14, 30), (11.5, 14), rings=2, gap=4.5, share=0.7)
    elif use == "houses":
        frontage(plot, (11, 25), (10, 13), rings=1, gap=5.5, kinds=("box", "box", "box", "ell"), share=0.42)
    elif use in ("estate", "dormitory"):
        _estate(plot, int(rng.choice([6, 6, 6, 7, 11])))
    elif use == "towers":
        _estate(plot, int(rng.choice([11, 17, 24, 28, 33])))
    elif use == "commerce":
        frontage(plot, (26, 62), (20, 30), rings=1, gap=7.0, kinds=("box", "box", "ell"))
        rows(plot, _row_angle(plot.land), lambda: rng.uniform(24, 40), 24.0, 60.0, 18.0)
    elif use in ("civic", "hospital"):
        rows(
            plot,
            _row_angle(plot.land),
            lambda: rng.uniform(30, 70),
            17.0,
            44.0,
            16.0,
            ("box", "ell", "court"),
        )
    elif use == "school":
        _school(plot)
    elif use == "industry":
        _halls(plot)
    elif use == "park" and rng.random() < 0.6:
        rows(plot, _row_angle(plot.land), lambda: rng.uniform(12, 20), 10.0, 400.0, 200.0)
    elif use == "farmland" and rng.random() < 0.5:
        rows(plot, _row_angle(plot.land), lambda: rng.uniform(12, 22), 9.0, 150.0, 120.0)


_FLOORS = {
    "lanes": (2, 4),
    "houses": (2, 5),
    "urban_village": (3, 6),
    "dormitory": (5, 7),
    "commerce": (3, 7),
    "civic": (3, 8),
    "hospital": (4, 12),
    "school": (3, 6),
    "industry": (1, 3),
    "park": (1, 3),
    "farmland": (1, 2),
}
_YEARS = {
    "old": (1935, 1998),
    "centre": (1985, 2012),
    "urban": (1988, 2015),
    "new": (2004, 2023),
    "fringe": (1990, 2018),
    "industry": (1999, 2021),
    "village": (1982, 2019),
}
_TITLES = {
    "lanes": "住宅",
    "houses": "住宅",
    "urban_village": "住宅",
    "estate": "住宅",
    "towers": "住宅",
    "dormitory": "宿舍",
    "commerce": "商业",
    "civic": "办公",
    "hospital": "医疗",
    "school": "教育",
    "industry": "工业",
    "park": "公共设施",
    "farmland": "农业设施",
}


def _storeys(site: Site, footprint: Polygon, common: int, rng: np.random.Generator) -> int:
    """Return a number of floors; buildings of one estate are alike, offices in the centre are tall."""
    if site.use in ("estate", "towers"):
        return common
    low, high = _FLOORS[site.use]
    floors = int(rng.integers(low, high))
    if site.use == "commerce":
        x, y = footprint.centroid.coords[0]
        near = min(np.hypot(x - CENTRE[0], y - CENTRE[1]), np.hypot(x - NEW_CENTRE[0], y - NEW_CENTRE[1]))
        if rng.random() < 0.55 * np.exp(-near / 900) and footprint.area < 1300:
            floors = int(rng.integers(14, 38))
    return floors


@cache
def buildings() -> tuple[Building, ...]:
    """Return all buildings, site by site."""
    found = []
    for i, (site, land) in enumerate(zip(sites(), lands(), strict=True)):
        if site.use in ("building_site", "forest") or land.area < 120:
            continue
        rng = stream(f"site {i}")
        for part in shapely.get_parts(land):
            if part.area < 120:
                continue
            shapely.prepare(part)
            plot = Plot(part, rng)
            start = rng.bit_generator.state
            _fill(site, plot)
            rng.bit_generator.state = start
            common = _common_floors(site, rng)
            year = int(rng.integers(*_YEARS[site.quarter]))
            for footprint in plot.footprints:
                floors = _storeys(site, footprint, common, rng)
                storey_m = (
                    4.2 if site.use == "commerce" else 8.5 if site.use == "industry" and floors == 1 else 3.05
                )
                height = round(floors * storey_m + rng.uniform(0.3, 1.4), 1)
                aged = (
                    year
                    if site.use in ("estate", "towers")
                    else int(np.clip(year + rng.integers(-6, 7), 1930, 2024))
                )
                found.append(Building(footprint, i, _TITLES[site.use], floors, height, aged))
    return tuple(found)


def _common_floors(site: Site, rng: np.random.Generator) -> int:
    """Return the floors that the rows of an estate were spaced for: the same first draw as in ``_fill``."""
    if site.use == "towers":
        return int(rng.choice([11, 17, 24, 28, 33]))
    return int(rng.choice([6, 6, 6, 7, 11]))
