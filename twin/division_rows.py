"""Rows of the administrative tree: divisions, grid units, their codes, and what is wrong with them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.errors import InvalidDivisionError
from twin.identity import days_of

LEVELS = ("city", "district", "subdistrict", "community", "grid")
"""Names of the levels 1 to 5: 市, 区县, 街道/乡镇, 社区/村, 网格."""
GRID_LEVEL = 5
_SEPARATORS = re.compile(r"[,;，、；|\s]+")
ID_BITS = 53
"""Ids stay exact in JSON readers that know only doubles."""


@dataclass(frozen=True, slots=True)
class CodeLayout:
    """How many digits of a code belong to each level.

    Parameters
    ----------
    widths : tuple of int
        Digits of province, city, district, subdistrict and community: the statistical
        code (统计用区划代码).
    below : tuple of int
        Digits that a grid id adds to the code of its community; several groups where
        units are divided further.

    Raises
    ------
    InvalidDivisionError
        If there are not five widths, or one is not positive.

    Examples
    --------
    >>> layout = CodeLayout()
    >>> layout.significant("330102001000"), layout.level_of("330102001000")
    ('330102001', 3)
    >>> layout.ancestors("330102001001005")
    ('330102001001', '330102001', '330102', '3301', '33')
    """

    widths: tuple[int, ...] = (2, 2, 2, 3, 3)
    below: tuple[int, ...] = (3,)

    def __post_init__(self) -> None:
        if len(self.widths) != GRID_LEVEL or min(*self.widths, *self.below, 1) < 1:
            raise InvalidDivisionError(
                f"code layout {self.widths} + {self.below} wants five positive widths and positive ones below"
            )

    def significant(self, code: str) -> str:
        """Return a code without the zero groups that pad it; other texts as they are.

        Parameters
        ----------
        code : str

        Returns
        -------
        str
        """
        lengths = [0, *accumulate(self.widths)]
        if not _is_digits(code) or len(code) not in lengths:
            return code
        groups = [code[start:end] for start, end in pairwise(lengths)]
        used = max((number for number, group in enumerate(groups, start=1) if group.strip("0")), default=0)
        return code[: lengths[used]] or code

    def level_of(self, code: str) -> int | None:
        """Return the level 1-4 that the length of a code tells, None where it tells none.

        Parameters
        ----------
        code : str

        Returns
        -------
        int or None
        """
        code = self.significant(code)
        lengths = list(accumulate(self.widths))
        level = lengths.index(len(code)) if _is_digits(code) and len(code) in lengths else 0
        return level or None

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Return the significant codes that may stand above a code or grid id, nearest first.

        Parameters
        ----------
        code : str

        Returns
        -------
        tuple of str
            Empty where the code does not follow the layout.
        """
        code = self.significant(code)
        lengths = list(accumulate((*self.widths, *self.below)))
        if not _is_digits(code) or len(code) not in lengths:
            return ()
        above = [
            self.significant(code[:length]) for length in lengths[: len(self.widths)] if length < len(code)
        ]
        return tuple(dict.fromkeys(reversed(above)))


@dataclass(frozen=True, slots=True)
class Division:
    """One dated row of the administrative tree (行政区划).

    Parameters
    ----------
    id : int
        Opaque, below 2**53, the same for the same code and first day in every build.
    code : str
        The code it carries while it is valid; for grid units the ``grid_id``.
    name : str
    level : int
        1 city to 5 grid unit, see :data:`LEVELS`.
    parent_code : str
        Code of the division above; empty where the source gives none.
    valid_from, valid_to : date, optional
        First day, and first day no longer; None is open.
    superseded_by : str
        Code of the division it went into, several after a split with blanks or commas between
        them; empty where there is none.
    """

    id: int
    code: str
    name: str
    level: int
    parent_code: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    superseded_by: str = ""

    @property
    def level_name(self) -> str:
        """Name of the level, one of :data:`LEVELS`."""
        return LEVELS[self.level - 1]

    @property
    def heirs(self) -> tuple[str, ...]:
        """Codes of what it went into: none, one, or several where it was split."""
        return tuple(dict.fromkeys(_SEPARATORS.sub(" ", self.superseded_by).split()))

    def is_valid(self, day: date) -> bool:
        """Return whether the row is in force on a day.

        Parameters
        ----------
        day : date

        Returns
        -------
        bool
        """
        has_begun = self.valid_from is None or self.valid_from <= day
        return has_begun and (self.valid_to is None or day < self.valid_to)

    def __str__(self) -> str:
        return f"{self.level_name} {self.code} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class GridUnit(Division):
    """A grid unit (网格): the smallest unit of governance.

    Parameters
    ----------
    kind : str
        Its kind as the source names it.
    """

    kind: str = ""

    @property
    def grid_id(self) -> str:
        """Its id as the city writes it."""
        return self.code


