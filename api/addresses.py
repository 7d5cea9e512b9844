"""One address: what it consists of, where it stands, what it was, and which source rows name it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.days import day_in_china, moment_in_china, parse_day
from api.service import Service
from api.whole_numbers import parse_feature_id
from twin.addresses.base import (
    ADDRESS_BASE,
    ADDRESSES,
    IN_FORCE,
    MATCH_COLUMNS,
    SUPERSEDED,
    UNKNOWN,
)
from twin.addresses.levels import Level
from twin.addresses.past import chain_then, status_then
from twin.addresses.standard import standard_text
from twin.city import City
from twin.divisions import DivisionTree
from twin.errors import UnknownFeatureError
from twin.scope import WHOLE_CITY, Scope
from twin.state.decisions import Decision, decisions
from twin.view import LayerView

MAX_SOURCES = 100
"""Source rows that are listed with an address; of divisions and roads there are thousands."""
_SOURCE_COLUMNS = ("feature_id", "source", "source_id", "text")


async def address(service: Service, ask: Ask, address_id: str) -> Answer:
    """Return one address as of a day, also one that was superseded or withdrawn.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameter ``as_of``, a day; today by default.
    address_id : str

    Returns
    -------
    Answer

    Raises
    ------
    UnknownFeatureError
        If the caller sees no address of this id.
    UnknownLayerError
        If the city has no address base.
    InvalidQueryError
        If the day is none.
    """
    day = parse_day(ask.only("as_of").get("as_of"), "as_of")
    views = service.layers(ask.caller, (ADDRESS_BASE, ADDRESSES, "divisions", "grid"))
    tag = ask.tag(day.isoformat(), *(part for name in views for part in (name, views[name].version_tag)))
    if ask.holds(tag):
        return not_modified(tag)
    number = parse_feature_id(address_id, "address")
    found = await service.in_thread(address_as_of, service.city, number, day, ask.caller)
    return fresh(ask, orjson.dumps(found), tag=tag)


def address_as_of(
    city: City, address_id: int, day: date | None = None, scope: Scope = WHOLE_CITY
) -> dict[str, object]:
    """Return what is known of an address.

    Parameters
    ----------
    city : City
    address_id : int
    day : date, optional
        Whose codes and names of divisions ``chain`` and ``text`` have; today in China by default.
    scope : Scope
        What the caller may see.

    Returns
    -------
    dict
        ``text``, ``level``, ``status`` on the day (``in_force``, ``not_yet``, ``withdrawn``, ``superseded``;
        ``unknown`` where nothing tells that it was), ``lon``, ``lat``; ``valid_from`` and ``valid_to``, days
        in China, the latter the first no longer; ``components`` from the city down and ``chain``, the five
        levels, both with the divisions of the day; ``gates``, ids of further numbers, of a road those
        of the zones it leads through; ``history``: decisions, what it became and what became it;
        ``sources``, up to 100 rows that name it, and ``n_records``, their number.

    Raises
    ------
    UnknownFeatureError
        If the caller sees no address of this id.
    UnknownLayerError
        If the city has no address base.
    """
    base = city.layer(ADDRESS_BASE, scope)
    row = _row(base, address_id)
    tree = city.divisions if day is None else city.divisions.at(day)
    geometry = row.pop("geometry")
    lon, lat = (None, None) if geometry is None else shapely.get_coordinates(shapely.from_wkb(geometry))[0]
    chain = _chain(city, tree, row, lon, lat)
    components = _components(city.layer(ADDRESS_BASE), address_id, chain)
    status = _status(city, row, tree, chain)
    gates = [int(one) for one in (row.pop("gates") or "").split()]
    return {
        "address_id": address_id,
        "text": row["text"] if tree is city.divisions or not chain else _text(components),
        "level": Level(row["level"]).column,
        "level_title": Level(row["level"]).title,
        "status": status,
        "superseded_by": row["superseded_by"] if status == SUPERSEDED else None,
        "valid_from": day_in_china(row["valid_from"]),
        "valid_to": day_in_china(row["valid_to"]),
        "lon": None if lon is None else round(float(lon), 7),
        "lat": None if lat is None else round(float(lat), 7),
        "components": components,
        "as_of": tree.as_of.isoformat(),
        "chain": chain,
        "gates": gates,
        "history": _history(city, base, address_id),
        "n_records": row["n_records"],
        "sources": _sources(city, address_id, scope),
    }


def _status(city: City, row: dict[str, Any], tree: DivisionTree, chain: list[dict[str, object]]) -> str:
    """Return what an address is on the day of a tree."""
    if tree is city.divisions and row["status"] != IN_FORCE:
        return str(row["status"])  # it ended within the day, perhaps just now
    status = status_then(row["status"], row["valid_from"], row["valid_to"], tree.as_of)
    is_undated = row["valid_from"] is None and tree is not city.divisions
    if is_undated and status == IN_FORCE and not chain and row["division_code"] is not None:
        return UNKNOWN
    return status


def _text(components: list[dict[str, object]]) -> str:
    """Return the standard text of components, as divisions were called on their day."""
    return standard_text(
        (Level[str(one["level"]).upper()], str(one["token"]), str(one["word"] or "")) for one in components
    )


def _row(view: LayerView, address_id: int) -> dict[str, Any]:
    """Return one row of the base."""
    try:
        position = view.position_of(address_id)
    except UnknownFeatureError as error:
        raise UnknownFeatureError(f"there is no address {address_id}") from error
    row: dict[str, Any] = view.take(np.array([position])).to_pylist()[0]
    return row


def _components(view: LayerView, address_id: int, chain: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the parts of an address from the city down; its divisions as the chain of the day names them."""
    parts: list[dict[str, object]] = []
    here: int | None = address_id
    while here is not None:
        row = _row(view, here)
        parts.append(_component(Level(row["level"]), here, row["token"], row["word"]))
        here = row["parent_id"]
    known = {part["level"]: part["address_id"] for part in parts}
    titled = {level.column: level for level in Level if level <= Level.COMMUNITY}
    held = [one for one in chain if one["level"] in titled]
    if not held:
        return parts[::-1]
    divisions = [
        _component(titled[str(one["level"])], known.get(one["level"]), one["name"], "") for one in held
    ]
    return divisions + [part for part in parts[::-1] if part["level"] not in titled]


