"""Geometry of many features as flat coordinates and offsets: the form in which it is stored and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin import _ragged
from twin.buffers import array_of, flags_of, values_of
from twin.errors import InvalidGeometryError

Kind = Literal["point", "line", "polygon"]
Bounds = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

_CHUNK_ROWS = 65_536  # shapely objects alive at once
_POINT_WKB_BYTES = 21
_POINT_HEADER = np.frombuffer(b"\x01\x01\x00\x00\x00", dtype=np.uint8)  # little endian, type Point
_FAMILIES: dict[Kind, tuple[shapely.GeometryType, shapely.GeometryType]] = {
    "point": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
    "line": (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING),
    "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
}
_DEPTH: dict[Kind, int] = {"point": 0, "line": 2, "polygon": 3}


@dataclass(frozen=True, slots=True)
class RaggedGeometry:
    """Coordinates of n features and where each part begins, exactly as ``shapely.to_ragged_array`` gives.

    Parameters
    ----------
    kind : {"point", "line", "polygon"}
        One family; lines and polygons are multi-part throughout.
    coords : ndarray of float64, shape (m, 2)
        lon, lat degrees. A point without place is NaN.
    offsets : tuple of ndarray of int
        Innermost first. Points: none. Lines: coordinates of each part, parts of each feature.
        Polygons: coordinates of each ring, rings of each part, parts of each feature. A feature
        without place has no part.
    """

    kind: Kind
    coords: NDArray[np.float64]
    offsets: tuple[NDArray[np.int64], ...] = ()

    def __len__(self) -> int:
        return len(self.offsets[-1]) - 1 if self.offsets else len(self.coords)

    @property
    def starts(self) -> NDArray[np.int64]:
        """First coordinate of each feature, and one past the last; shape (n + 1,)."""
        if not self.offsets:
            return np.arange(len(self.coords) + 1)
        starts = self.offsets[-1]
        for inner in reversed(self.offsets[:-1]):
            starts = inner[starts]
        return starts

    def bounds(self) -> Bounds:
        """Return xmin, ymin, xmax, ymax of each feature, degrees; NaN without place.

        Returns
        -------
        tuple of four ndarray of float64, shape (n,)
            Views of the coordinates for points.

        Examples
        --------
        >>> RaggedGeometry("point", np.array([[120.0, 29.0]])).bounds()[1].tolist()
        [29.0]
        """
        if self.kind == "point":
            x, y = self.coords[:, 0], self.coords[:, 1]
            return x, y, x, y
        xmin, ymin, xmax, ymax = _ragged.bounds(self.coords, self.starts)
        return xmin, ymin, xmax, ymax

    def representative_points(self) -> NDArray[np.float64]:
        """Return a point of each feature: itself, the middle vertex of a line, a place inside a polygon.

        Returns
        -------
        ndarray of float64, shape (n, 2)
            lon, lat degrees; NaN without place. The same for the same coordinates, always.
        """
        if self.kind == "point":
            return self.coords
        if self.kind == "line":
            return _ragged.middle_vertices(self.coords, self.starts)
        rings, polygons, features = self.offsets
        return _ragged.interior_points(self.coords, rings, polygons[features])

    def take(self, rows: NDArray[np.int64]) -> RaggedGeometry:
        """Return the features at these positions, in this order.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)
            Positions.

        Returns
        -------
        RaggedGeometry
        """
        picked: list[NDArray[np.int64]] = []
        for offsets in reversed(self.offsets):
            first, count = offsets[rows], offsets[rows + 1] - offsets[rows]
            picked.append(np.concatenate([np.zeros(1, count.dtype), np.cumsum(count, dtype=count.dtype)]))
            rows = np.repeat(first - picked[-1][:-1], count) + np.arange(picked[-1][-1])
        return RaggedGeometry(self.kind, self.coords[rows], tuple(reversed(picked)))

    def with_unplaced(self, n_rows: int) -> RaggedGeometry:
        """Return ``n_rows`` features: these, then features without place.

        Parameters
        ----------
        n_rows : int
            At least the present number.

        Returns
        -------
        RaggedGeometry
        """
        n_more = n_rows - len(self)
        if not n_more:
            return self
        if not self.offsets:
            return RaggedGeometry(self.kind, np.concatenate([self.coords, np.full((n_more, 2), np.nan)]))
        outermost = np.concatenate([self.offsets[-1], np.repeat(self.offsets[-1][-1:], n_more)])
        return RaggedGeometry(self.kind, self.coords, (*self.offsets[:-1], outermost))

    def to_shapely(self) -> NDArray[np.object_]:
        """Return shapely geometries; single-part features as simple types, features without place as None.

        Returns
        -------
        ndarray of shapely geometry, shape (n,)
        """
        shapes = np.full(len(self), None, dtype=object)
        if self.kind == "point":
            placed = ~np.isnan(self.coords[:, 0])
            shapes[placed] = shapely.points(self.coords[placed])
            return shapes
        simple = _FAMILIES[self.kind][0]
        *inner, features = self.offsets
        parts = shapely.from_ragged_array(simple, self.coords, tuple(inner))
        n_parts = np.diff(features)
        shapes[n_parts == 1] = parts[features[:-1][n_parts == 1]]
        many = np.flatnonzero(n_parts > 1)
        if len(many):
            owners = np.repeat(np.arange(len(shapes)), n_parts)
            collect = shapely.multilinestrings if self.kind == "line" else shapely.multipolygons
            is_of_many = n_parts[owners] > 1
            collected = collect(parts[is_of_many], indices=np.searchsorted(many, owners[is_of_many]))
            shapes[many] = collected
        return shapes

    def to_wkb(self) -> pa.Array:
        """Return WKB (little endian, two-dimensional) of each feature, null without place.

        Returns
        -------
        pyarrow.Array of binary, length n
        """
        if self.kind != "point":
            return pa.array(shapely.to_wkb(self.to_shapely(), byte_order=1), type=pa.binary())
        content = np.empty((len(self), _POINT_WKB_BYTES), dtype=np.uint8)
        content[:, :5] = _POINT_HEADER
        content[:, 5:] = np.ascontiguousarray(self.coords).view(np.uint8)
        offsets = np.arange(len(self) + 1, dtype=np.int32) * _POINT_WKB_BYTES
        return pa.Array.from_buffers(
            pa.binary(),
            len(self),
            [_validity(~np.isnan(self.coords[:, 0])), pa.py_buffer(offsets), pa.py_buffer(content)],
        )

    def to_arrow(self) -> pa.Array:
        """Return the features as a GeoArrow array of interleaved coordinates, sharing memory.

        Returns
        -------
        pyarrow.Array, length n
            ``fixed_size_list<double>[2]`` nested in two (lines) or three (polygons) lists. Offsets are
            64 bits wide where 32 do not suffice.
        """
        values = pa.FixedSizeListArray.from_arrays(array_of(self.coords.reshape(-1)), 2)
        for depth, offsets in enumerate(self.offsets):
            wide = offsets[-1] > np.iinfo(np.int32).max
            kind = pa.LargeListArray if wide else pa.ListArray
            places = array_of(offsets.astype(np.int64 if wide else np.int32, copy=False))
            mask = None
            if depth == len(self.offsets) - 1 and len(self) and (np.diff(offsets) == 0).any():
                mask = pa.array(np.diff(offsets) == 0)
            values = kind.from_arrays(places, values, mask=mask)
        return values

    @classmethod
    def from_arrow(cls, kind: Kind, column: pa.Array) -> RaggedGeometry:
        """Return the features of a GeoArrow array as :meth:`to_arrow` makes it, without a copy.

        Parameters
        ----------
        kind : {"point", "line", "polygon"}
            Family of the array.
        column : pyarrow.Array
            Not sliced.

        Returns
        -------
        RaggedGeometry
        """
        offsets: list[NDArray[np.int64]] = []
        for _ in range(_DEPTH[kind]):
            offsets.append(values_of(column.offsets))
            column = column.values
        coords = values_of(column.values).reshape(-1, 2)
        return cls(kind, coords, tuple(reversed(offsets)))


def _validity(valid: NDArray[np.bool_]) -> pa.Buffer | None:
    """Return an Arrow validity bitmap, None where everything is valid."""
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


def read_wkb(column: pa.ChunkedArray, kind: Kind) -> tuple[RaggedGeometry, NDArray[np.int64]]:
    """Return the geometry of a WKB column and the rows that have one.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of binary
        WKB or EWKB, lon, lat degrees; further dimensions are dropped. Null and empty are without place.
    kind : {"point", "line", "polygon"}
        The family every geometry must belong to.

    Returns
    -------
    geometry : RaggedGeometry
        Only the features that have a place.
    rows : ndarray of int64
        Their rows in the column, ascending.

    Raises
    ------
    InvalidGeometryError
        If a geometry is broken, of another family, a multipoint of several points, or lies off the Earth;
        the first such row is named.

    Examples
    --------
    >>> wkb = pa.chunked_array([[shapely.to_wkb(shapely.Point(120, 29)), None]], pa.binary())
    >>> geometry, rows = read_wkb(wkb, "point")
    >>> geometry.coords.tolist(), rows.tolist()
    ([[120.0, 29.0]], [0])
    """
    pieces: list[RaggedGeometry] = []
    rows: list[NDArray[np.int64]] = []
    for first, chunk in _chunks(column):
        simple = _read_points(chunk) if kind == "point" else None
        geometry, placed = simple if simple is not None else _read_shapes(chunk, kind, first)
        _check_on_earth(geometry, placed + first)
        pieces.append(geometry)
        rows.append(placed + first)
    if not pieces:
        empty = tuple(np.zeros(1, np.int64) for _ in range(_DEPTH[kind]))
        return RaggedGeometry(kind, np.empty((0, 2)), empty), np.empty(0, np.int64)
    return _joined(pieces), np.concatenate(rows)


def _chunks(column: pa.ChunkedArray) -> Iterator[tuple[int, pa.Array]]:
    first = 0
    for chunk in column.chunks:
        for start in range(0, len(chunk), _CHUNK_ROWS):
            yield first + start, chunk.slice(start, _CHUNK_ROWS)
        first += len(chunk)


def _read_points(chunk: pa.Array) -> tuple[RaggedGeometry, NDArray[np.int64]] | None:
    """Return the points of a chunk that holds nothing but plain two-dimensional WKB points, else None."""
    placed: NDArray[np.int64] = np.flatnonzero(flags_of(chunk.is_valid()))
    wide = np.int64 if pa.types.is_large_binary(chunk.type) else np.int32
    _, offset_buffer, content_buffer = chunk.buffers()
    offsets = np.frombuffer(offset_buffer, wide)[chunk.offset : chunk.offset + len(chunk) + 1]
    lengths = np.diff(offsets)[placed]
    if not (lengths == _POINT_WKB_BYTES).all() or not len(placed):
        return None
    content = np.frombuffer(content_buffer, np.uint8)
    if len(placed) == len(chunk):
        wkb = content[offsets[0] : offsets[-1]].reshape(-1, _POINT_WKB_BYTES)
    else:
        wkb = content[offsets[placed].astype(np.int64)[:, None] + np.arange(_POINT_WKB_BYTES)]
    if not (wkb[:, :5] == _POINT_HEADER).all():
        return None
    coords = np.ascontiguousarray(wkb[:, 5:]).view("<f8")
    if np.isnan(coords).any():  # how WKB writes an empty point, or a mistake: the general reader tells
        return None
    return RaggedGeometry("point", coords), placed


def _read_shapes(chunk: pa.Array, kind: Kind, first: int) -> tuple[RaggedGeometry, NDArray[np.int64]]:
    """Return the geometries of a chunk through shapely."""
    wkb = chunk.to_numpy(zero_copy_only=False)
    try:
        with np.errstate(invalid="ignore"):  # NaN is told of below, with its row
            shapes = shapely.from_wkb(wkb)
    except shapely.errors.ShapelyError as error:
        row, reason = _first_broken(wkb)
        raise InvalidGeometryError(f"row {first + row}: the geometry is not valid WKB: {reason}") from error
    placed: NDArray[np.int64] = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    shapes = shapes[placed]
    types = shapely.get_type_id(shapes)
    wrong = np.flatnonzero(~np.isin(types, _FAMILIES[kind]))
    if len(wrong):
        came = shapes[wrong[0]].geom_type
        raise InvalidGeometryError(f"row {first + placed[wrong[0]]}: a {came} came, the layer holds {kind}s")
    if kind == "point":
        several = np.flatnonzero(shapely.get_num_geometries(shapes) > 1)
        if len(several):
            row = first + placed[several[0]]
            raise InvalidGeometryError(
                f"row {row}: a MultiPoint of several points came; one row per point is wanted"
            )
        shapes = shapely.get_geometry(shapes, 0)
    return _ragged_of(shapes, kind), placed


def _ragged_of(shapes: NDArray[np.object_], kind: Kind) -> RaggedGeometry:
    """Return shapely geometries of one family as multi-part arrays."""
    if not len(shapes):
        return RaggedGeometry(
            kind, np.empty((0, 2)), tuple(np.zeros(1, np.int64) for _ in range(_DEPTH[kind]))
        )
    found, coords, offsets = shapely.to_ragged_array(shapes, include_z=False)
    offsets = tuple(np.asarray(level, dtype=np.int64) for level in offsets or ())
    if found == _FAMILIES[kind][0] and kind != "point":
        offsets = (*offsets, np.arange(len(shapes) + 1))
    return RaggedGeometry(kind, coords, offsets)


def _first_broken(wkb: NDArray[np.object_]) -> tuple[int, str]:
    for row, one in enumerate(wkb):
        try:
            shapely.from_wkb(one)
        except shapely.errors.ShapelyError as error:
            return row, str(error)
    return 0, "unknown"


def _check_on_earth(geometry: RaggedGeometry, rows: NDArray[np.int64]) -> None:
    x, y = geometry.coords[:, 0], geometry.coords[:, 1]
    off = ~((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0))
    if off.any():
        first = int(np.argmax(off))
        row = rows[np.searchsorted(geometry.starts, first, side="right") - 1]
        raise InvalidGeometryError(
            f"row {row}: coordinates ({x[first]}, {y[first]}) are not longitude -180..180, latitude -90..90"
        )


def _joined(pieces: list[RaggedGeometry]) -> RaggedGeometry:
    """Return the features of all pieces, one after another."""
    coords = np.concatenate([piece.coords for piece in pieces])
    offsets = []
    for level in range(len(pieces[0].offsets)):
        parts = [np.zeros(1, np.int64)]
        for piece in pieces:
            parts.append(piece.offsets[level][1:] + parts[-1][-1])
        offsets.append(np.concatenate(parts))
    return RaggedGeometry(pieces[0].kind, coords, tuple(offsets))
