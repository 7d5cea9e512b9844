"""Where two roads meet (路口), by their names: from the lines of the layer ``roads``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin.addresses.likeness import canonical
from twin.view import LayerView

ONE_JUNCTION_M = 100.0
"""Meetings no farther apart are those of carriageways and turning lanes at one junction."""
GAP_MOST_M = 30.0
"""Roads that end so near to each other meet all the same: at a roundabout, or behind a traffic island."""
_METRES = 111_195.0
"""In a degree of latitude, on a sphere of 6,371 km."""
_MAX_HELD = 10_000

_Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """Where two roads meet.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (m,)
        The middle of each junction, degrees, CGCS2000 = WGS 84; several where the roads meet again over
        100 m away, none where they do not.
    gap_m : float
        How far apart the roads end where their lines do not touch, m; else 0.
    missing : tuple of str
        Names that no road has.
    """

    lon: _Points = field(default_factory=lambda: np.empty(0))
    lat: _Points = field(default_factory=lambda: np.empty(0))
    gap_m: float = 0.0
    missing: tuple[str, ...] = ()


class Junctions:
    """The roads of a city by name; what was asked is kept until the roads change.

    Parameters
    ----------
    roads : callable
        Returns the layer ``roads`` as the caller sees it now, None where there is none.
    """

    def __init__(self, roads: Callable[[], LayerView | None]) -> None:
        self._roads = roads
        self._tag = ""
        self._rows: dict[str, NDArray[np.int64]] = {}
        self._held: dict[tuple[str, str], Meeting] = {}

    def has(self, name: str) -> bool:
        """Return whether a road has a name.

        Parameters
        ----------
        name : str

        Returns
        -------
        bool
        """
        return self._view() is not None and canonical(name) in self._rows

    def meeting(self, one: str, other: str) -> Meeting:
        """Return where two roads meet.

        Parameters
        ----------
        one, other : str
            Names, as they are written but for width and kind of numerals.

        Returns
        -------
        Meeting
        """
        view = self._view()
        pair = canonical(one), canonical(other)
        if view is None:
            return Meeting(missing=(one, other))
        found = self._held.get(pair)
        if found is None:
            missing = tuple(name for name in (one, other) if canonical(name) not in self._rows)
            if missing:
                return Meeting(missing=missing)
            if len(self._held) >= _MAX_HELD:
                self._held.clear()
            lines = [shapely.union_all(view.geometries(self._rows[name])) for name in pair]
            found = self._held[pair] = meeting_of(*lines)
        return found

    def _view(self) -> LayerView | None:
        """Return the roads as they are now, their names read where they are new."""
        view = self._roads()
        if view is not None and view.version_tag != self._tag:
            positions = view.positions()
            names = view.take(positions, ["name"])["name"].combine_chunks().dictionary_encode()
            keys = [canonical(name or "") for name in names.dictionary.to_pylist()]
            codes = np.asarray(pa.array(names.indices).fill_null(-1))
            order = np.argsort(codes, kind="stable")
            bounds = np.searchsorted(codes[order], np.arange(len(keys) + 1))
            rows: dict[str, NDArray[np.int64]] = {}
            for code, key in enumerate(keys):
                own = positions[order[bounds[code] : bounds[code + 1]]]
                rows[key] = np.concatenate([rows[key], own]) if key in rows else own
            rows.pop("", None)
            self._rows, self._held, self._tag = rows, {}, view.version_tag
        return view


def meeting_of(one: shapely.Geometry, other: shapely.Geometry) -> Meeting:
    """Return where the lines of two roads meet.

    Parameters
    ----------
    one, other : shapely.Geometry
        Lines, lon, lat degrees.

    Returns
    -------
    Meeting

    Examples
    --------
    >>> east = shapely.LineString([(120.0, 28.9), (120.1, 28.9)])
    >>> north = shapely.LineString([(120.05, 28.8), (120.05, 29.0)])
    >>> found = meeting_of(east, north)
    >>> found.lon.round(6).tolist(), found.lat.round(6).tolist()
    ([120.05], [28.9])
    """
    scale = np.array([np.cos(np.radians(shapely.get_coordinates(one)[:, 1].mean())), 1.0]) * _METRES
    common = shapely.get_parts(shapely.intersection(one, other))
    points, gap_m = shapely.get_coordinates(shapely.centroid(common)) * scale, 0.0
    if not len(points):
        ends = shapely.get_coordinates(shapely.shortest_line(one, other)) * scale
        gap_m = float(np.hypot(*(ends[1] - ends[0])))
        if gap_m > GAP_MOST_M:
            return Meeting()
        points = ends.mean(axis=0, keepdims=True)
    middles = np.array([group.mean(axis=0) for group in _near_each_other(points)]) / scale
    return Meeting(middles[:, 0], middles[:, 1], gap_m)


def _near_each_other(points: _Points) -> list[_Points]:
    """Return points, m, in groups whose members lie within 100 m of another, the largest first."""
    spots = shapely.points(points)
    areas = shapely.get_parts(shapely.union_all(shapely.buffer(spots, ONE_JUNCTION_M / 2)))
    inside = [shapely.intersects(area, spots) for area in areas]
    return [points[one] for one in sorted(inside, key=lambda one: -int(one.sum()))]
