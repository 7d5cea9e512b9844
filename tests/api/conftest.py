"""The town, its application, and a way to ask it without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.settings import Settings
from tests.api.town import make_town
from twin.city import City


@dataclass(frozen=True, slots=True)
class Client:
    """Asks an application over ASGI, one event loop a call."""

    app: FastAPI

    def __call__(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        named = {"accept": "*/*", "accept-encoding": "identity"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://twin") as client:
                return await client.request(method, path, headers=named)

        return asyncio.run(ask())


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = make_town(tmp_path_factory.mktemp("api") / "town.city")
    yield city
    city.close()


@pytest.fixture(scope="session")
def client(town: City) -> Client:
    return Client(create_app(town, Settings()))


@pytest.fixture(scope="session")
def client_of(town: City) -> Callable[..., Client]:
    return lambda **settings: Client(create_app(town, Settings(**settings)))
