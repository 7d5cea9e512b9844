"""A layer as counts and sums by H3 cell: hexagons that stand for its features at low zooms (蜂窝聚合)."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from tiles.draw import Tile, draw_tile, tile_frame
from tiles.matrix import tile_bbox
from tiles.on_the_spot import PREPARED_WHOLE_ROWS
from tiles.prepare import PreparedLayer, feature_boxes, prepare
from twin.cells import boundaries, cells_of, to_hex
from twin.errors import UnknownFieldError
from twin.frame import Box
from twin.layer import Layer
from twin.ragged import read_wkb
from twin.schema import LayerSchema
from twin.view import LayerView

LAYER_NAME = "cells"
"""Name of the layer inside every aggregate tile, whatever it counts."""

_LAST_ZOOMS = ((6, 5), (8, 6), (10, 7), (11, 8), (13, 9))  # up to this zoom, this resolution: 16-60 pixels
_FINEST = 10
_DIAMETERS_M = {9: 600.0, 10: 230.0}  # the widest hexagon with room; cells so small are counted tile by tile
_BUFFER = 65 / 4096
_EQUATOR_M = 40_075_016.7
_WORLD = (-180.0, -90.0, 180.0, 90.0)
_KEPT = 24  # aggregates of one layer: each resolution of the present and the last few states of edits

_Key = tuple[str, int, tuple[str, ...]]
_aggregates: WeakKeyDictionary[Layer, OrderedDict[_Key, PreparedLayer]] = WeakKeyDictionary()
_lock = threading.Lock()


def resolution_at(z: int) -> int:
    """Return the H3 resolution that tiles of a zoom are drawn in.

    Parameters
    ----------
    z : int
        Tile zoom.

    Returns
    -------
    int
        5 (hexagons of 250 km2) to 10 (0.015 km2).

    Examples
    --------
    >>> [resolution_at(z) for z in (6, 10, 11, 12, 16)]
    [5, 7, 8, 9, 10]
    """
    return next((resolution for last, resolution in _LAST_ZOOMS if z <= last), _FINEST)


def encode_cells_tile(view: LayerView, z: int, x: int, y: int, *, sums: Sequence[str] = ()) -> Tile:
    """Return the aggregate tile of a layer: one hexagon a cell with the number of its features.

    A hexagon that reaches into the tile comes with the count of all its features, also where it crosses the
    tile's edge: over the distinct ids of one zoom the counts add up to the number of features with a place.

    Parameters
    ----------
    view : LayerView
        The layer with its edits, within the caller's scope.
    z, x, y : int
        Tile address in WebMercatorQuad.
    sums : sequence of str
        Number columns to sum by cell.

    Returns
    -------
    Tile
        Layer ``cells`` with ``cell`` (hexadecimal), ``count`` and ``sum_<column>``; ids are unique
        within a resolution.

    Raises
    ------
    InvalidTileError
        If the address lies outside the tile matrix.
    UnknownFieldError
        If a column to sum is not a number column of the layer.

    Examples
    --------
    >>> piers = pa.table({"geometry": [shapely.to_wkb(shapely.Point(120, 29))] * 3})
    >>> view = LayerView(Layer.from_table(LayerSchema("piers", "point"), piers))
    >>> encode_cells_tile(view, 12, 3413, 1702).n_features
    1
    """
    frame = tile_frame(z, x, y)
    resolution = resolution_at(z)
    if resolution in _DIAMETERS_M and view.layer.n_rows > PREPARED_WHOLE_ROWS and not sums:
        around = _reach(z, x, y, _DIAMETERS_M[resolution])
        cells = _hexagons(resolution, *view.count_by_cell(resolution, around), {})
    else:
        cells = _aggregate(view, resolution, tuple(sums))
    boxes = feature_boxes(cells) - np.tile(frame[1:3], 2)
    meets = (boxes[:, :2] <= frame[5]).all(axis=1) & (boxes[:, 2:] >= frame[4]).all(axis=1)
    return draw_tile([(cells, np.flatnonzero(meets))], z, x, y)


def _reach(z: int, x: int, y: int, diameter_m: float) -> Box:
    """Return the box that holds every feature of every cell that reaches into the buffered tile, degrees."""
    _, south, _, north = tile_bbox(z, x, y)
    width_m = _EQUATOR_M / (1 << z) * math.cos(math.radians(max(abs(south), abs(north))))
    return tile_bbox(z, x, y, margin=_BUFFER + diameter_m / width_m)


def _aggregate(view: LayerView, resolution: int, sums: tuple[str, ...]) -> PreparedLayer:
    """Return the cells of a view ready for tiles; made once for each state of edits and scope."""
    key = (view.version_tag, resolution, sums)
    with _lock:  # one thread counts, the others wait for it
        kept = _aggregates.setdefault(view.layer, OrderedDict())
        if key not in kept:
            kept[key] = _prepare_cells(view, resolution, sums)
            while len(kept) > _KEPT:
                kept.popitem(last=False)
        kept.move_to_end(key)
        return kept[key]


def _prepare_cells(view: LayerView, resolution: int, sums: tuple[str, ...]) -> PreparedLayer:
    """Return the hexagons of a view with their counts and sums."""
    if sums:
        cells, counts, totals = _sum_by_cell(view, resolution, sums)
    else:
        (cells, counts), totals = view.count_by_cell(resolution), {}
    return _hexagons(resolution, cells, counts, totals)


def _hexagons(
    resolution: int,
    cells: NDArray[np.uint64],
    counts: NDArray[np.int64],
    totals: dict[str, NDArray[np.float64]],
) -> PreparedLayer:
    """Return cells with their counts and sums as polygons ready for tiles."""
    properties = {"cell": pa.array(to_hex(cells)), "count": pa.array(counts)}
    properties |= {f"sum_{name}": pa.array(total) for name, total in totals.items()}
    schema = LayerSchema(LAYER_NAME, "polygon")
    shapes = pa.chunked_array([pa.array(shapely.to_wkb(boundaries(cells)), pa.binary())])
    geometry, _ = read_wkb(shapes, "polygon")
    # What tells cells of one resolution apart fits into the 53 bits that clients keep of an id.
    ids = ((cells >> np.uint64(3 * (15 - resolution))) & np.uint64((1 << (7 + 3 * resolution)) - 1)).astype(
        np.int64
    )
    made = prepare(schema, geometry, ids, properties)
    return replace(made, zooms=np.zeros_like(made.zooms), vertex_zooms=np.zeros_like(made.vertex_zooms))


def _sum_by_cell(
    view: LayerView, resolution: int, sums: tuple[str, ...]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Return the cells, the count and the sums of number columns in each."""
    numbers = {column.name for column in view.columns if _is_number(column.type)}
    for name in sums:
        if name not in numbers:
            known = ", ".join(sorted(numbers)) or "none"
            raise UnknownFieldError(
                f"layer {view.layer.schema.name!r} has no number column {name!r}; it has {known}"
            )
    positions = view.in_bbox(_WORLD, exact=False)
    n_stored = int(np.searchsorted(positions, view.layer.n_rows))
    found = [view.layer.cells(resolution, positions[:n_stored])]
    if n_stored < len(positions):
        edited = view.take(positions[n_stored:], ["geometry"])["geometry"]
        places = read_wkb(edited, view.layer.geometry_arrays().kind)[0].representative_points()
        found.append(cells_of(places[:, 0], places[:, 1], resolution))
    cells, owners = np.unique(np.concatenate(found), return_inverse=True)
    table = view.take(positions, list(sums))
    counts = np.bincount(owners, minlength=len(cells)).astype(np.int64)
    totals = {}
    for name in sums:
        values = table[name].cast(pa.float64(), safe=False).fill_null(0.0).to_numpy()
        totals[name] = np.bincount(owners, values, len(cells)).astype(np.float64)
    return cells, counts, totals


def _is_number(kind: pa.DataType) -> bool:
    """Return whether an Arrow type is one of whole or real numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
