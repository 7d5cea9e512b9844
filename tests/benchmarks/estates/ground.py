"""What every style of town is built on: its divisions with their codes, roads with free numbers, flats."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.estates.names import distinct, plain, road
from tests.benchmarks.estates.town import Block, Flats

MIDDLE = (120.35, 29.05)
"""Lon, lat about which every made-up town lies."""
COMMUNITY_STEP_DEG = 0.008
SMALL_ESTATE = 500
"""Below so many dwellings an estate has low houses alone, else it would be one tower."""


@dataclass(frozen=True)
class Community:
    """One community with the divisions above it, its middle, and the roads that run through it."""

    names: dict[str, str]
    lon: float
    lat: float
    roads: tuple[str, ...]


@dataclass
class Ground:
    """The divisions of a town, and which numbers of its roads are taken."""

    communities: list[Community]
    divisions: tuple[tuple[str, str, int, str], ...]
    last_number: dict[tuple[str, str], int] = field(default_factory=dict)

    def next_number(self, district: str, name: str, rng: random.Random) -> str:
        """Return a number of a road that no one has had yet."""
        key = (district, name)
        last = self.last_number.get(key) or rng.randint(1, 300)
        self.last_number[key] = last + rng.choice((1, 2, 2, 3, 4, 6, 11))
        return str(self.last_number[key])


@dataclass(frozen=True)
class Kinds:
    """How the divisions of a style are called."""

    city: str
    code: str
    districts: tuple[str, ...]
    subdistricts: tuple[str, ...]
    communities: tuple[str, ...]
    has_city: bool = True


def ground(kinds: Kinds, n_communities: int, rng: random.Random, *, n_districts: int = 2) -> Ground:
    """Return about so many communities, six to a subdistrict, shared out among the districts."""
    n_subdistricts = max(n_districts, -(-n_communities // 6))
    districts = distinct(n_districts, plain(*kinds.districts), rng)
    subdistricts = distinct(n_subdistricts, plain(*kinds.subdistricts), rng)
    names = distinct(6 * n_subdistricts, plain(*kinds.communities), rng)
    roads = distinct(max(12, 8 * n_subdistricts), road, rng)
    city_code = f"{kinds.code}00000000"
    rows = [(city_code, kinds.city, 1, "")]
    codes = [f"{kinds.code}{place + 1:02d}000000" for place in range(n_districts)]
    rows += [(code, name, 2, city_code) for code, name in zip(codes, districts, strict=True)]
    communities: list[Community] = []
    for place, subdistrict in enumerate(subdistricts):
        of = place % n_districts
        code = f"{codes[of][:6]}{place // n_districts + 1:03d}000"
        rows.append((code, subdistrict, 3, codes[of]))
        ways = tuple(roads[8 * place : 8 * place + 8] or roads[:8])
        for number in range(6):
            name = names[6 * place + number]
            rows.append((f"{code[:9]}{number + 1:03d}", name, 4, code))
            above = {"district": districts[of], "subdistrict": subdistrict, "community": name}
            if kinds.has_city:
                above = {"city": kinds.city, **above}
            row, column = divmod(len(communities), max(6, int((6 * n_subdistricts) ** 0.5)))
            lon = MIDDLE[0] + column * COMMUNITY_STEP_DEG
            communities.append(Community(above, lon, MIDDLE[1] + row * COMMUNITY_STEP_DEG, ways))
    return Ground(communities, tuple(rows))


def flats(
    size: int, rng: random.Random, *, has_units: bool = True, first: int = 1, letters: bool = False
) -> Flats:
    """Return about so many dwellings in buildings alike but for the number of their units."""
    floors = rng.choice((5, 6)) if size < SMALL_ESTATE else rng.choice((6, 6, 7, 11, 17, 18, 26))
    doors = rng.choice((2, 2, 3, 4))
    most = rng.choice((1, 2, 2, 3)) if has_units else 0
    buildings: list[str] = []
    units: list[int] = []
    total = 0
    while total < 0.9 * size:
        n_units = rng.randint(1, most) if most else 0
        place = first + len(buildings)
        buildings.append(chr(64 + place) if letters and place <= 26 else str(place))
        units.append(n_units)
        total += max(n_units, 1) * floors * doors
    return Flats(tuple(buildings), tuple(units), floors, doors, continues=rng.random() < 0.3)


def near(community: Community, rng: random.Random) -> tuple[float, float]:
    """Return a place in a community for the first building of a block."""
    reach = 0.4 * COMMUNITY_STEP_DEG
    return community.lon + rng.uniform(-reach, reach), community.lat + rng.uniform(-reach, reach)


def estate_size(n_rows: int, *, usual: int = 2_000) -> int:
    """Return the usual dwellings of an estate, fewer in a small town so that it too has fifty estates."""
    return min(usual, max(40, n_rows // 50))


def until(n_rows: int, blocks: Iterator[Sequence[Block]]) -> tuple[Block, ...]:
    """Return blocks up to the first that makes the town large enough."""
    taken: list[Block] = []
    total = 0
    for several in blocks:
        taken += several
        total += sum(len(block.layout) for block in several)
        if total >= n_rows:
            break
    return tuple(taken)
