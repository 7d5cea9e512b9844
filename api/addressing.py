"""The address base kept in step with its sources: assembled at imports and builds, stored with them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.folding import fold_edits, put_again
from api.known_places import known_places
from api.merging import Arrival
from api.progress import Advance
from layers.report import Rejection
from twin.addresses.aliases import ALIASES, aliases_of
from twin.addresses.assembly import Assembly, Surroundings, assemble, unread_of
from twin.addresses.base import (
    ADDRESS_BASE,
    ADDRESSES,
    IN_FORCE,
    MATCH_COLUMNS,
    base_of,
    empty_base,
    places_of,
    to_layer,
)
from twin.addresses.decisions import rulings_of
from twin.addresses.doubts import doubts_of, store_doubts
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.names import Alias
from twin.addresses.parsing import Parser
from twin.catalog import LayerVersion, Provenance
from twin.city import City
from twin.edits import NO_EDITS, Edits
from twin.errors import DamagedLayerError
from twin.personal import without_persons
from twin.schema import DECLARED
from twin.state import FeatureChange
from twin.state.decisions import has_open_decisions, settle_decisions, unfinished_undoings
from twin.store import LayerPut
from twin.view import LayerView

ASSEMBLY = "assembly 2"
"""Part of the tag: what another version of the rules has made is made anew at the next build."""
READER = "assembly"
"""What the provenance of the base names as its reader."""
TEXTS = ("source", "source_id", "text")
"""Columns of the sources that the base is made of, beside the place."""
DAYS = ("valid_from", "valid_to")
"""... and since when and until when they hold."""
_PARSED_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Addressed:
    """Source rows with the addresses that they name, and the base, neither in force yet.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of the layer ``addresses``, with the columns of the matches.
    base : LayerPut, optional
        The layer ``address_base``; None where the sources are as they were, and so is the base.
    assembly : Assembly
    edited : tuple of FeatureChange
        Rows that people have edited and that name another address now.
    """

    table: pa.Table
    base: LayerPut | None
    assembly: Assembly
    edited: tuple[FeatureChange, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """Return what became of the rows, for the report.

        Returns
        -------
        tuple of str
        """
        found = self.assembly
        n_rows = found.matches.num_rows
        n_unread = found.matches["address_id"].null_count
        said = [
            f"{n_rows - n_unread:,} rows of all sources name {found.n_in_force:,} addresses",
            f"{found.n_new:,} addresses are new; {found.n_joined:,} rows do not name theirs exactly",
        ]
        if self.base is None:
            said.append("the sources are as they were, and so is the address base (无变化)")
        if n_unread:
            said.append(f"{n_unread:,} rows name no address (未能识别)")
        if found.n_far:
            said.append(f"{found.n_far:,} rows lie over 1 km from their address; their places are left out")
        if found.doubts.num_rows:
            said.append(
                f"{found.doubts.num_rows:,} pairs may be one address: twin addresses review (待人工判定)"
            )
        return tuple(said)


class _Observed:
    """A parser that says how far it has come."""

    def __init__(self, parser: Parser, advance: Advance) -> None:
        self._parser, self._advance = parser, advance

    def parse_table(self, texts: pa.Array | pa.ChunkedArray) -> pa.Table:
        """Return the parts of each text, read in pieces."""
        pieces = []
        for start in range(0, max(len(texts), 1), _PARSED_AT_ONCE):
            pieces.append(self._parser.parse_table(texts.slice(start, _PARSED_AT_ONCE)))
            self._advance(min(start + _PARSED_AT_ONCE, len(texts)))
        return pa.concat_tables(pieces)


def addressed(city: City, rows: pa.Table, *, licence: str = "", advance: Advance) -> Addressed:
    """Return source rows with their addresses, and the address base that they come to.

    Parameters
    ----------
    city : City
        Its write lock must be held.
    rows : pyarrow.Table
        The whole layer ``addresses`` as it will be, with ``feature_id``.
    licence : str
        Licences of the sources.
    advance : callable
        Told how many texts have been read.

    Returns
    -------
    Addressed
    """
    rows = _with_last_matches(city, _without_persons(city, rows))
    last = _sound_view(city)
    edits = NO_EDITS if last is None else last.edits
    records = _records(rows, edits)
    tag = base_tag(city, records)
    aliases = _aliases(city)
    parser = _Observed(Parser(Gazetteer.from_tree(city.divisions, aliases)), advance)
    surroundings = Surroundings(city.divisions, city.area_assigner, aliases)
    if last is not None and _is_of(city, tag):
        return Addressed(rows, None, _as_before(city, records, parser, surroundings))
    found = assemble(
        records,
        parser,
        surroundings,
        before=_base_before(city),
        rulings=rulings_of(city.state),
        reserve=lambda count: city.state.new_feature_id(
            ADDRESS_BASE, at_least=city.store.next_id(ADDRESS_BASE), count=count
        ),
    )
    places = pc.index_in(rows["feature_id"], value_set=records["feature_id"].combine_chunks())
    for name in MATCH_COLUMNS:
        rows = _set_column(rows, name, found.matches[name].combine_chunks().take(places))
    n_unread = found.matches["address_id"].null_count
    provenance = Provenance(
        sources=(ADDRESSES,),
        sha256=(tag,),
        reader=READER,
        rows_read=rows.num_rows,
        rows_taken=rows.num_rows - n_unread,
        rows_rejected=n_unread,
        licence=licence,
    )
    base = LayerPut(
        DECLARED[ADDRESS_BASE],
        to_layer(found.base),
        provenance,
        city.config.resolutions,
        city.area_assigner,
    )
    return Addressed(rows, base, found, _changed_edits(edits, records, found.matches))


def _as_before(city: City, records: pa.Table, parser: _Observed, surroundings: Surroundings) -> Assembly:
    """Return the base in force as what its records come to once more; decisions stand in it already."""
    view = city.layer(ADDRESS_BASE)
    base = base_of(view)
    method = records["match_method"]
    return Assembly(
        base,
        records.select(MATCH_COLUMNS),
        doubts_of(city.path, view.layer),
        unread_of(records.filter(pc.is_null(records["address_id"])), parser, surroundings, base),
        n_in_force=pc.sum(pc.equal(base["status"], IN_FORCE)).as_py() or 0,
        n_new=0,
        n_joined=pc.sum(pc.not_equal(method, "exact")).as_py() or 0,
        n_far=0,
    )


def _is_of(city: City, tag: str) -> bool:
    """Return whether the base in force can be read and is of a tag."""
    try:
        return city.has_layer(ADDRESS_BASE) and city.layer(ADDRESS_BASE).layer.provenance.sha256 == (tag,)
    except DamagedLayerError:
        return False


def base_tag(city: City, records: pa.Table) -> str:
    """Return what changes whenever the base has to be made anew: sources, divisions, other names.

    Decisions make their changes themselves; one that was undone after the sources had changed what it
    touches leaves work, and so counts.

    Parameters
    ----------
    city : City
    records : pyarrow.Table
        Source rows as assembly takes them, in any order.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    digest = hashlib.sha256(ASSEMBLY.encode())
    areas = city.area_assigner
    divisions = [(one.id, one.code, one.name, one.level) for one in city.divisions.nodes if one.level < 5]
    digest.update(repr((divisions, "" if areas is None else areas.tag, _aliases(city))).encode())
    digest.update(repr(unfinished_undoings(city.state)).encode())
    records = records.take(pc.sort_indices(records["feature_id"]))
    for name in ("feature_id", "lon", "lat"):
        digest.update(records[name].to_numpy().tobytes())
    for name in (*TEXTS, *DAYS):
        if name in records.column_names and records[name].null_count < records.num_rows:
            digest.update(name.encode())
            _update(digest, records[name].combine_chunks())
    return digest.hexdigest()


