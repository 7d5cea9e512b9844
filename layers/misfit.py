"""Whether points carry the GCJ-02 or BD-09 shift, told by how well they lie on trusted features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.crs import CRSName, bd09_to_wgs84, gcj02_to_wgs84, parse_crs

Floats = NDArray[np.float64]
Trusted = Callable[[Floats, Floats], Floats]
"""Distance, m, from each lon, lat point to the nearest thing it should lie in or at, such as a building."""

CLIP_M = 50.0
"""Farther is no worse: the point is simply not at the feature."""
CLEAR_RATIO = 1.0 / 3.0
MIN_POINTS = 20
MAX_POINTS = 500


@dataclass(frozen=True, slots=True)
class Misfit:
    """How points lie on trusted features.

    Parameters
    ----------
    crs : CRSName, optional
        ``wgs84``, ``gcj02`` or ``bd09``; None where none explains the points clearly.
    sentence : str
        For the report.
    """

    crs: CRSName | None
    sentence: str


def measured_misfit(lon: Floats, lat: Floats, trusted: Trusted) -> Misfit:
    """Return which shift puts points onto the features they should lie on.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees as they came; at most ``MAX_POINTS`` of them, evenly spread, are looked at.
    trusted : callable
        Distance, m, from each WGS 84 point to the nearest trusted feature.

    Returns
    -------
    Misfit
        Clear only where the best explanation leaves at most a third of the mean distance
        (each clipped to 50 m) that the next best leaves.
    """
    if len(lon) < MIN_POINTS:
        return Misfit(None, f"not checked for a GCJ-02 shift: {len(lon)} points are too few")
    rows = np.linspace(0, len(lon) - 1, min(len(lon), MAX_POINTS)).astype(np.int64)
    x, y = lon[rows], lat[rows]
    places = {"wgs84": (x, y), "gcj02": gcj02_to_wgs84(x, y), "bd09": bd09_to_wgs84(x, y)}
    off_m = {code: float(np.minimum(trusted(*place), CLIP_M).mean()) for code, place in places.items()}
    measured = ", ".join(f"{code} {metres:.1f} m" for code, metres in off_m.items())
    best, second = sorted(off_m, key=off_m.__getitem__)[:2]
    if off_m[best] > CLEAR_RATIO * off_m[second]:
        return Misfit(None, f"a GCJ-02 shift can neither be seen nor ruled out (mean misfit: {measured})")
    return Misfit(parse_crs(best), f"the points lie as {best} (mean misfit: {measured})")
