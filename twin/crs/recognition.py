"""What a pair of number columns looks like: recognised and said, never applied here.

Files come without a word about their system, with a zone prefix, with the axes exchanged, or shifted. A
finding names what the numbers fit, with a sentence for the import report; whether to act on it is the
importer's decision.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.crs.names import WGS84, CRSName
from twin.crs.projection import to_lonlat
from twin.crs.shift import wgs84_to_bd09, wgs84_to_gcj02
from twin.errors import InvalidCoordinateError

Range = tuple[float, float]
ENOUGH = 0.95  # share of rows that must fit
NEAR_DEG = 1.0  # a county or city and its surroundings; zones lie 3 degrees apart
CHINA_LON: Range = (73.0, 136.0)
CHINA_LAT: Range = (3.0, 54.0)
CHINA_NORTHING_M: Range = (300_000.0, 6_000_000.0)
HALF_WIDTH_3_M = 250_000.0  # half a 3-degree zone is 167 km at the equator; sources overrun it
HALF_WIDTH_6_M = 400_000.0
MERCATOR_EDGE_M = 20_037_508.343
CHINA_MERCATOR_X: Range = (8_100_000.0, 15_200_000.0)
CHINA_MERCATOR_Y: Range = (330_000.0, 7_200_000.0)
METRES_PER_DEGREE = 111_195.0  # of a great circle on the mean sphere
MIN_PAIRS = 5
CLEAR_RATIO = 1.0 / 3.0


@dataclass(frozen=True, slots=True)
class Recognition:
    """What two columns look like."""

    crs: CRSName | None
    """The system, if the numbers (and the place, if given) leave one; GCJ-02 and BD-09 look like WGS 84."""
    is_swapped: bool
    """Whether the first column holds latitude or northing."""
    candidates: tuple[CRSName, ...]
    """Every system the numbers fit."""
    share: float
    """Share of the rows with numbers that fit."""
    sentence: str
    """For the import report."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One system, in one axis order, and where its numbers lie."""

    crs: CRSName
    x: Range
    y: Range
    title: str
    is_in_china: bool = True

    def share_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
        """Return the share of the points within both ranges."""
        fits = (x >= self.x[0]) & (x <= self.x[1]) & (y >= self.y[0]) & (y <= self.y[1])
        return float(fits.mean())


_Finding = tuple[_Look, bool, float]
"""A look, whether the columns are swapped for it, and the share of rows that fit."""


def recognise(x: ArrayLike, y: ArrayLike, near: tuple[float, float] | None = None) -> Recognition:
    """Return what a pair of number columns looks like.

    Parameters
    ----------
    x, y : array_like of float64, shape (n,)
        The columns in the order of the source. Rows with NaN, infinity or two zeros are left out.
    near : tuple of float, optional
        Lon, lat of the city, degrees: settles the zone of eastings without a prefix, and the axis order
        outside China.

    Returns
    -------
    Recognition
        ``crs`` is None where nothing fits 95 % of the rows, or several systems do.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Notes
    -----
    Numbers cannot tell CGCS2000 from Xian 1980 and Beijing 1954 (they differ by about 100 m), nor GCJ-02 and
    BD-09 from WGS 84 (``measured_shift`` can). A 6-degree zone without prefix has the same numbers as the
    3-degree zone of its central meridian.

    Examples
    --------
    >>> found = recognise([3196900.1, 3196950.7], [40503900.5, 40503911.2])
    >>> found.crs.code, found.is_swapped
    ('EPSG:4528', True)
    """
    first, second = _numbers(x, y)
    if first.size == 0:
        return Recognition(None, False, (), 0.0, "no row has two numbers (没有坐标)")
    found: list[_Finding] = []
    for swapped in (False, True):
        a, b = (second, first) if swapped else (first, second)
        for look in _looks(float(np.median(a)), float(np.median(b))):
            share = look.share_of(a, b)
            if share >= ENOUGH and (near is None or _is_near(look, a, b, near)):
                found.append((look, swapped, share))
    return _judged(_preferred(found, is_placed=near is not None), first, second, near)


