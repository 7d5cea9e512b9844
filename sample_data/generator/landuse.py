"""What each block is used for, its name, and the private drives inside estates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from sample_data.generator import names
from sample_data.generator.frame import stream
from sample_data.generator.rural import villages
from sample_data.generator.skeleton import Street
from sample_data.generator.terrain import ground
from sample_data.generator.townplan import CENTRE, NEW_CENTRE, town_plan

_SHARES: dict[str, dict[str, float]] = {
    "old": {"lanes": 0.84, "commerce": 0.06, "civic": 0.03, "school": 0.02, "park": 0.05},
    "centre": {
        "estate": 0.44,
        "commerce": 0.32,
        "civic": 0.08,
        "school": 0.06,
        "hospital": 0.02,
        "park": 0.08,
    },
    "urban": {
        "estate": 0.64,
        "urban_village": 0.08,
        "commerce": 0.1,
        "school": 0.06,
        "civic": 0.03,
        "park": 0.07,
    },
    "new": {
        "towers": 0.5,
        "estate": 0.12,
        "commerce": 0.1,
        "school": 0.06,
        "civic": 0.04,
        "park": 0.08,
        "building_site": 0.1,
    },
    "fringe": {
        "urban_village": 0.11,
        "estate": 0.12,
        "towers": 0.04,
        "industry": 0.12,
        "school": 0.03,
        "farmland": 0.47,
        "forest": 0.06,
        "park": 0.05,
    },
    "industry": {"industry": 0.8, "dormitory": 0.08, "building_site": 0.06, "commerce": 0.03, "park": 0.03},
    "village": {"houses": 0.95, "farmland": 0.05},
}
_ESTATES = ("estate", "towers", "dormitory")
_MIN_AREA_M2 = {
    "school": 14_000.0,
    "hospital": 16_000.0,
    "towers": 12_000.0,
    "industry": 9_000.0,
    "estate": 6_000.0,
}


@dataclass(frozen=True)
class Site:
    """A block with its use; ``name`` is that of an estate, works or school, else empty."""

    outline: Polygon
    quarter: str
    use: str
    name: str


def _use(outline: Polygon, quarter: str, rng: np.random.Generator) -> str:
    """Return a use that fits the quarter, the size and the distance to the two centres."""
    middle = np.array(outline.centroid.coords[0])
    shares = dict(_SHARES[quarter])
    near = min(np.hypot(*(middle - CENTRE)), np.hypot(*(middle - NEW_CENTRE)))
    if "commerce" in shares and near < 700 and quarter != "old":
        shares["commerce"] = shares["commerce"] * 5
    relief = np.ptp(ground().sample(shapely.get_coordinates(outline)))
    if relief > 16:
        return "forest"
    for use, least in _MIN_AREA_M2.items():
        if use in shares and outline.area < least:
            shares[use] *= 0.0 if use in ("school", "hospital") else 0.3
    share = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=share / share.sum()))


@cache
def sites() -> tuple[Site, ...]:
    """Return all blocks of town and villages with their use and name."""
    rng = stream("uses")
    estate_names = iter(names.pairs(names.ESTATE_FIRST, names.ESTATE_LAST, rng) * 2)
    works_names = iter(names.pairs(names.WORKS_FIRST, names.WORKS_LAST, rng) * 2)
    quarter_names = iter(names.pairs(names.VILLAGE_FIRST, names.VILLAGE_SECOND, stream("urban villages")))
    n_schools, n_hospitals = 0, 0
    found = []
    for block in (*town_plan()[1], *villages()[2]):
        use = _use(block.outline, block.quarter, rng)
        name = ""
        if use in _ESTATES:
            name = next(estate_names)
        elif use == "urban_village":
            name = f"{next(quarter_names)}新村"
        elif use == "industry":
            name = next(works_names)
        elif use == "school":
            n_schools += 1
            name = f"丽州市第{_numeral(n_schools)}{'中学' if n_schools % 3 == 0 else '小学'}"
        elif use == "hospital":
            n_hospitals += 1
            name = f"丽州市第{_numeral(n_hospitals)}医院"
        found.append(Site(block.outline, block.quarter, use, name))
    return tuple(found)


def _numeral(number: int) -> str:
    """Return a number below 100 in Chinese."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else ("" if tens == 1 else digits[tens]) + "十") + (
        digits[ones] if ones or not tens else ""
    )


@cache
def drives() -> tuple[Street, ...]:
    """Return the private drives of estates: in through a gate, straight along the rows, out or to a turn."""
    rng = stream("drives")
    found = []
    for site in sites():
        if (
            site.use not in ("estate", "towers", "school", "hospital", "industry")
            or site.outline.area < 15_000
        ):
            continue
        box = np.asarray(site.outline.minimum_rotated_rectangle.exterior.coords)
        sides = box[1:3] - box[:2]
        axis = sides[np.argmax(np.hypot(*sides.T))]
        middle = np.array(site.outline.centroid.coords[0]) + rng.uniform(-0.06, 0.06) * np.array(
            [-axis[1], axis[0]]
        )
        through = shapely.intersection(LineString([middle - axis, middle + axis]), site.outline)
        line = max(shapely.get_parts(through), key=lambda part: part.length, default=None)
        if line is None or line.length < 60:
            continue
        start, end = (np.array(line.coords[i]) for i in (0, -1))
        unit = (end - start) / line.length
        stop = end + unit * 0.4 if rng.random() < 0.35 else start + unit * line.length * 0.8
        if rng.random() < 0.5:
            start, stop, unit = end, start + (end - stop), -unit
        found.append(
            Street(
                LineString([start - unit * 0.4, start + unit * 9, stop]),
                "service",
                tags={"access": "private"},
            )
        )
        if site.outline.area > 30_000:
            root = start + (stop - start) * rng.uniform(0.45, 0.6)
            side = np.array([-unit[1], unit[0]]) * (1 if rng.random() < 0.5 else -1)
            reach = site.outline.exterior.distance(Point(root)) * 0.7
            branch = LineString([root - side * 0.3, root + side * reach])
            found.append(Street(branch, "service", tags={"access": "private"}))
    return tuple(found)
