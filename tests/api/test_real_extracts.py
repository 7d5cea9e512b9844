"""Three real extracts from their file to a built city, counted a second time by other libraries."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import networkx as nx
import osmium
import pytest

from api.building import BuildSummary, build_city
from api.importing import ImportOutcome
from api.progress import ProgressBoard
from tests.api.deliveries import take_in
from tests.reference import reference_path
from tiles.archive import Archive, archive_path
from twin.city import City
from twin.config import CityConfig


def counted_by_osmium(path: Path) -> dict[str, int]:
    """Count objects by tags that stand for one feature each, in the plainest way."""
    counts: Counter[str] = Counter()
    items: Iterable[Any] = osmium.FileProcessor(str(path)).with_filter(osmium.filter.EmptyTagFilter())
    for item in items:
        kind, tags = item.type_str(), dict(item.tags)
        counts["roads"] += kind == "w" and "highway" in tags
        counts["traffic_signals"] += kind == "n" and tags.get("highway") == "traffic_signals"
        counts["restrictions"] += kind == "r" and tags.get("type") == "restriction"
        counts["barriers"] += kind == "n" and "barrier" in tags
    return dict(counts)


def imported_and_built(folder: Path, kind: str, path: Path) -> tuple[City, dict[str, ImportOutcome]]:
    city = City.create(folder / "a.city", CityConfig(path.name.partition(".")[0]))
    outcomes = {outcome.layer: outcome for outcome in take_in(city, kind, path)}
    for expected_to_work in (True, False):
        with ProgressBoard(None) as board:
            assert (build_city(city, board) != BuildSummary()) == expected_to_work
    return city, outcomes


@pytest.mark.parametrize(
    ("name", "crs", "place"),
    [
        ("roads/liechtenstein.osm.pbf", "EPSG:32632", (9.4, 47.0, 9.7, 47.3)),
        ("roads/helsinki_centre.osm.pbf", "EPSG:32635", (24.9, 60.1, 25.0, 60.2)),
    ],
)
def test_extract_becomes_a_city(
    tmp_path: Path, name: str, crs: str, place: tuple[float, float, float, float]
) -> None:
    path = reference_path(name)
    city, outcomes = imported_and_built(tmp_path, "osm", path)
    with city:
        for layer, count in counted_by_osmium(path).items():
            report = outcomes[layer].report
            assert report.rows_read == count
            assert city.layer(layer).count() == report.rows_taken
            assert len({item.row for item in report.rejections}) >= report.rows_rejected
        assert city.config.crs == crs
        assert city.store.current("roads").provenance.licence == "© OpenStreetMap contributors, ODbL 1.0"
        west, south, east, north = city.store.current("roads").bbox or place
        assert place[0] < west < east < place[2]
        assert place[1] < south < north < place[3]
        roads = city.layer("roads")
        assert len(roads.in_bbox(place, exact=False)) == roads.count()
        archive = Archive.open(archive_path(city.path, city.layer("roads").layer))
        assert archive is not None
        assert max(archive.zooms) == 14


def test_street_graph_becomes_a_city(tmp_path: Path) -> None:
    path = reference_path("roads/shenzhen_futian_osmnx.graphml.gz")
    city, _ = imported_and_built(tmp_path, "graphml", path)
    with gzip.open(path, "rb") as file:
        graph = nx.read_graphml(file, node_type=int, force_multigraph=True)
    with city:
        view = city.layer("roads")
        rows = view.take(view.positions(), ["u", "v", "oneway"]).to_pylist()
        arcs = Counter((row["u"], row["v"]) for row in rows)
        arcs.update((row["v"], row["u"]) for row in rows if row["oneway"] == "no")
        assert arcs == Counter((u, v) for u, v, _ in graph.edges(keys=True))
        signals = sum(at.get("highway") == "traffic_signals" for _, at in graph.nodes(data=True))
        assert (
            city.layer("traffic_signals").count() == signals
            if signals
            else not city.has_layer("traffic_signals")
        )
        assert city.config.crs == "EPSG:4547"  # CGCS2000, central meridian 114 E
