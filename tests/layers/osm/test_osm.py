from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyarrow as pa
import pytest
import shapely

from layers.osm import OSM_LAYERS, read_osm
from layers.report import ReadResult
from tests.layers.osm.handmade import Extract, only_row
from tests.reference import reference_path
from twin.schema import DECLARED

EXTRACTS = ("roads/liechtenstein.osm.pbf", "roads/helsinki_centre.osm.pbf")


@pytest.fixture(scope="module", params=EXTRACTS)
def extract(request: pytest.FixtureRequest) -> tuple[Path, dict[str, ReadResult]]:
    path = reference_path(request.param)
    return path, {result.schema.name: result for result in read_osm(path)}


def plain_objects(path: Path) -> list[tuple[str, int, dict[str, str], list[Any]]]:
    """Return every tagged object of a file in the plainest way: kind, id, tags, members."""
    found = []
    items: Iterable[Any] = osmium.FileProcessor(str(path)).with_filter(osmium.filter.EmptyTagFilter())
    for item in items:
        kind = item.type_str()
        members = [node.ref for node in item.nodes] if kind == "w" else []
        found.append((kind, item.id, dict(item.tags), members))
    return found


def geometries(result: ReadResult) -> Any:
    return shapely.from_wkb(result.table["geometry"].to_numpy(zero_copy_only=False))


def test_every_tagged_object_is_taken_or_rejected(extract: tuple[Path, dict[str, ReadResult]]) -> None:
    path, layers = extract
    counts: Counter[str] = Counter()
    for kind, _, tags, _ in plain_objects(path):
        counts["roads"] += kind == "w" and "highway" in tags
        counts["traffic_signals"] += kind == "n" and tags.get("highway") == "traffic_signals"
        counts["restrictions"] += kind == "r" and tags.get("type") == "restriction"
        counts["barriers"] += kind == "n" and "barrier" in tags
        is_area_relation = kind == "r" and tags.get("type") in {"multipolygon", "boundary"}
        counts["buildings"] += (kind in "nw" or is_area_relation) and tags.get("building", "no") != "no"
        has_number = "addr:housenumber" in tags or "addr:housename" in tags or "addr:full" in tags
        counts["addresses"] += (kind in "nw" or is_area_relation) and has_number
    assert {name: layers[name].report.rows_read for name in counts} == dict(counts)


def test_counts_of_the_reference_are_reached() -> None:
    liechtenstein = {result.schema.name: result for result in read_osm(reference_path(EXTRACTS[0]))}
    assert liechtenstein["roads"].report.rows_read == 4_660
    building_ids = liechtenstein["buildings"].table["building_id"].to_pylist()
    assert (
        sum(name.startswith("w") for name in building_ids) == 8_992 - 2 - 1
    )  # 2 open outlines, 1 building=no
    assert liechtenstein["restrictions"].report.rows_read == 3
    helsinki = {result.schema.name: result for result in read_osm(reference_path(EXTRACTS[1]))}
    assert helsinki["roads"].report.rows_read == 2_650
    assert helsinki["restrictions"].table.num_rows == 44
    assert helsinki["traffic_signals"].table.num_rows == 135
    roads = helsinki["roads"].table
    # 19 in the file, of which the edge of the extract leaves one with a single known node.
    assert roads["maxheight_m"].is_valid().to_numpy().sum() == 19 - 1
    assert roads["maxweight_t"].is_valid().to_numpy().sum() == 16


