"""Rows that say the same, as groups: equal keys, medians, boxes; all vectorised."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

METRES_PER_DEGREE = 111_195.0  # of a great circle, mean radius 6,371,008.8 m
AGREE_M = 1_000.0
"""A place farther than this from the middle of its address is left out: it is of something else."""

Labels = NDArray[np.int64]
Degrees = NDArray[np.float64]


def dense(*columns: NDArray[np.integer]) -> tuple[Labels, Labels]:
    """Return the first row of each distinct combination, in order of the columns, and each row's label."""
    key = np.zeros(len(columns[0]), np.int64)
    span = 1
    for column in columns:
        values = column.astype(np.int64)
        low = int(values.min(initial=0))
        width = int(values.max(initial=0)) - low + 1
        if span * width >= 2**62:
            _, key = np.unique(key, return_inverse=True)
            span = int(key.max(initial=0)) + 1
        key = key * width + (values - low)
        span *= width
    _, first, labels = np.unique(key, return_index=True, return_inverse=True)
    return first, labels


def medians(labels: Labels, n_labels: int, values: Degrees) -> Degrees:
    """Return the lower median of the values of each label, NaN left out; NaN where none is left."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.lexsort((values[known], labels[known]))]
    counts = np.bincount(labels[order], minlength=n_labels)
    starts = np.cumsum(counts) - counts
    found = np.full(n_labels, np.nan)
    has_any = counts > 0
    found[has_any] = values[order[(starts + (counts - 1) // 2)[has_any]]]
    return found


def metres(lon: Degrees, lat: Degrees, other_lon: Degrees, other_lat: Degrees) -> Degrees:
    """Return distances, m, correct to 0.5 % within a city; NaN where a place is."""
    north = (other_lat - lat) * METRES_PER_DEGREE
    east = (other_lon - lon) * METRES_PER_DEGREE * np.cos(np.radians((lat + other_lat) / 2))
    return np.hypot(north, east)


class Spread(NamedTuple):
    """Where the rows of each group lie.

    Attributes
    ----------
    sizes : ndarray of int64, shape (m,)
        Rows.
    lon, lat : ndarray of float64, shape (m,)
        Median; NaN where no row has a place.
    box : ndarray of float64, shape (m, 4)
        West, south, east, north of the rows near the median.
    """

    sizes: Labels
    lon: Degrees
    lat: Degrees
    box: NDArray[np.float64]


def spread(labels: Labels, n_labels: int, lon: Degrees, lat: Degrees, near_m: float) -> Spread:
    """Return where groups lie; rows farther than ``near_m`` from the median do not widen the box."""
    middle_lon, middle_lat = medians(labels, n_labels, lon), medians(labels, n_labels, lat)
    box = np.column_stack([middle_lon, middle_lat, middle_lon, middle_lat])
    is_near = metres(lon, lat, middle_lon[labels], middle_lat[labels]) <= near_m
    near = labels[is_near]
    np.minimum.at(box[:, 0], near, lon[is_near])
    np.minimum.at(box[:, 1], near, lat[is_near])
    np.maximum.at(box[:, 2], near, lon[is_near])
    np.maximum.at(box[:, 3], near, lat[is_near])
    return Spread(np.bincount(labels, minlength=n_labels), middle_lon, middle_lat, box)


def gap_m(box: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the distance between two boxes, m; 0 where they meet, NaN where one is."""
    east = max(other[0] - box[2], box[0] - other[2], 0.0)
    north = max(other[1] - box[3], box[1] - other[3], 0.0)
    if np.isnan(box[0]) or np.isnan(other[0]):
        return float("nan")
    scale = np.cos(np.radians((box[1] + other[1]) / 2))
    return float(np.hypot(north, east * scale) * METRES_PER_DEGREE)


def most_frequent(labels: Labels, n_labels: int, values: NDArray[np.integer]) -> Labels:
    """Return the commonest value >= 0 of each label, -1 where none is; the first of equally common ones."""
    found = np.full(n_labels, -1, np.int64)
    known = np.flatnonzero(values >= 0)
    if not len(known):
        return found
    first, pairs = dense(labels[known], values[known])
    counts = np.bincount(pairs)
    rows = known[first]
    order = np.lexsort((rows, -counts, labels[rows]))
    owners, best = np.unique(labels[rows][order], return_index=True)
    found[owners] = values[rows][order][best]
    return found
