"""Whether the service lives, can answer, and what is still being built."""

from __future__ import annotations

import orjson
from sqlalchemy.exc import SQLAlchemyError

from api.answer import Answer, live
from api.ask import Ask
from api.metrics import CONTENT_TYPE
from api.progress import read_progress
from api.service import Service
from api.warmup import Warmth
from twin.city import City
from twin.errors import TwinError


async def healthz(ask: Ask) -> Answer:
    """Return "ok": the process answers. Touches no data.

    Parameters
    ----------
    ask : Ask

    Returns
    -------
    Answer

    Raises
    ------
    InvalidQueryError
        If a parameter came: it takes none.
    """
    ask.only()
    return live(b'{"status":"ok"}')


async def readyz(service: Service, warmth: Warmth, ask: Ask) -> Answer:
    """Return 200 when every layer opens and the live state answers, else 503 with what does not.

    Parameters
    ----------
    service : Service
    warmth : Warmth
        Asks each layer once before the service calls itself ready.
    ask : Ask

    Returns
    -------
    Answer

    Raises
    ------
    InvalidQueryError
        If a parameter came: it takes none.
    """
    ask.only()
    failures = await service.in_thread(open_all, service.city)
    await warmth.bring()
    body = orjson.dumps({"status": "unready" if failures else "ready", "failures": failures})
    return live(body, status=503 if failures else 200)


def open_all(city: City) -> dict[str, str]:
    """Open every layer.

    Parameters
    ----------
    city : City

    Returns
    -------
    dict of str to str
        What kept which layer from opening.
    """
    failures = {}
    for name in city.layers():
        try:
            city.layer(name)
        except (TwinError, SQLAlchemyError) as error:
            failures[name] = type(error).__name__.removesuffix("Error")
    return failures


async def progress(service: Service, ask: Ask) -> Answer:
    """Return the steps of a running build, or of one that failed; none when everything is built.

    Parameters
    ----------
    service : Service
    ask : Ask

    Returns
    -------
    Answer

    Raises
    ------
    InvalidQueryError
        If a parameter came: it takes none.
    """
    ask.only()
    steps = read_progress(service.city.path)
    is_building = any(step["state"] in ("waiting", "running") for step in steps)
    return live(orjson.dumps({"is_building": is_building, "steps": steps}))


async def metrics(service: Service, ask: Ask) -> Answer:
    """Return all series for Prometheus.

    Parameters
    ----------
    service : Service
    ask : Ask

    Returns
    -------
    Answer

    Raises
    ------
    InvalidQueryError
        If a parameter came: it takes none.
    """
    ask.only()
    return live(service.meter.exposition(), CONTENT_TYPE)
