"""Names that differ by a slip or a homophone and stand at the same places (同址异名)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.addresses._pinyin import folded_syllables
from twin.addresses.assembly._groups import dense, medians, metres
from twin.addresses.likeness import Way, canonical, likeness

SAME_SPOT_M = 60.0
"""Equal building numbers of two estates within this are one building: blocks stand farther apart."""
SURE_SHARE = 0.6
"""Of the building numbers that both names have, so many must be at the same places."""
SURE_ODDS = 6.0
LEAST_ODDS = 2.0
SAME_PART_ODDS = 3.0
"""For people who review: how much likelier a number at the same place makes one address of two, and one at
another place two addresses of one. Only the order of the list hangs on it."""
HALF_ODDS_M = 300.0
"""... and how far apart the middles of two names halve the odds: about the length of a block of streets."""
SHORTEST = 3
"""Shorter names differ by one character in every second village."""
_OTHER_WAYS = {Way.STEM, Way.PINYIN, Way.INITIALS}
"""How people shorten names when they ask; two sources that write so may well mean two places."""


class Pair(NamedTuple):
    """Two names that may be one.

    Attributes
    ----------
    one, other : int
        Positions, that with fewer rows first.
    odds : float
        Of the likeness of the names alone.
    is_sound : bool
        Whether they sound alike.
    n_shared, n_near : int
        Parts that both have with a place, and how many of them are at the same place.
    distance_m : float
        Between their middles; NaN where one has no place.
    """

    one: int
    other: int
    odds: float
    is_sound: bool
    n_shared: int
    n_near: int
    distance_m: float

    @property
    def is_sure(self) -> bool:
        """Whether the parts at the same places leave no doubt."""
        needed = 1 if self.is_sound or self.odds >= SURE_ODDS else 2
        return self.n_near >= max(needed, SURE_SHARE * self.n_shared)

    @property
    def is_refuted(self) -> bool:
        """Whether equal parts stand at different places."""
        return self.n_shared >= 2 and self.n_near < (1 - SURE_SHARE) * self.n_shared

    @property
    def review_odds(self) -> float:
        """Odds of one address with all the evidence: names, equal numbers and distance."""
        n_apart = self.n_shared - self.n_near
        away = HALF_ODDS_M if np.isnan(self.distance_m) else self.distance_m
        return self.odds * SAME_PART_ODDS ** (self.n_near - n_apart) / (1.0 + away / HALF_ODDS_M)

    @property
    def why(self) -> str:
        """What speaks for one address, in Chinese and English."""
        named, alike = (
            ("名称读音相近", "sound alike") if self.is_sound else ("名称仅差一字", "differ by a slip")
        )
        if not self.n_shared:
            return f"{named}，无相同号码可比 (names {alike}; no number in common)"
        shared = f"{self.n_shared} 个相同号码中 {self.n_near} 个在同一位置"
        told = f"{self.n_near} of {self.n_shared} equal numbers at the same place"
        return f"{named}，{shared} (names {alike}; {told})"


class Parts(NamedTuple):
    """The parts of named places, such as building numbers, and where each is.

    Attributes
    ----------
    starts : ndarray of int64, shape (k + 1,)
        Where the parts of each name begin.
    token : ndarray of int64, shape (m,)
        Ascending within a name.
    lon, lat : ndarray of float64, shape (m,)
    """

    starts: NDArray[np.int64]
    token: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]


def parts_of(
    owners: NDArray[np.int64],
    n_owners: int,
    tokens: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> Parts:
    """Return the parts that rows name of their owners; rows without token or place name none."""
    rows = np.flatnonzero((tokens >= 0) & ~np.isnan(lon))
    first, labels = dense(owners[rows], tokens[rows])
    kept = rows[first]
    starts = np.searchsorted(owners[kept], np.arange(n_owners + 1))
    middle = (medians(labels, len(first), values[rows]) for values in (lon, lat))
    return Parts(starts, tokens[kept], *middle)


def similar_names(names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of different names that sound alike or are one character apart."""
    by_key: dict[object, list[int]] = {}
    for position, name in enumerate(names):
        plain = canonical(name)
        if len(plain) < SHORTEST:
            continue
        keys: set[object] = {plain, folded_syllables(plain)}
        keys.update(plain[:cut] + plain[cut + 1 :] for cut in range(len(plain)))
        keys.update(
            plain[:cut] + plain[cut + 1] + plain[cut] + plain[cut + 2 :] for cut in range(len(plain) - 1)
        )
        for key in keys:
            by_key.setdefault(key, []).append(position)
    pairs = {
        (one, other)
        for places in by_key.values()
        if 1 < len(places) <= 50
        for number, other in enumerate(places)
        for one in places[:number]
        if names[one] != names[other]
    }
    return sorted(pairs)


def weigh(
    names: Sequence[str],
    count: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    parts: Parts,
    pairs: Sequence[tuple[int, int]],
) -> list[Pair]:
    """Return what speaks for each pair of positions; pairs whose names are too unlike are left out."""
    weighed = []
    for one, other in pairs:
        one, other = sorted((one, other), key=lambda place: (count[place], names[place], place))
        both = likeness(names[one], names[other]), likeness(names[other], names[one])
        found = max(filter(None, both), key=lambda each: each.odds, default=None)
        if found is None or found.odds < LEAST_ODDS or found.way in _OTHER_WAYS:
            continue
        n_shared, n_near = _at_same_places(parts, one, other)
        here = (values[[place]] for place in (one, other) for values in (lon, lat))
        away = float(metres(*here)[0])
        is_sound = found.way in {Way.EXACT, Way.SOUND, Way.NEAR_SOUND}
        weighed.append(Pair(one, other, found.odds, is_sound, n_shared, n_near, away))
    return weighed


def _at_same_places(parts: Parts, one: int, other: int) -> tuple[int, int]:
    """Return how many parts two names share, and how many of those are at the same place."""
    first = slice(parts.starts[one], parts.starts[one + 1])
    second = slice(parts.starts[other], parts.starts[other + 1])
    _, here, there = np.intersect1d(parts.token[first], parts.token[second], return_indices=True)
    away = metres(
        parts.lon[first][here], parts.lat[first][here], parts.lon[second][there], parts.lat[second][there]
    )
    return len(here), int(np.count_nonzero(away <= SAME_SPOT_M))
