"""A table in the body of a request is rolled up by the areas below a division."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io

import httpx
import pytest

from tests.api.conftest import Client
from tests.api.town import CITY_CODE, COMMUNITY_CODES, STREET_CODE, unit_id

TABLE = (
    f"code,lon,lat,kwh\n{unit_id(0, 0)},120.01,28.81,10.5\n,120.19,28.99,0.25\n,120.01,28.81,4.25\n9,,,1\n"
)
POINT = "lon=lon&lat=lat"


def post(client: Client, path: str, body: bytes) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://twin") as sender:
            return await sender.post(f"/v1/divisions/{path}", content=body)

    return asyncio.run(ask())


def rows(client: Client, path: str, table: str = TABLE) -> list[dict[str, str]]:
    answer = post(client, path, table.encode())
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_table_is_rolled_up_below_the_division(client: Client) -> None:
    found = rows(client, f"{STREET_CODE}/rollup?{POINT}&sum=kwh")
    assert [(row["key"], row["count"], row["sum_kwh"]) for row in found] == [
        (COMMUNITY_CODES[0], "2", "14.75"),
        (COMMUNITY_CODES[1], "1", "0.25"),
        ("", "1", "1.00"),
    ]


def test_rows_of_another_division_could_not_be_placed_in_this_one(client: Client) -> None:
    found = rows(client, f"{COMMUNITY_CODES[0]}/rollup?{POINT}&by=community&mean=kwh")
    assert [(row["key"], row["count"]) for row in found] == [(COMMUNITY_CODES[0], "2"), ("", "2")]
    assert found[0]["mean_kwh"] == "7.375"


def test_codes_cells_and_placed_rows_are_answered(client: Client) -> None:
    by_code = rows(client, f"{CITY_CODE}/rollup?code=code&by=grid")
    assert sum(int(row["count"]) for row in by_code) == 4
    assert [row["key"] for row in by_code if row["count"] == "1"] == [unit_id(0, 0)]
    assert len(rows(client, f"{CITY_CODE}/rollup?{POINT}&by=h3:7")) == 3
    placed = rows(client, f"{CITY_CODE}/rollup?{POINT}&by=grid&answer=placed")
    assert [row["how"] for row in placed] == ["coordinates"] * 3 + [""]


def test_people_are_suppressed_on_demand(client: Client) -> None:
    found = rows(client, f"{STREET_CODE}/rollup?{POINT}&people=true")
    assert [row["count"] for row in found] == ["", "", ""]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{STREET_CODE}/rollup", TABLE.encode(), 400),
        (f"{STREET_CODE}/rollup?lon=x&lat=lat", TABLE.encode(), 400),
        (f"{STREET_CODE}/rollup?{POINT}&sum=gas", TABLE.encode(), 400),
        (f"{STREET_CODE}/rollup?{POINT}&by=city", TABLE.encode(), 400),
        (f"{STREET_CODE}/rollup?{POINT}&answer=all", TABLE.encode(), 400),
        (f"{STREET_CODE}/rollup?{POINT}&who=me", TABLE.encode(), 400),
        (f"{STREET_CODE}/rollup?{POINT}&crs=mars", TABLE.encode(), 400),
        (f"{STREET_CODE}/rollup?{POINT}", b"", 400),
        (f"{STREET_CODE}/rollup?{POINT}", b"\x00\x01\x02", 400),
        (f"{STREET_CODE}/rollup?{POINT}", gzip.compress(TABLE.encode()), 400),
        (f"999999/rollup?{POINT}", TABLE.encode(), 404),
    ],
)
def test_wrong_questions_are_problems(client: Client, path: str, body: bytes, status: int) -> None:
    answer = post(client, path, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/tmp" not in answer.text