def _update(digest: hashlib._Hash, column: pa.Array) -> None:
    """Add the values of a column to a digest, whatever chunks or offsets it came in."""
    whole = pc.fill_null(column.cast(pa.large_string()), "")
    digest.update(pc.binary_length(whole).to_numpy().tobytes())
    _, offsets, content = whole.buffers()
    if content is not None:
        places = np.frombuffer(offsets, np.int64)
        low, high = int(places[whole.offset]), int(places[whole.offset + len(whole)])
        digest.update(memoryview(content)[low:high])


def is_current(city: City) -> bool:
    """Return whether the base in force is that of the present sources, divisions and decisions.

    Parameters
    ----------
    city : City

    Returns
    -------
    bool
    """
    if not city.has_layer(ADDRESSES):
        return True
    if not city.has_layer(ADDRESS_BASE):
        return False
    view = city.layer(ADDRESSES)
    wanted = [name for name in (*TEXTS, *DAYS) if name in view.columns.names]
    records = _records(view.take(view.positions(), ["feature_id", *wanted, "geometry"]), NO_EDITS)
    return city.store.current(ADDRESS_BASE).provenance.sha256 == (base_tag(city, records),)


def renew_base(city: City, advance: Advance) -> Addressed | None:
    """Assemble and store the base anew where its sources, the divisions or decisions have changed.

    Parameters
    ----------
    city : City
        Its write lock must be held, and no edit of the two layers open.
    advance : callable
        Told how many texts have been read.

    Returns
    -------
    Addressed or None
        None where the base was up to date.

    Raises
    ------
    StorageError
        If the layers cannot be written; those before stay in force.
    """
    if is_current(city):
        return None
    view = city.layer(ADDRESSES)
    layer = view.layer
    made = addressed(city, view.take(view.positions()), licence=layer.provenance.licence, advance=advance)
    rows = LayerPut(layer.schema, made.table, layer.provenance, city.config.resolutions, city.area_assigner)
    store_addressed(city, rows, made)
    return made


