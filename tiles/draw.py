"""One tile of one layer from prepared rows: clip, quantise, repair, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tiles import _quantise
from tiles._encode import gather, write_features
from tiles.matrix import GRID_BITS, check_tile
from tiles.prepare import PreparedLayer, heaviest
from tiles.repair import RaggedRings, repaired
from tiles.rules import FULL_ZOOM, LABEL_COLUMNS, LABELS, is_drawn, max_features
from tiles.wire import field, varint
from twin.errors import InvalidTileError

_KINDS = {"point": 1, "line": 2, "polygon": 3}  # vector_tile.proto, Tile.GeomType
_EXTENTS = tuple(1 << bits for bits in range(8, 17))

Part = tuple[PreparedLayer, NDArray[np.int64]]
"""A prepared layer and the rows of it that may meet the tile, ascending."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One encoded tile and what it left out.

    Parameters
    ----------
    content : bytes
        Mapbox Vector Tile 2.1, not compressed; empty where nothing is drawn.
    n_features : int
        Features drawn.
    n_dropped : int
        Features that lie here but are too small or unimportant for this zoom, or beyond the cap.
    """

    content: bytes = b""
    n_features: int = 0
    n_dropped: int = 0


def draw_tile(parts: Sequence[Part], z: int, x: int, y: int, *, extent: int = 4096, buffer: int = 64) -> Tile:
    """Return the tile of one layer that is held in one or more prepared parts.

    Parameters
    ----------
    parts : sequence of (PreparedLayer, ndarray of int64)
        All of one layer name and geometry family, with the candidate rows of each.
    z, x, y : int
        Tile address.
    extent : int
        Units a tile is wide, a power of two from 256 to 65,536.
    buffer : int
        Units drawn beyond each side, at most ``extent``.

    Returns
    -------
    Tile

    Raises
    ------
    InvalidTileError
        If the address lies outside the tile matrix, or extent or buffer are not as above.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tiles.prepare import prepare
    >>> from twin.ragged import RaggedGeometry
    >>> from twin.schema import LayerSchema
    >>> places = RaggedGeometry("point", np.array([[90.0, 66.0], [-90.0, 66.0]]))
    >>> lamps = prepare(LayerSchema("lamps", "point"), places, np.arange(2), {"watt": pa.array([40, 60])})
    >>> draw_tile([(lamps, np.arange(2))], 1, 1, 0).n_features
    1
    """
    frame = tile_frame(z, x, y, extent=extent, buffer=buffer)
    chosen, n_dropped = _choose(parts, z, max_features(z))
    drawn = [(part, _shapes_of(part, rows, frame)) for part, rows in chosen]
    n_dropped += sum(shapes.n_small for _, shapes in drawn)
    n_features = sum(shapes.n_features for _, shapes in drawn)
    if not n_features:
        return Tile(n_dropped=n_dropped)
    kind, name = _KINDS[parts[0][0].kind], parts[0][0].name
    every_key = dict.fromkeys(key for part, _ in drawn for key in part.properties.columns)
    content = _layer(name, kind, drawn, [key for key in every_key if is_drawn(key, z)], extent)
    labels = [(part, _labels_of(part, rows, frame)) for part, rows in chosen if len(part.anchors)]
    if any(shapes.n_features for _, shapes in labels):
        keys = [key for key in every_key if key in LABEL_COLUMNS]
        content += _layer(name + LABELS, _KINDS["point"], labels, keys, extent)
    return Tile(content, n_features, n_dropped)


def tile_frame(z: int, x: int, y: int, *, extent: int = 4096, buffer: int = 64) -> NDArray[np.int64]:
    """Return what the kernels need to know of a tile.

    Parameters
    ----------
    z, x, y : int
        Tile address.
    extent, buffer : int
        Units a tile is wide, and drawn beyond each side.

    Returns
    -------
    ndarray of int64, shape (6,)
        Zoom, north-west corner x, y in world-grid steps, bits from step to unit, and the buffered tile in
        steps from the corner, low and high.

    Raises
    ------
    InvalidTileError
        If the address lies outside the tile matrix, or extent or buffer are not as in `draw_tile`.
    """
    check_tile(z, x, y)
    if extent not in _EXTENTS or not 0 <= buffer <= extent:
        raise InvalidTileError(
            f"extent {extent} and buffer {buffer} came; a power of two of {_EXTENTS[0]}-{_EXTENTS[-1]} "
            "and 0 to one extent were wanted"
        )
    shift = GRID_BITS - z - extent.bit_length() + 1
    side, half_world = GRID_BITS - z, 1 << (GRID_BITS - 1)
    corner_x, corner_y = (x << side) - half_world, (y << side) - half_world
    return np.array([z, corner_x, corner_y, shift, -buffer << shift, (extent + buffer) << shift])


def _choose(parts: Sequence[Part], z: int, most: int) -> tuple[list[Part], int]:
    """Return the rows drawn at this zoom, the heaviest where they are too many, and how many are not."""
    shown = [(part, rows[part.zooms[rows] <= z]) for part, rows in parts if z >= part.rules.min_zoom]
    n_candidates = sum(len(rows) for _, rows in parts)
    n_shown = sum(len(rows) for _, rows in shown)
    if n_shown > most:
        weights = np.concatenate([part.weights[rows] for part, rows in shown])
        is_kept = heaviest(weights, most)
        ends = np.cumsum([len(rows) for _, rows in shown])[:-1]
        masks = np.split(is_kept, ends)
        shown = [(part, rows[mask]) for (part, rows), mask in zip(shown, masks, strict=True)]
        n_shown = most
    return shown, n_candidates - n_shown


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Features in tile units: vertices, where parts and features end, whose they are."""

    xy: NDArray[np.int32]
    ends: NDArray[np.int32]
    feature_ends: NDArray[np.int32]
    rows: NDArray[np.int64]
    n_features: int
    n_small: int = 0


