"""The address base made from source rows, what people decided, and the base before: one pure function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.assembly._districts import Districts, made_up_tree
from twin.addresses.assembly._figures import figures
from twin.addresses.assembly._growth import ALIAS, REST_SCORE, SCORES, Growth
from twin.addresses.assembly._identity import Identity, Rulings
from twin.addresses.assembly._outcome import address_ids, base_table, kept_nodes, match_table
from twin.addresses.assembly._rows import Rows, read_rows
from twin.addresses.assembly._stages import Doubt, grow
from twin.addresses.base import IN_FORCE, empty_base
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.addresses.names import Alias
from twin.divisions import DivisionTree
from twin.hot_columns import AreaSource

NO_RULINGS = Rulings()
NO_TREE = DivisionTree.from_tables(None, None)
MAX_CHARS = 500
"""A longer text is no address; it is not even read."""
MAX_UNREAD = 10_000
"""So many rows that name no address are told one by one."""
DIVISION_KINDS = frozenset({"city", "district", "subdistrict", "community"})
"""Kinds of other names that are of divisions: the parser knows those."""

Reserve = Callable[[int], int]
"""Takes so many ids in a row and returns the first."""


class TableParser(Protocol):
    """What takes address texts apart."""

    def parse_table(self, texts: pa.Array | pa.ChunkedArray) -> pa.Table:
        """Return the parts of each text: ``PARSED_COLUMNS``."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a city knows beside its source rows.

    Parameters
    ----------
    tree : DivisionTree
        Divisions of today; without any, those that the texts name are taken.
    areas : AreaSource, optional
        What finds the division of a point.
    aliases : sequence of Alias
        Former and other names of roads, estates and hamlets.
    """

    tree: DivisionTree = NO_TREE
    areas: AreaSource | None = None
    aliases: Sequence[Alias] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A source row that names no address, and why."""

    record_id: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Assembly:
    """An address base, and how it came about.

    Parameters
    ----------
    base : pyarrow.Table
        Columns of ``twin.addresses.base.BASE_SCHEMA``, by ascending id.
    matches : pyarrow.Table, n rows
        ``address_id``, ``match_score``, ``match_method``, ``matched_at`` of each record, in their order.
    doubts : pyarrow.Table
        Pairs for people to decide: ``address_id``, ``other_id``, ``text``, ``other_text``, ``distance_m``,
        ``score``, ``why``.
    unread : tuple of Unread
        Records that name no address, up to 10,000 of them.
    n_in_force, n_new, n_joined, n_far : int
        Addresses in force; those that the base before had not; records that reached their address other
        than exactly; records whose place is far from their address.
    """

    base: pa.Table
    matches: pa.Table
    doubts: pa.Table
    unread: tuple[Unread, ...]
    n_in_force: int
    n_new: int
    n_joined: int
    n_far: int

    def book(self) -> AddressBook:
        """Return the addresses in force as a book.

        Returns
        -------
        AddressBook
        """
        return AddressBook.from_table(self.base)


def assemble(
    records: pa.Table,
    parser: TableParser,
    surroundings: Surroundings | None = None,
    *,
    before: pa.Table | None = None,
    rulings: Rulings = NO_RULINGS,
    reserve: Reserve | None = None,
    now: datetime | None = None,
) -> Assembly:
    """Return the address base that source rows come to.

    The same records, rulings and base before give the same base; the base itself as the base before
    gives it again.

    Parameters
    ----------
    records : pyarrow.Table, n rows
        ``feature_id``, ``text``, ``lon``, ``lat`` (degrees, NaN without place), and where known
        ``source``, ``source_id``, ``valid_from`` and the columns of the last matches.
    parser : TableParser
        Takes the texts apart.
    surroundings : Surroundings, optional
    before : pyarrow.Table, optional
        The base before: its ids are kept.
    rulings : Rulings
        What people decided.
    reserve : callable, optional
        Gives ids to new addresses; by default those after the highest of the base before.
    now : datetime, optional
        The time of new matches; the present by default.

    Returns
    -------
    Assembly
        Cost O(n log n): about 15 us a record beside the parsing.
    """
    surroundings = surroundings or Surroundings()
    before = empty_base() if before is None else before
    now = now or datetime.now(UTC)
    order = pc.sort_indices(records["feature_id"])
    records = records.take(order).combine_chunks()
    rows, districts = _read(records, parser, surroundings, before, rulings)
    growth = Growth(rows, districts, Identity(before, rulings, rows.names))
    is_renamed = _rename(rows, surroundings.aliases)
    growth.lower(np.flatnonzero(is_renamed), ALIAS)
    doubts = grow(growth)
    score = SCORES[growth.method] * np.where(rows.has_rest, REST_SCORE, 1.0)
    told = figures(growth, score, _source_ranks(records))
    kept = kept_nodes(growth)
    n_new = int(np.count_nonzero(kept & (growth.known < 0)))
    highest = int(pc.max(before["feature_id"]).as_py() or 0)
    first_id = reserve(n_new) if reserve is not None and n_new else highest + 1
    ids = address_ids(growth, kept, first_id)
    base = base_table(growth, told, kept, ids, records, now=now)
    matches = match_table(growth, score, ids, records, now=now)
    return Assembly(
        base,
        matches.take(pc.sort_indices(order)),
        _doubt_table(growth, doubts, ids, base),
        _unread(rows, records, np.flatnonzero(growth.at < 0)),
        int(pc.sum(pc.equal(base["status"], IN_FORCE)).as_py() or 0),
        n_new,
        int(np.count_nonzero((growth.method > 0) & (growth.at >= 0))),
        int(np.count_nonzero(told.is_far)),
    )


