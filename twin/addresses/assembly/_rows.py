"""Source rows taken apart, as parallel arrays: what assembly works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.assembly._districts import Districts, NamedDivisions
from twin.addresses.assembly._groups import dense
from twin.addresses.assembly._villages import with_unlisted_villages
from twin.addresses.levels import Level
from twin.divisions import DivisionTree
from twin.hot_columns import AreaSource

NAMED_BELOW_DIVISIONS = tuple(level for level in Level if not level.is_division)
_WORDS = {
    Level.NUMBER: "number_word",
    Level.BUILDING: "building_word",
    Level.UNIT: "unit_word",
    Level.DWELLING: "dwelling_word",
}

_SIGN = "#"
"""Stands for 幢 or 室 where somebody was in a hurry: no standard text has it."""

_Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Rows:
    """Source rows in the order of their feature ids.

    Parameters
    ----------
    ids : ndarray of int64, shape (n,)
        Feature ids of the layer ``addresses``.
    tokens : dict of Level to ndarray of int32, shape (n,)
        Position of the token in ``names``; -1 where the text names none.
    main_roads : ndarray of int32, shape (n,)
        Likewise, the road that the road branches from.
    words : dict of Level to ndarray of int16, shape (n,)
        Position in ``word_names``; 0 is the empty word.
    names : list of str
        Distinct tokens, ascending.
    word_names : tuple of str
    division : ndarray of int64, shape (n,)
        Position in ``Districts`` of the deepest division known to hold the row; -1 where none.
    lon, lat : ndarray of float64, shape (n,)
        Degrees; NaN without place.
    is_partial, has_rest, is_readable : ndarray of bool, shape (n,)
        Whether the text names no single place, has what could not be read, or names anything that lies in
        the city.
    is_foreign : ndarray of bool, shape (n,)
        Whether it names divisions, none of which the city has.
    """

    ids: NDArray[np.int64]
    tokens: dict[Level, _Codes]
    main_roads: _Codes
    words: dict[Level, NDArray[np.int16]]
    names: list[str]
    word_names: tuple[str, ...]
    division: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    is_partial: NDArray[np.bool_]
    has_rest: NDArray[np.bool_]
    is_readable: NDArray[np.bool_]
    is_foreign: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def read_rows(
    ids: NDArray[np.int64],
    parsed: pa.Table,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    *,
    tree: DivisionTree,
    districts: Districts,
    areas: AreaSource | None,
    more_names: pa.Array,
) -> Rows:
    """Return parsed texts as arrays; ``more_names`` are tokens that shall have a position too."""
    parsed = with_unlisted_villages(parsed, districts).unify_dictionaries()
    columns = [level.column for level in NAMED_BELOW_DIVISIONS]
    names = _all_names(parsed, [*columns, "main_road"], more_names)
    tokens = {level: _codes(parsed[level.column], names) for level in NAMED_BELOW_DIVISIONS}
    word_names = _all_names(parsed, list(_WORDS.values()), pa.array([""]))
    is_word = np.array([word != _SIGN for word in word_names.to_pylist()])
    words = {level: np.maximum(_codes(parsed[name], word_names), 0) for level, name in _WORDS.items()}
    words = {level: np.where(is_word[codes], codes, 0) for level, codes in words.items()}
    division, is_foreign = _divisions(parsed, districts)
    is_readable = division >= 0
    for codes in tokens.values():
        is_readable |= codes >= 0
    _refine_by_place(division, lon, lat, tree, districts, areas)
    is_foreign &= division < 0
    division[(division < 0) & ~is_foreign] = districts.root
    rest = pc.fill_null(parsed["rest"].cast(pa.string()), "")
    return Rows(
        ids,
        tokens,
        _codes(parsed["main_road"], names),
        {level: codes.astype(np.int16) for level, codes in words.items()},
        names.to_pylist(),
        tuple(word_names.to_pylist()),
        division,
        lon,
        lat,
        parsed["is_partial"].fill_null(False).to_numpy().astype(np.bool_),
        pc.not_equal(rest, "").to_numpy().astype(np.bool_),
        is_readable & ~is_foreign,
        is_foreign,
    )


def _all_names(parsed: pa.Table, columns: list[str], more: pa.Array) -> pa.Array:
    """Return the distinct values of several columns, ascending."""
    found = set(more.to_pylist())
    for name in columns:
        found.update(_dictionary(parsed[name]).dictionary.to_pylist())
    return pa.array(sorted(one for one in found if one is not None), pa.string())


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _codes(column: pa.ChunkedArray, names: pa.Array) -> _Codes:
    """Return the position of each value in the names, -1 for null and for the empty text."""
    values = _dictionary(column)
    if not len(values.dictionary):
        return np.full(len(values), -1, np.int32)
    places = pc.index_in(values.dictionary, value_set=names).fill_null(-1).to_numpy().astype(np.int32)
    places[pc.equal(values.dictionary, "").fill_null(True).to_numpy(zero_copy_only=False)] = -1
    indices = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where(indices >= 0, places[indices], np.int32(-1)).astype(np.int32)


def _divisions(parsed: pa.Table, districts: Districts) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the division that each text names, and which texts name only divisions of elsewhere."""
    levels = [level for level in Level if level.is_division]
    encoded = {level: _dictionary(parsed[level.column]) for level in levels}
    codes = [column.indices.fill_null(-1).to_numpy(zero_copy_only=False) for column in encoded.values()]
    first, labels = dense(*codes)
    known = NamedDivisions(districts)
    found = np.full(len(first), -1, np.int64)
    is_foreign = np.zeros(len(first), np.bool_)
    for label, row in enumerate(first.tolist()):
        names = {
            int(level): str(encoded[level][row].as_py())
            for level in levels
            if encoded[level][row].as_py() not in {None, ""}
        }
        found[label] = known.resolve(names)
        is_foreign[label] = bool(names) and found[label] < 0 and not known.has_any(names)
    return found[labels], is_foreign[labels]


def _refine_by_place(
    division: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    tree: DivisionTree,
    districts: Districts,
    areas: AreaSource | None,
) -> None:
    """Give each placed row the division of its point where that lies below the one its text names."""
    placed = np.flatnonzero(~np.isnan(lon))
    if areas is not None and len(placed):
        offsets, values, area_ids = areas.assign(lon[placed], lat[placed])
        numbers = tree.preorder_of(np.asarray(area_ids, np.int64))
        known = np.append(np.where(numbers >= 0, districts.of_number[numbers], -1), -1)
        has_any = np.diff(offsets) > 0
        leaves = np.full(len(placed), -1, np.int64)
        leaves[has_any] = values[offsets[:-1][has_any]]
        here = known[leaves]
        named = division[placed]
        depths = np.array([0, *(one.level for one in districts.divisions)], np.int64)[named + 1]
        holder = np.where(depths > 0, districts.chains[here, np.maximum(depths - 1, 0)], named)
        is_below = (here >= 0) & ((named < 0) | (holder == named))
        division[placed[is_below]] = here[is_below]
