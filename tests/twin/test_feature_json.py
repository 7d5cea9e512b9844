"""GeoJSON bytes against a JSON parser and shapely."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import orjson
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.layer_samples import shapes_of
from twin.feature_json import feature_json
from twin.ragged import Kind, RaggedGeometry, read_wkb

characters = st.characters(codec="utf-8")
texts = st.one_of(st.none(), st.text(characters, max_size=20))
numbers = st.one_of(st.none(), st.floats(width=64))
wholes = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
rows = st.lists(st.tuples(texts, texts, numbers, wholes, st.one_of(st.none(), st.booleans())), max_size=12)


@settings(max_examples=150, deadline=None)
@given(rows, st.text(characters, min_size=1, max_size=8))
def test_any_values_come_back_from_a_json_parser(
    table: list[tuple[str | None, str | None, float | None, int | None, bool | None]], name: str
) -> None:
    kinds = [pa.string(), pa.large_string(), pa.float64(), pa.int64(), pa.bool_()]
    names = [name, f"{name}2", f"{name}3", f"{name}4", f"{name}5"]
    columns = {
        key: pa.array([row[place] for row in table], kind)
        for place, (key, kind) in enumerate(zip(names, kinds, strict=True))
    }
    ids = list(range(2**53 - len(table), 2**53))
    features = feature_json(pa.array(ids, pa.int64()), columns, None)
    for feature, feature_id, row in zip(features, ids, table, strict=True):
        expected = {
            key: value
            for key, value in zip(names, row, strict=True)
            if value is not None and not (isinstance(value, float) and not math.isfinite(value))
        }
        assert orjson.loads(feature.as_py()) == {
            "type": "Feature",
            "id": feature_id,
            "geometry": None,
            "properties": expected,
        }


@pytest.mark.parametrize("kind", ["point", "line", "polygon"])
def test_geometry_is_that_of_shapely_to_seven_decimals(kind: Kind) -> None:
    shapes = shapes_of(kind, 50)
    geometry, _ = read_wkb(pa.chunked_array([shapely.to_wkb(shapes)], pa.binary()), kind)
    features = feature_json(pa.array(range(51)), {}, geometry.with_unplaced(51))
    for feature, shape in zip(features.to_pylist()[:50], shapes, strict=True):
        written = orjson.loads(feature)["geometry"]
        assert written["type"] == shape.geom_type
        theirs = shapely.get_coordinates(shape)
        ours = shapely.get_coordinates(shapely.from_geojson(orjson.dumps(written)))
        assert np.array_equal(ours, np.round(theirs, 7))
        assert shapely.from_geojson(orjson.dumps(written)).equals_exact(shape, 1e-7)
    assert orjson.loads(features[50].as_py())["geometry"] is None


@settings(max_examples=200, deadline=None)
@given(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0))
def test_coordinates_are_rounded_without_trailing_zeros(lon: float, lat: float) -> None:
    point = RaggedGeometry("point", np.array([[lon, lat]]))
    text = feature_json(pa.array([1]), {}, point)[0].as_py().decode()
    pair = text[text.index("[") + 1 : text.index("]")].split(",")
    assert [float(number) for number in pair] == pytest.approx([lon, lat], abs=5.1e-8)  # half of 1e-7 degree
    for number in pair:
        assert number != "-0"
        assert len(number.partition(".")[2]) <= 7
        assert "." not in number or not number.endswith(("0", "."))


def test_time_is_written_in_utc_with_milliseconds() -> None:
    moment = datetime(2024, 6, 1, 8, 30, 15, 250_000, tzinfo=UTC)
    column = pa.array([moment, None], pa.timestamp("ms", "UTC"))
    features = feature_json(pa.array([1, 2]), {"at": column}, None)
    assert orjson.loads(features[0].as_py())["properties"] == {"at": "2024-06-01T08:30:15.250Z"}
    assert orjson.loads(features[1].as_py())["properties"] == {}


def test_lists_are_left_out() -> None:
    features = feature_json(pa.array([1]), {"nodes": pa.array([[1, 2]]), "name": pa.array(["a"])}, None)
    assert orjson.loads(features[0].as_py())["properties"] == {"name": "a"}


def test_rows_of_several_chunks_keep_their_order() -> None:
    n = 20_000
    names = [f"路{row}" for row in range(n)]
    points = RaggedGeometry("point", np.column_stack([np.linspace(-180, 180, n), np.linspace(-90, 90, n)]))
    features = feature_json(pa.array(range(n)), {"name": pa.array(names)}, points)
    assert len(features) == n
    for row in (0, 8191, 8192, n - 1):
        feature = orjson.loads(features[row].as_py())
        assert (feature["id"], feature["properties"]["name"]) == (row, names[row])
        assert feature["geometry"]["coordinates"] == pytest.approx(points.coords[row].tolist(), abs=5.1e-8)


def test_no_rows_make_no_features() -> None:
    assert len(feature_json(pa.array([], pa.int64()), {}, None)) == 0
