"""Days as callers write and read them: ``2020-06-01``, in China."""

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


def day_in_china(moment: object) -> str | None:
    """Return the day in China that a moment falls on: of validity, which begins and ends at midnight there.

    Parameters
    ----------
    moment : datetime or None
        Aware.

    Returns
    -------
    str or None
        ``YYYY-MM-DD``; None for anything but a moment.

    Examples
    --------
    >>> from datetime import UTC
    >>> day_in_china(datetime(1997, 10, 7, 16, tzinfo=UTC))
    '1997-10-08'
    """
    return moment.astimezone(CHINA_TIME).date().isoformat() if isinstance(moment, datetime) else None


def moment_in_china(moment: object) -> str | None:
    """Return a moment as clocks in China show it, to the second.

    Parameters
    ----------
    moment : datetime or None
        Aware.

    Returns
    -------
    str or None
        With its offset from UTC; None for anything but a moment.

    Examples
    --------
    >>> from datetime import UTC
    >>> moment_in_china(datetime(2026, 11, 25, 15, 28, 57, tzinfo=UTC))
    '2026-11-25T23:28:57+08:00'
    """
    if not isinstance(moment, datetime):
        return None
    return moment.astimezone(CHINA_TIME).isoformat(timespec="seconds")
