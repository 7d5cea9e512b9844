"""What an import says about itself: every row that was not taken as it came, and why."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin.frame import Box
from twin.schema import LayerSchema

MAX_CAME_CHARS = 80
_SUMMARY_EXAMPLES = 3
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Rejection:
    """One value or row that was not taken as it came.

    Parameters
    ----------
    row : int
        1-based row of the source, header not counted; the object's number in
        sources that number their objects themselves.
    field : str
        Column of the source, ``geometry``, or what else is wrong with the row.
    came : str
        What stood there; cut to 80 characters, control characters made visible.
    reason : str
        Why it was not taken, and whether the row or only the value was left out.
    suggestion : str
        What the sender can do.
    """

    row: int
    field: str
    came: str
    reason: str
    suggestion: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "came", shown(self.came))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of one source file in one layer (导入报告).

    Parameters
    ----------
    source : str
        File name, without folders.
    sha256 : str
        Digest of the file as it was delivered, lower-case hex.
    rows_read, rows_taken : int
        The difference is the number of rows rejected.
    rejections : tuple of Rejection
        By ascending row; a taken row may stand here too, for a value that was
        left empty or repaired.
    notes : tuple of str
        Sentences about the file as a whole: what was recognised, converted, dropped.
    crs : str
        The CRS that the coordinates came in; empty where there were none.
    """

    source: str
    sha256: str
    rows_read: int
    rows_taken: int
    rejections: tuple[Rejection, ...] = ()
    notes: tuple[str, ...] = ()
    crs: str = ""

    @property
    def rows_rejected(self) -> int:
        """Rows that were read and not taken."""
        return self.rows_read - self.rows_taken

    def write_csv(self, path: Path) -> None:
        """Write the report as a table that spreadsheet programs open with its Chinese intact.

        Rows about the file as a whole come first and have an empty ``row``. A text that
        a spreadsheet would run as a formula is written behind an apostrophe.

        Parameters
        ----------
        path : Path
            Written as UTF-8 with BOM.
        """
        counts = f"{self.rows_read} rows read, {self.rows_taken} taken, {self.rows_rejected} rejected"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("row", "field", "came", "reason", "suggestion"))
            for sentence in (counts, *self.notes):
                writer.writerow(("", "file", _inert(self.source), _inert(sentence), ""))
            for item in self.rejections:
                texts = (item.field, item.came, item.reason, item.suggestion)
                writer.writerow((item.row, *map(_inert, texts)))

    def summary(self) -> str:
        """Return a few lines for the screen: counts, notes and the first rejections.

        Returns
        -------
        str

        Examples
        --------
        >>> finding = Rejection(2, "lon", "", "is empty", "fill it")
        >>> print(ImportReport("a.csv", "", 2, 1, (finding,)).summary())
        a.csv: 2 rows read, 1 taken, 1 rejected
          row 2, lon: '' is empty; fill it
        """
        counts = f"{self.rows_read:,} rows read, {self.rows_taken:,} taken, {self.rows_rejected:,} rejected"
        lines = [f"{self.source}: {counts}", *(f"  {note}" for note in self.notes)]
        lines += [
            f"  row {item.row}, {item.field}: '{item.came}' {item.reason}; {item.suggestion}"
            for item in self.rejections[:_SUMMARY_EXAMPLES]
        ]
        if len(self.rejections) > _SUMMARY_EXAMPLES:
            lines.append(f"  and {len(self.rejections) - _SUMMARY_EXAMPLES:,} more findings in the report")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One layer as a reader hands it to the store.

    Parameters
    ----------
    schema : LayerSchema
    table : pyarrow.Table
        Property columns under our names, and ``geometry`` as WKB in lon, lat degrees;
        null where a feature has no place, absent where the layer has no geometry.
    report : ImportReport
    row_numbers : ndarray of int64, shape (n,), optional
        Row of the source of each row of the table, as in the report; None where the reader knows none.
    """

    schema: LayerSchema
    table: pa.Table
    report: ImportReport
    row_numbers: NDArray[np.int64] | None = None

    @property
    def bbox(self) -> Box | None:
        """West, south, east, north of all features, degrees; None where none has a place. O(n)."""
        if "geometry" not in self.table.column_names:
            return None
        bounds = shapely.total_bounds(shapely.from_wkb(self.table["geometry"].to_numpy()))
        if np.isnan(bounds).any():
            return None
        west, south, east, north = map(float, bounds)
        return west, south, east, north


def shown(text: str) -> str:
    r"""Return a source text fit for a report: at most 80 characters, none of them invisible.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> shown("a\x00b")
    'a\\x00b'
    """
    head = text[: MAX_CAME_CHARS + 1]
    if not head.isprintable():
        head = "".join(
            char if char.isprintable() or unicodedata.category(char) == "Zs" else _escaped(char)
            for char in head
        )
    return head if len(head) <= MAX_CAME_CHARS else head[: MAX_CAME_CHARS - 1] + "…"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; plain numbers stay as they are."""
    if not text.startswith(_FORMULA_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text
