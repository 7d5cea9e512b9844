"""What is here (这是哪里): grid unit, the divisions above it, nearest building, nearest address."""

from __future__ import annotations

import math

import numpy as np
import orjson
import pyarrow as pa

from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.boxes import check_lonlat, parse_number
from api.service import Service
from twin.crs import parse_crs, to_wgs84
from twin.division_rows import in_force
from twin.divisions import Division, DivisionTree
from twin.errors import InvalidQueryError, UnknownDivisionError
from twin.scope import Scope
from twin.view import LayerView

NEAR_M = 500.0  # farther away is not "here" any more
WGS84 = "wgs84"
_LAYERS = ("grid", "divisions", "buildings", "addresses")


async def locate(service: Service, ask: Ask) -> Answer:
    """Return the grid unit of a place with its five-level chain, and what stands nearest.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameters ``lon``, ``lat`` and ``crs``: ``wgs84`` (the default),
        ``cgcs2000``, ``gcj02``, ``bd09`` or ``EPSG:n``.

    Returns
    -------
    Answer
        ``lon``, ``lat`` in it are CGCS2000/WGS 84; what the city has nothing of, or only in a damaged
        layer, is null.

    Raises
    ------
    InvalidQueryError
        If the place is missing, not finite or not on the globe, or a parameter is unknown.
    InvalidCRSError
        If the coordinate system is unknown.
    """
    came = ask.only("lon", "lat", "crs")
    crs = came.get("crs", WGS84)
    lon, lat = place_of(service, came)
    views = service.layers(ask.caller, _LAYERS)
    tree = _tree(service, views)
    # The day is in it because the validity of a division ends without any version or edit.
    as_of = "" if tree is None else tree.as_of.isoformat()
    tag = ask.tag(as_of, *(part for name, view in views.items() for part in (name, view.version_tag)))
    if ask.holds(tag):
        return not_modified(tag, max_age_s=service.settings.max_age_s)
    chain = chain_at(service, views, ask.caller, lon, lat)
    unit = chain[-1] if chain and chain[-1].level_name == "grid" else None
    found = {
        "lon": lon,
        "lat": lat,
        "crs": WGS84,
        "asked": {"lon": came["lon"], "lat": came["lat"], "crs": crs},
        "grid_unit": None if unit is None else {"grid_id": unit.code, "name": unit.name},
        "chain": [{"level": one.level_name, "code": one.code, "name": one.name} for one in chain],
        "building": _nearest(views.get("buildings"), lon, lat),
        "address": _nearest(views.get("addresses"), lon, lat),
    }
    return fresh(ask, orjson.dumps(found), tag=tag, max_age_s=service.settings.max_age_s)


def place_of(service: Service, came: dict[str, str]) -> tuple[float, float]:
    """Return the place that was asked for.

    Parameters
    ----------
    service : Service
    came : dict of str to str
        Query parameters ``lon``, ``lat`` and ``crs``.

    Returns
    -------
    tuple of (float, float)
        lon, lat in CGCS2000/WGS 84 degrees.

    Raises
    ------
    InvalidQueryError
        If the place is missing, not finite or not on the globe.
    InvalidCRSError
        If the coordinate system is unknown.
    """
    crs = parse_crs(came.get("crs", WGS84))
    service.city.config.refuse_conversion(crs)
    for name in ("lon", "lat"):
        if name not in came:
            raise InvalidQueryError(
                f"{name} is missing; wanted is ?lon=...&lat=..., degrees or metres of crs"
            )
    lon, lat = parse_number(came["lon"], "lon"), parse_number(came["lat"], "lat")
    what = f"lon={came['lon']}, lat={came['lat']}"
    if not crs.is_wgs84:
        lons, lats = to_wgs84(np.array([lon]), np.array([lat]), crs)
        lon, lat = float(lons[0]), float(lats[0])
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise InvalidQueryError(f"{what} is no place in {crs.code}")
    check_lonlat(lon, lat, what)
    return lon, lat


def _tree(service: Service, views: dict[str, LayerView]) -> DivisionTree | None:
    """Return the division tree; None where one of its layers is damaged."""
    is_whole = all(name in views for name in ("divisions", "grid") if service.city.has_layer(name))
    return service.city.divisions if is_whole else None


def chain_at(
    service: Service, views: dict[str, LayerView], caller: Scope, lon: float, lat: float
) -> tuple[Division, ...]:
    """Return the divisions that hold a place, from the city down.

    Parameters
    ----------
    service : Service
    views : dict of str to LayerView
        The layers ``grid`` and ``divisions``, as far as they can be read.
    caller : Scope
    lon, lat : float
        Degrees, CGCS2000/WGS 84.

    Returns
    -------
    tuple of Division
        Empty outside and beyond the scope.
    """
    tree = _tree(service, views)
    if tree is None:
        return ()
    last: Division | None = None
    if "grid" in views:
        index = service.city.grid_index
        position = int(index.lookup(np.array([lon]), np.array([lat]))[0])
        last = tree.unit(str(index.grid_ids[position])) if position >= 0 else None
    if last is None and "divisions" in views:
        last = _deepest(views["divisions"], tree, lon, lat)
    if last is None:
        return ()
    is_seen = caller.is_whole_city or caller.contains(tree.preorder_of(np.array([last.id])))[0]
    return tree.chain(last) if is_seen else ()


def _deepest(view: LayerView, tree: DivisionTree, lon: float, lat: float) -> Division | None:
    """Return the lowest division whose boundary holds a place; None where none does."""
    held = []
    rows = view.take(view.containing(lon, lat), ["code", "valid_from", "valid_to"])
    # The boundary of an earlier carrier of the code says nothing of today's.
    for code in rows["code"].filter(pa.array(in_force(rows, tree.as_of))).to_pylist():
        try:
            held.append(tree.current(code))
        except UnknownDivisionError:
            continue  # unsound, so the tree has left it out
    return max(held, key=lambda division: (division.level, division.code), default=None)


def _nearest(view: LayerView | None, lon: float, lat: float) -> dict[str, object] | None:
    """Return the properties of the nearest feature within reach; None where there is none."""
    if view is None:
        return None
    positions, distances_m = view.nearest(lon, lat, k=1, max_distance_m=NEAR_M)
    if not len(positions):
        return None
    feature = orjson.loads(view.feature_json(positions)[0])
    distance_m = float(distances_m[0])
    return {
        "feature_id": feature["id"],
        **feature["properties"],
        "distance_m": round(distance_m, 2),
        "contains": view.layer.schema.geometry == "polygon" and distance_m == 0.0,
    }
