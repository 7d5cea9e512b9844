"""Smooth lines through a few points."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from shapely.geometry import LineString

Floats = NDArray[np.float64]


def km(text: str) -> Floats:
    """Return the points of a text such as ``"0.1 2.4, 1.2 2.5"``, given in km, as metres, shape (n, 2)."""
    return np.array([[float(number) for number in point.split()] for point in text.split(",")]) * 1000.0


def curve(points: Floats, *, spacing_m: float = 20.0) -> Floats:
    """Return an open cubic spline through points, resampled evenly, shape (n, 2), m."""
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(points, axis=0).T) ** 0.5)]
    spline = CubicSpline(along, points, bc_type="natural")
    dense = spline(np.linspace(0, along[-1], 60 * len(points)))
    return resample(dense, spacing_m)


def closed_curve(points: Floats, *, spacing_m: float = 20.0) -> Floats:
    """Return a closed cubic spline through points, first point repeated at the end, shape (n, 2), m."""
    ring = np.vstack([points, points[:1]])
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(ring, axis=0).T) ** 0.5)]
    spline = CubicSpline(along, ring, bc_type="periodic")
    dense = spline(np.linspace(0, along[-1], 60 * len(ring)))
    return resample(dense, spacing_m)


def resample(points: Floats, spacing_m: float) -> Floats:
    """Return points at even steps of about ``spacing_m`` along a line, its ends kept."""
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(points, axis=0).T))]
    steps = np.linspace(0, along[-1], max(2, round(along[-1] / spacing_m) + 1))
    return np.column_stack([np.interp(steps, along, points[:, 0]), np.interp(steps, along, points[:, 1])])


def chaikin(points: Floats, rounds: int = 2) -> Floats:
    """Return a line with its corners cut, ends kept."""
    for _ in range(rounds):
        if len(points) < 3:
            return points
        first, second = points[:-1], points[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], 1).reshape(-1, 2)
        points = np.vstack([points[:1], cut[1:-1], points[-1:]])
    return points


def tangents(points: Floats) -> Floats:
    """Return the unit direction of a line at each of its points, shape (n, 2)."""
    step = np.gradient(points, axis=0)
    unit: Floats = step / np.maximum(np.hypot(*step.T), 1e-9)[:, None]
    return unit


def ribbon(points: Floats, width_m: Floats) -> shapely.Polygon:
    """Return the area covered by a line whose width varies from point to point."""
    pieces = [
        LineString(points[i : i + 2]).buffer((width_m[i] + width_m[i + 1]) / 4, quad_segs=6)
        for i in range(len(points) - 1)
    ]
    return shapely.union_all(pieces).simplify(0.4)
