"""Views with edits and within scopes against layers built with them."""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.layer_samples import SOUTH, WEST, Quarters, schema_of, shapes_of, table_of
from tests.twin.test_view import LAYERS, SHAPES, VIEWS, N, boxes, ids_of, kinds
from twin.cells import cells_of
from twin.edits import Edits
from twin.errors import ScopeError, UnknownFeatureError
from twin.layer import Layer
from twin.ragged import Kind
from twin.scope import Scope
from twin.view import LayerView


def answers(view: LayerView, box: tuple[float, float, float, float]) -> dict[str, object]:
    """Return the answers of every question, features named by id."""
    middle = 0.5 * (box[0] + box[2]), 0.5 * (box[1] + box[3])
    cell = int(cells_of([middle[0]], [middle[1]], 8)[0])
    nearest, distances_m = view.nearest(*middle, k=7)
    cells, counts = view.count_by_cell(9)
    cells_in_box, counts_in_box = view.count_by_cell(8, box)
    star = shapely.Point(middle).buffer(0.02, quad_segs=3)
    features = [orjson.loads(feature) for feature in view.feature_json(view.positions())]
    table = pa.Table.from_batches(list(view.scan(batch_rows=64))) if view.count() else None
    return {
        "box": ids_of(view, view.in_bbox(box)),
        "polygon": ids_of(view, view.in_polygon(star)),
        "disk": ids_of(view, view.in_disk(cell, 2)),
        "containing": ids_of(view, view.containing(*middle)),
        "nearest": [round(distance, 6) for distance in distances_m.tolist()],
        "farthest of the nearest": len(nearest),
        "cells": dict(zip(cells.tolist(), counts.tolist(), strict=True)),
        "cells in box": dict(zip(cells_in_box.tolist(), counts_in_box.tolist(), strict=True)),
        "count": (
            view.count(),
            view.count(box),
            view.count(where={"floors": 2}),
            view.count(box, {"floors": 2}),
        ),
        "page": ids_of(view, view.page(-1, 10_000, box)[0]),
        "scan": sorted(table["feature_id"].to_pylist()) if table else [],
        "features": sorted(features, key=lambda feature: feature["id"]),
    }


edits_of_ids = st.dictionaries(
    st.integers(0, N + 9), st.sampled_from(["delete", "move", "unplace"]), max_size=30
)


def edited(kind: Kind, changes: dict[int, str]) -> tuple[Edits, dict[int, shapely.Geometry | None]]:
    """Return edits of the sample layer, and every feature as it then is; ids from N + 2 on are new."""
    replacements = dict(enumerate(shapes_of(kind, N + 10, seed=77)))
    features: dict[int, shapely.Geometry | None] = dict(enumerate(SHAPES[kind]))
    puts: dict[int, shapely.Geometry | None] = {}
    for feature_id, change in changes.items():
        features.pop(feature_id, None)
        if change != "delete":
            puts[feature_id] = replacements[feature_id] if change == "move" else None
    features |= puts
    ids = np.array(list(puts), dtype=np.int64)
    table = rows_of(puts).drop_columns("feature_id") if puts else None
    hidden = np.array(sorted(changes), dtype=np.int64)
    return Edits(len(changes), hidden, ids, table), features


def rows_of(features: dict[int, shapely.Geometry | None]) -> pa.Table:
    """Return a layer table whose properties follow from the id alone."""
    full = (
        table_of(np.full(N + 12, None, dtype=object))
        .drop_columns("geometry")
        .take(pa.array([*features], pa.int64()))
    )
    shapes = np.array([*features.values(), None], dtype=object)[:-1]
    return full.append_column("geometry", pa.array(shapely.to_wkb(shapes), pa.binary())).append_column(
        "feature_id", pa.array(list(features), pa.int64())
    )


@settings(max_examples=40, deadline=None)
@given(kinds, edits_of_ids, boxes)
def test_view_with_edits_answers_like_a_layer_built_with_them(
    kind: Kind, changes: dict[int, str], box: tuple[float, float, float, float]
) -> None:
    edits, features = edited(kind, changes)
    table = rows_of(features)
    fresh = Layer.from_table(
        schema_of(kind), table.drop_columns("feature_id"), table["feature_id"].to_numpy()
    )
    assert answers(LayerView(LAYERS[kind], edits), box) == answers(LayerView(fresh), box)


