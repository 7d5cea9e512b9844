from __future__ import annotations

import pytest

from api.ask import MAX_QUERY_BYTES, Ask, base_url
from twin.errors import InvalidQueryError


def connection(query: bytes = b"", **headers: str) -> dict[str, object]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"path": "/x", "query_string": query, "headers": raw, "scheme": "http", "root_path": ""}


def test_only_what_endpoints_read_is_kept() -> None:
    ask = Ask.of(
        connection(b"a=1", host="twin:8000", accept_encoding="gzip", if_none_match='"t"', accept="*/*")
    )
    assert ask.base_url == "http://twin:8000"
    assert ask.takes_gzip
    assert ask.holds('"t"')
    assert ask.accept == "*/*"
    assert ask.caller.is_whole_city


@pytest.mark.parametrize("host", ["a b", 'x"y', "a/b", "a\\b", "a:b", "a,b", "<x>"])
def test_host_that_is_none_never_reaches_a_link(host: str) -> None:
    with pytest.raises(InvalidQueryError, match="Host header"):
        base_url("http", host, "")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "twin.example", "localhost"])
def test_usual_hosts_are_taken(host: str) -> None:
    assert base_url("https", host, "/twin/") == f"https://{host}/twin"


def test_links_are_relative_to_the_host_where_none_was_sent() -> None:
    assert base_url("http", "", "") == ""


def test_huge_query_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidQueryError, match="16,384"):
        Ask.of(connection(b"a" * (MAX_QUERY_BYTES + 1)))


def test_unknown_parameter_is_refused_with_those_there_are() -> None:
    ask = Ask.of(connection(b"lon=1&lot=2"))
    with pytest.raises(InvalidQueryError, match=r"'lot'.*lon, lat"):
        ask.only("lon", "lat")
    with pytest.raises(InvalidQueryError, match="it takes none"):
        ask.only()


def test_parameters_are_decoded_once() -> None:
    ask = Ask.of(connection(b"a=1&b=x+y%2B%26&c=&%E5%90%8D=1"))
    assert ask.parameters() == {"a": "1", "b": "x y+&", "c": "", "名": "1"}
    assert Ask.of(connection(b"a&&b=c=d")).parameters() == {"a": "", "b": "c=d"}


def test_tag_depends_on_everything_that_decides_the_bytes() -> None:
    tags = {
        Ask.of(connection(b"a=1", host="h")).tag("v1"),
        Ask.of(connection(b"a=2", host="h")).tag("v1"),
        Ask.of(connection(b"a=1", host="i")).tag("v1"),
        Ask.of(connection(b"a=1", host="h", accept_encoding="gzip")).tag("v1"),
        Ask.of(connection(b"a=1", host="h")).tag("v2"),
    }
    assert len(tags) == 5


def test_another_release_gives_another_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Ask.of(connection(host="twin"))
    before = ask.tag("1")
    monkeypatch.setattr("api.ask.VERSION", "another")
    assert ask.tag("1") != before
