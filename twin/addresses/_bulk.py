"""Clean rows of a table, answered as arrays: every name as the base has it, every number there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses._anchors import PLACES, AnchorSearch
from twin.addresses._descent import HOUSE, LANE, Descent
from twin.addresses._query import NAMED_ROOM
from twin.addresses.book import AddressBook, key_of
from twin.addresses.levels import Level

_Positions = NDArray[np.int64]

ABSENT, UNKNOWN = -1, -2
"""Tokens of a level that a text does not name, and of one that the book has nowhere."""
_MAX_NAMESAKES = 50
_ANCHOR_LEVELS = (Level.PREMISES, Level.ESTATE, Level.ROAD, Level.ZONE, Level.HAMLET, Level.COMMUNITY)
"""The deepest name of a text is looked up, the others are compared with what it lies in."""
_NAMED = tuple(level for level in Level if level.is_named)
_STEPS = (Level.BUILDING, Level.UNIT, Level.FLOOR, Level.DWELLING)


class CleanRows:
    """Answers the rows of one book that need no weighing; the others are left to the finder."""

    def __init__(self, book: AddressBook, search: AnchorSearch, descent: Descent) -> None:
        self._book, self._search, self._descent = book, search, descent
        self._has_divisions = bool((book.levels <= Level.COMMUNITY).any())

    def positions(self, texts: pa.Array, parsed: pa.Table) -> _Positions:
        """Return the node that each of parsed texts means beyond doubt, -1 where there is doubt."""
        tokens = {level: self._tokens(parsed[level.column]) for level in Level}
        anchor_tokens, anchor_levels = _anchors(tokens)
        is_open = ~_is_said(parsed["rest"]) & ~_is_said(parsed["main_road"])
        is_open &= ~np.asarray(parsed["is_partial"])
        is_open &= (anchor_tokens >= 0) & ~_has_unknown(tokens) & _has_all_numbers(texts, parsed)
        found = np.full(parsed.num_rows, -1, np.int64)
        rows = np.flatnonzero(is_open)
        rows, nodes = self._one_namesake(rows, anchor_tokens, anchor_levels, tokens)
        nodes, is_number_taken = self._with_number(nodes, tokens[Level.NUMBER][rows])
        landed = self._down(nodes, {level: tokens[level][rows] for level in Level}, is_number_taken)
        has_witness = (landed != nodes) | (is_number_taken & (tokens[Level.NUMBER][rows] != ABSENT))
        is_lane = np.asarray(pc.ends_with(parsed["number_word"].cast(pa.string()).fill_null(""), LANE))
        is_sound = self._is_placed(landed, rows, tokens, has_witness) & ~(
            is_lane[rows] & self._is_house(landed)
        )
        found[rows] = np.where(is_sound, landed, -1)
        return found

    def _is_house(self, nodes: _Positions) -> NDArray[np.bool_]:
        """Return the places whose number is called 号."""
        book, is_house = self._book, np.zeros(len(nodes), np.bool_)
        words = np.array([word == HOUSE for word in book.word_names], np.bool_)
        for above in self._above(nodes):
            is_house |= (above >= 0) & (book.levels[above] == Level.NUMBER) & words[book.words[above]]
        return is_house

    def _is_placed(
        self,
        nodes: _Positions,
        rows: _Positions,
        tokens: dict[Level, NDArray[np.int64]],
        has_witness: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Return which places are known to lie in the divisions that their rows name."""
        named = [level for level in _NAMED if level.is_division]
        is_met = {level: np.zeros(len(nodes), np.bool_) for level in named}
        is_there = {level: np.zeros(len(nodes), np.bool_) for level in named}
        for above in self._above(nodes):
            levels, names = self._book.levels[above], self._book.tokens[above]
            for level in named:
                is_met[level] |= (above >= 0) & (names == tokens[level][rows])
                is_there[level] |= (above >= 0) & (levels == level)
        any_met = np.any(list(is_met.values()), axis=0)
        is_enough = np.ones(len(nodes), np.bool_)
        any_asked, deeper_met = np.zeros(len(nodes), np.bool_), np.zeros(len(nodes), np.bool_)
        for level in reversed(named):
            is_asked = tokens[level][rows] != ABSENT
            any_asked |= is_asked
            may_be = ~is_there[level] & (deeper_met | has_witness)
            is_enough &= ~is_asked | is_met[level] | may_be
            deeper_met |= is_met[level]
        is_known = any_met | ~any_asked | (has_witness & (not self._has_divisions))
        is_sound: NDArray[np.bool_] = is_enough & is_known
        return is_sound

    def _tokens(self, column: pa.ChunkedArray) -> NDArray[np.int64]:
        """Return the positions of the tokens of a level in the names of the book."""
        whole = column.combine_chunks()
        if isinstance(whole, pa.ChunkedArray):
            whole = whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
        known = pc.index_in(whole.dictionary, value_set=self._book.names).fill_null(UNKNOWN)
        known = np.append(known.to_numpy(zero_copy_only=False), ABSENT).astype(np.int64)
        codes = whole.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)
        tokens: NDArray[np.int64] = known[codes]
        return tokens

    def _one_namesake(
        self,
        rows: _Positions,
        anchor_tokens: NDArray[np.int64],
        anchor_levels: NDArray[np.int8],
        tokens: dict[Level, NDArray[np.int64]],
    ) -> tuple[_Positions, _Positions]:
        """Return the rows whose names fit one place alone, and that place."""
        low, high = self._search.ranges(anchor_tokens[rows])
        is_few = high - low <= _MAX_NAMESAKES
        rows, low, high = rows[is_few], low[is_few], high[is_few]
        pair_of = np.repeat(np.arange(len(rows)), high - low)
        first = np.cumsum(high - low) - (high - low)
        nodes = self._search.nodes[np.arange(len(pair_of)) - first[pair_of] + low[pair_of]]
        wanted = anchor_levels[rows][pair_of]
        fits = _fits(wanted, self._book.levels[nodes])
        pair_of, nodes = pair_of[fits], nodes[fits]
        fits = self._agrees(nodes, rows[pair_of], anchor_levels, tokens)
        pair_of, nodes = pair_of[fits], nodes[fits]
        is_one = np.bincount(pair_of, minlength=len(rows)) == 1
        kept = is_one[pair_of]
        return rows[pair_of[kept]], nodes[kept]

    def _agrees(
        self,
        nodes: _Positions,
        rows: _Positions,
        anchor_levels: NDArray[np.int8],
        tokens: dict[Level, NDArray[np.int64]],
    ) -> NDArray[np.bool_]:
        """Return of which places everything is so that the row says of what they lie in."""
        is_met = {level: np.zeros(len(nodes), np.bool_) for level in _NAMED}
        is_there = {level: np.zeros(len(nodes), np.bool_) for level in _NAMED if level.is_division}
        for above in self._above(nodes):
            levels, names = self._book.levels[above], self._book.tokens[above]
            for level in _NAMED:
                is_level = (levels == level) & (above >= 0)
                is_met[level] |= is_level & (names == tokens[level][rows])
                if level.is_division:
                    is_there[level] |= is_level
            is_met[Level.ZONE] |= self._descent.has_gate(above, tokens[Level.ZONE][rows])
        agrees = np.ones(len(nodes), np.bool_)
        for level in _NAMED:
            is_asked = (tokens[level][rows] != ABSENT) & (anchor_levels[rows] != level)
            unknown = ~is_there[level] if level.is_division else np.False_
            agrees &= ~is_asked | is_met[level] | unknown
        return agrees

    def _above(self, nodes: _Positions) -> list[_Positions]:
        """Return nodes, what stands above them below the divisions, then their divisions, all from -1 on."""
        book, chain = self._book, []
        at = nodes
        while (at >= 0).any():
            at = np.where((at >= 0) & (book.levels[at] > Level.COMMUNITY), at, -1)
            chain.append(at)
            at = np.where(at >= 0, book.parents[at], -1)
        at = book.divisions[nodes].astype(np.int64)
        while (at >= 0).any():
            chain.append(at)
            at = np.where(at >= 0, book.parents[at], -1)
        return chain

    def _with_number(
        self, nodes: _Positions, numbers: NDArray[np.int64]
    ) -> tuple[_Positions, NDArray[np.bool_]]:
        """Return nodes, -1 where they have another number than is asked, and whose number is settled."""
        book = self._book
        is_below = book.levels[nodes] > Level.NUMBER
        is_asked = is_below & (numbers != ABSENT)
        is_met = self._descent.has_gate(nodes, numbers)
        for above in self._above(nodes):
            is_met |= (above >= 0) & (book.levels[above] == Level.NUMBER) & (book.tokens[above] == numbers)
        return np.where(is_asked & ~is_met, -1, nodes), is_below

    def _down(
        self,
        nodes: _Positions,
        tokens: dict[Level, NDArray[np.int64]],
        is_number_taken: NDArray[np.bool_],
    ) -> _Positions:
        """Return what the numbers of each row lead to, one child after another; -1 where one is not there."""
        at = nodes
        for level in (Level.GROUP, Level.NUMBER, *_STEPS):
            is_asked = (tokens[level] != ABSENT) & (at >= 0)
            if level == Level.NUMBER:
                is_asked &= ~is_number_taken
            if not is_asked.any():
                continue
            asked = np.flatnonzero(is_asked)
            below = self._only_child(at[asked], level, tokens[level][asked])
            if level == Level.FLOOR:
                is_told = self._is_told(tokens[level][asked], tokens[Level.DWELLING][asked])
                below = np.where((below < 0) & is_told, at[asked], below)
            at = at.copy()
            at[asked] = below
        return at

    def _only_child(self, nodes: _Positions, level: Level, tokens: NDArray[np.int64]) -> _Positions:
        """Return the child of a level and token that may be seen; -1 where there is none or several."""
        levels = np.full(len(nodes), level)
        found = self._book.find(nodes, levels, tokens)
        keys = self._book.keys
        after = np.minimum(found + 1, len(keys) - 1)
        is_double = (after != found) & (keys[after] == key_of(nodes, levels, tokens))
        if self._descent.visible is not None:
            is_double |= ~self._descent.visible[found]
        return np.where(is_double, -1, found)

    def _is_told(self, floors: NDArray[np.int64], dwellings: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return where the number of the dwelling begins with that of the floor."""
        names = self._book.names
        pairs, place = np.unique(np.column_stack([floors, dwellings]), axis=0, return_inverse=True)
        told = []
        for floor, dwelling in pairs.tolist():
            one, other = (names[token].as_py() if token >= 0 else "" for token in (floor, dwelling))
            told.append(bool(one) and other.startswith(one) and len(other) > len(one) + 1)
        is_told: NDArray[np.bool_] = np.array(told, np.bool_)[place.reshape(-1)]
        return is_told


def _is_said(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return where a column has a text that is not empty."""
    return np.asarray(pc.not_equal(column.cast(pa.string()).fill_null(""), ""))


def _has_all_numbers(texts: pa.Array, parsed: pa.Table) -> NDArray[np.bool_]:
    """Return the rows whose components hold all digits and rooms of the text but those of a telephone."""
    written = pc.replace_substring_regex(texts, "1[3-9][0-9]{9}", "")
    n_written = np.asarray(pc.count_substring_regex(written, "[0-9０-９]"))
    n_read = np.zeros(len(texts), np.int64)
    for level in Level:
        column = parsed[level.column].combine_chunks()
        counts = pc.count_substring_regex(column.dictionary, "[0-9]").to_numpy(zero_copy_only=False)
        codes = column.indices.fill_null(len(counts)).to_numpy(zero_copy_only=False)
        n_read += np.append(counts, 0).astype(np.int64)[codes]
    is_room = [
        np.asarray(pc.match_substring_regex(column, NAMED_ROOM).fill_null(False))
        for column in (texts, parsed[Level.DWELLING.column].cast(pa.string()))
    ]
    is_read: NDArray[np.bool_] = (n_written <= n_read) & (~is_room[0] | is_room[1])
    return is_read


def _anchors(tokens: dict[Level, NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return the token and level of the deepest name of each row."""
    n_rows = len(tokens[Level.CITY])
    found, levels = np.full(n_rows, ABSENT, np.int64), np.zeros(n_rows, np.int8)
    for level in _ANCHOR_LEVELS:
        is_new = (found == ABSENT) & (tokens[level] != ABSENT)
        found[is_new], levels[is_new] = tokens[level][is_new], level
    return found, levels


def _has_unknown(tokens: dict[Level, NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Return the rows with a token that the book has nowhere; the dwelling tells a floor again."""
    levels = [level for level in Level if level != Level.FLOOR and not level.is_division]
    is_unknown: NDArray[np.bool_] = np.any([tokens[level] == UNKNOWN for level in levels], axis=0)
    return is_unknown


def _fits(asked: NDArray[np.int8], levels: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Return where a place of a level is as good as one of the level that is asked for."""
    places = np.array(sorted(PLACES), np.int8)
    is_fit: NDArray[np.bool_] = (asked == levels) | (np.isin(asked, places) & np.isin(levels, places))
    return is_fit
