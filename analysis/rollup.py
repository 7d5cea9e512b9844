"""Any department's table rolled up by area (部门业务数据空间化): counts, sums and means that add up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analysis.measures import means_by_group, sums_by_group
from analysis.outlines import outlines
from analysis.placement import HOW, Atlas, PlaceColumns, Placement, finder_of
from analysis.stands import holders
from analysis.suppression import suppress_small_counts
from twin.buffers import array_of
from twin.cells import boundaries, cells_of, to_hex
from twin.city import City
from twin.division_rows import LEVELS
from twin.divisions import DivisionTree
from twin.errors import InvalidQueryError, UnknownFieldError
from twin.scope import WHOLE_CITY, Scope

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

UNPLACED = "未落图 could not be placed"
"""Name of the row that holds what has no area, so that the rows add up to the table."""
_CELLS = "h3:"
_OUTSIDE = "lies outside what the caller may see"
_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measures:
    """What is worked out for each area beside the number of rows.

    Parameters
    ----------
    sums, means : tuple of str
        Number columns of the table.
    suppresses : bool
        Whether rows are people: counts of 1 to 4 are taken out then, with what would give them away.
    """

    sums: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    suppresses: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RollUp:
    """A table by area (汇总结果).

    Attributes
    ----------
    by : str
        Level name, or ``h3:`` and a resolution.
    table : pyarrow.Table, n_areas + 1 rows
        ``key`` (code, grid id, cell), ``name``, ``count``, ``sum_*``, ``mean_*``; areas by key, then
        :data:`UNPLACED` with an empty key. Null where suppressed, means also where nothing counts.
    total : pyarrow.Table, 1 row
        The same of the whole table: counts and sums of the rows add up to it.
    geometry : ndarray of shapely geometry, shape (n_areas,)
        lon, lat degrees; None where an area has no boundary.
    placement : Placement
        Of each row of the table that came.
    areas : ndarray of int64, shape (n,)
        Row of ``table`` that each row was counted in.
    """

    by: str
    table: pa.Table
    total: pa.Table
    geometry: NDArray[np.object_]
    placement: Placement
    areas: _Ints

    @property
    def n_unplaced(self) -> int:
        """Rows of the table that came without an area."""
        return int((self.areas == self.table.num_rows - 1).sum())

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a data frame, :data:`UNPLACED` last.

        Returns
        -------
        pandas.DataFrame
        """
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return the rows with the outlines of their areas.

        Returns
        -------
        geopandas.GeoDataFrame
            EPSG:4326, x = lon; :data:`UNPLACED` has no geometry.
        """
        import geopandas

        shapes = [*self.geometry.tolist(), None]
        return geopandas.GeoDataFrame(self.to_frame(), geometry=shapes, crs="EPSG:4326")

    def placed_table(self) -> pa.Table:
        """Return how each row of the table that came was placed.

        Returns
        -------
        pyarrow.Table
            ``row`` (from 1), ``key`` of its area, ``how``, ``score``, ``lon``, ``lat``, ``reason``.
        """
        placed = self.placement
        score, lon, lat = (
            pa.array(values, mask=np.isnan(values)) for values in (placed.scores, placed.lon, placed.lat)
        )
        return pa.table(
            {
                "row": np.arange(1, len(self.areas) + 1),
                "key": self.table["key"].take(array_of(self.areas)),
                "how": pa.array(HOW).take(pa.array(placed.how)),
                "score": score,
                "lon": lon,
                "lat": lat,
                "reason": pa.array(placed.reasons.tolist(), pa.string()),
            }
        )


def rollup(
    city: City,
    table: pa.Table | pd.DataFrame,
    by: str,
    columns: PlaceColumns,
    measures: Measures | None = None,
    *,
    scope: Scope = WHOLE_CITY,
) -> RollUp:
    """Return a table counted, summed and averaged by the areas of a city.

    Parameters
    ----------
    city : City
    table : pyarrow.Table or pandas.DataFrame, n rows
        Any columns; those that are summed must hold numbers.
    by : str
        ``city``, ``district``, ``subdistrict``, ``community``, ``grid``, or ``h3:9``: cells of a resolution.
    columns : PlaceColumns
        What places a row; addresses are found in the address base of the city.
    measures : Measures, optional
        What is worked out beside the number of rows.
    scope : Scope
        What the caller may see: rows elsewhere count as not placed.

    Returns
    -------
    RollUp

    Raises
    ------
    InvalidQueryError
        If ``by`` is no level or resolution, or a column cannot be summed.
    UnknownFieldError
        If the table lacks a column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from twin.config import CityConfig
    >>> from twin.schema import DECLARED
    >>> with City.create(Path(tempfile.mkdtemp()) / "new.city", CityConfig("丽州市")) as city:
    ...     import shapely
    ...     square = shapely.to_wkb(shapely.box(120.0, 28.8, 120.1, 28.9))
    ...     _ = city.store.put(DECLARED["grid"], pa.table({"grid_id": ["A-1"], "geometry": [square]}))
    ...     permits = pa.table({"x": [120.05, 121.0], "y": [28.85, 28.85], "m2": [70, 30]})
    ...     found = rollup(city, permits, "grid", PlaceColumns("x", "y"), Measures(sums=("m2",)))
    >>> found.table.select(["key", "count", "sum_m2"]).to_pylist()
    [{'key': 'A-1', 'count': 1, 'sum_m2': 70}, {'key': '', 'count': 1, 'sum_m2': 30}]
    """
    if not isinstance(table, pa.Table):
        table = pa.Table.from_pandas(table, preserve_index=False)
    geocode = finder_of(city, scope, columns.as_of) if columns.text else None
    placement = Atlas(city.divisions, city.area_assigner, geocode).place(table, columns)
    return by_area(city, table, by, placement, measures or Measures(), scope=scope)


def by_area(
    city: City,
    table: pa.Table,
    by: str,
    placement: Placement,
    measures: Measures,
    *,
    scope: Scope = WHOLE_CITY,
) -> RollUp:
    """Return the same of a table whose rows are placed already.

    Parameters
    ----------
    city, table, by, measures, scope
        As for :func:`rollup`.
    placement : Placement, n rows

    Returns
    -------
    RollUp

    Raises
    ------
    InvalidQueryError, UnknownFieldError
        As :func:`rollup` does.
    """
    for name in (*measures.sums, *measures.means):
        if name not in table.column_names:
            known = ", ".join(table.column_names[:20])
            raise UnknownFieldError(f"the table has no column {name!r} to work out; it has {known}")
    tree = city.divisions
    placement = replace(placement, reasons=placement.reasons.copy())
    is_seen = (placement.how > 0) & (scope.contains(placement.numbers.astype(np.int32)))
    placement.reasons[(placement.how > 0) & ~is_seen] = _OUTSIDE
    if by.startswith(_CELLS):
        areas = _cells(by, placement, is_seen)
    else:
        areas = _divisions(city, tree, by, placement, is_seen, scope)
    rows, total = _worked_out(table, areas, measures)
    return RollUp(by, rows, total, areas.geometry, placement, areas.of_rows)


@dataclass(frozen=True, slots=True)
class _Areas:
    """The areas of an answer, and which of them each row is in; the number after the last for none."""

    keys: list[str]
    names: list[str]
    geometry: NDArray[np.object_]
    of_rows: _Ints = field(default_factory=lambda: np.empty(0, np.int64))


def _cells(by: str, placement: Placement, is_seen: NDArray[np.bool_]) -> _Areas:
    """Return the H3 cells that rows lie in."""
    text = by.removeprefix(_CELLS)
    if not (text.isdecimal() and int(text) in range(16)):
        raise InvalidQueryError(f"by={by!r} came; wanted h3: and a resolution from 0 to 15")
    has_place = is_seen & np.isfinite(placement.lon)
    cells = cells_of(placement.lon[has_place], placement.lat[has_place], int(text))
    distinct, place = np.unique(cells, return_inverse=True)
    of_rows = np.full(len(is_seen), len(distinct))
    of_rows[has_place] = place
    placement.reasons[is_seen & ~has_place] = "only its area is known, not its place"
    keys = to_hex(distinct).tolist()
    return _Areas(keys, keys, boundaries(distinct), of_rows)


def _divisions(
    city: City,
    tree: DivisionTree,
    by: str,
    placement: Placement,
    is_seen: NDArray[np.bool_],
    scope: Scope,
) -> _Areas:
    """Return the divisions or grid units of a level, by key, and which of them each row is in."""
    if by not in LEVELS:
        raise InvalidQueryError(f"by={by!r} came; wanted {', '.join(LEVELS)} or h3: and a resolution")
    level = LEVELS.index(by) + 1
    levels = np.array([node.level for node in tree.nodes], np.int64)
    every = np.flatnonzero(levels == level)
    numbers = every[scope.contains(every.astype(np.int32))]
    numbers = np.array(sorted(numbers.tolist(), key=lambda number: tree.nodes[number].code), np.int64)
    placed = np.where(is_seen, placement.numbers, -1)
    of_rows = holders(tree, placed, numbers)
    is_lost = is_seen & (of_rows == len(numbers))
    is_coarse = is_lost & (holders(tree, placed, every) == len(every))
    placement.reasons[is_lost] = _OUTSIDE
    placement.reasons[is_coarse] = f"only a division above the level {by} is known"
    codes = [tree.nodes[number].code for number in numbers.tolist()]
    names = [tree.nodes[number].name or tree.nodes[number].code for number in numbers.tolist()]
    return _Areas(codes, names, outlines(city, by, codes), of_rows)


def _worked_out(table: pa.Table, areas: _Areas, measures: Measures) -> tuple[pa.Table, pa.Table]:
    """Return counts, sums and means of the areas and of what has none, and of all."""
    n = len(areas.keys) + 1
    counts = np.bincount(areas.of_rows, minlength=n)
    everything = np.zeros(table.num_rows, np.int64)
    columns: dict[str, pa.Array] = {"count": array_of(counts)}
    of_all: dict[str, pa.Array] = {"count": pa.array([table.num_rows])}
    for found, groups, n_groups in ((columns, areas.of_rows, n), (of_all, everything, 1)):
        summed = dict.fromkeys((*measures.sums, *measures.means))
        sums = {column: sums_by_group(table[column], groups, n_groups) for column in summed}
        found |= {f"sum_{column}": sums[column] for column in measures.sums}
        found |= {
            f"mean_{column}": means_by_group(table[column], groups, n_groups, sums[column])
            for column in measures.means
        }
    if measures.suppresses:
        sums_to = np.append(np.full(n, n), -1)
        is_hidden = (
            suppress_small_counts(np.append(counts, table.num_rows), sums_to)
            .is_null()
            .to_numpy(zero_copy_only=False)
        )
        columns = {name: _without(values, is_hidden[:-1]) for name, values in columns.items()}
        of_all = {name: _without(values, is_hidden[-1:]) for name, values in of_all.items()}
    rows = {"key": pa.array([*areas.keys, ""]), "name": pa.array([*areas.names, UNPLACED])}
    return pa.table(rows | columns), pa.table(of_all)


def _without(values: pa.Array, is_hidden: NDArray[np.bool_]) -> pa.Array:
    """Return values with the marked ones taken out."""
    kept = np.where(is_hidden, -1, np.arange(len(values)))
    return values.take(pa.array(kept, mask=is_hidden))
