"""TileJSON against the schema of TileJSON 3.0.0."""

from __future__ import annotations

import json

import jsonschema
import pyarrow as pa
import pytest
import shapely

from tests.reference import reference_path
from tests.tiles.town import building_properties, buildings
from tiles.tilejson import tilejson
from twin.layer import Layer
from twin.schema import DECLARED
from twin.view import LayerView


@pytest.fixture
def view() -> LayerView:
    shapes = pa.array(shapely.to_wkb(buildings(50, (14, 13648, 6800))), pa.binary())
    return LayerView(
        Layer.from_table(DECLARED["buildings"], pa.table({**building_properties(50), "geometry": shapes}))
    )


def test_the_document_is_valid_tilejson(view: LayerView) -> None:
    schema = json.loads(reference_path("ogc-conformance/tilejson-3.0.0.schema.json").read_text())
    for attribution in ("", "© 丽州市"):
        document = tilejson(view, "http://127.0.0.1/tiles/buildings/{z}/{x}/{y}.mvt", attribution=attribution)
        jsonschema.validate(json.loads(json.dumps(document)), schema)


def test_it_tells_bounds_zooms_and_the_kind_of_each_property(view: LayerView) -> None:
    document = tilejson(view, "/t")
    assert document["bounds"] == list(view.layer.bbox)
    assert document["minzoom"] == DECLARED["buildings"].min_zoom
    fields = document["vector_layers"][0]["fields"]
    assert fields["floors"] == "Number: 层数"
    assert fields["use"] == "String: 用途"
    assert "geometry" not in fields


def test_an_empty_layer_has_the_whole_world_for_bounds() -> None:
    empty = pa.table({name: pa.array([], pa.string()) for name in ("osm_id", "class")})
    empty = empty.append_column("geometry", pa.array([], pa.binary()))
    assert tilejson(LayerView(Layer.from_table(DECLARED["pois"], empty)), "/t")["bounds"][0] == -180.0
