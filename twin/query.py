"""Questions as they come from outside: boxes, polygons, points and filters, checked once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from twin.buffers import flags_of
from twin.errors import InvalidQueryError, UnknownFieldError
from twin.frame import Box
from twin.layer import Layer

Value = str | int | float | bool | datetime | None


def checked_box(bbox: Sequence[float]) -> Box:
    """Return a box of degrees that can be asked for.

    Parameters
    ----------
    bbox : sequence of float
        xmin, ymin, xmax, ymax: west, south, east, north, degrees.

    Returns
    -------
    tuple of float

    Raises
    ------
    InvalidQueryError
        If it is not four finite numbers, lies off the Earth, has its corners the wrong way round, or crosses
        the antimeridian.

    Examples
    --------
    >>> checked_box([120, 28.5, 120.5, 29])
    (120.0, 28.5, 120.5, 29.0)
    """
    came = f"box {tuple(bbox)} came"
    wanted = "wanted west, south, east, north in degrees"
    if len(bbox) != 4:
        raise InvalidQueryError(f"{came}, {len(bbox)} numbers; {wanted}")
    try:
        xmin, ymin, xmax, ymax = map(float, bbox)
    except (TypeError, ValueError) as error:
        raise InvalidQueryError(f"{came}; {wanted}") from error
    if not all(map(math.isfinite, (xmin, ymin, xmax, ymax))):
        raise InvalidQueryError(f"{came}, not all of it finite; {wanted}")
    if max(abs(ymin), abs(ymax)) > 90.0:
        swapped = max(abs(xmin), abs(xmax)) <= 90.0 and max(abs(ymin), abs(ymax)) <= 180.0
        hint = ": latitude seems to stand first, longitude comes first" if swapped else ""
        raise InvalidQueryError(f"{came} with latitudes beyond 90{hint}; {wanted}")
    if max(abs(xmin), abs(xmax)) > 180.0:
        raise InvalidQueryError(f"{came} with longitudes beyond 180; {wanted}")
    if ymin > ymax:
        raise InvalidQueryError(f"{came} with south above north; {wanted}")
    if xmin > xmax:
        raise InvalidQueryError(
            f"{came} with west > east; {wanted}; across the antimeridian ask for the two halves"
        )
    return xmin, ymin, xmax, ymax


def checked_point(lon: float, lat: float) -> tuple[float, float]:
    """Return a place that can be asked for.

    Parameters
    ----------
    lon, lat : float
        Degrees.

    Returns
    -------
    tuple of float

    Raises
    ------
    InvalidQueryError
        If a number is not finite or lies off the Earth.
    """
    if abs(lon) <= 180.0 and abs(lat) <= 90.0:
        return float(lon), float(lat)
    swapped = abs(lon) <= 90.0 and abs(lat) <= 180.0
    hint = ": latitude seems to stand first" if swapped else ""
    raise InvalidQueryError(
        f"point ({lon}, {lat}) came{hint}; wanted longitude -180..180, then latitude -90..90"
    )


def checked_polygon(polygon: shapely.Geometry) -> shapely.Geometry:
    """Return a polygon that can be asked for.

    Parameters
    ----------
    polygon : shapely Polygon or MultiPolygon
        lon, lat degrees.

    Returns
    -------
    shapely Polygon or MultiPolygon

    Raises
    ------
    InvalidQueryError
        If it is another kind of geometry, empty, invalid or off the Earth.
    """
    if not isinstance(polygon, shapely.Polygon | shapely.MultiPolygon):
        came = polygon.geom_type if isinstance(polygon, shapely.Geometry) else type(polygon).__name__
        raise InvalidQueryError(f"a {came} came; wanted a Polygon or MultiPolygon")
    if polygon.is_empty:
        raise InvalidQueryError("an empty polygon came; wanted one with an area")
    checked_box(polygon.bounds)
    if not polygon.is_valid:
        reason = shapely.is_valid_reason(polygon)
        raise InvalidQueryError(f"an invalid polygon came ({reason}); wanted one whose rings do not cross")
    return polygon


def typed_filters(columns: pa.Schema, where: Mapping[str, Value]) -> dict[str, pa.Scalar]:
    """Return the wanted value of each field in the type of its column; text is read as that type.

    Parameters
    ----------
    columns : pyarrow.Schema
        Fields that can be asked for.
    where : mapping of str to value
        None asks for rows without a value.

    Returns
    -------
    dict of str to pyarrow.Scalar

    Raises
    ------
    UnknownFieldError
        If there is no such field.
    InvalidQueryError
        If a value cannot be one of the field.

    Examples
    --------
    >>> typed_filters(pa.schema({"floors": pa.int64()}), {"floors": "6"})
    {'floors': <pyarrow.Int64Scalar: 6>}
    """
    typed = {}
    for name, value in where.items():
        if name not in columns.names:
            raise UnknownFieldError(f"there is no field {name!r}; fields are {', '.join(columns.names)}")
        kind = columns.field(name).type
        try:
            scalar = pa.scalar(value)
            typed[name] = scalar.cast(kind) if isinstance(value, str) else pa.scalar(value, kind)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise InvalidQueryError(f"{name}={value!r} came; field {name!r} wants {kind}") from error
    return typed


def matching(layer: Layer, rows: NDArray[np.int64], filters: Mapping[str, pa.Scalar]) -> NDArray[np.int64]:
    """Return those rows that have the wanted value in every field.

    Parameters
    ----------
    layer : Layer
    rows : ndarray of int64, shape (k,)
    filters : mapping of str to pyarrow.Scalar
        As :func:`typed_filters` returns it; a field the layer lacks is null throughout.

    Returns
    -------
    ndarray of int64
    """
    for name, wanted in filters.items():
        if not len(rows):
            break
        if name not in layer.columns:
            rows = rows[:0] if wanted.is_valid else rows
            continue
        column = layer.table(rows, [name])[name]
        if wanted.is_valid:
            fits = pc.fill_null(pc.equal(column, wanted), fill_value=False)
        else:
            fits = column.is_null()
        rows = rows[np.concatenate([flags_of(chunk) for chunk in fits.chunks])]
    return rows
