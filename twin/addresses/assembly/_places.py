"""Which rows of one name mean one place: by division, road, number and distance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.addresses.assembly._districts import Districts
from twin.addresses.assembly._groups import Spread, dense, gap_m, metres, spread
from twin.addresses.levels import Level

NEAR_M = 500.0
"""Estates of one name this near are one with several gates: few blocks of houses are wider."""
TOUCHING_M = 100.0
FAR_M = 2_000.0
"""Nothing but a road is so long that equal names so far apart are one place."""
ROAD_GAP_M = 300.0
"""A road may go on so far beyond the border of a district without an address."""
ROAD_GAP_WITHIN_DISTRICT_M = 3_000.0
MAX_GROUPS = 400
"""A name that more groups bear, such as 店面, is no name: each road and number has its own then."""
AMBIGUOUS = -2


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows of equal name, division, road and number, before it is known which of them are one place.

    Parameters
    ----------
    token, division, road, number : ndarray of int64, shape (m,)
        -1 where the texts name none.
    where : Spread
    """

    token: NDArray[np.int64]
    division: NDArray[np.int64]
    road: NDArray[np.int64]
    number: NDArray[np.int64]
    where: Spread


IsOne = Callable[[Groups, int, int, Districts], bool]


def group(
    token: NDArray[np.int64],
    division: NDArray[np.int64],
    road: NDArray[np.int64],
    number: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
) -> tuple[Groups, NDArray[np.int64]]:
    """Return the groups of rows, and the group of each row."""
    first, labels = dense(token, division, road, number)
    where = spread(labels, len(first), lon, lat, FAR_M)
    return Groups(token[first], division[first], road[first], number[first], where), labels


def places_of(groups: Groups, districts: Districts, is_one: IsOne) -> NDArray[np.int64]:
    """Return the place of each group, 0..k-1 by their first group; AMBIGUOUS where several places fit.

    Groups that have a position or are known down to the community make the places; the others, those of
    the deepest divisions first, join the only one that they agree with, or make their own.
    """
    place = np.arange(len(groups.token))
    order = np.argsort(groups.token, kind="stable")
    bounds = np.flatnonzero(np.diff(groups.token[order])) + 1
    for same_name in np.split(order, bounds):
        if 1 < len(same_name) <= MAX_GROUPS:
            _join(groups, same_name.tolist(), place, districts, is_one)
    is_clear = place >= 0
    place[is_clear] = np.unique(place[is_clear], return_inverse=True)[1]
    return place


def _join(
    groups: Groups, members: list[int], place: NDArray[np.int64], districts: Districts, is_one: IsOne
) -> None:
    """Set the place of the groups of one name to the first group of each."""
    has_place = ~np.isnan(groups.where.lon)
    strong = [
        one
        for one in members
        if has_place[one] or districts.depth(int(groups.division[one])) == Level.COMMUNITY
    ]
    _unite(groups, strong, place, districts, is_one)
    settled: dict[int, list[int]] = {}
    for one in strong:
        settled.setdefault(int(place[one]), []).append(one)
    depth = {one: districts.depth(int(groups.division[one])) for one in members}
    for one in sorted(set(members) - set(strong), key=lambda one: (-depth[one], one)):
        fitting = [
            root
            for root, others in settled.items()
            if any(is_one(groups, one, other, districts) for other in others)
        ]
        if len(fitting) > 1:
            place[one] = AMBIGUOUS
        else:
            place[one] = fitting[0] if fitting else one
            settled.setdefault(int(place[one]), []).append(one)


def _unite(
    groups: Groups, members: list[int], place: NDArray[np.int64], districts: Districts, is_one: IsOne
) -> None:
    """Give groups that are one place, directly or through others, the lowest number among them."""
    for position, one in enumerate(members):
        for other in members[:position]:
            if place[one] != place[other] and is_one(groups, one, other, districts):
                low, high = sorted((int(place[one]), int(place[other])))
                for member in members:
                    if place[member] == high:
                        place[member] = low


def is_one_estate(groups: Groups, one: int, other: int, districts: Districts) -> bool:
    """Return whether two groups of one name are one estate or premises, perhaps with two gates."""
    division, other_division = int(groups.division[one]), int(groups.division[other])
    road, other_road = int(groups.road[one]), int(groups.road[other])
    is_same_number = road >= 0 and road == other_road and 0 <= groups.number[one] == groups.number[other]
    numbers = groups.number[one], groups.number[other]
    agrees = (road < 0 or other_road < 0 or road == other_road) and (
        min(numbers) < 0 or numbers[0] == numbers[1]
    )
    away = _distance(groups, one, other)
    if not math.isnan(away):
        is_community = districts.depth(division) == Level.COMMUNITY
        is_same_spot = is_same_number or (agrees and (road == other_road >= 0))
        if away <= FAR_M and (is_same_spot or (agrees and is_community and division == other_division)):
            return True
        is_near = away <= NEAR_M or gap_m(groups.where.box[one], groups.where.box[other]) <= TOUCHING_M
        return is_near and not districts.differ_at(division, other_division, Level.DISTRICT)
    if not districts.are_nested(division, other_division):
        return is_same_number and not districts.differ_at(division, other_division, Level.DISTRICT)
    return bool(agrees)


def is_one_road(groups: Groups, one: int, other: int, districts: Districts) -> bool:
    """Return whether two groups of one name are one road: it goes on where the other ends."""
    division, other_division = int(groups.division[one]), int(groups.division[other])
    is_elsewhere = districts.differ_at(division, other_division, Level.DISTRICT)
    if not math.isnan(_distance(groups, one, other)):
        gap = gap_m(groups.where.box[one], groups.where.box[other])
        return gap <= (ROAD_GAP_M if is_elsewhere else ROAD_GAP_WITHIN_DISTRICT_M)
    return not is_elsewhere


def is_one_hamlet(groups: Groups, one: int, other: int, districts: Districts) -> bool:
    """Return whether two groups of one name are one hamlet or zone."""
    division, other_division = int(groups.division[one]), int(groups.division[other])
    if not math.isnan(away := _distance(groups, one, other)):
        if division == other_division and districts.depth(division) == Level.COMMUNITY:
            return away <= ROAD_GAP_WITHIN_DISTRICT_M
        return away <= NEAR_M or gap_m(groups.where.box[one], groups.where.box[other]) <= TOUCHING_M
    return districts.are_nested(division, other_division)


def _distance(groups: Groups, one: int, other: int) -> float:
    lon, lat = groups.where.lon, groups.where.lat
    if np.isnan(lon[one]) or np.isnan(lon[other]):
        return math.nan
    pair = metres(lon[[one]], lat[[one]], lon[[other]], lat[[other]])
    return float(pair[0])
