"""A vector file as it was delivered: unpacked within limits, and recognised by its content."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from twin.errors import ImportRefusedError

MAX_UNPACKED_BYTES = 16 << 30
MAX_MEMBERS = 10_000
MAX_RATIO = 250
"""Real tables shrink 3-40 times; DEFLATE can reach 1,032 on zeros, which is what bombs are made of."""
RATIO_COUNTS_FROM_BYTES = 64 << 20
PEEK_BYTES = 65_536
WANTED = "wanted GeoJSON, GeoPackage, Shapefile, FlatGeobuf, GML, KML or a CSV, plain, .gz or .zip"

_CHUNK_BYTES = 1 << 20
_KIND_OF_SUFFIX = {
    ".csv": "text",
    ".tsv": "text",
    ".txt": "text",
    ".shp": "shapefile",
    ".geojson": "geojson",
    ".json": "geojson",
    ".geojsonl": "geojson",
    ".gpkg": "geopackage",
    ".fgb": "flatgeobuf",
    ".gml": "gml",
    ".xml": "gml",
    ".kml": "kml",
}
_PLAIN_NAME = {
    "text": "a text table",
    "geojson": "GeoJSON",
    "geopackage": "a GeoPackage",
    "gml": "GML",
    "kml": "KML",
}
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook; save a workbook as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office document; save the sheet as CSV"),
    (b"II*\0", "a TIFF raster; import it as dem or landcover"),
    (b"MM\0*", "a TIFF raster; import it as dem or landcover"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "packed twice by gzip"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
_XML_PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_XML_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One readable vector file behind what was delivered.

    Parameters
    ----------
    name : str
        File name as delivered, without folders.
    sha256 : str
        Digest of the delivered bytes, lower-case hex.
    path : Path
        What to read; inside a temporary folder where it had to be unpacked.
    kind : str
        ``text``, ``shapefile``, ``geojson``, ``geopackage``, ``flatgeobuf``, ``gml`` or ``kml``.
    notes : tuple of str
        What was found inside the archive.
    """

    name: str
    sha256: str
    path: Path
    kind: str
    notes: tuple[str, ...] = ()


@contextmanager
def delivered(path: Path) -> Iterator[Delivery]:
    """Yield the readable file behind a delivered one; what was unpacked is removed afterwards.

    Parameters
    ----------
    path : Path
        A vector file, or one packed as ``.gz`` or ``.zip``.

    Yields
    ------
    Delivery

    Raises
    ------
    ImportRefusedError
        If there is no such file, it is empty, cut off, unpacks beyond the limits, would
        leave its folder, holds none or several tables, or is not what its suffix says.
    """
    if not path.is_file():
        raise ImportRefusedError(f"there is no file {path}; {WANTED}")
    if path.stat().st_size == 0:
        raise ImportRefusedError(f"{path.name} is empty; {WANTED}")
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        magic = file.read(4)
    with tempfile.TemporaryDirectory(prefix="citytwin-") as folder:
        inner = path
        notes: tuple[str, ...] = ()
        if magic[:2] == b"\x1f\x8b":
            inner = _gunzip(path, Path(folder))
        elif magic == b"PK\x03\x04" and path.suffix.lower() == ".zip":
            inner, notes = _unzip(path, Path(folder))
        kind = _kind(inner, path.name)
        if kind == "shapefile":
            _check_shapefile(inner, path.name)
        if kind == "gml" and inner is path:
            inner = _copied_with_schema(path, Path(folder))
        yield Delivery(path.name, sha256, inner, kind, notes)


def sibling(path: Path, suffix: str) -> Path | None:
    """Return the file of the same stem with this suffix in either case, None where there is none.

    Parameters
    ----------
    path : Path
        Such as the ``.shp`` of a Shapefile.
    suffix : str
        Such as ``".dbf"``.

    Returns
    -------
    Path or None
    """
    for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.is_file():
            return candidate
    return None


