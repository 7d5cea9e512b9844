"""Since when and until when addresses are (有效期): as any of the rows that name them or their parts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.addresses.assembly._figures import depths
from twin.addresses.assembly._growth import Growth
from twin.addresses.base import TIMESTAMP
from twin.addresses.levels import Level

_NEVER, _ALWAYS = np.iinfo(np.int64).max, np.iinfo(np.int64).min


def validity(growth: Growth, records: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Return the first moment of each node and the first no longer, null where none is known.

    A row without a beginning tells none, as whole departments keep no days; a row without an end says that
    there is no end. Divisions have days of their own.
    """
    n = len(growth)
    rows = np.flatnonzero(growth.at >= 0)
    first, last = np.full(n, _NEVER), np.full(n, _ALWAYS)
    np.minimum.at(first, growth.at[rows], _moments(records, "valid_from")[rows])
    np.maximum.at(last, growth.at[rows], _moments(records, "valid_to")[rows])
    _spread_up(growth, first, last)
    is_division = growth.level <= Level.COMMUNITY
    return (
        pa.array(first, mask=is_division | (first == _NEVER)).cast(TIMESTAMP),
        pa.array(last, mask=is_division | np.isin(last, (_NEVER, _ALWAYS))).cast(TIMESTAMP),
    )


def _moments(records: pa.Table, name: str) -> NDArray[np.int64]:
    """Return a column of moments as numbers, an open one as the latest."""
    if name not in records.column_names:
        return np.full(records.num_rows, _NEVER)
    moments: NDArray[np.int64] = records[name].cast(TIMESTAMP).cast(pa.int64()).fill_null(_NEVER).to_numpy()
    return moments


def _spread_up(growth: Growth, first: NDArray[np.int64], last: NDArray[np.int64]) -> None:
    """Let each node last as long as those below it."""
    depth = depths(growth.parent)
    for level in range(int(depth.max(initial=0)), 0, -1):
        nodes = np.flatnonzero(depth == level)
        above = growth.parent[nodes]
        np.minimum.at(first, above, first[nodes])
        np.maximum.at(last, above, last[nodes])
