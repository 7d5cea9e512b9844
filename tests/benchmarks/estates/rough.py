"""A sixth style, apart from the other five: odd numbers, and rows as several careless clerks wrote them."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Sequence

from tests.benchmarks.estates import names, wording
from tests.benchmarks.estates.ground import Kinds, estate_size, ground, near, until
from tests.benchmarks.estates.town import NAMES, Block, Labels, Listed, Town

SPECIAL_ROOMS = ("阁楼", "地下室")


def rough(seed: int, n_rows: int) -> Town:
    """Return a town of 12A幢, 甲单元, 302A室 and 地下室, its rows spelled in seven ways."""
    rng = random.Random(f"rough {seed}")
    size = estate_size(n_rows, usual=250)
    kinds = Kinds("栖宁市", "3794", ("区", "县"), ("街道", "镇"), ("社区", "社区", "村"))
    plan = ground(kinds, max(18, n_rows // size // 3), rng)
    called = iter(names.distinct(4 * n_rows // size + 60, names.estate(names.ESTATE_KINDS), rng))

    def blocks() -> Iterator[Sequence[Block]]:
        while True:
            here = rng.choice(plan.communities)
            way = rng.choice(here.roads)
            number = plan.next_number(here.names["district"], way, rng)
            below = {"road": way, "number": f"{number}号", "estate": next(called)}
            word = rng.choice(("幢", "栋", "号楼"))
            words = {"building": word, "unit": "单元", "room": "室"}
            layout = Listed(tuple(_rows(int(size * rng.choice((0.4, 1.0, 1.5))), rng)))
            yield [Block(here.names | below, words, layout, *near(here, rng), spelled_by_clerks)]

    return Town("rough", kinds.city, until(n_rows, blocks()), plan.divisions)


def _rows(size: int, rng: random.Random) -> Iterator[dict[str, str]]:
    """Yield the dwellings of one estate."""
    style = rng.choice(("plain", "suffix", "prefix"))
    units: tuple[str, ...] = rng.choice((("1",), ("1", "2"), ("甲", "乙"), ("A", "B"), ()))
    total = number = 0
    while total < size:
        number += 1
        label = f"A{number}" if style == "prefix" else str(number)
        for building in (label + "A", label + "B") if style == "suffix" and number % 3 == 0 else (label,):
            for unit in units or ("",):
                for room in _rooms(rng):
                    total += 1
                    yield {"building": building} | ({"unit": unit} if unit else {}) | {"room": room}


def _rooms(rng: random.Random) -> Iterator[str]:
    for floor in range(1, rng.choice((4, 6, 7)) + 1):
        for door in range(1, 3):
            yield f"{floor}{door:02d}"
            if rng.random() < 0.08:
                yield f"{floor}{door:02d}A"
    if rng.random() < 0.3:
        yield rng.choice(SPECIAL_ROOMS)


def spelled_by_clerks(block: Block, labels: Labels) -> str:
    """Return a row as one of seven clerks writes it; which one is settled by the row itself."""
    key = zlib.crc32(block.text(labels).encode())
    rng = random.Random(key)
    parts = {name: block.names[name] for name in NAMES if name in block.names}
    tail = wording.official(labels, block.words)
    match key % 7:
        case 0:
            parts.pop("city")
        case 1:
            parts["estate"] = f"（{parts['estate']}）"
        case 2:
            parts["number"], tail = wording.wide(parts["number"]), wording.wide(tail)
        case 3 if labels["room"] not in SPECIAL_ROOMS:
            tail = "-".join(labels[rung] for rung in ("building", "unit", "room") if rung in labels)
        case 4 if labels["room"] not in SPECIAL_ROOMS:
            tail = wording.in_numerals(labels, block.words, rng)
        case 5:
            return " ".join(parts.values()) + tail
        case 6:
            parts["city"] += parts["city"]
    return "".join(parts.values()) + tail
