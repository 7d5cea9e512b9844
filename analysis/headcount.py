"""People and firms of every unit and division at once, so that no two tables tell what one of them hides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.stands import holders
from analysis.suppression import suppress_small_counts
from twin.buffers import array_of
from twin.divisions import DivisionTree

_Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Headcount:
    """Counts over the whole division tree; make it by :meth:`of`.

    Of n nodes of the tree, places 0 to n - 1 stand for all that lies in a node, n to 2n - 1 for what lies
    right in it, in none of the nodes below it; then what lies nowhere, and everything.

    Attributes
    ----------
    tree : DivisionTree
    values : pyarrow.Int64Array, length 2n + 2
        Null where suppressed.
    """

    tree: DivisionTree
    values: pa.Int64Array

    @staticmethod
    def n_leaves(tree: DivisionTree) -> int:
        """Return how many groups what is counted falls into: see :meth:`leaves`."""
        return len(tree.nodes) + 1

    @staticmethod
    def leaves(tree: DivisionTree, numbers: _Ints) -> _Ints:
        """Return the group of what lies in these nodes: the node itself, the last for nowhere.

        Parameters
        ----------
        tree : DivisionTree
        numbers : ndarray of int64, shape (m,)
            Pre-order number of the deepest node known, -1 none.

        Returns
        -------
        ndarray of int64, shape (m,)
        """
        return np.where(numbers >= 0, numbers, len(tree.nodes))

    @classmethod
    def of(cls, tree: DivisionTree, counts: _Ints, *, suppresses: bool) -> Headcount:
        """Return the sums of counts over a tree.

        Parameters
        ----------
        tree : DivisionTree
        counts : ndarray of int64, shape (n + 1,)
            Of each group; a node above others counts what is known of it alone.
        suppresses : bool
            Whether they are people. Then the whole tree is suppressed together: tables of two levels, or of
            two callers, laid side by side tell no more than each alone.

        Returns
        -------
        Headcount
        """
        n = len(tree.nodes)
        running = np.concatenate([[0], np.cumsum(counts[:n])])
        inside = running[np.asarray(tree.ends, np.int64)] - running[:n]
        values = np.concatenate([inside, counts, [counts.sum()]]).astype(np.int64)
        if not suppresses:
            return cls(tree, array_of(values))
        root = 2 * n + 1
        above = np.asarray(tree.parents, np.int64)
        parents = np.concatenate([np.where(above >= 0, above, root), np.arange(n), [root, -1]])
        # A node without nodes below it is what lies right in it: one row, not a sum of one.
        is_single = np.asarray(tree.ends, np.int64) == np.arange(1, n + 1)
        kept = np.ones(len(values), np.bool_)
        kept[n : 2 * n] = ~is_single
        place = np.cumsum(kept) - 1
        kept_parents = parents[kept]
        shown = suppress_small_counts(values[kept], np.where(kept_parents >= 0, place[kept_parents], -1))
        spread = place.copy()
        spread[n : 2 * n] = np.where(is_single, place[:n], place[n : 2 * n])
        return cls(tree, shown.take(array_of(spread)))

    def rows(self, wanted: _Ints) -> pa.Int64Array:
        """Return the counts of some divisions, and of all that lies in none of them.

        Parameters
        ----------
        wanted : ndarray of int64, shape (k,)
            Pre-order numbers, none above another.

        Returns
        -------
        pyarrow.Int64Array, length k + 1
        """
        n = len(self.tree.nodes)
        is_held = holders(self.tree, np.arange(n), wanted) < len(wanted)
        outside = np.append(n + np.flatnonzero(~is_held), 2 * n)
        rest = self.values.take(array_of(outside))
        total = None if rest.null_count else int(np.asarray(rest).sum())
        return pa.concat_arrays([self.values.take(array_of(wanted)), pa.array([total], pa.int64())])

    @property
    def total(self) -> int | None:
        """Everything; None where that is suppressed."""
        value: int | None = self.values[len(self.values) - 1].as_py()
        return value
