"""How likely a name that was typed means a name of the base (名称相似度), as odds of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from rapidfuzz.distance import OSA, Levenshtein

from twin.addresses._numerals import DIGITS, arabic
from twin.addresses._pinyin import folded_syllables, latin_key, syllables, typed_forms


class Way(Enum):
    """In what way a typed name and a name of the base are alike; the value is said to people."""

    EXACT = "一致"
    ALIAS = "旧名或别名"
    SOUND = "按读音匹配"
    NEAR_SOUND = "按近似读音匹配"
    PINYIN = "按拼音匹配"
    INITIALS = "按拼音首字母匹配"
    STEM = "按简称匹配"
    TYPO = "按错别字匹配"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a typed name is like a name of the base.

    Parameters
    ----------
    odds : float
        Of meaning this name against meaning one that the base has not; 1 is even. Names of the
        base that are both alike are weighed against each other by these odds.
    way : Way
    """

    odds: float
    way: Way


EXACT_ODDS = 5000.0
"""A name typed as it is written: one in 5,000 means a place of that name that the base has not."""
ALIAS_ODDS = 300.0
SOUND_ODDS = 45.0
"""All characters sound alike: input methods make this error, and few estates differ in this way alone."""
NEAR_SOUND_ODDS = 25.0
PINYIN_ODDS = 45.0
INITIALS_ODDS = {2: 1.5, 3: 8.0}
LONG_INITIALS_ODDS = 20.0
PINYIN_TYPO_ODDS = 12.0
STEM_ODDS = 14.0
"""西湖 or 西湖小区 for 西湖花园: usual in speech, sure only where no other 西湖 stands near."""
SHORTENED_ODDS = 4.0
"""西湖花园 for 西湖花园二期, the only phase that the base has."""
SAID_MORE_ODDS = 2.0
"""西湖花园六期 where the base has a 西湖花园: it does not tell its phases apart, or has not this one."""
BRANCH_ODDS = 0.3
"""永城路九弄 for 永城路, or the other way round: another road."""
NEAR_KIND_ODDS = 3.5
"""西湖家园 for 西湖花园: a slip in one character, or the estate next to it."""
OTHER_KIND_ODDS = 0.6
"""西湖公寓 for 西湖花园: more often another place than a slip."""

_KINDS = re.compile(
    "(?:花园|小区|公寓|新村|佳苑|嘉苑|家苑|雅苑|名苑|佳园|家园|嘉园|名园|花苑|花城|新城|新苑|华庭|华府|名邸|公馆|山庄|庄园|水岸"
    "|广场|大厦|大楼|中心|别墅|住宅区|住宅小区|小筑|春天|名都|豪庭|豪园|世家|人家|一品|苑|园|府|里|城|邸|居|庭|湾|郡"
    "|自然村|村|社区|大道|大街|中街|小巷|支路|路|街|巷|弄|镇|乡|街道)$"
)
_VAGUE_KINDS = {"", "小区", "社区", "村", "新村"}
_CHINESE_NUMBER = re.compile("[零〇一二三四五六七八九十百]+")
_DISTINCTIVE = frozenset(
    "春夏秋冬东南西北中上下前后左右新老大小内外甲乙丙丁0123456789abcdefghijklmnopqrstuvwxyz"
)
"""What tells neighbours apart: 人民东路 and 人民西路 are two roads, not one with a slip."""
_MINOR = frozenset("上下前后内外新老大小")
_TOLD_APART_ALOUD = frozenset("东南西北中一二三四五六七八九十")
_PHASE = re.compile("(?:[0-9]+[期区组团]+|[东南西北中a-z]区|[东南西北中]苑)$")
"""What tells the parts of an estate apart."""
_BRANCH = re.compile("^(?:[0-9]+|[东南西北中]|小|支)+[路街巷弄]$")
"""What a branch has behind the name of its main road."""
_FULL_WIDTH = {0xFF01 + step: 0x21 + step for step in range(94)} | {0x3000: 0x20}
_IDLE = re.compile(r"[\s·•・\-—_,，.。、;；:：'’\"“”()（）\[\]【】<>《》/\\]+")


