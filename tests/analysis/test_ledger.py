"""The ledger against geopandas, shapely and counts by hand; its rows always add up to the layers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from analysis.coverage import (
    NO_ADDRESS,
    NO_FOOTPRINT,
    NO_PLACE,
    NO_TARGET,
    OTHER_NUMBER,
    OUTSIDE,
    coverage,
)
from analysis.ledger import COUNTS, Holdings, Ledger, ledger
from analysis.parts import nearest_parts, parts_by_unit
from tests.analysis.housing import EIGHT, HOUSES, NINE, NODES, make_housing
from tests.twin.squares import COMMUNITIES, SIDE, drawing, grid_id, make_city, put, square, wkb
from twin.addresses.levels import Level
from twin.city import City
from twin.errors import InvalidQueryError, UnknownDivisionError
from twin.redraw import redraw

METRES = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with make_housing(tmp_path_factory.mktemp("housing") / "a.city") as made:
        yield made


@pytest.fixture
def own_city(tmp_path: Path) -> Iterator[City]:
    with make_housing(tmp_path / "a.city") as made:
        yield made


@pytest.fixture(scope="module")
def grid(city: City) -> Ledger:
    return ledger(city)


def metric(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, METRES.transform, interleaved=False)


def column(found: Ledger, name: str) -> dict[str, object]:
    return dict(zip(found.table["key"].to_pylist(), found.table[name].to_pylist(), strict=True))


def test_every_unit_has_a_row_and_the_last_is_for_what_lies_in_none(grid: Ledger) -> None:
    keys = grid.table["key"].to_pylist()
    assert keys == [*sorted(grid_id(i, j) for i in range(SIDE) for j in range(SIDE)), ""]
    assert grid.row(grid_id(0, 0))["name"] == "第0网格"
    with pytest.raises(UnknownDivisionError, match="no grid 'x'"):
        grid.row("x")


@pytest.mark.parametrize("by", ["grid", "community", "subdistrict", "district", "city"])
def test_rows_of_every_level_add_up_to_the_layers(city: City, by: str) -> None:
    found = ledger(city, by)
    totals = found.total.to_pylist()[0]
    for name in ("buildings", "parts", "incidents"):
        assert sum(found.table[name].to_pylist()) == totals[name] == city.layer(name).count()
    named = [level for level, *_ in NODES.values() if level > Level.COMMUNITY]
    assert sum(found.table["addresses"].to_pylist()) == totals["addresses"] == len(named)
    assert totals["dwellings"] == named.count(Level.DWELLING)
    lines = city.layer("roads").geometries(city.layer("roads").positions())
    # A straight line in degrees bends in the plane by less than a millionth of its length.
    assert totals["walk_m"] == pytest.approx(_length_m(lines), rel=1e-6)
    assert sum(found.table["walk_m"].to_pylist()) == pytest.approx(totals["walk_m"], rel=1e-12)
    assert totals["area_m2"] == pytest.approx(
        sum(metric(square(i, j)).area for i in range(SIDE) for j in range(SIDE)), rel=1e-9
    )


@pytest.mark.parametrize("by", ["grid", "community"])
def test_rounded_measures_have_one_decimal_and_still_add_up(city: City, by: str) -> None:
    found = ledger(city, by)
    rounded = found.rounded()
    for name in ("area_m2", "walk_m"):
        values = rounded.table[name].to_pylist()
        assert all(repr(value).partition(".")[2].isdigit() for value in values)
        assert all(len(repr(value).partition(".")[2]) == 1 for value in values)
        np.testing.assert_allclose(values, found.table[name].to_pylist(), rtol=0, atol=0.0500001)
        assert rounded.total[name][0].as_py() == float(sum(Decimal(repr(value)) for value in values))
    assert rounded.table["addresses"].equals(found.table["addresses"])


def _length_m(lines: np.ndarray) -> float:
    """Sum of straight pieces, each projected by its ends."""
    return float(sum(metric(line).length for line in lines))


def test_counts_by_hand(grid: Ledger) -> None:
    first = grid.row(grid_id(0, 0))
    # The road, the estate, 6 to 9, and what lies in 6, 7 and 8; the building that crosses into the next
    # unit stands where its inner point is.
    assert (first["addresses"], first["dwellings"], first["buildings"]) == (11, 4, 3)
    assert (first["enterprises"], first["parts"], first["incidents"]) == (1, 2, 1)
    farm = grid.row(grid_id(4, 4))
    assert (farm["addresses"], farm["dwellings"], farm["buildings"], farm["enterprises"]) == (2, 1, 1, 1)
    nowhere = grid.table.to_pylist()[-1]
    assert (nowhere["addresses"], nowhere["parts"], nowhere["incidents"]) == (2, 1, 1)
    crossing = [column(grid, "buildings")[grid_id(c, 0)] for c in (1, 2)]
    assert sorted(crossing) == [0, 1], "one building counts once"


def test_address_without_place_stands_in_the_division_that_is_known(city: City) -> None:
    found = column(ledger(city, "community"), "addresses")
    assert found[COMMUNITIES[1]] == 4, "12, its dwelling, and the road and number without any place"
    assert found[""] == 0


def test_people_below_five_are_suppressed_and_cannot_be_worked_out(grid: Ledger) -> None:
    # Nine people in the first unit, p0 counted once; one at the farm; one whose address is unknown. Two that
    # are missing and at least 1 each would add up to 11 - 9 = 2 in one way only, so the nine go too.
    shown = column(grid, "people")
    missing = {key for key, value in shown.items() if value is None}
    assert missing == {grid_id(0, 0), grid_id(4, 4), ""}
    assert set(shown.values()) == {None, 0}
    assert grid.total["people"].to_pylist() == [11]


def test_one_missing_count_takes_another_with_it(city: City) -> None:
    found = ledger(city, "city")
    assert found.table["people"].to_pylist()[-1] is None
    values = [*found.table["people"].to_pylist(), *found.total["people"].to_pylist()]
    assert values.count(None) >= 2, "the total less what is shown would tell the one that is missing"


def test_areas_are_those_of_the_working_crs(grid: Ledger) -> None:
    areas = column(grid, "area_m2")
    for i in range(SIDE):
        assert areas[grid_id(i, 2)] == pytest.approx(metric(square(i, 2)).area, rel=1e-9)


def test_walk_length_is_that_of_clipped_roads(tmp_path: Path) -> None:
    with make_city(tmp_path / "a.city", n=120, seed=3) as city:
        rng = np.random.default_rng(4)
        ends = rng.uniform([120.0, 28.8], [120.06, 28.86], (200, 2, 2))
        lines = shapely.linestrings(ends)
        names = [str(number) for number in range(len(lines))]
        classes = ["primary", "motorway"] * (len(lines) // 2)
        put(city, "roads", osm_id=names, **{"class": classes}, geometry=wkb(lines))
        found = column(ledger(city), "walk_m")
        walked = lines[::2]
        for i in range(SIDE):
            for j in range(SIDE):
                inside = shapely.intersection(walked, square(i, j))
                assert found[grid_id(i, j)] == pytest.approx(_length_m(inside), rel=1e-9)


def test_road_along_a_border_counts_once_where_the_lowest_id_is(tmp_path: Path) -> None:
    with make_city(tmp_path / "a.city", n=30) as city:
        border = shapely.LineString([(120.01, 28.8), (120.01, 28.83)])
        beyond = shapely.LineString([(120.07, 28.80), (120.08, 28.80)])
        put(city, "roads", osm_id=["b", "o"], **{"class": ["primary"] * 2}, geometry=wkb([border, beyond]))
        found = column(ledger(city), "walk_m")
        for j in range(3):
            piece = shapely.LineString([(120.01, 28.8 + j * 0.01), (120.01, 28.81 + j * 0.01)])
            lowest = min(grid_id(0, j), grid_id(1, j))
            assert found[lowest] == pytest.approx(metric(piece).length, rel=1e-9)
        assert found[""] == pytest.approx(metric(beyond).length, rel=1e-9)


def test_scope_sees_its_rows_alone(city: City) -> None:
    scope = city.divisions.scope(COMMUNITIES[1])
    found = ledger(city, scope=scope)
    assert all(key.startswith(COMMUNITIES[1]) or key == "" for key in found.table["key"].to_pylist())
    whole = ledger(city)
    for name in ("addresses", "buildings", "parts"):
        rows = column(found, name)
        assert rows.pop("") == 0
        assert rows == {key: value for key, value in column(whole, name).items() if key in rows}


def test_redrawing_moves_counts_and_needs_no_new_holdings(own_city: City) -> None:
    holdings = Holdings.of(own_city)
    before = ledger(own_city, holdings=holdings)
    shapes = {grid_id(0, 0): square(0, 0, 0.3), grid_id(1, 0): square(0.3, 0, 1.7)}
    redraw(own_city, drawing(shapes), author="a")
    after = ledger(own_city, holdings=holdings)
    exact = [name for name in COUNTS if name not in {"people", "enterprises"}]
    assert after.total.select(exact) == before.total.select(exact)
    assert after.row(grid_id(0, 0))["dwellings"] == 2
    assert after.row(grid_id(1, 0))["dwellings"] == 2
    assert after.row(grid_id(0, 0))["area_m2"] == pytest.approx(metric(square(0, 0, 0.3)).area, rel=1e-9)


def test_city_without_address_base_counts_source_rows(tmp_path: Path) -> None:
    with make_city(tmp_path / "a.city", n=100) as city:
        found = ledger(city)
        view = city.layer("addresses")
        shapes = view.geometries(view.positions())
        for i in range(SIDE):
            inside = [shape for shape in shapes if shape is not None and square(i, 1).contains(shape)]
            assert column(found, "addresses")[grid_id(i, 1)] >= len(inside)
        assert found.total["addresses"].to_pylist() == [100]
        for name in ("dwellings", "people", "enterprises", "parts", "incidents"):
            assert found.table[name].null_count == found.table.num_rows
        frame = found.to_geodataframe(city)
        assert set(COUNTS) < set(frame.columns)
        shapes = dict(zip(frame["key"], frame.geometry, strict=True))
        assert shapes[grid_id(3, 4)].equals(square(3, 4))
        assert shapes[""] is None
        assert ledger(city, "community").to_geodataframe(city).geometry.isna().all()


def test_unknown_level_is_refused(city: City) -> None:
    with pytest.raises(InvalidQueryError, match="by='street' came"):
        ledger(city, "street")
    with pytest.raises(InvalidQueryError, match="by='street' came"):
        parts_by_unit(city, "street")


def test_coverage_names_every_case(city: City) -> None:
    found = coverage(city)
    rows = found.rows.to_pylist()

    def cases(layer: str, problem: str) -> set[object]:
        return {row["feature_id"] for row in rows if (row["layer"], row["problem"]) == (layer, problem)}

    assert cases("address_base", NO_PLACE) == {80, 81}
    assert cases("address_base", OUTSIDE) == set()
    assert cases("address_base", NO_FOOTPRINT) == {EIGHT}
    assert cases("address_base", OTHER_NUMBER) == {NINE}
    names = {row["name"] for row in rows if row["problem"] == NO_ADDRESS}
    assert names == {"empty", "crossing"}
    assert {row["name"] for row in rows if (row["layer"], row["problem"]) == ("parts", OUTSIDE)} == {"d"}
    assert {row["name"] for row in rows if (row["layer"], row["problem"]) == ("incidents", NO_PLACE)} == {"y"}
    assert len(cases("links", NO_TARGET)) == 1
    assert not any("p0" in str(row["name"]) for row in rows), "references stay where they are"
    summary = {(row["layer"], row["problem"]): (row["count"], row["of"]) for row in found.summary.to_pylist()}
    assert summary[("buildings", NO_ADDRESS)] == (2, len(HOUSES))
    assert summary[("buildings", OUTSIDE)] == (0, len(HOUSES))
    assert sum(count for count, _ in summary.values()) == len(rows)


def test_nearest_part_of_a_class_is_the_one_a_search_of_all_finds(tmp_path: Path) -> None:
    with make_city(tmp_path / "a.city", n=30) as city:
        rng = np.random.default_rng(9)
        n = 400
        places = rng.uniform(0, SIDE, (n, 2)) * 0.01 + [120.0, 28.8]
        kinds = rng.choice(["路灯", "消火栓", "井盖"], n, p=[0.9, 0.01, 0.09]).tolist()
        names = [str(number) for number in range(n)]
        points = shapely.points(places)
        put(city, "parts", part_id=names, subclass=kinds, **{"class": ["公用设施"] * n}, geometry=wkb(points))
        view = city.layer("parts")
        x, y = METRES.transform(places[:, 0], places[:, 1])
        for lon, lat in rng.uniform(0, SIDE, (10, 2)) * 0.01 + [120.0, 28.8]:
            for kind, k in (("消火栓", 1), ("井盖", 3), ("公用设施", 2)):
                positions, distances_m = nearest_parts(view, lon, lat, kind, k)
                found = view.take(positions, ["part_id"])["part_id"].to_pylist()
                here = METRES.transform(lon, lat)
                metres = np.hypot(x - here[0], y - here[1])
                rows = [row for row in np.argsort(metres) if kind in (kinds[row], "公用设施")][:k]
                assert found == [names[row] for row in rows]
                # The plane stretches by 1e-4 at most so near its meridian.
                assert distances_m == pytest.approx(metres[rows], rel=2e-4)
        assert len(nearest_parts(view, 120.0, 28.8, "没有")[0]) == 0
        assert len(nearest_parts(view, 120.0, 28.8, "路灯", 3, max_distance_m=0.001)[0]) == 0


def test_parts_by_unit_tell_kind_and_condition(city: City) -> None:
    rows = parts_by_unit(city).to_pylist()
    assert sum(row["count"] for row in rows) == city.layer("parts").count()
    here = [(row["subclass"], row["condition"], row["count"]) for row in rows if row["key"] == grid_id(0, 0)]
    assert sorted(here) == [("消火栓", "完好", 1), ("路灯", "完好", 1)]
    (lost,) = [row for row in rows if row["key"] == ""]
    assert lost["condition"] is None
