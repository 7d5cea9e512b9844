"""What is told of each address by the rows that name it: place, division, best source."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.addresses.assembly._districts import DEPTH, Districts
from twin.addresses.assembly._groups import AGREE_M, medians, metres
from twin.addresses.assembly._growth import Growth
from twin.addresses.assembly._stages import holding_division
from twin.addresses.levels import Level

_Positions = NDArray[np.int64]
_Degrees = NDArray[np.float64]


class Figures(NamedTuple):
    """What is known of each node.

    Attributes
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees; NaN without place.
    division : ndarray of int64, shape (n,)
        Position of the deepest division known to hold it; -1 where none.
    n_records : ndarray of int64, shape (n,)
        Rows that name exactly it.
    best_row : ndarray of int64, shape (n,)
        Of those; -1 where there is none.
    is_far : ndarray of bool, shape (n_rows,)
        Rows whose place is not where their address is; left out of ``lon`` and ``lat``.
    """

    lon: _Degrees
    lat: _Degrees
    division: _Positions
    n_records: _Positions
    best_row: _Positions
    is_far: NDArray[np.bool_]


def figures(growth: Growth, score: _Degrees, rank: NDArray[np.integer]) -> Figures:
    """Return what the rows tell of their nodes; ``rank`` orders the sources, the best first."""
    rows = growth.rows
    n = len(growth)
    named = np.flatnonzero(growth.at >= 0)
    at = growth.at[named]
    site = _sites(growth)
    is_far = np.zeros(len(rows), np.bool_)
    is_far[named] = _far(growth, site[at], rows.lon[named], rows.lat[named])
    near = named[~is_far[named]]
    lon, lat = (medians(growth.at[near], n, values[near]) for values in (rows.lon, rows.lat))
    depth = depths(growth.parent)
    _spread_up(growth.parent, depth, lon, lat)
    division = _divisions(growth, depth, site[at], at, rows.division[named])
    has_place = ~np.isnan(rows.lon)
    order = named[np.lexsort((rows.ids[named], rank[named], ~has_place[named], -score[named], at))]
    owners, first = np.unique(growth.at[order], return_index=True)
    best_row = np.full(n, -1, np.int64)
    best_row[owners] = order[first]
    return Figures(lon, lat, division, np.bincount(at, minlength=n), best_row, is_far)


def _sites(growth: Growth) -> _Positions:
    """Return the estate, number, road or other head that each node lies in, itself where it is one."""
    site = np.arange(len(growth))
    for depth in range(int(Level.DWELLING)):
        is_below = growth.level[site] > Level.PREMISES
        if not is_below.any():
            break
        above = growth.parent[site]
        site = np.where(is_below & (above >= 0), above, site)
        del depth
    return site


def _far(growth: Growth, site: _Positions, lon: _Degrees, lat: _Degrees) -> NDArray[np.bool_]:
    """Return which rows lie far from the middle of the estate or number that they name."""
    n = len(growth)
    middle = medians(site, n, lon), medians(site, n, lat)
    away = metres(lon, lat, middle[0][site], middle[1][site])
    is_spot = np.isin(growth.level[site], (Level.NUMBER, Level.ESTATE, Level.PREMISES))
    return np.asarray(is_spot & (away > AGREE_M))


def depths(parent: _Positions) -> _Positions:
    """Return how many nodes stand above each."""
    depth = np.zeros(len(parent), np.int64)
    above = parent.copy()
    while (above >= 0).any():
        depth[above >= 0] += 1
        above = np.where(above >= 0, parent[above], -1)
    return depth


def _spread_up(parent: _Positions, depth: _Positions, lon: _Degrees, lat: _Degrees) -> None:
    """Give nodes that no row places the mean of those right below them."""
    for level in range(int(depth.max(initial=0)), 0, -1):
        below = np.flatnonzero((depth == level) & ~np.isnan(lon))
        owners = parent[below]
        counts = np.bincount(owners, minlength=len(parent))
        for values in (lon, lat):
            sums = np.bincount(owners, values[below], minlength=len(parent))
            lacks = np.flatnonzero(np.isnan(values) & (counts > 0))
            values[lacks] = sums[lacks] / counts[lacks]


def _divisions(
    growth: Growth, depth: _Positions, site: _Positions, at: _Positions, division: _Positions
) -> _Positions:
    """Return the deepest division known to hold each node; what lies below lies in it or deeper."""
    districts = growth.districts
    n = len(growth)
    of_site = holding_division(districts, site, n, division)[site]
    # A row that names a shallower division than its site, or another, tells nothing more.
    told = np.where(_holds(districts, of_site, division), division, of_site)
    low, high = np.full(n, n, np.int64), np.full(n, -1, np.int64)
    known = told >= 0
    np.minimum.at(low, at[known], told[known])
    np.maximum.at(high, at[known], told[known])
    for level in range(int(depth.max(initial=0)), 0, -1):
        below = np.flatnonzero((depth == level) & (high >= 0))
        np.minimum.at(low, growth.parent[below], low[below])
        np.maximum.at(high, growth.parent[below], high[below])
    found = _common(districts, np.where(high >= 0, low, -1), high)
    own = np.arange(len(districts.divisions))
    found[own] = own
    for level in range(1, int(depth.max(initial=0)) + 1):
        here = np.flatnonzero((depth == level) & (growth.level > Level.COMMUNITY))
        above = found[growth.parent[here]]
        found[here] = np.where(_holds(districts, above, found[here]), found[here], above)
    return found


def _holds(districts: Districts, above: _Positions, below: _Positions) -> NDArray[np.bool_]:
    """Return whether each division lies in another or is it; -1 as ``above`` holds all."""
    levels = np.array([*(one.level for one in districts.divisions), 1], np.int64)
    return np.asarray((above < 0) | (districts.chains[below, levels[above] - 1] == above) & (below >= 0))


def _common(districts: Districts, one: _Positions, other: _Positions) -> _Positions:
    """Return the deepest division that holds both of each pair: in pre-order, all between them too."""
    found = np.full(len(one), -1, np.int64)
    for level in range(DEPTH):
        first, second = districts.chains[one, level], districts.chains[other, level]
        found = np.where((first >= 0) & (first == second), first, found)
    return found
