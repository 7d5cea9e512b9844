"""The geometry of every row in lon, lat: read, put into the right CRS, checked to lie in the city."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from layers.coordinates import CoordinateColumns, split_pairs
from layers.ledger import RowLedger
from layers.misfit import Trusted
from layers.placement import Fault, Placement
from layers.placing import Claims, settle
from layers.shapes import Shapes, cleaned, moved, point_wkb
from layers.source_table import SourceTable
from layers.values import clean_text, degrees
from twin.crs import parse_crs
from twin.errors import InvalidCRSError
from twin.frame import CityFrame
from twin.schema import Geometry

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlaceRules:
    """What is asked of the places of a file.

    Parameters
    ----------
    name : str
        What to call the file in messages.
    family : {"point", "line", "polygon"}
        What the layer holds.
    is_optional : bool
        Whether a row may be without a place.
    asked_crs : str, optional
        The CRS that the person importing named.
    frame : CityFrame
        Where the city lies.
    trusted : Trusted, optional
        As for ``placing.settle``.
    repairs : bool
        Whether polygons that cross themselves are repaired.
    """

    name: str
    family: Geometry
    is_optional: bool
    asked_crs: str | None
    frame: CityFrame
    trusted: Trusted | None = None
    repairs: bool = True


@dataclass(frozen=True, slots=True)
class Places:
    """Geometry of every row and the CRS it came in.

    Parameters
    ----------
    wkb : pyarrow.Array of binary, shape (n,)
        lon, lat degrees, WGS 84; null for rows without a place and for rejected ones.
    crs : str
        Names of the CRS, ``, `` between several.
    """

    wkb: pa.Array
    crs: str


def places_of_columns(
    source: SourceTable, columns: CoordinateColumns, rules: PlaceRules, ledger: RowLedger
) -> Places:
    """Return the points of a text table whose coordinates stand in two columns or one.

    Parameters
    ----------
    source : SourceTable
    columns : CoordinateColumns
        With ``x``.
    rules : PlaceRules
    ledger : RowLedger
        Told of every row without a place, with half of one, or with a wrong one.

    Returns
    -------
    Places

    Raises
    ------
    ImportRefusedError
        If the CRS cannot be settled.
    """
    field = columns.x if columns.x == columns.y else f"{columns.x}, {columns.y}"
    first, second = (clean_text(source.columns[name])[0] for name in (columns.x, columns.y))
    if columns.x == columns.y:
        first, second = split_pairs(first)
    came = pc.binary_join_element_wise(first, second, ", ", null_handling="replace")
    x = _axis(first, "lon" if columns.is_lonlat else None, field, came, ledger)
    y = _axis(second, "lat" if columns.is_lonlat else None, field, came, ledger)
    has_x, has_y = (text.is_valid().to_numpy(zero_copy_only=False) for text in (first, second))
    reason = "has one coordinate of two: row rejected"
    ledger.reject(has_x ^ has_y, field, came, reason, "fill in the other, or clear both")
    _speak_of_placeless(~has_x & ~has_y, field, rules, ledger)
    claims = Claims(
        asked=rules.asked_crs or columns.named_crs or None,
        is_lonlat=columns.is_lonlat,
        is_ordered=columns.is_lonlat,
        exchange=columns.exchange,
    )
    if not rules.asked_crs and columns.named_crs:
        ledger.note(f"columns {field} are named as {columns.named_crs}")
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    titles = []
    for crs, rows in _rows_by_crs(source, columns, claims, ledger):
        group = replace(claims, asked=crs)
        placement = settle(x[rows], y[rows], group, rules.frame, name=rules.name, trusted=rules.trusted)
        ledger.note(*placement.notes)
        lon[rows], lat[rows] = placement.lonlat(x[rows], y[rows])
        titles.append(placement.title)
        for fault in placement.faults(x[rows], y[rows], lon[rows], lat[rows]):
            is_bad = np.zeros(len(x), dtype=bool)
            is_bad[rows] = fault.is_bad
            ledger.reject(is_bad, field, came, f"{fault.reason}: row rejected", fault.suggestion)
    is_kept = ledger.is_taken & np.isfinite(lon) & np.isfinite(lat)
    return Places(point_wkb(np.where(is_kept, lon, np.nan), lat), ", ".join(dict.fromkeys(titles)))


def places_of_shapes(
    source: SourceTable, field: str, rules: PlaceRules, ledger: RowLedger, *, exchanged: bool = False
) -> Places:
    """Return the shapes of a map file, or of well-known text, in lon, lat.

    Parameters
    ----------
    source : SourceTable
        With ``shapes``.
    field : str
        What to call the shape in the report.
    rules : PlaceRules
    ledger : RowLedger
        Told of every shape that was repaired or rejected.
    exchanged : bool
        Whether the person importing said that the axes are exchanged.

    Returns
    -------
    Places

    Raises
    ------
    ImportRefusedError
        If the CRS cannot be settled.
    """
    shapes = np.full(len(source.numbers), None, dtype=object) if source.shapes is None else source.shapes
    if source.unread is not None:
        reason = "cannot be read as a geometry: row rejected"
        is_unread = source.unread != None  # noqa: E711 elementwise
        ledger.reject(
            is_unread, field, source.unread, reason, "straighten curves, close rings, draw it again"
        )
    if exchanged:
        shapes = moved(shapes, lambda x, y: (y, x))
        ledger.note("axes exchanged as asked")
    shapes = cleaned(shapes, rules.family, field, ledger, repairs=rules.repairs)
    _speak_of_placeless(shapely.is_missing(shapes) & ledger.is_taken, field, rules, ledger)
    coords = shapely.get_coordinates(shapes)
    is_ordered = bool(source.crs) and not exchanged
    claims = Claims(asked=rules.asked_crs, of_file=source.crs or None, is_ordered=is_ordered)
    placement = _settled_shapes(shapes, coords, claims, rules)
    ledger.note(*placement.notes)
    there = moved(shapes, placement.lonlat)
    _reject_misplaced_shapes(shapes, there, placement, field, ledger)
    if rules.family == "point":
        is_kept = ledger.is_taken & ~shapely.is_missing(there)
        return Places(
            point_wkb(np.where(is_kept, shapely.get_x(there), np.nan), shapely.get_y(there)), placement.title
        )
    there[~ledger.is_taken] = None
    return Places(pa.array(shapely.to_wkb(there), pa.binary()), placement.title)


def _settled_shapes(
    shapes: Shapes, coords: NDArray[np.float64], claims: Claims, rules: PlaceRules
) -> Placement:
    """Return the CRS of shapes; what stands for a polygon beside trusted features is a point in it."""
    trusted = rules.trusted if rules.family == "point" else None
    if rules.family == "polygon" and rules.trusted is not None and rules.trusted.roads is not None:
        trusted = replace(rules.trusted, buildings=None)
        coords = shapely.get_coordinates(shapely.point_on_surface(shapes))
    return settle(coords[:, 0], coords[:, 1], claims, rules.frame, name=rules.name, trusted=trusted)


def _axis(
    text: pa.Array, axis: Literal["lon", "lat"] | None, field: str, came: pa.Array, ledger: RowLedger
) -> Floats:
    """Return one coordinate of each row, NaN where there is none."""
    parsed = degrees(text, axis)
    ledger.note(*(f"{field}: {note}" for note in parsed.notes))
    reason = "is no coordinate: row rejected"
    ledger.reject(parsed.is_bad, field, came, reason, "write decimal degrees or metres, or clear both")
    values: Floats = parsed.values.to_numpy(zero_copy_only=False)
    return values


def _speak_of_placeless(
    is_missing: NDArray[np.bool_], field: str, rules: PlaceRules, ledger: RowLedger
) -> None:
    """Count the rows without a place where they may be so, reject them where not."""
    if rules.is_optional:
        n_missing = int((is_missing & ledger.is_taken).sum())
        ledger.note(
            f"{n_missing:,} rows have no place: taken without one, not on the map" if n_missing else ""
        )
    else:
        ledger.reject(is_missing, field, "", "has no place: row rejected", "fill in where it lies")


def _rows_by_crs(
    source: SourceTable, columns: CoordinateColumns, claims: Claims, ledger: RowLedger
) -> list[tuple[str | None, NDArray[np.int64]]]:
    """Return the rows of each CRS: one group unless a column names the CRS of every row."""
    every = np.arange(len(source.numbers))
    if not columns.crs:
        return [(claims.asked, every)]
    text = clean_text(source.columns[columns.crs])[0]
    codes = text.dictionary_encode()
    indices = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    groups = []
    for code, name in [(-1, claims.asked), *enumerate(codes.dictionary.to_pylist())]:
        is_here = indices == code
        try:
            crs = parse_crs(name).code if name else None
        except InvalidCRSError as error:
            reason = "names no known coordinate system: row rejected"
            ledger.reject(is_here, columns.crs, text, reason, str(error).partition("; ")[2])
            continue
        if is_here.any():
            groups.append((crs, every[is_here]))
    return groups


def _reject_misplaced_shapes(
    shapes: Shapes, there: Shapes, placement: Placement, field: str, ledger: RowLedger
) -> None:
    """Reject shapes that the projection loses or that lie outside the city, by the middle of their bounds."""
    coords, row_of = shapely.get_coordinates(there, return_index=True)
    is_lost = np.zeros(len(there), dtype=bool)
    is_lost[row_of[np.isnan(coords).any(axis=1)]] = True
    (x, y), (lon, lat) = _middles(shapes), _middles(there)
    faults = [
        Fault(is_lost, "has a vertex that cannot be projected", "correct the vertex"),
        *placement.faults(x, y, lon, lat),
    ]
    came: NDArray[np.object_] = np.full(len(shapes), "", dtype=object)
    for fault in faults:
        for row in np.flatnonzero(fault.is_bad):
            came[row] = f"{shapes[row].geom_type} around {x[row]:.10g}, {y[row]:.10g}"
        ledger.reject(fault.is_bad, field, came, f"{fault.reason}: row rejected", fault.suggestion)


def _middles(shapes: Shapes) -> tuple[Floats, Floats]:
    """Return the middle of each shape's bounds, NaN for None."""
    bounds = shapely.bounds(shapes)
    return (bounds[:, 0] + bounds[:, 2]) / 2.0, (bounds[:, 1] + bounds[:, 3]) / 2.0
