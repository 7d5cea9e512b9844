"""Who and what belongs to an address (人企地物政、事), and the addresses of a reference."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from threading import Lock

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from analysis.published_links import withheld_people
from analysis.stands import places_of
from analysis.suppression import suppress_small_counts
from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.days import day_in_china, parse_day
from api.grid_units import seen_unit
from api.service import Service
from api.whole_numbers import parse_feature_id, parse_whole
from twin.addresses.finder import Finder
from twin.addresses.levels import Level
from twin.errors import InvalidQueryError, ScopeError, UnknownDivisionError, UnknownFeatureError
from twin.link_kinds import LINK_KINDS
from twin.links import AddressLinks, links_of, links_tag
from twin.scope import Scope

DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000
MAX_ADDRESSES = 1_000
MAX_DAYS = 32
"""Days whose withheld numbers are kept."""
PERSON = "person"
LISTED_UNASKED = tuple(kind for kind in LINK_KINDS if kind != PERSON)
"""Kinds whose references are listed with every address; those of people only when they are asked for."""


class LinkDoor:
    """Answers questions about links; reads them anew only after they have changed.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = Lock()
        self._held: tuple[str, AddressLinks] | None = None
        self._withheld: dict[date, NDArray[np.bool_]] = {}

    async def of_address(self, ask: Ask, address_id: str) -> Answer:
        """Return what is linked to an address and to all below it.

        Parameters
        ----------
        ask : Ask
            Query parameters ``as_of`` (a day), ``kind`` and ``limit``.
        address_id : str

        Returns
        -------
        Answer
            ``counts`` of distinct references by kind, those of people suppressed below 5; ``references`` of
            one kind, by default of all but people.

        Raises
        ------
        UnknownLayerError
            If the city has no address base.
        UnknownFeatureError
            If the caller sees no address in force of this id.
        ScopeError
            If people are asked for of a public server.
        InvalidQueryError
            If a parameter is unknown or cannot be read.
        """
        came = ask.only("as_of", "kind", "limit")
        day = parse_day(came.get("as_of"), "as_of")
        limit = parse_whole(came.get("limit", str(DEFAULT_LIMIT)), "limit", 1, MAX_LIMIT)
        kinds = _kinds(came.get("kind"))
        self._refuse_people(kinds)
        tag = self._tag(ask, day)
        if ask.holds(tag):
            return not_modified(tag)
        answer = await self._service.in_thread(self._address, ask.caller, address_id, day, kinds, limit)
        return fresh(ask, orjson.dumps(answer), tag=tag)

    async def of_reference(self, ask: Ask, kind: str, reference: str) -> Answer:
        """Return the addresses that something is linked to, each with its chain and grid unit.

        Parameters
        ----------
        ask : Ask
            Query parameter ``as_of``.
        kind : str
            One of ``LINK_KINDS``.
        reference : str

        Returns
        -------
        Answer

        Raises
        ------
        UnknownLayerError
            If the city has no address base.
        UnknownFeatureError
            If the caller sees no address that it is linked to on this day.
        ScopeError
            If the reference is of a person and the server is public.
        InvalidQueryError
            If there is no such kind, or a parameter is unknown or cannot be read.
        """
        day = parse_day(ask.only("as_of").get("as_of"), "as_of")
        self._refuse_people(_kinds(kind))
        tag = self._tag(ask, day)
        if ask.holds(tag):
            return not_modified(tag)
        answer = await self._service.in_thread(self._reference, ask.caller, kind, reference, day)
        return fresh(ask, orjson.dumps(answer), tag=tag)

    def _refuse_people(self, kinds: tuple[str, ...]) -> None:
        """Refuse to show everybody who lives where."""
        if self._service.settings.public and PERSON in kinds:
            raise ScopeError(
                "this server is public (CITYTWIN_PUBLIC), so it lists no references of persons (不公开); "
                "their counts are in /v1/addresses/{id}/links without kind"
            )

    def _tag(self, ask: Ask, day: date) -> str:
        city = self._service.city
        views = self._service.layers(ask.caller, ("divisions", "grid", "aliases"))
        seen = (part for name, view in views.items() for part in (name, view.version_tag))
        return ask.tag(day.isoformat(), links_tag(city), *seen)

    def _links(self) -> AddressLinks:
        """Return the links as they are now."""
        city = self._service.city
        tag = links_tag(city)
        with self._lock:
            if self._held is None or self._held[0] != tag:
                self._held = (tag, links_of(city))
                self._withheld.clear()
            return self._held[1]

    def _is_withheld(self, links: AddressLinks, position: int, day: date) -> bool:
        """Return whether the number of people at an address is not told on a day."""
        with self._lock:
            held = self._held is not None and self._held[1] is links
            found = self._withheld.get(day) if held else None
        if found is None:
            found = withheld_people(links, day)
            with self._lock:
                if held and len(self._withheld) < MAX_DAYS:
                    self._withheld[day] = found
        return bool(found[position])

    def _address(
        self, caller: Scope, address_id: str, day: date, kinds: tuple[str, ...], limit: int
    ) -> dict[str, object]:
        finder, links = self._service.city.address_finder(caller), self._links()
        number = parse_feature_id(address_id, "address")
        position = links.book.position_of(number)
        if not _is_seen(finder, np.array([position]))[0]:
            raise UnknownFeatureError(f"no address in force has the id {address_id}")
        rows = links.in_force(links.below(position), day)
        rows = rows[_is_seen(finder, links.nodes[rows])]
        listed = links.of_kinds(rows, kinds)
        return {
            "address_id": number,
            "text": finder.standard_text(position),
            "as_of": day.isoformat(),
            "counts": self._published(links, rows, position, day),
            "references": _plain(links.table(listed[:limit])),
            "n_more": max(len(listed) - limit, 0),
        }

    def _published(
        self, links: AddressLinks, rows: NDArray[np.int64], position: int, day: date
    ) -> dict[str, int | None]:
        """Return counts by kind as they may be published: neither few people, nor what gives few away."""
        counts = links.counts(rows)[0]
        published: dict[str, int | None] = dict(zip(LINK_KINDS, counts.tolist(), strict=True))
        people = counts[[LINK_KINDS.index(PERSON)]]
        is_told = not self._is_withheld(links, position, day)
        published[PERSON] = suppress_small_counts(people)[0].as_py() if is_told else None
        return published

    def _reference(self, caller: Scope, kind: str, reference: str, day: date) -> dict[str, object]:
        finder, links = self._service.city.address_finder(caller), self._links()
        rows = links.in_force(links.find(kind, reference), day)
        rows = rows[links.nodes[rows] >= 0]
        rows = rows[_is_seen(finder, links.nodes[rows])]
        if not len(rows):
            raise UnknownFeatureError(f"no {kind} of this reference is linked to an address on {day}")
        nodes = links.nodes[rows[:MAX_ADDRESSES]]
        entries = _plain(links.table(rows[:MAX_ADDRESSES]))
        units = self._grid_units(caller, links, nodes)
        for entry, node, unit in zip(entries, nodes.tolist(), units, strict=True):
            entry |= {"text": finder.standard_text(node), "chain": _chain(links, node), "grid_unit": unit}
            del entry["kind"], entry["ref"]
        return {"kind": kind, "ref": reference, "as_of": day.isoformat(), "addresses": entries}

    def _grid_units(
        self, caller: Scope, links: AddressLinks, nodes: NDArray[np.int64]
    ) -> list[dict[str, str] | None]:
        """Return the grid unit that holds each address, None where none does or the caller sees it not."""
        city = self._service.city
        if not city.has_layer("grid"):
            return [None] * len(nodes)
        book, tree, index = links.book, city.divisions, city.grid_index
        lon, lat = (
            np.where(book.levels >= Level.NUMBER, values, np.nan)[nodes] for values in places_of(book)
        )
        found: list[dict[str, str] | None] = []
        for position in index.lookup(lon, lat).tolist():
            unit = None
            if position >= 0:
                with suppress(UnknownDivisionError):
                    unit = seen_unit(tree, str(index.grid_ids[position]), caller)
            found.append(None if unit is None else {"grid_id": unit.code, "name": unit.name})
        return found


def _is_seen(finder: Finder, nodes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which addresses the caller sees."""
    if finder.visible is None:
        return np.ones(len(nodes), np.bool_)
    return finder.visible[nodes]


def _plain(table: pa.Table) -> list[dict[str, object]]:
    """Return rows of an answer, times as days in China."""
    for name in ("valid_from", "valid_to"):
        place = table.column_names.index(name)
        texts = pa.array(map(day_in_china, table[name].to_pylist()), pa.string())
        table = table.set_column(place, name, texts)
    rows: list[dict[str, object]] = table.drop_columns("feature_id").to_pylist()
    return rows


def _chain(links: AddressLinks, node: int) -> list[dict[str, object]]:
    """Return the address from its city down, level by level."""
    book = links.book
    return [
        {
            "level": Level(book.levels[above]).column,
            "address_id": int(book.ids[above]),
            "token": book.name_of(above),
        }
        for above in book.chain(node)
    ]


def _kinds(text: str | None) -> tuple[str, ...]:
    if text is None:
        return LISTED_UNASKED
    if text not in LINK_KINDS:
        raise InvalidQueryError(f"kind={text!r} came; wanted {', '.join(LINK_KINDS)}")
    return (text,)
