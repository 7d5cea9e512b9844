"""How well and fast the address base answers on made-up towns of six styles, through the command line."""

from __future__ import annotations

from tests.benchmarks.estates.peers import full_text, likeness
from tests.benchmarks.estates.questions import Question
from tests.benchmarks.estates.score import Marks, Tally
from tests.benchmarks.estates.sheet import sheet
from tests.benchmarks.estates.styles import STYLES
from tests.benchmarks.estates.town import Town
from tests.benchmarks.estates.trial import City, Speed, city_of, clean_texts, speed
from tests.benchmarks.table import Row

SEED = 20_261
N_ROWS = 100_000
OF_EACH = 60
N_CLEAN = 50_000
N_PEER_QUESTIONS = 60
FUZZY = ("typo_wrong", "typo_missing", "typo_extra", "typo_swapped", "homophone", "fuzzy_sound")


def run() -> list[Row]:
    """Return top-1, sureness and speed over all styles, beside likeness and full text over whole texts."""
    rows: list[Row] = []
    full, bare, alike, words = Marks(), Marks(), Tally(), Tally()
    speeds: list[tuple[Speed, Speed]] = []
    alike_rows_per_s: list[float] = []
    for style, make in STYLES.items():
        town = make(SEED, N_ROWS)
        questions = sheet(town, SEED, of_each=OF_EACH)
        with city_of(town, with_places=True, with_divisions=True) as city:
            marks, _, _ = city.examine(questions)
            speeds.append(_speeds(city, questions))
        full = full.plus(marks)
        with city_of(town, with_places=False, with_divisions=False) as city:
            bare = bare.plus(city.examine(questions[::2])[0])
        tally, rows_per_s = likeness(town, _few(questions))
        alike_rows_per_s.append(rows_per_s)
        alike, words = alike.plus(tally), words.plus(full_text(town, _few(questions))[0])
        rows.append(
            _against(f"{style}: top-1 of {marks.overall.answerable:,}", marks.overall.top1, tally.top1)
        )
    rows += _reached(full, alike, words)
    rows += _reached_bare(bare, full)
    return [*rows, *_paces(speeds, alike_rows_per_s)]


def _speeds(city: City, questions: list[Question]) -> tuple[Speed, Speed]:
    town: Town = city.town
    fuzzy = [question.text for question in questions if question.kind in FUZZY]
    return speed(city, clean_texts(town, N_CLEAN, SEED)), speed(city, fuzzy)


def _few(questions: list[Question]) -> list[Question]:
    """Return some of the questions: going through every text takes a tenth of a second each."""
    answerable = [question for question in questions if question.want]
    return answerable[:: max(1, len(answerable) // N_PEER_QUESTIONS)]


def _against(name: str, ours: float, peer: float) -> Row:
    return Row(
        name, ours, "", "rapidfuzz WRatio, all texts", peer, ours / max(peer, 1e-9), ">= 0.95", ours >= 0.95
    )


def _reached(full: Marks, alike: Tally, words: Tally) -> list[Row]:
    """Return the lines that must be reached, with coordinates and divisions."""
    top1, sure = full.overall.top1, full.overall
    return [
        Row(
            f"all styles: top-1 of {full.overall.answerable:,}",
            top1,
            "",
            "tantivy BM25, all texts",
            words.top1,
            top1 / max(words.top1, 1e-9),
            ">= 0.95",
            top1 >= 0.95,
        ),
        _against("all styles: the same beside likeness", top1, alike.top1),
        _at_least("all styles: written variants, top-1", full.variants.top1, 0.95),
        _at_least("all styles: pinyin, top-1", full.pinyin.top1, 0.90),
        _at_least(f"right of {sure.sure:,} sure answers (score >= 0.9)", sure.precision, 0.98),
        _at_least("answered right and sure", sure.coverage, 0.70),
        _at_least("whole buildings and estates, right", full.wholes.top1, 0.95),
        _at_most("control: without building, unit, room, top-1", full.control.top1, 0.02),
    ]


def _reached_bare(bare: Marks, full: Marks) -> list[Row]:
    """Return the same without coordinates and divisions, beside the answers with them."""
    name = "bare base (no coordinates, no divisions)"
    ratio = bare.overall.top1 / full.overall.top1
    return [
        Row(
            f"{name}: top-1",
            bare.overall.top1,
            "",
            "with both",
            full.overall.top1,
            ratio,
            ">= 0.95",
            bare.overall.top1 >= 0.95,
        ),
        _at_least(f"{name}: right of sure", bare.overall.precision, 0.98),
        _at_least(f"{name}: right and sure", bare.overall.coverage, 0.70),
    ]


def _paces(speeds: list[tuple[Speed, Speed]], alike_rows_per_s: list[float]) -> list[Row]:
    clean = min(one.rows_per_s for one, _ in speeds)
    fuzzy = min(one.rows_per_core_s for _, one in speeds)
    peer = sum(alike_rows_per_s) / len(alike_rows_per_s)
    alike = "rapidfuzz WRatio, all texts"
    return [
        Row(
            "clean rows, slowest style",
            clean,
            "rows/s",
            alike,
            peer,
            clean / peer,
            ">= 5,000",
            clean >= 5_000,
        ),
        Row(
            "misspelled rows, slowest style, one core",
            fuzzy,
            "rows/s",
            alike,
            peer,
            fuzzy / peer,
            ">= 200",
            fuzzy >= 200,
        ),
    ]


def _at_least(name: str, measured: float, wanted: float) -> Row:
    return Row(name, measured, "", target=f">= {wanted:g}", ok=measured >= wanted)


def _at_most(name: str, measured: float, allowed: float) -> Row:
    return Row(name, measured, "", target=f"<= {allowed:g}", ok=measured <= allowed)
