"""Numbered parts of an address, read as one run: ``669弄14号1102室``, ``3-1-302``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from twin.addresses._numerals import NUMERALS, arabic
from twin.addresses.levels import Level


class Part(NamedTuple):
    """One component with the word that the text uses for it; its span is in the compact text."""

    level: Level
    start: int
    end: int
    token: str
    word: str = ""
    is_range: bool = False


class Context(NamedTuple):
    """What stands before a run: the level of the last component, 0 where there is none.

    ``is_street`` says that house numbers hang on it, whatever its level, ``is_market`` that its numbers
    are those of stalls.
    """

    level: int = 0
    is_street: bool = False
    is_market: bool = False


_CN = rf"[{NUMERALS}]{{1,7}}"
_CN_NUMBER = rf"[{NUMERALS.replace('千', '')}][{NUMERALS}]{{0,6}}"
_CN_LETTER = r"(?:[A-Za-z](?![0-9A-Za-z]))"
"""Behind a Chinese number: 十二A幢."""
_FREE = (
    r"(?<![0-9])(?:(?<![A-Za-z])|(?:(?<=[A-Za-z]{3})|(?<=[a-z]{2}))(?=[0-9])"
    r"|(?<=[A-Za-z]{3})(?=[A-Z][幢栋座号#]))"
)
"""Where a run may begin: behind a name, which may be initials: xhhy3幢."""
_MIXED = r"[0-9]{1,3}[A-Za-z][0-9]{1,4}|[A-Za-z]{0,2}[0-9]{1,5}[A-Za-z甲乙丙丁](?![0-9A-Za-z])"
_ARABIC = rf"(?:{_MIXED}|(?:[A-Za-z]|[A-Z]{{2}}|[甲乙丙丁])?[0-9]{{1,5}}(?![0-9]))"
_LETTER = r"(?:[A-Za-z](?![0-9A-Za-z])|[甲乙丙丁])"
_SIDE = r"(?:[东西南北中](?=单元|[户座](?![一-龥])))"
_JOIN = r"[-/、~至到和&]"

_NOT_ROAD = r"(?!大街|大道|公路|路(?![口边旁上面灯])|街(?!边)|线|码头|门(?![口前])|地块|院子|公馆)"
_HOUSE = rf"号(?:院(?=$|[0-9A-Za-z{NUMERALS}\0,;()])|{_NOT_ROAD})"
_CN_HOUSE = rf"(?!号(?:桥|酒店|仓库|店|馆)){_HOUSE}"
_STALL = r"(?:号?(?:商铺|店铺|店面|商位|摊位|铺位|铺|摊)|号?[室房](?![东屋产子管地])|号门面)"
_BLOCK = r"(?:号楼栋?(?![下上道梯])|号[幢栋座]|号?(?:厂房|车间|仓库)|楼栋|幢楼?|栋楼?|#楼|#(?!\w*路))"
_FLOOR = r"(?:层楼?|楼(?![下上道梯顶盘宇房兰]))"
_GROUP = r"(?:村民小组|居民小组|小组|组(?!团)|生产队|队(?![伍员]))"

_CELLAR = r"(?:(?:阁楼|半?地下室|(?:地下)?车库|储藏室|跃层|商铺|店铺|门面)[0-9]{0,3})"
"""Dwellings that have a name for a number, or before it."""
_ROOM_NEXT = rf"(?=[0-9]|[{NUMERALS}]{{3}}|{_CELLAR})"
_WORDS = rf"(?:{_STALL}|{_BLOCK}|{_HOUSE}|座(?!桥)|排(?=[0-9{NUMERALS}])|单元"
_WORDS += rf"|[梯门]{_ROOM_NEXT}|梯(?=$|[\0,;()])|{_FLOOR}|户(?!外)|支弄|弄|巷(?!口)|{_GROUP})"
_CN_WORDS = rf"(?:{_STALL}|{_BLOCK}|{_CN_HOUSE}|座(?![一-龥])|单元|[梯门]{_ROOM_NEXT}|{_FLOOR}|{_GROUP})"
_BRANCH = r"(?<=号)(?:[甲乙丙丁](?![一-龥])|-[0-9]{1,2}(?![-0-9A-Za-z号楼幢栋单室层座#]))"
_SUB = rf"(?:[附之](?:{_ARABIC}|{_CN})号?|{_BRANCH})"
_STOREY = r"(?:[0-9]{1,2}[Ff](?![A-Za-z]))"
_LANE = rf"(?:(?<=[路街道巷弄])(?![一二三四五六七八九十][弄巷]){_CN}[弄巷])"

_SEQUENCE = rf"(?:{_ARABIC}|{_LETTER})(?:{_JOIN}(?:{_ARABIC}|{_LETTER})){{0,9}}"
_CN_SEQUENCE = rf"{_CN_NUMBER}{_CN_LETTER}?(?:(?:{_JOIN}|之){_CN}){{0,9}}"
_WORDED = (
    rf"(?:{_STOREY}|第?\#?{_SEQUENCE}{_WORDS}{_SUB}?|(?:负|地下|第)?{_CN_SEQUENCE}{_CN_WORDS}{_SUB}?|{_LANE}"
    rf"|(?:负|地下|-){_ARABIC}{_FLOOR}|{_SIDE}(?:单元|户|座)|(?:\#|(?<![一-龥])附){_ARABIC}号?(?!楼))"
)
_NO_UNIT = r"(?![线米公千里年月日点时元度倍岁路街国省县乡期区村级代届分秒个次名人吨中小%℃])"
_END = r"(?=$|[\0,;!?()|]|斜?对面|附近|旁|门口|隔壁|路边|边上)"
_BARE_LATER = (
    rf"(?:(?![甲乙丙丁][一-龥]){_SEQUENCE}{_NO_UNIT}(?![0-9A-Za-z])"
    rf"|[{NUMERALS[:10]}〇]{{3,5}}{_NO_UNIT}(?![{NUMERALS}])|{_CN}{_END}|{_LETTER}{_END})"
)
_BARE_FIRST = (
    rf"(?:{_ARABIC}(?:{_JOIN}(?:{_ARABIC}|{_LETTER})){{0,3}}{_END}"
    rf"|(?:{_ARABIC}|{_LETTER})(?:[-/]{_ARABIC}){{2,3}}{_NO_UNIT}(?![0-9A-Za-z])"
    rf"|{_LETTER}-{_ARABIC}{_END}|(?:{_LETTER}|{_LETTER}?[0-9]{{1,3}})-[0-9]{{3,4}}{_NO_UNIT}(?=[一-龥])"
    rf"|(?<=[路街巷弄道]){_ARABIC}{_NO_UNIT}(?=[一-龥])"
    rf"|{_CN}-{_CN}(?:-{_CN})?{_END}"
    rf"|[{NUMERALS[:10]}〇]{{3,5}}{_END})"
)
_FIRST = rf"(?:{_WORDED}|{_BARE_FIRST})"
RUN = re.compile(rf"{_FREE}{_FIRST}(?:[-_/、至到和. ]?(?:{_CELLAR}室?{_END}|{_WORDED}|{_BARE_LATER}))*")
"""A run of numbered parts; every repetition is bounded or starts with what it cannot skip: linear."""
RUN_CHARACTERS = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    + NUMERALS
    + "甲乙丙丁东西南北中第负半地下阁储藏跃车库附之"
    + "号楼栋幢座院室房商铺店面位摊门排单元梯层户支弄巷村民居小组生产队"
    + "#-/、~至到和&_. "
)
"""Every character that a run may hold."""

_ITEM = re.compile(
    rf"(?P<lead>负|地下|-(?=[0-9]+[层楼])|[第\#附]{{0,2}})"
    rf"(?P<seq>{_STOREY}|{_CN}[弄巷]|{_SEQUENCE}|{_SIDE}|{_CELLAR}|{_CN}{_CN_LETTER}?(?:(?:{_JOIN}|之){_CN}){{0,9}})(?P<word>{_WORDS}?)"
    rf"(?:(?:[附之](?P<sub>{_ARABIC}|{_CN})号?|(?<=号)(?:(?P<stem>[甲乙丙丁])(?![一-龥])|-(?P<dash>[0-9]{{1,2}})$)))?"
)
_STOREY_OR_LANE = re.compile(rf"{_STOREY}|{_CN}[弄巷]")
_NAMED_ROOM = re.compile(_CELLAR)
_SPLIT = re.compile(rf"{_JOIN}|之")
_BUILDING_WORDS = re.compile(r"号?(?:厂房|车间|仓库)|号?[幢栋座]楼?|号楼栋?|#楼?|楼栋|排")
_NUMBER_WORDS = frozenset({"号", "号院", "弄", "巷", "支弄"})
_DWELLING_DIGITS = 3
_MAX_DWELLING_PARTS = 4
_NEIGHBOURS = 50
"""How far the ends of a range of dwellings may lie apart."""


class _Item(NamedTuple):
    """One numbered part before its level is known."""

    start: int
    end: int
    lead: str
    numbers: tuple[str, ...]
    joins: str
    word: str
    sub: str
    spans: tuple[tuple[int, int], ...]


def first_word(text: str, start: int, end: int) -> str:
    """Return how a run names its first part: its word or nothing.

    ``号室`` stands for numbers that rooms follow, ``幢`` also for shorthand that begins with a building:
    ``5#2-101``, ``3-1-302``.
    """
    found = _ITEM.match(text, start, end)
    word = found["word"] if found else ""
    if found is None or word == "弄":
        return word
    following = _ITEM.search(text, found.end(), end)
    if word in _NUMBER_WORDS:
        return "号室" if following and (following["word"] in {"", "室", "房"}) else "号"
    if word == "#" and following:
        return "幢"
    if word == "" and found["seq"]:
        numbers = _SPLIT.split(found["seq"])
        is_pair = len(numbers) == 2 and _n_digits(numbers[1]) >= _DWELLING_DIGITS
        if len(numbers) > 2 or (is_pair and not _is_span((numbers[0], numbers[1]))):
            return "幢"
    return word


def read_run(text: str, start: int, end: int, context: Context) -> list[Part]:
    """Return the parts of a run that :data:`RUN` found.

    Parameters
    ----------
    text : str
        Compact text.
    start, end : int
        Span of the run in it.
    context : Context
        What stands before.

    Returns
    -------
    list of Part
        In order; what no rule names is left out.
    """
    items = [_item(found) for found in _ITEM.finditer(text, start, end)]
    parts: list[Part] = []
    for place, item in enumerate(items):
        following = items[place + 1] if place + 1 < len(items) else None
        found = _read_item(item, following, context)
        twice = parts and found and parts[-1].level == found[0].level == Level.BUILDING
        if twice and text[parts[-1].end : item.start] in ("、", "至", "到", "和", "-", "/"):
            parts[-1] = parts[-1]._replace(is_range=True)
            found[0] = found[0]._replace(is_range=True)
        parts += found
        if found:
            context = Context(found[-1].level)
    return parts


def unread_spans(text: str, start: int, end: int, parts: Sequence[Part]) -> list[tuple[int, int]]:
    """Return the spans of a run that no part covers and that say something."""
    edges = [start, *(edge for part in parts for edge in (part.start, part.end)), end]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return [(low, high) for low, high in gaps if any(map(str.isalnum, text[low:high]))]


def _item(found: re.Match[str]) -> _Item:
    sequence, word, (low, _) = found["seq"], found["word"], found.span("seq")
    if not word and _STOREY_OR_LANE.fullmatch(sequence):
        sequence, word = sequence[:-1], sequence[-1].upper()
    spans = []
    joins = ""
    last = 0
    for join in _SPLIT.finditer(sequence):
        spans.append((low + last, low + join.start()))
        joins += join[0]
        last = join.end()
    spans.append((low + last, low + len(sequence)))
    numbers = tuple(arabic(found.string[a:b]) for a, b in spans)
    start = found.start() if found["lead"] != "-" or word else low
    branch = found["sub"] or found["dash"]
    sub = f"-{arabic(branch)}" if branch else found["stem"] or ""
    return _Item(start, found.end(), found["lead"], numbers, joins, word, sub, tuple(spans))


def _read_item(item: _Item, following: _Item | None, context: Context) -> list[Part]:
    """Return the parts that one item comes to, by its word and what stands around it."""
    word = item.word
    if word == "#" or (word == "" and "#" in item.lead):
        on_street = Level.COMMUNITY <= context.level <= Level.ROAD or context.is_street
        is_house = on_street and following is None
        return [_part(item, Level.NUMBER if is_house else Level.BUILDING, "#")]
    if _NAMED_ROOM.fullmatch(item.numbers[0]):
        return [Part(Level.DWELLING, item.start, item.end, item.lead + item.numbers[0], word)]
    if word == "":
        return _read_bare(item, context)
    if word in ("弄", "巷", "支弄", "号院"):
        return [_part(item, Level.NUMBER, word)]
    if word == "号":
        return _read_house(item, following, context)
    if _BUILDING_WORDS.fullmatch(word):
        return [_part(item, Level.BUILDING, word)]
    if word in ("单元", "梯", "门"):
        if len(item.numbers) == 2 and item.joins == "-" and context.level < Level.BUILDING:
            return _spread(item, (Level.BUILDING, Level.UNIT), word)
        return [_part(item, Level.UNIT, word)]
    if word[0] in "层楼F":
        has_unit = following is not None and following.word in ("单元", "梯", "门")
        is_block = word == "楼" and not item.lead and (has_unit or not item.numbers[0].isdigit())
        if is_block and context.level < Level.BUILDING:
            return [_part(item, Level.BUILDING, word)]
        return [_part(item, Level.FLOOR, word)]
    if word[-1] in "组队":
        return [_part(item, Level.GROUP, word)]
    return _read_dwelling(item, context)


def _read_house(item: _Item, following: _Item | None, context: Context) -> list[Part]:
    """Return what ``12号`` is: a number, within a lane or estate a building, then a unit or dwelling."""
    is_long = _n_digits(item.numbers[-1]) >= _DWELLING_DIGITS
    if item.joins == "-" and context.level in (Level.ESTATE, Level.PREMISES) and not context.is_street:
        return _spread(item, (Level.BUILDING, Level.DWELLING if is_long else Level.UNIT), "号")
    if item.joins == "--":
        return _spread(item, (Level.BUILDING, Level.UNIT, Level.DWELLING), "号")
    if context.level == Level.BUILDING:
        is_unit = following is not None or not is_long
        return [_part(item, Level.UNIT if is_unit else Level.DWELLING, "号")]
    if context.level > Level.BUILDING or context.is_market:
        return [_part(item, Level.DWELLING, "号")]
    is_street = context.is_street and following is None
    if context.level in (Level.NUMBER, Level.ESTATE, Level.PREMISES) and not is_street:
        return [_part(item, Level.BUILDING, "号")]
    return [_part(item, Level.NUMBER, "号")]


def _read_dwelling(item: _Item, context: Context) -> list[Part]:
    """Return the parts of ``302室``, ``1-302室`` and ``3-1-302室``."""
    if set(item.joins) == {"-"} and len(item.numbers) <= _MAX_DWELLING_PARTS:
        levels = _short_levels(item, context)
        if levels:
            return _spread(item, levels, item.word)
    return [_part(item, Level.DWELLING, item.word)]


def _read_bare(item: _Item, context: Context) -> list[Part]:
    """Return the parts of numbers without a word: ``302``, ``3-302``, ``3-1-302``."""
    if not item.joins:
        return _read_single(item, context)
    if set(item.joins) <= {"-", "/"}:
        levels = _short_levels(item, context)
        if levels:
            return _spread(item, levels, "")
    if context.level >= Level.BUILDING:
        return [_part(item, Level.DWELLING, "")]
    if context.level in (Level.ESTATE, Level.PREMISES):
        level = Level.BUILDING if len(item.numbers[0]) < _DWELLING_DIGITS else Level.DWELLING
        level = Level.NUMBER if context.is_street else level
        return [_part(item, level, "")]
    return [_part(item, Level.NUMBER, "")]


def _read_single(item: _Item, context: Context) -> list[Part]:
    is_long = _n_digits(item.numbers[0]) >= _DWELLING_DIGITS
    if context.level == Level.BUILDING:
        return [_part(item, Level.DWELLING if is_long else Level.UNIT, "")]
    if context.level > Level.BUILDING:
        return [_part(item, Level.DWELLING, "")]
    if context.level in (Level.NUMBER, Level.ESTATE, Level.PREMISES):
        short = Level.NUMBER if context.is_street else Level.BUILDING
        return [_part(item, Level.DWELLING if is_long else short, "")]
    if context.level in (Level.COMMUNITY, Level.GROUP, Level.HAMLET, Level.ZONE, Level.ROAD):
        return [_part(item, Level.NUMBER, "")]
    return []


def _short_levels(item: _Item, context: Context) -> tuple[Level, ...] | None:
    """Return what the numbers of a shorthand name, None where they are one number or several of a kind."""
    count = len(item.numbers)
    on_street = 0 < context.level <= Level.ROAD
    if count == 4:
        third = Level.UNIT if on_street else Level.FLOOR
        levels = (Level.NUMBER, Level.BUILDING) if on_street else (Level.BUILDING, Level.UNIT)
        return (*levels, third, Level.DWELLING)
    if count == 3:
        return (Level.BUILDING, Level.UNIT, Level.DWELLING) if context.level < Level.BUILDING else None
    first, last = _n_digits(item.numbers[0]), _n_digits(item.numbers[-1])
    if count != 2 or context.level > Level.BUILDING:
        return None
    if first >= _DWELLING_DIGITS and (on_street or not context.level or _is_span(item.numbers)):
        return None
    is_dwelling = last >= _DWELLING_DIGITS
    if context.is_street and not is_dwelling:
        return None
    if context.level == Level.BUILDING:
        return (Level.UNIT, Level.DWELLING)
    if is_dwelling:
        return (Level.NUMBER if on_street and not item.word else Level.BUILDING, Level.DWELLING)
    return None if on_street or not context.level else (Level.BUILDING, Level.UNIT)


def _n_digits(number: str) -> int:
    return sum(character.isdigit() for character in number)


def _is_span(numbers: tuple[str, ...]) -> bool:
    """Return whether two long numbers are neighbours, as 101-103 are, and not building and dwelling."""
    if not (numbers[0].isdigit() and numbers[1].isdigit()):
        return False
    return 0 < int(numbers[1]) - int(numbers[0]) < _NEIGHBOURS


def _spread(item: _Item, levels: tuple[Level, ...], word: str) -> list[Part]:
    """Return one part for each number of a shorthand; the word belongs to the last."""
    parts = [
        Part(level, start, end, number)
        for level, number, (start, end) in zip(levels, item.numbers, item.spans, strict=True)
    ]
    parts[-1] = parts[-1]._replace(end=item.end, word=word)
    return parts


def _part(item: _Item, level: Level, word: str) -> Part:
    """Return one part of all numbers of an item."""
    numbers = item.numbers
    token = "-".join(numbers) + item.sub
    if item.lead in ("负", "地下", "-"):
        token = f"-{token}"
    if item.lead == "附" and level == Level.NUMBER:
        token = f"附{token}"
    is_branch = item.joins == "之" or (item.joins == "-" and _is_branch(numbers, level))
    is_range = len(numbers) > 1 and not is_branch
    return Part(level, item.start, item.end, token, word, is_range)


def _is_branch(numbers: tuple[str, ...], level: Level) -> bool:
    """Return whether joined numbers are one branched number, as 12-1 is, and no range, as 1-10 is.

    House 2 may well have a third part, 2-3号; buildings are numbered through, 2-3幢 are two.
    """
    if len(numbers) > 2 or not (numbers[0].isdigit() and numbers[1].isdigit()):
        return True
    is_part = level == Level.NUMBER and len(numbers[1]) == 1
    return is_part or int(numbers[1]) <= int(numbers[0])
