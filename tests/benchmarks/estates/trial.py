"""One trial: a made-up city in a folder of its own, filled and asked through the command line alone."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.estates.questions import Question
from tests.benchmarks.estates.score import Answer, Marks, mark, read_answers
from tests.benchmarks.estates.sheet import write_questions
from tests.benchmarks.estates.town import Town

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Cost:
    """What one command took: wall time and time of processors, s, and the most memory it held, MB."""

    seconds: float
    core_s: float
    peak_mb: float


class CommandFailedError(RuntimeError):
    """A command that must succeed did not."""


def twin(*words: object) -> Cost:
    """Run one ``twin`` command in a process of its own."""
    command = [sys.executable, "-m", "api.cli", *map(str, words)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            tail = said.read().decode(errors="replace")[-2_000:]
            raise CommandFailedError(
                f"twin {' '.join(map(str, words))} ended with {process.returncode}: {tail}"
            )
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1_024)


@dataclass(frozen=True)
class City:
    """A city that holds a made-up base."""

    folder: Path
    town: Town
    imported: Cost

    def ask(self, questions: Sequence[Question], *, control: bool = False) -> tuple[list[Answer], Cost]:
        """Return the answers to a sheet, in its order."""
        queries, answers = self.folder.parent / "queries.csv", self.folder.parent / "answers.csv"
        write_questions(queries, questions, control=control)
        return self._geocode(queries, answers)

    def _geocode(self, queries: Path, answers: Path) -> tuple[list[Answer], Cost]:
        answers.unlink(missing_ok=True)
        cost = twin(
            "geocode", "--city", self.folder, "--input", queries, "--column", "text", "--output", answers
        )
        return read_answers(answers), cost

    def ask_texts(self, texts: Sequence[str]) -> tuple[list[Answer], Cost]:
        """Return the answers to plain texts."""
        return self.ask([Question("plain", text, "") for text in texts])

    def examine(self, questions: Sequence[Question]) -> tuple[Marks, list[Answer], Cost]:
        """Return the marks of a sheet with its control, the answers, and what the sheet took."""
        answers, cost = self.ask(questions)
        control, _ = self.ask([question for question in questions if question.want], control=True)
        return mark(questions, answers, control), answers, cost


@contextmanager
def city_of(town: Town, *, with_places: bool, with_divisions: bool) -> Iterator[City]:
    """Yield a city in a temporary folder that holds a town; it goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="estates-") as name:
        folder = Path(name) / "made-up.city"
        base, divisions = Path(name) / "base.csv", Path(name) / "divisions.csv"
        town.write_base(base, with_places=with_places)
        twin("init", folder, "--name", town.name, "--crs", "EPSG:4549")
        if with_divisions:
            town.write_divisions(divisions)
            twin("import", "divisions", divisions, "--city", folder)
        declared = ("--crs", "wgs84") if with_places else ()
        cost = twin("import", "addresses", base, "--city", folder, *declared)
        yield City(folder, town, cost)


@dataclass(frozen=True)
class Speed:
    """Rows a second of one bulk run, and a second of one core, with the start of the program set apart."""

    rows_per_s: float
    rows_per_core_s: float
    start_s: float


def speed(city: City, texts: Sequence[str]) -> Speed:
    """Return how fast texts are placed: the time of the run less that of a run of one text.

    The city has been asked before, so that nothing is built or read from disk for the first time.
    """
    starts = [city.ask_texts(texts[:1])[1] for _ in range(2)]
    start_s, start_core_s = min(cost.seconds for cost in starts), min(cost.core_s for cost in starts)
    _, whole = city.ask_texts(texts)
    return Speed(
        len(texts) / max(whole.seconds - start_s, 1e-3),
        len(texts) / max(whole.core_s - start_core_s, 1e-3),
        start_s,
    )


def clean_texts(town: Town, count: int, seed: int) -> list[str]:
    """Return standard texts of so many dwellings, drawn with repetition."""
    rng = random.Random(seed)
    return [town.dwelling(rng.randrange(len(town))).text for _ in range(count)]


def read_base(path: Path) -> list[tuple[str, str]]:
    """Return source_id and text of every row of a base file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["source_id"], row["text"]) for row in csv.DictReader(file)]
