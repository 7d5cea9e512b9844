"""One open version of a layer: columns and geometry as arrays, without a copy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.buffers import array_of, values_of
from twin.catalog import Provenance
from twin.cells import cells_of
from twin.errors import InvalidGeometryError, UnknownFeatureError, UnknownFieldError
from twin.feature_json import feature_json
from twin.frame import Box
from twin.hot_columns import AreaLists, AreaSource, HotColumns, hot_columns, sort_rows
from twin.layer_table import conform
from twin.ragged import Bounds, RaggedGeometry
from twin.schema import LayerSchema

DEFAULT_RESOLUTIONS = (7, 9, 10)
"""Overview, aggregation, join index: the cell columns a layer has unless told otherwise."""


class Layer:
    """All rows of one layer version, in cell order, features without place last (图层版本).

    Immutable; safe to share between threads. A position is a row number, 0..n_rows-1. What callers should
    see of a layer goes through :class:`twin.view.LayerView`, which knows edits and scope.

    Parameters
    ----------
    schema : LayerSchema
        The layer as it was declared.
    columns : HotColumns
        Its rows, mapped from a file or in memory.
    version : int
        0 for a layer that was never stored.
    content_hash : str
        SHA-256 of all rows; empty for a layer that was never stored.
    provenance : Provenance, optional
        Where the rows came from.

    Attributes
    ----------
    n_placed : int
        Rows with a place: positions 0..n_placed-1.
    bounds : tuple of four ndarray of float64
        xmin, ymin, xmax, ymax, degrees, shape (n_rows,) or (n_placed,); no copy.
    blocks : ndarray of float64, shape (m, 4)
        The block tree.
    areas_tag, areas_as_of : str
        Which boundaries the stored areas were made with, and which the areas fit that are answered:
        others where the grid was redrawn since.

    Examples
    --------
    >>> import shapely
    >>> from twin.schema import LayerSchema
    >>> table = pa.table({"geometry": [shapely.to_wkb(shapely.Point(120, 29))], "name": ["渡口"]})
    >>> layer = Layer.from_table(LayerSchema("piers", "point"), table)
    >>> layer.columns, layer.bbox
    (('name',), (120.0, 29.0, 120.0, 29.0))
    """

    def __init__(
        self,
        schema: LayerSchema,
        columns: HotColumns,
        *,
        version: int = 0,
        content_hash: str = "",
        provenance: Provenance | None = None,
    ) -> None:
        self.schema = schema
        self.version = version
        self.content_hash = content_hash
        self.provenance = provenance or Provenance()
        self.n_rows: int = columns.rows.num_rows
        self.n_placed = columns.n_placed
        self.columns = columns.properties
        self.resolutions = columns.resolutions
        self.areas_tag = self.areas_as_of = columns.areas_tag
        self.area_ids = np.array(columns.area_ids, dtype=np.int64)
        self.blocks = columns.blocks
        self._rows = columns.rows
        self._geometry: RaggedGeometry | None = None
        nothing = np.empty(0)
        self.bounds: Bounds = nothing, nothing, nothing, nothing
        if schema.geometry != "none":
            self._geometry = RaggedGeometry.from_arrow(schema.geometry, columns.rows["geometry"])
            self.bounds = self._stored_bounds(self._geometry)

    @classmethod
    def from_table(
        cls,
        schema: LayerSchema,
        table: pa.Table,
        feature_ids: NDArray[np.int64] | None = None,
        *,
        resolutions: Sequence[int] = DEFAULT_RESOLUTIONS,
        areas: AreaSource | None = None,
    ) -> Layer:
        """Return a layer in memory.

        Parameters
        ----------
        schema : LayerSchema
            What the table must look like.
        table : pyarrow.Table
            Property columns and ``geometry`` as WKB, lon, lat degrees.
        feature_ids : ndarray of int64, shape (n,), optional
            Id of each row; 0, 1, ... by default.
        resolutions : sequence of int
            H3 resolutions to keep a column of.
        areas : AreaSource, optional
            What stamps the divisions of each row.

        Returns
        -------
        Layer

        Raises
        ------
        InvalidLayerError
            If the table does not fit the schema.
        InvalidGeometryError
            If a geometry does not fit the layer.
        """
        if feature_ids is None:
            feature_ids = np.arange(table.num_rows)
        if "feature_id" in table.column_names:
            table = table.drop_columns("feature_id")
        table = conform(
            schema, table.append_column("feature_id", array_of(np.asarray(feature_ids, np.int64)))
        )
        rows = sort_rows(schema, table, resolutions)
        return cls(
            schema, hot_columns(rows, values_of(rows.table["feature_id"].chunk(0)), areas, with_json=False)
        )

    def _stored_bounds(self, geometry: RaggedGeometry) -> Bounds:
        if geometry.kind == "point":
            return geometry.bounds()
        xmin, ymin, xmax, ymax = (values_of(self._rows[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
        return xmin, ymin, xmax, ymax

    @cached_property
    def bbox(self) -> Box | None:
        """Box around all features, xmin, ymin, xmax, ymax degrees; None where nothing has a place."""
        if not self.n_placed:
            return None
        west, south = self.blocks[:, :2].min(axis=0).tolist()
        east, north = self.blocks[:, 2:].max(axis=0).tolist()
        return west, south, east, north

    @property
    def arrow_schema(self) -> pa.Schema:
        """Names and types of the property columns."""
        return pa.schema([self._rows.schema.field(name) for name in self.columns])

    @property
    def feature_ids(self) -> NDArray[np.int64]:
        """Id of each row, shape (n_rows,); no copy."""
        ids: NDArray[np.int64] = values_of(self._rows["feature_id"])
        return ids

    @property
    def area_lists(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Offsets (n_rows + 1,) and positions in ``area_ids`` of the areas each row lies in; no copy."""
        lists = self._rows["areas"]
        return values_of(lists.offsets), values_of(lists.values)

    def with_areas(self, rows: NDArray[np.int64], areas: AreaLists, tag: str) -> Layer:
        """Return the layer with other areas for some of its rows; everything else is shared.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)
            Ascending.
        areas : tuple of ndarray
            Offsets (k + 1,), positions, and the division ids those stand for.
        tag : str
            Names the boundaries that all areas fit now; see :attr:`areas_as_of`.

        Returns
        -------
        Layer
            Linear in the number of rows: 20 ms for a million.
        """
        offsets, values, area_ids = _patched(self.area_lists, self.area_ids, rows, areas)
        lists = pa.ListArray.from_arrays(array_of(offsets), array_of(values))
        place = self._rows.schema.get_field_index("areas")
        columns = HotColumns(
            self._rows.set_column(place, "areas", lists),
            self.blocks,
            self.n_placed,
            self.resolutions,
            self.columns,
            self.areas_tag,
            tuple(area_ids.tolist()),
        )
        layer = Layer(
            self.schema,
            columns,
            version=self.version,
            content_hash=self.content_hash,
            provenance=self.provenance,
        )
        layer.areas_as_of = tag
        return layer

    def column(self, name: str) -> pa.Array:
        """Return one column, ``feature_id`` and ``cell_*`` included, without a copy.

        Parameters
        ----------
        name : str

        Returns
        -------
        pyarrow.Array, length n_rows

        Raises
        ------
        UnknownFieldError
            If the layer has no such column.
        """
        if name not in self._rows.schema.names or name in {"feature_json", "id_order"}:
            known = ", ".join(self.columns)
            raise UnknownFieldError(f"layer {self.schema.name!r} has no field {name!r}; it has {known}")
        return self._rows[name]

    def geometry_arrays(self) -> RaggedGeometry:
        """Return coordinates and offsets of all rows without a copy.

        Returns
        -------
        RaggedGeometry, n_rows features

        Raises
        ------
        InvalidGeometryError
            If the layer has no geometry.
        """
        if self._geometry is None:
            raise InvalidGeometryError(f"layer {self.schema.name!r} has no geometry")
        return self._geometry

    def geometries(self, rows: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the geometry of these rows; None for those without place.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)

        Returns
        -------
        ndarray of shapely geometry, shape (k,)
            lon, lat degrees.
        """
        if self._geometry is None:
            return np.full(len(rows), None, dtype=object)
        return self._geometry.take(rows).to_shapely()

    def cells(self, resolution: int, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return the cell of each of these placed rows, computed from its coordinates at this resolution.

        Parameters
        ----------
        resolution : int
            0-15; a stored one is read, another computed (0.3 us a row).
        rows : ndarray of int64, shape (k,)
            Placed rows.

        Returns
        -------
        ndarray of uint64, shape (k,)
            Lines and polygons: the cell of their representative point.
        """
        if resolution in self.resolutions:
            stored: NDArray[np.uint64] = values_of(self._rows[f"cell_{resolution}"])
            return stored[rows]
        points = self.geometry_arrays().take(rows).representative_points()
        return cells_of(points[:, 0], points[:, 1], resolution)

    def table(self, rows: NDArray[np.int64], columns: Sequence[str] | None = None) -> pa.Table:
        """Return ``feature_id``, properties and ``geometry`` (WKB) of these rows.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)
        columns : sequence of str, optional
            Columns wanted, in this order; all by default.

        Returns
        -------
        pyarrow.Table, k rows

        Raises
        ------
        UnknownFieldError
            If the layer has no such column.
        """
        if columns is None:
            columns = ["feature_id", *self.columns]
            if self._geometry is not None:
                columns.append("geometry")
        is_run = (
            len(rows) > 0
            and int(rows[-1]) - int(rows[0]) == len(rows) - 1
            and bool((np.diff(rows) == 1).all())
        )
        taken = {}
        for name in columns:
            column = self.column(name)
            if name == "geometry":
                taken[name] = self.geometry_arrays().take(rows).to_wkb()
            elif is_run:
                taken[name] = column.slice(int(rows[0]), len(rows))
            else:
                taken[name] = column.take(array_of(rows))
        return pa.table(taken)

    def feature_json(self, rows: NDArray[np.int64]) -> list[memoryview]:
        """Return the bytes of the GeoJSON Feature of each of these rows.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)

        Returns
        -------
        list of memoryview, length k
            Stored bytes, not copied, where the layer keeps them; otherwise made now.
        """
        if "feature_json" in self._rows.schema.names:
            features = self._rows["feature_json"]
        else:
            indices = array_of(rows)
            geometry = None if self._geometry is None else self._geometry.take(rows)
            properties = {name: self._rows[name].take(indices) for name in self.columns}
            features = feature_json(self._rows["feature_id"].take(indices), properties, geometry)
            rows = np.arange(len(rows))
        _, offset_buffer, content = features.buffers()
        offsets = np.frombuffer(offset_buffer, np.int64)
        bytes_view = memoryview(content)
        starts, ends = offsets[rows].tolist(), offsets[rows + 1].tolist()
        return [bytes_view[start:end] for start, end in zip(starts, ends, strict=True)]

    def rows_of(self, feature_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of each feature id, -1 where the layer has no such feature.

        Parameters
        ----------
        feature_ids : ndarray of int64, shape (k,)

        Returns
        -------
        ndarray of int64, shape (k,)
            Cost logarithmic in the number of rows for each id.
        """
        if not self.n_rows:
            return np.full(len(feature_ids), -1)
        ids = self.feature_ids
        if "id_order" in self._rows.schema.names:
            order = values_of(self._rows["id_order"])
            places = np.searchsorted(ids, feature_ids, sorter=order)
            rows = order[np.minimum(places, self.n_rows - 1)].astype(np.int64)
        else:
            rows = np.minimum(np.searchsorted(ids, feature_ids), self.n_rows - 1)
        return np.where(ids[rows] == feature_ids, rows, -1)

    def row_of(self, feature_id: int) -> int:
        """Return the row of a feature.

        Parameters
        ----------
        feature_id : int

        Returns
        -------
        int

        Raises
        ------
        UnknownFeatureError
            If the layer has no such feature.
        """
        (row,) = self.rows_of(np.array([feature_id], dtype=np.int64)).tolist()
        if row < 0:
            raise UnknownFeatureError(f"layer {self.schema.name!r} has no feature {feature_id}")
        return int(row)


def _patched(
    lists: tuple[NDArray[np.int32], NDArray[np.int32]],
    area_ids: NDArray[np.int64],
    rows: NDArray[np.int64],
    areas: AreaLists,
) -> AreaLists:
    """Return area lists of all rows with those of some exchanged."""
    offsets, values = lists
    came, found, found_ids = areas
    known = np.unique(np.concatenate([area_ids, found_ids[np.unique(found)]]))
    fresh = known[~np.isin(known, area_ids)]
    ids = np.concatenate([area_ids, fresh])
    order = np.argsort(ids, kind="stable")
    wanted = found_ids[found]
    places = order[np.searchsorted(ids, wanted, sorter=order)]
    # Areas of a feature stand in ascending order of their positions.
    counts = np.diff(came)
    places = places[np.lexsort((places, np.repeat(np.arange(len(rows)), counts)))]
    is_exchanged = np.zeros(len(offsets) - 1, np.bool_)
    is_exchanged[rows] = True
    before = np.diff(offsets)
    after = before.copy()
    after[rows] = counts
    merged = np.empty(int(after.sum()), np.int32)
    is_new = np.repeat(is_exchanged, after)
    merged[is_new] = places
    merged[~is_new] = values[~np.repeat(is_exchanged, before)]
    ends = np.zeros(len(offsets), np.int32)
    np.cumsum(after, out=ends[1:])
    return ends, merged, ids