def _read(
    records: pa.Table,
    parser: TableParser,
    surroundings: Surroundings,
    before: pa.Table,
    rulings: Rulings,
) -> tuple[Rows, Districts]:
    """Return the records taken apart, and the divisions that they lie in."""
    texts = records["text"].cast(pa.string())
    is_readable = pc.less_equal(pc.utf8_length(texts), MAX_CHARS)
    parsed = parser.parse_table(pc.if_else(is_readable, texts, ""))
    tree = surroundings.tree
    districts = Districts.of_tree(tree)
    if not districts.divisions:
        tree = made_up_tree(parsed)
        districts = Districts.of_tree(tree)
    more = {one.name for one in districts.divisions}
    more |= set(before["token"].to_pylist()) | set(rulings.source_tokens.values())
    more |= {one.name for one in surroundings.aliases}
    rows = read_rows(
        records["feature_id"].to_numpy(),
        parsed,
        records["lon"].to_numpy(),
        records["lat"].to_numpy(),
        tree=tree,
        districts=districts,
        areas=surroundings.areas,
        more_names=pa.array(sorted(more), pa.string()),
    )
    return rows, districts


def _rename(rows: Rows, aliases: Sequence[Alias]) -> NDArray[np.bool_]:
    """Put today's names in place of former ones; return the rows that had such."""
    codes = {name: code for code, name in enumerate(rows.names)}
    current = np.arange(len(rows.names))
    for alias in aliases:
        if alias.kind not in DIVISION_KINDS and alias.alias in codes and alias.name in codes:
            current[codes[alias.alias]] = codes[alias.name]
    for _ in range(len(aliases)):
        further = current[current]
        if (further == current).all():
            break
        current = further
    is_renamed = np.zeros(len(rows), np.bool_)
    if (current == np.arange(len(current))).all():
        return is_renamed
    for level in (Level.HAMLET, Level.ZONE, Level.ROAD, Level.ESTATE, Level.PREMISES):
        tokens = rows.tokens[level]
        changed = np.where(tokens >= 0, np.append(current, -1)[tokens], -1).astype(np.int32)
        is_renamed |= changed != tokens
        rows.tokens[level] = changed
    return is_renamed


def _source_ranks(records: pa.Table) -> NDArray[np.int64]:
    """Return the place of each record's source in the order in which sources first came."""
    if "source" not in records.column_names:
        return np.zeros(records.num_rows, np.int64)
    encoded = records["source"].cast(pa.string()).combine_chunks().dictionary_encode()
    ranks: NDArray[np.int64] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return ranks


def unread_of(
    records: pa.Table, parser: TableParser, surroundings: Surroundings, before: pa.Table
) -> tuple[Unread, ...]:
    """Return why source rows name no address, as an assembly has found.

    Parameters
    ----------
    records : pyarrow.Table, n rows
        As :func:`assemble` takes them; those alone that name none.
    parser : TableParser
    surroundings : Surroundings
    before : pyarrow.Table
        The base.

    Returns
    -------
    tuple of Unread
        Up to 10,000.
    """
    records = records.slice(0, MAX_UNREAD).combine_chunks()
    if not records.num_rows:
        return ()
    rows, _ = _read(records, parser, surroundings, before, NO_RULINGS)
    return _unread(rows, records, np.arange(len(rows)))


def _unread(rows: Rows, records: pa.Table, unplaced: NDArray[np.integer]) -> tuple[Unread, ...]:
    unread = []
    for row in unplaced[:MAX_UNREAD].tolist():
        text = records["text"][row].as_py() or ""
        if rows.is_foreign[row]:
            reason = "names a division that the city has not"
        elif len(text) > MAX_CHARS:
            reason = f"has {len(text):,} characters, an address at most {MAX_CHARS}"
        elif rows.is_readable[row]:
            reason = "names a place of which the city has several, and not the division that it lies in"
        else:
            reason = "holds nothing that reads as an address"
        unread.append(Unread(int(rows.ids[row]), text[:MAX_CHARS], reason))
    return tuple(unread)


def _doubt_table(growth: Growth, doubts: Sequence[Doubt], ids: NDArray[np.int64], base: pa.Table) -> pa.Table:
    """Return the pairs that people are to decide, each once, the likeliest first."""
    pairs: dict[tuple[int, int], Doubt] = {}
    for doubt in doubts:
        one, other = growth.final(doubt.node), growth.final(doubt.other)
        if one != other and min(ids[one], ids[other]) >= 0:
            pairs.setdefault((int(ids[one]), int(ids[other])), doubt)
    wanted = sorted(pairs.items(), key=lambda item: (-item[1].odds, item[0]))
    texts = dict(zip(base["feature_id"].to_pylist(), base["text"].to_pylist(), strict=True)) if wanted else {}
    return pa.table(
        {
            "address_id": pa.array([pair[0] for pair, _ in wanted], pa.int64()),
            "other_id": pa.array([pair[1] for pair, _ in wanted], pa.int64()),
            "text": pa.array([texts[pair[0]] for pair, _ in wanted], pa.string()),
            "other_text": pa.array([texts[pair[1]] for pair, _ in wanted], pa.string()),
            "distance_m": pa.array([doubt.distance_m for _, doubt in wanted], pa.float64()),
            "score": pa.array([doubt.odds / (1.0 + doubt.odds) for _, doubt in wanted], pa.float64()),
            "why": pa.array([doubt.why for _, doubt in wanted], pa.string()),
        }
    )
