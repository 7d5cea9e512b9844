"""What could not be placed (落图率报告): addresses, buildings, parts, incidents and links, one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.dwellings import BuildingAddresses
from analysis.ledger import Holdings
from analysis.stands import places_of, points_of, positions_of
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.city import City
from twin.view import LayerView

NO_PLACE = "no coordinates (无坐标)"
OUTSIDE = "in no grid unit (网格外)"
NO_FOOTPRINT = "address of a building in no footprint (不在房屋内)"
OTHER_NUMBER = "address inside a building of another number (门牌不符)"
NO_ADDRESS = "building without address (房屋无地址)"
NO_TARGET = "its address is not in the base (地址不在库)"

_Rows = NDArray[np.int64]
_SCHEMA = pa.schema(
    [
        ("layer", pa.string()),
        ("problem", pa.string()),
        ("feature_id", pa.int64()),
        ("name", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
    ]
)


@dataclass(frozen=True, eq=False)
class Coverage:
    """What could not be placed, and of how much.

    Attributes
    ----------
    summary : pyarrow.Table
        ``layer``, ``problem``, ``count``, ``of``: every problem that was looked for, also where it is
        nowhere; ``of`` is the number of rows that could have it.
    rows : pyarrow.Table
        ``layer``, ``problem``, ``feature_id``, ``name`` (text, key), ``lon``, ``lat``: each case.
    """

    summary: pa.Table
    rows: pa.Table


def coverage(city: City, holdings: Holdings | None = None) -> Coverage:
    """Return what of a city could not be placed in its grid, its buildings and its address base.

    Parameters
    ----------
    city : City
    holdings : Holdings, optional
        Made anew where not given.

    Returns
    -------
    Coverage
        Links are told by kind and number alone, never by their reference.
    """
    given = holdings or Holdings.of(city)
    found: list[_Problem] = []
    if given.book is None:
        found += _of_layer(city, ADDRESSES, "text")
    else:
        found += _of_book(city, given.book)
    found += _of_layer(city, "buildings", "building_id")
    if given.homes is not None:
        found += _of_buildings(city, given.homes)
    for name, key in (("parts", "part_id"), ("incidents", "incident_id")):
        found += _of_layer(city, name, key)
    if given.links is not None:
        lost = given.links.table(np.flatnonzero(given.links.nodes < 0))
        ids, kinds = lost["feature_id"].to_numpy(), lost["kind"].to_pylist()
        found.append(_Problem("links", NO_TARGET, len(given.links), ids, kinds, *_nowhere(len(ids))))
    summary = {
        "layer": [one.layer for one in found],
        "problem": [one.problem for one in found],
        "count": pa.array([len(one.feature_ids) for one in found], pa.int64()),
        "of": pa.array([one.n for one in found], pa.int64()),
    }
    return Coverage(
        pa.table(summary), pa.concat_tables([_SCHEMA.empty_table(), *(one.table() for one in found)])
    )


@dataclass(frozen=True, eq=False)
class _Problem:
    """All cases of one problem of a layer, of ``n`` rows that could have it."""

    layer: str
    problem: str
    n: int
    feature_ids: _Rows
    names: list[str | None]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    def table(self) -> pa.Table:
        k = len(self.feature_ids)
        same = [pa.repeat(pa.scalar(text), k) for text in (self.layer, self.problem)]
        lon, lat = (pa.array(values, mask=np.isnan(values)) for values in (self.lon, self.lat))
        names = pa.array(self.names, pa.string())
        return pa.table([*same, pa.array(self.feature_ids), names, lon, lat], schema=_SCHEMA)


def _nowhere(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.full(n, np.nan), np.full(n, np.nan)


def _is_outside(city: City, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie in no grid unit."""
    if not city.has_layer("grid"):
        return np.ones(len(lon), np.bool_)
    outside: NDArray[np.bool_] = city.grid_index.lookup(lon, lat) < 0
    return outside


def _of_layer(city: City, name: str, key: str) -> list[_Problem]:
    """Return features without coordinates, and those in no unit."""
    if not city.has_layer(name):
        return []
    view = city.layer(name)
    positions = view.positions()
    placed, lon, lat = points_of(view)
    lost = np.setdiff1d(positions, placed)
    is_outside = _is_outside(city, lon, lat)
    beyond = placed[is_outside]
    return [
        _Problem(name, NO_PLACE, len(positions), *_named(view, lost, key), *_nowhere(len(lost))),
        _Problem(name, OUTSIDE, len(placed), *_named(view, beyond, key), lon[is_outside], lat[is_outside]),
    ]


def _named(view: LayerView, positions: _Rows, key: str) -> tuple[_Rows, list[str | None]]:
    rows = view.take(positions, ["feature_id", key])
    return rows["feature_id"].to_numpy(), rows[key].to_pylist()


def _of_book(city: City, book: AddressBook) -> list[_Problem]:
    """Return standard addresses without coordinates, also of their building, and those in no unit."""
    lon, lat = places_of(book)
    is_address = (book.levels >= Level.GROUP) & (book.n_records > 0)
    lost = np.flatnonzero(is_address & np.isnan(lon))
    placed = np.flatnonzero(is_address & ~np.isnan(lon))
    beyond = placed[_is_outside(city, lon[placed], lat[placed])]
    texts = _texts(city, book)
    return [
        _Problem(ADDRESS_BASE, problem, n, book.ids[rows], texts(rows), lon[rows], lat[rows])
        for problem, n, rows in (
            (NO_PLACE, int(is_address.sum()), lost),
            (OUTSIDE, len(placed), beyond),
        )
    ]


def _texts(city: City, book: AddressBook) -> _Texts:
    return _Texts(city.layer(ADDRESS_BASE), book)


@dataclass(frozen=True, eq=False)
class _Texts:
    """Standard texts of addresses by their position in the book."""

    view: LayerView
    book: AddressBook

    def __call__(self, rows: _Rows) -> list[str | None]:
        positions = positions_of(self.view, self.book.ids[rows])
        texts: list[str | None] = self.view.take(positions, ["text"])["text"].to_pylist()
        return texts


def _of_buildings(city: City, homes: BuildingAddresses) -> list[_Problem]:
    """Return building addresses in no footprint or one of another number, and buildings without any."""
    book, view = homes.book, city.layer("buildings")
    lon, lat = places_of(book)
    texts = _texts(city, book)
    alone = homes.matched[homes.how == 0]
    other = homes.matched[homes.disagrees]
    empty = homes.feature_ids[homes.address_counts == 0]
    positions = np.sort(positions_of(view, empty))
    placed, x, y = points_of(view)
    at = np.searchsorted(placed, positions)
    n = len(homes.matched)
    return [
        _Problem(ADDRESS_BASE, NO_FOOTPRINT, n, book.ids[alone], texts(alone), lon[alone], lat[alone]),
        _Problem(ADDRESS_BASE, OTHER_NUMBER, n, book.ids[other], texts(other), lon[other], lat[other]),
        _Problem(
            "buildings",
            NO_ADDRESS,
            len(homes.feature_ids),
            *_named(view, positions, "building_id"),
            x[at],
            y[at],
        ),
    ]