@settings(max_examples=40, deadline=None)
@given(kinds, edits_of_ids, boxes, st.sets(st.integers(1, 4)))
def test_no_answer_holds_a_feature_out_of_scope_and_none_in_scope_is_missing(
    kind: Kind, changes: dict[int, str], box: tuple[float, float, float, float], numbers: set[int]
) -> None:
    edits, features = edited(kind, changes)
    scope = Scope(tuple((number, number + 1) for number in sorted(numbers)))
    quarters = Quarters()
    view = LayerView(LAYERS[kind], edits, scope, divisions=quarters, areas=quarters)
    allowed = shapely.union_all([box for box, number in zip(Quarters.boxes, (1, 2, 3, 4), strict=True)
                                 if number in numbers])  # fmt: skip
    visible = {
        feature_id: shape
        for feature_id, shape in features.items()
        if shape is not None and shapely.intersects(shape, allowed)
    }
    table = rows_of(visible)
    fresh = Layer.from_table(
        schema_of(kind), table.drop_columns("feature_id"), table["feature_id"].to_numpy()
    )
    assert answers(view, box) == answers(LayerView(fresh), box)
    for feature_id in features:
        if feature_id in visible:
            assert ids_of(view, np.array([view.position_of(feature_id)])) == [feature_id]
        else:
            with pytest.raises(UnknownFeatureError, match=f"no feature {feature_id}"):
                view.position_of(feature_id)


def test_position_out_of_scope_or_hidden_is_refused() -> None:
    quarters = Quarters()
    scoped = LayerView(LAYERS["point"], scope=Scope(((1, 2),)), divisions=quarters)
    outside = np.setdiff1d(VIEWS["point"].positions(), scoped.positions())
    hidden = LayerView(LAYERS["point"], Edits(1, np.array([7]), np.empty(0, np.int64)))
    for view, position in ((scoped, outside[0]), (hidden, VIEWS["point"].position_of(7))):
        for ask in (view.take, view.feature_json, view.geometries, view.to_geodataframe):
            with pytest.raises(UnknownFeatureError, match="hidden or out of scope"):
                ask(np.array([position]))


def test_limited_scope_needs_the_division_tree() -> None:
    with pytest.raises(ScopeError, match="needs the division tree"):
        LayerView(LAYERS["point"], scope=Scope(((1, 2),)))
    with pytest.raises(ScopeError, match="needs the division tree"):
        VIEWS["point"].within(Scope())


def test_view_of_another_caller_shares_everything_but_the_scope() -> None:
    quarters = Quarters()
    edits, _ = edited("point", {3: "move", 5: "delete"})
    whole = LayerView(LAYERS["point"], edits, areas=quarters)
    scoped = whole.within(Scope(((1, 3),)), quarters)
    direct = LayerView(LAYERS["point"], edits, Scope(((1, 3),)), divisions=quarters, areas=quarters)
    assert scoped.positions().tolist() == direct.positions().tolist()
    assert scoped.version_tag == direct.version_tag
    assert whole.within(whole.scope).version_tag == whole.version_tag


def test_tag_changes_with_version_edit_and_scope() -> None:
    quarters = Quarters()
    edits, _ = edited("point", {3: "move"})
    scopes = [Scope(((1, 2),)), Scope(((1, 3),)), Scope()]
    tags = {VIEWS["point"].version_tag, LayerView(LAYERS["point"], edits).version_tag}
    tags |= {LayerView(LAYERS["point"], scope=scope, divisions=quarters).version_tag for scope in scopes}
    assert len(tags) == 5
    assert all(tag.replace(".", "").isalnum() for tag in tags)


def test_edited_feature_may_carry_a_new_property_and_lack_a_required_one() -> None:
    table = pa.table({"roof": ["flat"], "geometry": [shapely.to_wkb(shapely.Point(WEST, SOUTH))]})
    view = LayerView(LAYERS["point"], Edits(1, np.array([3]), np.array([3]), table))
    assert view.columns.names == ["code", "floors", "height_m", "roof"]
    (position,) = view.page(-1, 5, where={"roof": "flat"})[0]
    assert orjson.loads(view.feature_json(np.array([position]))[0])["properties"] == {"roof": "flat"}
    taken = view.take(np.array([position, 0]))
    assert taken["roof"].to_pylist() == ["flat", None]
    assert taken["code"].to_pylist()[0] is None
    assert view.count(where={"roof": None}) == view.count() - 1
