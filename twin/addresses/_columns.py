"""The table of parsed texts, joined from distinct heads and tails, each of which is read once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.addresses._head import Reading
from twin.addresses._runs import Context, Part, unread_spans
from twin.addresses.levels import Level
from twin.addresses.parsed import PARSED_COLUMNS

_COLUMNS = PARSED_COLUMNS[:-1]
_PLACES = {name: place for place, name in enumerate(_COLUMNS)}
_REST = _PLACES["rest"]
_WORD_COLUMNS = {
    Level.NUMBER: _PLACES["number_word"],
    Level.BUILDING: _PLACES["building_word"],
    Level.UNIT: _PLACES["unit_word"],
    Level.DWELLING: _PLACES["dwelling_word"],
}
_MAYBE_CROSSING = 2
"""Two roads joined by a word: an intersection, unless a number follows."""


class _Codes:
    """Rows of codes into the values of each column, one row a distinct head or tail."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []
        self.flags: list[int] = []

    def __len__(self) -> int:
        return len(self.rows)

    def array(self) -> NDArray[np.int32]:
        """Return the codes, shape (n, columns)."""
        return np.array(self.rows, np.int32).reshape(len(self.rows), len(_COLUMNS))


class ParsedColumns:
    """Takes texts one by one, cut into head and tail, and returns their table.

    Parameters
    ----------
    read_head : callable
        (head, follow) -> :class:`Reading`.
    read_tail : callable
        (tail, context) -> parts.
    kept : int
        Distinct heads, and tails, that are held before they are joined to the rows and forgotten.
    """

    def __init__(
        self,
        read_head: Callable[[str, str | None], Reading],
        read_tail: Callable[[str, Context], Sequence[Part]],
        kept: int,
    ) -> None:
        self._read_head, self._read_tail, self._kept = read_head, read_tail, kept
        self._values: list[dict[str, int]] = [{} for _ in _COLUMNS]
        self._blocks: list[NDArray[np.int32]] = []
        self._partial: list[NDArray[np.bool_]] = []
        self._forget()

    def _forget(self) -> None:
        self._heads, self._tails = _Codes(), _Codes()
        self._head_ids: dict[tuple[str, str | None, str], tuple[int, Context]] = {}
        self._tail_ids: dict[tuple[str, Context], tuple[int, str]] = {}
        self._tails.rows.append([-1] * len(_COLUMNS))
        self._tails.flags.append(0)
        self._head_rows, self._tail_rows = array("q"), array("q")

    def append(self, head: str, follow: str | None, tail: str, unread: str) -> None:
        """Add one text: what stands before its last run, how that run begins, the run, the unread."""
        if len(self._heads) >= self._kept or len(self._tails) >= self._kept:
            self._join()
        row, context = self._head_row(head, follow, unread)
        tail_row, tail_unread = self._tail_row(tail, context) if tail else (0, "")
        if tail_unread:
            row, _ = self._head_row(head, follow, f"{tail_unread} {unread}".rstrip())
        self._head_rows.append(row)
        self._tail_rows.append(tail_row)

    def table(self) -> pa.Table:
        """Return the table of all texts added."""
        self._join()
        codes = np.concatenate(self._blocks) if self._blocks else np.empty((0, len(_COLUMNS)), np.int32)
        columns = [
            pa.DictionaryArray.from_arrays(
                pa.array(codes[:, place], mask=codes[:, place] < 0), pa.array(list(values), pa.string())
            )
            for place, values in enumerate(self._values)
        ]
        partial = np.concatenate(self._partial) if self._partial else np.empty(0, np.bool_)
        return pa.table([*columns, pa.array(partial)], names=list(PARSED_COLUMNS))

    def _head_row(self, head: str, follow: str | None, unread: str) -> tuple[int, Context]:
        """Return the row of a head and what a tail behind it stands in; read it where it is new."""
        key = (head, follow, unread)
        known = self._head_ids.get(key)
        if known is None:
            known = self._head_ids[key] = self._add_head(head, follow, unread)
        return known

    def _tail_row(self, tail: str, context: Context) -> tuple[int, str]:
        """Return the row of a tail and what of it was not read."""
        key = (tail, context)
        known = self._tail_ids.get(key)
        if known is None:
            known = self._tail_ids[key] = self._add_tail(tail, context)
        return known

    def _add_head(self, head: str, follow: str | None, unread: str) -> tuple[int, Context]:
        reading = self._read_head(head, follow)
        codes = self._coded(reading.parts)
        roads = [part.token for part in reading.parts if part.level == Level.ROAD]
        if len(roads) > 1:
            codes[_PLACES["main_road"]] = self._code(_PLACES["main_road"], roads[-2])
        if reading.province:
            codes[0] = self._code(0, reading.province)
        rest = " ".join([*(head[start:end] for start, end in reading.rest), *([unread] if unread else [])])
        codes[_REST] = self._code(_REST, rest)
        is_partial = reading.relation is not None or any(part.is_range for part in reading.parts)
        crossing = _MAYBE_CROSSING if reading.is_joined else 0
        self._heads.rows.append(codes)
        self._heads.flags.append(1 if is_partial or reading.is_crossing else crossing)
        return len(self._heads) - 1, reading.context

    def _add_tail(self, tail: str, context: Context) -> tuple[int, str]:
        parts = self._read_tail(tail, context)
        has_number = any(part.level == Level.NUMBER for part in parts)
        self._tails.rows.append(self._coded(parts))
        self._tails.flags.append(2 * any(part.is_range for part in parts) + has_number)
        spans = unread_spans(tail, 0, len(tail), parts)
        return len(self._tails) - 1, " ".join(tail[start:end] for start, end in spans)

    def _coded(self, parts: Sequence[Part]) -> list[int]:
        """Return one row of codes; the last part of a level counts."""
        codes = [-1] * len(_COLUMNS)
        for part in parts:
            codes[part.level] = self._code(part.level, part.token)
            column = _WORD_COLUMNS.get(part.level)
            if column is not None:
                codes[column] = self._code(column, part.word)
        return codes

    def _code(self, column: int, value: str) -> int:
        values = self._values[column]
        return values.setdefault(value, len(values))

    def _join(self) -> None:
        """Turn the rows added since the last time into codes, and forget the heads and tails."""
        if self._head_rows:
            heads, tails = np.array(self._head_rows), np.array(self._tail_rows)
            upper, lower = self._heads.array()[heads], self._tails.array()[tails]
            self._blocks.append(np.where(lower >= 0, lower, upper))
            head_flags = np.array(self._heads.flags)[heads]
            tail_flags = np.array(self._tails.flags)[tails]
            is_crossing = (head_flags == _MAYBE_CROSSING) & (tail_flags % 2 == 0)
            self._partial.append((head_flags == 1) | (tail_flags >= 2) | is_crossing)
        self._forget()
