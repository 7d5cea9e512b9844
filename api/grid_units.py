"""What lies in a grid unit (以图管网格、以网格管房、以房管人): ledger, buildings, dwellings, parts."""

from __future__ import annotations

from dataclasses import asdict
from threading import Lock

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from analysis.ledger import Holdings, Ledger, crs_of, ledger
from analysis.parts import nearest_parts
from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.boxes import check_lonlat, parse_number
from api.service import Service
from api.whole_numbers import parse_feature_id, parse_whole
from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.levels import Level
from twin.boundaries import Measure
from twin.divisions import Division, DivisionTree, GridUnit
from twin.errors import InvalidQueryError, UnknownDivisionError, UnknownLayerError
from twin.redraw import UnitVersion, grid_unit_history
from twin.scope import Scope
from twin.view import LayerView

HELD = (ADDRESS_BASE, ADDRESSES, "links", "buildings")
"""Layers that holdings are made of."""
COUNTED = ("divisions", "grid", *HELD, "parts", "incidents", "roads")
"""Layers that a ledger is made of."""
DEFAULT_LIMIT, MAX_LIMIT = 100, 1_000
_BUILDING = ("building_id", "name", "house_number", "estate", "floors", "use")
_NEAREST_KEYS = ("lon", "lat", "class", "limit", "max_distance_m")


