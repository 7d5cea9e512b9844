"""What a made-up town consists of: blocks of dwellings under their names, and how many match a question."""

from __future__ import annotations

import bisect
import csv
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

NAMES = (
    *("province", "city", "district", "subdistrict", "community", "hamlet", "group", "zone"),
    *("road", "number", "estate", "phase"),
)
"""What stands before the numbered parts of a dwelling, in the order of the text."""
RUNGS = ("house", "building", "unit", "floor", "room")
"""The numbered parts that tell the dwellings of a block apart, in the order of the text."""
M_LAT = 1 / 110_900
M_LON = 1 / 97_300
"""Degrees of a metre near 29 N, good to a percent: these places are made up."""

Labels = Mapping[str, str]


def worded(label: str, word: str) -> str:
    """Return a label with the word after it; names such as 阁楼 and 地下室 need none."""
    return label if len(label) > 1 and not label.isascii() else label + word


class Layout(Protocol):
    """How the dwellings of one block are numbered."""

    def __len__(self) -> int: ...
    def labels(self, index: int) -> dict[str, str]:
        """Return rung -> label of a dwelling, only the rungs that it has."""
        ...

    def count(self, asked: Labels) -> int:
        """Return how many dwellings have all these labels."""
        ...

    def building_of(self, index: int) -> int:
        """Return the number of the building that a dwelling lies in, from 0."""
        ...


@dataclass(frozen=True)
class Flats:
    """Dwellings in buildings: building, perhaps unit, perhaps floor, room.

    ``units`` is the number of units of each building, 0 where its rooms stand under it directly. With
    ``continues`` the doors of a floor are counted through all units, else from 1 in each.
    """

    buildings: tuple[str, ...]
    units: tuple[int, ...]
    floors: int
    doors: int
    continues: bool = False
    has_floor: bool = False

    @cached_property
    def _ends(self) -> list[int]:
        return list(itertools.accumulate(max(units, 1) * self.floors * self.doors for units in self.units))

    @cached_property
    def _place(self) -> dict[str, int]:
        return {label: place for place, label in enumerate(self.buildings)}

    def __len__(self) -> int:
        return self._ends[-1]

    def building_of(self, index: int) -> int:
        return bisect.bisect_right(self._ends, index)

    def labels(self, index: int) -> dict[str, str]:
        building = self.building_of(index)
        index -= self._ends[building - 1] if building else 0
        unit, index = divmod(index, self.floors * self.doors)
        floor, door = divmod(index, self.doors)
        found = {"building": self.buildings[building]}
        if self.units[building]:
            found["unit"] = str(unit + 1)
        if self.has_floor:
            found["floor"] = str(floor + 1)
        return found | {"room": self._room(unit, floor, door)}

    def _room(self, unit: int, floor: int, door: int) -> str:
        return f"{floor + 1}{door + 1 + (unit * self.doors if self.continues else 0):02d}"

    @cached_property
    def _rooms(self) -> list[frozenset[str]]:
        units = range(max(1, *self.units))
        each = list(itertools.product(range(self.floors), range(self.doors)))
        return [frozenset(self._room(unit, floor, door) for floor, door in each) for unit in units]

    def count(self, asked: Labels) -> int:
        if "house" in asked:
            return 0
        place = self._place.get(asked.get("building", ""), -1)
        places = range(len(self.buildings)) if "building" not in asked else [place] if place >= 0 else []
        return sum(self._count_in(place, asked) for place in places)

    def _count_in(self, building: int, asked: Labels) -> int:
        n_units = self.units[building]
        units = list(range(max(n_units, 1)))
        if "unit" in asked:
            units = [number for number in range(n_units) if str(number + 1) == asked["unit"]]
        if "room" in asked:
            is_there = asked.get("floor") in {None, asked["room"][:-2]}
            return sum(asked["room"] in self._rooms[unit] for unit in units) if is_there else 0
        floors = sum(asked.get("floor") in {None, str(floor + 1)} for floor in range(self.floors))
        return len(units) * floors * self.doors


@dataclass(frozen=True)
class Houses:
    """Dwellings with a number of their own."""

    numbers: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def building_of(self, index: int) -> int:
        return index

    def labels(self, index: int) -> dict[str, str]:
        return {"house": self.numbers[index]}

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.numbers)

    def count(self, asked: Labels) -> int:
        if asked.keys() & {"building", "unit", "room"}:
            return 0
        return int(asked["house"] in self._known) if "house" in asked else len(self.numbers)


