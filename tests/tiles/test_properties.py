"""Coded properties: what each kind of column becomes, and what is absent."""

from __future__ import annotations

import datetime as dt
import math

import mapbox_vector_tile
import numpy as np
import pyarrow as pa

from tiles.draw import draw_tile
from tiles.matrix import tiles_of_bbox
from tiles.prepare import prepare
from tiles.properties import is_tile_type, table_of
from twin.ragged import RaggedGeometry
from twin.schema import LayerSchema

PLACE = (120.0, 29.0)


def drawn(properties: dict[str, pa.Array]) -> list[dict]:
    """Return the properties of points, written into a tile and read back by another library."""
    n = len(next(iter(properties.values())))
    layer = prepare(
        LayerSchema("lamps", "point"),
        RaggedGeometry("point", np.array([PLACE] * n)),
        np.arange(n),
        properties,
    )
    x, y, _, _ = tiles_of_bbox((*PLACE, *PLACE), 14)
    decoded = mapbox_vector_tile.decode(draw_tile([(layer, np.arange(n))], 14, x, y).content)
    return [feature["properties"] for feature in decoded["lamps"]["features"]]


def test_times_become_iso_text() -> None:
    noon = dt.datetime(2024, 5, 1, 12, 0, 0, tzinfo=dt.UTC)
    later = noon + dt.timedelta(milliseconds=250)
    whole = pa.array([noon, None], pa.timestamp("ms", tz="UTC"))
    fine = pa.array([later, noon], pa.timestamp("ms", tz="UTC"))
    day = pa.array([noon.date(), None])
    assert drawn({"a": whole, "b": fine, "c": day}) == [
        {"a": "2024-05-01T12:00:00Z", "b": "2024-05-01T12:00:00.250Z", "c": "2024-05-01"},
        {"b": "2024-05-01T12:00:00.000Z"},
    ]


def test_dictionaries_chunks_and_slices_read_like_plain_columns() -> None:
    plain = pa.array(["x", "甲", "甲", None, "y"])
    forms = [
        plain.dictionary_encode(),
        pa.chunked_array([plain[:2], plain[2:]]),
        pa.concat_arrays([plain, plain])[5:],
    ]
    assert [drawn({"a": form}) for form in forms] == [drawn({"a": plain})] * 3


def test_null_and_nan_are_absent_and_zero_is_not() -> None:
    numbers = pa.array([math.nan, None, 0.0, -1.5])
    flags = pa.array([False, None, True, False])
    assert drawn({"a": numbers, "b": flags}) == [
        {"b": False},
        {},
        {"a": 0.0, "b": True},
        {"a": -1.5, "b": False},
    ]


def test_lists_binaries_and_empty_types_stay_out() -> None:
    columns = {
        "list": pa.array([[1]]),
        "bytes": pa.array([b"x"]),
        "none": pa.nulls(1),
        "text": pa.array(["a"]),
    }
    assert table_of(columns, 1).columns == ("text",)
    assert [is_tile_type(column.type) for column in columns.values()] == [False, False, False, True]


def test_a_value_is_held_once_however_often_it_comes() -> None:
    table = table_of({"a": pa.array(["park"] * 1000), "b": pa.array([7] * 1000)}, 1000)
    assert len(table.ends) == 2
    assert table.codes.shape == (1000, 2)
