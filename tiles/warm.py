"""Compile the tile kernels ahead of the first request; numba keeps the result beside the modules."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely

from tiles.draw import draw_tile
from tiles.prepare import prepare
from twin.ragged import Kind, read_wkb
from twin.schema import LayerSchema


def warm_up() -> None:
    """Draw one tile of each geometry family, so that every kernel is compiled or loaded.

    Some seconds on a fresh machine, some hundredths once the compiled kernels are on disk.

    Examples
    --------
    >>> warm_up()
    """
    zigzag = shapely.LineString([(0.0, 0.0), (0.1, 0.1), (0.2, 0.0)])
    ring = zigzag.buffer(0.05).difference(shapely.Point(0.1, 0.1).buffer(0.01))
    shapes: dict[Kind, shapely.Geometry] = {
        "point": zigzag.centroid,
        "line": zigzag,
        "polygon": shapely.union(ring, shapely.box(-0.3, -0.3, -0.2, -0.2)),
    }
    properties = {
        "name": pa.array(["渡口"]),
        "count": pa.array([1]),
        "is_open": pa.array([True]),
        "depth_m": pa.array([0.1]),
    }
    for kind, shape in shapes.items():
        geometry, _ = read_wkb(pa.chunked_array([[shapely.to_wkb(shape)]], pa.binary()), kind)
        layer = prepare(LayerSchema("warm_up", kind), geometry, np.arange(1), properties)
        draw_tile([(layer, np.arange(1))], 12, 2048, 2047)
