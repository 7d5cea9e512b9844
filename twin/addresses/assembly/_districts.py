"""The divisions that addresses stand in, as arrays: nesting, common ancestors, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.addresses.levels import Level
from twin.divisions import Division, DivisionTree

DEPTH = 4
"""Levels of divisions above the grid unit."""

_Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Districts:
    """The divisions of a tree down to the community; positions 0..n-1, each after the one above.

    Parameters
    ----------
    divisions : sequence of Division, length n
    parents : ndarray of int64, shape (n,)
        -1 at the top.
    chains : ndarray of int64, shape (n + 1, 4)
        Position of the division of each level that holds each, itself included; -1 where none.
        The last row is all -1, so that position -1 stands for no division.
    of_number : ndarray of int64, shape (n_nodes,)
        Position for each number of the tree; grid units have that of their community.
    is_made_up : bool
        Whether the city has no divisions, so that these are what the texts name.
    former : sequence of frozenset of str, length n
        Names of the divisions of other days that each followed, in whole or in part.
    """

    divisions: Sequence[Division]
    parents: _Numbers
    chains: _Numbers
    of_number: _Numbers
    is_made_up: bool = False
    former: Sequence[frozenset[str]] = ()

    @classmethod
    def of_tree(cls, tree: DivisionTree, *, is_made_up: bool = False) -> Districts:
        """Return the divisions of a tree that stand above the grid units."""
        of_number = np.full(len(tree.nodes), -1, np.int64)
        kept: list[Division] = []
        parents: list[int] = []
        for number, node in enumerate(tree.nodes):
            above = int(tree.parents[number])
            parent = int(of_number[above]) if above >= 0 else -1
            if node.level > DEPTH:
                of_number[number] = parent
                continue
            of_number[number] = len(kept)
            kept.append(node)
            parents.append(parent)
        chains = np.full((len(kept) + 1, DEPTH), -1, np.int64)
        for position, (division, parent) in enumerate(zip(kept, parents, strict=True)):
            if parent >= 0:
                chains[position] = chains[parent]
            chains[position, division.level - 1] = position
        former = [_former_names(tree, division) for division in kept]
        return cls(kept, np.array(parents, np.int64), chains, of_number, is_made_up, former)

    def depth(self, position: int) -> int:
        """Return the level of a division, 0 for none."""
        return self.divisions[position].level if position >= 0 else 0

    def holds(self, above: int, below: int) -> bool:
        """Return whether a division is another one or holds it; -1 holds all."""
        return above < 0 or (below >= 0 and bool(self.chains[below, self.depth(above) - 1] == above))

    def are_nested(self, one: int, other: int) -> bool:
        """Return whether one of two divisions holds the other."""
        return self.holds(one, other) or self.holds(other, one)

    def differ_at(self, one: int, other: int, level: Level) -> bool:
        """Return whether two divisions are known to lie in different ones of a level."""
        first, second = self.chains[one, level - 1], self.chains[other, level - 1]
        return bool(first >= 0 and second >= 0 and first != second)

    def common(self, positions: NDArray[np.int64]) -> int:
        """Return the deepest division that holds all of some; -1 where none does."""
        chains = self.chains[positions]
        for level in range(DEPTH - 1, -1, -1):
            column = chains[:, level]
            if column[0] >= 0 and (column == column[0]).all():
                return int(column[0])
        return -1

    @property
    def root(self) -> int:
        """The one division at the top, -1 where there are several or none."""
        tops = np.flatnonzero(self.parents < 0)
        return int(tops[0]) if len(tops) == 1 else -1


def _former_names(tree: DivisionTree, division: Division) -> frozenset[str]:
    """Return what the divisions were called that one followed, on any day before."""
    rows = [division]
    for row in rows:
        rows.extend(one for one in tree.register.predecessors(row) if one not in rows)
    return frozenset(row.name for row in rows[1:])


def made_up_tree(named: pa.Table) -> DivisionTree:
    """Return the tree of the divisions that texts name, for a city that has delivered none.

    Each is known by its path of names, which stands in for its code.
    """
    levels = [level for level in Level if level.is_division]
    paths: dict[str, tuple[str, int, str | None]] = {}
    for row in _distinct(named, levels):
        above: str | None = None
        for level, name in zip(levels, row, strict=True):
            if name:
                path = f"{above}/{name}" if above else f"{level.column} {name}"
                paths.setdefault(path, (name, int(level), above))
                above = path
    table = {
        "code": list(paths),
        "name": [name for name, _, _ in paths.values()],
        "level": pa.array([level for _, level, _ in paths.values()], pa.int64()),
        "parent_code": pa.array([above for _, _, above in paths.values()], pa.string()),
    }
    return DivisionTree.from_sound_rows(pa.table(table), None)[0] if paths else _no_tree()


def _no_tree() -> DivisionTree:
    return DivisionTree.from_tables(None, None)


def _distinct(named: pa.Table, levels: Sequence[Level]) -> list[tuple[str | None, ...]]:
    """Return the distinct combinations of division names, in order of their first row."""
    columns = [named[level.column].to_pylist() for level in levels]
    return list(dict.fromkeys(zip(*columns, strict=True)))


class NamedDivisions:
    """What divisions the names in a text mean; the parser has put today's in place of former ones.

    Parameters
    ----------
    districts : Districts
    """

    def __init__(self, districts: Districts) -> None:
        self._districts = districts
        self._by_name: dict[tuple[int, str], list[int]] = {}
        for position, division in enumerate(districts.divisions):
            self._by_name.setdefault((division.level, division.name), []).append(position)
        self._former = {
            (division.level, name)
            for division, names in zip(districts.divisions, districts.former, strict=False)
            for name in names
        }

    def resolve(self, names: Mapping[int, str]) -> int:
        """Return the deepest division that the names of some levels mean together; -1 where none does."""
        found: list[int] = []
        for level in sorted(names):
            here = self._by_name.get((level, names[level]), [])
            fitting = [
                place
                for place in here
                if not found or any(self._districts.are_nested(p, place) for p in found)
            ]
            if not fitting:
                fitting = [place for place in here if self._was_in(place, found)]
            if fitting:
                found = fitting
        return found[0] if len(found) == 1 else self._districts.common(np.array(found)) if found else -1

    def has_any(self, names: Mapping[int, str]) -> bool:
        """Return whether the city has, or had, a division of any of the names."""
        return any(key in self._by_name or key in self._former for key in names.items())

    def _was_in(self, place: int, others: Sequence[int]) -> bool:
        """Return whether a division lay in one of some others once, as 临平街道 did in 余杭区."""
        districts = self._districts
        for other in others:
            holder = int(districts.chains[place, districts.depth(other) - 1])
            if holder >= 0 and districts.divisions[other].name in districts.former[holder]:
                return True
        return False
