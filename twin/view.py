"""A layer as one caller sees it now: its version in force, edits laid over it, within a scope."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin import nearest as nearest_search
from twin import search
from twin.buffers import array_of
from twin.edits import NO_EDITS, Edits
from twin.errors import InvalidQueryError, UnknownFeatureError
from twin.hot_columns import AreaSource
from twin.layer import Layer
from twin.query import Value, checked_box, checked_point, checked_polygon, typed_filters
from twin.scope import WHOLE_CITY, Scope
from twin.stratum import Divisions, box_around, lay, next_page, overlay_of, split

if TYPE_CHECKING:
    import geopandas

_NO_ROWS = np.empty(0, np.int64)
_Positions = NDArray[np.int64]


class LayerView:
    """What everybody reads: one layer version with the edits over it, within a scope (图层视图).

    A snapshot: later versions and edits do not change it. Safe to share between threads. Positions
    are the rows of the version, 0..n-1, then the rows that edits replaced or added. Every answer holds
    visible features only, at ascending positions unless said otherwise.

    Parameters
    ----------
    layer : Layer
        The version in force.
    edits : Edits
        What was changed since.
    scope : Scope
        What the caller may see.
    divisions : Divisions, optional
        The division tree; needed for a scope smaller than the whole city.
    areas : AreaSource, optional
        What finds the divisions of edited features; without it a smaller scope sees none of those.

    Raises
    ------
    ScopeError
        If a smaller scope comes without the division tree.
    InvalidLayerError, InvalidGeometryError
        If an edited feature does not fit the layer.

    Examples
    --------
    >>> from twin.schema import LayerSchema
    >>> points = shapely.to_wkb(shapely.points([[120.0, 29.0], [120.1, 29.0]]))
    >>> table = pa.table({"name": ["渡口", "车站"], "geometry": points})
    >>> view = LayerView(Layer.from_table(LayerSchema("places", "point"), table))
    >>> view.take(view.in_bbox((119.9, 28.9, 120.0, 29.1)))["name"].to_pylist()
    ['渡口']
    """

    def __init__(
        self,
        layer: Layer,
        edits: Edits = NO_EDITS,
        scope: Scope = WHOLE_CITY,
        *,
        divisions: Divisions | None = None,
        areas: AreaSource | None = None,
    ) -> None:
        self.layer, self.edits, self.scope = layer, edits, scope
        hidden = layer.rows_of(edits.hidden_ids)
        layers = [(layer, np.sort(hidden[hidden >= 0]))]
        if edits.table is not None:
            layers.append((overlay_of(layer, edits.table, edits.feature_ids, areas), _NO_ROWS))
        self._set_strata(layers, divisions)

    def within(self, scope: Scope, divisions: Divisions | None = None) -> LayerView:
        """Return the same snapshot as another caller sees it.

        Parameters
        ----------
        scope : Scope
            What that caller may see.
        divisions : Divisions, optional
            The division tree; needed for a scope smaller than the whole city.

        Returns
        -------
        LayerView
            Shares everything with this one.

        Raises
        ------
        ScopeError
            If a smaller scope comes without the division tree.
        """
        view = object.__new__(LayerView)
        view.layer, view.edits, view.scope = self.layer, self.edits, scope
        view._set_strata([(stratum.layer, stratum.hidden) for stratum in self.strata], divisions)
        return view

    def _set_strata(self, layers: Sequence[tuple[Layer, _Positions]], divisions: Divisions | None) -> None:
        self.strata, scope_tag = lay(layers, self.scope, divisions)
        content = self.layer.content_hash[:12] or "unstored"
        self.version_tag = f"{self.layer.version}.{content}.{self.edits.sequence}{scope_tag}"
        """Changes with every version, edit and scope; fit for ETags and file names."""

    @property
    def columns(self) -> pa.Schema:
        """Names and types of the property columns, those that only edited features have included."""
        return pa.unify_schemas([stratum.layer.arrow_schema for stratum in self.strata])

    @cached_property
    def bbox(self) -> tuple[float, float, float, float] | None:
        """Box around all visible features, xmin, ymin, xmax, ymax degrees; None where none has a place."""
        return box_around(self.strata)

    def _gather(self, rows_of: Callable[[Layer], _Positions]) -> _Positions:
        """Return the positions of the visible rows that a question to each layer finds."""
        found = [stratum.visible(rows_of(stratum.layer)) + stratum.first_position for stratum in self.strata]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def positions(self) -> _Positions:
        """Return the positions of all visible features, those without place included.

        Returns
        -------
        ndarray of int64, shape (n,)
        """
        return self._gather(lambda layer: np.arange(layer.n_rows))

    def in_bbox(self, bbox: Sequence[float], *, exact: bool = True) -> _Positions:
        """Return the features that meet a box, closed on all four sides.

        Parameters
        ----------
        bbox : sequence of float
            xmin, ymin, xmax, ymax: west, south, east, north, degrees.
        exact : bool
            Whether a line or polygon itself must meet the box; otherwise its bounds suffice.

        Returns
        -------
        ndarray of int64, shape (k,)

        Raises
        ------
        InvalidQueryError
            If the box is malformed, swapped, off the Earth or across the antimeridian.
        """
        box = checked_box(bbox)
        return self._gather(lambda layer: search.rows_in_box(layer, box, exact=exact))

    def in_polygon(self, polygon: shapely.Geometry) -> _Positions:
        """Return the features that meet a polygon; its boundary counts.

        Parameters
        ----------
        polygon : shapely Polygon or MultiPolygon
            lon, lat degrees.

        Returns
        -------
        ndarray of int64, shape (k,)
            Exactly the answer of ``shapely.intersects``.

        Raises
        ------
        InvalidQueryError
            If it is not a valid polygon on the Earth.
        """
        wanted = checked_polygon(polygon)
        return self._gather(lambda layer: search.rows_in_polygon(layer, wanted))

    def in_disk(self, center_cell: int, k: int) -> _Positions:
        """Return the features whose cell, computed from their coordinates, is within k steps of a cell.

        Parameters
        ----------
        center_cell : int
            An H3 cell of any resolution.
        k : int
            Steps, >= 0.

        Returns
        -------
        ndarray of int64, shape (m,)
            Lines and polygons are where their representative point is.

        Raises
        ------
        InvalidCellError
            If the value is not a cell.
        InvalidQueryError
            If k is negative.
        """
        return self._gather(lambda layer: search.rows_in_disk(layer, center_cell, k))

    def containing(self, lon: float, lat: float) -> _Positions:
        """Return the features that hold a point, boundary included.

        Parameters
        ----------
        lon, lat : float
            Degrees.

        Returns
        -------
        ndarray of int64, shape (k,)

        Raises
        ------
        InvalidQueryError
            If the point is not on the Earth.
        """
        x, y = checked_point(lon, lat)
        return self._gather(lambda layer: search.rows_containing(layer, x, y))

    def nearest(
        self, lon: float, lat: float, k: int = 1, *, max_distance_m: float = math.inf
    ) -> tuple[_Positions, NDArray[np.float64]]:
        """Return the k nearest features, nearest first, and how far they are.

        Parameters
        ----------
        lon, lat : float
            Degrees.
        k : int
            How many at most, >= 1.
        max_distance_m : float
            Farther ones are left out, m.

        Returns
        -------
        positions : ndarray of int64, shape (m,)
            Equally near ones by position.
        distances_m : ndarray of float64, shape (m,)
            Metres on the ellipsoid, correct to 1e-3; 0 inside a polygon.

        Raises
        ------
        InvalidQueryError
            If the point is not on the Earth, k < 1 or the distance is negative or NaN.
        """
        x, y = checked_point(lon, lat)
        if k < 1:
            raise InvalidQueryError(f"k={k} came; wanted 1 or more features")
        if not max_distance_m >= 0.0:
            raise InvalidQueryError(f"max_distance_m={max_distance_m} came; wanted 0 m or more")
        return nearest_search.nearest(self.strata, x, y, k, max_distance_m)

    def count_by_cell(
        self, resolution: int, bbox: Sequence[float] | None = None
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return how many features lie in each cell; features without place lie in none.

        Parameters
        ----------
        resolution : int
            0-15; 10-50 times as fast where the layer stores it.
        bbox : sequence of float, optional
            Only features that meet this box, as in :meth:`in_bbox`.

        Returns
        -------
        cells : ndarray of uint64, shape (m,)
            Ascending.
        counts : ndarray of int64, shape (m,)
            At least 1 each.

        Raises
        ------
        InvalidQueryError
            If the box is malformed or the resolution is not one of 0-15.
        """
        box = None if bbox is None else checked_box(bbox)
        if resolution not in range(16):
            raise InvalidQueryError(f"resolution {resolution} came; wanted 0-15")
        found = [stratum.count_by_cell(resolution, box) for stratum in self.strata]
        cells, places = np.unique(np.concatenate([one[0] for one in found]), return_inverse=True)
        counts = np.zeros(len(cells), dtype=np.int64)
        np.add.at(counts, places, np.concatenate([one[1] for one in found]))
        return cells, counts

    def count(self, bbox: Sequence[float] | None = None, where: Mapping[str, Value] | None = None) -> int:
        """Return the number of visible features.

        Parameters
        ----------
        bbox : sequence of float, optional
            Only features that meet this box, as in :meth:`in_bbox`.
        where : mapping of str to value, optional
            Only features with these property values; text is read as the field's type.

        Returns
        -------
        int

        Raises
        ------
        InvalidQueryError
            If the box or a value is malformed.
        UnknownFieldError
            If there is no such field.
        """
        box = None if bbox is None else checked_box(bbox)
        filters = typed_filters(self.columns, where) if where else None
        return sum(stratum.count(box, filters) for stratum in self.strata)

    def page(
        self,
        after: int,
        limit: int,
        bbox: Sequence[float] | None = None,
        where: Mapping[str, Value] | None = None,
    ) -> tuple[_Positions, int | None]:
        """Return the next features in order of position.

        Parameters
        ----------
        after : int
            Position that the page before ended with; -1 at the beginning.
        limit : int
            How many at most, >= 1.
        bbox : sequence of float, optional
            Only features that meet this box, as in :meth:`in_bbox`.
        where : mapping of str to value, optional
            Only features with these property values; text is read as the field's type.

        Returns
        -------
        positions : ndarray of int64, shape (k,)
        next_after : int or None
            What to pass for the next page; None where this one is the last.

        Raises
        ------
        InvalidQueryError
            If the box, a value or the limit is malformed.
        UnknownFieldError
            If there is no such field.
        """
        if limit < 1:
            raise InvalidQueryError(f"limit {limit} came; wanted 1 or more")
        box = None if bbox is None else checked_box(bbox)
        filters = typed_filters(self.columns, where) if where else None
        return next_page(self.strata, after, limit, box, filters)

    def scan(
        self, columns: Sequence[str] | None = None, batch_rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Yield all visible features as Arrow batches, in order of position.

        Parameters
        ----------
        columns : sequence of str, optional
            Columns wanted; by default those of :meth:`take`.
        batch_rows : int
            Rows a batch at most.

        Yields
        ------
        pyarrow.RecordBatch
            Property columns of the version are not copied where every row is visible.

        Raises
        ------
        UnknownFieldError
            If there is no such field.
        """
        for stratum in self.strata:
            for start in range(0, stratum.layer.n_rows, batch_rows):
                rows = stratum.visible(np.arange(start, min(start + batch_rows, stratum.layer.n_rows)))
                if len(rows):
                    yield from stratum.table(rows, columns, self.columns).to_batches()

    def take(self, positions: _Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return features as a table.

        Parameters
        ----------
        positions : ndarray of int64, shape (k,)
            As the questions of this view return them, in any order.
        columns : sequence of str, optional
            Columns wanted; by default ``feature_id``, all properties, and ``geometry`` (WKB, lon, lat).

        Returns
        -------
        pyarrow.Table, k rows

        Raises
        ------
        UnknownFieldError
            If there is no such field.
        UnknownFeatureError
            If a position is not one of this view.
        """
        pieces, order = split(self.strata, positions)
        tables = [stratum.table(rows, columns, self.columns) for stratum, rows in pieces]
        if order is None:
            return tables[0]
        return pa.concat_tables(tables).take(array_of(order))

    def feature_json(self, positions: _Positions) -> list[memoryview]:
        """Return features as the bytes of GeoJSON Features.

        Parameters
        ----------
        positions : ndarray of int64, shape (k,)
            As in :meth:`take`.

        Returns
        -------
        list of memoryview, length k

        Raises
        ------
        UnknownFeatureError
            If a position is not one of this view.
        """
        pieces, order = split(self.strata, positions)
        features = [feature for stratum, rows in pieces for feature in stratum.layer.feature_json(rows)]
        return features if order is None else [features[place] for place in order.tolist()]

    def geometries(self, positions: _Positions) -> NDArray[np.object_]:
        """Return features as shapely geometries; None for those without place.

        Parameters
        ----------
        positions : ndarray of int64, shape (k,)
            As in :meth:`take`.

        Returns
        -------
        ndarray of shapely geometry, shape (k,); lon, lat degrees

        Raises
        ------
        UnknownFeatureError
            If a position is not one of this view.
        """
        pieces, order = split(self.strata, positions)
        shapes = np.concatenate([stratum.layer.geometries(rows) for stratum, rows in pieces])
        return shapes if order is None else shapes[order]

    def position_of(self, feature_id: int) -> int:
        """Return the position of a feature.

        Parameters
        ----------
        feature_id : int

        Returns
        -------
        int

        Raises
        ------
        UnknownFeatureError
            If the view has no such feature: it never was, was deleted, or lies outside the scope.
        """
        wanted = np.array([feature_id], dtype=np.int64)
        for stratum in self.strata:
            rows = stratum.layer.rows_of(wanted)
            for row in stratum.visible(rows[rows >= 0]):
                return int(row) + stratum.first_position
        raise UnknownFeatureError(f"layer {self.layer.schema.name!r} has no feature {feature_id}")

    def to_geodataframe(self, positions: _Positions | None = None) -> geopandas.GeoDataFrame:
        """Return features as a GeoDataFrame.

        Parameters
        ----------
        positions : ndarray of int64, shape (k,), optional
            As in :meth:`take`; all features by default.

        Returns
        -------
        geopandas.GeoDataFrame
            ``feature_id``, all properties and ``geometry`` in EPSG:4326 (x = lon, y = lat).

        Raises
        ------
        UnknownFeatureError
            If a position is not one of this view.
        """
        import geopandas

        wanted = self.positions() if positions is None else positions
        frame = self.take(wanted, ["feature_id", *self.columns.names]).to_pandas()
        return geopandas.GeoDataFrame(frame, geometry=self.geometries(wanted), crs="EPSG:4326")