class GridDoor:
    """Answers questions about grid units, and keeps what takes long until a layer changes.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = Lock()
        self._holdings: tuple[tuple[str, ...], Holdings] | None = None
        self._ledger: tuple[tuple[str, ...], Ledger] | None = None

    async def unit(self, ask: Ask, grid_id: str) -> Answer:
        """Return the ledger of a unit: chain, counts, first buildings, history.

        Parameters
        ----------
        ask : Ask
        grid_id : str

        Returns
        -------
        Answer

        Raises
        ------
        UnknownDivisionError
            If the caller sees no such unit.
        """
        ask.only()
        tag, held = self._tag(ask, COUNTED)
        if held:
            return not_modified(tag, max_age_s=self._service.settings.max_age_s)
        body = await self._service.in_thread(self._unit, ask, grid_id)
        return fresh(ask, orjson.dumps(body), tag=tag, max_age_s=self._service.settings.max_age_s)

    async def buildings(self, ask: Ask, grid_id: str) -> Answer:
        """Return the buildings of a unit, page by page; each stands in the one unit of its inner point.

        Parameters
        ----------
        ask : Ask
            Query parameters ``limit`` and ``after``, the last ``feature_id`` of the page before.
        grid_id : str

        Returns
        -------
        Answer

        Raises
        ------
        UnknownDivisionError
            If the caller sees no such unit.
        InvalidQueryError
            If a parameter is malformed.
        """
        limit, after = _page(ask)
        tag, held = self._tag(ask, ("divisions", "grid", *HELD))
        if held:
            return not_modified(tag, max_age_s=self._service.settings.max_age_s)
        body = await self._service.in_thread(self._buildings, ask, grid_id, limit, after)
        return fresh(ask, orjson.dumps(body), tag=tag, max_age_s=self._service.settings.max_age_s)

    async def dwellings(self, ask: Ask, feature_id: str) -> Answer:
        """Return the dwellings of a building, and how each came to it.

        Parameters
        ----------
        ask : Ask
            Query parameters ``limit`` and ``after``, the last ``address_id`` of the page before.
        feature_id : str

        Returns
        -------
        Answer

        Raises
        ------
        UnknownFeatureError
            If the caller sees no such building.
        InvalidQueryError
            If a parameter is malformed.
        """
        number = parse_feature_id(feature_id, "building")
        limit, after = _page(ask)
        tag, held = self._tag(ask, ("divisions", "grid", *HELD))
        if held:
            return not_modified(tag, max_age_s=self._service.settings.max_age_s)
        body = await self._service.in_thread(self._dwellings, ask, number, limit, after)
        return fresh(ask, orjson.dumps(body), tag=tag, max_age_s=self._service.settings.max_age_s)

    async def nearest_part(self, ask: Ask) -> Answer:
        """Return the nearest parts of a class to a place.

        Parameters
        ----------
        ask : Ask
            Query parameters ``lon``, ``lat`` (CGCS2000 = WGS 84), ``class`` (大类 or 小类), ``limit`` and
            ``max_distance_m``.

        Returns
        -------
        Answer

        Raises
        ------
        InvalidQueryError
            If a parameter is malformed.
        UnknownLayerError
            If the city has no parts.
        """
        came = ask.only(*_NEAREST_KEYS)
        for name in ("lon", "lat"):
            if name not in came:
                raise InvalidQueryError(f"{name} is missing; wanted is ?lon=...&lat=...&class=...")
        lon, lat = parse_number(came["lon"], "lon"), parse_number(came["lat"], "lat")
        check_lonlat(lon, lat, f"lon={came['lon']}, lat={came['lat']}")
        limit = parse_whole(came.get("limit", "1"), "limit", 1, MAX_LIMIT)
        reach_m = parse_number(came.get("max_distance_m", "20000"), "max_distance_m")
        view = self._service.layer("parts", ask.caller)
        tag = ask.tag(view.version_tag)
        if ask.holds(tag):
            return not_modified(tag, max_age_s=self._service.settings.max_age_s)

        def found() -> dict[str, object]:
            kind = came.get("class", "")
            positions, metres = nearest_parts(view, lon, lat, kind, limit, max_distance_m=reach_m)
            features = [orjson.loads(one) for one in view.feature_json(positions)]
            for feature, distance_m in zip(features, metres.tolist(), strict=True):
                feature["properties"]["distance_m"] = round(distance_m, 2)
            return {"lon": lon, "lat": lat, "class": kind, "parts": features}

        body = orjson.dumps(await self._service.in_thread(found))
        return fresh(ask, body, tag=tag, max_age_s=self._service.settings.max_age_s)

    def _tag(self, ask: Ask, names: tuple[str, ...]) -> tuple[str, bool]:
        """Return the tag of an answer from some layers, and whether the caller holds it."""
        views = self._service.layers(ask.caller, names)
        # The day is in it because links and divisions end without any version or edit.
        day = self._service.city.divisions.as_of.isoformat()
        tag = ask.tag(day, *(part for name in views for part in (name, views[name].version_tag)))
        return tag, ask.holds(tag)

    def _tags(self, names: tuple[str, ...]) -> tuple[str, ...]:
        city = self._service.city
        there = [name for name in names if city.has_layer(name)]
        return (
            city.divisions.as_of.isoformat(),
            *(f"{name} {city.layer(name).version_tag}" for name in there),
        )

    def _held(self) -> Holdings:
        """Return what the city holds; made once for all threads."""
        with self._lock:
            tags = self._tags(HELD)
            if self._holdings is None or self._holdings[0] != tags:
                self._holdings = (tags, Holdings.of(self._service.city))
            return self._holdings[1]

    def _whole_ledger(self) -> Ledger:
        """Return the ledger of all units: one for every caller, so that what is suppressed stays so."""
        holdings = self._held()
        with self._lock:
            tags = self._tags(COUNTED)
            if self._ledger is None or self._ledger[0] != tags:
                self._ledger = (tags, ledger(self._service.city, holdings=holdings))
            return self._ledger[1]

    def _unit(self, ask: Ask, grid_id: str) -> dict[str, object]:
        city = self._service.city
        unit = seen_unit(city.divisions, grid_id, ask.caller)
        row = self._whole_ledger().row(grid_id)
        measure = Measure.of(crs_of(city))
        page = self._buildings(ask, grid_id, DEFAULT_LIMIT, -1)
        return {
            "grid_id": unit.grid_id,
            "name": unit.name,
            "kind": unit.kind,
            "chain": [_brief(one) for one in city.divisions.chain(unit)],
            "counts": {name: value for name, value in row.items() if name not in {"key", "name"}},
            "buildings": page["buildings"],
            "links": page["links"],
            "history": [_version(one, measure) for one in grid_unit_history(city, grid_id)],
        }

    def _buildings(self, ask: Ask, grid_id: str, limit: int, after: int) -> dict[str, object]:
        unit = seen_unit(self._service.city.divisions, grid_id, ask.caller)
        found: list[dict[str, object]] = []
        next_after: int | None = None
        if self._service.city.has_layer("buildings"):
            view = self._service.layer("buildings", ask.caller)
            positions = self._standing_in(view, unit)
            rows = view.take(positions, ["feature_id", *_BUILDING]).sort_by("feature_id").to_pylist()
            rest = [row for row in rows if row["feature_id"] > after]
            found = rest[:limit]
            next_after = found[-1]["feature_id"] if len(rest) > limit else None  # type: ignore[assignment]  # an int64 column
            self._count_in(found)
        path = f"{ask.base_url}/v1/grid-units/{grid_id}/buildings"
        return {"grid_id": grid_id, "buildings": found, "links": _links(path, limit, next_after)}

    def _standing_in(self, view: LayerView, unit: GridUnit) -> NDArray[np.int64]:
        """Return the features whose inner point lies in a unit."""
        index = self._service.city.grid_index
        place = int(np.flatnonzero(index.grid_ids == unit.grid_id)[0])
        shape = index.geometries()[place]
        if shape.is_empty:
            return np.empty(0, np.int64)
        positions = view.in_bbox(shape.bounds, exact=False)
        inner = []
        for stratum in view.strata:
            rows = positions - stratum.first_position
            rows = rows[(rows >= 0) & (rows < stratum.layer.n_rows)]
            inner.append(stratum.layer.geometry_arrays().take(rows).representative_points())
        points = np.concatenate(inner)
        here: NDArray[np.int64] = positions[index.lookup(points[:, 0].copy(), points[:, 1].copy()) == place]
        return here

    def _count_in(self, buildings: list[dict[str, object]]) -> None:
        """Add the numbers of addresses and dwellings of buildings; null where there is no address base."""
        homes = self._held().homes
        for row in buildings:
            row["addresses"] = row["dwellings"] = None
        if homes is None or not buildings:
            return
        place = {feature_id: at for at, feature_id in enumerate(homes.feature_ids.tolist())}
        for row in buildings:
            at = place.get(row["feature_id"])
            if at is not None:
                row["addresses"] = int(homes.address_counts[at])
                row["dwellings"] = int(homes.dwelling_counts[at])

    def _dwellings(self, ask: Ask, feature_id: int, limit: int, after: int) -> dict[str, object]:
        view = self._service.layer("buildings", ask.caller)
        (building,) = view.take(np.array([view.position_of(feature_id)]), list(_BUILDING)).to_pylist()
        homes = self._held().homes
        if homes is None:
            raise UnknownLayerError("the city has no address base yet; import addresses, then twin build")
        positions = homes.addresses(feature_id, Level.DWELLING)
        order = np.argsort(homes.book.ids[positions], kind="stable")
        rest = positions[order][homes.book.ids[positions][order] > after]
        base = self._service.city.layer(ADDRESS_BASE)
        found = []
        for position in rest[:limit].tolist():
            address_id = int(homes.book.ids[position])
            text = base.take(np.array([base.position_of(address_id)]), ["text"])["text"].to_pylist()[0]
            how, distance_m = homes.how_of(position)
            found.append(
                {
                    "address_id": address_id,
                    "text": text,
                    "matched": how,
                    "distance_m": None if np.isnan(distance_m) else round(distance_m, 2),
                    "links": f"{ask.base_url}/v1/addresses/{address_id}/links",
                }
            )
        next_after = int(homes.book.ids[rest[limit - 1]]) if len(rest) > limit else None
        path = f"{ask.base_url}/v1/buildings/{feature_id}/dwellings"
        links = _links(path, limit, next_after)
        return {
            "feature_id": feature_id,
            **building,
            "total": len(positions),
            "dwellings": found,
            "links": links,
        }


def seen_unit(tree: DivisionTree, grid_id: str, scope: Scope) -> GridUnit:
    """Return a grid unit that a caller may see.

    Parameters
    ----------
    tree : DivisionTree
    grid_id : str
    scope : Scope

    Returns
    -------
    GridUnit

    Raises
    ------
    UnknownDivisionError
        If there is none, or it lies outside the scope.
    """
    unit = tree.unit(grid_id) if scope.is_whole_city else None
    if unit is None:
        refusal = UnknownDivisionError(f"there is no grid unit {grid_id!r}")
        try:
            unit = tree.unit(grid_id)
        except UnknownDivisionError as error:
            raise refusal from error
        if not scope.contains(tree.preorder_of(np.array([unit.id])))[0]:
            raise refusal
    return unit


def _brief(one: Division) -> dict[str, object]:
    return {"level": one.level_name, "code": one.code, "name": one.name}


def _version(one: UnitVersion, measure: Measure) -> dict[str, object]:
    known = {
        name: value for name, value in asdict(one).items() if name in {"author", "action", "layer_version"}
    }
    area_m2 = None if one.shape is None else float(shapely.area(measure.metric(np.array([one.shape])))[0])
    geometry = None if one.shape is None else orjson.loads(shapely.to_geojson(one.shape))
    return {"since": one.since, **known, "area_m2": area_m2, "geometry": geometry}


def _page(ask: Ask) -> tuple[int, int]:
    came = ask.only("limit", "after")
    limit = parse_whole(came.get("limit", str(DEFAULT_LIMIT)), "limit", 1, MAX_LIMIT)
    return limit, parse_whole(came["after"], "after", 0, 2**53) if "after" in came else -1


def _links(path: str, limit: int, next_after: int | None) -> list[dict[str, str]]:
    """Return the link to the next page, where there is one."""
    if next_after is None:
        return []
    return [{"rel": "next", "href": f"{path}?limit={limit}&after={next_after}", "type": "application/json"}]
