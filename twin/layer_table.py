"""The property columns of a layer table: declared types, plain types, unique keys."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.errors import InvalidLayerError
from twin.identity import identity_in
from twin.schema import LayerSchema

TIMESTAMP = pa.timestamp("ms", tz="UTC")

_TYPES = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": TIMESTAMP,
}
_LAYER_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESERVED = re.compile(r"areas|feature_json|id_order|xmin|ymin|xmax|ymax|cell_\d+")
_MAX_TEXT_BYTES = 2**31 - 1  # what 32-bit offsets reach


def conform(schema: LayerSchema, table: pa.Table | Iterable[pa.RecordBatch]) -> pa.Table:
    """Return a layer table with the declared types, ready to be stored.

    Parameters
    ----------
    schema : LayerSchema
        What the table must look like.
    table : pyarrow.Table or iterable of pyarrow.RecordBatch
        Property columns, ``geometry`` as WKB unless the layer has none, and optionally
        ``feature_id`` (int64; null = assign one). Further columns are kept.

    Returns
    -------
    pyarrow.Table
        Declared columns that did not come are added as nulls. Text, whole numbers, real numbers, truth
        values, timestamps (ms, UTC) and lists of whole numbers keep their kind; dictionaries are decoded,
        dates become text.

    Raises
    ------
    InvalidLayerError
        If the layer's name is not an identifier, a column is missing, reserved or of a type that cannot be
        stored, a required value is null, or a key comes twice (in dated layers: from one day on).

    Examples
    --------
    >>> schema = LayerSchema("lamps", "none", key="code")
    >>> conform(schema, pa.table({"code": ["a", "b"], "watt": pa.array([40, 60], pa.int8())})).schema.types
    [DataType(string), DataType(int64)]
    """
    if not _LAYER_NAME.fullmatch(schema.name):
        raise InvalidLayerError(
            f"{schema.name!r} came as a layer name; wanted a lower-case letter, then letters, digits and _"
        )
    if not isinstance(table, pa.Table):
        batches = list(table)
        if not batches:
            raise InvalidLayerError(
                f"layer {schema.name!r}: no record batch came, so its columns are unknown"
            )
        table = pa.Table.from_batches(batches)
    table = _with_declared(schema, table)
    columns = {name: _conformed(schema, name, table[name]) for name in table.column_names}
    if schema.key:
        _check_unique(schema.name, schema.key, identity_in(schema, pa.table(columns)))
    if "feature_id" in columns:
        _check_unique(schema.name, "feature_id", columns["feature_id"].drop_null())
    return pa.table(columns)


def property_names(table: pa.Table) -> list[str]:
    """Return the names of the columns that are properties, in order.

    Parameters
    ----------
    table : pyarrow.Table
        A layer table.

    Returns
    -------
    list of str
    """
    return [name for name in table.column_names if name not in {"geometry", "feature_id"}]


def _with_declared(schema: LayerSchema, table: pa.Table) -> pa.Table:
    """Return the table with every declared column; optional ones that did not come are null."""
    names = table.column_names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidLayerError(f"layer {schema.name!r}: column {twice!r} came twice")
    for name in names:
        if _RESERVED.fullmatch(name):
            raise InvalidLayerError(f"layer {schema.name!r}: column name {name!r} is reserved; rename it")
    if schema.geometry == "none" and "geometry" in names:
        raise InvalidLayerError(f"layer {schema.name!r} has no geometry, but a column 'geometry' came")
    required = {field.name for field in schema.fields if field.is_required} | {schema.key} - {""}
    if schema.geometry != "none":
        required.add("geometry")
    missing = sorted(required - set(names))
    if missing:
        raise InvalidLayerError(
            f"layer {schema.name!r} misses {', '.join(missing)}; it has {', '.join(names)}"
        )
    for field in schema.fields:
        if field.name not in names:
            table = table.append_column(field.name, pa.nulls(table.num_rows, _TYPES[field.type]))
    return table


def _conformed(schema: LayerSchema, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return one column in the type it is stored in, its content checked."""
    declared = next((field for field in schema.fields if field.name == name), None)
    if name == "geometry":
        wanted = pa.large_binary() if pa.types.is_large_binary(column.type) else pa.binary()
    elif name == "feature_id":
        wanted = pa.int64()
    elif declared is not None:
        wanted = _TYPES[declared.type]
    else:
        wanted = _plain_type(column.type)
    if wanted is None:
        raise InvalidLayerError(
            f"layer {schema.name!r}: column {name!r} of type {column.type} cannot be stored"
        )
    if wanted == pa.string() and column.nbytes > _MAX_TEXT_BYTES:
        wanted = pa.large_string()
    try:
        column.validate(full=True)
        column = column.cast(wanted)
    except pa.ArrowException as error:
        message = f"layer {schema.name!r}: column {name!r} ({column.type}) does not fit {wanted}: {error}"
        raise InvalidLayerError(message) from error
    is_required = name == schema.key or (declared is not None and declared.is_required)
    if is_required and column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        raise InvalidLayerError(f"layer {schema.name!r}: required field {name!r} is empty in row {row}")
    return column


def _plain_type(kind: pa.DataType) -> pa.DataType | None:
    """Return the type an undeclared column is stored in, None where there is none."""
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return pa.int64()
    if pa.types.is_list(kind) and pa.types.is_integer(kind.value_type):
        return pa.list_(pa.int64())  # kept for the graph of a road; no JSON or tile shows it
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_boolean(kind):
        return pa.bool_()
    if pa.types.is_timestamp(kind):
        return TIMESTAMP
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    is_clock = pa.types.is_date(kind) or pa.types.is_time(kind)
    if is_text or is_clock or pa.types.is_null(kind) or kind == pa.uint64():
        return pa.string()
    return None


def _check_unique(layer: str, name: str, column: pa.ChunkedArray) -> None:
    if pc.count_distinct(column, mode="all").as_py() == len(column):
        return
    counts = pc.value_counts(column)
    twice = counts.filter(pc.greater(counts.field("counts"), 1))[0].as_py()
    value = twice["values"]
    if isinstance(value, str):
        value = value.rstrip("\0").replace("\0", " since ")
    raise InvalidLayerError(f"layer {layer!r}: {name} {value!r} came {twice['counts']} times")
