"""A table that a caller sends, rolled up by the areas below a division."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from analysis.placement import MIN_SCORE, PlaceColumns
from analysis.rollup import Measures, rollup
from api.ask import Ask
from api.boxes import parse_number
from api.days import parse_day
from api.division_rollup import areas_below, fields_of, scope_below
from api.geocode import read_body
from api.rollup import csv_blocks, placed_rows
from api.service import Service
from layers.department_table import read_department_table
from twin.city import City
from twin.crs import parse_crs
from twin.errors import InvalidQueryError
from twin.scope import Scope

_PLACING = ("text", "lon", "lat", "crs", "code", "min_score")
PARAMETERS = ("by", "sum", "mean", "people", "as_of", "answer", *_PLACING)
CSV = "text/csv; charset=utf-8"


async def posted_rollup(service: Service, request: Request) -> Response:
    """Return a table counted, summed and averaged by the areas below a division.

    Parameters
    ----------
    service : Service
    request : Request
        Body: a CSV of up to 64 MB. Parameters: ``by``, ``sum``, ``mean``, ``people=true``;
        ``text``, ``lon``, ``lat``, ``crs``, ``code``, ``min_score`` and ``as_of`` as for ``twin rollup``;
        ``answer=placed`` for how each row was placed.

    Returns
    -------
    Response
        CSV as it is written. Rows outside the division, or what the caller sees of it, could not be placed.

    Raises
    ------
    InvalidQueryError
        If a parameter is unknown or cannot be read, or the body is too long.
    ImportRefusedError
        If the body is no table.
    UnknownFieldError
        If the table lacks a column.
    UnknownDivisionError
        If no division that the caller sees carries the code.
    """
    ask = Ask.of(request.scope)
    came = ask.only(*PARAMETERS)
    city = service.city
    division = city.divisions.current(str(request.path_params["code"]))
    by, scope = areas_below(division, came.get("by")), scope_below(city, division, ask.caller)
    body = await read_body(request)
    if body.startswith(b"\x1f\x8b"):  # what it would unpack to, nobody knows
        raise InvalidQueryError("the body is packed by gzip; send it unpacked")
    table = await service.in_thread(_rolled_up, city, body, came, by, scope)
    return StreamingResponse(_sent(csv_blocks(table)), media_type=CSV, headers={"cache-control": "no-store"})


def _rolled_up(city: City, body: bytes, came: dict[str, str], by: str, scope: Scope) -> pa.Table:
    """Return the areas, or how each row was placed."""
    if came.get("answer", "areas") not in ("areas", "placed"):
        raise InvalidQueryError(f"answer={came['answer']!r} came; wanted areas or placed")
    columns = _columns(came)
    city.config.refuse_conversion(columns.crs)
    measures = Measures(fields_of(came.get("sum")), fields_of(came.get("mean")), came.get("people") == "true")
    with TemporaryDirectory(prefix="citytwin-") as folder:
        path = Path(folder) / "body.csv"
        path.write_bytes(body)
        table = read_department_table(
            path, lon=columns.lon, lat=columns.lat, measures=(*measures.sums, *measures.means)
        )
    found = rollup(city, table.rows, by, columns, measures, scope=scope)
    if came.get("answer", "areas") == "placed":
        return placed_rows(found, table)
    return found.table


def _columns(came: dict[str, str]) -> PlaceColumns:
    min_score = parse_number(came["min_score"], "min_score") if "min_score" in came else MIN_SCORE
    crs = parse_crs(came.get("crs", "wgs84"))
    lon, lat, code, text = (came.get(name, "") for name in ("lon", "lat", "code", "text"))
    day = parse_day(came["as_of"], "as_of") if "as_of" in came else None
    return PlaceColumns(lon, lat, crs, code, text, min_score, day)


async def _sent(blocks: Iterator[bytes]) -> AsyncGenerator[bytes]:
    for block in blocks:
        yield block
