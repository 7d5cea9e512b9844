"""Run every benchmark module of this folder, or those named, and print one table."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tests.benchmarks.table import Row, format_rows


def main(names: list[str]) -> int:
    """Return 0 when every claim with a target was met, else 1."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    rows: list[Row] = []
    for stem in found:
        if names and stem.removeprefix("bench_") not in names:
            continue
        print(f"running {stem} ...", file=sys.stderr, flush=True)
        rows.extend(importlib.import_module(f"tests.benchmarks.{stem}").run())
    print(format_rows(rows))
    return 1 if any(row.ok is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
