"""The finder answers what is meant, says what it doubts, and is never sure where the text leaves it open."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.addresses.books import book_of, dwellings
from twin.addresses.book import AddressBook
from twin.addresses.finder import MATCH_TABLE, Finder, n_below
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.names import Alias
from twin.addresses.parsing import Parser
from twin.addresses.suggesting import suggest

NORTH = "市丽州市/区丽城区/道古城街道/社关帝社区"
SOUTH = "市丽州市/区溪南区/道望江街道/社十里社区"
GAZETTEER = Gazetteer.of(
    [
        *[("丽州市", 1, -1), ("丽城区", 2, 0), ("溪南区", 2, 0), ("古城街道", 3, 1), ("望江街道", 3, 2)],
        *[("关帝社区", 4, 3), ("十里社区", 4, 4)],
    ]
)
OLD_NAMES = [
    Alias("革命路", "永城路", "street", None, date(2004, 12, 1)),
    Alias("东方红小区", "西湖花园", "estate", date(1966, 1, 1), date(1980, 1, 1)),
]
WEST_LAKE = f"{NORTH}/路永城路/号38/苑西湖花园"
PATHS = [
    *dwellings(WEST_LAKE, 12, 3, 6, 2),
    *dwellings(f"{SOUTH}/路环城西路/号472/苑怡和公寓", 20, 2, 8, 2),
    *dwellings(f"{SOUTH}/路环城西路/号500/苑紫荆花园", 20, 2, 8, 2),
    *dwellings(f"{NORTH}/路环城北路/号5/苑紫荆花园", 4, 2, 8, 2),
    f"{SOUTH}/村新吴村/号44",
    f"{SOUTH}/村新吴村/号45-1",
    f"{SOUTH}/路永城路/号39",
    f"{NORTH}/路永城路/号40/幢3/室201",
    f"{NORTH}/路永城路/号41/室101",
    f"{NORTH}/路永城路/号42/幢1/元1/层3/室301",
    f"{SOUTH}/路人民东路/号7/幢2/元1/室502",
    f"{SOUTH}/路人民西路/号7/幢2/元1/室502",
]


def finder_of(book: AddressBook) -> Finder:
    names = [name for name in book.names.to_pylist() if len(name) > 2 and not name.isdigit()]
    return Finder.of(book, Parser(GAZETTEER, names), OLD_NAMES)


@pytest.fixture(scope="module")
def finder() -> Finder:
    gates = [(WEST_LAKE, f"{NORTH}/路永城路/号40")]
    return finder_of(book_of(PATHS, gates, {f"{WEST_LAKE}/幢3/元1/室302": (120.04, 28.89)}))


HOME = "丽州市丽城区古城街道关帝社区永城路38号西湖花园3幢1单元302室"
SOUTH_BAUHINIA = "丽州市溪南区望江街道十里社区环城西路500号紫荆花园"


@pytest.mark.parametrize(
    "asked",
    [
        HOME,
        "浙江省" + HOME,
        "西湖花园3幢1单元302室",
        "西湖花园3-1-302",
        "西湖花园３幢１单元３０２室",
        "西湖花园三幢一单元三零二",
        "西湖花园三号楼一单元三〇二室",
        "西湖花园3栋1单元302",
        "西湖花园3幢1单元3层302室",
        "永城路38号西湖花园3幢1单元302室",
        "永城路40号西湖花园3幢1单元302室",
        "丽城区西湖花园3幢1单元302室",
        "古城街道西湖花园3幢1单元302室",
        "溪湖花园3幢1单元302室",
        "西湖花圆3幢1单元302室",
        "xihu huayuan 3-1-302",
        "xihuhuayuan3zhuang1danyuan302shi",
        "XIHU HUAYUAN 3 dong 1 danyuan 302",
        "xhhy3-1-302",
        "xhhy 3-1-302",
        "西湖huayuan3-1-302",
        "xihu花园3幢1单元302",
        "yongchenglu38hao xihuhuayuan 3-1-302",
        "西湖3-1-302",
        "西湖小区3幢1单元302",
        "永城路38号3幢1单元302室",
        "西湖花园3撞1单圆302",
        "永成路38号西湖花园3幢1单元302室",
    ],
)
def test_dwelling_is_found_for_sure_however_it_is_written(finder: Finder, asked: str) -> None:
    best = finder.geocode(asked)[0]
    assert best.standard_text == HOME
    assert best.level == Level.DWELLING
    assert best.score >= 0.9, best


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("西海花园3幢1单元302室", HOME),
        ("西花湖园3幢1单元302室", HOME),
        ("西湖湖花园3幢1单元302室", HOME),
        ("西湖花3幢1单元302室", HOME),
        ("溪南区西湖花园3幢1单元302室", HOME),
        ("永城路37号西湖花园3幢1单元302室", HOME),
        ("怡和3幢1单元302室", "丽州市溪南区望江街道十里社区环城西路472号怡和公寓3幢1单元302室"),
        ("新吴村44号", "丽州市溪南区望江街道十里社区新吴村44号"),
        ("新吴村45-1号", "丽州市溪南区望江街道十里社区新吴村45-1号"),
        ("永城路39号", "丽州市溪南区望江街道十里社区永城路39号"),
        ("永城路40号3幢201", "丽州市丽城区古城街道关帝社区永城路40号3幢201室"),
        ("永城路41号101室", "丽州市丽城区古城街道关帝社区永城路41号101室"),
        ("永城路42号1幢1单元301", "丽州市丽城区古城街道关帝社区永城路42号1幢1单元3层301室"),
        ("人民东路7号2幢1单元502", "丽州市溪南区望江街道十里社区人民东路7号2幢1单元502室"),
        ("溪南区紫荆花园3幢1单元302", f"{SOUTH_BAUHINIA}3幢1单元302室"),
        ("环城西路紫荆花园3幢1单元302", f"{SOUTH_BAUHINIA}3幢1单元302室"),
        ("紫荆花园12幢1单元302", f"{SOUTH_BAUHINIA}12幢1单元302室"),
        ("怡和公寓", "丽州市溪南区望江街道十里社区环城西路472号怡和公寓"),
        ("永城路38号", "丽州市丽城区古城街道关帝社区永城路38号"),
        ("革命路38号西湖花园3幢1单元302", HOME),
        ("古城街道", "丽州市丽城区古城街道"),
    ],
)
def test_first_answer_is_what_is_meant(finder: Finder, asked: str, text: str) -> None:
    assert finder.geocode(asked)[0].standard_text == text


@pytest.mark.parametrize(
    ("asked", "level", "said"),
    [
        ("西湖花园3幢1单元909室", Level.UNIT, "无此室号（909）"),
        ("西湖花园13幢1单元302室", Level.ESTATE, "无此幢号（13）"),
        ("西湖花园3幢9单元302室", Level.BUILDING, "无此单元（9）"),
        ("永城路99号", Level.ROAD, "无此门牌号（99）"),
        ("西湖花园1-10幢", Level.ESTATE, "范围"),
        ("溪南区西湖花园3幢1单元302室", Level.DWELLING, "溪南区"),
        ("永城路37号西湖花园3幢1单元302室", Level.DWELLING, "37号"),
        ("西湖花园3幢对面", Level.BUILDING, "对面"),
        ("古城街道向日葵庄园3幢", Level.SUBDISTRICT, "向日葵庄园"),
    ],
)
def test_doubt_keeps_the_score_low_and_is_said(finder: Finder, asked: str, level: Level, said: str) -> None:
    best = finder.geocode(asked)[0]
    assert best.level == level
    assert best.score < 0.9
    assert said in best.reason


@pytest.mark.parametrize(
    ("asked", "n_ties"),
    [
        ("紫荆花园3幢1单元302室", 2),
        ("西湖花园3幢302室", 3),
        ("西湖花园1单元302室", 12),
        ("永城路", 2),
        ("紫荆花园", 2),
    ],
)
def test_score_of_equal_answers_is_at_most_their_share(finder: Finder, asked: str, n_ties: int) -> None:
    matches = finder.geocode(asked, 50)
    assert matches[0].score <= 1 / n_ties + 1e-9
    assert f"{n_ties} " in matches[0].reason
    tied = [one for one in matches if one.score >= matches[0].score * 0.99]
    assert len(tied) == n_ties
    assert len({one.address_id for one in matches}) == len(matches)


@pytest.mark.parametrize(
    "asked",
    [
        *["", "   ", "3-1-302", "302室", "向日葵庄园3幢1单元302室", "王小明 13800001111", "\u0000\u0007"],
        *["<script>alert(1)</script>", "'; DROP TABLE addresses; --", "🏠🏠🏠", "号" * 300, "x" * 10_000],
    ],
)
def test_text_that_means_nothing_here_is_refused_with_a_reason(finder: Finder, asked: str) -> None:
    (only,) = finder.geocode(asked)
    assert not only.is_found
    assert (only.address_id, only.standard_text, only.level, only.score) == (-1, "", None, 0.0)
    assert only.reason
    assert np.isnan(only.lon)


def test_numbers_are_never_corrected_with_certainty(finder: Finder) -> None:
    for asked in ("西湖花园3幢1单元307室", "西湖花园3幢4单元302室", "西湖花园33幢1单元302室", "新吴村46号"):
        assert all(one.score < 0.5 for one in finder.geocode(asked, 50)), asked


def test_road_of_another_direction_is_another_road(finder: Finder) -> None:
    best = finder.geocode("人民南路7号2幢1单元502室")[0]
    assert best.score < 0.6


def test_scores_of_one_text_add_up_to_one_at_most(finder: Finder) -> None:
    for asked in ("紫荆花园3幢1单元302室", "西湖3幢302", "怡和花园3幢1单元302", "永城路"):
        assert sum(one.score for one in finder.geocode(asked, 50)) <= 1.0 + 1e-6


def test_answer_has_place_source_and_id_of_the_book(finder: Finder) -> None:
    best = finder.geocode("西湖花园3-1-302")[0]
    assert (best.lon, best.lat) == (120.04, 28.89)
    assert best.address_id == finder.book.ids[best.position]
    assert best.source_id == finder.book.source_ids[best.position].as_py()


def test_old_name_counts_while_it_was_in_use(finder: Finder) -> None:
    best = finder.geocode("革命路38号")[0]
    assert best.standard_text.endswith("永城路38号")
    assert "旧名" in best.reason
    assert finder.geocode("革命路38号", as_of=date(2004, 11, 30))[0].position == best.position
    assert not finder.geocode("革命路38号", as_of=date(2005, 1, 1))[0].is_found
    assert not finder.geocode("东方红小区3-1-302", as_of=date(1965, 1, 1))[0].is_found
    assert finder.geocode("东方红小区3-1-302", as_of=date(1970, 1, 1))[0].standard_text == HOME


def test_what_the_scope_does_not_reach_is_neither_answered_nor_counted(finder: Finder) -> None:
    book = finder.book
    south = book.names.to_pylist().index("溪南区")
    hidden = np.array([south in book.tokens[list(book.chain(node))] for node in range(len(book))])
    seen = finder.within(~hidden)
    best = seen.geocode("紫荆花园3幢1单元302室")[0]
    assert "丽城区" in best.standard_text
    assert best.score >= 0.9
    assert "2 " not in best.reason
    assert not seen.geocode("怡和公寓3幢1单元302室")[0].is_found
    for match in seen.geocode("永城路", 50):
        assert not hidden[match.position]
    table = seen.geocode_table(["紫荆花园3幢1单元302室", "怡和公寓3幢1单元302室", "永城路39号"])
    assert [one is None or "丽城区" in one for one in table["standard_text"].to_pylist()] == [
        True,
        False,
        True,
    ]
    assert table["address_id"].to_pylist()[1] is None


def shuffled_texts(finder: Finder, seed: int, count: int) -> list[str]:
    draw = random.Random(seed)
    nodes = draw.choices(range(len(finder.book)), k=count)
    texts = []
    for node in nodes:
        text = finder.standard_text(node)
        place = draw.choice([0, 3, 6, 10, 14])
        text = text[place:] or text
        if draw.random() < 0.3:
            text = text.replace("湖", "胡").replace("荆", "京")
        if draw.random() < 0.2:
            text = text.replace("幢", "-").replace("单元", "-").removesuffix("室")
        texts.append(text)
    return [*texts, "", "3-1-302", "西湖花园3幢对面"]


def test_table_answers_row_by_row_what_each_text_gets_alone(finder: Finder) -> None:
    texts = shuffled_texts(finder, 5, 300)
    table = finder.geocode_table(pa.array(texts))
    assert table.schema == MATCH_TABLE
    for row, text in zip(table.to_pylist(), texts, strict=True):
        alone = finder.geocode(text, 1)[0]
        assert row["position"] == alone.position, text
        assert row["score"] == alone.score, text
        assert row["reason"] == alone.reason, text
        assert row["standard_text"] == alone.standard_text
        assert row["level"] == (0 if alone.level is None else alone.level)


def test_every_standard_text_finds_its_own_node_for_sure(finder: Finder) -> None:
    texts = finder.standard_texts(np.arange(len(finder.book))).to_pylist()
    assert texts == [finder.standard_text(node) for node in range(len(finder.book))]
    table = finder.geocode_table(texts)
    wrong = np.flatnonzero(table["position"].to_numpy() != np.arange(len(texts)))
    assert [texts[row] for row in wrong] == []
    assert table["score"].to_numpy().min() >= 0.9


def test_table_takes_nulls_chunks_and_none_at_all(finder: Finder) -> None:
    chunks = pa.chunked_array([["永城路39号"], [None, "西湖花园3-1-302"]], pa.string())
    assert finder.geocode_table(chunks)["address_id"].is_null().to_pylist() == [False, True, False]
    assert finder.geocode_table([]).num_rows == 0
    assert finder.geocode_table(pa.chunked_array([], pa.string())).schema == MATCH_TABLE


def test_progress_runs_to_the_number_of_texts(finder: Finder) -> None:
    told: list[int] = []
    finder.geocode_table(["永城路39号"] * 3 + ["不在这里"] * 500, advance=told.append)
    assert told == sorted(told)
    assert told[-1] == 503


def test_misspelt_estate_is_looked_up_once_for_all_its_rows(
    finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = finder_of(finder.book)
    searched: list[str] = []
    search = fresh.index.search
    monkeypatch.setattr(
        fresh.index, "search", lambda text, *a, **k: searched.append(text) or search(text, *a, **k)
    )
    texts = [f"溪湖花园{building}幢1单元302室" for building in range(1, 13)]
    assert fresh.geocode_table(texts)["address_id"].null_count == 0
    assert searched.count("溪湖花园") == 1


def test_book_without_divisions_roads_and_places_is_searched_as_well() -> None:
    bare = finder_of(book_of(dwellings("苑西湖花园", 3, 2, 4, 2)))
    for asked in (HOME, "西湖花园3幢1单元302室", "xihuhuayuan3-1-302", "永城路38号西湖花园3幢1单元302室"):
        best = bare.geocode(asked)[0]
        assert best.standard_text == "西湖花园3幢1单元302室", asked
        assert best.score >= 0.6, asked


def test_empty_book_answers_nothing() -> None:
    nothing = finder_of(book_of(["市丽州市"]))
    assert not nothing.geocode("西湖花园3-1-302")[0].is_found
    assert nothing.geocode("丽州市")[0].level == Level.CITY


def test_nodes_below_are_counted_along_the_tree(finder: Finder) -> None:
    book = finder.book
    expected = np.zeros(len(book), np.int64)
    for node in range(len(book)):
        above = int(book.parents[node])
        while above >= 0:
            expected[above] += 1
            above = int(book.parents[above])
    assert n_below(book).tolist() == expected.tolist()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40) | st.text("西湖花园幢单元室号0123456789-一二三 xihuay路永城对面与", max_size=25))
def test_any_text_is_answered_with_a_score_and_a_reason(finder: Finder, text: str) -> None:
    for match in finder.geocode(text):
        assert 0.0 <= match.score <= 0.99
        assert match.reason
        assert match.is_found == (match.address_id >= 0) == bool(match.standard_text)
    suggest(finder, text)