def test_one_way_streets_are_those_of_the_reference() -> None:
    drivable = {"motorway", "trunk", "primary", "secondary", "tertiary"}
    drivable |= {f"{kind}_link" for kind in drivable} | {
        "unclassified",
        "residential",
        "living_street",
        "service",
    }
    path = reference_path(EXTRACTS[1])
    known = {node.id for node in osmium.FileProcessor(str(path), osmium.osm.NODE)}
    n_one_way, drawable = 0, set()
    for kind, number, tags, members in plain_objects(path):
        if kind == "w" and tags.get("highway") in drivable and tags.get("oneway") in {"yes", "-1"}:
            n_one_way += tags.get("access") != "no"
            if any(pair <= known for pair in map(set, itertools.pairwise(members))):
                drawable.add(f"w{number}")
    assert n_one_way == 468
    roads = next(result.table for result in read_osm(path) if result.schema.name == "roads")
    rows = roads.select(["osm_id", "class", "oneway"]).to_pylist()
    assert {row["osm_id"] for row in rows if row["class"] in drivable and row["oneway"] != "no"} == drawable


def test_tables_have_the_declared_columns_and_types(extract: tuple[Path, dict[str, ReadResult]]) -> None:
    types = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}
    for name, result in extract[1].items():
        assert result.schema == DECLARED[name]
        assert result.report.rows_taken == result.table.num_rows
        for field in DECLARED[name].fields:
            column = result.table[field.name]
            assert column.type == types.get(field.type, pa.timestamp("ms", tz="UTC"))
            assert not field.is_required or column.null_count == 0
        keys = result.table[DECLARED[name].key].to_pylist()
        assert len(set(keys)) == len(keys)


def test_geometries_are_valid_and_of_one_family(extract: tuple[Path, dict[str, ReadResult]]) -> None:
    families = {"point": {0}, "line": {1}, "polygon": {3, 6}}
    for name, result in extract[1].items():
        shapes = geometries(result)
        assert set(shapely.get_type_id(shapes)) <= families[DECLARED[name].geometry], name
        assert shapely.is_valid(shapes).all()
        assert not shapely.is_empty(shapes).any()


def test_roads_are_the_ways_of_the_file_node_by_node(extract: tuple[Path, dict[str, ReadResult]]) -> None:
    path, layers = extract
    nodes = {}
    items: Iterable[Any] = osmium.FileProcessor(str(path), osmium.osm.NODE)
    for node in items:
        nodes[node.id] = (node.location.lon, node.location.lat)
    ways = {number: members for kind, number, _, members in plain_objects(path) if kind == "w"}
    roads = layers["roads"]
    columns = zip(
        roads.table["osm_id"].to_pylist(), roads.table["node_ids"].to_pylist(), geometries(roads), strict=True
    )
    for osm_id, node_ids, line in columns:
        members = ways[int(osm_id[1:])]
        assert np.array_equal(shapely.get_coordinates(line), [nodes[node] for node in node_ids])
        if all(node in nodes for node in members):
            assert node_ids == members
        else:  # cut by the edge of the extract: an unbroken part of the way
            start = next(i for i in range(len(members)) if members[i : i + len(node_ids)] == node_ids)
            assert start + len(node_ids) <= len(members)


def test_members_of_restrictions_are_roads_that_meet(extract: tuple[Path, dict[str, ReadResult]]) -> None:
    roads = extract[1]["roads"].table
    nodes_of = dict(zip(roads["osm_id"].to_pylist(), roads["node_ids"].to_pylist(), strict=True))
    for row in extract[1]["restrictions"].table.to_pylist():
        for way in (*row["from_ways"].split(), *row["to_ways"].split()):
            assert int(row["via"][1:]) in nodes_of[way]


