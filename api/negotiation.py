"""What the caller can read: media types by ``Accept`` and ``f=``, codings by ``Accept-Encoding``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from twin.errors import InvalidQueryError

JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html; charset=utf-8"
PROBLEM = "application/problem+json"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


def _qualities(header: str) -> list[tuple[str, float]]:
    """Return (value, quality) of each element of an ``Accept``-like header, parameters dropped."""
    found = []
    for element in header.split(","):
        value, *parameters = (part.strip() for part in element.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, number = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    quality = float(number)
                except ValueError:
                    quality = 0.0
        if value:
            found.append((value.lower(), quality))
    return found


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the caller takes gzip (RFC 9110, section 12.5.3).

    Parameters
    ----------
    accept_encoding : str
        The header's value; empty where there was none.

    Returns
    -------
    bool

    Examples
    --------
    >>> accepts_gzip("br, gzip;q=0.8"), accepts_gzip("gzip;q=0"), accepts_gzip("*"), accepts_gzip("")
    (True, False, True, False)
    """
    qualities = dict(_qualities(accept_encoding))
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0.0


@lru_cache(maxsize=256)
def prefers_html(accept: str) -> bool:
    """Return whether the caller would rather read HTML than JSON, as browsers do.

    Parameters
    ----------
    accept : str
        The header's value; empty where there was none.

    Returns
    -------
    bool
        False for ``*/*``: programs that do not say get JSON.

    Examples
    --------
    >>> prefers_html("text/html,application/xhtml+xml,*/*;q=0.8"), prefers_html("*/*")
    (True, False)
    """
    qualities = dict(_qualities(accept))
    html = max(qualities.get("text/html", 0.0), qualities.get("application/xhtml+xml", 0.0))
    return html > max(qualities.get(JSON, 0.0), qualities.get(GEOJSON, 0.0))


def chosen_format(asked: str | None, accept: str, offered: Sequence[str]) -> str:
    """Return the format of an answer: what ``f=`` names, else what ``Accept`` prefers.

    Parameters
    ----------
    asked : str or None
        The value of the query parameter ``f``.
    accept : str
        The ``Accept`` header; empty where there was none.
    offered : sequence of str
        Formats of this endpoint, the usual one first, such as ``("json", "html")``.

    Returns
    -------
    str
        One of ``offered``.

    Raises
    ------
    InvalidQueryError
        If ``f`` names a format that this endpoint does not have.

    Examples
    --------
    >>> chosen_format(None, "text/html", ("json", "html"))
    'html'
    """
    if asked is not None:
        if asked not in offered:
            raise InvalidQueryError(f"f={asked!r} is not a format of this page; it has {', '.join(offered)}")
        return asked
    return "html" if "html" in offered and prefers_html(accept) else offered[0]
