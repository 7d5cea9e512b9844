"""Shapes as they come made fit for a layer: one family, two dimensions, valid, or their row rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from layers.ledger import RowLedger
from twin.schema import Geometry

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

_FAMILY = {
    "Point": "point",
    "MultiPoint": "point",
    "LineString": "line",
    "LinearRing": "line",
    "MultiLineString": "line",
    "Polygon": "polygon",
    "MultiPolygon": "polygon",
}
_TYPES: dict[Geometry, tuple[int, ...]] = {
    "point": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
    "line": (
        shapely.GeometryType.LINESTRING,
        shapely.GeometryType.LINEARRING,
        shapely.GeometryType.MULTILINESTRING,
    ),
    "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
}
_COLLECT: dict[Geometry, Callable[[Shapes], shapely.Geometry]] = {
    "point": shapely.multipoints,
    "line": shapely.multilinestrings,
    "polygon": shapely.multipolygons,
}
_POINT_WKB = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])


def family_of(shapes: Shapes) -> Geometry:
    """Return the family that most shapes belong to, ``none`` where there is no shape.

    Parameters
    ----------
    shapes : ndarray of shapely geometries, shape (n,)

    Returns
    -------
    {"point", "line", "polygon", "none"}
    """
    types = Counter(shapely.get_type_id(shapes).tolist())
    counts: dict[Geometry, int] = {
        family: sum(types[int(kind)] for kind in kinds) for family, kinds in _TYPES.items()
    }
    best = max(counts, key=lambda family: counts[family])
    return best if counts[best] else "none"


def shapes_of_wkt(text: pa.Array) -> tuple[Shapes, Shapes, str]:
    """Return shapes of well-known text, and the CRS that an ``SRID=`` before them names.

    Parameters
    ----------
    text : pyarrow.Array of string, shape (n,)

    Returns
    -------
    shapes : ndarray of shapely geometries, shape (n,)
        None where nothing stood or what stood is no geometry.
    unread : ndarray of str or None, shape (n,)
        What stood where it is no geometry.
    crs : str
        ``EPSG:n`` where all texts that have an SRID have the same one, else empty.

    Examples
    --------
    >>> shapes, unread, crs = shapes_of_wkt(pa.array(["SRID=4549;POINT (5 6)", "POINT (5)", None]))
    >>> shapes[0].wkt, unread.tolist(), crs
    ('POINT (5 6)', [None, 'POINT (5)', None], 'EPSG:4549')
    """
    parts = pc.extract_regex(text, r"(?s)^(?:SRID=(?P<srid>\d+)\s*;)?(?P<wkt>.*)$")
    srids = set(pc.unique(pc.struct_field(parts, "srid")).to_pylist()) - {None, ""}
    texts: Shapes = text.to_numpy(zero_copy_only=False)
    shapes: Shapes = shapely.from_wkt(
        pc.struct_field(parts, "wkt").to_numpy(zero_copy_only=False), on_invalid="ignore"
    )
    is_unread = shapely.is_missing(shapes) & text.is_valid().to_numpy(zero_copy_only=False)
    unread = _without(texts, ~is_unread)
    return shapes, unread, f"EPSG:{srids.pop()}" if len(srids) == 1 else ""


def cleaned(
    shapes: Shapes, family: Geometry, field: str, ledger: RowLedger, *, repairs: bool = True
) -> Shapes:
    """Return shapes of one family, two-dimensional, finite and valid; the rest is rejected.

    Parameters
    ----------
    shapes : ndarray of shapely geometries, shape (n,)
        None where a row has none; an empty one counts as none.
    family : {"point", "line", "polygon"}
        What the layer holds. A collection of nothing else becomes one multi-part shape.
    field : str
        What to call the shape in the report.
    ledger : RowLedger
    repairs : bool
        Whether polygons that cross themselves are made valid; otherwise they stay as they were drawn.

    Returns
    -------
    ndarray of shapely geometries, shape (n,)
    """
    shapes = _without(shapes, shapely.is_empty(shapes))
    has_heights = shapely.has_z(shapes) | shapely.has_m(shapes)
    if has_heights.any():
        ledger.note(f"heights (Z) or measures (M) dropped in {int(has_heights.sum()):,} rows")
        shapes = shapely.force_2d(shapes)
    _reject_infinite(shapes, field, ledger)
    shapes = _parts_of_family(shapes, family)
    wrong = ~shapely.is_missing(shapes) & ~np.isin(shapely.get_type_id(shapes), _TYPES[family])
    came: Shapes = np.full(len(shapes), "", dtype=object)
    came[wrong] = [shape.geom_type for shape in shapes[wrong]]
    reason = f"is no {family}, which is what the layer holds: row rejected"
    ledger.reject(wrong, field, came, reason, "send each family as a layer of its own")
    shapes = _without(shapes, wrong)
    if family == "point":
        return _single_points(shapes, field, ledger)
    if family == "line":
        return _real_lines(shapes, field, ledger)
    return _valid_polygons(shapes, field, ledger) if repairs else shapes


def moved(shapes: Shapes, move: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Shapes:
    """Return shapes whose every vertex was moved.

    Parameters
    ----------
    shapes : ndarray of shapely geometries, shape (n,)
    move : callable
        Takes x, y and returns the new x, y, each shape (m,).

    Returns
    -------
    ndarray of shapely geometries, shape (n,)
    """
    coords = shapely.get_coordinates(shapes)
    there: Shapes = shapely.set_coordinates(shapes.copy(), np.column_stack(move(coords[:, 0], coords[:, 1])))
    return there


def point_wkb(x: Floats, y: Floats) -> pa.Array:
    """Return points as WKB, null where a coordinate is NaN.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)

    Returns
    -------
    pyarrow.Array of binary, shape (n,)

    Examples
    --------
    >>> shapely.from_wkb(point_wkb(np.array([120.0]), np.array([29.0]))[0].as_py()).wkt
    'POINT (120 29)'
    """
    is_placed = ~(np.isnan(x) | np.isnan(y))
    rows = np.empty(int(is_placed.sum()), dtype=_POINT_WKB)
    rows["order"], rows["kind"] = 1, shapely.GeometryType.POINT + 1
    rows["x"], rows["y"] = x[is_placed], y[is_placed]
    ends = np.cumsum(is_placed, dtype=np.int64) * _POINT_WKB.itemsize
    offsets = np.concatenate([[0], ends])
    is_wide = offsets[-1] > np.iinfo(np.int32).max
    kind, width = (pa.large_binary(), np.int64) if is_wide else (pa.binary(), np.int32)
    validity = pa.py_buffer(np.packbits(is_placed, bitorder="little").tobytes())
    buffers = [validity, pa.py_buffer(offsets.astype(width)), pa.py_buffer(rows)]
    return pa.Array.from_buffers(kind, len(x), buffers)


def _without(shapes: Shapes, is_gone: NDArray[np.bool_]) -> Shapes:
    """Return a copy of shapes with None where marked."""
    kept = shapes.copy()
    kept[is_gone] = None
    return kept


def _reject_infinite(shapes: Shapes, field: str, ledger: RowLedger) -> None:
    """Reject shapes with NaN or infinite vertices."""
    coords, row_of = shapely.get_coordinates(shapes, return_index=True)
    is_bad = np.zeros(len(shapes), dtype=bool)
    is_bad[row_of[~np.isfinite(coords).all(axis=1)]] = True
    ledger.reject(is_bad, field, "NaN or infinity", "is no coordinate: row rejected", "correct the vertex")


def _parts_of_family(shapes: Shapes, family: Geometry) -> Shapes:
    """Return shapes with collections that hold only the family made one multi-part shape."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION)
    if len(mixed):
        shapes = shapes.copy()
    for row in mixed:
        parts = _flat_parts(shapes[row])
        kept = [part for part in parts if _FAMILY.get(part.geom_type) == family]
        if kept and len(kept) == len(parts):
            shapes[row] = _COLLECT[family](np.array(kept, dtype=object))
    return shapes


