"""Where the reference data lies, and what happens where it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def reference_path(name: str) -> Path:
    """Return the path of one reference file; skip the test, saying so, where it is absent."""
    folder = Path(os.environ.get("CITYTWIN_REFERENCE_DATA", str(ROOT.parent / "shared" / "data")))
    path = folder / name
    if not path.exists():
        pytest.skip(f"reference data {name} is absent; set CITYTWIN_REFERENCE_DATA to its folder")
    return path
