"""Days as callers write them: ``2020-06-01``."""

from __future__ import annotations

from datetime import date, datetime

from twin.divisions import CHINA_TIME
from twin.errors import InvalidQueryError


def parse_day(text: str | None, name: str) -> date:
    """Return the day that a caller named.

    Parameters
    ----------
    text : str or None
        ``YYYY-MM-DD``; None means today in China.
    name : str
        Of the parameter, for the refusal.

    Returns
    -------
    date

    Raises
    ------
    InvalidQueryError
        If the text is no day.

    Examples
    --------
    >>> parse_day("2020-06-01", "as_of")
    datetime.date(2020, 6, 1)
    """
    if text is None:
        return datetime.now(CHINA_TIME).date()
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 -- a day has no time zone
    except ValueError as error:
        raise InvalidQueryError(
            f"{name}={text!r} is no day; wanted YYYY-MM-DD, such as 2020-06-01"
        ) from error
