"""The front door: hot paths answered before the web framework, and every request timed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from api.answer import Answer, refusal_of
from api.ask import Ask
from api.metrics import UNMATCHED, Meter
from twin.errors import TwinError

Endpoint = Callable[..., Awaitable[Answer]]
"""``(ask, *path parameters) -> Answer``."""

TILE = "/tiles/{layer}/{z}/{x}/{y}.mvt"
ITEMS = "/collections/{collection_id}/items"
LOCATE = "/v1/locate"
HEALTH = "/healthz"


def hot_route(path: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the template of a hot path and its parameters, None for any other path.

    Parameters
    ----------
    path : str
        Decoded request path.

    Returns
    -------
    tuple of (str, tuple of str) or None

    Examples
    --------
    >>> hot_route("/tiles/roads/14/13663/6860.mvt")
    ('/tiles/{layer}/{z}/{x}/{y}.mvt', ('roads', '14', '13663', '6860'))
    >>> hot_route("/collections/roads") is None
    True
    """
    if path in (LOCATE, HEALTH):
        return path, ()
    parts = path.split("/")
    if len(parts) == 4 and parts[1] == "collections" and parts[3] == "items" and parts[2]:
        return ITEMS, (parts[2],)
    if len(parts) == 6 and parts[1] == "tiles" and parts[5].endswith(".mvt") and all(parts[2:]):
        return TILE, (parts[2], parts[3], parts[4], parts[5][:-4])
    return None


class FrontDoor:
    """ASGI layer in front of FastAPI: hot paths, ``HEAD``, times of all requests.

    Hot paths call the very endpoint functions that the FastAPI routes of the same
    templates call; what is left out is matching, dependency solving and encoding.

    Parameters
    ----------
    app : ASGI application
        Answers whatever is not hot.
    endpoints : mapping of str to endpoint
        Endpoint function of each hot template; one that is missing is left to ``app``.
    meter : Meter
        Where requests are counted.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, Endpoint], meter: Meter) -> None:
        self._app = app
        self._endpoints = endpoints
        self._meter = meter

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        route, status = UNMATCHED, 500
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        hot = hot_route(scope["path"]) if scope["method"] == "GET" else None
        if hot is not None and hot[0] not in self._endpoints:
            hot = None
        try:
            if hot is not None:
                route = hot[0]
                answer = await self._answer(scope, *hot)
                status = answer.status_code
                await answer(scope, receive, send)
            else:
                told = _Told(send)
                await self._app(scope, receive, told)
                status = told.status
        finally:
            if hot is None:
                route = _template(scope)
            self._meter.record(route, status, time.perf_counter() - started)

    async def _answer(self, connection: Connection, template: str, parameters: tuple[str, ...]) -> Answer:
        try:
            return await self._endpoints[template](Ask.of(connection), *parameters)
        except TwinError as error:
            return refusal_of(error, connection["path"])


class _Told:
    """An ASGI ``send`` that remembers the status."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _without_body(send: Send) -> Send:
    """Return a ``send`` for ``HEAD``: the headers of ``GET``, no bytes after them."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head


def _template(connection: Connection) -> str:
    """Return the route template that the router found for a request."""
    route = connection.get("route")
    return getattr(route, "path", UNMATCHED)
