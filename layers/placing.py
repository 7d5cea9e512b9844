"""Where the numbers of a file lie: which CRS they are in, said and checked, never guessed in silence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layers.misfit import Trusted, compared
from layers.placement import WIDEN, Placement, box_text, expected_region, is_inside
from layers.source_crs import SourceCRS, crs_of_file, plain_lonlat, reach_of, title_of
from twin.crs import WGS84, CRSName, gcj02_to_wgs84, parse_crs, recognise
from twin.errors import ImportRefusedError, InvalidCRSError
from twin.frame import Box, CityFrame

Floats = NDArray[np.float64]

MOST = 0.5
"""Share of the rows that must fit before single rows are blamed instead of the file."""
CLEARLY = 0.9
"""Share of the rows that must fit a system nobody declared."""
EXCHANGED = "the axes are exchanged (northing or latitude first): read accordingly (坐标轴颠倒)"
ATTENTION = "ATTENTION (注意)"
UNCOMPARED = "not checked for a GCJ-02 shift (国测局偏移): nothing trusted to compare with"
UNPROVEN = (
    f"{ATTENTION}: taken as WGS 84 without proof; if these are GCJ-02 or BD-09 coordinates (偏移坐标), every "
    "place is some 500 m off: import them again with --crs gcj02 or --crs bd09"
)

_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Claims:
    """What is said about coordinates before anyone looks at them.

    Parameters
    ----------
    asked : str, optional
        CRS that the person importing named.
    of_file : str, optional
        CRS that the file carries, as authority code or WKT.
    is_lonlat : bool
        Whether the columns are called longitude and latitude.
    is_ordered : bool
        Whether the order of the axes is declared too, by the columns' names or the format;
        a plain X may be the northing, as surveyors have it.
    exchange : str
        The option that exchanges the two axes, for messages.
    """

    asked: str | None = None
    of_file: str | None = None
    is_lonlat: bool = False
    is_ordered: bool = False
    exchange: str = "--map x=y --map y=x"


def settle(
    x: Floats, y: Floats, claims: Claims, frame: CityFrame, *, name: str, trusted: Trusted | None = None
) -> Placement:
    """Return the CRS of the coordinates of a file.

    A declared CRS is checked against the numbers and the city. Where none is
    declared, the numbers must leave exactly one that puts them into the city.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        As they stand in the source; NaN where a row has none.
    claims : Claims
        What is said about them.
    frame : CityFrame
        Where the city lies.
    name : str
        What to call the file in messages.
    trusted : Trusted, optional
        Lets WGS 84, GCJ-02 and BD-09 be told apart, which numbers alone cannot.

    Returns
    -------
    Placement

    Raises
    ------
    ImportRefusedError
        If the declared CRS contradicts the numbers, the axes are exchanged against what is
        declared, everything lies outside the city, or the evidence leaves no single CRS.
    """
    has_place = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0))
    rows = np.flatnonzero(has_place)
    region = expected_region(frame)
    if not len(rows):
        return Placement(_declared(claims, name) or WGS84, region=region)
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.int64)]
    sample = _Sample(x[chosen], y[chosen], frame, region, claims, name)
    declared = _declared(claims, name)
    if declared is not None:
        placement = sample.checked(declared)
    elif claims.is_lonlat and sample.looks_like_degrees:
        placement = sample.checked(WGS84).noting("no CRS declared; taken as WGS 84 / CGCS2000 degrees")
    else:
        placement = sample.recognised()
    placement = _told_from_shifted(placement, sample, trusted or Trusted(), is_declared=declared is not None)
    if isinstance(placement.crs, CRSName) and placement.crs.is_shifted:
        return placement.noting(f"{placement.crs} converted to WGS 84 (偏移坐标已转换)")
    return placement


class _Sample:
    """Some rows of the file, and every question asked about them."""

    def __init__(
        self, x: Floats, y: Floats, frame: CityFrame, region: Box | None, claims: Claims, name: str
    ) -> None:
        self.x, self.y = x, y
        self.frame, self.region, self.claims, self.name = frame, region, claims, name

    @property
    def looks_like_degrees(self) -> bool:
        """Whether most numbers can be degrees, in either order."""
        return float((np.maximum(np.abs(self.x), np.abs(self.y)) <= 180.0).mean()) >= MOST

    def share(self, crs: SourceCRS, *, exchanged: bool = False) -> float:
        """Return the share of rows that lie in the city, and where this CRS is used, if they are in it."""
        x, y = (self.y, self.x) if exchanged else (self.x, self.y)
        lon, lat = plain_lonlat(x, y, crs)
        return float((is_inside(lon, lat, self.region) & is_inside(lon, lat, reach_of(crs))).mean())

    def checked(self, declared: SourceCRS) -> Placement:
        """Return the declared CRS if the numbers bear it out."""
        notes: tuple[str, ...] = ()
        if self.claims.asked and self.claims.of_file:
            file_crs = crs_of_file(self.claims.of_file, self.name)
            if file_crs != declared:
                notes = (f"the file says {title_of(file_crs)}; taken as {title_of(declared)} as asked",)
        if self.share(declared) >= MOST:
            return Placement(declared, region=self.region, notes=notes)
        if self.share(declared, exchanged=True) >= MOST:
            if self.claims.is_ordered:
                raise ImportRefusedError(
                    f"{self.name}: longitude and latitude (or easting and northing) are exchanged "
                    f"(坐标轴颠倒), medians {self._medians()}; pass {self.claims.exchange}"
                )
            return Placement(declared, True, self.region, (*notes, EXCHANGED))
        fits = self._fits()
        if len(fits) == 1:
            crs, exchanged = fits[0]
            options = f"--crs {crs}" + (f" {self.claims.exchange}" if exchanged else "")
            raise ImportRefusedError(
                f"{self.name}: declared as {title_of(declared)}, but the numbers (medians "
                f"{self._medians()}) fit {crs}{' with axes exchanged' if exchanged else ''}; pass {options}"
            )
        raise ImportRefusedError(self._outside(declared))

    def recognised(self) -> Placement:
        """Return the one CRS that puts undeclared numbers into the city."""
        found = recognise(self.x, self.y)
        fits = self._fits()
        if not fits and found.candidates and self.region is not None:
            raise ImportRefusedError(
                f"{self.name}: no CRS declared; {found.sentence}, but in none of them do the rows lie in "
                f"{self.frame.name} ({box_text(self.region)}); pass the right --crs EPSG:n (请注明坐标系)"
            )
        if not fits:
            raise ImportRefusedError(
                f"{self.name}: no CRS declared and none recognised; {found.sentence}; pass --crs EPSG:n"
            )
        if len(fits) > 1:
            options = " or ".join(f"--crs {crs}" for crs in dict.fromkeys(crs for crs, _ in fits))
            both_orders = len({exchanged for _, exchanged in fits}) > 1
            axes = f"; if the axes are exchanged also {self.claims.exchange}" if both_orders else ""
            raise ImportRefusedError(
                f"{self.name}: no CRS declared and the numbers (medians {self._medians()}) fit several; "
                f"pass {options}{axes} (请注明坐标系)"
            )
        crs, exchanged = fits[0]
        notes = [f"no CRS declared; recognised as {crs}: medians {self._medians()}"]
        if exchanged:
            notes.append(EXCHANGED)
        if not crs.is_wgs84:
            notes.append("Xian 1980 and Beijing 1954 look the same, up to 100 m off; pass --crs if it is one")
        return Placement(crs, exchanged, self.region, tuple(notes))

    def _fits(self) -> list[tuple[CRSName, bool]]:
        """Return each system and axis order that puts most rows into the city."""
        return [
            (crs, exchanged)
            for crs in self._candidates()
            for exchanged in (False, True)
            if self.share(crs, exchanged=exchanged) >= CLEARLY
        ]

    def _candidates(self) -> tuple[CRSName, ...]:
        """Return the systems that the numbers allow; a city's own one goes before other zones like it."""
        candidates = recognise(self.x, self.y).candidates
        if self.frame.bbox is None and self.frame.crs:
            own = parse_crs(self.frame.crs)
            return (own,) if own in candidates else candidates
        return candidates

    def _medians(self) -> str:
        return f"{np.median(self.x):.10g}, {np.median(self.y):.10g}"

    def _outside(self, declared: SourceCRS) -> str:
        lon, lat = plain_lonlat(self.x, self.y, declared)
        on_earth = is_inside(lon, lat, None)
        if on_earth.mean() < MOST:
            return (
                f"{self.name}: the numbers (medians {self._medians()}) are no coordinates in "
                f"{title_of(declared)}; pass the right --crs"
            )
        spans = (lon[on_earth].min(), lat[on_earth].min(), lon[on_earth].max(), lat[on_earth].max())
        city = f"{self.frame.name} lies in {box_text(self.region)}" if self.region else "that is not on Earth"
        return (
            f"{self.name} lies outside the city (不在本市范围): in {title_of(declared)} its rows span "
            f"{box_text(spans)}, {city}; pass the right --crs, or {WIDEN}"
        )


