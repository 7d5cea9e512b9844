"""The service under load: pages of features by wrk (closed loop), places by our own open loop."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.api.town import EAST, NORTH, SOUTH, WEST, make_town
from tests.benchmarks.open_loop import LoadReport, offer_from_own_process
from tests.benchmarks.table import Row

ROOT = Path(__file__).resolve().parents[2]
N_BUILDINGS = 20_000
N_ADDRESSES = 60_000
N_PATHS = 4_000
CONNECTIONS = 32
WRK_S = 8
OFFERED_PER_S = 1_000.0
OFFER_S = 10.0
ITEMS_TARGET_PER_S = 3_000.0
LOCATE_TARGET_MS = 5.0
START_S = 60.0

_LUA = """
local paths = {}
for path in io.lines("%s") do paths[#paths + 1] = wrk.format("GET", path) end
local at = 0
request = function() at = at %% #paths + 1; return paths[at] end
"""


@contextmanager
def served(city: Path) -> Iterator[str]:
    """Serve a city by one worker on a free port; the value is its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = (
        f"from pathlib import Path; from api.server import serve; serve(Path({str(city)!r}), port={port})"
    )
    server = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_ready(url: str) -> None:
    """Return once the service answers that it is ready."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def box_paths(rng: np.random.Generator) -> list[str]:
    """Return pages of 100 buildings in random boxes, each holding more than that."""
    side_lon, side_lat = 0.03, 0.03
    west = rng.uniform(WEST + 0.01, EAST - 0.01 - side_lon, N_PATHS)
    south = rng.uniform(SOUTH + 0.01, NORTH - 0.01 - side_lat, N_PATHS)
    return [
        f"/collections/buildings/items?limit=100&bbox={x:.6f},{y:.6f},{x + side_lon:.6f},{y + side_lat:.6f}"
        for x, y in zip(west, south, strict=True)
    ]


def place_paths(rng: np.random.Generator) -> list[str]:
    """Return questions of random places in the town."""
    lon, lat = rng.uniform(WEST, EAST, N_PATHS), rng.uniform(SOUTH, NORTH, N_PATHS)
    return [f"/v1/locate?lon={x:.6f}&lat={y:.6f}" for x, y in zip(lon, lat, strict=True)]


def wrk_rate(url: str, paths: Sequence[str], folder: Path) -> float:
    """Return answers per second that wrk saw over 32 connections; fails unless all were 2xx."""
    listed, script = folder / "paths.txt", folder / "paths.lua"
    listed.write_text("\n".join(paths), encoding="utf-8")
    script.write_text(_LUA % listed, encoding="utf-8")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{WRK_S}s", "-s", str(script), url]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise AssertionError(said)
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def check_pages(url: str, paths: Sequence[str]) -> None:
    """Fail unless the measured pages are what they are said to be."""
    for path in paths[:20]:
        with urllib.request.urlopen(url + path, timeout=10) as answer:
            body = answer.read()
        assert body.count(b'"type":"Feature"') == 100, path


def run() -> list[Row]:
    """Return rates and latencies of one worker on a town of 20,000 buildings."""
    if shutil.which("wrk") is None:
        print("wrk is not installed: the rates of bench_api are left out", file=sys.stderr)
        return []
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_town(folder / "town.city", n_buildings=N_BUILDINGS, n_addresses=N_ADDRESSES).close()
        with served(folder / "town.city") as url:
            boxes, places = box_paths(rng), place_paths(rng)
            check_pages(url, boxes)
            bare = wrk_rate(url, ["/healthz"], folder)
            items = wrk_rate(url, boxes, folder)
            idle = offer_from_own_process(url, ["/healthz"], rate=OFFERED_PER_S, seconds=OFFER_S)
            located = offer_from_own_process(url, places, rate=OFFERED_PER_S, seconds=OFFER_S)
    return [
        Row(
            "100-row items JSON, random boxes, 1 worker, wrk 32",
            items,
            "req/s",
            "/healthz, same run",
            bare,
            items / bare,
            ">= 3,000 req/s",
            items >= ITEMS_TARGET_PER_S,
        ),
        *latency_rows(located, idle),
    ]


def latency_rows(located: LoadReport, idle: LoadReport) -> list[Row]:
    """Return the rows of the open-loop run and of its calibration."""
    rows = []
    for name, ours, peer, target in (
        ("p50", located.p50_ms, idle.p50_ms, None),
        ("p99", located.p99_ms, idle.p99_ms, LOCATE_TARGET_MS),
        ("max", located.max_ms, idle.max_ms, None),
    ):
        is_met = None if target is None else ours <= target and not located.n_failed
        said = "" if target is None else f"<= {target:g} ms"
        claim = f"/v1/locate {name} at 1,000 req/s offered, open loop"
        rows.append(Row(claim, ours, "ms", "/healthz, same rate", peer, ours / peer, said, is_met))
    achieved = located.achieved_per_s
    rows.append(Row("/v1/locate achieved", achieved, "req/s", "/healthz", idle.achieved_per_s))
    rows.append(
        Row("open loop: generator late by, p99", located.late_p99_ms, "ms", "/healthz", idle.late_p99_ms)
    )
    return rows
