"""How the exact grid index is laid out: boundaries cut along pixel rows, and what each pixel answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin import _grid_index as kernels

PIXELS_PER_VERTEX = 2  # lookups among 5,000 units take the same time from 1 to 16, while the build grows
MIN_PIXELS = 1 << 12
MAX_PIXELS = 1 << 24


def keys_of(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the lattice keys of lon, lat (n, 2), -1 where NaN."""
    keys = np.empty(len(xy), np.int64)
    kernels.encode(np.ascontiguousarray(xy[:, 0]), np.ascontiguousarray(xy[:, 1]), keys)
    return keys


def ranks_of(grid_ids: NDArray[np.str_]) -> NDArray[np.int32]:
    """Return the place of each unit in string order; the lower wins."""
    ranks = np.empty(len(grid_ids), np.int32)
    ranks[np.argsort(grid_ids, kind="stable")] = np.arange(len(grid_ids), dtype=np.int32)
    return ranks


@dataclass(frozen=True, slots=True, eq=False)
class Slabs:
    """The boundary of each unit, cut along the pixel rows into runs of consecutive vertices."""

    frame: kernels.Frame
    unit_slabs: NDArray[np.int64]
    unit_rows: NDArray[np.int64]
    slab_units: NDArray[np.int32]
    slab_starts: NDArray[np.int32]
    runs: NDArray[np.void]
    n_marks: int

    @classmethod
    def cut(
        cls,
        xy: NDArray[np.float64],
        ring_starts: NDArray[np.int64],
        unit_rings: NDArray[np.int64],
        bounds: NDArray[np.float64],
    ) -> Slabs:
        """Return the slabs of units with these rings and bounds; NaN bounds have no boundary."""
        low, high = keys_of(bounds[:, :2]), keys_of(bounds[:, 2:])
        frame = _frame(low, high, len(xy))
        shift = frame[0]
        has_boundary = low >= 0
        unit_rows = np.where(has_boundary, low >> (32 + shift), 0)
        n_rows = np.where(has_boundary, (high >> (32 + shift)) - unit_rows + 1, 0)
        unit_slabs = np.concatenate([[0], np.cumsum(n_rows)])
        ring_units = np.repeat(np.arange(len(low)), np.diff(unit_rings))
        keys = keys_of(xy)
        rows, columns = keys >> (32 + shift), (keys & kernels.KEY_MASK) >> shift
        row_steps, column_steps = np.abs(np.diff(rows)), np.abs(np.diff(columns))
        capacity = int(row_steps.sum()) + len(xy)
        run_slabs = np.empty(capacity, np.int32)
        runs = np.empty(capacity, kernels.RUN)
        slab_runs = np.full(unit_slabs[-1], -1, np.int32)
        ring_slabs = unit_slabs[ring_units] - unit_rows[ring_units]
        n = kernels.cut_runs(rows, xy, ring_starts, ring_slabs, slab_runs, run_slabs, runs)
        order = np.argsort(run_slabs[:n], kind="stable")
        slab_starts = np.zeros(unit_slabs[-1] + 1, np.int32)
        np.cumsum(np.bincount(run_slabs[:n], minlength=unit_slabs[-1]), out=slab_starts[1:])
        slab_units = np.repeat(np.arange(len(low), dtype=np.int32), n_rows)
        # An edge marks in each of its rows the columns it crosses there, one shared with the row before, and
        # one more on either side for slack; one almost along the line between two rows marks all in both.
        n_marks = int(2 * column_steps.sum() + 4 * row_steps.sum()) + 4 * len(xy)
        return cls(frame, unit_slabs, unit_rows, slab_units, slab_starts, runs[order], n_marks)


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What each pixel answers: a unit, none, or -2 - the first entry of its list.

    An entry (unit, first run, last run) asks a unit; the last of a list, which has no runs, tells the unit
    that covers the pixel anyway, or none.
    """

    raster: NDArray[np.int32]
    entries: NDArray[np.int32]

    @classmethod
    def fill(cls, xy: NDArray[np.float64], slabs: Slabs, grid_ids: NDArray[np.str_]) -> Pixels:
        """Return the pixels of the frame of the slabs."""
        ranks = ranks_of(grid_ids)
        n_pixels = slabs.frame[3] * slabs.frame[4]
        raster = np.full(n_pixels, kernels.NONE, np.int32)
        is_listed = np.zeros(n_pixels, np.bool_)
        marked, mark_slabs = np.empty(slabs.n_marks, np.int32), np.empty(slabs.n_marks, np.int32)
        tables = (slabs.unit_slabs, slabs.unit_rows, slabs.slab_starts, slabs.runs)
        n = kernels.mark_pixels(
            np.argsort(ranks), *tables, xy, slabs.frame, raster, is_listed, marked, mark_slabs
        )
        listed = np.flatnonzero(is_listed)
        covering = raster[listed]
        raster[listed] = -2 - np.arange(len(listed), dtype=np.int32)
        starts = np.zeros(len(listed) + 1, np.int32)
        entries = np.empty((n + len(listed), 3), np.int32)
        order = (slabs.slab_units, slabs.slab_starts, ranks, covering)
        kernels.fill_lists(raster, marked[:n], mark_slabs[:n], *order, starts, entries)
        raster[listed] = -2 - starts[:-1]
        return cls(raster, entries[: starts[-1]].copy())


def _frame(low: NDArray[np.int64], high: NDArray[np.int64], n_vertices: int) -> kernels.Frame:
    """Return the finest raster over all units that has no more pixels than their edges justify."""
    has_boundary = low >= 0
    if not has_boundary.any():
        return 0, 0, 0, 0, 0
    south, north = (low[has_boundary] >> 32).min(), (high[has_boundary] >> 32).max()
    west = (low[has_boundary] & kernels.KEY_MASK).min()
    east = (high[has_boundary] & kernels.KEY_MASK).max()
    wanted = min(max(PIXELS_PER_VERTEX * n_vertices, MIN_PIXELS), MAX_PIXELS)
    for shift in range(31):
        n_rows = int((north >> shift) - (south >> shift)) + 1
        n_columns = int((east >> shift) - (west >> shift)) + 1
        if n_rows * n_columns <= wanted:
            break
    return shift, int(south >> shift), int(west >> shift), n_rows, n_columns