def with_unread(arrival: Arrival, made: Addressed) -> Arrival:
    """Return what came in with the rows that name no address among its findings.

    Parameters
    ----------
    arrival : Arrival
        Of the layer ``addresses``.
    made : Addressed

    Returns
    -------
    Arrival
        The rows are taken all the same: a later list of divisions may make them readable.
    """
    reasons = {one.record_id: one for one in made.assembly.unread}
    if not reasons:
        return arrival
    unread = made.table.filter(pc.is_in(made.table["feature_id"], value_set=pa.array(list(reasons))))
    unread = unread.filter(pc.equal(unread["source"], arrival.source))
    result = arrival.result
    keys, numbers = result.table["source_id"].to_pylist(), result.row_numbers
    rows = dict(zip(keys, range(1, len(keys) + 1) if numbers is None else numbers.tolist(), strict=True))
    findings = [
        Rejection(
            rows.get(source_id, 0),
            "text",
            reasons[record_id].text,
            f"{reasons[record_id].reason}; the row ({source_id}) is taken without an address",
            "write division, road or estate, and number",
        )
        for record_id, source_id in zip(
            unread["feature_id"].to_pylist(), unread["source_id"].to_pylist(), strict=True
        )
    ]
    report = result.report
    found = sorted((*report.rejections, *findings), key=lambda finding: finding.row)
    return replace(arrival, result=replace(result, report=replace(report, rejections=tuple(found))))


def _aliases(city: City) -> Sequence[Alias]:
    return aliases_of(city.layer(ALIASES)) if city.has_layer(ALIASES) else ()


def _without_persons(city: City, rows: pa.Table) -> pa.Table:
    """Return rows whose texts tell of no person, whatever an earlier release has stored."""
    kept, is_cut = without_persons(rows["text"], known_places(city))
    return _set_column(rows, "text", pc.fill_null(kept, "")) if is_cut.any() else rows


def _records(rows: pa.Table, edits: Edits) -> pa.Table:
    """Return source rows as assembly takes them, those that people have edited as they are now."""
    kept = ["feature_id", *TEXTS, *DAYS, *MATCH_COLUMNS, "geometry"]
    table = rows.select([name for name in kept if name in rows.column_names])
    if not edits.is_empty:
        is_hidden = pc.is_in(table["feature_id"], value_set=pa.array(edits.hidden_ids))
        table = table.filter(pc.invert(is_hidden))
        if edits.table is not None:
            edited = edits.table.append_column("feature_id", pa.array(edits.feature_ids))
            edited = edited.select([name for name in kept if name in edited.column_names])
            table = pa.concat_tables([table, edited], promote_options="permissive").combine_chunks()
    lon, lat = places_of(table["geometry"])
    table = table.drop_columns(["geometry"])
    return table.append_column("lon", pa.array(lon)).append_column("lat", pa.array(lat))


