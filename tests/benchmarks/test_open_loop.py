from __future__ import annotations

import asyncio

from tests.benchmarks.open_loop import LoadReport, offer

RATE_PER_S = 200.0
STALL_S = 0.3


class Server(asyncio.Protocol):
    """Answers at once, except that one request holds up the whole server."""

    n_answered = 0

    def __init__(self, status: bytes, stalled: int) -> None:
        self._status = status
        self._stalled = stalled

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        Server.n_answered += 1
        if Server.n_answered == self._stalled:
            loop = asyncio.get_running_loop()
            until = loop.time() + STALL_S
            while loop.time() < until:
                pass
        self._transport.write(b"HTTP/1.1 " + self._status + b"\r\nContent-Length: 2\r\n\r\nok")


async def offered(status: bytes, stalled: int = -1) -> LoadReport:
    Server.n_answered = 0
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(status, stalled), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    report = await offer(f"http://127.0.0.1:{port}", ["/"], RATE_PER_S, 0.5)
    await asyncio.sleep(0)  # one turn of the loop for the server to see its connections end
    server.close()
    await server.wait_closed()
    return report


def test_stall_is_charged_to_every_request_that_was_due_meanwhile() -> None:
    report = asyncio.run(offered(b"200 OK", stalled=20))
    # 60 of 100 requests were due during the stall and waited 0-300 ms; a closed loop would have seen one.
    assert report.max_ms >= STALL_S * 1e3
    assert report.p50_ms > 20.0
    assert report.n_failed == 0
    assert report.n_sent == 100


def test_refused_requests_count_as_failed() -> None:
    assert asyncio.run(offered(b"404 Not Found")).n_failed == 100
