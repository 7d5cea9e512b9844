"""What is wrong with supplied boundaries (边界检查): overlaps, gaps and broken polygons, each placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from pyproj.enums import TransformDirection

SLIT_WIDTH_M = 2.0
"""Open gaps narrower than this between two units are reported, m."""
MIN_AREA_M2 = 1.0
"""Smaller faults come from rounding when boundaries are reprojected, m2."""

CONTACT_DEG = 1e-7
"""Units nearer to a gap than this, 1 cm, are the ones around it; the union has rounded corners."""


@dataclass(frozen=True, slots=True)
class BoundaryFault:
    """One place where boundaries do not tile the city.

    Parameters
    ----------
    kind : {"overlap", "gap", "invalid", "empty"}
        Overlap of two units, hole or narrow slit between units, polygon that crosses
        itself, unit without a boundary.
    area_m2 : float
        Its area in the working CRS, m2; of the whole unit where invalid, 0 where empty.
    lon, lat : float
        A place inside it, degrees; NaN where empty.
    grid_ids : tuple of str
        The units that meet there, in string order.
    reason : str
        What is broken, for invalid polygons.
    """

    kind: Literal["overlap", "gap", "invalid", "empty"]
    area_m2: float
    lon: float
    lat: float
    grid_ids: tuple[str, ...]
    reason: str = ""


def boundary_faults(
    grid_ids: Sequence[str],
    geometries: NDArray[np.object_],
    crs: str,
    *,
    min_area_m2: float = MIN_AREA_M2,
    slit_width_m: float = SLIT_WIDTH_M,
) -> tuple[BoundaryFault, ...]:
    """Return the overlaps, gaps and broken polygons of units that should tile the city, largest first.

    Parameters
    ----------
    grid_ids : sequence of str, length n
    geometries : ndarray of shapely Polygon or MultiPolygon, shape (n,)
        Boundaries, lon, lat degrees; None and empty ones are reported as such.
    crs : str
        The projected working CRS in which areas and widths are measured, such as
        ``"EPSG:4549"``.
    min_area_m2 : float
        Smaller overlaps and gaps are left out, m2.
    slit_width_m : float
        A gap that is open to the outside counts only where it is narrower, m.

    Returns
    -------
    tuple of BoundaryFault
        Empty when the units tile without fault.

    Notes
    -----
    Overlaps and holes are found in degrees, as the units were supplied, and measured in
    the working CRS. A hole may be meant, such as a lake that belongs to nobody. Slits are
    what closing the union by half their width adds between two units.

    Examples
    --------
    >>> units = shapely.box([120.0, 120.09], 29.0, [120.1, 120.2], 29.1)
    >>> [fault] = boundary_faults(["1", "2"], units, "EPSG:4549")
    >>> fault.kind, fault.grid_ids, round(fault.lon, 3)
    ('overlap', ('1', '2'), 120.095)
    """
    ids = np.asarray(grid_ids, dtype=np.str_)
    given = np.where(shapely.is_missing(geometries), shapely.MultiPolygon(), geometries)
    is_empty, is_valid = shapely.is_empty(given), shapely.is_valid(given)
    shapes = given.copy()
    shapes[~is_valid] = shapely.make_valid(given[~is_valid], method="structure", keep_collapsed=False)
    measure = Measure.of(crs)
    faults = [BoundaryFault("empty", 0.0, np.nan, np.nan, (str(name),)) for name in ids[is_empty]]
    reasons = shapely.is_valid_reason(given[~is_valid])
    broken = measure.faults("invalid", shapes[~is_valid], list(ids[~is_valid, np.newaxis]), 0.0)
    faults += [replace(fault, reason=str(reason)) for fault, reason in zip(broken, reasons, strict=True)]
    ids, shapes = ids[~is_empty], shapes[~is_empty]
    if not len(shapes):
        return tuple(faults)
    overlaps, pairs = _overlaps(shapes)
    faults += measure.faults("overlap", overlaps, list(ids[pairs]), min_area_m2)
    gaps, neighbours = gaps_between(shapes, measure, slit_width_m)
    faults += measure.faults("gap", gaps, [ids[units] for units in neighbours], min_area_m2)
    return tuple(sorted(faults, key=lambda fault: (-fault.area_m2, fault.grid_ids)))


@lru_cache(maxsize=16)
def _transformer(crs: str) -> Transformer:
    """Return what projects lon, lat; made once, for it takes 0.1 s."""
    return Transformer.from_crs("EPSG:4326", crs, always_xy=True)


@dataclass(frozen=True, slots=True)
class Measure:
    """Metres and square metres of shapes in degrees.

    Parameters
    ----------
    to_working : Transformer
        From lon, lat to the working CRS.
    """

    to_working: Transformer

    @classmethod
    def of(cls, crs: str) -> Measure:
        """Return what measures in a projected CRS, such as ``"EPSG:4549"``."""
        return cls(_transformer(crs))

    def metric(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return shapes in the working CRS, m."""
        moved: NDArray[np.object_] = shapely.transform(shapes, self.to_working.transform, interleaved=False)
        return moved

    def degrees(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return shapes of the working CRS as lon, lat."""

        def back(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
            return tuple(self.to_working.transform(x, y, direction=TransformDirection.INVERSE))

        moved: NDArray[np.object_] = shapely.transform(shapes, back, interleaved=False)
        return moved

    def faults(
        self,
        kind: Literal["overlap", "gap", "invalid"],
        shapes: NDArray[np.object_],
        names: Sequence[NDArray[np.str_]],
        min_area_m2: float,
    ) -> list[BoundaryFault]:
        """Return one fault for each shape that is large enough."""
        areas_m2 = shapely.area(self.metric(shapes))
        places = shapely.point_on_surface(shapes)
        lon, lat = shapely.get_x(places), shapely.get_y(places)
        return [
            BoundaryFault(
                kind, float(areas_m2[i]), float(lon[i]), float(lat[i]), tuple(sorted(names[i].tolist()))
            )
            for i in np.flatnonzero(areas_m2 >= min_area_m2).tolist()
        ]


def _overlaps(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return what pairs of units share, and the pairs (k, 2); units whose edges all match are spared."""
    suspects = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    asked, others = shapely.STRtree(shapes).query(shapes[suspects], predicate="intersects")
    pairs = np.sort(np.column_stack([suspects[asked], others]), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)
    return shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]]), pairs


