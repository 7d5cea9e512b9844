"""An address text as a question: names to look up by likeness, numbers to follow exactly, the rest."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from twin.addresses._descent import LANE, Step
from twin.addresses._pinyin import latin_key, syllables
from twin.addresses._remarks import address_part, is_at, remark_start
from twin.addresses.levels import Level
from twin.addresses.likeness import is_latin
from twin.addresses.names import NameIndex
from twin.addresses.parsed import ParsedAddress


class AddressParser(Protocol):
    """What takes an address text apart."""

    def parse(self, text: str) -> ParsedAddress:
        """Return the components of a text."""
        ...

    def parse_table(self, texts: pa.Array) -> pa.Table:
        """Return the components of many texts, one row each."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """A name that a text gives.

    ``level`` is None where the text does not say what it names; ``start`` is its place in the text;
    ``is_given`` is False for words of which it is not known whether they are a name at all.
    """

    level: Level | None
    text: str
    start: int
    is_given: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """What a text asks for.

    ``relation`` is how the place meant lies to the address named, empty where it is the address or its door;
    ``rest`` is what could not be read, ``hides_address``: a remark that was left out may be part of one;
    ``crossing`` says why the junction of two roads is not known.
    """

    segments: tuple[Segment, ...]
    steps: tuple[Step, ...]
    relation: str = ""
    is_intersection: bool = False
    rest: str = ""
    hides_address: bool = False
    crossing: str = ""


_FULL_WIDTH = {0xFF01 + step: 0x21 + step for step in range(94)} | {0x3000: 0x20}
_LATIN = re.compile(r"([一-龥]*)([A-Za-z](?:[A-Za-z一-龥'’ ]*[A-Za-z])?)([一-龥]*)")
_UNIT_WORDS = {
    "haolou": "号楼",
    "danyuan": "单元",
    "zhuang": "幢",
    "chuang": "幢",
    "dong": "栋",
    "zuo": "座",
    "louhao": "号楼",
    "hao": "号",
    "lou": "楼",
    "ceng": "层",
    "shi": "室",
    "fang": "房",
    "nong": "弄",
    "hu": "户",
    "ti": "梯",
    "zu": "组",
    "dy": "单元",
}
_TYPED_UNIT = re.compile(
    rf"(?:(?<=\d)|(?<=\d[A-Z])|(?<=[甲乙丙丁]))\s*({'|'.join(_UNIT_WORDS)})(?=\s|\d|$|[^a-z])", re.IGNORECASE
)
_TYPED_LETTER = re.compile(
    r"(?:(?<=[A-Za-z]{2})|(?<![A-Za-z0-9]))([A-Z]) ?(zuo|dong|zhuang|haolou|danyuan)(?![a-z])"
)
"""A building that is called by a letter: Azuo, B haolou."""
_LETTER = re.compile(r"(?:(?<=[a-z])| )([A-Z])(?=[-—–/ ]*[0-9]| *(?:号楼|座|幢|栋|楼))")
"""The letter of a building behind a name in Latin letters: huayuanC-1-301."""
_TYPED_NUMBER = re.compile(r"(?<=\d)\s*(hao)(?=[a-z]{3,})", re.IGNORECASE)
_TYPED_TAIL = re.compile(r"(?<=\d)([zd])(?=\d+dy\d+)|(?<=dy\d{3})(s)$|(?<=dy\d{4})(s)$", re.IGNORECASE)
_HEARD_WORDS = {
    "chuang": "幢",
    "zhuang": "幢",
    "dong": "栋",
    "shi": "室",
    "hao": "号",
    "lou": "楼",
    "danyuan": "单元",
    "haolou": "号楼",
}
_HEARD = re.compile(r"(?<=[0-9一二三四五六七八九十])([一-龥]{1,2})(?=[0-9一二三四五六七八九十]|$)")
_UNIT_CHARACTERS = frozenset("幢栋座号楼层室房户弄巷梯门单元组社村之零一二三四五六七八九十百东西南北")
_IDLE = re.compile(r"[\s,，.。、;；:：#＃\-—_/\\()（）\[\]【】<>《》\"“”'’·*+|~!！?？]+")
_PRIVATE = re.compile(
    r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)"
    r"|(?<!\d)(?:\d{17}[\dXx]|\d{6})(?!\d)"
)
"""Telephones, identity numbers and postcodes: digits that are no part of an address."""
NAMED_ROOM = "阁楼|地下室|车库|储藏|商铺"
_NO_REMARK = re.compile(
    rf"\d|{NAMED_ROOM}|[一-龥]{{2,}}(?:大道|[路街](?![面灯边口上人道沿])|[巷弄](?![口子堂])|村(?![民口])|镇|厂(?![房门])|小区(?![内里门])|花园|公寓|大厦|号)"
)
_NUMBER_WORDS = frozenset("号弄幢栋室")
_FILLER = re.compile(
    "的|在|位于|地址|住址|住|我住|家住|我在|这里是|附近|处|内|里|里面|之内|省|市|区|县|中国|号|室|楼"
)


def read_query(text: str, parser: AddressParser, names: NameIndex) -> Query:
    """Return what a text asks for; pinyin in it is taken apart by the names that it spells."""
    is_name = names.has
    text = address_part(text, is_name)
    plain = _spelled_units(text.translate(_FULL_WIDTH)) if is_latin(text) else text
    spans: list[tuple[int, int, str]] = []
    if is_latin(plain):
        plain, spans = _with_names(plain, names)
    parsed = parser.parse(_heard_units(plain))
    end = remark_start(parsed, is_name)
    if end < len(parsed.text):
        parsed = parser.parse(parsed.text[:end])
    return _query_of(parsed, spans, _gaps(parsed, spans))


def _query_of(
    parsed: ParsedAddress, spans: Sequence[tuple[int, int, str]], gaps: Sequence[tuple[int, str]]
) -> Query:
    segments = [Segment(None, typed, start) for start, _, typed in spans]
    steps = []
    for part in parsed.components:
        if any(start <= part.start < end for start, end, _ in spans):
            continue
        if part.level.is_named:
            segments.append(Segment(part.level, part.token, part.start))
        else:
            steps.append(Step(part.level, part.token, part.start, part.is_range, part.text.endswith(LANE)))
    segments += [Segment(None, words, start, is_given=False) for start, words in gaps]
    return Query(
        tuple(sorted(segments, key=lambda one: one.start)),
        tuple(sorted(steps, key=lambda one: one.level)),
        "" if parsed.relation is None or is_at(parsed.relation.text) else parsed.relation.text,
        parsed.is_intersection,
        " ".join(words for _, words in gaps),
        _hides_address(parsed),
    )


def _hides_address(parsed: ParsedAddress) -> bool:
    """Return whether a remark holds what an address has: numbers that are no telephone's, names of places."""
    remarks, at = list[str](), -1
    for start, end in sorted(parsed.noise):
        remark = parsed.text[start:end]
        if start == at:
            remark = remarks.pop() + remark  # a name may be cut in two: 阁 | 楼 张师傅
        remarks.append(remark)
        at = end
        after = parsed.text[end : end + 1]
        plain = remark.translate(_FULL_WIDTH)
        if _NO_REMARK.search(_PRIVATE.sub("", plain) if after not in _NUMBER_WORDS else plain):
            return True
    return False


