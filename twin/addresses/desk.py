"""The address base of an open city, ready for questions: read once, each caller in his scope."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from twin.addresses.aliases import ALIASES, aliases_of
from twin.addresses.base import ADDRESS_BASE
from twin.addresses.book import AddressBook
from twin.addresses.book_file import stored_book
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsing import Parser
from twin.errors import UnknownLayerError
from twin.scope import Scope

if TYPE_CHECKING:
    from twin.city import City

_MAX_SCOPES = 64


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
        self._scoped: dict[Scope, Finder] = {}

    def finder(self, scope: Scope) -> Finder:
        """Return what finds addresses, as a caller of a scope sees the base now.

        Parameters
        ----------
        scope : Scope

        Returns
        -------
        Finder

        Raises
        ------
        UnknownLayerError
            If the city has no addresses.
        """
        with self._lock:
            whole = self._whole()
            if scope.is_whole_city:
                return whole
            found = self._scoped.get(scope)
            if found is None:
                if len(self._scoped) >= _MAX_SCOPES:
                    self._scoped.clear()
                found = self._scoped[scope] = whole.within(self._visible(whole.book, scope))
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

    def _read(self) -> Finder:
        city = self._city
        book = stored_book(city.path, city.layer(ADDRESS_BASE))
        aliases = aliases_of(city.layer(ALIASES)) if city.has_layer(ALIASES) else ()
        names = names_of(book)
        old_names = {one.alias: names[one.name] for one in aliases if one.name in names}
        parser = Parser(Gazetteer.from_tree(city.divisions, aliases), {**old_names, **names})
        return Finder.of(book, parser, aliases, city.path / "search")

    def _visible(self, book: AddressBook, scope: Scope) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        view = self._city.layer(ADDRESS_BASE, scope)
        ids = view.take(view.positions(), ["feature_id"])["feature_id"].to_numpy()
        return np.isin(book.ids, ids)


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
