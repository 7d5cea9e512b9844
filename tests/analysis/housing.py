"""A city of squares with a hand-made address base: estates, buildings, dwellings, people and firms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from tests.twin.squares import COMMUNITIES, make_city, point, square, wkb
from twin.addresses.base import ADDRESS_BASE, BASE_SCHEMA, to_layer
from twin.addresses.levels import Level
from twin.city import City
from twin.schema import DECLARED

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
ESTATE = 40
SIX, SEVEN, EIGHT, NINE = 51, 52, 53, 54
"""Buildings of the estate: 6 inside its footprint, 7 beside it, 8 far from every one, 9 inside that of 10."""
FARM = 60
"""A house number with a dwelling right below it."""

NODES: dict[int, tuple[Level, int | None, str, shapely.Point | None]] = {
    1: (Level.CITY, None, "丽州市", None),
    2: (Level.DISTRICT, 1, "东区", None),
    3: (Level.SUBDISTRICT, 2, "中心街道", None),
    4: (Level.COMMUNITY, 3, "西社区", None),
    5: (Level.COMMUNITY, 3, "东社区", None),
    10: (Level.ROAD, 4, "永城路", point(0.5, 0.5)),
    ESTATE: (Level.ESTATE, 10, "紫荆花园", point(0.5, 0.6)),
    SIX: (Level.BUILDING, ESTATE, "6", point(0.25, 0.25)),
    SEVEN: (Level.BUILDING, ESTATE, "7", point(0.405, 0.25)),
    EIGHT: (Level.BUILDING, ESTATE, "8", point(0.9, 0.9)),
    NINE: (Level.BUILDING, ESTATE, "9", point(0.65, 0.25)),
    FARM: (Level.NUMBER, 5, "12", point(4.25, 4.25)),
    71: (Level.UNIT, SIX, "1", None),
    72: (Level.DWELLING, 71, "101", None),
    73: (Level.DWELLING, 71, "102", point(0.26, 0.26)),
    74: (Level.DWELLING, SEVEN, "201", None),
    75: (Level.DWELLING, FARM, "1", None),
    76: (Level.DWELLING, EIGHT, "301", None),
    80: (Level.ROAD, 5, "无名路", None),
    81: (Level.NUMBER, 80, "3", None),
}
"""Address id -> level, id above, token, place. 81 has no place at all; the base knows its community."""
House = tuple[shapely.Polygon, str | None, str | None]
HOUSES: dict[str, House] = {
    "B6": (square(0.2, 0.2, 0.1, 0.1), "6幢", "紫荆花园"),
    "B7": (square(0.41, 0.2, 0.1, 0.1), "07号楼", "紫荆花园"),
    "B10": (square(0.6, 0.2, 0.1, 0.1), "10幢", "紫荆花园"),
    "F12": (square(4.2, 4.2, 0.1, 0.1), None, None),
    "empty": (square(2.2, 2.2, 0.1, 0.1), None, None),
    "crossing": (square(1.9, 0.2, 0.5, 0.1), None, None),
}
"""Key -> footprint, house number, estate."""
LINKS = [
    *((f"p{number}", "person", 72) for number in range(6)),
    *((f"q{number}", "person", 74) for number in range(3)),
    ("p0", "person", 73),
    ("p1", "person", 75),
    ("f1", "enterprise", SIX),
    ("f1", "enterprise", SEVEN),
    ("f2", "enterprise", FARM),
    ("x", "person", 999),
]
"""Reference, kind, address id; 999 is not in the base."""


def base_table() -> pa.Table:
    """Return the address base."""
    rows = []
    for address_id, (level, parent, token, place) in NODES.items():
        division = _division_of(address_id)
        rows.append(
            {
                "feature_id": address_id,
                "level": int(level),
                "parent_id": parent,
                "token": token,
                "word": "",
                "text": f"地址{address_id}",
                "division_id": division,
                "division_code": _code_of(division),
                "source": "test",
                "source_id": str(address_id),
                "n_records": 0 if level <= Level.COMMUNITY else 1,
                "status": "in_force",
                "superseded_by": None,
                "valid_from": SINCE,
                "valid_to": None,
                "gates": None,
                "lon": np.nan if place is None else place.x,
                "lat": np.nan if place is None else place.y,
            }
        )
    return pa.Table.from_pylist(rows, schema=BASE_SCHEMA)


def _division_of(address_id: int) -> int:
    node = address_id
    while NODES[node][0] > Level.COMMUNITY:
        node = NODES[node][1] or 1
    return node


def _code_of(division: int) -> str:
    codes = {1: "331100000000", 2: "331102000000", 3: "331102001000", 4: COMMUNITIES[0], 5: COMMUNITIES[1]}
    return codes[division]


def make_housing(folder: Path, houses: dict[str, House] = HOUSES) -> City:
    """Return an open city with everything a ledger counts."""
    city = make_city(folder, n=200)
    shapes, numbers, estates = zip(*houses.values(), strict=True)
    _put(
        city,
        "buildings",
        building_id=list(houses),
        house_number=list(numbers),
        estate=list(estates),
        geometry=wkb(shapes),
    )
    city.store.put(DECLARED[ADDRESS_BASE], to_layer(base_table()), areas=city.area_assigner)
    refs, kinds, ids = zip(*LINKS, strict=True)
    names = [str(number) for number in range(len(LINKS))]
    _put(city, "links", link_id=names, kind=list(kinds), ref=list(refs), address_id=list(ids))
    lamps = [point(0.5, 0.5), point(0.6, 0.5), point(5.5, 5.5), point(-1, -1)]
    kinds = ["路灯", "消火栓", "路灯", "路灯"]
    _put(
        city, "parts", part_id=list("abcd"), subclass=kinds, condition=["完好", "完好", "破损", None],
        owner=["市政"] * 4, **{"class": ["公用设施"] * 4}, geometry=wkb(lamps),
    )  # fmt: skip
    _put(city, "incidents", incident_id=list("xy"), geometry=wkb([point(0.5, 0.5), None]))
    return city


def _put(city: City, name: str, **columns: object) -> None:
    city.store.put(DECLARED[name], pa.table(columns), areas=city.area_assigner)
