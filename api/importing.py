"""``twin import``: read source files, merge them into the city's layers, keep the reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.address_index import FOUND_BY, store_address_index
from api.addressing import Addressed, addressed, settle_edits, store_addressed, with_unread
from api.known_places import known_places
from api.merging import Arrival, Merged, absent, has_rows_of, merge
from api.progress import Advance, unseen_step
from api.trusted import trusted_features
from layers.report import ImportReport, ReadResult
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.catalog import LICENCE_SEPARATOR, LayerVersion, Provenance
from twin.city import City
from twin.crs import parse_crs, working_crs
from twin.errors import DamagedLayerError, ImportRefusedError, StorageError
from twin.layer import Layer
from twin.schema import DECLARED
from twin.store import LayerPut

STREET_MAPS = ("osm", "graphml")
"""Kinds that bring several layers at once, always in WGS 84, with columns of their own."""
NAMED = ("divisions", "grid", "addresses", "units", "incidents")
"""Kinds that bring the layer of their name."""
RASTERS = ("dem", "landcover")
KINDS = (*STREET_MAPS, *NAMED, "vector", *RASTERS)
"""What can be imported; each kind has a reader in ``layers``."""
OSM_LICENCE = "© OpenStreetMap contributors, ODbL 1.0"
"""What street maps are under unless the request says otherwise, as every map must show it."""
NOT_STAMPED = frozenset({"divisions", "grid"})
"""Layers that areas are made of: placing features in them is left to the build."""

OpenStep = Callable[[str], AbstractContextManager[Advance]]
"""Such as ``ProgressBoard.step``."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """One ``twin import`` as it was asked for.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    files : tuple of Path
        At least one.
    layer : str
        Layer of a vector import, name of a raster; empty or the kind itself for others.
    crs : str
        What the coordinates are in; empty where the file says or shows it.
    columns : mapping of str to str, optional
        Our column to the file's field.
    source : str
        What the rows are replaced by when they come again. Empty takes the file's name
        up to its first dot, or ``osm`` for street maps, whatever their date is.
    licence : str
        Who is to be named, and the licence, as maps show it. Empty takes :data:`OSM_LICENCE`
        for street maps and names nobody for other kinds.

    Raises
    ------
    ImportRefusedError
        If the kind is unknown, an option does not belong to it, or a file is missing.
    """

    kind: str
    files: tuple[Path, ...]
    layer: str = ""
    crs: str = ""
    columns: Mapping[str, str] | None = None
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ImportRefusedError(f"cannot import {self.kind!r}; the kinds are {', '.join(KINDS)}")
        if self.kind == "vector" and not self.layer:
            raise ImportRefusedError("a vector import needs --layer NAME: which layer the features belong to")
        if self.kind in (*STREET_MAPS, *NAMED) and self.layer not in {"", self.kind}:
            raise ImportRefusedError(
                f"--layer {self.layer} does not go with {self.kind}, which names its layers"
            )
        if self.kind in (*STREET_MAPS, *RASTERS) and self.columns:
            raise ImportRefusedError(f"--map does not go with {self.kind}: it has no columns to name")
        if self.kind in STREET_MAPS and self.crs and not parse_crs(self.crs).is_wgs84:
            raise ImportRefusedError(f"{self.kind} files are in WGS 84; --crs {self.crs} cannot be right")
        if self.kind in RASTERS and len(self.files) != 1:
            raise ImportRefusedError(
                f"{len(self.files)} files came; a {self.kind} import takes one at a time"
            )
        if self.layer == ADDRESS_BASE:
            raise ImportRefusedError(
                f"the layer {ADDRESS_BASE} is made from addresses; import those: twin import addresses"
            )
        for what, text in (("source name", self.source), ("licence", self.licence)):
            if not text.isprintable():
                raise ImportRefusedError(f"the {what} {text!r} cannot be printed")
        for path in self.files:
            if not path.is_file():
                raise ImportRefusedError(f"there is no file {path}")


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What one file did to one layer or raster.

    Parameters
    ----------
    layer : str
    version : int
        The version now in force.
    rows : int
        Features, or pixels with a value, that the file brought.
    report : ImportReport
    report_path : Path
        Where the report stands as CSV.
    notes : tuple of str
        Sentences on what the merge replaced or dropped.
    """

    layer: str
    version: int
    rows: int
    report: ImportReport
    report_path: Path
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return what a script wants to know; single findings stand in the report.

        Returns
        -------
        dict
        """
        report = self.report
        return {
            "layer": self.layer,
            "version": self.version,
            "source": report.source,
            "rows_read": report.rows_read,
            "rows_taken": report.rows_taken,
            "rows_rejected": report.rows_rejected,
            "findings": len(report.rejections),
            "notes": [*report.notes, *self.notes],
            "report": str(self.report_path),
        }


def import_files(city: City, request: ImportRequest, *, step: OpenStep = unseen_step) -> list[ImportOutcome]:
    """Read source files and merge them into the city's layers.

    Everything is read and checked before the first layer is written, and when one
    cannot be written those before it are taken back. Rows of other sources stay; see
    :func:`api.merging.merge`.

    Parameters
    ----------
    city : City
    request : ImportRequest
    step : callable
        Opens a step of the progress that is shown.

    Returns
    -------
    list of ImportOutcome
        One a file and layer; each has its report as CSV under ``reports/`` in the city.

    Raises
    ------
    ImportRefusedError
        If a file as a whole cannot be taken; the city is as it was.
    InvalidLayerError
        If the layer holds features of another kind; the city is as it was.
    InvalidCRSError
        If the CRS is unknown, or needs a conversion that this city does not make.
    StorageError
        If a layer cannot be written or another process is writing.
    """
    if request.crs:
        city.config.refuse_conversion(parse_crs(request.crs))
    with city.writing():
        if request.kind in RASTERS:
            return [_import_raster(city, request, request.files[0], step)]
        arrivals: dict[str, list[Arrival]] = {}
        for path in request.files:
            with step(f"read {path.name}") as advance:
                results = _read(city, request, path, advance)
            for result in results:
                _refuse_shifted(city, result.report.crs)
                arrivals.setdefault(result.schema.name, []).append(
                    Arrival(_source_name(request, path), result)
                )
        with step("merge"):
            merged = {name: _merged(city, name, came) for name, came in arrivals.items()}
        made = _assembled(city, request, arrivals, merged, step)
        outcomes = _store(city, request, arrivals, merged, made, step)
        _settle_working_crs(city)
        if not FOUND_BY.isdisjoint(merged) and city.has_layer(ADDRESS_BASE):
            with step("index the addresses"), suppress(StorageError, DamagedLayerError):
                store_address_index(city)  # else the first question makes it
    return outcomes


def _refuse_shifted(city: City, came_in: str) -> None:
    """Refuse rows that were recognised as shifted, or say so themselves, where no one may convert them."""
    for name in {"gcj02", "bd09"} & set(came_in.split(", ")):
        city.config.refuse_conversion(parse_crs(name))


def _read(city: City, request: ImportRequest, path: Path, advance: Advance) -> list[ReadResult]:
    """Return the layers of one file, none of which lies elsewhere."""
    if request.kind in STREET_MAPS:
        return _read_street_map(city, request, path, advance)
    name = request.layer if request.kind == "vector" else request.kind
    return [_read_vector(city, request, path, name)]


def _read_street_map(city: City, request: ImportRequest, path: Path, advance: Advance) -> list[ReadResult]:
    """Read a street map; a layer that an earlier one brought and this one does not comes as no rows."""
    from layers.graphml import read_graphml
    from layers.osm import OSM_LAYERS, read_osm

    layers: tuple[str, ...] = ("roads", "traffic_signals")
    if request.kind == "graphml":
        results = read_graphml(path)
    else:
        results, layers = read_osm(path, progress=lambda _what, done: advance(done)), OSM_LAYERS
    _refuse_elsewhere(city, path, results[0])
    source = _source_name(request, path)
    missing = set(layers) & set(city.layers()) - {result.schema.name for result in results}
    for name in sorted(missing):
        layer = city.store.open(name)
        if has_rows_of(layer, source):
            results.append(absent(layer, results[0]))
    return results


def _refuse_elsewhere(city: City, path: Path, result: ReadResult) -> None:
    """Refuse a street map that does not meet the surroundings of the city."""
    from layers.placement import expected_region

    region, box = expected_region(city.frame), result.bbox
    if region is None or box is None:
        return
    if box[0] > region[2] or box[2] < region[0] or box[1] > region[3] or box[3] < region[1]:
        came, wanted = (f"{w:.4g}-{e:.4g} E, {s:.4g}-{n:.4g} N" for w, s, e, n in (box, region))
        raise ImportRefusedError(
            f"{path.name} lies outside the city (不在本市范围): its roads span {came}, "
            f"{city.config.name} lies in {wanted}"
        )


def _read_vector(city: City, request: ImportRequest, path: Path, name: str) -> ReadResult:
    crs, columns, frame = request.crs or None, dict(request.columns or {}), city.frame
    if name == "divisions":
        from layers.divisions import read_divisions

        return read_divisions(path, crs=crs, columns=columns, city=frame)
    if name == "grid":
        from layers.grid import read_grid

        view = city.layer("divisions") if city.has_layer("divisions") else None
        divisions = None if view is None else view.take(view.positions())
        return read_grid(path, crs=crs, columns=columns, city=frame, divisions=divisions)
    if name == "addresses":
        from layers.addresses import read_addresses

        return read_addresses(
            path,
            crs=crs,
            columns=columns,
            city=frame,
            trusted=trusted_features(city),
            known_places=known_places(city),
        )
    if name == "aliases":
        from layers.aliases import read_aliases

        return read_aliases(path, columns=columns, city=frame)
    if name == "links":
        from layers.links import read_links

        return read_links(path, columns=columns, city=frame)
    from layers.vector import read_vector

    schema = DECLARED.get(name, name)
    if name not in DECLARED and city.has_layer(name) and (key := city.store.current(name).schema.key):
        columns.setdefault("key", columns.get(key, key))
    return read_vector(path, schema, crs=crs, columns=columns, city=frame, trusted=trusted_features(city))


def _source_name(request: ImportRequest, path: Path) -> str:
    """Return what tells this source from others of a layer."""
    return request.source or ("osm" if request.kind in STREET_MAPS else path.name.split(".")[0])


def _merged(city: City, name: str, arrivals: Sequence[Arrival]) -> Merged:
    """Merge what came with the version in force, edits left out: they stay open above the new one."""
    layer, lost = _layer_before(city, name, {arrival.source for arrival in arrivals})
    merged = merge(layer, arrivals)
    ids = merged.table["feature_id"] if "feature_id" in merged.table.column_names else None
    is_new = np.ones(merged.table.num_rows, dtype=np.bool_) if ids is None else ids.is_null().to_numpy()
    filled = np.zeros(len(is_new), np.int64) if ids is None else ids.fill_null(0).to_numpy().copy()
    filled[is_new] = _reserve_ids(city, name, int(is_new.sum()))
    table = merged.table if ids is None else merged.table.drop_columns(["feature_id"])
    return replace(
        merged, table=table.append_column("feature_id", pa.array(filled)), notes=(*lost, *merged.notes)
    )


def _assembled(
    city: City,
    request: ImportRequest,
    arrivals: dict[str, list[Arrival]],
    merged: dict[str, Merged],
    step: OpenStep,
) -> Addressed | None:
    """Give source rows of addresses those that they name; None where no rows come."""
    if ADDRESSES not in merged:
        return None
    layer = merged[ADDRESSES]
    with step("assemble the address base") as advance:
        settle_edits(city)
        before = city.store.current(ADDRESSES) if city.has_layer(ADDRESSES) else None
        licence = _provenance(before, arrivals[ADDRESSES], request).licence
        made = addressed(city, layer.table, licence=licence, advance=advance)
    merged[ADDRESSES] = replace(layer, table=made.table, notes=(*layer.notes, *made.sentences()))
    arrivals[ADDRESSES] = [with_unread(arrival, made) for arrival in arrivals[ADDRESSES]]
    return made


def _layer_before(city: City, name: str, sources: set[str]) -> tuple[Layer | None, tuple[str, ...]]:
    """Return the version in force; a damaged one counts as none where nothing but this import is lost."""
    if not city.has_layer(name):
        return None, ()
    try:
        return city.store.open(name), ()
    except DamagedLayerError:
        if not set(city.store.current(name).provenance.sources) <= sources:
            raise
        return None, ("the stored version was damaged; this import takes its place",)


def _reserve_ids(city: City, name: str, count: int) -> NDArray[np.int64]:
    """Return ids that neither a version nor an edit of the layer has had, and none will be given."""
    first = city.state.new_feature_id(name, at_least=city.store.next_id(name), count=count)
    return np.arange(first, first + count)


def _store(
    city: City,
    request: ImportRequest,
    arrivals: Mapping[str, Sequence[Arrival]],
    merged: Mapping[str, Merged],
    made: Addressed | None,
    step: OpenStep,
) -> list[ImportOutcome]:
    """Put every layer and write every report, or leave the city with what it had."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    outcomes = []
    with ExitStack() as undo:
        for name, layer in merged.items():
            with step(f"store {name}"):
                before = city.store.current(name) if city.has_layer(name) else None
                provenance = _provenance(before, arrivals[name], request)
                put = LayerPut(
                    layer.schema,
                    layer.table,
                    provenance,
                    city.config.resolutions,
                    None if name in NOT_STAMPED else city.area_assigner,
                )
                if made is not None and name == ADDRESSES:
                    base = city.store.current(ADDRESS_BASE) if city.has_layer(ADDRESS_BASE) else None
                    version = store_addressed(city, put, made)[1]
                    if made.base is not None:
                        undo.callback(_take_back, city, ADDRESS_BASE, base)
                else:
                    version = city.store.put_all([put])[0]
            undo.callback(_take_back, city, name, before)
            city.forget(name)
            for number, arrival in enumerate(arrivals[name], start=1):
                report = arrival.result.report
                path = _write_report(city, f"{name}-{moment}-{number}.csv", report)
                undo.callback(path.unlink, missing_ok=True)
                notes = layer.notes if number == len(arrivals[name]) else ()
                rows = arrival.result.table.num_rows
                outcomes.append(ImportOutcome(name, version.version, rows, report, path, notes))
        undo.pop_all()
    return outcomes


