"""A caller's words about an event cost the address before them nothing; a place beside it is never sure."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.twin.addresses.books import book_of, dwellings
from tests.twin.addresses.test_certainty import EAST, GAZETTEER, SURE
from twin.addresses.finder import Finder
from twin.addresses.parsing import Parser
from twin.city import City

INCIDENTS = Path("sample_data/lizhou/incidents.csv.gz")
NAMES = ["环翠路", "西湖花园", "春晖新村", "有福里"]
M_PER_DEGREE = 111_195.0


@pytest.fixture(scope="module")
def finder() -> Finder:
    paths = [
        f"{EAST}/路环翠路/号162",
        *dwellings(f"{EAST}/路环翠路/号38/苑西湖花园", 3, 2, 3, 2),
        f"{EAST}/苑春晖新村/幢1",
        f"{EAST}/路环翠路/号164/苑有福里",
    ]
    return Finder.of(book_of(paths), Parser(GAZETTEER, NAMES))


@pytest.mark.parametrize(
    ("asked", "ending"),
    [
        ("古城街道环翠路162号门口 工地没有洒水，扬尘严重", "环翠路162号"),
        ("环翠路162号，邻居漏水引起纠纷", "环翠路162号"),
        ("环翠路162号人行道上停满汽车", "环翠路162号"),
        ("环翠路162号 路面有坑洞", "环翠路162号"),
        ("西湖花园3幢1单元302室，楼上太吵，没有人管", "西湖花园3幢1单元302室"),
        ("西湖花园门口 广场舞音响太吵", "西湖花园"),
        ("环翠路162号 西湖花园3幢1单元302室", "西湖花园3幢1单元302室"),
        ("环翠路164号 有福里", "有福里"),
    ],
)
def test_words_about_an_event_are_left_out_and_names_are_not(finder: Finder, asked: str, ending: str) -> None:
    assert finder.geocode(asked)[0].standard_text.endswith(ending)


@pytest.mark.parametrize(
    "asked",
    ["环翠路162号门口 工地没有洒水，扬尘严重", "环翠路162号内 堆满垃圾", "西湖花园3幢门前 树枝断落挡路"],
)
def test_door_of_an_address_is_the_address(finder: Finder, asked: str) -> None:
    assert finder.geocode(asked)[0].score >= SURE


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("环翠路162号对面 工地没有洒水，扬尘严重", "对面"),
        ("环翠路162号旁边路灯不亮", "旁边"),
        ("春晖新村路边，有车辆违停", "路边"),
        ("环翠路162号往东200米 路面有坑洞", "200米"),
        ("环翠路162号 向日葵庄园", "向日葵庄园"),
        ("环翠路162号 阿里巴巴", "阿里巴巴"),
    ],
)
def test_place_beside_an_address_and_unknown_names_are_not_sure(
    finder: Finder, asked: str, said: str
) -> None:
    best = finder.geocode(asked)[0]
    assert 0.0 < best.score < SURE
    assert said in best.reason


def test_places_of_reported_incidents_are_found_near_where_they_were_reported(lizhou: City) -> None:
    with gzip.open(INCIDENTS, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::60]
    found = lizhou.address_finder().geocode_table([row["text"] for row in rows])
    lon, lat = (np.array([float(row[name] or "nan") for row in rows]) for name in ("lon", "lat"))
    east = (found["lon"].to_numpy() - lon) * np.cos(np.radians(28.89))
    away_m = M_PER_DEGREE * np.hypot(east, found["lat"].to_numpy() - lat)
    has_number = (found["level"].to_numpy() > 8) & (found["score"].to_numpy() >= 0.5) & ~np.isnan(away_m)
    assert found["address_id"].null_count < 0.01 * len(rows)
    assert (found["score"].to_numpy() >= 0.5).mean() > 0.9
    assert np.median(away_m[has_number]) < 50.0
