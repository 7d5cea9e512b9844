"""Where things stand: against the slow and obvious way, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely

from analysis.stands import holders, places_of, points_of, positions_of
from tests.analysis.housing import NODES, make_housing
from tests.twin.squares import COMMUNITIES, point
from twin.addresses.base import ADDRESS_BASE
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.city import City
from twin.errors import UnknownFeatureError


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with make_housing(tmp_path / "a.city") as made:
        yield made


def test_positions_are_those_of_single_questions_with_edits_and_scope(city: City) -> None:
    view = city.layer("addresses")
    ids = view.layer.feature_ids.copy()
    city.state.delete_feature("addresses", int(ids[3]), author="a")
    moved = {"source_id": "x", "text": "x"}
    city.state.put_feature("addresses", int(ids[5]), moved, point(0.5, 0.5).wkb, author="a")
    city.forget("addresses")
    for scope in (None, city.divisions.scope(COMMUNITIES[0])):
        view = city.layer("addresses") if scope is None else city.layer("addresses", scope)
        asked = np.concatenate([ids[::-1], [10**9], ids[:5]])
        for feature_id, position in zip(asked.tolist(), positions_of(view, asked).tolist(), strict=True):
            try:
                assert view.position_of(feature_id) == position
            except UnknownFeatureError:
                assert position == -1


def test_points_lie_in_their_features_and_unplaced_ones_have_none(city: City) -> None:
    for name in ("addresses", "buildings", "roads"):
        view = city.layer(name)
        positions, lon, lat = points_of(view)
        shapes = view.geometries(positions)
        assert shapely.intersects(shapes, shapely.points(lon, lat)).all()
        assert len(positions) == np.count_nonzero(~shapely.is_missing(view.geometries(view.positions())))
        assert (np.diff(positions) > 0).all()


def test_address_without_place_lends_one_from_its_building_or_number_alone(city: City) -> None:
    book = AddressBook.from_view(city.layer(ADDRESS_BASE))
    lon, lat = places_of(book)
    for position, address_id in enumerate(book.ids.tolist()):
        node: int | None = address_id
        place = NODES[address_id][3]
        while place is None and node is not None:
            node = NODES[node][1]
            place = None if node is None or NODES[node][0] < Level.NUMBER else NODES[node][3]
        expected = (np.nan, np.nan) if place is None else (place.x, place.y)
        np.testing.assert_array_equal((lon[position], lat[position]), expected)


def test_holders_are_the_divisions_of_the_chain(city: City) -> None:
    tree = city.divisions
    for level in range(1, 6):
        wanted = np.array([n for n, node in enumerate(tree.nodes) if node.level == level][::-1], np.int64)
        numbers = np.arange(-1, len(tree.nodes))
        for number, holder in zip(numbers.tolist(), holders(tree, numbers, wanted).tolist(), strict=True):
            chain = () if number < 0 else tree.chain(tree.nodes[number])
            above = [one.id for one in chain if one.level == level]
            expected = [n for n, w in enumerate(wanted.tolist()) if tree.nodes[w].id in above] or [
                len(wanted)
            ]
            assert [holder] == expected
    assert holders(tree, np.array([0, 3]), np.empty(0, np.int64)).tolist() == [0, 0]
