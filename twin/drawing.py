"""A new drawing of grid units (网格重划): what it changes, and what is wrong with it, before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin.boundaries import CONTACT_DEG, MIN_AREA_M2, SLIT_WIDTH_M, Measure, gaps_between
from twin.errors import InvalidGeometryError, InvalidLayerError
from twin.view import LayerView

SLIVER_WIDTH_M = 2.0
"""Overlaps, gaps and detached parts narrower than this on average are slivers: slips of the pen, m."""
SAME_DEG = 1e-9
"""Boundaries whose vertices differ by less, 0.1 mm, are the same: files round."""
VANISHING_SHARE = 1e-6
"""A unit of which less than this share is left uncovered has vanished under others."""

_Shapes = NDArray[np.object_]
FaultKind = Literal["overlap", "gap", "sliver", "invalid", "empty", "outside", "vanishes"]


@dataclass(frozen=True, slots=True)
class DrawingFault:
    """One thing that is wrong with a drawing.

    Parameters
    ----------
    kind : {"overlap", "gap", "sliver", "invalid", "empty", "outside", "vanishes"}
        Two units in one place; a place that would lie in no unit; either of them so thin that nobody meant
        it, or such a part of a unit; a boundary that crosses itself; none at all; a place outside the city;
        a unit that is no longer drawn, or disappears under others.
    area_m2 : float
        In the working CRS, m2; of the whole unit where invalid or vanishing.
    width_m : float
        Twice the area by the perimeter, m: the width of what is long and thin.
    lon, lat : float
        A place inside it, degrees; NaN where empty.
    grid_ids : tuple of str
        The units that meet there, in string order.
    reason : str
        A sentence for people.
    """

    kind: FaultKind
    area_m2: float
    width_m: float
    lon: float
    lat: float
    grid_ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Drawing:
    """Grid units as they stand and as they shall be; make it by :meth:`of`.

    Attributes
    ----------
    grid_ids : ndarray of str, shape (n,)
        Every unit of the grid as it shall be.
    shapes : ndarray of shapely geometry, shape (n,)
        Their boundaries, lon, lat degrees.
    old_shapes : ndarray of shapely geometry, shape (n,)
        Their boundaries as they stand; None for new units.
    feature_ids : ndarray of int64, shape (n,)
        -1 for new units.
    properties : pyarrow.Table, n rows
        As they shall be.
    is_redrawn : ndarray of bool, shape (n,)
        Whose boundary is new.
    is_changed : ndarray of bool, shape (n,)
        Whose boundary or properties are new.
    removed_ids : ndarray of str, shape (k,)
        Units that are no longer drawn, with ``removed_shapes`` and ``removed_features``.
    """

    grid_ids: NDArray[np.str_]
    shapes: _Shapes
    old_shapes: _Shapes
    feature_ids: NDArray[np.int64]
    properties: pa.Table
    is_redrawn: NDArray[np.bool_]
    is_changed: NDArray[np.bool_]
    removed_ids: NDArray[np.str_]
    removed_shapes: _Shapes
    removed_features: NDArray[np.int64]

    @classmethod
    def of(cls, grid: LayerView, units: pa.Table, *, is_whole: bool = False) -> Drawing:
        """Return what a table of units makes of the grid.

        Parameters
        ----------
        grid : LayerView
            The layer ``grid`` as it stands.
        units : pyarrow.Table
            ``grid_id`` and ``geometry`` (WKB, lon, lat degrees); other columns where they are to change,
            null where they stay.
        is_whole : bool
            Whether units that are not in the table are given up; otherwise they stay as they are.

        Returns
        -------
        Drawing

        Raises
        ------
        InvalidLayerError
            If a column is missing, or an id is missing or comes twice.
        InvalidGeometryError
            If a boundary is no polygon.
        """
        came = _checked_ids(units)
        drawn = _checked_shapes(units["geometry"])
        positions = grid.positions()
        rows = grid.take(positions, ["feature_id", *grid.columns.names])
        stand = np.asarray(rows["grid_id"].to_pylist(), dtype=np.str_)
        shapes = grid.geometries(positions)
        stays = ~np.isin(stand, came) & (not is_whole)
        gone = ~np.isin(stand, came) & is_whole
        place = {grid_id: row for row, grid_id in enumerate(stand.tolist())}
        ids = rows["feature_id"].to_numpy()
        before = np.array([place.get(grid_id, -1) for grid_id in came.tolist()], np.int64)
        merged, is_edited = _merged_properties(rows.drop_columns("feature_id"), units, before)
        old = np.full(len(came), None, dtype=object)
        old[before >= 0] = shapes[before[before >= 0]]
        features = np.full(len(came), -1, np.int64)
        features[before >= 0] = ids[before[before >= 0]]
        is_redrawn = ~_are_same(drawn, old)
        n_stay = int(stays.sum())
        untouched = np.zeros(n_stay, np.bool_)
        kept = rows.drop_columns("feature_id").filter(pa.array(stays))
        return cls(
            np.concatenate([stand[stays], came]),
            np.concatenate([shapes[stays], drawn]),
            np.concatenate([shapes[stays], old]),
            np.concatenate([ids[stays], features]),
            pa.concat_tables([kept, merged], promote_options="permissive"),
            np.concatenate([untouched, is_redrawn]),
            np.concatenate([untouched, is_redrawn | is_edited]),
            stand[gone],
            shapes[gone],
            ids[gone],
        )

    @cached_property
    def sound_shapes(self) -> _Shapes:
        """Boundaries as they shall be, those that cross themselves made valid, missing ones empty."""
        return _sound(self.shapes)

    @cached_property
    def touched(self) -> _Shapes:
        """Every boundary, old or new, of what is redrawn or removed."""
        new, old = self.shapes[self.is_redrawn], self.old_shapes[self.is_redrawn]
        shapes = np.concatenate([new, old, self.removed_shapes])
        return _sound(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])


def drawing_faults(
    drawing: Drawing,
    crs: str,
    *,
    outline: shapely.Geometry | None = None,
    tolerance_m2: float = MIN_AREA_M2,
) -> tuple[DrawingFault, ...]:
    """Return what is wrong with a drawing and was not wrong before, largest first.

    Parameters
    ----------
    drawing : Drawing
    crs : str
        The projected working CRS in which areas are measured, such as ``"EPSG:4549"``.
    outline : shapely Polygon or MultiPolygon, optional
        Boundary of the city, lon, lat degrees; without it nothing is called outside.
    tolerance_m2 : float
        Smaller overlaps, gaps and slivers come from rounding and are left out, m2.

    Returns
    -------
    tuple of DrawingFault
        Areas are exact in the working CRS; overlay is done in degrees, as the units were drawn.

    Examples
    --------
    >>> from twin.layer import Layer
    >>> from twin.schema import DECLARED
    >>> def table(*boxes):
    ...     shapes = [shapely.to_wkb(shapely.box(*box)) for box in boxes]
    ...     return pa.table({"grid_id": ["a", "b"], "geometry": shapes})
    >>> west, east = (120.0, 29.0, 120.1, 29.1), (120.1, 29.0, 120.2, 29.1)
    >>> grid = LayerView(Layer.from_table(DECLARED["grid"], table(west, east)))
    >>> moved = Drawing.of(grid, table(west, (120.15, 29.0, 120.25, 29.1)))
    >>> [(fault.kind, fault.grid_ids) for fault in drawing_faults(moved, "EPSG:4549")]
    [('gap', ('a', 'b'))]
    """
    measure = Measure.of(crs)
    found = [
        *_broken(drawing, measure),
        *_overlaps(drawing, measure, tolerance_m2),
        *_gaps(drawing, measure, tolerance_m2),
        *_thin_parts(drawing, measure, tolerance_m2),
        *_outside(drawing, measure, outline, tolerance_m2),
        *_vanishing(drawing, measure),
    ]
    return tuple(sorted(found, key=lambda fault: (-fault.area_m2, fault.kind, fault.grid_ids)))


def _checked_ids(units: pa.Table) -> NDArray[np.str_]:
    for name in ("grid_id", "geometry"):
        if name not in units.column_names:
            raise InvalidLayerError(
                f"the drawing has no column {name!r}; it has {', '.join(units.column_names)}"
            )
    ids = units["grid_id"].to_pylist()
    if not ids:
        raise InvalidLayerError("the drawing holds no unit")
    twice = next((one for row, one in enumerate(ids) if not one or one in ids[:row]), "")
    if twice != "":
        what = f"{twice!r} comes twice" if twice else "a unit has none"
        raise InvalidLayerError(f"the drawing wants one grid_id for each unit; {what}")
    return np.asarray(ids, dtype=np.str_)


def _checked_shapes(column: pa.ChunkedArray) -> _Shapes:
    shapes: _Shapes = np.asarray(shapely.from_wkb(np.array(column.to_pylist(), dtype=object)), dtype=object)
    kinds = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    is_wrong = ~shapely.is_missing(shapes) & ~np.isin(shapely.get_type_id(shapes), kinds)
    for row in np.flatnonzero(is_wrong)[:1]:
        raise InvalidGeometryError(f"a redrawn unit is a {shapes[row].geom_type}; wanted a polygon")
    return shapes


def _merged_properties(
    stand: pa.Table, units: pa.Table, before: NDArray[np.int64]
) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Return the properties of the drawn units, what did not come as it stands, and which have changed."""
    places = pa.array(before, mask=before < 0)
    columns, is_edited = {}, np.zeros(len(before), np.bool_)
    for name in stand.column_names:
        kept = stand[name].take(places)
        if name in units.column_names:
            came = units[name].cast(kept.type)
            values = [
                new if new is not None else old
                for new, old in zip(came.to_pylist(), kept.to_pylist(), strict=True)
            ]
            is_edited |= np.array([new != old for new, old in zip(values, kept.to_pylist(), strict=True)])
            columns[name] = pa.array(values, kept.type)
        else:
            columns[name] = kept
    return pa.table(columns), is_edited


