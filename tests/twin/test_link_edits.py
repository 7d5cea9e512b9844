"""Links change between imports without a row ever going away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from api.building import fold_edits
from tests.twin.linked_town import PEOPLE, make_linked_town
from twin.city import City
from twin.errors import InvalidValueError, UnknownFeatureError
from twin.link_edits import add_link, end_link
from twin.links import LINKS, links_of, links_tag

DAY = date(2026, 3, 1)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    city = make_linked_town(tmp_path / "a.city")
    yield city
    city.close()


def persons_at(city: City, address_id: int, day: date) -> list[str]:
    links = links_of(city)
    rows = links.in_force(links.below(links.book.position_of(address_id)), day)
    return sorted(links.table(links.of_kinds(rows, ["person"]))["ref"].to_pylist())


def test_links_of_a_stored_city_are_found_from_both_sides(city: City) -> None:
    assert persons_at(city, 41, DAY) == list(PEOPLE[:5])
    assert persons_at(city, 21, DAY) == [*PEOPLE[:5], PEOPLE[6]]
    assert persons_at(city, 41, date(2023, 6, 1)) == list(PEOPLE[:6])
    links = links_of(city)
    assert links.table(links.find("person", PEOPLE[0]))["address_id"].to_pylist() == [41, 43]
    assert links.n_unplaced == 1


def test_link_that_was_added_holds_from_its_first_day(city: City) -> None:
    tag = links_tag(city)
    add_link(city, "person", "p777", 42, since=DAY, author="a1")
    assert links_tag(city) != tag
    assert persons_at(city, 42, date(2026, 2, 28)) == [PEOPLE[6]]
    assert persons_at(city, 42, DAY) == [PEOPLE[6], "p777"]


def test_link_that_was_ended_stays_with_its_validity_through_a_build(city: City) -> None:
    n_rows = len(links_of(city))
    links = links_of(city)
    (row,) = links.find("person", PEOPLE[6])
    end_link(city, int(links.feature_ids[row]), last_day=DAY, author="a1")
    for _ in range(2):
        assert len(links_of(city)) == n_rows
        assert persons_at(city, 42, DAY) == [PEOPLE[6]]
        assert persons_at(city, 42, date(2026, 3, 2)) == []
        with city.writing():
            fold_edits(city, LINKS)


def test_first_link_of_a_city_makes_the_layer(city: City) -> None:
    city.store.remove(LINKS)
    city.forget(LINKS)
    assert len(links_of(city)) == 0
    add_link(city, "thing", "t9", 12, since=DAY, author="a1", class_="电梯")
    links = links_of(city)
    assert links.table(np.arange(1)).select(["kind", "ref", "class", "address_id"]).to_pylist() == [
        {"kind": "thing", "ref": "t9", "class": "电梯", "address_id": 12}
    ]


@pytest.mark.parametrize("reference", ["张三", "13800138000", "339901199001011234", "Zhang San", ""])
def test_reference_that_may_tell_who_somebody_is_is_refused_and_not_shown(city: City, reference: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        add_link(city, "person", reference, 42, since=DAY, author="a1")
    assert not reference or reference not in str(caught.value)
    assert city.state.sequence(LINKS) == 0


def test_unknown_kinds_addresses_links_and_backward_ends_are_refused(city: City) -> None:
    with pytest.raises(InvalidValueError, match="animal"):
        add_link(city, "animal", "x1", 42, since=DAY, author="a1")
    with pytest.raises(UnknownFeatureError):
        add_link(city, "person", "x1", 4242, since=DAY, author="a1")
    with pytest.raises(UnknownFeatureError):
        end_link(city, 999_999, last_day=DAY, author="a1")
    feature_id = add_link(city, "person", "x1", 42, since=DAY, author="a1")
    with pytest.raises(InvalidValueError, match="begins after"):
        end_link(city, feature_id, last_day=date(2026, 2, 1), author="a1")