def _shapes_of(part: PreparedLayer, rows: NDArray[np.int64], frame: NDArray[np.int64]) -> _Shapes:
    """Return what of these rows is drawn in the tile; broken polygons come repaired, behind the others."""
    keep_small = bool(frame[0] >= FULL_ZOOM)
    if part.kind == "point":
        xy, ends, feature_ends, fates = _quantise.quantise_points(part.xy, rows, frame)
    elif part.kind == "line":
        lines, features = part.offsets
        xy, ends, feature_ends, fates = _quantise.quantise_lines(
            part.xy, part.vertex_zooms, lines, features, rows, frame, keep_small
        )
    else:
        rings, polygons, features = part.offsets
        xy, ends, feature_ends, fates = _quantise.quantise_polygons(
            part.xy, part.vertex_zooms, rings, polygons, features, rows, frame, keep_small
        )
    n_drawn, n_small = (int(np.count_nonzero(fates == fate)) for fate in (_quantise.DRAWN, _quantise.SMALL))
    shapes = _Shapes(xy, ends, feature_ends, rows, n_drawn, n_small)
    broken = rows[fates == _quantise.BROKEN]
    return _with_repaired(shapes, part, broken, frame) if len(broken) else shapes


def _with_repaired(
    shapes: _Shapes, part: PreparedLayer, broken: NDArray[np.int64], frame: NDArray[np.int64]
) -> _Shapes:
    """Return the shapes and, behind them, the repaired ones of the broken rows."""
    keep_small = bool(frame[0] >= FULL_ZOOM)
    found = [repaired(_feature(part, row, int(frame[0])), frame, keep_small=keep_small) for row in broken]
    rings = [ring for one in found for ring in one]
    ends = len(shapes.xy) + np.cumsum([len(ring) for ring in rings])
    feature_ends = len(shapes.ends) + np.cumsum([len(one) for one in found])
    return _Shapes(
        np.concatenate([shapes.xy, *rings]),
        np.concatenate([shapes.ends, ends.astype(np.int32)]),
        np.concatenate([shapes.feature_ends, feature_ends.astype(np.int32)]),
        np.concatenate([shapes.rows, broken]),
        shapes.n_features + sum(1 for one in found if one),
        shapes.n_small,
    )


def _labels_of(part: PreparedLayer, rows: NDArray[np.int64], frame: NDArray[np.int64]) -> _Shapes:
    """Return the anchors of named features; each lies in exactly one tile, so no label comes twice."""
    table = part.properties
    names = table.columns.index("name") if "name" in table.columns else -1
    rows = rows[table.codes[rows, names] >= 0] if names >= 0 else rows[:0]
    half = (1 << int(frame[3])) >> 1
    inside = frame.copy()
    inside[4:] = -half, (1 << (GRID_BITS - int(frame[0]))) - half - 1  # what rounds to 0 .. extent - 1
    xy, ends, feature_ends, _ = _quantise.quantise_points(part.anchors, rows, inside)
    return _Shapes(xy, ends, feature_ends, rows, len(xy))


def _layer(
    name: str, kind: int, drawn: Sequence[tuple[PreparedLayer, _Shapes]], keys: Sequence[str], extent: int
) -> bytes:
    """Return one layer of the tile: name, features, keys, values, extent, version."""
    features: list[bytes] = []
    values: list[bytes] = []
    n_values = 0
    for part, shapes in drawn:
        table = part.properties
        columns = [table.columns.index(key) if key in table.columns else -1 for key in keys]
        content, used = write_features(
            kind, shapes.rows, part.feature_ids, table.codes, np.array(columns, np.int64), n_values,
            shapes.xy, shapes.ends, shapes.feature_ends,
        )  # fmt: skip
        features.append(content.tobytes())
        values.append(gather(table.fields, table.ends, used).tobytes())
        n_values += len(used)
    layer = [field(1, name.encode()), *features, *(field(3, key.encode()) for key in keys), *values]
    return field(3, b"".join([*layer, b"\x28", varint(extent), b"\x78\x02"]))


def _feature(part: PreparedLayer, row: int, z: int) -> RaggedRings:
    """Return one polygon feature as it is drawn at this zoom."""
    rings, polygons, features = part.offsets
    own_polygons = polygons[features[row] : features[row + 1] + 1]
    own_rings = rings[own_polygons[0] : own_polygons[-1] + 1]
    span = slice(own_rings[0], own_rings[-1])
    is_shown = part.vertex_zooms[span] <= z
    shown_before = np.concatenate([[0], np.cumsum(is_shown)])
    return RaggedRings(
        part.xy[span][is_shown], shown_before[own_rings - own_rings[0]], own_polygons - own_polygons[0]
    )
