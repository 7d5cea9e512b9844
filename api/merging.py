"""How the rows of an import join those that a layer already has: by source, and by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from layers.report import ReadResult
from twin.divisions import CHINA_TIME, findings
from twin.errors import InvalidLayerError
from twin.identity import identity_in
from twin.layer import Layer
from twin.layer_table import TIMESTAMP
from twin.schema import DECLARED, Field, FieldType, LayerSchema

SOURCE = "source"
"""The column that says which import a row came from."""
OWN_SOURCE = "source_text"
"""Where a file's own column of that name goes."""
MAX_SAID = 10
"""More contradictions between divisions than these are counted but not listed."""
LAYERS_THAT_END_ROWS = frozenset({"links"})
"""A row that its source no longer brings is not deleted there: it ends."""
LAYERS_WITH_KEYS_PER_SOURCE = frozenset({"addresses"})
"""Departments number their addresses each on their own, so one key may stand in several sources."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One layer of one file on its way into the city.

    Parameters
    ----------
    source : str
        What the rows are replaced by when it comes again.
    result : ReadResult
        As the reader hands it over.
    """

    source: str
    result: ReadResult


@dataclass(frozen=True, slots=True)
class Merged:
    """A layer as an import will leave it.

    Parameters
    ----------
    schema : LayerSchema
        With the column of the source; without a key where keys are per source.
    table : pyarrow.Table
        Rows that stay and rows that came, with a ``feature_id`` that is null for those
        the layer has not had before.
    notes : tuple of str
        Sentences on what was replaced or dropped.
    """

    schema: LayerSchema
    table: pa.Table
    notes: tuple[str, ...]


def merge(layer: Layer | None, arrivals: Sequence[Arrival]) -> Merged:
    """Return a layer with the rows of its sources exchanged for those that have come.

    Rows that the same sources brought before are dropped, those of others stay. A row
    whose key is known keeps its feature id, whichever source brought it before; where keys
    are global, a row of another source with the same key is replaced. Links that no longer
    come are ended, not dropped.

    Parameters
    ----------
    layer : Layer or None
        The version in force, None for a new layer.
    arrivals : sequence of Arrival
        Of this one layer, at least one; the last row of a key wins.

    Returns
    -------
    Merged

    Raises
    ------
    InvalidLayerError
        If the layer holds another kind of geometry.
    """
    declared = arrivals[-1].result.schema
    schema = _stored_schema(declared)
    if layer is not None and layer.schema.geometry != schema.geometry:
        raise InvalidLayerError(
            f"layer {schema.name!r} holds {layer.schema.geometry} features, "
            f"{arrivals[-1].result.report.source} brings {schema.geometry}"
        )
    key = declared.key
    is_per_source = schema.name in LAYERS_WITH_KEYS_PER_SOURCE
    came = _aligned([_with_source(arrival) for arrival in arrivals])
    is_last = _is_last(_identity(came, declared, is_per_source=is_per_source), came.num_rows)
    notes = []
    if not is_last.all():
        notes.append(
            f"{np.count_nonzero(~is_last):,} rows stand in several files with the same {key}: the last counts"
        )
        came = came.filter(pa.array(is_last))
    if layer is None or not layer.n_rows:
        return Merged(_fitted(schema, schema, came), came, tuple(notes))
    old = layer.table(np.arange(layer.n_rows))
    place = _place_before(came, old, declared, is_per_source=is_per_source)
    ids = np.where(place >= 0, layer.feature_ids[place], -1)
    came = _set_column(came, "feature_id", pa.array(ids, mask=ids < 0))
    is_same = _is_of(old, {arrival.source for arrival in arrivals})
    is_replaced = np.zeros(old.num_rows, dtype=np.bool_)
    is_replaced[place[place >= 0]] = True
    if schema.name in LAYERS_THAT_END_ROWS:
        is_gone = is_same & ~is_replaced
        old, n_ended = _ended(old, is_gone)
        is_same &= ~is_gone
        if n_ended:
            notes.append(f"{n_ended:,} rows no longer come: ended as of today, none is deleted (已终止)")
    notes += _notes(is_same, is_replaced, key, arrivals)
    stays = old.filter(pa.array(~(is_same | is_replaced)))
    table = _aligned([stays, came])
    if schema.name == "divisions":
        notes += _contradictions(table, came)
    return Merged(_fitted(schema, layer.schema, table), table, tuple(notes))


