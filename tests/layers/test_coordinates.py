"""Coordinate columns are known by their names in both languages, and only where both axes are there."""

from __future__ import annotations

import pyarrow as pa
import pytest

from layers.coordinates import CoordinateColumns, find_coordinates, split_pairs
from twin.errors import ImportRefusedError


def table(**columns: str) -> pa.Table:
    return pa.table({name: pa.array([value]) for name, value in columns.items()})


@pytest.mark.parametrize(
    ("x", "y", "is_lonlat", "crs"),
    [
        ("lon", "lat", True, ""),
        ("LNG", "LAT", True, ""),
        ("经度", "纬度", True, ""),
        ("东经", "北纬", True, ""),
        ("经度(°)", "纬度(°)", True, ""),
        ("X坐标", "Y坐标", False, ""),
        ("X", "Y", False, ""),
        ("东坐标", "北坐标", False, ""),
        ("POINT_X", "POINT_Y", False, ""),
        ("gcj02_lng", "gcj02_lat", True, "gcj02"),
        ("百度经度", "百度纬度", True, "bd09"),
        ("高德经度", "高德纬度", True, "gcj02"),
        ("经度_WGS84", "纬度_WGS84", True, "wgs84"),
    ],
)
def test_names_of_axes_are_known(x: str, y: str, is_lonlat: bool, crs: str) -> None:
    found = find_coordinates(table(**{"名称": "a", y: "1", x: "2"}), {}, "a.csv")
    assert (found.x, found.y, found.is_lonlat, found.named_crs) == (x, y, is_lonlat, crs)
    assert found.names == (x, y)


@pytest.mark.parametrize(
    "columns", [{"name": "a"}, {"lon": "1"}, {"x": "1", "纬度": "2"}, {"lon": "1", "lng": "1", "lat": "2"}]
)
def test_half_a_pair_or_two_are_none(columns: dict[str, str]) -> None:
    assert find_coordinates(table(**columns), {}, "a.csv") == CoordinateColumns()


def test_mapping_goes_before_names() -> None:
    found = find_coordinates(table(lon="1", lat="2", e="3", n="4"), {"x": "e", "y": "n"}, "a.csv")
    assert (found.x, found.y, found.is_lonlat) == ("e", "n", False)
    assert found.exchange == "--map x=n --map y=e"
    with pytest.raises(ImportRefusedError, match="map both"):
        find_coordinates(table(lon="1"), {"lon": "lon"}, "a.csv")


def test_well_known_text_is_known_by_its_content() -> None:
    assert find_coordinates(table(geometry="MULTIPOLYGON (((1 2"), {}, "a.csv").wkt == "geometry"
    assert find_coordinates(table(geometry="round"), {}, "a.csv") == CoordinateColumns()


def test_both_axes_in_one_column_are_split() -> None:
    assert find_coordinates(table(location="120.5,28.9"), {}, "a.csv").names == ("location",)
    first, second = split_pairs(pa.array(["120.5,28.9", "(120.5，28.9)", "120.5 28.9", "abc", None]))
    assert first.to_pylist() == ["120.5", "120.5", "120.5", "abc", None]
    assert second.to_pylist() == ["28.9", "28.9", "28.9", None, None]
