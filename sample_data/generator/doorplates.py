"""Where a building's address hangs: street and number, or village and number, odd and even sides in order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from sample_data.generator.buildings import buildings
from sample_data.generator.divisions import divisions, village_names
from sample_data.generator.landuse import sites
from sample_data.generator.network import RANK, Network, network
from sample_data.generator.rural import villages

_ESTATE_USES = ("estate", "towers", "dormitory", "industry", "school", "hospital", "urban_village")
_REACH_M = 70.0


@dataclass(frozen=True)
class Doorplate:
    """The address parts of one building below the community; parts that it lacks are empty.

    ``street`` is a road, or empty in a village without road names.
    """

    unit: int
    street: str
    village: str
    number: int
    estate: str
    label: str


@dataclass(frozen=True)
class _Place:
    """Where on which street something hangs: metres along it and its side (1 left, 2 right)."""

    street: str
    along_m: float
    side: int


def _starts(net: Network) -> dict[int, float]:
    """Return for each street piece where it begins along all pieces of the same name, m."""
    total: dict[str, float] = defaultdict(float)
    starts = {}
    for i, street in enumerate(net.streets):
        starts[i] = total[street.name]
        total[street.name] += street.line.length + 20
    return starts


def _places(shapes: NDArray[np.object_], *, prefer_main: bool) -> list[_Place | None]:
    """Return the street on which each shape hangs: the nearest, or the most important within reach."""
    net = network()
    starts = _starts(net)
    named = np.flatnonzero([bool(net.streets[s].name) for s in net.street])
    tree = shapely.STRtree(net.lines[named])
    shape, edge = tree.query(shapes, "dwithin", 14.0 if prefer_main else _REACH_M)
    far = shapely.distance(shapes[shape], net.lines[named[edge]])
    cost = far - (100.0 * net.rank[named[edge]] if prefer_main else 0.0)
    found: list[_Place | None] = [None] * len(shapes)
    best: dict[int, float] = {}
    middles = shapely.centroid(shapes)
    for s, e, c in sorted(zip(shape.tolist(), named[edge].tolist(), cost.tolist(), strict=True)):
        if c >= best.get(s, np.inf):
            continue
        best[s] = c
        street = int(net.street[e])
        line = net.streets[street].line
        along = line.project(middles[s])
        a, b = (
            np.array(line.interpolate(at).coords[0])
            for at in (max(along - 3, 0), min(along + 3, line.length))
        )
        to = np.array(middles[s].coords[0]) - a
        is_left = (b - a)[0] * to[1] - (b - a)[1] * to[0] > 0
        found[s] = _Place(net.streets[street].name, starts[street] + along, 1 if is_left else 2)
    return found


def _numbers(places: dict[int, _Place]) -> dict[int, int]:
    """Return house numbers: odd on the left, even on the right, rising along the street."""
    rows: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for key, place in places.items():
        rows[place.street, place.side].append((place.along_m, key))
    numbers = {}
    for (_, side), row in sorted(rows.items()):
        last = side - 2
        for along, key in sorted(row):
            last = max(last + 2, 2 * int(along / 17) + side)
            numbers[key] = last
    return numbers


def _villages_of(points: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the nearest village of each point."""
    tree = shapely.STRtree([village.ground for village in villages()[0]])
    return np.asarray(tree.query_nearest(points, all_matches=False)[1], np.int64)


@cache
def doorplates() -> tuple[Doorplate, ...]:
    """Return the doorplate of every building, in the order of the buildings."""
    houses, plots = buildings(), sites()
    shapes = np.array([house.footprint for house in houses], object)
    points = shapely.point_on_surface(shapes)
    units = divisions().unit_at(shapely.get_coordinates(points))
    is_estate = np.array([plots[house.site].use in _ESTATE_USES for house in houses])
    estates = sorted({house.site for house, flag in zip(houses, is_estate, strict=True) if flag})
    gates = _places(np.array([plots[site].outline for site in estates], object), prefer_main=True)
    own = _places(shapes, prefer_main=False)
    places = {-1 - site: place for site, place in zip(estates, gates, strict=True) if place}
    is_rural = np.array([plots[house.site].quarter == "village" for house in houses])
    places |= {i: p for i, p in enumerate(own) if p and not is_estate[i] and not is_rural[i]}
    numbers = _numbers(places)
    village = _villages_of(points)
    n_in_village: dict[int, int] = defaultdict(int)
    n_in_estate: dict[int, int] = defaultdict(int)
    found = []
    for i, house in enumerate(houses):
        key = -1 - house.site if is_estate[i] else i
        place = places.get(key)
        estate = plots[house.site].name if is_estate[i] else ""
        label = ""
        if estate:
            n_in_estate[house.site] += 1
            label = f"{n_in_estate[house.site]}幢"
        if place:
            found.append(Doorplate(int(units[i]), place.street, "", numbers[key], estate, label))
        else:
            n_in_village[int(village[i])] += 1
            name = f"{village_names()[village[i]]}村"
            found.append(Doorplate(int(units[i]), "", name, n_in_village[int(village[i])], estate, label))
    return tuple(found)


def is_main(street: str) -> bool:
    """Return whether a street name is that of a main road."""
    return any(one.name == street and RANK[one.kind] >= 5 for one in network().streets)
