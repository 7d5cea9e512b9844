"""The address base as a layer: its columns, what they mean, and how a table of it becomes points."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from twin.view import LayerView

ADDRESSES = "addresses"
"""Layer of the source rows, as departments delivered them."""
ADDRESS_BASE = "address_base"
"""Layer of the addresses that they name: one row each, under its address id."""
IN_FORCE, SUPERSEDED, WITHDRAWN = "in_force", "superseded", "withdrawn"
"""What an address may be: named by sources; merged into another; named by none any more, or ended."""
NOT_YET, UNKNOWN = "not_yet", "unknown"
"""What it may be on a day besides: not begun; without a day of its own, when no division of its was there."""

TIMESTAMP = pa.timestamp("ms", tz="UTC")
BASE_SCHEMA = pa.schema(
    [
        ("feature_id", pa.int64()),
        ("level", pa.int64()),
        ("parent_id", pa.int64()),
        ("token", pa.string()),
        ("word", pa.string()),
        ("text", pa.string()),
        ("division_id", pa.int64()),
        ("division_code", pa.string()),
        ("source", pa.string()),
        ("source_id", pa.string()),
        ("n_records", pa.int64()),
        ("status", pa.string()),
        ("superseded_by", pa.int64()),
        ("valid_from", TIMESTAMP),
        ("valid_to", TIMESTAMP),
        ("gates", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
    ]
)
"""Columns of the address base in memory; as a layer it has ``geometry`` in place of ``lon`` and ``lat``."""
MATCH_COLUMNS = ("address_id", "match_score", "match_method", "matched_at")
"""Columns that tell of each source row which address it names, how sure, by which way, since when."""
DECIDED = "decision"
"""The way of source rows that people have led to their address."""


def empty_base() -> pa.Table:
    """Return the base of a city that has none yet."""
    return BASE_SCHEMA.empty_table()


def base_of(view: LayerView) -> pa.Table:
    """Return the address base that a view shows, open edits included.

    Parameters
    ----------
    view : LayerView
        Of the layer ``address_base``.

    Returns
    -------
    pyarrow.Table
        :data:`BASE_SCHEMA`, by ascending id.
    """
    names = [field.name for field in BASE_SCHEMA if field.name not in {"lon", "lat"}]
    table = view.take(view.positions(), [*names, "geometry"])
    table = table.take(pc.sort_indices(table["feature_id"]))
    return from_layer(table)


def from_layer(table: pa.Table) -> pa.Table:
    """Return rows of the layer with ``lon`` and ``lat`` in place of points.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of the layer.

    Returns
    -------
    pyarrow.Table
        :data:`BASE_SCHEMA`.
    """
    lon, lat = places_of(table["geometry"])
    table = table.drop_columns(["geometry"])
    table = table.append_column("lon", pa.array(lon)).append_column("lat", pa.array(lat))
    return table.select(BASE_SCHEMA.names).cast(BASE_SCHEMA)


def to_layer(base: pa.Table) -> pa.Table:
    """Return an address base as rows of its layer.

    Parameters
    ----------
    base : pyarrow.Table
        :data:`BASE_SCHEMA`.

    Returns
    -------
    pyarrow.Table
        With ``geometry`` as WKB, lon, lat degrees; null without place.
    """
    points = wkb_of(base["lon"].to_numpy(), base["lat"].to_numpy())
    return base.drop_columns(["lon", "lat"]).append_column("geometry", points)


def places_of(geometry: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return lon and lat of points.

    Parameters
    ----------
    geometry : pyarrow.ChunkedArray of binary
        WKB of points, null without place.

    Returns
    -------
    lon, lat : ndarray of float64, shape (n,)
        Degrees; NaN without place.
    """
    points = shapely.from_wkb(geometry.to_numpy(zero_copy_only=False))
    return shapely.get_x(points), shapely.get_y(points)


def wkb_of(lon: np.ndarray, lat: np.ndarray) -> pa.Array:
    """Return points as WKB.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees; NaN without place.

    Returns
    -------
    pyarrow.BinaryArray, length n
        Null without place.
    """
    is_placed = ~np.isnan(lon)
    wkb = np.full(len(lon), None, dtype=object)
    wkb[is_placed] = shapely.to_wkb(shapely.points(lon[is_placed], lat[is_placed]))
    return pa.array(wkb, pa.binary())
