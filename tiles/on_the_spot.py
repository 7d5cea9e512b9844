"""Tiles of large layers: only the rows that a tile can draw are prepared, nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tiles.draw import Part
from tiles.generalise import zooms_by_rank
from tiles.prepare import heaviest, prepare, weights_of
from tiles.rules import FULL_ZOOM, is_drawn, max_features, rules_of
from twin.buffers import array_of
from twin.layer import Layer
from twin.search import rows_in_box

PREPARED_WHOLE_ROWS = 200_000
"""Layers of more rows are not prepared whole: that takes some 200 bytes a row in every process."""
MAX_MEASURED = 100_000
"""Polygons whose area is measured for one tile; of more, those of the largest boxes."""
_CHUNK_ROWS = 1 << 20  # candidates weighed at a time: some tens of MB, whatever the layer's size

_Rows = NDArray[np.int64]


def part_of_rows(layer: Layer, rows: _Rows, z: int) -> tuple[Part, int]:
    """Return the candidate rows of one tile ready to be drawn, and how many were left out before.

    Parameters
    ----------
    layer : Layer
        An open version.
    rows : ndarray of int64, shape (k,)
        Rows that may meet the tile, ascending.
    z : int
        Zoom of the tile.

    Returns
    -------
    part : (PreparedLayer, ndarray of int64)
        A tile of it is, byte for byte, the tile of the layer prepared whole, with two exceptions: of more
        than `MAX_MEASURED` polygons the largest boxes are taken; and below `FULL_ZOOM`, where more rows
        than that lie around those drawn, their borders are simplified without regard to neighbours.
    n_left_out : int
        Candidates that this zoom does not draw, or beyond what a tile holds.

    Raises
    ------
    InvalidGeometryError
        If the layer has no geometry.
    """
    kind = layer.geometry_arrays().kind
    if z < rules_of(layer.schema).min_zoom:
        chosen = rows[:0]
    elif kind == "polygon":
        chosen = _largest_boxes(layer, rows)
    else:
        chosen = _most_important(layer, rows, z)
    context = chosen if kind == "point" or z >= FULL_ZOOM else _with_neighbours(layer, chosen)
    indices = array_of(context)
    prepared = prepare(
        layer.schema,
        layer.geometry_arrays().take(context),
        layer.feature_ids[context],
        {
            name: layer.column(name).take(indices)
            for name in layer.columns
            if is_drawn(name, z) or name == rules_of(layer.schema).rank_field
        },
        context,
    )
    return (prepared, np.searchsorted(context, chosen)), len(rows) - len(chosen)


def _most_important(layer: Layer, rows: _Rows, z: int) -> _Rows:
    """Return the points or lines that the tile can hold, by class and chance."""
    rules = rules_of(layer.schema)
    kept, kept_weights = rows[:0], np.empty(0, np.float32)
    for chunk in _chunks(rows):
        zooms = np.zeros(len(chunk), np.uint8)
        if rules.rank_field in layer.columns:
            zooms = zooms_by_rank(layer.column(rules.rank_field).take(array_of(chunk)), rules)
        shown = chunk[zooms <= z]
        kept = np.concatenate([kept, shown])
        kept_weights = np.concatenate([kept_weights, weights_of(shown, zooms[zooms <= z])])
        is_kept = heaviest(kept_weights, max_features(z))
        kept, kept_weights = kept[is_kept], kept_weights[is_kept]
    return kept


def _largest_boxes(layer: Layer, rows: _Rows) -> _Rows:
    """Return the polygons worth measuring: all, or where they are too many those of the largest boxes."""
    if len(rows) <= MAX_MEASURED:
        return rows
    xmin, ymin, xmax, ymax = layer.bounds
    kept, kept_weights = rows[:0], np.empty(0, np.float32)
    for chunk in _chunks(rows):
        sizes = (xmax[chunk] - xmin[chunk]) * (ymax[chunk] - ymin[chunk])
        kept = np.concatenate([kept, chunk])
        kept_weights = np.concatenate([kept_weights, sizes.astype(np.float32)])
        is_kept = heaviest(kept_weights, MAX_MEASURED)
        kept, kept_weights = kept[is_kept], kept_weights[is_kept]
    return kept


def _with_neighbours(layer: Layer, rows: _Rows) -> _Rows:
    """Return rows and all that may touch them: what is simplified alike on a shared border."""
    if not len(rows):
        return rows
    xmin, ymin, xmax, ymax = (bound[rows] for bound in layer.bounds)
    box = float(xmin.min()), float(ymin.min()), float(xmax.max()), float(ymax.max())
    around = rows_in_box(layer, box, exact=False, limit=MAX_MEASURED + 1)
    return around if len(around) <= MAX_MEASURED else rows


def _chunks(rows: _Rows) -> Iterator[_Rows]:
    """Yield rows some at a time."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        yield rows[start : start + _CHUNK_ROWS]
