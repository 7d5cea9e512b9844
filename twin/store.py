"""The layer store: immutable versions of every base layer, put in force by rename."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.catalog import (
    CATALOG_NAME,
    Catalog,
    LayerEntry,
    LayerVersion,
    Provenance,
    catalog_lock,
    read_catalog,
    write_catalog,
)
from twin.durable import DurableFile, StoredFile, crc32_of
from twin.errors import DamagedLayerError, InvalidLayerError, StorageError, UnknownLayerError
from twin.geoparquet import write_geoparquet
from twin.hot_columns import (
    AreaSource,
    HotColumns,
    hot_columns,
    map_hot_columns,
    sort_rows,
    write_hot_columns,
)
from twin.identity import identity_in, identity_of
from twin.layer import DEFAULT_RESOLUTIONS, Layer
from twin.layer_table import conform
from twin.schema import LayerSchema

KEPT_VERSIONS = 3
"""Versions of a layer whose files stay, for going back."""
JSON_ROWS = 1_000_000
"""Layers up to this size keep the GeoJSON of their features: it takes as much disk as all else together."""
MAX_FEATURE_ID = 2**53
"""Ids stay below it, so that JavaScript and JSON readers keep them exactly."""

_LAYERS, _INDEX = "layers", "index"
_VERSION_FILE = re.compile(r"([a-z][a-z0-9_]*)\.v(\d+)\.(parquet|arrow|blocks\.arrow)(\.part)?")


@dataclass(frozen=True, slots=True, eq=False)
class LayerPut:
    """One layer among those stored together, as :meth:`LayerStore.put` takes it."""

    schema: LayerSchema
    table: pa.Table | Iterable[pa.RecordBatch]
    provenance: Provenance | None = None
    resolutions: Sequence[int] = DEFAULT_RESOLUTIONS
    areas: AreaSource | None = None
    with_json: bool | None = None


class LayerStore:
    """All base layers of one city folder (图层库).

    Readers never wait: a version is written beside the one in force and the catalog names it by a rename at
    the very end, so a full disk, an error or a kill at any point leaves the old version in force. A reader
    that has a version open keeps it.

    Parameters
    ----------
    root : Path
        The city folder: ``catalog.json``, ``layers/``, ``index/``.

    Examples
    --------
    >>> import shapely, tempfile
    >>> store = LayerStore(Path(tempfile.mkdtemp()))
    >>> table = pa.table({"geometry": [shapely.to_wkb(shapely.Point(120, 29))], "name": ["渡口"]})
    >>> version = store.put(LayerSchema("piers", "point"), table)
    >>> version.version, store.open("piers").n_rows
    (1, 1)
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._opened: weakref.WeakValueDictionary[tuple[str, int, str], Layer] = weakref.WeakValueDictionary()
        self._read: tuple[tuple[int, int], Catalog] | None = None

    def catalog_stamp(self) -> tuple[int, int]:
        """Return what changes whenever the catalog does, at the cost of one ``stat``.

        Returns
        -------
        tuple of int
            Inode and time of change; zeros while there is no catalog.
        """
        try:
            found = (self._root / CATALOG_NAME).stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_mtime_ns

    def names(self) -> tuple[str, ...]:
        """Return the names of all layers, in order of their first import.

        Returns
        -------
        tuple of str

        Raises
        ------
        DamagedLayerError
            If the catalog cannot be read.
        """
        return tuple(name for name, entry in self._catalog().layers.items() if entry.current)

    def current(self, name: str) -> LayerVersion:
        """Return the version of a layer that is in force.

        Parameters
        ----------
        name : str

        Returns
        -------
        LayerVersion

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        DamagedLayerError
            If the catalog cannot be read.
        """
        entry = self._entry(self._catalog(), name)
        return entry.version(entry.current)

    def versions(self, name: str) -> tuple[LayerVersion, ...]:
        """Return the kept versions of a layer, oldest first.

        Parameters
        ----------
        name : str

        Returns
        -------
        tuple of LayerVersion

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        DamagedLayerError
            If the catalog cannot be read.
        """
        return self._entry(self._catalog(), name).versions

    def next_id(self, name: str) -> int:
        """Return the lowest feature id that no version of a layer has used; 1 for a new layer.

        Parameters
        ----------
        name : str

        Returns
        -------
        int

        Raises
        ------
        DamagedLayerError
            If the catalog cannot be read.
        """
        return self._catalog().layers.get(name, LayerEntry()).next_id

    def open(self, name: str) -> Layer:
        """Return the version of a layer in force, mapped into memory after its checksums were proven.

        Parameters
        ----------
        name : str

        Returns
        -------
        Layer
            The same object while anyone holds it.

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        DamagedLayerError
            If its files are missing or not what the catalog says.
        """
        return self._open(self.current(name))

    def put(
        self,
        schema: LayerSchema,
        table: pa.Table | Iterable[pa.RecordBatch],
        *,
        provenance: Provenance | None = None,
        resolutions: Sequence[int] = DEFAULT_RESOLUTIONS,
        areas: AreaSource | None = None,
        with_json: bool | None = None,
    ) -> LayerVersion:
        """Store a table as the next version of its layer and put it in force.

        Parameters
        ----------
        schema : LayerSchema
            What the table must look like.
        table : pyarrow.Table or iterable of pyarrow.RecordBatch
            Property columns and ``geometry`` (WKB, lon, lat degrees). Where a column ``feature_id`` comes,
            its ids are kept and its nulls filled.
        provenance : Provenance, optional
            Where the rows came from.
        resolutions : sequence of int
            H3 resolutions to keep a column of.
        areas : AreaSource, optional
            What stamps the divisions of each feature.
        with_json : bool, optional
            Whether the GeoJSON of each feature is stored, otherwise made when asked for; by default
            for layers of up to a million rows.

        Returns
        -------
        LayerVersion
            A row whose declared key stood in the version before keeps its feature id; others get fresh ones.

        Raises
        ------
        InvalidLayerError
            If the table does not fit the schema.
        InvalidGeometryError
            If a geometry does not fit the layer.
        StorageError
            If the disk is full or fails; the version before stays in force.
        """
        return self.put_all([LayerPut(schema, table, provenance, resolutions, areas, with_json)])[0]

    def put_all(self, puts: Iterable[LayerPut]) -> list[LayerVersion]:
        """Store tables as the next versions of their layers, put in force together by one rename.

        Parameters
        ----------
        puts : iterable of LayerPut
            Each of another layer; taken one by one, so that only one needs to be in memory.

        Returns
        -------
        list of LayerVersion
            As :meth:`put` returns them.

        Raises
        ------
        InvalidLayerError
            If a table does not fit its schema; no layer has changed then.
        InvalidGeometryError
            If a geometry does not fit its layer; likewise.
        StorageError
            If the disk is full or fails; the versions before stay in force.
        """
        versions: list[LayerVersion] = []
        with catalog_lock(self._root):
            catalog = read_catalog(self._root)
            self._sweep(catalog)
            for put in puts:
                version, next_id = self._written(put, catalog)
                entry = catalog.layers.get(version.layer, LayerEntry())
                changed = LayerEntry(
                    current=version.version,
                    next_version=version.version + 1,
                    next_id=next_id,
                    versions=(*entry.versions, version)[-KEPT_VERSIONS:],
                )
                catalog = catalog.with_layer(version.layer, changed)
                versions.append(version)
            try:
                self._change(catalog)
            except OSError as error:
                names = ", ".join(version.layer for version in versions)
                raise self._not_written(names, error) from error
        return versions

    def _written(self, put: LayerPut, catalog: Catalog) -> tuple[LayerVersion, int]:
        """Write a version that is not yet in force; return it and the next free id of its layer."""
        schema = put.schema
        entry = catalog.layers.get(schema.name, LayerEntry())
        rows = sort_rows(schema, conform(schema, put.table), put.resolutions)
        feature_ids = self._feature_ids(schema, rows.table, entry)
        with_json = len(feature_ids) <= JSON_ROWS if put.with_json is None else put.with_json
        columns = hot_columns(rows, feature_ids, put.areas, with_json=with_json)
        del rows
        try:
            version = self._write(schema, columns, entry.next_version, put.provenance or Provenance())
        except OSError as error:
            raise self._not_written(schema.name, error) from error
        return version, max(entry.next_id, int(feature_ids.max(initial=0)) + 1)

    def roll_back(self, name: str, version: int) -> LayerVersion:
        """Put a kept version in force again; the newer ones are kept too.

        Parameters
        ----------
        name : str
        version : int

        Returns
        -------
        LayerVersion

        Raises
        ------
        UnknownLayerError
            If there is no such layer, or the version is not kept.
        DamagedLayerError
            If the files of that version are not what the catalog says; nothing is changed then.
        StorageError
            If the catalog cannot be written.
        """
        with catalog_lock(self._root):
            catalog = read_catalog(self._root)
            entry = self._entry(catalog, name)
            chosen = entry.version(version)
            self._open(chosen)
            try:
                self._change(catalog.with_layer(name, replace(entry, current=version)))
            except OSError as error:
                raise self._not_written(name, error) from error
        return chosen

    def remove(self, name: str) -> None:
        """Remove a layer and its files; its feature ids stay used.

        Parameters
        ----------
        name : str

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        StorageError
            If the catalog cannot be written; the layer stays then.
        """
        with catalog_lock(self._root):
            catalog = read_catalog(self._root)
            entry = self._entry(catalog, name)
            try:
                self._change(catalog.with_layer(name, replace(entry, current=0, versions=())))
            except OSError as error:
                raise self._not_written(name, error) from error

    def _catalog(self) -> Catalog:
        """Return the catalog, read anew only after it was renamed."""
        stamp = self.catalog_stamp()
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, read_catalog(self._root))
        return self._read[1]

    def _entry(self, catalog: Catalog, name: str) -> LayerEntry:
        entry = catalog.layers.get(name, LayerEntry())
        if not entry.current:
            known = ", ".join(one for one, kept in catalog.layers.items() if kept.current) or "none yet"
            raise UnknownLayerError(f"there is no layer {name!r}; layers are: {known}")
        return entry

    def _open(self, version: LayerVersion) -> Layer:
        key = version.layer, version.version, version.content_hash
        layer = self._opened.get(key)
        if layer is None:
            for file in version.files:
                self._prove(version, file)
            rows, blocks = (self._root / file.path for file in version.files if file.path.startswith(_INDEX))
            layer = Layer(
                version.schema,
                map_hot_columns(rows, blocks),
                version=version.version,
                content_hash=version.content_hash,
                provenance=version.provenance,
            )
            self._opened[key] = layer
        return layer

    def _prove(self, version: LayerVersion, file: StoredFile) -> None:
        """Refuse a file that is not the one that was written."""
        path = self._root / file.path
        try:
            size = path.stat().st_size
            is_whole = size == file.size and crc32_of(path) == file.crc32
        except OSError as error:
            raise self._damaged(version, file, f"cannot be read: {error.strerror}") from error
        if not is_whole:
            fault = f"holds {size:,} bytes instead of {file.size:,}" if size != file.size else "was changed"
            raise self._damaged(version, file, fault)

    def _damaged(self, version: LayerVersion, file: StoredFile, fault: str) -> DamagedLayerError:
        return DamagedLayerError(
            f"{self._root / file.path} of layer {version.layer!r}, version {version.version}, {fault}: "
            "import its source again (twin import), or from Python go back to an older version: "
            f"LayerStore(folder).roll_back({version.layer!r}, version)"
        )

    def _feature_ids(self, schema: LayerSchema, rows: pa.Table, entry: LayerEntry) -> NDArray[np.int64]:
        """Return the id of each row: the one it came with, that of its key before, or a fresh one."""
        ids = np.full(rows.num_rows, -1, dtype=np.int64)
        if "feature_id" in rows.column_names:
            came = rows["feature_id"]
            ids = came.fill_null(-1).to_numpy().copy()
            wrong = np.flatnonzero((ids >= MAX_FEATURE_ID) | ((ids < 0) & came.is_valid().to_numpy()))
            if len(wrong):
                raise InvalidLayerError(
                    f"layer {schema.name!r}: feature_id {ids[wrong[0]]} came; wanted 0..2**53 - 1, or null"
                )
        next_id = max(entry.next_id, int(ids.max(initial=0)) + 1)
        if schema.key and entry.current and (ids < 0).any():
            kept = self._ids_by_key(schema, identity_in(schema, rows), entry)
            ids = np.where((ids < 0) & ~np.isin(kept, ids), kept, ids)
        fresh = ids < 0
        ids[fresh] = np.arange(next_id, next_id + np.count_nonzero(fresh))
        return ids

    def _ids_by_key(
        self, schema: LayerSchema, keys: pa.Array | pa.ChunkedArray, entry: LayerEntry
    ) -> NDArray[np.int64]:
        """Return the id that each key has in the version in force, -1 where it stands in none."""
        try:
            before = self._open(entry.version(entry.current))
        except DamagedLayerError:
            # Importing again is the remedy for a damaged version: its features then get fresh ids.
            return np.full(len(keys), -1)
        if schema.key not in before.columns:
            return np.full(len(keys), -1)
        since = before.column(schema.dated_by) if schema.dated_by in before.columns else None
        known = identity_of(schema, before.column(schema.key), since)
        found = pc.index_in(keys, value_set=known.cast(keys.type))
        rows = found.fill_null(-1).to_numpy()
        return np.where(rows >= 0, before.feature_ids[rows], -1) if before.n_rows else rows.astype(np.int64)

    def _write(
        self,
        schema: LayerSchema,
        columns: HotColumns,
        number: int,
        provenance: Provenance,
    ) -> LayerVersion:
        """Write the files of a version; they are of no effect until the catalog names them."""
        stem = f"{schema.name}.v{number}"
        parquet = f"{_LAYERS}/{stem}.parquet"
        index = f"{_INDEX}/{stem}.arrow"
        blocks = f"{_INDEX}/{stem}.blocks.arrow"
        for folder in (_LAYERS, _INDEX):
            (self._root / folder).mkdir(exist_ok=True)
        layer = Layer(schema, columns, version=number)

        def write_table() -> StoredFile:
            with DurableFile(self._root / parquet) as file:
                write_geoparquet(layer, file)
            return file.stored_as(parquet)

        with ThreadPoolExecutor(max_workers=1) as pool:
            table_file = pool.submit(write_table)
            with DurableFile(self._root / index) as rows, DurableFile(self._root / blocks) as tree:
                write_hot_columns(columns, rows, tree)
            files = table_file.result(), rows.stored_as(index), tree.stored_as(blocks)
        return LayerVersion(
            schema.name, number, files[1].sha256, layer.n_rows, layer.bbox, schema, provenance, files
        )

    def _change(self, catalog: Catalog) -> None:
        """Put a catalog in force, then remove the files it no longer names."""
        write_catalog(self._root, catalog)
        self._sweep(catalog)

    def _sweep(self, catalog: Catalog) -> None:
        """Remove version files that a catalog does not name: dropped ones, and what a killed writer left."""
        named = {
            file.path for entry in catalog.layers.values() for kept in entry.versions for file in kept.files
        }
        for folder in (_LAYERS, _INDEX):
            for path in (self._root / folder).glob("*.v*"):
                if _VERSION_FILE.fullmatch(path.name) and f"{folder}/{path.name}" not in named:
                    with suppress(OSError):  # rubbish that stays is swept next time
                        path.unlink()

    def _not_written(self, name: str, error: OSError) -> StorageError:
        """Clear away what a failed change left and say what is in force, which the disk alone knows now."""
        catalog = read_catalog(self._root)
        self._sweep(catalog)
        current = catalog.layers.get(name, LayerEntry()).current
        state = f"version {current} is in force" if current else "the city is as it was"
        return StorageError(f"layer {name!r} could not be written to {self._root}: {error}; {state}")