def _declared(claims: Claims, name: str) -> SourceCRS | None:
    """Return the CRS that was asked for, else the file's own, else None."""
    if claims.asked:
        try:
            return parse_crs(claims.asked)
        except InvalidCRSError as error:
            raise ImportRefusedError(f"{name}: {error}") from error
    return crs_of_file(claims.of_file, name) if claims.of_file else None


def _told_from_shifted(
    placement: Placement, sample: _Sample, trusted: Trusted, *, is_declared: bool
) -> Placement:
    """Return the placement after its points were compared with things they should lie at."""
    crs = placement.crs
    if not isinstance(crs, CRSName) or not (crs.is_wgs84 or crs.is_shifted):
        return placement
    x, y = (sample.y, sample.x) if placement.is_exchanged else (sample.x, sample.y)
    is_placed = is_inside(x, y, sample.region)
    x, y = x[is_placed], y[is_placed]
    if crs.is_wgs84 and np.array_equal(gcj02_to_wgs84(x, y), (x, y)):
        return placement  # outside China nothing is shifted
    finding = compared(x, y, trusted)
    if finding is None or finding.crs is None:
        if finding is None and is_declared and crs.is_shifted:
            return placement
        checked = placement.noting(UNCOMPARED if finding is None else finding.sentence)
        return checked if is_declared else checked.noting(UNPROVEN)
    if finding.crs == (WGS84 if crs.is_wgs84 else crs):
        return placement.noting(f"checked against trusted features: {finding.sentence}")
    if is_declared and finding.is_proof:
        raise ImportRefusedError(
            f"{sample.name}: declared as {crs}, but {finding.sentence}; pass --crs {finding.crs} (坐标偏移)"
        )
    if is_declared:
        doubt = f"{ATTENTION}: taken as {crs} as declared, but {finding.sentence}"
        return placement.noting(f"{doubt}; if so import it again with --crs {finding.crs} (坐标偏移)")
    found = replace(placement, crs=finding.crs)
    return found.noting(f"no shift declared, but {finding.sentence}")