def _ended(rows: pa.Table, is_gone: NDArray[np.bool_]) -> tuple[pa.Table, int]:
    """Return rows of which some end today, unless they have ended before; and how many do so now."""
    midnight = datetime.now(CHINA_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
    today = pa.scalar(midnight, TIMESTAMP)
    first, last = rows["valid_from"], rows["valid_to"]
    has_begun = pc.less_equal(first, today).fill_null(fill_value=True)
    end = pc.if_else(has_begun, today, first)  # what has not begun yet never holds
    ends_now = pc.and_(pa.array(is_gone), pc.greater(last, end).fill_null(fill_value=True))
    return _set_column(rows, "valid_to", pc.if_else(ends_now, end, last)), pc.sum(ends_now).as_py() or 0


def _contradictions(table: pa.Table, came: pa.Table) -> list[str]:
    """Return what is wrong between the divisions of several files; the report of each has told its own."""
    known = set(findings(came, None))
    said = [finding for finding in findings(table, None) if finding not in known]
    more = (
        [f"and {len(said) - MAX_SAID:,} more contradictions between divisions"]
        if len(said) > MAX_SAID
        else []
    )
    return said[:MAX_SAID] + more


def absent(layer: Layer, report_of: ReadResult) -> ReadResult:
    """Return what a file that holds nothing for a layer brings to it: no rows.

    Parameters
    ----------
    layer : Layer
        The version in force of a declared layer.
    report_of : ReadResult
        Another layer of the same file.

    Returns
    -------
    ReadResult
    """
    columns = [name for name in layer.columns if name != SOURCE]
    if layer.schema.geometry != "none":
        columns.append("geometry")
    report = replace(report_of.report, rows_read=0, rows_taken=0, rejections=(), notes=())
    return ReadResult(DECLARED[layer.schema.name], layer.table(np.empty(0, np.int64), columns), report)


def has_rows_of(layer: Layer, source: str) -> bool:
    """Return whether a layer holds rows of a source.

    Parameters
    ----------
    layer : Layer
    source : str

    Returns
    -------
    bool
    """
    return SOURCE in layer.columns and bool(pc.any(pc.equal(layer.column(SOURCE), source)).as_py())


def _stored_schema(schema: LayerSchema) -> LayerSchema:
    """Return the schema with the column of the source, without a key that is not unique in the layer."""
    fields = schema.fields
    if all(field.name != SOURCE for field in fields):
        fields = (*fields, Field(SOURCE, "string", "来源"))
    return replace(
        schema, fields=fields, key="" if schema.name in LAYERS_WITH_KEYS_PER_SOURCE else schema.key
    )


def _fitted(schema: LayerSchema, before: LayerSchema, table: pa.Table) -> LayerSchema:
    """Return the schema of a layer for rows of several files, whose free fields may differ in kind."""
    kinds: dict[pa.DataType, FieldType] = {
        pa.string(): "string",
        pa.int64(): "int64",
        pa.float64(): "float64",
        pa.bool_(): "bool",
    }
    fields = {field.name: field for field in (*before.fields, *schema.fields)}
    came = {
        name: kinds[kind]
        for name, kind in zip(table.schema.names, table.schema.types, strict=True)
        if kind in kinds
    }
    return replace(
        schema,
        fields=tuple(replace(field, type=came.get(name, field.type)) for name, field in fields.items()),
    )


def _with_source(arrival: Arrival) -> pa.Table:
    """Return the rows with their source; a file's own column of that name gets another."""
    table = arrival.result.table
    if SOURCE in table.column_names:
        if table[SOURCE].null_count < table.num_rows:
            table = _set_column(table, OWN_SOURCE, table[SOURCE])
        table = table.drop_columns([SOURCE])
    return table.append_column(SOURCE, pa.repeat(pa.scalar(arrival.source), table.num_rows))


def _set_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, values)
    return table.append_column(name, values)


