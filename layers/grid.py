"""Grid units (网格) as delivered: polygons that should tile the city, checked for overlaps and gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from layers.ledger import RowLedger
from layers.report import ReadResult
from layers.vector import read_vector
from twin.boundaries import BoundaryFault, boundary_faults
from twin.crs import working_crs
from twin.frame import CityFrame
from twin.schema import DECLARED

BoundaryCheck = Callable[[list[str], NDArray[np.object_], str], tuple[BoundaryFault, ...]]
"""Takes grid ids, polygons in lon, lat, and a working CRS."""

MAX_FAULTS = 1_000
"""More overlaps and gaps than these are counted but not listed."""

_CONSEQUENCE = {
    "overlap": "the lowest grid_id has the points in it (重叠)",
    "gap": "points in it belong to no unit; it may be meant, such as a lake (缝隙)",
}


def read_grid(
    path: Path,
    *,
    crs: str | None = None,
    columns: Mapping[str, str] | None = None,
    city: CityFrame,
    check: BoundaryCheck = boundary_faults,
) -> ReadResult:
    """Return grid units, with every overlap and gap of their boundaries in the report.

    Parameters
    ----------
    path : Path
        Any vector file of polygons, or a text table with well-known text.
    crs : str, optional
        CRS of the polygons.
    columns : mapping of str to str, optional
        Our field -> theirs: ``grid_id`` is required, ``name``, ``community_code``, ``kind``
        optional. Divisions need not have been imported.
    city : CityFrame
        Where the city lies.
    check : callable
        Finds the places where the units do not tile.

    Returns
    -------
    ReadResult
        Overlapping units are taken as they are; the report names area, place and units.

    Raises
    ------
    ImportRefusedError
        If the file as a whole cannot be taken.
    """

    def speak_of_boundaries(table: pa.Table, ledger: RowLedger) -> None:
        _speak_of_boundaries(table, ledger, city, check)

    return read_vector(path, DECLARED["grid"], crs=crs, columns=columns, city=city, check=speak_of_boundaries)


def _speak_of_boundaries(table: pa.Table, ledger: RowLedger, city: CityFrame, check: BoundaryCheck) -> None:
    """Remark each overlap and gap at the row of the first unit it touches."""
    rows = np.flatnonzero(ledger.is_taken)
    taken = table.take(pa.array(rows))
    shapes = shapely.from_wkb(taken["geometry"].to_numpy())
    grid_ids = taken["grid_id"].to_pylist()
    west, south, east, north = shapely.total_bounds(shapes)
    faults = check(grid_ids, shapes, city.crs or working_crs((west + east) / 2, (south + north) / 2))
    row_of = dict(zip(grid_ids, rows.tolist(), strict=True))
    for fault in faults[:MAX_FAULTS]:
        came = f"{fault.kind} of {fault.area_m2:,.1f} m2 at {fault.lon:.6f}, {fault.lat:.6f}"
        units = ", ".join(fault.grid_ids[:4])
        reason = f"between {units}: {_CONSEQUENCE.get(fault.kind, fault.reason)}"
        is_here = np.zeros(table.num_rows, dtype=bool)
        is_here[row_of[fault.grid_ids[0]]] = True
        ledger.remark(is_here, "geometry", came, reason, "look at the place on the map")
    for kind, count in Counter(fault.kind for fault in faults).items():
        area_m2 = sum(fault.area_m2 for fault in faults if fault.kind == kind)
        ledger.note(f"{count:,} x {kind} between units, {area_m2:,.1f} m2 in all")
    if not faults:
        ledger.note("the units tile without overlap or gap")