def read_divisions(table: pa.Table | None, layout: CodeLayout) -> tuple[list[Division], list[str]]:
    """Return the sound rows of the layer ``divisions`` and a sentence for each that is not.

    Parameters
    ----------
    table : pyarrow.Table, optional
        Columns ``code`` and ``name``, and where known ``level``, ``parent_code``,
        ``superseded_by``, ``valid_from``, ``valid_to``.
    layout : CodeLayout
        Tells the level where the source does not.

    Returns
    -------
    rows : list of Division
        In the order of the table.
    findings : list of str

    Raises
    ------
    InvalidDivisionError
        If the table has no column ``code``.
    """
    rows: list[Division] = []
    findings: list[str] = []
    columns = ("code", "name", "level", "parent_code", "superseded_by", "valid_from", "valid_to")
    for number, values in enumerate(_rows(table, "divisions", "code", columns), start=1):
        code, name, level, parent, successor, first, last = values
        where = f"divisions row {number} ({code or 'no code'}, {name or 'no name'})"
        rank = layout.level_of(str(code)) if level is None else int(level)
        if not code:
            findings.append(f"{where}: the code is missing")
        elif rank is None or not 1 <= rank < GRID_LEVEL:
            findings.append(
                f"{where}: level is {level}, wanted 1 city, 2 district, 3 subdistrict or 4 community"
            )
        elif first is not None and last is not None and last <= first:
            findings.append(f"{where}: valid_to {last} is not after valid_from {first}")
        else:
            division_id = _id_of(code, first)
            rows.append(
                Division(division_id, code, name or "", rank, parent or "", first, last, successor or "")
            )
    return _without_duplicates(rows, layout, findings), findings


def read_units(table: pa.Table | None) -> tuple[list[GridUnit], list[str]]:
    """Return the sound rows of the layer ``grid`` and a sentence for each that is not.

    Parameters
    ----------
    table : pyarrow.Table, optional
        Column ``grid_id``, and where known ``name``, ``community_code``, ``kind``.

    Returns
    -------
    rows : list of GridUnit
    findings : list of str

    Raises
    ------
    InvalidDivisionError
        If the table has no column ``grid_id``.
    """
    rows: dict[str, GridUnit] = {}
    findings: list[str] = []
    columns = ("grid_id", "name", "community_code", "kind")
    for number, (code, name, community, kind) in enumerate(_rows(table, "grid", "grid_id", columns), start=1):
        where = f"grid row {number} ({code or 'no grid_id'}, {name or 'no name'})"
        if not code:
            findings.append(f"{where}: the grid_id is missing")
        elif code in rows:
            findings.append(f"{where}: the grid_id is taken by an earlier row; ids must be unique")
        else:
            rows[code] = GridUnit(
                unit_id_of(code), code, name or "", GRID_LEVEL, community or "", kind=kind or ""
            )
    return list(rows.values()), findings


def in_force(divisions: pa.Table, day: date) -> NDArray[np.bool_]:
    """Return which rows of the layer ``divisions`` are in force on a day of China.

    Parameters
    ----------
    divisions : pyarrow.Table, n rows
        Columns ``valid_from`` and ``valid_to``.
    day : date

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    has_begun = pc.less_equal(days_of(divisions["valid_from"]), day).fill_null(True)
    has_ended = pc.less_equal(days_of(divisions["valid_to"]), day).fill_null(False)
    is_valid: NDArray[np.bool_] = pc.and_not(has_begun, has_ended).to_numpy()
    return is_valid


def _rows(table: pa.Table | None, layer: str, key: str, names: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the values of some columns row by row, None where missing, moments as days."""
    if table is None:
        return iter(())
    if key not in table.column_names:
        raise InvalidDivisionError(
            f"the {layer} table has no column {key!r}; it has {', '.join(table.column_names)}"
        )
    columns = []
    for name in names:
        if name not in table.column_names:
            columns.append([None] * table.num_rows)
            continue
        column = table[name]
        if pa.types.is_timestamp(column.type):
            column = days_of(column)
        columns.append(column.to_pylist())
    return zip(*columns, strict=True)


def _without_duplicates(rows: list[Division], layout: CodeLayout, findings: list[str]) -> list[Division]:
    """Return the rows less those whose code another row carries at the same time, and say which they were."""
    kept: dict[int, Division] = {}
    latest: dict[str, Division] = {}
    for row in sorted(rows, key=lambda row: row.valid_from or date.min):
        code = layout.significant(row.code)
        before = latest.get(code)
        if before is not None and (before.valid_to is None or before.valid_to > (row.valid_from or date.min)):
            findings.append(f"{row}, valid {_span(row)}: the code is still carried by {before}")
        elif row.id in kept:
            findings.append(f"{row}, valid {_span(row)}: its id is that of {kept[row.id]}")
        else:
            kept[row.id] = latest[code] = row
    return [row for row in rows if kept.get(row.id) is row]


def span_in_words(first: object, end: object) -> str:
    """Return a validity as people say it; the day it ends is the first one no longer.

    Parameters
    ----------
    first, end : str, date or None
        None where it is open.

    Returns
    -------
    str

    Examples
    --------
    >>> span_in_words("1995-01-01", "2021-07-15")
    'from 1995-01-01 until before 2021-07-15'
    >>> span_in_words("2021-07-15", None), span_in_words(None, "2021-07-15"), span_in_words(None, None)
    ('from 2021-07-15 on', 'until before 2021-07-15', 'always')
    """
    if end is None:
        return "always" if first is None else f"from {first} on"
    return f"until before {end}" if first is None else f"from {first} until before {end}"


def unit_id_of(grid_id: str) -> int:
    """Return the division id of a grid unit, the same in every build.

    Parameters
    ----------
    grid_id : str

    Returns
    -------
    int
        Below 2**53.
    """
    return _id_of(f"grid {grid_id}", None)


def _span(row: Division) -> str:
    return span_in_words(row.valid_from, row.valid_to)


def _id_of(code: object, valid_from: object) -> int:
    digest = hashlib.sha256(f"{code} {valid_from or ''}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - ID_BITS)


def _is_digits(code: str) -> bool:
    return code.isascii() and code.isdigit()
