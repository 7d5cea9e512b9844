"""Finding addresses in a base of a million: clean rows, misspelt rows, suggestions at every key stroke."""

from __future__ import annotations

import random
import time
from itertools import product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pypinyin import lazy_pinyin
from rapidfuzz import process

from tests.benchmarks.table import Row
from twin.addresses.book import AddressBook
from twin.addresses.desk import names_of
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsing import Parser
from twin.addresses.suggesting import suggest

SEED = 20_265
BUILDINGS, UNITS, FLOORS, DOORS = 25, 2, 10, 4
"""Of each estate: 2,000 dwellings."""
N_CLEAN, N_FUZZY, N_TYPED, N_PEER = 50_000, 2_000, 2_000, 5
CLEAN_TARGET, FUZZY_TARGET = 5_000.0, 200.0
SUGGEST_TARGET_MS, LARGE_SUGGEST_TARGET_MS = 20.0, 50.0
_WORDS = (
    "紫金银水岸翠湖碧桂青山丽景永和春江秋月华庭明珠江南海棠"
    "湖滨凤凰梅兰竹园云顶龙泉星河锦绣御景清风怡和望江鸿基"
)
_STEMS = [_WORDS[place : place + 2] for place in range(0, len(_WORDS) - 1, 2)]
_KINDS = ("花园", "公寓", "新村", "家园", "雅苑", "名邸", "华庭", "家苑", "新城", "庄园")
_SOUNDS = str.maketrans("湖园岸和江青桂城", "胡圆案合姜清贵成")

_Positions = NDArray[np.int64]


class _Growing:
    """A book that grows layer by layer, each in the order of its parents."""

    def __init__(self, names: list[str]) -> None:
        self.token = {name: place for place, name in enumerate(names)}
        self.levels, self.parents, self.tokens = [], [], []
        self.size = 0

    def add(self, level: Level, parents: _Positions, tokens: _Positions) -> _Positions:
        """Append children of nodes, sorted by parent and token; return their positions."""
        order = np.lexsort((tokens, parents))
        self.levels.append(np.full(len(parents), level, np.int8))
        self.parents.append(parents[order].astype(np.int32))
        self.tokens.append(tokens[order].astype(np.int32))
        first, self.size = self.size, self.size + len(parents)
        positions = np.empty(len(parents), np.int64)
        positions[order] = np.arange(first, self.size)
        return positions

    def below(self, level: Level, parents: _Positions, names: list[str]) -> _Positions:
        """Append a child of each name to each node."""
        tokens = np.array([self.token[name] for name in names], np.int64)
        return self.add(level, np.repeat(parents, len(names)), np.tile(tokens, len(parents)))


def made_up_book(n_estates: int) -> AddressBook:
    """Return a book of estates of 2,000 dwellings each, one at every second number of a road."""
    draw = random.Random(SEED)
    pairs = [one + other for one, other in product(_STEMS, _STEMS) if one != other]
    estates = draw.sample([stem + kind for stem in (*_STEMS, *pairs) for kind in _KINDS], n_estates)
    roads = draw.sample(
        [stem + end for stem in pairs for end in ("路", "街", "大道", "东路", "西路")], n_estates // 2
    )
    numbers = [str(number) for number in range(1, 1_000)]
    rooms = [f"{floor}{door:02d}" for floor in range(1, FLOORS + 1) for door in range(1, DOORS + 1)]
    districts = ["东城区", "西城区", "南城区", "北城区"]
    names = sorted({*estates, *roads, *numbers, *rooms, "丽州市", *districts})
    book = _Growing(names)
    city = book.below(Level.CITY, np.array([-1]), ["丽州市"])
    district = book.below(Level.DISTRICT, city, districts)
    chosen = np.array([draw.randrange(len(districts)) for _ in roads])
    road = book.add(Level.ROAD, district[chosen], np.array([book.token[name] for name in roads]))
    token = np.array([book.token[str(2 * n + 1)] for n in range(2)])
    number = book.add(Level.NUMBER, np.repeat(road, 2), np.tile(token, len(road)))[:n_estates]
    estate = book.add(Level.ESTATE, number, np.array([book.token[name] for name in estates]))
    building = book.below(Level.BUILDING, estate, numbers[:BUILDINGS])
    unit = book.below(Level.UNIT, building, numbers[:UNITS])
    book.below(Level.DWELLING, unit, rooms)
    parents = np.concatenate(book.parents)
    division = np.arange(book.size, dtype=np.int32)
    levels = np.concatenate(book.levels)
    for node_levels in (Level.ROAD, Level.NUMBER, Level.ESTATE, Level.BUILDING, Level.UNIT, Level.DWELLING):
        here = levels == node_levels
        division[here] = division[parents[here]]
    n = book.size
    return AddressBook.of(
        np.arange(n, dtype=np.int64),
        levels,
        parents,
        np.concatenate(book.tokens),
        pa.array(names),
        words=np.zeros(n, np.int16),
        word_names=("",),
        divisions=division,
        lon=np.full(n, 120.0),
        lat=np.full(n, 29.0),
        source_ids=pa.nulls(n, pa.string()),
        n_records=np.ones(n, np.int32),
        gates=np.empty((0, 2), np.int32),
    )


