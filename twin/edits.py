"""Edits laid over a layer version at read time: what was replaced, deleted or added since it was built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.errors import InvalidLayerError


@dataclass(frozen=True, slots=True)
class Edits:
    """The net effect of all edits of one layer since its version was built.

    Parameters
    ----------
    sequence : int
        Grows with every edit of the layer; part of every ETag.
    hidden_ids : ndarray of int64, shape (k,)
        Features of the version that were replaced or deleted, ascending.
    feature_ids : ndarray of int64, shape (m,)
        Ids of the rows of ``table``.
    table : pyarrow.Table, m rows, optional
        Replaced and added rows as a layer table: property columns and ``geometry``
        as WKB, lon, lat degrees. None where nothing was replaced or added.

    Raises
    ------
    InvalidLayerError
        If the table and its ids do not have the same length.
    """

    sequence: int
    hidden_ids: NDArray[np.int64]
    feature_ids: NDArray[np.int64]
    table: pa.Table | None = None

    def __post_init__(self) -> None:
        rows = 0 if self.table is None else self.table.num_rows
        if rows != len(self.feature_ids):
            raise InvalidLayerError(f"{len(self.feature_ids)} feature ids came with {rows} rows")

    @property
    def is_empty(self) -> bool:
        """Whether the layer reads as its version alone."""
        return not len(self.hidden_ids) and not len(self.feature_ids)


NO_EDITS = Edits(0, np.empty(0, np.int64), np.empty(0, np.int64))
"""A layer nobody has edited."""
