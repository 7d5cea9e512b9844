"""Parts of the generator along one straight road."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sample_data.generator.frame import ORIGIN
from sample_data.generator.parts import COLUMNS, part_table
from sample_data.generator.roadmap import FIRST_NODE_ID, RoadMap, Way
from sample_data.generator.townplan import CENTRE

EAST = np.array([1.0, 0.0])


def road(**tags: str) -> RoadMap:
    points = np.array([np.array(CENTRE) - 700 * EAST, np.array(CENTRE) + 700 * EAST])
    way = Way(7, (FIRST_NODE_ID, FIRST_NODE_ID + 1), {"highway": "primary", **tags}, 1400.0)
    return RoadMap(points, (way,), (FIRST_NODE_ID,), {})


def rows(roads: RoadMap) -> pd.DataFrame:
    return part_table(roads, lambda xy: ["339901"] * len(xy), np.random.default_rng(1))


def test_lamps_stand_every_35_m_at_both_kerbs_in_turn() -> None:
    table = rows(road())
    lamps = table[table["小类"] == "路灯"]
    assert len(lamps) == 1400 // 35
    along = np.sort(lamps["X坐标"].astype(float).to_numpy())
    assert np.diff(along).min() > 25
    side = lamps["Y坐标"].astype(float) - ORIGIN[1] - CENTRE[1]
    assert (side > 0).sum() == (side < 0).sum()
    assert side.abs().between(15.0, 18.0).all()  # kerb of a primary road at 15 m


def test_coordinates_carry_the_prefix_of_zone_40() -> None:
    east = rows(road())["X坐标"].astype(float) - 40_000_000 - ORIGIN[0] - CENTRE[0]
    assert east.abs().max() <= 701


def test_codes_are_unique_and_of_sixteen_digits() -> None:
    table = rows(road())
    assert tuple(table.columns) == COLUMNS
    assert table["部件编码"].is_unique
    assert table["部件编码"].str.fullmatch(r"339901\d{4}\d{6}").all()


def test_every_signal_has_its_box() -> None:
    assert (rows(road())["小类"] == "交通信号控制箱").sum() == 1


def test_nothing_stands_in_a_tunnel_and_no_cover_on_a_bridge() -> None:
    assert set(rows(road(tunnel="yes"))["小类"]) == {"交通信号控制箱"}
    assert {"路灯", "雨水井盖"} & set(rows(road(bridge="yes"))["小类"]) == {"路灯"}


def test_parts_keep_off_the_carriageway_of_a_crossing_road() -> None:
    along = road()
    crossing = np.add(CENTRE, [(0.0, -500.0), (0.0, 500.0)])
    way = Way(8, (FIRST_NODE_ID + 2, FIRST_NODE_ID + 3), {"highway": "primary"}, 1000.0)
    table = rows(RoadMap(np.vstack([along.points, crossing]), (*along.ways, way), (), {}))
    x = table["X坐标"].astype(float) - 40_000_000 - ORIGIN[0] - CENTRE[0]
    y = table["Y坐标"].astype(float) - ORIGIN[1] - CENTRE[1]
    assert not ((x.abs() < 13) & (y.abs() < 13)).any()
