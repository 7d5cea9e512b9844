"""Distinct numbers by sorting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distinct numbers of an array, ascending.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n,)

    Returns
    -------
    ndarray of int64, shape (k,)
        Those of ``numpy.unique``, which from NumPy 2.3 on hashes whole numbers: several times as long where
        most of a million are distinct.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3]))
    array([1, 3])
    """
    ordered = np.sort(numbers)
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]
