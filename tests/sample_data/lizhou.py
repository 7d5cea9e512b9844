"""The committed files of 丽州 as frames and arrays, read by libraries other than the project's importers."""

from __future__ import annotations

import csv
import gzip
import tomllib
from functools import cache
from itertools import pairwise
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import shapely
from numpy.typing import NDArray
from osmium.osm import Node, Relation, Way
from pyproj import Transformer

from sample_data import LIZHOU

TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True)


@cache
def sources() -> dict[str, Any]:
    return tomllib.loads((LIZHOU / "sources.toml").read_text(encoding="utf-8"))


@cache
def table(name: str, encoding: str = "utf-8") -> pd.DataFrame:
    return pd.read_csv(LIZHOU / name, dtype=str, keep_default_na=False, encoding=encoding)


@cache
def shapes(name: str, encoding: str | None = None) -> gpd.GeoDataFrame:
    return gpd.read_file(f"zip://{LIZHOU / name}", encoding=encoding)


@cache
def osm() -> tuple[
    dict[int, tuple[float, float, dict[str, str]]], dict[int, tuple[list[int], dict[str, str]]], list[Any]
]:
    nodes: dict[int, tuple[float, float, dict[str, str]]] = {}
    ways: dict[int, tuple[list[int], dict[str, str]]] = {}
    relations: list[Any] = []
    for one in osmium.FileProcessor(str(LIZHOU / "roads.osm.pbf")):
        tags = {tag.k: tag.v for tag in one.tags}
        if isinstance(one, Node):
            nodes[one.id] = (one.location.lon, one.location.lat, tags)
        elif isinstance(one, Way):
            ways[one.id] = ([node.ref for node in one.nodes], tags)
        elif isinstance(one, Relation):
            relations.append((one.id, [(m.type, m.ref, m.role) for m in one.members], tags))
    return nodes, ways, relations


def highways() -> dict[int, tuple[list[int], dict[str, str]]]:
    return {key: way for key, way in osm()[1].items() if "highway" in way[1]}


@cache
def road_graph() -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    for key, (nodes, tags) in highways().items():
        for a, b in pairwise(nodes):
            graph.add_edge(a, b, way=key)
            if tags.get("oneway") != "yes":
                graph.add_edge(b, a, way=key)
    return graph


def metres(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(TO_METRES.transform(lonlat[:, 0], lonlat[:, 1]))


@cache
def way_lines() -> dict[int, shapely.LineString]:
    nodes = osm()[0]
    keys = list(highways())
    coords = [np.array([nodes[node][:2] for node in highways()[key][0]]) for key in keys]
    flat = metres(np.vstack(coords))
    cuts = np.cumsum([len(one) for one in coords])[:-1]
    return {key: shapely.LineString(part) for key, part in zip(keys, np.split(flat, cuts), strict=True)}


@cache
def water() -> shapely.Geometry:
    areas = gpd.read_file(LIZHOU / "roads.osm.pbf", layer="multipolygons", columns=["natural"])
    return areas[areas["natural"] == "water"].to_crs("EPSG:4549").union_all()


def lines_of(name: str) -> list[list[str]]:
    with gzip.open(LIZHOU / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
