"""Small counts of people are not published (小数抑制), nor what would give them away by subtraction."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from twin.buffers import array_of
from twin.errors import InvalidQueryError

SMALLEST_PUBLISHED = 5
"""Counts of people from 1 to one less are never published."""

_Floats = NDArray[np.float64]


def suppress_small_counts(counts: ArrayLike, parents: ArrayLike | None = None) -> pa.Int64Array:
    """Return counts with those from 1 to 4 taken out, and as many others as keep them from being worked out.

    Parameters
    ----------
    counts : array-like of int, shape (n,)
        Number of people of each published row, >= 0.
    parents : array-like of int, shape (n,), optional
        Position of the row that is the sum of this one and its siblings, -1 where no sum is published.
        Without it no sums are: nothing can be subtracted.

    Returns
    -------
    pyarrow.Int64Array, length n
        Null where suppressed. Zero stays zero.

    Raises
    ------
    InvalidQueryError
        If a count is negative, rows stand above one another in a circle, or a sum is not that of its parts.

    Notes
    -----
    Primary suppression of small counts, then complementary suppression (Hundepool et al., *Statistical
    Disclosure Control*, 2012, ch. 4): while the published rows and sums, and the rule that what is missing is
    at least 1, leave only one value for a missing count, a further row of the same sum goes, the smallest
    first, then the sum itself. Which values are left is exact, for sums that form trees: missing values of
    one sum are free between bounds that pass up and down the tree. Each round costs O(n log n);
    rounds are few. What two separate publications tell together is not looked at.

    Examples
    --------
    >>> suppress_small_counts([3, 40, 7, 50], parents=[3, 3, 3, -1]).to_pylist()
    [None, 40, None, 50]
    """
    values = np.asarray(counts, np.int64)
    above = np.full(len(values), -1) if parents is None else np.asarray(parents, np.int64)
    tree = _Sums(values, above)
    is_hidden = (values >= 1) & (values < SMALLEST_PUBLISHED)
    while len(rows := tree.given_away(is_hidden)):
        is_hidden[tree.complements(rows, is_hidden)] = True
    return pa.array(values, mask=is_hidden) if len(values) else array_of(values)


class _Sums:
    """Rows of which some are sums of others, one layer of the tree after another."""

    def __init__(self, values: NDArray[np.int64], parents: NDArray[np.int64]) -> None:
        self._values, self._parents = values, parents
        if len(parents) != len(values) or (parents >= len(values)).any() or (parents < -1).any():
            raise InvalidQueryError(f"{len(values)} counts came with parents that are not among them")
        if (values < 0).any():
            raise InvalidQueryError(f"the count {values.min()} came; wanted 0 or more")
        depth = np.zeros(len(values), np.int64)
        node = parents.copy()
        while (node >= 0).any():
            depth += node >= 0
            node = np.where(node >= 0, parents[node], -1)
            if depth.max(initial=0) > len(values):
                raise InvalidQueryError("the sums stand above one another in a circle")
        order = np.argsort(depth, kind="stable")
        edges = np.searchsorted(depth[order], np.arange(depth.max(initial=-1) + 2))
        self._layers = [order[low:high] for low, high in pairwise(edges.tolist())]
        self._place = np.zeros(len(values), np.int64)
        for rows in self._layers:
            self._place[rows] = np.arange(len(rows))
        sums = np.zeros(len(values), np.int64)
        below = np.flatnonzero(parents >= 0)
        np.add.at(sums, parents[below], values[below])
        self._is_sum = np.zeros(len(values), np.bool_)
        self._is_sum[parents[below]] = True
        wrong = np.flatnonzero(self._is_sum & (sums != values))
        if len(wrong):
            row = int(wrong[0])
            raise InvalidQueryError(f"row {row} is {values[row]:,}, but its parts sum to {sums[row]:,}")

    def given_away(self, is_hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the hidden rows for which the shown ones leave one value only."""
        low = np.where(is_hidden, 1.0, self._values)
        high = np.where(is_hidden, np.inf, self._values)
        for rows, parts in reversed(list(pairwise(self._layers))):
            least, most, n_open = self._bounds_of_sums(rows, parts, low, high)
            of = self._is_sum[rows]
            sums = rows[of]
            low[sums] = np.maximum(low[sums], least[of])
            high[sums] = np.minimum(high[sums], np.where(n_open[of] > 0, np.inf, most[of]))
        for above_rows, rows in pairwise(self._layers):
            least, most, n_open = self._bounds_of_sums(above_rows, rows, low, high)
            above = self._parents[rows]
            place = self._place[above]
            is_open = np.isinf(high[rows])
            others_open = n_open[place] - is_open > 0
            most_others = np.where(others_open, np.inf, most[place] - np.where(is_open, 0.0, high[rows]))
            from_below = low[above] - most_others
            from_above = high[above] - (least[place] - low[rows])
            low[rows], high[rows] = np.maximum(low[rows], from_below), np.minimum(high[rows], from_above)
        return np.flatnonzero(is_hidden & (low == high))

    def complements(self, rows: NDArray[np.int64], is_hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return a further row to hide for each sum that gives one of these rows away."""
        told_by_parts = rows[self._is_sum[rows] & ~self._has_part(is_hidden)[rows]]
        # Those first: once their parts are open, others may be so too.
        sums = told_by_parts if len(told_by_parts) else self._parents[rows]
        return self._beside(np.unique(sums[sums >= 0]), is_hidden)

    def _has_part(self, is_wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which rows are sums with a part that is marked."""
        has_part = np.zeros(len(is_wanted), np.bool_)
        has_part[self._parents[is_wanted & (self._parents >= 0)]] = True
        return has_part

    def _beside(self, sums: NDArray[np.int64], is_hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return what to hide of each sum: its smallest part that is shown and counts any, else the sum."""
        is_asked = np.zeros(len(is_hidden) + 1, np.bool_)  # the last stands for rows of no sum
        is_asked[sums] = True
        parts = np.flatnonzero(is_asked[self._parents] & ~is_hidden & (self._values > 0))
        parts = parts[np.lexsort((parts, self._values[parts], self._parents[parts]))]
        found, first = np.unique(self._parents[parts], return_index=True)
        return np.concatenate([parts[first], np.setdiff1d(sums, found)])

    def _bounds_of_sums(
        self, rows: NDArray[np.int64], parts: NDArray[np.int64], low: _Floats, high: _Floats
    ) -> tuple[_Floats, _Floats, NDArray[np.int64]]:
        """Return the least and the most that the parts of rows come to, those without bound counted."""
        places, n = self._place[self._parents[parts]], len(rows)
        is_open = np.isinf(high[parts])
        least = np.bincount(places, low[parts], n).astype(np.float64)
        most = np.bincount(places, np.where(is_open, 0.0, high[parts]), n).astype(np.float64)
        return least, most, np.bincount(places[is_open], minlength=n)
