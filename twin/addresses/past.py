"""The divisions of addresses on a past day: what they were called, and what they lay in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

from twin.addresses.base import IN_FORCE, NOT_YET, WITHDRAWN
from twin.addresses.levels import Level
from twin.divisions import CHINA_TIME, Division, DivisionTree
from twin.errors import UnknownDivisionError

Names = Mapping[int, tuple[tuple[Level, str], ...]]
"""Of each division of a book, by position, the names from the city down on a day, where they were others."""


def chain_then(today: DivisionTree, then: DivisionTree, code: str) -> tuple[Division, ...]:
    """Return the divisions of a day that a division of today goes back to; as deep as that is certain.

    Parameters
    ----------
    today : DivisionTree
    then : DivisionTree
        The same divisions as of the day.
    code : str
        Of a division of today.

    Returns
    -------
    tuple of Division
        From the city down; empty where the code is unknown. Of several that became one, nobody knows
        which held an address: the chain ends above them.
    """
    try:
        now = today.chain_of_code(code)
    except UnknownDivisionError:
        return ()
    if then is today:
        return now
    for division in reversed(now):
        origins = [division]
        for one in origins:
            if not one.is_valid(then.as_of):
                origins.extend(row for row in today.register.predecessors(one) if row not in origins)
        before = [one for one in origins if one.is_valid(then.as_of)]
        if len(before) == 1:
            return then.chain(before[0])
    return ()


def status_then(status: str, first: datetime | None, last: datetime | None, day: date) -> str:
    """Return what an address was, or will be, on a day.

    Parameters
    ----------
    status : str
        As the base has it.
    first, last : datetime, optional
        Since when it is, and the moment from which it is no longer.
    day : date
        In China.

    Returns
    -------
    str
        ``not_yet`` before it begins, ``in_force`` while it lasts, whatever has become of it since, and
        ``withdrawn`` or ``superseded`` from its end on.

    Examples
    --------
    >>> begun, ended = datetime(2005, 1, 1, tzinfo=CHINA_TIME), datetime(2021, 1, 1, tzinfo=CHINA_TIME)
    >>> [status_then("withdrawn", begun, ended, date(year, 1, 1)) for year in (2004, 2005, 2021)]
    ['not_yet', 'in_force', 'withdrawn']
    """
    moment = datetime.combine(day, time(), CHINA_TIME)
    if first is not None and moment < first:
        return NOT_YET
    if last is None:
        return status
    if moment < last:
        return IN_FORCE
    return WITHDRAWN if status == IN_FORCE else status


def names_then(today: DivisionTree, then: DivisionTree, codes: Iterable[tuple[int, str]]) -> Names:
    """Return what divisions were called on a day, where it is not what they are called today.

    Parameters
    ----------
    today, then : DivisionTree
        As of :func:`chain_then`.
    codes : iterable of (int, str)
        Positions and codes of divisions.

    Returns
    -------
    Names
    """
    found: dict[int, tuple[tuple[Level, str], ...]] = {}
    for position, code in codes:
        names = _names(chain_then(today, then, code))
        if names and names != _names(chain_then(today, today, code)):
            found[position] = names
    return found


def _names(chain: Iterable[Division]) -> tuple[tuple[Level, str], ...]:
    return tuple((Level(one.level), one.name) for one in chain if one.name and one.level <= Level.COMMUNITY)
