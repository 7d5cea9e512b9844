"""Suggestions while a person types (输入提示): names first, then their numbers, with slips and in pinyin."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.addresses._query import Query, Segment, read_query
from twin.addresses.finder import MAX_TEXT, Finder
from twin.addresses.levels import Level
from twin.addresses.names import NameHit

_Positions = NDArray[np.int64]

_MAX_ANCHORS = 6
_MAX_BELOW = 5_000
_MAX_NAMESAKES = 100
_SEPARATORS = "-—–/# "
_IS_DONE = re.compile(r"[-—–/号幢栋座楼单元梯层室房户弄组#\s]$")
"""The last number is typed to its end; what follows is below it."""
_MET_FACTOR = 1000.0
"""What the other names typed agree with comes first."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An address that may be what somebody is typing.

    Parameters
    ----------
    address_id : int
    position : int
        In the address book.
    text : str
        Standard address.
    level : Level
    lon, lat : float
        Degrees, CGCS2000 = WGS 84; NaN where the base has no place.
    """

    address_id: int
    position: int
    text: str
    level: Level
    lon: float
    lat: float


def suggest(finder: Finder, text: str, k: int = 10, *, as_of: date | None = None) -> tuple[Suggestion, ...]:
    """Return the addresses that may be what somebody is typing.

    Parameters
    ----------
    finder : Finder
    text : str
        As far as it is typed: Chinese, pinyin, initials or a mixture.
    k : int
        How many at most, >= 1.
    as_of : date, optional
        Understand only those old names that were in use on this day.

    Returns
    -------
    tuple of Suggestion
        Names as typed before those by sound and those with a slip, among equals most addresses below
        first; behind a number the exact one first, then in their order.
    """
    typed = text.strip()
    if not typed or len(typed) > MAX_TEXT:
        return ()
    query = read_query(typed.rstrip(_SEPARATORS), finder.parser, finder.index)
    last_name = max((one.start for one in query.segments), default=-1)
    steps = sorted((one for one in query.steps if one.start > last_name), key=lambda one: one.start)
    if steps and query.segments:
        tokens = [step.token for step in steps]
        found = _numbers(finder, query, tokens, as_of, is_done=_IS_DONE.search(text) is not None)
        if found:
            return tuple(_suggestion(finder, node) for node in found[:k])
    names = _names(finder, typed, query, k, as_of)
    return tuple(_suggestion(finder, node) for node in names[:k])


def _suggestion(finder: Finder, node: int) -> Suggestion:
    book = finder.book
    lon, lat = float(book.lon[node]), float(book.lat[node])
    text = finder.standard_text(node)
    return Suggestion(int(book.ids[node]), node, text, Level(book.levels[node]), lon, lat)


def _names(finder: Finder, typed: str, query: Query, k: int, as_of: date | None) -> list[int]:
    """Return the named places that begin as the last name typed does."""
    found: dict[int, float] = {}
    _take(finder, finder.index.starting(typed, 4 * k, as_of=as_of), (), found)
    segments = query.segments
    if len(found) < k and segments and segments[-1].text != typed:
        last, before = segments[-1], segments[:-1]
        _take(finder, finder.index.starting(last.text, 8 * k, as_of=as_of), before, found)
    if not found:
        last, before = (segments[-1], segments[:-1]) if segments else (Segment(None, typed, 0), ())
        hits = [hit for hit in finder.index.search(last.text, k, as_of=as_of) if hit.likeness.odds >= 1.0]
        _take(finder, hits, before, found)
    return sorted(found, key=lambda node: (-found[node], -int(finder.n_below[node]), node))


def _take(
    finder: Finder, hits: Iterable[NameHit], before: tuple[Segment, ...], found: dict[int, float]
) -> None:
    """Add the places of some names with their rank; those that lie in what was typed before come first."""
    for hit in hits:
        token = finder.token_of(hit)
        nodes = finder.search.nodes_named(token)
        if len(nodes) > _MAX_NAMESAKES:
            nodes = nodes[np.argsort(-finder.n_below[nodes], kind="stable")[:_MAX_NAMESAKES]]
        for node in nodes.tolist():
            rank = hit.likeness.odds * (_MET_FACTOR if before and _lies_in(finder, node, before) else 1.0)
            found[node] = max(found.get(node, 0.0), rank)


def _lies_in(finder: Finder, node: int, before: tuple[Segment, ...]) -> bool:
    names = {finder.book.name_of(above) for above in finder.book.chain(node)}
    return all(segment.text in names for segment in before)


def _numbers(
    finder: Finder, query: Query, tokens: list[str], as_of: date | None, *, is_done: bool
) -> list[int]:
    """Return the places below the likeliest names whose numbers begin as those typed do."""
    anchors = [anchor.node for anchor in finder.search.anchors(query.segments, as_of)[:_MAX_ANCHORS]]
    if not anchors:
        anchors = _names(finder, query.segments[-1].text, query, _MAX_ANCHORS, as_of)[:_MAX_ANCHORS]
    found: dict[int, None] = {}
    for anchor in anchors:
        frontier = np.array([anchor], np.int64)
        for token in tokens[:-1]:
            frontier = _numbered(finder, frontier, token, is_whole=True)
        nodes = _numbered(finder, frontier, tokens[-1], is_whole=is_done)
        if is_done:
            below = _natural(finder, finder.descent.children(nodes, Level.GROUP, Level.DWELLING))
            nodes = np.concatenate([nodes, below])
        found.update(dict.fromkeys(nodes.tolist()))
    return list(found)


def _numbered(finder: Finder, frontier: _Positions, token: str, *, is_whole: bool) -> _Positions:
    """Return the nearest numbered places below nodes of a number, or with numbers that begin so."""
    for _ in range(3):
        below = finder.descent.children(frontier, Level.GROUP, Level.DWELLING)
        if not len(below) or len(below) > _MAX_BELOW:
            break
        named = np.isin(finder.book.levels[below], [level for level in Level if level.is_named])
        numbered = below[~named]
        texts = finder.book.names.take(pa.array(finder.book.tokens[numbered])).to_pylist()
        fits = [one == token if is_whole else one.startswith(token) for one in texts]
        if any(fits):
            return _natural(finder, numbered[np.array(fits)])
        frontier = below
    return np.empty(0, np.int64)


def _natural(finder: Finder, nodes: _Positions) -> _Positions:
    """Return nodes by level, then shorter numbers before longer ones, so that 3 stands before 30."""
    texts = finder.book.names.take(pa.array(finder.book.tokens[nodes])).to_pylist()
    levels = finder.book.levels[nodes].tolist()
    order = sorted(range(len(texts)), key=lambda place: (levels[place], len(texts[place]), texts[place]))
    return nodes[np.array(order, np.int64)]
