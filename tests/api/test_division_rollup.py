"""Features of a layer by the areas below a division, over HTTP."""

from __future__ import annotations

import pytest
import shapely

from tests.api.conftest import Client
from tests.api.town import CITY_CODE, COMMUNITY_CODES, EAST, NORTH, SOUTH, STREET_CODE, WEST
from twin.city import City

WEST_HALF = shapely.box(WEST, SOUTH, (WEST + EAST) / 2, NORTH)


def test_buildings_are_counted_by_community(client: Client, town: City) -> None:
    frame = town.layer("buildings").to_geodataframe()
    is_west = frame.geometry.representative_point().within(WEST_HALF)
    found = client(f"/v1/divisions/{STREET_CODE}/rollup?layer=buildings&sum=floors&mean=height_m").json()
    assert found["by"] == "community"
    west, east, rest = found["rows"]
    assert (west["key"], east["key"], rest["key"]) == (*COMMUNITY_CODES, "")
    assert (west["count"], east["count"], rest["count"]) == (is_west.sum(), (~is_west).sum(), 0)
    assert west["sum_floors"] == frame[is_west]["floors"].sum()
    assert west["mean_height_m"] == pytest.approx(frame[is_west]["height_m"].mean())
    assert found["total"]["count"] == len(frame)


def test_division_is_rolled_up_by_grid_units_and_cells_and_holds_its_own_alone(client: Client) -> None:
    path = f"/v1/divisions/{COMMUNITY_CODES[0]}/rollup?layer=incidents"
    units = client(path).json()
    assert units["by"] == "grid"
    assert len(units["rows"]) == 51
    assert {row["key"][:12] for row in units["rows"][:-1]} == {COMMUNITY_CODES[0]}
    cells = client(f"{path}&by=h3:8").json()
    other = client(f"/v1/divisions/{COMMUNITY_CODES[1]}/rollup?layer=incidents&by=h3:8").json()
    whole = client(f"/v1/divisions/{CITY_CODE}/rollup?layer=incidents&by=city").json()
    for found in (units, cells):
        assert sum(row["count"] for row in found["rows"]) == found["total"]["count"]
    assert units["total"] == cells["total"]
    assert cells["total"]["count"] + other["total"]["count"] == whole["total"]["count"] == 48


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?layer=nothing", 404),
        ("?layer=aliases", 404),
        ("?layer=buildings&by=street", 400),
        ("?layer=buildings&by=city", 400),
        ("?layer=buildings&sum=nothing", 400),
        ("?layer=buildings&sum=use", 400),
        ("?layer=buildings&who=me", 400),
    ],
)
def test_wrong_questions_are_problems(client: Client, query: str, status: int) -> None:
    answer = client(f"/v1/divisions/{STREET_CODE}/rollup{query}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_unknown_division_is_not_found_and_a_known_answer_is_not_sent_again(client: Client) -> None:
    assert client("/v1/divisions/999999999999/rollup?layer=buildings").status_code == 404
    path = f"/v1/divisions/{STREET_CODE}/rollup?layer=buildings"
    answer = client(path)
    assert client(path, if_none_match=answer.headers["etag"]).status_code == 304
