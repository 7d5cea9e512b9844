"""A department's table is placed row by row and adds up by every kind of area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.placement import Atlas, PlaceColumns
from analysis.rollup import UNPLACED, Measures, by_area, rollup
from tests.api.town import (
    CITY_CODE,
    COMMUNITY_CODES,
    DISTRICT_CODE,
    EAST,
    NORTH,
    SOUTH,
    STREET_CODE,
    WEST,
    make_town,
    unit_id,
)
from tests.twin.linked_town import make_linked_town
from twin.city import City
from twin.crs import parse_crs, wgs84_to_gcj02
from twin.divisions import DivisionTree
from twin.errors import InvalidQueryError, UnknownFieldError
from twin.layer_table import TIMESTAMP

POINT = PlaceColumns("lon", "lat")
LEVELS = ("city", "district", "subdistrict", "community", "grid")
MIDDLE = (WEST + EAST) / 2


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = make_town(tmp_path_factory.mktemp("rollup") / "town.city", n_buildings=5, n_addresses=5)
    yield city
    city.close()


def points(n: int, seed: int = 1) -> pa.Table:
    """Return points in and around the town, some without coordinates, with numbers of three kinds."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(WEST - 0.02, EAST + 0.02, n), rng.uniform(SOUTH - 0.02, NORTH + 0.02, n)
    lon[: n // 10] = np.nan
    cents = [Decimal(int(one)) / 100 for one in rng.integers(0, 10**6, n)]
    whole = rng.integers(0, 1000, n)
    return pa.table({"lon": lon, "lat": lat, "n": whole, "fee": cents, "kwh": rng.uniform(0, 1e6, n)})


def outlines(city: City, by: str) -> dict[str, shapely.Geometry]:
    layer, key = ("grid", "grid_id") if by == "grid" else ("divisions", "code")
    frame = city.layer(layer).to_geodataframe()
    if by != "grid":
        frame = frame[frame["level"] == LEVELS.index(by) + 1]
    return dict(zip(frame[key], frame.geometry, strict=True))


@pytest.mark.parametrize("by", LEVELS)
def test_counts_are_those_of_shapely(town: City, by: str) -> None:
    table = points(400)
    found = rollup(town, table, by, POINT)
    wanted: Counter[str] = Counter()
    grid = outlines(town, "grid")
    areas = outlines(town, by)
    for lon, lat in zip(table["lon"].to_pylist(), table["lat"].to_pylist(), strict=True):
        place = shapely.Point(lon, lat)
        units = sorted(key for key, shape in grid.items() if not np.isnan(lon) and shape.covers(place))
        inner = grid[units[0]].representative_point() if units else None
        wanted[next((key for key, shape in areas.items() if inner and shape.covers(inner)), "")] += 1
    got = dict(zip(found.table["key"].to_pylist(), found.table["count"].to_pylist(), strict=True))
    assert {key: count for key, count in got.items() if count} == dict(wanted)
    assert set(got) == {*areas, ""}
    assert found.n_unplaced == wanted[""]


@pytest.mark.parametrize("by", [*LEVELS, "h3:7", "h3:10"])
def test_rows_add_up_to_the_table(town: City, by: str) -> None:
    table = points(500)
    found = rollup(town, table, by, POINT, Measures(("n", "fee", "kwh"), ("n",)))
    assert sum(found.table["count"].to_pylist()) == table.num_rows == found.total["count"][0].as_py()
    for name in ("n", "fee"):
        assert sum(found.table[f"sum_{name}"].to_pylist()) == sum(table[name].to_pylist())
        assert found.total[f"sum_{name}"][0].as_py() == sum(table[name].to_pylist())
    kwh = sum(found.table["sum_kwh"].to_pylist())
    assert kwh == pytest.approx(sum(table["kwh"].to_pylist()), rel=1e-12)
    assert found.table["name"][-1].as_py() == UNPLACED


def test_cells_are_those_of_h3(town: City) -> None:
    table = points(300)
    found = rollup(town, table, "h3:9", POINT)
    wanted = Counter(
        h3.latlng_to_cell(lat, lon, 9)
        for lon, lat in zip(table["lon"].to_pylist(), table["lat"].to_pylist(), strict=True)
        if WEST <= lon <= EAST and SOUTH <= lat <= NORTH
    )
    got = dict(zip(found.table["key"].to_pylist(), found.table["count"].to_pylist(), strict=True))
    unplaced = got.pop("")
    assert got == wanted
    assert unplaced == 300 - sum(wanted.values())
    centres = shapely.points([h3.cell_to_latlng(cell)[::-1] for cell in found.table["key"].to_pylist()[:-1]])
    assert shapely.contains(found.geometry, centres).all()


def test_codes_of_every_level_and_grid_ids_are_understood(town: City) -> None:
    codes = [unit_id(0, 0), COMMUNITY_CODES[1], STREET_CODE[:9], DISTRICT_CODE, CITY_CODE, "", None, "999999"]
    found = rollup(town, pa.table({"code": codes}), "community", PlaceColumns(code="code"))
    got = dict(zip(found.table["key"].to_pylist(), found.table["count"].to_pylist(), strict=True))
    assert got == {COMMUNITY_CODES[0]: 1, COMMUNITY_CODES[1]: 1, "": 6}
    reasons = found.placed_table()["reason"].to_pylist()
    assert reasons[:2] == ["", ""]
    assert all("above the level community" in reason for reason in reasons[2:5])
    assert reasons[5:7] == ["no code", "no code"]
    assert "999999" in reasons[7]
    numbers = pa.table({"code": pa.array([float(COMMUNITY_CODES[0]), float("nan")])})
    assert rollup(town, numbers, "community", PlaceColumns(code="code")).table["count"].to_pylist() == [
        1,
        0,
        1,
    ]


def test_code_is_read_as_of_the_day_it_was_carried() -> None:
    def day(year: int) -> datetime:
        return datetime(year, 1, 1, tzinfo=UTC)

    divisions = pa.table(
        {
            "code": ["3311", "331102", "331103", "331104"],
            "name": ["丽州市", "东区", "西区", "新区"],
            "level": [1, 2, 2, 2],
            "valid_from": pa.array([None, None, None, day(2021)], TIMESTAMP),
            "valid_to": pa.array([None, day(2021), None, None], TIMESTAMP),
            "superseded_by": [None, "331104", None, None],
        }
    )
    atlas = Atlas(DivisionTree.from_tables(divisions, None, as_of=date(2024, 1, 1)))
    table = pa.table({"code": ["331102", "331104"]})

    def named(as_of: date | None) -> list[str]:
        placed = atlas.place(table, PlaceColumns(code="code", as_of=as_of))
        return ["" if number < 0 else atlas.tree.nodes[number].name for number in placed.numbers]

    assert named(None) == ["新区", "新区"]
    assert named(date(2020, 6, 1)) == ["新区", ""]
    assert named(date(2022, 6, 1)) == ["新区", "新区"], "a code given up before the day means its one heir"


def test_code_places_what_coordinates_do_not(town: City) -> None:
    table = pa.table(
        {"lon": [120.05, None, None], "lat": [28.9, 28.9, None], "code": [None, unit_id(9, 9), ""]}
    )
    found = rollup(town, table, "grid", PlaceColumns("lon", "lat", code="code"))
    placed = found.placed_table()
    assert placed["how"].to_pylist() == ["coordinates", "code", ""]
    assert placed["key"].to_pylist()[1:] == [unit_id(9, 9), ""]
    assert placed["reason"].to_pylist() == ["", "", "no coordinates; no code"]


def test_text_is_placed_by_the_finder_where_it_is_sure(town: City) -> None:
    def geocode(texts: pa.Array) -> pa.Table:
        known = {"甲": (0.95, 120.05, 28.9, None, 9), "乙": (0.5, 120.05, 28.9, None, 9)}
        known |= {"丙": (0.99, None, None, COMMUNITY_CODES[0], 10), "丁": (0.99, 121.0, 28.0, None, 15)}
        known |= {"路": (0.99, 120.05, 28.9, STREET_CODE, 8)}
        rows = [known.get(text, (None, None, None, None, 0)) for text in texts.to_pylist()]
        names = ("score", "lon", "lat", "division_code", "level")
        kinds = (pa.float64(), pa.float64(), pa.float64(), pa.string(), pa.int64())
        columns = {name: pa.array([row[k] for row in rows], kinds[k]) for k, name in enumerate(names)}
        return pa.table(columns | {"reason": pa.array(["" if row[0] else "无此地址" for row in rows])})

    table = pa.table({"where": ["甲", "乙", "丙", "丁", "戊", None, "路"]})
    placement = Atlas(town.divisions, town.area_assigner, geocode).place(table, PlaceColumns(text="where"))
    found = by_area(town, table, "community", placement, Measures())
    placed = found.placed_table()
    assert placed["how"].to_pylist() == ["text", "", "text", "", "", "", "text"]
    assert placed["key"].to_pylist() == [COMMUNITY_CODES[0], "", COMMUNITY_CODES[0], "", "", "", ""]
    assert placed["score"].to_pylist() == [0.95, 0.5, 0.99, 0.99, None, None, 0.99]
    assert "above the level community" in placed["reason"].to_pylist()[6], "a road may run through several"
    reasons = placed["reason"].to_pylist()
    assert reasons[1] == "the best answer scores below 0.8"
    assert reasons[3] == "the address lies in no area of the city"
    assert reasons[4] == "the best answer scores below 0.8: 无此地址"
    with pytest.raises(InvalidQueryError, match="address base"):
        rollup(town, table, "community", PlaceColumns(text="where"))


def test_shifted_and_projected_coordinates_land_where_plain_ones_do(town: City) -> None:
    lon, lat = np.array([120.05, 120.15]), np.array([28.85, 28.95])
    plain = rollup(town, pa.table({"lon": lon, "lat": lat}), "grid", POINT).table["count"].to_pylist()
    shifted = dict(zip(("lon", "lat"), wgs84_to_gcj02(lon, lat), strict=True))
    columns = PlaceColumns("lon", "lat", parse_crs("gcj02"))
    assert rollup(town, pa.table(shifted), "grid", columns).table["count"].to_pylist() == plain


def test_small_counts_of_people_are_taken_out_with_their_sums(town: City) -> None:
    codes = [COMMUNITY_CODES[0]] * 3 + [COMMUNITY_CODES[1]] * 20
    table = pa.table({"code": codes, "age": range(23)})
    measures = Measures(("age",), ("age",), suppresses=True)
    found = rollup(town, table, "community", PlaceColumns(code="code"), measures)
    assert found.table["count"].to_pylist() == [None, None, 0], "20 would give 3 away"
    assert found.table["sum_age"].to_pylist() == [None, None, 0]
    assert found.table["mean_age"].to_pylist() == [None, None, None]
    assert found.total["count"].to_pylist() == [23]


def test_caller_sees_areas_of_the_own_scope_and_the_rest_as_not_placed(town: City) -> None:
    scope = town.divisions.scope(COMMUNITY_CODES[0])
    table = points(200)
    found = rollup(town, table, "grid", POINT, scope=scope)
    assert found.table.num_rows == 51
    assert {key[:12] for key in found.table["key"].to_pylist()[:-1]} == {COMMUNITY_CODES[0]}
    assert sum(found.table["count"].to_pylist()) == 200
    whole = rollup(town, table, "grid", POINT).table
    west = [row["count"] for row in whole.to_pylist() if row["key"].startswith(COMMUNITY_CODES[0])]
    assert found.table["count"].to_pylist()[:-1] == west
    assert "lies outside what the caller may see" in found.placed_table()["reason"].to_pylist()
    cells = rollup(town, table, "h3:8", POINT, scope=scope)
    assert sum(cells.table["count"].to_pylist()[:-1]) == sum(west)


def test_result_comes_as_frames(town: City) -> None:
    found = rollup(town, points(50).to_pandas(), "community", POINT)
    frame = found.to_geodataframe()
    assert isinstance(found.to_frame(), pd.DataFrame)
    assert frame.crs == "EPSG:4326"
    assert frame.geometry.iloc[0].equals(shapely.box(WEST, SOUTH, MIDDLE, NORTH))
    assert frame.geometry.iloc[-1] is None


def test_empty_table_has_all_areas_and_no_row(town: City) -> None:
    found = rollup(town, points(0), "community", POINT, Measures(("n",), ("n",)))
    assert found.table["count"].to_pylist() == [0, 0, 0]
    assert found.table["mean_n"].to_pylist() == [None, None, None]
    assert rollup(town, points(0), "h3:9", POINT).table.num_rows == 1


@pytest.mark.parametrize("by", ["street", "h3:", "h3:16", "h3:x", ""])
def test_unknown_areas_are_refused(town: City, by: str) -> None:
    with pytest.raises(InvalidQueryError):
        rollup(town, points(3), by, POINT)


def test_missing_columns_are_named(town: City) -> None:
    with pytest.raises(UnknownFieldError, match="kWh"):
        rollup(town, points(3), "city", POINT, Measures(("kWh",)))
    with pytest.raises(UnknownFieldError, match="经度"):
        rollup(town, points(3), "city", PlaceColumns("经度", "lat"))
    with pytest.raises(InvalidQueryError):
        PlaceColumns("lon")
    with pytest.raises(InvalidQueryError):
        PlaceColumns()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(LEVELS))
