"""Facilities, vehicles and the opaque references that hang on addresses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from sample_data.generator.addresses import addresses, civil_id, holdings
from sample_data.generator.buildings import buildings
from sample_data.generator.divisions import divisions
from sample_data.generator.frame import stream
from sample_data.generator.landuse import sites
from sample_data.generator.river import canals
from sample_data.generator.skeleton import UNDERPASS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Facility:
    """A place of public service; ``capacity`` counts people, pupils or m3/h of a pump."""

    facility_id: str
    name: str
    kind: str
    xy: tuple[float, float]
    capacity: int | None = None
    beds: int | None = None


def _house_near(x: float, y: float, uses: tuple[str, ...], taken: set[int]) -> tuple[float, float]:
    """Return a point in the nearest building of some uses that no other facility has."""
    houses = buildings()
    middles = np.array([one.footprint.centroid.coords[0] for one in houses])
    far = np.hypot(*(middles - (x, y)).T) + np.where([one.use in uses for one in houses], 0, 1e7)
    far[list(taken)] = 1e9
    best = int(np.argmin(far))
    taken.add(best)
    point = houses[best].footprint.representative_point()
    return float(point.x), float(point.y)


_FIRE_KM = (
    ("古城消防救援站", -0.4, 0.9),
    ("江东消防救援站", 3.3, 1.0),
    ("溪南消防救援站", 0.9, -2.2),
    ("开发区消防救援站", 6.6, -2.4),
    ("西城消防救援站", -2.0, -0.2),
    ("金川消防救援站", -5.8, -1.2),
)


@cache
def facilities() -> tuple[Facility, ...]:
    """Return the facilities of the county."""
    rng, taken = stream("facilities"), set[int]()
    rows: list[tuple[str, str, tuple[float, float], int | None, int | None]] = []
    for name, x, y in _FIRE_KM:
        rows.append(
            (name, "fire_station", _house_near(x * 1000, y * 1000, ("办公", "商业"), taken), None, None)
        )
    tree = divisions()
    for k, name in enumerate(tree.subdistrict_names):
        units = np.flatnonzero(tree.community_subdistrict[tree.unit_community] == k)
        size = shapely.area(tree.polygons[units])
        middle = tree.polygons[units[np.argmin(size)]].centroid
        title = name.removesuffix("街道").removesuffix("镇")
        rows.append(
            (
                f"{title}派出所",
                "police",
                _house_near(middle.x, middle.y, ("办公", "商业", "住宅"), taken),
                None,
                None,
            )
        )
        rows.append(
            (
                f"{name}社区卫生服务中心",
                "clinic",
                _house_near(middle.x + 150, middle.y, ("办公", "商业", "住宅"), taken),
                None,
                30,
            )
        )
    seen: dict[str, int] = {}
    for i, house in enumerate(buildings()):
        site = sites()[house.site]
        if site.use in ("school", "hospital") and site.name not in seen:
            seen[site.name] = i
            point = house.footprint.representative_point()
            kind = "school" if site.use == "school" else "hospital"
            size = int(rng.integers(400, 2400)) if kind == "school" else None
            rows.append(
                (site.name, kind, (point.x, point.y), size, None if size else int(rng.integers(120, 900)))
            )
    rows.append(("丽州市人民医院", "hospital", _house_near(1500, 600, ("办公", "商业"), taken), None, 1100))
    rows.append(("丽州市中医院", "hospital", _house_near(-1500, 700, ("办公", "商业"), taken), None, 520))
    parks = [site.outline for site in sites() if site.use == "park" and site.outline.area > 18_000]
    for k, park in enumerate(parks[:24]):
        point = park.representative_point()
        rows.append((f"应急避灾场所{k + 1:02d}", "shelter", (point.x, point.y), int(park.area / 9), None))
    pumps = [("解放北路下穿泵站", (UNDERPASS[0] + 26, UNDERPASS[1] - 24), 3200)]
    for canal in canals():
        x, y = canal.points[-12]
        pumps.append(
            (f"{canal.name}排涝泵站", (float(x) + 18, float(y) + 12), int(rng.integers(4, 15)) * 1800)
        )
    rows += [(name, "pump_station", xy, flow, None) for name, xy, flow in pumps]
    return tuple(
        Facility(
            f"F{i + 1:04d}", name, kind, (round(float(xy[0]), 2), round(float(xy[1]), 2)), capacity, beds
        )
        for i, (name, kind, xy, capacity, beds) in enumerate(rows)
    )


_FLEETS = {
    "fire_station": (("fire_engine", "消防车", 3), ("ladder", "云梯车", 1)),
    "hospital": (("ambulance", "救护车", 2),),
    "clinic": (("ambulance", "救护车", 1),),
    "police": (("police_car", "警车", 2),),
}


def vehicles() -> list[tuple[str, str, str, str, tuple[float, float], str]]:
    """Return unit_id, name, type, facility_id, local x, y and status of the vehicles."""
    rng = stream("vehicles")
    rows: list[tuple[str, str, str, str, tuple[float, float], str]] = []
    for home in facilities():
        for kind, title, most in _FLEETS.get(home.kind, ()):
            for k in range(int(rng.integers(1, most + 1))):
                status = str(rng.choice(["available", "available", "available", "busy", "out_of_service"]))
                name = f"{home.name}{title}{k + 1}号"
                rows.append((f"V{len(rows) + 1:04d}", name, kind, home.facility_id, home.xy, status))
    for k, (x, y) in enumerate(((-1900.0, 500.0), (3100.0, -2300.0), (500.0, 2500.0))):
        rows.append((f"V{len(rows) + 1:04d}", f"清障车{k + 1}号", "tow", "", (x, y), "available"))
    return rows


def link_rows() -> list[tuple[str, str, str, str]]:
    """Return source_id, kind, ref, valid_from: people, firms, things and agencies as opaque references."""
    rng = stream("links")
    rows = []
    for i in np.flatnonzero(holdings()[0]):
        use = buildings()[addresses()[i].building].use
        kinds: list[str] = []
        if use in ("住宅", "宿舍"):
            kinds += ["person"] * int(rng.integers(0, 5 if addresses()[i].room else 2))
        elif use in ("商业", "工业"):
            kinds += ["enterprise"] * int(rng.integers(1, 4))
        elif use in ("办公", "教育", "医疗"):
            kinds += ["agency"]
        if rng.random() < 0.05:
            kinds.append("thing")
        for kind in kinds:
            since = f"{rng.integers(2005, 2024)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
            rows.append((civil_id(int(i)), kind, rng.bytes(6).hex(), since))
    return rows
