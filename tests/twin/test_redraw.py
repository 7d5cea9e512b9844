"""Redrawing grid units: every view, scope and list against a full assignment by shapely alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twin.squares import (
    COMMUNITIES,
    SIDE,
    drawing,
    grid_id,
    grid_table,
    make_city,
    point,
    put,
    square,
    wkb,
)
from twin import city as city_module
from twin.city import City
from twin.divisions import DivisionTree
from twin.errors import FaultyDrawingError, InvalidLayerError, StateConflictError, UnknownDivisionError
from twin.redraw import check, grid_unit_history, redraw
from twin.redrawn import areas_of
from twin.schema import DECLARED

LAYERS = ("addresses", "buildings", "roads")
A, B = grid_id(0, 0), grid_id(1, 0)
"""Two neighbours in the west; the border between them is moved a quarter to the east and back."""
WIDER = {A: square(0, 0, 1.25), B: square(1.25, 0, 0.75)}
AS_THEY_WERE = {A: square(0, 0), B: square(1, 0)}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with make_city(tmp_path / "squares.city") as made:
        yield made


def units_of(city: City) -> dict[str, shapely.Geometry]:
    grid = city.layer("grid")
    positions = grid.positions()
    ids = grid.take(positions, ["grid_id"])["grid_id"].to_pylist()
    return dict(zip(ids, grid.geometries(positions), strict=True))


def seen(city: City, name: str) -> dict[int, set[str]]:
    """Return the units of each feature as the view of its layer answers scopes."""
    view = city.layer(name)
    positions = view.positions()
    ids = view.take(positions, ["feature_id"])["feature_id"].to_pylist()
    names = {node.id: node.code for node in city.divisions.nodes}
    found: dict[int, set[str]] = {feature_id: set() for feature_id in ids}
    for place, area in zip(*areas_of(view, positions), strict=True):
        found[ids[place]].add(names[int(area)])
    return found


def by_shapely(city: City, name: str) -> dict[int, set[str]]:
    """Return the units of each feature by the plain rule, one by one."""
    units = units_of(city)
    view = city.layer(name)
    positions = view.positions()
    ids = view.take(positions, ["feature_id"])["feature_id"].to_pylist()
    found = {}
    for feature_id, shape in zip(ids, view.geometries(positions), strict=True):
        if shape is None:
            found[feature_id] = set()
        elif name == "addresses":
            covering = sorted(unit for unit, area in units.items() if area is not None and area.covers(shape))
            found[feature_id] = set(covering[:1])
        else:
            found[feature_id] = {unit for unit, area in units.items() if _shares(area, shape)}
    return found


def _shares(unit: shapely.Geometry, shape: shapely.Geometry) -> bool:
    shared = unit.intersection(shape)
    return bool(shared.area > 0 if shape.geom_type == "Polygon" else shared.length > 0)


def check_all(city: City) -> None:
    for name in LAYERS:
        assert seen(city, name) == by_shapely(city, name), name


def test_layers_know_the_redrawn_units_at_once(city: City) -> None:
    check_all(city)
    before = city.layer("addresses")
    redraw(city, drawing(WIDER), author="a")
    check_all(city)
    assert before.layer is not city.layer("addresses").layer
    assert before.layer.feature_ids is not None, "who holds the view from before keeps it"


def test_scopes_and_the_point_index_follow_the_new_border(city: City) -> None:
    places = [point(1.1, 0.5), point(3.0, 0.5), point(3.1, 0.5)]
    put(city, "addresses", source_id=list("123"), text=list("甲乙丙"), geometry=wkb(places))
    west, east = (city.divisions.scope(code) for code in COMMUNITIES)
    assert [city.layer("addresses", scope).count() for scope in (west, east)] == [2, 1]
    shapes = {grid_id(2, 0): square(2, 0, 1.5), grid_id(3, 0): square(3.5, 0, 0.5)}
    redraw(city, drawing(shapes), author="a")
    west, east = (city.divisions.scope(code) for code in COMMUNITIES)
    assert [city.layer("addresses", scope).count() for scope in (west, east)] == [3, 0]
    assert [city.layer("grid", scope).count() for scope in (west, east)] == [SIDE * SIDE // 2] * 2
    found = city.grid_index.lookup([places[2].x], [places[2].y])
    assert city.grid_index.grid_ids[found].tolist() == [grid_id(2, 0)]


def test_what_moved_is_listed_with_from_and_to(city: City) -> None:
    before = {name: by_shapely(city, name) for name in LAYERS}
    moved = redraw(city, drawing(WIDER), author="a").moved
    after = {name: by_shapely(city, name) for name in LAYERS}
    listed = {(row["layer"], row["feature_id"]): (row["from"], row["to"]) for row in moved.to_pylist()}
    expected = {
        (name, feature_id): (" ".join(sorted(units)), " ".join(sorted(after[name][feature_id])))
        for name in LAYERS
        for feature_id, units in before[name].items()
        if units != after[name][feature_id]
    }
    assert listed == expected
    assert {name for name, _ in listed} == set(LAYERS)


def test_redrawing_back_is_an_undo(city: City) -> None:
    before = {name: seen(city, name) for name in LAYERS}
    there = redraw(city, drawing(WIDER), author="a").moved.to_pylist()
    first = {unit: grid_unit_history(city, unit)[0].shape for unit in WIDER}
    back = redraw(city, drawing(first), author="b").moved.to_pylist()
    assert {name: seen(city, name) for name in LAYERS} == before
    assert [(row["from"], row["to"]) for row in back] == [(row["to"], row["from"]) for row in there]
    check_all(city)


def test_layer_stamped_between_two_redraws_is_right_after_both(city: City) -> None:
    redraw(city, drawing(WIDER), author="a")
    put(city, "parts", part_id=["1", "2"], geometry=wkb([point(1.1, 0.5), point(0.5, 0.5)]))
    redraw(city, drawing(AS_THEY_WERE), author="a")
    assert sorted(map(sorted, seen(city, "parts").values())) == [[A], [B]]


def test_edited_features_and_redrawn_units_go_together(city: City) -> None:
    redraw(city, drawing(WIDER), author="a")
    view = city.layer("addresses")
    feature_id = int(view.layer.feature_ids[0])
    city.state.put_feature(
        "addresses", feature_id, {"source_id": "0", "text": "0"}, point(1.1, 0.5).wkb, author="a"
    )
    city.forget("addresses")
    check_all(city)
    assert seen(city, "addresses")[feature_id] == {A}
    redraw(city, drawing(AS_THEY_WERE), author="a")
    assert seen(city, "addresses")[feature_id] == {B}


def test_new_and_dissolved_units(city: City) -> None:
    shapes = {A: square(0, 0, 0.5), "new": square(0.5, 0, 0.5)}
    done = redraw(city, drawing(shapes, community_code=[None, COMMUNITIES[0]]), author="a")
    assert (done.redrawn, done.added, done.removed) == ((A,), ("new",), ())
    check_all(city)
    kept = units_of(city)
    del kept["new"]
    kept[A] = square(0, 0)
    done = redraw(city, drawing(kept), author="a", is_whole=True, accepts_faults=True)
    assert (done.redrawn, done.added, done.removed) == ((A,), (), ("new",))
    check_all(city)
    assert [version.action for version in grid_unit_history(city, "new")] == ["put", "delete"]
    assert grid_unit_history(city, "new")[-1].shape is None


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(
            st.integers(0, SIDE - 2), st.integers(0, SIDE - 1), st.sampled_from([0.25, 0.5, 1.5, 1.75])
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_borders_moved_in_any_order_leave_every_layer_right(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, int, float]]
) -> None:
    with make_city(tmp_path_factory.mktemp("moves") / "a.city", n=60) as city:
        for column, row, border in moves:
            shapes = {
                grid_id(column, row): square(column, row, border),
                grid_id(column + 1, row): square(column + border, row, 2 - border),
            }
            redraw(city, drawing(shapes), author="a", accepts_faults=True)
        check_all(city)


def test_drawing_with_faults_changes_nothing_unless_they_are_accepted(city: City) -> None:
    overlapping = drawing({A: square(0, 0, 1.5)})
    tag = city.layer("grid").version_tag
    with pytest.raises(FaultyDrawingError, match=rf"overlap of .* \({A}, {B}\); the grid is as it was"):
        redraw(city, overlapping, author="a")
    city.forget("grid")
    assert city.layer("grid").version_tag == tag
    done = redraw(city, overlapping, author="a", accepts_faults=True)
    assert [fault.kind for fault in done.faults] == ["overlap"]
    check_all(city)


def test_broken_boundary_is_never_accepted(city: City) -> None:
    bow = shapely.Polygon([(120.0, 28.8), (120.01, 28.81), (120.01, 28.8), (120.0, 28.81)])
    for shape in (bow, None):
        with pytest.raises(FaultyDrawingError):
            redraw(city, drawing({A: shape}), author="a", accepts_faults=True)
    assert city.layer("grid").edits.is_empty


def test_redraw_over_somebody_elses_is_refused(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city_module, "EDITS_POLL_S", 1e9)
    city.layer("grid")
    with City.open(city.path) as other:
        redraw(other, drawing(WIDER), author="b")
    with pytest.raises(StateConflictError, match="somebody else"):
        redraw(city, drawing(AS_THEY_WERE | {"x": square(-1, 0)}), author="a")
    city.forget("grid")
    assert units_of(city)[A].equals(WIDER[A])
    assert "x" not in units_of(city)


def test_other_process_sees_the_redrawn_units(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city_module, "EDITS_POLL_S", 0.0)
    with City.open(city.path) as other:
        seen(other, "addresses")
        redraw(city, drawing(WIDER), author="a")
        check_all(other)


def test_history_says_who_drew_which_shape_when(city: City) -> None:
    (alone,) = grid_unit_history(city, A)
    assert (alone.action, alone.author, alone.since) == ("import", "", None)
    redraw(city, drawing(WIDER), author="甲")
    redraw(city, drawing({A: WIDER[A]}, name=["新名"]), author="乙")
    imported, first, second = grid_unit_history(city, A)
    assert imported.shape.equals(square(0, 0))
    assert imported.since is None
    assert [one.author for one in (first, second)] == ["甲", "乙"]
    assert first.shape.equals(WIDER[A])
    assert first.since is not None
    assert second.properties["name"] == "新名"
    assert first.properties["name"] == imported.properties["name"]
    with pytest.raises(UnknownDivisionError, match="no grid unit 'x'"):
        grid_unit_history(city, "x")


def test_import_over_a_redrawn_unit_is_part_of_its_history(city: City) -> None:
    redraw(city, drawing(WIDER), author="甲")
    city.state.mark_folded("grid", up_to=city.layer("grid").edits.sequence, version=3)
    city.store.put(DECLARED["grid"], grid_table())
    city.forget("grid")
    history = grid_unit_history(city, A)
    assert [version.action for version in history] == ["import", "put", "import"]
    assert history[-1].shape.equals(square(0, 0))
    redraw(city, drawing(WIDER), author="乙")
    history = grid_unit_history(city, A)
    assert [(one.action, one.author) for one in history] == [
        ("import", ""),
        ("put", "甲"),
        ("import", ""),
        ("put", "乙"),
    ]


def test_drawing_that_changes_nothing_stores_nothing(city: City) -> None:
    turned = shapely.Polygon(np.roll(square(0, 0).exterior.coords[:-1], 2, axis=0))
    done = redraw(city, drawing({A: turned}), author="a")
    assert (done.sequence, done.redrawn, done.moved.num_rows) == (0, (), 0)
    assert city.layer("grid").edits.is_empty


@pytest.mark.parametrize(
    ("ids", "words"),
    [([A, A], "comes twice"), ([A, None], "a unit has none"), ([], "holds no unit")],
)
def test_table_that_is_no_drawing_is_refused(city: City, ids: list[str | None], words: str) -> None:
    table = pa.table({"grid_id": pa.array(ids, pa.string()), "geometry": wkb([square(0, 0)] * len(ids))})
    with pytest.raises(InvalidLayerError, match=words):
        check(city, table)


def test_tree_and_districts_keep_their_ids(city: City) -> None:
    before = {node.code: node.id for node in city.divisions.nodes}
    redraw(city, drawing(WIDER), author="a")
    assert {node.code: node.id for node in city.divisions.nodes} == before
    assert isinstance(city.divisions, DivisionTree)
