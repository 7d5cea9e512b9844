"""Raster files as they are delivered: plain, packed, or in an archive; where they lie and in what CRS."""

from __future__ import annotations

import gzip
import hashlib
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasterio
from pyproj import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from layers.report import ImportReport
from twin.crs import parse_crs
from twin.errors import ImportRefusedError, InvalidCRSError
from twin.frame import Box, CityFrame
from twin.raster_extent import lonlat_bbox
from twin.raster_source import RasterSource

WANTED = "wanted one raster: GeoTIFF or ESRI ASCII (.tif, .asc), also as .gz or .zip"
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PEEK_BYTES = 256
_SUFFIXES = (".tif", ".tiff", ".asc")


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterRead(RasterSource):
    """A raster as a reader hands it to ``store_raster``, and what became of its pixels.

    Parameters
    ----------
    report : ImportReport
        Its rows are the pixels with a number.
    """

    report: ImportReport


@dataclass(frozen=True, slots=True)
class RasterFile:
    """A file that GDAL can open as one raster.

    Parameters
    ----------
    path : Path
        As it was delivered.
    gdal_name : str
        What GDAL opens.
    driver : str
        GDAL's name of the format. No other is tried: some follow names in a file to other hosts.
    sha256 : str
        Digest of the delivered file, lower-case hex.
    """

    path: Path
    gdal_name: str
    driver: str
    sha256: str

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Open the raster for reading.

        Yields
        ------
        rasterio dataset

        Raises
        ------
        ImportRefusedError
            If it cannot be opened, or breaks off while it is read.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below with a sentence
                dataset = rasterio.open(self.gdal_name, driver=self.driver)
            with dataset:
                yield dataset
        except RasterioError as error:
            raise ImportRefusedError(
                f"{self.path.name} cannot be read as a raster ({error}); {WANTED}"
            ) from error


def find_raster(path: Path) -> RasterFile:
    """Return the one raster that a file is or holds.

    Parameters
    ----------
    path : Path
        ``.tif`` or ``.asc``, either packed by gzip or alone in a zip archive.

    Returns
    -------
    RasterFile

    Raises
    ------
    ImportRefusedError
        If the file is missing, empty or broken, or an archive holds no raster or several.
    """
    if not path.is_file():
        raise ImportRefusedError(f"there is no file {path}; {WANTED}")
    if not path.stat().st_size:
        raise ImportRefusedError(f"{path.name} is empty; {WANTED}")
    with path.open("rb") as file:
        start = file.read(_PEEK_BYTES)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    place = str(path.resolve())
    if start.startswith(b"PK\x03\x04"):
        member, start = _only_member(path)
        place = f"/vsizip/{place}/{member}"
    elif start.startswith(b"\x1f\x8b"):
        start = _unpacked_start(path)
        place = f"/vsigzip/{place}"
    if start.startswith(_TIFF_STARTS):
        return RasterFile(path, place, "GTiff", digest)
    if start.lstrip()[:5].lower() == b"ncols":
        return RasterFile(path, place, "AAIGrid", digest)
    raise ImportRefusedError(f"{path.name} is neither GeoTIFF nor ESRI ASCII; {WANTED}")


def crs_of(file: RasterFile, dataset: Any, crs: str | None) -> tuple[str, str, list[str]]:
    """Return the CRS of a raster, its vertical datum, and sentences about both.

    Parameters
    ----------
    file : RasterFile
    dataset : rasterio dataset
    crs : str or None
        As the user gave it; overrules the file, and that is said.

    Returns
    -------
    crs : str
        ``EPSG:n``.
    datum : str
        Name of the vertical system, empty where the file has none.
    notes : list of str

    Raises
    ------
    ImportRefusedError
        If there is no CRS, it is no EPSG one, or it is GCJ-02 or BD-09.
    """
    stated = CRS.from_wkt(dataset.crs.to_wkt()) if dataset.crs else None
    datum = ""
    if stated is not None and stated.is_compound:
        stated, vertical = stated.sub_crs_list[:2]
        datum = vertical.name
    code = stated.to_epsg(min_confidence=70) if stated is not None else None
    title = stated.name if stated is not None else ""
    if crs is None:
        if code is None:
            lack = f"names a CRS without EPSG code ({title})" if title else "does not say its CRS"
            raise ImportRefusedError(f"{file.path.name} {lack}; give it, such as --crs EPSG:4549")
        return f"EPSG:{code}", datum, [f"CRS EPSG:{code} ({title}) from the file"]
    given = _epsg_of(crs)
    notes = [f"CRS {given} as given"]
    if code is not None and f"EPSG:{code}" != given:
        notes.append(f"the file itself says EPSG:{code} ({title}); {given} was taken as given")
    return given, datum, notes


