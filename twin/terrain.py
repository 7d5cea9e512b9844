"""The height of the ground (高程): one stored raster, read by window and by point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from twin.crs import to_working
from twin.errors import DamagedLayerError, InvalidCoordinateError, InvalidLayerError
from twin.frame import Box
from twin.rasters import RasterVersion, raster_version, read_window, store_raster

__all__ = ["Terrain", "TerrainWindow", "store_raster"]

BLOCK = 1024
"""Points are sampled block by block; a block of this side is read at once, pixels."""


@dataclass(frozen=True, slots=True)
class TerrainWindow:
    """A rectangle of elevations.

    Parameters
    ----------
    elevation_m : ndarray of float32, shape (n_rows, n_cols)
        NaN where there is none; row 0 is the northernmost.
    transform : Affine
        Pixel corners to x, y.
    crs : str
        ``EPSG:n``.
    """

    elevation_m: NDArray[np.float32]
    transform: Affine
    crs: str


@dataclass(frozen=True, slots=True)
class Terrain:
    """Elevations of a city, opened when they are read.

    Parameters
    ----------
    folder : Path
        The city folder.
    version : RasterVersion
        Which raster, and its CRS, extent, resolution and vertical datum.

    Raises
    ------
    InvalidLayerError
        If the raster holds classes.
    """

    folder: Path
    version: RasterVersion

    def __post_init__(self) -> None:
        if self.version.classes:
            raise InvalidLayerError(f"raster {self.version.name!r} holds classes, no elevations")

    @classmethod
    def open(cls, folder: Path, name: str = "dem") -> Self:
        """Return the elevations that are in force.

        Parameters
        ----------
        folder : Path
            The city folder.
        name : str
            Raster name.

        Returns
        -------
        Terrain

        Raises
        ------
        UnknownLayerError
            If the city has no raster of this name.
        DamagedLayerError
            If the file is missing or not what the catalog says.
        InvalidLayerError
            If the raster holds classes.
        """
        return cls(folder, raster_version(folder, name))

    @property
    def crs(self) -> str:
        """``EPSG:n`` of the raster."""
        return self.version.crs

    @property
    def transform(self) -> Affine:
        """Pixel corners to x, y."""
        return self.version.affine

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.version.shape

    @property
    def bbox(self) -> Box:
        """West, south, east, north, degrees."""
        return self.version.bbox

    @property
    def resolution_m(self) -> tuple[float, float]:
        """Width and height of a pixel in the middle of the raster, m."""
        return self.version.resolution_m

    def window(self, bbox: Box | None = None) -> TerrainWindow:
        """Return the elevations of all pixels that a box touches.

        Parameters
        ----------
        bbox : tuple of float, optional
            West, south, east, north, degrees; the whole raster by default.

        Returns
        -------
        TerrainWindow

        Raises
        ------
        InvalidQueryError
            If the box is malformed or does not meet the raster.
        DamagedLayerError
            If the file cannot be read.
        """
        values, transform = read_window(self.folder, self.version, bbox)
        return TerrainWindow(values, transform, self.crs)

    def sample(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
        """Return the elevation of points, bilinear between pixel centres.

        Parameters
        ----------
        lon, lat : array_like of float64, shape (n,)
            Degrees, WGS 84.

        Returns
        -------
        ndarray of float64, shape (n,)
            m. NaN outside the raster, where the pixel of the point has no value, and for NaN
            points. Neighbours without a value do not count; within half a pixel of the
            border the nearest centres do.

        Raises
        ------
        InvalidCoordinateError
            If the shapes differ.
        DamagedLayerError
            If the file cannot be read.

        Notes
        -----
        Reads only blocks with points in them: time is linear in points plus blocks.
        """
        lon, lat = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
        if lon.shape != lat.shape or lon.ndim != 1:
            raise InvalidCoordinateError(
                f"lon {lon.shape} and lat {lat.shape} are not two arrays of one length"
            )
        x, y = to_working(lon, lat, self.crs)
        col, row = ~self.transform @ (x, y)
        n_rows, n_cols = self.shape
        with np.errstate(invalid="ignore"):
            is_inside = (col >= 0.0) & (col <= n_cols) & (row >= 0.0) & (row <= n_rows)
        elevation_m = np.full(len(lon), np.nan)
        elevation_m[is_inside] = self._sample_pixels(row[is_inside], col[is_inside])
        return elevation_m

    def _sample_pixels(self, row: NDArray[np.float64], col: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the elevation at pixel-corner coordinates inside the raster, block by block."""
        n_rows, n_cols = self.shape
        top = np.clip(np.floor(row - 0.5), 0, max(n_rows - 2, 0)).astype(np.int64)
        left = np.clip(np.floor(col - 0.5), 0, max(n_cols - 2, 0)).astype(np.int64)
        block = (top // BLOCK) * (n_cols // BLOCK + 1) + left // BLOCK
        order = np.argsort(block, kind="stable")
        starts = np.flatnonzero(np.diff(block[order], prepend=-1))
        elevation_m = np.empty(len(row))
        try:
            with rasterio.open(self.folder / self.version.path) as dataset:
                for members in np.split(order, starts[1:]) if len(order) else []:
                    first_row = int(top[members[0]] // BLOCK) * BLOCK
                    first_col = int(left[members[0]] // BLOCK) * BLOCK
                    height, width = min(BLOCK + 1, n_rows - first_row), min(BLOCK + 1, n_cols - first_col)
                    pixels = dataset.read(1, window=Window(first_col, first_row, width, height))
                    elevation_m[members] = bilinear(
                        pixels, row[members] - first_row, col[members] - first_col
                    )
        except RasterioError as error:
            raise DamagedLayerError(f"raster file {self.version.path} cannot be read: {error}") from error
        return elevation_m


def bilinear(
    pixels: NDArray[np.float32], row: NDArray[np.float64], col: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return values between the pixel centres of an array.

    Parameters
    ----------
    pixels : ndarray of float32, shape (n_rows, n_cols)
        NaN where there is no value.
    row, col : ndarray of float64, shape (n,)
        Pixel-corner coordinates: the centre of the first pixel is 0.5, 0.5. Inside the array.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN where the pixel of the point has no value; neighbours without one do not count.

    Examples
    --------
    >>> bilinear(np.array([[0.0, 10.0]], np.float32), np.array([0.5, 0.5]), np.array([1.0, 0.1]))
    array([5., 0.])
    """
    n_rows, n_cols = pixels.shape
    own = pixels[
        np.clip(np.floor(row).astype(np.int64), 0, n_rows - 1),
        np.clip(np.floor(col).astype(np.int64), 0, n_cols - 1),
    ]
    row, col = np.clip(row - 0.5, 0.0, n_rows - 1.0), np.clip(col - 0.5, 0.0, n_cols - 1.0)
    top, left = np.floor(row).astype(np.int64), np.floor(col).astype(np.int64)
    down, right = row - top, col - left
    total, weight = np.zeros(len(row)), np.zeros(len(row))
    for step_down, share_down in ((0, 1.0 - down), (1, down)):
        for step_right, share_right in ((0, 1.0 - right), (1, right)):
            values = pixels[
                np.minimum(top + step_down, n_rows - 1), np.minimum(left + step_right, n_cols - 1)
            ]
            share = np.where(np.isnan(values), 0.0, share_down * share_right)
            total += share * np.where(np.isnan(values), 0.0, values)
            weight += share
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(own), np.nan, total / weight)