def _take_back(city: City, name: str, before: LayerVersion | None) -> None:
    if before is None:
        city.store.remove(name)
    else:
        city.store.roll_back(name, before.version)
    city.forget(name)


def _provenance(
    before: LayerVersion | None, arrivals: Sequence[Arrival], request: ImportRequest
) -> Provenance:
    """Return where all rows come from: other sources as they were, the counts those of this import."""
    reports = [arrival.result.report for arrival in arrivals]
    came = [Provenance.of_report(report, kind=request.kind) for report in reports]
    licences = [request.licence or (OSM_LICENCE if request.kind in STREET_MAPS else "")]
    sources = {arrival.source: report.sha256 for arrival, report in zip(arrivals, reports, strict=True)}
    if before is not None:
        old = dict(zip(before.provenance.sources, before.provenance.sha256, strict=True))
        stays = {source: digest for source, digest in old.items() if source not in sources}
        sources = {**stays, **sources}
        if stays:  # one licence stands for all sources of a version, so those named before stay named
            licences = [*before.provenance.licence.split(LICENCE_SEPARATOR), *licences]
    return replace(
        came[-1],
        sources=tuple(sources),
        sha256=tuple(sources.values()),
        rows_read=sum(one.rows_read for one in came),
        rows_taken=sum(one.rows_taken for one in came),
        rows_rejected=sum(one.rows_rejected for one in came),
        licence=LICENCE_SEPARATOR.join(dict.fromkeys(licence for licence in licences if licence)),
    )


