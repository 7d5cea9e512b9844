"""Decisions on addresses in the live state: each is stored with the edits it makes, or neither is."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
import sqlalchemy as sa

from twin.errors import StateConflictError, UnknownDecisionError
from twin.state.schema import address_decision, feature_edit
from twin.state.store import StateStore

Kind = Literal["merge", "split", "reject", "correct", "undo"]
"""合并 | 拆分 | 不是同一地址 | 更正 | 撤销."""


@dataclass(frozen=True, slots=True)
class Image:
    """A feature as it stood.

    Parameters
    ----------
    properties : mapping
        All of them, as JSON has them.
    geometry_wkb : bytes, optional
        WKB, lon, lat degrees.
    """

    properties: Mapping[str, Any]
    geometry_wkb: bytes | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One feature before and after a decision.

    Parameters
    ----------
    layer : str
    feature_id : int
    before : Image, optional
        None for a feature that the decision makes.
    after : Image
    """

    layer: str
    feature_id: int
    before: Image | None
    after: Image


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided on addresses (地址决定).

    Parameters
    ----------
    id : int
        Grows with every decision.
    made_at : datetime
        UTC.
    author : str
        Opaque account name.
    kind : str
        One of :data:`Kind`.
    payload : dict
        What was decided, by kind.
    changes : tuple of Change
    undone_by : int, optional
        The decision that undid it.
    """

    id: int
    made_at: datetime
    author: str
    kind: str
    payload: dict[str, Any]
    changes: tuple[Change, ...] = field(default=())
    undone_by: int | None = None


def store_decision(
    state: StateStore,
    kind: Kind,
    payload: Mapping[str, Any],
    changes: Sequence[Change],
    *,
    author: str,
    expected: Mapping[str, int],
    undoes: int | None = None,
) -> int:
    """Store a decision and the edits it makes in one transaction; return its id.

    Parameters
    ----------
    state : StateStore
    kind : str
    payload : mapping
        What was decided; goes into JSON.
    changes : sequence of Change
    author : str
        Opaque account name.
    expected : mapping of str to int
        What :meth:`StateStore.sequence` was of each layer when the changes were thought of.
    undoes : int, optional
        The decision that this one undoes.

    Returns
    -------
    int
        It is on disk when this returns.

    Raises
    ------
    StateConflictError
        If a layer was edited meanwhile, or the decision to undo is undone already; nothing is stored then.
    """
    now_ms = time.time_ns() // 1_000_000
    row = {
        "made_at_ms": now_ms,
        "author": author,
        "kind": kind,
        "payload": orjson.dumps(dict(payload)),
        "changes": orjson.dumps([_to_json(change) for change in changes]),
    }
    with state.writing() as connection:
        for layer, sequence in expected.items():
            _refuse_stale(connection, layer, sequence)
        result = connection.execute(sa.insert(address_decision).values(**row))
        decision_id = int((result.inserted_primary_key or (0,))[0])
        if undoes is not None:
            _mark_undone(connection, undoes, decision_id)
        if changes:
            connection.execute(
                sa.insert(feature_edit),
                [_edit_of(change, decision_id, author, now_ms) for change in changes],
            )
    return decision_id


def decisions(state: StateStore, *, only_in_force: bool = False) -> tuple[Decision, ...]:
    """Return the decisions that were made, oldest first, without their changes.

    Parameters
    ----------
    state : StateStore
    only_in_force : bool
        Whether to leave out those that were undone, and the undoing ones.

    Returns
    -------
    tuple of Decision
    """
    columns = [column for column in address_decision.c if column.name != "changes"]
    query = sa.select(*columns).order_by(address_decision.c.id)
    if only_in_force:
        query = query.where(address_decision.c.undone_by.is_(None), address_decision.c.kind != "undo")
    with state.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(_decision(row) for row in rows)


def decision(state: StateStore, decision_id: int) -> Decision:
    """Return one decision with its changes.

    Parameters
    ----------
    state : StateStore
    decision_id : int

    Returns
    -------
    Decision

    Raises
    ------
    UnknownDecisionError
        If there is none of this id.
    """
    query = sa.select(address_decision).where(address_decision.c.id == decision_id)
    with state.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownDecisionError(f"there is no decision {decision_id}")
    return _decision(row)


def later_decisions(state: StateStore, decision_id: int) -> tuple[Decision, ...]:
    """Return the decisions in force that came after one, with their changes, oldest first.

    Parameters
    ----------
    state : StateStore
    decision_id : int

    Returns
    -------
    tuple of Decision
    """
    query = (
        sa.select(address_decision)
        .where(
            address_decision.c.id > decision_id,
            address_decision.c.undone_by.is_(None),
            address_decision.c.kind != "undo",
        )
        .order_by(address_decision.c.id)
    )
    with state.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(_decision(row) for row in rows)


def unfinished_undoings(state: StateStore) -> tuple[int, ...]:
    """Return the undoings after which source rows must be sorted anew, by id.

    Parameters
    ----------
    state : StateStore

    Returns
    -------
    tuple of int
    """
    query = sa.select(address_decision.c.id, address_decision.c.payload).where(
        address_decision.c.kind == "undo"
    )
    with state.reading() as connection:
        rows = connection.execute(query.order_by(address_decision.c.id)).all()
    return tuple(made_id for made_id, payload in rows if orjson.loads(payload).get("needs_build"))


def has_open_decisions(state: StateStore, layer: str) -> bool:
    """Return whether decisions have changed rows of a layer that no version of it holds yet.

    Parameters
    ----------
    state : StateStore
    layer : str

    Returns
    -------
    bool
    """
    query = sa.select(feature_edit.c.sequence).where(*_open_changes(layer)).limit(1)
    with state.reading() as connection:
        return connection.execute(query).first() is not None


def settle_decisions(state: StateStore, layer: str, version: int) -> None:
    """Record that a layer version holds what every decision so far has changed.

    Parameters
    ----------
    state : StateStore
    layer : str
    version : int
    """
    change = sa.update(feature_edit).where(*_open_changes(layer))
    with state.writing() as connection:
        connection.execute(change.values(folded_into=version))


def _open_changes(layer: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        feature_edit.c.layer == layer,
        feature_edit.c.folded_into.is_(None),
        feature_edit.c.decision_id.is_not(None),
    )


def _refuse_stale(connection: sa.Connection, layer: str, sequence: int) -> None:
    query = sa.select(sa.func.max(feature_edit.c.sequence)).where(
        feature_edit.c.layer == layer, feature_edit.c.folded_into.is_(None)
    )
    found = connection.execute(query).scalar() or 0
    if found != sequence:
        raise StateConflictError(f"layer {layer!r} was edited by somebody else meanwhile; look at it again")


def _mark_undone(connection: sa.Connection, undone: int, by: int) -> None:
    change = sa.update(address_decision).where(
        address_decision.c.id == undone, address_decision.c.undone_by.is_(None)
    )
    if connection.execute(change.values(undone_by=by)).rowcount != 1:
        raise StateConflictError(f"decision {undone} is undone already")


def _edit_of(change: Change, decision_id: int, author: str, now_ms: int) -> dict[str, Any]:
    return {
        "layer": change.layer,
        "feature_id": change.feature_id,
        "action": "put",
        "properties": orjson.dumps(dict(change.after.properties)),
        "geometry": change.after.geometry_wkb,
        "edited_at_ms": now_ms,
        "author": author,
        "decision_id": decision_id,
    }


def _to_json(change: Change) -> dict[str, Any]:
    return {
        "layer": change.layer,
        "feature_id": change.feature_id,
        "before": None if change.before is None else _image_to_json(change.before),
        "after": _image_to_json(change.after),
    }


def _image_to_json(image: Image) -> dict[str, Any]:
    geometry = None if image.geometry_wkb is None else image.geometry_wkb.hex()
    return {"properties": dict(image.properties), "geometry": geometry}


def _image(found: dict[str, Any]) -> Image:
    geometry = found["geometry"]
    return Image(found["properties"], None if geometry is None else bytes.fromhex(geometry))


def _decision(row: sa.RowMapping) -> Decision:
    changes = []
    for found in orjson.loads(row["changes"]) if "changes" in row else ():
        before = None if found["before"] is None else _image(found["before"])
        changes.append(Change(found["layer"], found["feature_id"], before, _image(found["after"])))
    return Decision(
        row["id"],
        datetime.fromtimestamp(row["made_at_ms"] / 1000, UTC),
        row["author"],
        row["kind"],
        orjson.loads(row["payload"]),
        tuple(changes),
        row["undone_by"],
    )
