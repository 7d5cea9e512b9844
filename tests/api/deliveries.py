"""Source files of a made-up town, written as departments deliver them, and what a folder holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import shapely

from api.importing import ImportOutcome, ImportRequest, import_files
from twin.city import City

WEST, SOUTH, SIDE = 120.0, 28.8, 0.01
CITY, DISTRICT, STREET = "339900000000", "339901000000", "339901001000"
COMMUNITIES = ("339901001001", "339901001002")


def square(column: float, row: float = 0, size: float = 1) -> shapely.Polygon:
    """Return a square of the town's raster, lon, lat degrees."""
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.box(west, south, west + size * SIDE, south + size * SIDE)


def write_geojson(path: Path, rows: Iterable[tuple[Mapping[str, object], shapely.Geometry | None]]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": dict(properties),
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        }
        for properties, shape in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def write_grid(path: Path, columns: Sequence[int] = range(4)) -> Path:
    """Write units side by side, the first two columns in the western community."""
    rows = [
        (
            {"grid_id": f"{COMMUNITIES[column > 1]}{column:03d}", "community_code": COMMUNITIES[column > 1]},
            square(column),
        )
        for column in columns
    ]
    return write_geojson(path, rows)


def write_divisions(path: Path) -> Path:
    rows = [
        f"{CITY},丽州市,1,",
        f"{DISTRICT},东区,2,{CITY}",
        f"{STREET},中心街道,3,{DISTRICT}",
        *(f"{code},{name}社区,4,{STREET}" for code, name in zip(COMMUNITIES, "西东", strict=True)),
    ]
    path.write_text("\n".join(["code,name,level,parent_code", *rows, ""]), encoding="utf-8")
    return path


def write_addresses(path: Path, rows: Mapping[str, tuple[str, float, float] | str]) -> Path:
    """Write addresses by their number: a text with a place, or without one."""
    lines = ["source_id,text,lon,lat"]
    for number, row in rows.items():
        text, lon, lat = row if isinstance(row, tuple) else (row, "", "")
        lines.append(f"{number},{text},{lon},{lat}")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def write_osm(path: Path, *, roads: Sequence[int] = (7,), buildings: Sequence[int] = ()) -> Path:
    """Write an extract with roads and buildings of these numbers."""
    nodes, ways = [], []
    for number, kind in [*((road, "highway") for road in roads), *((one, "building") for one in buildings)]:
        west, south = WEST + number * SIDE / 100, SOUTH + 0.001
        corners = [(0, 0), (0.0005, 0)] if kind == "highway" else [(0, 0), (4e-5, 0), (4e-5, 4e-5)]
        refs = [number * 10 + place for place in range(1, len(corners) + 1)]
        nodes += [
            f'<node id="{ref}" lon="{west + x:.7f}" lat="{south + y:.7f}"/>'
            for ref, (x, y) in zip(refs, corners, strict=True)
        ]
        if kind == "building":
            refs.append(refs[0])
        members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        value = "residential" if kind == "highway" else "yes"
        ways.append((number, f'<way id="{number}">{members}<tag k="{kind}" v="{value}"/></way>'))
    text = "".join([*nodes, *(way for _, way in sorted(ways))])
    path.write_text(f'<osm version="0.6">{text}</osm>', encoding="utf-8")
    return path


def take_in(city: City, kind: str, *files: Path, **options: str) -> list[ImportOutcome]:
    """Import files with the options of the command line."""
    return import_files(city, ImportRequest(kind, files, **options))  # type: ignore[arg-type]  # texts alone


def ids_by(city: City, layer: str, field: str) -> dict[str, int]:
    """Return the feature id of each value of a field."""
    view = city.layer(layer)
    rows = view.take(view.positions(), [field, "feature_id"])
    return dict(zip(rows[field].to_pylist(), rows["feature_id"].to_pylist(), strict=True))


def contents(folder: Path) -> dict[str, str]:
    """Return a digest of every file of a city that an import may write, locks left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith((".", "live.db"))
    }
