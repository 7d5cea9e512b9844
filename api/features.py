"""Features of a layer as GeoJSON (OGC API - Features, clauses 7.15 and 7.16)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.collections import CRS84
from api.items_query import PARAMETERS, Interval, ItemsQuery, decode_cursor, encode_cursor
from api.links import link
from api.negotiation import GEOJSON, JSON, chosen_format
from api.service import Service
from api.whole_numbers import parse_feature_id
from twin.errors import InvalidQueryError
from twin.schema import LayerSchema
from twin.view import LayerView

INLINE_LIMIT = 250  # a page up to here takes well under 1 ms, less than a change of threads is worth
TIME_CHUNK = 20_000
CONTENT_CRS = ((b"content-crs", f"<{CRS84}>".encode()),)


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """Positions on one page, and where the next begins.

    Attributes
    ----------
    positions : ndarray of int64, shape (n,)
    next_after : int, optional
        Position the next page continues after; None on the last page.
    n_matched : int, optional
        Features on all pages; None where counting would cost more than the page.
    """

    positions: NDArray[np.int64]
    next_after: int | None
    n_matched: int | None


async def items(service: Service, ask: Ask, name: str) -> Answer:
    """Return one page of features.

    Parameters
    ----------
    service : Service
    ask : Ask
    name : str
        Layer name.

    Returns
    -------
    Answer

    Raises
    ------
    UnknownLayerError
        If there is no such layer.
    UnreadableLayerError
        If its files are damaged.
    InvalidQueryError
        If a parameter is unknown or cannot be read.
    StaleCursorError
        If the page before belongs to an older version or state of edits of the layer.
    """
    view = service.layer(name, ask.caller)
    query = ItemsQuery.parse(ask)
    if query.filters:
        check_filters(view, query.filters)
    after = decode_cursor(query.cursor, view.layer.version, view.edits.sequence, name)
    tag = ask.tag(view.version_tag, is_weak=True)
    if ask.holds(tag):
        return not_modified(tag, max_age_s=service.settings.max_age_s)
    is_quick = query.limit <= INLINE_LIMIT and not query.filters and query.interval is None
    answer = partial(_items_answer, view, ask, query, after, tag, service.settings.max_age_s)
    return answer() if is_quick else await service.in_thread(answer)


async def item(service: Service, ask: Ask, name: str, feature_id: str) -> Answer:
    """Return one feature.

    Parameters
    ----------
    service : Service
    ask : Ask
    name : str
        Layer name.
    feature_id : str
        Whole number.

    Returns
    -------
    Answer

    Raises
    ------
    UnknownLayerError
        If there is no such layer.
    UnreadableLayerError
        If its files are damaged.
    UnknownFeatureError
        If the layer has no feature of this id that the caller may see.
    InvalidQueryError
        If a parameter is unknown.
    """
    chosen_format(ask.only("f").get("f"), ask.accept, ("json", "geojson"))
    view = service.layer(name, ask.caller)
    position = view.position_of(parse_feature_id(feature_id, f"feature of {name}"))
    tag = ask.tag(view.version_tag)
    if ask.holds(tag):
        return not_modified(tag, max_age_s=service.settings.max_age_s)
    feature = bytes(view.feature_json(np.array([position], dtype=np.int64))[0])
    here = f"{ask.base_url}/collections/{name}"
    links = orjson.dumps(
        [link(f"{here}/items/{feature_id}", "self", GEOJSON), link(here, "collection", JSON)],
    )
    body = b'%b,"links":%b}' % (feature[:-1], links)
    return fresh(ask, body, GEOJSON, tag=tag, max_age_s=service.settings.max_age_s, extra=CONTENT_CRS)


def check_filters(view: LayerView, filters: dict[str, str]) -> None:
    """Refuse query parameters that are neither ours nor a property of the layer.

    Parameters
    ----------
    view : LayerView
    filters : dict of str to str
        Every parameter that is not ours.

    Raises
    ------
    InvalidQueryError
        If one is no property (OGC API Features, ``/req/core/query-param-unknown``).
    """
    names = view.columns.names
    for name in filters:
        if name not in names:
            raise InvalidQueryError(
                f"unknown query parameter {name!r}; wanted are {', '.join(PARAMETERS)} "
                f"or a property of {view.layer.schema.name}: {', '.join(names)}"
            )


def time_fields(schema: LayerSchema) -> tuple[str, str]:
    """Return the fields that hold the first and the last instant of a feature.

    Parameters
    ----------
    schema : LayerSchema

    Returns
    -------
    tuple of (str, str)
        The pair ``valid_from``, ``valid_to``, else the first time field twice.

    Raises
    ------
    InvalidQueryError
        If the layer declares no time field.

    Examples
    --------
    >>> from twin.schema import DECLARED
    >>> time_fields(DECLARED["incidents"])
    ('reported_at', 'reported_at')
    """
    names = [field.name for field in schema.fields if field.type == "timestamp"]
    if not names:
        raise InvalidQueryError(f"layer {schema.name!r} has no time field, so datetime cannot be asked of it")
    return ("valid_from", "valid_to") if {"valid_from", "valid_to"} <= set(names) else (names[0], names[0])


def find_page(view: LayerView, query: ItemsQuery, after: int) -> FeaturePage:
    """Return the positions of one page.

    Parameters
    ----------
    view : LayerView
    query : ItemsQuery
    after : int
        Position the page before ended with; -1 at the beginning.

    Returns
    -------
    FeaturePage

    Raises
    ------
    InvalidQueryError
        If a filter value or the time cannot be asked of the layer.
    """
    where = query.filters or None
    if query.interval is None:
        positions, next_after = view.page(after, query.limit, query.bbox, where)
    else:
        positions, next_after = _page_in_time(view, query, query.interval, where, after)
    if after < 0 and next_after is None:
        return FeaturePage(positions, None, len(positions))
    # A box is counted by whole blocks; a property or a time would have to be read of every feature.
    is_cheap = where is None and query.interval is None
    return FeaturePage(positions, next_after, view.count(query.bbox) if is_cheap else None)


def _page_in_time(
    view: LayerView, query: ItemsQuery, interval: Interval, where: dict[str, str] | None, after: int
) -> tuple[NDArray[np.int64], int | None]:
    """Walk the layer in chunks until a page of features that meet the interval is full."""
    fields = time_fields(view.layer.schema)
    found: list[NDArray[np.int64]] = []
    n_missing = query.limit + 1
    for positions in _chunks(view, query, where, after):
        kept = positions[_meets(view.take(positions, list(dict.fromkeys(fields))), fields, interval)][
            :n_missing
        ]
        found.append(kept)
        n_missing -= len(kept)
        if not n_missing:
            break
    page = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    if len(page) <= query.limit:
        return page, None
    return page[: query.limit], int(page[query.limit - 1])


def _chunks(
    view: LayerView, query: ItemsQuery, where: dict[str, str] | None, after: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of a query in order, some thousands at a time."""
    next_after: int | None = after
    while next_after is not None:
        positions, next_after = view.page(next_after, TIME_CHUNK, query.bbox, where)
        yield positions