def _changed_edits(edits: Edits, records: pa.Table, matches: pa.Table) -> tuple[FeatureChange, ...]:
    """Return the edited rows whose match is another than they say, with the new one."""
    if edits.table is None:
        return ()
    places = pc.index_in(pa.array(edits.feature_ids), value_set=records["feature_id"].combine_chunks())
    found = matches.take(places).to_pylist()
    changes = []
    for feature_id, row, match in zip(
        edits.feature_ids.tolist(), edits.table.to_pylist(), found, strict=True
    ):
        if any(row.get(name) != match[name] for name in MATCH_COLUMNS):
            geometry = row.pop("geometry", None)
            changes.append(FeatureChange(feature_id, "put", {**row, **match}, geometry))
    return tuple(changes)


def store_addressed(city: City, rows: LayerPut, made: Addressed) -> list[LayerVersion]:
    """Put source rows and base in force together, and what people have edited with them.

    Parameters
    ----------
    city : City
        Its write lock must be held.
    rows : LayerPut
        The layer ``addresses``; its table is that of ``made``.
    made : Addressed

    Returns
    -------
    list of LayerVersion
        Of the base, then of the rows.

    Raises
    ------
    StorageError
        If they cannot be written; those before stay in force.
    """
    if made.base is None:
        versions = [city.store.current(ADDRESS_BASE), *city.store.put_all([rows])]
    else:
        versions = city.store.put_all([made.base, rows])
        store_doubts(city.path, versions[0].version, versions[0].content_hash, made.assembly.doubts)
    if made.edited:
        city.state.change_features(ADDRESSES, made.edited, author=READER)
    city.forget(ADDRESSES)
    city.forget(ADDRESS_BASE)
    return versions


def settle_edits(city: City) -> None:
    """Write what decisions have changed into the next versions; the layers show what they showed.

    Parameters
    ----------
    city : City
        Its write lock must be held.

    Raises
    ------
    StorageError
        If a layer cannot be written; the decisions stay laid over it then.
    """
    if city.has_layer(ADDRESS_BASE):
        with suppress(DamagedLayerError):  # the base before then is a kept one, over which the edits lie too
            fold_edits(city, ADDRESS_BASE)
    if not city.has_layer(ADDRESSES) or not has_open_decisions(city.state, ADDRESSES):
        return
    with suppress(DamagedLayerError):  # the rows then come anew
        city.forget(ADDRESSES)
        view = city.layer(ADDRESSES)
        rows = view.layer.table(np.arange(view.layer.n_rows))
        # What people have written into source rows stays laid over them: it outlives the next delivery.
        put_again(city, view, _with_last_matches(city, rows))
    settle_decisions(city.state, ADDRESSES, city.store.current(ADDRESSES).version)
    city.forget(ADDRESSES)


def _sound_view(city: City) -> LayerView | None:
    """Return the source rows in force; None where there are none, or they are damaged and come anew."""
    try:
        return city.layer(ADDRESSES) if city.has_layer(ADDRESSES) else None
    except DamagedLayerError:
        return None


def _base_before(city: City) -> pa.Table:
    """Return the base in force, or where that is damaged the newest kept one: its ids must not be lost."""
    if not city.has_layer(ADDRESS_BASE):
        return empty_base()
    try:
        return base_of(city.layer(ADDRESS_BASE))
    except DamagedLayerError:
        for kept in reversed(city.store.versions(ADDRESS_BASE)):
            with suppress(DamagedLayerError):
                city.store.roll_back(ADDRESS_BASE, kept.version)
                city.forget(ADDRESS_BASE)
                return base_of(city.layer(ADDRESS_BASE))
        raise


def _with_last_matches(city: City, rows: pa.Table) -> pa.Table:
    """Return rows with the matches that they had last, by feature id; a source's own columns step aside."""
    for name in MATCH_COLUMNS:
        if name in rows.column_names:
            rows = rows.drop_columns([name])
    view = _sound_view(city)
    if view is None or not set(MATCH_COLUMNS) <= set(view.columns.names):
        return rows
    last = view.take(view.positions(), ["feature_id", *MATCH_COLUMNS])
    places = pc.index_in(rows["feature_id"], value_set=last["feature_id"].combine_chunks())
    for name in MATCH_COLUMNS:
        rows = rows.append_column(name, last[name].combine_chunks().take(places))
    return rows


def _set_column(rows: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)
