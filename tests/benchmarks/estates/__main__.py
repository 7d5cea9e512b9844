"""Draw towns, fill cities, ask, and print how well and how fast the answers come."""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.estates.peers import full_text, likeness
from tests.benchmarks.estates.questions import ANSWERABLE, Question
from tests.benchmarks.estates.score import Answer, Marks, Tally, is_failure, order_of
from tests.benchmarks.estates.sheet import sheet, write_questions
from tests.benchmarks.estates.styles import STYLES
from tests.benchmarks.estates.town import Town
from tests.benchmarks.estates.trial import City, city_of, clean_texts, speed

FUZZY = ("typo_wrong", "typo_missing", "typo_extra", "typo_swapped", "homophone", "fuzzy_sound")
N_CLEAN = 100_000
N_PEER_QUESTIONS = 200


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.estates", description=__doc__)
    parser.add_argument("styles", nargs="*", default=list(STYLES), metavar="STYLE", help=", ".join(STYLES))
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=100, help="questions of each class and style")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--no-places", action="store_true", help="the base has no coordinates")
    parser.add_argument("--no-divisions", action="store_true", help="no divisions are imported before")
    parser.add_argument("--peers", action="store_true", help="ask rapidfuzz and tantivy alone too")
    parser.add_argument("--speed", action="store_true", help="time clean and fuzzy rows apart")
    parser.add_argument("--failures", type=Path, help="CSV of every wrong answer")
    parser.add_argument("--files", type=Path, help="only write base, divisions and queries to this folder")
    return parser.parse_args()


def main() -> None:
    """Run the trials that were asked for."""
    wanted = options()
    print(f"seed {wanted.seed}, {wanted.rows:,} rows a style, {wanted.each} questions a class")
    total = Marks()
    failures: list[tuple[str, Question, Answer]] = []
    for style in wanted.styles:
        town = STYLES[style](wanted.seed, wanted.rows)
        questions = sheet(town, wanted.seed, of_each=wanted.each)
        if wanted.files:
            _write_files(wanted.files / style, town, questions, with_places=not wanted.no_places)
            continue
        with city_of(town, with_places=not wanted.no_places, with_divisions=not wanted.no_divisions) as city:
            marks, answers, cost = city.examine(questions)
            imported = city.imported
            print(f"\n== {style}: {len(town):,} rows in {len(town.blocks):,} blocks")
            print(
                f"   import {imported.seconds:.1f} s, {imported.peak_mb:,.0f} MB; "
                f"{len(questions):,} questions {cost.seconds:.1f} s, {cost.peak_mb:,.0f} MB"
            )
            if wanted.speed:
                _print_speeds(city, questions, wanted.seed)
        _print_marks(marks)
        if wanted.peers:
            _print_peers(city, questions)
        total = total.plus(marks)
        pairs = zip(questions, answers, strict=True)
        failures += [(style, *pair) for pair in pairs if is_failure(*pair)]
        if wanted.failures:
            _write_failures(wanted.failures, failures)
    if len(wanted.styles) > 1 and not wanted.files:
        print("\n== all styles")
        _print_marks(total)


def _write_files(folder: Path, town: Town, questions: Sequence[Question], *, with_places: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    town.write_base(folder / "base.csv", with_places=with_places)
    town.write_divisions(folder / "divisions.csv")
    write_questions(folder / "queries.csv", questions)
    write_questions(folder / "control.csv", [one for one in questions if one.want], control=True)


def _print_speeds(city: City, questions: Sequence[Question], seed: int) -> None:
    clean = speed(city, clean_texts(city.town, N_CLEAN, seed))
    fuzzy = speed(city, [question.text for question in questions if question.kind in FUZZY])
    for name, one in (("clean", clean), ("misspelled", fuzzy)):
        print(f"   {one.rows_per_s:,.0f} {name} rows/s, {one.rows_per_core_s:,.0f} a core-second")
    print(f"   {clean.start_s:.1f} s to start")


def _print_peers(city: City, questions: Sequence[Question]) -> None:
    answerable = [question for question in questions if question.want]
    few = answerable[:: max(1, len(answerable) // N_PEER_QUESTIONS)]
    for name, ask in (("rapidfuzz over all texts", likeness), ("tantivy over all texts", full_text)):
        tally, rows_per_s = ask(city.town, few)
        print(f"   {name}: top-1 {tally.top1:.3f}, {rows_per_s:,.1f} rows/s on {len(few)} of the questions")


def _print_marks(marks: Marks) -> None:
    print(f"   {'class':<18} {'n':>5} {'top-1':>7} {'>= 0.9':>7} {'right of those':>15}")
    for kind in sorted(marks.by_kind, key=order_of):
        _print_line(kind, marks.by_kind[kind])
    answerable = marks.over(ANSWERABLE)
    _print_line("answerable", answerable)
    _print_line("everything", marks.overall)
    _print_line("wholes", marks.wholes)
    overall, sure = marks.overall, marks.overall.precision
    print(f"   top-1 {overall.top1:.3f} (>= 0.95), variants {marks.variants.top1:.3f} (>= 0.95),", end=" ")
    print(f"pinyin {marks.pinyin.top1:.3f} (>= 0.90), precision at 0.9 {sure:.4f} (>= 0.98),", end=" ")
    print(
        f"coverage at 0.9 {overall.coverage:.3f} (>= 0.70), control {marks.control.top1:.3f} (near 0)",
        flush=True,
    )


def _print_line(name: str, tally: Tally) -> None:
    top1 = f"{tally.top1:.3f}" if tally.answerable else "-"
    precision = f"{tally.precision:.3f}" if tally.sure else "-"
    print(
        f"   {name:<18} {tally.asked:>5} {top1:>7} {tally.sure / max(tally.asked, 1):>7.3f} {precision:>15}"
    )


def _write_failures(path: Path, failures: Sequence[tuple[str, Question, Answer]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("style", "class", "text", "want", "got", "score", "level", "standard_text", "reason")
        )
        for style, question, answer in failures:
            got = (answer.source_id, f"{answer.score:.3f}", answer.level, answer.text, answer.reason)
            writer.writerow((style, question.kind, question.text, question.want, *got))


if __name__ == "__main__":
    main()
