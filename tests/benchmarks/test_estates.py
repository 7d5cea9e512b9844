"""The made-up towns that the address base is judged by: their counts, their wording, their questions."""

from __future__ import annotations

import csv
import itertools
import random
from pathlib import Path

import pytest

from tests.benchmarks.estates import wording
from tests.benchmarks.estates.drafts import draft, in_context
from tests.benchmarks.estates.peers import full_text, pieces
from tests.benchmarks.estates.questions import ANSWERABLE, Question
from tests.benchmarks.estates.score import Answer, mark
from tests.benchmarks.estates.sheet import sheet, write_questions
from tests.benchmarks.estates.sounds import common_characters, fuzzy_reading, misheard, reading, respelled
from tests.benchmarks.estates.styles import STYLES
from tests.benchmarks.estates.town import Block, Flats, Houses, Town
from tests.benchmarks.estates.traps import UNANSWERABLE
from tests.benchmarks.estates.wholes import WHOLE

N_ROWS = 2_000
EVERY_STYLE = pytest.mark.parametrize("style", STYLES)


@pytest.fixture(scope="module")
def towns() -> dict[str, Town]:
    return {style: make(31, N_ROWS) for style, make in STYLES.items()}


@EVERY_STYLE
def test_town_has_as_many_rows_as_asked_and_no_text_or_number_twice(
    towns: dict[str, Town], style: str
) -> None:
    rows = list(towns[style].rows(with_places=True))
    assert len(rows) == len(towns[style])
    assert N_ROWS <= len(rows) < 2 * N_ROWS
    assert len({number for number, *_ in rows}) == len({text for _, text, *_ in rows}) == len(rows)


@EVERY_STYLE
def test_row_and_dwelling_of_a_position_are_the_same(towns: dict[str, Town], style: str) -> None:
    for position, (number, text) in enumerate(towns[style].rows(with_places=False)):
        dwelling = towns[style].dwelling(position)
        assert (dwelling.source_id, dwelling.text) == (number, text)


@EVERY_STYLE
def test_count_of_a_draft_is_what_going_through_every_row_finds(towns: dict[str, Town], style: str) -> None:
    town, rng = towns[style], random.Random(5)
    everything = [town.dwelling(position) for position in range(len(town))]
    for _ in range(60):
        one = in_context(draft(town, rng), rng)
        gone = [rung for rung in one.labels if rng.random() < 0.3]
        one = one.without_labels(*gone)
        found = sum(
            all(other.block.names.get(field) == one.name(field) for field in one.said)
            and all(other.labels.get(rung) == label for rung, label in one.labels.items())
            for other in everything
        )
        assert one.count() == found, (one.head(), one.labels)


def test_doors_are_counted_in_each_unit_or_through_all() -> None:
    apart = Flats(("3",), (2,), floors=2, doors=2)
    through = Flats(("3",), (2,), floors=2, doors=2, continues=True)
    assert [apart.labels(place)["room"] for place in range(8)] == ["101", "102", "201", "202"] * 2
    assert [through.labels(place)["room"] for place in range(4, 8)] == ["103", "104", "203", "204"]
    assert (
        apart.count({"building": "3", "room": "201"}),
        through.count({"building": "3", "room": "201"}),
    ) == (2, 1)
    assert apart.count({"building": "4", "room": "201"}) == apart.count({"unit": "3"}) == 0
    assert Houses(("1", "1-1")).count({"house": "1-1"}) == 1


def test_standard_text_has_its_parts_in_the_order_of_the_levels() -> None:
    names = {"district": "东区", "road": "永城路", "number": "38号", "estate": "紫荆花园"}
    words = {"building": "幢", "unit": "单元", "room": "室"}
    block = Block(names, words, Flats(("3",), (1,), 3, 2), 120.0, 29.0)
    assert block.text(block.layout.labels(5)) == "东区永城路38号紫荆花园3幢1单元302室"


@pytest.mark.parametrize(
    ("label", "said"),
    [("3", "三"), ("10", "十"), ("12", "十二"), ("38", "三十八"), ("105", "一百零五"), ("110", "一百一十"),
     ("200", "二百"), ("214", "二百一十四"), ("A", "A"), ("15B", "十五B"), ("A3", "A3")],
)  # fmt: skip
def test_number_is_said_as_people_say_it(label: str, said: str) -> None:
    assert wording.number(label) == said


def test_room_is_said_digit_by_digit_and_wide_text_is_twice_as_wide() -> None:
    assert wording.spelled("1203") == "一二零三"
    assert wording.wide("3-A") == "３－Ａ"


