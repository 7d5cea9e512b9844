"""The benchmark of the store runs, at a size that takes seconds."""

from __future__ import annotations

from tests.benchmarks import bench_store


def test_small_run_measures_every_claim() -> None:
    rows = bench_store.run(n_rows=20_000, n_small=5_000)
    names = " ".join(row.name for row in rows)
    for claim in (
        "ingest",
        "peak memory",
        "4 workers",
        "box",
        "polygon",
        "disk",
        "nearest",
        "JSON",
        "count at r9",
    ):
        assert claim in names
    assert all(row.measured > 0.0 for row in rows if "workers" not in row.name)
