"""Whether a place is known to lie in the divisions that a text names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.addresses._query import Segment
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.addresses.past import Names

_MOST_BELOW = 20_000
"""Places below a road or estate that are looked at for one that lies in a division."""


class Named(NamedTuple):
    """A division that a text names: the segment, and the tokens of the names it may mean."""

    segment: Segment
    tokens: frozenset[int]


class Placed(NamedTuple):
    """How a place lies to the divisions that a text names.

    ``is_known``: it lies in one of them; ``unknown``: those of which the base does not tell, nor of any
    below; ``refuted``: one in the place of which the base has another.
    """

    is_known: bool = True
    unknown: tuple[Segment, ...] = ()
    refuted: Segment | None = None


def was_in(then: Names, book: AddressBook, node: int, segment: Segment) -> bool:
    """Return whether a place lay on its day in the division that a segment names."""
    return (segment.level, segment.text) in then.get(int(book.divisions[node]), ())


def placed(book: AddressBook, node: int, named: Sequence[Named], then: Names) -> Placed:
    """Return how a node lies to the divisions that a text names, as they were called on its day."""
    chain = book.chain(node)
    tokens = {int(book.tokens[one]) for one in chain}
    levels = {int(book.levels[one]) for one in chain}
    met, unknown = set[int](), dict[int, Segment]()
    refuted: Segment | None = None
    for one in named:
        level = int(one.segment.level or 0)
        is_met = bool(tokens & one.tokens) or was_in(then, book, node, one.segment)
        if is_met or (level not in levels and _holds(book, node, level, one.tokens)):
            met.add(level)
        elif level in levels:
            refuted = refuted or one.segment
        else:
            unknown[level] = one.segment
    deepest = max(met, default=0)
    left = tuple(segment for level, segment in unknown.items() if level > deepest)
    return Placed(bool(met), left, refuted)


def _holds(book: AddressBook, node: int, level: int, tokens: frozenset[int]) -> bool:
    """Return whether something below a place lies in a division: a long road lies in several."""
    below = book.children(node)
    if not tokens or not 0 < len(below) <= _MOST_BELOW or Level(book.levels[node]).is_division:
        return False
    above: NDArray[np.int64] = np.unique(book.divisions[below.start : below.stop]).astype(np.int64)
    while (above >= 0).any():
        above = above[above >= 0]
        at_level = above[book.levels[above] == level]
        if np.isin(book.tokens[at_level], list(tokens)).any():
            return True
        above = np.unique(book.parents[above]).astype(np.int64)
    return False
