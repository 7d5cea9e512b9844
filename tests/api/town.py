"""A small seeded town for the tests and benchmarks of the service, put through the real store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from twin.catalog import Provenance
from twin.city import City
from twin.config import CityConfig
from twin.schema import DECLARED

WEST, SOUTH, EAST, NORTH = 120.0, 28.8, 120.2, 29.0
UNITS_A_SIDE = 10
STEP_DEG = (EAST - WEST) / UNITS_A_SIDE
CITY_CODE = "331100000000"
DISTRICT_CODE = "331102000000"
STREET_CODE = "331102001000"
COMMUNITY_CODES = ("331102001001", "331102001002")
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
CLASSES = ("primary", "secondary", "residential")
USES = ("住宅", "商业", "工业")


def make_town(folder: Path, *, n_buildings: int = 400, n_addresses: int = 600) -> City:
    """Return an open city of 100 grid units, with buildings, addresses, roads and incidents."""
    rng = np.random.default_rng(20_260_101)
    city = City.create(folder, CityConfig("测试市", "EPSG:4549", CITY_CODE))
    tables = {
        "divisions": divisions(),
        "grid": grid(),
        "buildings": buildings(rng, n_buildings),
        "addresses": addresses(rng, n_addresses),
        "roads": roads(rng, 60),
        "incidents": incidents(rng, 48),
    }
    for name, table in tables.items():
        city.store.put(DECLARED[name], table, provenance=Provenance(("town.py",), ("",), "test"))
    return city


def divisions() -> pa.Table:
    """One city, one district, one subdistrict, a western and an eastern community."""
    half = (WEST + EAST) / 2
    whole = shapely.box(WEST, SOUTH, EAST, NORTH)
    rows = [
        (CITY_CODE, "测试市", 1, None, whole),
        (DISTRICT_CODE, "东区", 2, CITY_CODE, whole),
        (STREET_CODE, "中心街道", 3, DISTRICT_CODE, whole),
        (COMMUNITY_CODES[0], "城西社区", 4, STREET_CODE, shapely.box(WEST, SOUTH, half, NORTH)),
        (COMMUNITY_CODES[1], "城东社区", 4, STREET_CODE, shapely.box(half, SOUTH, EAST, NORTH)),
    ]
    codes, names, levels, parents, shapes = zip(*rows, strict=True)
    return pa.table(
        {
            "code": list(codes),
            "name": list(names),
            "level": pa.array(levels, pa.int64()),
            "parent_code": list(parents),
            "geometry": geometry(np.array(shapes)),
        }
    )


def unit_id(column: int, row: int) -> str:
    """Return the id of the grid unit in a column from the west and a row from the south."""
    return f"{COMMUNITY_CODES[column >= UNITS_A_SIDE // 2]}{row * UNITS_A_SIDE + column:03d}"


def grid() -> pa.Table:
    """Return squares that fill the town, each in the community of its half."""
    places = [(column, row) for row in range(UNITS_A_SIDE) for column in range(UNITS_A_SIDE)]
    ids = [unit_id(column, row) for column, row in places]
    west = np.array([WEST + column * STEP_DEG for column, _ in places])
    south = np.array([SOUTH + row * STEP_DEG for _, row in places])
    return pa.table(
        {
            "grid_id": ids,
            "name": [f"第{number}网格" for number in range(1, len(ids) + 1)],
            "community_code": [one[:12] for one in ids],
            "geometry": geometry(shapely.box(west, south, west + STEP_DEG, south + STEP_DEG)),
        }
    )


def buildings(rng: np.random.Generator, n: int) -> pa.Table:
    """Return rectangles of some 10 to 40 m, one of them a named hall at a known place."""
    lon, lat = places(rng, n)
    width, depth = rng.uniform(0.0001, 0.0004, (2, n))
    lon[0], lat[0], width[0], depth[0] = 120.0405, 28.8905, 0.0004, 0.0004
    shapes = shapely.box(lon - width / 2, lat - depth / 2, lon + width / 2, lat + depth / 2)
    return pa.table(
        {
            "building_id": [f"B{number:06d}" for number in range(n)],
            "floors": rng.integers(1, 30, n),
            "height_m": np.round(rng.uniform(3, 90, n), 1),
            "use": [USES[number] for number in rng.integers(0, len(USES), n)],
            "name": ["市民中心", *[None] * (n - 1)],
            "geometry": geometry(shapes),
        }
    )


def addresses(rng: np.random.Generator, n: int) -> pa.Table:
    """Return points with a text; one has no place."""
    lon, lat = places(rng, n)
    points = shapely.points(lon, lat)
    points[-1] = None
    return pa.table(
        {
            "source_id": [f"A{number:06d}" for number in range(n)],
            "text": [f"中心街道人民路{number}号" for number in range(n)],
            "geometry": geometry(points),
        }
    )


def roads(rng: np.random.Generator, n: int) -> pa.Table:
    """Return lines of three points of each class in turn."""
    lon, lat = places(rng, n)
    steps = rng.uniform(-0.005, 0.005, (n, 3, 2)).cumsum(axis=1)
    lines = shapely.linestrings(steps + np.column_stack([lon, lat])[:, None, :])
    return pa.table(
        {
            "osm_id": [f"w{number}" for number in range(n)],
            "class": [CLASSES[number % len(CLASSES)] for number in range(n)],
            "name": [f"{number}号路" if number % 2 else None for number in range(n)],
            "lanes": pa.array([number % 4 or None for number in range(n)], pa.int64()),
            "geometry": geometry(lines),
        }
    )


def incidents(rng: np.random.Generator, n: int) -> pa.Table:
    """Return one incident an hour from the first day on."""
    lon, lat = places(rng, n)
    moments = [FIRST_DAY + timedelta(hours=number) for number in range(n)]
    return pa.table(
        {
            "incident_id": [f"I{number:04d}" for number in range(n)],
            "class": ["市容环境"] * n,
            "reported_at": pa.array(moments, pa.timestamp("ms", "UTC")),
            "geometry": geometry(shapely.points(lon, lat)),
        }
    )


def places(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return lon and lat of points a little inside the town's edge."""
    margin = 0.01
    return rng.uniform(WEST + margin, EAST - margin, n), rng.uniform(SOUTH + margin, NORTH - margin, n)


def geometry(shapes: np.ndarray) -> pa.Array:
    """Return geometries as WKB; None stays null."""
    return pa.array(shapely.to_wkb(shapes), pa.binary())
