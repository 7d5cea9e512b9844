"""Small OpenStreetMap files written out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyarrow as pa

from layers.osm import read_osm
from layers.report import ReadResult

Tags = Mapping[str, str]
Member = tuple[str, int, str]


class Extract:
    """Nodes, ways and relations that become the text of an .osm file."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {"node": [], "way": [], "relation": []}

    def node(self, number: int, lon: float, lat: float, tags: Tags | None = None) -> Extract:
        head = f'<node id="{number}" version="1" lon="{lon}" lat="{lat}">'
        self._lines["node"].append(f"{head}{_tags(tags)}</node>")
        return self

    def nodes(self, **places: tuple[float, float]) -> Extract:
        """Add nodes named n1, n2, ... by their number."""
        for name, (lon, lat) in places.items():
            self.node(int(name[1:]), lon, lat)
        return self

    def way(self, number: int, refs: Sequence[int], tags: Tags) -> Extract:
        members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self._lines["way"].append(f'<way id="{number}" version="1">{members}{_tags(tags)}</way>')
        return self

    def relation(self, number: int, members: Sequence[Member], tags: Tags) -> Extract:
        parts = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        self._lines["relation"].append(f'<relation id="{number}" version="1">{parts}{_tags(tags)}</relation>')
        return self

    def text(self) -> str:
        lines = [line for kind in ("node", "way", "relation") for line in self._lines[kind]]
        return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">', *lines, "</osm>"])

    def read(self, folder: Path) -> dict[str, ReadResult]:
        """Write the file, read it with the reader under test and return its layers by name."""
        path = folder / "town.osm"
        path.write_text(self.text(), encoding="utf-8")
        return {result.schema.name: result for result in read_osm(path)}


def only_row(table: pa.Table) -> dict[str, object]:
    """Return the single row of a table."""
    (row,) = table.to_pylist()
    return dict(row)


def _tags(tags: Tags | None) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in (tags or {}).items())
