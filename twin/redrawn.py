"""What of the grid was drawn anew since layers were stamped with it, and layers patched for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from twin import search
from twin.frame import Box
from twin.hot_columns import AreaLists, AreaSource
from twin.layer import Layer
from twin.state import FeatureEdit
from twin.stratum import Stratum
from twin.view import LayerView


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Where the division of a feature may differ from the one it was stamped with.

    Parameters
    ----------
    version_tag : str
        Of the view of the grid.
    boxes : tuple of (float, float, float, float)
        Around every shape, old and new, of every unit edited since the version in force was built;
        xmin, ymin, xmax, ymax, degrees.
    """

    version_tag: str
    boxes: tuple[Box, ...]

    @classmethod
    def of(cls, grid: LayerView, edits: Sequence[FeatureEdit]) -> Redrawn:
        """Return what the open edits of the grid have touched.

        Parameters
        ----------
        grid : LayerView
            The layer ``grid``.
        edits : sequence of FeatureEdit
            All its open edits, not only the newest of each unit: a layer may have been stamped between two.

        Returns
        -------
        Redrawn
        """
        rows = grid.layer.rows_of(grid.edits.hidden_ids)
        drawn = [edit.geometry_wkb for edit in edits if edit.geometry_wkb is not None]
        shapes = np.concatenate([grid.layer.geometries(rows[rows >= 0]), shapely.from_wkb(drawn)])
        bounds = shapely.bounds(shapes)
        bounds = np.unique(bounds[~np.isnan(bounds).any(axis=1)], axis=0)
        return cls(grid.version_tag, tuple((w, s, e, n) for w, s, e, n in bounds.tolist()))


def patched(layer: Layer, redrawn: Redrawn, areas: AreaSource) -> Layer:
    """Return a layer whose rows near redrawn units carry the divisions they lie in now.

    Parameters
    ----------
    layer : Layer
        As it was stamped.
    redrawn : Redrawn
    areas : AreaSource
        Of the grid as it is now.

    Returns
    -------
    Layer
        The layer itself where it carries them already, or was never stamped.

    Notes
    -----
    Only rows whose bounds meet the boxes are assigned again; to exchange their lists takes time linear in the
    rows of the layer, 20 ms for a million.
    """
    is_stamped = layer.areas_tag not in {"", areas.tag}
    if not is_stamped or not redrawn.boxes or layer.schema.geometry == "none":
        return layer
    rows = search.rows_in_boxes(layer, list(redrawn.boxes))
    return layer.with_areas(rows, assigned(layer, rows, areas), areas.tag)


def assigned(layer: Layer, rows: NDArray[np.int64], areas: AreaSource) -> AreaLists:
    """Return the divisions that some rows lie in.

    Parameters
    ----------
    layer : Layer
    rows : ndarray of int64, shape (k,)
        Placed rows.
    areas : AreaSource

    Returns
    -------
    offsets, values, ids : ndarray
        Areas of each row; see :class:`twin.areas.Areas`.
    """
    if layer.schema.geometry == "point":
        x, y = layer.bounds[:2]
        return areas.assign(x[rows], y[rows])
    return areas.assign_geometries(layer.geometries(rows))


def areas_of(view: LayerView, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the divisions that features of a view lie in, as it answers scopes.

    Parameters
    ----------
    view : LayerView
    positions : ndarray of int64, shape (k,)
        As the view returns them, ascending.

    Returns
    -------
    features : ndarray of int64, shape (m,)
        Place in ``positions``; a feature that crosses areas comes several times.
    ids : ndarray of int64, shape (m,)
        Division ids.
    """
    places, ids = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for stratum in view.strata:
        here = np.flatnonzero(_is_of(stratum, positions))
        rows = positions[here] - stratum.first_position
        offsets, values = stratum.layer.area_lists
        counts = offsets[rows + 1] - offsets[rows]
        starts = np.repeat(offsets[rows], counts)
        within = np.arange(len(starts)) - np.repeat(np.cumsum(counts) - counts, counts)
        places.append(np.repeat(here, counts))
        ids.append(stratum.layer.area_ids[values[starts + within]])
    return np.concatenate(places), np.concatenate(ids)


def _is_of(stratum: Stratum, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    rows = positions - stratum.first_position
    is_here: NDArray[np.bool_] = (rows >= 0) & (rows < stratum.layer.n_rows)
    return is_here
