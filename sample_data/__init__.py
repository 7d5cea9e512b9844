"""Source files of the made-up county 丽州 (Lizhou), and the seeded generator that made them."""

from __future__ import annotations

from pathlib import Path

LIZHOU = Path(__file__).parent / "lizhou"
"""The folder of the source files; ``sources.toml`` in it lists them in import order."""