def test_every_level_refines_the_one_above(town: City, seed: int, by: str) -> None:
    table = points(60, seed)
    fine, coarse = (rollup(town, table, level, POINT) for level in ("grid", by))
    width = {"city": 4, "district": 6, "subdistrict": 9, "community": 12, "grid": 15}[by]
    joined: Counter[str] = Counter()
    for row in fine.table.to_pylist():
        joined[row["key"][:width]] += row["count"]
    assert joined == Counter({row["key"][:width]: row["count"] for row in coarse.table.to_pylist()})


def test_addresses_are_found_in_the_base_of_the_city(tmp_path: Path) -> None:
    city = make_linked_town(tmp_path / "a.city")
    table = pa.table({"where": ["永城路38号", "紫荆花园1幢", "永城路40号", "永城路", "火星路1号", None]})
    found = rollup(city, table, "community", PlaceColumns(text="where", min_score=0.5))
    placed = found.placed_table()
    assert placed["key"].to_pylist() == [COMMUNITY_CODES[0]] * 2 + [COMMUNITY_CODES[1], "", "", ""]
    assert placed["how"].to_pylist() == ["text"] * 4 + ["", ""]
    assert (placed["lon"][0].as_py(), placed["lat"][0].as_py()) == (120.01, 28.9)
    assert all(placed["reason"].to_pylist()[3:])
    city.close()


def test_place_beside_an_address_counts_where_the_address_lies_and_is_told(tmp_path: Path) -> None:
    city = make_linked_town(tmp_path / "a.city")
    table = pa.table(
        {"where": ["永城路38号", "永城路38号门口", "永城路38号对面", "永城路40号旁边", "永城路99号对面"]}
    )
    found = rollup(city, table, "community", PlaceColumns(text="where"))
    placed = found.placed_table()
    assert placed["key"].to_pylist() == [COMMUNITY_CODES[0]] * 3 + [COMMUNITY_CODES[1], ""]
    assert found.placement.is_beside.tolist() == [False, False, True, True, False]
    sure = rollup(city, table, "community", PlaceColumns(text="where", min_score=0.9))
    assert sure.placement.how.astype(bool).tolist() == [True, True, False, False, False]
    assert not sure.placement.is_beside.any()
    city.close()
