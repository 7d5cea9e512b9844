"""How rows go down the tree of addresses: places with names, numbers, then buildings to dwellings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.addresses.assembly._alike import LEAST_ODDS, Pair, parts_of, similar_names, weigh
from twin.addresses.assembly._districts import DEPTH, Districts
from twin.addresses.assembly._groups import dense, gap_m, medians, most_frequent, spread
from twin.addresses.assembly._growth import ALIKE, BY_NUMBER, BY_UNIT, MANY, PARTIAL, Growth
from twin.addresses.assembly._places import (
    FAR_M,
    NEAR_M,
    ROAD_GAP_M,
    IsOne,
    group,
    is_one_estate,
    is_one_hamlet,
    is_one_road,
    places_of,
)
from twin.addresses.levels import Level

HOLDS_SHARE = 0.95
"""A place lies in the lowest division that holds so many of its rows: the others name a wrong one."""

_Positions = NDArray[np.int64]


class Doubt(NamedTuple):
    """Two nodes that may be one address, which people are to decide."""

    node: int
    other: int
    odds: float
    distance_m: float
    why: str


def grow(growth: Growth) -> list[Doubt]:
    """Take every row down as far as its text is sure; return what people are to decide."""
    rows = growth.rows
    has_road = rows.tokens[Level.ROAD] >= 0
    doubts: list[Doubt] = []
    doubts += _grow_zones(growth, has_road)
    named = growth.open_rows(Level.HAMLET)
    tokens = rows.tokens[Level.HAMLET]
    doubts += _grow_named(growth, named[~has_road[named]], Level.HAMLET, tokens, is_one_hamlet)
    plain = growth.open_rows(Level.GROUP)
    plain = plain[~has_road[plain]]
    growth.step(plain, Level.GROUP, rows.tokens[Level.GROUP][plain])
    doubts += _grow_roads(growth)
    _step_down(growth, Level.NUMBER)
    growth.number_at = np.where(np.append(growth.level, 0)[growth.at] == Level.NUMBER, growth.at, -1)
    named = growth.open_rows(Level.ESTATE)
    doubts += _grow_named(growth, named, Level.ESTATE, rows.tokens[Level.ESTATE], is_one_estate)
    named = growth.open_rows(Level.PREMISES)
    is_within = rows.tokens[Level.ESTATE][named] >= 0
    growth.step(named[is_within], Level.PREMISES, rows.tokens[Level.PREMISES][named[is_within]])
    doubts += _grow_named(
        growth, named[~is_within], Level.PREMISES, rows.tokens[Level.PREMISES], is_one_estate
    )
    _grow_tails(growth)
    growth.lower(np.flatnonzero(rows.is_partial), PARTIAL)
    return doubts


def _grow_zones(growth: Growth, has_road: NDArray[np.bool_]) -> list[Doubt]:
    """Take rows to their zone; those that name a road too only note it: a road leads through many."""
    named = growth.open_rows(Level.ZONE)
    passing = named[has_road[named]]
    ways: list[NDArray[Any]] = [growth.at, growth.method, growth.held, growth.is_adrift]
    before = [way[passing] for way in ways]
    doubts = _grow_named(growth, named, Level.ZONE, growth.rows.tokens[Level.ZONE], is_one_hamlet)
    at = growth.at[named]
    growth.zone_at[named] = np.where(np.append(growth.level, 0)[at] == Level.ZONE, at, -1)
    for way, values in zip(ways, before, strict=True):
        way[passing] = values
    return doubts


def _grow_roads(growth: Growth) -> list[Doubt]:
    """Take rows to their road, and from there to the road that branches off it."""
    rows = growth.rows
    named = growth.open_rows(Level.ROAD)
    is_branch = (rows.main_roads >= 0) & ~rows.is_partial
    tokens = np.where(is_branch, rows.main_roads, rows.tokens[Level.ROAD])
    doubts = _grow_named(growth, named, Level.ROAD, tokens, is_one_road)
    branching = named[is_branch[named] & ~growth.held[named] & ~growth.is_adrift[named]]
    growth.step(branching, Level.ROAD, rows.tokens[Level.ROAD][branching])
    # Where two roads meet is neither on one nor the other.
    growth.hold(named[rows.is_partial[named] & (rows.main_roads[named] >= 0)], PARTIAL)
    return doubts


def _step_down(growth: Growth, level: Level) -> None:
    """Take rows down by a numbered part; a range of numbers is no place."""
    rows = growth.rows
    named = growth.open_rows(level)
    if level == Level.NUMBER:
        named = named[~growth.is_adrift[named]]
    if not len(named):
        return
    is_range = np.array(["-" in name for name in rows.names])[rows.tokens[level][named]]
    stops = rows.is_partial[named] & is_range
    growth.hold(named[stops], PARTIAL)
    named = named[~stops]
    growth.step(named, level, rows.tokens[level][named])


def _grow_named(
    growth: Growth, named: _Positions, level: Level, tokens: NDArray[np.integer], is_one: IsOne
) -> list[Doubt]:
    """Take rows to the place they name; places of one name are told apart by where they are."""
    if not len(named):
        return []
    rows = growth.rows
    lon, lat, division = rows.lon[named], rows.lat[named], rows.division[named]
    is_site = level in {Level.ESTATE, Level.PREMISES}
    none = np.full(len(named), -1, np.int64)
    road = ancestor(growth, growth.at[named], Level.ROAD) if is_site else none
    number = rows.tokens[Level.NUMBER][named].astype(np.int64) if is_site else none
    groups, labels = group(tokens[named].astype(np.int64), division, road, number, lon, lat)
    places = places_of(groups, growth.districts, is_one)
    place = places[labels]
    growth.leave_open(named[place < 0], level)
    is_clear = place >= 0
    named, place, division = named[is_clear], place[is_clear], division[is_clear]
    lon, lat = lon[is_clear], lat[is_clear]
    if not len(named):
        return []
    n_places = int(place.max()) + 1
    first = np.unique(place, return_index=True)[1]
    codes = tokens[named[first]].astype(np.int64)
    parents = _parents(growth, place, n_places, growth.at[named], division, is_site=is_site)
    where = medians(place, n_places, lon), medians(place, n_places, lat)
    holders = growth.known_of(holding_division(growth.districts, place, n_places, division))
    known = growth.identity.of_names(growth.known_of(parents), level, codes, holders, *where)
    growth.add(named, place, level, parents, codes, known)
    return _unite_alike(growth, named, level)


def ancestor(growth: Growth, nodes: _Positions, level: Level) -> _Positions:
    """Return the node of a level at or above each node, -1 where there is none."""
    found = np.full(len(nodes), -1, np.int64)
    here = nodes.copy()
    while (here >= 0).any():
        is_there = (here >= 0) & (found < 0) & (growth.level[here] == level)
        found[is_there] = here[is_there]
        here = np.where(here >= 0, growth.parent[here], -1)
    return found


def _parents(
    growth: Growth,
    place: _Positions,
    n_places: int,
    at: _Positions,
    division: _Positions,
    *,
    is_site: bool,
) -> _Positions:
    """Return the node that each place stands under: number, road, hamlet or zone, else division."""
    parents = holding_division(growth.districts, place, n_places, division)
    if not is_site or not len(growth.level):  # nothing grown yet: sites alone, without roads and divisions
        return parents
    at_level = growth.level[at]
    for level in (Level.ZONE, Level.HAMLET, Level.GROUP, Level.ROAD, Level.NUMBER):
        best = most_frequent(place, n_places, np.where(at_level == level, at, -1))
        parents = np.where(best >= 0, best, parents)
    return parents


def holding_division(
    districts: Districts, labels: _Positions, n_labels: int, division: _Positions
) -> _Positions:
    """Return the lowest division that holds nearly all rows of each label; -1 where none does."""
    found = np.full(n_labels, -1, np.int64)
    first, pairs = dense(labels, division)
    owners, weights = labels[first], np.bincount(pairs)
    chains = districts.chains[division[first]]
    is_open = np.ones(n_labels, np.bool_)
    for level in range(DEPTH):
        column = chains[:, level]
        is_known = column >= 0
        total = np.bincount(owners[is_known], weights[is_known], minlength=n_labels)
        one, keys = dense(owners[is_known], column[is_known])
        sums = np.bincount(keys, weights[is_known])
        holders, values = owners[is_known][one], column[is_known][one]
        wins = is_open[holders] & (sums >= HOLDS_SHARE * total[holders])
        found[holders[wins]] = values[wins]
        is_open &= (total == 0) | np.isin(np.arange(n_labels), holders[wins])
    return found


def _unite_alike(growth: Growth, named: _Positions, level: Level) -> list[Doubt]:
    """Let names with a slip in them go to the name they mean; return the pairs that are not sure."""
    rows = growth.rows
    nodes, owners = np.unique(growth.at[named], return_inverse=True)
    names = [rows.names[code] for code in growth.said[nodes].tolist()]
    candidates = similar_names(names)
    if not candidates:
        return []
    lon, lat = rows.lon[named], rows.lat[named]
    where = spread(owners, len(nodes), lon, lat, FAR_M)
    division = holding_division(growth.districts, owners, len(nodes), rows.division[named])
    candidates = [
        (one, other)
        for one, other in candidates
        if _may_be_one(growth.districts, where.box, division, one, other, level)
    ]
    tail = Level.NUMBER if level <= Level.ROAD else Level.BUILDING
    tails = rows.tokens[tail][named].astype(np.int64)
    parts = parts_of(owners, len(nodes), tails, lon, lat)
    weighed = weigh(names, where.sizes, where.lon, where.lat, parts, candidates)
    return _settle(growth, named, nodes, names, weighed)


def _may_be_one(
    districts: Districts, boxes: NDArray[np.float64], division: _Positions, one: int, other: int, level: Level
) -> bool:
    """Return whether two places are near enough to be one."""
    gap = gap_m(boxes[one], boxes[other])
    if np.isnan(gap):
        return districts.are_nested(int(division[one]), int(division[other]))
    return gap <= (ROAD_GAP_M if level == Level.ROAD else NEAR_M)


def _settle(
    growth: Growth, named: _Positions, nodes: _Positions, names: Sequence[str], weighed: Sequence[Pair]
) -> list[Doubt]:
    """Unite the sure pairs, the surest first, and return the doubtful ones."""
    doubts = []
    for pair in sorted(
        weighed, key=lambda pair: (-pair.n_near, -pair.odds, names[pair.one], names[pair.other], pair)
    ):
        one, other = (int(growth.final(int(nodes[place]))) for place in (pair.one, pair.other))
        if one == other or pair.is_refuted or growth.is_rejected(one, other):
            continue
        if pair.is_sure:
            moved = named[growth.at[named] == one]
            growth.unite(one, other, moved)
            growth.lower(moved, ALIKE)
        elif pair.odds >= LEAST_ODDS:
            doubts.append(Doubt(one, other, pair.review_odds, pair.distance_m, pair.why))
    return doubts


def _grow_tails(growth: Growth) -> None:
    """Take rows to their building, unit, floor and dwelling."""
    _join_by_number(growth)
    _step_down(growth, Level.BUILDING)
    _hold_without_building(growth)
    _step_down(growth, Level.UNIT)
    _find_units(growth)
    _drop_told_floors(growth)
    _step_down(growth, Level.FLOOR)
    _step_down(growth, Level.DWELLING)


def _join_by_number(growth: Growth) -> None:
    """Take rows that give number and building, not the estate, to the one estate at that number."""
    rows = growth.rows
    site = np.where(rows.tokens[Level.ESTATE] >= 0, growth.at, -1)
    number = growth.number_at
    both = np.flatnonzero((site >= 0) & (number >= 0) & ~growth.held)
    first, _ = dense(number[both], site[both])
    pairs = both[first]
    owners, counts = np.unique(number[pairs], return_counts=True)
    single = np.isin(number[pairs], owners[counts == 1])
    estate_of = np.full(len(growth) + 1, -1, np.int64)
    estate_of[number[pairs[single]]] = site[pairs[single]]
    asked = growth.open_rows(Level.BUILDING)
    asked = asked[(growth.level[growth.at[asked]] == Level.NUMBER)]
    asked = asked[estate_of[growth.at[asked]] >= 0]
    if not len(asked):
        return
    known = np.flatnonzero((site >= 0) & (rows.tokens[Level.BUILDING] >= 0) & ~growth.held)
    span = len(rows.names) + 1
    have = np.unique(site[known] * span + rows.tokens[Level.BUILDING][known])
    wanted = estate_of[growth.at[asked]] * span + rows.tokens[Level.BUILDING][asked]
    joins = asked[np.isin(wanted, have)]
    growth.at[joins] = estate_of[growth.at[joins]]
    growth.lower(joins, BY_NUMBER)


def _drop_told_floors(growth: Growth) -> None:
    """Forget the floor where the number of the dwelling tells it, as in 12层1203."""
    tokens = growth.rows.tokens
    asked = np.flatnonzero((tokens[Level.FLOOR] >= 0) & (tokens[Level.DWELLING] >= 0))
    if not len(asked):
        return
    first, labels = dense(tokens[Level.FLOOR][asked], tokens[Level.DWELLING][asked])
    names = growth.rows.names
    tells = np.array(
        [
            _tells(names[tokens[Level.FLOOR][row]], names[tokens[Level.DWELLING][row]])
            for row in asked[first].tolist()
        ]
    )
    floors = tokens[Level.FLOOR].copy()
    floors[asked[tells[labels]]] = -1
    tokens[Level.FLOOR] = floors


def _tells(floor: str, dwelling: str) -> bool:
    """Return whether the number of a dwelling begins with its floor: 1203 is on floor 12."""
    return len(dwelling) - len(floor) >= 2 and dwelling.startswith(floor)


def _find_units(growth: Growth) -> None:
    """Take rows that leave out the unit to the only unit of their building with such a dwelling."""
    rows = growth.rows
    dwelling = rows.tokens[Level.DWELLING]
    level = np.append(growth.level, 0)[growth.at]
    full = np.flatnonzero((level == Level.UNIT) & (dwelling >= 0) & ~growth.held)
    asked = np.flatnonzero(
        (level == Level.BUILDING) & (dwelling >= 0) & (rows.tokens[Level.UNIT] < 0) & ~growth.held
    )
    if not len(full) or not len(asked):
        return
    building = growth.parent[growth.at[full]]
    has_units = np.zeros(len(growth), np.bool_)
    has_units[building] = True
    asked = asked[has_units[growth.at[asked]]]
    span = len(rows.names) + 1
    keys, start = np.unique(building * span + dwelling[full], return_index=True)
    wanted = growth.at[asked] * span + dwelling[asked]
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    n_units = np.bincount(growth.parent[np.unique(growth.at[full])], minlength=len(growth))
    is_found = (keys[places] == wanted) & (n_units[growth.at[asked]] == 1)
    growth.at[asked[is_found]] = growth.at[full][start[places[is_found]]]
    growth.lower(asked[is_found], BY_UNIT)
    growth.hold(asked[~is_found], MANY)


def _hold_without_building(growth: Growth) -> None:
    """Let rows go no deeper that name a dwelling of an estate with buildings, but no building."""
    tokens = growth.rows.tokens
    has_buildings = np.zeros(len(growth) + 1, np.bool_)
    has_buildings[growth.parent[growth.level == Level.BUILDING]] = True
    is_site = np.isin(np.append(growth.level, 0)[growth.at], (Level.ESTATE, Level.PREMISES))
    names_part = (tokens[Level.UNIT] >= 0) | (tokens[Level.DWELLING] >= 0)
    asked = is_site & names_part & (tokens[Level.BUILDING] < 0) & ~growth.held
    growth.hold(np.flatnonzero(asked & has_buildings[growth.at]), MANY)
