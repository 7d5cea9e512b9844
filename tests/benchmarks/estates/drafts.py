"""A question before it is worded: which dwelling, which of its names are said, and whether that is enough."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import OSA

from tests.benchmarks.estates.sounds import fuzzy_reading, initials, reading
from tests.benchmarks.estates.town import NAMES, Block, Dwelling, Town

COMPANIONS = {"estate": ("phase",), "road": ("number", "zone"), "community": ("group",), "hamlet": ("group",)}
"""Names that are said along with another, because it says little without them."""
DIVISIONS = ("province", "city", "district", "subdistrict", "community")

Rival = Callable[[str, str], bool]
"""Whether a name may be what a spelling means."""


def target_of(block: Block) -> str:
    """Return the name by which people know a block."""
    return next(name for name in ("estate", "road", "hamlet", "community") if name in block.names)


@dataclass(frozen=True)
class Draft:
    """A dwelling, the names of it that are said, and its labels that are said."""

    town: Town
    dwelling: Dwelling
    said: tuple[str, ...]
    labels: Mapping[str, str]

    @property
    def block(self) -> Block:
        return self.dwelling.block

    @cached_property
    def target(self) -> str:
        return target_of(self.block)

    def name(self, field: str) -> str:
        """Return a name of the dwelling, empty where it has none."""
        return self.block.names.get(field, "")

    def head(self, replaced: Mapping[str, str] | None = None) -> str:
        """Return the names said, in the order of the text, some of them spelled otherwise."""
        return "".join((replaced or {}).get(field, self.name(field)) for field in NAMES if field in self.said)

    def names(self, *, without: str = "") -> dict[str, frozenset[str]]:
        """Return what a dwelling that is meant must be called."""
        return {
            field: frozenset({self.name(field)})
            for field in self.said
            if field != without and self.name(field)
        }

    def count(self, changes: Mapping[str, frozenset[str]] | None = None, *, without: str = "") -> int:
        """Return how many dwellings of the town the draft may mean."""
        return self.town.count({**self.names(without=without), **(changes or {})}, self.labels)

    def is_certain(self) -> bool:
        """Whether the names and labels said mean this dwelling alone."""
        return self.count() == 1

    def is_certain_as(self, field: str, spelling: str, may_mean: Rival) -> bool:
        """Whether it still means this dwelling alone when one name is spelled otherwise."""
        if not self.is_certain() or self.is_a_name(spelling):
            return False
        if self.count(without=field) == 1:
            return True
        rivals = self.rivals(field, spelling, may_mean)
        return not rivals or self.count({field: rivals}) == 0

    def rivals(self, field: str, spelling: str, may_mean: Rival) -> frozenset[str]:
        """Return the other names of the town that a spelling may mean."""
        own = self.name(field)
        return frozenset(
            name for name in self.town.spellings(field) if name != own and may_mean(name, spelling)
        )

    def is_a_name(self, spelling: str) -> bool:
        """Whether anything in the town is really called so."""
        return any(spelling in self.town.spellings(field) for field in NAMES)

    def saying(self, *fields: str) -> Draft:
        """Return the draft with these names said, as far as the dwelling has them."""
        said = tuple(field for field in NAMES if field in fields and self.name(field))
        return Draft(self.town, self.dwelling, said, self.labels)

    def without_labels(self, *rungs: str) -> Draft:
        """Return the draft with some labels left unsaid."""
        labels = {rung: label for rung, label in self.labels.items() if rung not in rungs}
        return Draft(self.town, self.dwelling, self.said, labels)


def draft(town: Town, rng: random.Random) -> Draft:
    """Return all that is known of a dwelling; half are drawn by block, so that small ones come too."""
    if rng.random() < 0.5:
        position = rng.randrange(len(town))
    else:
        position = town.position_in(rng.randrange(len(town.blocks)), rng.random())
    dwelling = town.dwelling(position)
    return Draft(
        town, dwelling, tuple(field for field in NAMES if field in dwelling.block.names), dwelling.labels
    )


def tight(one: Draft) -> Draft:
    """Return the draft with only the name that people know the place by, and what belongs to it."""
    return one.saying(one.target, *COMPANIONS[one.target])


def in_context(one: Draft, rng: random.Random) -> Draft:
    """Return the draft with as much of what lies above as people say: nothing, the road, or a division."""
    if rng.random() < 0.4:
        return tight(one)
    below = [field for field in one.said if field not in DIVISIONS or field == one.target]
    above = [field for field in one.said if field in DIVISIONS]
    first = rng.randint(0, len(above))
    return one.saying(*above[first:], *below)


def looks_alike(name: str, spelling: str) -> bool:
    """Whether a name is one slip away from a spelling, or sounds as it."""
    return OSA.distance(name, spelling, score_cutoff=1) <= 1 or reading(name) == reading(spelling)


def sounds_nearly_alike(name: str, spelling: str) -> bool:
    """Whether a name may be what was heard, or is one slip away."""
    is_near = OSA.distance(name, spelling, score_cutoff=1) <= 1
    return is_near or fuzzy_reading(name) == fuzzy_reading(spelling)


def sounds_alike(name: str, spelling: str) -> bool:
    """Whether a name and a spelling are typed with the same letters."""
    return "".join(reading(name)) == "".join(reading(spelling))


def begins_alike(name: str, spelling: str) -> bool:
    """Whether the syllables of a name and of a spelling begin with the same letters."""
    return initials(name) == initials(spelling)
