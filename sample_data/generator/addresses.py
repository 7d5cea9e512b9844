"""The addresses of the county down to room, and the two department files that overlap in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from sample_data.generator.buildings import buildings
from sample_data.generator.divisions import DISTRICTS, divisions
from sample_data.generator.doorplates import Doorplate, doorplates
from sample_data.generator.frame import stream, to_lonlat

Floats = NDArray[np.float64]

ROOM_SHARE = 0.038
CIVIL_SHARE, POLICE_SHARE = 0.78, 0.58
"""Shares of all addresses that the civil-affairs and the police file hold; their overlap follows."""


@dataclass(frozen=True)
class Address:
    """One address in its parts, from district to room; parts that it lacks are empty."""

    building: int
    district: str
    subdistrict: str
    community: str
    door: Doorplate
    unit: str
    room: str
    xy: tuple[float, float]
    year: int

    @property
    def street_number(self) -> str:
        """Return village or street and the number."""
        return f"{self.door.street or self.door.village}{self.door.number}号"

    @property
    def kind(self) -> str:
        """Return the level at which the address ends."""
        if self.room:
            return "户室"
        return "楼牌" if self.door.label else "门牌"

    @property
    def text(self) -> str:
        """Return the standard text, all parts in order."""
        upper = f"丽州市{self.district}{self.subdistrict}"
        community = "" if self.door.village == self.community else self.community
        return (
            f"{upper}{community}{self.street_number}{self.door.estate}{self.door.label}{self.unit}{self.room}"
        )


def _rooms(floors: int, length_m: float, label: str, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Return a random sample of a residential building's units and rooms."""
    n_units = max(1, min(4, round(length_m / 19)))
    found = [
        (f"{unit}单元" if label else "", f"{floor}{door:02d}室")
        for unit in range(1, n_units + 1)
        for floor in range(1, floors + 1)
        for door in (1, 2)
        if rng.random() < ROOM_SHARE
    ]
    return found if label else sorted(set(found))


def _spot(polygon: shapely.Polygon, rng: np.random.Generator) -> tuple[float, float]:
    """Return a point well inside a footprint, a little off its middle."""
    x, y = polygon.representative_point().coords[0]
    for _ in range(3):
        dx, dy = rng.normal(0, 2.0, 2)
        if (
            shapely.contains_xy(polygon, x + dx, y + dy)
            and polygon.exterior.distance(shapely.Point(x + dx, y + dy)) > 1
        ):
            return float(x + dx), float(y + dy)
    return float(x), float(y)


@cache
def addresses() -> tuple[Address, ...]:
    """Return all addresses, building by building."""
    tree, rng = divisions(), stream("addresses")
    found = []
    for i, (house, door) in enumerate(zip(buildings(), doorplates(), strict=True)):
        if house.use in ("农业设施", "公共设施"):
            continue
        community = int(tree.unit_community[door.unit])
        parent = int(tree.community_subdistrict[community])
        district = dict(DISTRICTS)[tree.subdistrict_codes[parent][:6] + "000000"]
        place = (district, tree.subdistrict_names[parent], tree.community_names[community], door)
        found.append(Address(i, *place, "", "", _spot(house.footprint, rng), house.built_year))
        if house.use == "住宅":
            box = np.asarray(house.footprint.minimum_rotated_rectangle.exterior.coords)
            length = float(max(np.hypot(*(box[1] - box[0])), np.hypot(*(box[2] - box[1]))))
            for unit, room in _rooms(house.floors, length, door.label, rng):
                found.append(Address(i, *place, unit, room, _spot(house.footprint, rng), house.built_year))
    return tuple(found)


@cache
def holdings() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which addresses the civil-affairs file and the police file hold."""
    rng = stream("holdings")
    n = len(addresses())
    civil = rng.random(n) < CIVIL_SHARE
    police = rng.random(n) < np.where(civil, 0.52, 0.8)
    return civil, police


def civil_id(address: int) -> str:
    """Return the source id of an address in the civil-affairs file."""
    return f"MZ{address + 1:07d}"


def civil_rows() -> list[tuple[str, str, str, str, str, str]]:
    """Return source_id, text, lon, lat, kind, valid_from of the civil-affairs file."""
    rng = stream("civil")
    held = np.flatnonzero(holdings()[0])
    lonlat = to_lonlat([one.xy for one in addresses()])
    rows = []
    for i in held:
        one = addresses()[i]
        day = date(max(one.year, 1984), 1, 1) + timedelta(days=int(rng.integers(0, 365)))
        lon, lat = lonlat[i]
        rows.append((civil_id(int(i)), one.text, f"{lon:.7f}", f"{lat:.7f}", one.kind, day.isoformat()))
    return rows
