"""From a named place down to the number, building, unit and dwelling that a text asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.addresses.book import AddressBook, key_of
from twin.addresses.levels import Level

_Positions = NDArray[np.int64]

MAX_FRONTIER = 4096
"""More places at once are no answer, and cost time."""
MAX_TOKEN = 2**29 - 1
"""The highest token that a key holds."""
LANE, HOUSE = "弄", "号"
_SKIPPED = 0.9
_OTHER_LEVEL = 0.5
_REFUTED = 0.3
"""A group or unit is named that the base has not, but what follows it is there."""
_ONLY_UNIT = frozenset({"1", "甲", "A"})
"""Units that a building without units may be said to have: the only one."""
_TOLD_APART = (Level.BUILDING, Level.UNIT)
_NONE: _Positions = np.empty(0, np.int64)
_NUMBER_OR_BUILDING = {Level.NUMBER: Level.BUILDING, Level.BUILDING: Level.NUMBER}


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered component that a text asks for.

    ``start`` is where it stands in the text; a range names no place of its own; ``is_lane``: the number is
    called 弄, which is another place than the 号 of that number.
    """

    level: Level
    token: str
    start: int = 0
    is_range: bool = False
    is_lane: bool = False


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a descent ended.

    ``nodes`` fit equally well; ``factor`` weighs the liberties taken; ``missing`` is the first step that the
    base has not, None where all was found; ``skipped`` are levels that one side names and the other not;
    ``is_picked`` says that of several buildings or units that were left out one alone has what follows;
    ``refuted`` is a step that was passed over although the base has nothing of it; ``former`` one that was
    merged into another or corrected.
    """

    nodes: _Positions
    factor: float = 1.0
    missing: Step | None = None
    skipped: tuple[Level, ...] = ()
    is_other_level: bool = False
    is_picked: bool = False
    refuted: Step | None = None
    former: Step | None = None


_MAY_HOLD = {Level.GROUP: (Level.HAMLET, Level.HAMLET), Level.NUMBER: (Level.GROUP, Level.HAMLET)}
"""Levels that a text may leave out above a number; above a house number no road or estate."""


class Descent:
    """Descends in one book as one caller sees it; ``visible`` (n,) is None where all of it may be seen."""

    def __init__(self, book: AddressBook, visible: NDArray[np.bool_] | None = None) -> None:
        self._book = book
        self.visible = visible
        self.former: dict[tuple[int, int, str], int] = {}
        """Positions that former numbers below a place lead to, by its position, level and number."""
        order = np.argsort(book.gates[:, 1], kind="stable") if len(book.gates) else _NONE
        self._gate_numbers = book.gates[order, 1]
        self._gate_estates = book.gates[order, 0].astype(np.int64)
        self._gates_by_estate = book.gates[np.argsort(book.gates[:, 0], kind="stable")]
        self._gate_keys = np.sort(_gate_key(book.gates[:, 0], book.tokens[book.gates[:, 1]]))

    def land(self, start: int, steps: Sequence[Step]) -> Landing:
        """Return where steps, from the higher to the lower level, lead from a place."""
        landing = self._follow(start, steps)
        if landing.missing is not None and len(steps) > 1 and steps[0].level in _NUMBER_OR_BUILDING:
            # 80-2号 is one number where the base has it, not the second unit of number 80.
            first = replace(steps[0], level=Level.NUMBER, token=f"{steps[0].token}-{steps[1].token}")
            joined = self._follow(start, [first, *steps[2:]])
            if joined.missing is None:
                return replace(joined, is_other_level=False)
        return landing

    def _follow(self, start: int, steps: Sequence[Step]) -> Landing:
        landing = Landing(np.array([start], np.int64))
        for place, step in enumerate(steps):
            landing = self._down(landing, step, steps[place + 1 :])
            if landing.missing is not None:
                break
        return landing

    def _down(self, landing: Landing, step: Step, later: Sequence[Step]) -> Landing:
        """Take one step: as it is written, through levels left out, at another level, or not at all."""
        if step.is_range:
            return replace(landing, missing=step)
        token = self._book.token_id(step.token)
        if token >= 0:
            reached = self._reached(landing, step.level, token)
            other = _NUMBER_OR_BUILDING.get(step.level)
            if reached is None and other is not None:
                reached = self._reached(landing, other, token)
                if reached is not None:
                    reached = replace(reached, factor=reached.factor * _OTHER_LEVEL, is_other_level=True)
            if reached is not None:
                return reached
        former = self._former(landing, step)
        if former is not None:
            return former
        if step.level == Level.FLOOR and later and later[0].level == Level.DWELLING:
            return self._without_floor(landing, step, later[0])
        if later and step.level in (Level.UNIT, Level.GROUP) and not len(self._of_level(landing, step.level)):
            if step.level == Level.UNIT and step.token in _ONLY_UNIT:
                skipped = (*landing.skipped, step.level)
                return replace(landing, factor=landing.factor * _SKIPPED, skipped=skipped)
            return replace(landing, factor=landing.factor * _REFUTED, refuted=landing.refuted or step)
        return replace(landing, missing=step)

    def _former(self, landing: Landing, step: Step) -> Landing | None:
        """Return where a number that was merged or corrected leads, None where it is none."""
        keys = [(node, int(step.level), step.token) for node in landing.nodes.tolist()] if self.former else []
        found = self._seen(np.array([self.former[key] for key in keys if key in self.former], np.int64))
        return replace(landing, nodes=found, former=step) if len(found) else None

    def _reached(self, landing: Landing, level: Level, token: int) -> Landing | None:
        """Return the nearest places of a level and token below a landing, None where there are none."""
        found, passed, is_picked = self._reach(landing.nodes, level, token)
        if not len(found):
            return None
        return replace(
            landing,
            nodes=found,
            factor=landing.factor * _SKIPPED ** len(passed),
            skipped=(*landing.skipped, *passed),
            is_picked=landing.is_picked or is_picked,
        )

    def _without_floor(self, landing: Landing, floor: Step, dwelling: Step) -> Landing:
        """Leave out a floor that the number of the dwelling tells again, or that the base does not tell."""
        is_told = dwelling.token.startswith(floor.token) and len(dwelling.token) > len(floor.token) + 1
        if is_told or not len(self._of_level(landing, Level.FLOOR)):
            return landing if is_told else replace(landing, factor=landing.factor * _SKIPPED)
        return replace(landing, missing=floor)

    def _of_level(self, landing: Landing, level: Level) -> _Positions:
        return self.children(landing.nodes, level, level)

    def _reach(
        self, nodes: _Positions, level: Level, token: int
    ) -> tuple[_Positions, tuple[Level, ...], bool]:
        """Return the nearest nodes of a level and token, the levels passed, and whether one was picked."""
        frontier, passed, n_alike = nodes, set[Level](), 0
        for _ in range(4):
            found = self.find(frontier, level, token)
            if len(found):
                return found, tuple(sorted(passed)), len(found) == 1 and n_alike > 1
            frontier = self._through(frontier, level)
            if not len(frontier) or len(frontier) > MAX_FRONTIER:
                break
            passed |= set(map(Level, np.unique(self._book.levels[frontier]).tolist()))
            n_alike = max(n_alike, int(np.isin(self._book.levels[frontier], _TOLD_APART).sum()))
        return _NONE, (), False

    def _through(self, frontier: _Positions, level: Level) -> _Positions:
        """Return what stands below nodes and may hold a component of a level."""
        first, last = _MAY_HOLD.get(level, (Level.HAMLET, Level(level - 1)))
        below = self.children(frontier, first, last) if first <= last else _NONE
        if len(self._gate_numbers) and level > Level.ESTATE:
            low = np.searchsorted(self._gate_numbers, frontier, "left")
            high = np.searchsorted(self._gate_numbers, frontier, "right")
            estates = self._gate_estates[_ranges(low, high)]
            below = np.unique(np.concatenate([below, self._seen(estates)]))
        return below

    def find(self, nodes: _Positions, level: Level, token: int) -> _Positions:
        """Return all children of nodes with a level and token that may be seen."""
        wanted = key_of(nodes, np.full(len(nodes), level), np.full(len(nodes), token))
        low = np.searchsorted(self._book.keys, wanted, "left")
        high = np.searchsorted(self._book.keys, wanted, "right")
        return self._seen(_ranges(low, high))

    def children(self, nodes: _Positions, first: Level, last: Level) -> _Positions:
        """Return all children of nodes from one level to another that may be seen."""
        keys, zeros = self._book.keys, np.zeros(len(nodes), np.int64)
        low = np.searchsorted(keys, key_of(nodes, zeros + first, zeros))
        high = np.searchsorted(keys, key_of(nodes, zeros + last, zeros + MAX_TOKEN), "right")
        return self._seen(_ranges(low, high))

    def numbers_of(self, node: int) -> set[int]:
        """Return the tokens of the numbers that a place has: above it, and its further gates."""
        book = self._book
        low, high = np.searchsorted(self._gates_by_estate[:, 0], [node, node + 1])
        gates = self._gates_by_estate[low:high, 1]
        found = set(book.tokens[gates[book.levels[gates] == Level.NUMBER]].tolist())
        while node >= 0:
            if book.levels[node] == Level.NUMBER:
                found.add(int(book.tokens[node]))
            node = int(book.parents[node])
        return found

    def is_house(self, node: int) -> bool:
        """Return whether the number of a place is called 号."""
        book = self._book
        while node >= 0 and book.levels[node] != Level.NUMBER:
            node = int(book.parents[node])
        return node >= 0 and book.word_names[book.words[node]] == HOUSE

    def has_gate(self, nodes: _Positions, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which places have a further gate of this number."""
        if not len(self._gate_keys):
            return np.zeros(len(nodes), np.bool_)
        wanted = _gate_key(nodes, tokens)
        places = np.minimum(np.searchsorted(self._gate_keys, wanted), len(self._gate_keys) - 1)
        is_gate: NDArray[np.bool_] = (self._gate_keys[places] == wanted) & (tokens >= 0)
        return is_gate

    def _seen(self, nodes: _Positions) -> _Positions:
        if self.visible is None:
            return nodes
        seen: _Positions = nodes[self.visible[nodes]]
        return seen


def _gate_key(nodes: NDArray[np.integer], tokens: NDArray[np.integer]) -> NDArray[np.int64]:
    return (nodes.astype(np.int64) << 32) | (tokens.astype(np.int64) & 0xFFFFFFFF)


def _ranges(low: NDArray[np.int64], high: NDArray[np.int64]) -> _Positions:
    """Return the positions of several half-open ranges one after another."""
    if len(low) == 1:
        return np.arange(low[0], high[0], dtype=np.int64)
    counts = high - low
    total = int(counts.sum())
    if not total:
        return _NONE
    first = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    positions: _Positions = np.arange(total, dtype=np.int64) + first
    return positions
