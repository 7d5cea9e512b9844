from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import osmnx
import pytest
import shapely

from layers.graphml import read_graphml
from layers.report import ReadResult
from tests.reference import reference_path
from twin.errors import ImportRefusedError

SHENZHEN = "roads/shenzhen_futian_osmnx.graphml.gz"


@pytest.fixture(scope="module")
def shenzhen() -> list[ReadResult]:
    return read_graphml(reference_path(SHENZHEN))


@pytest.fixture(scope="module")
def plain_graph() -> Any:
    """Return the reference graph as networkx alone reads it: every attribute is text."""
    with gzip.open(reference_path(SHENZHEN), "rb") as file:
        return nx.read_graphml(file, node_type=int, force_multigraph=True)


def street_graph(**graph_attributes: str) -> Any:
    """Return a graph of three nodes on one line and one beside it."""
    graph = nx.MultiDiGraph(crs="epsg:4326", **graph_attributes)
    for node, x, y in ((1, 120.0, 28.0), (2, 120.1, 28.0), (3, 120.2, 28.0), (4, 120.1, 28.1)):
        graph.add_node(node, x=x, y=y)
    return graph


def two_way(graph: Any, u: int, v: int, **attributes: object) -> None:
    graph.add_edge(u, v, 0, oneway=False, reversed=False, **attributes)
    graph.add_edge(v, u, 0, oneway=False, reversed=True, **attributes)


def read(graph: Any, folder: Path) -> dict[str, ReadResult]:
    path = folder / "town.graphml"
    osmnx.save_graphml(graph, path)
    return {result.schema.name: result for result in read_graphml(path)}


def test_roads_hold_exactly_the_directed_edges_of_the_graph(
    shenzhen: list[ReadResult], plain_graph: Any
) -> None:
    expected = Counter((u, v) for u, v, _ in plain_graph.edges(keys=True))
    assert expected.total() == 4_009
    arcs: Counter[tuple[int, int]] = Counter()
    for row in shenzhen[0].table.select(["u", "v", "oneway"]).to_pylist():
        arcs[row["u"], row["v"]] += 1
        arcs[row["v"], row["u"]] += row["oneway"] == "no"
    assert +arcs == expected


def test_names_and_lines_are_those_of_the_graph(shenzhen: list[ReadResult], plain_graph: Any) -> None:
    table = shenzhen[0].table
    lines = shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))
    places = {node: (float(at["x"]), float(at["y"])) for node, at in plain_graph.nodes(data=True)}
    n_chinese = 0
    for row, line in zip(table.drop_columns(["geometry"]).to_pylist(), lines, strict=True):
        attributes = plain_graph.edges[tuple(map(int, row["osm_id"].split("-")))]
        if "geometry" in attributes:
            assert line.equals(shapely.from_wkt(attributes["geometry"]))
        ends = [places[row["u"]], places[row["v"]]]
        assert np.allclose([line.coords[0], line.coords[-1]], ends, rtol=0, atol=1e-9)
        assert len(row["node_ids"]) == shapely.get_num_points(line)
        if row["name"] is not None and ";" not in row["name"]:
            assert row["name"] == attributes["name"]
            n_chinese += "\u4e00" <= row["name"][0] <= "\u9fff"
    assert n_chinese > 500


def test_nodes_that_are_signals_become_signals(shenzhen: list[ReadResult], plain_graph: Any) -> None:
    signals = {n for n, at in plain_graph.nodes(data=True) if at.get("highway") == "traffic_signals"}
    assert {int(osm_id[1:]) for osm_id in shenzhen[1].table["osm_id"].to_pylist()} == signals


def test_report_says_what_a_graph_cannot_hold(shenzhen: list[ReadResult]) -> None:
    assert any("no turn restrictions" in note for note in shenzhen[0].report.notes)


