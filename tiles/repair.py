"""Polygons that rounding would break: made valid on the tile's integer grid with shapely."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Rings = list[NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class RaggedRings:
    """One polygon feature: vertices, and where its closed rings and its polygons begin.

    Parameters
    ----------
    xy : ndarray of int64, shape (m, 2)
        World-grid steps.
    rings : ndarray of int, shape (r + 1,)
        First vertex of each ring and one past the last.
    polygons : ndarray of int, shape (p + 1,)
        First ring of each polygon and one past the last.
    """

    xy: NDArray[np.int64]
    rings: NDArray[np.integer]
    polygons: NDArray[np.integer]


def repaired(feature: RaggedRings, frame: NDArray[np.int64], *, keep_small: bool) -> Rings:
    """Return the open rings of one feature, clipped and snapped to tile units, as a valid polygon.

    Parameters
    ----------
    feature : RaggedRings
        The feature as drawn at the tile's zoom; its rings may cross.
    frame : ndarray of int64, shape (6,)
        Zoom, corner x, y, shift, low, high, as the kernels take it.
    keep_small : bool
        Draw one unit square where nothing of a feature is left that reaches into the box.

    Returns
    -------
    list of ndarray of int32, shape (k, 2)
        Shells with positive area (y down), each followed by its holes, negative; empty if the feature stays
        outside the buffered tile.

    Notes
    -----
    Made valid by GEOS's structure method, then reduced to unit precision by its snap-rounding overlay.

    Examples
    --------
    >>> bow_tie = np.array([[0, 0], [8, 8], [8, 0], [0, 8], [0, 0]])
    >>> frame = np.array([22, 0, 0, 0, -64, 4160])
    >>> feature = RaggedRings(bow_tie, np.array([0, 5]), np.array([0, 1]))
    >>> [len(ring) for ring in repaired(feature, frame, keep_small=True)]
    [3, 3]
    """
    unit = float(1 << int(frame[3]))
    units = (feature.xy.astype(np.float64) - frame[1:3]) / unit
    shapes = [
        shapely.Polygon(parts[0], parts[1:])
        for first, last in itertools.pairwise(feature.polygons)
        if (parts := _closed_rings(units, feature.rings[first : last + 1]))
    ]
    whole = shapely.make_valid(shapely.multipolygons(shapes), method="structure")
    low, high = frame[4:] / unit
    inside = shapely.intersection(whole, shapely.box(low, low, high, high))
    snapped = shapely.set_precision(_areas_of(inside), 1.0)
    oriented = shapely.orient_polygons(shapely.get_parts(_areas_of(snapped)))
    found: Rings = []
    for polygon in oriented:
        found += [np.array(ring.coords[:-1], np.int32) for ring in (polygon.exterior, *polygon.interiors)]
    if found or not keep_small or inside.is_empty:
        return found
    x, y = np.floor(shapely.get_coordinates(inside)[0] + 0.5)
    return [np.array([[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]], np.int32)]


def _closed_rings(units: NDArray[np.float64], ends: NDArray[np.integer]) -> list[NDArray[np.float64]]:
    """Return the rings of one polygon that have the four vertices a ring needs; none without its shell."""
    parts = [units[start:end] for start, end in itertools.pairwise(ends)]
    if len(parts[0]) < 4:
        return []
    return [part for part in parts if len(part) >= 4]


def _areas_of(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return the polygons among the parts of a geometry."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
