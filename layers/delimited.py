"""Text tables, comma or otherwise separated, in the encodings that Chinese offices use."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from layers.delivery import Delivery
from layers.encodings import encoding_of_text, utf8_chunks
from layers.report import Rejection
from layers.source_table import SourceTable
from twin.errors import ImportRefusedError

MAX_HEADER_BYTES = 1 << 20
MAX_ROW_BYTES = 16 << 20
MAX_COLUMNS = 2_000
DELIMITERS = ",\t;|"
OPEN_QUOTE = "a quotation mark is not closed"
_SEPARATOR_NAMES = {"\t": "tab", ";": "semicolon", "|": "vertical bar"}


def read_delimited(delivery: Delivery) -> SourceTable:
    """Return the rows of a text table, every value as the text it came as.

    Parameters
    ----------
    delivery : Delivery
        Of kind ``text``. The first line names the columns.

    Returns
    -------
    SourceTable
        Blank lines are passed over and counted in a note; row numbers count them.

    Raises
    ------
    ImportRefusedError
        If the encoding is not known, there is no header or no row, a quotation mark is
        never closed, or a line is longer than any row.
    """
    encoding = encoding_of_text(delivery.path, delivery.name)
    text = b"".join(utf8_chunks(delivery.path, encoding)).lstrip(b"\r\n")
    header, delimiter = _header(text, delivery.name)
    notes = [encoding.note] if encoding.note else []
    if delimiter in _SEPARATOR_NAMES:
        notes.append(f"columns are separated by {_SEPARATOR_NAMES[delimiter]}")
    table, broken = _rows(text, header, delimiter, delivery.name)
    _refuse_open_quote(text, table, broken, delivery.name)
    numbers = _numbers(table.num_rows, broken)
    names, renamed = _unique_names(header)
    is_blank = _blank_rows(table)
    if is_blank.any():
        notes.append(f"{int(is_blank.sum()):,} blank lines passed over")
        table, numbers = table.filter(pa.array(~is_blank)), numbers[~is_blank]
    if not table.num_rows and not broken:
        raise ImportRefusedError(f"{delivery.name} has a header but no row")
    columns = table.rename_columns(names)
    return SourceTable(columns, numbers, is_text=True, broken=tuple(broken), notes=(*notes, *renamed))


def _header(text: bytes, name: str) -> tuple[list[str], str]:
    """Return the column names and the separator, from the first line."""
    start = text[:MAX_HEADER_BYTES]
    if b"\n" not in start and b"\r" not in start and len(text) > MAX_HEADER_BYTES:
        raise ImportRefusedError(
            f"{name} begins with a line of more than {MAX_HEADER_BYTES:,} bytes: no table with one row a line"
        )
    readable = start.decode("utf-8", errors="ignore")
    if not readable.strip():
        raise ImportRefusedError(f"{name} holds only blanks; wanted a line of column names and rows below it")
    first = readable.splitlines()[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        header = next(row for row in csv.reader(io.StringIO(readable), delimiter=delimiter) if row)
    except csv.Error as error:
        raise ImportRefusedError(f"{name}: its first line is no list of column names ({error})") from error
    if len(header) > MAX_COLUMNS:
        raise ImportRefusedError(f"{name} has {len(header):,} columns, more than {MAX_COLUMNS:,}")
    return [column.strip().removeprefix("\ufeff") for column in header], delimiter


def _rows(text: bytes, header: list[str], delimiter: str, name: str) -> tuple[pa.Table, list[Rejection]]:
    """Return all rows as text, and those with too many or too few columns as rejections."""
    broken: list[Rejection] = []

    def reject(row: pyarrow.csv.InvalidRow) -> str:
        reason = f"has {row.actual_columns} columns, the header {row.expected_columns}: row rejected"
        n_lines = len(row.text.splitlines())
        if n_lines > 1:
            reason += f", and it runs over {n_lines} lines because {OPEN_QUOTE}"
        suggestion = "quote values that hold the separator, close quotation marks, complete the row"
        broken.append(Rejection(row.number - 1, "columns", row.text, reason, suggestion))
        return "skip"

    columns = {f"f{position}": pa.string() for position in range(len(header))}
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(text),
            # Rows are numbered only when read one after another.
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, autogenerate_column_names=True, block_size=MAX_ROW_BYTES
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=reject,
            ),
            convert_options=pyarrow.csv.ConvertOptions(column_types=columns, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        raise ImportRefusedError(
            f"{name} is no table with one row a line ({error}); a row may reach {MAX_ROW_BYTES >> 20} MB, "
            "and every quotation mark must be closed"
        ) from error
    return table.slice(1), broken


def _refuse_open_quote(text: bytes, table: pa.Table, broken: list[Rejection], name: str) -> None:
    """Refuse a file whose last row runs to its end because a quotation mark was never closed."""
    n_rows = table.num_rows + len(broken)
    if text.count(b'"') % 2 == 0 or not n_rows:
        return
    if broken and broken[-1].row == n_rows:
        is_open = OPEN_QUOTE in broken[-1].reason
    else:
        last = (str(value[0]) for value in table.slice(table.num_rows - 1).to_pydict().values())
        is_open = any(len(value.splitlines()) > 1 for value in last)
    if is_open:
        raise ImportRefusedError(
            f"{name}: {OPEN_QUOTE} from row {n_rows:,} on, so every line below it is lost; close or remove it"
        )


def _numbers(n_rows: int, broken: list[Rejection]) -> NDArray[np.int64]:
    """Return the 1-based number of every row that was split, leaving out those that were not."""
    is_split = np.ones(n_rows + len(broken), dtype=bool)
    is_split[[finding.row - 1 for finding in broken]] = False
    return np.flatnonzero(is_split) + 1


def _blank_rows(table: pa.Table) -> NDArray[np.bool_]:
    """Return which rows hold nothing at all."""
    is_blank = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        if not is_blank.any():
            break
        is_blank &= pc.equal(column, "").to_numpy()
    return is_blank


def _unique_names(header: list[str]) -> tuple[list[str], list[str]]:
    """Return column names that are all there and all different, and what was changed."""
    names: list[str] = []
    notes: list[str] = []
    for position, column in enumerate(header, start=1):
        name = column or f"column_{position}"
        if name in names:
            name = next(other for k in range(2, MAX_COLUMNS + 2) if (other := f"{column}_{k}") not in names)
            notes.append(f"column {column!r} stands twice; the later one is read as {name!r}")
        names.append(name)
    return names, notes