def test_two_way_street_becomes_one_road_along_its_way(tmp_path: Path) -> None:
    graph = street_graph()
    line = shapely.LineString([(120.0, 28.0), (120.05, 28.01), (120.1, 28.0)])
    graph.add_edge(2, 1, 0, oneway=False, reversed=True, osmid=7, length=10.0, geometry=line.reverse())
    graph.add_edge(1, 2, 0, oneway=False, reversed=False, osmid=7, length=10.0, geometry=line)
    graph.add_edge(2, 3, 0, oneway=True, reversed=False, osmid=8, length=9.0, highway="primary")
    roads = read(graph, tmp_path)["roads"].table
    rows = {row["osm_id"]: row for row in roads.to_pylist()}
    assert set(rows) == {"1-2-0", "2-3-0"}
    assert rows["1-2-0"]["oneway"] == "no"
    assert rows["1-2-0"]["node_ids"] == [1, 0, 2]
    assert (rows["2-3-0"]["oneway"], rows["2-3-0"]["class"]) == ("yes", "primary")
    assert shapely.from_wkb(rows["1-2-0"]["geometry"]).equals(line)


def test_edge_without_one_back_stays_one_way_and_is_noted(tmp_path: Path) -> None:
    graph = street_graph()
    graph.add_edge(1, 2, 0, oneway=False, reversed=False, osmid=7, length=10.0, highway="primary")
    roads = read(graph, tmp_path)["roads"]
    assert roads.table["oneway"].to_pylist() == ["yes"]
    assert any("no edge back" in note for note in roads.report.notes)


def test_edge_of_several_ways_takes_the_highest_class_and_lowest_limits(tmp_path: Path) -> None:
    graph = street_graph()
    several = {
        "osmid": [8, 9],
        "highway": ["residential", "primary"],
        "maxspeed": ["60", "25 mph"],
        "lanes": ["3", "2"],
        "maxheight": ["4.5", "none"],
        "name": ["中山街", "中山东路"],
    }
    two_way(graph, 1, 2, length=10.0, **several)
    (row,) = read(graph, tmp_path)["roads"].table.to_pylist()
    assert (row["class"], row["lanes"], row["maxheight_m"]) == ("primary", 2, 4.5)
    assert row["maxspeed_kmh"] == pytest.approx(40.2336)  # 25 miles an hour
    assert row["name"] == "中山街;中山东路"
    assert row["osmid"] == [8, 9]


def test_projected_graph_comes_back_in_lon_lat(tmp_path: Path) -> None:
    graph = street_graph()
    two_way(graph, 1, 2, osmid=7, length=10.0, highway="primary")
    projected = osmnx.project_graph(graph, to_crs="EPSG:4549")
    assert read(projected, tmp_path)["roads"].bbox == pytest.approx((120.0, 28.0, 120.1, 28.0), abs=1e-7)


def test_edge_of_no_length_is_rejected(tmp_path: Path) -> None:
    graph = street_graph()
    graph.add_node(5, x=120.0, y=28.0)
    two_way(graph, 1, 2, osmid=7, length=10.0, highway="primary")
    graph.add_edge(1, 5, 0, oneway=True, reversed=False, osmid=9, length=0.0, highway="service")
    report = read(graph, tmp_path)["roads"].report
    assert (report.rows_read, report.rows_taken) == (2, 1)
    assert "one place" in report.rejections[0].reason


GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"id,lon,lat\n", "no XML"),
        (b'<?xml version="1.0"?><osm version="0.6"/>', "<osm>"),
        (b'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY a "ha">]><graphml/>', "document type"),
        (f"{GRAPHML}<node id=".encode(), "damaged or cut off"),
        (f'{GRAPHML}<node id="n0"/></graph></graphml>'.encode(), "not saved by OSMnx"),
        (f"{GRAPHML}</graph></graphml>".encode(), "does not say its CRS"),
        (gzip.compress(GRAPHML.encode() * 99, mtime=0)[:-9], "cannot be unpacked"),
        (f"{GRAPHML}\xff".encode("latin-1"), "damaged or cut off"),
    ],
)
def test_bad_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "town.graphml"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError, match=said) as refusal:
        read_graphml(path)
    assert "town.graphml" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="no file"):
        read_graphml(tmp_path / "absent.graphml")


def test_graph_without_edges_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="holds no edge"):
        read(street_graph(), tmp_path)


def test_unpacked_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.graphml.MAX_GRAPHML_BYTES", 100)
    path = tmp_path / "town.graphml.gz"
    path.write_bytes(gzip.compress(GRAPHML.encode() + b" " * 1000))
    with pytest.raises(ImportRefusedError, match="unpacks to more"):
        read_graphml(path)
