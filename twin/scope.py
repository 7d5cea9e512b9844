"""What part of the city a caller may see: intervals of the division tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.errors import ScopeError


@dataclass(frozen=True, slots=True)
class Scope:
    """Pre-order intervals of the division tree a caller may read (查看范围).

    Every call that reads or writes city data carries one. A feature is inside when
    any division it lies in has its pre-order number in one of the half-open
    ``intervals``; a feature that crosses areas belongs to each. Features that lie
    in no division are seen by the whole-city scope alone. Numbers, not code
    prefixes, because codes move when divisions merge.

    Raises
    ------
    ScopeError
        If an interval is empty or starts below zero.

    Examples
    --------
    >>> Scope(intervals=((3, 7),)).contains(np.array([2, 3, 6, 7, -1]))
    array([False,  True,  True, False, False])
    """

    intervals: tuple[tuple[int, int], ...] = ()
    is_whole_city: bool = False

    def __post_init__(self) -> None:
        for first, last in self.intervals:
            if not 0 <= first < last:
                raise ScopeError(f"scope interval [{first}, {last}) is empty or starts below 0")

    def contains(self, numbers: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which pre-order numbers lie inside; -1 means "in no division".

        Parameters
        ----------
        numbers : ndarray of int32, shape (n,)
            Pre-order numbers.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        if self.is_whole_city:
            return np.ones(len(numbers), dtype=np.bool_)
        inside = np.zeros(len(numbers), dtype=np.bool_)
        for first, last in self.intervals:
            inside |= (numbers >= first) & (numbers < last)
        return inside


WHOLE_CITY = Scope(is_whole_city=True)
"""The scope of the command line and of roles that see everything."""
