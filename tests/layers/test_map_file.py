"""Map files come with plain types, readable text and nothing fetched from a network."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from layers.delivery import delivered
from layers.map_file import read_map_file
from layers.source_table import SourceTable
from twin.errors import ImportRefusedError


def read(path: Path, layer: str = "a") -> SourceTable:
    with delivered(path) as delivery:
        return read_map_file(delivery, layer)


def test_types_are_plain_and_naive_times_are_beijing_time(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {
            "s": ["中", None],
            "i": pd.array([1, 2], "int16"),
            "f": pd.array([1.5, 2.5], "float32"),
            "b": [True, False],
            "t": pd.to_datetime(["2024-01-05", "2024-01-06"]),
        },
        geometry=[shapely.Point(120, 29), None],
        crs=4326,
    )
    frame.to_file(tmp_path / "a.geojson")
    source = read(tmp_path / "a.geojson")
    assert dict(zip(source.columns.column_names, source.columns.schema.types, strict=True)) == {
        "s": pa.string(),
        "i": pa.int64(),
        "f": pa.float64(),
        "b": pa.bool_(),
        "t": pa.timestamp("ms", tz="UTC"),
    }
    assert str(source.columns["t"][0]) == "2024-01-04 16:00:00+00:00"
    assert any("Beijing time" in note for note in source.notes)
    assert source.shapes is not None
    assert source.shapes[1] is None
    assert source.numbers.tolist() == [1, 2]


def test_lists_and_objects_are_kept_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,'
        '"properties":{"l":[1,2],"o":{"甲":1}}}]}',
        encoding="utf-8",
    )
    source = read(tmp_path / "a.geojson")
    assert source.columns["l"].to_pylist() == ["[1, 2]"]
    assert "甲" in source.columns["o"].to_pylist()[0]


@pytest.mark.parametrize("cpg", [None, "UTF-8"])
def test_chinese_attributes_are_read_whatever_the_cpg_says(tmp_path: Path, cpg: str | None) -> None:
    frame = geopandas.GeoDataFrame(
        {"名称": ["人民社区", "中山路"]}, geometry=[shapely.Point(1, 1)] * 2, crs=4326
    )
    frame.to_file(tmp_path / "a.shp", encoding="GB18030")
    (tmp_path / "a.cpg").unlink()
    if cpg:
        (tmp_path / "a.cpg").write_text(cpg)
    source = read(tmp_path / "a.shp")
    assert source.columns.to_pydict() == {"名称": ["人民社区", "中山路"]}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_character_cut_by_the_field_width_is_taken_off(tmp_path: Path, encoding: str) -> None:
    frame = geopandas.GeoDataFrame({"名称": ["中山路" * 20]}, geometry=[shapely.Point(1, 1)], crs=4326)
    frame.to_file(tmp_path / "a.shp", encoding=encoding)
    dbf = tmp_path / "a.dbf"
    content = bytearray(dbf.read_bytes())
    width, start = content[32 + 16], int.from_bytes(content[8:10], "little") + 1
    content[start : start + width] = ("a" + "中" * 100).encode(encoding)[:width]
    dbf.write_bytes(content)
    (value,) = read(tmp_path / "a.shp").columns["名称"].to_pylist()
    assert value.startswith("a中中中")
    assert set(value[:-1]) == {"a", "中"}


def test_nothing_is_written_beside_the_source_and_no_schema_is_fetched(tmp_path: Path) -> None:
    geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(120, 29)], crs=4326).to_file(
        tmp_path / "a.gml"
    )
    (tmp_path / "a.xsd").unlink()
    text = (tmp_path / "a.gml").read_text(encoding="utf-8")
    (tmp_path / "a.gml").write_text(text.replace("a.xsd", "http://192.0.2.1/a.xsd"), encoding="utf-8")
    assert read(tmp_path / "a.gml").columns["n"].to_pylist() == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.gml"]


def test_file_without_features_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text('{"type":"FeatureCollection","features":[]}')
    with pytest.raises(ImportRefusedError, match="holds no feature"):
        read(tmp_path / "a.geojson")
