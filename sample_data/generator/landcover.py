"""Areas of the map: water, woods, fields, quarters; and the land cover raster."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import Affine
from scipy import ndimage
from shapely.geometry import shape

from sample_data.generator.frame import border
from sample_data.generator.landuse import sites
from sample_data.generator.river import canals, lake, river_water, rivers
from sample_data.generator.skeleton import railway
from sample_data.generator.streams import reservoir
from sample_data.generator.terrain import EDGE_M, PIXEL_M, ground, smooth_noise
from sample_data.generator.townplan import hill_parks

Tags = dict[str, str]

_AREA_TAGS: dict[str, Tags] = {
    "estate": {"landuse": "residential"},
    "towers": {"landuse": "residential"},
    "lanes": {"landuse": "residential"},
    "houses": {"landuse": "residential"},
    "urban_village": {"landuse": "residential"},
    "dormitory": {"landuse": "residential"},
    "commerce": {"landuse": "commercial"},
    "industry": {"landuse": "industrial"},
    "civic": {"landuse": "commercial"},
    "building_site": {"landuse": "construction"},
    "farmland": {"landuse": "farmland"},
    "forest": {"landuse": "forest"},
}


def woods() -> shapely.Geometry:
    """Return the woods of the hills, local metres."""
    shape_of_ground = ground()
    slope = np.hypot(*np.gradient(ndimage.gaussian_filter(shape_of_ground.height_m, 1.5), PIXEL_M))
    score = ndimage.gaussian_filter((slope > 0.13) * 1.0, 2) + 0.12 * smooth_noise("woods", 700)
    grid = Affine(PIXEL_M, 0, -EDGE_M - PIXEL_M / 2, 0, PIXEL_M, -EDGE_M - PIXEL_M / 2)
    patches = [
        shape(one)
        for one, value in features.shapes((score > 0.5).astype(np.uint8), transform=grid)
        if value == 1
    ]
    big = shapely.union_all(
        [patch.buffer(30).buffer(-60).buffer(30) for patch in patches if patch.area > 60_000]
    )
    closed = shapely.union_all([site.outline for site in sites()] + [reservoir().buffer(20)])
    return big.intersection(border()).difference(closed).simplify(9.0).buffer(-4.0).simplify(1.0)


@cache
def areas() -> tuple[tuple[shapely.Polygon, Tags], ...]:
    """Return the areas of the map with their tags, local metres."""
    found: list[tuple[shapely.Geometry, Tags]] = []
    kinds: dict[tuple[tuple[str, str], ...], list[shapely.Polygon]] = {}
    for site in sites():
        if site.use in _AREA_TAGS:
            kinds.setdefault(tuple(_AREA_TAGS[site.use].items()), []).append(site.outline)
        elif site.use == "park":
            found.append((site.outline.buffer(-7), {"leisure": "park"}))
        elif site.use in ("school", "hospital"):
            found.append((site.outline.buffer(-7), {"amenity": site.use, "name": site.name}))
    for tags, outlines in kinds.items():
        apart = shapely.union_all(outlines).buffer(-3.0, quad_segs=2).simplify(0.8)
        found += [(part, dict(tags)) for part in shapely.get_parts(apart)]
    for park, name in zip(
        hill_parks(), ("塔山公园", "凤凰山公园", "西山森林公园", "狮子山公园", "东屏山"), strict=True
    ):
        found.append((park, {"leisure": "park", "name": name}))
    found.append((woods(), {"landuse": "forest"}))
    found.append((lake().buffer(45).difference(lake()), {"leisure": "park", "name": "镜湖公园"}))
    found.append((lake(), {"natural": "water", "water": "lake", "name": "镜湖"}))
    found.append((reservoir(), {"natural": "water", "water": "reservoir", "name": "石门水库"}))
    taken = shapely.Polygon()
    for river in (*rivers(), *canals()):
        water = (river_water().intersection(river.area) if river.kind == "river" else river.area).difference(
            taken
        )
        taken = taken.union(water)
        kind = "canal" if river.kind == "canal" else "river"
        found.append((water.intersection(border()), {"natural": "water", "water": kind, "name": river.name}))
    parts = [(part, tags) for area, tags in found for part in shapely.get_parts(area)]
    return tuple((part, tags) for part, tags in parts if part.geom_type == "Polygon" and part.area > 300)


LEGEND = {"tree": 10, "shrub": 20, "grass": 30, "crop": 40, "built": 50, "bare": 60, "water": 80}
"""Classes of ESA WorldCover."""


def land_cover(grid: Affine, size: int, built: list[shapely.Geometry]) -> NDArray[np.uint8]:
    """Return the land cover of a north-up raster, classes of ESA WorldCover, 0 outside the county."""
    rows = [(border(), LEGEND["crop"]), (woods(), LEGEND["tree"])]
    classes = {
        "park": LEGEND["grass"],
        "farmland": LEGEND["crop"],
        "forest": LEGEND["tree"],
        "construction": LEGEND["bare"],
    }
    for area, tags in areas():
        use = tags.get("leisure") or tags.get("landuse", "")
        rows.append((area, LEGEND["water"] if "water" in tags else classes.get(use, LEGEND["built"])))
    rows += [(one, LEGEND["built"]) for one in (*built, railway().buffer(8))]
    rows += [(area, LEGEND["water"]) for area, tags in areas() if "water" in tags]
    raster: NDArray[np.uint8] = features.rasterize(rows, (size, size), transform=grid, dtype="uint8")
    inside = features.rasterize([(border(), 1)], (size, size), transform=grid, dtype="uint8")
    return np.where(inside == 1, raster, 0).astype(np.uint8)
