"""``twin locate``: a table of points in, the same table with the unit each point lies in out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.csv_table import CsvTable
from api.outputs import refuse_overwriting
from twin.city import City
from twin.crs import CRSName, parse_crs, to_wgs84
from twin.division_rows import LEVELS, CodeLayout, read_divisions
from twin.divisions import CHINA_TIME
from twin.errors import InvalidLayerError
from twin.grid_index import GridIndex

COORDINATES = ("lon", "lat")


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
        key's name already, or is the target too.
    InvalidCRSError
        If the CRS is unknown, or needs a conversion that this city does not make.
    InvalidLayerError
        If the layer holds no polygons or has no key.
    UnknownLayerError
        If there is no such layer.
    StorageError
        If the target cannot be written; nothing is left of it then.
    """
    refuse_overwriting(source, [target])
    name = parse_crs(crs)
    city.config.refuse_conversion(name)
    key, units, index = _index_of(city, layer)
    table = CsvTable.read(source, COORDINATES, [key])
    lon, lat, is_readable = _points(table, name)
    found = np.full(len(lon), -1, dtype=np.int32)
    found[is_readable] = index.lookup(lon[is_readable], lat[is_readable])
    fields = table.encoded(pa.array(["", *units], pa.string()))
    table.write(target, [key], fields.take(pa.array(found + 1)))
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


def _points(
    table: CsvTable, crs: CRSName
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
