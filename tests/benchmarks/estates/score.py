"""What answers are worth: how many are right, how many say they are sure, how many of those are right."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.estates.questions import ANSWERABLE, Question
from tests.benchmarks.estates.wholes import WHOLE

SURE = 0.9
"""An answer with at least this score may be acted on."""
VARIANTS = ("variant_numerals", "variant_words", "variant_width", "shorthand")
PINYIN = ("pinyin_full", "pinyin_blanks", "pinyin_initials", "pinyin_mixed")


@dataclass(frozen=True)
class Answer:
    """One row that ``twin geocode`` wrote."""

    source_id: str
    score: float
    level: str
    text: str
    reason: str


def read_answers(path: Path) -> list[Answer]:
    """Return the answers of a file in its order; a missing score counts as 0."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            Answer(
                row.get("source_id") or "",
                float(row.get("score") or 0),
                row.get("level") or "",
                row.get("standard_text") or "",
                row.get("reason") or "",
            )
            for row in csv.DictReader(file)
        ]


@dataclass
class Tally:
    """Counts over the questions of one class or several."""

    asked: int = 0
    answerable: int = 0
    right: int = 0
    sure: int = 0
    sure_and_right: int = 0

    def add(self, question: Question, answer: Answer) -> None:
        """Count one answer; one to a question without a certain answer can only be wrong."""
        is_right = is_answered(question, answer)
        is_sure = answer.score >= SURE and bool(answer.text or answer.source_id)
        self.asked += 1
        self.answerable += bool(question.want or question.ends)
        self.right += is_right
        self.sure += is_sure
        self.sure_and_right += is_sure and is_right

    def plus(self, other: Tally) -> Tally:
        """Return the counts of both."""
        return Tally(
            self.asked + other.asked,
            self.answerable + other.answerable,
            self.right + other.right,
            self.sure + other.sure,
            self.sure_and_right + other.sure_and_right,
        )

    @property
    def top1(self) -> float:
        """Share of the answerable questions whose first answer is right."""
        return self.right / self.answerable if self.answerable else float("nan")

    @property
    def coverage(self) -> float:
        """Share of the answerable questions that are answered right and for sure."""
        return self.sure_and_right / self.answerable if self.answerable else float("nan")

    @property
    def precision(self) -> float:
        """Share of the sure answers that are right."""
        return self.sure_and_right / self.sure if self.sure else float("nan")


@dataclass
class Marks:
    """The tallies of a sheet by class, and of its control."""

    by_kind: dict[str, Tally] = field(default_factory=dict)
    control: Tally = field(default_factory=Tally)

    def over(self, kinds: Iterable[str]) -> Tally:
        """Return the counts of several classes together."""
        total = Tally()
        for kind in kinds:
            total = total.plus(self.by_kind.get(kind, Tally()))
        return total

    def plus(self, other: Marks) -> Marks:
        """Return the counts of two sheets."""
        kinds = list(dict.fromkeys([*self.by_kind, *other.by_kind]))
        both = {
            kind: self.by_kind.get(kind, Tally()).plus(other.by_kind.get(kind, Tally())) for kind in kinds
        }
        return Marks(both, self.control.plus(other.control))

    @property
    def overall(self) -> Tally:
        """The counts of all questions for single dwellings, with and without a certain answer."""
        return self.over(kind for kind in self.by_kind if kind not in WHOLE)

    @property
    def wholes(self) -> Tally:
        return self.over(WHOLE)

    @property
    def variants(self) -> Tally:
        return self.over(VARIANTS)

    @property
    def pinyin(self) -> Tally:
        return self.over(PINYIN)


def mark(questions: Sequence[Question], answers: Sequence[Answer], control: Sequence[Answer] = ()) -> Marks:
    """Return the marks of the answers to a sheet, and of those to the same questions without numbers."""
    marks = Marks()
    for question, answer in zip(questions, answers, strict=True):
        marks.by_kind.setdefault(question.kind, Tally()).add(question, answer)
    answerable = [question for question in questions if question.want]
    if control:
        for question, answer in zip(answerable, control, strict=True):
            marks.control.add(question, answer)
    return marks


def is_failure(question: Question, answer: Answer) -> bool:
    """Whether an answer is wrong, or sure where nobody can be."""
    if question.want or question.ends:
        return not is_answered(question, answer)
    return answer.score >= SURE


def is_answered(question: Question, answer: Answer) -> bool:
    """Whether an answer is the dwelling, building or estate that was asked for."""
    if question.ends:
        return answer.text.endswith(question.ends)
    return bool(question.want) and answer.source_id == question.want


def order_of(kind: str) -> int:
    """Return where a class stands in tables: answerable ones first."""
    kinds = list(ANSWERABLE)
    return kinds.index(kind) if kind in kinds else len(kinds)
