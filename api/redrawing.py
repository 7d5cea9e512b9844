"""``twin grid check | redraw``: a drawing from a file onto the grid of a city, and tables out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from api.outputs import refuse_overwriting
from api.rollup import write_csv
from twin.city import City
from twin.crs import parse_crs
from twin.drawing import DrawingFault
from twin.durable import DurableFile
from twin.errors import ImportRefusedError, StorageError
from twin.redraw import check, redraw


@dataclass(frozen=True, slots=True)
class DrawingRequest:
    """One drawing as it was handed in.

    Parameters
    ----------
    file : Path
        Any vector file of polygons, or a text table with well-known text.
    crs : str
        What the coordinates are in; empty where the file says or shows it.
    columns : mapping of str to str
        Our column to the file's field.
    is_whole : bool
        Whether units that are not in it are given up.
    tolerance_m2 : float
        Smaller faults do not count, m2.
    """

    file: Path
    crs: str
    columns: Mapping[str, str]
    is_whole: bool
    tolerance_m2: float


@dataclass(frozen=True, slots=True)
class RedrawSummary:
    """What a drawing did, or why it did nothing.

    Parameters
    ----------
    faults : tuple of DrawingFault
    is_stored : bool
        False where faults kept it from being taken.
    redrawn, added, removed : int
        Units.
    moved : dict of str to int
        Features that lie in other units than before, by layer.
    """

    faults: tuple[DrawingFault, ...]
    is_stored: bool = False
    redrawn: int = 0
    added: int = 0
    removed: int = 0
    moved: Mapping[str, int] | None = None

    def to_json(self) -> dict[str, object]:
        """Return what a script wants to know.

        Returns
        -------
        dict
        """
        return {
            "stored": self.is_stored,
            "faults": [asdict(fault) for fault in self.faults],
            "redrawn": self.redrawn,
            "added": self.added,
            "removed": self.removed,
            "moved": dict(self.moved or {}),
        }


def read_drawing(city: City, request: DrawingRequest) -> pa.Table:
    """Return the units of a drawing, every one of them.

    Parameters
    ----------
    city : City
    request : DrawingRequest

    Returns
    -------
    pyarrow.Table
        ``grid_id``, ``geometry`` as it was drawn, broken or not, and what else the file tells.

    Raises
    ------
    ImportRefusedError
        If the file cannot be read, or a single unit of it: a drawing is taken whole or not at all.
    """
    from layers.grid import read_grid

    if not request.file.is_file():
        raise ImportRefusedError(f"there is no file {request.file}")
    if request.crs:
        city.config.refuse_conversion(parse_crs(request.crs))
    result = read_grid(
        request.file,
        crs=request.crs or None,
        columns=request.columns,
        city=city.frame,
        check=lambda _ids, _shapes, _crs: (),
        repairs=False,  # a slip of the pen is for the one who drew it to mend
    )
    report = result.report
    if report.rows_rejected:
        first = report.rejections[0]
        raise ImportRefusedError(
            f"{request.file.name}: {report.rows_rejected:,} of {report.rows_read:,} units cannot be taken; "
            f"row {first.row}, {first.field}: {first.reason}"
        )
    return result.table


def check_file(city: City, request: DrawingRequest) -> tuple[DrawingFault, ...]:
    """Return what is wrong with a drawing; nothing is changed.

    Parameters
    ----------
    city : City
    request : DrawingRequest

    Returns
    -------
    tuple of DrawingFault

    Raises
    ------
    ImportRefusedError
        As :func:`read_drawing` does.
    """
    units = read_drawing(city, request)
    return check(city, units, is_whole=request.is_whole, tolerance_m2=request.tolerance_m2)


def redraw_file(
    city: City, request: DrawingRequest, *, author: str, accepts_faults: bool, output: Path | None = None
) -> RedrawSummary:
    """Store a drawing unless something is wrong with it, and write what moved.

    Parameters
    ----------
    city : City
    request : DrawingRequest
    author : str
        Who drew it.
    accepts_faults : bool
        Whether overlaps, gaps and slivers are taken as they are.
    output : Path, optional
        CSV of ``layer``, ``feature_id``, ``from``, ``to``.

    Returns
    -------
    RedrawSummary

    Raises
    ------
    ImportRefusedError
        As :func:`read_drawing` does, and where the CSV would be written over the drawing.
    FaultyDrawingError
        If a boundary is broken and faults are accepted.
    StorageError
        If the CSV or the edits cannot be written.
    """
    refuse_overwriting(request.file, [output])
    units = read_drawing(city, request)
    faults = check(city, units, is_whole=request.is_whole, tolerance_m2=request.tolerance_m2)
    if faults and not accepts_faults:
        return RedrawSummary(faults)
    if output is not None and not output.parent.is_dir():
        raise StorageError(f"there is no folder {output.parent}; nothing was redrawn")
    done = redraw(
        city,
        units,
        author=author,
        is_whole=request.is_whole,
        accepts_faults=accepts_faults,
        tolerance_m2=request.tolerance_m2,
    )
    if output is not None:
        write_table(done.moved, output)
    names, counts = _counted(done.moved["layer"])
    return RedrawSummary(
        done.faults,
        True,
        len(done.redrawn),
        len(done.added),
        len(done.removed),
        dict(zip(names, counts, strict=True)),
    )


def write_table(table: pa.Table, path: Path) -> None:
    """Write a table as CSV, whole or not at all.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    try:
        with DurableFile(path) as file:
            write_csv(table, file)
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror}") from error


def _counted(layers: pa.ChunkedArray) -> tuple[list[str], list[int]]:
    counts = layers.value_counts()
    return counts.field("values").to_pylist(), counts.field("counts").to_pylist()
