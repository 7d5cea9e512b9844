"""The address base follows its sources: at imports, at builds, after decisions, and through failures."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely

from api.addressing import is_current
from api.building import BuildSummary, build_city
from api.importing import ImportRequest
from api.progress import ProgressBoard
from tests.api.deliveries import SIDE, SOUTH, WEST, take_in, write_addresses, write_divisions, write_grid
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.book import AddressBook
from twin.addresses.book_file import book_path, load_book
from twin.addresses.decisions import correct, merge, split, undo
from twin.city import City
from twin.config import CityConfig
from twin.errors import ImportRefusedError, StorageError
from twin.state.decisions import decisions
from twin.store import LayerPut

Rows = dict[str, tuple[str, float, float] | str]
HOME = "东区中心街道西社区永城路38号紫荆花园3幢1单元302室"
PLACE = WEST + SIDE / 2, SOUTH + SIDE / 2
NEAR = WEST + SIDE / 2 + 0.0001, SOUTH + SIDE / 2
FAR = WEST + SIDE * 3.5, SOUTH + SIDE / 2
POLICE: Rows = {
    "1": (HOME, *PLACE),
    "2": ("紫荆花园3-1-302", *NEAR),
    "3": ("东区永城路40号", *NEAR),
    "4": "！！？",
}
CIVIL: Rows = {
    "1": (HOME.replace("302", "402"), *PLACE),
    "2": ("东区中心街道东社区中山路1号绿城小区2幢", *FAR),
}

IMPORT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from api.importing import ImportRequest, import_files
from twin import durable
from twin.city import City

last, count, enter = int(sys.argv[3]), 0, durable.DurableFile.__enter__

def enter_or_die(file):
    global count
    count += 1
    if count == last:
        file.write(b"half of it")
        os.kill(os.getpid(), signal.SIGKILL)
    return enter(file)

durable.DurableFile.__enter__ = enter_or_die
import_files(City.open(sys.argv[1]), ImportRequest("addresses", (Path(sys.argv[2]),)))
"""


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city with divisions and the rows of one source."""
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as made:
        take_in(made, "divisions", write_divisions(tmp_path / "divisions.csv"))
        take_in(made, "addresses", write_addresses(tmp_path / "police.csv", POLICE))
        yield made


def build(city: City) -> BuildSummary:
    with ProgressBoard(None) as board:
        return build_city(city, board)


def rows_of(city: City, name: str) -> list[dict[str, Any]]:
    city.forget(name)
    view = city.layer(name)
    return sorted(view.take(view.positions()).to_pylist(), key=lambda one: one["feature_id"])


def base(city: City) -> dict[int, dict[str, Any]]:
    return {one["feature_id"]: one for one in rows_of(city, ADDRESS_BASE)}


def named(city: City) -> dict[tuple[str, str], str | None]:
    """Return the standard text that each source row leads to."""
    texts = base(city)
    return {
        (one["source"], one["source_id"]): None
        if one["address_id"] is None
        else texts[one["address_id"]]["text"]
        for one in rows_of(city, ADDRESSES)
    }


def id_of(city: City, ending: str) -> int:
    (found,) = [
        key for key, one in base(city).items() if one["text"].endswith(ending) and one["status"] == "in_force"
    ]
    return found


def test_import_leads_every_row_to_its_address_and_says_so(city: City, tmp_path: Path) -> None:
    outcome = take_in(city, "addresses", write_addresses(tmp_path / "police.csv", POLICE))[0]
    whole = f"丽州市{HOME}"
    assert named(city) == {
        ("police", "1"): whole,
        ("police", "2"): whole,
        ("police", "3"): "丽州市东区中心街道西社区永城路40号",
        ("police", "4"): None,
    }
    said = " ".join(outcome.notes)
    assert "3 rows of all sources name" in said
    assert "1 rows name no address" in said
    (finding,) = outcome.report.rejections
    assert (finding.row, finding.came) == (4, "！！？")
    assert "！！？" in outcome.report_path.read_text(encoding="utf-8-sig")


def test_row_without_address_is_told_by_its_row_in_the_file(city: City, tmp_path: Path) -> None:
    rows: Rows = {"1": (HOME, *PLACE), "2": (HOME, 500.0, 500.0), "3": "东区永城路40号", "4": "！！？"}
    (outcome,) = take_in(city, "addresses", write_addresses(tmp_path / "other.csv", rows))
    assert [(one.row, one.came) for one in outcome.report.rejections][-1] == (4, "！！？")
    assert outcome.report.rows_taken == 3


def test_same_file_again_changes_nothing(city: City, tmp_path: Path) -> None:
    before = {name: city.store.current(name).content_hash for name in (ADDRESSES, ADDRESS_BASE)}
    take_in(city, "addresses", write_addresses(tmp_path / "police.csv", POLICE))
    assert {name: city.store.current(name).content_hash for name in before} == before


def test_second_source_finds_the_addresses_of_the_first(city: City, tmp_path: Path) -> None:
    ids = {key: one["text"] for key, one in base(city).items()}
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    after = base(city)
    assert {key: after[key]["text"] for key in ids} == ids
    assert len([one for one in after.values() if one["text"].endswith("紫荆花园")]) == 1
    assert id_of(city, "402室") > max(ids)


def test_address_that_no_source_names_any_more_is_withdrawn_and_comes_back_under_its_id(
    city: City, tmp_path: Path
) -> None:
    gone = id_of(city, "永城路40号")
    take_in(city, "addresses", write_addresses(tmp_path / "police.csv", {"1": POLICE["1"]}))
    assert base(city)[gone]["status"] == "withdrawn"
    assert base(city)[gone]["valid_to"] is not None
    take_in(city, "addresses", write_addresses(tmp_path / "police.csv", POLICE))
    assert base(city)[gone]["status"] == "in_force"
    assert base(city)[gone]["valid_to"] is None
    assert id_of(city, "永城路40号") == gone


def test_both_layers_stay_as_they_were_when_one_cannot_be_written(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: city.store.current(name) for name in city.layers()}
    write = city.store._write

    def failing(schema: Any, *args: Any) -> Any:
        if schema.name == ADDRESSES:
            raise OSError(28, "No space left on device")
        return write(schema, *args)

    monkeypatch.setattr(city.store, "_write", failing)
    with pytest.raises(StorageError, match="No space left"):
        take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    assert {name: city.store.current(name) for name in city.layers()} == before


@pytest.mark.parametrize("last", [2, 5, 7])
def test_killed_import_leaves_layers_that_fit_each_other(city: City, tmp_path: Path, last: int) -> None:
    path = write_addresses(tmp_path / "civil.csv", CIVIL)
    command = [sys.executable, "-c", IMPORT_AND_DIE, str(city.path), str(path), str(last)]
    killed = subprocess.run(command, check=False, capture_output=True)
    with City.open(city.path) as left:
        known = {one["feature_id"] for one in rows_of(left, ADDRESS_BASE)}
        found = [one["address_id"] for one in rows_of(left, ADDRESSES)]
        assert {one for one in found if one is not None} <= known
        assert len(found) in {4, 6}
        take_in(left, "addresses", path)
        assert is_current(left)
        assert len(rows_of(left, ADDRESSES)) == 6
    assert killed.returncode in {0, -signal.SIGKILL}, killed.stderr.decode()


def test_divisions_that_come_later_are_taken_up_by_the_build(tmp_path: Path) -> None:
    with City.create(tmp_path / "b.city", CityConfig("丽州市", "EPSG:4549")) as city:
        take_in(city, "addresses", write_addresses(tmp_path / "police.csv", POLICE))
        number, home = id_of(city, "永城路40号"), id_of(city, "3幢1单元302室")
        take_in(city, "divisions", write_divisions(tmp_path / "divisions.csv"))
        take_in(city, "grid", write_grid(tmp_path / "grid.geojson"))
        assert not is_current(city)
        assert build(city).renewed_addresses > 0
        known = base(city)
        assert known[home]["text"] == f"丽州市{HOME}"
        # Without divisions 东区 was read as part of the name of the road.
        assert known[known[number]["superseded_by"]]["text"] == "丽州市东区中心街道西社区永城路40号"
        assert known[home]["division_code"] == "339901001001"
        assert build(city).sentence() == "everything was up to date"


def test_build_after_decisions_comes_to_what_the_decisions_made(city: City, tmp_path: Path) -> None:
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    merge(city, id_of(city, "绿城小区"), id_of(city, "紫荆花园"), author="a")
    correct(city, id_of(city, "紫荆花园"), "紫荆家园", author="a")
    edited, shown = named(city), base(city)
    assert edited["civil", "2"] == "丽州市东区中心街道西社区永城路38号紫荆家园2幢"
    build(city)
    assert is_current(city)
    assert named(city) == edited
    statuses = {key: (one["status"], one["superseded_by"], one["token"]) for key, one in base(city).items()}
    assert {key: statuses[key] for key in shown} == {
        key: (one["status"], one["superseded_by"], one["token"]) for key, one in shown.items()
    }


def test_decisions_outlive_imports(city: City, tmp_path: Path) -> None:
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    green, home = id_of(city, "绿城小区"), id_of(city, "紫荆花园")
    records = [one["feature_id"] for one in rows_of(city, ADDRESSES) if one["source_id"] == "2"][:1]
    made = split(city, home, records, author="a")
    merge(city, green, made.address_id, author="a")
    expected = named(city)
    for _ in range(2):
        take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
        take_in(city, "addresses", write_addresses(tmp_path / "police.csv", POLICE))
        assert named(city) == expected
        assert base(city)[green]["superseded_by"] == made.address_id
        assert base(city)[made.address_id]["status"] == "in_force"
    more: Rows = {**CIVIL, "3": ("东区中心街道东社区中山路1号绿城小区5幢", *FAR)}
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", more))
    new = {
        one["source_id"]: one["address_id"] for one in rows_of(city, ADDRESSES) if one["source"] == "civil"
    }
    assert base(city)[new["3"]]["parent_id"] == made.address_id


def test_merge_undone_after_an_import_is_sorted_out_by_the_build(city: City, tmp_path: Path) -> None:
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    before, green = named(city), id_of(city, "绿城小区")
    done = merge(city, green, id_of(city, "紫荆花园"), author="a")
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", {**CIVIL, "9": "东区永城路77号"}))
    assert undo(city, done.decision_id, author="a").needs_build
    build(city)
    assert base(city)[green]["status"] == "in_force"
    assert {key: text for key, text in named(city).items() if key[1] != "9"} == before


def test_row_that_people_edited_leads_to_the_address_that_it_names_now(city: City, tmp_path: Path) -> None:
    (row,) = [one for one in rows_of(city, ADDRESSES) if one["source_id"] == "3"]
    moved = {**row, "text": "东区永城路52号", "matched_at": None}
    key, point = moved.pop("feature_id"), moved.pop("geometry")
    city.state.put_feature(ADDRESSES, key, moved, point, author="clerk")
    city.forget(ADDRESSES)
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    assert named(city)["police", "3"] == "丽州市东区中心街道西社区永城路52号"
    assert base(city)[id_of(city, "永城路52号")]["n_records"] == 1


def test_other_names_of_a_road_join_its_addresses_at_the_next_build(city: City, tmp_path: Path) -> None:
    take_in(city, "addresses", write_addresses(tmp_path / "old.csv", {"1": ("东区老城路40号", *NEAR)}))
    (tmp_path / "aliases.csv").write_text("alias,name,kind\n老城路,永城路,street\n", encoding="utf-8")
    take_in(city, "vector", tmp_path / "aliases.csv", layer="aliases")
    build(city)
    assert named(city)["old", "1"] == named(city)["police", "3"]


def test_build_keeps_the_book_of_the_base_on_disk(city: City) -> None:
    build(city)
    view = city.layer(ADDRESS_BASE)
    stored, made = load_book(book_path(city.path, view)), AddressBook.from_view(view)
    assert stored.ids.tolist() == made.ids.tolist()
    assert stored.keys.tolist() == made.keys.tolist()
    assert stored.names.equals(made.names)
    assert stored.source_ids.equals(made.source_ids)
    assert stored.word_names == made.word_names
    assert stored.gates.tolist() == made.gates.tolist()


def test_base_is_not_imported_as_a_layer(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": []}), encoding="utf-8")
    with pytest.raises(ImportRefusedError, match="made from addresses"):
        ImportRequest("vector", (path,), ADDRESS_BASE)


def test_address_of_a_row_without_place_has_none(city: City, tmp_path: Path) -> None:
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", {"1": "东区学院路9号"}))
    (row,) = [one for one in base(city).values() if one["text"].endswith("学院路9号")]
    assert row["geometry"] is None
    placed = base(city)[id_of(city, "永城路40号")]["geometry"]
    assert shapely.from_wkb(placed).x == pytest.approx(NEAR[0], abs=1e-7)


def test_damaged_base_gives_way_to_the_one_before_it_and_keeps_its_ids(city: City, tmp_path: Path) -> None:
    build(city)
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    ids = {one["text"]: key for key, one in base(city).items()}
    version = city.store.current(ADDRESS_BASE)
    with City.open(city.path) as other:
        for file in version.files:
            (city.path / file.path).write_bytes(b"broken")
        take_in(other, "addresses", write_addresses(tmp_path / "police.csv", POLICE))
        after = {one["text"]: key for key, one in base(other).items() if one["status"] == "in_force"}
        assert after["丽州市" + HOME] == ids["丽州市" + HOME]
        assert {after[text] for text in after if text not in ids or after[text] != ids[text]}.isdisjoint(
            ids.values()
        )


def test_decision_waits_for_an_import_to_end(city: City) -> None:
    with City.open(city.path) as other, other.writing(), pytest.raises(StorageError, match="is at work"):
        correct(city, id_of(city, "紫荆花园"), "紫荆家园", author="a")
    assert correct(city, id_of(city, "紫荆花园"), "紫荆家园", author="a").n_records == 0


def test_persons_in_delivered_texts_are_stored_nowhere(city: City, tmp_path: Path) -> None:
    rows: Rows = {
        "1": ("东区永城路38号陈建国", *PLACE),
        "2": ("王小明13800001234东区永城路40号", *NEAR),
        "3": "张三",
    }
    path = write_addresses(tmp_path / "people.csv", rows)
    take_in(city, "addresses", path)
    texts = [one["text"] for one in rows_of(city, ADDRESS_BASE)]
    assert any(text.endswith("永城路40号") for text in texts)
    secrets = [secret.encode() for secret in ("陈建国", "王小明", "13800001234", "张三")]
    for file in city.path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(secret in content for secret in secrets), file.name


def test_build_cuts_persons_out_of_rows_that_were_stored_before(city: City) -> None:
    view = city.layer(ADDRESSES)
    rows = view.take(view.positions())
    texts = rows["text"].to_pylist()
    place = texts.index(HOME)
    texts[place] = HOME + "陈建国"
    rows = rows.set_column(rows.column_names.index("text"), "text", pa.array(texts))
    layer = view.layer
    city.store.put_all([LayerPut(layer.schema, rows, layer.provenance, city.config.resolutions)])
    city.forget(ADDRESSES)
    build(city)
    assert HOME in [one["text"] for one in rows_of(city, ADDRESSES)]
    assert not any("陈建国" in one["text"] for one in rows_of(city, ADDRESS_BASE))


DECIDE_AND_DIE = """
import os, signal, sys
from sqlalchemy import Connection
from twin.addresses.decisions import merge
from twin.city import City

last, count, execute = int(sys.argv[4]), 0, Connection.execute

def execute_or_die(self, statement, *args, **kwargs):
    global count
    found = execute(self, statement, *args, **kwargs)
    count += getattr(statement, "is_insert", False)
    if count == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return found

Connection.execute = execute_or_die
merge(City.open(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), author="a")
"""


@pytest.mark.parametrize("last", [1, 2])
def test_killed_decision_leaves_nothing_and_can_be_made_again(city: City, tmp_path: Path, last: int) -> None:
    take_in(city, "addresses", write_addresses(tmp_path / "civil.csv", CIVIL))
    before = {name: rows_of(city, name) for name in (ADDRESS_BASE, ADDRESSES)}
    green, home = id_of(city, "绿城小区"), id_of(city, "紫荆花园")
    command = [sys.executable, "-c", DECIDE_AND_DIE, str(city.path), str(green), str(home), str(last)]
    killed = subprocess.run(command, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert {name: rows_of(city, name) for name in before} == before
    assert decisions(city.state) == ()
    merge(city, green, home, author="a")
    assert base(city)[green]["superseded_by"] == home
