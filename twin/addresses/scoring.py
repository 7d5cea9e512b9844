"""How sure a geocoded answer is (置信度), and why: evidence weighed as odds, said in one sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from twin.addresses._descent import LANE, Landing, Step
from twin.addresses._placing import Named
from twin.addresses._query import Query, Segment
from twin.addresses.levels import Level
from twin.addresses.likeness import Way
from twin.personal import masked

CERTAIN = 0.99
"""The highest score: an answer without any doubt in it may still rest on an error of the base."""
CLEAN = "标准地址一致"
"""What is said where there is nothing to say."""
RIVALLED = "另有相近地址，未必是此处"
"""What is said where the doubt comes from other addresses alone."""
MISSING_SHARE = 0.4
"""What remains of a score when the base has not what was asked for, and a higher level is answered."""
NOT_ITSELF_MOST = 0.6
"""The most where the text means a place some metres away, or where roads meet."""
APART_MOST = 0.3
"""The most for one road of a junction where the other is unknown or does not meet it."""
DOUBT_MOST = 0.85
"""The most where the text contradicts the base, holds unread words, or means a place near by."""

_QUOTED = re.compile("(?<=“)[^“”]+(?=”)|(?<=：)[^：→；]+(?=→)")
"""What a reason repeats of the text that was asked about."""

FOUND_FACTOR = 2.0
"""What it says for a place that it has the numbers asked for: about every second estate has a given room."""
MISSING_FACTOR = 0.02
LACKING_MOST = 0.2
"""The most odds of a place when the base has not what the text names below it: hardly more than no answer."""
AGREES = {
    Level.CITY: 1.2,
    Level.DISTRICT: 2.0,
    Level.SUBDISTRICT: 4.0,
    Level.COMMUNITY: 6.0,
    Level.HAMLET: 6.0,
    Level.ZONE: 4.0,
    Level.ROAD: 10.0,
    Level.NUMBER: 5.0,
    Level.ESTATE: 20.0,
    Level.PREMISES: 20.0,
}
"""How many times likelier a place becomes when the text names this of what it lies in."""
CONTRADICTS = {
    Level.CITY: 0.02,
    Level.DISTRICT: 0.05,
    Level.SUBDISTRICT: 0.1,
    Level.COMMUNITY: 0.15,
    Level.HAMLET: 0.1,
    Level.ZONE: 0.3,
    Level.ROAD: 0.05,
    Level.NUMBER: 0.1,
    Level.ESTATE: 0.01,
    Level.PREMISES: 0.02,
}
"""... and when the text names another one than it lies in."""
UNKNOWN = 0.7
"""... and when the base does not say what it lies in."""
UNREAD = 0.3
"""... and when words of the text remain unexplained."""


@dataclass(frozen=True, slots=True)
class Match:
    """An address that a text may mean (匹配结果).

    Parameters
    ----------
    address_id : int
        -1 where nothing is answered.
    position : int
        In the address book; -1 likewise.
    standard_text : str
    level : Level, optional
        What the answer is: above what was asked for where the base has no such dwelling.
    score : float
        Probability that it is what was meant, at the level that was asked for.
    lon, lat : float
        Degrees, CGCS2000 = WGS 84; NaN where the base has no place.
    reason : str
        One short Chinese sentence that says why; of what it quotes, what tells of a person is masked.
    source_id : str
        Number of the best source row; empty where there is none.
    """

    address_id: int
    position: int
    standard_text: str
    level: Level | None
    score: float
    lon: float
    lat: float
    reason: str
    source_id: str

    def __post_init__(self) -> None:
        if _QUOTED.search(self.reason):
            object.__setattr__(self, "reason", _QUOTED.sub(_masked, self.reason))

    @property
    def is_found(self) -> bool:
        """Whether anything is answered."""
        return self.position >= 0


def _masked(quoted: re.Match[str]) -> str:
    return masked(quoted[0])


def no_match(reason: str) -> Match:
    """Return the answer that there is none.

    Parameters
    ----------
    reason : str

    Returns
    -------
    Match

    Examples
    --------
    >>> no_match("没有可查的路名或小区名").is_found
    False
    """
    return Match(-1, -1, "", None, 0.0, math.nan, math.nan, reason, "")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A named place that the names of a text may mean.

    ``node`` is its position; ``segment`` the place of the name in the query; ``asked`` and ``text`` what the
    text and the base call it; ``others`` the segments that contradict it, ``unread`` those that say nothing
    of it, ``lacking`` those of what would lie below it. ``is_plain``: all names are as the base has them.
    """

    node: int
    segment: int
    odds: float
    way: Way
    asked: str
    text: str
    others: tuple[Segment, ...] = ()
    unread: tuple[Segment, ...] = ()
    lacking: tuple[Segment, ...] = ()
    is_plain: bool = False
    is_division: bool = False
    named: tuple[Named, ...] = ()
    unknown: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where an anchor and the numbers of a text lead.

    ``odds`` are of all the landing's nodes together; ``wrong_number`` is a number that was said of the place
    and is not its own; ``has_witness``: some number that was said is there; ``unplaced`` are the divisions
    that were said and that it is not known to lie in, ``misplaced`` those it does not lie in.
    """

    anchor: Anchor
    landing: Landing
    odds: float
    wrong_number: Step | None = None
    has_witness: bool = False
    unplaced: tuple[Segment, ...] = ()
    misplaced: tuple[Segment, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the base has all that was asked for."""
        return self.landing.missing is None and not self.anchor.lacking

    @property
    def is_contradicted(self) -> bool:
        """Whether the text says something of it that is not so."""
        return bool(self.anchor.others or self.misplaced or self.landing.refuted or self.wrong_number)

    @property
    def is_guessed(self) -> bool:
        """Whether a name or number is left out that only the present content of the base fills in."""
        lowest = Level.PREMISES if self.anchor.is_division else Level.NUMBER
        return self.landing.is_picked or any(level <= lowest for level in self.landing.skipped)

    @property
    def is_bare(self) -> bool:
        """Whether nothing but a name speaks for it, and the name is not the same or not all is known."""
        is_named_so = self.anchor.way in (Way.EXACT, Way.ALIAS)
        return not self.has_witness and (not is_named_so or bool(self.anchor.unknown))

    @property
    def is_plain(self) -> bool:
        """Whether all names fit as they are written, and nothing contradicts."""
        return self.anchor.is_plain and not self.is_contradicted and not self.anchor.lacking

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing at all to say against it."""
        return (
            self.is_plain
            and self.is_complete
            and len(self.landing.nodes) == 1
            and not self.landing.skipped
            and not self.landing.is_other_level
            and not self.unplaced
            and not self.is_bare
        )


def score_of(candidate: Candidate, share: float, query: Query) -> float:
    """Return the score of one node of a candidate.

    Parameters
    ----------
    candidate : Candidate
    share : float
        Its part of the odds of all answers and of none.
    query : Query

    Returns
    -------
    float
    """
    most = CERTAIN
    if query.crossing:
        most = APART_MOST
    elif query.is_intersection or any(one.isdecimal() for one in query.relation):
        most = NOT_ITSELF_MOST
    elif (
        query.relation
        or candidate.is_contradicted
        or candidate.is_guessed
        or candidate.is_bare
        or candidate.unplaced
        or query.hides_address
        or any(len(one.text) > 1 for one in candidate.anchor.unread)
    ):
        most = DOUBT_MOST
    score = min(share, most)
    if not candidate.is_complete:
        score *= MISSING_SHARE
    return round(score, 4)


def reason_of(candidate: Candidate, query: Query, score: float, n_ties: int) -> str:
    """Return why a candidate is answered and what speaks against it.

    Parameters
    ----------
    candidate : Candidate
    query : Query
    score : float
        Of the answer.
    n_ties : int
        Answers that fit as well, itself included.

    Returns
    -------
    str
        Chinese, one sentence.
    """
    said = [*_told_name(candidate), *_told_numbers(candidate, n_ties)]
    if query.is_intersection:
        said.insert(0, query.crossing or "所指为路口，仅定位到道路")
    elif query.relation:
        said.append(f"所指在该地址“{query.relation}”，按地址本身定位")
    unread = [one.text for one in candidate.anchor.unread]
    if unread:
        said.append(f"“{unread[0]}”未能识别")
    elif query.hides_address:
        said.append("附言中似有地址内容，未能识别")
    return "；".join(said[:3]) or (CLEAN if score >= CERTAIN else RIVALLED)


def _told_name(candidate: Candidate) -> list[str]:
    anchor = candidate.anchor
    said = []
    if anchor.way is not Way.EXACT:
        said.append(f"名称{anchor.way.value}：{anchor.asked}→{anchor.text}")
    elif not anchor.is_plain and not (anchor.others or anchor.unread or anchor.lacking):
        said.append("上级名称按近似匹配")
    refuted = (*anchor.others, *candidate.misplaced)
    if refuted:
        said.append(f"所写“{refuted[0].text}”与地址库不符")
    elif candidate.unplaced:
        said.append(f"地址库未载明是否在“{candidate.unplaced[0].text}”")
    if anchor.lacking:
        said.append(f"地址库无“{anchor.lacking[0].text}”，仅定位到上级")
    if candidate.wrong_number is not None:
        word, kind = _SAID[candidate.wrong_number.level]
        word = LANE if candidate.wrong_number.is_lane else word
        said.append(f"所写{candidate.wrong_number.token}{word}与地址库{kind}不符")
    if candidate.landing.refuted is not None:
        step = candidate.landing.refuted
        said.append(f"所写{step.token}{_SAID[step.level][0]}不在地址库中，其余一致")
    return said


_SAID = {
    Level.GROUP: ("组", "组号"),
    Level.NUMBER: ("号", "门牌"),
    Level.BUILDING: ("幢", "楼牌"),
    Level.UNIT: ("单元", "单元"),
    Level.FLOOR: ("层", "楼层"),
    Level.DWELLING: ("室", "户室"),
}


def _told_numbers(candidate: Candidate, n_ties: int) -> list[str]:
    landing = candidate.landing
    said = []
    if landing.former is not None:
        said.append(f"{landing.former.token}{_NUMBERED[landing.former.level][:-1]}已并入或更正为此地址")
    if landing.missing is not None and not candidate.anchor.lacking:
        step = landing.missing
        what = "一段范围" if step.is_range else f"无此{_NUMBERED[step.level]}（{step.token}）"
        said.append(f"所写为{what}，仅定位到上级" if step.is_range else f"{what}，仅定位到上级")
    if n_ties > 1:
        passed = [level for level in landing.skipped if level in _COUNTED]
        where = f"{_COUNTED[passed[-1]]}都有此号" if passed else "个同名地点"
        said.append(f"{n_ties} {where}，无法确定")
    elif landing.is_other_level:
        said.append("楼牌与门牌互换后一致")
    elif landing.skipped and not said:
        names = "、".join(level.title for level in landing.skipped)
        said.append(f"{names}一方未写，其余一致")
    return said


_COUNTED = {Level.UNIT: "个单元", Level.BUILDING: "幢楼", Level.ESTATE: "个小区", Level.NUMBER: "个门牌"}
_NUMBERED = {
    Level.GROUP: "组号",
    Level.NUMBER: "门牌号",
    Level.BUILDING: "幢号",
    Level.UNIT: "单元",
    Level.FLOOR: "楼层",
    Level.DWELLING: "室号",
}


def asked_words(segments: Sequence[Segment]) -> str:
    """Return the names of a text for a sentence that none of them is known.

    Parameters
    ----------
    segments : sequence of Segment

    Returns
    -------
    str
    """
    return "、".join(one.text for one in segments[:3])
