"""Vector tiles of a layer as one caller sees it: the version in force, edits, scope."""

from __future__ import annotations

import threading
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tiles.draw import Part, Tile, draw_tile
from tiles.matrix import tile_bbox
from tiles.on_the_spot import PREPARED_WHOLE_ROWS, part_of_rows
from tiles.prepare import PreparedLayer, prepare
from twin.layer import Layer
from twin.ragged import read_wkb
from twin.view import LayerView

_prepared: WeakKeyDictionary[Layer, PreparedLayer] = WeakKeyDictionary()
_lock = threading.Lock()


def encode_tile(view: LayerView, z: int, x: int, y: int, *, extent: int = 4096, buffer: int = 64) -> Tile:
    """Return the vector tile of one layer (矢量瓦片).

    Every visible feature whose geometry reaches into the buffered tile is in it, its id the ``feature_id``;
    from zoom 14 on with all properties and never too small to be drawn, below as `tiles.rules` say. The first
    tile of a layer version prepares the version, see `prepared_layer`; of versions of more than
    `PREPARED_WHOLE_ROWS` rows every tile prepares its own, see `tiles.on_the_spot`.

    Parameters
    ----------
    view : LayerView
        The layer with its edits, within the caller's scope.
    z, x, y : int
        Tile address in WebMercatorQuad, zoom 0-22.
    extent : int
        Units a tile is wide, a power of two from 256 to 65,536.
    buffer : int
        Units drawn beyond each side.

    Returns
    -------
    Tile
        Mapbox Vector Tile 2.1 with one layer; empty where nothing is drawn. ``n_dropped`` counts what the
        zoom or the cap of features left out.

    Raises
    ------
    InvalidTileError
        If the address lies outside the tile matrix, or extent or buffer are not as above.
    InvalidGeometryError
        If the layer has no geometry.

    Examples
    --------
    >>> import shapely
    >>> from twin.schema import LayerSchema
    >>> table = pa.table({"name": ["渡口"], "geometry": [shapely.to_wkb(shapely.Point(120, 29))]})
    >>> view = LayerView(Layer.from_table(LayerSchema("piers", "point"), table))
    >>> encode_tile(view, 14, 13653, 6811).n_features
    1
    """
    positions = view.in_bbox(tile_bbox(z, x, y, margin=(buffer + 1) / extent), exact=False)
    if view.layer.n_rows <= PREPARED_WHOLE_ROWS:
        return draw_tile(parts_of(view, positions), z, x, y, extent=extent, buffer=buffer)
    n_stored = int(np.searchsorted(positions, view.layer.n_rows))
    stored, n_left_out = part_of_rows(view.layer, positions[:n_stored], z)
    parts = [stored, *_edited(view, positions[n_stored:])]
    drawn = draw_tile(parts, z, x, y, extent=extent, buffer=buffer)
    return replace(drawn, n_dropped=drawn.n_dropped + n_left_out)


def parts_of(view: LayerView, positions: NDArray[np.int64]) -> list[Part]:
    """Return the prepared layers and rows behind positions of a view.

    Parameters
    ----------
    view : LayerView
        The layer with its edits.
    positions : ndarray of int64, shape (k,)
        Ascending.

    Returns
    -------
    list of (PreparedLayer, ndarray of int64)
        The version first; edited features, if any came, are prepared on the spot.

    Raises
    ------
    InvalidGeometryError
        If the layer has no geometry.
    """
    n_stored = int(np.searchsorted(positions, view.layer.n_rows))
    return [(prepared_layer(view.layer), positions[:n_stored]), *_edited(view, positions[n_stored:])]


def _edited(view: LayerView, positions: NDArray[np.int64]) -> list[Part]:
    """Return the edited features at these positions, prepared now; nothing where there are none."""
    if not len(positions):
        return []
    edited = prepare_table(view, view.take(positions))
    return [(edited, np.arange(len(edited.feature_ids)))]


def prepared_layer(layer: Layer) -> PreparedLayer:
    """Return a layer version ready for tiles; made once and kept as long as the layer is open.

    Parameters
    ----------
    layer : Layer
        An open version.

    Returns
    -------
    PreparedLayer

    Raises
    ------
    InvalidGeometryError
        If the layer has no geometry.
    """
    made = _prepared.get(layer)
    if made is None:
        with _lock:  # one thread prepares, the others wait for it
            made = _prepared.get(layer)
            if made is None:
                properties = {name: layer.column(name) for name in layer.columns}
                made = prepare(layer.schema, layer.geometry_arrays(), layer.feature_ids, properties)
                _prepared[layer] = made
    return made


def prepare_table(view: LayerView, table: pa.Table) -> PreparedLayer:
    """Return the rows of a table of this view ready for tiles.

    Parameters
    ----------
    view : LayerView
        Gives the schema.
    table : pyarrow.Table
        As ``view.take`` returns it; every row has a place.

    Returns
    -------
    PreparedLayer
    """
    geometry, _ = read_wkb(table["geometry"], view.layer.geometry_arrays().kind)
    names = [name for name in table.column_names if name not in {"feature_id", "geometry"}]
    properties = {name: table[name].combine_chunks() for name in names}
    return prepare(view.layer.schema, geometry, table["feature_id"].to_numpy(), properties)
