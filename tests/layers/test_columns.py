"""Columns find their fields by mapping, name, title or dBase cut, and values their declared type."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from layers.columns import cast_extras, cast_fields, inferred_fields, plan_columns
from layers.ledger import RowLedger
from layers.source_table import SourceTable
from twin.errors import ImportRefusedError
from twin.schema import DECLARED, Field, LayerSchema

BUILDINGS = DECLARED["buildings"]
FLAT = LayerSchema(
    "flat",
    "none",
    "id",
    fields=(
        Field("id", is_required=True),
        Field("n", "int64"),
        Field("f", "float64"),
        Field("b", "bool"),
        Field("t", "timestamp"),
    ),
)


def cast(**columns: pa.Array) -> tuple[dict[str, list[object]], RowLedger]:
    table = pa.table(columns)
    source = SourceTable(table, np.arange(1, table.num_rows + 1))
    ledger = RowLedger(source.numbers)
    plan = plan_columns(table.column_names, FLAT, {}, (), "a")
    return {
        name: array.to_pylist() for name, array in cast_fields(source, plan, FLAT, ledger).items()
    }, ledger


@pytest.mark.parametrize(
    ("names", "mapping", "expected"),
    [
        (["building_id", "floors"], {}, {"building_id": "building_id", "floors": "floors"}),
        (["BUILDING_ID"], {}, {"building_id": "BUILDING_ID"}),
        (["building_i", "house_numb"], {}, {"building_id": "building_i", "house_number": "house_numb"}),
        (["建筑编码", "层数"], {}, {"building_id": "建筑编码", "floors": "层数"}),
        (["gid", "建筑编码"], {"building_id": "gid"}, {"building_id": "gid"}),
        (["building_id", "名称", "name"], {"name": "名称"}, {"building_id": "building_id", "name": "名称"}),
    ],
)
def test_columns_find_their_fields(
    names: list[str], mapping: dict[str, str], expected: dict[str, str]
) -> None:
    assert plan_columns(names, BUILDINGS, mapping, (), "a").fields == expected


def test_extra_columns_are_kept_under_names_that_clash_with_nothing() -> None:
    plan = plan_columns(
        ["building_id", "名称", "name", "xmin", "rgb", "lon", "户主电话"],
        BUILDINGS,
        {"name": "名称", "colour": "rgb"},
        ("lon",),
        "a",
    )
    assert plan.extras == {"source_name": "name", "source_xmin": "xmin", "colour": "rgb"}
    assert any("户主电话" in note for note in plan.notes)


def test_missing_key_is_refused_with_the_option() -> None:
    with pytest.raises(
        ImportRefusedError,
        match="no column for building_id among a, b; name it with --map building_id=COLUMN",
    ):
        plan_columns(["a", "b"], BUILDINGS, {}, (), "x.csv")


def test_typed_columns_are_cast_without_loss() -> None:
    values, ledger = cast(
        id=pa.array([1.0, 2.5, 3.0]),
        n=pa.array([1.0, 1.5, None]),
        f=pa.array([1, 2, None]),
        b=pa.array(["是", "0", None]),
        t=pa.array(["2024-01-05T00:00:00Z", None, "x"]),
    )
    assert values == {
        "id": ["1", "2.5", "3"],
        "n": [1, None, None],
        "f": [1.0, 2.0, None],
        "b": [True, False, None],
        "t": [datetime(2024, 1, 5, tzinfo=UTC), None, None],
    }
    found = ledger.report("a", "").rejections
    assert [(item.row, item.field, item.came) for item in found] == [(2, "n", "1.5"), (3, "t", "x")]


def test_numbers_that_are_none_are_left_empty() -> None:
    values, _ = cast(id=pa.array(["a", "b"]), f=pa.array([float("nan"), float("inf")]))
    assert values["f"] == [None, None]


def test_later_rows_of_a_key_name_the_first_that_is_taken() -> None:
    _, ledger = cast(id=pa.array(["a", "b", "a", None, "a", "b"]))
    reasons = {item.row: item.reason for item in ledger.report("a", "").rejections}
    assert reasons == {
        3: "stands already in row 1: row rejected",
        4: "is empty but id is required: row rejected",
        5: "stands already in row 1: row rejected",
        6: "stands already in row 2: row rejected",
    }


def test_text_becomes_a_number_only_where_nothing_is_lost() -> None:
    columns = {
        "code": ["007", "8"],
        "n": ["7", "-8"],
        "long": ["9" * 19, "1"],
        "f": ["1.5", "2"],
        "plus": ["+86", "1"],
        "empty": ["", ""],
    }
    source = SourceTable(
        pa.table({name: pa.array(values) for name, values in columns.items()}), np.arange(1, 3), is_text=True
    )
    kinds = {field.name: field.type for field in inferred_fields(source, {name: name for name in columns})}
    assert kinds == {
        "code": "string",
        "n": "int64",
        "long": "string",
        "f": "float64",
        "plus": "string",
        "empty": "string",
    }


def test_extras_keep_their_type_and_lose_control_characters() -> None:
    source = SourceTable(pa.table({"id": ["a"], "s": ["x\x00 "], "k": [5]}), np.array([1]))
    ledger = RowLedger(source.numbers)
    plan = plan_columns(["id", "s", "k"], FLAT, {}, (), "a")
    assert {name: array.to_pylist() for name, array in cast_extras(source, plan, ledger).items()} == {
        "s": ["x"],
        "k": [5],
    }
    assert "control characters" in ledger.report("a", "").rejections[0].reason


def cast_declared(layer_name: str, /, **columns: list[str]) -> tuple[dict[str, list[object]], RowLedger]:
    source = SourceTable(pa.table(columns), np.arange(1, len(next(iter(columns.values()))) + 1))
    ledger = RowLedger(source.numbers)
    plan = plan_columns(list(columns), DECLARED[layer_name], {}, (), "a")
    arrays = cast_fields(source, plan, DECLARED[layer_name], ledger)
    return {name: array.to_pylist() for name, array in arrays.items()}, ledger


@pytest.mark.parametrize(
    ("layer", "field", "needed"),
    [
        ("divisions", "code", "name"),
        ("divisions", "parent_code", "name"),
        ("grid", "grid_id", "name"),
        ("grid", "community_code", "grid_id"),
    ],
)
def test_code_that_a_spreadsheet_has_cut_rejects_its_row(layer: str, field: str, needed: str) -> None:
    columns = (
        {needed: ["a", "b", "c"], "code": ["339901", "339902", "339903"]} if layer == "divisions" else {}
    )
    columns |= {needed: ["a", "b", "c"]} | {field: ["339901001001", "3.399E+11", "3e+11"]}
    _, ledger = cast_declared(layer, **columns)
    assert ledger.is_taken.tolist() == [True, False, False]
    finding = ledger.report("a", "").rejections[0]
    assert (finding.row, finding.field, finding.came) == (2, field, "3.399E+11")
    assert "format the column as text" in finding.suggestion


def test_counts_and_measures_below_zero_are_left_empty() -> None:
    values, ledger = cast_declared(
        "buildings", building_id=["a", "b", "c"], floors=["-3", "0", "3"], height_m=["-0.5", "0", ""]
    )
    assert (values["floors"], values["height_m"]) == ([None, 0, 3], [None, 0.0, None])
    assert ledger.is_taken.all()
    assert [(item.row, item.field) for item in ledger.report("a", "").rejections] == [
        (1, "floors"),
        (1, "height_m"),
    ]


def test_road_may_lie_below_the_ground() -> None:
    values, _ = cast_declared(
        "roads", **{"osm_id": ["w1"], "class": ["primary"], "layer": ["-1"], "lanes": ["-1"]}
    )
    assert (values["layer"], values["lanes"]) == ([-1], [None])
