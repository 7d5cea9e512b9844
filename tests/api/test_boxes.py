from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.boxes import check_lonlat, parse_bbox, parse_number
from twin.errors import InvalidQueryError

LON = st.floats(-180, 180)
LAT = st.floats(-90, 90)


@given(LON, LON, LAT, LAT)
def test_box_is_read_as_it_was_written(a: float, b: float, c: float, d: float) -> None:
    box = (min(a, b), min(c, d), max(a, b), max(c, d))
    assert parse_bbox(",".join(map(repr, box))) == box


def test_heights_of_a_six_number_box_are_not_used() -> None:
    assert parse_bbox("119,28,-5,120,29,100") == (119.0, 28.0, 120.0, 29.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1 numbers"),
        ("1,2,3", "3 numbers"),
        ("1,2,3,4,5", "5 numbers"),
        ("a,2,3,4", "'a' is not a finite number"),
        ("nan,2,3,4", "'nan' is not a finite number"),
        ("1,2,inf,4", "'inf' is not a finite number"),
        ("1_0,2,30,4", "'1_0' is not a finite number"),
        ("1, 2,3,4", "' 2' is not a finite number"),
        ("1,,3,4", "'' is not a finite number"),
        ("120,30,119,31", "west 120.0 is east of east 119.0.*antimeridian"),
        ("119,31,120,30", "south 31.0 is north of north 30.0"),
        ("28,119,29,120", "look swapped"),
        ("119,28,1e9,29", "not lon, lat"),
        ("119,28,9,120,29,1", "lower height"),
    ],
)
def test_wrong_box_is_refused_saying_what_came(text: str, said: str) -> None:
    with pytest.raises(InvalidQueryError, match=said):
        parse_bbox(text)


@given(st.text(max_size=60))
def test_any_text_is_a_box_or_a_refusal(text: str) -> None:
    try:
        west, south, east, north = parse_bbox(text)
    except InvalidQueryError as error:
        assert str(error)  # noqa: PT017 -- both outcomes are right, anything else is not
    else:
        assert west <= east
        assert south <= north


def test_number_of_a_place_names_itself_when_wrong() -> None:
    with pytest.raises(InvalidQueryError, match="lat='north'"):
        parse_number("north", "lat")


def test_poles_and_the_date_line_are_on_the_globe() -> None:
    check_lonlat(-180.0, 90.0, "here")
    with pytest.raises(InvalidQueryError, match="here"):
        check_lonlat(0.0, 90.5, "here")
