from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ask import Ask
from api.items_query import (
    DEFAULT_LIMIT,
    ItemsQuery,
    decode_cursor,
    encode_cursor,
    parse_interval,
    parse_limit,
)
from twin.errors import InvalidQueryError, StaleCursorError


def ask(query: str) -> Ask:
    return Ask.of({"path": "/collections/roads/items", "query_string": query.encode(), "headers": []})


def test_empty_query_is_the_first_page() -> None:
    query = ItemsQuery.parse(ask(""))
    assert query == ItemsQuery(bbox=None, limit=DEFAULT_LIMIT, cursor="", interval=None, filters={})


def test_every_parameter_is_read() -> None:
    text = (
        f"bbox=1,2,3,4&limit=7&after=abc&datetime=2026-01-01&class=primary&name={quote('人民路')}&f=geojson"
    )
    query = ItemsQuery.parse(ask(text))
    assert query.bbox == (1.0, 2.0, 3.0, 4.0)
    assert query.limit == 7
    assert query.cursor == "abc"
    assert query.filters == {"class": "primary", "name": "人民路"}
    assert query.interval is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limit=5&limit=6", "'limit' came twice"),
        ("class=a&class=b", "'class' came twice"),
        ("f=xml", "f='xml'"),
        ("class=%ff", "not UTF-8"),
    ],
)
def test_wrong_parameter_is_refused_saying_which(text: str, said: str) -> None:
    with pytest.raises(InvalidQueryError, match=said):
        ItemsQuery.parse(ask(text))


@pytest.mark.parametrize("text", ["0", "-1", "10001", "1e3", "ten", "", "²", "9" * 400, " 5"])
def test_limit_outside_its_range_is_refused(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="from 1 to 10,000"):
        parse_limit(text)


@pytest.mark.parametrize("limit", [1, 100, 10_000])
def test_limit_inside_its_range_is_taken(limit: int) -> None:
    assert parse_limit(str(limit)) == limit


def test_date_is_its_whole_day_in_china_and_zones_are_kept() -> None:
    start, end = parse_interval("2026-02-03")
    assert start == datetime(2026, 2, 2, 16, tzinfo=UTC)
    assert end == datetime(2026, 2, 3, 16, tzinfo=UTC) - timedelta(milliseconds=1)
    china = timezone(timedelta(hours=8))
    assert parse_interval("2026-02-03T08:00:00+08:00") == (datetime(2026, 2, 3, 8, tzinfo=china),) * 2


def test_interval_may_be_open_at_either_end() -> None:
    assert parse_interval("../2026-02-03T00:00:00Z") == (None, datetime(2026, 2, 3, tzinfo=UTC))
    assert parse_interval("2026-02-03T00:00:00Z/") == (datetime(2026, 2, 3, tzinfo=UTC), None)
    assert parse_interval("../..") == (None, None)


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "2026-02-03T00:00:00", "20260203", "a/b", ".."],
)
def test_wrong_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="datetime="):
        parse_interval(text)


def test_interval_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidQueryError, match="ends before it starts"):
        parse_interval("2026-02-03/2026-02-01")


@given(st.integers(1, 10**6), st.integers(0, 2**53), st.integers(0, 2**53))
def test_cursor_comes_back_as_the_position_it_was_made_of(version: int, edit: int, position: int) -> None:
    assert decode_cursor(encode_cursor(version, edit, position), version, edit, "roads") == position


@given(st.text(max_size=30))
def test_any_text_is_a_cursor_or_a_refusal(text: str) -> None:
    try:
        assert decode_cursor(text, 1, 0, "roads") >= -1
    except (InvalidQueryError, StaleCursorError) as error:
        assert str(error)  # noqa: PT017 -- both outcomes are right, anything else is not


def test_cursor_of_an_older_version_is_gone() -> None:
    with pytest.raises(StaleCursorError, match="from version 1, edit 3 to version 2, edit 3"):
        decode_cursor(encode_cursor(1, 3, 5), 2, 3, "roads")
    with pytest.raises(StaleCursorError, match="from version 1, edit 3 to version 1, edit 4"):
        decode_cursor(encode_cursor(1, 3, 5), 1, 4, "roads")
