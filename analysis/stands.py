"""Where features and addresses stand in the division tree (归属): one number each, so that counts add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.divisions import DivisionTree
from twin.view import LayerView

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


def points_of(view: LayerView) -> tuple[_Ints, _Floats, _Floats]:
    """Return a point of every visible feature, a crossing one inside only one of the areas it crosses.

    Parameters
    ----------
    view : LayerView

    Returns
    -------
    positions : ndarray of int64, shape (n,)
        Features with a place.
    lon, lat : ndarray of float64, shape (n,)
        The point itself; of lines and polygons their representative point.
    """
    positions, points = [np.empty(0, np.int64)], [np.empty((0, 2))]
    for stratum in view.strata:
        if stratum.layer.schema.geometry == "none" or not stratum.layer.n_placed:
            continue
        rows = stratum.visible(np.arange(stratum.layer.n_placed))
        positions.append(rows + stratum.first_position)
        points.append(stratum.layer.geometry_arrays().take(rows).representative_points())
    xy = np.concatenate(points)
    return np.concatenate(positions), xy[:, 0].copy(), xy[:, 1].copy()


def positions_of(view: LayerView, feature_ids: _Ints) -> _Ints:
    """Return the position of each feature, as :meth:`LayerView.position_of` does of one.

    Parameters
    ----------
    view : LayerView
    feature_ids : ndarray of int64, shape (n,)

    Returns
    -------
    ndarray of int64, shape (n,)
        -1 where the view shows no such feature.
    """
    found = np.full(len(feature_ids), -1)
    for stratum in view.strata:
        rows = stratum.layer.rows_of(feature_ids)
        here = np.flatnonzero(rows >= 0)
        seen = np.isin(rows[here], stratum.visible(np.unique(rows[here])))
        found[here[seen]] = rows[here[seen]] + stratum.first_position
    return found


def places_of(book: AddressBook) -> tuple[_Floats, _Floats]:
    """Return where each address is: its own place, else that of the number or building that holds it.

    Parameters
    ----------
    book : AddressBook

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        NaN where neither has a place; a road or a division lends none.
    """
    lon, lat = book.lon.copy(), book.lat.copy()
    parents = np.asarray(book.parents, np.int64)
    # A parent stands before its children, and levels rise: fifteen rounds reach the deepest.
    for level in range(Level.NUMBER + 1, Level.DWELLING + 1):
        rows = np.flatnonzero((book.levels == level) & np.isnan(lon) & (parents >= 0))
        above = parents[rows]
        lends = book.levels[above] >= Level.NUMBER
        lon[rows[lends]], lat[rows[lends]] = lon[above[lends]], lat[above[lends]]
    return lon, lat


def holders(tree: DivisionTree, numbers: _Ints, wanted: _Ints) -> _Ints:
    """Return which of some divisions holds each number of the tree.

    Parameters
    ----------
    tree : DivisionTree
    numbers : ndarray of int64, shape (n,)
        Pre-order numbers; -1 lies nowhere.
    wanted : ndarray of int64, shape (k,)
        Numbers of divisions none of which holds another, in any order.

    Returns
    -------
    ndarray of int64, shape (n,)
        Place in ``wanted``; k where none holds it.
    """
    order = np.argsort(wanted, kind="stable")
    starts = wanted[order]
    if not len(starts):
        return np.zeros(len(numbers), np.int64)
    before = np.searchsorted(starts, numbers, side="right") - 1
    inside = np.maximum(before, 0)
    is_held = (before >= 0) & (numbers < tree.ends[starts[inside]])
    return np.where(is_held, order[inside], len(wanted))
