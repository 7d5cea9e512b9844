"""Street graphs that OSMnx saved as GraphML become roads (道路) and signals (信号灯)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pyarrow as pa
import pyproj
import shapely

from layers.osm.lines import road_values
from layers.osm.rows import LayerRows, NodeLists
from layers.osm.source import OsmSource, peek, unpacked, xml_root
from layers.osm.values import length_m, speed_kmh, weight_t
from layers.report import ReadResult
from twin.errors import ImportRefusedError, InvalidValueError

WANTED = "wanted a GraphML file of OSMnx"

MAX_GRAPHML_BYTES = 2**31
"""A graph larger than this when unpacked is refused: it is read as one document."""

CLASSES = (
    *("motorway", "trunk", "primary", "secondary", "tertiary"),
    *("motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link"),
    *("unclassified", "residential", "living_street", "service"),
)
"""Road classes from the most to the least important, to choose one where an edge joins several."""

SAME_LENGTH_M = 0.01
"""Two directions of one street differ by no more: their lengths are the same sum in another order."""

_LOWEST: Mapping[str, Callable[[str], float | None]] = {
    "lanes": float,
    "maxspeed": speed_kmh,
    "maxheight": length_m,
    "maxwidth": length_m,
    "width": length_m,
    "maxweight": weight_t,
}
"""Limits of which the lowest holds where an edge joins several, and how they are read."""

_NOT_TAGS = frozenset({"osmid", "geometry", "length", "oneway", "reversed", "from", "to", "id"})
_NOTE = (
    "an OSMnx graph holds no turn restrictions, barriers, buildings or places; import the .osm.pbf for those"
)


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge of the graph as it stands in the file, its line in lon, lat degrees."""

    number: int
    u: int
    v: int
    key: int
    osmids: tuple[int, ...]
    is_oneway: bool
    is_reversed: bool
    length_m: float
    tags: Mapping[str, str]
    line: shapely.LineString

    @property
    def name(self) -> str:
        """The id of the edge in the layer."""
        return f"{self.u}-{self.v}-{self.key}"


def read_graphml(path: Path) -> list[ReadResult]:
    """Read a street graph that OSMnx saved.

    Parameters
    ----------
    path : Path
        ``.graphml`` or ``.graphml.gz``, of any OSMnx version since 1.0.

    Returns
    -------
    list of ReadResult
        ``roads``, and ``traffic_signals`` where nodes are signals. The two directed edges of a two-way
        street become one road; ids are ``u-v-key``. Further columns: ``u``, ``v`` (int64), ``osmid``
        (list of int64) and ``node_ids`` (list of int64, one a vertex, 0 where the graph has
        forgotten the node). Geometry is WKB in lon, lat degrees, WGS 84.

    Raises
    ------
    ImportRefusedError
        If the file is missing, damaged, no GraphML, not saved by OSMnx, without edges or
        in an unknown CRS.

    Notes
    -----
    Where an edge joins several ways, the most important class and the lowest limits hold.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.graphml").write_text("<osm/>")
    ...     read_graphml(Path(folder, "a.graphml"))
    Traceback (most recent call last):
    twin.errors.ImportRefusedError: a.graphml is XML of another kind (<osm>); wanted a GraphML file of OSMnx
    """
    source, text = _document(path)
    graph = _graph(source.path.name, text)
    edges = list(_edges(graph, _to_lon_lat(source.path.name, graph)))
    if not edges:
        raise ImportRefusedError(f"{path.name} holds no edge; wanted a street graph")
    roads = _roads(source, edges, is_directed=graph.is_directed())
    if not roads.table.num_rows:
        raise ImportRefusedError(f"none of the {len(edges)} edges of {path.name} has a line")
    signals = _signals(source, graph)
    return [roads, signals] if signals.table.num_rows else [roads]


