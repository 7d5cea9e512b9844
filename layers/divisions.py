"""Administrative divisions (行政区划) as delivered: codes, names, levels, with or without boundaries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from layers.ledger import RowLedger
from layers.report import ReadResult
from layers.vector import read_vector
from twin.division_rows import CodeLayout
from twin.division_rows import read_divisions as sound_divisions
from twin.divisions import findings
from twin.frame import CityFrame
from twin.schema import DECLARED


def read_divisions(
    path: Path, *, crs: str | None = None, columns: Mapping[str, str] | None = None, city: CityFrame
) -> ReadResult:
    r"""Return divisions of the levels city to community, each row fit for the division tree.

    Parameters
    ----------
    path : Path
        Any vector file or text table; boundaries may be missing.
    crs : str, optional
        CRS of the boundaries.
    columns : mapping of str to str, optional
        Our field -> theirs: ``code`` and ``name`` are required, ``level`` (1 city to 4 community),
        ``parent_code``, ``valid_from``, ``valid_to``, ``superseded_by`` optional.
    city : CityFrame
        Where the city lies.

    Returns
    -------
    ReadResult
        Rows that no tree can hold (a wrong level, validity that ends before it starts) are
        rejected. What is wrong between rows, such as an unknown parent, is noted: the
        parent may come with another file.

    Raises
    ------
    ImportRefusedError
        If the file as a whole cannot be taken.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "divisions.csv"
    ...     rows = "代码,名称,层级\n339900000000,丽州市,1\n339901000000,东区,9\n"
    ...     _ = path.write_text(rows, encoding="gbk")
    ...     result = read_divisions(path, city=CityFrame("丽州市", "EPSG:4549"))
    >>> result.table["code"].to_pylist(), result.report.rejections[0].row
    (['339900000000'], 2)
    """
    return read_vector(path, DECLARED["divisions"], crs=crs, columns=columns, city=city, check=_check_tree)


def _check_tree(table: pa.Table, ledger: RowLedger) -> None:
    """Reject the rows that no tree can hold; note what is wrong between rows."""
    _, unsound = sound_divisions(table.filter(pa.array(ledger.is_taken)), CodeLayout())
    for row in np.flatnonzero(ledger.is_taken).tolist() if unsound else ():
        _, said = sound_divisions(table.slice(row, 1), CodeLayout())
        if said:
            reason = f"{said[0].partition('): ')[2]}: row rejected"
            ledger.reject_row(row, "code", str(table["code"][row]), reason, "correct the row")
    ledger.note(*findings(table.filter(pa.array(ledger.is_taken)), None))
