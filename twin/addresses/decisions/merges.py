"""Two addresses that are one (合并), and two that are not (不是同一地址)."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.addresses.decisions._plan import Plan, name_of
from twin.addresses.decisions.decided import Decided, stored
from twin.addresses.levels import Level
from twin.city import City
from twin.errors import InvalidDecisionError


def merge(city: City, address_id: int, into: int, *, author: str) -> Decided:
    """Merge one address into another: it is superseded, its records and parts go to the other.

    Parameters
    ----------
    city : City
    address_id, into : int
        Addresses in force, of one level. Parts of equal level and token are merged likewise.
    author : str
        Opaque account name.

    Returns
    -------
    Decided

    Raises
    ------
    UnknownFeatureError
        If there is no such address.
    InvalidDecisionError
        If they are the same, of different levels, divisions, not in force, or one stands above the other.
    StateConflictError
        If somebody else edited addresses meanwhile.
    """
    plan = Plan(city)
    address, target = plan.address(address_id), plan.address(into)
    if address_id == into:
        raise InvalidDecisionError(f"the address {address_id} cannot be merged with itself")
    for one in (address, target):
        if one["level"] <= Level.COMMUNITY:
            raise InvalidDecisionError(
                f"{one['text']} is a division; divisions are merged by importing them: twin import divisions"
            )
    if address["level"] != target["level"]:
        raise InvalidDecisionError(
            f"{address['text']} ({Level(address['level']).title}) and {target['text']} "
            f"({Level(target['level']).title}) are of different levels"
        )
    if into in plan.below(address_id) or address_id in plan.below(into):
        raise InvalidDecisionError(f"of {address['text']} and {target['text']} one stands above the other")
    went = _merge_parts(plan, address_id, into)
    moved = plan.records_of(went)
    for record in moved:
        plan.match(record, went[record["address_id"]])
    told = {"id": address_id, "into": into, "went": sorted(went.items())}
    return stored(plan, "merge", told, into, author)


def _merge_parts(plan: Plan, address_id: int, into: int) -> dict[int, int]:
    """Merge an address and its parts into another; return what each superseded one went into."""
    went = {address_id: into}
    rewritten: list[int] = []
    for old, new in _pairs(plan, address_id, into, went, rewritten):
        address, target = plan.address(old), plan.address(new)
        target["n_records"] = (target["n_records"] or 0) + (address["n_records"] or 0)
        if target["source_id"] is None:
            target["source"], target["source_id"] = address["source"], address["source_id"]
        if np.isnan(plan.point(new)[0]):
            plan.set_point(new, *plan.point(old))
        target["gates"] = _gates(plan, address, target)
    plan.write_texts(rewritten)
    for old, new in went.items():
        plan.supersede(plan.address(old), new)
    return went


def _pairs(
    plan: Plan, address_id: int, into: int, went: dict[int, int], rewritten: list[int]
) -> list[tuple[int, int]]:
    """Return the pairs of equal parts; parts that the other has not are put under it."""
    pairs = [(address_id, into)]
    for old, new in pairs:
        parts = {name_of(plan.address(one)): one for one in plan.children(new)}
        for child in plan.children(old):
            same = parts.get(name_of(plan.address(child)))
            if same is not None:
                went[child] = same
                pairs.append((child, same))
                continue
            plan.address(child)["parent_id"] = new
            for one in plan.below(child):
                _move_into(plan, plan.address(one), plan.address(new))
                rewritten.append(one)
    return pairs


def _move_into(plan: Plan, address: dict[str, Any], target: dict[str, Any]) -> None:
    """Let an address lie in the division of another unless it is known to lie deeper in it."""
    here: int | None = address["division_id"]
    while here is not None and here != target["division_id"]:
        here = plan.address(here)["parent_id"]
    if here is None:
        address["division_id"], address["division_code"] = target["division_id"], target["division_code"]


def _gates(plan: Plan, address: dict[str, Any], target: dict[str, Any]) -> str | None:
    """Return the further numbers and zones of two addresses that become one."""
    gates = {int(one) for each in (address, target) for one in (each["gates"] or "").split()}
    parent = address["parent_id"]
    is_site = target["level"] in {Level.ESTATE, Level.PREMISES}
    if is_site and parent is not None and plan.address(parent)["level"] == Level.NUMBER:
        gates.add(parent)
    gates.discard(target["parent_id"])
    return " ".join(map(str, sorted(gates))) or None


def reject(city: City, address_id: int, other_id: int, *, author: str) -> Decided:
    """Say that two addresses are not one; the pair is not proposed again.

    Parameters
    ----------
    city : City
    address_id, other_id : int
        Addresses in force.
    author : str
        Opaque account name.

    Returns
    -------
    Decided

    Raises
    ------
    UnknownFeatureError
        If there is no such address.
    InvalidDecisionError
        If they are the same or not in force.
    """
    plan = Plan(city)
    if address_id == other_id:
        raise InvalidDecisionError(f"{address_id} came twice; a pair is of two addresses")
    for one in (address_id, other_id):
        plan.address(one)
    return stored(plan, "reject", {"pair": sorted((address_id, other_id))}, other_id, author)
