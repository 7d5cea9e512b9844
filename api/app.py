"""The application: every path, what answers it, and how refusals look."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response, StreamingResponse
from starlette.routing import Match, Route
from starlette.types import Scope

from api import (
    address_links,
    addresses,
    collections,
    division_rollup,
    divisions,
    features,
    geocode,
    grid_units,
    health,
    landing,
    locate,
    posted_rollup,
    tiles,
)
from api.answer import Answer, fresh, not_modified, refusal, refusal_of
from api.ask import Ask
from api.errors import INTERNAL_DETAIL
from api.hot import HEALTH, ITEMS, LOCATE, TILE, Endpoint, FrontDoor
from api.negotiation import OPENAPI, chosen_format
from api.openapi import OPERATIONS
from api.openapi_addresses import GEOCODE_MANY, TEXTS_BODY
from api.openapi_links import POSTED_ROLLUP, TABLE_BODY
from api.pages import INDEX, PageShelf
from api.service import Service
from api.settings import Settings
from api.warmup import Warmth
from twin.city import City
from twin.errors import TwinError

EXPOSED = ["ETag", "Content-Crs", tiles.TRUNCATED.decode()]


def create_app(
    city: City, settings: Settings | None = None, *, metrics_folder: Path | None = None
) -> FastAPI:
    """Return the HTTP service of a city as an ASGI application.

    Parameters
    ----------
    city : City
        What is asked about; the caller closes it.
    settings : Settings, optional
        What the deployment set; by default what the environment says.
    metrics_folder : Path, optional
        Where worker processes share their counts.

    Returns
    -------
    FastAPI

    Examples
    --------
    >>> import tempfile
    >>> from twin.config import CityConfig
    >>> city = City.create(Path(tempfile.mkdtemp()) / "new.city", CityConfig("丽州市"))
    >>> create_app(city, Settings()).title
    '丽州市'
    >>> city.close()
    """
    settings = Settings() if settings is None else settings
    service = Service.of(city, settings, metrics_folder)
    app = FastAPI(
        title=city.config.name,
        description="Layers, tiles and questions of one city (城市数字底座).",
        version=metadata.version("citytwin"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=partial(_lifespan, service=service),
        redirect_slashes=False,
    )
    app.openapi_version = "3.0.3"
    shelf = PageShelf()
    endpoints = _endpoints(service, shelf)
    for path, endpoint in endpoints.items():
        _add(app, path, endpoint)
    _add_batch(app, service)
    _add_files(app, shelf)
    _add_definition(app)
    _add_refusals(app)
    hot = {path: endpoints[path] for path in (TILE, ITEMS, LOCATE, HEALTH)}
    app.add_middleware(FrontDoor, endpoints=hot, meter=service.meter)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "HEAD"],
            expose_headers=EXPOSED,
        )
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI, service: Service) -> AsyncGenerator[None]:  # noqa: ARG001 -- FastAPI passes it
    yield
    service.pool.shutdown(cancel_futures=True)


def _endpoints(service: Service, shelf: PageShelf) -> dict[str, Endpoint]:
    """Return what answers each documented path: a function of the question and the path parameters."""
    drawer = tiles.Drawer(service)
    links = address_links.LinkDoor(service)
    grid = grid_units.GridDoor(service)

    async def root(ask: Ask) -> Answer:
        if chosen_format(ask.only("f", "lang").get("f"), ask.accept, ("json", "html")) == "html":
            return shelf.answer(ask, "pages", INDEX, (b"vary", b"accept"))
        return await landing.landing(service, ask)

    return {
        "/": root,
        "/conformance": landing.conformance,
        "/collections": partial(collections.collections, service),
        "/collections/{collection_id}": partial(collections.collection, service),
        ITEMS: partial(features.items, service),
        "/collections/{collection_id}/items/{feature_id}": partial(features.item, service),
        TILE: drawer.tile,
        "/tiles/{layer}.json": partial(tiles.tilejson, service),
        "/styles/{theme}.json": partial(tiles.style, service),
        LOCATE: partial(locate.locate, service),
        "/v1/geocode": partial(geocode.geocode, service),
        "/v1/suggest": partial(geocode.suggest, service),
        "/v1/reverse": partial(geocode.reverse, service),
        "/v1/progress": partial(health.progress, service),
        "/v1/divisions/{code}": partial(divisions.division, service),
        "/v1/grid-units/{grid_id}": grid.unit,
        "/v1/grid-units/{grid_id}/buildings": grid.buildings,
        "/v1/buildings/{feature_id}/dwellings": grid.dwellings,
        "/v1/parts/nearest": grid.nearest_part,
        "/v1/divisions/{code}/rollup": partial(division_rollup.division_rollup, service),
        "/v1/addresses/{address_id}": partial(addresses.address, service),
        "/v1/addresses/{address_id}/links": links.of_address,
        "/v1/links/{kind}/{reference}": links.of_reference,
        HEALTH: health.healthz,
        "/readyz": partial(health.readyz, service, Warmth(service)),
        "/metrics": partial(health.metrics, service),
    }


def _add_batch(app: FastAPI, service: Service) -> None:
    """Add the paths that take a body."""

    async def texts(request: Request) -> Response:
        return await geocode.geocode_many(service, request)

    async def table(request: Request) -> Response:
        return await posted_rollup.posted_rollup(service, request)

    for path, batch, operation, extra in (
        ("/v1/geocode", texts, GEOCODE_MANY, TEXTS_BODY),
        ("/v1/divisions/{code}/rollup", table, POSTED_ROLLUP, TABLE_BODY),
    ):
        app.add_api_route(
            path,
            batch,
            methods=["POST"],
            response_class=StreamingResponse,
            operation_id=operation.name,
            name=operation.name,
            summary=operation.summary,
            tags=[operation.tag],
            responses=operation.responses(),
            openapi_extra=extra | operation.extra(),
        )


def _add(app: FastAPI, path: str, endpoint: Endpoint) -> None:
    """Add the route of one documented path."""
    operation = OPERATIONS[path]
    app.add_api_route(
        path,
        _from_request(endpoint),
        methods=["GET"],
        status_code=200,
        response_class=Answer,
        operation_id=operation.name,
        name=operation.name,
        summary=operation.summary,
        tags=[operation.tag],
        responses=operation.responses(),
        openapi_extra=operation.extra(),
    )


def _from_request(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await endpoint(Ask.of(request.scope), *request.path_params.values())

    return answer


def _add_files(app: FastAPI, shelf: PageShelf) -> None:
    """Add the files of the map page and the browser libraries."""

    async def page(request: Request) -> Response:
        room, _, name = request.url.path.removeprefix("/").partition("/")
        return shelf.answer(Ask.of(request.scope), room, name)

    for room in ("pages", "vendor"):
        app.add_route(f"/{room}/{{name:path}}", page, methods=["GET"], include_in_schema=False)


def _add_definition(app: FastAPI) -> None:
    """Add ``/openapi.json``, made once."""
    made: list[bytes] = []

    async def definition(request: Request) -> Response:
        ask = Ask.of(request.scope)
        if not made:
            made.append(orjson.dumps(app.openapi()))
        tag = ask.tag(made[0])
        return not_modified(tag) if ask.holds(tag) else fresh(ask, made[0], OPENAPI, tag=tag)

    app.add_route("/openapi.json", definition, methods=["GET"], include_in_schema=False)


def _methods_at(app: FastAPI, scope: Scope) -> str:
    """Return the methods that a path takes; the front door answers HEAD wherever GET is answered."""
    taken = {"HEAD"}
    for route in app.routes:
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            taken |= route.methods or set()
    return ", ".join(method for method in ("GET", "HEAD", "POST") if method in taken)


def _add_refusals(app: FastAPI) -> None:
    """Answer every refusal, ours and the framework's, as problem+json."""

    async def ours(request: Request, error: TwinError) -> Response:
        return refusal_of(error, request.url.path)

    async def framework(request: Request, error: HTTPException) -> Response:
        path = request.url.path
        headers, taken = dict(error.headers or {}), ""
        if error.status_code == 405:
            headers["Allow"] = taken = _methods_at(app, request.scope)
        detail = {
            404: f"there is nothing at {path}; the landing page / links what there is",
            405: f"{request.method} is not taken at {path}; it takes {taken}",
        }.get(error.status_code, str(error.detail))
        answer = refusal(error.status_code, detail, code="Http", instance=path)
        for name, value in headers.items():
            answer.raw_headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
        return answer

    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found: list[dict[str, Any]] = list(error.errors())
        detail = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
        return refusal(400, detail, code="InvalidQuery", instance=request.url.path)

    async def unforeseen(request: Request, error: Exception) -> Response:  # noqa: ARG001 -- the server logs it
        return refusal(500, INTERNAL_DETAIL, code="Internal", instance=request.url.path)

    app.add_exception_handler(TwinError, ours)  # type: ignore[arg-type]  # starlette types every handler's error as Exception
    app.add_exception_handler(HTTPException, framework)  # type: ignore[arg-type]  # as above
    app.add_exception_handler(RequestValidationError, invalid)  # type: ignore[arg-type]  # as above
    app.add_exception_handler(Exception, unforeseen)
