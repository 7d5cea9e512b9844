from __future__ import annotations

import pytest

from api.negotiation import accepts_gzip, chosen_format, prefers_html
from twin.errors import InvalidQueryError

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("gzip, deflate, br", True),
        ("GZIP;q=0.1", True),
        ("identity", False),
        ("gzip;q=0, *;q=1", False),
        ("*;q=0", False),
        ("gzip;q=oops", False),
        ("", False),
    ],
)
def test_gzip_is_sent_only_to_who_takes_it(header: str, *, wanted: bool) -> None:
    assert accepts_gzip(header) is wanted


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (CHROMIUM, "html"),
        ("application/json", "json"),
        ("*/*", "json"),
        ("", "json"),
        ("application/json, text/html;q=0.5", "json"),
        ("text/html, application/geo+json;q=0.5", "html"),
    ],
)
def test_browsers_get_the_page_and_programs_get_json(accept: str, wanted: str) -> None:
    assert chosen_format(None, accept, ("json", "html")) == wanted


def test_f_wins_over_accept() -> None:
    assert chosen_format("json", CHROMIUM, ("json", "html")) == "json"
    assert prefers_html(CHROMIUM)


def test_html_is_not_promised_where_there_is_none() -> None:
    assert chosen_format(None, CHROMIUM, ("json",)) == "json"


def test_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidQueryError, match=r"f='xml'.*json, html"):
        chosen_format("xml", "", ("json", "html"))
