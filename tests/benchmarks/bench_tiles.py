"""Vector tiles: time, bytes and fidelity of a z14 tile with 2,000 buildings, against mapbox-vector-tile."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import mapbox_vector_tile
import numpy as np
import pyarrow as pa
import shapely
from isal import igzip

from tests.benchmarks.table import Row, median_seconds
from tests.tiles.test_draw import decode, tile_units
from tests.tiles.town import building_properties, buildings
from tiles.archive import build_archive
from tiles.encode import encode_tile, prepared_layer
from tiles.validate import validate_tile
from twin.layer import Layer
from twin.schema import DECLARED
from twin.view import LayerView

TILE = (14, 13648, 6800)
INNER = (16, 13648 * 4 + 1, 6800 * 4 + 2)
N_BUILDINGS = 2000
N_TOWN = 20_000
BUFFER_BOX = shapely.box(-64, -64, 4160, 4160)


def run() -> list[Row]:
    """Return the measured rows."""
    shapes = buildings(N_BUILDINGS, TILE)
    properties = building_properties(N_BUILDINGS)
    view = view_of(shapes, properties)
    rows = []
    for tile in (TILE, INNER):
        ours_s = median_seconds(lambda tile=tile: encode_tile(view, *tile), repeats=61, warm_up=3)
        peer_s = median_seconds(lambda tile=tile: peer_tile(shapes, properties, tile), repeats=3)
        drawn = encode_tile(view, *tile)
        n, ratio = drawn.n_features, peer_s / ours_s
        name = f"z{tile[0]} tile, {n:,} buildings"
        rows.append(
            Row(
                name, ours_s * 1e3, "ms", "mapbox-vector-tile, ms", peer_s * 1e3, ratio, ">= 80x", ratio >= 80
            )
        )
        packed = len(igzip.compress(drawn.content, 3))
        rows.append(Row(f"{name}, size", len(drawn.content) / 1e3, "kB", "gzipped, kB", packed / 1e3))
    return [*rows, *fidelity(view, shapes), memory(view), *pyramid()]


def view_of(shapes: np.ndarray, properties: dict[str, pa.Array]) -> LayerView:
    """Return buildings as a layer in memory."""
    wkb = pa.array(shapely.to_wkb(shapes), pa.binary())
    return LayerView(Layer.from_table(DECLARED["buildings"], pa.table({**properties, "geometry": wkb})))


def peer_tile(shapes: np.ndarray, properties: dict[str, pa.Array], tile: tuple[int, int, int]) -> bytes:
    """Return the tile as mapbox-vector-tile makes it of shapes that are projected and picked already.

    As in our own encoder, only what crosses the border of the buffer is clipped.
    """
    key = (id(shapes), tile)
    if key not in _peer_inputs:
        units = tile_units(shapes, tile)
        picked = np.flatnonzero(shapely.intersects(units, BUFFER_BOX))
        columns = {name: values.to_pylist() for name, values in properties.items()}
        _peer_inputs[key] = [
            {
                "geometry": units[row],
                "is_crossing": not BUFFER_BOX.contains(units[row]),
                "id": int(row),
                "properties": {name: v[row] for name, v in columns.items() if v[row] is not None},
            }
            for row in picked
        ]
    features = [
        {**feature, "geometry": shapely.intersection(feature["geometry"], BUFFER_BOX)}
        if feature["is_crossing"]
        else feature
        for feature in _peer_inputs[key]
    ]
    layer = {"name": "buildings", "features": features}
    return mapbox_vector_tile.encode([layer], default_options={"y_coord_down": True})


_peer_inputs: dict[tuple[int, tuple[int, int, int]], list[dict]] = {}


def fidelity(view: LayerView, shapes: np.ndarray) -> list[Row]:
    """Return validity of all polygons and their overlap with the exact clipped, rounded shapes."""
    exact = tile_units(shapes, TILE)
    ids = view.take(view.positions(), ["feature_id"])["feature_id"].to_numpy()
    features = decode(encode_tile(view, *TILE).content, "buildings")
    wanted = set(np.flatnonzero(shapely.intersects(exact, BUFFER_BOX)).tolist())
    drawn = {row: shapely.geometry.shape(one["geometry"]) for row, one in features.items()}
    whole = {row: shapely.set_precision(exact[row] & BUFFER_BOX, 1.0) for row in drawn}
    overlaps = [(drawn[row] & whole[row]).area / (drawn[row] | whole[row]).area for row in drawn]
    valid = np.mean([one.is_valid for one in drawn.values()])
    problems = len(validate_tile(encode_tile(view, *TILE).content))
    first = float(np.quantile(overlaps, 0.01))
    same = len(wanted ^ set(drawn)) + (len(ids) != N_BUILDINGS)
    return [
        Row("z14 tile, valid polygons", float(valid) * 100, "%", target="100 %", ok=bool(valid == 1.0)),
        Row(
            "z14 tile, overlap with the exact shape, 1st percentile",
            first,
            "IoU",
            target=">= 0.99",
            ok=first >= 0.99,
        ),
        Row("z14 tile, ids missing or too many", same, "features", target="0", ok=same == 0),
        Row("z14 tile, breaches of the specification", problems, "", target="0", ok=problems == 0),
    ]


def memory(view: LayerView) -> Row:
    """Return what a prepared building takes."""
    each = prepared_layer(view.layer).nbytes / view.layer.n_rows
    return Row("memory of a prepared layer, 6 vertices and 8 properties each", each, "B/feature")


def pyramid() -> list[Row]:
    """Return the rate of building an archive."""
    rng = np.random.default_rng(4)
    offsets = rng.uniform(-0.1, 0.1, (N_TOWN // N_BUILDINGS, 2))
    one = buildings(N_BUILDINGS, TILE)
    shapes = np.concatenate([shapely.transform(one, lambda xy, by=by: xy + by) for by in offsets])
    view = view_of(shapes, building_properties(N_TOWN))
    prepared_layer(view.layer)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "buildings.pmtiles"
        seconds = median_seconds(lambda: build_archive(view, path, range(14, 17)), repeats=3)
        n_tiles = build_archive(view, path, range(14, 17))
        size = path.stat().st_size
    return [
        Row("archive z14-16 of 20,000 buildings", n_tiles / seconds, "tiles/s"),
        Row("archive z14-16 of 20,000 buildings, size", size / 1e6, "MB"),
    ]
