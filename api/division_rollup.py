"""Features of a stored layer rolled up by the areas below a division (区划汇总)."""

from __future__ import annotations

import numpy as np
import orjson

from analysis.placement import HOW, Atlas, Placement
from analysis.rollup import Measures, RollUp, by_area
from analysis.stands import points_of
from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.service import Service
from twin.city import City
from twin.division_rows import GRID_LEVEL, LEVELS
from twin.divisions import Division
from twin.errors import InvalidQueryError, UnknownDivisionError
from twin.scope import Scope
from twin.view import LayerView

PARAMETERS = ("layer", "by", "sum", "mean")


async def division_rollup(service: Service, ask: Ask, code: str) -> Answer:
    """Return counts, sums and means of a layer's features by the areas below a division.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameters ``layer``; ``by``, a level below the division (by default the next one) or ``h3:9``;
        ``sum`` and ``mean``, number fields separated by commas.
    code : str
        Of the division, with or without the zeros that pad it.

    Returns
    -------
    Answer
        ``rows`` by key, last the features of which only a division above that level is known; ``total``
        of all features in the division.

    Raises
    ------
    UnknownDivisionError
        If no division that the caller sees carries the code.
    UnknownLayerError
        If there is no such layer.
    UnknownFieldError
        If the layer has no such field.
    InvalidQueryError
        If a parameter is missing, unknown or cannot be read, or the layer has no places.
    """
    came = ask.only(*PARAMETERS)
    if "layer" not in came:
        raise InvalidQueryError("layer is missing; wanted is ?layer=buildings")
    view = service.layer(came["layer"], ask.caller)
    if view.layer.schema.geometry == "none":
        raise InvalidQueryError(f"layer {came['layer']!r} has no places, so it lies in no area")
    tree = service.city.divisions
    division = tree.current(code)
    scope = scope_below(service.city, division, ask.caller)
    by = areas_below(division, came.get("by"))
    others = service.layers(ask.caller, ("divisions", "grid"))
    tags = (one.version_tag for one in (view, *others.values()))
    tag = ask.tag(tree.as_of.isoformat(), *tags)
    if ask.holds(tag):
        return not_modified(tag, max_age_s=service.settings.max_age_s)
    measures = Measures(fields_of(came.get("sum")), fields_of(came.get("mean")))
    found = await service.in_thread(roll_up_layer, service.city, view, by, measures, scope)
    answer = {
        "division": {"level": division.level_name, "code": division.code, "name": division.name},
        "layer": came["layer"],
        "by": by,
        "rows": found.table.to_pylist(),
        "total": found.total.to_pylist()[0],
    }
    body = orjson.dumps(answer)
    return fresh(ask, body, tag=tag, max_age_s=service.settings.max_age_s)


def areas_below(division: Division, by: str | None) -> str:
    """Return the kind of areas that a division is rolled up by.

    Parameters
    ----------
    division : Division
    by : str or None
        As the caller says; the level right below by default.

    Returns
    -------
    str

    Raises
    ------
    InvalidQueryError
        If the level lies above the division.
    """
    by = by or LEVELS[min(division.level, GRID_LEVEL - 1)]
    if by in LEVELS and LEVELS.index(by) + 1 < division.level:
        raise InvalidQueryError(f"by={by} lies above {division}; wanted a level from its own down, or h3:9")
    return by


def roll_up_layer(city: City, view: LayerView, by: str, measures: Measures, scope: Scope) -> RollUp:
    """Return a layer rolled up by the areas of a scope; features outside it are left out.

    Parameters
    ----------
    city : City
    view : LayerView
        Of a layer with places.
    by : str
        Level or ``h3:`` and a resolution.
    measures : Measures
    scope : Scope
        Which areas.

    Returns
    -------
    RollUp
        A feature that crosses areas counts once, where its representative point lies.

    Raises
    ------
    InvalidQueryError, UnknownFieldError
        As :func:`analysis.rollup.by_area` does.
    """
    positions, lon, lat = points_of(view)
    numbers = Atlas(city.divisions, city.area_assigner).numbers_of_points(lon, lat)
    inside = np.flatnonzero((numbers >= 0) & scope.contains(numbers.astype(np.int32)))
    placement = Placement.nowhere(len(inside))
    placement.numbers[:], placement.lon[:], placement.lat[:] = numbers[inside], lon[inside], lat[inside]
    placement.how[:] = HOW.index("coordinates")
    fields = list(dict.fromkeys((*measures.sums, *measures.means)))
    rows = view.take(positions[inside], ["feature_id", *fields])
    return by_area(city, rows, by, placement, measures, scope=scope)


def scope_below(city: City, division: Division, caller: Scope) -> Scope:
    """Return what of a division a caller sees.

    Parameters
    ----------
    city : City
    division : Division
        In force today.
    caller : Scope
        What the caller may see.

    Returns
    -------
    Scope

    Raises
    ------
    UnknownDivisionError
        If that is nothing.
    """
    tree = city.divisions
    first = int(tree.preorder_of(np.array([division.id]))[0])
    last = int(tree.ends[first])
    if caller.is_whole_city:
        return Scope(((first, last),))
    met = [(max(first, low), min(last, high)) for low, high in caller.intervals]
    intervals = tuple((low, high) for low, high in met if low < high)
    if not intervals:
        raise UnknownDivisionError(f"no division has ever carried the code {division.code!r}")
    return Scope(intervals)


def fields_of(text: str | None) -> tuple[str, ...]:
    """Return the names in a list separated by commas.

    Parameters
    ----------
    text : str or None

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> fields_of("floors,height_m")
    ('floors', 'height_m')
    """
    return tuple(name for name in (text or "").split(",") if name)
