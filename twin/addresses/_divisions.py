"""Reads provinces and divisions at a place of a text: by the gazetteer first, by their endings else."""

from __future__ import annotations

from twin.addresses import _names as words
from twin.addresses._runs import Part
from twin.addresses.gazetteer import Gazetteer, Place
from twin.addresses.levels import Level

_FOREIGN = -2
"""Stands for a division that the gazetteer does not know: nothing of its own lies below it."""
_MIN_STEM = 2


class DivisionReader:
    """Reads the divisions of one text, from the top down; remembers how deep it has come."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._row = -1
        self._level = 0
        self.province = ""

    def read(self, text: str, start: int, end: int, follow: str | None, parts: list[Part]) -> int:
        """Append the division at a place to the parts; return where it ends, ``start`` without one."""
        after = self._read_province(text, start, end)
        if after > start:
            return after
        for after, places in self._gazetteer.matches(text[:end], start):
            place = self._chosen(text, after, end, follow, places)
            if place is not None:
                self._append(text, start, after, place, parts)
                return after
        return self._read_generic(text, start, end, parts)

    def _append(self, text: str, start: int, end: int, place: Place, parts: list[Part]) -> None:
        row = self._gazetteer.rows[place.row]
        level = Level(row.level)
        if level == Level.COMMUNITY and self._is_second_community(row.name, parts):
            parts.append(Part(Level.HAMLET, start, end, text[start:end]))
            return
        parts.append(Part(level, start, end, row.name))
        self._row, self._level = place.row, row.level

    @staticmethod
    def _is_second_community(name: str, parts: list[Part]) -> bool:
        return any(part.level == Level.COMMUNITY and part.token != name for part in parts)

    def _chosen(
        self, text: str, after: int, end: int, follow: str | None, places: tuple[Place, ...]
    ) -> Place | None:
        """Return the division that a name means here, None where it is part of another name."""
        best = None
        for place in places:
            row = self._gazetteer.rows[place.row]
            inside = self._row >= 0 and self._gazetteer.is_below(place.row, self._row)
            above = self._row >= 0 and self._gazetteer.is_below(self._row, place.row)
            if place.is_whole:
                is_fit = inside or above or row.level > self._level or row.level == self._level
            elif self._level:
                is_fit = inside or above
            else:
                is_fit = row.level <= Level.DISTRICT or self._leads(text, after, end, place.row)
            if is_fit and (best is None or inside):
                best = place
                if inside:
                    break
        if best is None or not self._stands_alone(text, after, end, follow, best):
            return None
        return best

    def _leads(self, text: str, after: int, end: int, row: int) -> bool:
        """Return whether the name of a division below one follows."""
        for _, places in self._gazetteer.matches(text[:end], after):
            for place in places:
                if place.row != row and self._gazetteer.is_below(place.row, row):
                    return True
        return False

    def _stands_alone(self, text: str, after: int, end: int, follow: str | None, place: Place) -> bool:
        """Return whether what follows a name lets it be a division, not the start of a longer name."""
        level = self._gazetteer.rows[place.row].level
        if place.is_whole:
            if after == end:
                return True
            if words.NEIGHBOUR_OF_CITY.match(text, after, end) or text[after] == "场":
                return False
            return text[after - 1] in "区市县" or not words.ROAD_FOLLOWS.match(text, after, end)
        if after == end:
            return follow is None or (level == Level.COMMUNITY and self._row >= 0)
        if self._leads(text, after, end, place.row):
            return True
        return begins_name(text, after, end, may_be_premises=self._row >= 0)

    def _read_province(self, text: str, start: int, end: int) -> int:
        country = words.COUNTRY.match(text, start, end)
        if country:
            return country.end()
        for name in words.PROVINCES:
            if text.startswith(name, start, end):
                self.province, self._row, self._level = name, -1, 0
                return start + len(name)
        for short, name in words.SHORT_PROVINCES.items():
            if text.startswith(short, start, end):
                after = start + len(short)
                if text.startswith("省", after, end):  # 广西省 is said for 广西壮族自治区
                    self.province = name
                    return after + 1
                is_followed = any(True for _ in self._gazetteer.matches(text[:end], after))
                if (
                    is_followed
                    or words.CITY.match(text, after, end)
                    or words.DISTRICT.match(text, after, end)
                ):
                    self.province = name
                    return after
        return start

    def _read_generic(self, text: str, start: int, end: int, parts: list[Part]) -> int:
        """Read a division by its ending, the one that ends first."""
        found = []
        for short in words.MUNICIPALITIES:
            if self._level < Level.CITY and text.startswith(short, start, end):
                after = start + len(short) + text.startswith("市", start + len(short), end)
                if text[after - 1] == "市" or begins_name(text, after, end, may_be_premises=False):
                    return self._append_generic(Level.CITY, start, after, f"{short}市", parts)
        for level, pattern in words.GENERIC:
            match = pattern.match(text, start, end)
            if match and self._is_new(level, match[0], parts):
                found.append((match.end(), level, match[0]))
        if not found:
            return start
        after, level, name = min(found)
        if after < end and words.NEIGHBOUR_OF_CITY.match(text, after, end):
            return start
        return self._append_generic(level, start, after, name, parts)

    def _append_generic(self, level: Level, start: int, after: int, name: str, parts: list[Part]) -> int:
        if level == Level.COMMUNITY and self._is_second_community(name, parts):
            level = Level.HAMLET
        parts.append(Part(level, start, after, name))
        if level < Level.HAMLET:
            self._level = max(self._level, int(level))
        if level <= Level.DISTRICT:
            self._row = _FOREIGN
        return after

    def _is_new(self, level: Level, name: str, parts: list[Part]) -> bool:
        """Return whether a level may still come: deeper than all before, or said again."""
        if level == Level.COMMUNITY:
            return True
        return level > self._level or any(part.token == name for part in parts)


def begins_name(text: str, start: int, end: int, *, may_be_premises: bool) -> bool:
    """Return whether a name with a stem of its own starts at a place.

    ``文三路`` has one, ``东路`` and ``大道`` have none: 江东东路 is a road, not 江东 and a road.
    """
    road = words.ROAD.match(text, start, end)
    if road:
        is_stemless = words.ROAD_FOLLOWS.fullmatch(road[0]) or len(road[0]) <= _MIN_STEM
        return not is_stemless and not (len(road[0]) == _MIN_STEM + 1 and road[0][-2:] in ("大道", "大街"))
    zone = words.ZONE.match(text, start, end)
    if zone:
        return len(zone[0]) > _MIN_STEM + 3 or may_be_premises
    piece = text[start:end]
    estate = words.ESTATE_WORD.search(piece)
    if estate:
        return estate.start() >= _MIN_STEM
    premises = words.PREMISES_END.search(piece)
    if premises:
        return may_be_premises and premises.start() >= _MIN_STEM
    return may_be_premises and len(piece) > _MIN_STEM
