"""What a layer table must hold, and what it becomes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from twin.errors import InvalidLayerError
from twin.layer_table import conform
from twin.schema import Field, LayerSchema

SCHEMA = LayerSchema(
    "lamps",
    "none",
    "code",
    fields=(Field("code", is_required=True), Field("watt", "int64"), Field("lit_at", "timestamp")),
)


def test_declared_columns_take_their_declared_type() -> None:
    table = pa.table({"code": pa.array([1, 2]), "watt": pa.array(["40", None])})
    conformed = conform(SCHEMA, table)
    assert conformed["code"].to_pylist() == ["1", "2"]
    assert conformed["watt"].to_pylist() == [40, None]
    assert conformed["lit_at"].type == pa.timestamp("ms", tz="UTC")
    assert conformed["lit_at"].null_count == 2


def test_further_columns_are_kept_in_plain_types() -> None:
    table = pa.table(
        {
            "code": ["a"],
            "small": pa.array([7], pa.int8()),
            "real": pa.array([0.5], pa.float32()),
            "money": pa.array([Decimal("1.25")]),
            "kind": pa.array(["铸铁"]).dictionary_encode(),
            "day": pa.array([date(2024, 5, 1)]),
            "at": pa.array([datetime(2024, 5, 1, 8, tzinfo=UTC)], pa.timestamp("us", "Asia/Shanghai")),
            "nodes": pa.array([[3, 4]], pa.list_(pa.int32())),
            "nothing": pa.nulls(1),
        }
    )
    conformed = conform(SCHEMA, table)
    row = {name: conformed[name].to_pylist()[0] for name in conformed.column_names}
    assert row == {
        "code": "a", "small": 7, "real": 0.5, "money": 1.25, "kind": "铸铁", "day": "2024-05-01",
        "at": datetime(2024, 5, 1, 8, tzinfo=UTC), "nodes": [3, 4], "nothing": None,
        "watt": None, "lit_at": None,
    }  # fmt: skip


def test_batches_are_as_good_as_a_table() -> None:
    table = pa.table({"code": ["a", "b", "c"]})
    assert conform(SCHEMA, iter(table.to_batches(max_chunksize=2)))["code"].to_pylist() == ["a", "b", "c"]
    with pytest.raises(InvalidLayerError, match="no record batch"):
        conform(SCHEMA, iter([]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"watt": [1]}, "misses code; it has watt"),
        ({"code": ["a", None]}, "required field 'code' is empty in row 1"),
        ({"code": ["a", "b", "a"]}, "code 'a' came 2 times"),
        ({"code": ["a"], "watt": ["bright"]}, r"column 'watt' \(string\) does not fit int64"),
        ({"code": ["a"], "cell_9": [1]}, "column name 'cell_9' is reserved"),
        ({"code": ["a"], "feature_json": [1]}, "column name 'feature_json' is reserved"),
        ({"code": ["a"], "shape": [{"x": 1}]}, "column 'shape' of type struct<x: int64> cannot be stored"),
        ({"code": ["a"], "geometry": [b""]}, "has no geometry, but a column 'geometry' came"),
        ({"code": ["a", "b"], "feature_id": [4, 4]}, "feature_id 4 came 2 times"),
    ],
)
def test_wrong_table_is_refused_with_what_came(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(InvalidLayerError, match=message):
        conform(SCHEMA, pa.table(columns))


def test_text_that_is_not_utf8_is_refused() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xb5\xe7")]
    )
    with pytest.raises(InvalidLayerError, match="column 'code'"):
        conform(SCHEMA, pa.table({"code": broken}))


def test_column_that_came_twice_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array([1]), pa.array([2])], names=["code", "x", "x"])
    with pytest.raises(InvalidLayerError, match="column 'x' came twice"):
        conform(SCHEMA, table)


@pytest.mark.parametrize("name", ["", "Lamps", "../lamps", "lamps.v1", "9lamps", "路灯", "a" * 64])
def test_layer_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(InvalidLayerError, match="layer name"):
        conform(LayerSchema(name, "none"), pa.table({"x": [1]}))


def test_layer_with_geometry_needs_one() -> None:
    with pytest.raises(InvalidLayerError, match="misses geometry"):
        conform(LayerSchema("piers", "point"), pa.table({"x": [1]}))
