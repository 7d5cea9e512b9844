"""Coordinates as they come in a query string: boxes and single places."""

from __future__ import annotations

import math
import re

from twin.errors import InvalidQueryError
from twin.frame import Box

MAX_LON, MAX_LAT = 180.0, 90.0
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WANTED = "wanted are west,south,east,north in degrees"


def parse_number(text: str, name: str) -> float:
    """Return one finite number of a query string.

    Parameters
    ----------
    text : str
        What came.
    name : str
        What it is, for the message.

    Returns
    -------
    float

    Raises
    ------
    InvalidQueryError
        If it is no number, NaN or infinite.

    Examples
    --------
    >>> parse_number("120.5", "lon")
    120.5
    """
    # float() alone also takes underscores, blanks and foreign digits, which no other reader would.
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise InvalidQueryError(f"{name}={text[:40]!r} is not a finite number")
    return number


def parse_bbox(text: str) -> Box:
    """Return the box of a ``bbox`` parameter.

    Parameters
    ----------
    text : str
        Four numbers, west,south,east,north, or six with heights, which are checked
        and then not used; lon, lat degrees, CGCS2000/WGS 84.

    Returns
    -------
    tuple of float
        West, south, east, north, degrees.

    Raises
    ------
    InvalidQueryError
        If the count is wrong, a number is not finite or out of range, corners are
        the wrong way round, or lon and lat are swapped.

    Examples
    --------
    >>> parse_bbox("119.9,28.7,120.2,29.0")
    (119.9, 28.7, 120.2, 29.0)
    """
    parts = text.split(",")
    if len(parts) not in (4, 6):
        raise InvalidQueryError(
            f"bbox={text[:120]!r} has {len(parts)} numbers; {_WANTED}, or six with heights"
        )
    numbers = [parse_number(part, "a number of bbox") for part in parts]
    half = len(numbers) // 2
    west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if half == 3 and numbers[2] > numbers[5]:
        raise InvalidQueryError(f"bbox={text[:120]!r}: the lower height is above the upper one")
    what = f"bbox={text[:120]!r}"
    check_lonlat(west, south, what)
    check_lonlat(east, north, what)
    if south > north:
        raise InvalidQueryError(f"bbox={text[:120]!r}: south {south} is north of north {north}; {_WANTED}")
    if west > east:
        raise InvalidQueryError(
            f"bbox={text[:120]!r}: west {west} is east of east {east}; "
            "a box over the antimeridian is asked for in two halves"
        )
    return west, south, east, north


def check_lonlat(lon: float, lat: float, what: str) -> None:
    """Refuse a place that is not on the globe.

    Parameters
    ----------
    lon, lat : float
        Degrees, finite.
    what : str
        What came, for the message.

    Raises
    ------
    InvalidQueryError
        If ``lon`` is beyond 180 or ``lat`` beyond 90; says so when they look swapped.
    """
    if abs(lon) <= MAX_LON and abs(lat) <= MAX_LAT:
        return
    hint = "lon and lat look swapped; " if abs(lat) <= MAX_LON and abs(lon) <= MAX_LAT else ""
    raise InvalidQueryError(
        f"{what}: {lon}, {lat} is not lon, lat in degrees; {hint}wanted is lon first, then lat"
    )
