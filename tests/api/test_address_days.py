"""One address on several days: not yet, in force, ended; with the codes and names of each day (杭州 2021)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.addresses import address_as_of
from tests.api.deliveries import take_in
from twin.addresses.base import ADDRESS_BASE
from twin.city import City
from twin.config import CityConfig

DIVISIONS = """code,name,level,parent_code,valid_from,valid_to,superseded_by
330100000000,杭州市,1,,1990-01-01,,
330103000000,下城区,2,330100000000,1990-01-01,2021-04-09,330105000000
330105000000,拱墅区,2,330100000000,1990-01-01,2021-04-09,330105000000
330105000000,拱墅区,2,330100000000,2021-04-09,,
330103006000,武林街道,3,330103000000,1990-01-01,2021-04-09,330105011000
330105011000,武林街道,3,330105000000,2021-04-09,,
"""
ADDRESSES = """source_id,text,valid_from,valid_to
1,杭州市下城区武林街道中山北路570号,2005-01-01,2021-01-01
2,杭州市下城区武林街道中山北路572号,2005-01-01,
3,杭州市拱墅区武林街道中山北路574号,2021-06-01,
4,杭州市拱墅区武林街道环城北路9号,,
5,杭州市拱墅区武林街道中山北路576号,2990-01-01,
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder: Path = tmp_path_factory.mktemp("days")
    (folder / "divisions.csv").write_text(DIVISIONS, encoding="utf-8")
    (folder / "addresses.csv").write_text(ADDRESSES, encoding="utf-8")
    with City.create(folder / "a.city", CityConfig("杭州市", "EPSG:4549")) as made:
        take_in(made, "divisions", folder / "divisions.csv")
        take_in(made, "addresses", folder / "addresses.csv")
        yield made


def told(city: City, ending: str, year: int) -> dict[str, Any]:
    view = city.layer(ADDRESS_BASE)
    rows = view.take(view.positions(), ["feature_id", "text"]).to_pylist()
    (found,) = [row["feature_id"] for row in rows if row["text"].endswith(ending)]
    return address_as_of(city, found, date(year, 6, 2))


@pytest.mark.parametrize(
    ("number", "year", "status"),
    [
        ("570号", 2004, "not_yet"),
        ("570号", 2020, "in_force"),
        ("570号", 2022, "withdrawn"),
        ("574号", 2020, "not_yet"),
        ("574号", 2021, "in_force"),
        ("9号", 1980, "unknown"),
        ("9号", 2020, "in_force"),
        ("576号", 2022, "not_yet"),
    ],
)
def test_status_is_that_of_the_day(city: City, number: str, year: int, status: str) -> None:
    assert told(city, number, year)["status"] == status


def test_text_chain_and_components_have_the_names_of_the_day(city: City) -> None:
    found = told(city, "572号", 2020)
    assert found["text"] == "杭州市下城区武林街道中山北路572号"
    assert [one["name"] for one in found["chain"]] == ["杭州市", "下城区", "武林街道"]
    assert [one["code"] for one in found["chain"]][-1] == "330103006000"
    assert told(city, "572号", 2022)["text"] == "杭州市拱墅区武林街道中山北路572号"


def test_only_addresses_of_the_day_are_found(city: City) -> None:
    finder = city.address_finder()
    assert finder.geocode("中山北路572号")[0].standard_text.endswith("572号")
    for number in (570, 576):
        assert not finder.geocode(f"中山北路{number}号")[0].standard_text.endswith(f"{number}号")
    before = city.address_finder(as_of=date(2020, 6, 2))
    assert before.geocode("中山北路570号")[0].standard_text == "杭州市下城区武林街道中山北路570号"
    assert not before.geocode("中山北路574号")[0].standard_text.endswith("574号")
