"""An OpenStreetMap file as a source: what it really is, its digest, and its objects one by one."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from twin.errors import ImportRefusedError

PEEK_BYTES = 65_536
"""How much of a file is looked at to tell what it is."""

WANTED = "wanted an OpenStreetMap extract: .osm.pbf, .osm, .osm.gz or .osm.bz2"

_FORMAT_OF_SUFFIX = {
    ".pbf": "pbf",
    ".osm": "xml",
    ".xml": "xml",
    ".osm.gz": "xml.gz",
    ".xml.gz": "xml.gz",
    ".osm.bz2": "xml.bz2",
    ".xml.bz2": "xml.bz2",
}
_OTHER_KINDS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"SQLite format 3", "a SQLite or GeoPackage file"),
    (b"II*\0", "a TIFF raster"),
    (b"MM\0*", "a TIFF raster"),
    (b"\xff\xe0", "an o5m file"),
    (b"PAR1", "a Parquet file"),
    (b"\x00\x00\x27\x0a", "a Shapefile"),
)
_XML_PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_XML_ROOT = re.compile(r"<([A-Za-z_][\w:.-]*)")
_ROOTS = {
    "graphml": "a GraphML file: import it as graphml",
    "osmChange": "a file of changes, not of a place",
    "html": "a web page",
    "gpx": "a GPX track",
    "kml": "a KML file",
}

Progress = Callable[[str, int], None]
"""Told what is being done and how many objects are done."""


@dataclass(frozen=True, slots=True)
class OsmSource:
    """One file that has been recognised as OpenStreetMap.

    Parameters
    ----------
    path : Path
    format : str
        ``pbf``, ``xml``, ``xml.gz`` or ``xml.bz2``, as libosmium names them.
    sha256 : str
        Digest of the file's bytes, lower-case hex.
    """

    path: Path
    format: str
    sha256: str


def recognise(path: Path) -> OsmSource:
    """Return the source behind a file after looking at its content, not only at its name.

    Parameters
    ----------
    path : Path
        ``.osm.pbf``, ``.osm``, ``.osm.gz`` or ``.osm.bz2``.

    Returns
    -------
    OsmSource

    Raises
    ------
    ImportRefusedError
        If there is no such file, it is empty, its suffix says something else than its
        content, or the content is no OpenStreetMap.
    """
    if not path.is_file():
        raise ImportRefusedError(f"there is no file {path}; {WANTED}")
    claimed = _claimed_format(path)
    head = peek(path)
    found = "pbf" if b"OSMHeader" in head[:64] else "xml" + _compression(path)
    if found != "pbf":
        _check_xml_root(path, head)
    if found != claimed:
        said = "named as" if claimed else "no known name for"
        raise ImportRefusedError(
            f"{path.name} holds OSM {found} but its suffix is {said} {claimed or 'OSM'}; "
            "rename it or send the right file"
        )
    with path.open("rb") as file:
        return OsmSource(path, found, hashlib.file_digest(file, "sha256").hexdigest())


def peek(path: Path, *, wanted: str = WANTED) -> bytes:
    """Return the first bytes of a file, unpacked where it is packed by gzip or bzip2.

    Parameters
    ----------
    path : Path
    wanted : str
        What the sentence about an empty file ends with.

    Returns
    -------
    bytes
        At most ``PEEK_BYTES``.

    Raises
    ------
    ImportRefusedError
        If the file is empty, or packed and broken at its start.
    """
    try:
        with unpacked(path) as file:
            head = file.read(PEEK_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        raise ImportRefusedError(
            f"{path.name} cannot be unpacked ({error}); send the whole file again"
        ) from error
    if not head:
        raise ImportRefusedError(f"{path.name} is empty; {wanted}")
    return head


def unpacked(path: Path) -> BinaryIO:
    """Return a file opened for reading, through gzip or bzip2 where it is packed.

    Parameters
    ----------
    path : Path

    Returns
    -------
    binary file
        To be closed by the caller.
    """
    packing = _compression(path)
    if packing == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return cast("BinaryIO", bz2.open(path, "rb")) if packing == ".bz2" else path.open("rb")


def objects(source: OsmSource, keys: tuple[str, ...], area_keys: tuple[str, ...]) -> Iterator[Any]:
    """Yield the objects of a file that carry one of the keys: nodes, ways, relations and areas.

    Parameters
    ----------
    source : OsmSource
    keys : tuple of str
        An object without any of these tag keys is passed over.
    area_keys : tuple of str
        Relations with one of these keys are put together to areas.

    Yields
    ------
    osmium Node, Way, Relation or Area
        Valid until the next one is asked for. Ways carry node locations; one that the file does
        not hold is invalid.

    Raises
    ------
    ImportRefusedError
        If the file is cut off, overwritten, unsorted or otherwise unreadable.
    """
    import osmium

    stream = (
        osmium.FileProcessor(osmium.io.File(str(source.path), source.format))
        .with_locations()
        .with_areas(osmium.filter.KeyFilter(*area_keys))
        .with_filter(osmium.filter.KeyFilter(*keys))
    )
    iterator = iter(stream)
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        except (RuntimeError, osmium.InvalidLocationError) as error:  # libosmium raises nothing narrower
            raise ImportRefusedError(_why_unreadable(source.path.name, str(error))) from error
        yield item


def _why_unreadable(name: str, error: str) -> str:
    """Return the sentence for an error of libosmium."""
    if "out of order" in error or "twice in input" in error:
        return f"{name} is not sorted ({error}); sort it by type and number, each object once (osmium sort)"
    return f"{name} is a damaged or cut-off OSM file ({error}); send the whole file again"


def _claimed_format(path: Path) -> str:
    """Return the format that the suffix promises, or an empty string."""
    name = path.name.lower()
    for suffix in sorted(_FORMAT_OF_SUFFIX, key=len, reverse=True):
        if name.endswith(suffix):
            return _FORMAT_OF_SUFFIX[suffix]
    return ""


def _compression(path: Path) -> str:
    """Return ``.gz``, ``.bz2`` or an empty string by the first bytes."""
    with path.open("rb") as file:
        start = file.read(3)
    return ".gz" if start[:2] == b"\x1f\x8b" else ".bz2" if start == b"BZh" else ""


def _check_xml_root(path: Path, head: bytes) -> None:
    """Refuse all but an ``<osm>`` document without a document type."""
    for magic, kind in _OTHER_KINDS:
        if head.startswith(magic):
            raise ImportRefusedError(f"{path.name} is {kind}; {WANTED}")
    root = xml_root(path, head)
    if root != "osm":
        kind = _ROOTS.get(root, f"XML of another kind (<{root}>)") if root else "neither OSM PBF nor XML"
        raise ImportRefusedError(f"{path.name} is {kind}; {WANTED}")


def xml_root(path: Path, head: bytes) -> str:
    """Return the name of the root element, or an empty string where this is no XML.

    Parameters
    ----------
    path : Path
        Named in the error.
    head : bytes
        The first bytes of the document.

    Returns
    -------
    str

    Raises
    ------
    ImportRefusedError
        If a document type stands before the root: it can declare entities that grow without
        bound, and no map format needs one.

    Examples
    --------
    >>> xml_root(Path("a.osm"), b"<?xml version='1.0'?><!-- made by hand --><osm version='0.6'>")
    'osm'
    """
    text = head.decode("utf-8-sig", errors="replace")
    start = _XML_PROLOGUE.match(text)
    rest = text[start.end() if start else 0 :]
    if rest.startswith("<!"):
        raise ImportRefusedError(
            f"{path.name} declares an XML document type, which may hide growing entities; "
            "send it without <!DOCTYPE>"
        )
    root = _XML_ROOT.match(rest)
    return root[1] if root else ""
