"""What one gets without taking addresses apart: likeness over all texts, and a full-text index of them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

import tantivy
from rapidfuzz import fuzz, process

from tests.benchmarks.estates.questions import Question
from tests.benchmarks.estates.score import Answer, Tally
from tests.benchmarks.estates.town import Town

_PIECES = re.compile(r"[0-9]+|[a-z]+|[\u3400-\u9fff]", re.IGNORECASE)


def likeness(town: Town, questions: Sequence[Question]) -> tuple[Tally, float]:
    """Return the tally and rows a second of rapidfuzz's weighted ratio against every text of the base."""
    rows = list(town.rows(with_places=False))
    texts = [row[1] for row in rows]
    tally = Tally()
    start = time.perf_counter()
    for question in questions:
        _, score, place = process.extractOne(question.text, texts, scorer=fuzz.WRatio)
        tally.add(question, Answer(rows[place][0], score / 100, "", texts[place], ""))
    return tally, len(questions) / (time.perf_counter() - start)


def full_text(town: Town, questions: Sequence[Question]) -> tuple[Tally, float]:
    """Return the tally and rows a second of a tantivy index of characters and whole numbers (BM25).

    Its scores have no ceiling, so no answer counts as sure.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="whitespace")
    builder.add_text_field("row", stored=True, tokenizer_name="raw")
    index = tantivy.Index(builder.build())
    writer = index.writer(100_000_000, 1)
    for row in town.rows(with_places=False):
        writer.add_document(tantivy.Document(text=pieces(row[1]), row=row[0]))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    tally = Tally()
    start = time.perf_counter()
    for question in questions:
        said = pieces(question.text)
        hits = searcher.search(index.parse_query(said, ["text"]), 1).hits if said else []
        found = str(searcher.doc(hits[0][1])["row"][0]) if hits else ""
        tally.add(question, Answer(found, 0.0, "", found, ""))
    return tally, len(questions) / (time.perf_counter() - start)


def pieces(text: str) -> str:
    """Return the characters and numbers of a text apart by blanks."""
    return " ".join(_PIECES.findall(text)).lower()
