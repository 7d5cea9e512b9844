"""The rows of the address base around a decision, and what the decision makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from twin.addresses.base import ADDRESS_BASE, ADDRESSES, DECIDED, IN_FORCE, SUPERSEDED
from twin.addresses.levels import Level
from twin.addresses.standard import standard_text
from twin.city import City
from twin.errors import InvalidDecisionError, StateConflictError, UnknownFeatureError
from twin.state.decisions import Change, Image
from twin.view import LayerView


class Plan:
    """The features that a decision changes, as they were and as they will be.

    Parameters
    ----------
    city : City
    """

    def __init__(self, city: City) -> None:
        self.city = city
        self.now = datetime.now(UTC).replace(microsecond=0).isoformat()
        self.base = city.layer(ADDRESS_BASE)
        self.rows = city.layer(ADDRESSES)
        self.expected = {ADDRESS_BASE: self.base.edits.sequence, ADDRESSES: self.rows.edits.sequence}
        known = self.base.take(self.base.positions(), ["feature_id", "parent_id", "status"])
        known = known.filter(pc.equal(known["status"], IN_FORCE))
        self._ids = known["feature_id"].to_numpy()
        parents = known["parent_id"].fill_null(-1).to_numpy()
        self._by_parent = np.argsort(parents, kind="stable")
        self._parents = parents[self._by_parent]
        self._before: dict[tuple[str, int], Image | None] = {}
        self._after: dict[tuple[str, int], dict[str, Any]] = {}
        self._geometry: dict[tuple[str, int], bytes | None] = {}

    @contextmanager
    def still_true(self) -> Iterator[None]:
        """Hold the write lock of the city, in which nothing has been imported since the plan was made."""
        with self.city.writing():
            for view in (self.base, self.rows):
                name = view.layer.schema.name
                if self.city.store.current(name).version != view.layer.version:
                    raise StateConflictError(
                        f"layer {name!r} was imported or built meanwhile; look at it again"
                    )
            yield

    def address(self, address_id: int) -> dict[str, Any]:
        """Return an address in force as it will be, to be changed in place."""
        found = self._load(self.base, ADDRESS_BASE, [address_id])
        if not found:
            raise UnknownFeatureError(f"there is no address {address_id}")
        if found[0]["status"] != IN_FORCE:
            fate = f"; it went into {found[0]['superseded_by']}" if found[0]["superseded_by"] else ""
            raise InvalidDecisionError(f"the address {address_id} is {found[0]['status']}{fate}")
        return found[0]

    def children(self, address_id: int) -> list[int]:
        """Return the ids of the addresses right below one, that were so before the decision."""
        low, high = np.searchsorted(self._parents, [address_id, address_id + 1])
        return sorted(self._ids[self._by_parent[low:high]].tolist())

    def below(self, address_id: int) -> list[int]:
        """Return the ids of an address and all below it, each after the one above."""
        found = [address_id]
        for one in found:
            found.extend(self.children(one))
        return found

    def records_of(self, address_ids: Iterable[int]) -> list[dict[str, Any]]:
        """Return the source rows that name any of some addresses, to be changed in place."""
        wanted = pa.array(sorted(address_ids), pa.int64())
        table = self.rows.take(self.rows.positions(), ["feature_id", "address_id"])
        ids = table.filter(pc.is_in(table["address_id"], value_set=wanted))["feature_id"].to_pylist()
        return self._load(self.rows, ADDRESSES, sorted(ids))

    def records(self, record_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Return source rows by their feature ids, to be changed in place."""
        found = self._load(self.rows, ADDRESSES, sorted(set(record_ids)))
        if len(found) < len(set(record_ids)):
            raise UnknownFeatureError(f"some of the records {sorted(set(record_ids))[:5]} ... are not there")
        return found

    def new_address(self, like: dict[str, Any]) -> dict[str, Any]:
        """Return a new address that is like another but for its id and what names it."""
        new_id = self.city.state.new_feature_id(
            ADDRESS_BASE, at_least=self.city.store.next_id(ADDRESS_BASE), count=1
        )
        made = {
            **like,
            "feature_id": new_id,
            "n_records": 0,
            "gates": None,
            "source": None,
            "source_id": None,
        }
        key = ADDRESS_BASE, new_id
        self._before[key] = None
        self._after[key] = made
        self._geometry[key] = None
        return made

    def point(self, address_id: int) -> tuple[float, float]:
        """Return the place of an address as it will be; NaN without one."""
        return _place(self._geometry[ADDRESS_BASE, address_id])

    def set_point(self, address_id: int, lon: float, lat: float) -> None:
        """Give an address a place."""
        has_place = not np.isnan(lon)
        self._geometry[ADDRESS_BASE, address_id] = (
            shapely.to_wkb(shapely.Point(lon, lat)) if has_place else None
        )

    def record_point(self, record_id: int) -> tuple[float, float]:
        """Return the place of a source row; NaN without one."""
        return _place(self._geometry[ADDRESSES, record_id])

    def supersede(self, address: dict[str, Any], by: int) -> None:
        """Let an address go into another."""
        address.update(
            status=SUPERSEDED, superseded_by=by, valid_to=self.now, n_records=0, source=None, source_id=None
        )

    def match(self, record: dict[str, Any], address_id: int) -> None:
        """Let a source row name an address because people said so."""
        record.update(address_id=address_id, match_score=1.0, match_method=DECIDED, matched_at=self.now)

    def write_texts(self, address_ids: Sequence[int]) -> None:
        """Write the standard texts of addresses anew, each after the one above it."""
        for one in address_ids:
            address = self.address(one)
            address["text"] = self._text(address)

    def _text(self, address: dict[str, Any]) -> str:
        """Return the standard text of an address: its division, then the parts below."""
        parts = []
        here: dict[str, Any] | None = address
        while here is not None and here["level"] > Level.COMMUNITY:
            parts.append(standard_text([(Level(here["level"]), here["token"], here["word"] or "")]))
            here = None if here["parent_id"] is None else self.address(here["parent_id"])
        division_id = address["division_id"]
        division = "" if division_id is None else self.address(division_id)["text"]
        return division + "".join(reversed(parts))

    def changes(self) -> list[Change]:
        """Return every feature that will be another than it was."""
        changes = []
        for key, properties in self._after.items():
            kept = {name: value for name, value in properties.items() if name != "feature_id"}
            after = Image(_plain(kept), self._geometry[key])
            before = self._before[key]
            if before != after:
                changes.append(Change(*key, before, after))
        return changes

    def image(self, layer: str, feature_id: int) -> Image | None:
        """Return a feature as it stands now; None where there is none."""
        view = self.base if layer == ADDRESS_BASE else self.rows
        self._load(view, layer, [feature_id])
        return self._before.get((layer, feature_id))

    def _load(self, view: LayerView, layer: str, feature_ids: Sequence[int]) -> list[dict[str, Any]]:
        """Return features as they will be, those not yet looked at as they are."""
        missing = [one for one in feature_ids if (layer, one) not in self._after]
        if missing:
            positions = np.array([place for one in missing if (place := _position(view, one)) >= 0], np.int64)
            columns = ["feature_id", *view.columns.names, "geometry"]
            for row in view.take(positions, columns).to_pylist() if len(positions) else ():
                key = layer, row["feature_id"]
                self._geometry[key] = row.pop("geometry")
                kept = {name: value for name, value in row.items() if name != "feature_id"}
                self._before[key] = Image(_plain(kept), self._geometry[key])
                self._after[key] = {**_plain(kept), "feature_id": row["feature_id"]}
        return [self._after[layer, one] for one in feature_ids if (layer, one) in self._after]


def name_of(address: dict[str, Any]) -> tuple[int, str]:
    """Return what an address is told from its siblings by."""
    return address["level"], address["token"]


def _position(view: LayerView, feature_id: int) -> int:
    try:
        return view.position_of(feature_id)
    except UnknownFeatureError:
        return -1


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    """Return properties as JSON has them."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(properties))
    return plain


def _place(wkb: bytes | None) -> tuple[float, float]:
    if wkb is None:
        return float("nan"), float("nan")
    point = shapely.from_wkb(wkb)
    return float(point.x), float(point.y)
