"""The benchmark of roll-ups runs, and finds the peer's answers, at a size that takes seconds."""

from __future__ import annotations

from tests.benchmarks import bench_rollup


def test_small_run_finds_what_the_peer_finds() -> None:
    rows = bench_rollup.run(20_000)
    judged = [row for row in rows if row.target == "0"]
    assert len(judged) == len(rows) // 2
    assert all(row.ok for row in judged)
    assert all(row.ratio is not None for row in rows if row.target != "0")
