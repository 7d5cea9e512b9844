"""The hot columns of a layer version: all rows in cell order as one Arrow batch, with their block tree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from twin import _blocks
from twin.buffers import array_of, values_of
from twin.cells import cells_at
from twin.durable import DurableFile
from twin.feature_json import feature_json
from twin.layer_table import property_names
from twin.ragged import RaggedGeometry, read_wkb
from twin.schema import LayerSchema

SORT_RESOLUTION = 15
"""Cells of this resolution order the rows: neighbours on the ground are neighbours on disk."""

_METADATA_KEY = b"citytwin"
_CHUNK_ROWS = 65_536
_BLOCK_TYPE = pa.list_(pa.float64(), 4)

AreaLists = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]
"""Offsets (n + 1,), positions of areas, and the division ids those positions stand for."""


class AreaSource(Protocol):
    """What knows the divisions a feature lies in."""

    @property
    def tag(self) -> str:
        """Name of this very set of boundaries."""

    def assign(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> AreaLists:
        """Return the areas of points, degrees."""

    def assign_geometries(self, geometries: NDArray[np.object_]) -> AreaLists:
        """Return the areas of shapely lines or polygons, degrees."""


@dataclass(frozen=True, slots=True)
class SortedRows:
    """A layer table in cell order, features without place last.

    Parameters
    ----------
    table : pyarrow.Table, n rows
        Properties, and ``feature_id`` where ids came with the rows.
    geometry : RaggedGeometry or None, n features
    cells : ndarray of uint64, shape (n_placed, k)
        Cells of each placed row's representative point, computed at each resolution.
    resolutions : tuple of int, length k
    """

    table: pa.Table
    geometry: RaggedGeometry | None
    cells: NDArray[np.uint64]
    resolutions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HotColumns:
    """All rows of a version as one batch, what is known of them, and their block tree.

    Parameters
    ----------
    rows : pyarrow.RecordBatch, n rows
        ``feature_id``, properties, ``xmin`` to ``ymax`` (lines and polygons), ``cell_*``, ``areas``,
        ``geometry``, and where made ``feature_json`` and ``id_order``.
    blocks : ndarray of float64, shape (m, 4)
        Bounds of every 64 placed rows, then of every 64 of those.
    n_placed : int
        Rows with a place; they come first.
    resolutions : tuple of int
        Cell columns there are.
    properties : tuple of str
        Names of the property columns, in order.
    areas_tag : str
        Which boundaries ``areas`` was made with; empty while it is not.
    area_ids : tuple of int
        Division ids that ``areas`` points into.
    """

    rows: pa.RecordBatch
    blocks: NDArray[np.float64]
    n_placed: int
    resolutions: tuple[int, ...]
    properties: tuple[str, ...]
    areas_tag: str = ""
    area_ids: tuple[int, ...] = field(default=())


def sort_rows(schema: LayerSchema, table: pa.Table, resolutions: Sequence[int]) -> SortedRows:
    """Return the rows of a conformed table in the order of their res-15 cells; equal cells keep their order.

    Parameters
    ----------
    schema : LayerSchema
        The layer.
    table : pyarrow.Table
        As ``layer_table.conform`` returns it.
    resolutions : sequence of int
        H3 resolutions to keep a column of.

    Returns
    -------
    SortedRows
    """
    resolutions = tuple(resolutions)
    if schema.geometry == "none":
        return SortedRows(table, None, np.empty((0, len(resolutions)), np.uint64), resolutions)
    geometry, placed = read_wkb(table["geometry"], schema.geometry)
    cells, order = _cells_in_order(geometry.representative_points(), resolutions)
    rows = placed[order]
    if len(rows) < table.num_rows:
        is_unplaced = np.ones(table.num_rows, dtype=np.bool_)
        is_unplaced[placed] = False
        rows = np.concatenate([rows, np.flatnonzero(is_unplaced)])
    geometry = geometry.take(order).with_unplaced(table.num_rows)
    indices = array_of(rows)
    names = [name for name in table.column_names if name != "geometry"]
    columns = {name: table[name].combine_chunks().take(indices) for name in names}
    # A table of geometry alone would forget how many rows it has.
    columns.setdefault("feature_id", pa.nulls(table.num_rows, pa.int64()))
    return SortedRows(pa.table(columns), geometry, cells, resolutions)


def hot_columns(
    rows: SortedRows,
    feature_ids: NDArray[np.int64],
    areas: AreaSource | None = None,
    *,
    with_json: bool = True,
) -> HotColumns:
    """Return the batch that is mapped into memory, and its block tree.

    Parameters
    ----------
    rows : SortedRows
        The layer in cell order.
    feature_ids : ndarray of int64, shape (n,)
        Id of each row.
    areas : AreaSource, optional
        What stamps the divisions of each row; without it no row lies in any.
    with_json : bool
        Whether the GeoJSON of each feature is made now; otherwise it is made when asked for.

    Returns
    -------
    HotColumns
    """
    n_rows, n_placed = len(feature_ids), len(rows.cells)
    properties = property_names(rows.table)
    ids = array_of(feature_ids)
    columns: dict[str, pa.Array] = {"feature_id": ids}
    columns |= {name: _whole(rows.table[name]) for name in properties}
    blocks = np.empty((0, 4))
    if rows.geometry is not None:
        bounds = rows.geometry.bounds()
        blocks = _blocks.build(*bounds, n_placed)
        blocks.flags.writeable = False  # as mapped ones are
        if rows.geometry.kind != "point":
            columns |= dict(zip(("xmin", "ymin", "xmax", "ymax"), map(array_of, bounds), strict=True))
    for column, resolution in enumerate(rows.resolutions):
        cells = np.zeros(n_rows, dtype=np.uint64)
        cells[:n_placed] = rows.cells[:, column]
        columns[f"cell_{resolution}"] = array_of(cells)
    offsets, values, area_ids = _area_lists(rows.geometry, n_rows, n_placed, areas)
    columns["areas"] = pa.ListArray.from_arrays(array_of(offsets), array_of(values))
    if rows.geometry is not None:
        columns["geometry"] = rows.geometry.to_arrow()
    if with_json:
        columns["feature_json"] = feature_json(
            ids, {name: columns[name] for name in properties}, rows.geometry
        )
    if n_rows > 1 and (np.diff(feature_ids) < 0).any():
        columns["id_order"] = array_of(np.argsort(feature_ids))
    return HotColumns(
        pa.RecordBatch.from_arrays([*columns.values()], names=[*columns]),
        blocks,
        n_placed,
        rows.resolutions,
        tuple(properties),
        "" if areas is None else areas.tag,
        tuple(area_ids.tolist()),
    )


def write_hot_columns(columns: HotColumns, rows_file: DurableFile, blocks_file: DurableFile) -> None:
    """Write hot columns as two uncompressed Arrow files that can be mapped.

    Parameters
    ----------
    columns : HotColumns
    rows_file, blocks_file : DurableFile
        Open for writing.

    Raises
    ------
    OSError
        If the disk is full or fails.
    """
    about = {
        "n_placed": columns.n_placed,
        "resolutions": columns.resolutions,
        "properties": columns.properties,
        "areas_tag": columns.areas_tag,
        "area_ids": columns.area_ids,
    }
    schema = columns.rows.schema.with_metadata({_METADATA_KEY: orjson.dumps(about)})
    with pa.ipc.new_file(rows_file, schema) as writer:
        writer.write_batch(columns.rows.replace_schema_metadata(schema.metadata))
    bounds = pa.FixedSizeListArray.from_arrays(array_of(columns.blocks.reshape(-1)), type=_BLOCK_TYPE)
    tree = pa.RecordBatch.from_arrays([bounds], names=["bounds"])
    with pa.ipc.new_file(blocks_file, tree.schema) as writer:
        writer.write_batch(tree)


def map_hot_columns(rows_path: Path, blocks_path: Path) -> HotColumns:
    """Return hot columns mapped from their files; nothing is copied.

    Parameters
    ----------
    rows_path, blocks_path : Path
        Files of :func:`write_hot_columns`.

    Returns
    -------
    HotColumns

    Raises
    ------
    OSError
        If a file is missing.
    pyarrow.ArrowInvalid
        If a file is not such a file.
    """
    rows = pa.ipc.open_file(pa.memory_map(str(rows_path))).get_batch(0)
    tree = pa.ipc.open_file(pa.memory_map(str(blocks_path))).get_batch(0)
    about = orjson.loads(rows.schema.metadata[_METADATA_KEY])
    return HotColumns(
        rows,
        values_of(tree["bounds"].values).reshape(-1, 4),
        about["n_placed"],
        tuple(about["resolutions"]),
        tuple(about["properties"]),
        about["areas_tag"],
        tuple(about["area_ids"]),
    )


def _cells_in_order(
    points: NDArray[np.float64], resolutions: tuple[int, ...]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the sorted cells (n, k) of points, and the order that sorts them."""
    found = np.empty((len(points), len(resolutions) + 1), dtype=np.uint64, order="F")

    def compute(start: int) -> None:
        chunk = points[start : start + _CHUNK_ROWS]
        found[start : start + _CHUNK_ROWS] = cells_at(
            chunk[:, 0], chunk[:, 1], (*resolutions, SORT_RESOLUTION)
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compute, range(0, len(points), _CHUNK_ROWS)))
    order = np.argsort(found[:, -1], kind="stable")
    cells = np.empty((len(points), len(resolutions)), dtype=np.uint64, order="F")
    for column in range(len(resolutions)):
        np.take(found[:, column], order, out=cells[:, column])
    return cells, order


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _area_lists(
    geometry: RaggedGeometry | None, n_rows: int, n_placed: int, areas: AreaSource | None
) -> AreaLists:
    """Return the area lists of all rows; those without place have none."""
    if areas is None or geometry is None:
        return np.zeros(n_rows + 1, np.int32), np.empty(0, np.int32), np.empty(0, np.int64)
    counts = [np.empty(0, np.int32)]
    values = [np.empty(0, np.int32)]
    area_ids = np.empty(0, np.int64)
    for start in range(0, n_placed, _CHUNK_ROWS):
        rows = np.arange(start, min(start + _CHUNK_ROWS, n_placed))
        if geometry.kind == "point":
            offsets, found, area_ids = areas.assign(*np.ascontiguousarray(geometry.coords[rows].T))
        else:
            offsets, found, area_ids = areas.assign_geometries(geometry.take(rows).to_shapely())
        counts.append(np.diff(offsets))
        values.append(found)
    counts.append(np.zeros(n_rows - n_placed, np.int32))
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(np.concatenate(counts), dtype=np.int32)])
    return offsets, np.concatenate(values), area_ids
