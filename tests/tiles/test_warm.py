"""After the warm-up a real tile compiles nothing more."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely

from tests.tiles.town import building_properties, buildings
from tiles import _encode, _generalise, _quantise, _world
from tiles.encode import encode_tile
from tiles.warm import warm_up
from twin.edits import Edits
from twin.layer import Layer
from twin.schema import DECLARED, LayerSchema
from twin.view import LayerView

TILE = (14, 13648, 6800)
KERNELS = [
    _world.project,
    _generalise.rank_vertices,
    _quantise.quantise_points,
    _quantise.quantise_lines,
    _quantise.quantise_polygons,
    _encode.string_values,
    _encode.integer_values,
    _encode.write_features,
    _encode.gather,
]


def test_real_tiles_use_the_kernels_that_the_warm_up_compiled() -> None:
    warm_up()
    compiled = [len(kernel.signatures) for kernel in KERNELS]
    assert all(compiled)
    shapes = buildings(60, TILE)
    table = pa.table({**building_properties(60), "geometry": pa.array(shapely.to_wkb(shapes), pa.binary())})
    layer = Layer.from_table(DECLARED["buildings"], table)
    edits = Edits(1, np.array([1]), np.array([99]), table.slice(0, 1))
    assert encode_tile(LayerView(layer, edits), *TILE).n_features > 30
    for kind, of in (("line", shapely.boundary), ("point", shapely.centroid)):
        wkb = pa.array(shapely.to_wkb(of(shapes)), pa.binary())
        other = Layer.from_table(
            LayerSchema(f"some_{kind}s", kind), pa.table({"name": ["甲"] * 60, "geometry": wkb})
        )
        assert encode_tile(LayerView(other), *TILE).n_features > 30
    assert [len(kernel.signatures) for kernel in KERNELS] == compiled
