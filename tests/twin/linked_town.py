"""The small town of the service tests with an address base and links, put through the real store."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from tests.api.town import CITY_CODE, COMMUNITY_CODES, DISTRICT_CODE, STREET_CODE, make_town
from tests.twin.small_book import TOWN
from twin.addresses.base import ADDRESS_BASE, BASE_SCHEMA, IN_FORCE, to_layer
from twin.city import City
from twin.layer_table import TIMESTAMP
from twin.links import LINKS
from twin.schema import DECLARED

CODES = dict(enumerate((CITY_CODE, DISTRICT_CODE, STREET_CODE, *COMMUNITY_CODES), start=1))
"""Code of each division of the small book, by its address id."""
PEOPLE = tuple(f"p{number:03d}" for number in range(8))
ENDED = datetime(2024, 1, 1, tzinfo=UTC)

LINK_ROWS = (
    *((41, "person", ref, None) for ref in PEOPLE[:6]),
    (42, "person", PEOPLE[6], None),
    (43, "person", PEOPLE[7], None),
    (43, "person", PEOPLE[0], None),
    (12, "person", "p900", None),
    (21, "enterprise", "e001", "餐饮"),
    (12, "enterprise", "e002", "危化品"),
    (50, "thing", "t001", None),
    (None, "thing", "t002", None),
)
"""Address id, kind, reference, class; the address id of the last is unknown to the base."""


def make_linked_town(folder: Path) -> City:
    """Return an open town whose address base is ``small_book.TOWN``; the first link of 41 has ended."""
    city = make_town(folder, n_buildings=20, n_addresses=20)
    city.store.put(DECLARED[ADDRESS_BASE], to_layer(base()))
    city.store.put(DECLARED[LINKS], links())
    return city


def base() -> pa.Table:
    """Return the rows of the address base."""
    rows = [
        {
            "feature_id": node.id,
            "level": int(node.level),
            "parent_id": node.above or None,
            "token": node.token,
            "word": "",
            "text": node.token,
            "division_id": node.division or None,
            "division_code": CODES.get(node.division),
            "n_records": 1,
            "status": IN_FORCE,
            "lon": node.lon if math.isfinite(node.lon) else math.nan,
            "lat": node.lat if math.isfinite(node.lat) else math.nan,
        }
        for node in TOWN
    ]
    return pa.Table.from_pylist(rows, schema=BASE_SCHEMA)


def links() -> pa.Table:
    """Return the rows of the layer of links."""
    n = len(LINK_ROWS)
    return pa.table(
        {
            "link_id": [f"L{number:03d}" for number in range(n)],
            "kind": [row[1] for row in LINK_ROWS],
            "ref": [row[2] for row in LINK_ROWS],
            "address_id": pa.array([row[0] for row in LINK_ROWS], pa.int64()),
            "class": pa.array([row[3] for row in LINK_ROWS], pa.string()),
            "valid_to": pa.array([ENDED if number == 5 else None for number in range(n)], TIMESTAMP),
        }
    )
