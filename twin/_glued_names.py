"""Names right before an address without a sign between, told by the addresses of the other texts."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin import _person_patterns as patterns
from twin._given_names import is_name

_DIVISION_ENDS = ("省", "市", "区", "县", "镇", "乡", "街道")


def glued_names(texts: pa.Array, places: Collection[str]) -> dict[int, tuple[str, int]]:
    """Return the texts that begin with a name, by row, and where it ends: 陈建国长乐弄18号.

    Only names of a common family name and common given ones count, and only where a known division or a
    road, village or estate follows by which more of the other texts begin than by both together.
    """
    flags = pc.fill_null(pc.match_substring_regex(texts, patterns.GLUED_HINT), fill_value=False)
    rows = np.flatnonzero(flags.to_numpy(zero_copy_only=False))
    divisions = tuple(name for name in places if len(name) > 2 and name.endswith(_DIVISION_ENDS))
    found: dict[int, tuple[str, int]] = {}
    open_rows: list[tuple[int, str, int]] = []
    for row, text in zip(rows.tolist(), texts.take(pa.array(rows)).to_pylist(), strict=True):
        for length in _lengths(text):
            if text.startswith(divisions, length) and text[:length] not in places:
                found[row] = (text, length)
                break
            open_rows.append((row, text, length))
    if open_rows:
        heads = _heads(texts)
        whole_of = {row: patterns.HEADED.match(text) for row, text, _ in open_rows}
        for row, text, end in open_rows:
            whole, rest = whole_of[row], patterns.HEADED.match(text, end)
            if row not in found and whole and rest and heads.get(rest[1], 0) > heads.get(whole[1], 0):
                found[row] = (text, end)
    return found


def _lengths(text: str) -> list[int]:
    """Return the lengths that a name at the beginning may have, 家 included, the longest first."""
    found = []
    for pattern in patterns.GLUED:
        name = pattern.match(text)
        if name and is_name(name[1], is_told=len(name[1]) > 2) and set(name[1][1:]) <= patterns.GIVEN:
            found.append(name.end())
    return found


def _heads(texts: pa.Array) -> dict[str, int]:
    """Return how many texts number each road, village or estate first."""
    heads = pc.struct_field(pc.extract_regex(texts, patterns.HEAD), "head")
    counted = pc.value_counts(heads.drop_null())
    return dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))
