"""A small city of square grid units, with addresses, buildings and roads, stamped as a build stamps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin.city import City
from twin.config import CityConfig
from twin.schema import DECLARED

WEST, SOUTH, STEP = 120.0, 28.8, 0.01
SIDE = 6
COMMUNITIES = ("331102001001", "331102001002")


def grid_id(column: int, row: int) -> str:
    """Return the id of the unit in a column from the west and a row from the south."""
    return f"{COMMUNITIES[column >= SIDE // 2]}{row * SIDE + column:03d}"


def square(column: float, row: float, width: float = 1.0, height: float = 1.0) -> shapely.Polygon:
    """Return a rectangle in steps of the squares."""
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(west, south, WEST + (column + width) * STEP, SOUTH + (row + height) * STEP)


def point(column: float, row: float) -> shapely.Point:
    """Return a point in steps of the squares."""
    return shapely.Point(WEST + column * STEP, SOUTH + row * STEP)


def wkb(shapes: object) -> pa.Array:
    """Return geometries as a column; None stays null."""
    return pa.array(shapely.to_wkb(np.asarray(shapes, dtype=object)), pa.binary())


def drawing(shapes: dict[str, shapely.Geometry | None], **columns: list[str | None]) -> pa.Table:
    """Return units as they shall be."""
    return pa.table({"grid_id": list(shapes), "geometry": wkb(list(shapes.values())), **columns})


def grid_table() -> pa.Table:
    """Return the squares."""
    places = [(column, row) for column in range(SIDE) for row in range(SIDE)]
    ids = [grid_id(*place) for place in places]
    return pa.table(
        {
            "grid_id": ids,
            "name": [f"第{number}网格" for number in range(len(ids))],
            "community_code": [one[:12] for one in ids],
            "geometry": wkb([square(*place) for place in places]),
        }
    )


def divisions_table() -> pa.Table:
    """Return one division of each level, two communities."""
    codes = ["331100000000", "331102000000", "331102001000", *COMMUNITIES]
    return pa.table(
        {
            "code": codes,
            "name": ["丽州市", "东区", "中心街道", "西社区", "东社区"],
            "geometry": pa.nulls(len(codes), pa.binary()),
        }
    )


def put(city: City, name: str, **columns: object) -> None:
    """Store a layer, its rows placed in divisions."""
    areas = None if name in {"divisions", "grid"} else city.area_assigner
    city.store.put(DECLARED[name], pa.table(columns), areas=areas)


def scattered(n: int, seed: int) -> NDArray[np.float64]:
    """Return steps (n, 2) of places, a third of them on the borders of squares or their corners, a sixth
    in the two squares of the southwest."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(-0.2, SIDE + 0.2, (n, 2))
    places[: n // 6] = np.round(places[: n // 6])
    places[n // 6 : n // 3, 0] = np.round(places[n // 6 : n // 3, 0])
    places[-n // 6 :] *= [2 / SIDE, 1 / SIDE]
    return places


def make_city(folder: Path, n: int = 600, seed: int = 5) -> City:
    """Return an open city whose layers are stamped with its grid."""
    city = City.create(folder, CityConfig("丽州市", "EPSG:4549"))
    city.store.put(DECLARED["divisions"], divisions_table())
    city.store.put(DECLARED["grid"], grid_table())
    city.store.put(DECLARED["grid"], grid_table(), areas=city.area_assigner)
    points = np.array([point(*place) for place in scattered(n, seed).tolist()])
    names = [str(number) for number in range(n)]
    put(city, "addresses", source_id=names, text=names, geometry=wkb([*points[:-1], None]))
    corners = scattered(n, seed + 1)
    houses = [square(x, y, 0.2, 0.1) for x, y in corners.tolist()]
    put(city, "buildings", building_id=names, geometry=wkb(houses))
    ends = scattered(n, seed + 2)
    lines = [
        shapely.LineString([point(*start), point(*end)])
        for start, end in zip(ends[: n // 2].tolist(), ends[-(n // 2) :].tolist(), strict=True)
    ]
    put(city, "roads", osm_id=names[: n // 2], **{"class": ["primary"] * (n // 2)}, geometry=wkb(lines))
    return city
