"""Proof of every conformance class that the service declares, against the schemas of OGC API - Features."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from api.landing import CONFORMS_TO
from api.openapi import OPERATIONS
from tests.api.conftest import Client
from tests.reference import reference_path

Schema = dict[str, Any]
LAYERS = ("divisions", "grid", "buildings", "addresses", "roads", "incidents")
WITH_BODY = ("/v1/geocode", "/v1/divisions/{code}/rollup")


@pytest.fixture(scope="module")
def definition() -> Schema:
    yaml = pytest.importorskip("yaml")
    text = reference_path("ogc-conformance/ogcapi-features-1-oas30.yaml").read_text(encoding="utf-8")
    loaded: Schema = yaml.safe_load(text)
    return loaded


def with_null(node: Any) -> Any:
    """Say OpenAPI 3.0's ``nullable`` in the words of JSON Schema."""
    if isinstance(node, list):
        return [with_null(one) for one in node]
    if not isinstance(node, dict):
        return node
    said = {name: with_null(one) for name, one in node.items() if name != "nullable"}
    return {"anyOf": [said, {"type": "null"}]} if node.get("nullable") is True else said


def check(definition: Schema, name: str, answer: object) -> None:
    schemas = with_null(definition["components"]["schemas"])
    root = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
    Draft202012Validator(root).validate(answer)


def links(answer: Any) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for link in answer["links"]:
        found.setdefault(link["rel"], []).append(link)
    return found


def followed(client: Client, href: str) -> Any:
    answer = client(href.removeprefix("http://twin"))
    assert answer.status_code == 200, href
    return answer


def test_landing_page_is_valid_and_leads_to_everything(client: Client, definition: Schema) -> None:
    page = client("/", accept="application/json").json()
    check(definition, "landingPage", page)
    found = links(page)
    assert {"self", "service-desc", "conformance", "data"} <= found.keys()
    for relation in ("self", "conformance", "data", "service-desc"):
        for link in found[relation]:
            answer = followed(client, link["href"])
            assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0]


def test_conformance_page_is_valid_and_declares_what_this_file_proves(
    client: Client, definition: Schema
) -> None:
    page = client("/conformance").json()
    check(definition, "confClasses", page)
    assert page["conformsTo"] == list(CONFORMS_TO)
    proven = {"core", "landing-page", "json", "oas30", "geojson"}
    assert {one.rsplit("/", 1)[1] for one in CONFORMS_TO} == proven


def test_collections_are_valid_and_each_is_the_same_alone(client: Client, definition: Schema) -> None:
    page = client("/collections").json()
    check(definition, "collections", page)
    assert {one["id"] for one in page["collections"]} == set(LAYERS)
    for one in page["collections"]:
        check(definition, "collection", one)
        assert client(f"/collections/{one['id']}").json() == one
        (items,) = links(one)["items"]
        assert items["type"] == "application/geo+json"
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        assert 119 < west <= east < 121
        assert 28 < south <= north < 30


@pytest.mark.parametrize("layer", LAYERS)
def test_items_are_valid_feature_collections(client: Client, definition: Schema, layer: str) -> None:
    for query in ("", "?limit=3", "?bbox=120.05,28.85,120.1,28.9", "?bbox=10,10,11,11"):
        answer = client(f"/collections/{layer}/items{query}")
        assert answer.headers["content-type"] == "application/geo+json"
        page = answer.json()
        check(definition, "featureCollectionGeoJSON", page)
        assert page["numberReturned"] == len(page["features"])
        assert page["numberMatched"] >= page["numberReturned"] if "numberMatched" in page else True
        assert page["timeStamp"].endswith("Z")
        (alone,) = links(page)["self"]
        assert alone["href"] == f"http://twin/collections/{layer}/items{query}"


@pytest.mark.parametrize("layer", LAYERS)
def test_each_feature_is_valid_alone(client: Client, definition: Schema, layer: str) -> None:
    feature = client(f"/collections/{layer}/items?limit=1").json()["features"][0]
    answer = client(f"/collections/{layer}/items/{feature['id']}")
    assert answer.headers["content-type"] == "application/geo+json"
    check(definition, "featureGeoJSON", answer.json())
    assert {"self", "collection"} <= links(answer.json()).keys()


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/collections/moon",
        "/collections/roads/items?limit=0",
        "/collections/roads/items?unknown=1",
        "/collections/roads?unknown=1",
        "/collections?unknown=1",
        "/conformance?unknown=1",
        "/?unknown=1",
        "/collections/roads/items/1?unknown=1",
        "/v1/locate?lon=1",
        "/tiles/roads/1/5/0.mvt",
    ],
)
def test_refusals_are_valid_exceptions_and_problems(client: Client, definition: Schema, path: str) -> None:
    answer = client(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    check(definition, "exception", problem)
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    assert problem["instance"] == path.partition("?")[0]


def test_api_definition_names_every_route_and_parameter_with_an_example(client: Client) -> None:
    answer = client("/openapi.json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    api = answer.json()
    assert api["openapi"].startswith("3.0.")
    assert set(api["paths"]) == set(OPERATIONS)
    for path, item in api["paths"].items():
        assert list(item) == (["get", "post"] if path in WITH_BODY else ["get"]), path
        operation = item["get"]
        named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert named == {part.split("}")[0] for part in path.split("{")[1:]}
        for one in operation.get("parameters", ()):
            assert "example" in one, f"{path} {one['name']}"
        assert {"200", "default"} <= operation["responses"].keys()
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    items = api["paths"]["/collections/{collection_id}/items"]["get"]["parameters"]
    limit = next(one for one in items if one["name"] == "limit")
    # OGC API Features, requirement 22
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}
    assert (limit["in"], limit["required"], limit["style"], limit["explode"]) == (
        "query",
        False,
        "form",
        False,
    )


def test_api_definition_uses_no_word_that_version_30_lacks(client: Client) -> None:
    def words(node: Any) -> None:
        if isinstance(node, dict):
            assert node.get("type") != "null"
            assert not {"const", "$defs", "prefixItems", "examples"} & node.keys()
            for name, one in node.items():
                if name not in ("example", "properties", "paths"):
                    words(one)
                elif isinstance(one, dict) and name != "example":
                    for each in one.values():
                        words(each)
        elif isinstance(node, list):
            for one in node:
                words(one)

    words(client("/openapi.json").json())


def test_examples_of_the_api_definition_work(client: Client) -> None:
    api = client("/openapi.json").json()
    for path, item in api["paths"].items():
        target, query = path, []
        for one in item["get"].get("parameters", ()):
            example = one["example"]
            if one["name"] in ("after", "datetime", "feature_id"):
                layer = "buildings" if path.startswith("/v1/buildings/") else "roads"
                example = None if one["in"] == "query" else known_feature(client, layer)
            if one["in"] == "path":
                target = target.replace(f"{{{one['name']}}}", str(example))
            elif isinstance(example, dict):
                query += [f"{name}={value}" for name, value in example.items()]
            elif example is not None:
                text = ",".join(map(str, example)) if isinstance(example, list) else str(example)
                query.append(f"{one['name']}={text}")
        answer = client(target + ("?" + "&".join(query) if query else ""))
        if answer.status_code == 404:  # the town has no parts and no address base; their own tests have
            assert answer.json()["code"] == "UnknownLayer", f"{target} {query} {answer.text}"
        else:
            assert answer.status_code == 200, f"{target} {query} {answer.text}"


def known_feature(client: Client, layer: str) -> int:
    feature: int = client(f"/collections/{layer}/items?limit=1").json()["features"][0]["id"]
    return feature
