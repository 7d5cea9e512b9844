"""Addresses over HTTP: matches with score and reason, suggestions, the address of a place, batches."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pyarrow as pa
import pytest
import shapely
from fastapi import FastAPI

from api import geocode
from api.app import create_app
from api.geocoding import NEW_COLUMNS
from api.settings import Settings
from tests.api.addressed_town import LAKE, make_addressed_town
from tests.api.conftest import Client
from twin.city import City
from twin.schema import DECLARED


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with make_addressed_town(tmp_path_factory.mktemp("geocode")) as made:
        east = shapely.box(120.0404, 28.8899, 120.0409, 28.8901)
        table = pa.table({"building_id": ["B1"], "geometry": shapely.to_wkb([east])})
        made.store.put(DECLARED["buildings"], table)
        yield made


@pytest.fixture(scope="module")
def app(city: City) -> FastAPI:
    return create_app(city, Settings())


@pytest.fixture(scope="module")
def ask(app: FastAPI) -> Client:
    return Client(app)


def post(app: FastAPI, body: bytes, accept: str = "*/*") -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://twin") as client:
            return await client.post("/v1/geocode", content=body, headers={"accept": accept})

    return asyncio.run(send())


def sent(app: FastAPI, texts: list[str | None], accept: str = "*/*") -> httpx.Response:
    return post(app, orjson.dumps({"texts": texts}), accept)


def test_text_gets_its_matches_with_score_unit_and_reason(ask: Client) -> None:
    body = ask("/v1/geocode?text=溪湖花园3-1-302&k=2").json()
    best = body["matches"][0]
    assert set(best) == set(NEW_COLUMNS)
    assert best["standard_text"] == f"{LAKE}3幢1单元302室"
    assert best["level"] == "户室"
    assert best["score"] >= 0.9
    assert best["grid_id"] == "G1"
    assert "溪湖花园→西湖花园" in best["reason"]
    assert len(body["matches"]) <= 2


def test_text_that_means_nothing_here_has_no_match_and_a_reason(ask: Client) -> None:
    body = ask("/v1/geocode?text=向日葵庄园3幢").json()
    assert body["matches"] == []
    assert "向日葵庄园" in body["reason"]


def test_old_name_is_understood_on_its_days(ask: Client) -> None:
    assert ask("/v1/geocode?text=革命路38号&as_of=2004-11-30").json()["matches"]
    assert ask("/v1/geocode?text=革命路38号&as_of=2005-01-01").json()["matches"] == []


def test_suggestions_follow_the_typing(ask: Client) -> None:
    offered = ask("/v1/suggest?text=xihu&k=3").json()["suggestions"]
    assert offered[0]["text"] == LAKE
    assert set(offered[0]) == {"address_id", "text", "level", "lon", "lat"}
    below = ask("/v1/suggest?text=西湖花园3-").json()["suggestions"]
    assert [one["text"].removeprefix(LAKE) for one in below] == ["3幢", "3幢1单元", "3幢2单元"]
    assert ask("/v1/suggest?text=。").json() == {"suggestions": []}


def test_place_in_a_footprint_has_the_address_of_that_building(ask: Client) -> None:
    body = ask("/v1/reverse?lon=120.0408&lat=28.89&k=2").json()
    assert [one["standard_text"].removeprefix(LAKE) for one in body["addresses"]] == ["1幢", "2幢"]
    assert [one["is_of_building"] for one in body["addresses"]] == [True, False]
    assert body["grid_unit"]["grid_id"] == "G1"
    assert body["chain"][-1]["level"] == "grid"


def test_place_far_from_everything_has_no_address(ask: Client) -> None:
    body = ask("/v1/reverse?lon=121&lat=29").json()
    assert body["addresses"] == []
    assert body["grid_unit"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/geocode", 400),
        ("/v1/geocode?text=", 400),
        ("/v1/geocode?text=%20", 400),
        ("/v1/geocode?text=a&k=0", 400),
        ("/v1/geocode?text=a&k=1.5", 400),
        ("/v1/geocode?text=a&as_of=yesterday", 400),
        ("/v1/geocode?text=a&page=2", 400),
        ("/v1/suggest", 400),
        ("/v1/suggest?text=a&k=1000", 400),
        ("/v1/reverse?lon=1", 400),
        ("/v1/reverse?lon=500&lat=1", 400),
        ("/v1/reverse?lon=1&lat=1&crs=mars", 400),
    ],
)
def test_malformed_questions_are_problems(ask: Client, path: str, status: int) -> None:
    answer = ask(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_answer_that_is_held_is_not_sent_again(ask: Client) -> None:
    for path in ("/v1/geocode?text=西湖花园", "/v1/suggest?text=西湖", "/v1/reverse?lon=120.04&lat=28.89"):
        first = ask(path)
        assert first.headers["cache-control"] == "no-cache"
        assert ask(path, if_none_match=first.headers["etag"]).status_code == 304


def test_batch_is_answered_line_by_line_in_order(app: FastAPI) -> None:
    texts = ["西湖花园3-1-302", None, "向日葵庄园", *(f"新吴村{1 + n % 8}号" for n in range(3_000))]
    answer = sent(app, texts)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert answer.headers["cache-control"] == "no-store"
    rows: list[dict[str, Any]] = [orjson.loads(line) for line in answer.content.splitlines()]
    assert len(rows) == len(texts)
    assert list(rows[0]) == list(NEW_COLUMNS)
    assert rows[0]["standard_text"] == f"{LAKE}3幢1单元302室"
    assert [row["address_id"] for row in rows[1:3]] == [None, None]
    assert [row["standard_text"][-4:] for row in rows[3:6]] == ["吴村1号", "吴村2号", "吴村3号"]


def test_batch_comes_as_csv_where_that_is_asked_for(app: FastAPI) -> None:
    answer = sent(app, ["西湖花园3-1-302", ""], "text/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    first, second = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert first["standard_text"] == f"{LAKE}3幢1单元302室"
    assert (second["address_id"], bool(second["reason"])) == ("", True)


@pytest.mark.parametrize("body", [b"", b"nope", b"[]", b'{"texts": "a"}', b'{"texts": [1]}', b"{}"])
def test_body_without_texts_is_a_problem(app: FastAPI, body: bytes) -> None:
    answer = post(app, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_body_that_is_too_long_is_refused(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geocode, "MAX_BATCH_BYTES", 100)
    answer = sent(app, ["西湖花园"] * 100)
    assert answer.status_code == 400
    assert "100 bytes" in answer.json()["detail"]


def test_city_without_addresses_says_so(client: Client) -> None:
    for path in ("/v1/geocode?text=a", "/v1/suggest?text=a", "/v1/reverse?lon=120&lat=29"):
        answer = client(path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "UnknownLayer"
