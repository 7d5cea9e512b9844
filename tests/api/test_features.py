from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
import shapely
from shapely.geometry import shape

from api.app import create_app
from api.settings import Settings
from tests.api.conftest import Client
from tests.api.town import FIRST_DAY, make_town, places
from twin.city import City

GEOJSON = "application/geo+json"


def pages(client: Client, path: str) -> Iterator[dict[str, object]]:
    """Follow the next links from a first page on."""
    while path:
        answer = client(path)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        path = following[0].removeprefix("http://twin") if following else ""


def keys(client: Client, path: str, key: str) -> list[str]:
    return [feature["properties"][key] for page in pages(client, path) for feature in page["features"]]


def test_paging_gives_every_feature_once_whatever_the_page_size(client: Client) -> None:
    wanted = sorted(f"A{number:06d}" for number in range(600))
    for limit in (7, 100, 599, 600, 10_000):
        assert sorted(keys(client, f"/collections/addresses/items?limit={limit}", "source_id")) == wanted


def test_default_page_has_a_hundred_features_and_counts_all(client: Client) -> None:
    page = client("/collections/buildings/items").json()
    assert page["type"] == "FeatureCollection"
    assert page["numberReturned"] == len(page["features"]) == 100
    assert page["numberMatched"] == 400


def test_box_gives_what_shapely_says_meets_it(client: Client, town: City) -> None:
    rng = np.random.default_rng(5)
    frame = town.layer("buildings").to_geodataframe()
    for _ in range(20):
        (west, east), (south, north) = (np.sort(one) for one in places(rng, 2))
        found = keys(
            client, f"/collections/buildings/items?limit=50&bbox={west},{south},{east},{north}", "building_id"
        )
        meets = shapely.intersects(frame.geometry.to_numpy(), shapely.box(west, south, east, north))
        assert sorted(found) == sorted(frame["building_id"][meets])


def test_box_is_counted_on_every_page(client: Client, town: City) -> None:
    frame = town.layer("buildings").to_geodataframe()
    n_wanted = int(
        shapely.intersects(frame.geometry.to_numpy(), shapely.box(120.05, 28.85, 120.15, 28.95)).sum()
    )
    found = list(pages(client, "/collections/buildings/items?limit=20&bbox=120.05,28.85,120.15,28.95"))
    assert len(found) > 2
    assert {page["numberMatched"] for page in found} == {n_wanted}


def test_six_number_box_is_the_four_number_box(client: Client) -> None:
    four = client("/collections/roads/items?bbox=120.05,28.85,120.15,28.95").json()["features"]
    six = client("/collections/roads/items?bbox=120.05,28.85,0,120.15,28.95,99").json()["features"]
    assert four == six
    assert four


def test_property_filters_are_all_met(client: Client) -> None:
    assert len(keys(client, "/collections/roads/items?class=primary&limit=9", "osm_id")) == 20
    assert len(keys(client, "/collections/roads/items?class=primary&lanes=3", "osm_id")) == 5
    assert keys(client, f"/collections/buildings/items?name={quote('市民中心')}", "building_id") == [
        "B000000"
    ]
    assert keys(client, "/collections/roads/items?class=motorway", "osm_id") == []


def test_time_picks_incidents_of_the_interval_ends_included(client: Client) -> None:
    path = "/collections/incidents/items?limit=5&datetime="
    # Midnight in China is 16:00 of the day before in UTC; one incident comes an hour, from midnight UTC on.
    assert sorted(keys(client, f"{path}2026-01-01", "incident_id")) == [f"I{n:04d}" for n in range(16)]
    assert sorted(keys(client, f"{path}2026-01-02", "incident_id")) == [f"I{n:04d}" for n in range(16, 40)]
    assert keys(client, f"{path}2026-01-01T03:00:00Z", "incident_id") == ["I0003"]
    assert keys(client, f"{path}{quote('2026-01-01T11:00:00+08:00')}", "incident_id") == ["I0003"]
    found = keys(client, f"{path}2026-01-02T20:00:00Z/..", "incident_id")
    assert sorted(found) == ["I0044", "I0045", "I0046", "I0047"]
    assert keys(client, f"{path}2027-01-01/..", "incident_id") == []
    assert FIRST_DAY.day == 1


def test_time_and_box_and_filter_are_met_together(client: Client) -> None:
    path = "/collections/incidents/items?limit=3&bbox=120,28.8,120.1,29&datetime=2026-01-01"
    page_keys = keys(client, path, "incident_id")
    west = keys(client, "/collections/incidents/items?limit=3&bbox=120,28.8,120.1,29", "incident_id")
    day = keys(client, "/collections/incidents/items?datetime=2026-01-01", "incident_id")
    assert sorted(page_keys) == sorted(set(west) & set(day))
    assert page_keys


def test_open_ended_validity_meets_any_time(client: Client) -> None:
    assert (
        len(keys(client, "/collections/addresses/items?limit=1000&datetime=2026-05-01", "source_id")) == 600
    )


def test_feature_without_place_is_listed_without_geometry(client: Client) -> None:
    (feature,) = client("/collections/addresses/items?source_id=A000599").json()["features"]
    assert feature["geometry"] is None
    box = "/collections/addresses/items?limit=1000&bbox=-180,-90,180,90"
    assert "A000599" not in keys(client, box, "source_id")


