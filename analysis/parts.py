"""Parts (部件): the nearest of a class, and how many of each kind and condition every unit has."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.stands import holders, points_of
from twin.buffers import array_of
from twin.city import City
from twin.division_rows import LEVELS
from twin.errors import InvalidQueryError
from twin.scope import WHOLE_CITY, Scope
from twin.view import LayerView

FIRST_ASKED = 32
"""How many parts of any class are looked at first for some of one class."""
_KINDS = ("class", "subclass", "condition")


def nearest_parts(
    parts: LayerView, lon: float, lat: float, kind: str = "", k: int = 1, *, max_distance_m: float = math.inf
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the k nearest parts of a class, nearest first, and how far they are.

    Parameters
    ----------
    parts : LayerView
        The layer of that name.
    lon, lat : float
        Degrees.
    kind : str
        Class (大类) or subclass (小类), such as ``消火栓``; any where empty.
    k : int
        How many at most, >= 1.
    max_distance_m : float
        Farther ones are left out, m.

    Returns
    -------
    positions : ndarray of int64, shape (m,)
        Equally near ones by position.
    distances_m : ndarray of float64, shape (m,)
        Metres on the ellipsoid.

    Raises
    ------
    InvalidQueryError
        If the point is not on the Earth, k < 1 or the distance is negative.

    Notes
    -----
    Ever more of the nearest of any class are looked at until enough are of this one: quick for what is
    common, linear in the number of parts for what is rare and far.
    """
    if not kind:
        return parts.nearest(lon, lat, k, max_distance_m=max_distance_m)
    asked, n = FIRST_ASKED * k, parts.count()
    while True:
        positions, distances_m = parts.nearest(lon, lat, max(asked, 1), max_distance_m=max_distance_m)
        is_wanted = _is_of(parts.take(positions, ["class", "subclass"]), kind)
        if np.count_nonzero(is_wanted) >= k or len(positions) < asked or asked >= n:
            return positions[is_wanted][:k], distances_m[is_wanted][:k]
        asked *= 8


def parts_by_unit(city: City, by: str = "grid", *, scope: Scope = WHOLE_CITY) -> pa.Table:
    """Return how many parts of each class, subclass and condition lie in each grid unit or division.

    Parameters
    ----------
    city : City
    by : str
        ``grid``, ``community``, ``subdistrict``, ``district`` or ``city``.
    scope : Scope
        What the caller may see.

    Returns
    -------
    pyarrow.Table
        ``key`` (empty for what lies in none), ``class``, ``subclass``, ``condition``, ``count``.
        The counts add up to the parts that the caller sees.

    Raises
    ------
    InvalidQueryError
        If there is no such level.
    UnknownLayerError
        If the city has no parts.
    """
    if by not in LEVELS:
        raise InvalidQueryError(f"by={by!r} came; wanted {', '.join(LEVELS)}")
    tree, view = city.divisions, city.layer("parts", scope)
    wanted = np.array([n for n, node in enumerate(tree.nodes) if node.level_name == by], np.int64)
    keys = pa.array([*(tree.nodes[number].code for number in wanted.tolist()), ""])
    placed, lon, lat = points_of(view)
    positions = view.positions()
    rows = view.take(positions, list(_KINDS))
    numbers = np.full(len(positions), -1)
    assigner = city.area_assigner
    if assigner is not None:
        offsets, values, ids = assigner.assign(lon, lat)
        is_in = offsets[1:] > offsets[:-1]
        at = np.searchsorted(positions, placed[is_in])
        numbers[at] = tree.preorder_of(ids[values[offsets[:-1][is_in]]])
    rows = rows.append_column("key", keys.take(array_of(holders(tree, numbers, wanted))))
    names = ["key", *_KINDS]
    counted = rows.group_by(names).aggregate([([], "count_all")])
    counted = counted.rename_columns([*names, "count"])
    return counted.sort_by([(name, "ascending") for name in names])


def _is_of(rows: pa.Table, kind: str) -> NDArray[np.bool_]:
    """Return which parts are of a class or subclass."""
    is_either = pc.or_(
        pc.equal(rows["class"], kind).fill_null(fill_value=False),
        pc.equal(rows["subclass"], kind).fill_null(fill_value=False),
    )
    found: NDArray[np.bool_] = is_either.to_numpy()
    return found
