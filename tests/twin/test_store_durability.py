"""Full disks, kills and damaged files: the version before stays in force, and damage is told."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.reference import ROOT
from tests.twin.layer_samples import schema_of, shapes_of, table_of
from twin.errors import DamagedLayerError, StorageError
from twin.store import LayerStore
from twin.view import LayerView

SCHEMA = schema_of("polygon")


class FailingDisk:
    """Lets so many calls through, then raises the given error at every write, fsync and rename."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, n_good: int, number: int) -> None:
        self.n_calls = 0
        self._lock = threading.Lock()  # a version's files are written by two threads
        self._n_good = n_good
        self._number = number
        monkeypatch.setattr("twin.durable.os.write", self._wrapped(os.write))
        monkeypatch.setattr("twin.durable.os.fsync", self._wrapped(os.fsync))
        monkeypatch.setattr("pathlib.Path.replace", self._wrapped(Path.replace))

    def _wrapped(self, call: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object) -> object:
            with self._lock:
                self.n_calls += 1
                is_good = self.n_calls <= self._n_good
            if not is_good:
                raise OSError(self._number, os.strerror(self._number))
            return call(*arguments)

        return counted


def files_of(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def codes_of(root: Path) -> list[str]:
    view = LayerView(LayerStore(root).open("polygons"))
    codes: list[str] = sorted(view.take(view.positions(), ["code"])["code"].to_pylist())
    return codes


def steps_of_a_put(root: Path) -> int:
    """Return how many writes, fsyncs and renames the second put of a layer makes."""
    root.mkdir()
    LayerStore(root).put(SCHEMA, table_of(shapes_of("polygon", 20)))
    with pytest.MonkeyPatch.context() as monkeypatch:
        disk = FailingDisk(monkeypatch, 1_000_000, errno.ENOSPC)
        LayerStore(root).put(SCHEMA, table_of(shapes_of("polygon", 30)))
        return disk.n_calls


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_failure_at_any_step_leaves_the_version_before(tmp_path: Path, number: int) -> None:
    n_steps = steps_of_a_put(tmp_path / "rehearsal")
    root = tmp_path / "city"
    root.mkdir()
    store = LayerStore(root)
    store.put(SCHEMA, table_of(shapes_of("polygon", 20)))
    before, codes = files_of(root), codes_of(root)
    for n_good in range(n_steps - 1):
        with pytest.MonkeyPatch.context() as monkeypatch:
            FailingDisk(monkeypatch, n_good, number)
            with pytest.raises(StorageError, match=f"{os.strerror(number)}; version 1 is in force"):
                store.put(SCHEMA, table_of(shapes_of("polygon", 30)))
        assert files_of(root) == before
        assert codes_of(root) == codes
    with pytest.MonkeyPatch.context() as monkeypatch:
        # The last step makes the rename of the catalog durable: the new version already stands.
        FailingDisk(monkeypatch, n_steps - 1, number)
        with pytest.raises(StorageError, match="version 2 is in force"):
            store.put(SCHEMA, table_of(shapes_of("polygon", 30)))
    assert len(codes_of(root)) == 30


def test_failure_while_the_first_version_is_written_leaves_no_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FailingDisk(monkeypatch, 3, errno.ENOSPC)
    with pytest.raises(StorageError, match=r"No space left on device.*the city is as it was"):
        LayerStore(tmp_path).put(SCHEMA, table_of(shapes_of("polygon", 20)))
    assert LayerStore(tmp_path).names() == ()


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.twin.layer_samples import schema_of, shapes_of, table_of
from twin.store import LayerStore
left = int(sys.argv[2])
def dying(call):
    def counted(*arguments):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments)
    return counted
