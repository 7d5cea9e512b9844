"""As of a day, addresses are told and found by what their divisions were called on that day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from api.addresses import address_as_of
from tests.twin.addresses.books import book_of
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsing import Parser
from twin.addresses.past import chain_then, names_then
from twin.addresses.suggesting import suggest
from twin.city import City
from twin.divisions import CHINA_TIME, DivisionTree

MERGED = date(2021, 4, 9)
ROWS: list[tuple[str, str, date | None, date | None, str | None]] = [
    ("3301", "杭州市", None, None, None),
    ("330105", "拱墅区", None, MERGED, "330115"),
    ("330103", "下城区", None, MERGED, "330115"),
    ("330115", "新拱墅区", MERGED, None, None),
    ("330106", "西湖区", None, None, None),
    ("330115001", "米市巷街道", MERGED, None, None),
    ("330105001", "米市巷街道", None, MERGED, "330115001"),
    ("330115002", "武林街道", MERGED, None, None),
    ("330103002", "武林街道", None, MERGED, "330115002"),
]
"""Two districts that became one, as in Hangzhou, each with a subdistrict that got another code."""


def tree_of(day: date) -> DivisionTree:
    codes, names, first, last, heirs = zip(*ROWS, strict=True)
    table = pa.table(
        {
            "code": codes,
            "name": names,
            "valid_from": pa.array([moment(one) for one in first], pa.timestamp("ms", "UTC")),
            "valid_to": pa.array([moment(one) for one in last], pa.timestamp("ms", "UTC")),
            "superseded_by": pa.array(heirs, pa.string()),
        }
    )
    return DivisionTree.from_tables(table, None, as_of=day)


def moment(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, datetime.min.time(), CHINA_TIME)


TODAY, THEN = tree_of(date(2024, 1, 1)), tree_of(date(2020, 1, 1))
RICE, WULIN = "市杭州市/区新拱墅区/道米市巷街道", "市杭州市/区新拱墅区/道武林街道"


@pytest.fixture(scope="module")
def finder() -> Finder:
    book = book_of([f"{RICE}/路湖墅路/号1", f"{WULIN}/路体育路/号2", "市杭州市/区西湖区/路古翠路/号3"])
    codes = {"杭州市": "3301", "新拱墅区": "330115", "西湖区": "330106"}
    codes |= {"米市巷街道": "330115001", "武林街道": "330115002"}
    named = [node for node in range(len(book)) if book.levels[node] <= Level.COMMUNITY]
    then = names_then(TODAY, THEN, [(node, codes[book.name_of(node)]) for node in named])
    names = ["湖墅路", "体育路", "古翠路"]
    return Finder.of(book, Parser(Gazetteer.from_tree(TODAY), names)).as_called(then)


def test_chain_of_a_past_day_goes_back_through_a_merger() -> None:
    assert [one.name for one in chain_then(TODAY, THEN, "330115002")] == ["杭州市", "下城区", "武林街道"]
    assert [one.name for one in chain_then(TODAY, THEN, "330115")] == ["杭州市"]
    assert [one.name for one in chain_then(TODAY, TODAY, "330115")] == ["杭州市", "新拱墅区"]
    assert chain_then(TODAY, THEN, "999999") == ()


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("体育路2号", "杭州市下城区武林街道体育路2号"),
        ("杭州市下城区武林街道体育路2号", "杭州市下城区武林街道体育路2号"),
        ("拱墅区湖墅路1号", "杭州市拱墅区米市巷街道湖墅路1号"),
        ("古翠路3号", "杭州市西湖区古翠路3号"),
    ],
)
def test_address_is_told_and_found_by_the_names_of_its_day(finder: Finder, asked: str, text: str) -> None:
    best = finder.geocode(asked)[0]
    assert best.standard_text == text
    assert best.score >= 0.9, best
    (row,) = finder.geocode_table([asked]).to_pylist()
    assert (row["standard_text"], row["score"]) == (text, best.score)
    assert finder.within(np.ones(len(finder.book), np.bool_)).geocode(asked)[0].standard_text == text


def test_district_that_an_address_did_not_lie_in_is_not_sure(finder: Finder) -> None:
    best = finder.geocode("西湖区体育路2号")[0]
    assert best.standard_text == "杭州市下城区武林街道体育路2号"
    assert best.score < 0.9


def test_suggestions_have_the_names_of_the_day_too(finder: Finder) -> None:
    assert [one.text for one in suggest(finder, "体育路")] == ["杭州市下城区武林街道体育路"]


def test_geocode_and_address_tell_the_same_divisions_of_a_day(lizhou: City) -> None:
    heir = lizhou.divisions.register.rows_of("339901001000")[0]  # 古城街道, made of two in 2021
    assert heir.valid_from is not None
    day = heir.valid_from - timedelta(days=1)
    finder = lizhou.address_finder(as_of=day)
    nodes = np.flatnonzero(finder.book.levels == Level.NUMBER)[::97]
    texts = finder.standard_texts(nodes).to_pylist()
    assert any(heir.name in lizhou.address_finder().geocode(text)[0].standard_text for text in texts)
    for node, text in zip(nodes.tolist(), texts, strict=True):
        assert text == finder.standard_text(node)
        chain = address_as_of(lizhou, int(finder.book.ids[node]), day)["chain"]
        assert isinstance(chain, list)
        assert text.startswith("".join(one["name"] for one in chain))
        assert heir.name not in text
