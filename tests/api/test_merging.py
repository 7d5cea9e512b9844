"""Merging against the plainest model there is: a dictionary of rows by key."""

from __future__ import annotations

from itertools import count

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from api.merging import Arrival, absent, has_rows_of, merge
from layers.report import ImportReport, ReadResult
from twin.errors import InvalidLayerError
from twin.layer import Layer
from twin.schema import DECLARED, Field, LayerSchema

ROWS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9), max_size=6)
IMPORTS = st.lists(
    st.lists(st.tuples(st.sampled_from("xyz"), ROWS), min_size=1, max_size=2), min_size=1, max_size=6
)


def schema_of(name: str) -> LayerSchema:
    fields = (Field("key", is_required=True), Field("value", "int64"))
    return LayerSchema(name, "none", "key", fields=fields)


def arrival(schema: LayerSchema, source: str, rows: dict[str, int]) -> Arrival:
    table = pa.table({"key": pa.array(rows, pa.string()), "value": pa.array(rows.values(), pa.int64())})
    return Arrival(source, ReadResult(schema, table, ImportReport(f"{source}.csv", "", len(rows), len(rows))))


def merged(layer: Layer | None, arrivals: list[Arrival], fresh: count[int]) -> Layer:
    """Merge and give new rows the next ids, as the store does."""
    found = merge(layer, arrivals)
    table = found.table
    none = pa.nulls(table.num_rows, pa.int64())
    came = (table["feature_id"] if "feature_id" in table.column_names else none).to_pylist()
    ids = np.array([next(fresh) if one is None else one for one in came], np.int64)
    return Layer.from_table(found.schema, table, ids)


def rows_of(layer: Layer) -> dict[tuple[str, str], tuple[int, int]]:
    """Return value and id by source and key."""
    rows = layer.table(np.arange(layer.n_rows)).to_pylist()
    found = {(row["source"], row["key"]): (row["value"], row["feature_id"]) for row in rows}
    assert len(found) == len(rows), "a row stands twice"
    return found


@pytest.mark.parametrize("name", ["parts", "addresses"])
@settings(deadline=None)  # the first example opens Arrow
@given(imports=IMPORTS)
def test_layer_is_what_a_dictionary_of_rows_would_be(
    name: str, imports: list[list[tuple[str, dict[str, int]]]]
) -> None:
    schema, layer, fresh = schema_of(name), None, count(1)
    model: dict[tuple[str, str], int] = {}
    used: set[int] = set()
    for came in imports:
        before: dict[tuple[str, str], tuple[int, int]] = {} if layer is None else rows_of(layer)
        layer = merged(layer, [arrival(schema, source, rows) for source, rows in came], fresh)
        sources = {source for source, _ in came}
        model = {place: value for place, value in model.items() if place[0] not in sources}
        for source, rows in came:
            for key, value in rows.items():
                if name != "addresses":
                    model = {place: kept for place, kept in model.items() if place[1] != key}
                model[source, key] = value
        after = rows_of(layer)
        assert {place: value for place, (value, _) in after.items()} == model
        old_ids = {
            place if name == "addresses" else place[1]: number for place, (_, number) in before.items()
        }
        for place, (_, number) in after.items():
            known = old_ids.get(place if name == "addresses" else place[1])
            assert number == known if known is not None else number not in used
        used |= {number for _, number in after.values()}
        assert all(has_rows_of(layer, one) == any(place[0] == one for place in model) for one in "xyz")


def test_rows_without_a_key_are_exchanged_whole() -> None:
    schema = LayerSchema("trees", "none", fields=(Field("key"), Field("value", "int64")))
    fresh = count(1)
    first = merged(None, [arrival(schema, "x", {"a": 1}), arrival(schema, "y", {"a": 2})], fresh)
    found = merge(first, [arrival(schema, "x", {"a": 1})])
    assert found.notes == (
        "1 rows of the earlier import of x are replaced (the layer has no key, so ids are new)",
    )
    second = rows_of(merged(first, [arrival(schema, "x", {"a": 1})], fresh))
    assert second["y", "a"] == rows_of(first)["y", "a"]
    assert second["x", "a"][1] not in {number for _, number in rows_of(first).values()}


def test_rows_that_people_drew_belong_to_no_source() -> None:
    schema = schema_of("parts")
    drawn = Layer.from_table(
        LayerSchema("parts", "none", "key", fields=(*schema.fields, Field("source"))),
        pa.table({"key": ["d"], "value": [5], "source": pa.array([None], pa.string())}),
    )
    found = rows_of(merged(drawn, [arrival(schema, "x", {"a": 1})], count(1)))
    assert {key for _, key in found} == {"a", "d"}


def test_file_without_rows_for_a_layer_keeps_the_ids_of_the_files_beside_it() -> None:
    point = pa.array([shapely.to_wkb(shapely.Point(120, 29))], pa.binary())
    table = pa.table({"source_id": ["n1"], "text": ["中山路1号"], "geometry": point})
    north = Arrival("osm", ReadResult(DECLARED["addresses"], table, ImportReport("n.osm", "", 1, 1)))
    found = merge(None, [north])
    before = Layer.from_table(found.schema, found.table, np.array([7]))
    south = Arrival("osm", absent(before, north.result))
    assert merge(before, [north, south]).table["feature_id"].to_pylist() == [7]
    assert merge(before, [south]).table.num_rows == 0


def test_layer_of_another_geometry_is_refused() -> None:
    layer = Layer.from_table(schema_of("parts"), pa.table({"key": ["a"], "value": [1]}))
    other = LayerSchema("parts", "point", "key")
    with pytest.raises(InvalidLayerError, match=r"'parts' holds none features, x\.csv brings point"):
        merge(layer, [arrival(other, "x", {})])
