"""Reads a compact text from left to right: divisions, roads, estates, numbered runs, relations, remarks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from twin.addresses import _names as words
from twin.addresses._divisions import DivisionReader
from twin.addresses._folding import MASK
from twin.addresses._latin import ROAD_END as LATIN_ROAD_END
from twin.addresses._runs import RUN, Context, Part, first_word, read_run, unread_spans
from twin.addresses.levels import Level

_PIECES = re.compile(r"[^\0,;!?()|<>\"'=^$%@\[\]{}\\`…]+")
_MIN_REMARK = 3
"""Characters behind an estate's ending that are a remark; fewer may say which part of it."""
_STREET_WORDS = frozenset({"号", "弄", "", "#", "组"})
_HOUSE_WORDS = frozenset({"号", "号室", "弄", "巷", "支弄", "", "#"})
_PHASED = frozenset({Level.COMMUNITY, Level.HAMLET, Level.ZONE, Level.ESTATE, Level.PREMISES})
_CARRIED = frozenset({Level.COMMUNITY, Level.HAMLET, Level.ROAD})
_VILLAGE_NAME = 4
"""Characters of the longest usual name of a village."""
_MASKS = re.compile(rf"{MASK}+")


class Reading(NamedTuple):
    """What a compact text says; spans are in it.

    ``is_crossing`` says that the place is where two roads meet, ``is_joined`` that it is unless a number
    follows: 文三路与学院路.
    """

    parts: tuple[Part, ...]
    province: str = ""
    relation: tuple[int, int] | None = None
    is_crossing: bool = False
    is_joined: bool = False
    noise: tuple[tuple[int, int], ...] = ()
    rest: tuple[tuple[int, int], ...] = ()
    context: Context = Context()


@dataclass
class Scan:
    """A reading in the making."""

    text: str
    divisions: DivisionReader
    names: Mapping[str, Level | None]
    longest_name: int
    parts: list[Part] = field(default_factory=list)
    relation: tuple[int, int] | None = None
    has_junction: bool = False
    is_joined: bool = False
    noise: list[tuple[int, int]] = field(default_factory=list)
    rest: list[tuple[int, int]] = field(default_factory=list)
    is_aside: bool = False
    is_first: bool = True
    begin: int = 0

    @property
    def context(self) -> Context:
        """What stands before the next run."""
        level = int(self.parts[-1].level) if self.parts else 0
        if not self.parts or level not in (Level.ESTATE, Level.PREMISES):
            return Context(level)
        name = self.parts[-1].token
        if LATIN_ROAD_END.search(name):
            return Context(int(Level.ROAD))
        is_street = not self.has(Level.NUMBER) and words.HOLDS_NUMBERS.search(name) is not None
        return Context(level, is_street, words.MARKET_END.search(name) is not None)

    def has(self, level: Level) -> bool:
        """Return whether a component of a level was read, since the address began anew where it did."""
        return any(part.level == level for part in self.parts[self.begin :])

    @property
    def has_place(self) -> bool:
        """Whether anything below the divisions was read."""
        return any(part.level > Level.ZONE for part in self.parts[self.begin :])


def read(
    text: str,
    divisions: DivisionReader,
    names: Mapping[str, Level | None],
    longest_name: int,
    follow: str | None,
) -> Reading:
    """Return what a compact text says.

    ``follow`` is how the run that stands behind the text, and is read apart, names its first part; None
    where the text is all.
    """
    scan = Scan(text, divisions, names, longest_name)
    scan.noise += [found.span() for found in _MASKS.finditer(text)]
    for start, end, is_aside in _segments(text):
        last = follow if end == len(text) else None
        if is_aside:
            _read_aside(scan, start, end)
        else:
            _read_segment(scan, start, end, last)
            scan.is_first = scan.is_first and not scan.parts
    roads = [part for part in scan.parts if part.level == Level.ROAD]
    return Reading(
        tuple(scan.parts),
        divisions.province,
        scan.relation,
        len(roads) > 1 and scan.has_junction,
        len(roads) > 1 and scan.is_joined and not scan.has(Level.NUMBER),
        tuple(sorted(scan.noise)),
        tuple(scan.rest),
        scan.context,
    )


