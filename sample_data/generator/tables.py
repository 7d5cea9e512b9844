"""Every file of the county: its name and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sample_data.generator import (
    drains,
    incidents,
    oldnames,
    parts,
    police,
    rasters,
    services,
    traffic,
    weather,
)
from sample_data.generator.addresses import civil_rows
from sample_data.generator.buildings import buildings
from sample_data.generator.divisions import CITY_CODE, DISTRICTS, divisions
from sample_data.generator.doorplates import doorplates
from sample_data.generator.frame import to_lonlat
from sample_data.generator.osmfile import write_osm
from sample_data.generator.writing import write_csv, write_points, write_shapefile

_MERGED = (("339901090000", "鼓楼街道"), ("339901091000", "小东门街道"))
"""Codes and names of the two subdistricts that became 古城街道 in 2021."""
_MERGER_DATE = "2021-07-15"
_SINCE = "1995-01-01"


def division_rows() -> list[tuple[Any, ...]]:
    """Return code, name, level, parent_code, valid_from, valid_to, superseded_by."""
    tree = divisions()
    rows: list[tuple[Any, ...]] = [(CITY_CODE, "丽州市", 1, "", _SINCE, "", "")]
    rows += [(code, name, 2, CITY_CODE, _SINCE, "", "") for code, name in DISTRICTS]
    old_town = tree.subdistrict_codes[tree.subdistrict_names.index("古城街道")]
    for code, name in zip(tree.subdistrict_codes, tree.subdistrict_names, strict=True):
        since = _MERGER_DATE if code == old_town else _SINCE
        rows.append((code, name, 3, f"{code[:6]}000000", since, "", ""))
    rows += [(code, name, 3, f"{code[:6]}000000", _SINCE, _MERGER_DATE, old_town) for code, name in _MERGED]
    for code, name, parent in zip(
        tree.community_codes, tree.community_names, tree.community_subdistrict, strict=True
    ):
        rows.append((code, name, 4, tree.subdistrict_codes[parent], _SINCE, "", ""))
    return rows


def _divisions(path: Path) -> None:
    write_csv(
        path,
        ["code", "name", "level", "parent_code", "valid_from", "valid_to", "superseded_by"],
        division_rows(),
    )


def _grid(path: Path) -> None:
    tree = divisions()
    columns = {
        "网格编码": tree.unit_ids,
        "网格名称": tree.unit_names,
        "类型": tree.unit_kinds,
        "社区代码": [tree.community_codes[k] for k in tree.unit_community],
    }
    write_shapefile(path, tree.polygons, columns, "GB18030", has_cpg=True)


def _buildings(path: Path) -> None:
    houses, doors = buildings(), doorplates()
    columns: dict[str, Any] = {
        "建筑编码": [f"3399{i + 1:06d}" for i in range(len(houses))],
        "层数": np.array([house.floors for house in houses], np.int32),
        "高度": [house.height_m for house in houses],
        "用途": [house.use for house in houses],
        "小区名": [door.estate for door in doors],
        "楼牌号": [door.label or f"{door.number}号" for door in doors],
        "年代": np.array([house.built_year for house in houses], np.int32),
    }
    write_shapefile(
        path, np.array([house.footprint for house in houses], object), columns, "GBK", has_cpg=False
    )


def _facilities(path: Path) -> None:
    rows = services.facilities()
    properties = [
        {
            "facility_id": one.facility_id,
            "name": one.name,
            "class": one.kind,
            "capacity": one.capacity,
            "beds": one.beds,
        }
        for one in rows
    ]
    write_points(path, to_lonlat([one.xy for one in rows]), properties)


def _units(path: Path) -> None:
    rows = services.vehicles()
    lonlat = to_lonlat([row[4] for row in rows])
    header = ["unit_id", "name", "type", "facility_id", "lon", "lat", "status"]
    write_csv(path, header, [(*row[:4], *place, row[5]) for row, place in zip(rows, lonlat, strict=True)])


def _gauges(path: Path) -> None:
    xy, properties = weather.gauge_points()
    write_points(path, to_lonlat(xy), properties)


def _table(header: str, rows: Callable[[], list[Any]], encoding: str = "utf-8") -> Callable[[Path], None]:
    """Return a writer of a CSV file with a fixed header."""
    return lambda path: write_csv(path, header.split(","), rows(), encoding)


def _wide(table: Callable[[], tuple[list[str], list[list[Any]]]]) -> Callable[[Path], None]:
    """Return a writer of a CSV file that has one column per place."""
    return lambda path: write_csv(path, *table())


FILES: dict[str, Callable[[Path], None]] = {
    "dem_30m.tif": rasters.write_dem_30m,
    "dem_5m_centre.tif": rasters.write_dem_5m,
    "roads.osm.pbf": write_osm,
    "divisions.csv": _divisions,
    "grid_units.zip": _grid,
    "buildings.zip": _buildings,
    "landcover.tif": rasters.write_land_cover,
    "addresses_civil.csv.gz": _table("source_id,text,lon,lat,kind,valid_from", civil_rows),
    "addresses_police.csv.gz": _table("编号,地址,经度,纬度", police.police_rows, "gb18030"),
    "old_names.csv": _table("old_name,new_name,kind,valid_to", lambda: list(oldnames.old_names())),
    "facilities.geojson": _facilities,
    "units.csv": _units,
    "parts.csv.gz": _table("部件编码,大类,小类,X坐标,Y坐标,状态,权属单位", parts.part_rows),
    "incidents.csv.gz": _table(
        "incident_id,class,subclass,reported_at,text,lon,lat,state,closed_at", incidents.incident_rows
    ),
    "signals.csv": _table("node_id,plan,phase,movements,green_s,clearance_s,offset_s", traffic.signal_rows),
    "turning_counts.csv.gz": _table("node_id,from_way,to_way,hour,count", traffic.turning_rows),
    "speeds.csv.gz": _wide(traffic.speed_table),
    "rain.csv": _wide(weather.rain_rows),
    "water_level.csv": _wide(weather.level_rows),
    "gauges.geojson": _gauges,
    "drains.inp": drains.write_swmm,
    "inlets.csv": _table("inlet_id,node,kind,lon,lat,elevation_m,length_m,width_m", drains.inlet_rows),
    "links.csv.gz": _table("source_id,kind,ref,valid_from", services.link_rows),
}
"""Writers by file name; cheap ones may be called alone, what they need is made on the way."""
