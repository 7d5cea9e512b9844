"""Elevation rasters (高程): GeoTIFF and ESRI ASCII, checked pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layers.raster_files import RasterRead, check_place, crs_of, find_raster, shape_notes
from layers.report import ImportReport, Rejection
from twin.errors import ImportRefusedError
from twin.frame import CityFrame
from twin.raster_extent import pixel_size_m
from twin.raster_source import RasterSource

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""Elevations outside are no land on earth: the Dead Sea lies at -430 m, Everest at 8849 m."""

SPIKE_SIGMAS = 6.0
LEAST_SPIKE_M = 3.0
"""A pixel is a spike where it stands out of all eight neighbours by more than both of these."""

MAX_FINDINGS = 1000
"""Pixels of one kind that are listed one by one; the rest are counted."""

METRES_PER_UNIT = {
    "": 1.0,
    "m": 1.0,
    "metre": 1.0,
    "meter": 1.0,
    "metres": 1.0,
    "meters": 1.0,
    "米": 1.0,
    "dm": 0.1,
    "cm": 0.01,
    "mm": 0.001,
    "ft": 0.3048,
    "foot": 0.3048,
    "feet": 0.3048,
    "us-ft": 1200.0 / 3937.0,
    "us survey foot": 1200.0 / 3937.0,
}

_SAMPLES_PER_STRIP = 200_000


@dataclass(slots=True)
class _Findings:
    """Pixels of one kind: how many, and the first of them."""

    reason: str
    suggestion: str
    count: int = 0
    listed: list[Rejection] = field(default_factory=list)

    def add(self, first_row: int, rows: NDArray[Any], cols: NDArray[Any], values: NDArray[Any]) -> None:
        """Take pixels; rows and columns are counted from 1 in the report."""
        self.count += len(values)
        room = MAX_FINDINGS - len(self.listed)
        for row, col, value in zip(rows[:room], cols[:room], values[:room], strict=True):
            at = f"column {int(col) + 1}"
            came = f"{value:g} m"
            self.listed.append(Rejection(first_row + int(row) + 1, at, came, self.reason, self.suggestion))


def read_elevation(path: Path, *, crs: str | None = None, frame: CityFrame) -> RasterRead:
    r"""Check an elevation raster and say how its numbers are to be taken.

    Parameters
    ----------
    path : Path
        GeoTIFF or ESRI ASCII, also packed by gzip or alone in a zip archive.
    crs : str, optional
        ``EPSG:n``, ``wgs84`` or ``cgcs2000``; overrules what the file says.
    frame : CityFrame
        Where the city lies.

    Returns
    -------
    RasterRead
        For ``store_raster``. Pixels outside -500 to 9000 m become no value and are reported;
        single pixels that stick out (spikes and sinks, 尖峰/凹坑) are reported and kept.

    Raises
    ------
    ImportRefusedError
        If the file is missing, damaged, no raster, has several bands, no or no EPSG CRS, an unknown
        unit, lies outside the city, or holds no elevation at all.

    Notes
    -----
    A spike stands out of the highest (a sink: of the lowest) of its eight neighbours by more than
    3 m and 6 robust standard deviations (1.4826 x the median) of the difference between pixels and
    the mean of their neighbours. Reads the file twice, 512 rows at a time.

    Examples
    --------
    >>> import tempfile
    >>> frame = CityFrame("丽州市", "EPSG:4549")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "dem.asc")
    ...     _ = path.write_text(
    ...         "ncols 2\nnrows 1\nxllcorner 500000\nyllcorner 3200000\ncellsize 30\n5.5 9999\n"
    ...     )
    ...     report = read_elevation(path, crs="EPSG:4549", frame=frame).report
    >>> report.rows_read, report.rows_taken, report.rejections[0].came
    (2, 1, '9999 m')
    """
    file = find_raster(path)
    with file.opened() as dataset:
        code, datum, notes = crs_of(file, dataset, crs)
        check_place(file, dataset, code, frame)
        resolution_m = pixel_size_m(code, dataset.transform, (dataset.height, dataset.width))
        scale, offset, unit_notes = _units(path.name, dataset)
        source = RasterSource(
            path=file.gdal_name,
            crs=code,
            source=path.name,
            sha256=file.sha256,
            scale=scale,
            offset=offset,
            lowest=LOWEST_M,
            highest=HIGHEST_M,
            datum=datum,
        )
        n_numbers, n_values, implausible, sigma_m = _first_look(source, dataset)
        if not n_values:
            came = "no pixel with a number" if not n_numbers else "no number that is an elevation"
            raise ImportRefusedError(f"{path.name} holds {came}; wanted metres above the sea")
        spikes = _find_spikes(source, dataset, sigma_m)
    notes += [*shape_notes(dataset, resolution_m), *unit_notes]
    notes.append(
        f"vertical datum {datum}" if datum else "the file does not say its vertical datum (高程基准)"
    )
    notes += _count_notes(n_numbers - n_values, implausible, spikes)
    rejections = sorted([*implausible.listed, *spikes.listed], key=lambda item: item.row)
    report = ImportReport(path.name, file.sha256, n_numbers, n_values, tuple(rejections), tuple(notes), code)
    return _with_report(source, report)