def test_road_tags_become_typed_columns(tmp_path: Path) -> None:
    tags = {
        "highway": "motorway",
        "name": "环城高速",
        "name:en": "Ring Expressway",
        "ref": "S10",
        "lanes": "3",
        "maxspeed": "60 mph",
        "maxheight": "14'6\"",
        "maxweight": "55000 lbs",
        "maxwidth": "3.5",
        "bridge": "viaduct",
        "layer": "-1",
        "surface": "asphalt",
        "source": "survey",
    }
    extract = Extract().nodes(n1=(120.0, 28.0), n2=(120.1, 28.0)).way(5, [1, 2], tags)
    row = only_row(extract.read(tmp_path)["roads"].table)
    assert (row["class"], row["oneway"], row["name"], row["name_en"], row["ref"]) == (
        *("motorway", "yes", "环城高速"),
        *("Ring Expressway", "S10"),
    )
    assert (row["lanes"], row["layer"], row["bridge"], row["tunnel"]) == (3, -1, "viaduct", None)
    assert row["maxspeed_kmh"] == pytest.approx(96.56064)
    assert row["maxheight_m"] == pytest.approx(4.4196)
    assert row["maxweight_t"] == pytest.approx(24.94758, abs=1e-5)
    assert row["maxwidth_m"] == 3.5
    assert row["node_ids"] == [1, 2]
    assert json.loads(str(row["tags"])) == {
        "maxspeed": "60 mph",
        "maxheight": "14'6\"",
        "maxweight": "55000 lbs",
        "surface": "asphalt",
    }


def test_unreadable_value_keeps_the_road_and_is_reported(tmp_path: Path) -> None:
    tags = {"highway": "primary", "maxspeed": "fast", "lanes": "2;3", "oneway": "sometimes"}
    extract = Extract().nodes(n1=(120.0, 28.0), n2=(120.1, 28.0)).way(5, [1, 2], tags)
    roads = extract.read(tmp_path)["roads"]
    row = only_row(roads.table)
    assert (row["maxspeed_kmh"], row["lanes"], row["oneway"]) == (None, None, "no")
    assert json.loads(str(row["tags"])) == {"lanes": "2;3", "maxspeed": "fast", "oneway": "sometimes"}
    assert {(item.row, item.field) for item in roads.report.rejections} == {
        *((5, "oneway"), (5, "maxspeed"), (5, "lanes")),
    }
    assert roads.report.rows_rejected == 0


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([1], "a line needs two"),
        ([], "a line needs two"),
        ([1, 1], "one place"),
        ([1, 98, 99], "no two neighbours"),
    ],
)
def test_way_without_a_line_is_rejected(tmp_path: Path, nodes: list[int], reason: str) -> None:
    extract = Extract().nodes(n1=(120.0, 28.0), n2=(120.1, 28.0)).way(5, [1, 2], {"highway": "primary"})
    report = extract.way(6, nodes, {"highway": "residential"}).read(tmp_path)["roads"].report
    assert (report.rows_read, report.rows_taken) == (2, 1)
    assert report.rejections[0].row == 6
    assert reason in report.rejections[0].reason


def test_way_cut_by_the_edge_keeps_its_longest_known_part(tmp_path: Path) -> None:
    extract = Extract().nodes(n1=(0.0, 0.0), n3=(0.2, 0.0), n4=(0.3, 0.0), n5=(0.4, 0.1))
    roads = extract.way(6, [1, 2, 3, 4, 5, 7], {"highway": "primary"}).read(tmp_path)["roads"]
    assert only_row(roads.table)["node_ids"] == [3, 4, 5]
    assert np.allclose(shapely.get_coordinates(geometries(roads)), [(0.2, 0.0), (0.3, 0.0), (0.4, 0.1)])
    assert "2 of 6 nodes" in roads.report.rejections[0].came


def test_proposed_road_is_rejected(tmp_path: Path) -> None:
    extract = Extract().nodes(n1=(0.0, 0.0), n2=(0.2, 0.0)).way(6, [1, 2], {"highway": "primary"})
    roads = extract.way(7, [1, 2], {"highway": "proposed"}).read(tmp_path)["roads"]
    assert roads.table["osm_id"].to_pylist() == ["w6"]
    assert roads.report.rejections[0].row == 7


def square(extract: Extract, first: int, west: float, side: float) -> list[int]:
    """Add the corners of a square and return its closed ring of node numbers."""
    for number, (x, y) in enumerate([(0, 0), (side, 0), (side, side), (0, side)], start=first):
        extract.node(number, west + x, west + y)
    return [first, first + 1, first + 2, first + 3, first]


