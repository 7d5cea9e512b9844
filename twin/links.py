"""Who and what belongs to an address (人企地物政、事): links by opaque reference, from either side."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.addresses.walk import walk
from twin.buffers import array_of, values_of
from twin.distinct import distinct
from twin.divisions import CHINA_TIME
from twin.errors import InvalidQueryError
from twin.layer_table import TIMESTAMP
from twin.link_kinds import LINK_KINDS
from twin.schema import DECLARED

if TYPE_CHECKING:
    from twin.city import City

LINKS = "links"
"""Name of the layer."""
_EVER, _NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
_TYPES = {"address_id": pa.int64(), "valid_from": TIMESTAMP, "valid_to": TIMESTAMP}
_Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class AddressLinks:
    """Every link of a city as parallel arrays over its address base; make it by :meth:`of`.

    Rows stand in the order of a walk through the address tree, so that the links of an address and of all
    below it are one slice.

    Attributes
    ----------
    book : AddressBook
    feature_ids : ndarray of int64, shape (n,)
        Id of each link in the layer ``links``.
    kinds : ndarray of int8, shape (n,)
        Position in :data:`LINK_KINDS`.
    references, classes : pyarrow.StringArray, length n
        Opaque references; what class of thing it is, null where not told.
    nodes : ndarray of int64, shape (n,)
        Position in the book; -1 where the link's address is not in the base.
    begins_ms, ends_ms : ndarray of int64, shape (n,)
        From when to when (exclusive), ms since 1970 UTC.
    """

    book: AddressBook
    feature_ids: _Rows
    kinds: NDArray[np.int8]
    references: pa.StringArray
    classes: pa.StringArray
    nodes: _Rows
    begins_ms: _Rows
    ends_ms: _Rows
    _numbers: _Rows
    _first: _Rows
    _last: _Rows

    @classmethod
    def of(
        cls,
        links: pa.Table,
        book: AddressBook,
        addresses: pa.Table | None = None,
        base: pa.Table | None = None,
    ) -> AddressLinks:
        """Return the links of a city.

        Parameters
        ----------
        links : pyarrow.Table
            Rows of the layer ``links`` with ``feature_id``.
        book : AddressBook
            The address base.
        addresses : pyarrow.Table, optional
            Source rows of the layer ``addresses`` with ``source``, ``source_id`` and ``address_id``; without
            them a link must name its address by id.
        base : pyarrow.Table, optional
            Rows of the layer ``address_base`` with ``feature_id`` and ``superseded_by``: a link to an address
            that was merged into another belongs to that one.

        Returns
        -------
        AddressLinks
            1 M links take a second or two.
        """
        nodes = _nodes(links, book, addresses, base)
        first, last = walk(book.parents)
        numbers = np.where(nodes >= 0, first[nodes] if len(first) else -1, -1)
        order = np.argsort(numbers, kind="stable")
        rows = array_of(order)
        kinds = pc.index_in(links["kind"], value_set=pa.array(LINK_KINDS)).fill_null(-1).to_numpy()
        ids = links["feature_id"].to_numpy()
        return cls(
            book,
            ids[order],
            kinds[order].astype(np.int8),
            links["ref"].combine_chunks().take(rows),
            links["class"].combine_chunks().take(rows),
            nodes[order],
            _moments_ms(links["valid_from"], _EVER)[order],
            _moments_ms(links["valid_to"], _NEVER)[order],
            numbers[order],
            first,
            last,
        )

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def n_unplaced(self) -> int:
        """Links whose address is not in the base."""
        return int(np.searchsorted(self._numbers, 0))

    def below(self, position: int) -> _Rows:
        """Return the links of an address and of every address below it, whenever they hold.

        Parameters
        ----------
        position : int
            Position in the book: a building has the links of its dwellings, a community those of all
            addresses known to lie in it.

        Returns
        -------
        ndarray of int64, shape (k,)
            Rows, ascending. O(log n + k).
        """
        first, last = int(self._first[position]), int(self._last[position])
        if Level(self.book.levels[position]).is_division:
            low, high = np.searchsorted(self._division_numbers, (first, last))
            return np.sort(self._division_order[low:high])
        low, high = np.searchsorted(self._numbers, (first, last))
        return np.arange(low, high)

    def in_force(self, rows: _Rows, as_of: date | None = None) -> _Rows:
        """Return those of some links that hold on a day.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)
        as_of : date, optional
            The day, in China; today where not given.

        Returns
        -------
        ndarray of int64
        """
        midnight_ms = end_of_day_ms(as_of)
        return rows[(self.begins_ms[rows] < midnight_ms) & (self.ends_ms[rows] >= midnight_ms)]

    def of_kinds(self, rows: _Rows, kinds: Collection[str], classes: Collection[str] = ()) -> _Rows:
        """Return those of some links that are of a kind, and of a class where classes are given.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)
        kinds : collection of str
            Some of :data:`LINK_KINDS`.
        classes : collection of str
            Any class where empty.

        Returns
        -------
        ndarray of int64

        Raises
        ------
        InvalidQueryError
            If there is no such kind.
        """
        unknown = sorted(set(kinds) - set(LINK_KINDS))
        if unknown:
            raise InvalidQueryError(f"the kind {unknown[0]!r} came; wanted {', '.join(LINK_KINDS)}")
        wanted = [LINK_KINDS.index(kind) for kind in kinds]
        rows = rows[np.isin(self.kinds[rows], wanted)]
        if classes:
            named = self.classes.take(array_of(rows))
            is_named = pc.is_in(named, value_set=pa.array(sorted(classes), pa.string()))
            rows = rows[is_named.to_numpy(zero_copy_only=False)]
        return rows

    def counts(self, rows: _Rows, groups: NDArray[np.int64] | None = None, n_groups: int = 1) -> _Rows:
        """Return how many distinct references of each kind some links lead to, group by group.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)
        groups : ndarray of int64, shape (k,), optional
            Which group each of them belongs to, such as a grid unit, 0 to ``n_groups - 1``; -1 for none.
            All in one where not given.
        n_groups : int

        Returns
        -------
        ndarray of int64, shape (n_groups, 6)
            One column for each of :data:`LINK_KINDS`. A person with two dwellings in a group is one person.
        """
        n_kinds, n_codes = len(LINK_KINDS), max(int(self._codes.max(initial=0)) + 1, 1)
        group = np.zeros(len(rows), np.int64) if groups is None else np.asarray(groups, np.int64)
        is_known = (group >= 0) & (self.kinds[rows] >= 0)
        rows, group = rows[is_known], group[is_known]
        pairs = distinct((group * n_kinds + self.kinds[rows]) * n_codes + self._codes[rows]) // n_codes
        return np.bincount(pairs, minlength=n_groups * n_kinds).reshape(n_groups, n_kinds)

    def find(self, kind: str, reference: str) -> _Rows:
        """Return the links of a reference, whenever they hold.

        Parameters
        ----------
        kind : str
            One of :data:`LINK_KINDS`.
        reference : str

        Returns
        -------
        ndarray of int64, shape (k,)
            Rows, ascending; none where the reference is not known. O(log n).

        Raises
        ------
        InvalidQueryError
            If there is no such kind.
        """
        order, names = self._by_reference
        low = bisect_left(names, reference)
        rows = order[low : bisect_right(names, reference, lo=low)]
        return self.of_kinds(np.sort(rows), [kind])

    def table(self, rows: _Rows) -> pa.Table:
        """Return links as a table.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)

        Returns
        -------
        pyarrow.Table, k rows
            ``feature_id``, ``kind``, ``ref``, ``class``, ``address_id`` (null where the address is not in the
            base), ``valid_from``, ``valid_to``.
        """
        nodes = self.nodes[rows]
        ids = self.book.ids[nodes] if len(self.book) else np.zeros(len(nodes), np.int64)
        taken = array_of(rows)
        begins, ends = self.begins_ms[rows], self.ends_ms[rows]
        return pa.table(
            {
                "feature_id": self.feature_ids[rows],
                "kind": pa.array(LINK_KINDS).take(pa.array(self.kinds[rows])),
                "ref": self.references.take(taken),
                "class": self.classes.take(taken),
                "address_id": pa.array(ids, mask=nodes < 0),
                "valid_from": pa.array(begins, mask=begins == _EVER).cast(TIMESTAMP),
                "valid_to": pa.array(ends, mask=ends == _NEVER).cast(TIMESTAMP),
            }
        )

    @cached_property
    def _codes(self) -> _Rows:
        """One number for each distinct reference."""
        codes: _Rows = self.references.dictionary_encode().indices.to_numpy().astype(np.int64)
        return codes

    @cached_property
    def _by_reference(self) -> tuple[_Rows, _Texts]:
        order = pc.sort_indices(self.references)
        return order.to_numpy().astype(np.int64), _Texts(self.references.take(order))

    @cached_property
    def _division_order(self) -> _Rows:
        return np.argsort(self._divisions, kind="stable")

    @cached_property
    def _division_numbers(self) -> _Rows:
        return self._divisions[self._division_order]

    @cached_property
    def _divisions(self) -> _Rows:
        """Number in the walk of the deepest division of each link, -1 where none is known."""
        divisions = np.where(self.nodes >= 0, self.book.divisions[self.nodes] if len(self.book) else -1, -1)
        return np.where(divisions >= 0, self._first[divisions] if len(self.book) else -1, -1)


class _Texts:
    """Sorted text of an Arrow array, for bisection without copying it."""

    def __init__(self, texts: pa.StringArray) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, place: int) -> str:
        return str(self._texts[place].as_py())


def end_of_day_ms(as_of: date | None = None) -> int:
    """Return the first moment after a day in China.

    Parameters
    ----------
    as_of : date, optional
        Today where not given.

    Returns
    -------
    int
        Milliseconds since 1970 UTC. What holds on the day has begun before it and not ended by it.

    Examples
    --------
    >>> end_of_day_ms(date(1970, 1, 1)) / 3_600_000
    16.0
    """
    day = as_of or datetime.now(CHINA_TIME).date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=CHINA_TIME) + timedelta(days=1)
    return int(midnight.timestamp() * 1000)


def _moments_ms(column: pa.ChunkedArray, absent: int) -> _Rows:
    moments: _Rows = column.cast(TIMESTAMP).cast(pa.int64()).fill_null(absent).to_numpy()
    return moments


def links_of(city: City) -> AddressLinks:
    """Return every link of a city over its address base as it is now, edits included.

    Parameters
    ----------
    city : City

    Returns
    -------
    AddressLinks
        None of them where nothing was imported. Read anew each time: some seconds for 1 M links.

    Raises
    ------
    UnknownLayerError
        If the city has no address base.
    """
    book = city.address_finder().book
    names = [field.name for field in DECLARED[LINKS].fields]
    if city.has_layer(LINKS):
        links = _rows_of(city, LINKS, ["feature_id", *names])
    else:
        fields = [("feature_id", pa.int64()), *((name, _TYPES.get(name, pa.string())) for name in names)]
        links = pa.schema(fields).empty_table()
    rows = ["source", "source_id", "address_id"]
    has_rows = city.has_layer(ADDRESSES) and set(rows) <= set(city.layer(ADDRESSES).columns.names)
    addresses = _rows_of(city, ADDRESSES, rows) if has_rows else None
    return AddressLinks.of(
        links, book, addresses, _rows_of(city, ADDRESS_BASE, ["feature_id", "superseded_by"])
    )


def links_tag(city: City) -> str:
    """Return what changes whenever :func:`links_of` might.

    Parameters
    ----------
    city : City

    Returns
    -------
    str
    """
    layers = [name for name in (LINKS, ADDRESSES, ADDRESS_BASE) if city.has_layer(name)]
    return " ".join(f"{name} {city.layer(name).version_tag}" for name in layers)


def _rows_of(city: City, layer: str, columns: list[str]) -> pa.Table:
    view = city.layer(layer)
    return view.take(view.positions(), columns)


def _nodes(links: pa.Table, book: AddressBook, addresses: pa.Table | None, base: pa.Table | None) -> _Rows:
    """Return the position of each link's address in the book, -1 where it is not there or not clear."""
    ids = links["address_id"]
    if addresses is not None and "address_id" in addresses.column_names:
        for names, keys in (
            (("source", "source_id"), ("address_source", "source_id")),
            (("source_id",),) * 2,
        ):
            if not ids.null_count:
                break
            ids = pc.coalesce(ids, _ids_of_rows(_joined(addresses, names), addresses, _joined(links, keys)))
    wanted = ids.fill_null(-1).to_numpy()
    return _positions(book, wanted if base is None else _followed(wanted, base))


