"""Streams of the hills, found from the drainage of the ground, and the reservoir."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry import LineString, Point, Polygon

from sample_data.generator.frame import border
from sample_data.generator.river import town_water
from sample_data.generator.skeleton import town
from sample_data.generator.terrain import Ground, ground, pixel_centres

Floats = NDArray[np.float64]

MIN_CATCHMENT_M2 = 1.3e6
DAM_KM = (-5.0, 5.6)
"""The reservoir lies at the largest stream within 2 km of here."""


def _links(shape: Ground) -> list[list[int]]:
    """Return chains of pixels from every head or confluence down to the next one."""
    is_channel = shape.area_m2 > MIN_CATCHMENT_M2
    channel = np.flatnonzero(is_channel)
    below = shape.receiver[channel]
    n_above = np.bincount(below[below >= 0], minlength=len(is_channel))
    n_above[~is_channel] = 0
    chains = []
    for head in channel[n_above[channel] != 1]:
        chain = [int(head)]
        while (there := int(shape.receiver[chain[-1]])) >= 0:
            chain.append(there)
            if n_above[there] != 1:
                break
        if len(chain) > 5:
            chains.append(chain)
    return chains


def _smooth(points: Floats) -> Floats:
    """Return a pixel chain as a gentle line, ends kept."""
    wide: Floats = ndimage.gaussian_filter1d(points, 2.2, axis=0, mode="nearest")
    wide[0], wide[-1] = points[0], points[-1]
    return wide


def _to_river(line: LineString) -> LineString:
    """Return a stream lengthened into the wide water that its lower end all but touches."""
    link = shapely.shortest_line(Point(line.coords[-1]), town_water())
    if not 0 < link.length < 160:
        return line
    mouth = np.array(link.coords[1]) + (np.array(link.coords[1]) - np.array(link.coords[0])) / link.length * 3
    return LineString([*line.coords, (float(mouth[0]), float(mouth[1]))])


@cache
def streams() -> tuple[tuple[LineString, float], ...]:
    """Return the lines of small streams outside town and rivers, each with its catchment in m2."""
    shape = ground()
    centres = pixel_centres()
    dry = border().difference(shapely.union_all([town_water(), town(), reservoir()]))
    found = []
    for chain in _links(shape):
        line = LineString(_smooth(centres[chain])).simplify(4.0)
        catchment = float(shape.area_m2[chain[len(chain) // 2]])
        pieces = shapely.get_parts(shapely.intersection(line, dry))
        found += [(_to_river(piece), catchment) for piece in pieces if piece.length > 250]
    return tuple(found)


@cache
def reservoir() -> Polygon:
    """Return the water surface behind the dam of 石门水库."""
    shape = ground()
    centres = pixel_centres()
    near = np.hypot(*(centres - np.array(DAM_KM) * 1000).T) < 2000
    dam = int(np.flatnonzero(near)[np.argmax(shape.area_m2[near] * (shape.plain.ravel()[near] > 1.3))])
    upstream = np.zeros(len(centres), bool)
    upstream[dam] = True
    order = np.argsort(-shape.area_m2, kind="stable")
    for here in order:
        below = shape.receiver[here]
        if below >= 0 and upstream[below]:
            upstream[here] = True
    level = shape.height_m.ravel()[dam] + 27.0
    wet = (upstream & (shape.height_m.ravel() < level)).reshape(shape.height_m.shape)
    parts, _ = ndimage.label(wet)
    wet = parts == parts.ravel()[dam]
    squares = [shapely.box(x - 25, y - 25, x + 25, y + 25) for x, y in centres[wet.ravel()]]
    return shapely.union_all(squares).buffer(30).buffer(-55).buffer(35).simplify(3.0)
