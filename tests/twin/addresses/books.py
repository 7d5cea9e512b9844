"""Small address books written down as texts: what stands where, for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from twin.addresses.book import AddressBook
from twin.addresses.levels import Level

WORDS = ("", "号", "幢", "单元", "层", "室", "组", "弄", "号楼")
_MARKS = {"市": Level.CITY, "区": Level.DISTRICT, "道": Level.SUBDISTRICT, "社": Level.COMMUNITY} | {
    "组": Level.GROUP,
    "村": Level.HAMLET,
    "园": Level.ZONE,
    "路": Level.ROAD,
    "号": Level.NUMBER,
    "苑": Level.ESTATE,
    "厦": Level.PREMISES,
    "幢": Level.BUILDING,
    "元": Level.UNIT,
    "层": Level.FLOOR,
    "室": Level.DWELLING,
}
_WORD_OF = {
    Level.NUMBER: "号",
    Level.BUILDING: "幢",
    Level.UNIT: "单元",
    Level.FLOOR: "层",
    Level.DWELLING: "室",
    Level.GROUP: "组",
}

Path = tuple[tuple[Level, str], ...]


def path_of(text: str) -> Path:
    """Read ``区丽城区/路永城路/号38/苑西湖花园``: a mark of the level and the token, from the top."""
    return tuple((_MARKS[part[0]], part[1:]) for part in text.split("/"))


def book_of(
    texts: Sequence[str],
    gates: Sequence[tuple[str, str]] = (),
    places: dict[str, tuple[float, float]] | None = None,
) -> AddressBook:
    """Return the book of some paths and all that stands above them; ids are 1000 + position."""
    paths = {path_of(text)[:size] for text in texts for size in range(1, len(path_of(text)) + 1)}
    names = sorted({path[-1][1] for path in paths})
    token = {name: place for place, name in enumerate(names)}
    position: dict[Path, int] = {(): -1}
    for depth in range(1, max(map(len, paths)) + 1):
        layer = [path for path in paths if len(path) == depth]
        layer.sort(key=lambda path: (position[path[:-1]], path[-1][0], token[path[-1][1]]))
        for path in layer:
            position[path] = len(position) - 1
    ordered = list(position)[1:]
    is_source = {path_of(text) for text in texts}
    where = {path_of(text): place for text, place in (places or {}).items()}
    nowhere = (np.nan, np.nan)
    return AddressBook.of(
        np.arange(len(ordered), dtype=np.int64) + 1000,
        np.array([path[-1][0] for path in ordered], np.int8),
        np.array([position[path[:-1]] for path in ordered], np.int32),
        np.array([token[path[-1][1]] for path in ordered], np.int32),
        pa.array(names, pa.string()),
        words=np.array([WORDS.index(_WORD_OF.get(path[-1][0], "")) for path in ordered], np.int16),
        word_names=WORDS,
        divisions=np.array([_division(path, position) for path in ordered], np.int32),
        lon=np.array([where.get(path, nowhere)[0] for path in ordered]),
        lat=np.array([where.get(path, nowhere)[1] for path in ordered]),
        source_ids=pa.array([f"S{n}" if path in is_source else None for n, path in enumerate(ordered)]),
        n_records=np.array([path in is_source for path in ordered], np.int32),
        gates=np.array(
            [(position[path_of(one)], position[path_of(other)]) for one, other in gates], np.int32
        ).reshape(-1, 2),
    )


def _division(path: Path, position: dict[Path, int]) -> int:
    above = [size for size in range(1, len(path) + 1) if path[size - 1][0].is_division]
    return position[path[: above[-1]]] if above else -1


def dwellings(estate: str, buildings: int, units: int, floors: int, doors: int) -> list[str]:
    """Return the paths of all dwellings of an estate."""
    return [
        f"{estate}/幢{building}/元{unit}/室{floor}{door:02d}"
        for building in range(1, buildings + 1)
        for unit in range(1, units + 1)
        for floor in range(1, floors + 1)
        for door in range(1, doors + 1)
    ]
