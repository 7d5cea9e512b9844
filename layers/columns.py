"""Columns of a source onto the fields of a layer: which is which, and every value in its declared type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from layers.ledger import RowLedger
from layers.source_table import SourceTable
from layers.values import MOMENT, Parsed, clean_text, reader_of, whole_of_real
from twin.errors import ImportRefusedError
from twin.identity import identity_of
from twin.schema import DECLARED, Field, FieldType, LayerSchema

DBF_NAME_BYTES = 10
_RESERVED = re.compile(
    r"areas|feature_json|id_order|xmin|ymin|xmax|ymax|cell_\d+|feature_id|geometry|lon|lat"
)
_PERSONAL = re.compile(
    r"姓名|户主|联系人|电话|手机|联系方式|身份证|证件号|phone|mobile|telephone|id_?card", re.IGNORECASE
)
"""The city holds opaque references, never names, phones or identity numbers of people."""
_WHOLE = r"^(0|-?[1-9]\d{0,17})$"
_REAL = r"^-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d{1,2})?$"
_IN_POWERS_OF_TEN = r"^\d(\.\d+)?[eE]\+\d+$"
"""What spreadsheet programs make of a long code, digits lost."""
_SIGNED = frozenset({"layer"})
"""Declared numbers that may be below zero; the rest are counts and measures."""
_WANTED: dict[FieldType, str] = {
    "string": "text",
    "int64": "a whole number",
    "float64": "a number",
    "bool": "yes or no (是/否)",
    "timestamp": "a date or time such as 2024-01-05 08:30",
}


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Which column of the source becomes what.

    Parameters
    ----------
    fields : dict of str to str
        Our field -> column of the source; fields without a column are absent.
    extras : dict of str to str
        Name it will have -> column of the source, for what is not declared.
    notes : tuple of str
        What was recognised or renamed.
    """

    fields: dict[str, str]
    extras: dict[str, str]
    notes: tuple[str, ...]


def plan_columns(
    names: Sequence[str], schema: LayerSchema, columns: Mapping[str, str], taken: Iterable[str], source: str
) -> ColumnPlan:
    """Return which column becomes which field: as mapped, else by name, else by Chinese title.

    Parameters
    ----------
    names : sequence of str
        Columns of the source.
    schema : LayerSchema
    columns : mapping of str to str
        Our name -> theirs, as the person importing gave it.
    taken : iterable of str
        Columns that hold coordinates; they become no property.
    source : str
        What to call the file in messages.

    Returns
    -------
    ColumnPlan

    Raises
    ------
    ImportRefusedError
        If a required field has no column.
    """
    free = [name for name in names if name not in set(taken)]
    fields: dict[str, str] = {}
    notes = []
    for field in schema.fields:
        found, how = _column_of(field, free, columns)
        if found:
            fields[field.name] = found
        if how:
            notes.append(f"{found} read as {field.name}{how}")
    needed = {field.name for field in schema.fields if field.is_required} | {schema.key} - {""}
    missing = [name for name in sorted(needed) if name not in fields]
    if missing:
        raise ImportRefusedError(
            f"{source} has no column for {', '.join(missing)} among {', '.join(names[:20])}; "
            f"name it with --map {missing[0]}=COLUMN (请指定字段对应)"
        )
    extras, said = _extras(free, fields, schema, columns)
    return ColumnPlan(fields, extras, (*notes, *said))


def check_mapping(columns: Mapping[str, str], names: Sequence[str], source: str) -> None:
    """Refuse a mapping from a column that the source does not have.

    Parameters
    ----------
    columns : mapping of str to str
        Our name -> theirs.
    names : sequence of str
        Columns of the source.
    source : str
        What to call the file in messages.

    Raises
    ------
    ImportRefusedError
        Naming the column and those there are.
    """
    for ours, theirs in columns.items():
        if theirs not in names:
            raise ImportRefusedError(
                f"{source} has no column {theirs!r} to read {ours} from; it has {', '.join(names[:20])}"
            )


