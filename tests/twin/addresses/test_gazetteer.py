"""The names of divisions: whole, short, old; which name means which division."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from twin.addresses.gazetteer import Gazetteer
from twin.addresses.names import Alias
from twin.addresses.parsing import Parser
from twin.divisions import DivisionTree
from twin.errors import InvalidDivisionError

DAY = date(2021, 7, 15)


def names_of(gazetteer: Gazetteer, name: str) -> list[str]:
    return [gazetteer.rows[place.row].name for place in gazetteer.places(name)]


def tree_of(rows: list[tuple[str, str, int, date | None, date | None, str]], as_of: date) -> DivisionTree:
    columns = list(zip(*rows, strict=True))
    names = ("code", "name", "level", "valid_from", "valid_to", "superseded_by")
    kinds = (pa.string(), pa.string(), pa.int64(), pa.date32(), pa.date32(), pa.string())
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, kinds, strict=True)]
    return DivisionTree.from_tables(pa.table(dict(zip(names, arrays, strict=True))), None, as_of)


# Hangzhou, 2021: 江干区 went into 上城区, 余杭区 was split into 余杭区 and 临平区.
HANGZHOU = [
    ("3301", "杭州市", 1, None, None, ""),
    ("330102", "上城区", 2, None, None, ""),
    ("330104", "江干区", 2, None, DAY, "330102"),
    ("330110", "余杭区", 2, None, DAY, "330118 330113"),
    ("330118", "余杭区", 2, DAY, None, ""),
    ("330113", "临平区", 2, DAY, None, ""),
    ("330102009", "九堡街道", 3, None, None, ""),
]


def test_short_names_are_whole_names_without_their_ending() -> None:
    city = Gazetteer.of([("丽州市", 1, -1), ("景宁畲族自治县", 2, 0), ("梅溪镇", 3, 1), ("外坦村", 4, 2)])
    assert names_of(city, "丽州") == ["丽州市"]
    assert names_of(city, "景宁") == ["景宁畲族自治县"]
    assert names_of(city, "梅溪") == ["梅溪镇"]
    assert names_of(city, "外坦") == ["外坦村"]
    assert not city.places("外坦")[0].is_whole


def test_a_short_name_of_one_character_or_of_a_road_is_none() -> None:
    city = Gazetteer.of([("解放路街道", 3, -1), ("开发区街道", 3, -1), ("东区", 2, -1)])
    assert not city.places("解放路")
    assert not city.places("开发区")
    assert not city.places("东")


def test_a_committee_is_the_community_that_it_runs() -> None:
    city = Gazetteer.of([("顾家桥社区居委会", 4, -1), ("外坦村村民委员会", 4, -1)])
    assert names_of(city, "顾家桥社区") == ["顾家桥社区居委会"]
    assert names_of(city, "外坦村") == ["外坦村村民委员会"]


def test_an_old_name_leads_to_what_the_division_went_into() -> None:
    city = Gazetteer.from_tree(tree_of(HANGZHOU, date(2024, 1, 1)))
    assert names_of(city, "江干区") == ["上城区"]
    parsed = Parser(city).parse("杭州市江干区九堡街道1号")
    assert [part.token for part in parsed.components] == ["杭州市", "上城区", "九堡街道", "1"]
    assert parsed.components[1].text == "江干区"


def test_after_a_split_a_name_means_its_present_bearer_alone() -> None:
    city = Gazetteer.from_tree(tree_of(HANGZHOU, date(2024, 1, 1)))
    assert names_of(city, "余杭区") == ["余杭区"]
    assert [city.rows[place.row].code for place in city.places("余杭区")] == ["330118"]


def test_before_the_change_the_old_names_are_names_of_their_own() -> None:
    city = Gazetteer.from_tree(tree_of(HANGZHOU, date(2020, 1, 1)))
    assert names_of(city, "江干区") == ["江干区"]
    assert not city.places("临平区")


def test_validity_stands_beside_each_row() -> None:
    city = Gazetteer.from_tree(tree_of(HANGZHOU, date(2024, 1, 1)))
    days = dict(zip((row.code for row in city.rows), city.validity, strict=True))
    assert days["330118"] == (DAY, None)
    assert days["330102"] == (None, None)


def test_aliases_of_divisions_are_known_and_those_of_roads_passed_over() -> None:
    tree = tree_of(HANGZHOU, date(2024, 1, 1))
    city = Gazetteer.from_tree(tree, [Alias("上城新区", "上城区"), Alias("东风路", "解放路", "street")])
    assert names_of(city, "上城新区") == ["上城区"]
    assert not city.places("东风路")


def test_the_longest_name_comes_first() -> None:
    city = Gazetteer.of([("余杭区", 2, -1), ("余杭街道", 3, 0)])
    assert [end for end, _ in city.matches("余杭街道文一路")] == [4, 2]
    assert list(city.matches("余")) == []


def test_an_empty_gazetteer_knows_no_name() -> None:
    assert not Gazetteer.empty().places("丽州市")
    assert list(Gazetteer.empty().matches("丽州市")) == []


@pytest.mark.parametrize("row", [("丽州市", 0, -1), ("丽州市", 5, -1), ("丽州市", 1, 0), ("丽州市", 1, -2)])
def test_a_row_that_cannot_stand_is_named(row: tuple[str, int, int]) -> None:
    with pytest.raises(InvalidDivisionError, match="row 0"):
        Gazetteer.of([row])