def _arabic(found: re.Match[str]) -> str:
    return arabic(found.group())


@lru_cache(maxsize=65536)
def canonical(name: str) -> str:
    """Return what spelling does not change of a name: half width, lower case, Arabic numbers, no marks.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> canonical("西湖·花园（二期）"), canonical("第三十八中学")
    ('西湖花园2期', '第38中学')
    """
    plain = _IDLE.sub("", name.translate(_FULL_WIDTH)).lower()
    return _CHINESE_NUMBER.sub(_arabic, plain)


_SPOKEN_NUMBER = re.compile("[0-9]+")


def _chinese(found: re.Match[str]) -> str:
    digits = found.group()
    if len(digits) > 2 or digits.startswith("0"):
        return "".join(DIGITS[int(one)] for one in digits)
    tens, ones = divmod(int(digits), 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + ("" if tens and not ones else DIGITS[ones])


@lru_cache(maxsize=65536)
def spoken(name: str) -> str:
    """Return a name as it is read aloud: :func:`canonical` with its numbers in Chinese.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> spoken("天业新1村"), spoken("紫荆花园12期")
    ('天业新一村', '紫荆花园十二期')
    """
    return _SPOKEN_NUMBER.sub(_chinese, canonical(name))


@lru_cache(maxsize=65536)
def stem_and_kind(name: str) -> tuple[str, str]:
    """Return a canonical name without the word that says what kind of place it is, and that word.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of (str, str)

    Examples
    --------
    >>> stem_and_kind("西湖花园"), stem_and_kind("西湖"), stem_and_kind("花园")
    (('西湖', '花园'), ('西湖', ''), ('花园', ''))
    """
    found = _KINDS.search(name)
    if found is None or found.start() < 2:
        return name, ""
    return name[: found.start()], found.group()


def is_latin(text: str) -> bool:
    """Return whether a text holds pinyin: two Latin letters in a row.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_latin("西湖hua yuan"), is_latin("A座")
    (True, False)
    """
    return re.search("[A-Za-z]{2}", text) is not None


def likeness(asked: str, name: str) -> Likeness | None:
    """Return how a typed name is like a name of the base.

    Parameters
    ----------
    asked : str
        As typed: Chinese, pinyin, initials or a mixture.
    name : str
        As the base has it.

    Returns
    -------
    Likeness or None
        None where they have too little in common.

    Notes
    -----
    The odds are set by hand from what kinds of slips do: input methods swap homophones, southern speech
    swaps zh and z, fingers drop, double and swap characters; a different direction, number or kind of
    place is more often a different place.

    Examples
    --------
    >>> likeness("溪湖花园", "西湖花园").way, likeness("xhhy", "西湖花园").way
    (<Way.SOUND: '按读音匹配'>, <Way.INITIALS: '按拼音首字母匹配'>)
    >>> likeness("人民东路", "人民西路") is None
    True
    """
    ours, theirs = canonical(asked), canonical(name)
    if not ours or not theirs:
        return None
    if ours == theirs:
        return Likeness(EXACT_ODDS, Way.EXACT)
    if is_latin(ours) and not is_latin(theirs):
        n_chinese = sum(not one.isascii() for one in ours)
        return _typed_likeness(latin_key(spoken(asked)), spoken(name), n_chinese=n_chinese)
    aloud, wanted = spoken(asked), spoken(name)
    if syllables(aloud) == syllables(wanted):
        return Likeness(SOUND_ODDS, Way.SOUND)
    if folded_syllables(aloud) == folded_syllables(wanted):
        return Likeness(NEAR_SOUND_ODDS, Way.NEAR_SOUND)
    phase, their_phase = _PHASE.search(ours), _PHASE.search(theirs)
    if phase and their_phase and phase.start() > 1 and phase.group() == their_phase.group():
        alike = likeness(ours[: phase.start()], theirs[: their_phase.start()])
        if alike is None and (alike := _typo_likeness(ours, theirs)) is not None:
            # 地苑一区 for 翠苑一区: half of what tells the name is wrong, and the phase says little.
            alike = Likeness(alike.odds / 4.0, Way.TYPO)
        return alike
    if (by_stem := _stem_likeness(ours, theirs)) is not None:
        return by_stem
    if theirs.startswith(ours) or ours.startswith(theirs):
        # 西湖花园 for 西湖花园二期, or the other way round where the base does not tell the phases apart.
        return _begun_likeness(ours, theirs)
    their_stem, their_kind = stem_and_kind(theirs)
    rest = ours.removeprefix(their_stem)
    if len(their_stem) > 1 and rest != ours and 0 < len(rest) <= len(their_kind) and rest not in _KNOWN_KINDS:
        is_slip = len(rest) < len(their_kind) or OSA.distance(rest, their_kind) < len(rest)
        return Likeness(STEM_ODDS / 2, Way.TYPO) if is_slip else Likeness(OTHER_KIND_ODDS, Way.STEM)
    return _typo_likeness(ours, theirs)


def _begun_likeness(ours: str, theirs: str) -> Likeness | None:
    """Return how names are alike one of which begins with the other."""
    shorter, longer = sorted((ours, theirs), key=len)
    if len(shorter) < 2 or len(longer) > 3 * len(shorter) or (len(shorter) == 2 and ours == longer):
        return None
    if _BRANCH.search(longer[len(shorter) :]):
        return Likeness(BRANCH_ODDS, Way.STEM)
    if ours == longer:
        return Likeness(SAID_MORE_ODDS, Way.STEM)
    is_cut = len(longer) == len(shorter) + 1  # 西湖花 for 西湖花园
    return Likeness(SHORTENED_ODDS + is_cut if len(shorter) > 2 else SHORTENED_ODDS - 0.5, Way.STEM)


def _typed_likeness(typed: str, name: str, n_chinese: int) -> Likeness | None:
    """Return how Latin letters spell a name: as one of its forms, or one or two letters off."""
    forms = typed_forms(name)
    if typed in forms:
        n_more = len(typed) - len(name)
        if n_more <= 0 and not n_chinese:
            odds = INITIALS_ODDS.get(len(name), LONG_INITIALS_ODDS)
            return Likeness(odds, Way.INITIALS)
        # Few letters more than initials say little more than initials do.
        return Likeness(PINYIN_ODDS if n_more > len(name) // 2 else LONG_INITIALS_ODDS, Way.PINYIN)
    stem, kind = stem_and_kind(name)
    if kind and len(typed) > 3 and typed == latin_key(stem):
        return Likeness(STEM_ODDS / 2, Way.STEM)
    n_allowed = min(len(typed) // 5, 2)
    if not n_allowed or not forms:
        return None
    if any(latin_key(one) not in typed for one in name if one in _TOLD_APART_ALOUD):
        return None
    distance = min(OSA.distance(typed, form, score_cutoff=n_allowed) for form in forms)
    if distance > n_allowed:
        return None
    share = distance / len(typed)
    return Likeness(PINYIN_TYPO_ODDS if share <= 0.12 else PINYIN_TYPO_ODDS / 3, Way.PINYIN)


def _stem_likeness(ours: str, theirs: str) -> Likeness | None:
    """Return how names are alike that share what they are called but not what kind of place they are."""
    stem, kind = stem_and_kind(ours)
    their_stem, their_kind = stem_and_kind(theirs)
    if len(stem) < 2 or kind == their_kind:
        return None
    is_same_stem = stem == their_stem
    if not is_same_stem and folded_syllables(stem) != folded_syllables(their_stem):
        return None
    if kind in _VAGUE_KINDS:
        return Likeness(STEM_ODDS if is_same_stem else STEM_ODDS / 3, Way.STEM)
    if len(kind) == len(their_kind) and _slips(kind, their_kind) < 1.0:
        return Likeness(NEAR_SOUND_ODDS if is_same_stem else NEAR_SOUND_ODDS / 3, Way.NEAR_SOUND)
    if abs(len(kind) - len(their_kind)) == 1 and (kind in their_kind or their_kind in kind):
        # 西湖花 and 西湖花园: a character was left out.
        return Likeness(STEM_ODDS * (1.0 if is_same_stem else 0.3), Way.TYPO)
    typo = _typo_likeness(ours, theirs)
    if typo is not None and is_same_stem and OSA.distance(kind, their_kind) == 1 and len(their_kind) > 1:
        odds = STEM_ODDS / 2 if kind not in _KNOWN_KINDS else min(typo.odds, NEAR_KIND_ODDS)
        return Likeness(odds, Way.TYPO)
    return Likeness(OTHER_KIND_ODDS if is_same_stem else OTHER_KIND_ODDS / 4, Way.STEM)


_KNOWN_KINDS = frozenset(_KINDS.pattern[3:-2].split("|"))


def _typo_likeness(ours: str, theirs: str) -> Likeness | None:
    """Return how names are alike that differ in one or two characters."""
    longest = max(len(ours), len(theirs))
    if abs(len(ours) - len(theirs)) > 2 or longest < 3:
        return None
    slips = _slips(ours, theirs)
    if slips > 2.2 or slips > longest * 0.55:
        return None
    for most, odds_by_length, odds_of_longer in _TYPO_ODDS:
        if slips <= most:
            odds = odds_by_length.get(longest, odds_of_longer)
            break
    stem, their_stem = stem_and_kind(ours)[0], stem_and_kind(theirs)[0]
    if slips > 0.5 and stem != their_stem and len(their_stem) == 2:
        odds /= 2.0
    return Likeness(odds, Way.TYPO)


_TYPO_ODDS: tuple[tuple[float, dict[int, float], float], ...] = (
    (0.5, {}, NEAR_SOUND_ODDS),
    (1.05, {3: 1.5, 4: 6.0, 5: 12.0}, 16.0),
    (1.5, {3: 0.4, 4: 3.0, 5: 5.0}, 9.0),
    (math.inf, {3: 0.05, 4: 0.15, 5: 0.8, 6: 2.0}, 4.0),
)
"""Odds of names that differ by at most so many slips, by the length of the longer one."""


TOLD_APART = 3.0
TOLD_APART_LITTLE = 2.0


def _slips(ours: str, theirs: str) -> float:
    """Return how many slips make one text the other: less than one where the sound stays."""
    if len(ours) == len(theirs):
        wrong = [place for place in range(len(ours)) if ours[place] != theirs[place]]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1 and _are_swapped(ours, theirs, *wrong):
            return 0.7
    total = 0.0
    for edit in Levenshtein.editops(ours, theirs):
        one = ours[edit.src_pos] if edit.tag != "insert" else ""
        other = theirs[edit.dest_pos] if edit.tag != "delete" else ""
        if one and other:
            is_told_apart = one in _DISTINCTIVE and other in _DISTINCTIVE
            is_heard = not is_told_apart and folded_syllables(one) == folded_syllables(other)
            total += 0.3 if is_heard else 1.0 if not is_told_apart else _told_apart(one, other)
        else:
            total += 1.5 if (one or other) in _DISTINCTIVE else 0.9
    return total


def _told_apart(one: str, other: str) -> float:
    """Return what two characters weigh that tell neighbours apart, directions and numbers most."""
    is_minor = one in _MINOR and other in _MINOR
    return TOLD_APART_LITTLE if is_minor else TOLD_APART


def _are_swapped(ours: str, theirs: str, one: int, other: int) -> bool:
    return ours[one] == theirs[other] and ours[other] == theirs[one]
