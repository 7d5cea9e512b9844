"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path

import pytest

from twin.durable import DurableFile, crc32_of


def test_file_appears_with_its_checksums(tmp_path: Path) -> None:
    content = os.urandom(300_000)
    with DurableFile(tmp_path / "a.bin") as file:
        for start in range(0, len(content), 70_001):
            file.write(content[start : start + 70_001])
        assert not (tmp_path / "a.bin").exists()
        assert file.tell() == len(content)
    stored = file.stored_as("folder/a.bin")
    assert (tmp_path / "a.bin").read_bytes() == content
    assert stored.path == "folder/a.bin"
    assert stored.size == len(content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.crc32 == zlib.crc32(content) == crc32_of(tmp_path / "a.bin")


def test_error_inside_leaves_what_stood_before(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(TypeError), DurableFile(tmp_path / "a.bin") as file:
        file.write("text")  # type: ignore[arg-type]  # the error that is wanted
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"old"


@pytest.mark.parametrize("fails", ["fsync", "write"])
def test_failing_disk_leaves_what_stood_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    (tmp_path / "a.bin").write_bytes(b"old")
    monkeypatch.setattr(f"twin.durable.os.{fails}", refuse)
    with pytest.raises(OSError, match="No space left"), DurableFile(tmp_path / "a.bin") as file:
        file.write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"old"


def test_short_writes_of_the_system_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr("twin.durable.os.write", lambda descriptor, view: write(descriptor, view[:1000]))
    with DurableFile(tmp_path / "a.bin") as file:
        file.write(b"x" * 12_345)
    assert (tmp_path / "a.bin").read_bytes() == b"x" * 12_345


def test_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        with DurableFile(path) as file:
            file.write(b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"