def test_common_characters_are_those_of_level_1() -> None:
    characters = common_characters()
    assert (len(characters), characters[0], characters[-1]) == (3_755, "啊", "座")


def test_respelled_name_sounds_the_same_and_a_misheard_one_nearly() -> None:
    rng = random.Random(2)
    for name in ("紫荆花园", "平安里", "宁波路", "长春新村"):
        for _ in range(20):
            if (text := respelled(name, rng)) is not None:
                assert text != name
                assert reading(text) == reading(name)
            if (text := misheard(name, rng)) is not None:
                assert reading(text) != reading(name)
                assert fuzzy_reading(text) == fuzzy_reading(name)


@EVERY_STYLE
def test_every_class_is_asked_where_the_town_has_it(towns: dict[str, Town], style: str) -> None:
    questions = sheet(towns[style], 3, of_each=6)
    kinds = {question.kind for question in questions}
    not_everywhere = {"missing_road", "missing_estate", "missing_unit", "ambiguous", "sibling"}
    assert kinds >= {*ANSWERABLE, *UNANSWERABLE} - not_everywhere
    known = {number for number, _ in towns[style].rows(with_places=False)}
    for question in questions:
        assert (question.want in known) == (question.kind in ANSWERABLE)
        assert (question.want == "") == (question.kind in {**UNANSWERABLE, **WHOLE})
        assert (question.ends == "") == (question.kind not in WHOLE)


@EVERY_STYLE
def test_same_seed_asks_the_same_and_another_seed_something_else(style: str) -> None:
    one, other = STYLES[style](8, 600), STYLES[style](8, 600)
    assert sheet(one, 1, of_each=2) == sheet(other, 1, of_each=2)
    assert sheet(one, 1, of_each=2) != sheet(one, 2, of_each=2)
    assert next(one.rows(with_places=False)) != next(STYLES[style](9, 600).rows(with_places=False))


@EVERY_STYLE
def test_exact_questions_are_rows_and_no_trap_is(towns: dict[str, Town], style: str) -> None:
    by_text = {text: number for number, text in towns[style].rows(with_places=False)}
    for question in sheet(towns[style], 4, of_each=8):
        if question.kind == "exact":
            assert by_text[question.text] == question.want
        if question.kind in UNANSWERABLE:
            assert question.text not in by_text
        if question.want:
            assert question.control not in by_text


def test_towns_are_large_without_being_held(tmp_path: Path) -> None:
    town = STYLES["coastal"](1, 10_000_000)
    assert len(town) >= 10_000_000
    assert len(town.spellings("estate")) > 4_000
    first = list(itertools.islice(town.rows(with_places=True), 3))
    assert [len(row) for row in first] == [4, 4, 4]
    assert town.dwelling(len(town) - 1).text


def test_files_are_what_the_commands_take(towns: dict[str, Town], tmp_path: Path) -> None:
    town = towns["mixed"]
    town.write_base(tmp_path / "base.csv", with_places=True)
    town.write_divisions(tmp_path / "divisions.csv")
    write_questions(tmp_path / "queries.csv", [Question("exact", "东区1号", "R1", "东区")])
    columns = {}
    for name in ("base", "divisions", "queries"):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            columns[name] = list(csv.DictReader(file))
    assert list(columns["base"][0]) == ["source_id", "text", "lon", "lat"]
    assert columns["queries"] == [{"text": "东区1号", "want_source_id": "R1", "class": "exact"}]
    codes = {row["code"]: row for row in columns["divisions"]}
    assert all(len(code) == 12 for code in codes)
    assert all(not row["parent_code"] or row["parent_code"] in codes for row in codes.values())


def test_sure_answer_to_a_trap_is_wrong_and_lowers_precision_alone() -> None:
    questions = [Question("exact", "a", "1"), Question("exact", "b", "2"), Question("ambiguous", "c", "")]
    sure = Answer("1", 0.95, "dwelling", "a", "")
    marks = mark(
        questions, [sure, Answer("9", 0.3, "dwelling", "b", ""), sure], [Answer("", 0.0, "", "", "")] * 2
    )
    total = marks.overall
    assert (total.top1, total.precision, total.coverage) == (0.5, 0.5, 0.5)
    assert marks.control.top1 == 0.0


def test_full_text_peer_finds_what_stands_in_the_base_word_by_word(towns: dict[str, Town]) -> None:
    town = towns["lanes"]
    questions = [question for question in sheet(town, 6, of_each=10) if question.kind == "exact"]
    tally, _ = full_text(town, questions)
    assert tally.top1 == 1.0
    assert pieces("永城路38号A座") == "永 城 路 38 号 a 座"