def _gaps(parsed: ParsedAddress, spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, str]]:
    """Return what no component covers, with its place: perhaps a name with a slip in it."""
    covered = [(part.start, part.end) for part in parsed.components]
    covered += [(start, end) for start, end, _ in spans]
    covered += parsed.noise
    if parsed.relation is not None:
        covered.append((parsed.relation.start, parsed.relation.end))
    found, at = [], 0
    for start, end in [*sorted(covered), (len(parsed.text), len(parsed.text))]:
        if start > at:
            found += _words(parsed.text[at:start], at, parsed.province)
        at = max(at, end)
    return found


def _words(text: str, start: int, province: str) -> list[tuple[int, str]]:
    for prefix in (province, province[:2]):
        if province and text.lstrip().startswith(prefix):
            text = text.lstrip().removeprefix(prefix)
            break
    words = _IDLE.sub("", text)
    return [] if not words or _FILLER.fullmatch(words) else [(start, words)]


def _spelled_units(text: str) -> str:
    """Return a text with ``3dong1danyuan302shi`` as ``3栋1单元302室``."""

    def word(found: re.Match[str]) -> str:
        return _UNIT_WORDS[found.group(1).lower()]

    text = _TYPED_TAIL.sub(lambda found: "幢" if found.group(1) else "室", text)
    text = _TYPED_LETTER.sub(lambda found: f" {found.group(1)}{_UNIT_WORDS[found.group(2)]}", text)
    text = _LETTER.sub(r"\n\1", text)
    return _TYPED_NUMBER.sub(word, _TYPED_UNIT.sub(word, text))


