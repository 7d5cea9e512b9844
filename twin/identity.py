"""What tells the rows of a layer apart: the key, and in dated layers the first day too."""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from twin.schema import LayerSchema

CHINA_OFFSET_MS = 8 * 3600 * 1000
_Column: TypeAlias = "pa.Array | pa.ChunkedArray"


def days_of(moments: _Column) -> _Column:
    """Return the days that moments mean in China (date32).

    Parameters
    ----------
    moments : pyarrow array of timestamp
        Midnight in China or in UTC, as importers may take a bare date: eight hours on, both are the day
        meant.

    Returns
    -------
    pyarrow array of date32

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> days_of(pa.array([datetime(2021, 4, 8, 16, tzinfo=UTC)], pa.timestamp("ms", "UTC"))).to_pylist()
    [datetime.date(2021, 4, 9)]
    """
    shifted = pc.add(moments.cast(pa.timestamp("ms")), pa.scalar(CHINA_OFFSET_MS, pa.duration("ms")))
    return pc.floor_temporal(shifted, unit="day").cast(pa.date32())


def identity_of(schema: LayerSchema, key: _Column, since: _Column | None = None) -> _Column:
    r"""Return what no two rows of a layer share.

    Parameters
    ----------
    schema : LayerSchema
        Of a layer with a key.
    key : pyarrow array
        The column of the key.
    since : pyarrow array of timestamp, optional
        The column ``schema.dated_by``; None where the rows have none.

    Returns
    -------
    pyarrow array
        The key as it is; in dated layers text of key and first day, an open one included. Null where the
        key is.

    Examples
    --------
    >>> from twin.schema import DECLARED
    >>> days = pa.array([None, 1_617_926_400_000], pa.timestamp("ms", "UTC"))
    >>> identity_of(DECLARED["divisions"], pa.array(["330102", "330102"]), days).to_pylist()
    ['330102\x00', '330102\x002021-04-09']
    """
    if not schema.dated_by:
        return key
    text = key.cast(pa.string())
    days = pa.nulls(len(key), pa.string()) if since is None else days_of(since).cast(pa.string())
    return pc.binary_join_element_wise(text, pc.fill_null(days, ""), "\0")


def identity_in(schema: LayerSchema, table: pa.Table) -> _Column:
    """Return :func:`identity_of` for the rows of a table.

    Parameters
    ----------
    schema : LayerSchema
        Of a layer with a key.
    table : pyarrow.Table
        Holds the key.

    Returns
    -------
    pyarrow array
    """
    is_dated = schema.dated_by in table.column_names
    return identity_of(schema, table[schema.key], table[schema.dated_by] if is_dated else None)
