"""Map files of every kind that GDAL reads: their attributes, shapes and CRS."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any
from xml.parsers import expat  # a document type was refused before, so nothing can expand

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from layers.delivery import Delivery
from layers.encodings import encoding_of_dbf
from layers.source_table import SourceTable
from layers.values import MOMENT, beijing_moments
from twin.errors import ImportRefusedError

MAX_WARNINGS = 3

_OFFLINE = {"GML_DOWNLOAD_SCHEMA": "NO"}
"""GDAL would fetch the schema that a GML file names from its host."""


def read_map_file(delivery: Delivery, layer: str) -> SourceTable:
    """Return the features of a map file.

    Parameters
    ----------
    delivery : Delivery
        Of any kind but ``text``.
    layer : str
        Which layer to read where the file holds several.

    Returns
    -------
    SourceTable
        Columns are string, int64, float64, bool or timestamp[ms, UTC].

    Raises
    ------
    ImportRefusedError
        If the file is cut off or damaged, holds no feature, or several layers none of
        which has that name.
    """
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

    if delivery.kind in {"gml", "kml"}:
        _refuse_broken_xml(delivery)
    encoding = encoding_of_dbf(delivery.path, delivery.name) if delivery.kind == "shapefile" else None
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            pyogrio.set_gdal_config_options(_OFFLINE)
            chosen = _chosen_layer(pyogrio.list_layers(delivery.path), layer, delivery.name)
            meta, table = pyogrio.raw.read_arrow(
                delivery.path,
                layer=chosen,
                encoding=encoding.codec if encoding else None,
            )
    except (
        DataSourceError,
        DataLayerError,
        FeatureError,
        FieldError,
        GeometryError,
        pa.ArrowException,
        OSError,
        IndexError,  # how pyogrio answers a FlatGeobuf without features
        UnicodeDecodeError,
    ) as error:
        raise ImportRefusedError(
            f"{delivery.name} is no readable {delivery.kind}: cut off, damaged or empty ({_one_line(error)})"
        ) from error
    notes = [encoding.note] if encoding and encoding.note else []
    said = list(dict.fromkeys(_one_line(warning.message) for warning in caught))
    notes += [f"GDAL says: {sentence}" for sentence in said[:MAX_WARNINGS]]
    if not table.num_rows:
        raise ImportRefusedError(f"{delivery.name} holds no feature")
    return _source_table(meta, table, notes)


def _source_table(meta: dict[str, Any], table: pa.Table, notes: list[str]) -> SourceTable:
    """Return what GDAL read with plain types and shapely geometries."""
    name = meta["geometry_name"] or "wkb_geometry"
    shapes: NDArray[np.object_] = np.full(table.num_rows, None, dtype=object)
    unread: NDArray[np.object_] = np.full(table.num_rows, None, dtype=object)
    if name in table.column_names:
        wkb = table[name]
        shapes = shapely.from_wkb(wkb.to_numpy(), on_invalid="fix")
        unread[wkb.is_valid().to_numpy() & shapely.is_missing(shapes)] = "curves or broken rings"
        table = table.drop_columns([name])
    columns: dict[str, pa.ChunkedArray] = {}
    for column in table.column_names:
        plain, said = _plain(table[column])
        notes += [f"{column}: {sentence}" for sentence in said]
        if plain is not None:
            columns[column] = plain
    numbers = np.arange(1, table.num_rows + 1)
    return SourceTable(pa.table(columns), numbers, shapes, unread, meta["crs"] or "", notes=tuple(notes))


def _plain(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray | None, tuple[str, ...]]:
    """Return a column in one of our five types and what was done; None where there is none for it."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    kind = column.type
    if pa.types.is_boolean(kind):
        return column, ()
    if pa.types.is_integer(kind):
        return column.cast(pa.int64()), ()
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.float64()), ()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _valid_text(column)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return column.cast(MOMENT, safe=False), ()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        parsed = beijing_moments(column.combine_chunks())
        return pa.chunked_array([parsed.values]), parsed.notes
    if pa.types.is_time(kind):
        return column.cast(pa.string()), ()
    if pa.types.is_list(kind) or pa.types.is_struct(kind):
        texts = [
            None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist()
        ]
        return pa.chunked_array([pa.array(texts, pa.string())]), ("lists kept as JSON text",)
    return None, (f"values of type {kind} cannot be kept: column left out",)


def _valid_text(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Return text that is whole UTF-8; a character cut by a field's width is taken off."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        texts = [None if value is None else value.decode("utf-8", errors="ignore") for value in raw]
        return pa.chunked_array([pa.array(texts, pa.string())]), ("cut-off last characters taken off",)
    return column.cast(pa.string()), ()


def _chosen_layer(layers: NDArray[np.object_], wanted: str, name: str) -> str:
    """Return the layer to read: the only one, the only one with shapes, or the one of that name."""
    names = [str(layer) for layer in layers[:, 0]]
    with_shapes = [str(layer) for layer, kind in layers if kind is not None]
    if wanted in names:
        return wanted
    for found in (names, with_shapes):
        if len(found) == 1:
            return found[0]
    if not names:
        raise ImportRefusedError(f"{name} holds no layer")
    raise ImportRefusedError(
        f"{name} holds {len(names)} layers and none is called {wanted!r}: {', '.join(names[:8])}; "
        "import one by that name or send it alone"
    )


def _refuse_broken_xml(delivery: Delivery) -> None:
    """Refuse XML that does not end: GDAL would read it as far as it goes without a word."""
    parser = expat.ParserCreate()
    with Path(delivery.path).open("rb") as file:
        try:
            parser.ParseFile(file)
        except expat.ExpatError as error:
            raise ImportRefusedError(f"{delivery.name} is cut off or damaged XML ({error})") from error


def _one_line(message: object) -> str:
    return " ".join(str(message).split())[:300]
