"""The roads of 丽州 form one network that can be driven."""

from __future__ import annotations

from collections import Counter

import networkx as nx
import numpy as np
import rasterio
import shapely

from sample_data import LIZHOU
from tests.sample_data.lizhou import highways, metres, osm, road_graph, water, way_lines


def test_ids_are_positive_and_rise_within_each_kind() -> None:
    nodes, ways, relations = osm()
    for ids in (list(nodes), list(ways), [row[0] for row in relations]):
        assert ids[0] > 0
        assert (np.diff(ids) > 0).all()


def test_every_way_and_relation_refers_to_something_in_the_file() -> None:
    nodes, ways, relations = osm()
    assert all(node in nodes for way, _ in ways.values() for node in way)
    known = {"n": set(nodes), "w": set(ways)}
    assert all(ref in known[kind] for _, members, _ in relations for kind, ref, _ in members)


def test_there_are_about_six_thousand_junctions() -> None:
    neighbours = nx.Graph(road_graph())
    n_junctions = sum(degree >= 3 for _, degree in neighbours.degree())
    assert 5_500 <= n_junctions <= 7_500


def test_roads_are_one_piece_and_one_ways_cut_nothing_off() -> None:
    graph = road_graph()
    assert nx.is_weakly_connected(graph)
    largest = max(nx.strongly_connected_components(graph), key=len)
    assert len(largest) >= 0.999 * len(graph)


def test_classes_run_from_trunk_roads_to_footways() -> None:
    classes = Counter(tags["highway"] for _, tags in highways().values())
    assert {"trunk", "primary", "secondary", "tertiary", "residential", "service", "footway"} <= set(classes)
    assert classes["residential"] > classes["tertiary"] > classes["primary"] > classes["trunk"]


def test_main_roads_have_a_name_in_both_languages() -> None:
    main = [
        tags
        for _, tags in highways().values()
        if tags["highway"] in ("trunk", "primary") and "junction" not in tags
    ]
    assert all("name" in tags and "name:en" in tags for tags in main)


def test_no_road_crosses_open_water_without_a_bridge() -> None:
    surface = water().buffer(-1.0)
    keys = [key for key, (_, tags) in highways().items() if "bridge" not in tags]
    lines = np.array([way_lines()[key] for key in keys], object)
    shapely.prepare(surface)
    assert np.array(keys)[shapely.intersects(surface, lines)].tolist() == []


def test_bridges_are_no_longer_than_the_rivers_are_wide() -> None:
    lengths = [
        way_lines()[key].length for key, (_, tags) in highways().items() if tags.get("bridge") == "yes"
    ]
    assert len(lengths) > 60
    assert max(lengths) < 480


def test_country_roads_have_no_hairpins_in_the_plain() -> None:
    sharp = []
    with rasterio.open(LIZHOU / "dem_30m.tif") as file:
        for key, (_, tags) in highways().items():
            if tags["highway"] not in ("trunk", "primary", "secondary") or "junction" in tags:
                continue
            line = way_lines()[key]
            if line.length < 160:
                continue
            at = np.arange(40.0, line.length - 40.0, 20.0)
            here, back, ahead = (
                shapely.get_coordinates(shapely.line_interpolate_point(line, at + d)) for d in (0, -40, 40)
            )
            turn = np.degrees(np.abs(np.angle((ahead - here) @ [1, 1j] / ((here - back) @ [1, 1j]))))
            height = np.array([value[0] for value in file.sample(here)])
            sharp += [(key, *spot.round()) for spot in here[(turn > 100) & (height < 60)]]
    assert sharp == []


def test_underpass_is_a_low_tunnel_under_the_railway_at_a_low_point() -> None:
    dives = [key for key, (_, tags) in highways().items() if tags.get("tunnel") == "yes"]
    assert [highways()[key][1]["maxheight"] for key in dives] == ["3.5"]
    nodes = osm()[0]
    rails = [way for way, tags in osm()[1].values() if tags.get("railway") == "rail"]
    line = way_lines()[dives[0]]
    assert any(
        shapely.LineString(metres(np.array([nodes[node][:2] for node in way]))).crosses(line) for way in rails
    )
    with rasterio.open(LIZHOU / "dem_5m_centre.tif") as file:
        middle = line.interpolate(0.5, normalized=True)
        spots = [(middle.x, middle.y), (middle.x + 90, middle.y - 60), (middle.x - 90, middle.y - 60)]
        heights = [value[0] * file.scales[0] for value in file.sample(spots)]
    assert heights[0] < min(heights[1:]) - 3


def test_roundabout_is_a_one_way_ring_that_turns_left() -> None:
    rings = [
        way_lines()[key] for key, (_, tags) in highways().items() if tags.get("junction") == "roundabout"
    ]
    points = np.array(rings[0].coords)
    if len(rings) > 1:
        points = np.array(shapely.line_merge(shapely.union_all(rings), directed=True).coords)
    assert shapely.is_ccw(shapely.LinearRing(points))
    assert all(tags["oneway"] == "yes" for _, tags in highways().values() if "junction" in tags)


def test_restrictions_join_at_their_via_and_one_goes_over_a_way() -> None:
    rules = [(members, tags) for _, members, tags in osm()[2] if tags["type"] == "restriction"]
    assert 50 <= len(rules) <= 70
    over_ways = 0
    for members, _ in rules:
        part = {role: (kind, ref) for kind, ref, role in members}
        came, goes = (highways()[part[role][1]][0] for role in ("from", "to"))
        kind, ref = part["via"]
        if kind == "n":
            assert ref in (came[0], came[-1])
            assert ref in (goes[0], goes[-1])
        else:
            link = highways()[ref][0]
            over_ways += 1
            assert {came[0], came[-1]} & {link[0], link[-1]}
            assert {goes[0], goes[-1]} & {link[0], link[-1]}
    assert over_ways == 1
    assert {tags["restriction"] for _, tags in rules} >= {
        "no_left_turn",
        "no_right_turn",
        "no_u_turn",
        "only_straight_on",
    }


def test_signals_stand_on_main_roads() -> None:
    signals = {key for key, (_, _, tags) in osm()[0].items() if tags.get("highway") == "traffic_signals"}
    assert 170 <= len(signals) <= 190
    main = {
        node
        for way, tags in highways().values()
        if tags["highway"] in ("trunk", "primary", "secondary", "tertiary")
        for node in way
    }
    assert signals <= main


def test_gates_and_bollards_stand_on_roads() -> None:
    barriers = {key: tags["barrier"] for key, (_, _, tags) in osm()[0].items() if "barrier" in tags}
    assert set(barriers.values()) == {"gate", "bollard"}
    assert set(barriers) <= set(road_graph())
