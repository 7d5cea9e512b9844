"""Land cover rasters (地表覆盖) in the classes of ESA WorldCover."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from layers.raster_files import RasterRead, check_place, crs_of, find_raster, shape_notes
from layers.report import ImportReport, Rejection
from twin.errors import ImportRefusedError
from twin.frame import CityFrame
from twin.raster_extent import pixel_size_m
from twin.raster_source import STRIP_ROWS

WORLD_COVER: dict[int, tuple[str, str]] = {
    10: ("树木", "tree cover"),
    20: ("灌木", "shrubland"),
    30: ("草地", "grassland"),
    40: ("耕地", "cropland"),
    50: ("建成区", "built-up"),
    60: ("裸地/稀疏植被", "bare or sparse vegetation"),
    70: ("冰雪", "snow and ice"),
    80: ("永久水体", "permanent water bodies"),
    90: ("草本湿地", "herbaceous wetland"),
    95: ("红树林", "mangroves"),
    100: ("苔藓与地衣", "moss and lichen"),
}
"""Class values of ESA WorldCover 10 m, 2020 and 2021 (Product User Manual, legend)."""


def read_landcover(path: Path, *, crs: str | None = None, frame: CityFrame) -> RasterRead:
    r"""Check a land cover raster.

    Parameters
    ----------
    path : Path
        GeoTIFF or ESRI ASCII of whole numbers, also packed by gzip or alone in a zip archive.
    crs : str, optional
        ``EPSG:n``, ``wgs84`` or ``cgcs2000``; overrules what the file says.
    frame : CityFrame
        Where the city lies.

    Returns
    -------
    RasterRead
        For ``store_raster``: uint8, 0 where there is no class. Numbers that are no class of
        ``WORLD_COVER`` become 0 and are reported, one finding a number.

    Raises
    ------
    ImportRefusedError
        If the file is missing, damaged, no raster, has several bands, no or no EPSG CRS, lies outside
        the city, or holds no WorldCover class at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "cover.asc")
    ...     _ = path.write_text(
    ...         "ncols 3\nnrows 1\nxllcorner 500000\nyllcorner 3200000\ncellsize 10\n10 80 7\n"
    ...     )
    ...     report = read_landcover(path, crs="EPSG:4549", frame=CityFrame("丽州市", "EPSG:4549")).report
    >>> report.rows_taken, report.rejections[0].came
    (2, 'class 7')
    """
    file = find_raster(path)
    with file.opened() as dataset:
        code, _, notes = crs_of(file, dataset, crs)
        check_place(file, dataset, code, frame)
        if not np.issubdtype(np.dtype(dataset.dtypes[0]), np.integer):
            raise ImportRefusedError(
                f"{path.name} holds {dataset.dtypes[0]}; wanted whole numbers, one a class"
            )
        resolution_m = pixel_size_m(code, dataset.transform, (dataset.height, dataset.width))
        pixels, first_rows = _count_classes(dataset)
        notes += shape_notes(dataset, resolution_m)
    known = {number: n for number, n in pixels.items() if number in WORLD_COVER}
    if not known:
        found = ", ".join(str(number) for number in sorted(pixels)[:8]) or "nothing"
        raise ImportRefusedError(
            f"{path.name} holds {found}; wanted ESA WorldCover classes such as 10, 50, 80"
        )
    total = sum(known.values())
    notes += [
        f"{100.0 * n / total:.1f} % {WORLD_COVER[number][0]} ({WORLD_COVER[number][1]})"
        for number, n in sorted(known.items(), key=lambda item: -item[1])
    ]
    rejections = tuple(
        Rejection(
            first_rows[number] + 1,
            "class",
            f"class {number}",
            f"is no WorldCover class; its {pixels[number]:,} pixels are left empty",
            "translate the classes of the file to WorldCover",
        )
        for number in sorted(pixels.keys() - known.keys(), key=lambda number: (first_rows[number], number))
    )
    report = ImportReport(path.name, file.sha256, pixels.total(), total, rejections, tuple(notes), code)
    return RasterRead(
        path=file.gdal_name,
        crs=code,
        source=path.name,
        sha256=file.sha256,
        classes=tuple(WORLD_COVER),
        report=report,
    )


def _count_classes(dataset: Any) -> tuple[Counter[int], dict[int, int]]:
    """Return how many pixels each number has, and the row where it first stands; 0 is no class."""
    pixels: Counter[int] = Counter()
    first_rows: dict[int, int] = {}
    for first in range(0, dataset.height, STRIP_ROWS):
        n_rows = min(STRIP_ROWS, dataset.height - first)
        strip = dataset.read(1, window=((first, first + n_rows), (0, dataset.width)), masked=True)
        is_class = ~np.ma.getmaskarray(strip) & (strip.data != 0)
        numbers, counts = np.unique(strip.data[is_class], return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            pixels[number] += count
            if number not in first_rows:
                first_rows[number] = first + int(np.argmax((strip.data == number).any(axis=1)))
    return pixels, first_rows
