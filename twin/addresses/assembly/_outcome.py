"""The grown tree as tables: the address base, and which address each source row names."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.addresses.assembly._figures import Figures
from twin.addresses.assembly._groups import dense, most_frequent
from twin.addresses.assembly._growth import METHODS, Growth
from twin.addresses.assembly._stages import ancestor
from twin.addresses.assembly._text import texts_of
from twin.addresses.assembly._validity import validity
from twin.addresses.base import BASE_SCHEMA, DECIDED, IN_FORCE, SUPERSEDED, TIMESTAMP, WITHDRAWN
from twin.addresses.levels import Level

_Positions = NDArray[np.int64]


def kept_nodes(growth: Growth) -> NDArray[np.bool_]:
    """Return which nodes rows lie at or below; divisions stay in any case."""
    kept = growth.level <= Level.COMMUNITY
    zones = growth.zone_at[growth.at >= 0]
    named = np.concatenate([growth.at, growth.number_at, zones])  # gates of estates are named too
    here = np.unique(named[named >= 0])
    while len(here):
        kept[here] = True
        here = np.unique(growth.parent[here])
        here = here[here >= 0]
        here = here[~kept[here]]
    return kept


def address_ids(growth: Growth, kept: NDArray[np.bool_], first_id: int) -> _Positions:
    """Return the id of each node: that it had, else the next free one; -1 for those not kept."""
    ids = np.full(len(growth), -1, np.int64)
    has_id = kept & (growth.known >= 0)
    ids[has_id] = growth.identity.ids[growth.known[has_id]]
    fresh = kept & ~has_id
    ids[fresh] = first_id + np.arange(np.count_nonzero(fresh))
    return ids


def base_table(
    growth: Growth,
    told: Figures,
    kept: NDArray[np.bool_],
    ids: _Positions,
    records: pa.Table,
    *,
    now: datetime,
) -> pa.Table:
    """Return the base: addresses in force, then those that were before and are no more."""
    in_force = _in_force(growth, told, kept, ids, records, now=now)
    before = growth.identity.base
    if not before.num_rows:
        return in_force
    is_gone = pc.invert(pc.is_in(before["feature_id"], value_set=pa.array(ids[kept])))
    gone = _gone(growth, before.filter(is_gone), ids, records, now=now)
    table = pa.concat_tables([in_force, gone])
    return table.take(pc.sort_indices(table["feature_id"])).combine_chunks()


def _in_force(
    growth: Growth,
    told: Figures,
    kept: NDArray[np.bool_],
    ids: _Positions,
    records: pa.Table,
    *,
    now: datetime,
) -> pa.Table:
    rows = growth.rows
    nodes = np.flatnonzero(kept)
    names = pa.array(rows.names, pa.string())
    texts = texts_of(
        growth.level,
        growth.parent,
        growth.token,
        growth.word,
        told.division,
        names=rows.names,
        word_names=rows.word_names,
    )
    parent, division = growth.parent[nodes], told.division[nodes]
    best = told.best_row[nodes]
    has_row = best >= 0
    best_rows = pa.array(best, mask=~has_row)
    codes = pa.array([one.code for one in growth.districts.divisions], pa.string())
    first, last = (bound.take(pa.array(nodes)) for bound in validity(growth, records))
    is_over = pc.fill_null(pc.less_equal(last, pa.scalar(now, TIMESTAMP)), fill_value=False)
    columns = {
        "feature_id": pa.array(ids[nodes]),
        "level": pa.array(growth.level[nodes].astype(np.int64)),
        "parent_id": pa.array(ids[parent], mask=parent < 0),
        "token": names.take(pa.array(growth.token[nodes])),
        "word": pa.array(rows.word_names, pa.string()).take(pa.array(growth.word[nodes])),
        "text": texts.take(pa.array(nodes)),
        "division_id": pa.array(ids[division], mask=division < 0),
        "division_code": codes.take(pa.array(division, mask=division < 0)),
        "source": _column(records, "source", pa.string()).take(best_rows),
        "source_id": _column(records, "source_id", pa.string()).take(best_rows),
        "n_records": pa.array(told.n_records[nodes]),
        "status": pc.if_else(is_over, WITHDRAWN, IN_FORCE),
        "superseded_by": pa.nulls(len(nodes), pa.int64()),
        "valid_from": first,
        "valid_to": last,
        "gates": _gates(growth, kept, ids).take(pa.array(nodes)),
        "lon": pa.array(told.lon[nodes]),
        "lat": pa.array(told.lat[nodes]),
    }
    table = pa.table(columns).select(BASE_SCHEMA.names).cast(BASE_SCHEMA)
    return table.take(pc.sort_indices(table["feature_id"])).combine_chunks()


def _column(records: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    if name not in records.column_names:
        return pa.nulls(records.num_rows, kind)
    column = records[name].cast(kind)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _gates(growth: Growth, kept: NDArray[np.bool_], ids: _Positions) -> pa.Array:
    """Return the ids of the further numbers at which rows of an estate or premises stand, as text.

    Of roads, and of estates that stand under none, those of the zones that their rows name.
    """
    gates: dict[int, set[int]] = {}
    site = _named_site(growth)
    rows = np.flatnonzero((site >= 0) & (growth.number_at >= 0))
    if len(rows):
        first, _ = dense(site[rows], growth.number_at[rows])
        for row in rows[first].tolist():
            estate, number = int(site[row]), int(growth.number_at[row])
            if kept[number] and growth.parent[estate] != number:
                gates.setdefault(estate, set()).add(int(ids[number]))
    for head, zone in _told_zones(growth, site):
        gates.setdefault(head, set()).add(int(ids[zone]))
    texts = np.full(len(growth), None, dtype=object)
    for estate, numbers in gates.items():
        texts[estate] = " ".join(map(str, sorted(numbers)))
    return pa.array(texts, pa.string())


def _told_zones(growth: Growth, site: _Positions) -> list[tuple[int, int]]:
    """Return the road or site and the zone of rows whose zone does not stand above their address."""
    road = ancestor(growth, growth.at, Level.ROAD)
    head = np.where(road >= 0, road, site)
    rows = np.flatnonzero((head >= 0) & (growth.zone_at >= 0))
    rows = rows[ancestor(growth, growth.at[rows], Level.ZONE) != growth.zone_at[rows]]
    if not len(rows):
        return []
    rows = rows[dense(head[rows], growth.zone_at[rows])[0]]
    return list(zip(head[rows].tolist(), growth.zone_at[rows].tolist(), strict=True))


def _named_site(growth: Growth) -> _Positions:
    """Return the estate or premises right below the number of each row, -1 where there is none."""
    site = np.full(len(growth.rows), -1, np.int64)
    here = growth.at.copy()
    while (here >= 0).any():
        level = np.append(growth.level, 0)[here]
        is_site = np.isin(level, (Level.ESTATE, Level.PREMISES))
        site = np.where(is_site, here, site)
        here = np.where(here >= 0, growth.parent[here], -1)
    return site


def _gone(growth: Growth, gone: pa.Table, ids: _Positions, records: pa.Table, *, now: datetime) -> pa.Table:
    """Return addresses that no source names any more: what they went into, or that they are withdrawn."""
    heirs = _heirs(growth, gone, ids, records)
    was_in_force = pc.equal(gone["status"], IN_FORCE)
    has_heir = pa.array(heirs >= 0)
    status = pc.if_else(has_heir, SUPERSEDED, WITHDRAWN)
    changed = {
        "status": pc.if_else(was_in_force, status, gone["status"]),
        "superseded_by": pc.if_else(was_in_force, pa.array(heirs, mask=heirs < 0), gone["superseded_by"]),
        "valid_to": pc.if_else(was_in_force, pa.scalar(now, TIMESTAMP), gone["valid_to"]),
        "n_records": pa.array(np.zeros(gone.num_rows, np.int64)),
        "gates": pa.nulls(gone.num_rows, pa.string()),
    }
    for name, values in changed.items():
        gone = gone.set_column(gone.column_names.index(name), name, values)
    return gone.cast(BASE_SCHEMA)


def _heirs(growth: Growth, gone: pa.Table, ids: _Positions, records: pa.Table) -> _Positions:
    """Return the id of the address of like level that most rows, or most parts, of each have gone to."""
    place = {address_id: number for number, address_id in enumerate(gone["feature_id"].to_pylist())}
    n = len(place)
    heirs = np.full(n, -1, np.int64)
    united = np.flatnonzero((growth.heir != np.arange(len(growth))) & (growth.known >= 0))
    for node in united.tolist():
        number = place.get(int(growth.identity.ids[growth.known[node]]))
        if number is not None:
            heirs[number] = ids[growth.final(node)]
    if "address_id" not in records.column_names or not n:
        return heirs
    before = _column(records, "address_id", pa.int64())
    wanted = pc.index_in(before, value_set=gone["feature_id"].combine_chunks()).fill_null(-1).to_numpy()
    rows = np.flatnonzero((wanted >= 0) & (growth.at >= 0))
    level = gone["level"].to_numpy()
    rows = rows[growth.level[growth.at[rows]] == level[wanted[rows]]]
    best = most_frequent(wanted[rows].astype(np.int64), n, growth.at[rows])
    heirs = np.where((heirs < 0) & (best >= 0), np.append(ids, -1)[best], heirs)
    return _heirs_of_parts(growth, gone, heirs, ids)


def _heirs_of_parts(growth: Growth, gone: pa.Table, heirs: _Positions, ids: _Positions) -> _Positions:
    """Return heirs also of addresses whose parts went to parts of another: it is that other."""
    order = np.argsort(ids)
    places = {int(one): number for number, one in enumerate(gone["feature_id"].to_pylist())}
    parents = np.array(
        [places.get(one, -1) if one is not None else -1 for one in gone["parent_id"].to_pylist()], np.int64
    )
    level = gone["level"].to_numpy()
    for depth in range(int(Level.DWELLING), int(Level.COMMUNITY), -1):
        moved = np.flatnonzero((level == depth) & (heirs >= 0) & (parents >= 0))
        if not len(moved):
            continue
        nodes = order[np.searchsorted(ids, heirs[moved], sorter=order)]
        above = growth.parent[nodes]
        is_alike = (above >= 0) & (np.append(growth.level, 0)[above] == level[parents[moved]])
        moved, above = moved[is_alike], above[is_alike]
        best = most_frequent(parents[moved], len(heirs), above)
        heirs = np.where((heirs < 0) & (best >= 0), np.append(ids, -1)[best], heirs)
    return heirs


def _is_decided(records: pa.Table, address: pa.Array) -> pa.Array:
    """Return which rows people have led to the address that they are still found at."""
    was_decided = pc.equal(_column(records, "match_method", pa.string()), DECIDED).fill_null(False)
    is_same = pc.equal(_column(records, "address_id", pa.int64()), address).fill_null(False)
    return pc.and_(was_decided, is_same)


def match_table(
    growth: Growth, score: NDArray[np.float64], ids: _Positions, records: pa.Table, *, now: datetime
) -> pa.Table:
    """Return for each row the address it names; the time stays where nothing else has changed."""
    at = growth.at
    address = pa.array(np.append(ids, -1)[at], mask=at < 0)
    methods = pa.array(METHODS, pa.string()).take(pa.array(growth.method.astype(np.int64), mask=at < 0))
    scores = pa.array(score, mask=at < 0)
    times = pa.repeat(pa.scalar(now, TIMESTAMP), len(at))
    if "matched_at" in records.column_names:
        stays = _is_decided(records, address)
        scores = pc.if_else(stays, _column(records, "match_score", pa.float64()), scores)
        methods = pc.if_else(stays, _column(records, "match_method", pa.string()), methods)
        is_same = pa.array(np.ones(len(at), np.bool_))
        for name, values in (("address_id", address), ("match_score", scores), ("match_method", methods)):
            before = _column(records, name, values.type)
            both_null = pc.and_(pc.is_null(before), pc.is_null(values))
            is_same = pc.and_(is_same, pc.or_(both_null, pc.equal(before, values).fill_null(False)))
        times = pc.if_else(is_same, _column(records, "matched_at", TIMESTAMP), times)
        times = pc.coalesce(times, pa.scalar(now, TIMESTAMP))
    return pa.table(
        {"address_id": address, "match_score": scores, "match_method": methods, "matched_at": times}
    )
