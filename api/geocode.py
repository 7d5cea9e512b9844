"""Addresses over HTTP: what a text means, what somebody is typing, what address a place has."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator
from datetime import date
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.days import parse_day
from api.geocoding import NEW_COLUMNS, TITLES, answer_columns, grid_ids
from api.locate import chain_at, place_of
from api.service import Service
from api.whole_numbers import parse_whole
from twin.addresses.base import ADDRESS_BASE
from twin.addresses.finder import Finder
from twin.addresses.reverse import reverse as reverse_geocode
from twin.addresses.scoring import Match
from twin.addresses.suggesting import suggest as suggest_addresses
from twin.errors import InvalidQueryError, UnknownLayerError

DEFAULT_K, MAX_K = 5, 50
DEFAULT_SUGGESTIONS = 10
MAX_BATCH_BYTES = 64_000_000
_BATCH_ROWS = 2_000
_READ = (ADDRESS_BASE, "aliases", "divisions", "grid", "roads")
NDJSON, CSV = "application/x-ndjson", "text/csv"


async def geocode(service: Service, ask: Ask) -> Answer:
    """Return the addresses that a text may mean, each with its score and why.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameters ``text``, ``k`` and ``as_of``, a day: its addresses and its old names.

    Returns
    -------
    Answer
        ``matches``, the likeliest first; none where nothing fits, ``reason`` says why.

    Raises
    ------
    InvalidQueryError
        If the text is missing, or a parameter is unknown or cannot be read.
    UnknownLayerError
        If the city has no addresses.
    """
    came = ask.only("text", "k", "as_of")
    text, k, as_of = _text(came), _count(came, DEFAULT_K), _as_of(came)
    tag = _tag(service, ask)
    if ask.holds(tag):
        return not_modified(tag)
    finder = await _finder(service, ask, as_of)
    found = await service.in_thread(finder.geocode, text, k, as_of=as_of)
    matches = [one for one in found if one.is_found]
    lon, lat = _array([one.lon for one in found]), _array([one.lat for one in found])
    positions = np.array([one.position for one in found], np.int64)
    units = await service.in_thread(grid_ids, service.city, finder, positions, lon, lat)
    body = {
        "text": text,
        "matches": [_match(one, unit) for one, unit in zip(matches, units, strict=False)],
        "reason": found[0].reason,
    }
    return fresh(ask, orjson.dumps(body), tag=tag)


async def suggest(service: Service, ask: Ask) -> Answer:
    """Return the addresses that may be what somebody is typing.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameters ``text``, as far as it is typed, ``k`` and ``as_of``.

    Returns
    -------
    Answer
        ``suggestions``, names before numbers.

    Raises
    ------
    InvalidQueryError
        If the text is missing, or a parameter is unknown or cannot be read.
    UnknownLayerError
        If the city has no addresses.
    """
    came = ask.only("text", "k", "as_of")
    text, k, as_of = _text(came), _count(came, DEFAULT_SUGGESTIONS), _as_of(came)
    tag = _tag(service, ask)
    if ask.holds(tag):
        return not_modified(tag)
    finder = await _finder(service, ask, as_of)
    found = await service.in_thread(suggest_addresses, finder, text, k, as_of=as_of)
    offered = [
        {
            "address_id": one.address_id,
            "text": one.text,
            "level": one.level.title,
            "lon": one.lon,
            "lat": one.lat,
        }
        for one in found
    ]
    return fresh(ask, orjson.dumps({"suggestions": offered}), tag=tag)


async def reverse(service: Service, ask: Ask) -> Answer:
    """Return the addresses at a place: those of the building that holds it, then the nearest.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameters ``lon``, ``lat``, ``crs`` as of ``/v1/locate``, and ``k``.

    Returns
    -------
    Answer
        ``addresses`` with distances in metres, and the grid unit with the divisions above it.

    Raises
    ------
    InvalidQueryError
        If the place is missing or not on the globe, or a parameter is unknown.
    InvalidCRSError
        If the coordinate system is unknown.
    UnknownLayerError
        If the city has no addresses.
    """
    came = ask.only("lon", "lat", "crs", "k")
    k = _count(came, DEFAULT_K)
    lon, lat = place_of(service, came)
    views = service.layers(ask.caller, (*_READ, "buildings"))
    tag = _tag(service, ask, "buildings")
    if ask.holds(tag):
        return not_modified(tag)
    finder = await _finder(service, ask)
    found = await service.in_thread(
        reverse_geocode, finder, views[ADDRESS_BASE], views.get("buildings"), lon, lat, k
    )
    chain = chain_at(service, views, ask.caller, lon, lat)
    unit = chain[-1] if chain and chain[-1].level_name == "grid" else None
    body = {
        "lon": lon,
        "lat": lat,
        "grid_unit": None if unit is None else {"grid_id": unit.code, "name": unit.name},
        "chain": [{"level": one.level_name, "code": one.code, "name": one.name} for one in chain],
        "addresses": [
            {
                "address_id": one.address_id,
                "standard_text": one.standard_text,
                "level": one.level.title,
                "lon": one.lon,
                "lat": one.lat,
                "distance_m": round(one.distance_m, 2),
                "is_of_building": one.is_of_building,
            }
            for one in found
        ],
    }
    return fresh(ask, orjson.dumps(body), tag=tag)


async def geocode_many(service: Service, request: Request) -> Response:
    """Return the likeliest address of each of many texts, line by line as they are found.

    Parameters
    ----------
    service : Service
    request : Request
        Body ``{"texts": [...]}``, up to 64 MB. ``Accept: text/csv`` asks for CSV.

    Returns
    -------
    Response
        One line a text in their order: JSON objects, or CSV below a header.

    Raises
    ------
    InvalidQueryError
        If the body is too long or holds no list of texts.
    UnknownLayerError
        If the city has no addresses.
    """
    ask = Ask.of(request.scope)
    as_of = _as_of(ask.only("as_of"))
    texts = _texts(await read_body(request))
    finder = await _finder(service, ask, as_of)
    media_type = CSV if CSV in ask.accept else NDJSON
    lines = _lines(service, finder, texts, as_of, is_csv=media_type == CSV)
    headers = {"cache-control": "no-store"}
    return StreamingResponse(lines, media_type=media_type, headers=headers)


async def _lines(
    service: Service, finder: Finder, texts: list[str | None], as_of: date | None, *, is_csv: bool
) -> AsyncGenerator[bytes]:
    if is_csv:
        yield (",".join(NEW_COLUMNS) + "\r\n").encode()
    for start in range(0, len(texts), _BATCH_ROWS):
        part = pa.array(texts[start : start + _BATCH_ROWS], pa.string())
        found = await service.in_thread(finder.geocode_table, part, as_of=as_of)
        yield await service.in_thread(_csv_rows if is_csv else _json_rows, service, finder, found)


def _csv_rows(service: Service, finder: Finder, found: pa.Table) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows(
        zip(*(one.to_pylist() for one in answer_columns(service.city, finder, found)), strict=True)
    )
    return lines.getvalue().encode()


def _json_rows(service: Service, finder: Finder, found: pa.Table) -> bytes:
    positions, lon, lat = (found[name].to_numpy() for name in ("position", "lon", "lat"))
    units = grid_ids(service.city, finder, positions, lon, lat)
    return b"".join(
        orjson.dumps(_plain(row, unit), option=orjson.OPT_APPEND_NEWLINE)
        for row, unit in zip(found.to_pylist(), units, strict=True)
    )


def _plain(row: dict[str, Any], unit: str) -> dict[str, Any]:
    """Return one answer of a table as its JSON object."""
    answer = {**row, "level": TITLES[row["level"]] or None, "grid_id": unit or None}
    return {name: answer[name] for name in NEW_COLUMNS}


def _match(one: Match, unit: str) -> dict[str, object]:
    return {
        "address_id": one.address_id,
        "standard_text": one.standard_text,
        "level": one.level.title if one.level is not None else None,
        "score": one.score,
        "lon": one.lon,
        "lat": one.lat,
        "grid_id": unit or None,
        "reason": one.reason,
        "source_id": one.source_id or None,
    }


def _array(values: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values, np.float64)


async def _finder(service: Service, ask: Ask, as_of: date | None = None) -> Finder:
    return await service.in_thread(service.city.address_finder, ask.caller, as_of)


def _tag(service: Service, ask: Ask, *more: str) -> str:
    """Return the entity tag of an answer from the base; refuse where there is none."""
    views = service.layers(ask.caller, (*_READ, *more))
    if ADDRESS_BASE not in views and not service.city.has_layer(ADDRESS_BASE):
        raise UnknownLayerError(f"{service.city.config.name} has no addresses")
    day = service.city.divisions.as_of.isoformat()
    return ask.tag(day, *(part for name, view in views.items() for part in (name, view.version_tag)))


def _text(came: dict[str, str]) -> str:
    if not came.get("text", "").strip():
        raise InvalidQueryError("text is missing; wanted is ?text=..., an address")
    return came["text"]


def _count(came: dict[str, str], default: int) -> int:
    return parse_whole(came.get("k", str(default)), "k", 1, MAX_K)


def _as_of(came: dict[str, str]) -> date | None:
    return parse_day(came["as_of"], "as_of") if "as_of" in came else None


async def read_body(request: Request) -> bytes:
    """Return the body of a request; refuse it as soon as it is too long.

    Parameters
    ----------
    request : Request

    Returns
    -------
    bytes
        Up to 64 MB.

    Raises
    ------
    InvalidQueryError
        If more comes.
    """
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BATCH_BYTES:
            raise InvalidQueryError(f"the body has over {MAX_BATCH_BYTES:,} bytes; send it in parts")
        pieces.append(piece)
    return b"".join(pieces)


def _texts(body: bytes) -> list[str | None]:
    try:
        came = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        wanted = '{"texts": [...]} as JSON; CSV comes out, by Accept: text/csv, and does not go in'
        raise InvalidQueryError(f"the body is no JSON: {error}; wanted is {wanted}") from error
    texts = came.get("texts") if isinstance(came, dict) else None
    if not isinstance(texts, list) or not all(one is None or isinstance(one, str) for one in texts):
        raise InvalidQueryError('the body has no list of texts; wanted is {"texts": ["...", ...]}')
    return texts
