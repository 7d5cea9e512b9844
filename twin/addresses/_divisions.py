"""Reads provinces and divisions at a place of a text: by the gazetteer first, by their endings else."""

from __future__ import annotations

from twin.addresses import _names as words
from twin.addresses._runs import Part
from twin.addresses.gazetteer import Gazetteer, Place
from twin.addresses.levels import Level

_FOREIGN = -2
"""Stands for a division that the gazetteer does not know: nothing of its own lies below it."""
_MIN_STEM = 2
_HOUSES = frozenset({"号", "#"})


class DivisionReader:
    """Reads the divisions of one text, from the top down; remembers how deep it has come."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._row = -1
        self._level = 0
        self.province = ""

    def is_known(self, name: str) -> bool:
        """Return whether the gazetteer has a division of this whole name."""
        return any(place.is_whole for place in self._gazetteer.places(name))

    def read(self, text: str, start: int, end: int, follow: str | None, parts: list[Part]) -> int:
        """Append the division at a place to the parts; return where it ends, ``start`` without one."""
        after = self._read_province(text, start, end)
        if after > start:
            return after
        for after, places in self._gazetteer.matches(text[:end], start):
            ended, ended_after = self._with_ending(text, after, end, places)
            place = self._chosen(text, ended_after, end, follow, ended)
            if place is not None:
                self._append(text, start, ended_after, place, parts)
                return ended_after
        return self._read_generic(text, start, end, follow, parts)

    def _with_ending(
        self, text: str, after: int, end: int, places: tuple[Place, ...]
    ) -> tuple[tuple[Place, ...], int]:
        """Return the places that agree with the ending behind a short name, and where that ends.

        富阳市 is 富阳区: divisions change their rank more often than their name. 递铺镇 is not 递铺社区.
        城隍社区居委会 is 城隍社区.
        """
        if (
            after < end
            and places[0].is_whole
            and self._gazetteer.rows[places[0].row].level == Level.COMMUNITY
        ):
            committee = words.COMMITTEE.match(text, after, end)
            return places, committee.end() if committee else after
        if after == end or places[0].is_whole or not words.ANY_DIVISION_ENDING.match(text, after, end):
            return places, after
        if self._level < Level.DISTRICT and words.TOWN_NAMESAKE.match(text, after, end):
            return places, after
        kept = []
        ended = after
        for place in places:
            level = Level(self._gazetteer.rows[place.row].level)
            ending = words.DIVISION_ENDINGS[level].match(text, after, end)
            if ending:
                kept.append(place._replace(is_whole=True))
                ended = ending.end()
        return tuple(kept), ended

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
                is_fit = inside or (above and row.level <= Level.DISTRICT)
                is_fit = is_fit and not (place.row == self._row and row.level > Level.DISTRICT)
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
                is_again = place.row == row and place.is_whole
                if is_again or (place.row != row and self._gazetteer.is_below(place.row, row)):
                    return True
        return False

    def restarts(self, text: str, start: int, end: int) -> bool:
        """Return whether an address begins anew at a place: a division with one below it."""
        if self._row < 0 or text[start] not in self._gazetteer.beginnings:
            return False
        for after, places in self._gazetteer.matches(text[:end], start):
            if places[0].is_whole and self._leads(text, after, end, places[0].row):
                self._row, self._level = -1, 0
                return True
        return False

    def _stands_alone(self, text: str, after: int, end: int, follow: str | None, place: Place) -> bool:
        """Return whether what follows a name lets it be a division, not the start of a longer name."""
        level = self._gazetteer.rows[place.row].level
        if place.is_whole:
            if after == end:
                return True
            if text[after] == "场":
                return False
            if level <= Level.DISTRICT and words.NEIGHBOUR_OF_CITY.match(text, after, end):
                return False
            is_firm = text.endswith(words.FIRM_DIVISION_ENDINGS, 0, after)
            return is_firm or not words.ROAD_FOLLOWS.match(text, after, end)
        if after == end:
            return follow is None or (level == Level.COMMUNITY and self._row >= 0)
        while text[after] in words.SKIPPED and after < end - 1:
            after += 1
        if level == Level.COMMUNITY and self._level < Level.SUBDISTRICT:
            return False
        if words.STEMLESS.match(text, after, end):
            return False
        if self._leads(text, after, end, place.row):
            return True
        for generic, pattern in words.GENERIC:
            found = pattern.match(text, after, end) if generic > level else None
            if found and found.end() - after > _MIN_STEM:
                return True
        return begins_name(text, after, end, is_known=self._row >= 0 and level <= Level.SUBDISTRICT)

    def _read_province(self, text: str, start: int, end: int) -> int:
        country = words.COUNTRY.match(text, start, end)
        if country:
            return country.end()
        found = words.PROVINCE.match(text, start, end)
        if not found:
            return start
        if found["whole"]:
            self.province, self._row, self._level = found[0], -1, 0
            return found.end()
        after = found.end("short")
        if found.end() == after:
            is_followed = any(True for _ in self._gazetteer.matches(text[:end], after))
            if not (
                is_followed or words.CITY.match(text, after, end) or words.DISTRICT.match(text, after, end)
            ):
                return start
        self.province, self._row, self._level = words.SHORT_PROVINCES[found["short"]], -1, 0
        return found.end()

    def _read_generic(self, text: str, start: int, end: int, follow: str | None, parts: list[Part]) -> int:
        """Read a division by its ending, the one that ends first."""
        found = []
        for short in words.MUNICIPALITIES:
            if self._level < Level.CITY and text.startswith(short, start, end):
                after = start + len(short) + text.startswith("市", start + len(short), end)
                if (
                    text[after - 1] == "市"
                    or text.startswith(short, after, end)
                    or begins_name(text, after, end, is_known=False)
                ):
                    return self._append_generic(Level.CITY, start, after, f"{short}市", parts)
        for level, pattern in words.GENERIC:
            match = pattern.match(text, start, end)
            if match and level == Level.DISTRICT and match.end() == end and self._holds_houses(follow):
                continue  # 天轩区10组 is a 社区 with a slip
            if level == Level.SUBDISTRICT and self._level >= Level.DISTRICT and not match:
                match = words.TOWN.match(text, start, end)
            if match and self._is_new(level, match[0], parts):
                found.append((match.end(), level, match[0]))
        if not found:
            return start
        after, level, name = min(found)
        if after < end and level <= Level.DISTRICT and words.NEIGHBOUR_OF_CITY.match(text, after, end):
            return start
        return self._append_generic(level, start, after, name, parts)

    def _holds_houses(self, follow: str | None) -> bool:
        """Return whether what follows hangs on no district: a group, nor a house where all are known."""
        return follow == "组" or (follow in _HOUSES and bool(self._gazetteer.rows))

    def _append_generic(self, level: Level, start: int, after: int, name: str, parts: list[Part]) -> int:
        if level == Level.COMMUNITY and self._is_second_community(name, parts):
            level = Level.HAMLET
        parts.append(Part(level, start, after, name))
        if level < Level.HAMLET:
            self._level = max(self._level, int(level))
        # An unknown district may be an old one of a known city, whose subdistricts live on.
        if level == Level.CITY or (level == Level.DISTRICT and self._row < 0):
            self._row = _FOREIGN
        return after

    def _is_new(self, level: Level, name: str, parts: list[Part]) -> bool:
        """Return whether a level may still come: deeper than all before, or said again."""
        if level == Level.COMMUNITY:
            return True
        is_second = level == self._level == Level.SUBDISTRICT and bool(parts) and parts[-1].level == level
        return level > self._level or is_second or any(part.token == name for part in parts)


def begins_name(text: str, start: int, end: int, *, is_known: bool) -> bool:
    """Return whether a name with a stem of its own starts at a place.

    ``文三路`` has one, ``东路`` and ``大道`` have none: 江东东路 is a road, not 江东 and a road.
    ``is_known`` says that the division before is likely: then any name with a stem may follow.
    """
    if words.STEMLESS.match(text, start, end) or words.ROAD_FOLLOWS.match(text, start, end):
        return False
    road = words.ROAD.match(text, start, end)
    if road:
        stem = words.ROAD_STEM.match(road[0])
        return stem is not None and len(stem["stem"]) >= _MIN_STEM
    zone = words.ZONE.match(text, start, end)
    if zone:
        return True
    piece = text[start:end]
    estate = words.ESTATE_WORD.search(piece)
    if estate:
        return estate.start() >= _MIN_STEM
    premises = words.PREMISES_END.search(piece)
    if premises:
        return is_known and premises.start() >= _MIN_STEM
    return is_known and len(piece) > _MIN_STEM
