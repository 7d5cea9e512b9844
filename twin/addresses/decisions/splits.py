"""Source rows of one address that name another (拆分)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from twin.addresses.decisions._plan import Plan
from twin.addresses.decisions.decided import Decided, stored
from twin.addresses.levels import Level
from twin.city import City
from twin.errors import InvalidDecisionError


def split(city: City, address_id: int, record_ids: Sequence[int], *, author: str) -> Decided:
    """Take source rows out of an address into a new one of the same name.

    Parameters
    ----------
    city : City
    address_id : int
        An address in force.
    record_ids : sequence of int
        Feature ids of the layer ``addresses``: rows that name the address or a part of it, not all of them.
    author : str
        Opaque account name.

    Returns
    -------
    Decided
        ``address_id`` is that of the new address.

    Raises
    ------
    UnknownFeatureError
        If there is no such address or row.
    InvalidDecisionError
        If it is a division or not in force, or the rows are none, all of its rows, or rows of others.
    StateConflictError
        If somebody else edited addresses meanwhile.
    """
    plan = Plan(city)
    address = plan.address(address_id)
    if address["level"] <= Level.COMMUNITY:
        raise InvalidDecisionError(f"{address['text']} is a division and cannot be split here")
    below = plan.below(address_id)
    moved = plan.records(record_ids)
    others = [record["feature_id"] for record in moved if record["address_id"] not in set(below)]
    if others or not moved:
        what = f"record {others[0]} does not name {address['text']}" if others else "no record was given"
        raise InvalidDecisionError(what)
    stay = {record["feature_id"] for record in plan.records_of(below)} - {
        record["feature_id"] for record in moved
    }
    if not stay:
        raise InvalidDecisionError(
            f"all {len(moved)} records of {address['text']} came; some must stay for a split"
        )
    copies = _copy_paths(plan, address_id, below, moved)
    for record in moved:
        old = record["address_id"]
        plan.address(old)["n_records"] -= 1
        copies[old]["n_records"] += 1
        copies[old]["source"], copies[old]["source_id"] = record["source"], record["source_id"]
        plan.match(record, copies[old]["feature_id"])
    _place_copies(plan, copies, moved)
    _empty_parts(plan, address_id, below, copies)
    new_id = copies[address_id]["feature_id"]
    told = {
        "id": address_id,
        "new_id": new_id,
        "record_ids": sorted(set(record_ids)),
        "copies": [[old, copy["feature_id"]] for old, copy in copies.items()],
    }
    return stored(plan, "split", told, new_id, author)


def _copy_paths(
    plan: Plan, address_id: int, below: Sequence[int], moved: Sequence[dict[str, Any]]
) -> dict[int, dict[str, Any]]:
    """Return new addresses like the split one and like those between it and the moved records."""
    wanted = {address_id}
    for record in moved:
        here = record["address_id"]
        while here not in wanted:
            wanted.add(here)
            here = plan.address(here)["parent_id"]
    copies: dict[int, dict[str, Any]] = {}
    for one in below:
        if one in wanted:
            copies[one] = plan.new_address(plan.address(one))
            if one != address_id:
                copies[one]["parent_id"] = copies[plan.address(one)["parent_id"]]["feature_id"]
    return copies


def _place_copies(plan: Plan, copies: dict[int, dict[str, Any]], moved: Sequence[dict[str, Any]]) -> None:
    """Give the new addresses the middle of the records that went there or below."""
    made = {copy["feature_id"]: copy for copy in copies.values()}
    points: dict[int, list[tuple[float, float]]] = {}
    for record in moved:
        here = record["address_id"]
        point = plan.record_point(record["feature_id"])
        while here in made and not np.isnan(point[0]):
            points.setdefault(here, []).append(point)
            here = made[here]["parent_id"]
    for copy in copies.values():
        own = points.get(copy["feature_id"])
        if own:
            lon, lat = np.median(np.array(own), axis=0)
            plan.set_point(copy["feature_id"], float(lon), float(lat))


def _empty_parts(
    plan: Plan, address_id: int, below: Sequence[int], copies: dict[int, dict[str, Any]]
) -> None:
    """Let parts that no record names any more go into their copies."""
    kept: set[int | None] = set()
    for one in reversed(below):
        address = plan.address(one)
        if address["n_records"] or one in kept or one == address_id:
            kept.add(address["parent_id"])
        elif one in copies:
            plan.supersede(address, copies[one]["feature_id"])
        else:
            kept.add(address["parent_id"])