def check_place(file: RasterFile, dataset: Any, crs: str, frame: CityFrame) -> Box:
    """Return the lon/lat box of a raster after checking that it lies where the city does.

    Parameters
    ----------
    file : RasterFile
    dataset : rasterio dataset
    crs : str
        ``EPSG:n``.
    frame : CityFrame

    Returns
    -------
    tuple of float
        West, south, east, north, degrees.

    Raises
    ------
    ImportRefusedError
        If the raster has no place, lies off the earth, or outside the city.
    """
    if dataset.transform.is_identity or dataset.transform.is_degenerate:
        raise ImportRefusedError(f"{file.path.name} does not say where its pixels lie; send it georeferenced")
    if dataset.count != 1:
        raise ImportRefusedError(f"{file.path.name} has {dataset.count} bands; wanted one band")
    shape = (dataset.height, dataset.width)
    try:
        bbox = lonlat_bbox(crs, dataset.transform, shape)
    except RasterioError as error:
        bounds = tuple(round(value, 3) for value in dataset.bounds)
        raise ImportRefusedError(
            f"{file.path.name} at {bounds} is not where {crs} is defined; give its true CRS"
        ) from error
    west, south, east, north = bbox
    if not (-180.0 <= west < east <= 180.0 and -90.0 <= south < north <= 90.0):
        raise ImportRefusedError(
            f"{file.path.name} lies at {shown(bbox)} in {crs}, off the earth; check the CRS"
        )
    if not frame.is_near(bbox):
        known = f"{frame.name} ({shown(frame.bbox)})" if frame.bbox else frame.name
        raise ImportRefusedError(f"{file.path.name} covers {shown(bbox)}, outside {known}; check the CRS")
    return bbox


def shape_notes(dataset: Any, resolution_m: tuple[float, float]) -> list[str]:
    """Return sentences about size, resolution and pixels that are not square.

    Parameters
    ----------
    dataset : rasterio dataset
    resolution_m : tuple of float
        Width and height of a pixel, m.

    Returns
    -------
    list of str
    """
    width_m, height_m = resolution_m
    notes = [f"{dataset.height:,} x {dataset.width:,} pixels of {width_m:.4g} x {height_m:.4g} m"]
    if abs(width_m - height_m) > 0.01 * max(width_m, height_m):
        notes.append(f"pixels are not square: {width_m:.4g} m wide, {height_m:.4g} m high")
    return notes


def shown(bbox: Box) -> str:
    """Return a box for people.

    Parameters
    ----------
    bbox : tuple of float
        West, south, east, north, degrees.

    Returns
    -------
    str

    Examples
    --------
    >>> shown((119.9, 28.7, 120.2, 29.0))
    'lon 119.900 to 120.200, lat 28.700 to 29.000'
    """
    west, south, east, north = bbox
    return f"lon {west:.3f} to {east:.3f}, lat {south:.3f} to {north:.3f}"


def _epsg_of(crs: str) -> str:
    """Return ``EPSG:n`` of a name that people give."""
    try:
        name = parse_crs(crs)
    except InvalidCRSError as error:
        raise ImportRefusedError(str(error)) from error
    if name.is_shifted:
        raise ImportRefusedError(
            f"a raster cannot be taken in {name}: the shift bends its rows; send it in CGCS2000"
        )
    return {"wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490"}.get(name.code, name.code)


def _only_member(path: Path) -> tuple[str, bytes]:
    """Return the name and the first bytes of the one raster in an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
            names = [name for name in archive.namelist() if name.lower().endswith(_SUFFIXES)]
            start = b""
            if names:
                with archive.open(names[0]) as member:
                    start = member.read(_PEEK_BYTES)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise ImportRefusedError(
            f"{path.name} cannot be unpacked ({error}); send the whole file again"
        ) from error
    if broken is not None:
        raise ImportRefusedError(f"{path.name} is damaged at {broken}; send the whole file again")
    if len(names) != 1:
        held = ", ".join(names[:5]) or "none"
        raise ImportRefusedError(f"{path.name} holds {len(names)} rasters ({held}); {WANTED}")
    return names[0], start


def _unpacked_start(path: Path) -> bytes:
    """Return the first bytes after reading all: GDAL would take the part of a file that breaks off."""
    try:
        with gzip.open(path, "rb") as file:
            start = file.read(_PEEK_BYTES)
            while file.read(1 << 20):
                pass
            return start
    except (EOFError, OSError, zlib.error) as error:
        raise ImportRefusedError(
            f"{path.name} cannot be unpacked ({error}); send the whole file again"
        ) from error
