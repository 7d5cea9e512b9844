"""Cells that a polygon touches, split into sure ones and those to refine."""

from __future__ import annotations

from dataclasses import dataclass

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.cells.encoding import cells_of
from twin.cells.hierarchy import checked_resolution, edge_length_m
from twin.cells.shapes import boundaries
from twin.errors import InvalidGeometryError

MAX_COVER_LAT_DEG = 85.0
MAX_COVER_WIDTH_DEG = 90.0  # h3 misreads polygons that go far round the globe
EARTH_RADIUS_M = 6_371_007.18  # the sphere of H3
OUTLINE_ROUNDING_DEG = 4e-12  # 0.4 um


@dataclass(frozen=True, slots=True)
class Cover:
    """The cells of one resolution that a polygon touches, ascending, split by how.

    ``interior`` holds every cell that lies wholly inside the polygon, ``boundary`` every other cell that
    meets it: a point of an interior cell needs no further test, a point of a boundary cell does, any other
    point is outside.
    """

    resolution: int
    interior: NDArray[np.uint64]
    boundary: NDArray[np.uint64]


def cover(polygon: shapely.Polygon | shapely.MultiPolygon, resolution: int) -> Cover:
    """Return the cells wholly inside a polygon and those that otherwise meet it.

    Parameters
    ----------
    polygon : Polygon or MultiPolygon
        Lon, lat in degrees, WGS 84; valid, within latitudes -85..85, at most 90 degrees wide, edges straight
        in lon, lat, split at the antimeridian as RFC 7946 has it. Holes count.
    resolution : int
        0-15.

    Returns
    -------
    Cover

    Raises
    ------
    InvalidGeometryError
        If the geometry is of another kind, empty, invalid or out of range.
    InvalidCellError
        If the resolution is not one of 0-15.

    Notes
    -----
    A cell is the set of points for which ``cells_of`` answers it. Its edges are great circles and bulge from
    the straight lon, lat lines between its corners, at resolution 9 and 45 degrees by 1 mm (L^2/8 tan(lat),
    L the edge in rad). A cell is therefore grown by a few times that bulge before it is tested, so that
    ``interior`` is certain and no point of the polygon lies outside both sets. Cost grows with the perimeter,
    plus one flood fill by h3 for the inside.

    Examples
    --------
    >>> found = cover(shapely.box(120.00, 28.80, 120.02, 28.82), 9)
    >>> bool(np.isin(cells_of([120.01], [28.81], 9), found.interior).all())
    True
    """
    level = checked_resolution(resolution)
    _check_polygon(polygon)
    outline = shapely.boundary(polygon)
    edge_deg = float(np.degrees(edge_length_m(level) / EARTH_RADIUS_M))
    # With steps of half an edge, any point of the outline lies in its nearest step's cell or a neighbour.
    steps = shapely.get_coordinates(shapely.segmentize(outline, 0.5 * edge_deg))
    met = np.unique(cells_of(steps[:, 0], steps[:, 1], level))
    near = np.unique(np.concatenate([h3.grid_disk(cell, 1) for cell in met.tolist()]))
    boundary = near[_meets(outline, near, edge_deg)]
    inside = np.concatenate([_centred_in(part, level) for part in shapely.get_parts(polygon)])
    return Cover(level, np.setdiff1d(inside, boundary), boundary)


def _check_polygon(polygon: shapely.Polygon | shapely.MultiPolygon) -> None:
    """Refuse what ``cover`` cannot answer exactly."""
    if not isinstance(polygon, shapely.Polygon | shapely.MultiPolygon) or polygon.is_empty:
        raise InvalidGeometryError(f"came {polygon!r:.60}; wanted a polygon that is not empty")
    xmin, ymin, xmax, ymax = polygon.bounds
    if xmin < -180.0 or xmax > 180.0 or max(-ymin, ymax) > MAX_COVER_LAT_DEG:
        raise InvalidGeometryError(
            f"polygon spans {polygon.bounds}; wanted lon -180..180, lat -85..85 degrees"
        )
    if xmax - xmin > MAX_COVER_WIDTH_DEG:
        raise InvalidGeometryError(f"polygon is {xmax - xmin} degrees wide; wanted at most 90: split it")
    if not polygon.is_valid:
        raise InvalidGeometryError(f"polygon is not valid: {shapely.is_valid_reason(polygon)}")


def _meets(outline: shapely.Geometry, cells: NDArray[np.uint64], edge_deg: float) -> NDArray[np.bool_]:
    """Return which cells meet the lines of a polygon; cells are grown by what their edges may bulge."""
    shapes = boundaries(cells)
    xmin, ymin, xmax, ymax = shapely.bounds(shapes).T
    steepest = np.minimum(np.maximum(np.abs(ymin), np.abs(ymax)), MAX_COVER_LAT_DEG)
    growth = OUTLINE_ROUNDING_DEG / edge_deg + 0.5 * np.radians(edge_deg) * np.tan(np.radians(steepest))
    middles = np.column_stack([xmin + xmax, ymin + ymax]) / 2.0
    corners, owners = shapely.get_coordinates(shapes, return_index=True)
    grown = corners + growth[owners, None] * (corners - middles[owners])
    shapely.prepare(outline)
    meets = np.zeros(cells.size, np.bool_)
    turns_deg = (0.0, 360.0, -360.0) if (xmax > 180.0).any() or (xmin < -180.0).any() else (0.0,)
    for turn_deg in turns_deg:  # a cell across the antimeridian meets what lies on either side
        moved = shapely.linearrings(grown + np.array([turn_deg, 0.0]), indices=owners)
        meets |= shapely.intersects(outline, shapely.polygons(moved))
    return meets


def _centred_in(polygon: shapely.Polygon, resolution: int) -> NDArray[np.uint64]:
    """Return the cells whose centre lies in one polygon."""
    rings = [polygon.exterior, *polygon.interiors]
    loops = [shapely.get_coordinates(ring)[:-1, ::-1].tolist() for ring in rings]
    cells: NDArray[np.uint64] = h3.polygon_to_cells(h3.LatLngPoly(*loops), resolution)
    return cells
