"""Rows of the benchmark table and how they are timed and printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured claim: ours, the peer or limit of the same run, and what is wanted."""

    name: str
    measured: float
    unit: str
    peer: str = ""
    peer_measured: float | None = None
    ratio: float | None = None
    target: str = ""
    ok: bool | None = None


def median_seconds(call: Callable[[], object], *, repeats: int = 7, warm_up: int = 1) -> float:
    """Return the median wall time of one call, s, after warm-up calls that are not counted."""
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def least_seconds(*calls: Callable[[], object], repeats: int = 3) -> list[float]:
    """Return the least wall time of each call, s, taken in turns so that other load meets them alike."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


def format_rows(rows: list[Row]) -> str:
    """Return the rows as one aligned text table."""
    lines = [f"{'claim':<58} {'ours':>12} {'unit':<10} {'peer':<30} {'peer':>11} {'ratio':>8}  target"]
    for row in rows:
        peer_measured = "" if row.peer_measured is None else f"{row.peer_measured:,.4g}"
        ratio = "" if row.ratio is None else f"{row.ratio:,.2f}"
        verdict = {None: "", True: " ok", False: " MISSED"}[row.ok]
        lines.append(
            f"{row.name:<58} {row.measured:>12,.4g} {row.unit:<10} {row.peer:<30} "
            f"{peer_measured:>11} {ratio:>8}  {row.target}{verdict}"
        )
    return "\n".join(lines)
