"""Questions for a whole estate or building: the answer is that place, not one of its dwellings."""

from __future__ import annotations

import random

from tests.benchmarks.estates import wording
from tests.benchmarks.estates.drafts import Draft, draft, in_context
from tests.benchmarks.estates.questions import Ask, Question
from tests.benchmarks.estates.town import Town


def whole_building(town: Town, rng: random.Random) -> Question | None:
    """Ask for a building."""
    one = in_context(draft(town, rng), rng)
    building = one.labels.get("building", "")
    words = one.block.words
    if (
        one.block.spell
        or one.target != "estate"
        or not building
        or _blocks_with(one, {"building": building}) != 1
    ):
        return None
    tail = rng.choice((building + words["building"], wording.number(building) + words["building"]))
    name = one.name("estate") + one.name("phase") + building + words["building"]
    return Question("whole_building", one.head() + tail, "", ends=name)


def whole_estate(town: Town, rng: random.Random) -> Question | None:
    """Ask for an estate."""
    one = in_context(draft(town, rng), rng)
    if one.target != "estate" or _blocks_with(one, {}) != 1:
        return None
    return Question("whole_estate", one.head(), "", ends=one.name("estate") + one.name("phase"))


def _blocks_with(one: Draft, labels: dict[str, str]) -> int:
    """Return how many blocks of the names said have these labels."""
    return sum(
        all(block.names.get(field) == one.name(field) for field in one.said)
        and block.layout.count(labels) > 0
        for block in one.town.blocks
    )


WHOLE: dict[str, Ask] = {"whole_building": whole_building, "whole_estate": whole_estate}
