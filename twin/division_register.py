"""Who stands above whom, and who follows whom, among the dated rows of the administrative tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

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
        """Return the place of a row, or of what it went into, or -1.

        Parameters
        ----------
        row : Division
        places : mapping of int to int
            Place by id of the rows in force.

        Returns
        -------
        int
        """
        seen: set[int] = set()
        while row.id not in seen:
            if row.id in places:
                return places[row.id]
            seen.add(row.id)
            heirs = self._rows.get(self.layout.significant(row.superseded_by or row.code), [])
            for heir in heirs:
                if heir.id in places:
                    return places[heir.id]
            if heirs:
                row = heirs[-1]
        return -1

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
