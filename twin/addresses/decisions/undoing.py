"""Decisions taken back (撤销)."""

from __future__ import annotations

from twin.addresses.base import ADDRESS_BASE, SUPERSEDED
from twin.addresses.decisions._plan import Plan
from twin.addresses.decisions.decided import Decided, counted, forget
from twin.city import City
from twin.errors import InvalidDecisionError, StateConflictError
from twin.state import StateStore
from twin.state.decisions import Change, Decision, Image, decision, later_decisions, store_decision


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
        Where sources that came since have changed the same addresses, what they say stays, and the next
        build sorts their rows anew.

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
            {"undoes": decision_id, "needs_build": needs_build},
            plan_changes,
            author=author,
            expected=plan.expected,
            undoes=decision_id,
        )
    forget(city)
    left = int(made.payload.get("id", made.payload.get("pair", [0])[0]))
    return Decided(new_id, left, *counted(plan_changes), needs_build)


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
        if here is None:
            continue
        if change.before is None:
            # Nothing is deleted and no id used twice: what a split made goes into what it came from.
            gone = {"status": SUPERSEDED, "superseded_by": _origin(made, change), "valid_to": plan.now}
            after = Image({**here.properties, **gone, "n_records": 0}, here.geometry_wkb)
        else:
            after = _taken_back(here, change.before, change.after)
        changes.append(Change(change.layer, change.feature_id, here, after))
    return changes, not is_untouched


def _taken_back(here: Image, before: Image, after: Image) -> Image:
    """Return a feature as it was, but for what has changed since the decision."""
    properties = {
        name: before.properties.get(name) if value == after.properties.get(name) else value
        for name, value in here.properties.items()
    }
    is_same_place = here.geometry_wkb == after.geometry_wkb
    return Image(properties, before.geometry_wkb if is_same_place else here.geometry_wkb)


def _origin(made: Decision, change: Change) -> int:
    """Return the address that a copy was made of: by its level and token, below the split one."""
    for other in made.changes:
        if other.layer != ADDRESS_BASE or other.before is None:
            continue
        if other.after.properties.get("superseded_by") == change.feature_id:
            return other.feature_id
    return int(made.payload["id"])
