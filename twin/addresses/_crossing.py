"""The answer to a text that names a junction: the place where its two roads meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from twin.addresses._anchors import AnchorSearch
from twin.addresses._placing import placed
from twin.addresses._query import Query, Segment
from twin.addresses.book import AddressBook
from twin.addresses.junctions import Junctions, Meeting
from twin.addresses.levels import Level
from twin.addresses.likeness import EXACT_ODDS, Way
from twin.addresses.scoring import (
    CERTAIN,
    CLEAN,
    DOUBT_MOST,
    NOT_ITSELF_MOST,
    Anchor,
)

_MAX_NAMES = 4
_APART = 0.02
"""What it says against two names that their roads do not meet."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A junction that a text may mean: the road that is answered, the names, the place, score and reason."""

    node: int
    names: tuple[str, str]
    lon: float
    lat: float
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Road:
    """A road that a segment may mean; ``node`` is -1 where the base has no address on it."""

    name: str
    odds: float
    way: Way
    node: int
    anchor: Anchor | None = None


def crossings(
    query: Query, book: AddressBook, search: AnchorSearch, junctions: Junctions
) -> tuple[Crossing, ...] | str:
    """Return the places where the roads of a query meet, or why they are not known."""
    segments = [one for one in query.segments if one.level == Level.ROAD][:2]
    if len(segments) < 2:
        return ""
    choices = [_roads(own, query, book, search, junctions) for own in segments]
    for own, choice in zip(segments, choices, strict=True):
        if not choice:
            return f"地址库和道路图层中都没有“{own.text}”，所指为路口，仅定位到道路"
    pairs = [
        (one, other, junctions.meeting(one.name, other.name))
        for one, other in product(*choices)
        if one.name != other.name
    ]
    weights = [one.odds * other.odds * (1.0 if len(at.lon) else _APART) for one, other, at in pairs]
    meeting = [place for place, (_, _, at) in enumerate(pairs) if len(at.lon)]
    if not meeting:
        return _why_not(segments, junctions)
    best = max(meeting, key=lambda place: weights[place])
    total = [sum(one.odds for one in roads) for roads in choices]
    share = weights[best] / sum(weights) * min(one / (1.0 + one) for one in total)
    return _answers(query, book, pairs[best], share)


def _roads(
    own: Segment, query: Query, book: AddressBook, search: AnchorSearch, junctions: Junctions
) -> list[_Road]:
    """Return the roads that a segment may mean, the likeliest bearer of each name alone."""
    kept = [one for one in query.segments if one is own or one.level != Level.ROAD]
    found: dict[str, _Road] = {}
    for anchor in search.anchors(kept, None):
        if book.levels[anchor.node] != Level.ROAD or kept[anchor.segment] is not own:
            continue
        name = book.name_of(anchor.node)
        found.setdefault(name, _Road(name, min(anchor.odds, EXACT_ODDS), anchor.way, anchor.node, anchor))
    if own.text not in found and junctions.has(own.text):
        found[own.text] = _Road(own.text, EXACT_ODDS, Way.EXACT, -1)
    return sorted(found.values(), key=lambda road: -road.odds)[:_MAX_NAMES]


def _why_not(segments: Sequence[Segment], junctions: Junctions) -> str:
    missing = [one.text for one in segments if not junctions.has(one.text)]
    if missing:
        return f"道路图层中没有“{missing[0]}”，所指为路口，仅定位到道路"
    return f"道路图层中“{segments[0].text}”与“{segments[1].text}”并不相交，仅定位到前者"


def _answers(
    query: Query, book: AddressBook, pair: tuple[_Road, _Road, Meeting], share: float
) -> tuple[Crossing, ...] | str:
    """Return one answer for each junction of two roads."""
    one, other, at = pair
    road = one if one.node >= 0 else other
    if road.anchor is None:
        return f"地址库中没有“{one.name}”与“{other.name}”，仅道路图层有"
    most, said = _doubts(query, book, pair, road)
    n_places = len(at.lon)
    if n_places > 1:
        said.append(f"两路相交于 {n_places} 处，相距较远，无法确定")
    score = round(min(share, most) / n_places, 4)
    reason = "；".join(said[:3]) or CLEAN
    return tuple(
        Crossing(road.node, (one.name, other.name), lon, lat, score, reason)
        for lon, lat in zip(at.lon.tolist(), at.lat.tolist(), strict=True)
    )


def _doubts(
    query: Query, book: AddressBook, pair: tuple[_Road, _Road, Meeting], road: _Road
) -> tuple[float, list[str]]:
    """Return the most that the score may be, and what is said of it."""
    one, other, at = pair
    segments = [segment for segment in query.segments if segment.level == Level.ROAD]
    most, said = CERTAIN, list[str]()
    for own, segment in zip((one, other), segments, strict=False):
        if own.way is not Way.EXACT:
            said.append(f"名称{own.way.value}：{segment.text}→{own.name}")
            most = most if own.way is Way.ALIAS else DOUBT_MOST
    if any(sign.isdecimal() for sign in query.relation):
        said.append(f"所指在该路口“{query.relation}”，按路口定位")
        most = NOT_ITSELF_MOST
    if at.gap_m:
        said.append(f"两路在道路图层中相距 {at.gap_m:.0f} 米")
        most = min(most, DOUBT_MOST)
    anchor = road.anchor
    if anchor is not None:
        place = placed(book, road.node, anchor.named, {})
        doubted = place.refuted or (place.unknown[0] if place.unknown else None)
        if place.refuted is not None:
            said.append(f"所写“{place.refuted.text}”与地址库不符")
        elif doubted is not None:
            said.append(f"地址库未载明是否在“{doubted.text}”")
        unread = [one.text for one in anchor.unread]
        if unread:
            said.append(f"“{unread[0]}”未能识别")
        if doubted is not None or unread or query.hides_address or anchor.lacking or query.steps:
            most = min(most, DOUBT_MOST)
    return most, said


def of_first_road(query: Query, why: str) -> Query:
    """Return the question for a junction as one for the first of its roads."""
    roads = [one for one in query.segments if one.level == Level.ROAD]
    kept = tuple(one for one in query.segments if one not in roads[1:])
    return replace(query, segments=kept, crossing=why)
