"""The nearest features of a view, exact in metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twin import search
from twin.frame import Box
from twin.stratum import Stratum

_FIRST_RADIUS_M = 2.0
_GROWTH = 3.0


def nearest(
    strata: Sequence[Stratum], lon: float, lat: float, k: int, max_distance_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the k nearest visible features of some strata, nearest first.

    Boxes around ever larger circles are searched until a circle holds enough: every feature nearer than
    its radius meets the box around it.

    Parameters
    ----------
    strata : sequence of Stratum
    lon, lat : float
        Degrees.
    k : int
        How many at most.
    max_distance_m : float
        Farther ones are left out, m.

    Returns
    -------
    positions : ndarray of int64
        Equally near ones by position.
    distances_m : ndarray of float64
    """
    radius_m = min(_FIRST_RADIUS_M, max_distance_m)
    while True:
        boxes = search.boxes_within(lon, lat, radius_m)
        positions, distances_m = _measured(strata, boxes, lon, lat)
        is_all = radius_m >= max_distance_m or _cover_all(boxes, strata)
        reach_m = max_distance_m if is_all else radius_m
        near = distances_m <= reach_m
        if is_all or np.count_nonzero(near) >= k:
            positions, distances_m = positions[near], distances_m[near]
            order = np.argsort(distances_m, kind="stable")[:k]
            return positions[order], distances_m[order]
        radius_m = min(radius_m * _GROWTH, max_distance_m)


def _measured(
    strata: Sequence[Stratum], boxes: list[Box], lon: float, lat: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return positions and distances of the visible features whose bounds meet the boxes."""
    positions = [np.empty(0, np.int64)]
    distances = [np.empty(0)]
    for stratum in strata:
        rows = stratum.visible(search.rows_in_boxes(stratum.layer, boxes))
        if len(rows):
            positions.append(rows + stratum.first_position)
            distances.append(search.distances_m(stratum.layer, rows, lon, lat))
    return np.concatenate(positions), np.concatenate(distances)


def _cover_all(boxes: list[Box], strata: Sequence[Stratum]) -> bool:
    """Return whether one of the boxes holds every placed feature."""
    extents = [extent for stratum in strata if (extent := stratum.layer.bbox) is not None]
    if not extents:
        return True
    west, south, east, north = zip(*extents, strict=True)
    return any(
        box[0] <= min(west) and box[1] <= min(south) and box[2] >= max(east) and box[3] >= max(north)
        for box in boxes
    )
