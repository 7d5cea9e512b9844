"""Joint questions give what slow loops over every pair give."""

from __future__ import annotations

import math
from datetime import date

import h3
import numpy as np
import pyarrow as pa
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from analysis.joint import (
    Places,
    any_of,
    count_near,
    in_cells,
    in_polygons,
    in_raster,
    near,
    none_of,
    places,
    places_of_layer,
    select,
)
from tests.twin.small_book import Node, book_of
from twin.addresses.levels import Level
from twin.cells import cells_of
from twin.errors import InvalidQueryError
from twin.layer import Layer
from twin.layer_table import TIMESTAMP
from twin.links import AddressLinks
from twin.schema import DECLARED, LayerSchema
from twin.view import LayerView

CRS = "EPSG:4549"
PROJECT = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
CLASSES = ("餐饮", "危化品", None)
N_ADDRESSES = 60


def town(seed: int) -> tuple[AddressLinks, list[dict[str, object]]]:
    """Return random links in a square of some 600 m, and the same as plain rows."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(120.0, 120.006, N_ADDRESSES), rng.uniform(28.9, 28.905, N_ADDRESSES)
    nodes = [Node(1, Level.COMMUNITY, "社区", division=1), Node(2, Level.ROAD, "路", 1, 1, 120.003, 28.9025)]
    rows: list[dict[str, object]] = []
    for number in range(N_ADDRESSES):
        nodes += [
            Node(100 + number, Level.NUMBER, f"{number}", 2, 1, float(lon[number]), float(lat[number])),
            Node(300 + number, Level.DWELLING, "101", 100 + number, 1),
        ]
    for kind, n in (("person", 150), ("enterprise", 40)):
        for number in range(n):
            at = int(rng.integers(N_ADDRESSES))
            rows.append(
                {
                    "kind": kind,
                    "ref": f"{kind[0]}{number // 2 if number % 5 == 0 else number}",
                    "class": CLASSES[int(rng.integers(3))],
                    "address_id": (300 if rng.random() < 0.5 else 100) + at,
                    "lon": float(lon[at]),
                    "lat": float(lat[at]),
                }
            )
    rows.append({"kind": "person", "ref": "p-road", "class": None, "address_id": 2})
    table = pa.table(
        {
            "feature_id": np.arange(len(rows)),
            **{name: [row[name] for row in rows] for name in ("kind", "ref")},
            "class": pa.array([row["class"] for row in rows], pa.string()),
            "address_id": pa.array([row["address_id"] for row in rows], pa.int64()),
            "address_source": pa.nulls(len(rows), pa.string()),
            "source_id": pa.nulls(len(rows), pa.string()),
            "valid_from": pa.nulls(len(rows), TIMESTAMP),
            "valid_to": pa.nulls(len(rows), TIMESTAMP),
        }
    )
    return AddressLinks.of(table, book_of(tuple(nodes))), rows[:-1]


def metres(row: dict[str, object]) -> tuple[float, float]:
    return PROJECT.transform(row["lon"], row["lat"])


def named(found: Places) -> list[tuple[str, int]]:
    return sorted(zip(found.table["ref"].to_pylist(), found.table["address_id"].to_pylist(), strict=True))


def slow_near(row: dict[str, object], others: list[dict[str, object]], radius_m: float) -> int:
    x, y = metres(row)
    close = {
        (other["kind"], other["ref"])
        for other in others
        if math.hypot(metres(other)[0] - x, metres(other)[1] - y) <= radius_m
    }
    return len(close - {(row["kind"], row["ref"])})


@pytest.mark.parametrize("seed", range(3))
def test_enterprises_of_a_class_in_flooded_cells_with_many_people_nearby(seed: int) -> None:
    links, rows = town(seed)
    cells = np.unique(cells_of([float(row["lon"]) for row in rows], [float(row["lat"]) for row in rows], 10))
    flooded = cells[::2]
    found = select(
        places(links, "enterprise", CRS, classes=["危化品"]),
        in_cells(flooded),
        near(places(links, "person", CRS), 100.0, at_least=12),
    )
    wet = {h3.int_to_str(int(cell)) for cell in flooded}
    people = [row for row in rows if row["kind"] == "person"]
    wanted = [
        (row["ref"], row["address_id"])
        for row in rows
        if row["kind"] == "enterprise"
        and row["class"] == "危化品"
        and h3.latlng_to_cell(row["lat"], row["lon"], 10) in wet
        and slow_near(row, people, 100.0) >= 12
    ]
    assert named(found) == sorted(wanted)
    assert wanted, "the question should have an answer to compare"


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 400.0))
def test_counts_nearby_are_those_of_all_pairs(seed: int, radius_m: float) -> None:
    links, rows = town(seed)
    asked, people = places(links, "enterprise", CRS), places(links, "person", CRS)
    counts = dict(zip(named(asked), count_near(asked, people, radius_m)[order(asked)], strict=True))
    others = [row for row in rows if row["kind"] == "person"]
    for row in rows:
        if row["kind"] == "enterprise":
            assert counts[(row["ref"], row["address_id"])] == slow_near(row, others, radius_m)


def order(found: Places) -> list[int]:
    keys = list(zip(found.table["ref"].to_pylist(), found.table["address_id"].to_pylist(), strict=True))
    return sorted(range(len(keys)), key=lambda place: keys[place])


def at(x: list[float], references: list[str], kind: str = "person") -> Places:
    n = len(x)
    table = pa.table(
        {
            "kind": pa.array([kind] * n, pa.string()),
            "ref": pa.array(references, pa.string()),
            "class": pa.nulls(n, pa.string()),
            "address_id": pa.nulls(n, pa.int64()),
        }
    )
    return Places(table, np.zeros(n), np.zeros(n), np.array(x, np.float64), np.zeros(n))


def test_exactly_so_far_counts_and_nobody_is_near_themselves() -> None:
    people = at([0.0, 100.0, 100.5], ["a", "b", "c"])
    assert count_near(people, people, 100.0).tolist() == [1, 2, 1]
    firm = at([0.0], ["a"], "enterprise")
    assert count_near(firm, people, 100.0).tolist() == [2], "a firm of the same reference is somebody else"
    twice = at([1.0, 2.0], ["a", "a"])
    assert count_near(firm, twice, 100.0).tolist() == [1]


def test_nobody_and_nothing_are_fine() -> None:
    nobody, people = at([], []), at([0.0], ["a"])
    assert count_near(nobody, people, 10.0).tolist() == []
    assert count_near(people, nobody, 10.0).tolist() == [0]
    assert len(select(nobody, near(people, 10.0), in_cells([]), in_polygons([]))) == 0
    with pytest.raises(InvalidQueryError):
        near(people, float("nan"))


def test_many_places_are_asked_in_parts_with_the_same_answer() -> None:
    rng = np.random.default_rng(1)
    asked = at(np.sort(rng.uniform(0, 5_000, 9_000)).tolist(), [f"a{n}" for n in range(9_000)])
    others = at(np.sort(rng.uniform(0, 5_000, 500)).tolist(), [f"b{n}" for n in range(500)])
    low, high = (np.searchsorted(others.x, asked.x + d, side) for d, side in ((-30, "left"), (30, "right")))
    np.testing.assert_array_equal(count_near(asked, others, 30.0), high - low)


def test_polygons_hold_their_boundary_and_cells_may_be_of_several_resolutions() -> None:
    links, rows = town(5)
    people = places(links, "person", CRS)
    shapes = shapely.box([120.0, 120.004], 28.9, [120.002, 120.006], 28.903)
    wanted = [
        (row["ref"], row["address_id"])
        for row in rows
        if row["kind"] == "person" and any(s.covers(shapely.Point(row["lon"], row["lat"])) for s in shapes)
    ]
    assert named(select(people, in_polygons(shapes))) == sorted(wanted)
    corner = Places(people.table.slice(0, 1), *(np.array([v]) for v in (120.002, 28.903, 0.0, 0.0)))
    assert in_polygons(shapes)(corner).tolist() == [True]
    cells = [cells_of([120.001], [28.901], 8)[0], cells_of([120.005], [28.904], 11)[0]]
    texts = [h3.int_to_str(int(cell)) for cell in cells]
    wet = [
        (row["ref"], row["address_id"])
        for row in rows
        if row["kind"] == "person"
        and any(h3.latlng_to_cell(row["lat"], row["lon"], h3.get_resolution(one)) == one for one in texts)
    ]
    assert named(select(people, in_cells(cells))) == sorted(wet)


def test_raster_marks_the_pixels_it_marks() -> None:
    links, rows = town(6)
    people = places(links, "person", CRS)
    x0, y0 = PROJECT.transform(120.0, 28.905)
    transform = Affine(50.0, 0.0, x0, 0.0, -50.0, y0)
    mask = np.random.default_rng(2).random((8, 9)) < 0.5  # smaller than the town: some lie outside
    wanted = []
    for row in rows:
        x, y = metres(row)
        col, line = math.floor((x - x0) / 50), math.floor((y0 - y) / 50)
        if row["kind"] == "person" and 0 <= col < 9 and 0 <= line < 8 and mask[line, col]:
            wanted.append((row["ref"], row["address_id"]))
    assert named(select(people, in_raster(mask, transform))) == sorted(wanted)


def test_conditions_join_as_or_and_not() -> None:
    people = at([0.0, 10.0, 20.0, 30.0], ["a", "b", "c", "d"])
    first, second = (lambda asked: asked.x < 15), (lambda asked: asked.x > 25)
    assert select(people, any_of(first, second)).table["ref"].to_pylist() == ["a", "b", "d"]
    assert select(people, none_of(first, second)).table["ref"].to_pylist() == ["c"]
    assert len(select(people, first, second)) == 0
    assert len(select(people)) == 4


def test_road_is_no_place_and_a_dwelling_is_where_its_number_is() -> None:
    links, rows = town(7)
    people = places(links, "person", CRS)
    assert people.n_unplaced == 1
    by_key = {(row["ref"], row["address_id"]): row for row in rows}
    frame = people.to_frame()
    for ref, address_id, lon, lat in frame[["ref", "address_id", "lon", "lat"]].itertuples(index=False):
        row = by_key[(ref, address_id)]
        assert (lon, lat) == (row["lon"], row["lat"])


def test_links_hold_as_of_a_day() -> None:
    links, _ = town(8)
    assert len(places(links, "person", CRS, as_of=date(2020, 1, 1))) == 150


def test_caller_joins_what_lies_at_visible_addresses_alone() -> None:
    links, rows = town(9)
    visible = links.book.ids % 2 == 0
    people = places(links, "person", CRS, visible=visible)
    wanted = [
        (row["ref"], row["address_id"])
        for row in rows
        if row["kind"] == "person" and int(str(row["address_id"])) % 2 == 0
    ]
    assert named(people) == sorted(wanted)


def test_points_of_a_layer_join_in_by_their_key() -> None:
    points = shapely.to_wkb(shapely.points([[120.001, 28.9], [120.002, 28.9]])).tolist()
    table = pa.table(
        {"part_id": ["L1", "L2", "L3"], "class": ["灯", "井盖", "灯"], "geometry": [*points, None]}
    )
    lamps = places_of_layer(LayerView(Layer.from_table(DECLARED["parts"], table)), "thing", CRS)
    assert sorted(lamps.table["ref"].to_pylist()) == ["L1", "L2"]
    assert lamps.n_unplaced == 1
    assert count_near(lamps, lamps, 97.0).tolist() == [0, 0]
    assert count_near(lamps, lamps, 98.0).tolist() == [1, 1]  # 0.001 degrees are 97.6 m here
    free = Layer.from_table(LayerSchema("piers", "point"), table.select(["geometry"]).slice(0, 2))
    with pytest.raises(InvalidQueryError, match="no key"):
        places_of_layer(LayerView(free), "thing", CRS)
