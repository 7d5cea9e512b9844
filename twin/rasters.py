"""Rasters of a city: cloud-optimised GeoTIFFs in versions, and the catalog that names them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.windows import Window

from twin.durable import PART_SUFFIX, DurableFile, flush_folder
from twin.errors import (
    DamagedLayerError,
    InvalidLayerError,
    StorageError,
    UnknownLayerError,
)
from twin.frame import Box
from twin.raster_extent import lonlat_bbox, pixel_size_m, pixel_window
from twin.raster_source import STRIP_ROWS, RasterSource

FOLDER = "rasters"
CATALOG = "rasters.json"
KEPT_VERSIONS = 3
TILE_SIDE = 512
"""Side of the tiles of a stored raster, pixels."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True)
class RasterVersion:
    """One stored version of a raster; a row of the catalog.

    Parameters
    ----------
    name : str
    version : int
        From 1 up.
    path : str
        Inside the city folder.
    size : int
        Bytes.
    sha256 : str
        Digest of the stored file.
    crs : str
        ``EPSG:n``.
    transform : tuple of float
        a, b, c, d, e, f: x = a col + b row + c, y = d col + e row + f, at pixel corners.
    shape : tuple of int
        Rows, columns.
    bbox : tuple of float
        West, south, east, north, degrees.
    resolution_m : tuple of float
        Width and height of a pixel in the middle of the raster, m.
    n_values : int
        Pixels that have a value.
    minimum, maximum : float
        Over those pixels.
    classes : tuple of int
        Empty for a quantity.
    datum, licence, source, source_sha256 : str
    stored_at : str
        ISO 8601, UTC.
    """

    name: str
    version: int
    path: str
    size: int
    sha256: str
    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]
    bbox: Box
    resolution_m: tuple[float, float]
    n_values: int
    minimum: float
    maximum: float
    classes: tuple[int, ...]
    datum: str
    licence: str
    source: str
    source_sha256: str
    stored_at: str

    @property
    def affine(self) -> Affine:
        """The transform as rasterio takes it."""
        return Affine(*self.transform)


def raster_versions(folder: Path) -> dict[str, tuple[RasterVersion, ...]]:
    """Return the kept versions of every raster of a city, oldest first.

    Parameters
    ----------
    folder : Path
        The city folder.

    Returns
    -------
    dict of str to tuple of RasterVersion
        Empty where the city has no rasters.

    Raises
    ------
    DamagedLayerError
        If the catalog cannot be read.
    """
    path = folder / FOLDER / CATALOG
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {name: tuple(_version_of(row) for row in kept) for name, kept in rows.items()}
    except (OSError, TypeError, ValueError, AttributeError) as error:
        raise DamagedLayerError(f"the raster catalog {path} cannot be read: {error}") from error


def raster_version(folder: Path, name: str) -> RasterVersion:
    """Return the version of a raster that is in force.

    Parameters
    ----------
    folder : Path
        The city folder.
    name : str

    Returns
    -------
    RasterVersion

    Raises
    ------
    UnknownLayerError
        If the city has no raster of this name.
    DamagedLayerError
        If the catalog cannot be read, or the file is missing or has another size.
    """
    versions = raster_versions(folder)
    if name not in versions:
        held = ", ".join(versions) or "none"
        raise UnknownLayerError(f"the city has no raster {name!r}; it has {held}")
    newest = versions[name][-1]
    path = folder / newest.path
    size = path.stat().st_size if path.exists() else -1
    if size != newest.size:
        came = "is missing" if size < 0 else f"has {size:,} bytes instead of {newest.size:,}"
        raise DamagedLayerError(f"raster file {newest.path} {came}; import {name!r} again")
    return newest


def store_raster(folder: Path, name: str, source: RasterSource) -> RasterVersion:
    """Write a raster into a city as its next version.

    The file appears by rename after it was read back and found equal; the catalog is swapped last.
    At any failure the version before stays in force.

    Parameters
    ----------
    folder : Path
        The city folder.
    name : str
        Lower-case identifier.
    source : RasterSource

    Returns
    -------
    RasterVersion

    Raises
    ------
    InvalidLayerError
        If the name is no identifier, or the source holds no value.
    DamagedLayerError
        If the catalog cannot be read.
    StorageError
        If the disk is full or refuses, or the source cannot be read to its end.
    """
    if not _NAME.fullmatch(name):
        raise InvalidLayerError(f"raster name {name!r} is not a lower-case identifier of at most 41 letters")
    rasters = folder / FOLDER
    versions = raster_versions(folder)
    kept = versions.get(name, ())
    number = kept[-1].version + 1 if kept else 1
    path = rasters / f"{name}.v{number}.tif"
    part = path.with_name(path.name + PART_SUFFIX)
    raw = path.with_name(f"{path.name}.raw{PART_SUFFIX}")
    try:
        rasters.mkdir(parents=True, exist_ok=True)
        facts = _write_raw(source, raw)
        _write_optimised(raw, part, is_categorical=bool(source.classes))
        _prove(part, facts["crc32"])
        version = _describe(name, number, path.relative_to(folder).as_posix(), part, source, facts)
        part.replace(path)
        flush_folder(rasters)
        remaining = (*kept, version)[-KEPT_VERSIONS:]
        _write_catalog(rasters, {**versions, name: remaining})
    except (RasterioError, CPLE_BaseError, OSError) as error:  # rasterio lets some of GDAL's own through
        stays = f"version {kept[-1].version} stays in force" if kept else "the city has none of this name yet"
        raise StorageError(f"raster {name!r} could not be stored: {error}; {stays}") from error
    finally:
        part.unlink(missing_ok=True)
        raw.unlink(missing_ok=True)
    for old in kept[: len(kept) + 1 - len(remaining)]:
        (folder / old.path).unlink(missing_ok=True)
    return version


