"""What people decide on addresses (合并、拆分、更正、撤销): each with its author, and each can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.addresses._plan import Plan
from twin.addresses.assembly import Rulings, Split
from twin.addresses.base import ADDRESS_BASE, ADDRESSES, IN_FORCE, SUPERSEDED
from twin.addresses.levels import Level
from twin.city import City
from twin.errors import InvalidDecisionError, StateConflictError
from twin.state import StateStore
from twin.state.decisions import (
    Change,
    Decision,
    Image,
    Kind,
    decision,
    decisions,
    later_decisions,
    store_decision,
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did.

    Parameters
    ----------
    decision_id : int
        By which it can be undone.
    address_id : int
        The address that it left in force.
    n_addresses, n_records : int
        Addresses and source rows that it changed.
    needs_build : bool
        Whether sources have come in between, so that ``twin build`` has to sort their rows anew.
    """

    decision_id: int
    address_id: int
    n_addresses: int
    n_records: int
    needs_build: bool = False


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
    return _store(plan, "merge", {"id": address_id, "into": into}, into, author)


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
        parts = {_key(plan.address(one)): one for one in plan.children(new)}
        for child in plan.children(old):
            same = parts.get(_key(plan.address(child)))
            if same is not None:
                went[child] = same
                pairs.append((child, same))
                continue
            plan.address(child)["parent_id"] = new
            for one in plan.below(child):
                _move_into(plan, plan.address(one), plan.address(new))
                rewritten.append(one)
    return pairs


def _key(address: dict[str, Any]) -> tuple[int, str]:
    return address["level"], address["token"]


def _move_into(plan: Plan, address: dict[str, Any], target: dict[str, Any]) -> None:
    """Let an address lie in the division of another unless it is known to lie deeper in it."""
    here: int | None = address["division_id"]
    while here is not None and here != target["division_id"]:
        here = plan.address(here)["parent_id"]
    if here is None:
        address["division_id"], address["division_code"] = target["division_id"], target["division_code"]


def _gates(plan: Plan, address: dict[str, Any], target: dict[str, Any]) -> str | None:
    """Return the further numbers of two addresses that become one."""
    gates = {int(one) for each in (address, target) for one in (each["gates"] or "").split()}
    parent = address["parent_id"]
    if parent is not None and plan.address(parent)["level"] == Level.NUMBER:
        gates.add(parent)
    gates.discard(target["parent_id"])
    if target["level"] not in {Level.ESTATE, Level.PREMISES}:
        return target["gates"]  # type: ignore[no-any-return]  # a value of JSON
    return " ".join(map(str, sorted(gates))) or None


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
    told = {"id": address_id, "new_id": new_id, "record_ids": sorted(set(record_ids))}
    return _store(plan, "split", told, new_id, author)


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


def correct(city: City, address_id: int, token: str, *, author: str) -> Decided:
    """Give an address another name or number; the sources keep theirs and still lead to it.

    Parameters
    ----------
    city : City
    address_id : int
        An address in force.
    token : str
        The name, or the number alone.
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
        If it is a division or not in force, the name is empty or as it was, or a sibling has it.
    StateConflictError
        If somebody else edited addresses meanwhile.
    """
    plan = Plan(city)
    address = plan.address(address_id)
    token = token.strip()
    if address["level"] <= Level.COMMUNITY:
        raise InvalidDecisionError(f"{address['text']} is a division; import divisions to rename it")
    if not token or not token.isprintable() or token == address["token"]:
        raise InvalidDecisionError(f"{token!r} is no new name for {address['text']}")
    parent = address["parent_id"]
    for sibling in plan.children(parent) if parent is not None else ():
        if _key(plan.address(sibling)) == (address["level"], token):
            raise InvalidDecisionError(
                f"{plan.address(sibling)['text']} ({sibling}) has this name already; merge the two"
            )
    source_token = rulings_of(city.state).source_tokens.get(address_id, address["token"])
    address["token"] = token
    plan.write_texts(plan.below(address_id))
    told = {"id": address_id, "source_token": source_token, "token": token}
    return _store(plan, "correct", told, address_id, author)


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
    return _store(plan, "reject", {"pair": sorted((address_id, other_id))}, other_id, author)


