"""Which divisions each feature of a layer lies in (归属区划): grid units, else the lowest with a boundary."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from twin._grid_index import UNDECIDED
from twin.division_rows import GRID_LEVEL
from twin.divisions import Division, DivisionTree
from twin.errors import InvalidGeometryError
from twin.grid_index import GridIndex

AREAL = 2
"""Dimensions of a polygon."""


class Areas(NamedTuple):
    """The divisions of n features, as ragged rows.

    Attributes
    ----------
    offsets : ndarray of int32, shape (n + 1,)
        Where the divisions of each feature start in ``values``.
    values : ndarray of int32, shape (offsets[-1],)
        Positions in ``leaf_ids``, ascending within a feature.
    leaf_ids : ndarray of int64, shape (n_leaves,)
        Ids of the divisions that features can lie in.
    """

    offsets: NDArray[np.int32]
    values: NDArray[np.int32]
    leaf_ids: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AreaAssigner:
    """What finds the divisions of features; make it by :meth:`build`.

    A feature lies in every grid unit that it shares length or area with, a point in
    the one unit of :meth:`GridIndex.lookup`. A feature in no grid unit lies in the
    lowest divisions whose own boundary it meets, where such boundaries were given.

    Attributes
    ----------
    leaf_ids : ndarray of int64, shape (n_leaves,)
        Grid units, then divisions with a boundary.
    tag : str
        Changes when the assignment of any feature might.

    Examples
    --------
    >>> import pyarrow as pa
    >>> tree = DivisionTree.from_tables(None, pa.table({"grid_id": ["a", "b"]}))
    >>> index = GridIndex.build(["a", "b"], shapely.box([120.0, 120.1], 29.0, [120.1, 120.2], 29.1))
    >>> assigner = AreaAssigner.build(tree, index)
    >>> offsets, values, _ = assigner.assign_geometries([shapely.box(120.08, 29.0, 120.12, 29.01)])
    >>> offsets, values
    (array([0, 2], dtype=int32), array([0, 1], dtype=int32))
    """

    leaf_ids: NDArray[np.int64]
    tag: str
    _tiers: tuple[_Tier, ...]

    @classmethod
    def build(
        cls,
        tree: DivisionTree,
        index: GridIndex | None = None,
        boundaries: Sequence[tuple[Division, shapely.Geometry]] = (),
    ) -> AreaAssigner:
        """Return the assigner of a tree.

        Parameters
        ----------
        tree : DivisionTree
        index : GridIndex, optional
            Of the tree's grid units, all of them or some.
        boundaries : sequence of (Division, Polygon or MultiPolygon)
            Divisions in force that have a boundary of their own, lon, lat degrees.

        Returns
        -------
        AreaAssigner
            One that finds nothing where there is neither grid nor boundary.

        Raises
        ------
        UnknownDivisionError
            If the index holds a unit that the tree does not, or a division is not in force.
        InvalidGeometryError
            If a boundary is no polygon in degrees.
        """
        tiers: list[_Tier] = []
        ids: list[int] = []
        if index is not None:
            ids += [tree.unit(grid_id).id for grid_id in index.grid_ids.tolist()]
            tiers.append(_Tier.of(index, 0, np.empty((len(ids), 0), np.int64)))
        if boundaries:
            divisions = [division for division, _ in boundaries]
            # The deepest wins: its key comes first.
            keys = [f"{GRID_LEVEL - division.level} {division.code}" for division in divisions]
            shapes = np.array([shape for _, shape in boundaries], dtype=object)
            tiers.append(_Tier.of(GridIndex.build(keys, shapes), len(ids), _ancestors(tree, divisions)))
            ids += [division.id for division in divisions]
        leaf_ids = np.array(ids, np.int64)
        digest = hashlib.sha256(leaf_ids.tobytes())
        for tier in tiers:
            digest.update(tier.index.content_hash.encode())
            digest.update(tier.above.tobytes())
        return cls(leaf_ids, digest.hexdigest(), tuple(tiers))

    def assign(self, lon: ArrayLike, lat: ArrayLike) -> Areas:
        """Return the division that each point lies in.

        Parameters
        ----------
        lon, lat : array-like of float64, shape (n,)
            Degrees; a NaN point lies nowhere.

        Returns
        -------
        Areas
            At most one division a point.

        Raises
        ------
        InvalidCoordinateError
            If the shapes differ or are not one-dimensional.
        """
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        leaves = np.full(x.size, -1, np.int32)
        for tier in self._tiers:
            units = tier.index.lookup(x, y)
            leaves = np.where((leaves < 0) & (units >= 0), units + tier.first, leaves)
        placed = leaves >= 0
        return Areas(_offsets(placed), leaves[placed].astype(np.int32), self.leaf_ids)

    def assign_geometries(self, geometries: Sequence[shapely.Geometry] | NDArray[np.object_]) -> Areas:
        """Return the divisions that each feature shares length or area with.

        Parameters
        ----------
        geometries : sequence of shapely geometries, length n
            Points, lines or polygons, lon, lat degrees. None and empty ones lie nowhere.

        Returns
        -------
        Areas
            A line along a shared border lies in the units on both sides; a point in the
            one of :meth:`GridIndex.lookup`, and what has no length or area in those of its
            vertices.

        Raises
        ------
        InvalidGeometryError
            If an element is no geometry.
        """
        shapes = np.asarray(geometries, dtype=object)
        if not (shapely.is_geometry(shapes) | shapely.is_missing(shapes)).all():
            raise InvalidGeometryError("areas were asked of something that is no geometry")
        features: list[NDArray[np.int64]] = []
        leaves: list[NDArray[np.int64]] = []
        open_ = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
        for tier in self._tiers:
            asked, units = tier.meet(shapes[open_])
            features.append(open_[asked])
            leaves.append(units + tier.first)
            open_ = np.delete(open_, asked)
        feature = np.concatenate([np.empty(0, np.int64), *features])
        leaf = np.concatenate([np.empty(0, np.int64), *leaves])
        order = np.lexsort((leaf, feature))
        counts = np.bincount(feature, minlength=len(shapes))
        return Areas(_offsets(counts), leaf[order].astype(np.int32), self.leaf_ids)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Tier:
    """Polygons of one kind: grid units, or divisions of any level, the deeper before those above them."""

    index: GridIndex
    first: int
    above: NDArray[np.int64]
    shapes: NDArray[np.object_]
    tree: shapely.STRtree

    @classmethod
    def of(cls, index: GridIndex, first: int, above: NDArray[np.int64]) -> _Tier:
        """Return the tier of an index; ``above`` (n_units, k): the units that each lies in, padded by -1."""
        shapes = index.geometries()
        shapely.prepare(shapes)
        return cls(index, first, above, shapes, shapely.STRtree(shapes))

    def meet(self, shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of feature and unit, those left out that lie above another unit of the feature."""
        sure = self.index.units_of_boxes(shapely.bounds(shapes))
        is_flat = _measure(shapes) == 0.0
        placed = np.flatnonzero((sure >= 0) & ~is_flat)
        features, units = [placed], [sure[placed].astype(np.int64)]
        flat = np.flatnonzero(is_flat)
        xy, owners = shapely.get_coordinates(shapes[flat], return_index=True)
        found = self.index.lookup(xy[:, 0], xy[:, 1])
        features.append(flat[owners[found >= 0]])
        units.append(found[found >= 0].astype(np.int64))
        undecided = np.flatnonzero((sure == UNDECIDED) & ~is_flat)
        asked, near = self._overlapping(shapes[undecided])
        features.append(undecided[asked])
        units.append(near)
        n_units = max(len(self.shapes), 1)
        pairs = np.unique(np.concatenate(features) * n_units + np.concatenate(units))
        feature, unit = np.divmod(pairs, n_units)
        if self.above.shape[1]:
            above = self.above[unit]
            pairs = pairs[~np.isin(pairs, (feature[:, np.newaxis] * n_units + above)[above >= 0])]
        feature, unit = np.divmod(pairs, n_units)
        return feature, unit

    def _overlapping(self, shapes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of line or polygon and unit that share length or area."""
        asked, units = self.tree.query(shapes)
        features, polygons = shapes[asked], self.shapes[units]
        shares = shapely.contains_properly(polygons, features)
        edge = np.flatnonzero(~shares)
        edge = edge[shapely.intersects(polygons[edge], features[edge])]
        # Where interiors meet, they share length or area; a line may also run along the border.
        meets_inside = ~shapely.touches(polygons[edge], features[edge])
        shares[edge[meets_inside]] = True
        along = edge[~meets_inside]
        along = along[shapely.get_dimensions(features[along]) < AREAL]
        shares[along] = shapely.length(shapely.intersection(polygons[along], features[along])) > 0.0
        return asked[shares], units[shares]


def _measure(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return area of polygons, length of lines, 0 of points; square degrees, degrees."""
    dimensions = shapely.get_dimensions(shapes)
    measures: NDArray[np.float64] = np.where(
        dimensions == AREAL, shapely.area(shapes), shapely.length(shapes)
    )
    return measures


def _ancestors(tree: DivisionTree, divisions: Sequence[Division]) -> NDArray[np.int64]:
    """Return the positions (n, 3) of the divisions that each lies in, among those given; padded by -1."""
    positions = {division.id: position for position, division in enumerate(divisions)}
    above = np.full((len(divisions), GRID_LEVEL - 2), -1, np.int64)
    for position, division in enumerate(divisions):
        chain = [positions[each.id] for each in tree.chain(division)[:-1] if each.id in positions]
        above[position, : len(chain)] = chain
    return above


def _offsets(counts: NDArray[np.int64] | NDArray[np.bool_]) -> NDArray[np.int32]:
    offsets = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    return offsets
