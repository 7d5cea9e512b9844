"""Cells of points against plain h3, and the cost of covers and outlines."""

from __future__ import annotations

import time
from collections.abc import Callable

import h3.api.numpy_int as h3
import numpy as np
import shapely
from numpy.typing import NDArray

from tests.benchmarks.table import Row, median_seconds
from twin.cells import boundaries, cells_at, cover

RESOLUTIONS = (7, 9, 10, 15)
N_POINTS = 1_000_000
CPU_LIMIT_S_PER_10M = 10.0


def run() -> list[Row]:
    """Measure on a million points around one city."""
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(119.5, 120.5, N_POINTS), rng.uniform(28.5, 29.5, N_POINTS)
    ours_s = _cpu_seconds(lambda: cells_at(lon, lat, RESOLUTIONS), repeats=5)
    plain_s = _cpu_seconds(lambda: _plain(lon, lat), repeats=1)
    polygon = shapely.Point(120.0, 29.0).buffer(0.1)
    shapes = np.unique(cells_at(lon[:10_000], lat[:10_000], (10,)))
    return [
        Row(
            name="cells of 1 M points at r7, r9, r10, r15, CPU",
            measured=ours_s,
            unit="s",
            peer="plain h3, same run",
            peer_measured=plain_s,
            ratio=plain_s / ours_s,
            target=">= 4x",
            ok=plain_s / ours_s >= 4.0,
        ),
        Row(
            name="cells of 10 M points at r7, r9, r10, r15, CPU",
            measured=10.0 * ours_s,
            unit="s",
            peer="limit",
            peer_measured=CPU_LIMIT_S_PER_10M,
            ratio=CPU_LIMIT_S_PER_10M / (10.0 * ours_s),
            target="<= 10 s",
            ok=10.0 * ours_s <= CPU_LIMIT_S_PER_10M,
        ),
        Row(
            name="cover of a 22 km disk at r9 (2,100 cells)",
            measured=1e3 * median_seconds(lambda: cover(polygon, 9)),
            unit="ms",
        ),
        Row(
            name="outlines of 10,000 cells",
            measured=1e3 * median_seconds(lambda: boundaries(shapes)) * 10_000 / shapes.size,
            unit="ms",
        ),
    ]


def _plain(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
    """Ask h3 for every point and resolution, as a list comprehension does."""
    for resolution in RESOLUTIONS:
        points = zip(lat.tolist(), lon.tolist(), strict=True)
        np.array([h3.latlng_to_cell(y, x, resolution) for y, x in points], np.uint64)


def _cpu_seconds(call: Callable[[], object], repeats: int) -> float:
    """Return the median CPU time of one call, s, after the kernel is compiled."""
    cells_at([120.0], [29.0], RESOLUTIONS)
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return float(np.median(times))
