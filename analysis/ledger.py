"""The ledger of grid units and divisions (以图管网格台账): what lies in each, and what lies in none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from analysis.dwellings import BuildingAddresses, match_buildings
from analysis.headcount import Headcount
from analysis.outlines import outlines
from analysis.stands import holders, places_of, points_of
from analysis.walking import walk_lengths
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.boundaries import Measure
from twin.buffers import array_of
from twin.city import City
from twin.crs import working_crs
from twin.division_rows import LEVELS, in_force
from twin.errors import InvalidQueryError, UnknownDivisionError
from twin.grid_index import UNDECIDED
from twin.link_kinds import LINK_KINDS
from twin.links import AddressLinks, links_of
from twin.scope import WHOLE_CITY, Scope

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

NOWHERE = "未入网格 in no unit"
"""Name of the row that holds what lies in no unit or division of the level, so that the rows add up."""
COUNTS = ("addresses", "buildings", "dwellings", "people", "enterprises", "parts", "incidents")
MEASURES = ("area_m2", "walk_m")

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Holdings:
    """What is counted beside plain layers; make it by :meth:`of`, and keep it while the layers stand.

    Attributes
    ----------
    book : AddressBook or None
        The address base; None where the city has none yet.
    links : AddressLinks or None
        People, enterprises and others at addresses; None without links.
    homes : BuildingAddresses or None
        Which addresses stand at which building; None where either is missing.
    codes : dict of int to str
        Code of each division of the base by its address id.
    """

    book: AddressBook | None = None
    links: AddressLinks | None = None
    homes: BuildingAddresses | None = None
    codes: dict[int, str] | None = None

    @classmethod
    def of(cls, city: City) -> Holdings:
        """Return the holdings of a city as its layers stand; redrawing the grid does not change them.

        Parameters
        ----------
        city : City

        Returns
        -------
        Holdings
            A million addresses take some seconds.
        """
        if not city.has_layer(ADDRESS_BASE):
            return cls()
        view = city.layer(ADDRESS_BASE)
        links = links_of(city)
        book = links.book
        rows = view.take(view.positions(), ["feature_id", "level", "division_code"])
        is_division = rows["level"].to_numpy() < Level.GROUP
        codes = rows.filter(pa.array(is_division)).to_pylist()
        homes = None
        if city.has_layer("buildings"):
            homes = match_buildings(city.layer("buildings"), book, crs_of(city))
        named = {row["feature_id"]: row["division_code"] for row in codes if row["division_code"]}
        return cls(book, links if city.has_layer("links") else None, homes, named)


@dataclass(frozen=True, eq=False)
class Ledger:
    """One row for each unit or division of a level, then :data:`NOWHERE` (网格台账).

    Attributes
    ----------
    by : str
        Level: ``grid``, ``community``, ``subdistrict``, ``district`` or ``city``.
    table : pyarrow.Table, n + 1 rows
        ``key`` (``grid_id`` or code, empty in the last row), ``name``, :data:`COUNTS`, :data:`MEASURES`.
        Null where the city has nothing to count, and people where suppressed.
    total : pyarrow.Table, 1 row
        Sums of the rows; those of addresses, buildings, parts and incidents are the numbers of
        features that their layers show.
    """

    by: str
    table: pa.Table
    total: pa.Table

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a data frame, :data:`NOWHERE` last.

        Returns
        -------
        pandas.DataFrame
        """
        frame: pd.DataFrame = self.table.to_pandas()
        return frame

    def to_geodataframe(self, city: City) -> geopandas.GeoDataFrame:
        """Return the rows with the outlines of units and divisions as they are now.

        Parameters
        ----------
        city : City

        Returns
        -------
        geopandas.GeoDataFrame
            EPSG:4326, x = lon; :data:`NOWHERE` and divisions without boundary have no geometry.
        """
        import geopandas

        shapes = outlines(city, self.by, self.table["key"].to_pylist())
        return geopandas.GeoDataFrame(self.to_frame(), geometry=shapes, crs="EPSG:4326")

    def rounded(self) -> Ledger:
        """Return the ledger with areas to 0.1 m2 and lengths to 0.1 m, as surveyors write them.

        Returns
        -------
        Ledger
            The total is that of the rounded rows, so that they still add up.
        """
        table, total = self.table, self.total
        for name in MEASURES:
            values, place = pc.round(table[name], 1), table.column_names.index(name)
            table = table.set_column(place, name, values)
            summed = pa.array([pc.round(pc.sum(values), 1).as_py()], pa.float64())
            total = total.set_column(place, name, summed)
        return Ledger(self.by, table, total)

    def row(self, key: str) -> dict[str, object]:
        """Return one row.

        Parameters
        ----------
        key : str
            ``grid_id`` or code as the tree writes it.

        Returns
        -------
        dict

        Raises
        ------
        UnknownDivisionError
            If the ledger has no such row.
        """
        keys = self.table["key"].to_pylist()
        if not key or key not in keys:
            raise UnknownDivisionError(f"the ledger has no {self.by} {key!r}")
        row: dict[str, object] = self.table.slice(keys.index(key), 1).to_pylist()[0]
        return row


