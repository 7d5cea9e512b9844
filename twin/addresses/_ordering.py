"""Rows of the address base in the order of a book: each after the one above, by level and token."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.base import IN_FORCE
from twin.errors import InvalidLayerError

_Positions = NDArray[np.int64]


def ordered(base: pa.Table) -> dict[str, Any]:
    """Return what ``AddressBook.of`` takes, of the addresses in force of a base."""
    base = base.filter(pc.equal(base["status"], IN_FORCE)).combine_chunks()
    ids = base["feature_id"].to_numpy()
    by_id = np.argsort(ids, kind="stable")
    parents = _places(ids, by_id, base["parent_id"])
    levels = base["level"].to_numpy()
    names, tokens = _sorted_codes(base["token"])
    word_names, words = _sorted_codes(base["word"].fill_null(""), first="")
    order = _order(parents, levels, tokens)
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    divisions = _places(ids, by_id, base["division_id"])
    return {
        "ids": ids[order],
        "levels": levels[order].astype(np.int8),
        "parents": _moved(parents, order, position),
        "tokens": tokens[order].astype(np.int32),
        "names": names,
        "words": words[order].astype(np.int16),
        "word_names": tuple(word_names.to_pylist()),
        "divisions": _moved(divisions, order, position),
        "lon": base["lon"].to_numpy()[order],
        "lat": base["lat"].to_numpy()[order],
        "source_ids": base["source_id"].combine_chunks().take(pa.array(order)),
        "n_records": base["n_records"].fill_null(0).to_numpy()[order].astype(np.int32),
        "gates": _gates(base["gates"], ids, by_id, position),
    }


def _places(ids: _Positions, by_id: _Positions, wanted: pa.ChunkedArray) -> _Positions:
    """Return the row of each id, -1 where it is null or not in force."""
    found = wanted.fill_null(-1).to_numpy()
    if not len(ids):
        return np.full(len(found), -1, np.int64)
    places = by_id[np.minimum(np.searchsorted(ids, found, sorter=by_id), len(ids) - 1)]
    return np.where(ids[places] == found, places, -1)


def _moved(found: _Positions, order: _Positions, position: _Positions) -> NDArray[np.int32]:
    """Return rows that point at rows, in their new order."""
    there = found[order]
    return np.where(there >= 0, np.append(position, -1)[there], -1).astype(np.int32)


def _sorted_codes(column: pa.ChunkedArray, first: str | None = None) -> tuple[pa.StringArray, _Positions]:
    """Return the distinct values, ascending, and the position of each row's; ``first`` is always there."""
    whole = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    encoded = whole.dictionary_encode()
    values = encoded.dictionary
    if first is not None and first not in values.to_pylist():
        values = pa.concat_arrays([values, pa.array([first], values.type)])
    ranks = pc.sort_indices(values).to_numpy()
    place = np.empty(len(ranks), np.int64)
    place[ranks] = np.arange(len(ranks))
    return values.take(pa.array(ranks)), place[encoded.indices.to_numpy()]


def _order(parents: _Positions, levels: _Positions, tokens: _Positions) -> _Positions:
    """Return rows so that each stands after the one above it, siblings by level and token."""
    n = len(parents)
    position = np.full(n, -1, np.int64)
    pieces: list[_Positions] = []
    placed = 0
    here = np.flatnonzero(parents < 0)
    is_open = parents >= 0
    while len(here):
        above = np.where(parents[here] >= 0, position[parents[here]], -1)
        here = here[np.lexsort((here, tokens[here], levels[here], above))]
        position[here] = placed + np.arange(len(here))
        placed += len(here)
        pieces.append(here)
        waiting = np.flatnonzero(is_open)
        here = waiting[position[parents[waiting]] >= 0]
        is_open[here] = False
    if placed < n:
        raise InvalidLayerError(f"{n - placed:,} addresses stand above themselves")
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)


def _gates(
    column: pa.ChunkedArray, ids: _Positions, by_id: _Positions, position: _Positions
) -> NDArray[np.int32]:
    """Return pairs of estate and further number, by position."""
    rows = np.flatnonzero(column.is_valid().to_numpy())
    owners: list[int] = []
    numbers: list[int] = []
    for row in rows.tolist():
        for one in column[row].as_py().split():
            owners.append(row)
            numbers.append(int(one))
    found = _places(ids, by_id, pa.chunked_array([pa.array(numbers, pa.int64())]))
    known = found >= 0
    pairs = np.column_stack([position[np.array(owners, np.int64)[known]], position[found[known]]])
    return pairs[np.lexsort(pairs.T[::-1])].astype(np.int32).reshape(-1, 2)
