"""Standard texts of many nodes at once: each is that of the node above and its own part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.assembly._groups import dense
from twin.addresses.levels import Level
from twin.addresses.standard import standard_text


def texts_of(
    level: NDArray[np.int8],
    parent: NDArray[np.int64],
    token: NDArray[np.int64],
    word: NDArray[np.int16],
    division: NDArray[np.int64],
    *,
    names: Sequence[str],
    word_names: Sequence[str],
) -> pa.Array:
    """Return the standard text of each node: its divisions, then the parts below them."""
    n = len(level)
    if not n:
        return pa.array([], pa.string())
    first, labels = dense(level, token, word)
    parts = [
        standard_text([(Level(level[row]), names[token[row]], word_names[word[row]])])
        for row in first.tolist()
    ]
    own = pa.array(parts, pa.string()).take(pa.array(labels))
    below = _joined_down(own, parent, level > Level.COMMUNITY)
    above = _joined_down(own, parent, level <= Level.COMMUNITY)
    is_division = level <= Level.COMMUNITY
    holder = np.where(is_division, np.arange(n), division)
    prefix = above.take(pa.array(holder, mask=holder < 0)).fill_null("")
    return pc.binary_join_element_wise(prefix, below, "")


def _joined_down(own: pa.Array, parent: NDArray[np.int64], counts: NDArray[np.bool_]) -> pa.Array:
    """Return the own texts of each node and those above it, put together from the top; others empty."""
    n = len(own)
    own = pc.if_else(pa.array(counts), own, "")
    texts = own
    above = np.where(counts, parent, -1)
    while True:
        above = np.where((above >= 0) & np.append(counts, False)[above], above, -1)
        if (above < 0).all():
            return texts
        upper = own.take(pa.array(above, mask=above < 0)).fill_null("")
        texts = pc.binary_join_element_wise(upper, texts, "")
        above = np.where(above >= 0, parent[above], np.full(n, -1))
