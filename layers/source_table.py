"""The rows of a source file before they are ours: its columns, its shapes, its own CRS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from layers.report import Rejection


@dataclass(frozen=True, slots=True)
class SourceTable:
    """What a file holds, under its own column names.

    Parameters
    ----------
    columns : pyarrow.Table, n rows
        Attributes as they came; all text in files without types.
    numbers : ndarray of int64, shape (n,)
        1-based number of each row in the file.
    shapes : ndarray of shapely geometries, shape (n,), optional
        None where coordinates, if any, are among the columns. A row without geometry
        holds None.
    unread : ndarray of str or None, shape (n,), optional
        What stood where a geometry cannot be read; None elsewhere.
    crs : str
        The file's own CRS as authority code or WKT; empty where it carries none.
    is_text : bool
        Whether the file has no types, so that every column is text.
    broken : tuple of Rejection
        Rows that could not be split into columns.
    notes : tuple of str
        What was recognised while reading.
    """

    columns: pa.Table
    numbers: NDArray[np.int64]
    shapes: NDArray[np.object_] | None = None
    unread: NDArray[np.object_] | None = None
    crs: str = ""
    is_text: bool = False
    broken: tuple[Rejection, ...] = ()
    notes: tuple[str, ...] = ()
