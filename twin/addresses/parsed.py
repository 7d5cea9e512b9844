"""What an address text says: its components with their spans, and what in it is no address."""

from __future__ import annotations

from dataclasses import dataclass

from twin.addresses.levels import Level


@dataclass(frozen=True, slots=True)
class Component:
    """One part of an address (地址要素).

    Parameters
    ----------
    level : Level
    text : str
        As the text has it, full-width letters and digits folded: ``"三十八号楼"``.
    token : str
        What it comes to: the number alone for numbered levels, Arabic, without leading zeros, letters in
        capitals (``"38"``, ``"A"``, ``"12-1"``); the name for named ones (``"永城路"``, divisions with
        their suffix where the gazetteer knows it).
    start, end : int
        Span in the text as it came.
    is_range : bool
        Whether it names several at once, as ``1-10幢`` does: then it is no place of its own.
    """

    level: Level
    text: str
    token: str
    start: int
    end: int
    is_range: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """Where the place meant lies from the address that is named (相对位置): ``对面``, ``旁50米``.

    Parameters
    ----------
    text : str
        The words: ``"对面"``, ``"门口"``, ``"交叉口"``.
    distance_m : float
        As said; NaN where the text gives none.
    start, end : int
        Span in the text as it came.
    """

    text: str
    distance_m: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """One address text taken apart.

    Parameters
    ----------
    text : str
        As it came.
    components : tuple of Component
        In the order of the text. A level may come twice: two roads are an intersection, a road
        within a road is a ``支路``.
    province : str
        Name of the province, empty where the text has none.
    relation : Relation, optional
        None where the address itself is meant.
    is_intersection : bool
        Whether the place is where the two roads named meet.
    noise : tuple of (int, int)
        Spans of what is no address: names and phones of people, remarks. Never stored.
    rest : str
        What could not be read, joined by blanks: nobody may take the answer for certain then.
    """

    text: str
    components: tuple[Component, ...]
    province: str = ""
    relation: Relation | None = None
    is_intersection: bool = False
    noise: tuple[tuple[int, int], ...] = ()
    rest: str = ""

    def of(self, level: Level) -> Component | None:
        """Return the last component of a level, None where the text names none.

        Parameters
        ----------
        level : Level

        Returns
        -------
        Component or None
        """
        for component in reversed(self.components):
            if component.level == level:
                return component
        return None

    @property
    def level(self) -> Level | None:
        """The deepest level named; None where nothing was recognised."""
        return max((component.level for component in self.components), default=None)


PARSED_COLUMNS = (
    "province",
    *(level.column for level in Level),
    "main_road",
    "number_word",
    "building_word",
    "unit_word",
    "dwelling_word",
    "rest",
    "is_partial",
)
"""Columns of :meth:`Parser.parse_table`, one row a text.

The level columns hold tokens, null where the text names none; ``road`` is the one the number stands in,
``main_road`` the one that it branches from. ``*_word`` is how the text calls a numbered part (``号``, ``弄``;
``幢``, ``栋``, ``号楼``; ``单元``, ``梯``; ``室``), empty where it is understood, as in ``3-1-302``. ``rest``
is what could not be read. ``is_partial`` marks texts that name no single place: a range of buildings, an
intersection, a place beside another. All but the last are dictionary<int32, string>.
"""