@dataclass(frozen=True)
class Listed:
    """Dwellings numbered as nobody would have planned it, one by one, building after building."""

    rows: tuple[Labels, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def labels(self, index: int) -> dict[str, str]:
        return dict(self.rows[index])

    @cached_property
    def _place(self) -> dict[str, int]:
        return {building: place for place, building in enumerate(self._rows_of)}

    def building_of(self, index: int) -> int:
        return self._place[self.rows[index]["building"]]

    @cached_property
    def _rows_of(self) -> dict[str, list[Labels]]:
        found: dict[str, list[Labels]] = {}
        for row in self.rows:
            found.setdefault(row["building"], []).append(row)
        return found

    def count(self, asked: Labels) -> int:
        rows = self._rows_of.get(asked["building"], []) if "building" in asked else self.rows
        return sum(all(row.get(rung) == label for rung, label in asked.items()) for row in rows)


@dataclass(frozen=True)
class Block:
    """Dwellings that share their names: an estate or one phase of it, a lane, a road, a group of a village.

    ``names`` holds the fields of :data:`NAMES` that it has, as the text says them; ``words`` the word after
    each numbered part.
    """

    names: Labels
    words: Labels
    layout: Layout
    lon: float
    lat: float
    spell: Spell | None = None

    def row_text(self, labels: Labels) -> str:
        """Return the text of a dwelling as the base has it."""
        return self.text(labels) if self.spell is None else self.spell(self, labels)

    def text(self, labels: Labels) -> str:
        """Return the standard address of a dwelling."""
        head = "".join(self.names.get(name, "") for name in NAMES)
        return head + "".join(worded(labels[rung], self.words[rung]) for rung in RUNGS if rung in labels)

    def place(self, index: int) -> tuple[float, float]:
        """Return lon, lat of the building of a dwelling: 12 abreast, 40 m apart."""
        row, column = divmod(self.layout.building_of(index), 12)
        return self.lon + column * 40 * M_LON, self.lat + row * 40 * M_LAT


@dataclass(frozen=True)
class Dwelling:
    """One row of the base."""

    position: int
    block: Block
    labels: Labels

    @property
    def source_id(self) -> str:
        return source_id(self.position)

    @property
    def text(self) -> str:
        return self.block.row_text(self.labels)


def source_id(position: int) -> str:
    """Return the number that the row at a position has in its file; it says nothing of the address."""
    return f"R{position * 7_919 % 100_000_007:09d}"


@dataclass(frozen=True)
class Town:
    """A made-up town: its blocks, and its divisions as rows of code, name, level, code of the parent."""

    style: str
    name: str
    blocks: tuple[Block, ...]
    divisions: tuple[tuple[str, str, int, str], ...]

    @cached_property
    def _ends(self) -> list[int]:
        return list(itertools.accumulate(len(block.layout) for block in self.blocks))

    def __len__(self) -> int:
        return self._ends[-1]

    def dwelling(self, position: int) -> Dwelling:
        """Return the dwelling of a row."""
        block = bisect.bisect_right(self._ends, position)
        inside = position - (self._ends[block - 1] if block else 0)
        return Dwelling(position, self.blocks[block], self.blocks[block].layout.labels(inside))

    def position_in(self, block: int, share: float) -> int:
        """Return the row of a block that this share, 0 to 1, of its dwellings stands before."""
        return (
            self._ends[block] - len(self.blocks[block].layout) + int(share * len(self.blocks[block].layout))
        )

    def spellings(self, name: str) -> frozenset[str]:
        """Return every value of a name field in the town."""
        return self._spellings[name]

    @cached_property
    def _spellings(self) -> dict[str, frozenset[str]]:
        return {
            name: frozenset(block.names[name] for block in self.blocks if block.names.get(name))
            for name in NAMES
        }

    @cached_property
    def _blocks_of(self) -> dict[tuple[str, str], list[Block]]:
        found: dict[tuple[str, str], list[Block]] = {}
        for block in self.blocks:
            for name, value in block.names.items():
                found.setdefault((name, value), []).append(block)
        return found

    def count(self, names: Mapping[str, frozenset[str]], labels: Labels) -> int:
        """Return how many dwellings lie under one of the given values of each name and have all labels."""
        narrow = next((name for name in ("estate", "road", "hamlet", "community") if name in names), None)
        blocks: list[Block] | tuple[Block, ...] = self.blocks
        if narrow is not None:
            blocks = [
                one for value in sorted(names[narrow]) for one in self._blocks_of.get((narrow, value), ())
            ]
        return sum(
            block.layout.count(labels)
            for block in blocks
            if all(block.names.get(name, "") in wanted for name, wanted in names.items())
        )

    def rows(self, *, with_places: bool) -> Iterator[tuple[str, ...]]:
        """Yield source_id, text and, where wanted, lon and lat of every dwelling, without holding them."""
        position = 0
        for block in self.blocks:
            for index in range(len(block.layout)):
                row: tuple[str, ...] = (source_id(position), block.row_text(block.layout.labels(index)))
                if with_places:
                    lon, lat = block.place(index)
                    row = (*row, f"{lon:.6f}", f"{lat:.6f}")
                yield row
                position += 1

    def write_base(self, path: Path, *, with_places: bool) -> int:
        """Write base.csv; return its rows."""
        header = ("source_id", "text", *(("lon", "lat") if with_places else ()))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(self.rows(with_places=with_places))
        return len(self)

    def write_divisions(self, path: Path) -> None:
        """Write divisions.csv as ``twin import divisions`` takes it."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("code", "name", "level", "parent_code"))
            writer.writerows(self.divisions)


Spell = Callable[[Block, Labels], str]
"""Writes the row of a dwelling as a careless clerk does."""
MakeTown = Callable[[int, int], Town]
"""Seed and number of rows to a town; small towns have smaller estates."""
