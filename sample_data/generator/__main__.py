"""Make all files of the county: ``python -m sample_data.generator OUTDIR``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from sample_data.generator.content import contents
from sample_data.generator.tables import FILES


def main() -> None:
    """Write every file and ``content.json`` with row counts and content hashes."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.generator", description=__doc__)
    parser.add_argument("outdir", type=Path, help="folder to write to; files in it are replaced")
    folder = parser.parse_args().outdir
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in FILES.items():
        start = time.perf_counter()
        write(folder / name)
        size_kb = (folder / name).stat().st_size / 1024
        print(
            f"{name:26} {size_kb:8.0f} KB {time.perf_counter() - start:6.1f} s", file=sys.stderr, flush=True
        )
    text = json.dumps(contents(folder), indent=1, ensure_ascii=False)
    (folder / "content.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
