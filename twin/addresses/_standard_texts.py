"""Standard texts of many nodes of a book at once, one chain slot after another."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.addresses.past import Names
from twin.addresses.standard import standard_text

_Positions = NDArray[np.int64]


def text_of(book: AddressBook, node: int, then: Names) -> str:
    """Return the standard address of one node, with the names of a day of its divisions."""
    parts = (
        (Level(book.levels[one]), book.name_of(one), book.word_names[book.words[one]])
        for one in book.chain(node)
    )
    names = then.get(int(book.divisions[node]))
    if names is None:
        return standard_text(parts)
    below = (part for part in parts if not part[0].is_division)
    return standard_text([*((level, name, "") for level, name in names), *below])


def standard_texts(book: AddressBook, positions: _Positions, then: Names) -> pa.Array:
    """Return the standard addresses of nodes; null where a position is -1."""
    distinct, place = np.unique(positions, return_inverse=True)
    distinct = distinct.astype(np.int64)
    above, below = list[_Positions](), list[_Positions]()
    at = distinct
    while (at >= 0).any():
        at = np.where((at >= 0) & (book.levels[at] > Level.COMMUNITY), at, -1)
        below.append(at)
        at = np.where(at >= 0, book.parents[at], -1)
    at = np.where(distinct >= 0, book.divisions[distinct].astype(np.int64), -1)
    while (at >= 0).any():
        above.append(at)
        at = np.where(at >= 0, book.parents[at], -1)
    slots = [*reversed(above), *reversed(below)]
    if not slots:
        return pa.nulls(len(positions), pa.string())
    has_hamlet, is_turned = np.zeros(len(distinct), np.bool_), np.zeros(len(distinct), np.bool_)
    for slot in below:
        is_turned |= (slot >= 0) & (book.levels[slot] == Level.GROUP) & has_hamlet
        has_hamlet |= (slot >= 0) & (book.levels[slot] == Level.HAMLET)
    joined = pc.binary_join_element_wise(
        *(_parts(book, slot) for slot in slots), "", null_handling="replace", null_replacement=""
    )
    texts = pc.if_else(pa.array(distinct >= 0), joined, pa.scalar(None, pa.string()))
    texts = _with_own(
        book, texts, distinct, np.flatnonzero(is_turned | _is_renamed(book, distinct, then)), then
    )
    return texts.take(pa.array(place.reshape(-1)))


def _is_renamed(book: AddressBook, nodes: _Positions, then: Names) -> NDArray[np.bool_]:
    """Return which nodes lie in divisions that had other names."""
    is_renamed: NDArray[np.bool_] = (nodes >= 0) & np.isin(book.divisions[nodes], list(then))
    return is_renamed


def _with_own(
    book: AddressBook, texts: pa.Array, nodes: _Positions, rows: _Positions, then: Names
) -> pa.Array:
    """Return texts with those rewritten that are not simply one part after the other.

    Of hamlets below a group, which stand before it in the text, and of divisions that had other names.
    """
    if not len(rows):
        return texts
    written = texts.to_pylist()
    for row in rows.tolist():
        written[row] = text_of(book, int(nodes[row]), then)
    return pa.array(written, pa.string())


def _parts(book: AddressBook, nodes: _Positions) -> pa.Array:
    """Return the part of the text that each node adds, each distinct part written once."""
    is_node = nodes >= 0
    keys = np.column_stack([book.levels[nodes], book.tokens[nodes], book.words[nodes]]).astype(np.int64)
    keys[~is_node] = 0
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    written = [
        standard_text([(Level(level), str(book.names[token].as_py()), book.word_names[word])])
        if level
        else ""
        for level, token, word in distinct.tolist()
    ]
    return pa.array(written, pa.string()).take(pa.array(place.reshape(-1)))
