"""Reading an OpenStreetMap extract into layers, beside a plain pass of libosmium over the same file."""

from __future__ import annotations

import osmium

from layers.graphml import read_graphml
from layers.osm import read_osm
from tests.benchmarks.table import Row, median_seconds
from tests.reference import reference_path

EXTRACT = "roads/liechtenstein.osm.pbf"
GRAPH = "roads/shenzhen_futian_osmnx.graphml.gz"
WHOLE_EXTRACT_S = 5.0


def run() -> list[Row]:
    """Return the seconds that a country-sized extract and a street graph take."""
    extract, graph = reference_path(EXTRACT), reference_path(GRAPH)

    def plain_pass() -> int:
        tagged = osmium.FileProcessor(str(extract)).with_areas().with_filter(osmium.filter.EmptyTagFilter())
        return sum(len(item.tags) for item in tagged)

    ours_s = median_seconds(lambda: read_osm(extract), repeats=5)
    plain_s = median_seconds(plain_pass, repeats=5)
    graph_s = median_seconds(lambda: read_graphml(graph), repeats=3)
    return [
        Row(
            "OSM extract of Liechtenstein to 11 layers",
            ours_s,
            "s",
            "libosmium pass over tagged objects",
            plain_s,
            ours_s / plain_s,
            f"<= {WHOLE_EXTRACT_S:g} s",
            ours_s <= WHOLE_EXTRACT_S,
        ),
        Row("OSMnx graph of 4,009 edges to roads", graph_s, "s"),
    ]
