"""Spatial questions to one layer version: which rows, ascending. Edits and scope are the view's concern."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from twin import _blocks, _box_meets, _nearest
from twin.cells import boundaries, disk, resolution_of
from twin.frame import Box
from twin.layer import Layer

NO_LIMIT = np.iinfo(np.int64).max
_LARGE_SELECTION = 50_000  # rows from which classifying whole blocks pays
_Rows = NDArray[np.int64]


def rows_in_box(
    layer: Layer, box: Box, *, exact: bool = True, first_row: int = 0, limit: int = NO_LIMIT
) -> _Rows:
    """Return the rows that meet a closed box.

    Parameters
    ----------
    layer : Layer
    box : tuple of float
        xmin, ymin, xmax, ymax, degrees.
    exact : bool
        Whether a line or polygon itself must meet the box, not only its bounds.
    first_row : int
        Rows before it are left out.
    limit : int
        Stop after so many rows whose bounds meet the box.

    Returns
    -------
    ndarray of int64, shape (k,)
    """
    rows: _Rows = _blocks.rows_in_box(*layer.bounds, layer.blocks, layer.n_placed, box, first_row, limit)
    return meeting_box(layer, rows, box) if exact else rows


def meeting_box(layer: Layer, rows: _Rows, box: Box) -> _Rows:
    """Return those rows that meet a closed box themselves, of rows whose bounds do.

    Parameters
    ----------
    layer : Layer
    rows : ndarray of int64, shape (k,)
    box : tuple of float
        xmin, ymin, xmax, ymax, degrees.

    Returns
    -------
    ndarray of int64
    """
    if layer.schema.geometry == "point" or not len(rows):
        return rows
    geometry = layer.geometry_arrays()
    if geometry.kind == "line":
        parts, features = geometry.offsets
        verdicts = _box_meets.lines_meet(geometry.coords, parts, features, rows, box)
    else:
        rings, polygons, features = geometry.offsets
        verdicts = _box_meets.polygons_meet(
            geometry.coords, rings, polygons, features, layer.bounds, rows, box
        )
    doubtful = np.flatnonzero(verdicts == _box_meets.DOUBTFUL)
    if len(doubtful):
        # GEOS calls a box of no width or height empty of area, so it is asked as the line or point it is.
        verdicts[doubtful] = shapely.intersects(layer.geometries(rows[doubtful]), _box_shape(box))
    met: _Rows = rows[verdicts == _box_meets.YES]
    return met


def rows_in_boxes(layer: Layer, boxes: list[Box]) -> _Rows:
    """Return the rows whose bounds meet any of some closed boxes.

    Parameters
    ----------
    layer : Layer
    boxes : list of tuple
        xmin, ymin, xmax, ymax, degrees; at least one.

    Returns
    -------
    ndarray of int64, shape (k,)
    """
    if len(boxes) == 1:
        return rows_in_box(layer, boxes[0], exact=False)
    return np.unique(np.concatenate([rows_in_box(layer, box, exact=False) for box in boxes]))


def count_in_box(layer: Layer, box: Box) -> int:
    """Return how many rows meet a closed box.

    Parameters
    ----------
    layer : Layer
    box : tuple of float
        xmin, ymin, xmax, ymax, degrees.

    Returns
    -------
    int
        Points are counted by whole blocks where a block lies inside.
    """
    if layer.schema.geometry != "point":
        return len(rows_in_box(layer, box))
    return int(_blocks.count_in_box(*layer.bounds, layer.blocks, layer.n_placed, box))


def rows_in_polygon(layer: Layer, polygon: shapely.Geometry) -> _Rows:
    """Return the rows that meet a polygon; its boundary counts.

    Parameters
    ----------
    layer : Layer
    polygon : shapely Polygon or MultiPolygon
        lon, lat degrees.

    Returns
    -------
    ndarray of int64, shape (k,)
        The answer of ``shapely.intersects``, exactly.
    """
    rows = rows_in_box(layer, polygon.bounds, exact=False)
    if not len(rows):
        return rows
    shapely.prepare(polygon)
    surely = _in_inner_blocks(layer, rows, polygon) if len(rows) > _LARGE_SELECTION else None
    doubtful = rows if surely is None else rows[~surely]
    if layer.schema.geometry == "point":
        x, y = layer.bounds[:2]
        meets: NDArray[np.bool_] = shapely.intersects_xy(polygon, x[doubtful], y[doubtful])
    else:
        meets = shapely.intersects(polygon, layer.geometries(doubtful))
    if surely is None:
        return doubtful[meets]
    surely[~surely] = meets
    return rows[surely]


def rows_in_disk(layer: Layer, center_cell: int, k: int) -> _Rows:
    """Return the rows whose cell, computed from their coordinates, is within k steps of a cell.

    Parameters
    ----------
    layer : Layer
    center_cell : int
        An H3 cell; its resolution is asked.
    k : int
        Steps.

    Returns
    -------
    ndarray of int64, shape (k,)

    Raises
    ------
    InvalidCellError
        If the value is not a cell.
    InvalidQueryError
        If k is negative.
    """
    wanted = disk(center_cell, k)
    resolution = int(resolution_of(np.array([center_cell], np.uint64))[0])
    # The ring around the disk covers what bulges over the straight edges of outlines.
    boxes = _boxes_around(disk(center_cell, k + 1))
    rows = rows_in_boxes(layer, boxes)
    cells = layer.cells(resolution, rows)
    places = np.minimum(np.searchsorted(wanted, cells), len(wanted) - 1)
    is_member: NDArray[np.bool_] = wanted[places] == cells
    return rows[is_member]


def rows_containing(layer: Layer, lon: float, lat: float) -> _Rows:
    """Return the rows whose geometry holds a point, boundary included.

    Parameters
    ----------
    layer : Layer
    lon, lat : float
        Degrees.

    Returns
    -------
    ndarray of int64, shape (k,)
    """
    rows = rows_in_box(layer, (lon, lat, lon, lat), exact=False)
    if not len(rows) or layer.schema.geometry == "point":
        return rows
    holds: NDArray[np.bool_] = shapely.intersects_xy(layer.geometries(rows), lon, lat)
    return rows[holds]


def distances_m(layer: Layer, rows: _Rows, lon: float, lat: float) -> NDArray[np.float64]:
    """Return the distance from a point to each of these placed rows.

    Parameters
    ----------
    layer : Layer
    rows : ndarray of int64, shape (k,)
    lon, lat : float
        Degrees.

    Returns
    -------
    ndarray of float64, shape (k,)
        Metres on the ellipsoid, 0 inside a polygon.
    """
    geometry = layer.geometry_arrays()
    if geometry.kind == "point":
        distances: NDArray[np.float64] = _nearest.to_points(geometry.coords, rows, lon, lat)
    else:
        picked = geometry.take(rows)
        rings, first_rings = picked.offsets[0], picked.offsets[1]
        is_area = geometry.kind == "polygon"
        if is_area:
            first_rings = first_rings[picked.offsets[2]]
        everyone = np.arange(len(rows))
        distances = _nearest.to_segments(picked.coords, rings, first_rings, everyone, lon, lat, is_area)
    return distances


def boxes_within(lon: float, lat: float, radius_m: float) -> list[Box]:
    """Return boxes that together hold every place within a distance of a point.

    Parameters
    ----------
    lon, lat : float
        Degrees.
    radius_m : float
        Distance, m.

    Returns
    -------
    list of tuple
        xmin, ymin, xmax, ymax, degrees; two where the antimeridian lies between.
    """
    reach = radius_m / _nearest.SMALLEST_RADIUS_M
    south, north = lat - np.degrees(reach), lat + np.degrees(reach)
    if reach >= 1.0 or south <= -90.0 or north >= 90.0:
        return [(-180.0, max(south, -90.0), 180.0, min(north, 90.0))]
    # Where the circle around the point touches its outermost meridians.
    half_width = float(np.degrees(np.arcsin(min(1.0, np.sin(reach) / np.cos(np.radians(lat))))))
    west, east = lon - half_width, lon + half_width
    if west < -180.0:
        return [(-180.0, south, east, north), (west + 360.0, south, 180.0, north)]
    if east > 180.0:
        return [(west, south, 180.0, north), (-180.0, south, east - 360.0, north)]
    return [(west, south, east, north)]


def _box_shape(box: Box) -> shapely.Geometry:
    xmin, ymin, xmax, ymax = box
    if xmin == xmax and ymin == ymax:
        return shapely.Point(xmin, ymin)
    if xmin == xmax or ymin == ymax:
        return shapely.LineString([(xmin, ymin), (xmax, ymax)])
    return shapely.box(*box)


def _boxes_around(cells: NDArray[np.uint64]) -> list[Box]:
    """Return boxes around cells; outlines across the antimeridian run beyond 180 degrees."""
    west, south, east, north = shapely.total_bounds(boundaries(cells)).tolist()
    if east - west >= 360.0 or south <= -90.0 or north >= 90.0:
        return [(-180.0, south, 180.0, north)]
    boxes = [(max(west, -180.0), south, min(east, 180.0), north)]
    if east > 180.0:
        boxes.append((-180.0, south, east - 360.0, north))
    if west < -180.0:
        boxes.append((west + 360.0, south, 180.0, north))
    return boxes


def _in_inner_blocks(layer: Layer, rows: _Rows, polygon: shapely.Geometry) -> NDArray[np.bool_]:
    """Return which rows lie in blocks that are wholly inside a prepared polygon."""
    blocks = rows // _blocks.FAN_OUT
    firsts = np.flatnonzero(np.concatenate([[True], blocks[1:] != blocks[:-1]]))
    boxes = shapely.box(*layer.blocks[blocks[firsts]].T)
    is_inner = shapely.contains_properly(polygon, boxes)
    return np.repeat(is_inner, np.diff(np.append(firsts, len(rows))))
