"""The administrative tree (行政区划树): five levels, dated, numbered so that a subtree is an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.division_register import DivisionRegister
from twin.division_rows import (
    LEVELS,
    CodeLayout,
    Division,
    GridUnit,
    read_divisions,
    read_units,
    span_in_words,
)
from twin.errors import InvalidDivisionError, UnknownDivisionError
from twin.scope import Scope

__all__ = ["LEVELS", "CodeLayout", "Division", "DivisionTree", "Grant", "GridUnit", "findings"]

CHINA_TIME = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to see a further division, up to and including a day (跨区授权)."""

    code: str
    until: date


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DivisionTree:
    """Divisions and grid units as of one day; make it by :meth:`from_tables`.

    Numbers are those of a walk that visits each division before those below it, so
    the units of a division carry the numbers of one interval.

    Attributes
    ----------
    nodes : tuple of Division
        Those in force on the day; position is the pre-order number.
    ends : ndarray of int32, shape (n_nodes,)
        First number after the subtree of each node.
    parents : ndarray of int32, shape (n_nodes,)
        Number of the node above, -1 at the top.
    as_of : date
        The day.
    register : DivisionRegister
        Rows of every date by code, and what followed what.

    Examples
    --------
    >>> codes, names = ["3311", "331102", "331102001"], ["丽州市", "东区", "中心街道"]
    >>> divisions = pa.table({"code": codes, "name": names})
    >>> grid = pa.table({"grid_id": ["A-1"], "community_code": ["331102001000"]})
    >>> tree = DivisionTree.from_tables(divisions, grid, as_of=date(2024, 1, 1))
    >>> [division.name or division.code for division in tree.chain(tree.unit("A-1"))]
    ['丽州市', '东区', '中心街道', 'A-1']
    >>> tree.scope("331102")
    Scope(intervals=((1, 4),), is_whole_city=False)
    """

    nodes: tuple[Division, ...]
    ends: NDArray[np.int32]
    parents: NDArray[np.int32]
    as_of: date
    _rows: tuple[Division, ...]
    _units: tuple[GridUnit, ...]
    _positions: dict[int, int]
    register: DivisionRegister
    _units_by_id: dict[str, GridUnit]
    _sorted_ids: NDArray[np.int64]
    _sorted_numbers: NDArray[np.int32]

    @classmethod
    def from_tables(
        cls,
        divisions: pa.Table | None,
        grid: pa.Table | None,
        as_of: date | None = None,
        *,
        layout: CodeLayout | None = None,
    ) -> DivisionTree:
        """Return the tree of the layers ``divisions`` and ``grid``.

        Parameters
        ----------
        divisions, grid : pyarrow.Table, optional
            Layer tables; either may be missing. Parents come from ``parent_code`` and
            ``community_code`` where given, else from the code.
        as_of : date, optional
            The day; today in China where not given.
        layout : CodeLayout, optional
            2 + 2 + 2 + 3 + 3 digits and 3 for the grid unit where not given.

        Returns
        -------
        DivisionTree

        Raises
        ------
        InvalidDivisionError
            If a code is missing or carried twice at a time, a level is wrong, or a
            parent is unknown, not above, or below the division itself. Names the row.
        """
        tree, found = cls.from_sound_rows(divisions, grid, as_of, layout=layout)
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise InvalidDivisionError(found[0] + more)
        return tree

    @classmethod
    def from_sound_rows(
        cls,
        divisions: pa.Table | None,
        grid: pa.Table | None,
        as_of: date | None = None,
        *,
        layout: CodeLayout | None = None,
    ) -> tuple[DivisionTree, tuple[str, ...]]:
        """Return the tree that the sound rows make, and a sentence for each that is not sound.

        A row without code or level, or with a code already carried, is left out; one
        whose parent is wrong stands at the top.

        Parameters
        ----------
        divisions, grid, as_of, layout
            As for :meth:`from_tables`.

        Returns
        -------
        tree : DivisionTree
        findings : tuple of str

        Raises
        ------
        InvalidDivisionError
            If a table lacks its key column.
        """
        layout = layout or CodeLayout()
        rows, row_findings = read_divisions(divisions, layout)
        units, unit_findings = read_units(grid)
        tree, link_findings = _grow(
            tuple(rows), tuple(units), as_of or _today(), DivisionRegister(rows, layout)
        )
        return tree, (*row_findings, *unit_findings, *link_findings)

    def at(self, as_of: date) -> DivisionTree:
        """Return the tree of the same rows as of another day.

        Parameters
        ----------
        as_of : date

        Returns
        -------
        DivisionTree
            Divisions whose parent was not in force that day stand at the top.
        """
        return self if as_of == self.as_of else _grow(self._rows, self._units, as_of, self.register)[0]

    def by_code(self, code: str, as_of: date | None = None) -> Division:
        """Return the division that carried a code.

        Parameters
        ----------
        code : str
            With or without the zeros that pad it to 12 digits.
        as_of : date, optional
            The day; that of the tree where not given.

        Returns
        -------
        Division

        Raises
        ------
        UnknownDivisionError
            If no division ever carried the code, or none did on that day.
        """
        day = as_of or self.as_of
        rows = self.register.rows_of(code)
        for row in rows:
            if row.is_valid(day):
                return row
        last = rows[-1]
        raise UnknownDivisionError(
            f"no division carries the code {code!r} on {day}; "
            f"{last} is valid {span_in_words(last.valid_from, last.valid_to)}{_fate(last)}"
        )

    def current(self, code: str) -> Division:
        """Return the division that carries a code on the day of the tree, or what it went into.

        Parameters
        ----------
        code : str

        Returns
        -------
        Division

        Raises
        ------
        UnknownDivisionError
            If no division ever carried the code, nothing in force came of it, or it was split: the
            message names the heirs then.
        """
        begun = [row for row in self.register.rows_of(code) if (row.valid_from or date.min) <= self.as_of]
        for row in begun[-1:]:
            position = self.register.successor(row, self._positions)
            if position >= 0:
                return self.nodes[position]
        return self.by_code(code)  # says what became of it

    def unit(self, grid_id: str) -> GridUnit:
        """Return a grid unit.

        Parameters
        ----------
        grid_id : str

        Returns
        -------
        GridUnit

        Raises
        ------
        UnknownDivisionError
            If there is no such unit.
        """
        unit = self._units_by_id.get(grid_id)
        if unit is None:
            raise UnknownDivisionError(
                f"there is no grid unit {grid_id!r}; the city has {len(self._units):,}"
            )
        return unit

    def chain(self, division: Division) -> tuple[Division, ...]:
        """Return the divisions from the city down to one, itself last.

        Parameters
        ----------
        division : Division
            In force on the day of the tree.

        Returns
        -------
        tuple of Division

        Raises
        ------
        UnknownDivisionError
            If it is not in force on the day of the tree.
        """
        position = self._position_of(division)
        chain = []
        while position >= 0:
            chain.append(self.nodes[position])
            position = int(self.parents[position])
        return tuple(reversed(chain))

    def chain_of_code(self, code: str) -> tuple[Division, ...]:
        """Return the chain of the division that carries a code, or of what it went into.

        Parameters
        ----------
        code : str

        Returns
        -------
        tuple of Division

        Raises
        ------
        UnknownDivisionError
            As :meth:`current` does.
        """
        return self.chain(self.current(code))

    def children(self, division: Division) -> tuple[Division, ...]:
        """Return the divisions right below one, by code.

        Parameters
        ----------
        division : Division

        Returns
        -------
        tuple of Division

        Raises
        ------
        UnknownDivisionError
            If it is not in force on the day of the tree.
        """
        position = self._position_of(division)
        below = range(position + 1, int(self.ends[position]))
        return tuple(self.nodes[number] for number in below if self.parents[number] == position)

    def descendants(self, division: Division) -> tuple[Division, ...]:
        """Return every division and grid unit below one, in pre-order.

        Parameters
        ----------
        division : Division

        Returns
        -------
        tuple of Division

        Raises
        ------
        UnknownDivisionError
            If it is not in force on the day of the tree.
        """
        position = self._position_of(division)
        return self.nodes[position + 1 : int(self.ends[position])]

    def scope(self, code: str, grants: Sequence[Grant] = (), *, today: date | None = None) -> Scope:
        """Return what someone who belongs to a division may see.

        Parameters
        ----------
        code : str
            Code of the division; one that was merged stands for what it went into.
        grants : sequence of Grant
            Further divisions; those that have ended count no more.
        today : date, optional
            The day on which grants are checked; today in China where not given.

        Returns
        -------
        Scope
            Intervals of pre-order numbers, ascending, none touching another.

        Raises
        ------
        UnknownDivisionError
            If a code was never carried, or nothing in force came of it.
        """
        day = today or _today()
        codes = [code, *(grant.code for grant in grants if day <= grant.until)]
        positions = sorted(self._positions[self.current(each).id] for each in codes)
        intervals: list[tuple[int, int]] = []
        for first in positions:
            last = int(self.ends[first])
            if intervals and first <= intervals[-1][1]:
                intervals[-1] = (intervals[-1][0], max(intervals[-1][1], last))
            else:
                intervals.append((first, last))
        return Scope(tuple(intervals))

    def preorder_of(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the pre-order number of each division id.

        Parameters
        ----------
        ids : ndarray of int64, shape (n,)

        Returns
        -------
        ndarray of int32, shape (n,)
            A division no longer in force has the number of what it went into; -1 where
            that is nothing, or the id is unknown.
        """
        wanted = np.asarray(ids, dtype=np.int64)
        if not len(self._sorted_ids):
            return np.full(wanted.shape, -1, np.int32)
        places = np.minimum(np.searchsorted(self._sorted_ids, wanted), len(self._sorted_ids) - 1)
        return np.where(self._sorted_ids[places] == wanted, self._sorted_numbers[places], np.int32(-1))

    def _position_of(self, division: Division) -> int:
        position = self._positions.get(division.id)
        if position is None:
            raise UnknownDivisionError(f"{division} is not in force on {self.as_of}, the day of this tree")
        return position


def findings(
    divisions: pa.Table | None,
    grid: pa.Table | None,
    as_of: date | None = None,
    *,
    layout: CodeLayout | None = None,
) -> tuple[str, ...]:
    """Return a sentence for each row that would keep a tree from being made.

    Parameters
    ----------
    divisions, grid, as_of, layout
        As for :meth:`DivisionTree.from_tables`.

    Returns
    -------
    tuple of str
        Empty where all rows are sound.

    Raises
    ------
    InvalidDivisionError
        If a table lacks its key column.

    Examples
    --------
    >>> findings(pa.table({"code": ["331102", "331102"], "name": ["东区", "西区"]}), None)
    ('district 331102 西区, valid always: the code is still carried by district 331102 东区',)
    """
    return DivisionTree.from_sound_rows(divisions, grid, as_of, layout=layout)[1]


def _fate(row: Division) -> str:
    """Return the end of a sentence that says what a division went into."""
    if len(row.heirs) > 1:
        return f"; it was split into {', '.join(row.heirs)}, so ask for the one that is meant (拆分)"
    return f"; it went into {row.heirs[0]}" if row.heirs else ""


def _grow(
    rows: tuple[Division, ...], units: tuple[GridUnit, ...], day: date, register: DivisionRegister
) -> tuple[DivisionTree, list[str]]:
    """Return the tree as of a day and a sentence for each parent that is wrong."""
    present: list[Division] = [*(row for row in rows if row.is_valid(day)), *units]
    present.sort(key=lambda node: (node.level, node.code))
    above, found = register.link(present, {node.id: place for place, node in enumerate(present)})
    order = _preorder(above)
    numbers = {place: number for number, place in enumerate(order)}
    parents = np.array([numbers.get(above[place], -1) for place in order], np.int32)
    ends = np.arange(1, len(order) + 1, dtype=np.int32)
    for number in range(len(order) - 1, 0, -1):
        if parents[number] >= 0:
            ends[parents[number]] = max(ends[parents[number]], ends[number])
    nodes = tuple(present[place] for place in order)
    positions = {node.id: number for number, node in enumerate(nodes)}
    known = [*rows, *units]
    ids = np.array([row.id for row in known], np.int64)
    heirs = np.array([register.successor(row, positions) for row in known], np.int32)
    by_id = np.argsort(ids)
    lookups = (positions, register, {unit.grid_id: unit for unit in units}, ids[by_id], heirs[by_id])
    return DivisionTree(nodes, ends, parents, day, rows, units, *lookups), found


def _preorder(parents: list[int]) -> list[int]:
    """Return places so that each follows its parent, and siblings keep their order."""
    children: list[list[int]] = [[] for _ in parents]
    for place, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(place)
    order = []
    todo = [place for place, parent in enumerate(parents) if parent < 0][::-1]
    while todo:
        place = todo.pop()
        order.append(place)
        todo.extend(reversed(children[place]))
    return order


def _today() -> date:
    return datetime.now(CHINA_TIME).date()
