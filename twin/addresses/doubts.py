"""The pairs that an assembly could not decide, kept beside the base that it made."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from twin.durable import DurableFile
from twin.errors import StorageError
from twin.layer import Layer

DOUBT_SCHEMA = pa.schema(
    [
        ("address_id", pa.int64()),
        ("other_id", pa.int64()),
        ("text", pa.string()),
        ("other_text", pa.string()),
        ("distance_m", pa.float64()),
        ("score", pa.float64()),
        ("why", pa.string()),
    ]
)


def store_doubts(folder: Path, version: int, content_hash: str, doubts: pa.Table) -> None:
    """Write the pairs of a version of the base, and drop those of versions before.

    Parameters
    ----------
    folder : Path
        The city folder.
    version : int
    content_hash : str
        Of the layer ``address_base``.
    doubts : pyarrow.Table
        :data:`DOUBT_SCHEMA`.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    path = _path(folder, version, content_hash)
    try:
        path.parent.mkdir(exist_ok=True)
        with DurableFile(path) as file, pa.ipc.new_file(file, DOUBT_SCHEMA) as writer:
            writer.write_table(doubts.cast(DOUBT_SCHEMA))
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror}") from error
    for older in path.parent.glob("doubts-*.arrow"):
        if older != path:
            older.unlink(missing_ok=True)


def doubts_of(folder: Path, base: Layer) -> pa.Table:
    """Return the pairs that the assembly of a base could not decide.

    Parameters
    ----------
    folder : Path
        The city folder.
    base : Layer
        The version in force of the layer ``address_base``.

    Returns
    -------
    pyarrow.Table
        :data:`DOUBT_SCHEMA`; a version that was only placed anew or had edits folded in keeps the pairs of
        the one it was made of. Empty where there are none.
    """
    path = _path(folder, base.version, base.content_hash)
    kept = [path] if path.exists() else sorted((folder / "search").glob("doubts-*.arrow"))
    if not kept:
        return DOUBT_SCHEMA.empty_table()
    with pa.OSFile(str(kept[-1])) as file:
        return pa.ipc.open_file(file).read_all()


def _path(folder: Path, version: int, content_hash: str) -> Path:
    return folder / "search" / f"doubts-{version}.{content_hash[:12]}.arrow"
