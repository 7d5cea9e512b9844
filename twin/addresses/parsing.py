"""Reads Chinese address texts (地址解析): one text into components with spans, many into a table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from twin.addresses._columns import ParsedColumns
from twin.addresses._divisions import DivisionReader
from twin.addresses._folding import MAX_CHARS
from twin.addresses._head import Reading, read
from twin.addresses._names import RELATION
from twin.addresses._numerals import NUMERALS
from twin.addresses._plain import Plain, plain
from twin.addresses._runs import RUN, RUN_CHARACTERS, Context, Part, first_word, read_run, unread_spans
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsed import Component, ParsedAddress, Relation

__all__ = ["MAX_CHARS", "Parser"]

_KEPT = 100_000
"""Distinct heads, and tails, that a table holds before it forgets them."""
_NUMERALS = frozenset(NUMERALS + "甲乙丙丁")
_KILOMETRE = re.compile(r"公里|千米|[kK][mM]")


class Parser:
    """Reads address texts of one city; safe to share between threads.

    Parameters
    ----------
    gazetteer : Gazetteer
        The city's divisions. Nothing else decides what a division is, but endings: 省 市 区 县 街道 镇 乡
        社区 村.
    names : iterable of str, or mapping of str to Level
        Roads, estates and other places that the base knows: they are read whole, whatever they look
        like. A mapping says what they are too; else their endings tell.

    Examples
    --------
    >>> parser = Parser(Gazetteer.of([("丽州市", 1, -1), ("丽城区", 2, 0)]))
    >>> parsed = parser.parse("丽城永城路38号楼一单元三零二")
    >>> [(component.level.title, component.token) for component in parsed.components]
    [('县', '丽城区'), ('街路巷', '永城路'), ('楼牌', '38'), ('单元', '1'), ('户室', '302')]
    """

    def __init__(self, gazetteer: Gazetteer, names: Iterable[str] | Mapping[str, Level] = ()) -> None:
        self._gazetteer = gazetteer
        levels = dict(names) if isinstance(names, Mapping) else dict.fromkeys(names)
        self._names = {name: level for name, level in levels.items() if len(name) > 1}
        self._longest = max(map(len, self._names), default=0)

    def parse(self, text: str) -> ParsedAddress:
        """Return one text taken apart.

        Parameters
        ----------
        text : str
            Whatever came. Past :data:`MAX_CHARS` characters nothing is read.

        Returns
        -------
        ParsedAddress
            ``12层1203室`` says the floor twice: it stays a component, though the dwelling implies it.
        """
        source = plain(text)
        start, follow = _split(source.text)
        reading = self._read_head(source.text[:start], follow)
        tail = _read_tail(source.text[start:], reading.context)
        unread = unread_spans(source.text[start:], 0, len(source.text) - start, tail)
        rest = [*reading.rest, *((low + start, high + start) for low, high in unread)]
        reading = reading._replace(rest=tuple(rest))
        parts = [
            *reading.parts,
            *(part._replace(start=part.start + start, end=part.end + start) for part in tail),
        ]
        return _located(text, source, reading, parts)

    def parse_table(self, texts: pa.Array | pa.ChunkedArray | Sequence[str]) -> pa.Table:
        """Return many texts taken apart.

        Parameters
        ----------
        texts : pyarrow.Array, pyarrow.ChunkedArray or sequence of str
            Nulls are empty texts.

        Returns
        -------
        pyarrow.Table
            One row a text, columns :data:`~twin.addresses.parsed.PARSED_COLUMNS`. What stands before the
            last numbers of a text is read once for all texts that share it.

        Examples
        --------
        >>> table = Parser(Gazetteer.empty()).parse_table(["紫荆花园3-1-302", "紫荆花园1-10幢"])
        >>> table.select(["estate", "building", "dwelling", "is_partial"]).to_pydict()
        {'estate': ['紫荆花园', '紫荆花园'], 'building': ['3', '1-10'], 'dwelling': ['302', None],
         'is_partial': [False, True]}
        """
        columns = ParsedColumns(self._read_head, _read_tail, _KEPT)
        for text in _strings(texts):
            source = plain(text)
            start, follow = _split(source.text)
            columns.append(source.text[:start], follow, source.text[start:], source.unread)
        return columns.table()

    def _read_head(self, head: str, follow: str | None) -> Reading:
        return read(head, DivisionReader(self._gazetteer), self._names, self._longest, follow)


def _strings(texts: pa.Array | pa.ChunkedArray | Sequence[str]) -> Iterator[str]:
    """Yield the texts one by one, Arrow arrays in parts so that no second copy of all is held."""
    if isinstance(texts, pa.Array):
        texts = pa.chunked_array([texts])
    if not isinstance(texts, pa.ChunkedArray):
        yield from texts
        return
    for chunk in texts.chunks:
        for first in range(0, len(chunk), _KEPT):
            for text in chunk.slice(first, _KEPT).to_pylist():
                yield text or ""


def _split(text: str) -> tuple[int, str | None]:
    """Return where the last run of numbers begins that ends the text, and how it names its first part."""
    last = None
    for found in RUN.finditer(text, len(text.rstrip(RUN_CHARACTERS))):
        last = found
    if last is None or last.end() != len(text):
        return len(text), None
    if last.start() and text[last.start() - 1] in _NUMERALS:
        return len(text), None  # at the end of a head it would be read as a number
    return last.start(), first_word(text, last.start(), last.end())


def _read_tail(tail: str, context: Context) -> list[Part]:
    return read_run(tail, 0, len(tail), context) if tail else []


def _located(text: str, source: Plain, reading: Reading, parts: Sequence[Part]) -> ParsedAddress:
    """Return a reading with spans in the text as it came."""
    components = []
    for part in parts:
        start, end = source.span(part.start, part.end)
        components.append(
            Component(part.level, source.folded[start:end], part.token, start, end, part.is_range)
        )
    rest = [source.text[start:end] for start, end in reading.rest]
    has_number = any(part.level == Level.NUMBER for part in parts)
    return ParsedAddress(
        text,
        tuple(components),
        reading.province,
        _relation(source, reading.relation),
        reading.is_crossing or (reading.is_joined and not has_number),
        tuple(source.span(start, end) for start, end in reading.noise),
        " ".join([*rest, *([source.unread] if source.unread else [])]),
    )


def _relation(source: Plain, span: tuple[int, int] | None) -> Relation | None:
    if span is None:
        return None
    words = source.text[slice(*span)]
    distance_m = math.nan
    for found in RELATION.finditer(words):
        if found["distance"]:
            distance_m = float(found["distance"]) * (1000.0 if _KILOMETRE.search(found["unit"]) else 1.0)
    return Relation(words, distance_m, *source.span(*span))
