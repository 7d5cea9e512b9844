"""One address over HTTP, and the address base at the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from api.addresses import address_as_of
from api.app import create_app
from api.cli import main
from api.settings import Settings
from tests.api.conftest import Client
from tests.api.deliveries import SIDE, SOUTH, WEST, take_in, write_addresses, write_grid
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.city import City
from twin.config import CityConfig
from twin.errors import UnknownFeatureError

WEST_PLACE = WEST + SIDE / 2, SOUTH + SIDE / 2
BESIDE = WEST + SIDE / 2 + 0.0006, SOUTH + SIDE / 2
EAST_PLACE = WEST + SIDE * 3.5, SOUTH + SIDE / 2
ROWS = {
    "1": ("东区永城路38号紫荆花园5幢", *WEST_PLACE),
    "2": ("东区永城路40号紫金花园8幢", *BESIDE),
    "3": ("东区中山路1号绿城小区2幢", *EAST_PLACE),
}
DIVISIONS = """code,name,level,parent_code,valid_from,valid_to,superseded_by
339900000000,丽州市,1,,,,
339901000000,东区,2,339900000000,,,
339901001000,中心街道,3,339901000000,,,
339901001001,西社区,4,339901001000,2021-04-01,,
339901001002,东社区,4,339901001000,,,
339901001009,老西社区,4,339901001000,,2021-04-01,339901001001
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city of two communities, one of them renamed and with a new code in 2021."""
    room = tmp_path_factory.mktemp("addresses")
    with City.create(room / "a.city", CityConfig("丽州市", "EPSG:4549")) as city:
        (room / "divisions.csv").write_text(DIVISIONS, encoding="utf-8")
        take_in(city, "divisions", room / "divisions.csv")
        take_in(city, "grid", write_grid(room / "grid.geojson"))
        take_in(city, "addresses", write_addresses(room / "police.csv", ROWS))
    return room / "a.city"


@pytest.fixture
def city(folder: Path) -> Iterator[City]:
    with City.open(folder) as opened:
        yield opened


def id_of(city: City, ending: str) -> int:
    city.forget(ADDRESS_BASE)
    view = city.layer(ADDRESS_BASE)
    rows = view.take(view.positions(), ["feature_id", "text", "status"]).to_pylist()
    (found,) = [
        one["feature_id"] for one in rows if one["text"].endswith(ending) and one["status"] == "in_force"
    ]
    return int(found)


def twin(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def told(*words: object) -> dict[str, Any]:
    result = twin(*words, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_address_is_told_with_components_levels_and_sources(city: City) -> None:
    client = Client(create_app(city, Settings()))
    answer = client(f"/v1/addresses/{id_of(city, '5幢')}")
    assert answer.status_code == 200
    found = answer.json()
    assert found["text"] == "丽州市东区中心街道西社区永城路38号紫荆花园5幢"
    assert [(one["title"], one["token"]) for one in found["components"]] == [
        ("市", "丽州市"),
        ("县", "东区"),
        ("街道", "中心街道"),
        ("社区", "西社区"),
        ("街路巷", "永城路"),
        ("门牌", "38"),
        ("小区", "紫荆花园"),
        ("楼牌", "5"),
    ]
    assert found["sources"][0]["matched_at"].endswith("+08:00")
    assert [one["level"] for one in found["chain"]] == [
        "city",
        "district",
        "subdistrict",
        "community",
        "grid",
    ]
    assert found["chain"][-1]["code"] == "339901001001000"
    (source,) = found["sources"]
    assert (source["source"], source["source_id"], source["match_score"]) == ("police", "1", 1.0)
    assert (
        client(f"/v1/addresses/{id_of(city, '5幢')}", if_none_match=answer.headers["etag"]).status_code == 304
    )


def test_former_day_has_the_codes_and_names_of_that_day(city: City) -> None:
    found = address_as_of(city, id_of(city, "5幢"), date(2020, 6, 1))
    chain = found["chain"]
    assert isinstance(chain, list)
    assert [(one["code"], one["name"]) for one in chain][-1] == ("339901001009", "老西社区")
    assert found["as_of"] == "2020-06-01"
    components = found["components"]
    assert isinstance(components, list)
    assert [one["token"] for one in components if one["level"] == "community"] == ["老西社区"]


@pytest.mark.parametrize("wrong", ["99999999", "abc", "-1", "1" * 30])
def test_unknown_address_is_not_found(city: City, wrong: str) -> None:
    answer = Client(create_app(city, Settings()))(f"/v1/addresses/{wrong}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "UnknownFeature"


def test_caller_sees_no_address_outside_his_scope(city: City) -> None:
    east = city.divisions.scope("339901001002")
    assert address_as_of(city, id_of(city, "2幢"), scope=east)["n_records"] == 1
    with pytest.raises(UnknownFeatureError, match="no address"):
        address_as_of(city, id_of(city, "5幢"), scope=east)


def test_reviewed_pairs_are_merged_or_kept_apart_and_asked_no_more(folder: Path, tmp_path: Path) -> None:
    review = tmp_path / "review.csv"
    assert told("addresses", "review", "--city", folder, "--output", review)["pairs"] == 1
    rows = list(csv.DictReader(review.read_text(encoding="utf-8-sig").splitlines()))
    assert {rows[0]["text"][-4:], rows[0]["other_text"][-4:]} == {"紫荆花园", "紫金花园"}
    one, other = rows[0]["address_id"], rows[0]["other_id"]
    for word, counts in (("keep", (0, 1)), ("merge", (1, 0))):
        review.write_text(f"address_id,other_id,decision\n{one},{other},{word}\n", encoding="utf-8")
        done = told("addresses", "decide", "--city", folder, "--input", review)
        assert (done["merged"], done["kept"]) == counts
        assert told("addresses", "review", "--city", folder, "--output", tmp_path / "b.csv")["pairs"] == 0
        with City.open(folder) as city:
            last = max(entry["decision_id"] for entry in _history(city, int(other)))
        told("addresses", "undo", last, "--city", folder)
    assert told("addresses", "review", "--city", folder, "--output", tmp_path / "b.csv")["pairs"] == 1


def _history(city: City, address_id: int) -> list[dict[str, Any]]:
    found = address_as_of(city, address_id)["history"]
    assert isinstance(found, list)
    return [entry for entry in found if "decision_id" in entry]


def test_review_with_a_word_that_is_no_decision_changes_nothing(folder: Path, tmp_path: Path) -> None:
    review = tmp_path / "review.csv"
    review.write_text("address_id,other_id,decision\n1,2,merge\n3,4,perhaps\n", encoding="utf-8")
    result = twin("addresses", "decide", "--city", folder, "--input", review)
    assert result.exit_code == 2
    assert "row 2 says 'perhaps'" in result.stderr
    review.write_text("address_id,other_id,decision\nx,2,merge\n", encoding="utf-8")
    assert (
        "row 1 does not name two addresses"
        in twin("addresses", "decide", "--city", folder, "--input", review).stderr
    )


def test_decision_that_cannot_be_made_is_told_and_the_exit_status_says_so(
    folder: Path, tmp_path: Path
) -> None:
    review = tmp_path / "review.csv"
    review.write_text("address_id,other_id,decision\n1,99999999,合并\n", encoding="utf-8")
    result = twin("addresses", "decide", "--city", folder, "--input", review)
    assert result.exit_code == 1
    assert "row 1: there is no address 99999999" in result.stderr


def test_merge_split_correct_undo_and_show_at_the_command_line(folder: Path) -> None:
    with City.open(folder) as city:
        east, west = id_of(city, "紫金花园"), id_of(city, "紫荆花园")
        view = city.layer(ADDRESSES)
        records = {
            row["source_id"]: row["feature_id"]
            for row in view.take(view.positions(), ["source_id", "feature_id"]).to_pylist()
        }
    merged = told("addresses", "merge", east, west, "--city", folder, "--author", "clerk")
    assert told("addresses", "show", east, "--city", folder)["superseded_by"] == west
    parted = told("addresses", "split", west, records["2"], "--city", folder)
    assert told("addresses", "show", parted["address_id"], "--city", folder)["text"].endswith("紫荆花园")
    named = told("addresses", "correct", parted["address_id"], "紫金花园", "--city", folder)
    shown = twin("addresses", "show", parted["address_id"], "--city", folder)
    assert shown.exit_code == 0
    assert "紫金花园 (小区, in_force)" in shown.stdout
    refused = twin("addresses", "undo", merged["decision_id"], "--city", folder)
    assert refused.exit_code == 2
    assert "undo it first" in refused.stderr
    for decision in (named, parted, merged):
        told("addresses", "undo", decision["decision_id"], "--city", folder)
    assert told("addresses", "show", east, "--city", folder)["status"] == "in_force"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("merge", 1, 1), "is a division|with itself"),
        (("show", 99999999), "there is no address 99999999"),
        (("undo", 99999), "there is no decision 99999"),
        (("split", 1, 99999999), "is a division|not there"),
    ],
)
def test_wrong_request_is_one_sentence_and_status_2(
    folder: Path, words: tuple[object, ...], said: str
) -> None:
    result = twin("addresses", *words, "--city", folder)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert any(part in result.stderr for part in said.split("|"))
