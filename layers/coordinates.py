"""Which columns of a text table hold coordinates, and what their names say about them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from twin.errors import ImportRefusedError

_LON = {"lon", "lng", "long", "longitude", "经度", "东经", "经度坐标", "x经度", "gpslon", "gpslng"}
_LAT = {"lat", "latitude", "纬度", "北纬", "纬度坐标", "y纬度", "gpslat"}
_X = {"x", "x坐标", "坐标x", "横坐标", "东坐标", "east", "easting", "pointx", "coordx", "xcoord", "positionx"}
_Y = {
    "y",
    "y坐标",
    "坐标y",
    "纵坐标",
    "北坐标",
    "north",
    "northing",
    "pointy",
    "coordy",
    "ycoord",
    "positiony",
}
_PAIR = {"坐标", "经纬度", "location", "lonlat", "lnglat", "coordinates"}
_WKT = {"wkt", "geom", "geometry", "thegeom", "wktgeom", "geomwkt", "几何", "图形", "空间坐标"}
_CRS = {"crs", "坐标系"}
_CRS_IN_NAME = {
    "gcj02": "gcj02",
    "gcj": "gcj02",
    "火星": "gcj02",
    "高德": "gcj02",
    "amap": "gcj02",
    "bd09": "bd09",
    "百度": "bd09",
    "baidu": "bd09",
    "wgs84": "wgs84",
    "wgs": "wgs84",
    "cgcs2000": "cgcs2000",
    "2000": "",
}
_WKT_START = r"^\s*(?:SRID=\d+;)?\s*(?i:MULTI)?(?i:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\b"
_PAIR_TEXT = r"^\s*[\[(]?\s*[-+]?\d+(\.\d+)?\s*[,，;\s]\s*[-+]?\d+(\.\d+)?\s*[\])]?\s*$"
ROLES = ("lon", "lat", "x", "y", "wkt", "crs")
"""What coordinates are called in a column mapping."""


@dataclass(frozen=True, slots=True)
class CoordinateColumns:
    """Where the coordinates of a text table stand.

    Parameters
    ----------
    x, y : str
        Two columns, in the order in which they are to be read; the same column twice
        where it holds both, such as ``120.5,28.9``; empty where there are none.
    wkt : str
        A column of well-known text; empty where there is none.
    crs : str
        A column that names the CRS of each row; empty where there is none.
    is_lonlat : bool
        Whether the names say longitude and latitude.
    named_crs : str
        The CRS that the names of the columns speak of; empty where they do not.
    """

    x: str = ""
    y: str = ""
    wkt: str = ""
    crs: str = ""
    is_lonlat: bool = False
    named_crs: str = ""

    @property
    def exist(self) -> bool:
        """Whether the table has coordinates at all."""
        return bool(self.x or self.wkt)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that become the geometry and are no properties."""
        return tuple(dict.fromkeys(name for name in (self.x, self.y, self.wkt, self.crs) if name))

    @property
    def exchange(self) -> str:
        """The option that exchanges the axes."""
        first, second = ("lon", "lat") if self.is_lonlat else ("x", "y")
        return f"--map {first}={self.y} --map {second}={self.x}"


def find_coordinates(table: pa.Table, columns: Mapping[str, str], name: str) -> CoordinateColumns:
    """Return the columns that hold coordinates: as mapped, else by their names.

    Parameters
    ----------
    table : pyarrow.Table of string
    columns : mapping of str to str
        Our name -> theirs; the keys lon and lat, x and y, wkt, and crs are looked at.
    name : str
        What to call the file in messages.

    Returns
    -------
    CoordinateColumns

    Raises
    ------
    ImportRefusedError
        If only one of two axes is mapped.

    Examples
    --------
    >>> found = find_coordinates(pa.table({"名称": ["a"], "经度": ["120"], "纬度": ["29"]}), {}, "a.csv")
    >>> found.x, found.y, found.is_lonlat
    ('经度', '纬度', True)
    """
    names = table.column_names
    crs = columns.get("crs") or _only(names, _CRS)
    if "wkt" in columns:
        return CoordinateColumns(wkt=columns["wkt"], crs=crs)
    for first, second in (("lon", "lat"), ("x", "y")):
        if (first in columns) != (second in columns):
            there, missing = (first, second) if first in columns else (second, first)
            raise ImportRefusedError(f"{name}: {there} is mapped but {missing} is not; map both")
        if first in columns:
            return _pair_of(columns[first], columns[second], crs, is_lonlat=first == "lon")
    wkt = _only(names, _WKT)
    if wkt and _all_match(table[wkt], _WKT_START):
        return CoordinateColumns(wkt=wkt, crs=crs)
    for first_names, second_names, is_lonlat in ((_LON, _LAT, True), (_X, _Y, False)):
        x, y = _only(names, first_names), _only(names, second_names)
        if x and y:
            return _pair_of(x, y, crs, is_lonlat=is_lonlat)
    pair = _only(names, _PAIR)
    if pair and _all_match(table[pair], _PAIR_TEXT):
        return CoordinateColumns(pair, pair, crs=crs, is_lonlat=True, named_crs=_crs_in(pair))
    return CoordinateColumns()


def split_pairs(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the two numbers of texts such as ``120.5,28.9``, each as text.

    Parameters
    ----------
    text : pyarrow.Array of string, shape (n,)

    Returns
    -------
    first, second : pyarrow.Array of string, shape (n,)
        What does not split stands whole in ``first``, so that it can be reported.
    """
    parts = pc.extract_regex(text, r"^[\[(]?\s*(?P<a>[^,，;\s]+)\s*[,，;\s]\s*(?P<b>[^,，;\s]+?)\s*[\])]?$")
    return pc.coalesce(pc.struct_field(parts, "a"), text), pc.struct_field(parts, "b")


def _pair_of(x: str, y: str, crs: str, *, is_lonlat: bool) -> CoordinateColumns:
    said = {_crs_in(column) for column in (x, y)}
    return CoordinateColumns(
        x, y, crs=crs, is_lonlat=is_lonlat, named_crs=said.pop() if len(said) == 1 else ""
    )


def _plain(name: str) -> str:
    """Return a column name without case, blanks, brackets and marks."""
    return re.sub(r"[\s_()（）.\[\]°:：-]", "", name).lower()


def _crs_in(name: str) -> str:
    plain = _plain(name)
    return next((crs for mark, crs in _CRS_IN_NAME.items() if mark in plain and crs), "")


def _only(names: Sequence[str], wanted: set[str]) -> str:
    """Return the one column whose name, without words about its CRS, is wanted; empty if none or several."""
    found = [name for name in names if _plain(name) in wanted]
    if not found:
        found = [name for name in names if _without_crs(_plain(name)) in wanted]
    return found[0] if len(found) == 1 else ""


def _without_crs(plain: str) -> str:
    for mark in _CRS_IN_NAME:
        plain = plain.replace(mark, "")
    return plain


def _all_match(column: pa.ChunkedArray, pattern: str) -> bool:
    """Return whether the first texts of a column that are not blank look as expected."""
    texts = column.slice(0, 1000)
    texts = texts.filter(pc.not_equal(pc.utf8_trim_whitespace(texts), ""))
    return len(texts) > 0 and (pc.mean(pc.match_substring_regex(texts, pattern)).as_py() or 0.0) > 0.5
