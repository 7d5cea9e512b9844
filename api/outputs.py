"""Files that a command writes (输出文件): never the ones that it reads, never one of them twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twin.durable import PART_SUFFIX
from twin.errors import ImportRefusedError


def refuse_overwriting(source: Path, targets: Sequence[Path | None]) -> None:
    """Refuse to write over the file that is read, or two tables into one file.

    Parameters
    ----------
    source : Path
        What is read.
    targets : sequence of Path or None
        What shall be written; None for what was not asked for.

    Raises
    ------
    ImportRefusedError
        If a target is the source, by its name or by a link, or another target.

    Examples
    --------
    >>> refuse_overwriting(Path("energy.csv"), [Path("by_grid.csv"), None])
    >>> refuse_overwriting(Path("energy.csv"), [Path("energy.csv")])
    Traceback (most recent call last):
        ...
    twin.errors.ImportRefusedError: energy.csv is read; it would be lost, so write to another file
    """
    seen: list[Path] = []
    for target in filter(None, targets):
        # Bytes are gathered under the second name first, which would empty whatever stands there.
        written = (target, target.with_name(target.name + PART_SUFFIX))
        if any(_are_one(source, one) for one in written):
            raise ImportRefusedError(f"{target} is read; it would be lost, so write to another file")
        if any(_are_one(other, target) for other in seen):
            raise ImportRefusedError(f"two outputs came for the one file {target}; name two files")
        seen.append(target)


def _are_one(one: Path, other: Path) -> bool:
    """Return whether two names mean one file, hard links and symbolic links included."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
