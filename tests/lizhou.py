"""The sample county, built once for all tests of a run and served where a test needs a server."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.demo import build_sample, free_port, prepare_folder, served, wait_until_ready
from twin.city import City


@pytest.fixture(scope="session")
def lizhou_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built city folder; several test processes share it, so no test may write into it."""
    shared = tmp_path_factory.getbasetemp().parent
    folder = shared / "lizhou.city"
    with (shared / "lizhou.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not prepare_folder(folder):
            for stage in ("first", "later"):
                build_sample(folder, stage=stage)
    return folder


@pytest.fixture
def lizhou(lizhou_folder: Path) -> Iterator[City]:
    """The built city, for reading."""
    city = City.open(lizhou_folder)
    yield city
    city.close()


@pytest.fixture
def own_lizhou(lizhou_folder: Path, tmp_path: Path) -> Iterator[City]:
    """A copy of the built city that the test may change."""
    city = City.open(shutil.copytree(lizhou_folder, tmp_path / "lizhou.city"))
    yield city
    city.close()


@pytest.fixture(scope="session")
def lizhou_url(lizhou_folder: Path) -> Iterator[str]:
    """URL of a server of the built city, with a trailing slash."""
    with served(lizhou_folder, free_port(0)) as url:
        wait_until_ready(url)
        yield url
