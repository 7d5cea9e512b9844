"""Ways as lines: roads with their limits, railways and watercourses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.osm.rows import LayerRows, NodeLists
from layers.osm.values import (
    implied_oneway,
    is_plain_number,
    length_m,
    oneway,
    speed_kmh,
    weight_t,
    whole_number,
    word_set,
)
from twin.errors import InvalidValueError

NOT_ROADS = word_set(
    "proposed planned abandoned disused razed demolished removed no rest_area services street_lamp bus_stop"
)
"""Values of ``highway`` on ways that are no road or path in use, or a place beside one."""

TRACKS = word_set("rail light_rail subway tram narrow_gauge monorail funicular preserved")
WATERCOURSES = word_set("river stream canal drain ditch tidal_channel")

ROUTING_KEYS = word_set(
    "access vehicle motor_vehicle motorcar motorcycle moped mofa hgv goods bus psv taxi hov coach trailer "
    "caravan emergency hazmat agricultural forestry bicycle foot horse wheelchair oneway turn change lanes "
    "maxspeed minspeed maxheight maxweight maxwidth maxlength maxaxleload maxbogieweight maxweightrating "
    "overtaking toll motorroad service surface smoothness tracktype incline ford tunnel bridge layer width "
    "est_width cycleway sidewalk footway segregated bicycle_road cyclestreet busway bus_bay traffic_calming "
    "destination junction area indoor construction ice_road winter_road crossing traffic_signals barrier "
    "locked int_ref name restriction direction stop give_way embedded_rails covered ramp handrail lit "
    "embankment flood_prone"
)
"""First parts of the keys that bear on who may go where, how fast, or what signposts say."""

_TAKEN_KEYS = frozenset({"name", "name:en", "ref", "access", "bridge", "tunnel", "junction", "oneway"})


class WayLines:
    """Takes ways one by one and sorts them into roads, railways and watercourses."""

    def __init__(self, rows: Mapping[str, LayerRows]) -> None:
        import osmium

        self._rows = rows
        self._wkb = osmium.geom.WKBFactory()
        self._all_nodes = osmium.geom.ALL
        self._missing = osmium.InvalidLocationError
        self.nodes_of_roads = NodeLists()
        self._row_of_road: dict[int, int] = {}
        self.n_clipped = 0

    def take(self, way: Any, tags: Mapping[str, str]) -> None:
        """Take one way into each line layer that it belongs to.

        Parameters
        ----------
        way : osmium Way
            With node locations.
        tags : mapping of str to str
        """
        osm_id = f"w{way.id}"
        if "highway" in tags:
            self._take_road(way, osm_id, tags)
        if tags.get("railway") in TRACKS:
            self._take_plain(way, osm_id, "railways", tags["railway"], tags.get("name"))
        if tags.get("waterway") in WATERCOURSES:
            rows = self._rows["waterways"]
            width = rows.number(osm_id, tags, "width", length_m)
            self._take_plain(way, osm_id, "waterways", tags["waterway"], tags.get("name"), width)

    def line(self, way: Any, osm_id: str, rows: LayerRows) -> tuple[shapely.Geometry, list[int]] | None:
        """Return the line of a way and the node of each vertex; None, and the reason noted, if it has none.

        Parameters
        ----------
        way : osmium Way
        osm_id : str
        rows : LayerRows
            Where a reason is noted.

        Returns
        -------
        tuple of LineString and list of int, or None
            lon, lat degrees. A way that the edge of the extract cuts keeps its longest known run of nodes.
        """
        refs = [node.ref for node in way.nodes]
        if len(refs) < 2:
            rows.refuse(osm_id, "nodes", f"{len(refs)} nodes", "a line needs two", "delete or redraw the way")
            return None
        try:
            line = shapely.from_wkb(self._wkb.create_linestring(way, use_nodes=self._all_nodes))
        except self._missing:
            clipped = self._known_part(way, osm_id, rows)
            if clipped is None:
                return None
            line, refs = clipped
        if line.length == 0.0:
            rows.refuse(
                osm_id, "nodes", f"{len(refs)} nodes", "all lie in one place", "delete or redraw the way"
            )
            return None
        return line, refs

    def line_of(self, way_id: int) -> shapely.LineString | None:
        """Return the line of a road that was taken, None for every other way.

        Parameters
        ----------
        way_id : int
            OSM number.

        Returns
        -------
        LineString or None
            lon, lat degrees.
        """
        row = self._row_of_road.get(way_id)
        return None if row is None else self._rows["roads"].geometry(row)

    def nodes_of(self, way_id: int) -> NDArray[np.int64]:
        """Return the node ids of a road that was taken.

        Parameters
        ----------
        way_id : int
            OSM number of a way for which ``line_of`` is not None.

        Returns
        -------
        ndarray of int64, shape (n_vertices,)
        """
        return self.nodes_of_roads.of(self._row_of_road[way_id])

    def _known_part(
        self, way: Any, osm_id: str, rows: LayerRows
    ) -> tuple[shapely.Geometry, list[int]] | None:
        """Return the longest run of nodes whose places the file holds."""
        nodes = list(way.nodes)
        is_known = np.array([node.location.valid() for node in nodes])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], is_known, [False]]).astype(np.int8)))
        starts, ends = edges[0::2], edges[1::2]
        came = f"{int((~is_known).sum())} of {len(nodes)} nodes are not in the file"
        longest = int(np.argmax(ends - starts)) if len(starts) else 0
        if not len(starts) or ends[longest] - starts[longest] < 2:
            rows.refuse(
                osm_id, "nodes", came, "no two neighbours are known", "cut the extract with complete ways"
            )
            return None
        run = nodes[starts[longest] : ends[longest]]
        self.n_clipped += 1
        rows.remark(
            osm_id,
            "nodes",
            came,
            "only its longest known part is taken",
            "cut the extract with complete ways",
        )
        places = [(node.location.lon, node.location.lat) for node in run]
        return shapely.LineString(places), [node.ref for node in run]

    def _take_plain(self, way: Any, osm_id: str, layer: str, *values: object) -> None:
        """Take a line without node ids."""
        found = self.line(way, osm_id, self._rows[layer])
        if found is not None:
            self._rows[layer].add(found[0], osm_id, *values)

    def _take_road(self, way: Any, osm_id: str, tags: Mapping[str, str]) -> None:
        """Take one road, path or street."""
        rows = self._rows["roads"]
        kind = tags["highway"]
        if kind in NOT_ROADS:
            rows.refuse(osm_id, "highway", kind, "no road or path in use", "nothing to do unless it is open")
            return
        found = self.line(way, osm_id, rows)
        if found is None:
            return
        line, refs = found
        self._row_of_road[way.id] = len(rows)
        self.nodes_of_roads.append(refs)
        rows.add(line, osm_id, kind, *road_values(rows, osm_id, tags))


def road_values(rows: LayerRows, osm_id: str, tags: Mapping[str, str]) -> tuple[object, ...]:
    """Return the fields of a road after its class, in the order of the layer.

    Parameters
    ----------
    rows : LayerRows
        The roads; unreadable values are noted there and stay in ``tags``.
    osm_id : str
    tags : mapping of str to str

    Returns
    -------
    tuple
        name, name_en, oneway, lanes, maxspeed_kmh, maxheight_m, maxweight_t, maxwidth_m, access,
        bridge, tunnel, layer, junction, tags (JSON), ref.
    """
    try:
        direction = oneway(tags)
    except InvalidValueError as error:
        direction = implied_oneway(tags)
        rows.remark_value(osm_id, "oneway", tags["oneway"], error)
    numbers = {
        "lanes": rows.number(osm_id, tags, "lanes", lambda raw: whole_number(raw, lowest=1, highest=30)),
        "maxspeed": rows.number(osm_id, tags, "maxspeed", speed_kmh),
        "maxheight": rows.number(
            osm_id, tags, "maxheight", lambda raw: length_m(raw, lowest=0.5, highest=30)
        ),
        "maxweight": rows.number(osm_id, tags, "maxweight", weight_t),
        "maxwidth": rows.number(osm_id, tags, "maxwidth", lambda raw: length_m(raw, lowest=0.3, highest=100)),
        "layer": rows.number(osm_id, tags, "layer", lambda raw: whole_number(raw, lowest=-20, highest=20)),
    }
    said = {
        key
        for key, value in numbers.items()
        if value is not None and (key == "layer" or is_plain_number(tags[key]))
    }
    lanes, speed, height, weight, width, level = numbers.values()
    return (
        tags.get("name"),
        tags.get("name:en"),
        direction,
        *(lanes, speed, height, weight, width),
        *(tags.get("access"), tags.get("bridge"), tags.get("tunnel"), level, tags.get("junction")),
        routing_tags(tags, leave_out=said | _taken_keys(tags)),
        tags.get("ref"),
    )


def routing_tags(tags: Mapping[str, str], *, leave_out: AbstractSet[str] = frozenset()) -> str | None:
    """Return the tags that matter for routing as JSON with sorted keys; None where there are none.

    Parameters
    ----------
    tags : mapping of str to str
    leave_out : set of str
        Keys that have a column of their own.

    Returns
    -------
    str or None

    Examples
    --------
    >>> routing_tags({"surface": "asphalt", "source": "survey", "lanes:forward": "2"})
    '{"lanes:forward": "2", "surface": "asphalt"}'
    """
    keys = sorted(key for key in tags.keys() - leave_out if key.split(":")[0] in ROUTING_KEYS)
    kept = {key: tags[key] for key in keys}
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _taken_keys(tags: Mapping[str, str]) -> frozenset[str]:
    """Return keys with a column; a one-way value that is not one of ours stays readable in ``tags``."""
    is_plain = tags.get("oneway", "no") in {"yes", "no", "-1", "reversible"}
    return _TAKEN_KEYS if is_plain else _TAKEN_KEYS - {"oneway"}
