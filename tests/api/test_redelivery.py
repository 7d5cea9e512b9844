"""What people decided outlives deliveries: the same files change nothing, every decision can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.building import build_city
from api.progress import ProgressBoard
from api.reviewing import open_pairs
from tests.api.deliveries import SIDE, SOUTH, WEST, take_in, write_addresses, write_divisions
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.decisions import correct, merge, reject, split, undo
from twin.city import City
from twin.config import CityConfig
from twin.errors import TwinError

STEP = SIDE / 400
ROADS = ("东社区文苑路", "东社区文院路", "西社区中山路", "西社区中珊路")
ESTATES = ("紫荆花园", "紫金花园", "绿城小区")
Rows = dict[str, tuple[str, float, float]]
Wanted = tuple[str, int, int]


@st.composite
def towns(draw: st.DrawFn) -> dict[str, Rows]:
    """Return the rows of two departments in a small town."""
    files: dict[str, Rows] = {}
    for source in ("police", "civil"):
        rows: Rows = {}
        for number in range(draw(st.integers(3, 9))):
            road, gate = draw(st.integers(0, len(ROADS) - 1)), draw(st.integers(1, 6))
            estate, part = draw(st.integers(0, 5)), draw(st.integers(1, 3))
            text = f"东区中心街道{ROADS[road]}{gate}号"
            if estate < len(ESTATES):
                text += f"{ESTATES[estate]}{part}幢"
            rows[str(number)] = (text, WEST + SIDE / 2 + gate * STEP, SOUTH + SIDE / 2 + road * STEP)
        files[source] = rows
    return files


WANTED = st.lists(
    st.tuples(
        st.sampled_from(["merge", "reject", "correct", "split"]), st.integers(0, 40), st.integers(0, 40)
    ),
    min_size=1,
    max_size=5,
)


def town(folder: Path, files: dict[str, Rows]) -> City:
    city = City.create(folder / "a.city", CityConfig("丽州市", "EPSG:4549"))
    take_in(city, "divisions", write_divisions(folder / "divisions.csv"))
    for source, rows in files.items():
        take_in(city, "addresses", write_addresses(folder / f"{source}.csv", rows))
    return city


def shown(city: City) -> dict[str, list[Any]]:
    """Return all that the layers of addresses and the review list show."""
    found: dict[str, list[Any]] = {}
    for name in (ADDRESS_BASE, ADDRESSES):
        city.forget(name)
        view = city.layer(name)
        rows = view.take(view.positions()).to_pylist()
        found[name] = sorted(rows, key=lambda one: one["feature_id"])
    return {**found, "review": open_pairs(city).to_pylist()}


def decide(city: City, wanted: Sequence[Wanted]) -> list[int]:
    """Make those of the decisions that can be made; return their ids."""
    made = []
    for kind, one, other in wanted:
        now = shown(city)
        places = [row["feature_id"] for row in now[ADDRESS_BASE] if row["level"] > 4]
        rows = [row["feature_id"] for row in now[ADDRESSES]]
        first, second = places[one % len(places)], places[other % len(places)]
        try:
            if kind == "merge":
                done = merge(city, first, second, author="a")
            elif kind == "reject":
                done = reject(city, first, second, author="a")
            elif kind == "correct":
                done = correct(city, first, ("金桂花园", "88", "东升大道")[other % 3], author="a")
            else:
                done = split(city, first, [rows[other % len(rows)]], author="a")
        except TwinError:
            continue  # one of them is superseded, or they are of different levels
        made.append(done.decision_id)
    return made


def assert_undone(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> None:
    """Everything is as before; what splits made stays, superseded: no id is used twice."""
    known = {row["feature_id"] for row in before[ADDRESS_BASE]}
    assert after[ADDRESSES] == before[ADDRESSES]
    assert [row for row in after[ADDRESS_BASE] if row["feature_id"] in known] == before[ADDRESS_BASE]
    assert {row["status"] for row in after[ADDRESS_BASE] if row["feature_id"] not in known} <= {"superseded"}
    assert after["review"] == before["review"]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(), WANTED, st.permutations(["police", "civil", "build"]))
def test_same_files_change_nothing_and_decisions_undone_leave_the_city_before(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, Rows],
    wanted: list[Wanted],
    order: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("again")
    with town(folder, files) as city:
        before = shown(city)
        made = decide(city, wanted)
        decided = shown(city)
        for step in order:
            if step == "build":
                with ProgressBoard(None) as board:
                    build_city(city, board)
            else:
                take_in(city, "addresses", folder / f"{step}.csv")
            assert shown(city) == decided
        take_in(city, "addresses", folder / "civil.csv")
        hashes = {name: city.store.current(name).content_hash for name in (ADDRESS_BASE, ADDRESSES)}
        take_in(city, "addresses", folder / "civil.csv")
        assert {name: city.store.current(name).content_hash for name in hashes} == hashes
        for decision_id in reversed(made):
            assert not undo(city, decision_id, author="b").needs_build
        assert_undone(before, shown(city))


NEW = {"new": ("东区中心街道西社区学院路9号", WEST + SIDE / 4, SOUTH + SIDE / 4)}


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(), WANTED.map(lambda wanted: [one for one in wanted if one[0] != "split"]))
def test_delivery_with_one_more_row_leaves_what_was_decided(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, Rows], wanted: list[Wanted]
) -> None:
    folder = tmp_path_factory.mktemp("more")
    with town(folder, files) as city:
        decide(city, wanted)
        before = shown(city)
        rejected = {tuple(sorted((row["address_id"], row["other_id"]))) for row in before["review"]}
        take_in(city, "addresses", write_addresses(folder / "civil.csv", files["civil"] | NEW))
        after = shown(city)
        told = ("token", "level", "parent_id", "status", "superseded_by", "text")
        known = {row["feature_id"]: [row[name] for name in told] for row in after[ADDRESS_BASE]}
        assert {row["feature_id"]: [row[name] for name in told] for row in before[ADDRESS_BASE]} == {
            row["feature_id"]: known[row["feature_id"]] for row in before[ADDRESS_BASE]
        }
        found = {row["feature_id"]: row["address_id"] for row in after[ADDRESSES]}
        assert {row["feature_id"]: row["address_id"] for row in before[ADDRESSES]} == {
            row["feature_id"]: found[row["feature_id"]] for row in before[ADDRESSES]
        }
        pairs = [tuple(sorted((row["address_id"], row["other_id"]))) for row in after["review"]]
        assert len(set(pairs)) == len(pairs)
        assert set(pairs) <= rejected
