"""The address base finds what it must in small made-up towns of every style; it is sure only where it may."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.hostile import run
from tests.benchmarks.estates.questions import Question
from tests.benchmarks.estates.score import Answer, Marks, mark, read_answers
from tests.benchmarks.estates.sheet import sheet, write_questions
from tests.benchmarks.estates.styles import STYLES
from tests.benchmarks.estates.town import Town

SEED = 4_407
N_ROWS = 3_000
OF_EACH = 12
N_BARE = 2
"""Styles asked without coordinates and divisions too."""


def succeed(*words: object) -> None:
    result = run(*words)
    assert result.exit_code == 0, (result.output, result.exception)


def filled(folder: Path, town: Town, *, is_bare: bool) -> Path:
    """Return a city that holds a town."""
    town.write_base(folder / "base.csv", with_places=not is_bare)
    city = folder / "made-up.city"
    succeed("init", city, "--name", town.name, "--crs", "EPSG:4549")
    if not is_bare:
        town.write_divisions(folder / "divisions.csv")
        succeed("import", "divisions", folder / "divisions.csv", "--city", city)
    declared = () if is_bare else ("--crs", "wgs84")
    succeed("import", "addresses", folder / "base.csv", "--city", city, *declared)
    return city


def ask(city: Path, questions: list[Question], *, control: bool = False) -> list[Answer]:
    queries, answers = city.parent / "queries.csv", city.parent / "answers.csv"
    write_questions(queries, questions, control=control)
    succeed("geocode", "--city", city, "--input", queries, "--column", "text", "--output", answers)
    return read_answers(answers)


def examined(folder: Path, style: str, *, is_bare: bool = False) -> Marks:
    town = STYLES[style](SEED, N_ROWS)
    questions = sheet(town, SEED, of_each=OF_EACH)
    city = filled(folder, town, is_bare=is_bare)
    control = ask(city, [question for question in questions if question.want], control=True)
    return mark(questions, ask(city, questions), control)


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Marks:
    total = Marks()
    for style in STYLES:
        total = total.plus(examined(tmp_path_factory.mktemp(style), style))
    return total


def test_nineteen_of_twenty_questions_find_their_dwelling(marks: Marks) -> None:
    assert marks.overall.top1 >= 0.95


def test_written_variants_and_pinyin_find_their_dwelling(marks: Marks) -> None:
    assert marks.variants.top1 >= 0.95
    assert marks.pinyin.top1 >= 0.90


def test_sure_answers_are_right_and_most_questions_get_one(marks: Marks) -> None:
    assert marks.overall.precision >= 0.98
    assert marks.overall.coverage >= 0.70


def test_questions_without_numbers_find_no_dwelling(marks: Marks) -> None:
    assert marks.control.top1 <= 0.02


def test_standard_text_of_every_row_finds_the_row(marks: Marks) -> None:
    assert marks.by_kind["exact"].top1 == 1.0


def test_base_without_coordinates_and_divisions_answers_as_well(tmp_path: Path) -> None:
    bare = Marks()
    for style in list(STYLES)[:N_BARE]:
        (tmp_path / style).mkdir()
        bare = bare.plus(examined(tmp_path / style, style, is_bare=True))
    assert bare.overall.top1 >= 0.95
    assert bare.overall.precision >= 0.98