def read_window(folder: Path, version: RasterVersion, bbox: Box | None = None) -> tuple[NDArray[Any], Affine]:
    """Return the pixels that a box touches.

    Parameters
    ----------
    folder : Path
        The city folder.
    version : RasterVersion
    bbox : tuple of float, optional
        West, south, east, north, degrees; the whole raster by default.

    Returns
    -------
    values : ndarray, shape (n_rows, n_cols)
        float32 with NaN for none, or uint8 classes with 0 for none; row 0 is the northernmost.
    transform : Affine
        Pixel corners to x, y of the raster's CRS.

    Raises
    ------
    InvalidQueryError
        If the box is malformed or does not meet the raster.
    DamagedLayerError
        If the file cannot be read.
    """
    window = Window(0, 0, version.shape[1], version.shape[0])
    if bbox is not None:
        window = pixel_window(version.crs, version.affine, version.shape, bbox)
    try:
        with rasterio.open(folder / version.path) as dataset:
            values = dataset.read(1, window=window)
    except RasterioError as error:
        raise DamagedLayerError(f"raster file {version.path} cannot be read: {error}") from error
    return values, version.affine @ Affine.translation(window.col_off, window.row_off)


def _write_raw(source: RasterSource, path: Path) -> dict[str, Any]:
    """Write the values as a plain tiled GeoTIFF and return what was seen of them."""
    minimum, maximum, n_values, checksum = np.inf, -np.inf, 0, 0
    with rasterio.open(source.path) as dataset:
        profile = {
            "driver": "GTiff",
            "dtype": "uint8" if source.classes else "float32",
            "nodata": 0 if source.classes else np.nan,
            "count": 1,
            "width": dataset.width,
            "height": dataset.height,
            "crs": source.crs,
            "transform": dataset.transform,
            "tiled": True,
            "blockxsize": TILE_SIDE,
            "blockysize": TILE_SIDE,
            "bigtiff": "IF_SAFER",
        }
        with rasterio.open(path, "w", **profile) as raw:
            for first, values in source.strips(dataset):
                raw.write(values, 1, window=Window(0, first, dataset.width, len(values)))
                checksum = zlib.crc32(values.tobytes(), checksum)
                present = values[values != 0] if source.classes else values[~np.isnan(values)]
                if present.size:
                    minimum, maximum = min(minimum, present.min()), max(maximum, present.max())
                    n_values += present.size
        if not n_values:
            raise InvalidLayerError(f"{source.source} holds no value at all")
        transform, shape = dataset.transform, (dataset.height, dataset.width)
    return {
        "crc32": checksum,
        "transform": transform,
        "shape": shape,
        "minimum": float(minimum),
        "maximum": float(maximum),
        "n_values": n_values,
    }


def _write_optimised(raw: Path, path: Path, *, is_categorical: bool) -> None:
    """Write the cloud-optimised file with its overviews and flush it to disk."""
    try:
        rasterio.shutil.copy(
            raw,
            path,
            driver="COG",
            compress="DEFLATE",
            predictor="YES",
            blocksize=TILE_SIDE,
            overview_resampling="MODE" if is_categorical else "AVERAGE",
            bigtiff="IF_SAFER",
            num_threads="ALL_CPUS",
        )
    except SystemError as error:  # so rasterio reports a GDAL failure that left no message
        raise OSError(f"GDAL could not finish {path.name}") from error
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _prove(path: Path, checksum: int) -> None:
    """Read a written file back: GDAL reports a full disk late or not at all."""
    found = 0
    with rasterio.open(path) as dataset:
        for first in range(0, dataset.height, STRIP_ROWS):
            n_rows = min(STRIP_ROWS, dataset.height - first)
            values = dataset.read(1, window=Window(0, first, dataset.width, n_rows))
            found = zlib.crc32(values.tobytes(), found)
    if found != checksum:
        raise OSError(f"{path.name} does not read back as it was written")


def _describe(
    name: str, number: int, path: str, written: Path, source: RasterSource, facts: dict[str, Any]
) -> RasterVersion:
    """Return the catalog row of a file that was written."""
    transform, shape = facts["transform"], facts["shape"]
    with written.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return RasterVersion(
        name=name,
        version=number,
        path=path,
        size=written.stat().st_size,
        sha256=digest,
        crs=source.crs,
        transform=tuple(transform)[:6],
        shape=shape,
        bbox=lonlat_bbox(source.crs, transform, shape),
        resolution_m=pixel_size_m(source.crs, transform, shape),
        n_values=facts["n_values"],
        minimum=facts["minimum"],
        maximum=facts["maximum"],
        classes=source.classes,
        datum=source.datum,
        licence=source.licence,
        source=source.source,
        source_sha256=source.sha256,
        stored_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _version_of(row: dict[str, Any]) -> RasterVersion:
    """Return a version from its row in the catalog; JSON knows lists alone."""
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    return RasterVersion(**fields)


def _write_catalog(rasters: Path, versions: dict[str, tuple[RasterVersion, ...]]) -> None:
    """Swap the catalog for a new one."""
    rows = {
        name: [dataclasses.asdict(version) for version in kept] for name, kept in sorted(versions.items())
    }
    with DurableFile(rasters / CATALOG) as file:
        file.write(json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8"))
