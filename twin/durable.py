"""Files that appear under their name whole and on disk, or not at all."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from isal import isal_zlib

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PART_SUFFIX = ".part"
"""Ending of a file that is still being written; one left over by a killed writer is rubbish."""

_READ_BYTES = 1 << 20
# The page cache keeps what one write brought as one unit, and a process that touches a byte of a mapped file
# is charged for the whole unit: after writes of 1 MB, random reads of a layer took 15 times the memory.
_WRITE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Name, size and checksums of a file that was written whole.

    Parameters
    ----------
    path : str
        Path inside the city folder, with forward slashes.
    size : int
        Bytes.
    sha256 : str
        Hexadecimal digest of the content, the same on every machine.
    crc32 : int
        Checksum that is cheap enough (25 GB/s) to be proven at every opening.
    """

    path: str
    size: int
    sha256: str
    crc32: int


class DurableFile(io.RawIOBase):
    """A new file, written beside its place and renamed into it when the block ends.

    Leaving the block normally flushes the bytes to disk, renames, and flushes the
    folder; leaving it by an exception removes what was written. Whatever stood
    under the name before stays readable to those who have it open.

    Parameters
    ----------
    path : Path
        Final name; its folder exists.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with DurableFile(Path(folder) / "a.bin") as file:
    ...         _ = file.write(b"abc")
    ...     (Path(folder) / "a.bin").read_bytes(), file.stored_as("a.bin").size
    (b'abc', 3)
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._part = path.with_name(path.name + PART_SUFFIX)
        self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._sha256 = hashlib.sha256()
        self._crc32 = 0
        self._size = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the number of bytes written."""
        return self._size

    def write(self, content: ReadableBuffer, /) -> int:
        """Append bytes; return how many.

        Parameters
        ----------
        content : bytes-like

        Returns
        -------
        int
        """
        view = memoryview(content).cast("B")
        written = 0
        while written < len(view):
            written += os.write(self._descriptor, view[written : written + _WRITE_BYTES])
        self._sha256.update(view)
        self._crc32 = isal_zlib.crc32(view, self._crc32)
        self._size += len(view)
        return len(view)

    def stored_as(self, path: str) -> StoredFile:
        """Return size and checksums of what was written, under a path inside the city folder.

        Parameters
        ----------
        path : str
            The path to record.

        Returns
        -------
        StoredFile
        """
        return StoredFile(path, self._size, self._sha256.hexdigest(), self._crc32)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                os.fsync(self._descriptor)
                self._part.replace(self._path)
                flush_folder(self._path.parent)
        finally:
            os.close(self._descriptor)
            self._part.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Parameters
    ----------
    folder : Path
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def crc32_of(path: Path) -> int:
    """Return the CRC-32 of a file's content.

    Parameters
    ----------
    path : Path

    Returns
    -------
    int
        Read once through the page cache, nothing is kept.
    """
    checksum = 0
    block = bytearray(_READ_BYTES)
    view = memoryview(block)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            checksum = isal_zlib.crc32(view[:count], checksum)
    return checksum
