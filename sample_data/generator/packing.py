"""Footprints in a plot: houses along its edge, slabs in rows, halls in rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

Floats = NDArray[np.float64]


@dataclass
class Plot:
    """The buildable ground of one site, and the footprints placed on it so far."""

    land: shapely.Geometry
    rng: np.random.Generator
    gap_m: float = 0.5
    footprints: list[Polygon] = field(default_factory=list)

    def place(self, footprint: Polygon) -> bool:
        """Add a footprint if it lies on the land and touches no other; return whether it did."""
        if not shapely.contains_properly(self.land, footprint):
            return False
        if (
            self.footprints
            and shapely.dwithin(np.array(self.footprints, object), footprint, self.gap_m).any()
        ):
            return False
        self.footprints.append(footprint)
        return True


def shape(kind: str, width_m: float, depth_m: float, rng: np.random.Generator) -> Floats:
    """Return the corners of a footprint around its middle, its front towards -y."""
    w, d = width_m / 2, depth_m / 2
    if kind == "ell" and width_m > 18:
        t = depth_m * rng.uniform(0.38, 0.5)
        corners = [(-w, -d), (w, -d), (w, -d + t), (-w + t, -d + t), (-w + t, d), (-w, d)]
    elif kind == "court" and width_m > 24:
        t = depth_m * rng.uniform(0.28, 0.36)
        corners = [
            (-w, -d),
            (w, -d),
            (w, d),
            (w - t, d),
            (w - t, -d + t),
            (-w + t, -d + t),
            (-w + t, d),
            (-w, d),
        ]
    elif kind == "notched":
        n, k = width_m * 0.18, depth_m * 0.22
        corners = [(-w, -d), (-n, -d), (-n, -d + k), (n, -d + k), (n, -d), (w, -d), (w, d), (-w, d)]
    else:
        corners = [(-w, -d), (w, -d), (w, d), (-w, d)]
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    return np.array(corners) * [mirror, 1.0]


def _at(corners: Floats, middle: Floats, along: Floats) -> Polygon:
    """Return corners turned so that their x axis points ``along`` and moved to ``middle``."""
    turned = corners @ np.array([along, [-along[1], along[0]]]) + middle
    return Polygon(np.round(turned, 2))


def _sides(area: shapely.Geometry) -> Iterator[tuple[Floats, Floats, float]]:
    """Yield start, direction and length of the straight sides of an area, its inside on the left."""
    for part in shapely.get_parts(area):
        ring = np.asarray(shapely.normalize(part.simplify(1.5)).exterior.coords)[::-1]
        for a, b in pairwise(ring):
            length = float(np.hypot(*(b - a)))
            if length > 4:
                yield a, (b - a) / length, length


def frontage(
    plot: Plot,
    width: tuple[float, float],
    depth: tuple[float, float],
    *,
    rings: int,
    gap: float,
    kinds: tuple[str, ...] = ("box",),
    share: float = 1.0,
) -> None:
    """Place houses side by side along the edge of a plot, fronts to the street, ring within ring."""
    rng = plot.rng
    inset = 0.0
    for _ in range(rings):
        area = plot.land.buffer(-inset, join_style="mitre") if inset else plot.land
        deep = rng.uniform(*depth)
        for start, along, length in _sides(area):
            inward = np.array([-along[1], along[0]])
            at = rng.uniform(0.3, 2.0)
            while at < length - width[0] * 0.8:
                wide = min(rng.uniform(*width), length - at - 0.2)
                d = deep * rng.uniform(0.88, 1.08)
                middle = start + along * (at + wide / 2) + inward * (d / 2 + 0.15)
                if wide >= width[0] * 0.7 and rng.random() < share:
                    plot.place(_at(shape(str(rng.choice(kinds)), wide, d, rng), middle, along))
                at += wide + gap * rng.uniform(0.7, 1.6)
        inset += deep + gap * 2.2 + 1.5


def rows(
    plot: Plot,
    angle: float,
    width: Callable[[], float],
    depth_m: float,
    pitch_m: float,
    gap_m: float,
    kinds: tuple[str, ...] = ("box",),
) -> None:
    """Place buildings in parallel rows of one direction, filling each row from end to end."""
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    coords = shapely.get_coordinates(plot.land)
    if len(coords) == 0:
        return
    u, v = coords @ along, coords @ across
    n_rows = max(1, int((np.ptp(v) - depth_m - 2) // pitch_m) + 1)
    first = v.min() + (np.ptp(v) - (n_rows - 1) * pitch_m) / 2
    for row in range(n_rows):
        y = first + row * pitch_m
        strips = [
            plot.land.intersection(
                LineString([along * (u.min() - 1) + across * level, along * (u.max() + 1) + across * level])
            )
            for level in (y - depth_m / 2, y + depth_m / 2)
        ]
        spans = [sorted(_spans(strip, along)) for strip in strips]
        for low, high in _common(*spans):
            _fill_row(plot, (low, high), y, (along, across), width, depth_m, gap_m, kinds)


def _fill_row(
    plot: Plot,
    span: tuple[float, float],
    y: float,
    axes: tuple[Floats, Floats],
    width: Callable[[], float],
    depth_m: float,
    gap_m: float,
    kinds: tuple[str, ...],
) -> None:
    """Place as many buildings as fit in one clear span of a row, evenly spread."""
    wides: list[float] = []
    room = span[1] - span[0] - 2.0
    while (wide := width()) + sum(wides) + gap_m * len(wides) <= room:
        wides.append(wide)
    if not wides and room > 14:
        wides = [room * 0.95]
    spare = (room - sum(wides) - gap_m * (len(wides) - 1)) / (len(wides) + 1) if wides else 0.0
    at = span[0] + 1.0 + spare
    for wide in wides:
        middle = axes[0] * (at + wide / 2) + axes[1] * y
        plot.place(_at(shape(str(plot.rng.choice(kinds)), wide, depth_m, plot.rng), middle, axes[0]))
        at += wide + gap_m + spare


def _spans(cut: shapely.Geometry, along: Floats) -> list[tuple[float, float]]:
    """Return the intervals, measured along a row, that a cut line covers."""
    found = []
    for part in shapely.get_parts(cut):
        if part.geom_type == "LineString" and not part.is_empty:
            at = np.asarray(part.coords) @ along
            found.append((float(at.min()), float(at.max())))
    return found


def _common(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the intervals that both lists cover."""
    return [
        (max(a[0], b[0]), min(a[1], b[1]))
        for a in first
        for b in second
        if min(a[1], b[1]) - max(a[0], b[0]) > 12
    ]