def cast_fields(
    source: SourceTable, plan: ColumnPlan, schema: LayerSchema, ledger: RowLedger
) -> dict[str, pa.Array]:
    """Return every declared field in its type; what cannot be read is left empty or rejects its row.

    Parameters
    ----------
    source : SourceTable
    plan : ColumnPlan
    schema : LayerSchema
    ledger : RowLedger
        Told of every value that could not be read, and of duplicate keys.

    Returns
    -------
    dict of str to pyarrow.Array
        In the order of the schema; fields without a column are all null.
    """
    arrays: dict[str, pa.Array] = {}
    for field in schema.fields:
        is_needed = field.is_required or field.name == schema.key
        if field.name not in plan.fields:
            arrays[field.name] = pa.nulls(len(source.numbers), arrow_type(field.type))
            continue
        theirs = plan.fields[field.name]
        column = source.columns[theirs]
        parsed = _read(column, field.type, theirs, ledger)
        ledger.note(*(f"{theirs}: {note}" for note in parsed.notes))
        wanted = _WANTED[field.type]
        if is_needed:
            reason = f"is not {wanted}: row rejected"
            ledger.reject(parsed.is_bad, theirs, column, reason, f"write {wanted}")
            is_empty = pc.is_null(parsed.values).to_numpy(zero_copy_only=False)
            reason = f"is empty but {field.name} is required: row rejected"
            ledger.reject(is_empty, theirs, column, reason, "fill it in")
        else:
            ledger.remark(parsed.is_bad, theirs, column, f"is not {wanted}: left empty", f"write {wanted}")
        arrays[field.name] = _believed(parsed.values, field, schema, theirs, ledger)
    if schema.key:
        identity = identity_of(schema, arrays[schema.key], arrays.get(schema.dated_by))
        _reject_duplicates(identity, arrays[schema.key], plan.fields[schema.key], ledger)
    return arrays


def cast_extras(source: SourceTable, plan: ColumnPlan, ledger: RowLedger) -> dict[str, pa.Array]:
    """Return the undeclared columns as they came, text cleaned of blanks and control characters.

    Parameters
    ----------
    source : SourceTable
    plan : ColumnPlan
    ledger : RowLedger

    Returns
    -------
    dict of str to pyarrow.Array
    """
    arrays = {}
    for name, theirs in plan.extras.items():
        column = source.columns[theirs]
        arrays[name] = _text(column, theirs, ledger) if _is_text(column) else column.combine_chunks()
    return arrays


def inferred_fields(source: SourceTable, columns: Mapping[str, str]) -> tuple[Field, ...]:
    """Return fields for the columns of a layer that nobody declared.

    Parameters
    ----------
    source : SourceTable
    columns : mapping of str to str
        Name of the field -> column of the source.

    Returns
    -------
    tuple of Field
        Text becomes a number only where every value is one that loses nothing by it:
        codes with leading zeros stay text.
    """
    fields = []
    for name, theirs in columns.items():
        column = source.columns[theirs]
        if _is_text(column):
            kind = _inferred_type(column) if source.is_text else "string"
        else:
            kind = _type_of(column.type)
        fields.append(Field(name, kind, theirs))
    return tuple(fields)


def arrow_type(kind: FieldType) -> pa.DataType:
    """Return the Arrow type of a field type.

    Parameters
    ----------
    kind : {"string", "int64", "float64", "bool", "timestamp"}

    Returns
    -------
    pyarrow.DataType
    """
    plain = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}
    return plain.get(kind, MOMENT)


def _column_of(field: Field, free: Sequence[str], columns: Mapping[str, str]) -> tuple[str, str]:
    """Return the column of a field and how it was recognised, both empty where there is none."""
    if field.name in columns:
        return columns[field.name], ""
    spoken_for = set(columns.values())
    free = [name for name in free if name not in spoken_for]
    if field.name in free:
        return field.name, ""
    ways = (
        (lambda name: name.lower() == field.name, ""),
        (lambda name: name == field.title, " by its title"),
        (lambda name: len(name) == DBF_NAME_BYTES and field.name.startswith(name.lower()), ", cut by dBase"),
    )
    for is_match, how in ways:
        matches = [name for name in free if is_match(name)]
        if len(matches) == 1:
            return matches[0], how
    return "", ""