def test_building_with_a_court_has_a_hole(tmp_path: Path) -> None:
    extract = Extract()
    outer, inner = square(extract, 1, 0.0, 0.4), square(extract, 11, 0.1, 0.2)
    extract.way(1, outer, {"note": "outline"}).way(2, inner, {"note": "court"}).way(
        3, [1, 2], {"highway": "path"}
    )
    tags = {"type": "multipolygon", "building": "apartments", "building:levels": "6", "height": "18.5 m"}
    extract.relation(9, [("way", 1, "outer"), ("way", 2, "inner")], {**tags, "start_date": "1998-05"})
    buildings = extract.read(tmp_path)["buildings"]
    row = only_row(buildings.table)
    assert (row["building_id"], row["floors"], row["height_m"]) == ("r9", 6, 18.5)
    assert (row["use"], row["built_year"]) == ("apartments", 1998)
    assert shapely.area(geometries(buildings)) == pytest.approx([0.4**2 - 0.2**2])


def test_outline_that_is_open_or_crosses_itself_is_rejected(tmp_path: Path) -> None:
    extract = Extract()
    ring = square(extract, 1, 0.0, 0.4)
    extract.way(1, [1, 3, 2, 4, 1], {"building": "yes"}).way(2, ring[:-1], {"natural": "water"})
    extract.way(3, [1, 2], {"highway": "path"}).way(4, ring, {"landuse": "residential"})
    layers = extract.read(tmp_path)
    assert layers["landuse"].table.num_rows == 1
    assert "crosses itself" in layers["buildings"].report.rejections[0].reason
    assert "not closed" in layers["water"].report.rejections[0].reason


@pytest.mark.parametrize(
    ("tags", "layer", "kind"),
    [
        ({"natural": "water", "water": "lake"}, "water", "lake"),
        ({"waterway": "riverbank"}, "water", "river"),
        ({"landuse": "reservoir"}, "water", "reservoir"),
        ({"landuse": "forest"}, "landuse", "forest"),
        ({"leisure": "park"}, "landuse", "park"),
        ({"natural": "wood"}, "landuse", "wood"),
    ],
)
def test_surface_goes_to_its_layer(tmp_path: Path, tags: dict[str, str], layer: str, kind: str) -> None:
    extract = Extract()
    extract.way(1, square(extract, 1, 0.0, 0.4), tags).way(3, [1, 2], {"highway": "path"})
    layers = extract.read(tmp_path)
    assert only_row(layers[layer].table)["class"] == kind
    assert set(layers) == {"roads", layer}


def test_tracks_and_watercourses_are_lines(tmp_path: Path) -> None:
    extract = Extract().nodes(n1=(0.0, 0.0), n2=(0.2, 0.0)).way(1, [1, 2], {"highway": "path"})
    extract.way(2, [1, 2], {"railway": "rail", "name": "金温铁路"}).way(3, [1, 2], {"railway": "abandoned"})
    extract.way(4, [1, 2], {"waterway": "canal", "width": "12 m"})
    layers = extract.read(tmp_path)
    assert only_row(layers["railways"].table)["name"] == "金温铁路"
    assert only_row(layers["waterways"].table)["width_m"] == 12.0


def test_layers_come_in_their_order_and_tell_the_licence(extract: tuple[Path, dict[str, ReadResult]]) -> None:
    assert list(extract[1]) == [name for name in OSM_LAYERS if name in extract[1]]
    assert all("Open Database Licence" in result.report.notes[0] for result in extract[1].values())


def test_progress_ends_with_the_number_of_features() -> None:
    calls: list[tuple[str, int]] = []
    results = read_osm(reference_path(EXTRACTS[1]), progress=lambda what, done: calls.append((what, done)))
    assert calls[-1] == (
        "read helsinki_centre.osm.pbf",
        sum(result.table.num_rows for result in results),
    )
