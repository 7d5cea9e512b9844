"""One stratum of a view: the rows of one layer version, less what edits hide and what the scope excludes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin import _blocks, search
from twin._cell_counts import count_runs
from twin.buffers import values_of
from twin.division_rows import unit_id_of
from twin.errors import InvalidLayerError, ScopeError, UnknownFeatureError
from twin.frame import Box
from twin.hot_columns import AreaSource
from twin.layer import Layer
from twin.query import matching
from twin.schema import LayerSchema
from twin.scope import Scope

_CHUNK_ROWS = 65_536
_Rows = NDArray[np.int64]


class Divisions(Protocol):
    """What numbers the divisions of a city, as ``twin.divisions.DivisionTree`` does."""

    def preorder_of(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the pre-order number of each division id, -1 where there is none."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """A layer as one caller sees it.

    Parameters
    ----------
    layer : Layer
        The rows.
    first_position : int
        Position in the view of its row 0.
    hidden : ndarray of int64
        Rows that edits replaced or deleted, ascending.
    is_allowed : ndarray of bool, optional
        Which of the layer's ``area_ids`` the scope reaches; None for the whole city.
    """

    layer: Layer
    first_position: int
    hidden: _Rows
    is_allowed: NDArray[np.bool_] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether every row of the layer is seen."""
        return not len(self.hidden) and self.is_allowed is None

    @property
    def bbox(self) -> Box | None:
        """Box around the rows that are seen, degrees; None where none of them has a place."""
        if self.is_plain:
            return self.layer.bbox
        rows = self.visible(np.arange(self.layer.n_placed))
        if not len(rows):
            return None
        xmin, ymin, xmax, ymax = (bound[rows] for bound in self.layer.bounds)
        return float(xmin.min()), float(ymin.min()), float(xmax.max()), float(ymax.max())

    def visible(self, rows: _Rows) -> _Rows:
        """Return those of some rows that are seen, in the same order.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)

        Returns
        -------
        ndarray of int64
        """
        if len(self.hidden) and len(rows):
            places = np.minimum(np.searchsorted(self.hidden, rows), len(self.hidden) - 1)
            rows = rows[self.hidden[places] != rows]
        if self.is_allowed is not None:
            rows = rows[_blocks.are_in_areas(rows, *self.layer.area_lists, self.is_allowed)]
        return rows

    def runs(
        self,
        first_row: int = 0,
        bbox: Box | None = None,
        filters: Mapping[str, pa.Scalar] | None = None,
        n_wanted: int = search.NO_LIMIT,
    ) -> Iterator[_Rows]:
        """Yield the visible rows from ``first_row`` on, ascending, in runs that can be stopped between.

        Parameters
        ----------
        first_row : int
            Rows before it are left out.
        bbox : tuple of float, optional
            Only rows that meet this closed box, degrees.
        filters : mapping of str to pyarrow.Scalar, optional
            Only rows with these values.
        n_wanted : int
            How many the caller expects to use: the first run looks no further than it must.

        Yields
        ------
        ndarray of int64
        """
        length = min(n_wanted, _CHUNK_ROWS)
        end = self.layer.n_rows if bbox is None else self.layer.n_placed
        while first_row < end:
            if bbox is None:
                rows = np.arange(first_row, min(first_row + length, end))
            else:
                rows = search.rows_in_box(self.layer, bbox, exact=False, first_row=first_row, limit=length)
            next_row = int(rows[-1]) + 1 if len(rows) == length else end
            if bbox is not None:
                rows = search.meeting_box(self.layer, rows, bbox)
            rows = self.visible(rows)
            yield matching(self.layer, rows, filters) if filters else rows
            first_row = next_row
            length = min(4 * length, _CHUNK_ROWS)

    def count(self, bbox: Box | None = None, filters: Mapping[str, pa.Scalar] | None = None) -> int:
        """Return how many rows are seen.

        Parameters
        ----------
        bbox : tuple of float, optional
            Only rows that meet this closed box, degrees.
        filters : mapping of str to pyarrow.Scalar, optional
            Only rows with these values.

        Returns
        -------
        int
        """
        if self.is_allowed is None and not filters:
            if bbox is None:
                return self.layer.n_rows - len(self.hidden)
            if not len(self.hidden):
                return search.count_in_box(self.layer, bbox)
        return sum(len(rows) for rows in self.runs(0, bbox, filters))

    def count_by_cell(
        self, resolution: int, bbox: Box | None = None
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return cells and how many rows each holds; a cell may come several times.

        Parameters
        ----------
        resolution : int
            0-15.
        bbox : tuple of float, optional
            Only rows that meet this closed box, degrees.

        Returns
        -------
        cells : ndarray of uint64
        counts : ndarray of int64
        """
        layer = self.layer
        if bbox is None and self.is_plain and resolution in layer.resolutions:
            stored = values_of(layer.column(f"cell_{resolution}"))
            cells, counts = count_runs(stored[: layer.n_placed])
            return cells, counts
        found = [(np.empty(0, np.uint64), np.empty(0, np.int64))]
        for rows in self.runs(0, bbox):
            placed = rows[: np.searchsorted(rows, layer.n_placed)]
            found.append(count_runs(layer.cells(resolution, placed)))
        return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])

    def table(self, rows: _Rows, columns: Sequence[str] | None, known: pa.Schema) -> pa.Table:
        """Return rows with the columns of the whole view; those this layer lacks are null.

        Parameters
        ----------
        rows : ndarray of int64, shape (k,)
        columns : sequence of str, optional
            Columns wanted; by default ``feature_id``, all properties and ``geometry``.
        known : pyarrow.Schema
            Property columns of the view.

        Returns
        -------
        pyarrow.Table, k rows

        Raises
        ------
        UnknownFieldError
            If the view has no such column.
        """
        if columns is None:
            columns = ["feature_id", *known.names]
            if self.layer.schema.geometry != "none":
                columns.append("geometry")
        lacking = [name for name in columns if name in known.names and name not in self.layer.columns]
        table = self.layer.table(rows, [name for name in columns if name not in lacking])
        for name in lacking:
            table = table.append_column(name, pa.nulls(len(rows), known.field(name).type))
        return table.select(columns)


def overlay_of(layer: Layer, table: pa.Table, feature_ids: _Rows, areas: AreaSource | None = None) -> Layer:
    """Return edited features as a layer in memory that can lie over a version.

    Parameters
    ----------
    layer : Layer
        The version in force.
    table : pyarrow.Table
        Replaced and added rows. What they must hold was checked when they were edited; an empty field
        must not make a whole layer unreadable.
    feature_ids : ndarray of int64
        Id of each row.
    areas : AreaSource, optional
        What finds their divisions.

    Returns
    -------
    Layer

    Raises
    ------
    InvalidLayerError
        If a value is of another type than its column.
    InvalidGeometryError
        If a geometry is broken or of another kind.
    """
    schema = LayerSchema(layer.schema.name, layer.schema.geometry)
    for field in layer.arrow_schema:
        if field.name in table.column_names:
            place = table.column_names.index(field.name)
            try:
                column = table[field.name].cast(field.type)
            except pa.ArrowException as error:
                message = f"layer {schema.name!r}: an edited {field.name!r} is no {field.type}: {error}"
                raise InvalidLayerError(message) from error
            table = table.set_column(place, field, column)
    overlay = Layer.from_table(schema, table, feature_ids, resolutions=layer.resolutions, areas=areas)
    if schema.name != "grid":
        return overlay
    # A unit lies in itself; to look for its areas would need the very grid that is being laid.
    units = np.array([unit_id_of(grid_id) for grid_id in overlay.column("grid_id").to_pylist()], np.int64)
    every = np.arange(len(units) + 1, dtype=np.int32)
    return overlay.with_areas(every[:-1].astype(np.int64), (every, every[:-1], units), "")


def lay(
    layers: Sequence[tuple[Layer, _Rows]], scope: Scope, divisions: Divisions | None
) -> tuple[tuple[Stratum, ...], str]:
    """Return layers laid over one another within a scope, and a tag that names what the scope reaches.

    Parameters
    ----------
    layers : sequence of (Layer, ndarray of int64)
        Each with its hidden rows, ascending.
    scope : Scope
    divisions : Divisions or None
        The division tree; needed for a scope smaller than the whole city.

    Returns
    -------
    strata : tuple of Stratum
    tag : str
        Empty for the whole city.

    Raises
    ------
    ScopeError
        If a smaller scope comes without the division tree.
    """
    first = 0
    tag = ""
    strata: list[Stratum] = []
    for layer, hidden in layers:
        is_allowed = None
        if not scope.is_whole_city:
            if divisions is None:
                raise ScopeError(f"layer {layer.schema.name!r}: a limited scope needs the division tree")
            is_allowed = scope.contains(divisions.preorder_of(layer.area_ids))
            reach = is_allowed.tobytes() + layer.areas_as_of.encode()
            tag += "." + hashlib.blake2s(reach, digest_size=6).hexdigest()
        strata.append(Stratum(layer, first, hidden, is_allowed))
        first += layer.n_rows
    return tuple(strata), tag


def next_page(
    strata: Sequence[Stratum],
    after: int,
    limit: int,
    bbox: Box | None,
    filters: Mapping[str, pa.Scalar] | None,
) -> tuple[_Rows, int | None]:
    """Return the next visible positions, and what the page after them starts behind.

    Parameters
    ----------
    strata : sequence of Stratum
        Of one view, in order.
    after : int
        Position that the page before ended with; -1 at the beginning.
    limit : int
        How many at most.
    bbox : tuple of float or None
        Only rows that meet this closed box, degrees.
    filters : mapping of str to pyarrow.Scalar or None
        Only rows with these values.

    Returns
    -------
    positions : ndarray of int64, shape (k,)
    next_after : int or None
        None where nothing follows.
    """
    found = [np.empty(0, np.int64)]
    n_found = 0
    for stratum in strata:
        first_row = max(after + 1 - stratum.first_position, 0)
        for rows in stratum.runs(first_row, bbox, filters, limit + 1 - n_found):
            found.append(rows + stratum.first_position)
            n_found += len(rows)
            if n_found > limit:
                positions = np.concatenate(found)[:limit]
                return positions, int(positions[-1])
    return np.concatenate(found), None


def split(
    strata: Sequence[Stratum], positions: _Rows
) -> tuple[list[tuple[Stratum, _Rows]], NDArray[np.int64] | None]:
    """Return the rows that positions of a view mean in each stratum.

    Parameters
    ----------
    strata : sequence of Stratum
        Of one view, in order.
    positions : ndarray of int64, shape (k,)

    Returns
    -------
    pieces : list of (Stratum, ndarray of int64)
        Stratum and rows.
    order : ndarray of int64, shape (k,), or None
        Where each position stands in the pieces put together; None where they stand as they came.

    Raises
    ------
    UnknownFeatureError
        If a position lies outside the view, or its feature is hidden or out of scope.
    """
    positions = np.asarray(positions, dtype=np.int64)
    end = strata[-1].first_position + strata[-1].layer.n_rows
    if len(positions) and not (positions.min() >= 0 and positions.max() < end):
        raise UnknownFeatureError(f"positions run from 0 to {end - 1}; others came")
    firsts = np.array([stratum.first_position for stratum in strata[1:]], dtype=np.int64)
    owners = np.searchsorted(firsts, positions, side="right")
    pieces = []
    for place, stratum in enumerate(strata):
        rows = positions[owners == place] - stratum.first_position if len(firsts) else positions
        if not stratum.is_plain and len(stratum.visible(rows)) < len(rows):
            name = stratum.layer.schema.name
            raise UnknownFeatureError(f"layer {name!r}: a position that is hidden or out of scope came")
        pieces.append((stratum, rows))
    order = np.argsort(np.argsort(owners, kind="stable"), kind="stable") if len(firsts) else None
    return pieces, order


def box_around(strata: Sequence[Stratum]) -> Box | None:
    """Return the box around the visible rows of all strata.

    Parameters
    ----------
    strata : sequence of Stratum

    Returns
    -------
    tuple of float or None
        xmin, ymin, xmax, ymax, degrees; None where no visible row has a place. Whole strata have theirs
        ready, of others every visible row is looked at.
    """
    boxes = [box for stratum in strata if (box := stratum.bbox) is not None]
    if not boxes:
        return None
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return min(wests), min(souths), max(easts), max(norths)
