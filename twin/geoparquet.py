"""Layers as GeoParquet files that any GIS reads."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from twin.buffers import array_of
from twin.durable import DurableFile
from twin.layer import Layer
from twin.ragged import Kind

ROW_GROUP_ROWS = 20_000
"""Small enough that a reader of one place skips nearly everything."""

_ZSTD_LEVEL = 1
_BOUNDS = ("xmin", "ymin", "xmax", "ymax")
_TYPE_NAMES: dict[Kind, list[str]] = {
    "point": ["Point"],
    "line": ["LineString", "MultiLineString"],
    "polygon": ["Polygon", "MultiPolygon"],
}


def write_geoparquet(layer: Layer, file: DurableFile) -> None:
    """Write a layer as GeoParquet 1.1: ids, properties, cells and WKB geometry in cell order.

    Parameters
    ----------
    layer : Layer
    file : DurableFile
        Open for writing. Row groups hold 20,000 rows; lines and polygons carry a ``bbox`` column whose
        statistics let readers skip row groups. Coordinates are OGC:CRS84 (lon, lat degrees).

    Raises
    ------
    OSError
        If the disk is full or fails.
    """
    plain = ["feature_id", *layer.columns, *(f"cell_{resolution}" for resolution in layer.resolutions)]
    first = _rows(layer, plain, 0)
    schema = first.schema
    if layer.schema.geometry != "none":
        schema = schema.with_metadata({b"geo": orjson.dumps(_about(layer))})
    texts = [field.name for field in schema if field.type in {pa.string(), pa.large_string(), pa.bool_()}]
    cells = [name for name in plain if name.startswith("cell_")]
    with pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        use_dictionary=[*texts, *cells],
        write_statistics=[*plain, *(f"bbox.{name}" for name in _BOUNDS if "bbox" in schema.names)],
    ) as writer:
        for start in range(0, layer.n_rows, ROW_GROUP_ROWS):
            writer.write_table(_rows(layer, plain, start), row_group_size=ROW_GROUP_ROWS)


def _rows(layer: Layer, plain: list[str], start: int) -> pa.Table:
    """Return the rows of one row group."""
    rows = np.arange(start, min(start + ROW_GROUP_ROWS, layer.n_rows))
    if layer.schema.geometry == "none":
        return layer.table(rows, plain)
    table = layer.table(rows, [*plain, "geometry"])
    if layer.schema.geometry == "point":
        return table
    bounds = [array_of(values[start : start + ROW_GROUP_ROWS]) for values in layer.bounds]
    return table.append_column("bbox", pa.StructArray.from_arrays(bounds, names=_BOUNDS))


def _about(layer: Layer) -> dict[str, object]:
    """Return the ``geo`` member of the file metadata."""
    kind = layer.geometry_arrays().kind
    column: dict[str, object] = {"encoding": "WKB", "geometry_types": _TYPE_NAMES[kind]}
    if layer.bbox is not None:
        column["bbox"] = layer.bbox
    if kind != "point":
        column["covering"] = {"bbox": {name: ["bbox", name] for name in _BOUNDS}}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
