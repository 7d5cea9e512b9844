"""Which numbers of people at addresses may be told (可公布人数): no few, and no few by subtraction either."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.suppression import suppress_small_counts
from twin.addresses.levels import Level
from twin.addresses.walk import with_those_below
from twin.links import AddressLinks


def withheld_people(links: AddressLinks, as_of: date | None = None) -> NDArray[np.bool_]:
    """Return which addresses' numbers of people are not told, so that the others give no small one away.

    Parameters
    ----------
    links : AddressLinks
    as_of : date, optional
        The day; today in China where not given.

    Returns
    -------
    ndarray of bool, shape (n,)
        One for each address of the book. An address is the sum of those right below it and of what is
        linked to itself; divisions are sums of divisions. A road that runs through several communities is
        not set against their numbers.
    """
    book = links.book
    n = len(book)
    rows = links.in_force(links.of_kinds(np.arange(len(links)), ["person"]), as_of)
    nodes = links.nodes[rows][links.nodes[rows] >= 0]
    is_division = book.levels <= Level.COMMUNITY
    divisions = book.divisions[nodes]
    own = np.bincount(nodes[~is_division[nodes]], minlength=n)
    own += np.bincount(divisions[divisions >= 0], minlength=n)
    parents = book.parents.astype(np.int64)
    is_cut = (parents >= 0) & (is_division[parents] != is_division)
    parents[is_cut] = -1
    has_part = np.zeros(n, np.bool_)
    has_part[parents[parents >= 0]] = True
    mixed = np.flatnonzero(has_part & (own > 0))
    totals = with_those_below(own, parents)
    values = np.concatenate([totals, own[mixed]])
    is_hidden: NDArray[np.bool_] = (
        suppress_small_counts(values, np.concatenate([parents, mixed]))
        .is_null()
        .to_numpy(zero_copy_only=False)
    )
    return is_hidden[:n]
