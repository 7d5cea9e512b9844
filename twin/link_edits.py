"""Links made and ended between imports (关联变更): edits of the live state; one is ended, never deleted."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from twin.city import City
from twin.divisions import CHINA_TIME
from twin.errors import InvalidValueError
from twin.layer_table import TIMESTAMP
from twin.link_kinds import LINK_KINDS, link_ids
from twin.links import LINKS
from twin.opaque import misfits
from twin.schema import DECLARED


def add_link(
    city: City, kind: str, reference: str, address_id: int, *, since: date, author: str, class_: str = ""
) -> int:
    """Link something to an address from a day on.

    Parameters
    ----------
    city : City
    kind : str
        ``person``, ``enterprise``, ``place``, ``thing``, ``agency`` or ``incident``.
    reference : str
        Opaque reference.
    address_id : int
    since : date
        First day, in China.
    author : str
        Who says so, as an opaque account name.
    class_ : str
        Class of the thing, empty where it has none.

    Returns
    -------
    int
        Feature id of the link; it is on disk when this returns.

    Raises
    ------
    InvalidValueError
        If the kind is unknown, or the reference may tell who somebody is; the message does not show it.
    UnknownFeatureError
        If no address in force has this id.
    """
    if kind not in LINK_KINDS:
        raise InvalidValueError(f"the kind {kind!r} came; wanted {', '.join(LINK_KINDS)}")
    fault = str(misfits(pa.array([reference], pa.string()))[0]) or ("" if reference else "is empty")
    if fault:
        raise InvalidValueError(f"the reference {fault}; send an opaque reference instead (请使用不透明编号)")
    city.address_finder().book.position_of(address_id)
    if not city.has_layer(LINKS):
        _make_layer(city)
    row: dict[str, object] = dict.fromkeys(field.name for field in DECLARED[LINKS].fields)
    row |= {"kind": kind, "ref": reference, "address_id": address_id, "class": class_ or None}
    row["valid_from"] = _midnight(since)
    row["link_id"] = link_ids(_table([row]))[0].as_py()
    feature_id = city.state.new_feature_id(LINKS, at_least=city.store.next_id(LINKS))
    _put(city, feature_id, row, author)
    return feature_id


def end_link(city: City, feature_id: int, *, last_day: date, author: str) -> None:
    """End a link after a day; it stays, with its validity.

    Parameters
    ----------
    city : City
    feature_id : int
        Of the link.
    last_day : date
        Last day on which it holds, in China.
    author : str
        Who says so, as an opaque account name.

    Raises
    ------
    InvalidValueError
        If the link begins after that day.
    UnknownFeatureError
        If there is no such link.
    UnknownLayerError
        If the city has no links.
    """
    view = city.layer(LINKS)
    position = view.position_of(feature_id)
    (row,) = view.take(np.array([position]), view.columns.names).to_pylist()
    ends = _midnight(last_day + timedelta(days=1))
    if row["valid_from"] is not None and row["valid_from"] >= ends:
        raise InvalidValueError(f"link {feature_id} begins after {last_day}, so it cannot end then")
    _put(city, feature_id, {**row, "valid_to": ends}, author)


def _put(city: City, feature_id: int, row: dict[str, object], author: str) -> None:
    city.state.put_feature(LINKS, feature_id, row, None, author=author)  # type: ignore[arg-type]  # plain values
    city.forget(LINKS)


def _make_layer(city: City) -> None:
    """Store a first version without rows, for edits to lie over."""
    with city.writing():
        city.store.put(DECLARED[LINKS], _table([]), resolutions=city.config.resolutions)
    city.forget(LINKS)


def _table(rows: list[dict[str, object]]) -> pa.Table:
    kinds = {"int64": pa.int64(), "timestamp": TIMESTAMP}
    fields = [(field.name, kinds.get(field.type, pa.string())) for field in DECLARED[LINKS].fields]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA_TIME)
