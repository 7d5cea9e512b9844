"""One division as of a day (区划沿革): its name, what stands above and below it, what it was and became."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import orjson

from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.days import parse_day
from api.service import Service
from twin.city import City
from twin.divisions import Division, DivisionTree
from twin.errors import UnknownDivisionError
from twin.scope import WHOLE_CITY, Scope


async def division(service: Service, ask: Ask, code: str) -> Answer:
    """Return the division that carried a code on a day, or what it had gone into by then.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameter ``as_of``, a day; today by default.
    code : str
        With or without the zeros that pad it.

    Returns
    -------
    Answer

    Raises
    ------
    UnknownDivisionError
        If no division within the caller's scope carried the code by that day, or it was split: the
        message names the heirs then.
    InvalidQueryError
        If the day is none.
    """
    day = parse_day(ask.only("as_of").get("as_of"), "as_of")
    views = service.layers(ask.caller, ("divisions", "grid"))
    tag = ask.tag(day.isoformat(), *(part for name in views for part in (name, views[name].version_tag)))
    if ask.holds(tag):
        return not_modified(tag, max_age_s=service.settings.max_age_s)
    found = division_as_of(service.city, code, day, ask.caller)
    return fresh(ask, orjson.dumps(found), tag=tag, max_age_s=service.settings.max_age_s)


def division_as_of(
    city: City, code: str, day: date | None = None, scope: Scope = WHOLE_CITY
) -> dict[str, object]:
    """Return what is known of the division that carried a code on a day.

    Parameters
    ----------
    city : City
    code : str
        With or without the zeros that pad it. Where it was given up before the day and has one heir,
        the heir answers.
    day : date, optional
        Today in China by default.
    scope : Scope
        What the caller may see.

    Returns
    -------
    dict
        ``code``, ``name``, ``level``, ``chain`` from the city down and ``children`` as of the day;
        ``valid_from``, ``valid_to`` (the first day no longer), ``predecessors`` and ``successors``;
        ``history``, every division that ever carried the code; ``followed``, the division asked for
        where an heir answers, else null.

    Raises
    ------
    UnknownDivisionError
        If no division within the scope carried the code by that day, or it was split: the message
        names the heirs then.
    """
    today = city.divisions
    tree = today if day is None else today.at(day)
    if not _is_seen(today, today.register.rows_of(code), scope):
        raise UnknownDivisionError(f"no division has ever carried the code {code!r}")
    found = tree.current(code)
    carriers = tree.register.rows_of(code)
    asked = [row for row in carriers if row.valid_from is None or row.valid_from <= tree.as_of][-1]
    return {
        **_brief(found),
        "as_of": tree.as_of.isoformat(),
        "valid_from": _day(found.valid_from),
        "valid_to": _day(found.valid_to),
        "followed": None if found in carriers else _dated(asked),
        "chain": [_brief(each) for each in tree.chain(found)],
        "children": [_brief(each) for each in tree.children(found)],
        "predecessors": _all_dated(tree.register.predecessors(found)),
        "successors": _all_dated(tree.register.successors(found)),
        "history": _all_dated(tree.register.rows_of(found.code)),
    }


def _is_seen(tree: DivisionTree, rows: Iterable[Division], scope: Scope) -> bool:
    """Return whether a scope holds any of some divisions, or what they have gone into by today."""
    numbers = tree.preorder_of(np.array([row.id for row in rows], np.int64))
    return scope.is_whole_city or bool(scope.contains(numbers).any())


def _brief(one: Division) -> dict[str, object]:
    return {"level": one.level_name, "code": one.code, "name": one.name}


def _dated(one: Division) -> dict[str, object]:
    days = {"valid_from": _day(one.valid_from), "valid_to": _day(one.valid_to)}
    return {**_brief(one), **days, "superseded_by": list(one.heirs)}


def _all_dated(divisions: Iterable[Division]) -> list[dict[str, object]]:
    return [_dated(one) for one in divisions]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
