"""Six styles of address base, each a seeded plan of a whole made-up town."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial

from tests.benchmarks.estates import names
from tests.benchmarks.estates.ground import Community, Ground, Kinds, estate_size, flats, ground, near, until
from tests.benchmarks.estates.rough import rough
from tests.benchmarks.estates.town import Block, Flats, Houses, MakeTown, Town

SPREAD = (0.25, 0.6, 1.0, 1.0, 1.6)
"""Sizes of estates over the usual one."""
HOUSE_WORDS = {"house": "号"}


def coastal(seed: int, n_rows: int) -> Town:
    """Return a county on the coast: 市 区 街道 社区 路 号 小区 幢 单元 室."""
    rng = random.Random(f"coastal {seed}")
    size = estate_size(n_rows)
    kinds = Kinds("澜州市", "3391", ("区", "县"), ("街道", "街道", "镇"), ("社区",))
    plan = ground(kinds, max(12, n_rows // size // 3), rng)
    called = iter(names.distinct(4 * n_rows // size + 60, names.estate(names.ESTATE_KINDS), rng))

    def blocks() -> Iterator[Sequence[Block]]:
        while True:
            here = rng.choice(plan.communities)
            way = rng.choice(here.roads)
            number = plan.next_number(here.names["district"], way, rng)
            below = {"road": way, "number": f"{number}号", "estate": next(called)}
            word = rng.choice(("幢", "幢", "幢", "栋", "号楼"))
            words = {"building": word, "unit": "单元", "room": "室"}
            layout = flats(int(size * rng.choice(SPREAD)), rng, letters=rng.random() < 0.08)
            yield [Block(here.names | below, words, layout, *near(here, rng))]

    return Town("coastal", kinds.city, until(n_rows, blocks()), plan.divisions)


def northern(seed: int, n_rows: int) -> Town:
    """Return a northern city: 区 街道 小区 (一期) 号楼 单元 室; phases may count their buildings anew."""
    rng = random.Random(f"northern {seed}")
    size = estate_size(n_rows, usual=600)
    kinds = Kinds("朔原市", "1491", ("区",), ("街道",), ("社区",), has_city=False)
    plan = ground(kinds, max(12, n_rows // size // 3), rng, n_districts=3)
    called = iter(names.distinct(4 * n_rows // size + 60, names.estate(names.NORTHERN_KINDS), rng))

    def blocks() -> Iterator[Sequence[Block]]:
        while True:
            here = rng.choice(plan.communities)
            above = {name: here.names[name] for name in ("district", "subdistrict")}
            if rng.random() < 0.5:
                way = rng.choice(here.roads)
                above["road"] = way
                above["number"] = plan.next_number(here.names["district"], way, rng) + "号"
            above["estate"] = next(called)
            words = {"building": "号楼", "unit": "单元", "room": rng.choice(("室", "室", "", "号"))}
            wanted = int(size * rng.choice(SPREAD))
            phases = rng.choice(((), (), ("一期", "二期"), ("东区", "西区"), ("一期", "二期", "三期")))
            lon, lat = near(here, rng)
            yield list(_phases(above, words, phases, wanted, rng, lon, lat))

    return Town("northern", kinds.city, until(n_rows, blocks()), plan.divisions)


def _phases(
    above: dict[str, str],
    words: dict[str, str],
    phases: Sequence[str],
    size: int,
    rng: random.Random,
    lon: float,
    lat: float,
) -> Iterator[Block]:
    """Yield an estate, phase by phase; half of the estates count their buildings through."""
    counts_through = rng.random() < 0.5
    first = 1
    for place, phase in enumerate(phases or ("",)):
        layout = flats(size // max(len(phases), 1), rng, first=first)
        named = above | ({"phase": phase} if phase else {})
        yield Block(named, words, layout, lon + place * 0.0006, lat + place * 0.002)
        first += len(layout.buildings) if counts_through else 0


def lanes(seed: int, n_rows: int) -> Town:
    """Return a city of lanes: 区 街道 居委会 路 弄 号 室, half of the lanes with the name of an estate."""
    rng = random.Random(f"lanes {seed}")
    size = estate_size(n_rows, usual=300)
    kinds = Kinds("浦申市", "3193", ("区",), ("街道", "镇"), ("居委会", "第一居委会", "居民区"))
    plan = ground(kinds, max(12, n_rows // size // 6), rng, n_districts=3)
    called = iter(names.distinct(4 * n_rows // size + 60, names.estate(names.LANE_KINDS), rng))

    def blocks() -> Iterator[Sequence[Block]]:
        while True:
            here = rng.choice(plan.communities)
            way = rng.choice(here.roads)
            number = plan.next_number(here.names["district"], way, rng) + "弄"
            below = {"road": way, "number": number} | ({"estate": next(called)} if rng.random() < 0.5 else {})
            layout = flats(int(size * rng.choice(SPREAD)), rng, has_units=False)
            yield [Block(here.names | below, {"building": "号", "room": "室"}, layout, *near(here, rng))]

    return Town("lanes", kinds.city, until(n_rows, blocks()), plan.divisions)


def villages(seed: int, n_rows: int) -> Town:
    """Return a rural county: villages with groups and hamlets, roads with branches, offices, works."""
    rng = random.Random(f"villages {seed}")
    kinds = Kinds(
        "岚溪县", "4291", ("县", "区"), ("镇", "镇", "乡"), ("村", "村", "村", "社区"), has_city=False
    )
    plan = ground(kinds, max(24, n_rows // 400), rng)
    towers = iter(names.distinct(n_rows // 300 + 60, names.plain(*names.TOWER_KINDS), rng))
    zones = names.distinct(max(4, n_rows // 8_000), names.plain("工业园区", "工业区", "产业园"), rng)
    street = partial(_street, has_long=n_rows > 20_000)
    makers = (_group, _group, _hamlet, street, street, _branch)

    def blocks() -> Iterator[Sequence[Block]]:
        used: set[tuple[str, ...]] = set()
        while True:
            here = rng.choice(plan.communities)
            luck = rng.random()
            if luck < 0.12:
                yield [_tower(plan, here, next(towers), rng)]
            elif luck < 0.2:
                yield [_works(plan, here, rng.choice(zones), rng)]
            else:
                block = rng.choice(makers)(here, rng)
                key = tuple(block.names.values())
                if key not in used:
                    used.add(key)
                    yield [block]

    return Town("villages", kinds.city, until(n_rows, blocks()), plan.divisions)


def _numbers(rng: random.Random, most: int) -> tuple[str, ...]:
    """Return the numbers of houses in a row, some with a second one squeezed in."""
    found = []
    for number in range(1, rng.randint(most // 2, most) + 1):
        found.append(str(number))
        if rng.random() < 0.06:
            found += [f"{number}-{part}" for part in range(1, rng.randint(2, 4))]
    return tuple(found)


def _group(here: Community, rng: random.Random) -> Block:
    above = here.names | {"group": f"{rng.randint(1, 16)}组"}
    return Block(above, HOUSE_WORDS, Houses(_numbers(rng, 90)), *near(here, rng))


def _hamlet(here: Community, rng: random.Random) -> Block:
    above = here.names | {"hamlet": names.hamlet(rng)}
    return Block(above, HOUSE_WORDS, Houses(_numbers(rng, 120)), *near(here, rng))


def _street(here: Community, rng: random.Random, *, has_long: bool) -> Block:
    above = {name: here.names[name] for name in ("district", "subdistrict")}
    above["road"] = rng.choice(here.roads)
    return Block(
        above,
        HOUSE_WORDS,
        Houses(_numbers(rng, rng.choice((60, 120, 240, 400)) if has_long else 50)),
        *near(here, rng),
    )


def _branch(here: Community, rng: random.Random) -> Block:
    street = _street(here, rng, has_long=False)
    branch = rng.choice("一二三四五六") + rng.choice(("支路", "巷", "弄"))
    above = {**street.names, "road": street.names["road"] + branch}
    return Block(above, HOUSE_WORDS, Houses(_numbers(rng, 60)), street.lon, street.lat)


def _tower(plan: Ground, here: Community, name: str, rng: random.Random) -> Block:
    way = rng.choice(here.roads)
    number = f"{1_000 + int(plan.next_number(here.names['district'], way, rng))}号"
    above = {"district": here.names["district"], "subdistrict": here.names["subdistrict"]}
    blocks = ("A", "B", "C")[: rng.randint(1, 3)]
    layout = Flats(blocks, (0,) * len(blocks), rng.randint(8, 24), rng.randint(4, 8), has_floor=True)
    words = {"building": "座", "floor": rng.choice(("层", "楼")), "room": "室"}
    return Block(above | {"road": way, "number": number, "estate": name}, words, layout, *near(here, rng))


def _works(plan: Ground, here: Community, zone: str, rng: random.Random) -> Block:
    way = rng.choice(here.roads)
    number = f"{1_000 + int(plan.next_number(here.names['district'], way, rng))}号"
    above = {"district": here.names["district"], "subdistrict": here.names["subdistrict"]}
    halls = tuple(str(place + 1) for place in range(rng.randint(2, 8)))
    layout = Flats(halls, (0,) * len(halls), rng.randint(2, 5), rng.randint(2, 5))
    words = {"building": "号厂房", "room": "室"}
    return Block(above | {"zone": zone, "road": way, "number": number}, words, layout, *near(here, rng))


def mixed(seed: int, n_rows: int) -> Town:
    """Return a city whose districts have estates, roads and communities of the same names."""
    rng = random.Random(f"mixed {seed}")
    size = estate_size(n_rows, usual=400)
    kinds = Kinds("云埠市", "3692", ("区",), ("街道", "镇"), ("社区",))
    plan = ground(kinds, max(18, n_rows // size // 3), rng, n_districts=3)
    shared = names.distinct(max(8, n_rows // size // 6), names.estate(names.ESTATE_KINDS), rng)
    called = iter(names.distinct(4 * n_rows // size + 60, names.estate(names.ESTATE_KINDS), rng, set(shared)))
    common_roads = names.distinct(8, names.road, rng)

    def blocks() -> Iterator[Sequence[Block]]:
        used: set[tuple[str, str]] = set()
        while True:
            here = rng.choice(plan.communities)
            name = rng.choice(shared) if rng.random() < 0.3 else next(called)
            if (here.names["district"], name) in used:
                continue
            used.add((here.names["district"], name))
            yield [_mixed_block(plan, here, name, common_roads, size, rng)]

    return Town("mixed", kinds.city, until(n_rows, blocks()), plan.divisions)


def _mixed_block(
    plan: Ground, here: Community, name: str, roads: Sequence[str], size: int, rng: random.Random
) -> Block:
    way = rng.choice(roads) if rng.random() < 0.25 else rng.choice(here.roads)
    number = plan.next_number(here.names["district"], way, rng)
    style = rng.choice(("幢", "号楼", "弄"))
    layout = flats(int(size * rng.choice(SPREAD)), rng, has_units=style != "弄")
    words = {"building": "号" if style == "弄" else style, "unit": "单元", "room": "室"}
    below = {"road": way, "number": number + ("弄" if style == "弄" else "号"), "estate": name}
    return Block(here.names | below, words, layout, *near(here, rng))


STYLES: dict[str, MakeTown] = {
    "coastal": coastal,
    "northern": northern,
    "lanes": lanes,
    "villages": villages,
    "mixed": mixed,
    "rough": rough,
}
