"""A small address base by hand, for the tests of what is laid over one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from twin.addresses.book import AddressBook
from twin.addresses.levels import Level

NO_PLACE = float("nan")


@dataclass(frozen=True, slots=True)
class Node:
    """One address by its id; ``above`` and ``division`` are ids, 0 for none."""

    id: int
    level: Level
    token: str
    above: int = 0
    division: int = 0
    lon: float = NO_PLACE
    lat: float = NO_PLACE


TOWN = (
    Node(1, Level.CITY, "丽州市", division=1),
    Node(2, Level.DISTRICT, "东区", 1, 2),
    Node(3, Level.SUBDISTRICT, "中心街道", 2, 3),
    Node(4, Level.COMMUNITY, "城西社区", 3, 4),
    Node(5, Level.COMMUNITY, "城东社区", 3, 5),
    Node(10, Level.ROAD, "永城路", 3, 3),
    Node(11, Level.NUMBER, "38", 10, 4, 120.01, 28.9),
    Node(12, Level.NUMBER, "40", 10, 5, 120.15, 28.9),
    Node(20, Level.ESTATE, "紫荆花园", 11, 4, 120.011, 28.901),
    Node(21, Level.BUILDING, "1", 20, 4, 120.0112, 28.9012),
    Node(22, Level.BUILDING, "2", 20, 4, 120.0118, 28.9012),
    Node(31, Level.UNIT, "1", 21, 4),
    Node(41, Level.DWELLING, "101", 31, 4),
    Node(42, Level.DWELLING, "102", 31, 4),
    Node(43, Level.DWELLING, "101", 22, 4),
    Node(50, Level.ESTATE, "无名苑"),
)
"""A road through two communities; an estate of two buildings, one with a unit; an estate nobody can place."""


def book_of(nodes: tuple[Node, ...] = TOWN) -> AddressBook:
    """Return the address book of some nodes, in key order."""
    names = sorted({node.token for node in nodes})
    ordered: list[Node] = []
    layer = [node for node in nodes if not node.above]
    while layer:
        place = {node.id: position for position, node in enumerate(ordered)}
        layer.sort(key=lambda node: (place.get(node.above, -1), node.level, names.index(node.token)))
        ordered += layer
        held = {node.id for node in layer}
        layer = [node for node in nodes if node.above in held]
    place = {node.id: position for position, node in enumerate(ordered)} | {0: -1}
    n = len(ordered)
    return AddressBook.of(
        np.array([node.id for node in ordered], np.int64),
        np.array([node.level for node in ordered], np.int8),
        np.array([place[node.above] for node in ordered], np.int32),
        np.array([names.index(node.token) for node in ordered], np.int32),
        pa.array(names, pa.string()),
        words=np.zeros(n, np.int16),
        word_names=("",),
        divisions=np.array([place[node.division] for node in ordered], np.int32),
        lon=np.array([node.lon for node in ordered], np.float64),
        lat=np.array([node.lat for node in ordered], np.float64),
        source_ids=pa.nulls(n, pa.string()),
        n_records=np.ones(n, np.int32),
        gates=np.empty((0, 2), np.int32),
    )
