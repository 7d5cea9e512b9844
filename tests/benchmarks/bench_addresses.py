"""Import of a million source rows into the address base: what it takes, twice."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.estates.styles import STYLES
from tests.benchmarks.estates.trial import twin
from tests.benchmarks.table import Row

SEED = 20_263
N_ROWS = 1_000_000
TIME_TARGET_S = 180.0
MEMORY_TARGET_MB = 3_000.0
MANY_HEADS, MANY_ROOMS = "villages", "coastal"
"""Styles where most rows are house numbers of villages, and rooms of large estates."""


def run() -> list[Row]:
    """Return what the command takes for a first import, and for the same file again."""
    rows: list[Row] = []
    for style in (MANY_ROOMS, MANY_HEADS):
        town = STYLES[style](SEED, N_ROWS)
        with tempfile.TemporaryDirectory(prefix="addresses-") as name:
            folder, base, divisions = Path(name) / "a.city", Path(name) / "a.csv", Path(name) / "d.csv"
            town.write_base(base, with_places=True)
            town.write_divisions(divisions)
            twin("init", folder, "--name", town.name, "--crs", "EPSG:4549")
            twin("import", "divisions", divisions, "--city", folder)
            for what in ("first import", "same file again"):
                cost = twin("import", "addresses", base, "--city", folder, "--crs", "wgs84")
                claim = f"addresses: {what} of {len(town):,} rows, {style}"
                rows.append(
                    Row(
                        claim,
                        cost.seconds,
                        "s",
                        target=f"<= {TIME_TARGET_S:g} s",
                        ok=cost.seconds <= TIME_TARGET_S,
                    )
                )
                rows.append(
                    Row(
                        f"{claim}, memory",
                        cost.peak_mb,
                        "MB",
                        target=f"<= {MEMORY_TARGET_MB:,.0f} MB",
                        ok=cost.peak_mb <= MEMORY_TARGET_MB,
                    )
                )
    return rows