def _with_report(source: RasterSource, report: ImportReport) -> RasterRead:
    names = RasterSource.__dataclass_fields__
    return RasterRead(**{name: getattr(source, name) for name in names}, report=report)


def _units(name: str, dataset: Any) -> tuple[float, float, list[str]]:
    """Return scale and offset from stored numbers to metres, and sentences about them."""
    unit = (dataset.units[0] or "").strip().lower()
    if unit not in METRES_PER_UNIT:
        raise ImportRefusedError(f"elevations of {name} are in {unit!r}; wanted metres or feet")
    to_m = METRES_PER_UNIT[unit]
    scale, offset = dataset.scales[0], dataset.offsets[0]
    notes = []
    if (scale, offset) != (1.0, 0.0):
        notes.append(f"stored numbers are multiplied by {scale:g} and {offset:g} is added, as the file says")
    if to_m != 1.0:
        notes.append(f"elevations in {unit} are converted to metres")
    elif not unit:
        notes.append("the file does not say its vertical unit; taken as metres")
    if dataset.nodata is None:
        notes.append("the file declares no number as no data")
    return scale * to_m, offset * to_m, notes


def _first_look(source: RasterSource, dataset: Any) -> tuple[int, int, _Findings, float]:
    """Return pixels with a number, those that are elevations, the others, and the roughness, m."""
    anything = RasterSource(
        source.path, source.crs, source.source, source.sha256, scale=source.scale, offset=source.offset
    )
    implausible = _Findings(
        f"is not within {LOWEST_M:g} to {HIGHEST_M:g} m; the pixel is left empty",
        "declare the number as no data, or correct the pixel",
    )
    n_numbers = n_values = 0
    samples = []
    for first, numbers in anything.strips(dataset):
        is_number = np.isfinite(numbers)
        is_value = is_number & (numbers >= LOWEST_M) & (numbers <= HIGHEST_M)
        n_numbers += int(is_number.sum())
        n_values += int(is_value.sum())
        rows, cols = np.nonzero(is_number & ~is_value)
        implausible.add(first, rows, cols, numbers[rows, cols])
        difference = _from_neighbours(np.where(is_value, numbers, np.nan))[0]
        difference = difference[np.isfinite(difference)]
        samples.append(difference[:: len(difference) // _SAMPLES_PER_STRIP + 1])
    middle = np.concatenate(samples)
    sigma_m = 1.4826 * float(np.median(np.abs(middle))) if middle.size else 0.0
    return n_numbers, n_values, implausible, sigma_m


def _find_spikes(source: RasterSource, dataset: Any, sigma_m: float) -> _Findings:
    """Return single pixels that stick out of their neighbours."""
    spikes = _Findings(
        "stands alone out of its eight neighbours (spike or sink); the pixel is kept",
        "look at it on the map; correct the file if nothing stands there",
    )
    limit_m = max(SPIKE_SIGMAS * sigma_m, LEAST_SPIKE_M)
    for first, strip in source.strips(dataset):
        above = source.values(dataset, first - 1, 1) if first else strip[:0]
        end = first + len(strip)
        below = source.values(dataset, end, 1) if end < dataset.height else strip[:0]
        _, excess = _from_neighbours(np.concatenate([above, strip, below]))
        excess = excess[len(above) : len(above) + len(strip)]
        with np.errstate(invalid="ignore"):
            rows, cols = np.nonzero(excess > limit_m)
        spikes.add(first, rows, cols, strip[rows, cols])
    return spikes


def _from_neighbours(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return pixel minus mean of its neighbours, and how far it stands out of all eight; NaN if unknown."""
    padded = np.pad(values, 1, constant_values=np.nan)
    n_rows, n_cols = values.shape
    total, count = np.zeros_like(values), np.zeros(values.shape, np.int8)
    highest, lowest = np.full_like(values, -np.inf), np.full_like(values, np.inf)
    for down in range(3):
        for right in range(3):
            if down == right == 1:
                continue
            other = padded[down : down + n_rows, right : right + n_cols]
            is_value = ~np.isnan(other)
            total += np.where(is_value, other, 0.0)
            count += is_value
            np.fmax(highest, other, out=highest)
            np.fmin(lowest, other, out=lowest)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.where(count > 0, values - total / count, np.nan)
        excess = np.where(count == 8, np.fmax(values - highest, lowest - values), np.nan)
    return difference, excess


def _count_notes(n_implausible: int, implausible: _Findings, spikes: _Findings) -> list[str]:
    """Return sentences with the counts of what was found."""
    notes = []
    if n_implausible:
        notes.append(f"{n_implausible:,} pixels outside {LOWEST_M:g} to {HIGHEST_M:g} m are left empty")
    if spikes.count:
        notes.append(f"{spikes.count:,} single pixels stand out of their neighbours and are kept")
    if implausible.count > len(implausible.listed) or spikes.count > len(spikes.listed):
        notes.append(f"only the first {MAX_FINDINGS:,} pixels of a kind are listed")
    return notes
