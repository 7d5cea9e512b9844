"""Incidents, parts, traffic, weather and drains of 丽州 refer to one another and look alive."""

from __future__ import annotations

import json
import re

import networkx as nx
import numpy as np
import pandas as pd

from sample_data import LIZHOU
from tests.sample_data.lizhou import highways, lines_of, metres, osm, shapes, table

STATES = {
    "reported",
    "accepted",
    "dispatched",
    "handling",
    "verified",
    "closed",
    "rejected",
    "merged",
    "returned",
}


def test_a_year_of_incidents_comes_mostly_by_day_and_often_without_a_place() -> None:
    rows = table("incidents.csv.gz")
    assert len(rows) == 12_000
    when = pd.to_datetime(rows["reported_at"])
    assert when.dt.tz is not None
    assert when.dt.year.eq(2024).all()
    assert (when.dt.hour.between(7, 21)).mean() > 0.8
    assert 0.27 < (rows["lon"] == "").mean() < 0.33
    assert set(rows["state"]) <= STATES


def test_incidents_are_closed_after_they_are_reported() -> None:
    rows = table("incidents.csv.gz")
    closed = rows[rows["state"] == "closed"]
    assert (pd.to_datetime(closed["closed_at"]) > pd.to_datetime(closed["reported_at"])).all()
    assert (rows.loc[rows["state"] != "closed", "closed_at"] == "").all()


def test_incidents_hold_no_telephone_or_identity_numbers() -> None:
    assert not table("incidents.csv.gz")["text"].str.contains(r"\d{7,}").any()


def test_incidents_cluster_more_than_chance() -> None:
    rows = table("incidents.csv.gz")
    spots = metres(rows.loc[rows["lon"] != "", ["lon", "lat"]].to_numpy(float))
    counts = np.histogram2d(
        spots[:, 0], spots[:, 1], bins=(np.arange(5e5, 5.08e5, 250), np.arange(3.193e6, 3.2e6, 250))
    )[0]
    occupied = counts[counts > 0]
    assert occupied.var() / occupied.mean() > 5  # 1 for independent points


def test_parts_stand_in_the_county_in_zone_prefixed_eastings() -> None:
    rows = table("parts.csv.gz")
    east, north = rows["X坐标"].astype(float), rows["Y坐标"].astype(float)
    assert 7_500 <= len(rows) <= 8_500
    assert rows["部件编码"].is_unique
    west, south, right, top = shapes("grid_units.zip").total_bounds
    assert (east - 40_000_000).between(west, right).all()
    assert north.between(south, top).all()


def test_units_live_at_facilities() -> None:
    facilities = json.loads((LIZHOU / "facilities.geojson").read_text(encoding="utf-8"))["features"]
    known = {one["properties"]["facility_id"] for one in facilities}
    assert len(known) == len(facilities)
    kinds = {one["properties"]["class"] for one in facilities}
    assert kinds >= {"fire_station", "hospital", "police", "shelter", "pump_station", "school"}
    units = table("units.csv")
    assert set(units["facility_id"]) - {""} <= known
    assert set(units["type"]) == {"fire_engine", "ladder", "ambulance", "police_car", "tow"}


def test_links_are_opaque_and_hang_on_civil_addresses() -> None:
    links = table("links.csv.gz")
    assert set(links["source_id"]) <= set(table("addresses_civil.csv.gz")["source_id"])
    assert set(links["kind"]) == {"person", "enterprise", "thing", "agency"}
    assert links["ref"].is_unique
    assert links["ref"].str.fullmatch(r"[0-9a-f]{12}").all()


def test_signal_plans_and_counts_use_movements_of_the_map() -> None:
    plans, counts = table("signals.csv"), table("turning_counts.csv.gz")
    signals = {str(key) for key, (_, _, tags) in osm()[0].items() if tags.get("highway") == "traffic_signals"}
    assert set(plans["node_id"]) == signals
    assert set(counts["node_id"]) == signals
    for node, came, goes in counts[["node_id", "from_way", "to_way"]].drop_duplicates().to_numpy():
        for way in (came, goes):
            nodes = highways()[int(way)][0]
            assert int(node) in (nodes[0], nodes[-1])
    listed = {
        (node, code) for node, codes in plans[["node_id", "movements"]].to_numpy() for code in codes.split()
    }
    counted = {
        (node, f"{came}>{goes}") for node, came, goes in counts[["node_id", "from_way", "to_way"]].to_numpy()
    }
    assert listed == counted


