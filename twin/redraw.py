"""Redrawing grid units (网格重划): checked first, stored whole or not at all, and what moved is listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin.areas import AreaAssigner, Areas
from twin.boundaries import MIN_AREA_M2
from twin.city import AREA_LAYERS, DERIVED_FROM, City
from twin.crs import working_crs
from twin.division_rows import in_force
from twin.divisions import DivisionTree
from twin.drawing import Drawing, DrawingFault, drawing_faults
from twin.errors import FaultyDrawingError, UnknownDivisionError
from twin.frame import Box
from twin.state import FeatureChange, FeatureEdit
from twin.state.store import Property
from twin.view import LayerView

MOVED_COLUMNS = ("layer", "feature_id", "from", "to")
NEVER_ACCEPTED = frozenset({"invalid", "empty"})
"""Faults that no exact index can answer for."""
MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Redrawing:
    """What a redraw did.

    Parameters
    ----------
    sequence : int
        Of its last edit; 0 where the drawing changed nothing.
    redrawn, added, removed : tuple of str
        Ids of units with another boundary or other properties, of new units, of those given up.
    moved : pyarrow.Table
        ``layer``, ``feature_id``, ``from``, ``to``: every feature that lies in other units than before.
        Units are named by ``grid_id``, divisions by code where a feature lies in no unit, several with
        blanks between; empty where it lies in none.
    faults : tuple of DrawingFault
        What was wrong with the drawing and accepted all the same.
    """

    sequence: int
    redrawn: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    moved: pa.Table
    faults: tuple[DrawingFault, ...]


@dataclass(frozen=True, slots=True)
class UnitVersion:
    """A grid unit as it stood from one edit on (网格沿革).

    Parameters
    ----------
    since : datetime or None
        UTC; None for the shape it had before its first edit.
    author : str
        Who drew it; empty before its first edit.
    action : {"import", "put", "delete"}
    shape : shapely geometry or None
        Lon, lat degrees; None where it was given up.
    properties : dict
        As they stood; empty where it was given up.
    layer_version : int or None
        The version of the layer that holds it; None while it is an edit over one.
    """

    since: datetime | None
    author: str
    action: str
    shape: shapely.Geometry | None
    properties: dict[str, Property]
    layer_version: int | None


def check(
    city: City, units: pa.Table, *, is_whole: bool = False, tolerance_m2: float = MIN_AREA_M2
) -> tuple[DrawingFault, ...]:
    """Return what is wrong with a drawing of grid units; nothing is changed.

    Parameters
    ----------
    city : City
    units : pyarrow.Table
        ``grid_id``, ``geometry`` (WKB, lon, lat degrees), and properties that are to change, as
        ``layers.grid.read_grid`` returns them.
    is_whole : bool
        Whether units that are not in the drawing are given up; otherwise they stay as they are.
    tolerance_m2 : float
        Smaller overlaps and gaps are left out, m2.

    Returns
    -------
    tuple of DrawingFault
        Largest first. What was wrong with the grid before, away from redrawn units, is not repeated.

    Raises
    ------
    UnknownLayerError
        If the city has no grid.
    InvalidLayerError, InvalidGeometryError
        If the table is no drawing.
    """
    drawing = Drawing.of(city.layer("grid"), units, is_whole=is_whole)
    return _faults(city, drawing, tolerance_m2)


def redraw(
    city: City,
    units: pa.Table,
    *,
    author: str,
    is_whole: bool = False,
    accepts_faults: bool = False,
    tolerance_m2: float = MIN_AREA_M2,
) -> Redrawing:
    """Store a drawing of grid units as edits of the layer ``grid``, and return what it moved.

    Parameters
    ----------
    city : City
    units : pyarrow.Table
        As for :func:`check`.
    author : str
        Who drew it, as an opaque account name.
    is_whole : bool
        Whether units that are not in the drawing are given up.
    accepts_faults : bool
        Whether overlaps, gaps and slivers are taken as they are; broken boundaries never are.
    tolerance_m2 : float
        Smaller faults do not count, m2.

    Returns
    -------
    Redrawing
        From now on every view, scope and count of this city knows the new units; other processes
        see them within ``EDITS_POLL_S``. To take it back, redraw the shapes of
        :func:`grid_unit_history`.

    Raises
    ------
    FaultyDrawingError
        If something is wrong with the drawing that was not accepted; the grid is as it was.
    StateConflictError
        If somebody else has redrawn the grid meanwhile; the grid is as they left it.
    UnknownLayerError
        If the city has no grid.
    InvalidLayerError, InvalidGeometryError
        If the table is no drawing.
    StorageError
        If the edits cannot be stored.
    """
    grid = city.layer("grid")
    drawing = Drawing.of(grid, units, is_whole=is_whole)
    faults = _faults(city, drawing, tolerance_m2)
    _refuse(faults, accepts_faults=accepts_faults)
    added = drawing.grid_ids[drawing.feature_ids < 0]
    redrawn = drawing.grid_ids[drawing.is_changed & (drawing.feature_ids >= 0)]
    before = city.divisions, city.area_assigner
    changes = _changes(city, drawing)
    sequence = city.state.change_features(
        "grid", changes, author=author, expected_sequence=grid.edits.sequence
    )
    city.forget("grid")
    moved = _moved(city, drawing, *before)
    names = [tuple(map(str, ids.tolist())) for ids in (redrawn, added, drawing.removed_ids)]
    return Redrawing(sequence, names[0], names[1], names[2], moved, faults)


def grid_unit_history(city: City, grid_id: str) -> tuple[UnitVersion, ...]:
    """Return how a grid unit was drawn through time, oldest first.

    Parameters
    ----------
    city : City
    grid_id : str
        Of a unit that is, or was given up by a redraw.

    Returns
    -------
    tuple of UnitVersion
        The first is the unit as imported, unless a redraw made it; later imports that changed it stand
        between the edits, without a time.

    Raises
    ------
    UnknownDivisionError
        If there never was such a unit.
    """
    if not city.has_layer("grid"):
        raise UnknownDivisionError(f"there is no grid unit {grid_id!r}; the city has no grid")
    grid = city.layer("grid")
    edits = city.state.history("grid")
    feature_ids = {edit.feature_id for edit in edits if (edit.properties or {}).get("grid_id") == grid_id}
    drawn = [_version_of(edit) for edit in edits if edit.feature_id in feature_ids]
    positions, _ = grid.page(-1, 1, where={"grid_id": grid_id})
    if not len(positions):
        if not drawn:
            raise UnknownDivisionError(f"there is no grid unit {grid_id!r}; the city has {grid.count():,}")
        return tuple(drawn)
    (properties,) = grid.take(positions, grid.columns.names).to_pylist()
    stands = UnitVersion(None, "", "import", grid.geometries(positions)[0], properties, grid.layer.version)
    if drawn and _are_same(drawn[-1].shape, stands.shape):
        return tuple(drawn)
    return (*drawn, stands)  # imported, perhaps over what was drawn before


def _version_of(edit: FeatureEdit) -> UnitVersion:
    is_first = edit.action == "was"
    return UnitVersion(
        None if is_first else edit.edited_at,
        "" if is_first else edit.author,
        "import" if is_first else edit.action,
        None if edit.geometry_wkb is None else shapely.from_wkb(edit.geometry_wkb),
        edit.properties or {},
        edit.folded_into,
    )


def _faults(city: City, drawing: Drawing, tolerance_m2: float) -> tuple[DrawingFault, ...]:
    crs = city.config.crs
    if not crs:
        west, south, east, north = shapely.total_bounds(drawing.shapes).tolist()
        crs = working_crs((west + east) / 2, (south + north) / 2)
    return drawing_faults(drawing, crs, outline=_outline(city), tolerance_m2=tolerance_m2)


def _outline(city: City) -> shapely.Geometry | None:
    """Return the boundary of the city as it was supplied, None where nobody supplied one."""
    if not city.has_layer("divisions"):
        return None
    view = city.layer("divisions")
    positions = view.positions()
    rows = view.take(positions)
    shapes = view.geometries(positions)
    is_wanted = in_force(rows, city.divisions.as_of) & ~shapely.is_missing(shapes)
    if DERIVED_FROM in rows.column_names:
        is_wanted &= rows[DERIVED_FROM].is_null().to_numpy()
    top = {node.code for node in city.divisions.nodes if node.level == 1}
    is_wanted &= np.array([code in top for code in rows["code"].to_pylist()], np.bool_)
    return shapely.union_all(shapely.make_valid(shapes[is_wanted])) if is_wanted.any() else None


def _refuse(faults: tuple[DrawingFault, ...], *, accepts_faults: bool) -> None:
    """Refuse a drawing with faults that nobody accepted."""
    counted = [fault for fault in faults if not accepts_faults or fault.kind in NEVER_ACCEPTED]
    if not counted:
        return
    said = [
        f"{fault.kind} of {fault.area_m2:,.1f} m2 at {fault.lon:.6f}, {fault.lat:.6f} "
        f"({', '.join(fault.grid_ids)})"
        for fault in counted[:MAX_NAMED]
    ]
    more = f" and {len(counted) - MAX_NAMED:,} more" if len(counted) > MAX_NAMED else ""
    raise FaultyDrawingError(f"the drawing has {'; '.join(said)}{more}; the grid is as it was")


def _changes(city: City, drawing: Drawing) -> list[FeatureChange]:
    """Return the edits that make the grid as it is drawn, each first edit behind how the unit stood."""
    grid = city.layer("grid")
    last_edits = {edit.feature_id: edit for edit in city.state.history("grid")}
    fresh = np.flatnonzero(drawing.feature_ids < 0)
    ids = drawing.feature_ids.copy()
    if len(fresh):
        first = city.state.new_feature_id("grid", at_least=city.store.next_id("grid"), count=len(fresh))
        ids[fresh] = np.arange(first, first + len(fresh))
    edited = [*drawing.feature_ids[drawing.is_changed].tolist(), *drawing.removed_features.tolist()]
    stands = [_as_it_stands(grid, feature_id) for feature_id in edited if feature_id >= 0]
    changes = [one for one in stands if not _is_known(one, last_edits.get(one.feature_id))]
    rows = drawing.properties.to_pylist()
    for row in np.flatnonzero(drawing.is_changed).tolist():
        wkb = shapely.to_wkb(drawing.shapes[row])
        changes.append(FeatureChange(int(ids[row]), "put", rows[row], wkb))
    changes += [FeatureChange(int(feature_id), "delete") for feature_id in drawing.removed_features]
    return changes


def _is_known(stands: FeatureChange, last: FeatureEdit | None) -> bool:
    """Return whether the last edit of a unit left it as it stands; an import may have come since."""
    if last is None:
        return False
    return _are_same(*shapely.from_wkb([stands.geometry_wkb, last.geometry_wkb]))


def _are_same(left: shapely.Geometry | None, right: shapely.Geometry | None) -> bool:
    if left is None or right is None:
        return left is right
    return bool(shapely.equals_exact(left.normalize(), right.normalize(), tolerance=0.0))


def _as_it_stands(grid: LayerView, feature_id: int) -> FeatureChange:
    position = np.array([grid.position_of(feature_id)])
    (properties,) = grid.take(position, grid.columns.names).to_pylist()
    shape = grid.geometries(position)[0]
    return FeatureChange(feature_id, "was", properties, None if shape is None else shapely.to_wkb(shape))


def _moved(
    city: City, drawing: Drawing, old_tree: DivisionTree, old_assigner: AreaAssigner | None
) -> pa.Table:
    """Return the features of every layer that lie in other divisions than before."""
    boxes = [(w, s, e, n) for w, s, e, n in shapely.bounds(drawing.touched).tolist()]
    assigner, tree = city.area_assigner, city.divisions
    names: dict[int, str] = {node.id: node.code for each in (old_tree, tree) for node in each.nodes}
    layers: list[str] = []
    ids: list[int] = []
    pairs: list[tuple[str, str]] = []
    for name in city.layers() if boxes else ():
        view = city.layer(name)
        if name in AREA_LAYERS or view.layer.schema.geometry == "none":
            continue
        positions = _positions_in(view, boxes)
        shapes = view.geometries(positions)
        changed = list(_changed(_areas(old_assigner, shapes), _areas(assigner, shapes), names))
        places = [place for place, _, _ in changed]
        layers += [name] * len(changed)
        ids += view.take(positions[places], ["feature_id"])["feature_id"].to_pylist()
        pairs += [(before, after) for _, before, after in changed]
    before, after = zip(*pairs, strict=True) if pairs else ((), ())
    columns = (layers, ids, before, after)
    types = (pa.string(), pa.int64(), pa.string(), pa.string())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    return pa.table(arrays, names=list(MOVED_COLUMNS))


def _positions_in(view: LayerView, boxes: list[Box]) -> NDArray[np.int64]:
    """Return the features whose bounds meet any of some boxes."""
    return np.unique(np.concatenate([view.in_bbox(box, exact=False) for box in boxes]))


def _areas(assigner: AreaAssigner | None, shapes: NDArray[np.object_]) -> Areas:
    if assigner is None:
        return Areas(np.zeros(len(shapes) + 1, np.int32), np.empty(0, np.int32), np.empty(0, np.int64))
    if len(shapes) and (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
        return assigner.assign(shapely.get_x(shapes), shapely.get_y(shapes))
    return assigner.assign_geometries(shapes)


def _changed(old: Areas, new: Areas, names: dict[int, str]) -> Iterator[tuple[int, str, str]]:
    """Yield place, areas before and areas after of the features whose areas are others now."""
    before, after = (
        np.rec.fromarrays(
            [np.repeat(np.arange(len(one.offsets) - 1), np.diff(one.offsets)), one.leaf_ids[one.values]]
        )
        for one in (old, new)
    )
    lost, came = np.setdiff1d(before, after), np.setdiff1d(after, before)
    for place in np.unique(np.concatenate([lost["f0"], came["f0"]])).tolist():
        yield place, _named(old, place, names), _named(new, place, names)


def _named(areas: Areas, place: int, names: dict[int, str]) -> str:
    ids = areas.leaf_ids[areas.values[areas.offsets[place] : areas.offsets[place + 1]]]
    return " ".join(sorted(names.get(one, str(one)) for one in ids.tolist()))
