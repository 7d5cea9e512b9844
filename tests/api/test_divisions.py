"""Divisions through time over HTTP and through imports: Hangzhou 2021."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.app import create_app
from api.divisions import division_as_of
from api.settings import Settings
from tests.api.conftest import Client
from tests.api.deliveries import take_in
from tests.api.town import CITY_CODE, COMMUNITY_CODES, DISTRICT_CODE
from tests.twin.hangzhou import AFTER, BEFORE, hangzhou
from twin.city import City
from twin.config import CityConfig
from twin.errors import UnknownDivisionError


def write_hangzhou(path: Path, *, reverse: bool = False) -> Path:
    rows = hangzhou().to_pylist()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows[::-1] if reverse else rows:
            days = {name: row[name] and row[name].date().isoformat() for name in ("valid_from", "valid_to")}
            writer.writerow(row | days)
    return path


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with City.create(tmp_path / "hangzhou.city", CityConfig("杭州市", "EPSG:4549")) as made:
        take_in(made, "divisions", write_hangzhou(tmp_path / "divisions.csv"))
        yield made


def ids(city: City) -> dict[tuple[str, object], int]:
    view = city.layer("divisions")
    rows = view.take(view.positions(), ["feature_id", "code", "valid_from"]).to_pylist()
    return {(row["code"], row["valid_from"]): row["feature_id"] for row in rows}


def asked(city: City, path: str) -> tuple[int, dict[str, object]]:
    answer = Client(create_app(city, Settings()))(path)
    return answer.status_code, answer.json()


def test_every_dated_row_of_a_code_is_kept_and_keeps_its_id(city: City, tmp_path: Path) -> None:
    before = ids(city)
    assert len(before) == hangzhou().num_rows
    assert len({code for code, _ in before}) < len(before)
    take_in(city, "divisions", write_hangzhou(tmp_path / "divisions.csv", reverse=True))
    assert ids(city) == before


def test_contradictions_between_files_are_said(city: City, tmp_path: Path) -> None:
    path = tmp_path / "later.csv"
    path.write_text("code,name,valid_from\n330103000000,下城新区,2000-01-01\n", encoding="utf-8")
    (outcome,) = take_in(city, "divisions", path)
    assert any("330103000000" in note and "still carried by" in note for note in outcome.notes)


def test_question_as_of_a_date_gives_codes_and_names_of_that_date(city: City) -> None:
    status, old = asked(city, "/v1/divisions/330104?as_of=2020-06-01")
    assert status == 200
    assert (old["name"], old["as_of"], old["valid_to"]) == ("江干区", "2020-06-01", "2021-04-09")
    assert [one["name"] for one in old["children"]] == ["四季青街道", "下沙街道"]
    assert [one["name"] for one in old["successors"]] == ["上城区", "钱塘区"]
    status, new = asked(city, "/v1/divisions/330102014000?as_of=2022-01-01")
    assert [one["name"] for one in new["chain"]] == ["杭州市", "上城区", "四季青街道"]
    assert [(one["code"], one["name"]) for one in new["predecessors"]] == [("330104006000", "四季青街道")]
    assert new["followed"] is None


def test_code_that_was_given_up_is_answered_by_its_one_heir(city: City) -> None:
    _, found = asked(city, "/v1/divisions/330103?as_of=2022-01-01")
    assert (found["code"], found["name"]) == ("330105000000", "拱墅区")
    assert found["followed"]["name"] == "下城区"
    assert found["followed"]["superseded_by"] == ["330105"]
    assert [one["name"] for one in found["predecessors"]] == ["下城区", "拱墅区"]
    assert [one["valid_from"] for one in found["history"]] == [None, "2021-04-09"]


def test_code_of_a_split_division_is_answered_with_all_heirs(city: City) -> None:
    status, problem = asked(city, "/v1/divisions/330104?as_of=2022-01-01")
    assert status == 404
    assert "split into 330102, 330114" in str(problem["detail"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/divisions/330113?as_of=2020-06-01", 404),
        ("/v1/divisions/999999", 404),
        ("/v1/divisions/330105?as_of=2020-13-01", 400),
        ("/v1/divisions/330105?as_of=yesterday", 400),
        ("/v1/divisions/330105?asof=2020-01-01", 400),
    ],
)
def test_what_was_not_there_or_is_no_day_is_refused(city: City, path: str, status: int) -> None:
    assert asked(city, path)[0] == status


def test_answer_of_a_day_is_held_until_something_changes(city: City) -> None:
    client = Client(create_app(city, Settings()))
    path = "/v1/divisions/330105?as_of=2020-06-01"
    tag = client(path).headers["etag"]
    assert client(path, if_none_match=tag).status_code == 304
    assert client("/v1/divisions/330105?as_of=2022-06-01", if_none_match=tag).status_code == 200


def test_division_outside_the_scope_is_as_if_it_were_not_there(town: City) -> None:
    scope = town.divisions.scope(COMMUNITY_CODES[0])
    assert division_as_of(town, COMMUNITY_CODES[0], scope=scope)["name"] == "城西社区"
    for code in (COMMUNITY_CODES[1], DISTRICT_CODE, CITY_CODE):
        with pytest.raises(UnknownDivisionError, match="has ever carried"):
            division_as_of(town, code, scope=scope)


def test_old_division_is_seen_by_whoever_sees_what_it_became(city: City) -> None:
    scope = city.divisions.scope("330105")
    assert division_as_of(city, "330103", BEFORE, scope)["name"] == "下城区"
    with pytest.raises(UnknownDivisionError):
        division_as_of(city, "330106", AFTER, scope)
