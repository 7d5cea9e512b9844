"""A department's table as it was delivered (部门业务数据): every row, its numbers and coordinates read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from layers.columns import check_mapping
from layers.delimited import read_delimited
from layers.delivery import delivered
from layers.exact_numbers import exact_numbers
from layers.values import clean_text, degrees
from twin.errors import ImportRefusedError


@dataclass(frozen=True, slots=True)
class DepartmentTable:
    """Every row of a text table.

    Attributes
    ----------
    rows : pyarrow.Table, n rows
        Columns as they are called in the file: coordinates as float64, summed ones as numbers, others as
        text. Rows that could not be split into columns come last and are null throughout.
    numbers : ndarray of int64, shape (n,)
        1-based number of each row in the file.
    n_broken : int
        Rows that could not be split.
    notes : tuple of str
        What was recognised, and how many values could not be read.
    """

    rows: pa.Table
    numbers: NDArray[np.int64]
    n_broken: int
    notes: tuple[str, ...]


def read_department_table(
    path: Path, *, lon: str = "", lat: str = "", measures: Sequence[str] = ()
) -> DepartmentTable:
    r"""Return every row of a text table, none left out.

    Parameters
    ----------
    path : Path
        CSV or TSV, plain or packed as ``.gz`` or ``.zip``; UTF-8, UTF-16 or GB18030.
    lon, lat : str
        Columns of coordinates; empty where there are none.
    measures : sequence of str
        Columns to be added up. A value that is no number counts as none; a note says how many.

    Returns
    -------
    DepartmentTable

    Raises
    ------
    ImportRefusedError
        If the file is no text table, holds no row, or lacks a column that is named.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "用电.csv"
    ...     _ = path.write_text("地址,电量\n永城路38号,12.50\n永城路40号,\n", encoding="gbk")
    ...     read_department_table(path, measures=["电量"]).rows["电量"].to_pylist()
    [Decimal('12.50'), None]
    """
    with delivered(path) as delivery:
        if delivery.kind != "text":
            raise ImportRefusedError(f"{path.name} is {delivery.kind}; wanted a text table such as CSV")
        source = read_delimited(delivery)
    names = source.columns.column_names
    for wanted in filter(None, (lon, lat, *measures)):
        check_mapping({wanted: wanted}, names, path.name)
    notes = [*delivery.notes, *source.notes]
    columns: dict[str, pa.Array] = {}
    for name in names:
        if name in measures:
            parsed = exact_numbers(source.columns[name])
        elif name in (lon, lat):
            parsed = degrees(clean_text(source.columns[name])[0], "lon" if name == lon else "lat")
        else:
            columns[name] = clean_text(source.columns[name])[0]
            continue
        columns[name] = parsed.values
        notes += [f"{name}: {note}" for note in parsed.notes]
        if n_bad := int(parsed.is_bad.sum()):
            notes.append(f"{name}: {n_bad:,} values are no numbers and count as none (非数值)")
    rows = pa.table(columns)
    n_broken = len(source.broken)
    if n_broken:
        notes.append(f"{n_broken:,} rows could not be split into columns: they count as rows and no more")
        lost = pa.table({field.name: pa.nulls(n_broken, field.type) for field in rows.schema})
        rows = pa.concat_tables([rows, lost])
    numbers = np.concatenate([source.numbers, [one.row for one in source.broken]]).astype(np.int64)
    return DepartmentTable(rows.combine_chunks(), numbers, n_broken, tuple(notes))
