"""Which address a place has (逆地理编码): that of the building it lies in, else the nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin._nearest import distance_m as meters
from twin.addresses.finder import Finder
from twin.addresses.levels import Level
from twin.view import LayerView

NEAR_M = 500.0
"""Farther away is not "here" any more."""
_CANDIDATES = 64
"""All dwellings of a building stand at one place, so that the nearest building may be many rows away."""

_Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NearAddress:
    """An address at or near a place.

    Parameters
    ----------
    address_id : int
    position : int
        In the address book.
    standard_text : str
    level : Level
        A building or house number, where the base has one; never a dwelling.
    lon, lat : float
        Of the address, degrees, CGCS2000 = WGS 84.
    distance_m : float
        From the place asked for.
    is_of_building : bool
        Whether it belongs to the building that the place lies in.
    """

    address_id: int
    position: int
    standard_text: str
    level: Level
    lon: float
    lat: float
    distance_m: float
    is_of_building: bool


def reverse(
    finder: Finder,
    addresses: LayerView,
    buildings: LayerView | None,
    lon: float,
    lat: float,
    k: int = 5,
    *,
    max_distance_m: float = NEAR_M,
) -> tuple[NearAddress, ...]:
    """Return the addresses of a place, the likeliest first.

    Parameters
    ----------
    finder : Finder
    addresses : LayerView
        The layer ``address_base`` in the scope of the finder.
    buildings : LayerView, optional
        Footprints.
    lon, lat : float
        Degrees, CGCS2000 = WGS 84.
    k : int
        How many at most, >= 1.
    max_distance_m : float
        Farther addresses are left out, m.

    Returns
    -------
    tuple of NearAddress
        First the addresses that lie in the building that holds the place, those that most rows are of
        before others; then the nearest.

    Raises
    ------
    InvalidQueryError
        If the place is not on the Earth.
    """
    found: dict[int, NearAddress] = {}
    if buildings is not None:
        held = buildings.containing(lon, lat)
        for footprint in buildings.geometries(held):
            nodes = _nodes(finder, addresses, addresses.in_polygon(footprint))
            lifted, counts = np.unique(_lifted(finder, nodes), return_counts=True)
            for node in lifted[np.argsort(-counts, kind="stable")].tolist():
                found.setdefault(node, _near(finder, node, lon, lat, is_of_building=True))
    rows, distances = addresses.nearest(lon, lat, k=max(_CANDIDATES, k), max_distance_m=max_distance_m)
    nodes = _nodes(finder, addresses, rows)
    is_there = nodes >= 0
    for node, distance_m in zip(
        _lifted(finder, nodes[is_there]).tolist(), distances[is_there].tolist(), strict=True
    ):
        if node not in found:
            found[node] = _near(finder, node, lon, lat, is_of_building=False, distance_m=distance_m)
    return tuple(found.values())[:k]


def _nodes(finder: Finder, addresses: LayerView, rows: _Positions) -> _Positions:
    """Return the positions in the book of rows of the layer, -1 of those not in force."""
    ids = addresses.take(rows, ["feature_id"])["feature_id"].to_numpy()
    return finder.positions_of(ids)


def _lifted(finder: Finder, nodes: _Positions) -> _Positions:
    """Return the building or number that each dwelling, floor and unit belongs to; other nodes stay."""
    book = finder.book
    nodes = nodes[nodes >= 0]
    for _ in range(3):
        is_below = (book.levels[nodes] > Level.BUILDING) & (book.parents[nodes] >= 0)
        nodes = np.where(is_below, book.parents[nodes], nodes).astype(np.int64)
    return nodes


def _near(
    finder: Finder,
    node: int,
    lon: float,
    lat: float,
    *,
    is_of_building: bool,
    distance_m: float | None = None,
) -> NearAddress:
    book = finder.book
    there = float(book.lon[node]), float(book.lat[node])
    return NearAddress(
        int(book.ids[node]),
        node,
        finder.standard_text(node),
        Level(book.levels[node]),
        *there,
        float(meters(lon, lat, *there)) if distance_m is None else distance_m,
        is_of_building,
    )