def _heard_units(text: str) -> str:
    """Return a text with words of units that are written as they sound put right: ``3撞`` as ``3幢``."""

    def word(found: re.Match[str]) -> str:
        heard = found.group(1)
        if all(one in _UNIT_CHARACTERS for one in heard):
            return heard
        return _HEARD_WORDS.get("".join(syllables(heard)), heard)

    return _HEARD.sub(word, text)


def _with_names(text: str, names: NameIndex) -> tuple[str, list[tuple[int, int, str]]]:
    """Return a text with names in the place of pinyin, where these stand, and what was typed there."""
    pieces, spans, at, length = list[str](), list[tuple[int, int, str]](), 0, 0
    for found in _LATIN.finditer(text):
        if not is_latin(found.group(2)):
            continue
        n_before, n_after = _chinese_ends(found, names)
        start, end = found.start(2) - n_before, found.end(2) + n_after
        key = latin_key(text[start:end])
        if not n_after and len(key) > 3 and not names.spelled(key) and names.spelled(key[:-1]):
            end -= 1  # the last letter is that of the building
        pieces.append(text[at:start])
        length += start - at
        for part in _spelled_names(text[start:end], names):
            hits = names.search(part, 1)
            name = hits[0].text if hits else part
            pieces.append(name)
            if hits:
                spans.append((length, length + len(name), part))
            length += len(name)
        at = end
    return "".join([*pieces, text[at:]]), spans


def _chinese_ends(found: re.Match[str], names: NameIndex) -> tuple[int, int]:
    """Return how many Chinese characters before and after Latin letters belong to the same name."""
    before, typed, after = found.groups()
    ends = itertools.product(range(min(len(before), 8), -1, -1), range(min(len(after), 8), -1, -1))
    for n_before, n_after in ends:
        if (n_before or n_after) and names.spelled(
            latin_key(before[len(before) - n_before :] + typed + after[:n_after])
        ):
            return n_before, n_after
    return 0, 0


def _spelled_names(typed: str, names: NameIndex) -> list[str]:
    """Return the names that a run of Latin letters spells one after another."""
    key = latin_key(typed)
    if names.spelled(key) or names.search(typed, 1):
        return [typed]
    words = typed.split()
    for size in range(len(words) - 1, 0, -1):
        head = "".join(words[:size])
        if names.search(head, 1):
            return [head, *_spelled_names("".join(words[size:]), names)]
    for size in range(len(key) - 4, 3, -1):
        if names.spelled(key[:size]):
            return [key[:size], *_spelled_names(key[size:], names)]
    for size in range(4, len(key) - 3):
        if names.spelled(key[size:]):
            return [key[:size], key[size:]]
    return [typed]
