"""The state store: edits of features, committed to disk before they are acknowledged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import orjson
import pyarrow as pa
import sqlalchemy as sa

from twin.edits import NO_EDITS, Edits
from twin.errors import StateConflictError, StorageError
from twin.schema import LayerSchema
from twin.state import migrate
from twin.state.schema import feature_counter, feature_edit

Property = str | int | float | bool | datetime | None

_ARROW_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("ms", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """One change among several that are stored together.

    Parameters
    ----------
    feature_id : int
    action : {"put", "delete", "was"}
        ``was`` records how a feature stood before its first edit; it must be followed by a change.
    properties : mapping, optional
        All properties of the feature; None where it is deleted.
    geometry_wkb : bytes, optional
        WKB, lon, lat degrees.
    """

    feature_id: int
    action: Literal["put", "delete", "was"]
    properties: Mapping[str, Property] | None = None
    geometry_wkb: bytes | None = None


@dataclass(frozen=True, slots=True)
class FeatureEdit:
    """One edit as it was stored: who, when, what.

    Parameters
    ----------
    sequence : int
    feature_id : int
    action : str
        As in :class:`FeatureChange`.
    properties : dict, optional
    geometry_wkb : bytes, optional
        WKB, lon, lat degrees.
    edited_at : datetime
        UTC.
    author : str
    folded_into : int, optional
        The layer version that holds it; None while it lies over one.
    """

    sequence: int
    feature_id: int
    action: str
    properties: dict[str, Property] | None
    geometry_wkb: bytes | None
    edited_at: datetime
    author: str
    folded_into: int | None


class StateStore:
    """The live state of one city in a SQL database (实时状态库).

    SQLite in the city folder by default: write-ahead log, ``synchronous=FULL``,
    one writer at a time, so that a call that returned is on disk.

    Parameters
    ----------
    url : str
        SQLAlchemy URL, such as ``sqlite:///lizhou.city/live.db``.

    Raises
    ------
    StorageError
        If the database cannot be opened or is of a newer revision than this program.
    """

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, connect_args={"timeout": 10} if url.startswith("sqlite") else {})
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _set_pragmas)
        try:
            migrate.to_head(self._engine)
        except sa.exc.DatabaseError as error:
            raise StorageError(f"the live state {url} cannot be opened: {error.orig}") from error

    @classmethod
    def in_folder(cls, folder: Path) -> StateStore:
        """Return the embedded store ``live.db`` of a city folder, made where it is missing.

        Parameters
        ----------
        folder : Path
            The city folder.

        Returns
        -------
        StateStore
        """
        return cls(f"sqlite:///{folder / 'live.db'}")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def put_feature(
        self,
        layer: str,
        feature_id: int,
        properties: Mapping[str, Property],
        geometry_wkb: bytes | None,
        *,
        author: str,
    ) -> int:
        """Store a feature in place of the one with this id, or as a new one; return the edit's sequence.

        Parameters
        ----------
        layer : str
            Layer name.
        feature_id : int
            Id of the feature, from the layer or from :meth:`new_feature_id`.
        properties : mapping
            All properties of the feature, not only the changed ones.
        geometry_wkb : bytes or None
            Geometry as WKB, lon, lat degrees; None for a feature without place.
        author : str
            Who made the edit, as an opaque account name.

        Returns
        -------
        int
            Sequence number; the edit is on disk when this returns.
        """
        return self._append(layer, feature_id, "put", _body(properties), geometry_wkb, author)

    def delete_feature(self, layer: str, feature_id: int, *, author: str) -> int:
        """Hide the feature of this id; return the edit's sequence.

        Parameters
        ----------
        layer : str
            Layer name.
        feature_id : int
            Id of the feature.
        author : str
            Who made the edit.

        Returns
        -------
        int
            Sequence number; the edit is on disk when this returns.
        """
        return self._append(layer, feature_id, "delete", None, None, author)

    def change_features(
        self,
        layer: str,
        changes: Sequence[FeatureChange],
        *,
        author: str,
        expected_sequence: int | None = None,
    ) -> int:
        """Store several changes of one layer, all of them or none; return the sequence of the last.

        Parameters
        ----------
        layer : str
            Layer name.
        changes : sequence of FeatureChange
            In the order in which they are stored.
        author : str
            Who made them, as an opaque account name.
        expected_sequence : int, optional
            What :meth:`sequence` was when the changes were thought of.

        Returns
        -------
        int
            Sequence number; all changes are on disk when this returns. 0 where there were none.

        Raises
        ------
        StateConflictError
            If the layer has been edited since ``expected_sequence``; nothing is stored then.
        StorageError
            If the database takes no change.
        """
        edited_at_ms = time.time_ns() // 1_000_000
        rows = [
            {
                "layer": layer,
                "feature_id": change.feature_id,
                "action": change.action,
                "properties": None if change.properties is None else _body(change.properties),
                "geometry": change.geometry_wkb,
                "edited_at_ms": edited_at_ms,
                "author": author,
            }
            for change in changes
        ]
        last = 0
        with self.writing() as connection:
            if expected_sequence is not None:
                query = sa.select(sa.func.max(feature_edit.c.sequence)).where(*_open_edits(layer))
                found = connection.execute(query).scalar() or 0
                if found != expected_sequence:
                    raise StateConflictError(
                        f"layer {layer!r} was edited by somebody else meanwhile (edit {found}, expected "
                        f"{expected_sequence}); look at it again"
                    )
            for row in rows:
                result = connection.execute(sa.insert(feature_edit).values(**row))
                last = int((result.inserted_primary_key or (0,))[0])
        return last

    def history(
        self, layer: str, feature_id: int | None = None, *, only_open: bool = False
    ) -> tuple[FeatureEdit, ...]:
        """Return the edits of a layer or of one feature, oldest first, folded ones included.

        Parameters
        ----------
        layer : str
            Layer name.
        feature_id : int, optional
            Only the edits of this feature.
        only_open : bool
            Whether to leave out edits that a layer version holds by now.

        Returns
        -------
        tuple of FeatureEdit
        """
        query = sa.select(feature_edit).where(feature_edit.c.layer == layer)
        if feature_id is not None:
            query = query.where(feature_edit.c.feature_id == feature_id)
        if only_open:
            query = query.where(feature_edit.c.folded_into.is_(None))
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(feature_edit.c.sequence)).mappings().all()
        return tuple(
            FeatureEdit(
                row["sequence"],
                row["feature_id"],
                row["action"],
                None if row["properties"] is None else orjson.loads(row["properties"]),
                row["geometry"],
                datetime.fromtimestamp(row["edited_at_ms"] / 1000, UTC),
                row["author"],
                row["folded_into"],
            )
            for row in rows
        )

    def new_feature_id(self, layer: str, *, at_least: int, count: int = 1) -> int:
        """Return the first of ``count`` ids in a row that no feature of the layer has had.

        Parameters
        ----------
        layer : str
            Layer name.
        at_least : int
            The catalog's next free id of the layer.
        count : int
            How many ids are taken.

        Returns
        -------
        int
        """
        with self.writing() as connection:
            query = sa.select(feature_counter.c.next_id).where(feature_counter.c.layer == layer)
            stored = connection.execute(query).scalar()
            chosen = max(at_least, stored or 0)
            if stored is None:
                connection.execute(sa.insert(feature_counter).values(layer=layer, next_id=chosen + count))
            else:
                change = sa.update(feature_counter).where(feature_counter.c.layer == layer)
                connection.execute(change.values(next_id=chosen + count))
        return chosen

    def sequence(self, layer: str) -> int:
        """Return the sequence of the newest edit of a layer that is not yet folded, 0 without any."""
        query = sa.select(sa.func.max(feature_edit.c.sequence)).where(*_open_edits(layer))
        with self._engine.connect() as connection:
            return connection.execute(query).scalar() or 0

    def edits(self, schema: LayerSchema, columns: pa.Schema | None = None) -> Edits:
        """Return what the open edits of a layer come to.

        Parameters
        ----------
        schema : LayerSchema
            The layer.
        columns : pyarrow.Schema, optional
            Columns and types of the version the edits lie over; by default the
            declared fields. Properties under other names are kept as text.

        Returns
        -------
        Edits
            Cost linear in the number of open edits.
        """
        query = sa.select(feature_edit).where(*_open_edits(schema.name)).order_by(feature_edit.c.sequence)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            return NO_EDITS
        newest = {row["feature_id"]: row for row in rows}
        puts = [row for row in newest.values() if row["action"] == "put"]
        return Edits(
            sequence=rows[-1]["sequence"],
            hidden_ids=np.array(sorted(newest), dtype=np.int64),
            feature_ids=np.array([row["feature_id"] for row in puts], dtype=np.int64),
            table=_table_of(puts, schema, columns) if puts else None,
        )

    def mark_folded(self, layer: str, *, up_to: int, version: int) -> None:
        """Record that a layer version now holds every edit up to a sequence.

        Parameters
        ----------
        layer : str
            Layer name.
        up_to : int
            Sequence of the last edit that was folded; later ones stay open.
        version : int
            The version that holds them.
        """
        change = sa.update(feature_edit).where(*_open_edits(layer), feature_edit.c.sequence <= up_to)
        with self.writing() as connection:
            connection.execute(change.values(folded_into=version))

    def _append(
        self,
        layer: str,
        feature_id: int,
        action: str,
        properties: bytes | None,
        geometry: bytes | None,
        author: str,
    ) -> int:
        row = {
            "layer": layer,
            "feature_id": feature_id,
            "action": action,
            "properties": properties,
            "geometry": geometry,
            "edited_at_ms": time.time_ns() // 1_000_000,
            "author": author,
        }
        with self.writing() as connection:
            result = connection.execute(sa.insert(feature_edit).values(**row))
            (sequence,) = result.inserted_primary_key or (0,)
            return int(sequence)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Ask several questions of one connection.

        Yields
        ------
        sqlalchemy.Connection
        """
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Run one transaction; it is durable when the block ends, or nothing of it is.

        Yields
        ------
        sqlalchemy.Connection

        Raises
        ------
        StorageError
            If the database takes no change.
        """
        try:
            with self._engine.begin() as connection:
                if self._engine.dialect.name == "sqlite":
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except sa.exc.OperationalError as error:
            raise StorageError(f"the live state took no change, it stands as before: {error.orig}") from error


def _body(properties: Mapping[str, Property]) -> bytes:
    return orjson.dumps(dict(properties), option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


def _open_edits(layer: str) -> tuple[sa.ColumnElement[bool], ...]:
    return feature_edit.c.layer == layer, feature_edit.c.folded_into.is_(None)


def _set_pragmas(connection: object, _record: object) -> None:
    """Make SQLite durable, and leave BEGIN to us: the driver's own would come too late for a write lock."""
    connection.isolation_level = None  # type: ignore[attr-defined]  # a sqlite3.Connection behind SQLAlchemy's event
    cursor = connection.cursor()  # type: ignore[attr-defined]  # the same
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _table_of(rows: list[sa.RowMapping], schema: LayerSchema, columns: pa.Schema | None) -> pa.Table:
    """Return the edited rows as a layer table with the columns of the version."""
    declared = {field.name: _ARROW_TYPES[field.type] for field in schema.fields}
    types = {name: columns.field(name).type for name in columns.names} if columns is not None else declared
    types = {name: kind for name, kind in types.items() if name not in {"geometry", "feature_id"}}
    bodies = [orjson.loads(row["properties"]) for row in rows]
    for body in bodies:
        for name in body:
            types.setdefault(name, declared.get(name, pa.string()))
    arrays = {name: _column([body.get(name) for body in bodies], kind) for name, kind in types.items()}
    if schema.geometry != "none":
        arrays["geometry"] = pa.array([row["geometry"] for row in rows], type=pa.binary())
    return pa.table(arrays)


def _column(values: list[Property], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        values = [
            datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else value
            for value in values
        ]
    elif pa.types.is_string(kind):
        values = [value if value is None or isinstance(value, str) else str(value) for value in values]
    return pa.array(values, type=kind)
