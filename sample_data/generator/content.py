"""What the files hold, apart from how they are packed: row counts and hashes over sorted rows."""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import osmium
import pyogrio.raw
import rasterio
from osmium.osm import Node, Relation, Way

UNPACKED = (".md", ".toml")
"""Endings of files that are not data."""


def content_of(path: Path) -> dict[str, int | str]:
    """Return ``rows`` and ``sha256`` of a file's content, independent of order, dates and compression.

    Parameters
    ----------
    path : Path
        A CSV, ``.csv.gz``, GeoJSON, SWMM, zipped Shapefile, GeoTIFF or OSM PBF file.

    Raises
    ------
    ValueError
        If the ending of the file is none of these.
    """
    for ending, rows_of in _READERS.items():
        if path.name.endswith(ending):
            rows = sorted(rows_of(path))
            return {"rows": len(rows), "sha256": hashlib.sha256("\n".join(rows).encode()).hexdigest()}
    raise ValueError(f"{path.name}: content of such files is not known; wanted one of {', '.join(_READERS)}")


def contents(folder: Path) -> dict[str, dict[str, int | str]]:
    """Return the content of every data file of a folder, by name."""
    names = sorted(
        path.name for path in folder.iterdir() if path.suffix not in UNPACKED and path.name != "content.json"
    )
    return {name: content_of(folder / name) for name in names}


def _lines(path: Path) -> Iterable[str]:
    raw = path.read_bytes()
    encoding = "gb18030" if "police" in path.name else "utf-8"
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(encoding).splitlines()


def _features(path: Path) -> Iterable[str]:
    rows = json.loads(path.read_text(encoding="utf-8"))["features"]
    return [json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows]


def _records(path: Path) -> Iterable[str]:
    """Yield geometry and attributes of a zipped Shapefile."""
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(path).extractall(folder)
        shp = next(Path(folder).glob("*.shp"))
        encoding = None if shp.with_suffix(".cpg").exists() else "GBK"
        meta, _, geometry, columns = pyogrio.raw.read(shp, encoding=encoding)
    for i, shape in enumerate(geometry):
        yield "|".join([",".join(meta["fields"]), shape.hex(), *(str(column[i]) for column in columns)])


def _pixels(path: Path) -> Iterable[str]:
    """Yield the rows of a raster and a line about its grid."""
    with rasterio.open(path) as file:
        yield f"{file.crs} {file.transform.to_gdal()} {file.nodata} {file.scales} {file.dtypes}"
        for k, row in enumerate(file.read(1)):
            yield f"{k} {hashlib.sha256(row.tobytes()).hexdigest()}"


def _objects(path: Path) -> Iterator[str]:
    """Yield OSM objects with their coordinates, nodes, members and tags."""
    for one in osmium.FileProcessor(str(path)):
        tags = sorted((tag.k, tag.v) for tag in one.tags)
        if isinstance(one, Node):
            yield f"n{one.id} {one.location.x} {one.location.y} {tags}"
        elif isinstance(one, Way):
            yield f"w{one.id} {[node.ref for node in one.nodes]} {tags}"
        elif isinstance(one, Relation):
            yield f"r{one.id} {[(member.type, member.ref, member.role) for member in one.members]} {tags}"


_READERS: dict[str, Callable[[Path], Iterable[str]]] = {
    ".csv": _lines,
    ".csv.gz": _lines,
    ".inp": _lines,
    ".geojson": _features,
    ".zip": _records,
    ".tif": _pixels,
    ".osm.pbf": _objects,
}
