"""Grid units come in alone, and where they do not tile is said with place, area and units."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pytest
import shapely

from layers.grid import read_grid
from tests.reference import ROOT
from twin.frame import CityFrame

CITY = CityFrame("丽州市", "EPSG:4549", (119.938, 28.798, 120.142, 28.982))


def tiles(folder: Path, east: list[float], width: list[float]) -> Path:
    """Write units 100 m high, side by side in the working CRS."""
    x = 500_000 + np.array(east)
    shapes = shapely.box(x, 3_200_000.0, x + np.array(width), 3_200_100.0)
    ids = [f"3399010010010{i:02d}" for i in range(len(shapes))]
    geopandas.GeoDataFrame({"网格编码": ids}, geometry=shapes, crs=4549).to_file(folder / "grid.gpkg")
    return folder / "grid.gpkg"


def test_units_that_tile_are_said_to(tmp_path: Path) -> None:
    result = read_grid(tiles(tmp_path, [0, 100, 200], [100, 100, 100]), city=CITY)
    assert "the units tile without overlap or gap" in result.report.notes
    assert not result.report.rejections
    assert result.table["grid_id"].to_pylist()[0] == "339901001001000"


def test_overlap_is_reported_at_its_unit_with_its_area(tmp_path: Path) -> None:
    result = read_grid(tiles(tmp_path, [0, 90, 190], [100, 100, 100]), city=CITY)
    assert result.report.rows_taken == 3
    (finding,) = result.report.rejections
    assert finding.row == 1
    assert "339901001001000, 339901001001001" in finding.reason
    area_m2 = float(finding.came.split()[2].replace(",", ""))
    assert area_m2 == pytest.approx(10 * 100, rel=1e-3)
    assert any(note.startswith("1 x overlap") for note in result.report.notes)


def test_check_is_an_argument(tmp_path: Path) -> None:
    asked = []

    def check(grid_ids: list[str], shapes: np.ndarray, crs: str) -> tuple[()]:
        asked.append((len(grid_ids), len(shapes), crs))
        return ()

    read_grid(tiles(tmp_path, [0, 100], [100, 100]), city=CITY, check=check)
    read_grid(tiles(tmp_path, [0, 100], [100, 100]), city=CityFrame("x", ""), check=check)
    assert asked == [(2, 2, "EPSG:4549"), (2, 2, "EPSG:4549")]


def test_grid_of_the_sample_county_tiles() -> None:
    result = read_grid(
        ROOT / "sample_data/lizhou/grid_units.zip",
        columns={"grid_id": "网格编码", "name": "网格名称", "community_code": "社区代码", "kind": "类型"},
        city=CITY,
    )
    assert not result.report.rejections
    assert "the units tile without overlap or gap" in result.report.notes


def test_units_in_no_known_community_are_named_and_counted(tmp_path: Path) -> None:
    divisions = pa.table(
        {
            "code": ["339900000000", "339901000000", "339901001000", "339901001001"],
            "name": ["丽州市", "东区", "中心街道", "一社区"],
        }
    )
    codes = ["339901001001", "339901001009", None, "339901001009", "339901001000"]
    x = 500_000 + 100.0 * np.arange(len(codes))
    units = geopandas.GeoDataFrame(
        {"grid_id": ["a", "b", "c", "d", "e"], "community_code": codes},
        geometry=shapely.box(x, 3_200_000.0, x + 100, 3_200_100.0),
        crs=4549,
    )
    units.to_file(tmp_path / "grid.gpkg")
    result = read_grid(tmp_path / "grid.gpkg", city=CITY, divisions=divisions)
    assert [(item.row, item.came) for item in result.report.rejections] == [
        (2, "339901001009"),
        (3, ""),
        (4, "339901001009"),
        (5, "339901001000"),
    ]
    assert "under 339901001000 中心街道" in result.report.rejections[-1].reason
    (note,) = (note for note in result.report.notes if "no community" in note)
    assert note.startswith("4 units")
    assert "339901001009 (2), none (1), 339901001000 (1)" in note
    assert result.table.num_rows == len(codes)
    alone = read_grid(tmp_path / "grid.gpkg", city=CITY)
    assert not alone.report.rejections