def _are_same(left: _Shapes, right: _Shapes) -> NDArray[np.bool_]:
    """Return which boundaries are the same vertex by vertex, wherever rings start, but for rounding."""
    both = ~shapely.is_missing(left) & ~shapely.is_missing(right)
    same: NDArray[np.bool_] = shapely.is_missing(left) & shapely.is_missing(right)
    rows = np.flatnonzero(both)
    same[rows] = shapely.equals_exact(_plain(left[rows]), _plain(right[rows]), tolerance=SAME_DEG)
    return same


def _plain(shapes: _Shapes) -> _Shapes:
    """Return shapes in one form, so that a polygon is the multipolygon of it alone."""
    normal = shapely.normalize(shapes)
    single = shapely.get_num_geometries(normal) == 1
    plain: _Shapes = np.where(single, shapely.get_geometry(normal, 0), normal)
    return plain


def _sound(shapes: _Shapes) -> _Shapes:
    given: _Shapes = np.where(shapely.is_missing(shapes), shapely.MultiPolygon(), shapes)
    is_broken = ~shapely.is_valid(given)
    given[is_broken] = shapely.make_valid(given[is_broken], method="structure", keep_collapsed=False)
    return given


def _placed(
    kind: FaultKind,
    shapes: Sequence[shapely.Geometry] | _Shapes,
    names: Sequence[tuple[str, ...]],
    reason: str,
    measure: Measure,
    tolerance_m2: float,
) -> list[DrawingFault]:
    """Return one fault for each shape that is large enough; thin overlaps and gaps are slivers."""
    given = np.asarray(shapes, dtype=object)
    if not len(given):
        return []
    metric = measure.metric(given)
    areas_m2 = shapely.area(metric)
    widths_m = 2.0 * areas_m2 / np.maximum(shapely.length(metric), np.finfo(float).tiny)
    places = shapely.point_on_surface(given)
    faults = []
    for row in np.flatnonzero((areas_m2 >= tolerance_m2) & (areas_m2 > 0.0)).tolist():
        is_thin = widths_m[row] < SLIVER_WIDTH_M and kind in {"overlap", "gap"}
        faults.append(
            DrawingFault(
                "sliver" if is_thin else kind,
                float(areas_m2[row]),
                float(widths_m[row]),
                float(shapely.get_x(places[row])),
                float(shapely.get_y(places[row])),
                tuple(sorted(names[row])),
                f"{reason} ({kind}, {widths_m[row]:.2f} m wide)" if is_thin else reason,
            )
        )
    return faults


