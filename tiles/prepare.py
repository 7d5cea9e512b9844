"""A layer version made ready for tiles: world-grid vertices, zooms, coded properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tiles.generalise import polygon_areas, vertex_zooms, zooms_by_area, zooms_by_rank
from tiles.matrix import world_of
from tiles.properties import PropertyTable, table_of
from tiles.rules import LayerRules, rules_of
from twin.errors import InvalidLayerError
from twin.ragged import Kind, RaggedGeometry
from twin.schema import LayerSchema


@dataclass(frozen=True, slots=True, eq=False)
class PreparedLayer:
    """Everything the tile kernels read of n features; arrays are read-only.

    Parameters
    ----------
    name : str
        Layer name in the tile.
    kind : {"point", "line", "polygon"}
        Geometry family.
    rules : LayerRules
        What is drawn when.
    feature_ids : ndarray of int64, shape (n,)
        Ids in the tile.
    xy : ndarray of int64, shape (m, 2)
        World-grid steps of all vertices.
    offsets : tuple of ndarray of int32
        As in `RaggedGeometry`, innermost first.
    anchors : ndarray of int64, shape (n, 2)
        Where the name of each polygon stands, world-grid steps; shape (0, 2) for points and lines.
    vertex_zooms : ndarray of uint8, shape (m,)
        Lowest zoom that draws each vertex.
    zooms : ndarray of uint8, shape (n,)
        Lowest zoom that draws each feature.
    weights : ndarray of float32, shape (n,)
        The heavier, the later a feature falls to the cap of features per tile.
    properties : PropertyTable
        Coded values.
    """

    name: str
    kind: Kind
    rules: LayerRules
    feature_ids: NDArray[np.int64]
    xy: NDArray[np.int64]
    offsets: tuple[NDArray[np.int32], ...]
    anchors: NDArray[np.int64]
    vertex_zooms: NDArray[np.uint8]
    zooms: NDArray[np.uint8]
    weights: NDArray[np.float32]
    properties: PropertyTable

    def __post_init__(self) -> None:
        for array in self._arrays():
            array.flags.writeable = False  # one compiled form of each kernel, whoever owns the memory

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return sum(array.nbytes for array in self._arrays())

    def _arrays(self) -> list[NDArray[np.generic]]:
        own = [getattr(self, field.name) for field in fields(self)]
        own += [*self.offsets, self.properties.codes, self.properties.fields, self.properties.ends]
        return [array for array in own if isinstance(array, np.ndarray)]


def prepare(
    schema: LayerSchema,
    geometry: RaggedGeometry,
    feature_ids: NDArray[np.int64],
    properties: Mapping[str, pa.Array],
    rows: NDArray[np.int64] | None = None,
) -> PreparedLayer:
    """Return a layer ready for tiles; about 1 us a vertex and 0.1 us a property value.

    Parameters
    ----------
    schema : LayerSchema
        Name and geometry family of the layer.
    geometry : RaggedGeometry
        Places of n features, lon, lat degrees.
    feature_ids : ndarray of int64, shape (n,)
        Non-negative.
    properties : mapping of str to pyarrow.Array
        Columns of length n.
    rows : ndarray of int64, shape (n,), optional
        Row of each feature in its layer, which decides among equals; 0, 1, ... by default.

    Returns
    -------
    PreparedLayer

    Raises
    ------
    InvalidLayerError
        If the layer has more than 2**31 vertices.

    Examples
    --------
    >>> places = RaggedGeometry("point", np.array([[120.0, 29.0]]))
    >>> lamps = prepare(LayerSchema("lamps", "point"), places, np.array([7]), {"watt": pa.array([40])})
    >>> lamps.properties.columns, lamps.nbytes
    (('watt',), 46)
    """
    if len(geometry.coords) >= 1 << 31:
        raise InvalidLayerError(
            f"layer {schema.name!r} has {len(geometry.coords)} vertices; tiles are drawn of at most 2**31 - 1"
        )
    rules = rules_of(schema)
    is_area = geometry.kind == "polygon"
    xy = world_of(geometry.coords)
    offsets = tuple(np.array(level, np.int32) for level in geometry.offsets)
    own_zooms = np.zeros(len(xy), np.uint8)
    if offsets:
        own_zooms = vertex_zooms(xy, offsets[0], are_rings=is_area)
    areas = polygon_areas(xy, offsets) if is_area else np.zeros(len(geometry))
    zooms = zooms_by_area(areas) if is_area else np.zeros(len(geometry), np.uint8)
    if rules.rank_field in properties:
        zooms = zooms_by_rank(properties[rules.rank_field], rules)
    table = table_of(properties, len(geometry))
    return PreparedLayer(
        name=schema.name,
        kind=geometry.kind,
        rules=rules,
        feature_ids=np.array(feature_ids, np.int64),
        xy=xy,
        offsets=offsets,
        anchors=world_of(geometry.representative_points()) if is_area else np.empty((0, 2), np.int64),
        vertex_zooms=own_zooms,
        zooms=zooms,
        weights=weights_of(
            np.arange(len(geometry)) if rows is None else rows, zooms, areas if is_area else None
        ),
        properties=table,
    )


def feature_boxes(part: PreparedLayer) -> NDArray[np.int64]:
    """Return the box around each feature.

    Parameters
    ----------
    part : PreparedLayer
        n features.

    Returns
    -------
    ndarray of int64, shape (n, 4)
        First x, y and last x, y, world-grid steps; without meaning for features without place.
    """
    if part.kind == "point":
        return np.hstack([part.xy, part.xy])
    starts = part.offsets[-1].astype(np.int64)
    for inner in reversed(part.offsets[:-1]):
        starts = inner[starts].astype(np.int64)
    boxes = np.zeros((len(starts) - 1, 4), np.int64)
    is_placed = np.diff(starts) > 0
    if is_placed.any():
        boxes[is_placed, :2] = np.minimum.reduceat(part.xy, starts[:-1][is_placed])
        boxes[is_placed, 2:] = np.maximum.reduceat(part.xy, starts[:-1][is_placed])
    return boxes


def weights_of(
    rows: NDArray[np.int64], zooms: NDArray[np.uint8], areas: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Return what keeps a feature in a full tile: class before size, chance among equals, the same always.

    Parameters
    ----------
    rows : ndarray of int64, shape (n,)
        Row of each feature in its layer.
    zooms : ndarray of uint8, shape (n,)
        Lowest zoom that draws each.
    areas : ndarray of float64, shape (n,), optional
        Square steps of the world grid, for polygons.

    Returns
    -------
    ndarray of float32, shape (n,)
    """
    if areas is not None:
        within = np.log2(1.0 + areas) / 64.0
    else:
        within = ((rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)) / 2.0**24
    return (within - zooms.astype(np.float64)).astype(np.float32)


def heaviest(weights: NDArray[np.float32], most: int) -> NDArray[np.bool_]:
    """Return which features a full tile keeps; among equally heavy ones the first.

    Parameters
    ----------
    weights : ndarray of float32, shape (n,)
    most : int
        How many are kept at most.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> heaviest(np.array([1, 3, 2, 2, 2], np.float32), 3)
    array([False,  True,  True,  True, False])
    """
    if len(weights) <= most:
        return np.ones(len(weights), np.bool_)
    limit = np.partition(weights, len(weights) - most)[len(weights) - most]
    is_kept: NDArray[np.bool_] = weights > limit
    ties = np.flatnonzero(weights == limit)
    is_kept[ties[: most - np.count_nonzero(is_kept)]] = True
    return is_kept