def gaps_between(
    shapes: NDArray[np.object_], measure: Measure, slit_width_m: float
) -> tuple[NDArray[np.object_], list[NDArray[np.int64]]]:
    """Return the holes and narrow slits of the union of all units, and the units around each.

    Parameters
    ----------
    shapes : ndarray of shapely Polygon or MultiPolygon, shape (n,)
        Valid, lon, lat degrees.
    measure : Measure
    slit_width_m : float
        Gaps open to the outside count only where they are narrower, m.

    Returns
    -------
    gaps : ndarray of shapely Polygon, shape (k,)
        Lon, lat degrees.
    neighbours : list of ndarray of int64, length k
        Positions in ``shapes``.
    """
    is_clean = bool(shapely.coverage_is_valid(shapes))
    union = shapely.coverage_union_all(shapes) if is_clean else shapely.union_all(shapes)
    parts = shapely.get_parts(union)
    parts = parts[shapely.area(parts) > 0.0]
    rings = shapely.get_rings(parts)
    is_hole = np.ones(len(rings), np.bool_)
    is_hole[np.cumsum(shapely.get_num_interior_rings(parts) + 1)[:-1]] = False
    is_hole[:1] = False
    holes = shapely.polygons(rings[is_hole])
    outline = measure.metric(shapely.union_all(shapely.polygons(rings[~is_hole])))
    # Closed by half the width: two sides nearer than that to each other meet and stay together.
    half_m = slit_width_m / 2.0
    closed = shapely.buffer(shapely.buffer(outline, half_m, join_style="mitre"), -half_m, join_style="mitre")
    slits = measure.degrees(shapely.get_parts(shapely.difference(closed, outline)))
    gaps = np.concatenate([holes, slits])
    around = shapely.STRtree(shapes).query(gaps, predicate="dwithin", distance=CONTACT_DEG)
    neighbours = np.split(around[1], np.searchsorted(around[0], np.arange(1, len(gaps))))
    # A notch in the outline of one unit is its own shape, not a gap between units.
    kept = [i for i in range(len(gaps)) if i < len(holes) or len(neighbours[i]) > 1]
    return gaps[kept], [neighbours[i] for i in kept]
