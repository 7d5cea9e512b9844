"""``twin rollup``: a department's table onto the map, by area; out come tables, a layer and a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from analysis.placement import PlaceColumns
from analysis.rollup import Measures, RollUp, rollup
from api.outputs import refuse_overwriting
from api.trusted import trusted_features
from layers.department_table import DepartmentTable, read_department_table
from layers.place_notes import place_notes
from tiles.choropleth import Caption, choropleth
from twin.catalog import Provenance
from twin.city import City
from twin.durable import DurableFile
from twin.errors import ImportRefusedError, StorageError, UnknownFieldError
from twin.schema import DECLARED, Field, FieldType, LayerSchema
from twin.scope import WHOLE_CITY, Scope

READER = "rollup"
"""What the provenance of a layer says that came of a roll-up; such a layer may be replaced by another."""
UNPLACED_KEY = "unplaced"


@dataclass(frozen=True, slots=True)
class RollUpRequest:
    """One roll-up as it was asked for.

    Parameters
    ----------
    table : Path
    by : str
        Level name or ``h3:`` and a resolution.
    columns : PlaceColumns
    measures : Measures
    title : str
        Of the layer and the picture; by default the name of the file, and on the picture what it shows.
    shows : str
        Column that the picture shows, such as ``sum_kwh``; by default the first sum, else mean, else count.
    unit : str
        Of what the picture shows.
    """

    table: Path
    by: str
    columns: PlaceColumns
    measures: Measures
    title: str = ""
    shows: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class RollUpOutcome:
    """What became of a table.

    Parameters
    ----------
    rows, placed, unplaced : int
    beside : int
        Of the placed ones, those whose text means a place beside the address it names (旁边、对面).
    areas : int
        Areas in the answer.
    totals : dict
        Count and sums of the whole table; None where suppressed.
    layer : str
        Layer that was stored, empty where none.
    notes : tuple of str
        What was recognised in the file.
    reasons : dict of str to int
        Why rows were not placed, and how many.
    """

    rows: int
    placed: int
    beside: int
    unplaced: int
    areas: int
    totals: dict[str, object]
    layer: str
    notes: tuple[str, ...]
    reasons: dict[str, int]


def roll_up_file(
    city: City,
    request: RollUpRequest,
    output: Path,
    *,
    layer: str = "",
    picture: Path | None = None,
    placed: Path | None = None,
    scope: Scope = WHOLE_CITY,
) -> RollUpOutcome:
    """Place a department's table, roll it up, and write what was asked for.

    Parameters
    ----------
    city : City
    request : RollUpRequest
    output : Path
        CSV of the areas: key, name, count, sums and means; the last row holds what could not be placed.
    layer : str
        Name of a polygon layer to store, empty for none.
    picture : Path, optional
        PNG to draw.
    placed : Path, optional
        CSV of how each row was placed, or why not.
    scope : Scope
        What the caller may see.

    Returns
    -------
    RollUpOutcome

    Raises
    ------
    ImportRefusedError
        If the table cannot be read or would be written over, or a layer of that name came of something else.
    InvalidQueryError, UnknownFieldError
        If the question cannot be asked of the table; nothing is written then.
    StorageError
        If a file or the layer cannot be written.
    """
    refuse_overwriting(request.table, [output, placed, picture])
    columns = request.columns
    city.config.refuse_conversion(columns.crs)
    measured = dict.fromkeys((*request.measures.sums, *request.measures.means))
    table = read_department_table(request.table, lon=columns.lon, lat=columns.lat, measures=tuple(measured))
    if columns.lon:
        table = with_place_notes(city, table, columns)
    if layer:
        refuse_layer(city, layer)
    found = rollup(city, table.rows, request.by, columns, request.measures, scope=scope)
    drawn = picture_of(found, request) if picture is not None else b""
    if layer:
        store_layer(city, layer, found, request.title or request.table.stem, request.table.name)
    _write(output, lambda file: write_csv(found.table, file))
    if placed is not None:
        _write(placed, lambda file: write_csv(placed_rows(found, table), file))
    if picture is not None:
        _write(picture, lambda file: file.write(drawn))
    return outcome_of(found, table, layer)


def with_place_notes(city: City, table: DepartmentTable, columns: PlaceColumns) -> DepartmentTable:
    """Return a table with notes on coordinates outside the city and on a shift that nobody declared.

    Parameters
    ----------
    city : City
    table : DepartmentTable
    columns : PlaceColumns
        With coordinates.

    Returns
    -------
    DepartmentTable
        The same rows.
    """
    x, y = _floats(table.rows[columns.lon]), _floats(table.rows[columns.lat])
    said = place_notes(x, y, columns.crs, city.frame, trusted_features(city))
    return replace(table, notes=(*table.notes, *said))


def outcome_of(found: RollUp, table: DepartmentTable, layer: str = "") -> RollUpOutcome:
    """Return what to tell of a roll-up.

    Parameters
    ----------
    found : RollUp
    table : DepartmentTable
        What was rolled up.
    layer : str
        Layer that was stored.

    Returns
    -------
    RollUpOutcome
    """
    n_rows, n_unplaced = len(found.areas), found.n_unplaced
    said, counts = np.unique(found.placement.reasons[found.placement.reasons != ""], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    totals = {name: found.total[name][0].as_py() for name in found.total.column_names}
    return RollUpOutcome(
        n_rows,
        n_rows - n_unplaced,
        int((found.placement.is_beside & (found.areas < found.table.num_rows - 1)).sum()),
        n_unplaced,
        found.table.num_rows - 1,
        totals,
        layer,
        table.notes,
        {str(said[place]): int(counts[place]) for place in order.tolist()},
    )


def placed_rows(found: RollUp, table: DepartmentTable) -> pa.Table:
    """Return how each row of a file was placed, under its number in the file.

    Parameters
    ----------
    found : RollUp
    table : DepartmentTable

    Returns
    -------
    pyarrow.Table
    """
    rows = found.placed_table()
    broken = np.arange(len(table.numbers)) >= len(table.numbers) - table.n_broken
    reasons = np.where(broken, "could not be split into columns", found.placement.reasons)
    rows = rows.set_column(0, "row", pa.array(table.numbers))
    place = rows.column_names.index("reason")
    return rows.set_column(place, "reason", pa.array(reasons.tolist(), pa.string()))


def write_csv(table: pa.Table, file: DurableFile) -> None:
    """Write a table as CSV (UTF-8 with BOM) that spreadsheet programs open with its Chinese intact.

    Parameters
    ----------
    table : pyarrow.Table
    file : DurableFile
    """
    for block in csv_blocks(table):
        file.write(block)


def csv_blocks(table: pa.Table, block_rows: int = 50_000) -> Iterator[bytes]:
    """Yield a table as CSV (UTF-8 with BOM), some rows at a time.

    Parameters
    ----------
    table : pyarrow.Table
    block_rows : int

    Yields
    ------
    bytes
    """
    codec = "utf-8-sig"
    for start in range(0, max(table.num_rows, 1), block_rows):
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        if not start:
            writer.writerow(table.column_names)
        columns = table.slice(start, block_rows).columns
        writer.writerows(zip(*(column.to_pylist() for column in columns), strict=True))
        yield text.getvalue().encode(codec)
        codec = "utf-8"


def picture_of(found: RollUp, request: RollUpRequest) -> bytes:
    """Return the picture of a roll-up.

    Parameters
    ----------
    found : RollUp
    request : RollUpRequest

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    UnknownFieldError
        If the column to show is none of the answer.
    """
    measures = request.measures
    first = [
        *(f"sum_{name}" for name in measures.sums),
        *(f"mean_{name}" for name in measures.means),
        "count",
    ]
    shows = request.shows or first[0]
    if shows not in found.total.column_names:
        known = ", ".join(found.total.column_names)
        raise UnknownFieldError(f"the roll-up has no column {shows!r} to show; it has {known}")
    title = title_of(request.table.stem, shows, found.by)
    caption = Caption(request.title or title, request.unit, found.table["count"][-1].as_py())
    return choropleth(found.geometry, _floats(found.table[shows])[:-1], caption)


_AREAS = {
    "city": "全市",
    "district": "各区县",
    "subdistrict": "各乡镇街道",
    "community": "各社区、村",
    "grid": "各网格",
}


def title_of(name: str, shows: str, by: str) -> str:
    """Return what a picture is called where nobody gave it a title: what is shown, by which areas.

    Parameters
    ----------
    name : str
        Of the table.
    shows : str
        Column of the answer.
    by : str
        Level name or ``h3:`` and a resolution.

    Returns
    -------
    str

    Examples
    --------
    >>> title_of("energy", "sum_kwh", "community")
    'energy 各社区、村kwh合计 (sum_kwh by community)'
    >>> title_of("permits", "count", "h3:9")
    'permits 各六边形记录数 (count by h3:9)'
    """
    kind, _, column = shows.partition("_")
    measure = {"sum": f"{column}合计", "mean": f"{column}平均"}.get(kind, "记录数")
    return f"{name} {_AREAS.get(by, '各六边形')}{measure} ({shows} by {by})"


def refuse_layer(city: City, name: str) -> None:
    """Refuse a layer name under which something else than a roll-up stands.

    Parameters
    ----------
    city : City
    name : str

    Raises
    ------
    ImportRefusedError
        Naming the layer.
    """
    if name in DECLARED:
        raise ImportRefusedError(f"--layer {name} is a layer of the city itself; choose another name")
    if city.has_layer(name) and city.store.current(name).provenance.reader != READER:
        raise ImportRefusedError(f"layer {name!r} did not come of a roll-up; choose another name")


def store_layer(city: City, name: str, found: RollUp, title: str, source: str) -> None:
    """Store the areas with their values as a layer, so that tiles and the map show them.

    Parameters
    ----------
    city : City
    name : str
        Layer name.
    found : RollUp
    title : str
        What people call the layer.
    source : str
        File that was rolled up.

    Raises
    ------
    InvalidLayerError
        If the name is no identifier.
    StorageError
        If the layer cannot be written.
    """
    table = found.table
    keys = table["key"].to_pylist()[:-1]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"key": pa.array([*keys, UNPLACED_KEY])}
    columns |= {one: table[one] for one in table.column_names if one != "key"}
    fields = [Field(one, _field_type(column.type), one) for one, column in columns.items()]
    shapes = np.append(found.geometry, np.array([None], dtype=object))
    columns["geometry"] = pa.array(shapely.to_wkb(shapes), pa.binary())
    schema = LayerSchema(name, "polygon", "key", title, title, tuple(fields))
    with city.writing():
        provenance = Provenance((source,), ("",), READER)
        city.store.put(
            schema,
            pa.table(columns),
            provenance=provenance,
            resolutions=city.config.resolutions,
            areas=city.area_assigner,
        )
    city.forget(name)


def _field_type(kind: pa.DataType) -> FieldType:
    if pa.types.is_integer(kind):
        return "int64"
    return "string" if pa.types.is_string(kind) else "float64"


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    floats: NDArray[np.float64] = column.cast(pa.float64()).fill_null(np.nan).to_numpy()
    return floats


def _write(path: Path, write: Callable[[DurableFile], object]) -> None:
    try:
        with DurableFile(path) as file:
            write(file)
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror}") from error