def ledger(
    city: City, by: str = "grid", *, scope: Scope = WHOLE_CITY, holdings: Holdings | None = None
) -> Ledger:
    """Return what lies in each grid unit, or each division of a level.

    Parameters
    ----------
    city : City
    by : str
        ``grid``, ``community``, ``subdistrict``, ``district`` or ``city``.
    scope : Scope
        What the caller may see: rows of others are left out, and so is what lies in no unit.
    holdings : Holdings, optional
        Made anew where not given.

    Returns
    -------
    Ledger

    Raises
    ------
    InvalidQueryError
        If there is no such level.

    Notes
    -----
    Each feature counts once, where its point is (:func:`analysis.stands.points_of`), by the exact index of
    the grid as it stands now. An address without a place of its own stands where its building or number
    does, one outside all units in the division that the base knows of. People and enterprises are distinct
    references within each unit on this day, and higher rows add units up: somebody with homes in two units
    counts in both. People from 1 to 4 are suppressed, and whatever would give them away by subtraction, from
    the total or from the ledger of another level (:class:`analysis.headcount.Headcount`). Areas and lengths
    are those of the working CRS.
    """
    rows = _Rows.of(city, by, scope)
    given = holdings or Holdings.of(city)
    columns: dict[str, pa.Array] = {"key": pa.array(rows.keys), "name": pa.array(rows.names)}
    counted: dict[str, _Ints | Headcount | None] = dict(_addresses(rows, city, given))
    counted |= {name: _features(rows, city, name) for name in ("buildings", "parts", "incidents")}
    totals: dict[str, pa.Array] = {"key": pa.array([""]), "name": pa.array(["合计 total"])}
    for name in COUNTS:
        counts = counted.get(name)
        if counts is None:
            columns[name], totals[name] = pa.nulls(rows.n, pa.int64()), pa.nulls(1, pa.int64())
        elif isinstance(counts, Headcount):
            columns[name], totals[name] = _told(counts, rows)
        else:
            columns[name], totals[name] = array_of(counts.astype(np.int64)), pa.array([int(counts.sum())])
    for name, values in (("area_m2", _areas_m2(rows, city)), ("walk_m", _walk_m(rows, city))):
        missing = pa.nulls(rows.n, pa.float64())
        columns[name] = missing if values is None else array_of(values)
        totals[name] = pa.array([None if values is None else float(values.sum())], pa.float64())
    return Ledger(by, pa.table(columns), pa.table(totals))


