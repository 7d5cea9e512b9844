"""Whether points carry the GCJ-02 or BD-09 shift, told by how they lie to buildings and roads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.crs import CRSName, bd09_to_wgs84, gcj02_to_wgs84, parse_crs

Floats = NDArray[np.float64]
Distance = Callable[[Floats, Floats], Floats]
"""Distance, m, from each lon, lat point to the nearest trusted feature, infinite where it is far."""

CLIP_M = 50.0
"""Farther is no worse: the point is simply not at the feature."""
CLEAR_RATIO = 1.0 / 3.0
MIN_POINTS = 20
MAX_POINTS = 500

ROADS_CLIP_M = 500.0
"""About the length of the shift: a point farther from every road tells no more."""
ROADS_CLEAR_RATIO = 0.8
ROADS_CLEAR_SIGMAS = 4.0
M_PER_DEGREE = 111_195.0
"""Of a great circle on a sphere of 6,371 km: good to half a percent, for messages."""
PLACE_DEG = 0.005
"""Points this near to one another, about the length of the shift, are one piece of evidence."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """Features whose place is known, to compare points with.

    Parameters
    ----------
    buildings : callable, optional
        Distance, m, to the nearest building: most points should lie in or at one.
    roads : callable, optional
        Distance, m, to the nearest road: most points and buildings should stand along one.
    """

    buildings: Distance | None = None
    roads: Distance | None = None


@dataclass(frozen=True, slots=True)
class Misfit:
    """How points lie on trusted features.

    Parameters
    ----------
    crs : CRSName, optional
        ``wgs84``, ``gcj02`` or ``bd09``; None where none explains the points clearly.
    sentence : str
        For the report.
    is_proof : bool
        Whether it is enough to contradict what somebody declared.
    """

    crs: CRSName | None
    sentence: str
    is_proof: bool = False


def measured_misfit(lon: Floats, lat: Floats, to_features: Distance) -> Misfit:
    """Return which shift puts points onto the features they should lie on.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees as they came; at most ``MAX_POINTS`` of them, evenly spread, are looked at.
    to_features : callable
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
    off_m = {code: float(np.minimum(to_features(*place), CLIP_M).mean()) for code, place in places.items()}
    measured = ", ".join(f"{code} {metres:.1f} m" for code, metres in off_m.items())
    best, second = sorted(off_m, key=off_m.__getitem__)[:2]
    if off_m[best] > CLEAR_RATIO * off_m[second]:
        return Misfit(None, f"a GCJ-02 shift can neither be seen nor ruled out (mean misfit: {measured})")
    shift = _shift_text(best, x, y, *places[best])
    return Misfit(
        parse_crs(best), f"the points lie as {best}{shift} (mean misfit: {measured})", is_proof=True
    )


def _shift_text(code: str, lon: Floats, lat: Floats, true_lon: Floats, true_lat: Floats) -> str:
    """Return how far points lie from where they should on average; empty where they are not shifted."""
    if code == "wgs84":
        return ""
    east_m = (lon - true_lon) * M_PER_DEGREE * np.cos(np.radians(true_lat))
    mean_m = np.hypot(east_m, (lat - true_lat) * M_PER_DEGREE).mean()
    return f", {mean_m:.0f} m from where they should"


def compared(lon: Floats, lat: Floats, trusted: Trusted) -> Misfit | None:
    """Return which shift puts points where they should be: at buildings, or where unclear along roads.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees as they came.
    trusted : Trusted

    Returns
    -------
    Misfit or None
        None where there is nothing to compare with.
    """
    finding = None
    if trusted.buildings is not None:
        finding = measured_misfit(lon, lat, trusted.buildings)
    if trusted.roads is None or (finding is not None and finding.crs is not None):
        return finding
    by_roads = roadside_misfit(lon, lat, trusted.roads)
    if finding is None:
        return by_roads
    return replace(by_roads, sentence=f"{finding.sentence}; {by_roads.sentence}")


def roadside_misfit(lon: Floats, lat: Floats, to_roads: Distance) -> Misfit:
    """Return which shift puts points along the roads.

    Points need not lie at a road, so its distance alone says little. What is asked is whether one
    explanation puts the points clearly nearer to the roads than the other two and than three
    decoys, displacements as long as the shift in directions that nobody uses: points that have
    nothing to do with roads, or keep away from them, are no nearer by one of the six.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees as they came; at most ``MAX_POINTS`` of them, evenly spread, are looked at.
    to_roads : callable
        Distance, m, from each WGS 84 point to the nearest road.

    Returns
    -------
    Misfit
        Clear only where the mean distance (each clipped to 500 m, one mean a place of 0.005
        degrees) is at most 0.8 of every other, by four standard errors of the paired difference.
    """
    rows = np.linspace(0, len(lon) - 1, min(len(lon), MAX_POINTS)).astype(np.int64)
    x, y = lon[rows], lat[rows]
    corners = np.floor(np.column_stack([x, y]) / PLACE_DEG)
    _, place_of, counts = np.unique(corners, axis=0, return_inverse=True, return_counts=True)
    if len(counts) < MIN_POINTS:
        return Misfit(None, f"not checked by roads for a GCJ-02 shift: {len(counts)} places are too few")
    explained = {"wgs84": (x, y), "gcj02": gcj02_to_wgs84(x, y), "bd09": bd09_to_wgs84(x, y)}
    off_m = {
        code: np.bincount(place_of.ravel(), np.minimum(to_roads(*place), ROADS_CLIP_M)) / counts
        for code, place in (explained | _decoys(x, y, explained["gcj02"])).items()
    }
    best = min(explained, key=lambda code: float(off_m[code].mean()))
    measured = ", ".join(f"{code} {off_m[code].mean():.0f} m" for code in explained)
    is_clear = all(_is_clearly_less(off_m[best], metres) for code, metres in off_m.items() if code != best)
    if not is_clear:
        return Misfit(
            None, f"by the roads a GCJ-02 shift can neither be seen nor ruled out (mean distance: {measured})"
        )
    shift = _shift_text(best, x, y, *explained[best])
    return Misfit(
        parse_crs(best), f"the rows stand along the roads as {best}{shift} (mean distance: {measured})"
    )


def _decoys(x: Floats, y: Floats, there: tuple[Floats, Floats]) -> dict[str, tuple[Floats, Floats]]:
    """Return points moved as far as from x, y to there, but to the left, back and to the right."""
    narrowing = np.cos(np.radians(y))
    east, north = (there[0] - x) * narrowing, there[1] - y
    turned = {"left": (-north, east), "back": (-east, -north), "right": (north, -east)}
    return {turn: (x + across / narrowing, y + along) for turn, (across, along) in turned.items()}


def _is_clearly_less(off_m: Floats, other_m: Floats) -> bool:
    """Return whether distances are less than others, in size and beyond chance."""
    less_m = other_m - off_m
    error_m = less_m.std(ddof=1) / np.sqrt(len(less_m))
    is_less = off_m.mean() <= ROADS_CLEAR_RATIO * other_m.mean()
    return bool(is_less and less_m.mean() > ROADS_CLEAR_SIGMAS * error_m)
