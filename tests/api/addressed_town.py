"""A city with an address base, made through the command line: two estates, a village, a grid."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import shapely

from tests.api.hostile import run
from twin.city import City
from twin.divisions import CHINA_TIME
from twin.layer_table import TIMESTAMP
from twin.schema import DECLARED

DIVISIONS = """code,name,level,parent_code
339900000000,丽州市,1,
339901000000,丽城区,2,339900000000
339902000000,溪南区,2,339900000000
339901001000,古城街道,3,339901000000
339902001000,望江街道,3,339902000000
"""
LAKE, BAUHINIA = "丽州市丽城区古城街道永城路38号西湖花园", "丽州市溪南区望江街道环城西路500号紫荆花园"
OLD_NAMES = pa.table(
    {
        "alias": ["革命路"],
        "name": ["永城路"],
        "kind": ["street"],
        "valid_to": pa.array([datetime(2004, 12, 1, tzinfo=CHINA_TIME)], TIMESTAMP),
    }
)


def rows() -> list[str]:
    """Return source rows: number, text, lon, lat."""
    made = []
    for estate, west in ((LAKE, 120.04), (BAUHINIA, 120.06)):
        for building in range(1, 6):
            for unit in (1, 2):
                for door in (101, 102, 201, 202, 301, 302):
                    text = f"{estate}{building}幢{unit}单元{door}室"
                    made.append(f"R{len(made)},{text},{west + building * 5e-4:.6f},28.890000")
    for number in range(1, 9):
        made.append(f"R{len(made)},丽州市溪南区望江街道新吴村{number}号,120.08,{28.89 + number * 3e-4:.6f}")
    return made


def source_of(text: str) -> str:
    """Return the number of the source row of a text."""
    return next(row.split(",")[0] for row in rows() if row.split(",")[1] == text)


def make_addressed_town(folder: Path) -> City:
    """Return an open city that holds the rows, in a new folder."""
    files = {
        "divisions": DIVISIONS,
        "addresses": "\n".join(["source_id,text,lon,lat", *rows(), ""]),
    }
    city = folder / "a.city"
    assert run("init", city, "--name", "丽州市", "--crs", "EPSG:4549").exit_code == 0
    with City.open(city) as bare:
        bare.store.put(DECLARED["aliases"], OLD_NAMES)
    for kind in ("divisions", "addresses"):
        path = folder / f"{kind}.csv"
        path.write_text(files[kind], encoding="utf-8")
        came = run("import", kind, path, "--city", city, *(("--crs", "wgs84") if kind == "addresses" else ()))
        assert came.exit_code == 0, (came.output, came.exception)
    opened = City.open(city)
    units = [shapely.box(120.03, 28.88, 120.05, 28.90), shapely.box(120.05, 28.88, 120.07, 28.90)]
    opened.store.put(DECLARED["grid"], pa.table({"grid_id": ["G1", "G2"], "geometry": shapely.to_wkb(units)}))
    return opened
