"""Compile every kernel once, at install, so that nobody's first question waits for it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import shapely

from api.building import build_city
from api.progress import ProgressBoard
from api.warmup import warm_layer
from tiles.cells_layer import encode_cells_tile
from tiles.warm import warm_up
from twin.cells import cells_at
from twin.city import City
from twin.config import CityConfig
from twin.crs import parse_crs, to_wgs84
from twin.schema import DECLARED

LON, LAT = 120.04, 28.89


def compile_kernels() -> None:
    """Ask a city of four small layers every kind of question; numba keeps what it compiled on disk.

    About half a minute on a fresh machine, a second or two when everything is compiled.
    """
    for crs in ("gcj02", "bd09"):
        to_wgs84(np.array([LON]), np.array([LAT]), parse_crs(crs))
    warm_up()
    with tempfile.TemporaryDirectory(prefix="citytwin-compile-") as name:
        city = City.create(Path(name) / "small.city", CityConfig("small", "EPSG:4549"))
        for layer, table in _small_tables().items():
            city.store.put(DECLARED[layer], table, resolutions=city.config.resolutions)
        build_city(city, ProgressBoard(None))
        for layer in city.layers():
            warm_layer(city, layer)
            _ask(city, layer)
        city.close()


def _ask(city: City, layer: str) -> None:
    """Ask what the warm-up of a service does not."""
    view = city.layer(layer)
    view.in_polygon(shapely.box(LON, LAT, LON + 0.01, LAT + 0.01))
    view.in_disk(int(cells_at(np.array([LON]), np.array([LAT]), (9,))[0, 0]), 1)
    view.count_by_cell(9)
    encode_cells_tile(view, 12, 3413, 1704)
    if view.layer.schema.geometry == "polygon":
        view.containing(LON, LAT)


def _small_tables() -> dict[str, pa.Table]:
    """Return one table of each geometry family, and a grid."""
    steps = np.arange(6) * 0.002
    boxes = shapely.box(LON + steps, LAT, LON + steps + 0.002, LAT + 0.002)
    lines = shapely.linestrings([[(LON, LAT + step), (LON + 0.01, LAT + step)] for step in steps])
    points = shapely.points(LON + steps, LAT + 0.001)
    keys = [str(number) for number in range(len(steps))]
    return {
        "grid": pa.table({"grid_id": keys, "geometry": shapely.to_wkb(boxes)}),
        "buildings": pa.table({"building_id": keys, "height_m": steps, "geometry": shapely.to_wkb(boxes)}),
        "roads": pa.table({"osm_id": keys, "class": ["primary"] * 6, "geometry": shapely.to_wkb(lines)}),
        "facilities": pa.table({"facility_id": keys, "class": keys, "geometry": shapely.to_wkb(points)}),
    }


if __name__ == "__main__":
    click.echo("compiling the kernels, once ...")
    compile_kernels()
