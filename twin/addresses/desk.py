"""The address base of an open city, ready for questions: read once, each caller in his scope."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.addresses.aliases import ALIASES, aliases_of
from twin.addresses.base import ADDRESS_BASE, IN_FORCE, TIMESTAMP, base_of
from twin.addresses.book import AddressBook
from twin.addresses.book_file import stored_book
from twin.addresses.finder import Finder
from twin.addresses.former import Former, former_of
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.junctions import Junctions
from twin.addresses.levels import Level
from twin.addresses.parsing import Parser
from twin.addresses.past import names_then
from twin.addresses.rulings import rulings_of
from twin.divisions import CHINA_TIME
from twin.errors import UnknownLayerError
from twin.scope import WHOLE_CITY, Scope
from twin.view import LayerView

if TYPE_CHECKING:
    from twin.city import City

_MAX_SCOPES = 64
_MAX_PAST = 2
"""Days other than today whose books are held."""


class AddressDesk:
    """Keeps the finder of a city's address base until the base, its aliases or the divisions change.

    Parameters
    ----------
    city : City
    """

    def __init__(self, city: City) -> None:
        self._city = city
        self._lock = Lock()
        self._tags: tuple[str, ...] = ()
        self._finder: Finder | None = None
        self._scoped: dict[tuple[Scope, date | None, tuple[str, ...]], Finder] = {}
        self._past: dict[tuple[date, tuple[str, ...]], Finder] = {}
        self._past_lock = Lock()

    def finder(self, scope: Scope, as_of: date | None = None) -> Finder:
        """Return what finds addresses, as a caller of a scope sees the base.

        Parameters
        ----------
        scope : Scope
        as_of : date, optional
            With the addresses of this day, those since withdrawn or merged included; by default those in
            force now. A day that was not asked about lately costs as much as opening the base.

        Returns
        -------
        Finder

        Raises
        ------
        UnknownLayerError
            If the city has no addresses.
        """
        with self._lock:
            whole, tags = self._whole(), self._tags
        if as_of is None or as_of >= self._city.divisions.as_of:
            as_of = None
        else:
            with self._past_lock:  # a past day takes its time, and nobody else shall wait for it
                whole = self._as_of(as_of, tags)
        if scope.is_whole_city:
            return whole
        with self._lock:
            found = self._scoped.get((scope, as_of, tags))
            if found is None:
                if len(self._scoped) >= _MAX_SCOPES:
                    self._scoped.clear()
                found = whole.within(self._visible(whole.book, scope))
                found.junctions = self._junctions(scope)
                self._scoped[scope, as_of, tags] = found
            return found

    def _whole(self) -> Finder:
        city = self._city
        if not city.has_layer(ADDRESS_BASE):
            raise UnknownLayerError(
                f"{city.config.name} has no addresses; import some: twin import addresses FILE --city DIR"
            )
        names = [name for name in (ADDRESS_BASE, ALIASES, "divisions", "grid") if city.has_layer(name)]
        tags = tuple(f"{name} {city.layer(name).version_tag}" for name in names)
        tags = (*tags, city.divisions.as_of.isoformat())
        if self._finder is None or self._tags != tags:
            self._finder, self._tags = self._read(), tags
            self._scoped.clear()
        return self._finder

    def _as_of(self, day: date, tags: tuple[str, ...]) -> Finder:
        """Return the finder of a past day; one made lately where it is held."""
        found = self._past.pop((day, tags), None)
        if found is None:
            base = base_as_of(base_of(self._city.layer(ADDRESS_BASE)), day)
            book = AddressBook.from_table(base)
            found = self._finder_of(book, None)
            divisions = base.filter(pc.less_equal(base["level"], Level.COMMUNITY))
            divisions = divisions.select(["feature_id", "division_code"]).drop_null()
            positions = found.positions_of(divisions["feature_id"].to_numpy()).tolist()
            codes = zip(positions, divisions["division_code"].to_pylist(), strict=True)
            found.as_called(names_then(self._city.divisions, self._city.divisions.at(day), codes))
        self._past[day, tags] = found
        for oldest in list(self._past)[:-_MAX_PAST]:
            del self._past[oldest]
        return found

    def _read(self) -> Finder:
        city = self._city
        view = city.layer(ADDRESS_BASE)
        book = _book_of_days(view, city.divisions.as_of) or stored_book(city.path, view)
        return self._finder_of(book, city.path / "search")

    def _finder_of(self, book: AddressBook, folder: Path | None) -> Finder:
        city = self._city
        aliases = aliases_of(city.layer(ALIASES)) if city.has_layer(ALIASES) else ()
        former = former_of(city.layer(ADDRESS_BASE), rulings_of(city.state))
        aliases = (*aliases, *former.names)
        names = names_of(book)
        old_names = {one.alias: names[one.name] for one in aliases if one.name in names}
        parser = Parser(Gazetteer.from_tree(city.divisions, aliases), {**old_names, **names})
        finder = Finder.of(book, parser, aliases, folder)
        finder.junctions = self._junctions(WHOLE_CITY)
        finder.descent.former = _at_positions(finder, former)
        return finder

    def _junctions(self, scope: Scope) -> Junctions:
        city = self._city
        return Junctions(lambda: city.layer("roads", scope) if city.has_layer("roads") else None)

    def _visible(self, book: AddressBook, scope: Scope) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        view = self._city.layer(ADDRESS_BASE, scope)
        ids = view.take(view.positions(), ["feature_id"])["feature_id"].to_numpy()
        return np.isin(book.ids, ids)


def _at_positions(finder: Finder, former: Former) -> dict[tuple[int, int, str], int]:
    """Return former numbers by position in the book, those alone whose addresses are in it."""
    keys = list(former.numbers)
    above = finder.positions_of(np.array([one[0] for one in keys], np.int64)).tolist()
    now = finder.positions_of(np.array([*former.numbers.values()], np.int64)).tolist()
    return {
        (place, key[1], key[2]): node
        for place, key, node in zip(above, keys, now, strict=True)
        if min(place, node) >= 0
    }


def _book_of_days(view: LayerView, today: date) -> AddressBook | None:
    """Return the book of a base of which some addresses are not there today, None where all are."""
    rows = view.take(view.positions(), ["status", "valid_from", "valid_to"])
    moment = pa.scalar(datetime.combine(today, time(), CHINA_TIME), TIMESTAMP)
    is_other = pc.or_kleene(pc.greater(rows["valid_from"], moment), pc.less_equal(rows["valid_to"], moment))
    is_in_force = pc.equal(rows["status"], IN_FORCE)
    if not pc.any(pc.and_kleene(is_in_force, is_other)).as_py():
        return None
    base = base_of(view)
    return AddressBook.from_table(base_as_of(base.filter(pc.equal(base["status"], IN_FORCE)), today))


def base_as_of(base: pa.Table, day: date) -> pa.Table:
    """Return the addresses of a day, with what stands above them, as if they were in force.

    Parameters
    ----------
    base : pyarrow.Table
        As :func:`twin.addresses.base.base_of` returns it.
    day : date
        In China.

    Returns
    -------
    pyarrow.Table
        Addresses without a first day have always been.
    """
    moment = pa.scalar(datetime.combine(day, time(), CHINA_TIME), TIMESTAMP)
    has_begun = pc.fill_null(pc.less_equal(base["valid_from"], moment), fill_value=True)
    is_over = pc.fill_null(pc.less_equal(base["valid_to"], moment), fill_value=False)
    is_valid = np.array(pc.and_(has_begun, pc.invert(is_over)))
    parents = pc.index_in(base["parent_id"], value_set=base["feature_id"].combine_chunks()).fill_null(-1)
    above = parents.to_numpy()
    rows = np.flatnonzero(is_valid)
    while len(rows):
        rows = np.unique(above[rows[above[rows] >= 0]])
        rows = rows[~is_valid[rows]]
        is_valid[rows] = True
    kept = base.filter(pa.array(is_valid))
    place = kept.column_names.index("status")
    return kept.set_column(place, "status", pa.repeat(pa.scalar(IN_FORCE), int(is_valid.sum())))


def names_of(book: AddressBook) -> dict[str, Level]:
    """Return the names below the divisions of a book, and what most of their bearers are.

    Parameters
    ----------
    book : AddressBook

    Returns
    -------
    dict of str to Level
        Roads, estates, hamlets and so on.
    """
    levels = [level for level in Level if level.is_named and not level.is_division]
    rows = np.isin(book.levels, levels)
    pairs, counts = np.unique(
        np.stack([book.tokens[rows], book.levels[rows].astype(np.int32)]), axis=1, return_counts=True
    )
    order = np.argsort(counts, kind="stable")  # of two levels of one name, the commoner is kept
    tokens, kinds = pairs[:, order]
    names = book.names.take(pa.array(tokens)).to_pylist()
    return {name: Level(kind) for name, kind in zip(names, kinds.tolist(), strict=True)}
