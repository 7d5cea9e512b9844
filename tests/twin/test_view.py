"""Views against looking at every feature with shapely, with edits and within scopes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.twin.layer_samples import SOUTH, WEST, WIDTH, Quarters, schema_of, shapes_of, table_of
from twin.cells import cells_of, disk
from twin.edits import Edits
from twin.errors import InvalidQueryError, UnknownFeatureError, UnknownFieldError
from twin.layer import Layer
from twin.ragged import Kind
from twin.scope import Scope
from twin.view import LayerView

KINDS: tuple[Kind, ...] = ("point", "line", "polygon")
N = 400
EVERYTHING = (-180.0, -90.0, 180.0, 90.0)
SHAPES = {kind: np.append(shapes_of(kind, N), [None, None]) for kind in KINDS}
LAYERS = {kind: Layer.from_table(schema_of(kind), table_of(SHAPES[kind]), areas=Quarters()) for kind in KINDS}
VIEWS = {kind: LayerView(layer) for kind, layer in LAYERS.items()}

degrees = st.floats(-0.01, WIDTH + 0.01)
boxes = st.tuples(degrees, degrees, degrees, degrees).map(
    lambda four: (
        WEST + min(four[0], four[2]), SOUTH + min(four[1], four[3]),
        WEST + max(four[0], four[2]), SOUTH + max(four[1], four[3]),
    )
)  # fmt: skip
kinds = st.sampled_from(KINDS)


def ids_of(view: LayerView, positions: NDArray[np.int64]) -> list[int]:
    """Return the ids of features, which are their places in the sample, ascending."""
    return sorted(view.take(positions, ["feature_id"])["feature_id"].to_pylist())


def where(matches: NDArray[np.bool_]) -> list[int]:
    found: list[int] = np.flatnonzero(matches).tolist()
    return found


@settings(max_examples=100, deadline=None)
@given(kinds, boxes)
def test_box_finds_what_shapely_finds(kind: Kind, box: tuple[float, float, float, float]) -> None:
    view, shapes = VIEWS[kind], SHAPES[kind]
    positions = view.in_bbox(box)
    assert (np.diff(positions) > 0).all()
    expected = where(shapely.intersects(shapes, shapely.box(*box)))
    if box[0] < box[2] and box[1] < box[3]:
        assert ids_of(view, positions) == expected
        assert view.count(box) == len(expected)
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        meets = (bounds[:, :2] <= box[2:]).all(axis=1) & (bounds[:, 2:] >= box[:2]).all(axis=1)
    assert ids_of(view, view.in_bbox(box, exact=False)) == where(meets)


@pytest.mark.parametrize("kind", KINDS)
def test_box_around_a_view_holds_what_is_seen_and_no_more(kind: Kind) -> None:
    layer, shapes = LAYERS[kind], SHAPES[kind]
    assert VIEWS[kind].bbox == layer.bbox
    farther = table_of(shapely.transform(shapes[:1], lambda xy: xy + 3.0))
    edited = LayerView(layer, Edits(1, np.array([3, 4]), np.array([N + 9]), farther))
    for view in (
        LayerView(layer, Edits(1, layer.feature_ids[:50], np.empty(0, np.int64), None)),
        edited,
        VIEWS[kind].within(Scope(((1, 2),)), Quarters()),
    ):
        seen = view.geometries(view.positions())
        assert view.bbox == pytest.approx(shapely.total_bounds(seen[seen != None]), abs=1e-12)  # noqa: E711 -- by element
    assert edited.bbox != layer.bbox
    assert VIEWS[kind].within(Scope(((7, 8),)), Quarters()).bbox is None


@pytest.mark.parametrize("kind", KINDS)
def test_box_without_width_or_height_is_a_line_or_a_point(kind: Kind) -> None:
    view, shapes = VIEWS[kind], SHAPES[kind]
    x, y = shapely.get_coordinates(shapes[7])[0]
    for box, shape in (
        ((x, y, x, y), shapely.Point(x, y)),
        ((x, y - 1, x, y + 1), shapely.LineString([(x, y - 1), (x, y + 1)])),
        ((x - 1, y, x + 1, y), shapely.LineString([(x - 1, y), (x + 1, y)])),
    ):
        expected = where(shapely.intersects(shapes, shape))
        assert 7 in expected
        assert ids_of(view, view.in_bbox(box)) == expected


def test_features_on_the_edge_of_a_box_count_and_those_next_to_it_do_not() -> None:
    corners = [(120.0, 29.0), (120.1, 29.1), (np.nextafter(120.0, 0), 29.0), (120.1, np.nextafter(29.1, 90))]
    view = LayerView(Layer.from_table(schema_of("point"), table_of(shapely.points(corners))))
    assert ids_of(view, view.in_bbox((120.0, 29.0, 120.1, 29.1))) == [0, 1]


@settings(max_examples=60, deadline=None)
@given(kinds, degrees, degrees, st.floats(0.001, 0.06), st.integers(0, 2**32 - 1))
def test_polygon_finds_what_shapely_finds(
    kind: Kind, east: float, north: float, size: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    angle = np.linspace(0.0, 2.0 * np.pi, 15, endpoint=False)
    ring = size * rng.uniform(0.3, 1.0, (15, 1)) * np.column_stack([np.cos(angle), np.sin(angle)])
    middle = np.array([WEST + east, SOUTH + north])
    star = shapely.Polygon(middle + ring, [middle + 0.2 * ring])
    positions = VIEWS[kind].in_polygon(star)
    assert ids_of(VIEWS[kind], positions) == where(shapely.intersects(SHAPES[kind], star))


@pytest.mark.parametrize("kind", KINDS)
def test_boundary_of_a_polygon_counts(kind: Kind) -> None:
    corner = shapely.get_coordinates(SHAPES[kind][3])[0]
    triangle = shapely.Polygon(corner + np.array([[0.0, 0.0], [0.2, 0.0], [0.2, 0.2]]))
    assert 3 in ids_of(VIEWS[kind], VIEWS[kind].in_polygon(triangle))


def test_large_polygon_takes_whole_blocks_and_misses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.search._LARGE_SELECTION", 100)
    rng = np.random.default_rng(4)
    points = shapely.points(
        np.round(rng.uniform((WEST, SOUTH), (WEST + WIDTH, SOUTH + WIDTH), (20_000, 2)), 4)
    )
    view = LayerView(Layer.from_table(schema_of("point"), table_of(points)))
    shape = shapely.Point(WEST + 0.05, SOUTH + 0.05).buffer(0.04) - shapely.box(*(WEST, SOUTH) * 2).buffer(
        0.06
    )
    assert ids_of(view, view.in_polygon(shape)) == where(shapely.intersects(points, shape))


def cells_at(kind: Kind, resolution: int) -> NDArray[np.uint64]:
    """Return the cell of each sample by its representative point, 0 without place."""
    layer = LAYERS[kind]
    points = layer.geometry_arrays().representative_points()[:N]
    cells = np.zeros(N + 2, np.uint64)
    cells[layer.feature_ids[:N]] = cells_of(points[:, 0], points[:, 1], resolution)
    return cells


@settings(max_examples=60, deadline=None)
@given(kinds, degrees, degrees, st.sampled_from([5, 7, 8, 9, 10, 12]), st.integers(0, 4))
def test_disk_finds_rows_by_the_cell_of_their_coordinates(
    kind: Kind, east: float, north: float, resolution: int, k: int
) -> None:
    center = int(cells_of([WEST + east], [SOUTH + north], resolution)[0])
    expected = where(np.isin(cells_at(kind, resolution), disk(center, k)))
    assert ids_of(VIEWS[kind], VIEWS[kind].in_disk(center, k)) == expected


def test_disks_at_poles_and_the_antimeridian_find_their_points() -> None:
    lon = np.array([0.0, 100.0, -170.0, 179.99, -179.99, 12.0, 179.999])
    lat = np.array([90.0, 89.9, 89.8, 0.0, 0.0, -90.0, 67.0])
    view = LayerView(Layer.from_table(schema_of("point"), table_of(shapely.points(lon, lat))))
    for resolution in (0, 2, 4, 7):
        cells = cells_of(lon, lat, resolution)
        for cell in cells:
            for k in (0, 1, 3):
                expected = where(np.isin(cells, disk(int(cell), k)))
                assert ids_of(view, view.in_disk(int(cell), k)) == expected


@settings(max_examples=40, deadline=None)
@given(kinds, st.sampled_from([7, 8, 9, 10]), st.one_of(st.none(), boxes))
def test_counts_by_cell_are_those_of_a_dictionary(
    kind: Kind, resolution: int, box: tuple[float, float, float, float] | None
) -> None:
    view = VIEWS[kind]
    ids = ids_of(view, view.in_bbox(box)) if box else list(range(N))
    cells, counts = view.count_by_cell(resolution, box)
    assert (np.diff(cells.astype(object)) > 0).all()
    expected = Counter(cells_at(kind, resolution)[ids].tolist())
    assert dict(zip(cells.tolist(), counts.tolist(), strict=True)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_point_is_contained_where_shapely_says_so(kind: Kind) -> None:
    view, shapes = VIEWS[kind], SHAPES[kind]
    for x, y in np.random.default_rng(1).uniform((WEST, SOUTH), (WEST + WIDTH, SOUTH + WIDTH), (200, 2)):
        assert ids_of(view, view.containing(x, y)) == where(shapely.intersects(shapes, shapely.Point(x, y)))
    x, y = shapely.get_coordinates(shapes[5])[1 if kind != "point" else 0]
    assert 5 in ids_of(view, view.containing(x, y))


@settings(max_examples=60, deadline=None)
@given(
    kinds,
    st.integers(1, 150),
    st.one_of(st.none(), boxes),
    st.sampled_from([None, {"floors": "3"}, {"floors": None}]),
)
def test_pages_put_together_are_the_whole_answer(
    kind: Kind,
    limit: int,
    box: tuple[float, float, float, float] | None,
    filters: dict[str, str | None] | None,
) -> None:
    view = VIEWS[kind]
    positions = view.in_bbox(box) if box else view.positions()
    if filters:
        floors = view.take(positions, ["floors"])["floors"].to_pylist()
        wanted = None if filters["floors"] is None else 3
        positions = positions[[floor == wanted for floor in floors]]
    pages: list[int] = []
    after: int | None = -1
    while after is not None:
        page, after = view.page(after, limit, box, filters)
        assert len(page) <= limit
        assert after is None or len(page) == limit
        pages += page.tolist()
    assert pages == positions.tolist()
    assert view.count(box, filters) == len(pages)


def test_scan_yields_every_feature_in_order_without_copying_numbers() -> None:
    view = VIEWS["polygon"]
    batches = list(view.scan(batch_rows=100))
    assert [batch.num_rows for batch in batches] == [100, 100, 100, 100, 2]
    assert pa.Table.from_batches(batches).equals(view.take(view.positions()))
    height = next(view.scan(["height_m"], batch_rows=10))["height_m"]
    assert height.buffers()[1].address == view.layer.column("height_m").buffers()[1].address


def test_taken_columns_come_in_the_order_asked_for() -> None:
    view = VIEWS["line"]
    table = view.take(np.array([5, 2, 5]), ["height_m", "feature_id", "geometry", "cell_9"])
    assert table.column_names == ["height_m", "feature_id", "geometry", "cell_9"]
    ids = table["feature_id"].to_pylist()
    assert ids == view.layer.feature_ids[[5, 2, 5]].tolist()
    assert shapely.equals_exact(shapely.from_wkb(table["geometry"].to_pylist()), SHAPES["line"][ids]).all()


def test_geodataframe_has_the_same_features() -> None:
    frame = VIEWS["polygon"].to_geodataframe(np.arange(30))
    assert frame.crs.to_epsg() == 4326
    assert shapely.equals_exact(frame.geometry.to_numpy(), SHAPES["polygon"][frame["feature_id"]]).all()
    assert list(frame.columns) == ["feature_id", "code", "floors", "height_m", "geometry"]


def test_unknown_names_ids_and_positions_are_told() -> None:
    view = VIEWS["point"]
    with pytest.raises(UnknownFieldError, match="no field 'roof'; it has code, floors, height_m"):
        view.take(np.array([0]), ["roof"])
    with pytest.raises(UnknownFieldError, match="no field 'roof'"):
        view.page(-1, 10, where={"roof": "flat"})
    with pytest.raises(UnknownFeatureError, match="no feature 4000"):
        view.position_of(4000)
    for wrong in (-1, N + 2):
        with pytest.raises(UnknownFeatureError, match="positions run from 0 to 401"):
            view.feature_json(np.array([wrong]))
    with pytest.raises(InvalidQueryError, match="limit 0 came"):
        view.page(-1, 0)
    with pytest.raises(InvalidQueryError, match="k=0 came"):
        view.nearest(120, 29, k=0)
    with pytest.raises(InvalidQueryError, match="max_distance_m=nan came"):
        view.nearest(120, 29, max_distance_m=np.nan)
    with pytest.raises(InvalidQueryError, match="resolution 16 came"):
        view.count_by_cell(16)
    with pytest.raises(InvalidQueryError, match="west > east"):
        view.in_bbox((170, 0, -170, 1))
