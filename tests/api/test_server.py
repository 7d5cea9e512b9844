from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import main
from api.server import check_host, listen, serve
from tests.api.town import make_town
from twin.city import City
from twin.config import CityConfig
from twin.errors import CityNotFoundError, InvalidConfigError, StorageError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_this_machines_own_addresses_need_no_leave(host: str) -> None:
    check_host(host, is_public=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "twin.example", ""])
def test_other_addresses_are_refused_until_the_city_is_public(host: str) -> None:
    with pytest.raises(InvalidConfigError, match="CITYTWIN_PUBLIC=true"):
        check_host(host, is_public=False)
    check_host(host, is_public=True)


def test_taken_port_is_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(StorageError, match="--port N"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_missing_city_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CityNotFoundError):
        serve(tmp_path / "none.city", port=0)


@pytest.mark.parametrize(
    "pattern", ["index/roads.v1.arrow", "layers/roads.v1.parquet", "index/roads*blocks*"]
)
def test_half_written_layer_is_one_sentence_before_anybody_is_answered(tmp_path: Path, pattern: str) -> None:
    make_town(tmp_path / "town.city", n_buildings=2, n_addresses=2).close()
    (cut,) = (tmp_path / "town.city").glob(pattern)
    cut.write_bytes(cut.read_bytes()[:-7])
    answer = CliRunner().invoke(main, ["serve", "--city", str(tmp_path / "town.city"), "--port", "0"])
    assert answer.exit_code == 2
    assert f"{cut.name} of layer 'roads'" in answer.stderr
    assert "twin import" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_served_city_answers_over_http_and_stops_when_told(tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "new.city"
    City.create(folder, CityConfig("丽州市")).close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = (
        f"from pathlib import Path; from api.server import serve; "
        f"serve(Path({str(folder)!r}), port={port}, workers={workers})"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", f"if __name__ == '__main__': exec({program!r})"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    try:
        body = first_answer(f"http://127.0.0.1:{port}/readyz", server)
        assert body == b'{"status":"ready","failures":{}}'
        # A request is counted after its answer is sent, and the next may reach the other worker first.
        while b'route="/readyz"' not in first_answer(f"http://127.0.0.1:{port}/metrics", server):
            os.sched_yield()
    finally:
        os.kill(server.pid, signal.SIGTERM)
        _, said = server.communicate(timeout=30)
    assert b"Traceback" not in said, said.decode()


def first_answer(url: str, server: subprocess.Popen[bytes]) -> bytes:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                body: bytes = answer.read()
                return body
        except (urllib.error.URLError, ConnectionError):
            os.sched_yield()
    raise AssertionError(f"no answer from {url}")
