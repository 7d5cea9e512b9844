"""Files whose bytes depend on their content alone: CSV, gzip, zipped Shapefile, GeoJSON."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from numpy.typing import NDArray

from sample_data.generator.frame import CRS, to_projected

_ZIP_DATE = (2024, 7, 1, 0, 0, 0)


def write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], encoding: str = "utf-8"
) -> None:
    """Write a CSV file, gzipped where the name ends in ``.gz``; None becomes an empty field."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)


def write_shapefile(
    path: Path,
    polygons: NDArray[np.object_],
    columns: Mapping[str, Sequence[Any]],
    encoding: str,
    *,
    has_cpg: bool,
) -> None:
    """Write a zipped Shapefile of local polygons in EPSG:4549, as a department would hand it over."""
    arrays = [
        np.array(column, object) if isinstance(column[0], str) else np.array(column)
        for column in columns.values()
    ]
    with tempfile.TemporaryDirectory() as folder:
        shp = Path(folder) / f"{path.stem}.shp"
        pyogrio.raw.write(
            shp,
            geometry=shapely.to_wkb(to_projected(polygons)),
            field_data=arrays,
            fields=list(columns),
            geometry_type="Polygon",
            crs=CRS,
            driver="ESRI Shapefile",
            encoding=encoding,
        )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for part in sorted(Path(folder).iterdir()):
                if part.suffix == ".cpg" and not has_cpg:
                    continue
                entry = zipfile.ZipInfo(part.name, _ZIP_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, part.read_bytes())


def write_points(path: Path, lonlat: NDArray[np.float64], properties: Sequence[Mapping[str, Any]]) -> None:
    """Write points with properties as GeoJSON, lon, lat degrees."""
    features = [
        {
            "type": "Feature",
            "properties": dict(row),
            "geometry": {"type": "Point", "coordinates": [float(lon), float(lat)]},
        }
        for (lon, lat), row in zip(lonlat, properties, strict=True)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