def _followed(ids: _Rows, base: pa.Table) -> _Rows:
    """Return the ids that some have been merged into, and those into which these were, and so on."""
    merged = base.filter(pc.is_valid(base["superseded_by"]))
    old, heirs = merged["feature_id"].to_numpy(), merged["superseded_by"].to_numpy()
    order = np.argsort(old)
    old, heirs = old[order], heirs[order]
    for _ in range(len(old)):  # a chain of merges is no longer than all of them
        places = np.minimum(np.searchsorted(old, ids), len(old) - 1)
        is_old = old[places] == ids
        if not is_old.any():
            break
        ids = np.where(is_old, heirs[places], ids)
    return ids


def _positions(book: AddressBook, ids: _Rows) -> _Rows:
    """Return the position of each address id, -1 where no address in force has it."""
    places = pc.index_in(array_of(ids), value_set=array_of(book.ids)).fill_null(-1)
    return values_of(places).astype(np.int64)


def _joined(table: pa.Table, names: tuple[str, ...]) -> pa.ChunkedArray:
    """Return what tells address rows apart; null where a part is missing."""
    parts = [table[name].cast(pa.string()) for name in names]
    return pc.binary_join_element_wise(*parts, "\0")


def _ids_of_rows(keys: pa.ChunkedArray, addresses: pa.Table, wanted: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the address id of each key, null where no row or rows of several addresses carry it."""
    rows = pa.table({"key": keys, "id": addresses["address_id"]}).filter(pc.is_valid(addresses["address_id"]))
    found = rows.group_by("key").aggregate([("id", "min"), ("id", "max")])
    found = found.filter(pc.equal(found["id_min"], found["id_max"]))
    places = pc.index_in(wanted, value_set=found["key"], skip_nulls=True)
    return found["id_min"].take(places)
