"""Reference data for the parser: national division tables as gazetteer rows, tagged addresses as spans."""

from __future__ import annotations

import csv
import gzip
import io
from typing import NamedTuple

from tests.reference import reference_path
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level

_TOWN_ENDINGS = ("街道", "镇", "乡")
"""Other rows of town level are statistical stand-ins (类似乡级单位): development zones, farms, prisons."""

LEVELS_OF_TAGS = {
    "city": Level.CITY,
    "district": Level.DISTRICT,
    "town": Level.SUBDISTRICT,
    "community": Level.COMMUNITY,
    "devzone": Level.ZONE,
    "road": Level.ROAD,
    "subroad": Level.ROAD,
    "roadno": Level.NUMBER,
    "subroadno": Level.NUMBER,
    "poi": Level.ESTATE,
    "subpoi": Level.ESTATE,
    "houseno": Level.BUILDING,
    "cellno": Level.UNIT,
    "floorno": Level.FLOOR,
    "roomno": Level.DWELLING,
}
"""Levels of the tags; prov, person, assist, redundant, country and otherinfo have none."""
LEVELS_TAGGED_AS = {Level.GROUP: Level.NUMBER, Level.HAMLET: Level.ESTATE, Level.PREMISES: Level.ESTATE}
"""What the annotators call levels that have no tag of their own."""


class Tagged(NamedTuple):
    """An address and its tagged spans (tag, start, end)."""

    text: str
    spans: list[tuple[str, int, int]]


def national_gazetteer() -> Gazetteer:
    """Return the gazetteer of Zhejiang down to the village and of the country down to the town."""
    rows: list[tuple[str, int, int]] = []
    known: dict[tuple[str, int, int], int] = {}

    def add(name: str, level: int, parent: int) -> int:
        if level == Level.SUBDISTRICT and not name.endswith(_TOWN_ENDINGS):
            return parent
        if (name, level, parent) not in known:
            known[name, level, parent] = len(rows)
            rows.append((name, level, parent))
        return known[name, level, parent]

    above = [-1] * 5
    with gzip.open(reference_path("address/zhejiang_5level_names.txt.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            depth = len(line) - len(line.lstrip("\t"))
            if depth and line.strip():
                above[depth] = add(line.split("\t")[depth].strip(), depth, above[depth - 1])
    rows_of_ids: dict[str, int] = {}
    with gzip.open(reference_path("address/areacity_level4.csv.gz")) as packed:
        for row in csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8-sig")):
            level, parent = int(row["deep"]), rows_of_ids.get(row["pid"], -1)
            rows_of_ids[row["id"]] = add(row["ext_name"], level, parent) if level else -1
    return Gazetteer.of(rows)


def tagged_addresses(name: str) -> list[Tagged]:
    """Return the addresses of one tagged file: blocks of ``token TAG`` lines."""
    with gzip.open(reference_path(f"address/{name}"), "rt", encoding="utf-8") as lines:
        blocks = lines.read().strip().split("\n\n")
    found = []
    for block in blocks:
        text, spans = "", []
        for line in block.split("\n"):
            token, tag = line.split(" ")
            if tag.startswith("I-") and spans:
                label, start, _ = spans.pop()
                spans.append((label, start, len(text) + len(token)))
            else:
                spans.append((tag[2:].lower(), len(text), len(text) + len(token)))
            text += token
        found.append(Tagged(text, spans))
    return found
