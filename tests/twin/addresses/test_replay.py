"""An assembly after decisions comes to what the decisions made: names, parents, rows, pairs to decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twin.addresses.places import TREE, assembled, city_of, parser_of, records, row, seen, with_matches
from twin.addresses.assembly import Assembly, Surroundings, assemble
from twin.addresses.base import ADDRESS_BASE, ADDRESSES, base_of, places_of
from twin.addresses.decisions import correct, merge, reject, rulings_of, split, undo
from twin.city import City
from twin.errors import TwinError

HOME = "丽城区古城街道长春社区"
AWAY = "丽城区古城街道丰收社区"
ROADS = [
    *(row(f"{HOME}文苑路{number}号", 30 * number, 0) for number in range(1, 6)),
    *(row(f"{AWAY}文院路{number}号", 30 * number, 1_500) for number in range(3, 9)),
    row(f"{HOME}文苑路2号阳光花园1幢", 60, 0),
    row(f"{AWAY}文院路7号阳光花园1幢", 210, 1_500),
    row(f"{AWAY}文院路7号阳光花园2幢1单元101室", 215, 1_500),
    row(f"{AWAY}中山路1号紫荆花园2幢", -900, 900),
]


def again(city: City) -> Assembly:
    """Return what the source rows of a city come to once more."""
    for name in (ADDRESS_BASE, ADDRESSES):
        city.forget(name)
    view = city.layer(ADDRESSES)
    rows = view.take(view.positions()).sort_by("feature_id")
    lon, lat = places_of(rows["geometry"])
    rows = rows.drop_columns(["geometry"]).append_column("lon", [lon]).append_column("lat", [lat])
    return assemble(
        rows,
        parser_of(TREE),
        Surroundings(TREE),
        before=base_of(city.layer(ADDRESS_BASE)),
        rulings=rulings_of(city.state),
    )


def told(base: list[dict[str, Any]]) -> dict[int, tuple[Any, ...]]:
    names = ("level", "token", "parent_id", "status", "superseded_by", "text", "n_records")
    return {one["feature_id"]: tuple(one[name] for name in names) for one in base}


def id_of(city: City, ending: str) -> int:
    (found,) = [
        one["feature_id"]
        for one in seen(city)[ADDRESS_BASE]
        if one["text"].endswith(ending) and one["status"] == "in_force"
    ]
    return found


@pytest.fixture
def city(tmp_path: Path) -> Any:
    with city_of(tmp_path / "a.city", ROADS) as made:
        yield made


@pytest.mark.parametrize(("old", "new"), [("文苑路", "文院路"), ("文院路", "文苑路")])
def test_merged_road_keeps_the_name_and_place_of_the_survivor(city: City, old: str, new: str) -> None:
    merge(city, id_of(city, old), id_of(city, new), author="a")
    shown = seen(city)
    found = again(city)
    assert found.n_new == 0
    assert told(found.base.to_pylist()) == told(shown[ADDRESS_BASE])
    assert found.matches["address_id"].to_pylist() == [one["address_id"] for one in shown[ADDRESSES]]


def test_address_that_its_source_calls_otherwise_is_itself_again_when_the_source_goes_back(
    city: City,
) -> None:
    first = again(city)
    renamed = [
        (text.replace("中山路1号", "中山路9号"), east, north) if "中山" in text else (text, east, north)
        for text, east, north in ROADS
    ]
    assert {one[0] for one in ROADS} != {one[0] for one in renamed}
    then = assembled(with_matches(records(renamed), first), before=first.base)
    back = assembled(with_matches(records(ROADS), then), before=then.base)
    before, after = told(first.base.to_pylist()), told(back.base.to_pylist())
    assert {key: after[key] for key in before} == before


NAMES = (
    "文苑路",
    "文院路",
    "文苑路2号",
    "文院路7号",
    "文院路7号阳光花园",
    "中山路1号紫荆花园",
    "文苑路2号阳光花园",
)
DECISIONS = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("reject"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(
            st.just("correct"), st.sampled_from(NAMES), st.sampled_from(("88", "东升大道", "金色家园"))
        ),
        st.tuples(st.just("split"), st.sampled_from(NAMES), st.integers(0, len(ROADS) - 1)),
    ),
    min_size=1,
    max_size=4,
)


def decide(city: City, ids: dict[str, int], wanted: list[tuple[Any, ...]]) -> list[int]:
    """Make those of the decisions that can be made; return their ids."""
    made = []
    for kind, name, other in wanted:
        try:
            if kind == "merge":
                done = merge(city, ids[name], ids[other], author="a")
            elif kind == "reject":
                done = reject(city, ids[name], ids[other], author="a")
            elif kind == "correct":
                done = correct(city, ids[name], other, author="a")
            else:
                done = split(city, ids[name], [other + 1], author="a")
        except TwinError:
            continue  # an earlier one has superseded it, or it makes no sense
        made.append(done.decision_id)
    return made


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(DECISIONS)
def test_assembly_after_decisions_comes_to_what_they_made(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[tuple[Any, ...]]
) -> None:
    with city_of(tmp_path_factory.mktemp("replay") / "a.city", ROADS) as city:
        before = seen(city)
        made = decide(city, {name: id_of(city, name) for name in NAMES}, wanted)
        shown, found = seen(city), again(city)
        assert told(found.base.to_pylist()) == told(shown[ADDRESS_BASE])
        assert found.matches["address_id"].to_pylist() == [one["address_id"] for one in shown[ADDRESSES]]
        for decision_id in reversed(made):
            assert not undo(city, decision_id, author="b").needs_build
        after = seen(city)
        known = {one["feature_id"] for one in before[ADDRESS_BASE]}
        assert after[ADDRESSES] == before[ADDRESSES]
        assert [one for one in after[ADDRESS_BASE] if one["feature_id"] in known] == before[ADDRESS_BASE]
        assert {one["status"] for one in after[ADDRESS_BASE] if one["feature_id"] not in known} <= {
            "superseded"
        }