def _copied_with_schema(path: Path, folder: Path) -> Path:
    """Return a copy of a GML file and its schema: GDAL writes what it learned beside the file it reads."""
    schema = sibling(path, ".xsd")
    if schema is not None:
        shutil.copyfile(schema, folder / f"unpacked{schema.suffix}")
    return Path(shutil.copyfile(path, folder / "unpacked.gml"))


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def _gunzip(path: Path, folder: Path) -> Path:
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    target = folder / (name or "unpacked")
    try:
        with gzip.open(path, "rb") as packed:
            _copy_within_limits(packed, target, path.stat().st_size, path.name)
    except (EOFError, OSError, zlib.error) as error:
        raise ImportRefusedError(
            f"{path.name} is cut off or damaged gzip ({error}); send the whole file again"
        ) from error
    return target


def _copy_within_limits(packed: _Readable, target: Path, packed_bytes: int, name: str) -> None:
    """Unpack while counting, so that no header can lie about the size."""
    limit = min(MAX_UNPACKED_BYTES, max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * packed_bytes))
    limit = min(limit, shutil.disk_usage(target.parent).free)
    written = 0
    with target.open("wb") as file:
        while chunk := packed.read(_CHUNK_BYTES):
            written += len(chunk)
            if written > limit:
                raise ImportRefusedError(
                    f"{name} unpacks to more than {limit:,} bytes from {packed_bytes:,}: "
                    "it is taken for a zip bomb or does not fit the disk; send it unpacked"
                )
            file.write(chunk)


def _unzip(path: Path, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Unpack the one table of an archive and the files that belong to it."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _safe_members(archive, path.name)
            main = _only_table(list(members), path.name)
            stem = PurePosixPath(main).with_suffix("")
            family = [name for name in members if PurePosixPath(name).with_suffix("") == stem]
            for name in family:
                info = members[name]
                target = folder / ("unpacked" + PurePosixPath(name).suffix.lower())
                with archive.open(info) as packed:
                    _copy_within_limits(packed, target, info.compress_size, f"{path.name}/{name}")
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, struct.error) as error:
        raise ImportRefusedError(
            f"{path.name} is a cut-off or damaged zip archive ({error}); send the whole file again"
        ) from error
    except NotImplementedError as error:
        raise ImportRefusedError(
            f"{path.name} is packed by a method that is not understood ({error}); pack it as plain zip"
        ) from error
    return folder / ("unpacked" + PurePosixPath(main).suffix.lower()), (f"read {main} from the archive",)