def undo(city: City, decision_id: int, *, author: str) -> Decided:
    """Take a decision back: what it changed is as it was before.

    Parameters
    ----------
    city : City
    decision_id : int
    author : str
        Opaque account name.

    Returns
    -------
    Decided
        Where sources have been imported since, superseded addresses come back in force and the next
        build sorts the records anew.

    Raises
    ------
    UnknownDecisionError
        If there is no such decision.
    InvalidDecisionError
        If it is undone already, or is itself an undoing.
    StateConflictError
        If a later decision touches the same addresses: undo that one first.
    """
    made = decision(city.state, decision_id)
    if made.undone_by is not None:
        raise InvalidDecisionError(f"decision {decision_id} was undone by decision {made.undone_by}")
    if made.kind == "undo":
        raise InvalidDecisionError(f"decision {decision_id} is an undoing; make the decision again instead")
    _refuse_entangled(city.state, made)
    plan = Plan(city)
    plan_changes, needs_build = _reversed(plan, made)
    with plan.still_true():
        new_id = store_decision(
            city.state,
            "undo",
            {"undoes": decision_id},
            plan_changes,
            author=author,
            expected=plan.expected,
            undoes=decision_id,
        )
    _forget(city)
    left = int(made.payload.get("id", made.payload.get("pair", [0])[0]))
    return Decided(new_id, left, *_counts(plan_changes), needs_build)


def _refuse_entangled(state: StateStore, made: Decision) -> None:
    touched = {(change.layer, change.feature_id) for change in made.changes}
    for later in later_decisions(state, made.id):
        shared = touched & {(change.layer, change.feature_id) for change in later.changes}
        if shared:
            _, one = min(shared)
            raise StateConflictError(
                f"decision {later.id} ({later.kind}) came later and touches the same, such as {one}: "
                "undo it first"
            )


def _reversed(plan: Plan, made: Decision) -> tuple[list[Change], bool]:
    """Return the changes that take a decision back, and whether a build has to finish the work."""
    now = {
        (change.layer, change.feature_id): plan.image(change.layer, change.feature_id)
        for change in made.changes
    }
    is_untouched = all(now[change.layer, change.feature_id] == change.after for change in made.changes)
    changes = []
    for change in made.changes:
        here = now[change.layer, change.feature_id]
        if change.before is None:
            # Nothing is deleted and no id used twice: what a split made goes into what it came from.
            if here is not None:
                gone = {"status": SUPERSEDED, "superseded_by": _origin(made, change), "valid_to": plan.now}
                after = _with(here, {**gone, "n_records": 0})
                changes.append(Change(change.layer, change.feature_id, here, after))
        elif is_untouched:
            changes.append(Change(change.layer, change.feature_id, here, change.before))
        elif here is not None and change.layer == ADDRESS_BASE and _was_superseded(change):
            back = {name: change.before.properties[name] for name in ("status", "superseded_by", "valid_to")}
            after = _with(here, back)
            changes.append(Change(change.layer, change.feature_id, here, after))
    return changes, not is_untouched


def _origin(made: Decision, change: Change) -> int:
    """Return the address that a copy was made of: by its level and token, below the split one."""
    for other in made.changes:
        if other.layer != ADDRESS_BASE or other.before is None:
            continue
        if other.after.properties.get("superseded_by") == change.feature_id:
            return other.feature_id
    return int(made.payload["id"])


def _was_superseded(change: Change) -> bool:
    return (
        change.before is not None
        and change.before.properties["status"] == IN_FORCE
        and change.after.properties["status"] == SUPERSEDED
    )


def _store(plan: Plan, kind: Kind, told: dict[str, Any], left: int, author: str) -> Decided:
    changes = plan.changes()
    with plan.still_true():
        decision_id = store_decision(
            plan.city.state, kind, told, changes, author=author, expected=plan.expected
        )
    _forget(plan.city)
    return Decided(decision_id, left, *_counts(changes))


def _counts(changes: Sequence[Change]) -> tuple[int, int]:
    """Return how many addresses and how many source rows are changed."""
    n_addresses = sum(change.layer == ADDRESS_BASE for change in changes)
    return n_addresses, len(changes) - n_addresses


def _forget(city: City) -> None:
    city.forget(ADDRESS_BASE)
    city.forget(ADDRESSES)


def rulings_of(state: StateStore) -> Rulings:
    """Return what the decisions in force tell an assembly.

    Parameters
    ----------
    state : StateStore

    Returns
    -------
    Rulings
    """
    splits: list[Split] = []
    source_tokens: dict[int, str] = {}
    rejected: set[tuple[int, int]] = set()
    for made in decisions(state, only_in_force=True):
        told = made.payload
        if made.kind == "split":
            splits.append(Split(np.array(told["record_ids"], np.int64), told["id"], told["new_id"]))
        elif made.kind == "correct":
            source_tokens.setdefault(told["id"], told["source_token"])
        elif made.kind == "reject":
            low, high = told["pair"]
            rejected.add((low, high))
    return Rulings(tuple(splits), source_tokens, frozenset(rejected))


def _with(image: Image, changed: dict[str, Any]) -> Image:
    return Image({**image.properties, **changed}, image.geometry_wkb)
