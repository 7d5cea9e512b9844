"""Where the numbers of a text lead from a place that its names may mean, and what speaks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.addresses._descent import Descent, Landing, Step
from twin.addresses._placing import Placed, placed
from twin.addresses._query import Query, Segment
from twin.addresses.book import AddressBook
from twin.addresses.levels import Level
from twin.addresses.likeness import EXACT_ODDS
from twin.addresses.past import Names
from twin.addresses.scoring import (
    AGREES,
    CONTRADICTS,
    FOUND_FACTOR,
    LACKING_MOST,
    MISSING_FACTOR,
    UNKNOWN,
    Anchor,
    Candidate,
)

MAX_TIED = 100


class Weigher:
    """Weighs the places of one book as one caller sees it."""

    def __init__(self, book: AddressBook, descent: Descent) -> None:
        self._book, self._descent = book, descent
        self._has_divisions = bool((book.levels <= Level.COMMUNITY).any())
        self.then: Names = {}

    def candidate(self, anchor: Anchor, query: Query) -> Candidate:
        """Return where the numbers of a query lead from an anchor."""
        level, start = int(self._book.levels[anchor.node]), query.segments[anchor.segment].start
        steps, odds, wrong = list[Step](), anchor.odds, None
        n_buildings = sum(step.level == Level.BUILDING for step in query.steps)
        has_witness, unsettled = False, None
        for step in query.steps:
            if step.level in (Level.NUMBER, Level.BUILDING) and level > Level.NUMBER:
                numbers = self._descent.numbers_of(anchor.node)
                is_number = step.level == Level.NUMBER or step.start < start or n_buildings > 1
                if is_number and self._book.token_id(step.token) in numbers:
                    odds *= AGREES[Level.NUMBER]
                    has_witness = True
                    continue
                if step.start < start:
                    odds *= CONTRADICTS[Level.NUMBER] if numbers else UNKNOWN
                    wrong, unsettled = (step, unsettled) if numbers else (wrong, step)
                    continue
            elif (
                step.level == Level.GROUP and level > Level.GROUP and not self._holds_group(anchor.node, step)
            ):
                if not self._is_of_group(anchor.node, step):
                    odds *= CONTRADICTS[Level.HAMLET]
                    wrong = step
                continue
            steps.append(step)
        landing = self._descent.land(anchor.node, steps)
        has_witness |= len(landing.nodes) > 1 or int(landing.nodes[0]) != anchor.node
        if any(step.is_lane for step in steps) and self._descent.is_house(int(landing.nodes[0])):
            # Not the other way round: of a lane 56弄 people say 56号.
            wrong = next(step for step in steps if step.is_lane)
        landing, place = self._placed(landing, anchor)
        if place.refuted is not None and place.refuted not in anchor.others:
            odds *= CONTRADICTS[place.refuted.level or Level.COMMUNITY]
        candidate = Candidate(
            anchor,
            landing,
            odds,
            wrong if has_witness else wrong or unsettled,
            has_witness,
            self._unplaced(place, has_witness=has_witness),
            () if place.refuted is None or place.refuted in anchor.others else (place.refuted,),
        )
        odds *= landing.factor
        if anchor.lacking:
            odds *= LACKING_MOST / (odds + EXACT_ODDS)
        elif not candidate.is_complete:
            odds *= MISSING_FACTOR
        elif steps:
            odds *= FOUND_FACTOR
        return replace(candidate, odds=odds)

    def _is_of_group(self, node: int, step: Step) -> bool:
        book, token = self._book, self._book.token_id(step.token)
        return any(book.levels[one] == Level.GROUP and book.tokens[one] == token for one in book.chain(node))

    def _holds_group(self, node: int, step: Step) -> bool:
        token = self._book.token_id(step.token)
        return token >= 0 and len(self._descent.find(np.array([node]), Level.GROUP, token)) > 0

    def _placed(self, landing: Landing, anchor: Anchor) -> tuple[Landing, Placed]:
        """Return how a landing lies to the divisions that were said; of several places those that do."""
        if not anchor.named:
            return landing, Placed()
        nodes = landing.nodes[:MAX_TIED]
        places = [placed(self._book, node, anchor.named, self.then) for node in nodes.tolist()]
        fits = [place.refuted is None for place in places]
        if any(fits) and not all(fits) and len(nodes) == len(landing.nodes):
            return replace(landing, nodes=nodes[np.array(fits)]), places[fits.index(True)]
        return landing, places[fits.index(True)] if any(fits) else places[0]

    def _unplaced(self, place: Placed, *, has_witness: bool) -> tuple[Segment, ...]:
        """Return the divisions that were said and that a place is not known to lie in, where this matters."""
        is_enough = has_witness and (place.is_known or not self._has_divisions)
        return () if is_enough else place.unknown
