"""Links and aliases through ``twin import``: again changes nothing, and what no longer comes has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from api.importing import ImportOutcome, ImportRequest, import_files
from tests.reference import ROOT
from twin.city import City
from twin.config import CityConfig
from twin.divisions import CHINA_TIME

LIZHOU = ROOT / "sample_data/lizhou"


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        yield made


def bring(city: City, folder: Path, *rows: str) -> ImportOutcome:
    path = folder / "links.csv"
    path.write_text("\n".join(("source_id,kind,ref,valid_from", *rows)), encoding="utf-8")
    (outcome,) = import_files(city, ImportRequest("vector", (path,), "links"))
    return outcome


def stored(city: City) -> dict[str, tuple[int, datetime | None]]:
    view = city.layer("links")
    rows = view.take(view.positions(), ["ref", "feature_id", "valid_to"]).to_pylist()
    return {row["ref"]: (row["feature_id"], row["valid_to"]) for row in rows}


def test_same_file_again_changes_nothing(city: City, tmp_path: Path) -> None:
    for _ in range(2):
        bring(city, tmp_path, "M1,person,r1,2020-01-01", "M2,person,r2,")
        found = stored(city)
        assert {ref: ends for ref, (_, ends) in found.items()} == {"r1": None, "r2": None}
    bring(city, tmp_path, "M2,person,r2,", "M1,person,r1,2020-01-01")
    assert stored(city) == found


def test_link_that_no_longer_comes_ends_and_stays(city: City, tmp_path: Path) -> None:
    bring(city, tmp_path, "M1,person,r1,2020-01-01", "M2,person,r2,", "M3,person,r3,2999-01-01")
    before = stored(city)
    outcome = bring(city, tmp_path, "M1,person,r1,2020-01-01", "M4,person,r4,")
    after = stored(city)
    assert any("2 rows no longer come: ended" in note for note in outcome.notes)
    assert set(after) == {"r1", "r2", "r3", "r4"}
    assert after["r1"] == before["r1"]
    assert after["r2"][0] == before["r2"][0]
    ended = after["r2"][1]
    assert ended is not None
    assert ended.astimezone(CHINA_TIME).date() <= datetime.now(CHINA_TIME).date()
    assert after["r3"][1] == datetime(2999, 1, 1, tzinfo=CHINA_TIME), "it never begins"
    again = bring(city, tmp_path, "M1,person,r1,2020-01-01", "M4,person,r4,")
    assert stored(city) == after
    assert not any("ended" in note for note in again.notes)
    bring(city, tmp_path, "M1,person,r1,2020-01-01", "M2,person,r2,")
    assert stored(city)["r2"] == before["r2"], "what comes again holds again, under its old id"


def test_other_sources_keep_their_links(city: City, tmp_path: Path) -> None:
    bring(city, tmp_path, "M1,person,r1,")
    path = tmp_path / "police.csv"
    path.write_text("source_id,kind,ref\nG1,person,r9\n", encoding="utf-8")
    import_files(city, ImportRequest("vector", (path,), "links"))
    assert {ref: ends for ref, (_, ends) in stored(city).items()} == {"r1": None, "r9": None}


def test_old_names_of_the_sample_county_make_a_layer_without_map(city: City) -> None:
    columns = {"alias": "old_name", "name": "new_name"}
    request = ImportRequest("vector", (LIZHOU / "old_names.csv",), "aliases", columns=columns)
    for _ in range(2):
        (outcome,) = import_files(city, request)
        view = city.layer("aliases")
        assert view.count() == outcome.rows == 102
        assert view.layer.schema.geometry == "none"
        assert view.bbox is None
