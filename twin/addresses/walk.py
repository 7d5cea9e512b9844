"""The address tree as a walk: whatever lies below a node carries the numbers of one interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def walk(parents: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each node in a walk that visits a node before those below it, and where they end.

    Parameters
    ----------
    parents : ndarray of int32, shape (n,)
        Position of the node above, ascending among nodes of one depth; -1 at the top.
        :attr:`AddressBook.parents` is such.

    Returns
    -------
    first : ndarray of int64, shape (n,)
        Number of each node.
    last : ndarray of int64, shape (n,)
        First number after the nodes below it. O(n) for each of the levels.

    Examples
    --------
    >>> first, last = walk(np.array([-1, -1, 0, 0, 2], np.int32))
    >>> first, last
    (array([0, 4, 1, 3, 2]), array([4, 5, 3, 4, 3]))
    """
    sizes = with_those_below(np.ones(len(parents), np.int64), parents)
    first = np.zeros(len(parents), np.int64)
    for depth, rows in enumerate(_layers(parents)):
        before = np.cumsum(sizes[rows]) - sizes[rows]
        if depth:
            above = parents[rows]
            _, starts, groups = np.unique(above, return_index=True, return_inverse=True)
            before += first[above] + 1 - before[starts][groups]
        first[rows] = before
    return first, first + sizes


def with_those_below(
    counts: NDArray[np.int64], parents: NDArray[np.int32] | NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return what each node and all below it come to.

    Parameters
    ----------
    counts : ndarray of int64, shape (n,)
        Of each node itself.
    parents : ndarray of int32 or int64, shape (n,)
        Position of the node above, in any order; -1 at the top.

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> with_those_below(np.array([1, 10, 100, 1000]), np.array([-1, 0, 1, 0]))
    array([1111,  110,  100, 1000])
    """
    totals = counts.copy()
    for rows in reversed(_layers(parents)[1:]):
        np.add.at(totals, parents[rows], totals[rows])
    return totals


def _layers(parents: NDArray[np.int32] | NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the positions at each depth, those at the top first."""
    depths = np.zeros(len(parents), np.int64)
    above = parents.astype(np.int64)
    while (above >= 0).any():
        depths += above >= 0
        above = np.where(above >= 0, parents[above], -1)
    return [np.flatnonzero(depths == depth) for depth in range(depths.max(initial=0) + 1)]
