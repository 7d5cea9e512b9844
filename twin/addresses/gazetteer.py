"""Names of a city's divisions as texts use them (地名词典): whole, short, old and other names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Self

from twin.divisions import DivisionTree
from twin.errors import InvalidDivisionError

if TYPE_CHECKING:
    from twin.addresses.names import Alias

__all__ = ["Gazetteer", "Place", "PlaceRow"]

_N_LEVELS = 4
_MIN_STEM = 2
_PEOPLES = (
    "壮族|回族|维吾尔|苗族|彝族|土家族|藏族|蒙古族|侗族"
    "|布依族|瑶族|白族|朝鲜族|哈尼族|黎族|哈萨克|傣族|畲族|满族"
)
_SUFFIX = re.compile(
    rf"(?:(?:{_PEOPLES})+(?:自治[州县旗]|族?乡)|自治[州县旗]|地区|街道|社区|居民委员会|村民委员会|[省市区县旗镇乡村])$"
)
_COMMITTEE = re.compile(r"(?:居民委员会|村民委员会|居委会|村委会)$")
_TAKEN_STEM = re.compile(r".*(?:[区路街巷道弄]|开发|新村|小区|工业园|农场|林场)$")
"""Short forms that would read as something else: 解放路 of 解放路街道, 开发区 of 开发区街道."""


class PlaceRow(NamedTuple):
    """A division as a plain table has it.

    Parameters
    ----------
    name : str
    level : int
        1 city, 2 district, 3 subdistrict, 4 community.
    parent : int
        Row number of the division above, lower than its own; -1 where there is none.
    code : str
    """

    name: str
    level: int
    parent: int = -1
    code: str = ""


class Place(NamedTuple):
    """What a name in a text stands for.

    Parameters
    ----------
    row : int
        Number of the division.
    is_whole : bool
        Whether the name has its suffix: ``余杭区``, not ``余杭``.
    """

    row: int
    is_whole: bool


@dataclass(frozen=True, eq=False, repr=False)
class Gazetteer:
    """Divisions of one city by every name that they go by; make it by one of the constructors.

    Only what it holds can be read into a text: 五常 is a subdistrict of 余杭区 here, whatever other
    provinces call so.

    Attributes
    ----------
    rows : tuple of PlaceRow
        The divisions in force, each after the one above it.
    validity : tuple of (date or None, date or None)
        First day of each row, and first day no longer.
    beginnings : frozenset of str
        First characters of the names of cities and districts.

    Examples
    --------
    >>> city = Gazetteer.of([("杭州市", 1, -1), ("余杭区", 2, 0), ("五常街道", 3, 1)])
    >>> [city.rows[place.row].name for place in city.places("五常")]
    ['五常街道']
    >>> city.is_below(2, 0)
    True
    """

    rows: tuple[PlaceRow, ...]
    validity: tuple[tuple[date | None, date | None], ...]
    beginnings: frozenset[str]
    _lengths: dict[str, tuple[int, ...]]
    _places: dict[str, tuple[Place, ...]]

    def places(self, name: str) -> tuple[Place, ...]:
        """Return the divisions that go by a name, those whose whole name it is first.

        Parameters
        ----------
        name : str

        Returns
        -------
        tuple of Place
            Empty where there is none.
        """
        return self._places.get(name, ())

    def matches(self, text: str, start: int = 0) -> Iterator[tuple[int, tuple[Place, ...]]]:
        """Yield the names that a text has at a place, the longest first.

        Parameters
        ----------
        text : str
        start : int

        Yields
        ------
        end : int
            Where the name ends.
        places : tuple of Place
        """
        for length in self._lengths.get(text[start : start + _MIN_STEM], ()):
            found = self._places.get(text[start : start + length])
            if found and start + length <= len(text):
                yield start + length, found

    def is_below(self, row: int, above: int) -> bool:
        """Return whether a division lies in another, or is it.

        Parameters
        ----------
        row, above : int
            Row numbers.

        Returns
        -------
        bool
        """
        while row > above:
            row = self.rows[row].parent
        return row == above

    @classmethod
    def empty(cls) -> Self:
        """Return the gazetteer of a city that has no divisions yet: texts are read by suffixes alone.

        Returns
        -------
        Gazetteer
        """
        return cls.of(())

    @classmethod
    def of(cls, rows: Iterable[tuple[str, int, int] | tuple[str, int, int, str]]) -> Self:
        """Return the gazetteer of plain rows.

        Parameters
        ----------
        rows : iterable of (name, level, parent[, code])
            As :class:`PlaceRow`.

        Returns
        -------
        Gazetteer

        Raises
        ------
        InvalidDivisionError
            If a level is not 1 to 4, or a parent does not stand before its row. Names the row.
        """
        made = [PlaceRow(*row) for row in rows]
        for number, row in enumerate(made):
            if not 1 <= row.level <= _N_LEVELS:
                raise InvalidDivisionError(f"row {number} ({row.name}): level is {row.level}, wanted 1 to 4")
            if not -1 <= row.parent < number:
                raise InvalidDivisionError(f"row {number} ({row.name}): its parent {row.parent} is not above")
        return cls._built(made, [(None, None)] * len(made), ())

    @classmethod
    def from_tree(cls, tree: DivisionTree, aliases: Sequence[Alias] | None = None) -> Self:
        """Return the gazetteer of a city's tree as of its day.

        Parameters
        ----------
        tree : DivisionTree
            Names of divisions that went into one still in force lead to that one; after a split they
            lead nowhere, because nobody can tell which heir is meant. A name in force means its bearer.
        aliases : sequence of Alias, optional
            Other names of divisions; those of roads and estates are passed over.

        Returns
        -------
        Gazetteer
        """
        numbers: dict[int, int] = {}
        rows: list[PlaceRow] = []
        validity: list[tuple[date | None, date | None]] = []
        others: list[tuple[str, int]] = []
        for position, node in enumerate(tree.nodes):
            if node.level > _N_LEVELS or not node.name:
                continue
            parent = int(tree.parents[position])
            while parent >= 0 and parent not in numbers:
                parent = int(tree.parents[parent])
            numbers[position] = len(rows)
            others += [(name, len(rows)) for name in _former_names(tree, position)]
            rows.append(PlaceRow(node.name, node.level, numbers.get(parent, -1), node.code))
            validity.append((node.valid_from, node.valid_to))
        by_name: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            by_name.setdefault(row.name, []).append(number)
        for alias in aliases or ():
            others += [(alias.alias, number) for number in by_name.get(alias.name, ())]
        return cls._built(rows, validity, [other for other in others if other[0] not in by_name])

    @classmethod
    def _built(
        cls,
        rows: Sequence[PlaceRow],
        validity: Sequence[tuple[date | None, date | None]],
        others: Iterable[tuple[str, int]],
    ) -> Self:
        """Return the gazetteer with its lookup: whole names, then old and other ones, then short ones."""
        whole: dict[str, list[int]] = {}
        for number, row in enumerate(rows):
            whole.setdefault(row.name, []).append(number)
        for number, row in enumerate(rows):
            spoken = _COMMITTEE.sub("", row.name)
            if spoken != row.name and spoken:
                whole.setdefault(spoken, []).append(number)
        for name, number in others:
            if name and number not in whole.setdefault(name, []):
                whole[name].append(number)
        places = {name: [Place(number, True) for number in numbers] for name, numbers in whole.items()}
        for name, numbers in whole.items():
            stem = _SUFFIX.sub("", _COMMITTEE.sub("", name))
            if stem != name and len(stem) >= _MIN_STEM and not _TAKEN_STEM.match(stem):
                places.setdefault(stem, []).extend(Place(number, False) for number in numbers)
        lengths: dict[str, set[int]] = {}
        for name in places:
            lengths.setdefault(name[:_MIN_STEM], set()).add(len(name))
        by_start = {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()}
        lookup = {
            name: tuple(
                sorted(set(found), key=lambda place: (not place.is_whole, rows[place.row].level, place))
            )
            for name, found in places.items()
        }
        beginnings = frozenset(row.name[0] for row in rows if row.name and row.level < _N_LEVELS - 1)
        return cls(tuple(rows), tuple(validity), beginnings, by_start, lookup)


def _former_names(tree: DivisionTree, position: int) -> Iterator[str]:
    """Yield the names of all that went into a division and nothing else."""
    seen = {tree.nodes[position].id}
    todo = [tree.nodes[position]]
    while todo:
        for row in tree.register.predecessors(todo.pop()):
            has_ended = row.valid_to is not None and row.valid_to <= tree.as_of
            if has_ended and row.id not in seen and len(tree.register.successors(row)) == 1:
                seen.add(row.id)
                todo.append(row)
                if row.name:
                    yield row.name
