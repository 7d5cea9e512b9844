"""The parser against addresses that people have tagged (evaluation only): towns, entities, speed classes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.twin.addresses.national import (
    LEVELS_OF_TAGS,
    LEVELS_TAGGED_AS,
    Tagged,
    national_gazetteer,
    tagged_addresses,
)
from twin.addresses.levels import Level
from twin.addresses.parsed import ParsedAddress
from twin.addresses.parsing import Parser

TOWN_RECALL = 0.90
WRONG_TOWNS = 0.05
MICRO_F1 = 0.80
"""A floor for the entities, so that a change which spoils a whole level is seen."""


@pytest.fixture(scope="module")
def read() -> list[tuple[Tagged, ParsedAddress]]:
    parser = Parser(national_gazetteer())
    return [(tagged, parser.parse(tagged.text)) for tagged in tagged_addresses("ncap_dev.txt.gz")]


def spans_of(parsed: ParsedAddress) -> set[tuple[Level, int, int]]:
    """Return the components as the annotators would tag them."""
    return {
        (LEVELS_TAGGED_AS.get(part.level, part.level), part.start, part.end) for part in parsed.components
    }


def tagged_spans(tagged: Tagged) -> set[tuple[Level, int, int]]:
    return {(LEVELS_OF_TAGS[tag], start, end) for tag, start, end in tagged.spans if tag in LEVELS_OF_TAGS}


def test_nine_towns_in_ten_are_found_and_few_are_made_up(read: list[tuple[Tagged, ParsedAddress]]) -> None:
    n_towns = n_found = n_read = n_wrong = 0
    for tagged, parsed in read:
        towns = {tagged.text[a:b] for tag, a, b in tagged.spans if tag == "town"}
        repeated = [tagged.text[a:b] for tag, a, b in tagged.spans if tag == "redundant"]
        values = [part for part in parsed.components if part.level == Level.SUBDISTRICT]
        said = {part.text for part in values} | {part.token for part in values}
        n_towns += len(towns)
        n_found += len(towns & said)
        n_read += len(values)
        n_wrong += sum(
            not ({part.text, part.token} & towns) and not any(part.text in again for again in repeated)
            for part in values
        )
    assert n_towns > 1_000
    assert n_found / n_towns >= TOWN_RECALL
    assert n_wrong / n_read <= WRONG_TOWNS


def test_entities_agree_with_the_annotators(read: list[tuple[Tagged, ParsedAddress]]) -> None:
    right: Counter[Level] = Counter()
    tagged_count: Counter[Level] = Counter()
    read_count: Counter[Level] = Counter()
    for tagged, parsed in read:
        wanted, found = tagged_spans(tagged), spans_of(parsed)
        right.update(level for level, _, _ in wanted & found)
        tagged_count.update(level for level, _, _ in wanted)
        read_count.update(level for level, _, _ in found)
    f1 = {level: 2 * right[level] / (tagged_count[level] + read_count[level]) for level in tagged_count}
    print({level.column: round(value, 3) for level, value in f1.items()})
    assert 2 * right.total() / (tagged_count.total() + read_count.total()) >= MICRO_F1
    assert min(f1[level] for level in (Level.CITY, Level.DISTRICT, Level.FLOOR)) >= 0.9
    assert min(f1[level] for level in (Level.ROAD, Level.NUMBER, Level.BUILDING, Level.DWELLING)) >= 0.8


def test_every_address_says_something(read: list[tuple[Tagged, ParsedAddress]]) -> None:
    silent = [tagged.text for tagged, parsed in read if not parsed.components]
    assert len(silent) <= len(read) // 1_000
