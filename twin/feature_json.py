"""GeoJSON Features as bytes, made for many rows at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin import _feature_json as kernels
from twin.buffers import flags_of
from twin.ragged import RaggedGeometry

_CHUNK_ROWS = 8192  # slots of one chunk stay in the processor's cache
_HEAD = np.frombuffer(b'{"type":"Feature","id":', dtype=np.uint8)
_TYPES = {"point": "Point", "line": "LineString", "polygon": "Polygon"}
_TAILS = (b'"properties":{', b'},"properties":{', b'},"properties":{')
_FRAME_BYTES = 128  # everything of a feature that is neither coordinate nor property
_MAX_ID_BYTES = 20
_ISO_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def feature_json(
    feature_ids: pa.Array, properties: Mapping[str, pa.Array], geometry: RaggedGeometry | None
) -> pa.Array:
    """Return each row as the bytes of a GeoJSON Feature (RFC 7946).

    Parameters
    ----------
    feature_ids : pyarrow.Array of int64, length n
        Written as numbers.
    properties : mapping of str to pyarrow.Array, each of length n
        Text, whole and real numbers, truth values, timestamps. Null, NaN, infinity and lists are left out.
    geometry : RaggedGeometry or None, n features
        lon, lat degrees, written with up to seven decimals (1 cm).

    Returns
    -------
    pyarrow.Array of large_binary, length n

    Examples
    --------
    >>> point = RaggedGeometry("point", np.array([[120.04, 28.89]]))
    >>> feature_json(pa.array([7]), {"name": pa.array(["丽州"])}, point)[0].as_py().decode()
    '{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[120.04,28.89]},"properties":{"name":"丽州"}}'
    """
    chunks = []
    for start in range(0, len(feature_ids), _CHUNK_ROWS):
        stop = min(start + _CHUNK_ROWS, len(feature_ids))
        columns = {name: column.slice(start, stop - start) for name, column in properties.items()}
        part = None if geometry is None else geometry.take(np.arange(start, stop))
        chunks.append(_features(feature_ids.slice(start, stop - start), columns, part))
    return pa.concat_arrays(chunks) if chunks else pa.array([], pa.large_binary())


def _features(
    feature_ids: pa.Array, properties: Mapping[str, pa.Array], geometry: RaggedGeometry | None
) -> pa.Array:
    n = len(feature_ids)
    shown = {name: column for name, column in properties.items() if not pa.types.is_nested(column.type)}
    columns = [_Column(name, column) for name, column in shown.items()]
    widths = np.full(n, _FRAME_BYTES + _MAX_ID_BYTES, dtype=np.int64)
    for column in columns:
        widths += column.widths()
    if geometry is not None:
        widths += _geometry_widths(geometry)
    ends = np.cumsum(widths)
    starts = ends - widths
    out = np.empty(int(ends[-1]), dtype=np.uint8)
    cursor = starts.copy()
    kernels.append_values(out, cursor, _HEAD, *_content(feature_ids.cast(pa.string())))
    _append_geometry(out, cursor, geometry)
    for column in columns:
        column.append(out, cursor)
    dense, offsets = kernels.closed_up(out, starts, cursor)
    return pa.Array.from_buffers(pa.large_binary(), n, [None, pa.py_buffer(offsets), pa.py_buffer(dense)])


class _Column:
    """One property column turned into text, with its key in front."""

    def __init__(self, name: str, column: pa.Array) -> None:
        self._key = np.frombuffer(orjson.dumps(name) + b":", dtype=np.uint8)
        kind = column.type
        self._is_quoted = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if pa.types.is_timestamp(kind):
            column, self._is_quoted = pc.strftime(column, format=_ISO_FORMAT), True
        elif pa.types.is_floating(kind):
            column = pc.if_else(pc.is_finite(column), column, None)
        self._content, self._offsets, self._is_valid = _content(column.cast(pa.large_string()))

    def widths(self) -> NDArray[np.int64]:
        """Return how many bytes the column may take in each row."""
        if self._is_quoted:
            lengths = kernels.escaped_lengths(self._content, self._offsets) + 2
        else:
            lengths = np.diff(self._offsets)
        return np.asarray(lengths + (len(self._key) + 1), dtype=np.int64)

    def append(self, out: NDArray[np.uint8], cursor: NDArray[np.int64]) -> None:
        """Write the column into the slot of every row that has a value."""
        write = kernels.append_texts if self._is_quoted else kernels.append_values
        write(out, cursor, self._key, self._content, self._offsets, self._is_valid)


def _content(text: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Return bytes, offsets (n + 1,) and validity (n,) of a text array."""
    text = text.cast(pa.large_string())
    _, offsets, content = text.buffers()
    places = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    # An array of nulls alone may come without a content buffer.
    raw = np.frombuffer(content, np.uint8) if content is not None and content.size else np.zeros(1, np.uint8)
    raw.flags.writeable = False
    return raw, places, flags_of(text.is_valid())


def _geometry_widths(geometry: RaggedGeometry) -> NDArray[np.int64]:
    """Return how many bytes the coordinates of each row may take."""
    starts = geometry.starts
    widths = np.diff(starts).astype(np.int64) * kernels.COORDINATE_BYTES
    if geometry.offsets:
        features = geometry.offsets[-1]
        rings = features if geometry.kind == "line" else geometry.offsets[1][features]
        widths += (np.diff(features) + np.diff(rings)) * kernels.PART_BYTES
    return widths


def _append_geometry(
    out: NDArray[np.uint8], cursor: NDArray[np.int64], geometry: RaggedGeometry | None
) -> None:
    if geometry is None:
        form = np.zeros(len(cursor), dtype=np.int64)
        kind = "Point"
    else:
        kind = _TYPES[geometry.kind]
        if geometry.offsets:
            form = np.minimum(np.diff(geometry.offsets[-1]), 2).astype(np.int64)
        else:
            form = (~np.isnan(geometry.coords[:, 0])).astype(np.int64)
    head = '"geometry":{{"type":"{}","coordinates":'.format
    heads = (b'"geometry":null,', head(kind).encode(), head(f"Multi{kind}").encode())
    kernels.append_choice(out, cursor, form, *_literals(heads))
    if geometry is not None and geometry.kind == "point":
        kernels.append_points(out, cursor, geometry.coords)
    elif geometry is not None:
        write = kernels.append_lines if geometry.kind == "line" else kernels.append_polygons
        write(out, cursor, geometry.coords, *geometry.offsets)
    kernels.append_choice(out, cursor, form, *_literals(_TAILS))


def _literals(texts: tuple[bytes, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    offsets = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return np.frombuffer(b"".join(texts), dtype=np.uint8), offsets
