"""Points to grid units: the exact index against geopandas, on a made-up county of 5,041 winding units."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from tests.benchmarks.table import Row, median_seconds
from tests.twin.tessellation import placed_by_shapely, points_for, tessellation
from twin.grid_index import GridIndex

SIDE = 71
EDGES_PER_BORDER = 32
N_POINTS = 1_000_000
HARD_SHARE = 0.01
SEED = 2024
LOOKUP_TARGET = 8.0
WHOLE_JOB_TARGET = 2.0
PEER = "geopandas.sjoin(within)"


def run() -> list[Row]:
    """Return correctness and speed of the grid index in one run with the join it replaces."""
    ids, polygons = tessellation(SIDE, EDGES_PER_BORDER, SEED)
    lon, lat = points_for(polygons, N_POINTS, SEED, hard_share=HARD_SHARE)
    index = GridIndex.build(ids, polygons)
    keys = GridIndex.encode(lon, lat)
    found = index.lookup_encoded(keys, lon, lat)
    mismatches = int((found != placed_by_shapely(ids, polygons, lon, lat)).sum())

    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat, crs="EPSG:4326"))
    units = gpd.GeoDataFrame({"grid_id": ids}, geometry=polygons, crs="EPSG:4326")
    join_s = median_seconds(lambda: gpd.sjoin(points, units, predicate="within"), repeats=3, warm_up=1)
    lookup_s = median_seconds(lambda: index.lookup_encoded(keys, lon, lat))
    build_s = median_seconds(lambda: GridIndex.build(ids, polygons))
    whole_s = median_seconds(lambda: GridIndex.build(ids, polygons).lookup(lon, lat))
    stored_mb = sum(getattr(index, name).nbytes for name in ("raster", "entries", "runs", "xy")) / 1e6

    n_vertices = int(np.mean(shapely.get_num_coordinates(polygons)))
    size = f"{N_POINTS / 1e6:.0f} M points, {len(ids):,} units of {n_vertices}"
    return [
        Row(
            f"grid: wrong units, {size}",
            mismatches,
            "points",
            "shapely.covers",
            target="0",
            ok=mismatches == 0,
        ),
        _against_join("grid: lookup, keys stored", lookup_s, join_s, LOOKUP_TARGET),
        _against_join("grid: build, encode and lookup", whole_s, join_s, WHOLE_JOB_TARGET),
        Row("grid: build of the index", build_s, "s"),
        Row("grid: size of the index", stored_mb, "MB"),
    ]


def _against_join(name: str, ours_s: float, join_s: float, target: float) -> Row:
    ratio = join_s / ours_s
    return Row(name, ours_s, "s", PEER, join_s, ratio, f">= {target:g}x", ratio >= target)
