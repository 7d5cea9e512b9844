"""Buildings, grid units and addresses of 丽州 fit together on the ground."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from sample_data import LIZHOU
from tests.sample_data.lizhou import highways, metres, shapes, sources, table, water, way_lines
from twin.crs import gcj02_to_wgs84


@pytest.fixture(scope="module")
def footprints() -> np.ndarray:
    return np.asarray(shapes("buildings.zip", "GBK").geometry.to_numpy())


@pytest.fixture(scope="module")
def units() -> np.ndarray:
    return np.asarray(shapes("grid_units.zip").geometry.to_numpy())


def test_there_are_about_twenty_thousand_buildings_with_plausible_attributes() -> None:
    frame = shapes("buildings.zip", "GBK")
    assert 18_000 <= len(frame) <= 26_000
    assert frame["建筑编码"].is_unique
    assert frame["层数"].between(1, 40).all()
    assert (frame["高度"] / frame["层数"]).between(2.5, 11).all()
    assert frame["年代"].between(1930, 2024).all()
    assert set(frame["用途"]) >= {"住宅", "商业", "工业", "教育", "医疗", "办公"}


def test_buildings_do_not_overlap_one_another(footprints: np.ndarray) -> None:
    first, second = shapely.STRtree(footprints).query(footprints, "intersects")
    pairs = first < second
    shared = shapely.area(shapely.intersection(footprints[first[pairs]], footprints[second[pairs]]))
    assert (shared > 0.01).sum() == 0


def test_no_building_stands_in_water(footprints: np.ndarray) -> None:
    surface = water()
    shapely.prepare(surface)
    assert shapely.intersects(surface, footprints).sum() == 0


def test_no_building_stands_on_a_street(footprints: np.ndarray) -> None:
    lines = np.array([way_lines()[key] for key in highways()], object)
    building, _ = shapely.STRtree(lines).query(footprints, "intersects")
    assert len(building) == 0


def test_buildings_get_sparser_from_the_centre_to_the_edge(footprints: np.ndarray) -> None:
    centre = metres(np.array([[120.04, 28.885]]))[0]
    far_m = np.hypot(*(shapely.get_coordinates(shapely.centroid(footprints)) - centre).T)
    rings = np.array([0, 1500, 4000, 7000, 10_500])
    density = np.histogram(far_m, rings)[0] / np.diff(rings**2)
    assert (np.diff(density) < 0).all()


def test_grid_units_tile_the_county_without_overlap_or_gap(units: np.ndarray) -> None:
    assert 850 <= len(units) <= 950
    assert shapely.coverage_is_valid(units)
    whole = shapely.union_all(units)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert whole.area == pytest.approx(shapely.area(units).sum(), abs=1.0)  # 1 m2 of 350 km2


def test_grid_units_are_small_in_town_and_large_in_the_hills(units: np.ndarray) -> None:
    area_km2 = shapely.area(units) / 1e6
    with rasterio.open(LIZHOU / "dem_30m.tif") as file:
        spots = shapely.get_coordinates(shapely.point_on_surface(units))
        height_m = np.array([value[0] for value in file.sample(spots)])
    assert np.median(area_km2[height_m > 120]) > 5 * np.median(area_km2[height_m < 60])


def test_codes_of_grid_units_lead_up_to_the_city() -> None:
    frame, rows = shapes("grid_units.zip"), table("divisions.csv").set_index("code")
    assert frame["网格编码"].is_unique
    assert (frame["网格编码"].str[:12] == frame["社区代码"]).all()
    assert frame["网格编码"].str.fullmatch(r"\d{15}").all()
    assert set(frame["社区代码"]) <= set(rows.index[rows["level"] == "4"])
    assert set(rows.loc[rows["level"] != "1", "parent_code"]) <= set(rows.index)


def test_divisions_have_four_levels_and_one_merger() -> None:
    rows = table("divisions.csv")
    current = rows[rows["valid_to"] == ""]
    assert current["level"].value_counts().to_dict() == {"1": 1, "2": 2, "3": 16, "4": len(current) - 19}
    assert 120 <= (current["level"] == "4").sum() <= 140
    merged = rows[rows["superseded_by"] != ""]
    assert len(merged) == 2
    assert merged["superseded_by"].nunique() == 1
    heir = current.set_index("code").loc[merged["superseded_by"].iloc[0]]
    assert (merged["valid_to"] == heir["valid_from"]).all()


def test_the_two_address_files_overlap_and_hold_about_sixty_thousand_rows() -> None:
    civil, police = table("addresses_civil.csv.gz"), table("addresses_police.csv.gz", "gb18030")
    assert 55_000 <= len(civil) + len(police) <= 65_000
    assert civil["source_id"].is_unique
    assert set(civil["kind"]) == {"门牌", "楼牌", "户室"}
    without = (police["经度"] == "").mean()
    assert 0.01 <= without <= 0.02
    assert police["编号"].duplicated().any()


def test_every_civil_address_lies_in_a_building(footprints: np.ndarray) -> None:
    spots = metres(table("addresses_civil.csv.gz")[["lon", "lat"]].to_numpy(float))
    found = shapely.STRtree(footprints).query(shapely.points(spots), "intersects")[0]
    assert len(np.unique(found)) == len(spots)


def test_police_addresses_lie_in_buildings_once_their_shift_is_taken_back(footprints: np.ndarray) -> None:
    police = table("addresses_police.csv.gz", "gb18030")
    lonlat = police[["经度", "纬度"]].apply(pd.to_numeric, errors="coerce").dropna().to_numpy()
    tree = shapely.STRtree(footprints)

    def share_inside(places: np.ndarray) -> float:
        return len(np.unique(tree.query(shapely.points(metres(places)), "intersects")[0])) / len(places)

    right = np.abs(lonlat - [120.04, 28.89]).max(axis=1) < 0.2
    assert 0.998 < right.mean() < 1
    back = np.column_stack(gcj02_to_wgs84(lonlat[right, 0], lonlat[right, 1]))
    assert share_inside(back) > 0.999
    assert share_inside(lonlat[right]) < 0.5


def test_house_numbers_rise_along_a_street_with_odd_and_even_on_two_sides() -> None:
    civil = table("addresses_civil.csv.gz")
    found = civil["text"].str.extract(r"(人民中路)(\d+)号$").dropna()
    spots = metres(civil.loc[found.index, ["lon", "lat"]].to_numpy(float))
    number = found[1].astype(int).to_numpy()
    parts = [way_lines()[key] for key, (_, tags) in highways().items() if tags.get("name") == "人民中路"]
    street = shapely.line_merge(shapely.union_all(parts))
    along = shapely.line_locate_point(street, shapely.points(spots))
    is_odd = number % 2 == 1
    assert is_odd.sum() > 10
    assert (~is_odd).sum() > 10
    for side in (is_odd, ~is_odd):
        assert abs(np.corrcoef(number[side], along[side])[0, 1]) > 0.99
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(street, along + 5))
    here = shapely.get_coordinates(shapely.line_interpolate_point(street, along))
    way, off = ahead - here, spots - here
    is_left = way[:, 0] * off[:, 1] - way[:, 1] * off[:, 0] > 0
    assert max((is_left == is_odd).mean(), (is_left != is_odd).mean()) > 0.95


def test_declared_box_holds_the_county() -> None:
    west, south, east, north = sources()["bbox"]
    bounds = shapes("grid_units.zip").to_crs("EPSG:4326").total_bounds
    assert west <= bounds[0] <= west + 0.01
    assert south <= bounds[1] <= south + 0.01
    assert east - 0.01 <= bounds[2] <= east
    assert north - 0.01 <= bounds[3] <= north