def crs_of(city: City) -> str:
    """Return the projected CRS in which a city is measured.

    Parameters
    ----------
    city : City

    Returns
    -------
    str
        That of its settings, else the zone of its extent.
    """
    box = city.frame.bbox
    if city.config.crs or box is None:
        return city.config.crs or "EPSG:4549"
    return working_crs((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a ledger and what stands in which; the last is for what stands in none."""

    city: City
    numbers: _Ints
    keys: list[str]
    names: list[str]
    scope: Scope

    @classmethod
    def of(cls, city: City, by: str, scope: Scope) -> _Rows:
        """Return the rows of a level, by key."""
        if by not in LEVELS:
            raise InvalidQueryError(f"by={by!r} came; wanted {', '.join(LEVELS)}")
        tree, level = city.divisions, LEVELS.index(by) + 1
        seen = scope.contains(np.arange(len(tree.nodes), dtype=np.int32))
        nodes = [
            (node.code, node.name, number)
            for number, node in enumerate(tree.nodes)
            if node.level == level and seen[number]
        ]
        nodes.sort()
        numbers = np.array([number for _, _, number in nodes], np.int64)
        keys, names = [code for code, _, _ in nodes], [name for _, name, _ in nodes]
        return cls(city, numbers, [*keys, ""], [*names, NOWHERE], scope)

    @property
    def n(self) -> int:
        return len(self.keys)

    def of_points(self, lon: _Floats, lat: _Floats) -> _Ints:
        """Return the number in the tree that each point lies in, -1 none."""
        assigner = self.city.area_assigner
        numbers = np.full(len(lon), -1)
        if assigner is not None and len(lon):
            offsets, values, ids = assigner.assign(lon, lat)
            is_in = offsets[1:] > offsets[:-1]
            numbers[is_in] = self.city.divisions.preorder_of(ids[values[offsets[:-1][is_in]]])
        return numbers

    def places(self, numbers: _Ints) -> _Ints:
        """Return the row of each number of the tree; what the caller may not see has none, -1."""
        rows = holders(self.city.divisions, numbers, self.numbers)
        if self.scope.is_whole_city:
            return rows
        return np.where(rows == len(self.numbers), -1, rows)

    def counts(self, places: _Ints) -> _Ints:
        return np.bincount(places[places >= 0], minlength=self.n)


def _features(rows: _Rows, city: City, name: str) -> _Ints | None:
    """Return how many features of a layer stand in each row."""
    if not city.has_layer(name):
        return None
    view = city.layer(name)
    positions, lon, lat = points_of(view)
    counts = rows.counts(rows.places(rows.of_points(lon, lat)))
    if rows.scope.is_whole_city:
        counts[-1] += view.count() - len(positions)
    return counts


def _addresses(rows: _Rows, city: City, given: Holdings) -> dict[str, _Ints | Headcount]:
    """Return addresses, dwellings, people and enterprises of each row, as far as the city knows of them."""
    book = given.book
    if book is None:
        counts = _features(rows, city, ADDRESSES)
        return {} if counts is None else {"addresses": counts}
    numbers = _numbers_of_book(rows, city, book, given.codes or {})
    places = rows.places(numbers)
    is_address = (book.levels >= Level.GROUP) & (book.n_records > 0)
    found: dict[str, _Ints | Headcount] = {
        "addresses": rows.counts(places[is_address]),
        "dwellings": rows.counts(places[book.levels == Level.DWELLING]),
    }
    if given.links is not None:
        every = given.links.in_force(np.arange(len(given.links)))
        tree, nodes = city.divisions, given.links.nodes[every]
        groups = Headcount.leaves(tree, np.append(numbers, -1)[nodes])
        by_kind = given.links.counts(every, groups, Headcount.n_leaves(tree))
        for name, kind in (("people", "person"), ("enterprises", "enterprise")):
            counts = by_kind[:, LINK_KINDS.index(kind)]
            found[name] = Headcount.of(tree, counts, suppresses=name == "people")
    return found


def _numbers_of_book(rows: _Rows, city: City, book: AddressBook, codes: dict[int, str]) -> _Ints:
    """Return the number in the tree of each address: by its place, else by the division that holds it."""
    numbers = rows.of_points(*places_of(book))
    tree = city.divisions
    of_division = np.full(len(book) + 1, -1)
    for position in np.flatnonzero(book.levels < Level.GROUP).tolist():
        code = codes.get(int(book.ids[position]), "")
        try:
            found = tree.current(code)
        except UnknownDivisionError:
            continue  # a division of the base that the city's tree does not know says nothing
        of_division[position] = tree.preorder_of(np.array([found.id]))[0]
    return np.where(numbers >= 0, numbers, of_division[book.divisions])


def _areas_m2(rows: _Rows, city: City) -> _Floats | None:
    """Return the area of each row: of the grid units below it, else of its own boundary."""
    if not city.has_layer("grid") and not city.has_layer("divisions"):
        return None
    measure, tree = Measure.of(crs_of(city)), city.divisions
    areas_m2 = np.zeros(rows.n)
    if city.has_layer("grid"):
        grid = city.layer("grid")
        positions = grid.positions()
        ids = grid.take(positions, ["grid_id"])["grid_id"].to_pylist()
        numbers = tree.preorder_of(np.array([tree.unit(one).id for one in ids], np.int64)).astype(np.int64)
        places = rows.places(numbers)
        sizes = np.nan_to_num(shapely.area(measure.metric(grid.geometries(positions))))
        np.add.at(areas_m2, places[places >= 0], sizes[places >= 0])
    if city.has_layer("divisions") and (areas_m2[:-1] == 0.0).any():
        view = city.layer("divisions")
        positions = view.positions()
        table = view.take(positions, ["code", "valid_from", "valid_to"])
        is_current = in_force(table, tree.as_of)
        sizes = np.nan_to_num(shapely.area(measure.metric(view.geometries(positions))))
        own = dict(
            zip(
                table["code"].filter(pa.array(is_current)).to_pylist(),
                sizes[is_current].tolist(),
                strict=True,
            )
        )
        for row in np.flatnonzero(areas_m2[:-1] == 0.0).tolist():
            areas_m2[row] = own.get(rows.keys[row], 0.0)
    return areas_m2


def _walk_m(rows: _Rows, city: City) -> _Floats | None:
    """Return the metres of walkable road in each row."""
    if not city.has_layer("roads"):
        return None
    borders = np.empty(0, dtype=object)
    has_grid = city.has_layer("grid")

    def _may_be_cut(boxes: _Floats) -> NDArray[np.bool_]:
        is_doubtful: NDArray[np.bool_] = city.grid_index.units_of_boxes(boxes) == UNDECIDED
        return is_doubtful

    if has_grid:
        borders = city.layer("grid").geometries(city.layer("grid").positions())
    elif city.has_layer("divisions"):
        borders = city.layer("divisions").geometries(city.layer("divisions").positions())
    numbers, pieces_m = walk_lengths(
        city.layer("roads"), borders, rows.of_points, crs_of(city), _may_be_cut if has_grid else None
    )
    places = rows.places(numbers)
    walk_m = np.zeros(rows.n)
    np.add.at(walk_m, places[places >= 0], pieces_m[places >= 0])
    return walk_m


def _told(counts: Headcount, rows: _Rows) -> tuple[pa.Array, pa.Array]:
    """Return the counts of the rows and their total; a limited caller hears nothing of other places."""
    told = counts.rows(rows.numbers)
    if rows.scope.is_whole_city:
        return told, pa.array([counts.total], pa.int64())
    seen = told.slice(0, rows.n - 1)
    total = None if seen.null_count else int(np.asarray(seen).sum())
    return pa.concat_arrays([seen, pa.array([0])]), pa.array([total], pa.int64())
