"""Links over HTTP: what belongs to an address, where a reference belongs, within the caller's scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.settings import Settings
from tests.api.conftest import Client
from tests.api.town import COMMUNITY_CODES, unit_id
from tests.twin.linked_town import PEOPLE, make_linked_town
from twin.city import City
from twin.schema import DECLARED
from twin.scope import Scope


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    city = make_linked_town(tmp_path_factory.mktemp("links") / "a.city")
    yield city
    city.close()


@pytest.fixture(scope="module")
def client(town: City) -> Client:
    return Client(create_app(town, Settings()))


def ok(client: Client, path: str) -> dict[str, Any]:
    answer = client(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(client: Client, path: str) -> tuple[int, str]:
    answer = client(path)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["detail"]


def test_road_tells_what_its_dwellings_hold(client: Client) -> None:
    found = ok(client, "/v1/addresses/10/links")
    assert found["counts"] == {
        "person": 8,
        "enterprise": 2,
        "place": 0,
        "thing": 0,
        "agency": 0,
        "incident": 0,
    }
    assert found["references"][0] == {
        "kind": "enterprise",
        "ref": "e001",
        "class": "餐饮",
        "address_id": 21,
        "valid_from": None,
        "valid_to": None,
    }
    assert [one["ref"] for one in found["references"]] == ["e001", "e002"]
    assert "永城路" in found["text"]


def test_few_people_are_not_counted_out_and_nobody_is_listed_unasked(client: Client) -> None:
    found = ok(client, "/v1/addresses/43/links")
    assert found["counts"]["person"] is None
    assert found["references"] == []
    empty = ok(client, "/v1/addresses/12/links?as_of=2026-01-01&kind=thing")
    assert empty["counts"]["thing"] == 0


def test_people_are_listed_where_they_are_asked_for(client: Client) -> None:
    found = ok(client, "/v1/addresses/41/links?kind=person&limit=2")
    assert [one["ref"] for one in found["references"]] == list(PEOPLE[:2])
    assert found["n_more"] == 3
    before = ok(client, "/v1/addresses/41/links?kind=person&as_of=2023-06-01")
    assert [one["ref"] for one in before["references"]] == list(PEOPLE[:6])
    assert before["references"][5]["valid_to"] == "2024-01-01"


def test_number_that_would_give_few_away_by_subtraction_is_not_told(client: Client) -> None:
    """The road has 9, number 40 has 1: so the 8 at number 38 are not told, nor those of its estate."""
    for address_id in (11, 20, 21):
        assert ok(client, f"/v1/addresses/{address_id}/links")["counts"]["person"] is None
    assert ok(client, "/v1/addresses/22/links")["counts"]["person"] is None
    assert ok(client, "/v1/addresses/4/links")["counts"]["person"] is None
    assert ok(client, "/v1/addresses/3/links")["counts"]["person"] == 8


def test_community_counts_its_part_of_the_road(client: Client) -> None:
    assert ok(client, "/v1/addresses/4/links")["counts"]["enterprise"] == 1
    assert ok(client, "/v1/addresses/5/links?kind=person")["references"][0]["ref"] == "p900"


def test_reference_leads_to_addresses_chain_and_grid_unit(client: Client) -> None:
    found = ok(client, f"/v1/links/person/{PEOPLE[0]}")
    assert [one["address_id"] for one in found["addresses"]] == [41, 43]
    first = found["addresses"][0]
    assert first["grid_unit"] == {"grid_id": unit_id(0, 5), "name": "第51网格"}
    levels = "city district subdistrict community road number estate building unit dwelling"
    assert [one["level"] for one in first["chain"]] == levels.split()
    assert first["chain"][-1] == {"level": "dwelling", "address_id": 41, "token": "101"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/addresses/4242/links", 404),
        ("/v1/addresses/x/links", 404),
        ("/v1/addresses/21/links?kind=animal", 400),
        ("/v1/addresses/21/links?limit=0", 400),
        ("/v1/addresses/21/links?limit=1.5", 400),
        ("/v1/addresses/21/links?as_of=gestern", 400),
        ("/v1/addresses/21/links?who=me", 400),
        ("/v1/links/person/nobody", 404),
        ("/v1/links/person/with/a/slash", 404),
        ("/v1/links/animal/p000", 400),
        ("/v1/links/thing/t002", 404),
    ],
)
def test_wrong_questions_are_problems(client: Client, path: str, status: int) -> None:
    assert refused(client, path)[0] == status


RAW = (
    "/collections/links",
    "/collections/links/items",
    "/collections/links/items?kind=person",
    "/collections/links/items/1",
    "/tiles/links.json",
    "/tiles/links/14/13656/6822.mvt",
    "/tiles/links.cells.json",
    "/tiles/links.cells/14/13656/6822.mvt",
    f"/v1/divisions/{COMMUNITY_CODES[0]}/rollup?layer=links",
)


@pytest.fixture(scope="module", params=[False, True], ids=["own", "public"])
def any_client(town: City, request: pytest.FixtureRequest) -> Client:
    return Client(create_app(town, Settings(public=request.param)))


@pytest.mark.parametrize("path", RAW)
def test_links_are_handed_out_by_no_door_of_layers(any_client: Client, path: str) -> None:
    status, said = refused(any_client, path)
    assert status == 404
    assert "internal" in said
    assert not any(ref in any_client(path).text for ref in PEOPLE)


def test_layers_of_the_city_do_not_name_the_links(any_client: Client) -> None:
    named = [one["id"] for one in ok(any_client, "/collections")["collections"]]
    assert "address_base" in named
    assert not {name for name in named if name in DECLARED and DECLARED[name].is_internal}
    style = ok(any_client, "/styles/day.json")
    assert "buildings" in style["sources"]
    assert "links" not in style["sources"]
    assert "links" not in {layer.get("source-layer") for layer in style["layers"]}
    assert not any(link["href"].endswith("links") for link in ok(any_client, "/?f=json")["links"])


@pytest.fixture(scope="module")
def public(town: City) -> Client:
    return Client(create_app(town, Settings(public=True)))


@pytest.mark.parametrize(
    "path", ["/v1/addresses/41/links?kind=person", f"/v1/links/person/{PEOPLE[0]}", "/v1/links/person/nobody"]
)
def test_public_server_lists_no_references_of_persons(client: Client, public: Client, path: str) -> None:
    status, said = refused(public, path)
    assert status == 403
    assert "public" in said
    tag = client(path).headers.get("etag", "*")
    assert public(path, if_none_match=tag).status_code == 403


def test_public_server_tells_counts_of_people_as_they_may_be_published(public: Client) -> None:
    found = ok(public, "/v1/addresses/10/links")
    assert found["counts"]["person"] == 8
    assert [one["ref"] for one in found["references"]] == ["e001", "e002"]
    assert ok(public, "/v1/addresses/43/links")["counts"]["person"] is None
    assert ok(public, "/v1/links/enterprise/e001")["addresses"][0]["address_id"] == 21


@dataclass(frozen=True, slots=True)
class Town:
    """A town of its own, and a way to ask it as somebody of one community."""

    city: City
    west: Client


@pytest.fixture
def town_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    city = make_linked_town(tmp_path / "a.city")
    scope = city.divisions.scope(COMMUNITY_CODES[0])
    place_base_in_divisions(city)
    monkeypatch.setattr("api.ask.caller_scope", lambda _: scope)
    yield Town(city, Client(create_app(city, Settings())))
    city.close()


def place_base_in_divisions(city: City) -> None:
    from api.building import place_in_divisions

    with city.writing():
        place_in_divisions(city, "address_base")


def test_caller_sees_the_links_of_the_own_community_alone(town_of_two: Town) -> None:
    west = town_of_two.west
    assert isinstance(town_of_two.city.divisions.scope(COMMUNITY_CODES[0]), Scope)
    assert ok(west, "/v1/addresses/11/links?kind=person")["address_id"] == 11
    assert refused(west, "/v1/addresses/12/links")[0] == 404
    assert refused(west, "/v1/links/person/p900")[0] == 404
    assert refused(west, "/v1/links/enterprise/e002")[0] == 404
    assert ok(west, "/v1/links/enterprise/e001")["addresses"][0]["address_id"] == 21


def test_links_without_an_address_base_are_unknown(tmp_path: Path) -> None:
    from tests.api.town import make_town

    with make_town(tmp_path / "b.city", n_buildings=2, n_addresses=2) as city:
        client = Client(create_app(city, Settings()))
        assert refused(client, "/v1/addresses/1/links")[0] == 404


def test_answer_changes_its_tag_with_the_links(client: Client, town: City) -> None:
    answer = client("/v1/addresses/21/links")
    held = client("/v1/addresses/21/links", if_none_match=answer.headers["etag"])
    assert held.status_code == 304
    other = client("/v1/addresses/21/links?as_of=2020-01-01")
    assert other.headers["etag"] != answer.headers["etag"]
