"""The smallest pieces of ground, between roads, waters and ridges, of which grid units are put together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import Affine
from shapely.geometry import LineString, shape

from sample_data.generator.buildings import buildings
from sample_data.generator.curves import chaikin
from sample_data.generator.frame import border
from sample_data.generator.network import network
from sample_data.generator.river import canals, rivers
from sample_data.generator.skeleton import railway
from sample_data.generator.streams import streams
from sample_data.generator.terrain import EDGE_M, PIXEL_M, ground

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RIDGE_CATCHMENT_M2 = 3.5e5
_RURAL_SHARE = 0.5
"""Weight of all the open ground against that of all the floor space."""


@dataclass(frozen=True)
class Faces:
    """Pieces of ground and which of them touch.

    ``left`` and ``right`` are the faces on both sides of every inner edge; ``is_major``
    says whether a main road, a river or the railway runs along it.
    """

    polygons: NDArray[np.object_]
    middle: Floats
    weight: Floats
    left: Ints
    right: Ints
    is_major: NDArray[np.bool_]


def _basins() -> NDArray[np.int32]:
    """Return a raster of small drainage basins."""
    shape_of_ground = ground()
    is_channel = shape_of_ground.area_m2 > _RIDGE_CATCHMENT_M2
    below = shape_of_ground.receiver
    n_above = np.bincount(below[is_channel & (below >= 0)], minlength=len(below))
    label = np.zeros(len(below), np.int32)
    for here in np.argsort(-shape_of_ground.area_m2, kind="stable"):
        there = below[here]
        if there < 0:
            continue
        is_new = is_channel[here] and (n_above[there] > 1 or below[there] < 0 or label[there] == 0)
        label[here] = here + 1 if is_new else label[there]
    return label.reshape(shape_of_ground.height_m.shape)


def _ridges() -> list[LineString]:
    """Return the lines between drainage basins, smoothed, ends kept."""
    grid = Affine(PIXEL_M, 0, -EDGE_M - PIXEL_M / 2, 0, PIXEL_M, -EDGE_M - PIXEL_M / 2)
    polygons = [shape(one) for one, _ in features.shapes(_basins(), transform=grid, connectivity=4)]
    noded = shapely.union_all([polygon.boundary for polygon in polygons if polygon.area > 90_000])
    lines = []
    for line in shapely.get_parts(shapely.line_merge(noded)):
        rough = np.asarray(line.simplify(70.0).coords)
        lines.append(LineString(chaikin(rough, 2)).simplify(3.0))
    return lines


def _linework() -> tuple[list[shapely.Geometry], list[shapely.Geometry]]:
    """Return the major and the other lines along which faces may end."""
    net = network()
    is_drive = np.array([street.kind in ("service", "footway") for street in net.streets])[net.street]
    major = [*net.lines[net.rank >= 4], railway(), *(river.line for river in rivers())]
    minor = [
        *net.lines[(net.rank < 4) & ~is_drive],
        *(canal.line for canal in canals()),
        *(line for line, _ in streams()),
    ]
    return major, minor


@cache
def faces() -> Faces:
    """Return the pieces of ground of the whole county; together they cover it exactly."""
    major, minor = _linework()
    roads = shapely.union_all([*major, *minor])
    ridges = shapely.union_all(_ridges())
    lines = shapely.union_all(
        [border().exterior, roads.intersection(border()), ridges.intersection(border())], grid_size=0.01
    )
    edges = shapely.get_parts(lines)
    polygons = shapely.get_parts(shapely.polygonize(edges))
    polygons = polygons[
        np.lexsort(np.round(shapely.get_coordinates(shapely.point_on_surface(polygons)), 1).T)
    ]
    tree = shapely.STRtree(polygons)
    middle = shapely.line_interpolate_point(edges, 0.5, normalized=True)
    edge, face = tree.query(middle, "dwithin", 1e-5)
    order = np.lexsort((face, edge))
    edge, face = edge[order], face[order]
    pairs = np.flatnonzero(edge[1:] == edge[:-1])
    is_major = np.zeros(len(pairs), bool)
    is_major[shapely.STRtree(major).query(middle[edge[pairs]], "dwithin", 0.05)[0]] = True
    weight = np.zeros(len(polygons))
    floors = np.array([house.footprint.area * house.floors for house in buildings()])
    house, where = tree.query(shapely.point_on_surface([one.footprint for one in buildings()]), "intersects")
    np.add.at(weight, where, floors[house])
    area = shapely.area(polygons)
    weight = weight / weight.sum() + _RURAL_SHARE * area / area.sum()
    middles = shapely.get_coordinates(shapely.point_on_surface(polygons))
    return Faces(polygons, middles, weight, face[pairs], face[pairs + 1], is_major)
