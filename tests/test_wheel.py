"""The wheel is whole: installed without index and network it builds, serves and checks the sample county."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Imported by every interpreter of the offline run: a connection to any other host is an error.
NO_NETWORK = """
import sys

def refuse(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"the offline run connected to {address}")
    elif event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", "::1", "localhost", None):
        raise PermissionError(f"the offline run asked for the address of {arguments[0]}")

sys.addaudithook(refuse)
"""


@pytest.fixture(scope="module")
def wheelhouse() -> Path:
    done = subprocess.run(["make", "wheelhouse"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "wheelhouse"


def test_wheel_holds_pages_browser_libraries_and_sample_data(wheelhouse: Path) -> None:
    (wheel,) = wheelhouse.glob("citytwin-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "api/pages/index.html",
        "api/pages/js/main.js",
        "api/vendor/maplibre-gl/maplibre-gl.mjs",
        "api/vendor/maplibre-gl/maplibre-gl-worker.mjs",
        "sample_data/lizhou/sources.toml",
        "sample_data/lizhou/roads.osm.pbf",
        "twin/state/migrations/env.py",
        "twin/py.typed",
    ):
        assert name in names
    assert not any(name.startswith("tests/") for name in names)


def test_offline_install_passes_its_own_check(wheelhouse: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(NO_NETWORK)
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON", "VIRTUAL"))
    }
    environment |= {
        "PYTHONPATH": str(guard),
        "PIP_CONFIG_FILE": os.devnull,
        "PATH": f"{python.parent}:/usr/bin:/bin",
    }
    install = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        wheelhouse,
        "citytwin",
    ]
    for command in (install, [python.parent / "twin", "demo", "--check"]):
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_guard_of_the_offline_run_really_refuses(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    attempt = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
    done = subprocess.run(
        [sys.executable, "-c", attempt],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" in done.stderr