def _numbers(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows that have two numbers other than 0, 0."""
    first = np.atleast_1d(np.asarray(x, np.float64))
    second = np.atleast_1d(np.asarray(y, np.float64))
    if first.ndim != 1 or first.shape != second.shape:
        raise InvalidCoordinateError(f"x has shape {first.shape}, y {second.shape}; wanted (n,) twice")
    kept = np.isfinite(first) & np.isfinite(second) & ((first != 0.0) | (second != 0.0))
    return first[kept], second[kept]


def _looks(x: float, y: float) -> Iterator[_Look]:
    """Yield the systems that a median point in lon, lat or easting, northing order may be in."""
    yield _Look(WGS84, CHINA_LON, CHINA_LAT, "lon, lat degrees (经纬度)")
    yield _Look(WGS84, (-180.0, 180.0), (-90.0, 90.0), "lon, lat degrees (经纬度)", is_in_china=False)
    yield _Look(CRSName("EPSG:3857"), CHINA_MERCATOR_X, CHINA_MERCATOR_Y, "Web Mercator metres")
    edge = (-MERCATOR_EDGE_M, MERCATOR_EDGE_M)
    if min(abs(x), abs(y)) > 100_000.0:
        yield _Look(CRSName("EPSG:3857"), edge, edge, "Web Mercator metres", is_in_china=False)
    zone, easting = divmod(x, 1e6)
    if 25 <= zone <= 45 and abs(easting - 500_000.0) <= HALF_WIDTH_3_M:
        title = f"CGCS2000 3-degree zone {zone:.0f} with prefix (带号 {zone:.0f})"
        yield _Look(
            CRSName(f"EPSG:{4488 + zone:.0f}"), _around(zone, HALF_WIDTH_3_M), CHINA_NORTHING_M, title
        )
    if 13 <= zone <= 23 and abs(easting - 500_000.0) <= HALF_WIDTH_6_M:
        title = f"CGCS2000 6-degree zone {zone:.0f} with prefix (带号 {zone:.0f})"
        yield _Look(
            CRSName(f"EPSG:{4478 + zone:.0f}"), _around(zone, HALF_WIDTH_6_M), CHINA_NORTHING_M, title
        )
    if zone == 0:
        for meridian in range(75, 136, 3):
            title = f"CGCS2000 central meridian {meridian}E without prefix (中央经线 {meridian}°)"
            code = f"EPSG:{4534 + (meridian - 75) // 3}"
            yield _Look(CRSName(code), _around(0.0, HALF_WIDTH_6_M), CHINA_NORTHING_M, title)


def _around(zone: float, half_width_m: float) -> Range:
    """Return the eastings of a zone."""
    middle = zone * 1e6 + 500_000.0
    return middle - half_width_m, middle + half_width_m


def _is_near(look: _Look, x: NDArray[np.float64], y: NDArray[np.float64], near: tuple[float, float]) -> bool:
    """Return whether the median point, read in that system, lies near the city."""
    lon, lat = float(np.median(x)), float(np.median(y))
    if not look.crs.is_wgs84:
        (lon,), (lat,) = to_lonlat([lon], [lat], look.crs.code)
    across = (lon - near[0]) * math.cos(math.radians(near[1]))
    return math.hypot(across, lat - near[1]) <= NEAR_DEG  # NaN is not near


def _preferred(found: list[_Finding], *, is_placed: bool) -> list[_Finding]:
    """Return one finding per system and order; China's before the world's where no place was given."""
    chinese = [finding for finding in found if finding[0].is_in_china]
    unique: dict[tuple[CRSName, bool], _Finding] = {}
    for finding in chinese if chinese and not is_placed else found:
        unique.setdefault((finding[0].crs, finding[1]), finding)
    return list(unique.values())


def _judged(
    found: list[_Finding],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    near: tuple[float, float] | None,
) -> Recognition:
    """Put the finding into a Recognition and a sentence."""
    seen = f"medians {np.median(x):.6g} and {np.median(y):.6g}"
    place = "" if near is None else f" near lon {near[0]:.2f}, lat {near[1]:.2f}"
    if not found:  # also where two conventions are mixed
        sentence = f"{seen}: no known coordinate system fits{place} (坐标系无法识别)"
        return Recognition(None, False, (), 0.0, sentence)
    look, swapped, share = found[0]
    candidates = tuple(dict.fromkeys(finding[0].crs for finding in found))
    order = ", first column is the northing or latitude (坐标轴颠倒)" if swapped else ""
    datum = "; Xian 1980 (西安80) would look alike" if look.title.startswith("CGCS2000") else ""
    if len(found) == 1:
        sentence = f"{seen}: {look.title}, {look.crs}{order}; {share:.1%} of rows fit{place}{datum}"
        return Recognition(look.crs, swapped, candidates, share, sentence)
    if len({is_swapped for _, is_swapped, _ in found}) > 1:
        sentence = f"{seen}: fits in either column order; say which column is which (请注明坐标列)"
        return Recognition(None, False, candidates, share, sentence)
    options = " or ".join(map(str, candidates[:: len(candidates) - 1]))
    sentence = (
        f"{seen}: fits {len(candidates)} systems ({options}){order}; say which with --crs (请注明坐标系)"
    )
    return Recognition(None, swapped, candidates, share, sentence)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far points lie from where they are known to be."""

    crs: CRSName | None
    """WGS 84, GCJ-02 or BD-09, whichever explains the points; None where none does clearly."""
    east_m: float
    north_m: float
    """Median offset from the reference, m."""
    residual_m: float
    """Median distance left under the best explanation, m."""
    n: int
    sentence: str


def measured_shift(
    lon: ArrayLike, lat: ArrayLike, reference_lon: ArrayLike, reference_lat: ArrayLike
) -> Shift:
    """Return which shift explains points whose true places are known.

    Parameters
    ----------
    lon, lat : array_like of float64, shape (n,)
        Degrees as the source has them. Rows with NaN are left out.
    reference_lon, reference_lat : array_like of float64, shape (n,)
        Degrees, WGS 84: the same objects in a trusted layer, row by row.

    Returns
    -------
    Shift
        ``crs`` is None with fewer than 5 pairs, or where the best explanation leaves more than a third of the
        distance that the next best leaves.

    Raises
    ------
    InvalidCoordinateError
        If the shapes differ.

    Examples
    --------
    >>> lon, lat = np.linspace(120.0, 120.1, 9), np.linspace(28.8, 28.9, 9)
    >>> measured_shift(*wgs84_to_gcj02(lon, lat), lon, lat).crs.code
    'gcj02'
    """
    columns = [
        np.atleast_1d(np.asarray(column, np.float64)) for column in (lon, lat, reference_lon, reference_lat)
    ]
    if len({column.shape for column in columns}) != 1:
        raise InvalidCoordinateError(
            f"columns have shapes {[column.shape for column in columns]}; wanted one"
        )
    kept = np.isfinite(columns).all(axis=0)
    x, y, true_x, true_y = (column[kept] for column in columns)
    if x.size < MIN_PAIRS:
        return Shift(
            None, math.nan, math.nan, math.nan, x.size, f"{x.size} pairs are too few to measure a shift"
        )
    explanations = {
        "wgs84": (true_x, true_y),
        "gcj02": wgs84_to_gcj02(true_x, true_y),
        "bd09": wgs84_to_bd09(true_x, true_y),
    }
    left_m = {
        code: float(np.median(np.hypot(*_metres(x, y, *there)))) for code, there in explanations.items()
    }
    best, second = sorted(left_m, key=left_m.__getitem__)[:2]
    east_m, north_m = (float(np.median(part)) for part in _metres(x, y, true_x, true_y))
    offset = f"{x.size} points lie {east_m:+.1f} m east, {north_m:+.1f} m north of their reference (median)"
    if left_m[best] > left_m[second] * CLEAR_RATIO:
        sentence = f"{offset}: no known shift explains it; the closest, {best}, leaves {left_m[best]:.1f} m"
        return Shift(None, east_m, north_m, left_m[best], x.size, sentence)
    sentence = f"{offset}: they look like {best}, which leaves {left_m[best]:.1f} m"
    return Shift(CRSName(best), east_m, north_m, left_m[best], x.size, sentence)


def _metres(
    x: NDArray[np.float64], y: NDArray[np.float64], from_x: NDArray[np.float64], from_y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return local east and north offsets, m."""
    east_m = (x - from_x) * np.cos(np.radians(from_y)) * METRES_PER_DEGREE
    return east_m, (y - from_y) * METRES_PER_DEGREE