def _extras(
    free: Sequence[str], fields: Mapping[str, str], schema: LayerSchema, columns: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the columns beyond the declared ones under names that clash with nothing."""
    declared = {field.name for field in schema.fields}
    wanted = {theirs: ours for ours, theirs in columns.items() if ours not in declared}
    extras: dict[str, str] = {}
    notes = []
    for theirs in free:
        if theirs in fields.values():
            continue
        if _PERSONAL.search(theirs):
            notes.append(f"column {theirs} is personal by its name and is left out (个人信息不入库)")
            continue
        name = wanted.get(theirs, theirs)
        if _RESERVED.fullmatch(name) or name in declared or name in extras:
            name = f"source_{name}"
            notes.append(f"column {theirs} is kept as {name}: its own name is taken")
        extras[name] = theirs
    return extras, notes


def _read(column: pa.ChunkedArray, kind: FieldType, name: str, ledger: RowLedger) -> Parsed:
    """Return a column in a declared type."""
    if _is_text(column):
        return reader_of(kind)(_text(column, name, ledger))
    array = column.combine_chunks()
    is_good = np.zeros(len(array), dtype=bool)
    came = array.type
    if came == arrow_type(kind):
        if kind == "float64":
            array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, pa.float64()))
        return Parsed(array, is_good)
    if kind == "float64" and pa.types.is_integer(came):
        return Parsed(array.cast(pa.float64(), safe=False), is_good)
    if kind == "int64" and pa.types.is_floating(came):
        return whole_of_real(Parsed(array, is_good))
    if kind == "string" and pa.types.is_floating(came):
        whole = whole_of_real(Parsed(array, is_good))
        text = array.cast(pa.string())
        return Parsed(pc.if_else(pc.is_valid(whole.values), whole.values.cast(pa.string()), text), is_good)
    return reader_of(kind)(array.cast(pa.string()))


def _believed(values: pa.Array, field: Field, schema: LayerSchema, name: str, ledger: RowLedger) -> pa.Array:
    """Return the values of a field; rows whose code has lost digits go, numbers below zero are left empty."""
    if field.type == "string" and (field.name == schema.key or field.name.endswith(("code", "_id"))):
        is_cut = pc.match_substring_regex(values, _IN_POWERS_OF_TEN).fill_null(fill_value=False)
        reason = "is a code that a spreadsheet has turned into a number, digits lost: row rejected"
        suggestion = "format the column as text and fill it in again (请将该列设为文本格式)"
        ledger.reject(is_cut.to_numpy(zero_copy_only=False), name, values, reason, suggestion)
    elif field.type in ("int64", "float64") and schema.name in DECLARED and field.name not in _SIGNED:
        is_below = pc.less(values, 0).fill_null(fill_value=False)
        reason = "is below zero, which it cannot be: left empty"
        ledger.remark(is_below.to_numpy(zero_copy_only=False), name, values, reason, "correct the number")
        values = pc.if_else(is_below, pa.scalar(None, values.type), values)
    return values


def _text(column: pa.ChunkedArray, name: str, ledger: RowLedger) -> pa.Array:
    """Return clean text; control characters taken out are spoken of row by row."""
    text, had_controls = clean_text(column)
    reason = "holds control characters: they were taken out"
    ledger.remark(had_controls, name, column, reason, "remove them at the source")
    return text


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _reject_duplicates(identity: pa.Array, key: pa.Array, name: str, ledger: RowLedger) -> None:
    """Reject every row whose key, and first day where dated, stood in an earlier row that is taken."""
    codes = identity.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(ledger.is_taken & (codes >= 0))
    _, first, inverse = np.unique(codes[rows], return_index=True, return_inverse=True)
    earlier: NDArray[np.int64] = rows[first][inverse]
    again = rows[earlier != rows]
    if not len(again):
        return
    number_of_first = dict(zip(rows.tolist(), ledger.numbers[earlier].tolist(), strict=True))
    for row in again.tolist():
        reason = f"stands already in row {number_of_first[row]}: row rejected"
        ledger.reject_row(row, name, str(key[row]), reason, "give each row its own key")


def _inferred_type(column: pa.ChunkedArray) -> FieldType:
    text = clean_text(column)[0].drop_null()
    if not len(text):
        return "string"
    if pc.all(pc.match_substring_regex(text, _WHOLE)).as_py():
        return "int64"
    return "float64" if pc.all(pc.match_substring_regex(text, _REAL)).as_py() else "string"


def _type_of(kind: pa.DataType) -> FieldType:
    if pa.types.is_integer(kind):
        return "int64"
    if pa.types.is_floating(kind):
        return "float64"
    return "bool" if pa.types.is_boolean(kind) else "timestamp"
