"""What install compiles is all that the sample county needs compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BUILD = """
import sys
from pathlib import Path
from api.demo import build_sample, prepare_folder
folder = Path(sys.argv[1])
prepare_folder(folder)
for stage in ("first", "later"):
    build_sample(folder, stage=stage)
"""


def run(cache: Path, *arguments: str) -> set[str]:
    """Run Python with an own cache of compiled kernels; return the names of what the cache then holds."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True)
    return {str(path.relative_to(cache)) for path in cache.rglob("*.nb?")}


def test_nothing_is_left_to_compile_for_the_sample_county(tmp_path: Path) -> None:
    compiled = run(tmp_path / "cache", "-m", "api.compiling")
    assert compiled
    assert run(tmp_path / "cache", "-c", BUILD, str(tmp_path / "lizhou.city")) == compiled
