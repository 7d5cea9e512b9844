"""Joint questions over people, enterprises, places, things, agencies and incidents (人企地物政、事联合查询).

Places come from links or layers, conditions are functions from places to a mask, :func:`select` joins them::

    select(
        places(links, "enterprise", crs, classes=["危化品"]),
        in_cells(flooded),
        near(places(links, "person", crs), 100.0, at_least=51),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import ArrayLike, NDArray

from analysis.stands import places_of, points_of
from twin.addresses.levels import Level
from twin.cells import cells_of, resolution_of
from twin.crs import to_working
from twin.distinct import distinct
from twin.errors import InvalidQueryError
from twin.links import AddressLinks
from twin.view import LayerView

if TYPE_CHECKING:
    import pandas as pd
    from affine import Affine

_CHUNK = 4_096
"""Places asked about at a time: pairs of neighbours may be many more than places."""

_Floats = NDArray[np.float64]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Things with a place: what a joint question selects from.

    Attributes
    ----------
    table : pyarrow.Table, n rows
        ``kind``, ``ref`` (opaque reference, or key of a layer), ``class``, ``address_id`` (null where it
        comes from a layer).
    lon, lat : ndarray of float64, shape (n,)
        Degrees, CGCS2000 = WGS 84.
    x, y : ndarray of float64, shape (n,)
        Metres in the working CRS.
    n_unplaced : int
        How many were left out because nobody knows their place.
    """

    table: pa.Table
    lon: _Floats
    lat: _Floats
    x: _Floats
    y: _Floats
    n_unplaced: int = 0

    def __len__(self) -> int:
        return len(self.lon)

    def where(self, is_wanted: _Mask) -> Places:
        """Return some of these places.

        Parameters
        ----------
        is_wanted : ndarray of bool, shape (n,)

        Returns
        -------
        Places
        """
        table = self.table.filter(pa.array(is_wanted))
        lon, lat, x, y = (values[is_wanted] for values in (self.lon, self.lat, self.x, self.y))
        return replace(self, table=table, lon=lon, lat=lat, x=x, y=y)

    def to_frame(self) -> pd.DataFrame:
        """Return the places as a data frame with ``lon`` and ``lat``.

        Returns
        -------
        pandas.DataFrame
        """
        frame: pd.DataFrame = self.table.to_pandas()
        return frame.assign(lon=self.lon, lat=self.lat)


Condition = Callable[[Places], _Mask]
"""Says of each place whether it is wanted."""


def places(
    links: AddressLinks,
    kind: str,
    crs: str,
    *,
    classes: Collection[str] = (),
    as_of: date | None = None,
    visible: _Mask | None = None,
) -> Places:
    """Return what is linked to addresses, where those are.

    Parameters
    ----------
    links : AddressLinks
    kind : str
        ``person``, ``enterprise``, ``place``, ``thing``, ``agency`` or ``incident``.
    crs : str
        Working CRS of the city, in which distances are measured.
    classes : collection of str
        Only these classes; any where empty.
    as_of : date, optional
        The day on which a link must hold; today in China where not given.
    visible : ndarray of bool, optional
        Which addresses the caller sees, as ``City.address_finder(scope).visible``; all by default.

    Returns
    -------
    Places
        One for each link. What is linked to a dwelling is where its building is, if nobody knows better;
        never where only the road is known.

    Raises
    ------
    InvalidQueryError
        If there is no such kind.
    """
    rows = links.in_force(links.of_kinds(np.arange(len(links)), [kind], classes), as_of)
    if visible is not None:
        rows = rows[np.append(visible, False)[links.nodes[rows]]]
    lon, lat = places_of(links.book)
    is_point = np.append(np.isfinite(lon) & (links.book.levels >= Level.NUMBER), False)
    nodes = links.nodes[rows]
    is_placed = is_point[nodes]  # -1, an address that is not in the base, is the last
    table = links.table(rows[is_placed]).select(["kind", "ref", "class", "address_id"])
    nodes = nodes[is_placed]
    return _projected(table, lon[nodes], lat[nodes], crs, int((~is_placed).sum()))


def places_of_layer(view: LayerView, kind: str, crs: str) -> Places:
    """Return the points of a layer that has a key, such as parts, facilities or incidents.

    Parameters
    ----------
    view : LayerView
        As its caller sees it.
    kind : str
        What to call them.
    crs : str
        Working CRS of the city.

    Returns
    -------
    Places
        ``ref`` is the key. Lines and polygons are where their representative point is.

    Raises
    ------
    InvalidQueryError
        If the layer has no key.
    """
    key = view.layer.schema.key
    if not key:
        raise InvalidQueryError(f"layer {view.layer.schema.name!r} has no key to refer to its features by")
    positions, lon, lat = points_of(view)
    rows = view.take(positions)
    n = rows.num_rows
    classes = rows["class"] if "class" in rows.column_names else pa.nulls(n, pa.string())
    columns = {
        "kind": pa.repeat(pa.scalar(kind), n),
        "ref": rows[key].cast(pa.string()),
        "class": classes,
        "address_id": pa.nulls(n, pa.int64()),
    }
    return _projected(pa.table(columns), lon, lat, crs, view.count() - n)


def select(candidates: Places, *conditions: Condition) -> Places:
    """Return the places that meet every condition.

    Parameters
    ----------
    candidates : Places
    *conditions : callable
        Asked in order, each of what those before have left: put the cheap ones first.

    Returns
    -------
    Places
    """
    for condition in conditions:
        candidates = candidates.where(condition(candidates))
    return candidates


def any_of(*conditions: Condition) -> Condition:
    """Return the condition that one of several holds.

    Parameters
    ----------
    *conditions : callable

    Returns
    -------
    callable
    """

    def holds(asked: Places) -> _Mask:
        found = np.zeros(len(asked), np.bool_)
        for condition in conditions:
            found |= condition(asked)
        return found

    return holds


