"""A made-up town for tests of the address base: divisions, and source rows written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from twin.addresses.assembly import Assembly, Rulings, Surroundings, assemble
from twin.addresses.base import ADDRESS_BASE, ADDRESSES, to_layer, wkb_of
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.parsing import Parser
from twin.city import City
from twin.config import CityConfig
from twin.divisions import DivisionTree
from twin.schema import DECLARED
from twin.store import LayerPut

LON, LAT = 120.04, 28.89
METRE = 1.0 / 111_195.0
"""Of latitude, in degrees."""
DIVISIONS = {
    "3399": "丽州市",
    "339901": "丽城区",
    "339902": "溪南区",
    "339901001": "古城街道",
    "339901001001": "长春社区",
    "339901001002": "丰收社区",
    "339902001": "文苑街道",
    "339902001001": "和平社区",
}
TREE = DivisionTree.from_tables(pa.table({"code": [*DIVISIONS], "name": [*DIVISIONS.values()]}), None)

Row = tuple[str, float | None, float | None]
"""Text, then metres east and north of the middle of the town; None without place."""


def row(text: str, east_m: float | None = None, north_m: float | None = None) -> Row:
    """Return a source row."""
    return text, east_m, north_m


def records(rows: Sequence[Row], *, first_id: int = 1, source: str = "police") -> pa.Table:
    """Return source rows as assembly takes them."""
    scale = np.cos(np.radians(LAT))
    east = np.array([np.nan if one[1] is None else one[1] for one in rows])
    north = np.array([np.nan if one[2] is None else one[2] for one in rows])
    return pa.table(
        {
            "feature_id": pa.array(range(first_id, first_id + len(rows)), pa.int64()),
            "text": pa.array([one[0] for one in rows], pa.string()),
            "lon": LON + east * METRE / scale,
            "lat": LAT + north * METRE,
            "source": [source] * len(rows),
            "source_id": [f"{source}{number}" for number in range(len(rows))],
        }
    )


@lru_cache(maxsize=8)
def parser_of(tree: DivisionTree) -> Parser:
    """Return what reads texts with the names of a tree."""
    return Parser(Gazetteer.from_tree(tree))


def assembled(
    rows: Sequence[Row] | pa.Table,
    *,
    tree: DivisionTree = TREE,
    before: pa.Table | None = None,
    rulings: Rulings | None = None,
) -> Assembly:
    """Return the base of source rows, read with the town's own names."""
    table = rows if isinstance(rows, pa.Table) else records(rows)
    return assemble(
        table,
        parser_of(tree),
        Surroundings(tree),
        before=before,
        rulings=rulings or Rulings(),
    )


def texts(found: Assembly) -> list[str | None]:
    """Return the standard text of the address that each row names."""
    by_id = dict(zip(found.base["feature_id"].to_pylist(), found.base["text"].to_pylist(), strict=True))
    return [None if one is None else by_id[one] for one in found.matches["address_id"].to_pylist()]


def with_matches(table: pa.Table, found: Assembly) -> pa.Table:
    """Return source rows with the matches they were given, as the layer keeps them."""
    for name in found.matches.column_names:
        table = table.append_column(name, found.matches[name])
    return table


def city_of(folder: Path, rows: Sequence[Row]) -> City:
    """Return a city that holds source rows and the base that they come to."""
    table = records(rows)
    found = assembled(table)
    city = City.create(folder, CityConfig("丽州市", "EPSG:4549"))
    divisions = pa.table({"code": [*DIVISIONS], "name": [*DIVISIONS.values()]})
    no_shapes = pa.nulls(len(DIVISIONS), pa.binary())
    city.store.put(DECLARED["divisions"], divisions.append_column("geometry", no_shapes))
    points = wkb_of(table["lon"].to_numpy(), table["lat"].to_numpy())
    sources = with_matches(table.drop_columns(["lon", "lat"]).append_column("geometry", points), found)
    schema = replace(DECLARED[ADDRESSES], key="")
    city.store.put_all([LayerPut(DECLARED[ADDRESS_BASE], to_layer(found.base)), LayerPut(schema, sources)])
    highest = int(found.base["feature_id"].to_numpy().max())
    city.state.new_feature_id(ADDRESS_BASE, at_least=highest + 1, count=1)
    return city


def seen(city: City) -> dict[str, list[dict[str, Any]]]:
    """Return everything that the two layers of addresses show."""
    shown = {}
    for name in (ADDRESS_BASE, ADDRESSES):
        city.forget(name)
        view = city.layer(name)
        shown[name] = sorted(view.take(view.positions()).to_pylist(), key=lambda one: one["feature_id"])
    return shown
