"""The layer of other and former names, as what parser, finder and assembly take."""

from __future__ import annotations

from datetime import date, datetime

from twin.addresses.names import Alias
from twin.divisions import CHINA_TIME
from twin.view import LayerView

ALIASES = "aliases"
"""Name of the layer."""


def aliases_of(view: LayerView) -> tuple[Alias, ...]:
    """Return the other and former names that a view shows.

    Parameters
    ----------
    view : LayerView
        Of the layer ``aliases``.

    Returns
    -------
    tuple of Alias
        In the order of the names.
    """
    columns = ["alias", "name", "kind", "valid_from", "valid_to"]
    rows = view.take(view.positions(), columns)
    found = [
        Alias(alias, name, kind or "", _day(first), _day(last))
        for alias, name, kind, first, last in zip(*(rows[name].to_pylist() for name in columns), strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (one.alias, one.name, one.kind, str(one.valid_from))))


def _day(moment: datetime | None) -> date | None:
    """Return the day in China of a moment."""
    return None if moment is None else moment.astimezone(CHINA_TIME).date()
