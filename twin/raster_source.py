"""A raster file that has been checked, and the values that its numbers mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

STRIP_ROWS = 512
"""Rows that are read at a time, so that a raster larger than the memory can be taken."""


@dataclass(frozen=True, slots=True)
class RasterSource:
    """A raster that has been checked, and how its numbers are to be taken.

    Parameters
    ----------
    path : str
        What GDAL opens: a file, or one inside ``/vsigzip/`` or ``/vsizip/``.
    crs : str
        ``EPSG:n``; x, y order.
    source : str
        File name as it was delivered.
    sha256 : str
        Digest of the delivered file, lower-case hex.
    scale, offset : float
        A stored number times ``scale`` plus ``offset`` is the value, m for elevations.
    lowest, highest : float
        A value outside is no value.
    classes : tuple of int
        The classes of a categorical raster (1-255); empty for a quantity.
    datum : str
        Vertical datum in words; empty where it is not known.
    licence : str
        Licence of the source; empty where it is not known.
    """

    path: str
    crs: str
    source: str
    sha256: str
    scale: float = 1.0
    offset: float = 0.0
    lowest: float = -np.inf
    highest: float = np.inf
    classes: tuple[int, ...] = ()
    datum: str = ""
    licence: str = ""

    def strips(self, dataset: Any) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the values from the top down, whole rows at a time.

        Parameters
        ----------
        dataset : rasterio dataset
            This source, open.

        Yields
        ------
        tuple of int and ndarray, shape (n_rows, width)
            First row, and float32 values with NaN for none; uint8 classes with 0 for none.
        """
        for first in range(0, dataset.height, STRIP_ROWS):
            n_rows = min(STRIP_ROWS, dataset.height - first)
            yield first, self.values(dataset, first, n_rows)

    def values(self, dataset: Any, first: int, n_rows: int) -> NDArray[Any]:
        """Return some rows of values.

        Parameters
        ----------
        dataset : rasterio dataset
            This source, open.
        first, n_rows : int

        Returns
        -------
        ndarray, shape (n_rows, width)
            float32 with NaN for none; uint8 classes with 0 for none.
        """
        raw = dataset.read(1, window=Window(0, first, dataset.width, n_rows), masked=True)
        if self.classes:
            known = np.isin(raw.data, self.classes) & ~np.ma.getmaskarray(raw)
            return np.where(known, raw.data, 0).astype(np.uint8)
        values = raw.data.astype(np.float64) * self.scale + self.offset
        is_value = ~np.ma.getmaskarray(raw) & (values >= self.lowest) & (values <= self.highest)
        return np.where(is_value, values, np.nan).astype(np.float32)
