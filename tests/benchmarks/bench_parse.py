"""Reading address texts: rows per second of one process, against a bare pass of one regular expression."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence

import pyarrow as pa

from tests.benchmarks.table import Row
from tests.twin.addresses.national import national_gazetteer, tagged_addresses
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.parsing import Parser

DISTINCT_TARGET = 5_000.0
ESTATE_TARGET = 50_000.0
N_ESTATES = 500
N_BUILDINGS, N_UNITS, N_FLOORS, N_DOORS = 20, 2, 25, 2
HUGE_CHARS = 50_000_000
HUGE_LIMIT_S = 1.0
REPEATS = 3

_BARE = re.compile(
    r"(?P<city>[^市]+市)?(?P<district>[^区县市]+[区县市])?(?P<town>[^街镇乡]+(?:街道|镇|乡))?"
    r"(?P<community>[^社村]+(?:社区|村))?(?P<road>[^路街巷弄\d]+[路街巷弄])?(?P<number>\d+号)?(?P<estate>[^\d]*)"
    r"(?P<building>\d+(?:幢|栋|号楼))?(?P<unit>\d+单元)?(?P<dwelling>\d+室?)?"
)
"""What a script writes that reads standard addresses and nothing else; no gazetteer, no spans, no table."""


def estate_texts() -> list[str]:
    """Return a million texts of 500 estates of 2,000 rooms, written in three ways."""
    rng = random.Random(3)
    firsts = [a + b for a in "锦绣翠湖金色阳光紫荆望江兰馨" for b in "东西南北上下中新华丽安和庆云"]
    texts = []
    for number in range(N_ESTATES):
        first, last = rng.choice(firsts), rng.choice(["花园", "佳苑", "新村", "府", "小区"])
        estate = f"{first}{number}{last}" if number % 2 else f"{first}{last}"
        head = f"丽州市丽城区古城街道城隍社区{rng.choice(firsts)}路{rng.randrange(1, 900)}号{estate}"
        for building in range(1, N_BUILDINGS + 1):
            for unit in range(1, N_UNITS + 1):
                for floor in range(1, N_FLOORS + 1):
                    for door in range(1, N_DOORS + 1):
                        room = f"{floor}{door:02d}"
                        written = (f"{building}幢{unit}单元{room}室", f"{building}-{unit}-{room}")
                        texts.append(head + written[rng.random() < 0.2])
    return texts


def rate(call: Callable[[], object], n_rows: int) -> float:
    """Return rows per second of CPU time, the median of a few calls."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return n_rows / sorted(times)[REPEATS // 2]


def bare_pass(texts: Sequence[str]) -> None:
    """Match the regular expression on every text and keep its groups."""
    for text in texts:
        found = _BARE.match(text)
        if found:
            found.groups()


def rate_row(name: str, parser: Parser, texts: Sequence[str], target: float) -> Row:
    """Return the row of one corpus."""
    array = pa.array(texts)
    ours = rate(lambda: parser.parse_table(array), len(texts))
    peer = rate(lambda: bare_pass(texts), len(texts))
    wanted = f">= {target:,.0f} rows/s"
    return Row(name, ours, "rows/s", "one bare regex, same run", peer, ours / peer, wanted, ours >= target)


def run() -> list[Row]:
    """Measure texts whose heads all differ, texts of estates, and one line of 50 MB."""
    tagged = [address.text for address in tagged_addresses("ncap_dev.txt.gz")]
    rows = [
        rate_row(
            "parse 2,985 tagged texts, heads distinct", Parser(national_gazetteer()), tagged, DISTINCT_TARGET
        )
    ]
    city = Gazetteer.of([("丽州市", 1, -1), ("丽城区", 2, 0), ("古城街道", 3, 1), ("城隍社区", 4, 2)])
    parser = Parser(city)
    rows.append(rate_row("parse 1 M texts of 2,000-room estates", parser, estate_texts(), ESTATE_TARGET))
    start = time.process_time()
    parser.parse("(" * HUGE_CHARS)
    parser.parse_table(["丽州市3-" + "1-" * (HUGE_CHARS // 2)])
    huge_s = time.process_time() - start
    ratio = HUGE_LIMIT_S / huge_s
    rows.append(
        Row(
            "parse two lines of 50 MB",
            huge_s,
            "s",
            "limit",
            HUGE_LIMIT_S,
            ratio,
            "<= 1 s",
            huge_s <= HUGE_LIMIT_S,
        )
    )
    return rows