def test_every_movement_is_green_once_in_each_plan() -> None:
    plans = table("signals.csv")
    for _, phases in plans.groupby(["node_id", "plan"]):
        codes = " ".join(phases["movements"]).split()
        assert len(codes) == len(set(codes))
        cycle_s = phases["green_s"].astype(int).sum() + phases["clearance_s"].astype(int).sum()
        assert 24 <= cycle_s <= 200
        assert phases["offset_s"].astype(int).between(0, cycle_s).all()


def test_speeds_cover_a_week_of_main_roads_with_rush_hours_and_gaps() -> None:
    header, *rows = lines_of("speeds.csv.gz")
    assert len(rows) == 7 * 288
    assert 180 <= len(header) - 1 <= 230
    assert all(re.fullmatch(r"\d+:[+-]", column) for column in header[1:])
    assert all(int(column.split(":")[0]) in highways() for column in header[1:])
    speed = pd.DataFrame(rows, columns=header).iloc[:, 1:].replace("", None).astype(float)
    assert 0.002 < speed.isna().to_numpy().mean() < 0.1
    seen = speed.to_numpy()[speed.notna().to_numpy()]
    assert ((seen >= 3) & (seen <= 110)).all()
    hour = pd.to_datetime([row[0] for row in rows]).hour.to_numpy()
    weekday = np.arange(len(rows)) < 5 * 288
    rush, night = (speed[weekday & (hour == at)].to_numpy() for at in (17, 3))
    assert np.nanmean(rush) < 0.85 * np.nanmean(night)


def test_rivers_rise_after_the_rain() -> None:
    rain = table("rain.csv").iloc[:, 1:].astype(float).mean(axis=1)
    levels = table("water_level.csv").iloc[:, 1:].astype(float)
    assert rain.max() > 20
    assert len(rain) == 2 * len(levels)
    for column in levels:
        rise = levels[column] - levels[column].iloc[:100].median()
        assert 0.5 < rise.max() < 6
        assert rise.argmax() > rain.argmax() / 2


def _section(text: str, name: str) -> list[list[str]]:
    body = text.split(f"[{name}]\n")[1].split("\n[")[0]
    return [line.split() for line in body.splitlines() if line.strip()]


def test_drains_lead_every_junction_to_an_outfall_downhill() -> None:
    text = (LIZHOU / "drains.inp").read_text(encoding="utf-8")
    invert = {row[0]: float(row[1]) for name in ("JUNCTIONS", "OUTFALLS") for row in _section(text, name)}
    pipes = [(row[1], row[2]) for row in _section(text, "CONDUITS")]
    assert all(invert[a] >= invert[b] for a, b in pipes)
    graph = nx.DiGraph(pipes)
    outfalls = {row[0] for row in _section(text, "OUTFALLS")}
    assert all(nx.descendants(graph, node) & outfalls for node in graph if node not in outfalls)
    assert 130 <= len(invert) <= 170
    assert len(_section(text, "PUMPS")) == 2


def test_inlets_drain_into_nodes_of_the_drains() -> None:
    text = (LIZHOU / "drains.inp").read_text(encoding="utf-8")
    nodes = {row[0] for row in _section(text, "COORDINATES")}
    assert set(table("inlets.csv")["node"]) <= nodes


def test_old_names_are_not_in_use_any_more() -> None:
    rows = table("old_names.csv")
    texts = "\n".join(table("addresses_civil.csv.gz")["text"])
    streets = rows[rows["kind"] == "street"]
    assert len(streets) >= 50
    assert all(re.search(rf"(?:社区|村){name}\d+号", texts) is None for name in streets["old_name"])
    assert all(name in texts for name in rows["new_name"])
