"""Names of coordinate reference systems as people give them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyproj import CRS
from pyproj.exceptions import CRSError

from twin.errors import InvalidCRSError

ACCEPTED = "wgs84, cgcs2000, gcj02 (火星坐标), bd09 (百度坐标) or EPSG:n"
_SYNONYMS = {
    "wgs84": "wgs84",
    "epsg:4326": "wgs84",
    "ogc:crs84": "wgs84",
    "cgcs2000": "cgcs2000",
    "epsg:4490": "cgcs2000",
    "gcj02": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
}


@dataclass(frozen=True, slots=True)
class CRSName:
    """A coordinate reference system by its one name here; made by ``parse_crs``.

    WGS 84 and CGCS2000 are treated as equal: they differ by centimetres to a few decimetres, epoch and all.
    """

    code: str
    """``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` or ``EPSG:n``."""

    @property
    def is_wgs84(self) -> bool:
        """Whether coordinates are lon, lat degrees that need no conversion."""
        return self.code in {"wgs84", "cgcs2000"}

    @property
    def is_shifted(self) -> bool:
        """Whether coordinates carry the GCJ-02 or BD-09 shift (偏移坐标)."""
        return self.code in {"gcj02", "bd09"}

    def __str__(self) -> str:
        return self.code


WGS84 = CRSName("wgs84")


def parse_crs(text: str) -> CRSName:
    """Return the coordinate reference system that a text names.

    Parameters
    ----------
    text : str
        ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` or ``EPSG:n``; case, blanks, ``-`` and ``_`` are ignored.

    Returns
    -------
    CRSName

    Raises
    ------
    InvalidCRSError
        If the name is unknown, or the EPSG code is none of a projected or geographic system in the plane.

    Examples
    --------
    >>> parse_crs("GCJ-02").code, parse_crs("epsg:4549").code, parse_crs("EPSG:4326").code
    ('gcj02', 'EPSG:4549', 'wgs84')
    """
    plain = re.sub(r"[\s_-]", "", text).lower()
    if plain in _SYNONYMS:
        return CRSName(_SYNONYMS[plain])
    if not re.fullmatch(r"epsg:[0-9]{1,9}", plain):
        raise InvalidCRSError(f"unknown coordinate system {text!r}; accepted are {ACCEPTED}")
    code = plain.upper()
    try:
        crs = CRS.from_user_input(code)
    except CRSError as error:
        raise InvalidCRSError(f"{code} is no known EPSG code; accepted are {ACCEPTED}") from error
    if len(crs.axis_info) != 2 or not (crs.is_projected or crs.is_geographic):
        raise InvalidCRSError(f"{code} is {crs.name}; wanted a projected or geographic system in the plane")
    return CRSName(code)