def _document(path: Path) -> tuple[OsmSource, str]:
    """Return the source and its text after looking at its root."""
    if not path.is_file():
        raise ImportRefusedError(f"there is no file {path}; {WANTED}")
    root = xml_root(path, peek(path, wanted=WANTED))
    if root != "graphml":
        kind = f"XML of another kind (<{root}>)" if root else "no XML"
        raise ImportRefusedError(f"{path.name} is {kind}; {WANTED}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        with unpacked(path) as file:
            content = file.read(MAX_GRAPHML_BYTES + 1)
        text = content.decode("utf-8-sig")
    except (EOFError, OSError, UnicodeDecodeError) as error:
        raise ImportRefusedError(
            f"{path.name} is damaged or cut off ({error}); send the whole file"
        ) from error
    if len(content) > MAX_GRAPHML_BYTES:
        raise ImportRefusedError(
            f"{path.name} unpacks to more than {MAX_GRAPHML_BYTES:,} bytes; send an .osm.pbf"
        )
    return OsmSource(path, "graphml", digest), text


def _graph(name: str, text: str) -> Any:
    """Return the graph as OSMnx reads it."""
    import networkx as nx
    import osmnx

    try:
        return osmnx.load_graphml(graphml_str=text)
    except ParseError as error:
        raise ImportRefusedError(
            f"{name} is damaged or cut off ({error}); send the whole file again"
        ) from error
    except (
        nx.NetworkXError,
        shapely.errors.ShapelyError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise ImportRefusedError(
            f"{name} was not saved by OSMnx ({error}); wanted the output of osmnx.save_graphml"
        ) from error


def _to_lon_lat(name: str, graph: Any) -> pyproj.Transformer | None:
    """Return what turns the graph's coordinates into lon, lat; None where they are that already."""
    try:
        crs = pyproj.CRS.from_user_input(graph.graph["crs"])
    except (KeyError, pyproj.exceptions.CRSError) as error:
        raise ImportRefusedError(
            f"{name} does not say its CRS; wanted EPSG:4326 or a projected one"
        ) from error
    return None if crs == pyproj.CRS("EPSG:4326") else pyproj.Transformer.from_crs(crs, 4326, always_xy=True)


def _edges(graph: Any, transformer: pyproj.Transformer | None) -> Iterator[Edge]:
    """Yield the edges with their tags as text and their lines from u to v."""
    for number, (u, v, key, attributes) in enumerate(graph.edges(keys=True, data=True), start=1):
        ends = [(graph.nodes[node]["x"], graph.nodes[node]["y"]) for node in (u, v)]
        line = attributes.get("geometry") or shapely.LineString(ends)
        first, last = shapely.Point(ends[0]), shapely.Point(line.coords[0])
        if last.distance(first) > last.distance(shapely.Point(ends[1])):
            line = line.reverse()
        if transformer is not None:
            line = shapely.transform(line, transformer.transform, interleaved=False)
        osmids = attributes.get("osmid", ())
        yield Edge(
            number=number,
            u=u,
            v=v,
            key=int(key),
            osmids=tuple(osmids) if isinstance(osmids, list | tuple) else (osmids,),
            is_oneway=attributes.get("oneway") is True,
            is_reversed=attributes.get("reversed") is True,
            length_m=float(attributes.get("length", 0.0)),
            tags={name: _one(name, value) for name, value in attributes.items() if name not in _NOT_TAGS},
            line=line,
        )


def _one(name: str, value: object) -> str:
    """Return one text for an attribute that may hold those of several ways."""
    if not isinstance(value, list | tuple | set):
        return str(value)
    texts = list(dict.fromkeys(str(item) for item in value))
    if name == "highway":
        return min(texts, key=lambda text: CLASSES.index(text) if text in CLASSES else len(CLASSES))
    if name in _LOWEST:
        return min(texts, key=lambda text: _number(_LOWEST[name], text))
    return ";".join(texts)


def _number(parse: Callable[[str], float | None], text: str) -> float:
    """Return the number of a text, infinity where it has none."""
    try:
        value = parse(text)
    except (InvalidValueError, ValueError):
        return float("inf")
    return float("inf") if value is None else value


def _two_way_pairs(edges: list[Edge]) -> dict[int, Edge]:
    """Return the edge that runs the same street the other way, by edge number."""
    groups: dict[tuple[object, ...], list[Edge]] = defaultdict(list)
    for edge in edges:
        if not edge.is_oneway:
            ends = (min(edge.u, edge.v), max(edge.u, edge.v))
            groups[ends, frozenset(edge.osmids)].append(edge)
    pairs: dict[int, Edge] = {}
    for group in groups.values():
        along = [edge for edge in group if (edge.is_reversed if edge.u == edge.v else edge.u > edge.v)]
        numbers = {edge.number for edge in along}
        against = [edge for edge in group if edge.number not in numbers]
        for one in along:
            same = [edge for edge in against if abs(edge.length_m - one.length_m) < SAME_LENGTH_M]
            if same:
                against.remove(same[0])
                pairs[one.number], pairs[same[0].number] = same[0], one
    return pairs


def _roads(source: OsmSource, edges: list[Edge], *, is_directed: bool) -> ReadResult:
    """Return the layer of roads, one row a street between two nodes."""
    numbers = {edge.name: edge.number for edge in edges}
    rows, nodes = LayerRows("roads", numbers.__getitem__), NodeLists()
    pairs = _two_way_pairs(edges) if is_directed else {}
    kept: list[Edge] = []
    n_half = 0
    for edge in edges:
        partner = pairs.get(edge.number)
        if partner is not None and (edge.is_reversed, edge.number) > (partner.is_reversed, partner.number):
            continue
        if edge.line.length == 0.0:
            rows.refuse(edge.name, "geometry", edge.name, "both ends lie in one place", "redraw the edge")
            continue
        is_oneway = edge.is_oneway or (is_directed and partner is None and edge.u != edge.v)
        n_half += is_oneway and not edge.is_oneway
        tags = {"highway": "road", **edge.tags, "oneway": "yes" if is_oneway else "no"}
        rows.add(edge.line, edge.name, tags["highway"], *road_values(rows, edge.name, tags))
        nodes.append([edge.u, *[0] * (shapely.get_num_points(edge.line) - 2), edge.v])
        kept.append(edge)
    notes = [_NOTE, f"{len(edges):,} edges became {len(kept):,} roads; {len(pairs) // 2:,} pairs are two-way"]
    if n_half:
        notes.append(f"{n_half:,} edges of two-way streets have no edge back and are taken as one-way")
    extra = {
        "u": pa.array([edge.u for edge in kept], pa.int64()),
        "v": pa.array([edge.v for edge in kept], pa.int64()),
        "osmid": pa.array([edge.osmids for edge in kept], pa.list_(pa.int64())),
        "node_ids": nodes.to_arrow(),
    }
    return rows.result(source, notes, extra)


def _signals(source: OsmSource, graph: Any) -> ReadResult:
    """Return the layer of signals: nodes that OSM calls so."""
    rows = LayerRows("traffic_signals")
    transformer = _to_lon_lat(source.path.name, graph)
    for node, attributes in graph.nodes(data=True):
        if "traffic_signals" in str(attributes.get("highway", "")):
            place = (attributes["x"], attributes["y"])
            point = shapely.Point(place if transformer is None else transformer.transform(*place))
            rows.add(point, f"n{node}", None)
    return rows.result(source, [_NOTE])
