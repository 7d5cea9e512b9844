"""The outlines of divisions and grid units by code (区划边界), as they are now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.city import City
from twin.division_rows import in_force

_VALIDITY = {"valid_from", "valid_to"}


def outlines(city: City, by: str, codes: Sequence[str]) -> NDArray[np.object_]:
    """Return the boundary of each area.

    Parameters
    ----------
    city : City
    by : str
        ``grid``, or a level of divisions.
    codes : sequence of str, length n
        Grid ids, or codes of divisions.

    Returns
    -------
    ndarray of shapely geometry, shape (n,)
        lon, lat degrees; None where there is none, or no area of this code today.
    """
    layer, key = ("grid", "grid_id") if by == "grid" else ("divisions", "code")
    shapes = np.full(len(codes), None, dtype=object)
    if city.has_layer(layer):
        view = city.layer(layer)
        positions = view.positions()
        rows = view.take(positions, [key, *sorted(_VALIDITY & set(view.columns.names))])
        if set(rows.column_names) > _VALIDITY:
            is_there = in_force(rows, city.divisions.as_of)
            positions, rows = positions[is_there], rows.filter(pa.array(is_there))
        known = dict(zip(rows[key].to_pylist(), view.geometries(positions).tolist(), strict=True))
        shapes[:] = [known.get(code) for code in codes]
    return shapes
