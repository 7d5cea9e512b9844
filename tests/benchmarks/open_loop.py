"""Open-loop load: requests leave on schedule whether or not answers come, as real users do.

Latency counts from the moment a request was *due*, so a server (or this very generator) that falls behind
is charged for the wait: coordinated omission cannot hide. Runs in a process of its own::

    python -m tests.benchmarks.open_loop http://127.0.0.1:8000 paths.txt --rate 1000 --seconds 10
"""

from __future__ import annotations

import argparse
import asyncio
import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

CONNECTIONS = 64
START_DELAY_S = 0.2
LAST_ANSWERS_S = 5.0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What an open-loop run saw; times in ms from the scheduled moment."""

    offered_per_s: float
    achieved_per_s: float
    n_sent: int
    n_failed: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    late_p99_ms: float
    """How late this generator itself sent, p99: its own share of the latency."""


class Connection(asyncio.Protocol):
    """One keep-alive HTTP/1.1 connection with at most one request in flight."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._expected = -1
        self._request = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._load.is_free(self)

    def send(self, request: int) -> None:
        """Send the request of this number."""
        assert self._transport is not None
        self._request = request
        self._load.sent_at[request] = time.perf_counter()
        self._transport.write(self._load.messages[request % len(self._load.messages)])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._expected < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            length = head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
            self._expected = end + 4 + int(length)
        if len(self._buffer) >= self._expected:
            self._load.answered(self._request, is_ok=self._buffer.startswith(b"HTTP/1.1 200"))
            self._buffer.clear()
            self._expected = self._request = -1
            self._load.is_free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._request >= 0:
            self._load.answered(self._request, is_ok=False)


class Load:
    """The schedule, the requests that wait for a connection, and what became of each."""

    def __init__(self, messages: Sequence[bytes], rate: float, n_requests: int) -> None:
        self.messages = messages
        self.due_at = np.arange(n_requests) / rate
        self.sent_at = np.full(n_requests, np.nan)
        self.done_at = np.full(n_requests, np.nan)
        self.n_failed = 0
        self.n_done = 0
        self._free: deque[Connection] = deque()
        self._waiting: deque[int] = deque()

    def is_free(self, connection: Connection) -> None:
        """Give a connection the oldest request that is due, or keep it at hand."""
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._free.append(connection)

    def answered(self, request: int, *, is_ok: bool) -> None:
        """Note the end of a request."""
        self.done_at[request] = time.perf_counter()
        self.n_failed += not is_ok
        self.n_done += 1

    async def run(self) -> None:
        """Send every request when it is due."""
        self.due_at += time.perf_counter() + START_DELAY_S
        sent, n_requests = 0, len(self.due_at)
        while sent < n_requests:
            now = time.perf_counter()
            while sent < n_requests and self.due_at[sent] <= now:
                if self._free:
                    self._free.popleft().send(sent)
                else:
                    self._waiting.append(sent)
                sent += 1
            if sent < n_requests:
                await asyncio.sleep(max(0.0, self.due_at[sent] - time.perf_counter()))
        until = time.perf_counter() + LAST_ANSWERS_S
        while self.n_done < n_requests and time.perf_counter() < until:
            await asyncio.sleep(0.01)

    def report(self, rate: float) -> LoadReport:
        """Return the figures; a request without an answer counts as failed and as still waiting now."""
        is_done = np.isfinite(self.done_at)
        ended_at = np.where(is_done, self.done_at, time.perf_counter())
        latency_ms = (ended_at - self.due_at) * 1e3
        late_ms = (np.where(np.isfinite(self.sent_at), self.sent_at, ended_at) - self.due_at) * 1e3
        span_s = float(ended_at.max() - self.due_at[0])
        return LoadReport(
            offered_per_s=rate,
            achieved_per_s=float(is_done.sum() / span_s),
            n_sent=len(self.due_at),
            n_failed=int(self.n_failed + (~is_done).sum()),
            p50_ms=float(np.percentile(latency_ms, 50)),
            p99_ms=float(np.percentile(latency_ms, 99)),
            max_ms=float(latency_ms.max()),
            late_p99_ms=float(np.percentile(late_ms, 99)),
        )


async def offer(url: str, paths: Sequence[str], rate: float, seconds: float) -> LoadReport:
    """Offer ``rate`` requests a second for ``seconds``, taking the paths in turn."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    messages = [f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode() for path in paths]
    load = Load(messages, rate, int(rate * seconds))
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: Connection(load), host, port) for _ in range(CONNECTIONS)]
    await load.run()
    report = load.report(rate)
    for transport, _ in opened:
        transport.close()
    await asyncio.sleep(0)
    return report


def offer_from_own_process(url: str, paths: Sequence[str], *, rate: float, seconds: float) -> LoadReport:
    """Return the report of a run in a process of its own, so that client and server share no interpreter."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listed:
        listed.write("\n".join(paths))
        listed.flush()
        command = [sys.executable, "-m", "tests.benchmarks.open_loop", url, listed.name]
        command += ["--rate", str(rate), "--seconds", str(seconds)]
        root = Path(__file__).resolve().parents[2]
        run = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)
    return LoadReport(**json.loads(run.stdout))


def precise_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop whose timers are exact to microseconds without spinning.

    ``select`` takes its timeout in microseconds; ``epoll``, which is usual, and uvloop round to 1 ms, and to
    spin instead would take from the server the processor that is being measured.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def main() -> None:
    """Run one load and print its report as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("paths", type=Path)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    asked = parser.parse_args()
    paths = asked.paths.read_text(encoding="utf-8").split("\n")
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        report = runner.run(offer(asked.url, paths, asked.rate, asked.seconds))
    print(json.dumps(asdict(report)))


if __name__ == "__main__":
    main()
