"""From a building to its addresses and dwellings (以房管人): footprints matched with the address base."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from analysis.stands import places_of
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.boundaries import Measure
from twin.view import LayerView

NEAR_M = 30.0
"""An address outside every footprint may belong to one no farther away, m, where more speaks for it."""
HOW = ("", "inside", "near, same number", "near, same estate")
"""How an address was matched with a building; a position stands for it in arrays, 0 where it was not."""
_INSIDE, _NUMBER, _ESTATE = 1, 2, 3
_NUMBER_TEXT = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")

_Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BuildingAddresses:
    """Which addresses stand at which building; make it by :func:`match_buildings`.

    Attributes
    ----------
    book : AddressBook
    feature_ids : ndarray of int64, shape (n_buildings,)
        Buildings with a footprint.
    homes : ndarray of int64, shape (n,)
        For each address of the book the place of its building in ``feature_ids``, -1 where it has none: an
        address inside a building, such as a dwelling, has that of the building address above it.
    matched : ndarray of int64, shape (m,)
        Addresses of the book that stand for buildings, placed ones alone.
    how : ndarray of int8, shape (m,)
        Position in :data:`HOW`.
    distances_m : ndarray of float64, shape (m,)
        To the footprint; 0 inside, NaN where there is none.
    disagrees : ndarray of bool, shape (m,)
        Whether the building says another number than the address that stands inside it.
    """

    book: AddressBook
    feature_ids: _Ints
    homes: _Ints
    matched: _Ints
    how: NDArray[np.int8]
    distances_m: NDArray[np.float64]
    disagrees: NDArray[np.bool_]

    @cached_property
    def dwelling_counts(self) -> _Ints:
        """Dwellings of each building, shape (n_buildings,)."""
        return self._counts(self.book.levels == Level.DWELLING)

    @cached_property
    def address_counts(self) -> _Ints:
        """Addresses of each building, it and its parts included, shape (n_buildings,)."""
        return self._counts(np.ones(len(self.book), np.bool_))

    def addresses(self, feature_id: int, level: Level | None = None) -> _Ints:
        """Return the addresses of a building.

        Parameters
        ----------
        feature_id : int
        level : Level, optional
            Only those of this level, such as dwellings.

        Returns
        -------
        ndarray of int64, shape (k,)
            Positions in the book, ascending; none where the building has no address, or no footprint.
        """
        places = np.flatnonzero(self.feature_ids == feature_id)
        if not len(places):
            return np.empty(0, np.int64)
        is_here = self.homes == places[0]
        if level is not None:
            is_here &= self.book.levels == level
        return np.flatnonzero(is_here)

    def how_of(self, position: int) -> tuple[str, float]:
        """Return how an address came to its building, and from how far.

        Parameters
        ----------
        position : int
            In the book; an address inside a building answers as the one above it does.

        Returns
        -------
        how : str
            One of :data:`HOW`.
        distance_m : float
            NaN where there is no building.
        """
        node = position
        while node >= 0:
            place = int(np.searchsorted(self.matched, node))
            if place < len(self.matched) and self.matched[place] == node and self.how[place]:
                return HOW[self.how[place]], float(self.distances_m[place])
            node = int(self.book.parents[node])
        return HOW[0], np.nan

    def _counts(self, is_counted: NDArray[np.bool_]) -> _Ints:
        homes = self.homes[is_counted & (self.homes >= 0)]
        return np.bincount(homes, minlength=len(self.feature_ids))


def match_buildings(
    buildings: LayerView, book: AddressBook, crs: str, *, near_m: float = NEAR_M
) -> BuildingAddresses:
    """Return which addresses stand at which building.

    Parameters
    ----------
    buildings : LayerView
        The layer of that name.
    book : AddressBook
    crs : str
        Projected working CRS in which distances are measured.
    near_m : float
        How far from its footprint an address may be, m.

    Returns
    -------
    BuildingAddresses

    Notes
    -----
    An address stands for a building where it names one (幢, 号楼), or a premises or house number with no
    building below it. Its building is the footprint that its place lies in, the smallest of several. One
    outside all footprints belongs to the nearest within ``near_m`` that says the same number and no other
    estate, else to the nearest of the same estate that says no number; else to none. O(n log n).
    """
    positions = buildings.positions()
    shapes = buildings.geometries(positions)
    placed = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    positions, shapes = positions[placed], shapes[placed]
    rows = buildings.take(positions, ["feature_id", "house_number", "estate"])
    standing = _standing_for_buildings(book)
    lon, lat = places_of(book)
    matched = np.flatnonzero(standing & ~np.isnan(lon))
    measure = Measure.of(crs)
    metric = measure.metric(shapes)
    x, y = measure.to_working.transform(lon[matched], lat[matched])
    points = shapely.points(x, y)
    tree = shapely.STRtree(metric)
    home, how, distances_m = _inside(tree, metric, points)
    said = _Said(_numbers_of(rows["house_number"]), _texts_of(rows["estate"]), book, matched)
    outside = np.flatnonzero(home < 0)
    _near(tree, metric, points, outside, said, near_m, (home, how, distances_m))
    disagrees = (how == _INSIDE) & said.numbers_differ(np.arange(len(matched)), home)
    homes = _inherited(book, matched, home)
    ids = rows["feature_id"].to_numpy()
    return BuildingAddresses(book, ids, homes, matched, how, distances_m, disagrees)


def _standing_for_buildings(book: AddressBook) -> NDArray[np.bool_]:
    """Return which addresses stand for buildings."""
    levels, parents = book.levels, np.asarray(book.parents, np.int64)
    holds_building = np.zeros(len(book), np.bool_)
    for level in range(Level.BUILDING, Level.NUMBER, -1):
        rows = np.flatnonzero((levels == level) & (parents >= 0))
        holds_building[parents[rows]] = True
    is_building = levels == Level.BUILDING
    is_plain = ((levels == Level.PREMISES) | (levels == Level.NUMBER)) & ~holds_building
    standing: NDArray[np.bool_] = is_building | is_plain
    return standing


def _inside(
    tree: shapely.STRtree, shapes: NDArray[np.object_], points: NDArray[np.object_]
) -> tuple[_Ints, NDArray[np.int8], NDArray[np.float64]]:
    """Return the smallest footprint that holds each point."""
    home, how = np.full(len(points), -1), np.zeros(len(points), np.int8)
    distances_m = np.full(len(points), np.nan)
    asked, found = tree.query(points, predicate="intersects")
    order = np.lexsort((found, shapely.area(shapes[found]), asked))
    asked, found = asked[order], found[order]
    _, first = np.unique(asked, return_index=True)
    home[asked[first]], how[asked[first]], distances_m[asked[first]] = found[first], _INSIDE, 0.0
    return home, how, distances_m


@dataclass(frozen=True, eq=False)
class _Said:
    """What buildings and addresses say of their number and estate; empty where nothing."""

    numbers: NDArray[np.str_]
    estates: NDArray[np.str_]
    book: AddressBook
    matched: _Ints

    @cached_property
    def own_numbers(self) -> NDArray[np.str_]:
        tokens = self.book.names.take(pa.array(self.book.tokens[self.matched])).to_pylist()
        is_number = self.book.levels[self.matched] != Level.PREMISES
        return np.array(
            [
                _number_of(token) if numbered else ""
                for token, numbered in zip(tokens, is_number, strict=True)
            ],
            np.str_,
        )

    @cached_property
    def own_estates(self) -> NDArray[np.str_]:
        node = self.matched.copy()
        estate = np.full(len(node), -1)
        while (node >= 0).any():
            is_estate = (node >= 0) & (self.book.levels[node] == Level.ESTATE) & (estate < 0)
            estate[is_estate] = node[is_estate]
            node = np.where(node >= 0, self.book.parents[node], -1)
        tokens = np.where(estate >= 0, self.book.tokens[estate], -1)
        names = self.book.names.take(pa.array(tokens, mask=tokens < 0)).fill_null("")
        return np.array(names.to_pylist(), np.str_)

    def numbers_differ(self, asked: _Ints, buildings: _Ints) -> NDArray[np.bool_]:
        ours, theirs = self.own_numbers[asked], np.append(self.numbers, "")[buildings]
        differ: NDArray[np.bool_] = (ours != "") & (theirs != "") & (ours != theirs)
        return differ


def _near(
    tree: shapely.STRtree,
    shapes: NDArray[np.object_],
    points: NDArray[np.object_],
    outside: _Ints,
    said: _Said,
    near_m: float,
    found: tuple[_Ints, NDArray[np.int8], NDArray[np.float64]],
) -> None:
    """Match points outside all footprints with the nearest that something speaks for."""
    home, how, distances_m = found
    asked, near = tree.query(points[outside], predicate="dwithin", distance=near_m)
    asked = outside[asked]
    distance = shapely.distance(points[asked], shapes[near])
    ours, theirs = said.own_numbers[asked], said.numbers[near]
    own_estate, estate = said.own_estates[asked], said.estates[near]
    is_other_estate = (own_estate != "") & (estate != "") & (own_estate != estate)
    same_number = (ours != "") & (ours == theirs) & ~is_other_estate
    same_estate = (own_estate != "") & (own_estate == estate) & (theirs == "")
    kind = np.where(same_number, _NUMBER, np.where(same_estate, _ESTATE, 0))
    wanted = np.flatnonzero(kind)
    order = wanted[np.lexsort((near[wanted], distance[wanted], kind[wanted], asked[wanted]))]
    _, first = np.unique(asked[order], return_index=True)
    chosen = order[first]
    home[asked[chosen]], how[asked[chosen]] = near[chosen], kind[chosen]
    distances_m[asked[chosen]] = distance[chosen]


def _inherited(book: AddressBook, matched: _Ints, home: _Ints) -> _Ints:
    """Return the building of each address: its own match, else that of the nearest address above it."""
    homes = np.full(len(book), -1)
    homes[matched] = home
    parents = np.asarray(book.parents, np.int64)
    for level in range(Level.BUILDING, Level.DWELLING + 1):
        rows = np.flatnonzero((book.levels == level) & (homes < 0) & (parents >= 0))
        above = parents[rows]
        lends = book.levels[above] >= Level.NUMBER
        homes[rows[lends]] = homes[above[lends]]
    return homes


def _numbers_of(column: pa.ChunkedArray) -> NDArray[np.str_]:
    return np.array([_number_of(text) for text in column.to_pylist()], np.str_)


def _texts_of(column: pa.ChunkedArray) -> NDArray[np.str_]:
    return np.array([(text or "").strip() for text in column.to_pylist()], np.str_)


def _number_of(text: str | None) -> str:
    """Return the number that a house number says: ``"38"`` of ``３８号楼``."""
    found = _NUMBER_TEXT.search(unicodedata.normalize("NFKC", text or ""))
    return "-".join(part.lstrip("0") or "0" for part in found.group().upper().split("-")) if found else ""
