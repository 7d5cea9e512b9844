"""Text becomes numbers, degrees, moments and truth values, and what cannot is marked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.values import (
    beijing_moments,
    clean_text,
    degrees,
    moments,
    real_numbers,
    truths,
    whole_numbers,
)

BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("-1.5e3", -1500.0),
        ("１２．５", 12.5),
        ("1,234,567.5", 1234567.5),
        ("'120.5", 120.5),
        (".5", 0.5),
        ("abc", None),
        ("nan", None),
        ("inf", None),
        ("0x10", None),
        ("1 2", None),
        ("12米", None),
        ("--1", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, value: float | None) -> None:
    parsed = real_numbers(pa.array([text, None]))
    assert parsed.values.to_pylist() == [value, None]
    assert parsed.is_bad.tolist() == [value is None, False]


def test_decimal_comma_is_one_only_where_thousands_cannot_be() -> None:
    assert real_numbers(pa.array(["1,234", "x"])).values.to_pylist() == [1234.0, None]
    parsed = real_numbers(pa.array(["120,25", "28,123"]))
    assert parsed.values.to_pylist() == [120.25, 28.123]
    assert parsed.notes == ("decimal commas read in 2 rows",)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_number_written_and_read_is_the_same(values: list[float]) -> None:
    assert real_numbers(pa.array(map(repr, values), pa.string())).values.to_pylist() == values


@given(st.lists(st.integers(-(2**53), 2**53)))
def test_whole_number_written_with_separators_and_read_is_the_same(values: list[int]) -> None:
    parsed = whole_numbers(pa.array([f"{value:,}" for value in values], pa.string()))
    assert parsed.values.to_pylist() == values
    assert not parsed.is_bad.any()


def test_whole_numbers_have_no_fraction_and_no_lost_digit() -> None:
    parsed = whole_numbers(pa.array(["7.0", "7.5", "99999999999999999999", "9007199254740993", None]))
    assert parsed.values.to_pylist()[:3] == [7, None, None]
    assert parsed.is_bad.tolist()[:3] == [False, True, True]
    assert whole_numbers(pa.array(["9007199254740993"])).values.to_pylist() == [9007199254740993]


@pytest.mark.parametrize(
    "text",
    [
        "120°02′11″",
        "120°2'11\"",
        "120°2'11''",
        "120度2分11秒",
        "120:02:11",
        "120 02 11",
        "１２０°０２′１１″",
        "东经120°02′11″",
        "E120°02′11″",
        "120°02′11″E",
        "120°02′11″东",
    ],
)
def test_degrees_minutes_seconds_are_read(text: str) -> None:
    parsed = degrees(pa.array([text]), "lon")
    assert parsed.values.to_pylist() == [pytest.approx(120 + 2 / 60 + 11 / 3600, abs=1e-12)]
    assert parsed.notes


@pytest.mark.parametrize(("text", "value"), [("W120.5", -120.5), ("120°30′W", -120.5), ("西经120.5", -120.5)])
def test_west_is_negative(text: str, value: float) -> None:
    assert degrees(pa.array([text]), "lon").values.to_pylist() == [value]


@pytest.mark.parametrize(
    "text", ["120°61′", "120°10′60″", "28.5N", "北纬28", "120.5°30′", "12a", "°", "1200°3′"]
)
def test_what_is_no_longitude_is_bad(text: str) -> None:
    parsed = degrees(pa.array([text, "120.5"]), "lon")
    assert parsed.values.to_pylist() == [None, 120.5]
    assert parsed.is_bad.tolist() == [True, False]


@given(st.integers(-179, 179), st.integers(0, 59), st.integers(0, 59))
def test_angle_written_and_read_is_the_same(d: int, m: int, s: int) -> None:
    text = f"{'W' if d < 0 else 'E'}{abs(d)}°{m:02d}′{s:02d}″"
    expected = (abs(d) + m / 60 + s / 3600) * (-1 if d < 0 else 1)
    assert degrees(pa.array([text]), "lon").values.to_pylist() == [pytest.approx(expected, abs=1e-12)]


@pytest.mark.parametrize(
    "text",
    [
        "2024/1/5",
        "2024-01-05",
        "2024.1.5",
        "20240105",
        "2024年1月5日",
        "2024年01月05日",
        "２０２４年１月５日",
        "2024/1/5 0:00",
        "2024-01-05T00:00:00",
        "20240105000000",
        "2024-01-05T00:00:00+08:00",
        "2024-01-04T16:00:00Z",
        "2024-01-04T16:00:00.000+0000",
        "2024年1月5日 0时0分0秒",
    ],
)
def test_dates_of_all_forms_are_the_same_moment(text: str) -> None:
    expected = datetime(2024, 1, 5, tzinfo=BEIJING).astimezone(UTC)
    assert moments(pa.array([text])).values.to_pylist() == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "05/01/2024",
        "45296",
        "2024",
        "昨天",
        "2024-01-05 25:00",
        "2024-1-5 8",
    ],
)
def test_what_is_no_date_is_bad(text: str) -> None:
    parsed = moments(pa.array([text, None]))
    assert parsed.values.to_pylist() == [None, None]
    assert parsed.is_bad.tolist() == [True, False]


@given(st.datetimes(datetime(1900, 1, 1), datetime(9999, 12, 31)), st.integers(-12, 14))  # noqa: DTZ001 the zone is drawn apart
def test_moment_written_and_read_is_the_same(naive: datetime, hours: int) -> None:
    moment = naive.replace(
        microsecond=naive.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(hours=hours))
    )
    text = moment.isoformat(timespec="milliseconds")
    got = moments(pa.array([text])).values.cast(pa.int64()).to_pylist()
    assert got == [round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))]


def test_naive_times_are_said_to_be_beijing_time() -> None:
    assert moments(pa.array(["2024/1/5", "2024-01-05T00:00Z"])).notes == (
        "1 times without a zone taken as Beijing time (UTC+8)",
    )
    parsed = beijing_moments(pa.array([date(2024, 1, 5)]))
    assert parsed.values.to_pylist() == [datetime(2024, 1, 4, 16, tzinfo=UTC)]


def test_truth_values_are_read_in_both_languages() -> None:
    parsed = truths(pa.array(["是", "否", "YES", "0", "maybe", None]))
    assert parsed.values.to_pylist() == [True, False, True, False, None, None]
    assert parsed.is_bad.tolist() == [False, False, False, False, True, False]


def test_text_loses_blanks_and_control_characters_only() -> None:
    text, had_controls = clean_text(
        pa.chunked_array([[" 中山路\u3000", "a\x00b", "a\tb", "\ufeffx", "", None]])
    )
    assert text.to_pylist() == ["中山路", "ab", "a\tb", "x", None, None]
    assert had_controls.tolist() == [False, True, False, True, False, False]


def test_text_loses_what_has_no_width_and_what_turns_its_direction() -> None:
    came = [
        "中山\u200b路",
        "中山路\x85",
        "\u202e1号\u202c",
        "\u2066a\u2069",
        "soft\u00adhyphen",
        "中山路 1号",
    ]
    text, had_controls = clean_text(pa.chunked_array([came]))
    assert text.to_pylist() == ["中山路", "中山路", "1号", "a", "softhyphen", "中山路 1号"]
    assert had_controls.tolist() == [True] * 5 + [False]