def finder_of(book: AddressBook) -> Finder:
    """Return the finder of a made-up book."""
    rows = [("丽州市", 1, -1), *((name, 2, 0) for name in ("东城区", "西城区", "南城区", "北城区"))]
    return Finder.of(book, Parser(Gazetteer.of(rows), names_of(book)))


def run() -> list[Row]:
    """Return how fast a base of a million answers, and how fast one of ten million suggests."""
    started = time.perf_counter()
    finder = finder_of(made_up_book(500))
    ready_s = time.perf_counter() - started
    nodes = np.random.default_rng(SEED).choice(np.flatnonzero(finder.book.levels == Level.DWELLING), N_CLEAN)
    texts = finder.standard_texts(nodes).to_pylist()
    clean_s, right = _timed_table(finder, texts, nodes)
    fuzzy = [text.split("号", 1)[1].translate(_SOUNDS) for text in texts[:N_FUZZY]]
    fuzzy_s, fuzzy_right = _timed_table(finder, fuzzy, nodes[:N_FUZZY])
    peer_s = _peer_s(finder, fuzzy[:N_PEER])
    rate, fuzzy_rate = N_CLEAN / clean_s, N_FUZZY / fuzzy_s
    size = f"{len(finder.book) / 1e6:.1f} M addresses"
    return [
        Row(f"geocode: book and names of {size} made ready", ready_s, "s"),
        Row("geocode: clean rows", rate, "rows/s", target=f">= {CLEAN_TARGET:,.0f}", ok=rate >= CLEAN_TARGET),
        Row("geocode: clean rows answered right", right, "", target="1", ok=right == 1.0),
        Row(
            "geocode: rows with homophones, each estate misspelt once",
            fuzzy_rate,
            "rows/s",
            "rapidfuzz over all texts",
            N_PEER / peer_s,
            fuzzy_rate * peer_s / N_PEER,
            f">= {FUZZY_TARGET:,.0f}",
            fuzzy_rate >= FUZZY_TARGET,
        ),
        Row("geocode: those answered right", fuzzy_right, ""),
        _suggest_row(finder, SUGGEST_TARGET_MS),
        _suggest_row(finder_of(made_up_book(5_000)), LARGE_SUGGEST_TARGET_MS),
    ]


def _timed_table(finder: Finder, texts: list[str], nodes: _Positions) -> tuple[float, float]:
    """Return the seconds that a table takes and the share answered right."""
    started = time.perf_counter()
    found = finder.geocode_table(pa.array(texts))
    seconds = time.perf_counter() - started
    return seconds, float((found["position"].to_numpy() == nodes).mean())


def _peer_s(finder: Finder, fuzzy: list[str]) -> float:
    """Return the seconds that comparing texts with every standard text takes."""
    everything = finder.standard_texts(np.arange(len(finder.book))).to_pylist()
    started = time.perf_counter()
    for text in fuzzy:
        process.extractOne(text, everything)
    return time.perf_counter() - started


def _suggest_row(finder: Finder, target_ms: float) -> Row:
    """Return the 99th percentile of suggestions for every state of typing, with slips, and in pinyin."""
    draw = random.Random(SEED)
    names, typed = list(names_of(finder.book)), list[str]()
    while len(typed) < N_TYPED:
        name = draw.choice(names)
        whole = draw.choice([name, name.translate(_SOUNDS), "".join(lazy_pinyin(name))])
        whole += draw.choice(["", "3", "3-1", "3-1-30", "12幢2单元1"])
        typed += [whole[:size] for size in range(1, len(whole) + 1)]
    times = []
    for text in typed:
        started = time.perf_counter()
        suggest(finder, text)
        times.append((time.perf_counter() - started) * 1e3)
    p99 = float(np.percentile(times, 99))
    name = f"suggest: p99 at {len(finder.book) / 1e6:.1f} M addresses, p50 {np.percentile(times, 50):.2f} ms"
    return Row(name, p99, "ms", target=f"<= {target_ms:g} ms", ok=p99 <= target_ms)
