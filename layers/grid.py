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
from twin.divisions import LEVELS, DivisionTree
from twin.frame import CityFrame
from twin.schema import DECLARED

BoundaryCheck = Callable[[list[str], NDArray[np.object_], str], tuple[BoundaryFault, ...]]
"""Takes grid ids, polygons in lon, lat, and a working CRS."""

COMMUNITY = LEVELS.index("community") + 1
MAX_NAMED = 3
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
    divisions: pa.Table | None = None,
    check: BoundaryCheck = boundary_faults,
    repairs: bool = True,
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
    divisions : pyarrow.Table, optional
        The layer of that name, to see which units stand in no community of it.
    check : callable
        Finds the places where the units do not tile.
    repairs : bool
        Whether boundaries that cross themselves are repaired; otherwise they stay as they were drawn.

    Returns
    -------
    ReadResult
        Overlapping units are taken as they are; the report names area, place and units.

    Raises
    ------
    ImportRefusedError
        If the file as a whole cannot be taken.
    """

    def speak(table: pa.Table, ledger: RowLedger) -> None:
        _speak_of_boundaries(table, ledger, city, check)
        if divisions is not None and divisions.num_rows:
            _speak_of_communities(table, ledger, divisions)

    return read_vector(
        path, DECLARED["grid"], crs=crs, columns=columns, city=city, check=speak, repairs=repairs
    )


def _speak_of_communities(table: pa.Table, ledger: RowLedger, divisions: pa.Table) -> None:
    """Remark each unit that stands in no community, and count them."""
    rows = np.flatnonzero(ledger.is_taken)
    taken = table.take(pa.array(rows))
    tree, _ = DivisionTree.from_sound_rows(divisions, taken)
    lost: dict[str, list[str]] = {}
    for row, grid_id in zip(rows.tolist(), taken["grid_id"].to_pylist(), strict=True):
        above = tree.chain(tree.unit(grid_id))[:-1]
        if above and above[-1].level == COMMUNITY:
            continue
        where = f"under {above[-1].code} {above[-1].name}" if above else "under no division"
        is_here = np.zeros(table.num_rows, dtype=bool)
        is_here[row] = True
        came = str(table["community_code"][row].as_py() or "")
        reason = f"names no community in force: unit {grid_id} stands {where} (社区代码不存在)"
        ledger.remark(is_here, "community_code", came, reason, "correct it, or import the divisions again")
        lost.setdefault(came or "none", []).append(grid_id)
    if lost:
        named = ", ".join(f"{code} ({len(units):,})" for code, units in list(lost.items())[:MAX_NAMED])
        more = f" and {len(lost) - MAX_NAMED:,} more" if len(lost) > MAX_NAMED else ""
        count = sum(map(len, lost.values()))
        ledger.note(f"{count:,} units stand in no community that is known; their codes: {named}{more}")


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
