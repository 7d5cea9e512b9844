"""The catalog of a city folder: which version of each layer is in force, and what each version is."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import orjson

from twin.durable import DurableFile, StoredFile
from twin.errors import DamagedLayerError, StorageError, UnknownLayerError
from twin.frame import Box
from twin.schema import DECLARED, Field, LayerSchema

CATALOG_NAME = "catalog.json"
LICENCE_SEPARATOR = "; "
"""Between the licences of a layer that several sources share."""
_LOCK_NAME = ".catalog.lock"
_FORMAT = 1


class ReadReport(Protocol):
    """What an import report must tell of itself to become a provenance."""

    @property
    def source(self) -> str:
        """Name of the file."""

    @property
    def sha256(self) -> str:
        """Digest of the file."""

    @property
    def rows_read(self) -> int:
        """Rows the file holds."""

    @property
    def rows_taken(self) -> int:
        """Rows that became features."""

    @property
    def crs(self) -> str:
        """Reference system of the coordinates, empty without any."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the rows of a version came from (数据来源).

    Parameters
    ----------
    sources : tuple of str
        File names.
    sha256 : tuple of str
        Their digests, in the same order.
    reader : str
        Which importer read them.
    crs : str
        Reference system the coordinates came in.
    rows_read, rows_taken, rows_rejected : int
        Counts of the import.
    licence : str
        Licence of the source, empty where unknown.
    imported_at : str
        Time of the import, ISO 8601, UTC.
    """

    sources: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    reader: str = ""
    crs: str = ""
    rows_read: int = 0
    rows_taken: int = 0
    rows_rejected: int = 0
    licence: str = ""
    imported_at: str = ""

    @classmethod
    def of_report(cls, report: ReadReport, *, kind: str, source: str = "", licence: str = "") -> Provenance:
        """Return the provenance of a layer as its import report tells it, stamped with the present time.

        Parameters
        ----------
        report : ReadReport
            An import report.
        kind : str
            Which importer read the file.
        source : str
            Name of the source; the report's own by default.
        licence : str
            Licence of the source, empty where unknown.

        Returns
        -------
        Provenance
        """
        return cls(
            sources=(source or report.source,),
            sha256=(report.sha256,),
            reader=kind,
            crs=report.crs,
            rows_read=report.rows_read,
            rows_taken=report.rows_taken,
            rows_rejected=report.rows_read - report.rows_taken,
            licence=licence,
            imported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )


@dataclass(frozen=True, slots=True)
class LayerVersion:
    """One immutable version of a layer: a row of the catalog.

    Parameters
    ----------
    layer : str
        Layer name.
    version : int
        1, 2, ...; never used twice.
    content_hash : str
        SHA-256 of all rows with their ids; equal content, equal hash.
    n_rows : int
        Features, those without place included.
    bbox : tuple of float or None
        xmin, ymin, xmax, ymax, lon, lat degrees; None where nothing has a place.
    schema : LayerSchema
        The layer as it was declared.
    provenance : Provenance
        Where the rows came from.
    files : tuple of StoredFile
        Parquet, hot columns and block tree, with sizes and checksums.
    """

    layer: str
    version: int
    content_hash: str
    n_rows: int
    bbox: Box | None
    schema: LayerSchema
    provenance: Provenance
    files: tuple[StoredFile, ...]


@dataclass(frozen=True, slots=True)
class LayerEntry:
    """Everything the catalog keeps of one layer name.

    Parameters
    ----------
    current : int
        Version in force; 0 after the layer was removed.
    next_version, next_id : int
        Numbers that were never given to a version, to a feature.
    versions : tuple of LayerVersion
        Those whose files are kept, oldest first.
    """

    current: int = 0
    next_version: int = 1
    next_id: int = 1
    versions: tuple[LayerVersion, ...] = ()

    def version(self, number: int) -> LayerVersion:
        """Return a kept version.

        Parameters
        ----------
        number : int

        Returns
        -------
        LayerVersion

        Raises
        ------
        UnknownLayerError
            If it is not kept.
        """
        for version in self.versions:
            if version.version == number:
                return version
        kept = ", ".join(str(version.version) for version in self.versions) or "none"
        raise UnknownLayerError(f"version {number} is not kept; kept versions: {kept}")


@dataclass(frozen=True, slots=True)
class Catalog:
    """All layers of a city, removed ones included, by name in order of first import."""

    layers: Mapping[str, LayerEntry] = field(default_factory=dict)

    def with_layer(self, name: str, entry: LayerEntry) -> Catalog:
        """Return the catalog with one entry replaced or added.

        Parameters
        ----------
        name : str
        entry : LayerEntry

        Returns
        -------
        Catalog
        """
        return Catalog({**self.layers, name: entry})


def read_catalog(folder: Path) -> Catalog:
    """Return the catalog of a city folder; an empty one where there is none yet.

    Parameters
    ----------
    folder : Path
        The city folder.

    Returns
    -------
    Catalog

    Raises
    ------
    DamagedLayerError
        If ``catalog.json`` is not what this program writes.
    """
    path = folder / CATALOG_NAME
    try:
        content = orjson.loads(path.read_bytes())
        if content["format"] != _FORMAT:
            raise DamagedLayerError(
                f"{path} has format {content['format']}, this citytwin reads {_FORMAT}: use a newer citytwin"
            )
        layers = {name: _entry_of(row) for name, row in content["layers"].items()}
    except FileNotFoundError:
        return Catalog()
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise DamagedLayerError(
            f"{path} is not a readable catalog ({error}): put back a copy of the city folder, or import "
            "the sources again into a new city: twin init"
        ) from error
    return Catalog(layers)


def write_catalog(folder: Path, catalog: Catalog) -> None:
    """Put a new catalog in force, by rename. Hold :func:`catalog_lock` from reading to writing.

    Parameters
    ----------
    folder : Path
        The city folder.
    catalog : Catalog
        What shall be in force.

    Raises
    ------
    OSError
        If it cannot be written; the old catalog stays in force then.
    """
    content = {
        "format": _FORMAT,
        "layers": {name: asdict(entry) for name, entry in catalog.layers.items()},
    }
    with DurableFile(folder / CATALOG_NAME) as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2))


@contextmanager
def catalog_lock(folder: Path) -> Iterator[None]:
    """Hold the right to change the catalog of a folder; waits for whoever has it.

    Parameters
    ----------
    folder : Path
        The city folder.

    Yields
    ------
    None

    Raises
    ------
    StorageError
        If the folder cannot be written.
    """
    try:
        lock = (folder / _LOCK_NAME).open("w")
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _entry_of(row: Mapping[str, object]) -> LayerEntry:
    fields = dict(row)
    versions = fields.pop("versions")
    if not isinstance(versions, list):
        raise TypeError("versions is not a list")
    return LayerEntry(versions=tuple(_version_of(version) for version in versions), **fields)  # type: ignore[arg-type]  # wrong members raise TypeError, as wanted


def _version_of(row: Mapping[str, dict[str, object]]) -> LayerVersion:
    fields: dict[str, object] = dict(row)
    schema = dict(row["schema"])
    declared: object = schema.pop("fields")
    if (layer := DECLARED.get(str(schema["name"]))) is not None:
        schema["is_internal"] = layer.is_internal  # versions stored before it was declared do not know
    provenance = dict(row["provenance"])
    if not isinstance(declared, list):
        raise TypeError("fields is not a list")
    fields["schema"] = LayerSchema(fields=tuple(Field(**one) for one in declared), **schema)  # type: ignore[arg-type]  # as above
    for name in ("sources", "sha256"):
        provenance[name] = tuple(provenance[name])  # type: ignore[arg-type]  # as above
    fields["provenance"] = Provenance(**provenance)  # type: ignore[arg-type]  # as above
    fields["files"] = tuple(StoredFile(**one) for one in row["files"])  # type: ignore[arg-type]  # as above
    fields["bbox"] = None if row["bbox"] is None else tuple(row["bbox"])
    return LayerVersion(**fields)  # type: ignore[arg-type]  # as above