def _segments(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the spans between separators, and whether each stands in brackets that are shut."""
    if "(" not in text:
        for found in _PIECES.finditer(text):
            yield found.start(), found.end(), False
        return
    depth_at, depth = [0] * len(text), 0
    n_shut = text.count(")")
    for place, character in enumerate(text):
        if character == "(" and n_shut > depth:
            depth += 1
        elif character == ")":
            n_shut -= 1
            depth = max(depth - 1, 0)
        depth_at[place] = depth
    for found in _PIECES.finditer(text):
        yield found.start(), found.end(), depth_at[found.start()] > 0


def _read_aside(scan: Scan, start: int, end: int) -> None:
    """Read what stands in brackets: kept where it plainly adds an estate or a numbered part, else noise."""
    if _is_phase_of_last(scan, start, end):
        last = scan.parts[-1]
        scan.parts[-1] = last._replace(end=end + 1, token=last.token + scan.text[start:end])
        return
    inner = Scan(scan.text, scan.divisions, scan.names, scan.longest_name, list(scan.parts), is_aside=True)
    if not words.ASIDE_LEAD.match(scan.text, start, end):
        _read_segment(inner, start, end, None)
    added = inner.parts[len(scan.parts) :]
    has_new = [part for part in added if not scan.has(part.level) and part.level > Level.COMMUNITY]
    if added and inner.has_junction and inner.parts[-1].level == Level.ROAD and scan.has(Level.ROAD):
        scan.parts, scan.relation, scan.has_junction = inner.parts, inner.relation, True
    elif (
        added and len(has_new) == len(added) and not inner.noise and not inner.rest and inner.relation is None
    ):
        scan.parts = inner.parts
    else:
        scan.noise.append((start, end))


def _is_phase_of_last(scan: Scan, start: int, end: int) -> bool:
    """Return whether brackets right behind an estate hold its phase alone: 金色家园(二期)."""
    if not scan.parts or scan.text[end : end + 1] != ")":
        return False
    last = scan.parts[-1]
    is_behind = last.end == start - 1 and last.level in (Level.ESTATE, Level.PREMISES)
    return is_behind and words.PHASE.fullmatch(scan.text, start, end) is not None


def _read_segment(scan: Scan, start: int, end: int, follow: str | None) -> None:
    """Read one span without separators: names and runs in turn."""
    place = start
    for run in RUN.finditer(scan.text, start, end):
        _read_names(scan, place, run.start(), first_word(scan.text, *run.span()))
        parts = read_run(scan.text, *run.span(), scan.context)
        scan.rest += unread_spans(scan.text, *run.span(), parts)
        scan.parts += parts
        place = run.end()
    if place < end:
        _read_names(scan, place, end, follow)


def _read_names(scan: Scan, start: int, end: int, follow: str | None) -> None:
    """Read the names between two runs; ``follow`` is how the run behind names its first part."""
    place = start
    while place < end:
        if scan.text[place] in words.SKIPPED:
            if scan.parts and scan.parts[-1].level == Level.ROAD and words.CONNECTOR.match(scan.text, place):
                scan.is_joined = True
            place += 1
            continue
        place = _read_one(scan, place, end, follow)


def _read_one(scan: Scan, place: int, end: int, follow: str | None) -> int:
    """Read one name, relation or remark and return where it ends."""
    if scan.has_place and scan.divisions.restarts(scan.text, place, end):
        scan.begin = len(scan.parts)
    if not scan.has_place:
        after = scan.divisions.read(scan.text, place, end, follow, scan.parts)
        if after > place:
            return after
    if scan.parts:
        after = _read_relation(scan, place, end)
        if after > place:
            return after
    last = scan.parts[-1].level if scan.parts else 0
    if scan.relation is None or last < Level.BUILDING:
        for reader in (_read_known, _read_zone, _read_road):
            after = reader(scan, place, end, follow)
            if after > place:
                return after
    return _read_piece(scan, place, end, follow)


def _read_relation(scan: Scan, place: int, end: int) -> int:
    """Read a junction word behind a road, a relation, or what joins two roads."""
    text = scan.text
    on_road = scan.parts[-1].level == Level.ROAD
    if on_road:
        found = words.JUNCTION.match(text, place, end)
        if found:
            scan.has_junction = True
            _relate(scan, *found.span())
            return found.end()
        if words.CONNECTOR.match(text, place, end) and words.ROAD.match(text, place + 1, end):
            scan.is_joined = True
            return place + 1
    found = words.RELATION.match(text, place, end)
    may_be_road = scan.parts[-1].level <= Level.ROAD and _is_road(scan, place, end)
    if found and found[0][0] == "楼" and scan.parts[-1].level < Level.NUMBER:
        return place
    if found and scan.parts[-1].level > Level.CITY and not may_be_road:
        _relate(scan, *found.span())
        return found.end()
    return place


def _is_road(scan: Scan, place: int, end: int) -> bool:
    found = words.ROAD.match(scan.text, place, end)
    return found is not None and found.end() - place > 2


def _relate(scan: Scan, start: int, end: int) -> None:
    """Keep a relation; words that follow one another are one."""
    if scan.relation is not None and scan.relation[1] == start:
        start = scan.relation[0]
    elif scan.relation is not None:
        scan.noise.append(scan.relation)
    scan.relation = (start, end)


def _read_known(scan: Scan, place: int, end: int, follow: str | None) -> int:
    """Read a name that the base knows, the longest that nothing carries on."""
    if not scan.longest_name:
        return place
    for after in range(min(end, place + scan.longest_name), place + 1, -1):
        name = scan.text[place:after]
        if name not in scan.names or _goes_on(scan.text, after, end):
            continue
        level = scan.names[name]
        phase = words.PHASE.match(scan.text, after, end)
        if phase and level != Level.ROAD:
            after, name = phase.end(), name + phase[0]
        if level is None:
            is_road = words.ROAD.fullmatch(name) is not None
            told = words.level_of_name(name)
            behind = follow if after == end else None
            level = Level.ROAD if is_road else _level_of_piece(scan, name, told, behind)
            is_zone = words.ZONE.fullmatch(name) or words.PARK_BEFORE_ROAD.match(scan.text, place, end)
            level = Level.ZONE if is_zone else level
        scan.parts.append(Part(level, place, after, name))
        return after
    return place


def _goes_on(text: str, after: int, end: int) -> bool:
    """Return whether a name goes on behind a place: 望江 in 望江花园 is no name of its own."""
    patterns = (words.ROAD_FOLLOWS, words.NAME_GOES_ON)
    return after < end and any(pattern.match(text, after, end) for pattern in patterns)


def _read_zone(scan: Scan, place: int, end: int, follow: str | None) -> int:
    if scan.has_place or scan.has(Level.ZONE):
        return place
    found = words.ZONE.match(scan.text, place, end) or words.PARK_BEFORE_ROAD.match(scan.text, place, end)
    if not found and follow in ("号", "号室"):
        found = words.PARK_BEFORE_NAME.match(scan.text, place, end)
        if found and words.level_of_name(scan.text[found.end() : end]):
            return place
    if not found or words.STRONG.search(found[0][:-2]):
        return place
    scan.parts.append(Part(Level.ZONE, place, found.end(), found[0]))
    return found.end()


def _read_road(scan: Scan, place: int, end: int, follow: str | None) -> int:
    found = words.ROAD.match(scan.text, place, end)
    if not found or (scan.parts and scan.parts[-1].level >= Level.BUILDING):
        return place
    if words.FIRM_RELATION.search(found[0]) or words.COMPLAINT.search(found[0]):
        return place
    if words.LINE_END.search(found[0]) and (follow is None and found.end() == end):
        return place
    if words.INSTITUTION.match(scan.text, found.end(), end):
        return place
    is_site = bool(scan.parts) and scan.parts[-1].level == Level.NUMBER
    if is_site and follow is not None and follow not in _HOUSE_WORDS:
        return place  # 钱江路158号观潮巷社区12幢: what has buildings at a number is an estate
    strong = words.STRONG.search(found[0])
    if strong and not words.ROAD_FOLLOWS.match(found[0], strong.end()):
        return place
    is_late = scan.has(Level.NUMBER) or (scan.has_place and not scan.is_first)
    if is_late and follow is None and not scan.is_joined and not _is_related(scan, found.end(), end):
        scan.noise.append((place, found.end()))  # a second road says nothing without a number
        return found.end()
    scan.parts.append(Part(Level.ROAD, place, found.end(), found[0]))
    return found.end()


def _is_related(scan: Scan, place: int, end: int) -> bool:
    """Return whether a junction or relation stands at a place."""
    patterns = (words.JUNCTION, words.RELATION, words.CONNECTOR, words.ROAD)
    return any(pattern.match(scan.text, place, end) for pattern in patterns)


def _read_piece(scan: Scan, place: int, end: int, follow: str | None) -> int:
    """Read up to the next road or relation as an estate or premises, or as a remark, and return its end."""
    number = words.LONG_NUMBER.search(scan.text, place, end)
    if number and number.start() == place:
        scan.rest.append(number.span())
        return number.end()
    stop = _piece_end(scan, place, end, has_run=follow is not None)
    stop = min(stop, number.start()) if number else stop
    name = scan.text[place:stop].rstrip(words.SKIPPED)
    stop = place + len(name)
    level = words.level_of_name(name)
    has_run = stop == end and follow is not None
    last = scan.parts[-1].level if scan.parts else 0
    if not any(map(str.isalnum, name)) or words.NO_NAME.fullmatch(name):
        scan.rest.append((place, stop))
        return stop
    if last >= Level.BUILDING:
        is_name = level == Level.ESTATE and has_run and last == Level.BUILDING
    elif scan.relation is not None or not scan.is_first or scan.is_aside:
        is_name = has_run or (level is not None and not words.PLAINT.search(name))
    else:
        is_name = has_run or level is not None or not _is_remark(scan, name)
    if not is_name or (level is None and len(name) > words.LONGEST_NAME * (4 if name.isascii() else 1)):
        is_noise = scan.parts and not any(map(str.isdigit, name))
        (scan.noise if is_noise else scan.rest).append((place, stop))
        return stop
    if _carries_on(scan, place, name, has_run=has_run):
        return stop
    if words.PHASE.fullmatch(name) and last != Level.NUMBER:
        scan.rest.append((place, stop))  # 一期 alone is no name
        return stop
    level = _level_of_piece(scan, name, level, follow if stop == end else None)
    scan.parts.append(Part(level, place, stop, name))
    return stop


def _carries_on(scan: Scan, place: int, name: str, *, has_run: bool) -> bool:
    """Return whether a piece belongs to the name right before it, and put it there.

    A phase does: 新民村一期 is an estate. So does one character before a number: 凤院路南12号 may be
    凤院南路 with a slip, no place is called 南.
    """
    last = scan.parts[-1] if scan.parts else None
    if last is None or last.end != place or last.token != scan.text[last.start : last.end]:
        return False
    is_phase = words.PHASE.fullmatch(name) is not None and last.level in _PHASED
    if not is_phase and not (has_run and len(name) == 1 and last.level in _CARRIED):
        return False
    if last.level == Level.COMMUNITY and scan.divisions.is_known(last.token):
        if is_phase:
            scan.parts.append(Part(Level.ESTATE, place, place + len(name), last.token + name))
        return is_phase
    level = Level.ESTATE if is_phase else last.level
    scan.parts[-1] = Part(level, last.start, place + len(name), last.token + name)
    return True


def _before_complaint(text: str, place: int, end: int) -> int:
    """Return where a name ends that a complaint follows without a stop: 银泰里整排路灯不亮."""
    complaint = words.COMPLAINT.search(text, place, end)
    if complaint is None:
        return end
    strong = [found.end() for found in words.STRONG.finditer(text, place, complaint.start())]
    if strong:
        return strong[-1]
    stops = range(place + _MIN_REMARK, complaint.start() + 1)
    return next((stop for stop in stops if words.level_of_name(text[place:stop])), end)


def _is_remark(scan: Scan, name: str) -> bool:
    """Return whether a name without an ending that tells is a remark: a complaint behind an address."""
    pattern = words.PLAINT if scan.parts else words.COMPLAINT
    return pattern.search(name) is not None


def _level_of_piece(scan: Scan, name: str, level: Level | None, follow: str | None) -> Level:
    """Return the level of a named place that is neither road nor division."""
    if words.NAMED_GROUP.fullmatch(name) and scan.has(Level.COMMUNITY):
        return Level.GROUP
    if scan.has(Level.NUMBER):
        return level or Level.ESTATE
    if level is None and follow == "弄" and not scan.has(Level.ROAD):
        return Level.ROAD
    if level is None and follow == "组" and not (scan.has(Level.COMMUNITY) or scan.has_place):
        return Level.COMMUNITY
    on_street = follow in _STREET_WORDS
    if words.HAMLET_END.search(name):
        if name.endswith("村"):
            return Level.HAMLET if scan.has(Level.COMMUNITY) or scan.has_place else Level.COMMUNITY
        if on_street or follow is None:
            return Level.HAMLET
    on_lane = follow == "号室" and words.LANE_END.search(name)
    if scan.has(Level.ROAD):
        return level or Level.ESTATE
    return Level.ROAD if on_lane else _level_on_street(scan, name, level, follow)


def _level_on_street(scan: Scan, name: str, level: Level | None, follow: str | None) -> Level:
    """Return the level of a place that no road stands before, by how the run behind it begins."""
    if follow not in _STREET_WORDS:
        return level or Level.ESTATE
    if follow != "" and words.LANE_END.search(name):
        return Level.ROAD
    may_be_hamlet = words.MAYBE_HAMLET.search(name) is not None
    if scan.has(Level.COMMUNITY) and (may_be_hamlet or (level is None and follow != "")):
        return Level.HAMLET
    if may_be_hamlet and name.endswith("店") and len(name) <= _VILLAGE_NAME:
        return Level.HAMLET
    if words.ROAD_LEFT.search(name):
        return Level.ROAD
    if level is None and follow != "" and not (name.isascii() or scan.has_place):
        return Level.HAMLET
    return level or Level.ESTATE


def _piece_end(scan: Scan, place: int, end: int, *, has_run: bool) -> int:
    """Return where a piece ends: before a relation, or behind an ending that a road or relation follows."""
    text = scan.text
    for found in words.RELATION.finditer(text, place + 1, end):
        if found["distance"] or found.end() == end or len(found[0]) > 1:
            end, has_run = found.start(), False
            break
    latin = words.LATIN_LEAD.match(text, place, end)
    if latin and words.ROAD.match(text, latin.end(), end):
        return latin.end()
    if not has_run:
        end = _before_complaint(text, place, end)
    strong = words.STRONG.search(text, place, end)
    while strong:
        road = words.ROAD.match(text, strong.end(), end)
        is_branch = road is not None and words.INSTITUTION.match(text, road.end(), end) is not None
        if road and not is_branch and not words.ROAD_FOLLOWS.match(text, strong.end(), end):
            return strong.end()
        after = strong.end()
        is_name = has_run or end - after < _MIN_REMARK or words.level_of_name(text[after:end])
        if not is_name and words.STRONG.search(text, after, end) is None:
            return after  # 坑田新村井盖沉降: what follows is no name
        strong = words.STRONG.search(text, after, end)
    return end