def _component(level: Level, address_id: object, token: object, word: object) -> dict[str, object]:
    return {
        "address_id": address_id,
        "level": level.column,
        "title": level.title,
        "token": token,
        "word": word,
    }


def _chain(
    city: City, tree: DivisionTree, row: dict[str, Any], lon: float | None, lat: float | None
) -> list[dict[str, object]]:
    """Return the divisions that hold an address on the day of a tree, from the top; today's grid unit too."""
    code = row["division_code"]
    chain = () if code is None else chain_then(city.divisions, tree, code)
    is_spot = row["level"] > Level.COMMUNITY and row["level"] != Level.ROAD
    if is_spot and lon is not None and lat is not None and tree is city.divisions and city.has_layer("grid"):
        (place,) = city.grid_index.lookup([lon], [lat]).tolist()
        if place >= 0:
            whole = tree.chain(tree.unit(str(city.grid_index.grid_ids[place])))
            chain = whole if whole[: len(chain)] == chain else chain
    return [{"level": one.level_name, "code": one.code, "name": one.name} for one in chain]


def _history(city: City, view: LayerView, address_id: int) -> list[dict[str, object]]:
    """Return what was decided on an address, and which addresses went into it, oldest first."""
    ids = view.take(view.positions(), ["feature_id", "superseded_by", "valid_to", "text"])
    heirs = ids.filter(pc.equal(ids["superseded_by"], address_id)).to_pylist()
    went: list[tuple[str, dict[str, object]]] = [
        (
            moment_in_china(one["valid_to"]) or "",
            {
                "kind": "superseded",
                "address_id": one["feature_id"],
                "text": one["text"],
                "at": moment_in_china(one["valid_to"]),
            },
        )
        for one in heirs
    ]
    made = [
        (moment_in_china(one.made_at) or "", _told(one))
        for one in decisions(city.state)
        if _names(one, address_id)
    ]
    return [entry for _, entry in sorted(went + made, key=lambda pair: pair[0])]


def _names(made: Decision, address_id: int) -> bool:
    told = made.payload
    return address_id in {told.get("id"), told.get("into"), told.get("new_id"), *told.get("pair", ())}


def _told(made: Decision) -> dict[str, object]:
    kept = {name: value for name, value in made.payload.items() if name != "record_ids"}
    return {
        "kind": made.kind,
        "decision_id": made.id,
        "at": moment_in_china(made.made_at),
        "author": made.author,
        "undone_by": made.undone_by,
        **kept,
    }


def _sources(city: City, address_id: int, scope: Scope) -> list[dict[str, object]]:
    """Return the source rows that name exactly this address, as far as the caller sees them."""
    if not city.has_layer(ADDRESSES):
        return []
    view = city.layer(ADDRESSES, scope)
    if "address_id" not in view.columns.names:
        return []
    positions = view.positions()
    ids = view.take(positions, ["address_id"])["address_id"]
    found = positions[pc.equal(ids, pa.scalar(address_id)).fill_null(False).to_numpy()][:MAX_SOURCES]
    names = [
        name for name in (*_SOURCE_COLUMNS, *MATCH_COLUMNS[1:]) if name in {"feature_id", *view.columns.names}
    ]
    rows: list[dict[str, object]] = view.take(found, names).to_pylist()
    for row in rows:
        row["record_id"] = row.pop("feature_id")
        row["matched_at"] = moment_in_china(row["matched_at"])
    return sorted(rows, key=lambda row: str(row["record_id"]).zfill(16))
