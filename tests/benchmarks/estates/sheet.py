"""A sheet of questions about one town: so many of each class, and its CSV file."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.estates.questions import ANSWERABLE, Question
from tests.benchmarks.estates.town import Town
from tests.benchmarks.estates.traps import UNANSWERABLE
from tests.benchmarks.estates.wholes import WHOLE

TRIES = 60
"""Dwellings drawn for each question wanted, before a class is left short: not every town has every trap."""


def sheet(town: Town, seed: int, *, of_each: int) -> list[Question]:
    """Return questions of every class, no text twice within a class."""
    questions: list[Question] = []
    for kind, ask in {**ANSWERABLE, **UNANSWERABLE, **WHOLE}.items():
        rng = random.Random(f"{town.style} {kind} {seed}")
        found: dict[str, Question] = {}
        for _ in range(TRIES * of_each):
            question = ask(town, rng)
            if question is not None:
                found.setdefault(question.text, question)
            if len(found) == of_each:
                break
        questions += found.values()
    return questions


def write_questions(path: Path, questions: Sequence[Question], *, control: bool = False) -> None:
    """Write queries.csv: text, want_source_id, class; with ``control`` without building, unit and room."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "want_source_id", "class"))
        for question in questions:
            writer.writerow((question.control if control else question.text, question.want, question.kind))