def _broken(drawing: Drawing, measure: Measure) -> list[DrawingFault]:
    """Return units without boundary and those whose boundary crosses itself."""
    faults = []
    for row in np.flatnonzero(drawing.is_redrawn).tolist():
        shape, name = drawing.shapes[row], (str(drawing.grid_ids[row]),)
        if shape is None or shape.is_empty:
            faults.append(
                DrawingFault("empty", 0.0, 0.0, np.nan, np.nan, name, "the unit has no boundary (无边界)")
            )
        elif not shape.is_valid:
            reason = f"the boundary is broken (边界自相交): {shapely.is_valid_reason(shape)}"
            faults += _placed("invalid", [drawing.sound_shapes[row]], [name], reason, measure, 0.0)
    return faults


def _overlaps(drawing: Drawing, measure: Measure, tolerance_m2: float) -> list[DrawingFault]:
    """Return what a redrawn unit shares with another."""
    shapes, redrawn = drawing.sound_shapes, np.flatnonzero(drawing.is_redrawn)
    asked, others = shapely.STRtree(shapes).query(shapes[redrawn], predicate="intersects")
    pairs = np.sort(np.column_stack([redrawn[asked], others]), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    shared, owners = shapely.get_parts(
        shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]]), return_index=True
    )
    is_area = shapely.area(shared) > 0.0
    names = [tuple(drawing.grid_ids[pairs[owner]].tolist()) for owner in owners[is_area]]
    reason = "the units overlap; the lowest grid_id would have what lies there (重叠)"
    return _placed("overlap", shared[is_area], names, reason, measure, tolerance_m2)