def none_of(*conditions: Condition) -> Condition:
    """Return the condition that none of several holds.

    Parameters
    ----------
    *conditions : callable

    Returns
    -------
    callable
    """
    return lambda asked: ~any_of(*conditions)(asked)


def in_polygons(polygons: ArrayLike) -> Condition:
    """Return the condition to lie in one of some polygons, boundary included.

    Parameters
    ----------
    polygons : array-like of shapely Polygon or MultiPolygon
        lon, lat degrees.

    Returns
    -------
    callable
        Exactly the answer of ``shapely.covers``.
    """
    shapes = np.atleast_1d(np.asarray(polygons, dtype=object))

    def holds(asked: Places) -> _Mask:
        found = np.zeros(len(asked), np.bool_)
        tree = shapely.STRtree(shapes[~shapely.is_missing(shapes)])
        found[tree.query(shapely.points(asked.lon, asked.lat), predicate="covered_by")[0]] = True
        return found

    return holds


def in_cells(cells: ArrayLike) -> Condition:
    """Return the condition to lie in one of some H3 cells, computed from the place itself.

    Parameters
    ----------
    cells : array-like of uint64
        Of one or several resolutions.

    Returns
    -------
    callable
    """
    wanted = np.asarray(cells, np.uint64)
    resolutions = resolution_of(wanted)

    def holds(asked: Places) -> _Mask:
        found = np.zeros(len(asked), np.bool_)
        for resolution in np.unique(resolutions).tolist():
            found |= np.isin(cells_of(asked.lon, asked.lat, resolution), wanted[resolutions == resolution])
        return found

    return holds


def in_raster(mask: NDArray[np.bool_], transform: Affine) -> Condition:
    """Return the condition to lie in a marked pixel, such as a flooded one.

    Parameters
    ----------
    mask : ndarray of bool, shape (n_rows, n_cols)
        In the working CRS.
    transform : Affine
        From column, row to x, y of the pixel's upper left corner.

    Returns
    -------
    callable
        Outside the raster nothing is marked. A place on the edge of two pixels is in the one to the right
        of it, or below it.
    """
    t = transform
    determinant = t.a * t.e - t.b * t.d

    def holds(asked: Places) -> _Mask:
        x, y = asked.x - t.c, asked.y - t.f
        cols = np.floor((t.e * x - t.b * y) / determinant).astype(np.int64)
        rows = np.floor((t.a * y - t.d * x) / determinant).astype(np.int64)
        is_inside = (cols >= 0) & (cols < mask.shape[1]) & (rows >= 0) & (rows < mask.shape[0])
        found = np.zeros(len(asked), np.bool_)
        found[is_inside] = mask[rows[is_inside], cols[is_inside]]
        return found

    return holds


def near(others: Places, radius_m: float, *, at_least: int = 1) -> Condition:
    """Return the condition to have enough others close by.

    Parameters
    ----------
    others : Places
    radius_m : float
        Straight distance in the working CRS, m; one exactly so far counts.
    at_least : int
        Distinct references that are wanted; ``more than 50`` is 51.

    Returns
    -------
    callable

    Raises
    ------
    InvalidQueryError
        If the radius is negative or not finite.
    """
    if not 0.0 <= radius_m < np.inf:
        raise InvalidQueryError(f"radius_m={radius_m} came; wanted 0 m or more")
    return lambda asked: count_near(asked, others, radius_m) >= at_least


def count_near(asked: Places, others: Places, radius_m: float) -> NDArray[np.int64]:
    """Return how many distinct others are within a distance of each place.

    Parameters
    ----------
    asked : Places, n
    others : Places
    radius_m : float
        Straight distance in the working CRS, m; one exactly so far counts.

    Returns
    -------
    ndarray of int64, shape (n,)
        Somebody linked to two addresses nearby counts once; a place is not near itself. Not suppressed:
        publish through :func:`analysis.suppression.suppress_small_counts`.

    Notes
    -----
    Exact distances of a shapely STRtree; cost grows with the pairs that are near, in memory a few thousand
    places at a time.
    """
    codes = _codes(asked, others)
    counts = np.zeros(len(asked), np.int64)
    tree = shapely.STRtree(shapely.points(others.x, others.y))
    n_codes = max(int(codes.max(initial=0)) + 1, 1)
    own, theirs = codes[: len(asked)], codes[len(asked) :]
    for start in range(0, len(asked), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        centres = shapely.points(asked.x[chunk], asked.y[chunk])
        places_near, others_near = tree.query(centres, predicate="dwithin", distance=radius_m)
        places_near = places_near.astype(np.int64) + start
        is_other = own[places_near] != theirs[others_near]
        pairs = distinct(places_near[is_other] * n_codes + theirs[others_near[is_other]])
        counts += np.bincount(pairs // n_codes, minlength=len(asked))
    return counts


def _codes(asked: Places, others: Places) -> NDArray[np.int64]:
    """Return one number for each distinct kind and reference, of both in turn."""
    texts = [
        pc.binary_join_element_wise(one.table["kind"], one.table["ref"], "\0") for one in (asked, others)
    ]
    joined = pa.chunked_array([chunk for text in texts for chunk in text.chunks], pa.string())
    codes: NDArray[np.int64] = joined.combine_chunks().dictionary_encode().indices.to_numpy()
    return codes.astype(np.int64)


def _projected(table: pa.Table, lon: _Floats, lat: _Floats, crs: str, n_unplaced: int) -> Places:
    x, y = to_working(lon, lat, crs)
    return Places(table, lon, lat, x, y, n_unplaced)
