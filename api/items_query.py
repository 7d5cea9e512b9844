"""The query string of ``/collections/{id}/items``: box, limit, cursor, time and filters."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime

from api.ask import Ask
from api.boxes import parse_bbox
from api.negotiation import chosen_format
from api.whole_numbers import parse_whole
from twin.divisions import CHINA_TIME
from twin.errors import InvalidQueryError, StaleCursorError
from twin.frame import Box

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
FORMATS = ("json", "geojson")
PARAMETERS = ("bbox", "limit", "after", "datetime", "f")
"""Query parameters of ours; any other names a property."""
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Interval = tuple[datetime | None, datetime | None]
"""First and last instant, both included; None is unbounded."""


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """What a page of features was asked for.

    Attributes
    ----------
    bbox : tuple of float, optional
        West, south, east, north, degrees.
    limit : int
        Features wanted, 1-10,000.
    cursor : str
        Where the page before ended, as :func:`encode_cursor` wrote it; empty on the
        first page.
    interval : tuple of datetime, optional
        Time asked for.
    filters : dict of str to str
        Wanted value of each property, as text.
    """

    bbox: Box | None
    limit: int
    cursor: str
    interval: Interval | None
    filters: dict[str, str]

    @classmethod
    def parse(cls, ask: Ask) -> ItemsQuery:
        """Return the query of a request.

        Parameters
        ----------
        ask : Ask
            The question.

        Returns
        -------
        ItemsQuery
            Whether the layer has the properties of ``filters`` is not known here.

        Raises
        ------
        InvalidQueryError
            If a parameter comes twice or has a value that cannot be read.
        """
        bbox, limit, cursor, interval = None, DEFAULT_LIMIT, "", None
        filters: dict[str, str] = {}
        for name, value in ask.parameters().items():
            if name == "bbox":
                bbox = parse_bbox(value)
            elif name == "limit":
                limit = parse_limit(value)
            elif name == "after":
                cursor = value
            elif name == "datetime":
                interval = parse_interval(value)
            elif name == "f":
                chosen_format(value, ask.accept, FORMATS)
            else:
                filters[name] = value
        return cls(bbox, limit, cursor, interval, filters)


def parse_limit(text: str) -> int:
    """Return the value of ``limit``.

    Parameters
    ----------
    text : str
        What came.

    Returns
    -------
    int

    Raises
    ------
    InvalidQueryError
        If it is not a whole number from 1 to 10,000.

    Examples
    --------
    >>> parse_limit("250")
    250
    """
    return parse_whole(text, "limit", 1, MAX_LIMIT)


def parse_interval(text: str) -> Interval:
    """Return the value of ``datetime``: an instant, a date, or an interval.

    Parameters
    ----------
    text : str
        RFC 3339, ``start/end``, ``../end`` or ``start/..``; a date alone is its whole day in China
        (UTC+8), as imports read times without a zone.

    Returns
    -------
    tuple of (datetime or None, datetime or None)
        Both ends are included; None is unbounded.

    Raises
    ------
    InvalidQueryError
        If it cannot be read or ends before it starts.

    Examples
    --------
    >>> parse_interval("2026-01-31/..")[0]
    datetime.datetime(2026, 1, 31, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=28800)))
    """
    first, slash, last = text.partition("/")
    if not slash:
        last = first
    start = None if slash and first in ("", "..") else _instant(first, text, is_last=False)
    end = None if slash and last in ("", "..") else _instant(last, text, is_last=True)
    if start is not None and end is not None and end < start:
        raise InvalidQueryError(f"datetime={text[:80]!r} ends before it starts")
    return start, end


def _instant(text: str, whole: str, *, is_last: bool) -> datetime:
    """Return one end of an interval; a date is its first or its last millisecond."""
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text + ("T23:59:59.999" if is_last else "T00:00:00")).replace(
                tzinfo=CHINA_TIME
            )
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass  # a month 13 matches the pattern and is refused below like any other text
    raise InvalidQueryError(
        f"datetime={whole[:80]!r} is neither a date-time such as 2026-01-31T08:00:00Z nor start/end"
    )


def encode_cursor(version: int, edit: int, position: int) -> str:
    """Return the opaque cursor that continues after a position.

    Parameters
    ----------
    version : int
        Layer version the position belongs to.
    edit : int
        Sequence number of the last edit the position knows of.
    position : int
        Last position of the page.

    Returns
    -------
    str
        Letters, digits, ``-`` and ``_``.

    Examples
    --------
    >>> decode_cursor(encode_cursor(3, 8, 99), 3, 8, "roads")
    99
    """
    return urlsafe_b64encode(b"%x.%x.%x" % (version, edit, position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, version: int, edit: int, layer: str) -> int:
    """Return the position that a cursor continues after.

    Parameters
    ----------
    cursor : str
        From a ``next`` link; empty starts at the beginning.
    version : int
        Layer version in force.
    edit : int
        Sequence number of the last edit of the layer.
    layer : str
        Layer name, for the message.

    Returns
    -------
    int
        -1 at the beginning.

    Raises
    ------
    InvalidQueryError
        If it is not a cursor of ours.
    StaleCursorError
        If the layer has a newer version or edit, with which positions mean other features.
    """
    if not cursor:
        return -1
    try:
        parts = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).split(b".")
        stood, edited, position = (int(part, 16) for part in parts)
    except (Base64Error, ValueError) as error:
        raise InvalidQueryError(f"after={cursor[:40]!r} is not a cursor; take it from a next link") from error
    if position < 0:
        raise InvalidQueryError(f"after={cursor[:40]!r} is not a cursor; take it from a next link")
    if (stood, edited) != (version, edit):
        raise StaleCursorError(
            f"{layer} went from version {stood}, edit {edited} to version {version}, edit {edit} since this "
            "page was made; start again without after"
        )
    return position