def _gaps(drawing: Drawing, measure: Measure, tolerance_m2: float) -> list[DrawingFault]:
    """Return places that lay in a unit and would lie in none, and new holes and slits between units."""
    if not len(drawing.touched):
        return []
    shapes = drawing.sound_shapes
    tree = shapely.STRtree(shapes)
    before = _sound(np.concatenate([drawing.old_shapes[drawing.is_redrawn], drawing.removed_shapes]))
    lost = shapely.difference(shapely.union_all(before), _union_near(tree, shapes, before))
    near = np.unique(tree.query(drawing.touched, predicate="dwithin", distance=CONTACT_DEG)[1])
    stood = np.concatenate([_sound(drawing.old_shapes[near]), _sound(drawing.removed_shapes)])
    new, _ = gaps_between(_filled(shapes[near]), measure, SLIT_WIDTH_M)
    old, _ = gaps_between(_filled(stood), measure, SLIT_WIDTH_M)
    opened = shapely.difference(shapely.union_all(new), shapely.union_all(old))
    opened = shapely.difference(opened, _union_near(tree, shapes, np.array([opened])))
    parts = shapely.get_parts(shapely.union_all([lost, opened]))
    parts = parts[shapely.area(parts) > 0.0]
    around = tree.query(parts, predicate="dwithin", distance=CONTACT_DEG)
    names = [tuple(drawing.grid_ids[around[1][around[0] == row]].tolist()) for row in range(len(parts))]
    reason = "what lies there would belong to no unit; it may be meant, such as a lake (缝隙)"
    return _placed("gap", parts, names, reason, measure, tolerance_m2)


def _union_near(tree: shapely.STRtree, shapes: _Shapes, places: _Shapes) -> shapely.Geometry:
    """Return the union of the units whose boxes meet some places."""
    return shapely.union_all(shapes[np.unique(tree.query(places)[1])])


def _filled(shapes: _Shapes) -> _Shapes:
    filled: _Shapes = shapes[~shapely.is_empty(shapes)]
    return filled


def _thin_parts(drawing: Drawing, measure: Measure, tolerance_m2: float) -> list[DrawingFault]:
    """Return detached parts of redrawn units that are so thin that nobody meant them."""
    redrawn = np.flatnonzero(drawing.is_redrawn)
    parts, owners = shapely.get_parts(drawing.sound_shapes[redrawn], return_index=True)
    is_detached = np.isin(owners, np.flatnonzero(np.bincount(owners, minlength=len(redrawn)) > 1))
    names = [(str(drawing.grid_ids[redrawn[owner]]),) for owner in owners[is_detached]]
    reason = "the unit has a detached thin part (碎片)"
    faults = _placed("sliver", parts[is_detached], names, reason, measure, tolerance_m2)
    return [fault for fault in faults if fault.width_m < SLIVER_WIDTH_M]


def _outside(
    drawing: Drawing, measure: Measure, outline: shapely.Geometry | None, tolerance_m2: float
) -> list[DrawingFault]:
    """Return what of the redrawn units lies outside the city, and did not before."""
    if outline is None:
        return []
    redrawn = np.flatnonzero(drawing.is_redrawn)
    old = _sound(drawing.old_shapes[redrawn])
    beyond = shapely.difference(shapely.difference(drawing.sound_shapes[redrawn], outline), old)
    parts, owners = shapely.get_parts(beyond, return_index=True)
    names = [(str(drawing.grid_ids[redrawn[owner]]),) for owner in owners]
    reason = "the unit reaches outside the city (越出市界)"
    return _placed("outside", parts, names, reason, measure, tolerance_m2)


def _vanishing(drawing: Drawing, measure: Measure) -> list[DrawingFault]:
    """Return units that are no longer drawn, and those that redrawn ones cover."""
    gone = [(str(name),) for name in drawing.removed_ids]
    faults = _placed(
        "vanishes", _sound(drawing.removed_shapes), gone, "the unit is no longer drawn (消失)", measure, 0.0
    )
    shapes = drawing.sound_shapes
    redrawn = shapes[drawing.is_redrawn]
    rest = np.flatnonzero(~drawing.is_redrawn & ~shapely.is_empty(shapes))
    if not len(redrawn) or not len(rest):
        return faults
    under = rest[np.unique(shapely.STRtree(shapes[rest]).query(redrawn, predicate="intersects")[1])]
    left = shapely.area(shapely.difference(shapes[under], shapely.union_all(redrawn)))
    covered = under[left < VANISHING_SHARE * shapely.area(shapes[under])]
    names = [(str(drawing.grid_ids[row]),) for row in covered]
    reason = "redrawn units cover the whole unit, which is not redrawn itself (被覆盖)"
    return [*faults, *_placed("vanishes", shapes[covered], names, reason, measure, 0.0)]
