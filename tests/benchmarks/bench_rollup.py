"""A table of a million rows onto 900 grid units, by coordinates and by code, beside geopandas and pandas."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from analysis.placement import PlaceColumns
from analysis.rollup import Measures, RollUp, rollup
from tests.benchmarks.table import Row, least_seconds
from tests.twin.tessellation import points_for, tessellation
from twin.city import City
from twin.config import CityConfig
from twin.schema import DECLARED

N_ROWS = 1_000_000
SIDE = 30
EDGES_PER_BORDER = 32
SEED = 2026
PLACE_LIMIT, CODE_LIMIT = 0.5, 3.0
"""How long ours may take, as a share of the peer, which gives no reason for each row left out."""
MEASURES = Measures(sums=("kwh", "visits"), means=("kwh",))


def run(n_rows: int = N_ROWS) -> list[Row]:
    """Return rows of both ways to place a table, and how many areas differ from the peer."""
    ids, polygons = tessellation(SIDE, EDGES_PER_BORDER, SEED)
    lon, lat = points_for(polygons, n_rows, SEED, hard_share=0.0)
    rng = np.random.default_rng(SEED)
    frame = pd.DataFrame(
        {
            "lon": lon,
            "lat": lat,
            "unit": np.array([*ids, "gone"])[rng.integers(0, len(ids) + 1, n_rows)],
            "kwh": rng.gamma(2.0, 100.0, n_rows),
            "visits": rng.integers(0, 10**9, n_rows),
        }
    )
    units = geopandas.GeoDataFrame({"key": ids}, geometry=polygons, crs=4326)
    with (
        tempfile.TemporaryDirectory() as folder,
        City.create(Path(folder) / "a.city", CityConfig("丽州市", "EPSG:4549")) as city,
    ):
        city.store.put(DECLARED["grid"], pa.table({"grid_id": ids, "geometry": shapely.to_wkb(polygons)}))
        table = pa.Table.from_pandas(frame)
        return [
            *_compared(city, table, frame, units, PlaceColumns("lon", "lat")),
            *_compared(city, table, frame, units, PlaceColumns(code="unit")),
        ]


def _compared(
    city: City, table: pa.Table, frame: pd.DataFrame, units: geopandas.GeoDataFrame, columns: PlaceColumns
) -> list[Row]:
    """Return the time of one way to place the rows, and of the peer, and what differs."""

    def ours() -> RollUp:
        return rollup(city, table, "grid", columns, MEASURES)

    def peer() -> pd.DataFrame:
        math.fsum(frame["kwh"]), frame["visits"].sum(), frame["kwh"].mean()  # the totals that ours tells too
        return _summed(_joined(frame, units) if columns.lon else frame.rename(columns={"unit": "key"}))

    wrong = _differing(ours(), peer(), units)
    ours_s, peer_s = least_seconds(ours, peer)
    ratio = ours_s / peer_s
    way, rival, limit = (
        ("coordinates", "geopandas sjoin, groupby", PLACE_LIMIT)
        if columns.lon
        else ("codes", "pandas groupby, fsum", CODE_LIMIT)
    )
    claim = f"roll-up by {way}: {table.num_rows / 1e6:g} M rows, {len(units):,} units"
    return [
        Row(claim, ours_s, "s", rival, peer_s, ratio, f"<= {limit:g} of the peer", ratio <= limit),
        Row(f"roll-up by {way}: units that differ", wrong, "units", rival, target="0", ok=wrong == 0),
    ]


def _joined(frame: pd.DataFrame, units: geopandas.GeoDataFrame) -> pd.DataFrame:
    points = geopandas.GeoDataFrame(
        frame, geometry=geopandas.points_from_xy(frame["lon"], frame["lat"]), crs=4326
    )
    joined: pd.DataFrame = geopandas.sjoin(points, units, predicate="within")
    return joined


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is asked of each key, real numbers rounded once as ours are."""
    grouped = rows.groupby("key")
    counts, exact = grouped.size(), grouped["kwh"].agg(math.fsum)
    sums = {"sum_kwh": exact, "sum_visits": grouped["visits"].sum()}
    return pd.DataFrame({"count": counts, **sums, "mean_kwh": exact / counts})


def _differing(found: RollUp, wanted: pd.DataFrame, units: geopandas.GeoDataFrame) -> int:
    """Return how many units differ at all; means beyond a rounding more."""
    ours = found.to_frame().set_index("key").drop(index="")
    rows = wanted.reindex(units["key"].sort_values())
    rows = rows.fillna({"count": 0, "sum_kwh": 0.0, "sum_visits": 0})
    is_same = ours.index == rows.index
    for name in ("count", "sum_kwh", "sum_visits"):
        is_same &= (ours[name] == rows[name]).to_numpy()
    is_same &= np.isclose(ours["mean_kwh"], rows["mean_kwh"], rtol=4e-16, atol=0.0, equal_nan=True)
    is_whole = found.total["sum_visits"][0].as_py() == found.to_frame()["sum_visits"].sum()
    return int((~is_same).sum()) + (not is_whole)
