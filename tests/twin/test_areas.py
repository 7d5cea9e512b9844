"""Which divisions features lie in, against shapely's overlay pair by pair."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from numpy.typing import NDArray

from tests.twin.tessellation import placed_by_shapely, points_for, tessellation
from twin.areas import AreaAssigner, Areas
from twin.divisions import DivisionTree
from twin.errors import InvalidCoordinateError, InvalidGeometryError, UnknownDivisionError
from twin.grid_index import GridIndex

IDS, POLYGONS = tessellation(8, 16, seed=21)
CODES = pa.table({"code": ["3311", "331102", "331102001", "331103"], "name": ["市", "东", "中心", "西"]})
TREE = DivisionTree.from_tables(CODES, pa.table({"grid_id": IDS}))
INDEX = GridIndex.build(IDS, POLYGONS)


def rows_of(areas: Areas) -> list[list[int]]:
    assert areas.offsets.dtype == areas.values.dtype == np.int32
    return [part.tolist() for part in np.split(areas.values, areas.offsets[1:-1])]


def shared_measure(shape: shapely.Geometry, polygon: shapely.Geometry) -> float:
    """Return shared area or length by plain overlay."""
    overlay = shapely.intersection(shape, polygon)
    return float(shapely.area(overlay) if shapely.get_dimensions(shape) == 2 else shapely.length(overlay))


@pytest.fixture(scope="module")
def assigner() -> AreaAssigner:
    return AreaAssigner.build(TREE, INDEX)


def test_leaf_ids_are_those_of_the_tree(assigner: AreaAssigner) -> None:
    numbers = TREE.preorder_of(assigner.leaf_ids)
    assert [TREE.nodes[number].code for number in numbers] == IDS


def test_point_lies_in_the_unit_of_the_index(assigner: AreaAssigner) -> None:
    lon, lat = points_for(POLYGONS, 3_000, seed=22, hard_share=0.5)
    expected = [[unit] if unit >= 0 else [] for unit in placed_by_shapely(IDS, POLYGONS, lon, lat).tolist()]
    assert rows_of(assigner.assign(lon, lat)) == expected
    assert rows_of(assigner.assign_geometries(shapely.points(lon, lat))) == expected


def test_polygons_lie_in_every_unit_they_share_area_with(assigner: AreaAssigner) -> None:
    lon, lat = points_for(POLYGONS, 600, seed=23, hard_share=0.3)
    size = np.random.default_rng(24).uniform(1e-5, 4e-3, (2, 600))
    shapes = np.append(shapely.box(lon, lat, lon + size[0], lat + size[1]), POLYGONS)
    found = rows_of(assigner.assign_geometries(shapes))
    for shape, units in zip(shapes, found, strict=True):
        shares = [shared_measure(shape, polygon) for polygon in POLYGONS]
        # Overlay rounds: a strip below 1e-18 square degrees, 1e-8 m2, may be rounding or not.
        assert {unit for unit, share in enumerate(shares) if share > 1e-18} <= set(units)
        assert all(shapely.relate_pattern(shape, POLYGONS[unit], "T********") for unit in units)


def test_units_themselves_lie_in_themselves_alone(assigner: AreaAssigner) -> None:
    assert rows_of(assigner.assign_geometries(POLYGONS)) == [[unit] for unit in range(len(POLYGONS))]


def test_lines_lie_in_every_unit_they_share_length_with(assigner: AreaAssigner) -> None:
    lon, lat = points_for(POLYGONS, 800, seed=25, hard_share=0.3)
    lines = shapely.linestrings(np.stack([lon, lat], axis=1).reshape(400, 2, 2))
    found = rows_of(assigner.assign_geometries(lines))
    for line, units in zip(lines, found, strict=True):
        shares = [shared_measure(line, polygon) for polygon in POLYGONS]
        assert {unit for unit, share in enumerate(shares) if share > 1e-12} <= set(units)
        # A line that ends one rounding step inside a unit shares a length that overlay rounds away.
        assert all(
            shares[unit] > 0.0 or shapely.relate_pattern(line, POLYGONS[unit], "T********") for unit in units
        )


def test_line_along_a_shared_border_lies_on_both_sides() -> None:
    halves = shapely.box([120.0, 120.1], 29.0, [120.1, 120.2], 29.1)
    tree = DivisionTree.from_tables(None, pa.table({"grid_id": ["a", "b"]}))
    assigner = AreaAssigner.build(tree, GridIndex.build(["a", "b"], halves))
    border = shapely.LineString([(120.1, 29.02), (120.1, 29.05)])
    across = shapely.LineString([(120.05, 29.1), (120.05, 29.2)])  # touches the outline with one end
    corner = shapely.box(120.2, 29.1, 120.3, 29.2)
    beside = shapely.box(120.2, 29.0, 120.3, 29.1)
    speck = shapely.LineString([(120.1, 29.05), (120.1, 29.05)])
    several = shapely.MultiPoint([(120.05, 29.05), (120.15, 29.05), (120.06, 29.05)])
    shapes = [border, across, corner, beside, speck, several, None, shapely.Polygon()]
    assert rows_of(assigner.assign_geometries(shapes)) == [[0, 1], [], [], [], [0], [0, 1], [], []]


def divided() -> AreaAssigner:
    """Return an assigner without grid: a district with one subdistrict drawn in it, and another district."""
    east, west = shapely.box(120.0, 29.0, 120.1, 29.1), shapely.box(119.9, 29.0, 120.0, 29.1)
    centre = shapely.box(120.0, 29.0, 120.05, 29.1)
    shapes = {"331102": east, "331103": west, "331102001": centre}
    return AreaAssigner.build(
        TREE, boundaries=[(TREE.by_code(code), shape) for code, shape in shapes.items()]
    )


def test_without_a_grid_the_lowest_division_with_a_boundary_is_taken() -> None:
    assigner = divided()
    assert rows_of(assigner.assign([120.07, 120.02, 119.95, 121.0], [29.05] * 4)) == [[0], [2], [1], []]
    shapes = [
        shapely.box(120.01, 29.01, 120.02, 29.02),
        shapely.box(120.04, 29.01, 120.06, 29.02),
        shapely.box(120.06, 29.01, 120.07, 29.02),
        shapely.box(119.99, 29.01, 120.01, 29.02),
    ]
    assert rows_of(assigner.assign_geometries(shapes)) == [[2], [2], [0], [1, 2]]
    assert assigner.leaf_ids.tolist() == [TREE.by_code(code).id for code in ("331102", "331103", "331102001")]


def test_features_outside_the_grid_fall_back_to_division_boundaries() -> None:
    around = shapely.buffer(shapely.box(*shapely.total_bounds(POLYGONS)), 0.1)
    assigner = AreaAssigner.build(TREE, INDEX, [(TREE.by_code("331102"), around)])
    xmin, ymin, *_ = shapely.total_bounds(POLYGONS)
    assert rows_of(assigner.assign([xmin - 0.05, xmin + 0.003], [ymin, ymin + 0.002]))[0] == [len(IDS)]
    outside = shapely.box(xmin - 0.05, ymin, xmin - 0.04, ymin + 0.01)
    assert rows_of(assigner.assign_geometries([outside, POLYGONS[3]])) == [[len(IDS)], [3]]


def test_without_grid_and_boundaries_everything_lies_nowhere() -> None:
    assigner = AreaAssigner.build(TREE)
    assert rows_of(assigner.assign([120.0, 121.0], [29.0, 29.0])) == [[], []]
    assert rows_of(assigner.assign_geometries([shapely.Point(120, 29)])) == [[]]
    assert assigner.leaf_ids.dtype == np.int64


def test_no_features(assigner: AreaAssigner) -> None:
    assert assigner.assign([], []).offsets.tolist() == [0]
    assert assigner.assign_geometries([]).offsets.tolist() == [0]


def test_tag_changes_with_boundaries_and_divisions() -> None:
    moved: NDArray[np.object_] = np.append(POLYGONS[:-1], [shapely.buffer(POLYGONS[-1], 1e-6)])
    assigners = [
        AreaAssigner.build(TREE, INDEX),
        AreaAssigner.build(TREE, GridIndex.build(IDS, moved)),
        AreaAssigner.build(TREE),
        divided(),
    ]
    assert len({assigner.tag for assigner in assigners}) == 4
    assert AreaAssigner.build(TREE, GridIndex.build(IDS, POLYGONS)).tag == assigners[0].tag


def test_tag_changes_when_a_division_moves_under_another() -> None:
    shapes = shapely.box([120.0, 120.0, 119.9], 29.0, [120.1, 120.05, 120.0], 29.1)
    tags = set()
    for parent in ("331102", "331103"):
        table = pa.table({"code": ["331102", "331102001", "331103"], "parent_code": [None, parent, None]})
        tree = DivisionTree.from_tables(table, None)
        codes = ("331102", "331102001", "331103")
        boundaries = [(tree.by_code(code), shape) for code, shape in zip(codes, shapes, strict=True)]
        tags.add(AreaAssigner.build(tree, boundaries=boundaries).tag)
    assert len(tags) == 2


def test_what_cannot_be_placed_is_refused(assigner: AreaAssigner) -> None:
    with pytest.raises(UnknownDivisionError, match="no grid unit 'x'"):
        AreaAssigner.build(TREE, GridIndex.build(["x"], POLYGONS[:1]))
    with pytest.raises(InvalidGeometryError, match="no geometry"):
        assigner.assign_geometries(np.array(["POINT (1 2)"], dtype=object))
    with pytest.raises(InvalidCoordinateError, match="two equal lists"):
        assigner.assign([120.0], [29.0, 29.1])