os.fsync = dying(os.fsync)
Path.replace = dying(Path.replace)
LayerStore(Path(sys.argv[1])).put(schema_of("polygon"), table_of(shapes_of("polygon", 30)))
"""


@pytest.mark.parametrize("n_steps", [0, 1, 4, 9, 10])
def test_kill_between_steps_changes_nothing_and_its_rubbish_is_swept(tmp_path: Path, n_steps: int) -> None:
    store = LayerStore(tmp_path)
    store.put(SCHEMA, table_of(shapes_of("polygon", 20)))
    codes = codes_of(tmp_path)
    finished = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(n_steps)],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    assert finished.returncode == -signal.SIGKILL, finished.stderr.decode()
    assert codes_of(tmp_path) == codes
    assert [version.version for version in store.versions("polygons")] == [1]
    store.put(SCHEMA, table_of(shapes_of("polygon", 25)))
    assert not [name for name in files_of(tmp_path) if name.endswith(".part")]
    named = {file.path for version in store.versions("polygons") for file in version.files}
    assert files_of(tmp_path) - {"catalog.json", ".catalog.lock"} == named


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    else:
        content[len(content) // 3] ^= 0b100
        path.write_bytes(content)


@pytest.mark.parametrize("how", ["truncated", "missing", "empty", "one bit flipped"])
@pytest.mark.parametrize("ending", ["parquet", "v1.arrow", "blocks.arrow"])
def test_damaged_file_is_told_with_its_name_and_what_to_do(tmp_path: Path, how: str, ending: str) -> None:
    LayerStore(tmp_path).put(SCHEMA, table_of(shapes_of("polygon", 50)))
    (path,) = [path for path in tmp_path.rglob("*") if path.name.endswith(ending)]
    damage(path, how)
    wanted = (
        re.escape(str(path)) + ".*(cannot be read|instead of|was changed).*import its source again.*roll_back"
    )
    with pytest.raises(DamagedLayerError, match=wanted):
        LayerStore(tmp_path).open("polygons")


def test_damaged_version_can_be_rolled_back_or_imported_again(tmp_path: Path) -> None:
    LayerStore(tmp_path).put(SCHEMA, table_of(shapes_of("polygon", 20)))
    LayerStore(tmp_path).put(SCHEMA, table_of(shapes_of("polygon", 30)))
    damage(tmp_path / "index" / "polygons.v2.arrow", "one bit flipped")
    store = LayerStore(tmp_path)
    with pytest.raises(DamagedLayerError):
        store.open("polygons")
    store.roll_back("polygons", 1)
    assert store.open("polygons").n_rows == 20
    with pytest.raises(DamagedLayerError):
        store.roll_back("polygons", 2)
    assert store.open("polygons").n_rows == 20
    damage(tmp_path / "index" / "polygons.v1.arrow", "truncated")
    fresh = LayerStore(tmp_path)
    used = fresh.next_id("polygons")
    fresh.put(SCHEMA, table_of(shapes_of("polygon", 10)))
    assert min(fresh.open("polygons").feature_ids) >= used


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 1}', b'{"format": 1, "layers": {"a": {"current": 1}}}', b"\x00" * 50],
)
def test_unreadable_catalog_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "catalog.json").write_bytes(content)
    with pytest.raises(DamagedLayerError, match=r"catalog\.json is not a readable catalog.*twin init"):
        LayerStore(tmp_path).names()


def test_catalog_of_a_newer_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_bytes(b'{"format": 99, "layers": {}}')
    with pytest.raises(DamagedLayerError, match="format 99, this citytwin reads 1: use a newer citytwin"):
        LayerStore(tmp_path).names()


def test_files_of_others_are_never_swept(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "layers").mkdir()
    foreign = [tmp_path / "index" / "grid-3.abc.points", tmp_path / "layers" / "notes.v1.txt"]
    for path in foreign:
        path.write_bytes(b"x")
    (tmp_path / "index" / "polygons.v7.arrow.part").write_bytes(b"left by a kill")
    LayerStore(tmp_path).put(SCHEMA, table_of(shapes_of("polygon", 3)))
    assert all(path.exists() for path in foreign)
    assert not (tmp_path / "index" / "polygons.v7.arrow.part").exists()


def test_wrong_table_writes_nothing(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    shapes = shapes_of("polygon", 3)
    shapes[1] = shapes_of("point", 1)[0]
    with pytest.raises(ValueError, match="row 1: a Point came"):
        store.put(SCHEMA, table_of(np.asarray(shapes)))
    assert files_of(tmp_path) <= {".catalog.lock"}
