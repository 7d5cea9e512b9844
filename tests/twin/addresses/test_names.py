"""The index of names finds what is meant, keeps what is stored, and builds anew what is damaged."""

from __future__ import annotations

import random
import shutil
from datetime import date
from pathlib import Path

import pytest
from rapidfuzz.distance import OSA

from twin.addresses.likeness import Way, likeness
from twin.addresses.names import Alias, NameIndex

NAMES = [
    "永城路",
    "环城西路",
    "西湖花园",
    "溪湖雅苑",
    "和润雅苑",
    "紫荆花园",
    "怡和公寓",
    "怡和花园",
    "新吴村",
]
WEIGHTS = [900, 800, 700, 100, 300, 200, 600, 500, 44]
OLD = [
    Alias("革命街", "永城路", "street", None, date(2004, 12, 1)),
    Alias("鼓楼", "不在库里", "street"),
    Alias("跃进路", "环城西路", "street", date(1960, 1, 1), date(1980, 1, 1)),
]


@pytest.fixture(scope="module")
def index() -> NameIndex:
    return NameIndex.of(NAMES, WEIGHTS, OLD)


def texts(hits: list) -> list[str]:  # type: ignore[type-arg]
    return [hit.text for hit in hits]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("西湖花园", "西湖花园"),
        ("溪湖花园", "西湖花园"),
        ("西湖花圆", "西湖花园"),
        ("西海花园", "西湖花园"),
        ("xihuhuayuan", "西湖花园"),
        ("xhhy", "西湖花园"),
        ("西湖hua yuan", "西湖花园"),
        ("紫京花园", "紫荆花园"),
        ("紫荆", "紫荆花园"),
        ("环城西", "环城西路"),
        ("huanchengxilu", "环城西路"),
        ("星吴村", "新吴村"),
    ],
)
def test_first_hit_is_the_name_that_is_meant(index: NameIndex, asked: str, name: str) -> None:
    assert texts(index.search(asked))[0] == name


def test_exact_name_is_found_alone_and_widely_with_its_neighbours(index: NameIndex) -> None:
    assert texts(index.search("怡和花园")) == ["怡和花园"]
    assert texts(index.search_widely("怡和花园"))[:2] == ["怡和花园", "怡和公寓"]


def test_short_name_that_two_estates_share_finds_both_with_equal_odds(index: NameIndex) -> None:
    first, second = index.search("怡和")[:2]
    assert {first.text, second.text} == {"怡和公寓", "怡和花园"}
    assert first.likeness.odds == second.likeness.odds


def test_nothing_alike_is_nothing(index: NameIndex) -> None:
    assert index.search("人民广场") == []
    assert index.search("") == []
    assert index.search("。，") == []
    assert index.search("x" * 500) == []


def test_alias_leads_to_the_name_while_it_was_in_use(index: NameIndex) -> None:
    (hit,) = index.search("革命街")
    assert (NAMES[hit.name], hit.likeness.way) == ("永城路", Way.ALIAS)
    assert index.search("革命街", as_of=date(2004, 11, 30)) == [hit]
    assert index.search("革命街", as_of=date(2004, 12, 1)) == []
    assert index.search("跃进路", as_of=date(1959, 12, 31)) == []
    assert index.search("鼓楼") == []


def test_names_are_found_within_a_longer_text(index: NameIndex) -> None:
    found = {(hit.text, hit.start, hit.end) for hit in index.within("永城路西湖花园后门")}
    assert {("永城路", 0, 3), ("西湖花园", 3, 7)} <= found
    by_sound = {(hit.text, hit.start, hit.end) for hit in index.within("近溪湖花圆")}
    assert ("西湖花园", 1, 5) in by_sound


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("西", ["西湖花园"]),
        ("怡和", ["怡和公寓", "怡和花园"]),
        ("xih", ["西湖花园", "溪湖雅苑"]),
        ("xhh", ["西湖花园"]),
        ("yihe", ["怡和公寓", "怡和花园"]),
        ("溪湖花", ["西湖花园"]),
        ("yonchen", ["永城路"]),
        ("革命", ["革命街"]),
    ],
)
def test_beginnings_are_completed_with_most_addresses_first(
    index: NameIndex, typed: str, wanted: list[str]
) -> None:
    assert texts(index.starting(typed))[: len(wanted)] == wanted


def test_search_agrees_with_comparing_every_name(index: NameIndex) -> None:
    draw = random.Random(7)
    parts = "西溪湖和润雅紫荆怡花园公寓苑城永环东路"
    many = sorted({"".join(draw.choices(parts, k=draw.randint(3, 6))) for _ in range(400)})
    big = NameIndex.of(many, [1] * len(many))
    for _ in range(60):
        name = draw.choice(many)
        place = draw.randrange(len(name))
        asked = name[:place] + draw.choice("海江山南北") + name[place + 1 :]
        if OSA.distance(asked, name) != 1:
            continue
        odds = {one: found.odds for one in many if (found := likeness(asked, one)) is not None}
        best = max(odds.values(), default=0.0)
        hits = big.search(asked)
        assert (hits[0].likeness.odds if hits else 0.0) == best


def test_stored_index_is_mapped_again_and_answers_alike(tmp_path: Path) -> None:
    first = NameIndex.of(NAMES, WEIGHTS, OLD, tmp_path)
    (folder,) = tmp_path.iterdir()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix != ".lock"}
    again = NameIndex.of(NAMES, WEIGHTS, OLD, tmp_path)
    assert {
        path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix != ".lock"
    } == before
    assert again.search("溪湖花园") == first.search("溪湖花园")


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "no manifest"])
def test_damaged_index_is_built_anew(tmp_path: Path, damage: str) -> None:
    NameIndex.of(NAMES, WEIGHTS, OLD, tmp_path)
    (folder,) = tmp_path.iterdir()
    victim = max(
        (path for path in folder.iterdir() if path.suffix not in {".json", ".lock"}),
        key=lambda path: path.stat().st_size,
    )
    content = victim.read_bytes()
    if damage == "cut":
        victim.write_bytes(content[:-5])
    elif damage == "changed":
        victim.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif damage == "missing":
        victim.unlink()
    else:
        (folder / "files.json").unlink()
    index = NameIndex.of(NAMES, WEIGHTS, OLD, tmp_path)
    assert texts(index.search("溪湖花园"))[0] == "西湖花园"
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_index_of_other_names_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    NameIndex.of(NAMES, WEIGHTS, (), tmp_path)
    NameIndex.of([*NAMES, "新城花园"], [*WEIGHTS, 1], (), tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_folder_that_takes_no_files_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "search").write_text("a file, not a folder", encoding="utf-8")
    index = NameIndex.of(NAMES, WEIGHTS, (), tmp_path / "search")
    assert texts(index.search("西湖花园")) == ["西湖花园"]


def test_index_in_use_survives_the_removal_of_its_folder(tmp_path: Path) -> None:
    index = NameIndex.of(NAMES, WEIGHTS, (), tmp_path / "search")
    shutil.rmtree(tmp_path / "search")
    assert texts(index.search("溪湖花园"))[0] == "西湖花园"


def test_no_names_find_nothing() -> None:
    index = NameIndex.of([], [])
    assert index.search("西湖花园") == []
    assert index.starting("西") == []
