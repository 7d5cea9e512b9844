"""Any vector file onto a layer: what GDAL reads and text tables, plain or packed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from layers.columns import (
    ColumnPlan,
    cast_extras,
    cast_fields,
    check_mapping,
    inferred_fields,
    plan_columns,
)
from layers.coordinates import ROLES, CoordinateColumns, find_coordinates
from layers.delimited import read_delimited
from layers.delivery import Delivery, delivered
from layers.ledger import RowLedger
from layers.map_file import read_map_file
from layers.misfit import Trusted
from layers.personal import TOLD_BY_PEOPLE, cut_persons
from layers.places import PlaceRules, Places, places_of_columns, places_of_shapes
from layers.report import ReadResult
from layers.shapes import family_of, shapes_of_wkt
from layers.source_table import SourceTable
from layers.values import clean_text
from twin.errors import ImportRefusedError
from twin.frame import CityFrame
from twin.schema import Geometry, LayerSchema

FOUND_OTHERWISE = frozenset({"addresses", "divisions", "incidents"})
"""Layers whose features are found by text or code too, so a whole file may come without places."""

RowCheck = Callable[[pa.Table, RowLedger], None]
"""Looks at the rows of a layer table and tells the ledger, which has one entry a row."""

_EXCHANGED = {"x": "y", "y": "x"}


def read_vector(
    path: Path,
    schema: LayerSchema | str,
    *,
    crs: str | None = None,
    columns: Mapping[str, str] | None = None,
    city: CityFrame,
    trusted: Trusted | None = None,
    check: RowCheck | None = None,
    withholds: bool = False,
    repairs: bool = True,
    known_places: Collection[str] = (),
) -> ReadResult:
    r"""Return one layer read from a vector file, every row accounted for in its report.

    Rows that cannot be right are rejected one by one; a file that cannot be right is
    refused as a whole. Nothing is written.

    Parameters
    ----------
    path : Path
        GeoJSON, GeoPackage, Shapefile, FlatGeobuf, GML, KML, CSV or TSV, plain or
        packed as ``.gz`` or ``.zip``. Text is UTF-8, UTF-16 or GB18030 (GBK).
    schema : LayerSchema or str
        A declared layer, or the name of a free one, whose fields are those of the file.
    crs : str, optional
        ``wgs84``, ``gcj02``, ``bd09`` or ``EPSG:n``. Without it the file's own CRS is
        taken, and where it has none, the one that its numbers leave.
    columns : mapping of str to str, optional
        Our field -> theirs. Coordinates of text tables are ``lon`` and ``lat``, ``x`` and
        ``y``, or ``wkt``; ``crs`` names the CRS of each row. For map files ``x=y, y=x`` exchanges the
        axes. ``key`` names the key of a free layer.
    city : CityFrame
        Where the city lies.
    trusted : Trusted, optional
        Buildings and roads whose place is known; they let a GCJ-02 shift be seen in points
        and, by the roads, in polygons.
    check : callable, optional
        Given all rows and their ledger before the rejected ones are left out, to reject or speak of more.
    withholds : bool
        Whether the report never shows what came, because it may be personal.
    repairs : bool
        Whether polygons that cross themselves are repaired; otherwise they stay as they were drawn.
    known_places : collection of str
        Names of places, that nobody may take for persons: what tells of those in addresses and incidents
        is cut out.

    Returns
    -------
    ReadResult
        Geometry in lon, lat degrees, WGS 84. Features of point layers with a key and divisions
        may be without one.

    Raises
    ------
    ImportRefusedError
        If the file is cut off, not what it says, in an unknown encoding or CRS, in another
        CRS than declared, outside the city, misses a required column, or has no row to take.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from twin.schema import DECLARED
    >>> frame = CityFrame("丽州市", "EPSG:4549")
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "parts.csv"
    ...     rows = "编号,经度,纬度\n7,120.1,28.9\n8,28.9,120.1\n9,120.2,28.9\n"
    ...     _ = path.write_text(rows, encoding="gbk")
    ...     result = read_vector(path, DECLARED["parts"], columns={"part_id": "编号"}, city=frame)
    >>> result.table["part_id"].to_pylist()
    ['7', '9']
    >>> result.report.rejections[0].reason
    'has its two coordinates exchanged (坐标颠倒): row rejected'
    """
    with delivered(path) as delivery:
        source, where = _read(delivery, schema, columns or {})
    name = schema if isinstance(schema, str) else schema.name
    ledger = RowLedger(
        source.numbers, source.broken, withholds=withholds, hides_persons=name in TOLD_BY_PEOPLE
    )
    ledger.note(*delivery.notes, *source.notes)
    is_exchanged = _asks_to_exchange(source, columns or {})
    fields = _field_mapping(source, columns or {}, is_exchanged=is_exchanged)
    layer, plan = _planned(schema, source, where, fields, delivery.name)
    ledger.note(*plan.notes)
    places = Places(pa.nulls(len(source.numbers), pa.binary()), "")
    if layer.geometry != "none":
        rules = PlaceRules(delivery.name, layer.geometry, _may_lack_place(layer), crs, city, trusted, repairs)
        if source.shapes is not None:
            places = places_of_shapes(source, where.wkt or "geometry", rules, ledger, exchanged=is_exchanged)
        elif where.exist and layer.geometry != "point":
            _speak_of_points(layer, where, ledger)
        elif where.exist:
            places = places_of_columns(source, where, rules, ledger)
        else:
            ledger.note(_without_places(layer, source, delivery.name))
    arrays = cast_fields(source, plan, layer, ledger) | cast_extras(source, plan, ledger)
    arrays = cut_persons(arrays, layer, plan, ledger, known_places)
    if layer.geometry != "none":
        arrays["geometry"] = places.wkb
    table = pa.table(arrays)
    if check is not None and ledger.n_taken:
        check(table, ledger)
    if not ledger.n_taken:
        raise ImportRefusedError(
            f"{delivery.name}: none of its {ledger.n_read:,} rows can be taken; {ledger.first_reason()}"
        )
    report = ledger.report(delivery.name, delivery.sha256, places.crs)
    row_numbers = np.flatnonzero(ledger.is_taken) + 1
    return ReadResult(layer, table.filter(pa.array(ledger.is_taken)), report, row_numbers)


def _read(
    delivery: Delivery, schema: LayerSchema | str, columns: Mapping[str, str]
) -> tuple[SourceTable, CoordinateColumns]:
    """Return the rows of a file and where its coordinates stand; well-known text is read as shapes."""
    if delivery.kind != "text":
        name = schema if isinstance(schema, str) else schema.name
        return read_map_file(delivery, name), CoordinateColumns()
    source = read_delimited(delivery)
    if isinstance(schema, LayerSchema) and schema.geometry == "none":
        return source, CoordinateColumns()
    check_mapping(columns, source.columns.column_names, delivery.name)
    where = find_coordinates(source.columns, columns, delivery.name)
    if where.wkt:
        shapes, unread, crs = shapes_of_wkt(clean_text(source.columns[where.wkt])[0])
        source = replace(source, shapes=shapes, unread=unread, crs=crs)
    return source, where


def _asks_to_exchange(source: SourceTable, columns: Mapping[str, str]) -> bool:
    """Return whether the mapping exchanges the axes of a map file."""
    return source.shapes is not None and columns.items() >= _EXCHANGED.items()


def _field_mapping(source: SourceTable, columns: Mapping[str, str], *, is_exchanged: bool) -> dict[str, str]:
    """Return the mapping without what it says about coordinates."""
    roles = set(ROLES if source.is_text else ()) | set(_EXCHANGED if is_exchanged else ())
    return {ours: theirs for ours, theirs in columns.items() if ours not in roles}


def _planned(
    schema: LayerSchema | str,
    source: SourceTable,
    where: CoordinateColumns,
    fields: Mapping[str, str],
    name: str,
) -> tuple[LayerSchema, ColumnPlan]:
    """Return the layer and which column becomes which field; a free layer takes the fields of the file."""
    names = source.columns.column_names
    check_mapping(fields, names, name)
    if isinstance(schema, LayerSchema):
        return schema, plan_columns(names, schema, fields, where.names, name)
    family: Geometry = "point" if where.x else "none"
    if source.shapes is not None:
        family = family_of(source.shapes)
    renamed = {ours: theirs for ours, theirs in fields.items() if ours != "key"}
    plan = plan_columns(names, LayerSchema(schema, family), renamed, where.names, name)
    key = next((ours for ours, theirs in plan.extras.items() if theirs == fields.get("key")), "")
    layer = LayerSchema(schema, family, key, schema, schema, inferred_fields(source, plan.extras))
    said = () if family != "none" else ("no coordinates recognised: a layer without a map",)
    return layer, ColumnPlan(plan.extras, {}, (*plan.notes, *said))


def _may_lack_place(schema: LayerSchema) -> bool:
    """Return whether a single feature of the layer may be without a place: it can be found by its key."""
    return schema.name in FOUND_OTHERWISE or (schema.geometry == "point" and bool(schema.key))


def _speak_of_points(layer: LayerSchema, where: CoordinateColumns, ledger: RowLedger) -> None:
    """Leave out the points of a text table where the layer holds something else."""
    field = where.x if where.x == where.y else f"{where.x}, {where.y}"
    if _may_lack_place(layer):
        ledger.note(
            f"columns {field} are points, {layer.name} holds {layer.geometry}s: taken without a place"
        )
        return
    reason = f"is no {layer.geometry}, which is what layer {layer.name} holds: row rejected"
    suggestion = "send shapes, as a map file or with --map wkt=COLUMN, or choose another --layer"
    ledger.reject(ledger.is_taken.copy(), field, "a point", reason, suggestion)


def _without_places(layer: LayerSchema, source: SourceTable, name: str) -> str:
    """Return what to say of a table without coordinates; refuse it where features are found by place only."""
    among = f"among {', '.join(source.columns.column_names[:20])}"
    if layer.name in FOUND_OTHERWISE:
        return f"no coordinates recognised {among}: all rows are taken without a place"
    options = "--map lon=COLUMN --map lat=COLUMN" if layer.geometry == "point" else "--map wkt=COLUMN"
    raise ImportRefusedError(
        f"{name} has no coordinates that are recognised {among}; name them with {options}"
    )
