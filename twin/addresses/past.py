"""The divisions of addresses on a past day: what they were called, and what they lay in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from twin.addresses.levels import Level
from twin.divisions import Division, DivisionTree
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