def test_features_are_those_of_the_store_to_seven_decimals(client: Client, town: City) -> None:
    frame = town.layer("buildings").to_geodataframe().set_index("building_id")
    for feature in client("/collections/buildings/items?limit=400").json()["features"]:
        stored = frame.loc[feature["properties"]["building_id"]]
        assert feature["id"] == stored["feature_id"]
        assert feature["properties"]["floors"] == stored["floors"]
        # Half a unit of the seventh decimal, 5.6 mm, in each coordinate.
        distance_deg = shapely.hausdorff_distance(shape(feature["geometry"]), stored["geometry"])
        assert distance_deg <= 0.5e-7 * 2**0.5 + 1e-12


def test_one_feature_stands_at_its_own_address(client: Client) -> None:
    (listed,) = client("/collections/buildings/items?building_id=B000000").json()["features"]
    answer = client(f"/collections/buildings/items/{listed['id']}")
    assert answer.headers["content-type"] == GEOJSON
    alone = answer.json()
    relations = {link["rel"]: link["href"] for link in alone.pop("links")}
    assert alone == listed
    assert relations["self"] == f"http://twin/collections/buildings/items/{listed['id']}"
    assert relations["collection"] == "http://twin/collections/buildings"


@pytest.mark.parametrize("feature_id", ["999999", "-1", "x", "1.0", "9" * 30, "%20"])
def test_unknown_feature_is_a_404_problem(client: Client, feature_id: str) -> None:
    answer = client(f"/collections/buildings/items/{feature_id}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_next_link_keeps_the_question_and_its_cursor_is_opaque(client: Client) -> None:
    first = next(pages(client, "/collections/roads/items?class=primary&limit=5&bbox=119,28,121,30"))
    (following,) = [link for link in first["links"] if link["rel"] == "next"]  # type: ignore[attr-defined]
    asked = parse_qs(urlsplit(following["href"]).query)
    assert asked["class"] == ["primary"]
    assert asked["bbox"] == ["119,28,121,30"]
    assert len(asked["after"]) == 1
    again = client(following["href"].removeprefix("http://twin")).json()
    (after_that,) = [link for link in again["links"] if link["rel"] == "next"]
    assert len(parse_qs(urlsplit(after_that["href"]).query)["after"]) == 1


def test_an_edit_between_two_pages_ends_the_walk(tmp_path: Path) -> None:
    city = make_town(tmp_path / "town.city", n_buildings=9, n_addresses=3)
    client = Client(create_app(city, Settings()))
    first = client("/collections/buildings/items?limit=4").json()
    (following,) = [link["href"] for link in first["links"] if link["rel"] == "next"]
    path = following.removeprefix("http://twin")
    assert client(path).status_code == 200
    city.state.delete_feature("buildings", first["features"][0]["id"], author="test")
    city.forget("buildings")
    gone = client(path)
    assert gone.status_code == 410
    assert "edit 0" in gone.json()["detail"]
    city.close()


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("limit=0", 400, "limit='0'"),
        ("limit=10001", 400, "10,000"),
        ("limit=abc", 400, "limit='abc'"),
        ("bbox=1,2,3", 400, "3 numbers"),
        ("bbox=28.8,120,29,120.2", 400, "swapped"),
        ("bbox=nan,28,120,29", 400, "finite"),
        ("bbox=120,28,inf,29", 400, "finite"),
        ("bbox=121,28,120,29", 400, "antimeridian"),
        ("colour=red", 400, "'colour'"),
        ("lanes=many", 400, "lanes='many'"),
        ("datetime=2026-01-01", 400, "no time field"),
        ("datetime=soon", 400, "datetime='soon'"),
        ("after=%21%21", 400, "not a cursor"),
        ("after=OTkuMC4x", 410, "start again"),
        ("f=xml", 400, "f='xml'"),
        ("cell_9=1", 400, "'cell_9'"),
        ("geometry=x", 400, "'geometry'"),
    ],
)
def test_wrong_question_is_refused_saying_what_came(
    client: Client, query: str, status: int, said: str
) -> None:
    answer = client(f"/collections/roads/items?{query}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert said in answer.json()["detail"]


def test_unknown_layer_is_a_404_problem(client: Client) -> None:
    for path in ("/collections/moon", "/collections/moon/items", "/collections/moon/items/1"):
        answer = client(path)
        assert answer.status_code == 404
        assert answer.json()["code"] == "UnknownLayer"
        assert "moon" in answer.json()["detail"]


def test_who_holds_the_page_gets_an_empty_304(client: Client) -> None:
    path = "/collections/roads/items?limit=5"
    first = client(path)
    again = client(path, if_none_match=first.headers["etag"])
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert client("/collections/roads/items?limit=6", if_none_match=first.headers["etag"]).status_code == 200
    alone = "/collections/roads/items/" + str(first.json()["features"][0]["id"])
    tag = client(alone).headers["etag"]
    assert tag.startswith('"')
    assert client(alone, if_none_match=tag).status_code == 304


def test_gzip_is_the_same_answer(client: Client) -> None:
    plain = client("/collections/roads/items?limit=50")
    packed = client("/collections/roads/items?limit=50", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json()["features"] == plain.json()["features"]
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "accept-encoding" in packed.headers["vary"]
    assert plain.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
