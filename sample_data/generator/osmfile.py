"""roads.osm.pbf: roads, restrictions, signals, water, rails, areas and points of interest as OSM objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.osm import mutable
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import substring

from sample_data.generator.frame import border, to_lonlat
from sample_data.generator.landcover import areas
from sample_data.generator.pois import points_of_interest
from sample_data.generator.restrictions import restrictions
from sample_data.generator.river import canals, rivers
from sample_data.generator.roadmap import FIRST_NODE_ID, FIRST_WAY_ID, RoadMap, road_map
from sample_data.generator.skeleton import railway
from sample_data.generator.streams import streams

Floats = NDArray[np.float64]
Tags = dict[str, str]
Members = list[tuple[str, int, str]]

FIRST_RELATION_ID = 1_001


@dataclass
class Objects:
    """OSM objects in the order of their ids; nodes that do not belong to roads come after those that do."""

    roads: RoadMap
    points: list[tuple[float, float]] = field(default_factory=list)
    node_tags: dict[int, Tags] = field(default_factory=dict)
    ways: list[tuple[int, list[int], Tags]] = field(default_factory=list)
    relations: list[tuple[int, Members, Tags]] = field(default_factory=list)

    def node(self, xy: tuple[float, float], tags: Tags | None = None) -> int:
        """Add a node and return its id."""
        self.points.append(xy)
        number = FIRST_NODE_ID + len(self.points) - 1
        if tags:
            self.node_tags[number] = tags
        return number

    def way(self, line: LineString, tags: Tags) -> int:
        """Add a way with nodes of its own and return its id; a closed line shares its first node."""
        coords = [(float(x), float(y)) for x, y in np.round(np.asarray(line.coords), 2)]
        is_closed = coords[0] == coords[-1]
        nodes = [self.node(xy) for xy in (coords[:-1] if is_closed else coords)]
        number = FIRST_WAY_ID + len(self.ways)
        self.ways.append((number, nodes + nodes[:1] if is_closed else nodes, tags))
        return number

    def relation(self, members: Members, tags: Tags) -> None:
        """Add a relation."""
        self.relations.append((FIRST_RELATION_ID + len(self.relations), members, tags))

    def _ring(self, ring: LineString, shared: dict[tuple[float, float], int]) -> int:
        """Add a ring as an untagged way; where rings of one area touch they share the node."""
        coords = [(float(x), float(y)) for x, y in np.round(np.asarray(ring.coords), 2)]
        for xy in coords:
            if xy not in shared:
                shared[xy] = self.node(xy)
        number = FIRST_WAY_ID + len(self.ways)
        self.ways.append((number, [shared[xy] for xy in coords], {}))
        return number

    def area(self, polygon: Polygon, tags: Tags) -> None:
        """Add a polygon: a closed way, or a multipolygon where it has holes."""
        if not polygon.interiors:
            self.way(LineString(polygon.exterior.coords), tags)
            return
        shared: dict[tuple[float, float], int] = {}
        members = [("w", self._ring(polygon.exterior, shared), "outer")]
        members += [("w", self._ring(ring, shared), "inner") for ring in polygon.interiors]
        self.relation(members, {"type": "multipolygon", **tags})


def _watercourses(objects: Objects) -> None:
    """Add the centre lines of rivers, canals and streams, in the direction of the flow."""
    for river in (*rivers(), *canals()):
        tags = {
            "waterway": river.kind,
            "name": river.name,
            "name:en": river.name_en,
            "width": str(round(river.width_m.mean())),
        }
        for part in shapely.get_parts(river.line.simplify(1.0).intersection(border())):
            objects.way(part, tags)
    for line, catchment in streams():
        objects.way(line, {"waterway": "stream", "width": "6" if catchment > 6e6 else "3"})


def _railway(objects: Objects) -> None:
    """Add the railway, on a bridge wherever a road or water passes under it."""
    line = railway().intersection(border())
    under = [objects.roads.line(way) for way in objects.roads.ways if "tunnel" not in way.tags]
    wet = [area for area, tags in areas() if "water" in tags]
    spans: list[tuple[float, float]] = []
    for other in shapely.STRtree(np.array([*under, *wet], object)).query(line, "intersects"):
        for part in shapely.get_parts(line.intersection([*under, *wet][other])):
            at = sorted(line.project(Point(part.coords[i])) for i in (0, -1))
            spans.append((at[0] - 25, at[1] + 25))
    tags = {"railway": "rail", "name": "丽金铁路", "gauge": "1435"}
    done = 0.0
    for low, high in sorted(spans):
        if low > done + 1:
            objects.way(substring(line, done, low), tags)
        if high > done + 1:
            objects.way(substring(line, max(low, done), high), {**tags, "bridge": "yes", "layer": "1"})
        done = max(done, high)
    objects.way(substring(line, done, line.length), tags)


def map_objects() -> Objects:
    """Return all objects of the map."""
    roads = road_map()
    objects = Objects(roads, [(float(x), float(y)) for x, y in roads.points])
    objects.ways = [(way.way_id, list(way.nodes), way.tags) for way in roads.ways]
    objects.node_tags |= {node: {"highway": "traffic_signals"} for node in roads.signals}
    objects.node_tags |= roads.barriers
    _watercourses(objects)
    _railway(objects)
    for rule in restrictions():
        via = ("w" if rule.is_via_way else "n", rule.via, "via")
        members = [("w", rule.from_way, "from"), via, ("w", rule.to_way, "to")]
        objects.relation(members, {"type": "restriction", "restriction": rule.kind, **dict(rule.tags)})
    for polygon, tags in areas():
        objects.area(polygon, tags)
    for xy, tags in points_of_interest():
        objects.node(xy, tags)
    return objects


def write_osm(path: Path) -> None:
    """Write the map as a sorted OSM PBF file."""
    objects = map_objects()
    lonlat = to_lonlat(objects.points)
    path.unlink(missing_ok=True)
    writer = osmium.SimpleWriter(str(path))
    try:
        for number, (lon, lat) in enumerate(lonlat, FIRST_NODE_ID):
            writer.add_node(
                mutable.Node(
                    id=number, version=1, location=(lon, lat), tags=objects.node_tags.get(number, {})
                )
            )
        for number, nodes, tags in objects.ways:
            writer.add_way(mutable.Way(id=number, version=1, nodes=nodes, tags=tags))
        for number, members, tags in objects.relations:
            writer.add_relation(mutable.Relation(id=number, version=1, members=members, tags=tags))
    finally:
        writer.close()
