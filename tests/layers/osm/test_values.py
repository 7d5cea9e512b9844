from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.osm.values import floor_count, length_m, oneway, speed_kmh, start_year, weight_t, whole_number
from twin.errors import InvalidValueError


@pytest.mark.parametrize(
    ("raw", "kmh"),
    [
        ("60", 60.0),
        ("60 km/h", 60.0),
        ("６０", 60.0),  # full-width digits
        ("60公里/小时", 60.0),
        ("50 mph", 80.4672),  # 1 mile = 1609.344 m
        ("50mph", 80.4672),
        ("10 knots", 18.52),
        ("CN:urban", 50.0),
        ("DE:zone30", 30.0),
        ("DE:zone:30", 30.0),
        ("none", None),
        ("signals", None),
        ("RO:urban", None),
    ],
)
def test_speed_limits_are_read_in_kmh(raw: str, kmh: float | None) -> None:
    assert speed_kmh(raw) == pytest.approx(kmh, abs=1e-9)


@pytest.mark.parametrize("raw", ["fast", "", "50;80", "0", "900", "-50", "50 60", "50 furlongs"])
def test_unreadable_speed_is_named(raw: str) -> None:
    with pytest.raises(InvalidValueError, match=repr(raw)):
        speed_kmh(raw)


@pytest.mark.parametrize(
    ("raw", "metres"),
    [
        ("3.8", 3.8),
        ("3.8 m", 3.8),
        ("3,8", 3.8),
        ("4.5米", 4.5),
        ("380 cm", 3.8),
        ("12'6\"", 3.81),  # 12.5 ft
        ("12' 6\"", 3.81),
        ("12'", 3.6576),
        ("12 ft", 3.6576),
        ("12 ft 6 in", 3.81),
        ("6'6''", 1.9812),
        ("default", None),
        ("none", None),
    ],
)
def test_lengths_are_read_in_metres(raw: str, metres: float | None) -> None:
    assert length_m(raw) == pytest.approx(metres, abs=1e-9)


@pytest.mark.parametrize("raw", ["tall", "3.5;4", "3 m 2", "~3", "", "'"])
def test_unreadable_length_is_named(raw: str) -> None:
    with pytest.raises(InvalidValueError):
        length_m(raw)


@pytest.mark.parametrize(
    ("raw", "tonnes"),
    [
        ("7.5", 7.5),
        ("7.5t", 7.5),
        ("10 T", 10.0),
        ("10吨", 10.0),
        ("3500 kg", 3.5),
        ("16000 lbs", 7.25747792),
        ("8 st", 7.25747792),  # short tons of 2,000 lbs
        ("none", None),
    ],
)
def test_weights_are_read_in_tonnes(raw: str, tonnes: float | None) -> None:
    assert weight_t(raw) == pytest.approx(tonnes, abs=1e-8)


@pytest.mark.parametrize("raw", ["heavy", "7500", "0", "3.5|7.5"])
def test_implausible_or_unreadable_weight_is_refused(raw: str) -> None:
    with pytest.raises(InvalidValueError):
        weight_t(raw)


@pytest.mark.parametrize("raw", ["1.5", "2;3", "two", "0", "99", ""])
def test_count_that_is_not_whole_or_plausible_is_refused(raw: str) -> None:
    with pytest.raises(InvalidValueError):
        whole_number(raw, lowest=1, highest=30)


def test_half_floors_are_not_counted() -> None:
    assert [floor_count(raw) for raw in ("3", "2.5", "0")] == [3, 2, 0]
    with pytest.raises(InvalidValueError):
        floor_count("ground")


def test_year_of_a_date_is_its_first_four_digits() -> None:
    assert [start_year(raw) for raw in ("1998-05-01", "~1890", "before 1900", "C19", "19985", "")] == [
        *(1998, 1890, 1900),
        *(None, None, None),
    ]


@pytest.mark.parametrize(
    ("tags", "direction"),
    [
        ({"highway": "primary"}, "no"),
        ({"highway": "motorway"}, "yes"),
        ({"highway": "motorway", "oneway": "no"}, "no"),
        ({"highway": "motorway_link"}, "no"),
        ({"highway": "tertiary", "junction": "roundabout"}, "yes"),
        ({"highway": "tertiary", "junction": "circular"}, "yes"),
        ({"highway": "primary", "oneway": "true"}, "yes"),
        ({"highway": "primary", "oneway": "1"}, "yes"),
        ({"highway": "primary", "oneway": "-1"}, "-1"),
        ({"highway": "primary", "oneway": "reverse"}, "-1"),
        ({"highway": "primary", "oneway": "alternating"}, "reversible"),
        ({"highway": "motorway", "oneway": "reversible"}, "reversible"),
    ],
)
def test_direction_is_normalised_with_what_the_class_implies(tags: dict[str, str], direction: str) -> None:
    assert oneway(tags) == direction


def test_unknown_direction_is_named() -> None:
    with pytest.raises(InvalidValueError, match="sometimes"):
        oneway({"highway": "primary", "oneway": "sometimes"})


@given(st.floats(1, 300, allow_nan=False).map(lambda value: round(value, 3)))
def test_plain_decimal_speed_keeps_its_value(value: float) -> None:
    assert speed_kmh(f"{value:.3f}") == value


@given(st.text(max_size=30))
def test_any_text_is_either_read_or_refused_by_name(raw: str) -> None:
    for parse in (speed_kmh, length_m, weight_t):
        try:
            value = parse(raw)
        except InvalidValueError:
            continue
        assert value is None or value > 0
