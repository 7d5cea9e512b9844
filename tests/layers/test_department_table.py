"""A department's table comes with every row, its numbers exact and its broken rows counted."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.department_table import read_department_table
from layers.exact_numbers import exact_numbers
from twin.errors import ImportRefusedError


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "t.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_office_file_is_read_as_delivered(tmp_path: Path) -> None:
    path = write(
        tmp_path, "地址,经度,纬度,电量\n永城路38号,120°03′00″,28.9,12.50\n永城路40号,,,无\n", "gb18030"
    )
    table = read_department_table(path, lon="经度", lat="纬度", measures=["电量"])
    assert table.rows.to_pylist() == [
        {"地址": "永城路38号", "经度": pytest.approx(120.05), "纬度": 28.9, "电量": Decimal("12.50")},
        {"地址": "永城路40号", "经度": None, "纬度": None, "电量": None},
    ]
    assert any("1 values are no numbers" in note for note in table.notes)


def test_row_that_cannot_be_split_still_counts_as_a_row(tmp_path: Path) -> None:
    path = write(tmp_path, "code,n\nA,1\nB,2,3,4\nC,5\n")
    table = read_department_table(path, measures=["n"])
    assert table.n_broken == 1
    assert table.rows["n"].to_pylist() == [1, 5, None]
    assert table.numbers.tolist() == [1, 3, 2]


def test_wrong_files_and_missing_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="no column 'kwh'"):
        read_department_table(write(tmp_path, "code,n\nA,1\n"), measures=["kwh"])
    path = tmp_path / "t.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    with pytest.raises(ImportRefusedError, match="text table"):
        read_department_table(path)


@given(st.lists(st.none() | st.decimals(-(10**9), 10**9, places=4)))
def test_decimals_lose_nothing(values: list[Decimal | None]) -> None:
    text = pa.chunked_array(
        [pa.array([None if one is None else format(one, "f") for one in values], pa.string())]
    )
    assert exact_numbers(text).values.to_pylist() == values


@given(st.lists(st.none() | st.integers(-(10**17), 10**17)))
def test_whole_numbers_stay_whole(values: list[int | None]) -> None:
    text = pa.chunked_array([pa.array([None if one is None else str(one) for one in values], pa.string())])
    parsed = exact_numbers(text)
    assert parsed.values.type == pa.int64()
    assert parsed.values.to_pylist() == values


def test_other_forms_are_read_as_real_numbers_or_not_at_all() -> None:
    parsed = exact_numbers(pa.chunked_array([["1,234.5", "1e3", "＋", "12kWh"]]))
    assert parsed.values.to_pylist() == [1234.5, 1000.0, None, None]
    assert parsed.is_bad.tolist() == [False, False, True, True]
