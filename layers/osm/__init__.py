"""OpenStreetMap extracts (PBF or XML) become the layers of a city."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shapely

from layers.osm.areas import AREA_KEYS, Areas, belongs_to_areas, is_building
from layers.osm.lines import WayLines, routing_tags
from layers.osm.places import ADDRESS_KEYS, POI_KEYS, Places, belongs_to_places
from layers.osm.restrictions import Restriction, read_restriction, take_restrictions
from layers.osm.rows import LayerRows
from layers.osm.source import OsmSource, Progress, objects, recognise
from layers.report import ReadResult
from twin.errors import ImportRefusedError

__all__ = ["OSM_LAYERS", "read_osm"]

OSM_LAYERS = (
    "roads",
    "restrictions",
    "traffic_signals",
    "barriers",
    "railways",
    "water",
    "waterways",
    "landuse",
    "buildings",
    "pois",
    "addresses",
)
"""Layers that an extract may fill, in the order in which they are returned."""

_KEYS = ("highway", "railway", "barrier", "type", *AREA_KEYS, *POI_KEYS, *ADDRESS_KEYS)
_ASSEMBLED_KEYS = ("railway", *AREA_KEYS, *POI_KEYS, *ADDRESS_KEYS)
_OBJECTS_PER_REPORT = 20_000


def read_osm(path: Path, *, progress: Progress | None = None) -> list[ReadResult]:
    """Read an OpenStreetMap extract into layers.

    Parameters
    ----------
    path : Path
        ``.osm.pbf``, ``.osm``, ``.osm.gz`` or ``.osm.bz2``; sorted nodes, ways, relations as
        every extract is.
    progress : callable, optional
        Called with a sentence and the number of objects read so far.

    Returns
    -------
    list of ReadResult
        One for ``roads`` and for each further layer of ``OSM_LAYERS`` that the file has something
        for. Geometry is WKB in lon, lat degrees, WGS 84. Ids are ``n``, ``w`` or ``r`` and the OSM
        number. ``roads`` holds whole ways with a further column ``node_ids`` (list of int64, one a
        vertex), and in ``tags`` the routing-relevant tags without a column as JSON. Restrictions
        name their members in the same ids. Nothing is lost silently: what could not be taken
        stands in each report.

    Raises
    ------
    ImportRefusedError
        If the file is missing, empty, damaged, cut off, no OpenStreetMap, named as another format
        than it is, or holds no road.

    Notes
    -----
    Time is linear in the size of the file. A PBF that ends exactly between two of its blocks
    cannot be told from a whole one; a note says where an extract has no relations at all.

    Examples
    --------
    >>> import tempfile
    >>> text = '''<osm version="0.6">
    ... <node id="1" lat="28.8" lon="119.9"/><node id="2" lat="28.9" lon="119.9"/>
    ... <way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way></osm>'''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "town.osm").write_text(text, encoding="utf-8")
    ...     (roads,) = read_osm(Path(folder, "town.osm"))
    >>> roads.table.select(["osm_id", "class", "oneway"]).to_pylist()
    [{'osm_id': 'w7', 'class': 'primary', 'oneway': 'no'}]
    """
    source = recognise(path)
    extract = _Extract()
    for n_done, item in enumerate(objects(source, _KEYS, _ASSEMBLED_KEYS), start=1):
        extract.take(item)
        if progress is not None and n_done % _OBJECTS_PER_REPORT == 0:
            progress(f"reading {path.name}", n_done)
    results = extract.results(source)
    if progress is not None:
        progress(f"read {path.name}", sum(result.report.rows_taken for result in results))
    return results


class _Extract:
    """All layers while one file is read."""

    def __init__(self) -> None:
        import osmium

        self._rows = {name: LayerRows(name) for name in OSM_LAYERS}
        self._wkb = osmium.geom.WKBFactory()
        self._lines = WayLines(self._rows)
        self._places = Places(self._rows["pois"], self._rows["addresses"])
        self._areas = Areas(self._rows, self._places)
        self._restrictions: list[Restriction] = []
        self._n_relations = 0

    def take(self, item: Any) -> None:
        """Take one object of the file into the layers that it belongs to."""
        tags = {tag.k: tag.v for tag in item.tags}
        if item.is_area():
            rings = item.num_rings()[0]
            if rings:
                self._areas.take(item, tags, shapely.from_wkb(self._wkb.create_multipolygon(item)))
        elif not item.visible:
            return
        elif item.is_node():
            self._take_node(item, tags)
        elif item.is_way():
            self._take_way(item, tags)
        else:
            self._take_relation(item, tags)

    def results(self, source: OsmSource) -> list[ReadResult]:
        """Return the layers that the file had something for."""
        self._areas.settle()
        roads = self._rows["roads"]
        if not roads.n_read:
            raise ImportRefusedError(
                f"{source.path.name} holds no way with the tag highway; wanted an extract with roads"
            )
        if not len(roads):
            first = roads.rejections[0]
            raise ImportRefusedError(
                f"none of the {roads.n_read} roads of {source.path.name} can be taken; the first one: "
                f"{first.came}, {first.reason}"
            )
        take_restrictions(self._rows["restrictions"], self._restrictions, self._lines)
        results = []
        for name, rows in self._rows.items():
            if name == "roads":
                nodes = {"node_ids": self._lines.nodes_of_roads.to_arrow()}
                results.append(rows.result(source, self._road_notes(), nodes))
            elif rows.n_read:
                results.append(rows.result(source))
        return results

    def _road_notes(self) -> list[str]:
        notes = []
        if self._lines.n_clipped:
            notes.append(
                f"{self._lines.n_clipped:,} ways are cut by the edge; their longest known part is taken"
            )
        if not self._n_relations:
            notes.append(
                "the file holds no relations, so no turn restrictions: make sure that it is complete"
            )
        return notes

    def _take_node(self, node: Any, tags: Mapping[str, str]) -> None:
        osm_id = f"n{node.id}"
        if not node.location.valid():
            self._places.refuse(
                osm_id, tags, "no valid lon, lat", "it lies nowhere", "correct it at its source"
            )
            return
        point = shapely.Point(node.location.lon, node.location.lat)
        if tags.get("highway") == "traffic_signals":
            self._rows["traffic_signals"].add(point, osm_id, routing_tags(tags, leave_out={"highway"}))
        if tags.get("barrier", "no") != "no":
            more = routing_tags(tags, leave_out={"barrier", "access"})
            self._rows["barriers"].add(point, osm_id, tags["barrier"], tags.get("access"), more)
        if is_building(tags):
            came, reason = f"building={tags['building']}", "a node has no outline"
            self._rows["buildings"].refuse(
                osm_id, "geometry", came, reason, "draw the outline of the building"
            )
        self._places.take(osm_id, tags, point)

    def _take_way(self, way: Any, tags: dict[str, str]) -> None:
        osm_id, is_closed = f"w{way.id}", way.is_closed() and tags.get("area") != "no"
        self._lines.take(way, tags)
        if not is_closed and belongs_to_places(tags) and not belongs_to_areas(tags):
            found = self._lines.line(way, osm_id, self._rows["pois"])
            if found is not None:
                middle = shapely.line_interpolate_point(found[0], 0.5, normalized=True)
                self._places.take(osm_id, tags, middle)
            return
        self._areas.expect(osm_id, tags, is_closed=is_closed)

    def _take_relation(self, relation: Any, tags: dict[str, str]) -> None:
        self._n_relations += 1
        kind = tags.get("type", "")
        if kind == "restriction" or kind.startswith("restriction:"):
            self._restrictions.append(read_restriction(relation, tags))
        elif kind in {"multipolygon", "boundary"}:
            self._areas.expect(f"r{relation.id}", tags, is_closed=True)
