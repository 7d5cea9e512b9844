"""Who stands above whom, and who follows whom, among the dated rows of the administrative tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property

from twin.division_rows import CodeLayout, Division
from twin.errors import UnknownDivisionError


class DivisionRegister:
    """All rows of the divisions, by code and first day (区划代码簿).

    Parameters
    ----------
    rows : iterable of Division
        Rows of every date, no code carried twice at a time.
    layout : CodeLayout
        How codes are read.
    """

    def __init__(self, rows: Iterable[Division], layout: CodeLayout) -> None:
        self.layout = layout
        self._rows: dict[str, list[Division]] = {}
        for row in sorted(rows, key=lambda row: row.valid_from or date.min):
            self._rows.setdefault(layout.significant(row.code), []).append(row)

    def rows_of(self, code: str) -> Sequence[Division]:
        """Return every row that carries a code, oldest first.

        Parameters
        ----------
        code : str
            With or without the zeros that pad it.

        Returns
        -------
        sequence of Division

        Raises
        ------
        UnknownDivisionError
            If there is none.
        """
        rows = self._rows.get(self.layout.significant(code))
        if not rows:
            raise UnknownDivisionError(f"no division has ever carried the code {code!r}")
        return rows

    def successor(self, row: Division, places: Mapping[int, int]) -> int:
        """Return the place of a row, or of the one thing it went into, or -1.

        Parameters
        ----------
        row : Division
        places : mapping of int to int
            Place by id of the rows in force.

        Returns
        -------
        int
            -1 also where it was split: which heir is meant, nobody can tell from the code.
        """
        ends = self._ends(row, places, set())
        return ends.pop() if len(ends) == 1 else -1

    def _ends(self, row: Division, places: Mapping[int, int], seen: set[int]) -> set[int]:
        """Return the places of all that a row went into; -1 stands for a way that ends nowhere."""
        if row.id in places:
            return {places[row.id]}
        seen.add(row.id)
        ends: set[int] = set()
        for code in row.heirs or (row.code,):
            heirs = self._rows.get(self.layout.significant(code), [])
            in_force = [places[heir.id] for heir in heirs if heir.id in places]
            if in_force:
                ends.add(in_force[0])
            elif heirs and heirs[-1].id not in seen:
                ends |= self._ends(heirs[-1], places, seen)
            else:
                ends.add(-1)
        return ends

    def successors(self, row: Division) -> tuple[Division, ...]:
        """Return the rows that followed one on the day it ended.

        Parameters
        ----------
        row : Division

        Returns
        -------
        tuple of Division
            What ``superseded_by`` names, several after a split, the first to carry the code after that day
            where none did on it; else the row that carries the same code from that day on, as after a
            change of name. Empty while it is in force, or where nothing followed.
        """
        day = row.valid_to
        if day is None:
            return ()
        followed = []
        for code in row.heirs or (row.code,):
            heirs = [heir for heir in self._rows.get(self.layout.significant(code), []) if heir.id != row.id]
            then = [heir for heir in heirs if heir.is_valid(day)]
            later = [
                heir for heir in heirs if row.heirs and heir.valid_from is not None and heir.valid_from > day
            ]
            followed += (then or later)[:1]
        return tuple(followed)

    def predecessors(self, row: Division) -> tuple[Division, ...]:
        """Return the rows that one followed, by code.

        Parameters
        ----------
        row : Division

        Returns
        -------
        tuple of Division
            Those that :meth:`successors` leads from.
        """
        return self._predecessors.get(row.id, ())

    @cached_property
    def _predecessors(self) -> dict[int, tuple[Division, ...]]:
        found: dict[int, tuple[Division, ...]] = {}
        for code in sorted(self._rows):
            for row in self._rows[code]:
                for heir in self.successors(row):
                    found[heir.id] = (*found.get(heir.id, ()), row)
        return found

    def link(self, nodes: Sequence[Division], places: Mapping[int, int]) -> tuple[list[int], list[str]]:
        """Return the place of each node's parent, and what is wrong with the parents that were named.

        Parameters
        ----------
        nodes : sequence of Division
            Those in force.
        places : mapping of int to int
            Place in ``nodes`` by id.

        Returns
        -------
        parents : list of int
            -1 at the top, also where the named parent is wrong.
        findings : list of str
        """
        parents: list[int] = []
        found: list[str] = []
        for node in nodes:
            parent = self._parent(node, places)
            if parent is None:
                # A grid that is alone in its city names communities that nobody has delivered yet.
                if self._rows:
                    found.append(f"{node}: its parent {node.parent_code!r} is not a division in force")
                parent = -1
            elif parent >= 0 and nodes[parent].level >= node.level:
                reason = (
                    "parents run in a circle" if self._leads_to(node, nodes[parent]) else "levels must rise"
                )
                found.append(f"{node}: its parent is {nodes[parent]}, which is not above it; {reason}")
                parent = -1
            parents.append(parent)
        return parents, found

    def _parent(self, node: Division, places: Mapping[int, int]) -> int | None:
        """Return the place of the parent, -1 where there is none, None where the one named is unknown."""
        named = self.layout.significant(node.parent_code)
        for code in [named] if named else self.layout.ancestors(node.code):
            for row in reversed(self._rows.get(code, [])):
                place = self.successor(row, places)
                if place >= 0:
                    return place
        return None if named else -1

    def _leads_to(self, node: Division, start: Division) -> bool:
        """Return whether the named parents of ``start`` come back to the node."""
        seen: set[str] = set()
        wanted = self.layout.significant(node.code)
        code = self.layout.significant(start.code)
        while code not in seen and code in self._rows:
            if code == wanted:
                return True
            seen.add(code)
            code = self.layout.significant(self._rows[code][-1].parent_code)
        return False
