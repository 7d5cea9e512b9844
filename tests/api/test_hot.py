from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, compile_path

from api.answer import Answer, live
from api.ask import Ask
from api.hot import HEALTH, ITEMS, LOCATE, TILE, FrontDoor, hot_route
from api.metrics import Meter
from twin.errors import UnknownLayerError

NAME = st.text("abc.-_中", min_size=1, max_size=6)


@given(
    st.lists(
        NAME | st.sampled_from(["tiles", "collections", "items", "v1", "locate", "1.mvt", ""]), max_size=7
    )
)
def test_hot_route_agrees_with_the_frameworks_own_matching(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    expected = None
    for template in (LOCATE, HEALTH, ITEMS, TILE):
        found = compile_path(template)[0].match(path)
        if found:
            expected = (template, tuple(found.groupdict().values()))
    assert hot_route(path) == expected


async def cold(request: Request) -> Response:
    return PlainTextResponse("cold", headers={"x-path": request.url.path})


async def hot(ask: Ask, *parameters: str) -> Answer:
    if parameters and parameters[0] == "none":
        raise UnknownLayerError("no layer 'none'")
    if parameters and parameters[0] == "broken":
        raise ZeroDivisionError
    return live(f"{ask.path} {parameters}".encode())


def asked(call: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> tuple[httpx.Response, Meter]:
    meter = Meter()
    inner = Starlette(routes=[Route("/collections/{name}", cold)])
    door = FrontDoor(inner, dict.fromkeys((TILE, ITEMS, LOCATE, HEALTH), hot), meter)

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(door)
        async with httpx.AsyncClient(transport=transport, base_url="http://twin") as client:
            return await call(client)

    return asyncio.run(run()), meter


def test_hot_path_is_answered_without_the_framework() -> None:
    answer, meter = asked(lambda client: client.get("/tiles/roads/1/0/1.mvt"))
    assert answer.text == "/tiles/roads/1/0/1.mvt ('roads', '1', '0', '1')"
    assert b'_count{route="/tiles/{layer}/{z}/{x}/{y}.mvt",status="200"} 1.0' in meter.exposition()


def test_other_paths_and_methods_reach_the_framework() -> None:
    answer, meter = asked(lambda client: client.get("/collections/roads"))
    assert answer.text == "cold"
    assert b'_count{route="/collections/{name}",status="200"} 1.0' in meter.exposition()
    answer, meter = asked(lambda client: client.post(HEALTH))
    assert answer.status_code == 404  # the inner application of this test has no such route
    assert b'_count{route="unmatched",status="404"} 1.0' in meter.exposition()


@pytest.mark.parametrize("path", ["/healthz", "/collections/roads"])
def test_head_has_the_headers_of_get_and_no_body(path: str) -> None:
    got, _ = asked(lambda client: client.get(path))
    head, _ = asked(lambda client: client.head(path))
    assert head.content == b""
    assert head.status_code == got.status_code
    assert dict(head.headers) == dict(got.headers)


def test_refusal_on_a_hot_path_is_a_problem() -> None:
    answer, _ = asked(lambda client: client.get("/collections/none/items"))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "no layer 'none'"


def test_unforeseen_failure_is_counted_and_left_to_the_outermost_layer() -> None:
    meter = Meter()
    door = FrontDoor(Starlette(), {ITEMS: hot}, meter)

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://twin") as client:
            await client.get("/collections/broken/items")

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())
    assert b'status="500"} 1.0' in meter.exposition()
