"""Finds the address that a text means (地址匹配): names by likeness, numbers exactly, doubt said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses._anchors import AnchorSearch
from twin.addresses._bulk import CleanRows
from twin.addresses._crossing import Crossing, crossings, of_first_road
from twin.addresses._descent import Descent
from twin.addresses._query import AddressParser, Query, read_query
from twin.addresses._standard_texts import standard_texts, text_of
from twin.addresses._weigher import MAX_TIED, Weigher
from twin.addresses.book import AddressBook
from twin.addresses.junctions import Junctions
from twin.addresses.levels import Level
from twin.addresses.names import Alias, NameHit, NameIndex
from twin.addresses.past import Names
from twin.addresses.scoring import (
    CERTAIN,
    CLEAN,
    Candidate,
    Match,
    no_match,
    reason_of,
    score_of,
)
from twin.addresses.walk import walk

_TIE = 0.99
"""Answers whose odds differ by less than this share fit equally well."""
MAX_TEXT = 400
"""Longer texts are no address."""
_BLOCK_ROWS = 50_000
_TOLD_EVERY = 200
MATCH_TABLE = pa.schema(
    [
        ("address_id", pa.int64()),
        ("standard_text", pa.string()),
        ("level", pa.int8()),
        ("score", pa.float64()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("reason", pa.string()),
        ("source_id", pa.string()),
        ("position", pa.int64()),
    ]
)
"""What :meth:`Finder.geocode_table` returns."""
Advance = Callable[[int], None]


def _unseen(_done: int) -> None:
    """Show no progress."""


def _further(advance: Advance, start: int) -> Advance:
    """Return what tells the progress of a part as that of the whole."""
    return lambda done: advance(start + done)


class Finder:
    """Finds addresses in one book as one caller sees it; make it by :meth:`of`.

    Safe to share between threads for reading.

    Attributes
    ----------
    book : AddressBook
    visible : ndarray of bool, shape (n,), optional
        Which nodes the caller may see; None where all.
    junctions : Junctions, optional
        Where roads meet; without it the first road is answered to a text that names a junction.
    then : Names
        What divisions were called on the day whose addresses these are.
    """

    junctions: Junctions | None = None
    then: Names = MappingProxyType({})

    def __init__(
        self,
        book: AddressBook,
        parser: AddressParser,
        index: NameIndex,
        name_tokens: NDArray[np.int32],
        n_below: NDArray[np.int64],
        visible: NDArray[np.bool_] | None = None,
    ) -> None:
        self.book, self.visible, self.n_below = book, visible, n_below
        self.parser, self.index = parser, index
        self._name_tokens = name_tokens
        self.search = AnchorSearch(book, index, name_tokens, visible)
        self.descent = Descent(book, visible)
        self.clean_rows = CleanRows(book, self.search, self.descent)
        self.weigher = Weigher(book, self.descent)

    @classmethod
    def of(
        cls,
        book: AddressBook,
        parser: AddressParser,
        aliases: Sequence[Alias] = (),
        folder: Path | None = None,
    ) -> Finder:
        """Return a finder of a whole book.

        Parameters
        ----------
        book : AddressBook
        parser : AddressParser
            Knows the divisions and the names of the book.
        aliases : sequence of Alias
            Old and other names.
        folder : Path, optional
            Where the index of the names stands, as in :meth:`NameIndex.of`.

        Returns
        -------
        Finder
        """
        below = n_below(book)
        is_named = np.isin(book.levels, [level for level in Level if level.is_named])
        tokens, place = np.unique(book.tokens[is_named], return_inverse=True)
        weights = np.bincount(place, below[is_named], minlength=len(tokens)).astype(np.int64)
        names = book.names.take(pa.array(tokens)).to_pylist()
        index = NameIndex.of(names, weights, aliases, folder)
        return cls(book, parser, index, tokens.astype(np.int32), below)

    def within(self, visible: NDArray[np.bool_]) -> Finder:
        """Return the finder of a caller who may see some addresses only.

        Parameters
        ----------
        visible : ndarray of bool, shape (n,)
            Which nodes of the book; the others are neither answered nor counted.

        Returns
        -------
        Finder
            Shares the book and the index with this one.
        """
        seen = Finder(self.book, self.parser, self.index, self._name_tokens, self.n_below, visible)
        seen.junctions = self.junctions
        seen.descent.former = self.descent.former
        return seen.as_called(self.then)

    def as_called(self, then: Names) -> Finder:
        """Return this finder, told what divisions were called on the day whose addresses these are.

        Parameters
        ----------
        then : Names

        Returns
        -------
        Finder
            Itself.
        """
        self.then = self.search.then = self.weigher.then = then
        return self

    def geocode(self, text: str, k: int = 5, *, as_of: date | None = None) -> tuple[Match, ...]:
        """Return the addresses that a text may mean, the likeliest first.

        Parameters
        ----------
        text : str
            As a person says or types it.
        k : int
            How many at most, >= 1.
        as_of : date, optional
            Understand only those old names that were in use on this day.

        Returns
        -------
        tuple of Match
            At least one: where nothing fits, one that says why.
        """
        if not text or not text.strip():
            return (no_match("地址为空"),)
        if len(text) > MAX_TEXT:
            return (no_match(f"文本过长（{len(text)} 字），不是地址"),)
        return self.answer(read_query(text, self.parser, self.index), k, as_of=as_of)

    def answer(self, query: Query, k: int = 5, *, as_of: date | None = None) -> tuple[Match, ...]:
        """Return the addresses that a query may mean, the likeliest first.

        Parameters
        ----------
        query : Query
        k, as_of
            As in :meth:`geocode`.

        Returns
        -------
        tuple of Match
        """
        if not any(one.is_given or len(one.text) > 1 for one in query.segments):
            return (no_match("没有可查的路名、小区名或村名"),)
        if query.is_intersection:
            found = "" if self.junctions is None else crossings(query, self.book, self.search, self.junctions)
            if not isinstance(found, str):
                return tuple(self._crossing(one) for one in found[:k])
            query = of_first_road(query, found)
        candidates = self._candidates(query, as_of, is_wide=False)
        if not any(one.is_complete and not one.is_contradicted for one in candidates):
            best = {one.anchor.node: one for one in candidates}
            for one in self._candidates(query, as_of, is_wide=True):
                known = best.get(one.anchor.node)
                if known is None or known.odds < one.odds:
                    best[one.anchor.node] = one
            candidates = list(best.values())
        if not candidates:
            asked = "、".join(one.text for one in query.segments[:3])
            return (no_match(f"地址库中没有与“{asked}”相近的名称"),)
        return self._ranked(candidates, query, k)

    def _crossing(self, one: Crossing) -> Match:
        """Return a junction as an answer: the place of the junction under the id of its first road."""
        road = self.match(one.node, one.score, one.reason)
        above = road.standard_text.removesuffix(self.book.name_of(one.node))
        text = f"{above}{one.names[0]}与{one.names[1]}交叉口"
        return replace(road, standard_text=text, lon=one.lon, lat=one.lat)

    def _candidates(self, query: Query, as_of: date | None, *, is_wide: bool) -> list[Candidate]:
        anchors = self.search.anchors(query.segments, as_of, is_wide=is_wide)
        if not anchors:
            return []
        least = anchors[0].odds * 1e-5
        return [self.weigher.candidate(anchor, query) for anchor in anchors if anchor.odds >= least]

    def _ranked(self, candidates: Sequence[Candidate], query: Query, k: int) -> tuple[Match, ...]:
        """Return the nodes that candidates lead to, each weighed against all others and against none."""
        found: dict[int, tuple[float, Candidate]] = {}
        total = 1.0
        for one in candidates:
            nodes = one.landing.nodes
            each = one.odds / len(nodes)
            total += each * max(len(nodes) - MAX_TIED, 0)
            for node in nodes[:MAX_TIED].tolist():
                if node not in found or found[node][0] < each:
                    found[node] = each, one
        total += sum(odds for odds, _ in found.values())
        best = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
        clean = [one for one in candidates if one.is_clean]
        is_certain = len(clean) == 1 and sum(one.is_plain for one in candidates) == 1
        n_ties = sum(odds >= _TIE * best[0][1][0] for odds, _ in found.values())
        n_ties = max(n_ties, len(best[0][1][1].landing.nodes))
        matches = []
        for node, (odds, one) in best[:k]:
            share = 1.0 if is_certain and one is clean[0] else odds / total
            is_tied = odds >= _TIE * best[0][1][0]
            score = score_of(one, share, query)
            matches.append(self.match(node, score, reason_of(one, query, score, n_ties if is_tied else 1)))
        return tuple(matches)

    def geocode_table(
        self,
        texts: pa.Array | pa.ChunkedArray | Sequence[str],
        *,
        as_of: date | None = None,
        advance: Advance = _unseen,
    ) -> pa.Table:
        """Return the likeliest address of each of many texts.

        Parameters
        ----------
        texts : array of str, shape (n,)
            Null is an empty text.
        as_of : date, optional
            As in :meth:`geocode`.
        advance : callable
            Told how many texts are answered.

        Returns
        -------
        pyarrow.Table
            :data:`MATCH_TABLE`, n rows in the order of the texts. ``address_id`` is null and ``position``
            -1 where nothing is answered; ``level`` is the number of a :class:`Level`, 0 there.
        """
        column = pa.chunked_array([texts.cast(pa.string())]) if isinstance(texts, pa.Array) else texts
        if not isinstance(column, pa.ChunkedArray):
            column = pa.chunked_array([pa.array(column, pa.string())])
        column = column.cast(pa.string()).fill_null("")
        blocks = []
        for start in range(0, len(column), _BLOCK_ROWS):
            block = column.slice(start, _BLOCK_ROWS).combine_chunks()
            blocks.append(self._block(block, as_of, _further(advance, start)))
        return pa.concat_tables(blocks) if blocks else MATCH_TABLE.empty_table()

    def _block(self, texts: pa.Array, as_of: date | None, advance: Advance) -> pa.Table:
        """Answer the clean rows as arrays, the others one by one, each text once."""
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.chunk(0)
        positions = self.clean_rows.positions(texts, self.parser.parse_table(texts))
        scores = np.full(len(texts), CERTAIN)
        others = np.flatnonzero(positions < 0)
        reasons = np.zeros(len(texts), np.int64)
        said = {CLEAN: 0}
        held, elsewhere = dict[str, Match](), dict[int, Match]()
        n_clean = len(texts) - len(others)
        advance(n_clean)
        rows = zip(others.tolist(), texts.take(pa.array(others)).to_pylist(), strict=True)
        for n_done, (row, text) in enumerate(rows, start=n_clean + 1):
            match = held.get(text)
            if match is None:
                match = held[text] = self.geocode(text, 1, as_of=as_of)[0]
            positions[row], scores[row] = match.position, match.score
            reasons[row] = said.setdefault(match.reason, len(said))
            if match.is_found and match.lon == match.lon and match.lon != self.book.lon[match.position]:
                elsewhere[row] = match
            if n_done % _TOLD_EVERY == 0:
                advance(n_done)
        advance(len(texts))
        found = self._table(positions, scores, pa.array(list(said)).take(pa.array(reasons)))
        return _with_places(found, elsewhere) if elsewhere else found

    def _table(
        self, positions: NDArray[np.int64], scores: NDArray[np.float64], reasons: pa.Array
    ) -> pa.Table:
        book, is_none = self.book, positions < 0
        nodes = pa.array(positions, mask=is_none)
        columns = [
            pa.array(book.ids).take(nodes),
            self.standard_texts(positions).fill_null(""),
            pa.array(book.levels).take(nodes).fill_null(0),
            pa.array(scores),
            pa.array(book.lon).take(nodes).fill_null(np.nan),
            pa.array(book.lat).take(nodes).fill_null(np.nan),
            reasons,
            book.source_ids.take(nodes).fill_null(""),
            pa.array(positions),
        ]
        return pa.table(columns, schema=MATCH_TABLE)

    def match(self, node: int, score: float, reason: str) -> Match:
        """Return a node as an answer.

        Parameters
        ----------
        node : int
            Position in the book.
        score : float
        reason : str

        Returns
        -------
        Match
        """
        book = self.book
        return Match(
            int(book.ids[node]),
            node,
            self.standard_text(node),
            Level(book.levels[node]),
            score,
            float(book.lon[node]),
            float(book.lat[node]),
            reason,
            book.source_ids[node].as_py() or "",
        )

    def token_of(self, hit: NameHit) -> int:
        """Return the position of a name that was hit in the names of the book.

        Parameters
        ----------
        hit : NameHit

        Returns
        -------
        int
        """
        return int(self._name_tokens[hit.name])

    def positions_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the positions of addresses in the book.

        Parameters
        ----------
        ids : ndarray of int64, shape (n,)

        Returns
        -------
        ndarray of int64, shape (n,)
            -1 where no address in force has the id.
        """
        order = self._id_order
        if not len(order):
            return np.full(len(ids), -1, np.int64)
        places = np.minimum(np.searchsorted(self.book.ids, ids, sorter=order), len(order) - 1)
        found = order[places]
        return np.where(self.book.ids[found] == ids, found, -1)

    @cached_property
    def _id_order(self) -> NDArray[np.int64]:
        return np.argsort(self.book.ids, kind="stable")

    def standard_text(self, node: int) -> str:
        """Return the standard address of a node.

        Parameters
        ----------
        node : int

        Returns
        -------
        str
        """
        return text_of(self.book, node, self.then)

    def standard_texts(self, positions: NDArray[np.int64]) -> pa.Array:
        """Return the standard addresses of many nodes.

        Parameters
        ----------
        positions : ndarray of int64, shape (n,)

        Returns
        -------
        pyarrow.StringArray, length n
            Null where a position is -1.
        """
        return standard_texts(self.book, positions, self.then)


def _with_places(found: pa.Table, elsewhere: dict[int, Match]) -> pa.Table:
    """Return answers with those that stand elsewhere than their address: junctions of roads."""
    rows = list(elsewhere)
    for name in ("standard_text", "lon", "lat"):
        values = found[name].combine_chunks()
        is_new = np.zeros(len(values), np.bool_)
        is_new[rows] = True
        new = pa.array([getattr(elsewhere[row], name) for row in sorted(rows)], values.type)
        values = pc.replace_with_mask(values, pa.array(is_new), new)
        found = found.set_column(found.column_names.index(name), found.schema.field(name), values)
    return found


def n_below(book: AddressBook) -> NDArray[np.int64]:
    """Return how many nodes stand below each node of a book.

    Parameters
    ----------
    book : AddressBook

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    first, last = walk(book.parents)
    return last - first - 1
