"""Edits that lie over a layer version become part of the next one."""

from __future__ import annotations

import pyarrow as pa

from twin.city import City
from twin.view import LayerView


def fold_edits(city: City, name: str) -> int:
    """Write a version of a layer that holds its open edits, and mark them folded.

    Parameters
    ----------
    city : City
        Its write lock must be held.
    name : str
        Layer name.

    Returns
    -------
    int
        Number of edited features that the new version holds; 0 writes nothing.

    Raises
    ------
    StorageError
        If the version cannot be written; the edits stay open then.
    """
    city.forget(name)
    view = city.layer(name)
    if view.edits.is_empty:
        return 0
    version = put_again(city, view, view.take(view.positions()))
    # Only after the version stands: a crash in between folds the same edits once more, to the same rows.
    city.state.mark_folded(name, up_to=view.edits.sequence, version=version)
    city.forget(name)
    return len(view.edits.hidden_ids)


def put_again(city: City, view: LayerView, rows: pa.Table) -> int:
    """Write rows as the next version of their layer; return its number.

    Parameters
    ----------
    city : City
        Its write lock must be held.
    view : LayerView
        Of the version before.
    rows : pyarrow.Table
        With ``feature_id``.

    Returns
    -------
    int

    Raises
    ------
    StorageError
        If the version cannot be written; the one before stays in force.
    """
    layer = view.layer
    version = city.store.put(
        layer.schema,
        rows,
        provenance=layer.provenance,
        resolutions=city.config.resolutions,
        areas=city.area_assigner,
    )
    city.forget(layer.schema.name)
    return version.version