def _meets(rows: pa.Table, fields: tuple[str, str], interval: Interval) -> NDArray[np.bool_]:
    """Return which rows' times meet an interval; an absent end of a validity is unbounded."""
    first, last = rows.column(fields[0]), rows.column(fields[1])
    is_validity = fields[0] != fields[1]
    is_met = np.ones(rows.num_rows, dtype=np.bool_)
    start, end = interval
    if end is not None:
        is_met &= pc.fill_null(pc.less_equal(first, pa.scalar(end, first.type)), is_validity).to_numpy()
    if start is not None:
        is_met &= pc.fill_null(pc.greater_equal(last, pa.scalar(start, last.type)), is_validity).to_numpy()
    return is_met if is_validity else is_met & pc.is_valid(first).to_numpy()


def _items_answer(
    view: LayerView, ask: Ask, query: ItemsQuery, after: int, tag: str, max_age_s: int
) -> Answer:
    """Find the page, write its body."""
    page = find_page(view, query, after)
    return fresh(ask, _body(view, ask, page), GEOJSON, tag=tag, max_age_s=max_age_s, extra=CONTENT_CRS)


def _body(view: LayerView, ask: Ask, page: FeaturePage) -> bytes:
    """Return a feature collection: ready features joined, and what stands around them."""
    tail: dict[str, object] = {"links": _links(view, ask, page)}
    if page.n_matched is not None:
        tail["numberMatched"] = page.n_matched
    tail["numberReturned"] = len(page.positions)
    tail["timeStamp"] = _second(int(time.time()))
    features = b",".join(view.feature_json(page.positions))
    return b'{"type":"FeatureCollection","features":[%b],%b' % (features, orjson.dumps(tail)[1:])


@lru_cache(maxsize=2)
def _second(epoch_s: int) -> str:
    """Return a time as RFC 3339; the pages of one second share it."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _links(view: LayerView, ask: Ask, page: FeaturePage) -> list[object]:
    here = f"{ask.base_url}/collections/{view.layer.schema.name}"
    kept = [part for part in ask.query.split("&") if part and not part.startswith("after=")]
    query = f"?{ask.query}" if ask.query else ""
    links: list[object] = [link(f"{here}/items{query}", "self", GEOJSON), link(here, "collection", JSON)]
    if page.next_after is not None:
        cursor = encode_cursor(view.layer.version, view.edits.sequence, page.next_after)
        links.append(link(f"{here}/items?{'&'.join([*kept, f'after={cursor}'])}", "next", GEOJSON))
    return links
