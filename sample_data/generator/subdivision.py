"""Street patterns: an area between main roads is cut again and again along the cross field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import split

from sample_data.generator.crossfield import direction

Floats = NDArray[np.float64]

STEP_M = 14.0
OVERSHOOT_M = 0.4
SNAP_M = 38.0


@dataclass(frozen=True)
class Cut:
    """A new street: its line and the size of the area that it divided."""

    line: LineString
    area_m2: float


@dataclass
class Subdivision:
    """Cuts areas until they are as small as wanted, and remembers junctions so that streets continue.

    Parameters
    ----------
    target_m2 : callable
        Wanted size of a block at a local point (x, y).
    barrier : shapely geometry
        Lines that a street must not reach: banks, rails, the edge of the town.
    rng : numpy Generator
        Random numbers of this part of town.
    follow : callable, optional
        Direction of a street at a point, near a heading; the cross field when not given.
    """

    target_m2: Callable[[float, float], float]
    barrier: shapely.Geometry
    rng: np.random.Generator
    follow: Callable[[float, float, complex], complex] = direction
    cuts: list[Cut] = field(default_factory=list)
    blocks: list[Polygon] = field(default_factory=list)
    _junctions: dict[tuple[int, int], list[tuple[float, float]]] = field(default_factory=dict)

    def cut(self, area: Polygon) -> None:
        """Divide one area; the streets go to ``cuts``, what is left between them to ``blocks``."""
        shapely.prepare(self.barrier)
        pending = [area]
        while pending:
            piece = pending.pop()
            if piece.interiors:
                pending += self._open(piece)
                continue
            middle = piece.centroid
            target = self.target_m2(middle.x, middle.y) * self.rng.uniform(0.75, 1.3)
            parts = self._divide(piece, target) if piece.area > 1.55 * target else None
            if parts is None:
                self.blocks.append(piece)
            else:
                pending += parts

    def _open(self, piece: Polygon) -> list[Polygon]:
        """Return the parts of an area with a hole, cut by a street that would pass through the hole."""
        hole = Polygon(piece.interiors[0])
        outside = Polygon(piece.exterior)
        start = np.array(hole.centroid.coords[0])
        line = None
        for across in (1, 1j, 1 + 1j, 1 - 1j):
            line = line or self._trace(outside, start, across / abs(across), is_straight=True)
        halves = list(split(outside, line).geoms) if line is not None else []
        if line is None or len(halves) < 2:
            return [outside]
        rest = piece.interiors[1:]
        for street in shapely.get_parts(line.difference(hole.buffer(12))):
            self._keep(street, piece)
        parts = [part.difference(hole) for part in halves]
        holes = shapely.union_all([Polygon(ring) for ring in rest])
        return [one for part in parts for one in shapely.get_parts(part.difference(holes)) if one.area > 100]

    def _divide(self, piece: Polygon, target: float) -> list[Polygon] | None:
        """Return the two parts of an area, or None when no good cut was found."""
        box = np.asarray(piece.minimum_rotated_rectangle.exterior.coords)
        sides = box[1:3] - box[:2]
        long_axis = sides[np.argmax(np.hypot(*sides.T))]
        across = complex(-long_axis[1], long_axis[0]) / np.hypot(*long_axis)
        middle = np.array(piece.centroid.coords[0])
        shape = min(0.026, 0.6 * piece.area / piece.length**2)
        for attempt in range(11):
            shift = self.rng.uniform(-0.13, 0.13) * (1 + 0.4 * attempt)
            start = middle + shift * long_axis
            if not piece.contains(Point(start)):
                start = np.array(piece.representative_point().coords[0])
            line = self._trace(piece, start, across, is_straight=attempt > 5, may_snap=attempt < 8)
            if line is None:
                continue
            parts = [part for part in split(piece, line).geoms if part.area > 1.0]
            if len(parts) == 2 and all(
                part.area > 0.42 * target and part.area / part.length**2 > shape for part in parts
            ):
                self._keep(line, piece)
                return parts
        return None

    def _trace(
        self, piece: Polygon, start: Floats, across: complex, *, is_straight: bool, may_snap: bool = True
    ) -> LineString | None:
        """Return a line through ``start`` that reaches the outline of ``piece`` on both sides."""
        heading = across if is_straight else self.follow(start[0], start[1], across)
        halves = []
        for sign in (1, -1):
            half = self._walk(piece, start, sign * heading, is_straight=is_straight, may_snap=may_snap)
            if half is None:
                return None
            halves.append(half)
        points = [*halves[0][::-1], (float(start[0]), float(start[1])), *halves[1]]
        line = LineString(points)
        return line if line.is_simple else None

    def _walk(
        self, piece: Polygon, start: Floats, heading: complex, *, is_straight: bool, may_snap: bool
    ) -> list[tuple[float, float]] | None:
        """Return the points from ``start`` to just beyond the outline, snapped to a junction nearby."""
        shapely.prepare(piece)
        points: list[tuple[float, float]] = []
        x, y = float(start[0]), float(start[1])
        first = heading
        for _ in range(160):
            here = (x, y)
            x, y = x + heading.real * STEP_M, y + heading.imag * STEP_M
            if not shapely.contains_xy(piece, x, y):
                end = self._end(piece, here, (x, y), SNAP_M if may_snap else 4.0)
                while points and np.hypot(points[-1][0] - end[0], points[-1][1] - end[1]) < STEP_M:
                    points.pop()
                return [*points, end]
            points.append((x, y))
            if not is_straight:
                heading = self.follow(x, y, heading)
                if (heading * first.conjugate()).real < 0.2:
                    return None
        return None

    def _end(
        self, piece: Polygon, inside: tuple[float, float], outside: tuple[float, float], snap_m: float
    ) -> tuple[float, float]:
        """Return where a walk ends: a known junction on the outline, or just beyond the outline."""
        hit = shapely.intersection(piece.boundary, LineString([inside, outside]))
        touched = shapely.get_coordinates(hit)
        x, y = map(float, touched[0] if len(touched) else outside)
        nearest = self._junction_near(x, y, min(snap_m, 0.22 * piece.area**0.5))
        if nearest is not None and piece.boundary.distance(Point(nearest)) < 0.6:
            x, y = nearest
        length = max(np.hypot(x - inside[0], y - inside[1]), 1e-6)
        return x + (x - inside[0]) / length * OVERSHOOT_M, y + (y - inside[1]) / length * OVERSHOOT_M

    def _junction_near(self, x: float, y: float, within_m: float) -> tuple[float, float] | None:
        """Return the nearest known junction."""
        col, row = int(x // 50), int(y // 50)
        best, best_m = None, within_m
        for c in (col - 1, col, col + 1):
            for r in (row - 1, row, row + 1):
                for point in self._junctions.get((c, r), ()):
                    far = np.hypot(point[0] - x, point[1] - y)
                    if far < best_m:
                        best, best_m = point, far
        return best

    def _keep(self, line: LineString, piece: Polygon) -> None:
        """Add a street; where it meets a barrier it ends short of it."""
        coords = list(line.coords)
        for at, inner in ((0, 1), (-1, -2)):
            end = coords[at]
            if shapely.dwithin(self.barrier, Point(end), 1.5):
                back = np.array(coords[inner]) - np.array(end)
                far = float(np.hypot(*back))
                shift = np.array(end) + back / far * min(14.0, far * 0.8)
                coords[at] = (float(shift[0]), float(shift[1]))
            else:
                self._junctions.setdefault((int(end[0] // 50), int(end[1] // 50)), []).append(end)
        self.cuts.append(Cut(LineString(coords), piece.area))
