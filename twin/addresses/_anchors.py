"""Which named places of the base the names of a text may mean, weighed against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from twin.addresses._placing import Named, was_in
from twin.addresses._query import Segment
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.addresses.likeness import EXACT_ODDS, NEAR_SOUND_ODDS, SOUND_ODDS, Way
from twin.addresses.names import NameHit, NameIndex
from twin.addresses.past import Names
from twin.addresses.scoring import AGREES, CONTRADICTS, UNKNOWN, UNREAD, Anchor

MAX_ANCHORS = 24
"""Of one text; namesakes beyond these share the odds of no answer."""
_MAX_NAMESAKES = 200
_MAX_HELD = 100_000
_LIKE = 6.0
"""Odds from which on words behind a road make a branch with a slip: 宁城路五农 for 宁城路五弄."""
PLACES = frozenset({Level.COMMUNITY, Level.HAMLET, Level.ZONE, Level.ESTATE, Level.PREMISES})
"""Levels that texts and bases do not tell apart reliably."""

Key = tuple[tuple[Level | None, str, bool], ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A segment, its place in the query, and what it may mean by the token of the name."""

    segment: Segment
    place: int
    hits: dict[int, NameHit]


class AnchorSearch:
    """Looks up the names of texts in one book as one caller sees it; remembers heads it has seen."""

    def __init__(
        self,
        book: AddressBook,
        index: NameIndex,
        name_tokens: NDArray[np.int32],
        visible: NDArray[np.bool_] | None,
    ) -> None:
        self._book, self._index, self._name_tokens = book, index, name_tokens
        is_named = np.isin(book.levels, [level for level in Level if level.is_named])
        if visible is not None:
            is_named &= visible
        named = np.flatnonzero(is_named)
        self.nodes = named[np.argsort(book.tokens[named], kind="stable")]
        self._tokens = book.tokens[self.nodes]
        self._levels = frozenset(map(Level, np.unique(book.levels).tolist()))
        self._zones: dict[int, list[int]] = {}
        is_zone = book.levels[book.gates[:, 1]] == Level.ZONE
        for head, zone in book.gates[is_zone].tolist():
            self._zones.setdefault(head, []).append(zone)
        self.then: Names = {}
        self._held: dict[tuple[Key, date | None, bool], tuple[Anchor, ...]] = {}

    def anchors(
        self, segments: Sequence[Segment], as_of: date | None, *, is_wide: bool = False
    ) -> tuple[Anchor, ...]:
        """Return the places that segments may mean, the likeliest first."""
        key = tuple((one.level, one.text, one.is_given) for one in segments), as_of, is_wide
        found = self._held.get(key)
        if found is None:
            found = self._search(segments, as_of, is_wide=is_wide)
            if len(self._held) >= _MAX_HELD:
                self._held.clear()
            self._held[key] = found
        return found

    def nodes_named(self, token: int) -> NDArray[np.int64]:
        """Return the places of a name, by position in the book."""
        low, high = np.searchsorted(self._tokens, [token, token + 1])
        return self.nodes[low:high]

    def ranges(self, tokens: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in :attr:`nodes` the places of each name start and end."""
        return (
            np.searchsorted(self._tokens, tokens, "left"),
            np.searchsorted(self._tokens, tokens, "right"),
        )

    def _search(
        self, segments: Sequence[Segment], as_of: date | None, *, is_wide: bool
    ) -> tuple[Anchor, ...]:
        asked = [
            part
            for place, segment in enumerate(segments)
            for part in self._asked(segment, place, as_of, is_wide=is_wide)
        ]
        asked = self._rejoined(asked, as_of)
        found: dict[int, Anchor] = {}
        for number, one in enumerate(asked):
            for token, hit in one.hits.items():
                for node in self.nodes_named(token)[:_MAX_NAMESAKES].tolist():
                    anchor = self._anchor(node, number, hit, asked)
                    if anchor is not None and (node not in found or found[node].odds < anchor.odds):
                        found[node] = anchor
        best = sorted(found.values(), key=lambda anchor: (-anchor.odds, anchor.node))
        return tuple(best[:MAX_ANCHORS])

    def _asked(self, segment: Segment, place: int, as_of: date | None, *, is_wide: bool) -> list[_Asked]:
        """Return a segment with what it may mean; as several where it is several names run together."""
        look_up = self._index.search_widely if is_wide else self._index.search
        hits = look_up(segment.text, as_of=as_of)
        if segment.level in _CITIES and len(segment.text) <= _SHORT_CITY:
            hits = [hit for hit in hits if hit.likeness.way is not Way.TYPO]
        if (not hits or hits[0].likeness.odds < 1.0) and len(segment.text) > 3:
            parts = self._parts(segment, place, as_of)
            if parts:
                return parts
        return [_Asked(segment, place, self._by_token(hits))]

    def _rejoined(self, asked: list[_Asked], as_of: date | None) -> list[_Asked]:
        """Return what is asked, neighbours put together that are one name which a slip has cut in two."""
        joined = list[_Asked]()
        for one in asked:
            before = joined[-1] if joined else None
            if before is not None and not (_is_known(before) and _is_known(one)):
                text = before.segment.text + one.segment.text
                hits = self._index.search(text, as_of=as_of)
                if hits and self._is_better(hits[0], before, one):
                    whole = replace(before.segment, text=text, level=None)
                    joined[-1] = _Asked(whole, before.place, self._by_token(hits))
                    continue
            joined.append(one)
        return joined

    def _is_better(self, whole: NameHit, before: _Asked, one: _Asked) -> bool:
        """Return whether two segments mean one name rather than each its own; a known one may be its road."""
        end = before.segment.start + len(before.segment.text)
        is_branch = _is_known(before) and before.segment.level == Level.ROAD and one.segment.start == end
        parts = (one,) if is_branch else (before, one)
        best = max([0.0, *(hit.likeness.odds for part in parts for hit in part.hits.values())])
        is_other = int(self._name_tokens[whole.name]) not in before.hits
        return whole.likeness.odds > best and (not is_branch or (is_other and whole.likeness.odds >= _LIKE))

    def _parts(self, segment: Segment, place: int, as_of: date | None) -> list[_Asked]:
        """Return the names that stand in a segment and what remains between them."""
        parts, at = [], 0
        for hit in self._index.within(segment.text, as_of=as_of):
            if hit.start < at or (hit.end - hit.start < 3 and hit.likeness.way is not Way.EXACT):
                continue
            parts += self._remainder(segment, place, at, hit.start, as_of)
            part = replace(segment, text=segment.text[hit.start : hit.end], level=None)
            parts.append(_Asked(part, place, self._by_token([hit])))
            at = hit.end
        return [*parts, *self._remainder(segment, place, at, len(segment.text), as_of)] if parts else []

    def _remainder(
        self, segment: Segment, place: int, start: int, end: int, as_of: date | None
    ) -> list[_Asked]:
        text = segment.text[start:end]
        if len(text) < 2:
            return []
        part = replace(segment, text=text, level=None, is_given=False)
        return [_Asked(part, place, self._by_token(self._index.search(text, as_of=as_of)))]

    def _by_token(self, hits: Sequence[NameHit]) -> dict[int, NameHit]:
        return {int(self._name_tokens[hit.name]): hit for hit in hits}

    def _anchor(self, node: int, number: int, hit: NameHit, asked: Sequence[_Asked]) -> Anchor | None:
        """Return a place with the odds that the names of a text mean it; None where its kind does not fit."""
        own = asked[number]
        level = Level(self._book.levels[node])
        fit = _fit(own.segment.level, level, hit)
        if fit == 0.0:
            return None
        odds, is_plain = hit.likeness.odds * fit, hit.likeness.way is Way.EXACT and fit > 0.5
        chain = self._book.chain(node)
        told = [*chain, *(zone for one in chain for zone in self._zones.get(one, ()))]
        others, unread, lacking = list[Segment](), list[Segment](), list[Segment]()
        named, unknown = list[Named](), list[Segment]()
        for other in asked:
            if other is own:
                continue
            segment = other.segment
            if segment.level is not None and segment.level.is_division:
                named.append(Named(segment, frozenset(other.hits)))
            if was_in(self.then, self._book, node, segment):
                odds *= AGREES[segment.level or level]
                continue
            met = self._met(other, told)
            if met is not None:
                of_level, likeness_odds = met
                odds *= 1.0 + (AGREES.get(of_level, 1.0) - 1.0) * min(likeness_odds / SOUND_ODDS, 1.0)
                is_plain &= likeness_odds >= EXACT_ODDS
                continue
            factor = self._unmet(segment, level, chain, others, unread, lacking)
            if factor == UNKNOWN and segment.level == Level.ROAD:
                unknown.append(segment)
            odds *= factor
            is_plain &= factor == UNKNOWN and segment.level is not None and segment.level.is_division
        return Anchor(
            node, own.place, odds, hit.likeness.way, own.segment.text, self._book.name_of(node),
            tuple(others), tuple(unread), tuple(lacking), is_plain, level.is_division,
            tuple(named), tuple(unknown),
        )  # fmt: skip

    def _met(self, asked: _Asked, chain: Sequence[int]) -> tuple[Level, float] | None:
        """Return the level and likeness of what a segment names in a chain; None where it names none."""
        best: tuple[Level, float] | None = None
        for node in chain:
            hit = asked.hits.get(int(self._book.tokens[node]))
            if hit is None:
                continue
            level = Level(self._book.levels[node])
            odds = hit.likeness.odds * _fit(asked.segment.level, level, hit)
            if odds > 0.5 and (best is None or odds > best[1]):
                best = level, odds
        return best

    def _unmet(
        self,
        segment: Segment,
        level: Level,
        chain: Sequence[int],
        others: list[Segment],
        unread: list[Segment],
        lacking: list[Segment],
    ) -> float:
        """Return what it says against a place that it has nothing of a segment's name, and note it."""
        asked = segment.level
        if asked is None:
            (unread if segment.is_given or len(segment.text) > 1 else []).append(segment)
            return UNREAD
        if asked.is_division and asked <= level:
            levels = {int(self._book.levels[node]) for node in chain}
            if int(asked) not in levels:
                return UNKNOWN
            others.append(segment)
            return CONTRADICTS[asked]
        if asked > level and asked != Level.PREMISES:
            lacking.append(segment)
        elif asked == Level.ROAD and all(self._book.levels[node] != Level.ROAD for node in chain):
            return UNKNOWN
        elif asked in (Level.PREMISES, Level.ZONE):
            unread.append(segment)
        else:
            others.append(segment)
        return CONTRADICTS[asked]


_CITIES = (Level.CITY, Level.DISTRICT)
_SHORT_CITY = 3
"""杭州市 is another city than 丽州市, not a slip of it: one character of two tells cities apart."""


def _is_known(one: _Asked) -> bool:
    """Return whether a segment is a name of the base as it is written."""
    return any(hit.likeness.way in (Way.EXACT, Way.ALIAS) for hit in one.hits.values())


def _fit(asked: Level | None, level: Level, hit: NameHit) -> float:
    """Return how well a place of a level fits a name that a text gives at another."""
    if asked is None or asked == level or (asked in PLACES and level in PLACES):
        return 1.0
    if asked.is_division and level.is_division:
        return 0.5
    if asked < Level.COMMUNITY:
        # An estate that has the name of a city is more often a slip of the base than what is meant.
        return min(1.0 / hit.likeness.odds, 1.0)
    if hit.likeness.way in (Way.EXACT, Way.ALIAS, Way.STEM):
        return 0.3 if hit.likeness.odds >= NEAR_SOUND_ODDS else 0.0
    return 0.6  # a slip in the word that tells the kind may have misled the parser
