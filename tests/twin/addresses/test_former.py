"""What people merged or corrected is still found by what it was called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.twin.addresses.places import city_of
from tests.twin.addresses.test_decisions import EAST, ROWS, WEST, id_of
from twin.addresses.decisions import correct, merge, undo
from twin.city import City


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with city_of(tmp_path / "former.city", ROWS) as made:
        yield made


def test_number_that_was_merged_leads_to_the_survivor(city: City) -> None:
    old, new = id_of(city, f"{EAST}2幢"), id_of(city, f"{EAST}1幢")
    done = merge(city, old, new, author="a")
    (answer,) = city.address_finder().geocode("紫荆花园2幢", 1)
    assert (answer.address_id, answer.score) == (new, pytest.approx(0.99))
    assert "已并入" in answer.reason
    (below,) = city.address_finder().geocode("紫荆花园2幢1单元102室", 1)
    assert below.standard_text.endswith("1幢1单元102室")
    assert city.address_finder().geocode_table(["紫荆花园2幢"])["address_id"].to_pylist() == [new]
    undo(city, done.decision_id, author="a")
    assert city.address_finder().geocode("紫荆花园2幢", 1)[0].address_id == old


def test_number_that_was_corrected_leads_to_the_address(city: City) -> None:
    one = id_of(city, f"{EAST}2幢")
    correct(city, one, "9", author="a")
    finder = city.address_finder()
    assert {finder.geocode(text, 1)[0].address_id for text in ("紫荆花园2幢", "紫荆花园9幢")} == {one}


def test_name_that_was_merged_or_corrected_is_an_old_name(city: City) -> None:
    east, west = id_of(city, EAST), id_of(city, WEST)
    merge(city, west, east, author="a")
    correct(city, east, "秋天家园", author="a")
    for text in ("阳光花园3幢1单元301室", "紫荆花园3幢1单元301室", "秋天家园3幢1单元301室"):
        (answer,) = city.address_finder().geocode(text, 1)
        assert answer.standard_text.endswith("秋天家园3幢1单元301室"), text
        assert answer.score >= 0.9, (text, answer)