def _settle_working_crs(city: City) -> None:
    """Give a city without a working CRS the one that fits its first features."""
    box = city.frame.bbox
    if not city.config.crs and box is not None:
        city.change_config(crs=working_crs((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))


def _import_raster(city: City, request: ImportRequest, path: Path, step: OpenStep) -> ImportOutcome:
    """Check one raster and store it under its name."""
    from layers.elevation import read_elevation
    from layers.landcover import read_landcover
    from twin.terrain import store_raster

    with step(f"read {path.name}"):
        reader = read_elevation if request.kind == "dem" else read_landcover
        raster = reader(path, crs=request.crs or None, frame=city.frame)
    name = request.layer or request.kind
    with step(f"store {name}"):
        version = store_raster(city.path, name, replace(raster, licence=request.licence))
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    report_path = _write_report(city, f"{name}-{moment}-1.csv", raster.report)
    if not city.config.crs:
        west, south, east, north = version.bbox
        city.change_config(crs=working_crs((west + east) / 2, (south + north) / 2))
    return ImportOutcome(name, version.version, raster.report.rows_taken, raster.report, report_path, ())


def _write_report(city: City, name: str, report: ImportReport) -> Path:
    path = city.path / "reports" / name
    try:
        path.parent.mkdir(exist_ok=True)
        report.write_csv(path)
    except OSError as error:
        raise StorageError(f"the report {path} could not be written: {error.strerror}") from error
    return path
