"""A place has the address of its building first, then the nearest; dwellings are told as their building."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely

from tests.twin.addresses.books import book_of
from tests.twin.addresses.test_finder import finder_of
from twin.addresses.finder import Finder
from twin.addresses.levels import Level
from twin.addresses.reverse import NEAR_M, reverse
from twin.errors import InvalidQueryError
from twin.layer import Layer
from twin.schema import LayerSchema
from twin.view import LayerView

ROAD = "市丽州市/区丽城区/路永城路"
PLACES = {
    f"{ROAD}/号38": (120.0400, 28.8900),
    f"{ROAD}/号38/苑西湖花园/幢1": (120.0402, 28.8902),
    f"{ROAD}/号38/苑西湖花园/幢1/元1/室101": (120.0402, 28.8902),
    f"{ROAD}/号38/苑西湖花园/幢1/元1/室102": (120.0402, 28.8902),
    f"{ROAD}/号38/苑西湖花园/幢2/元1/室101": (120.0408, 28.8902),
    f"{ROAD}/号38/苑西湖花园/幢2": (120.0408, 28.8902),
    f"{ROAD}/号40": (120.0300, 28.8900),
}
FIRST = "丽州市丽城区永城路38号西湖花园1幢"
SECOND = "丽州市丽城区永城路38号西湖花园2幢"


@pytest.fixture(scope="module")
def finder() -> Finder:
    return finder_of(book_of(list(PLACES), places=PLACES))


def view_of(name: str, shapes: list[shapely.Geometry], ids: np.ndarray) -> LayerView:
    kind = "point" if shapes[0].geom_type == "Point" else "polygon"
    table = pa.table({"geometry": shapely.to_wkb(shapes)})
    return LayerView(Layer.from_table(LayerSchema(name, kind), table, ids))


@pytest.fixture(scope="module")
def addresses(finder: Finder) -> LayerView:
    book = finder.book
    placed = np.flatnonzero(~np.isnan(book.lon))
    points = [shapely.Point(book.lon[node], book.lat[node]) for node in placed]
    return view_of("address_base", points, book.ids[placed])


@pytest.fixture(scope="module")
def buildings() -> LayerView:
    """A long building whose western end is nearer to the address of its neighbour."""
    second = shapely.box(120.0404, 28.8901, 120.0410, 28.8903)
    empty = shapely.box(120.0500, 28.8900, 120.0502, 28.8902)
    return view_of("buildings", [second, empty], np.array([1, 2]))


def test_building_that_holds_the_place_beats_a_nearer_address(
    finder: Finder, addresses: LayerView, buildings: LayerView
) -> None:
    without = reverse(finder, addresses, None, 120.04042, 28.8902)
    assert without[0].standard_text == FIRST
    found = reverse(finder, addresses, buildings, 120.04042, 28.8902)
    assert [one.standard_text for one in found[:2]] == [SECOND, FIRST]
    assert [one.is_of_building for one in found[:2]] == [True, False]


def test_distance_is_that_on_the_ellipsoid(finder: Finder, addresses: LayerView) -> None:
    best = reverse(finder, addresses, None, 120.0401, 28.8900)[0]
    expected = pyproj.Geod(ellps="GRS80").inv(120.0401, 28.8900, best.lon, best.lat)[2]
    assert best.distance_m == pytest.approx(expected, abs=0.01)  # 1 cm


def test_dwellings_are_told_once_as_their_building(finder: Finder, addresses: LayerView) -> None:
    found = reverse(finder, addresses, None, 120.0402, 28.8902, 10)
    assert found[0].standard_text == FIRST
    assert all(one.level <= Level.BUILDING for one in found)
    assert len({one.address_id for one in found}) == len(found)


def test_building_without_address_leaves_the_nearest(
    finder: Finder, addresses: LayerView, buildings: LayerView
) -> None:
    found = reverse(finder, addresses, buildings, 120.0501, 28.8901, max_distance_m=2_000.0)
    assert found[0].standard_text == SECOND
    assert not found[0].is_of_building


def test_nothing_near_is_nothing_and_farther_ones_only_on_demand(
    finder: Finder, addresses: LayerView
) -> None:
    assert reverse(finder, addresses, None, 120.10, 28.95) == ()
    far = reverse(finder, addresses, None, 120.02, 28.89, max_distance_m=1_500.0)
    assert far[0].standard_text == "丽州市丽城区永城路40号"
    assert far[0].distance_m > NEAR_M


def test_place_off_the_earth_is_refused(finder: Finder, addresses: LayerView) -> None:
    for lon, lat in ((200.0, 28.0), (120.0, 95.0), (float("nan"), 28.0)):
        with pytest.raises(InvalidQueryError):
            reverse(finder, addresses, None, lon, lat)


def test_rows_that_are_no_longer_in_force_are_passed_over(finder: Finder) -> None:
    node = finder.geocode("永城路38号西湖花园1幢")[0].position
    points = [shapely.Point(120.0402, 28.8902), shapely.Point(120.0402, 28.8902)]
    view = view_of("address_base", points, np.array([7, finder.book.ids[node]]))
    assert [one.standard_text for one in reverse(finder, view, None, 120.0402, 28.8902)] == [FIRST]
