"""Questions from outside: taken or refused with a sentence."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pyarrow as pa
import pytest
import shapely

from twin.errors import InvalidQueryError, UnknownFieldError
from twin.query import checked_box, checked_point, checked_polygon, typed_filters


def test_box_of_numbers_is_taken() -> None:
    assert checked_box((120, 29, 120, 29)) == (120.0, 29.0, 120.0, 29.0)
    assert checked_box((-180, -90, 180, 90)) == (-180.0, -90.0, 180.0, 90.0)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((120, 28, 121), "3 numbers; wanted west, south, east, north"),
        ((120, 28, 121, math.nan), "not all of it finite"),
        ((120, 28, math.inf, 29), "not all of it finite"),
        ((120, 29, 121, 28), "south above north"),
        ((28, 120, 29, 121), "latitude seems to stand first"),
        ((170, -10, -170, 10), "west > east.*antimeridian.*two halves"),
        ((120, 28, 190, 29), "longitudes beyond 180"),
        ((120, 28, 121, 200), "latitudes beyond 90"),
        ((120, 28, "x", 29), "wanted west, south, east, north"),
    ],
)
def test_wrong_box_is_refused_with_what_came(box: tuple[float, ...], message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        checked_box(box)


def test_point_off_the_earth_is_refused() -> None:
    assert checked_point(120, 29) == (120.0, 29.0)
    with pytest.raises(InvalidQueryError, match="latitude seems to stand first"):
        checked_point(29, 120)
    for lon, lat in ((math.nan, 29), (120, math.nan), (math.inf, 0), (181, 0)):
        with pytest.raises(InvalidQueryError, match="wanted longitude"):
            checked_point(lon, lat)


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        (shapely.Point(120, 29), "a Point came"),
        (shapely.Polygon(), "empty polygon"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "invalid polygon came .Self-intersection"),
        (shapely.box(29, 119, 30, 121), "latitude seems to stand first"),
        (None, "a NoneType came"),
    ],
)
def test_wrong_polygon_is_refused(polygon: shapely.Geometry, message: str) -> None:
    with pytest.raises(InvalidQueryError, match=message):
        checked_polygon(polygon)


COLUMNS = pa.schema(
    {
        "name": pa.string(),
        "floors": pa.int64(),
        "is_open": pa.bool_(),
        "height_m": pa.float64(),
        "at": pa.timestamp("ms", "UTC"),
    }
)


def test_text_is_read_as_the_type_of_its_field() -> None:
    where = {"name": "6", "floors": "6", "is_open": "true", "height_m": "2.5", "at": "2024-05-01T08:00:00Z"}
    found = {name: scalar.as_py() for name, scalar in typed_filters(COLUMNS, where).items()}
    assert found == {
        "name": "6", "floors": 6, "is_open": True, "height_m": 2.5, "at": datetime(2024, 5, 1, 8, tzinfo=UTC),
    }  # fmt: skip


def test_value_that_cannot_be_one_of_the_field_is_refused() -> None:
    with pytest.raises(InvalidQueryError, match=r"floors='tall' came; field 'floors' wants int64"):
        typed_filters(COLUMNS, {"floors": "tall"})
    with pytest.raises(UnknownFieldError, match="no field 'roof'; fields are name, floors"):
        typed_filters(COLUMNS, {"roof": "flat"})