def _flat_parts(shape: shapely.Geometry) -> list[shapely.Geometry]:
    if not hasattr(shape, "geoms"):
        return [shape]
    return [part for inner in shape.geoms for part in _flat_parts(inner)]


def _single_points(shapes: Shapes, field: str, ledger: RowLedger) -> Shapes:
    """Return multi-points of one point as points; those of several are rejected."""
    several = shapely.get_num_geometries(shapes) > 1
    reason = "has several points, but a feature stands in one place: row rejected"
    ledger.reject(several, field, "MultiPoint", reason, "send one row a point")
    return _without(shapely.get_geometry(shapes, 0), several)


def _real_lines(shapes: Shapes, field: str, ledger: RowLedger) -> Shapes:
    is_dot = ~shapely.is_missing(shapes) & (shapely.length(shapes) == 0.0)
    ledger.reject(is_dot, field, "a line of length 0", "is no line: row rejected", "draw it or delete it")
    return _without(shapes, is_dot)


def _valid_polygons(shapes: Shapes, field: str, ledger: RowLedger) -> Shapes:
    """Return polygons, those that cross themselves repaired and spoken of, those without area rejected."""
    is_bad = ~shapely.is_missing(shapes) & ~shapely.is_valid(shapes)
    if is_bad.any():
        why: Shapes = np.full(len(shapes), "", dtype=object)
        why[is_bad] = shapely.is_valid_reason(shapes[is_bad])
        repaired: Shapes = np.full(len(shapes), None, dtype=object)
        repaired[is_bad] = _polygons_in(shapely.make_valid(shapes[is_bad]))
        is_repaired = is_bad & ~shapely.is_missing(repaired)
        reason = "was no valid polygon: repaired"
        ledger.remark(
            is_repaired, field, why, reason, "look at the shape on the map, correct it at the source"
        )
        ledger.reject(is_bad & ~is_repaired, field, why, "encloses no area: row rejected", "draw it again")
        shapes = shapes.copy()
        shapes[is_bad] = repaired[is_bad]
    return shapes


def _polygons_in(shapes: Shapes) -> Shapes:
    """Return the polygons that repairing left of each shape, None where it left none."""
    found: Shapes = np.full(len(shapes), None, dtype=object)
    for row, shape in enumerate(shapes):
        parts = [part for part in _flat_parts(shape) if part.geom_type == "Polygon" and part.area > 0.0]
        if len(parts) == 1:
            found[row] = parts[0]
        elif parts:
            found[row] = shapely.multipolygons(np.array(parts, dtype=object))
    return found