def _safe_members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive by readable name; refuse one that could leave its folder."""
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS:
        raise ImportRefusedError(
            f"{name} holds {len(infos):,} files, more than {MAX_MEMBERS:,}; pack one layer"
        )
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        member = _member_name(info)
        inside = PurePosixPath(member.replace("\\", "/"))
        if inside.is_absolute() or ".." in inside.parts or re.match(r"[A-Za-z]:", member):
            raise ImportRefusedError(
                f"{name} holds {member!r}, which points out of the archive; it is not unpacked"
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ImportRefusedError(f"{name} holds a link, {member!r}; pack the file itself")
        if info.flag_bits & 1:
            raise ImportRefusedError(f"{name} is locked with a password; send it without one")
        is_litter = "__MACOSX" in inside.parts or inside.name.startswith(".")
        if not info.is_dir() and not is_litter:
            members[str(inside)] = info
    return members


def _member_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese Windows writes GBK, which zipfile takes for CP437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _only_table(members: Sequence[str], name: str) -> str:
    """Return the one member that is a vector file; a map file goes before text beside it."""
    tables = [member for member in members if PurePosixPath(member).suffix.lower() in _KIND_OF_SUFFIX]
    maps = [
        member
        for member in tables
        if _KIND_OF_SUFFIX[PurePosixPath(member).suffix.lower()] != "text"
        and not member.lower().endswith(".shp.xml")
    ]
    found = maps or [member for member in tables if not member.lower().endswith(".shp.xml")]
    if len(found) == 1:
        return found[0]
    if not found:
        listed = ", ".join(members[:5]) or "nothing"
        raise ImportRefusedError(f"{name} holds no vector file but {listed}; {WANTED}")
    raise ImportRefusedError(f"{name} holds {len(found)} tables ({', '.join(found[:5])}); pack one at a time")


def _kind(path: Path, name: str) -> str:
    """Return what a file is by its first bytes; refuse one whose suffix says something else."""
    with path.open("rb") as file:
        head = file.read(PEEK_BYTES)
    if not head:
        raise ImportRefusedError(f"{name} holds an empty file; {WANTED}")
    found = _kind_of_content(head, name)
    claimed = _KIND_OF_SUFFIX.get(path.suffix.lower())
    if claimed is None:
        raise ImportRefusedError(f"{name} has an unknown suffix {path.suffix!r}; {WANTED}")
    if claimed != found:
        said, is_really = _PLAIN_NAME.get(claimed, claimed), _PLAIN_NAME.get(found, found)
        raise ImportRefusedError(
            f"{name} is named as {said} but its content is {is_really}; send the right file"
        )
    return found


def _kind_of_content(head: bytes, name: str) -> str:
    if head.startswith(b"SQLite format 3\0"):
        return "geopackage"
    if head.startswith(b"fgb\x03fgb"):
        return "flatgeobuf"
    if head.startswith(b"\x00\x00\x27\x0a"):
        return "shapefile"
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise ImportRefusedError(f"{name} is {what}; {WANTED}")
    if b"OSMHeader" in head[:64]:
        raise ImportRefusedError(f"{name} is an OpenStreetMap extract; import it as osm")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x1e")[:1]
    if start in (b"{", b"["):
        return "geojson"
    if start == b"<":
        return _kind_of_xml(head, name)
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ImportRefusedError(
            f"{name} holds zero bytes, so it is neither text nor a known map file; {WANTED}"
        )
    return "text"


def _kind_of_xml(head: bytes, name: str) -> str:
    """Return the kind of an XML document; none with a document type, which may hide growing entities."""
    text = head.decode("utf-8-sig", errors="replace")
    prologue = _XML_PROLOGUE.match(text)
    rest = text[prologue.end() if prologue else 0 :]
    if rest.startswith("<!"):
        raise ImportRefusedError(
            f"{name} declares an XML document type, which may hide growing entities; "
            "send it without <!DOCTYPE>"
        )
    root = _XML_ROOT.match(rest)
    tag = root[1] if root else ""
    if tag == "kml":
        return "kml"
    if tag == "FeatureCollection" or "opengis.net/gml" in text:
        return "gml"
    raise ImportRefusedError(f"{name} is XML of another kind (<{tag or '?'}>); {WANTED}")


def _check_shapefile(path: Path, name: str) -> None:
    """Refuse a Shapefile with missing or cut-off parts, which GDAL reads as far as it goes without a word."""
    shx, dbf = sibling(path, ".shx"), sibling(path, ".dbf")
    if shx is None or dbf is None:
        missing = " and ".join(suffix for suffix, part in ((".shx", shx), (".dbf", dbf)) if part is None)
        raise ImportRefusedError(f"{name} lacks its {missing}; send .shp, .shx, .dbf (and .prj) together")
    for part in (path, shx):
        with part.open("rb") as file:
            header = file.read(28)
        declared = 2 * int.from_bytes(header[24:28], "big")
        if len(header) < 28 or part.stat().st_size < declared:
            raise ImportRefusedError(
                f"{name} is cut off: its {part.suffix.lower()} says {declared:,} bytes and has "
                f"{part.stat().st_size:,}; send the whole file again"
            )
    with dbf.open("rb") as file:
        header = file.read(12)
    n_rows, header_bytes, row_bytes = (
        struct.unpack("<4xIHH", header) if len(header) == 12 else (0, 1 << 62, 0)
    )
    if dbf.stat().st_size < header_bytes + n_rows * row_bytes:
        raise ImportRefusedError(
            f"{name} is cut off: its .dbf says {n_rows:,} rows of {row_bytes} bytes and has only "
            f"{dbf.stat().st_size:,} bytes; send the whole file again"
        )
