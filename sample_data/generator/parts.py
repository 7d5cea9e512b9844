"""Parts (部件) along the streets: lamps, covers, hydrants, bins and the boxes of the signals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from sample_data.generator.divisions import DISTRICTS, divisions
from sample_data.generator.frame import ORIGIN, ZONE_40_PREFIX, stream
from sample_data.generator.network import RANK
from sample_data.generator.roadmap import RoadMap, Way, road_map
from sample_data.generator.townplan import CENTRE

Floats = NDArray[np.float64]

COLUMNS = ("部件编码", "大类", "小类", "X坐标", "Y坐标", "状态", "权属单位")
HALF_WIDTH_M = (3.2, 3.4, 4.5, 5.5, 8.0, 11.5, 15.0, 15.0)
"""From the middle of a street to its kerb, by rank of its class."""
STATES = {"完好": 0.94, "破损": 0.04, "丢失": 0.01, "废弃": 0.01}


@dataclass(frozen=True)
class Kind:
    """A kind of part: its place in the code, where it stands and how far apart.

    ``reach_m`` counts from the town centre; ``across`` is the place between the middle of the street (0)
    and the kerb (1), beyond 1 on the pavement.
    """

    code: str
    group: str
    name: str
    owner: str
    spacing_m: float
    least_rank: int
    reach_m: float
    across: float
    is_buried: bool = False


KINDS = (
    Kind("0118", "公用设施", "路灯", "市政公用服务中心", 35.0, 5, 4800.0, 1.08),
    Kind("0103", "公用设施", "雨水井盖", "市政公用服务中心", 50.0, 4, 2300.0, 0.75, is_buried=True),
    Kind("0102", "公用设施", "污水井盖", "水务集团", 60.0, 4, 2100.0, 0.3, is_buried=True),
    Kind("0107", "公用设施", "通信井盖", "电信公司", 90.0, 4, 2100.0, 1.1, is_buried=True),
    Kind("0113", "公用设施", "消火栓", "消防救援大队", 120.0, 4, 3700.0, 1.06, is_buried=True),
    Kind("0305", "市容环境", "果壳箱", "环境卫生管理处", 100.0, 4, 2400.0, 1.1),
)
SIGNAL_BOX = Kind("0211", "交通设施", "交通信号控制箱", "交警大队", 0.0, 0, np.inf, 1.12)


def _along(line: shapely.LineString, at_m: Floats, off_m: Floats) -> Floats:
    """Return points beside a line, at distances along it and to its left, shape (n, 2)."""
    here = shapely.get_coordinates(shapely.line_interpolate_point(line, at_m))
    back = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(at_m - 1.0, 0.0)))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, np.minimum(at_m + 1.0, line.length)))
    way = (ahead - back) / np.maximum(np.hypot(*(ahead - back).T), 1e-9)[:, None]
    beside: Floats = here + np.column_stack([-way[:, 1], way[:, 0]]) * off_m[:, None]
    return beside


def _row_of(kind: Kind, way: Way, line: shapely.LineString, rng: np.random.Generator) -> Floats:
    """Return the parts of one kind along one way, sides taken in turn."""
    at_m = np.arange(kind.spacing_m / 2, line.length, kind.spacing_m)
    at_m = np.clip(at_m + rng.normal(0, kind.spacing_m * 0.03, len(at_m)), 0.0, line.length)
    side = np.where((np.arange(len(at_m)) + way.way_id) % 2 == 0, 1.0, -1.0)
    kerb_m = HALF_WIDTH_M[RANK[way.tags["highway"]]]
    return _along(line, at_m, side * kerb_m * kind.across + rng.normal(0, 0.15, len(at_m)))


def _on_carriageway(
    roads: RoadMap, drivable: list[Way], points: Floats, ways: list[int]
) -> NDArray[np.bool_]:
    """Return which points lie on the carriageway of another way than their own."""
    lines = np.array([roads.line(way) for way in drivable], object)
    half = np.array([HALF_WIDTH_M[RANK[way.tags["highway"]]] for way in drivable])
    spots = shapely.points(points)
    point, way = shapely.STRtree(lines).query(spots, "dwithin", max(HALF_WIDTH_M))
    own = np.array([one.way_id for one in drivable])[way] == np.array(ways)[point]
    hit = ~own & (shapely.distance(spots[point], lines[way]) < half[way] * 0.9)
    on_it = np.zeros(len(points), bool)
    on_it[point[hit]] = True
    return on_it


def _signal_boxes(roads: RoadMap, drivable: list[Way]) -> Floats:
    """Return the box of each signal: on the pavement of the main road that ends there, past the corner."""
    found = []
    for node in roads.signals:
        arms = [way for way in drivable if node in (way.nodes[0], way.nodes[-1])]
        arm = max(arms, key=lambda way: (RANK[way.tags["highway"]], way.length_m, way.way_id))
        line = roads.line(arm)
        back_m = min(20.0, line.length / 2)
        at_m = back_m if arm.nodes[0] == node else line.length - back_m
        kerb_m = HALF_WIDTH_M[RANK[arm.tags["highway"]]]
        found.append(_along(line, np.array([at_m]), np.array([kerb_m * SIGNAL_BOX.across]))[0])
    return np.array(found).reshape(-1, 2)


def part_table(
    roads: RoadMap, district_of: Callable[[Floats], list[str]], rng: np.random.Generator
) -> pd.DataFrame:
    """Return the parts of the town, columns ``COLUMNS``.

    Codes are district (6 digits), class and subclass (2 + 2) and a running number (6), as cities form them.
    Coordinates are easting with the zone prefix 40 and northing, m (EPSG:4528).
    """
    drivable = [way for way in roads.ways if way.tags["highway"] != "footway"]
    spots: list[Floats] = []
    kinds: list[Kind] = []
    ways: list[int] = []
    for kind in KINDS:
        for way in drivable:
            is_hidden = "tunnel" in way.tags or ("bridge" in way.tags and kind.is_buried)
            if RANK[way.tags["highway"]] < kind.least_rank or is_hidden:
                continue
            found = _row_of(kind, way, roads.line(way), rng)
            found = found[np.hypot(*(found - CENTRE).T) < kind.reach_m]
            spots.append(found)
            kinds += [kind] * len(found)
            ways += [way.way_id] * len(found)
    points = np.concatenate(spots) if spots else np.zeros((0, 2))
    keep = ~_on_carriageway(roads, drivable, points, ways) if len(points) else np.zeros(0, bool)
    boxes = _signal_boxes(roads, drivable)
    points = np.concatenate([points[keep], boxes])
    kinds = [kind for kind, stays in zip(kinds, keep, strict=True) if stays] + [SIGNAL_BOX] * len(boxes)
    states = rng.choice(list(STATES), len(points), p=list(STATES.values()))
    number: dict[str, int] = defaultdict(int)
    rows = []
    for (x, y), kind, district, state in zip(points, kinds, district_of(points), states, strict=True):
        prefix = district + kind.code
        number[prefix] += 1
        east, north = x + ORIGIN[0] + ZONE_40_PREFIX, y + ORIGIN[1]
        rows.append(
            (
                f"{prefix}{number[prefix]:06d}",
                kind.group,
                kind.name,
                f"{east:.3f}",
                f"{north:.3f}",
                str(state),
                kind.owner,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _district_of(points: Floats) -> list[str]:
    """Return the first six digits of the code of each point's grid unit, the first district outside."""
    tree = divisions()
    return [tree.unit_ids[unit][:6] if unit >= 0 else DISTRICTS[0][0][:6] for unit in tree.unit_at(points)]


def part_rows() -> list[tuple[object, ...]]:
    """Return the rows of ``parts.csv.gz``."""
    return list(part_table(road_map(), _district_of, stream("parts")).itertuples(index=False, name=None))
