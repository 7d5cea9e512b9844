"""``twin locate``: a table of points in, the same table with the unit each point lies in out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api._csv_records import NEWLINE, split
from layers.delivery import delivered
from layers.encodings import encoding_of_text, utf8_chunks
from twin.city import City
from twin.crs import CRSName, parse_crs, to_wgs84
from twin.division_rows import LEVELS, CodeLayout, read_divisions
from twin.divisions import CHINA_TIME
from twin.durable import DurableFile
from twin.errors import ImportRefusedError, InvalidLayerError, StorageError
from twin.grid_index import GridIndex

COORDINATES = ("lon", "lat")

_BOM = b"\xef\xbb\xbf"
_NUMBER = r'^[ \t"]*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[ \t"]*$'


@dataclass(frozen=True, slots=True)
class LocateSummary:
    """What became of the points of one table.

    Parameters
    ----------
    rows : int
        Points; blank lines are none.
    placed : int
        Those that lie in a unit.
    outside : int
        Those that lie in none.
    unreadable : int
        Those whose coordinates are missing, no numbers, or not on Earth.
    """

    rows: int
    placed: int
    outside: int
    unreadable: int


def locate_table(
    city: City, source: Path, target: Path, *, layer: str = "grid", crs: str = "wgs84"
) -> LocateSummary:
    """Write a CSV table again with the key of the polygon that holds each point.

    Parameters
    ----------
    city : City
    source : Path
        CSV with columns ``lon`` and ``lat``, in capitals or not, and any others; UTF-8 or
        GB18030, plain, ``.gz`` or ``.zip``.
    target : Path
        CSV to write: every byte of the source, and in each record the layer's key
        (``grid_id`` for the grid), empty where the point lies in no polygon or cannot be
        read. It comes last; a record with fewer fields than the header is filled up with empty
        ones and counted as unreadable. UTF-16 becomes UTF-8, other encodings stay.
    layer : str
        A polygon layer with a key. Where several polygons hold a point, the lowest key in
        string order counts; of ``divisions``, the lowest level of those in force today.
    crs : str
        What ``lon`` and ``lat`` are in: ``wgs84``, ``gcj02``, ``bd09`` or ``EPSG:n``.

    Returns
    -------
    LocateSummary

    Raises
    ------
    ImportRefusedError
        If the source is missing, not CSV, has no ``lon`` and ``lat``, or has a column of the
        key's name already.
    InvalidCRSError
        If the CRS is unknown, or needs a conversion that this city does not make.
    InvalidLayerError
        If the layer holds no polygons or has no key.
    UnknownLayerError
        If there is no such layer.
    StorageError
        If the target cannot be written; nothing is left of it then.
    """
    name = parse_crs(crs)
    city.config.refuse_conversion(name)
    key, units, index = _index_of(city, layer)
    table = _Table.read(source, key)
    lon, lat, is_readable = _points(table, name)
    found = np.full(len(lon), -1, dtype=np.int32)
    found[is_readable] = index.lookup(lon[is_readable], lat[is_readable])
    _write(table.filled(key, units, found), target)
    placed, unreadable = int((found >= 0).sum()), int((~is_readable).sum())
    return LocateSummary(len(lon), placed, len(lon) - placed - unreadable, unreadable)


def _index_of(city: City, layer: str) -> tuple[str, list[str], GridIndex]:
    """Return the key field of a polygon layer, the key at each position of its exact index, and that."""
    view = city.layer(layer)
    schema = view.layer.schema
    if schema.geometry != "polygon" or not schema.key:
        held = f"{schema.geometry} features with {f'the key {schema.key}' if schema.key else 'no key'}"
        raise InvalidLayerError(f"layer {layer!r} holds {held}; twin locate needs polygons with a key")
    if layer == "grid":
        return schema.key, city.grid_index.grid_ids.tolist(), city.grid_index
    positions = view.positions()
    rows = view.take(positions)
    keys = [str(one) for one in rows[schema.key].to_pylist()]
    ranks = [""] * len(keys)  # before the key, for the index prefers what is first in string order
    if layer == "divisions":
        levels = _levels_in_force(rows)
        is_there = levels > 0
        positions, keys = positions[is_there], list(compress(keys, is_there.tolist()))
        ranks = [str(len(LEVELS) - level) for level in levels[is_there].tolist()]
    index = GridIndex.build(
        [rank + key for rank, key in zip(ranks, keys, strict=True)], view.geometries(positions)
    )
    n_ranked = len(ranks[0]) if ranks else 0
    return schema.key, [ranked[n_ranked:] for ranked in index.grid_ids.tolist()], index


def _levels_in_force(rows: pa.Table) -> NDArray[np.int64]:
    """Return the level of each row of the divisions, 1 the city, 0 where it is not in force today."""
    today = datetime.now(CHINA_TIME).date()
    found = np.zeros(rows.num_rows, dtype=np.int64)
    for row in range(rows.num_rows):
        divisions, _ = read_divisions(rows.slice(row, 1), CodeLayout())
        found[row] = divisions[0].level if divisions and divisions[0].is_valid(today) else 0
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    """The bytes of a CSV table and where its records end.

    ``bounds`` (n, 2, 2) are the fields lon and lat of each record, ``n_missing`` (n,) how many fields it
    has fewer than the header, which is record 0.
    """

    content: NDArray[np.uint8]
    codec: str
    ends: NDArray[np.int64]
    bounds: NDArray[np.int64]
    n_missing: NDArray[np.int64]

    @classmethod
    def read(cls, source: Path, key: str) -> _Table:
        """Read a file and find its records."""
        content, codec = _bytes_of(source)
        start = len(_BOM) if content[: len(_BOM)].tobytes() == _BOM else 0
        header = _header(content, start, codec)
        wanted = np.array(_columns(header, key, source.name), dtype=np.int64)
        n_lines = int(np.count_nonzero(content == NEWLINE)) + 1
        ends, counts = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
        bounds = np.empty((n_lines, len(wanted), 2), np.int64)
        n_records = split(content, start, wanted, ends, counts, bounds)
        if n_records < 0:
            raise ImportRefusedError(f"{source.name}: the quotation mark of row {-1 - n_records} stays open")
        n_missing = len(header) - counts[:n_records]
        for row in np.flatnonzero(n_missing < 0)[:1].tolist():
            raise ImportRefusedError(
                f"{source.name}: row {row} has {counts[row]} fields, the header has {len(header)}"
            )
        is_short = n_missing > 0
        bounds[:n_records][is_short] = ends[:n_records][is_short, None, None]  # no field that can be read
        return cls(content, codec, ends[:n_records], bounds[:n_records], n_missing)

    def numbers(self, place: int) -> NDArray[np.float64]:
        """Return one wanted field of each data record as float64, NaN where it is no number."""
        # Fields and what lies between them share the bytes of the file; every other one is a field.
        bounds = self.bounds[1:, place].reshape(-1)
        fields = _slices(self.content, bounds).take(pa.array(np.arange(0, len(bounds) - 1, 2)))
        try:
            numbers = fields.cast(pa.string()).cast(pa.float64())
        except pa.ArrowInvalid:  # some are none, or stand in quotes or blanks
            plain = pc.struct_field(pc.extract_regex(fields, _NUMBER), "number")
            numbers = plain.cast(pa.string()).cast(pa.float64())
        return np.array(numbers, dtype=np.float64)

    def filled(self, key: str, units: list[str], found: NDArray[np.int32]) -> tuple[pa.Buffer, bytes]:
        """Return the bytes of the table with the key of the unit found in each record, in two pieces."""
        cuts = np.column_stack([self.ends, self.ends])
        plain = [
            ("," + _field(key)).encode(),
            b",",
            *(("," + _field(unit)).encode(self.codec) for unit in units),
        ]
        short = [b"," * (1 + n_missing) for n_missing in range(1, int(self.n_missing.max()) + 1)]
        choice = np.where(self.n_missing > 0, len(plain) - 1 + self.n_missing, np.append([0], found + 2))
        wanted = pa.array([*plain, *short], pa.large_binary()).take(pa.array(choice))
        edges = np.concatenate([[0], cuts.reshape(-1), [len(self.content)]])
        kept = _slices(self.content, edges).take(pa.array(np.arange(0, len(edges) - 2, 2)))
        joined = pc.binary_join_element_wise(kept, wanted, pa.scalar(b"", pa.large_binary()))
        return joined.buffers()[2], self.content[cuts[-1, 1] :].tobytes()


def _bytes_of(source: Path) -> tuple[NDArray[np.uint8], str]:
    """Return the text of a file and its encoding; UTF-16, where a comma is two bytes, as UTF-8."""
    with delivered(source) as delivery:
        if delivery.kind != "text":
            raise ImportRefusedError(f"{source.name} is {delivery.kind}; wanted a CSV with lon and lat")
        encoding = encoding_of_text(delivery.path, source.name)
        if encoding.codec != "utf-16":
            return np.fromfile(delivery.path, dtype=np.uint8), encoding.codec.removesuffix("-sig")
        return np.frombuffer(b"".join(utf8_chunks(delivery.path, encoding)), dtype=np.uint8), "utf-8"


def _header(content: NDArray[np.uint8], start: int, codec: str) -> list[str]:
    """Return the fields of the first record."""
    end, count = np.zeros(1, np.int64), np.zeros(1, np.int64)
    if split(content, start, np.empty(0, np.int64), end, count, np.empty((1, 0, 2), np.int64)) < 1:
        return []
    return next(csv.reader([content[start : end[0]].tobytes().decode(codec)]))


def _columns(header: list[str], key: str, name: str) -> list[int]:
    """Return the places of lon and lat; refuse a table that has the column to be written."""
    plain = [field.strip().lower() for field in header]
    for wanted in COORDINATES:
        if plain.count(wanted) != 1:
            came = f"{plain.count(wanted)} columns" if wanted in plain else "no column"
            raise ImportRefusedError(
                f"{name} has {came} {wanted!r}; it has {', '.join(header) or 'no header'}"
            )
    if key.lower() in plain:
        raise ImportRefusedError(
            f"{name} has a column {key!r} already; rename or remove it, its values would be lost"
        )
    return [*map(plain.index, COORDINATES)]


def _slices(content: NDArray[np.uint8], edges: NDArray[np.int64]) -> pa.Array:
    """Return the bytes between neighbouring edges as one Arrow array, without a copy."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(edges)), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.large_binary(), max(len(edges) - 1, 0), buffers)


def _points(
    table: _Table, crs: CRSName
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return lon, lat degrees of the data records and which of them lie on Earth."""
    lon, lat = table.numbers(0), table.numbers(1)
    is_readable = np.isfinite(lon) & np.isfinite(lat)
    if crs.is_wgs84 or crs.is_shifted:
        is_readable &= (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    lon[is_readable], lat[is_readable] = to_wgs84(lon[is_readable], lat[is_readable], crs)
    with np.errstate(invalid="ignore"):
        is_readable &= (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    return lon, lat, is_readable


def _field(text: str) -> str:
    """Return a text as a CSV field, in quotes where it needs them."""
    if not any(mark in text for mark in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _write(pieces: tuple[pa.Buffer, bytes], target: Path) -> None:
    try:
        with DurableFile(target) as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise StorageError(f"{target} could not be written: {error.strerror}") from error