def _aligned(tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables below one another; what is a number here and text there becomes text."""
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    mixed = {name for name, found in types.items() if not _can_join(found)}
    if mixed:
        tables = [_as_text(table, mixed) for table in tables]
    return pa.concat_tables(tables, promote_options="permissive").combine_chunks()


def _can_join(types: set[pa.DataType]) -> bool:
    try:
        schemas = [pa.schema([pa.field("x", kind)]) for kind in types]
        pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowTypeError:
        return False
    return True


def _as_text(table: pa.Table, names: set[str]) -> pa.Table:
    for name in names & set(table.column_names):
        table = _set_column(table, name, table[name].cast(pa.string()))
    return table


def _identity(table: pa.Table, schema: LayerSchema, *, is_per_source: bool) -> pa.ChunkedArray | None:
    """Return what tells the rows of a layer apart; None where nothing does."""
    if not schema.key:
        return None
    text = identity_in(schema, table).cast(pa.string())
    if not is_per_source:
        return text
    return pc.binary_join_element_wise(table[SOURCE].fill_null(""), text, "\0")


def _is_last(identity: pa.ChunkedArray | None, n_rows: int) -> NDArray[np.bool_]:
    """Return which rows are the last of their identity."""
    is_last = np.ones(n_rows, dtype=np.bool_)
    if identity is not None and n_rows:
        codes = pc.dictionary_encode(identity).combine_chunks().indices.to_numpy()
        is_last[:] = False
        _, first_from_behind = np.unique(codes[::-1], return_index=True)
        is_last[n_rows - 1 - first_from_behind] = True
    return is_last


def _place_before(
    came: pa.Table, old: pa.Table, schema: LayerSchema, *, is_per_source: bool
) -> NDArray[np.int64]:
    """Return the row that each row that came has had in the layer, -1 where it is new."""
    is_known = schema.key in old.column_names and SOURCE in old.column_names
    new = _identity(came, schema, is_per_source=is_per_source)
    if new is None or not is_known:
        return np.full(came.num_rows, -1)
    before = _identity(old, schema, is_per_source=is_per_source)
    place: NDArray[np.int64] = pc.index_in(new, value_set=before).fill_null(-1).to_numpy().astype(np.int64)
    return place


def _is_of(table: pa.Table, sources: set[str]) -> NDArray[np.bool_]:
    """Return which rows one of the sources brought; rows that people drew are of none."""
    if SOURCE not in table.column_names:
        return np.zeros(table.num_rows, dtype=np.bool_)
    found: NDArray[np.bool_] = pc.is_in(table[SOURCE], value_set=pa.array(sorted(sources))).to_numpy()
    return found


def _notes(
    is_same: NDArray[np.bool_], is_replaced: NDArray[np.bool_], key: str, arrivals: Sequence[Arrival]
) -> list[str]:
    """Return sentences on the rows of the layer that give way."""
    notes = []
    sources = ", ".join(dict.fromkeys(arrival.source for arrival in arrivals))
    if foreign := np.count_nonzero(is_replaced & ~is_same):
        notes.append(f"{foreign:,} rows of other sources had the same {key} and are replaced")
    if gone := np.count_nonzero(is_same & ~is_replaced):
        reason = "no longer come" if key else "are replaced (the layer has no key, so ids are new)"
        notes.append(f"{gone:,} rows of the earlier import of {sources} {reason}")
    return notes
