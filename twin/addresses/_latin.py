"""Addresses in pinyin: the words of numbered parts are put in Chinese, the names stay as they are."""

from __future__ import annotations

import re

_WORDS = {
    "haolou": "号楼",
    "haochangfang": "号厂房",
    "hao": "号",
    "zhuang": "幢",
    "dong": "栋",
    "zuo": "座",
    "danyuan": "单元",
    "ti": "梯",
    "ceng": "层",
    "lou": "楼",
    "shi": "室",
    "fang": "房",
    "nong": "弄",
    "hu": "户",
    "zu": "组",
}
_NUMBERED = re.compile(
    r"(?P<number>[a-z]?[0-9]+[a-z]?|[甲乙丙丁](?= ?dan)"
    r"|(?<![a-z])[a-z](?= ?(?:zuo|dong|zhuang|hao ?lou|dan ?yuan|ti(?![a-z])))) ?"
    r"(?P<word>hao ?lou|hao ?chang ?fang|zhuang"
    r"|dan ?yuan|dong|zuo|ceng|lou|shi|fang|nong|ti|hu|zu|hao(?=[a-z]{4}|(?![a-z])))"
    r"(?:(?=hao)|(?![a-z])|(?<=hao))"
)
_CAPITAL = re.compile(
    r"(?<=[a-z])(?=[A-Z](?:[-/#][0-9]| ?(?:zuo|dong|zhuang|hao|danyuan)))"
    r"|(?<=[A-Z])(?=[A-Z](?:#|zuo|dong|zhuang|hao|danyuan))"
)
"""Where a building's letter stands behind a name without a blank: huayuanB-1-302."""
_LETTERS = re.compile(r"[0-9甲乙丙丁] ?[A-Za-z]{2}")
_BEFORE_DIGIT = re.compile(r"(?<=[a-z]{3})(?=[0-9])")
_HAN = re.compile(r"[⺀-鿿豈-﫿]")
ROAD_END = re.compile(r"(?:lu|jie|da ?dao|xiang|nong)$")
"""Pinyin endings of what house numbers stand in."""
_CODE = re.compile(r"[<>=;\"{}\\$%@^|]|(?<![A-Za-z])'|'(?![A-Za-z])|\.\.|[A-Za-z]{2}/[A-Za-z]{2}|--$")


def is_latin(text: str) -> bool:
    """Return whether a folded text holds letters but no ideograph."""
    return _HAN.search(text) is None and any(character.isalpha() for character in text)


def has_spelt_words(text: str) -> bool:
    """Return whether a text calls numbered parts in pinyin, whatever else it holds."""
    return _LETTERS.search(text) is not None and _NUMBERED.search(text) is not None


def is_code(text: str) -> bool:
    """Return whether a Latin text is no address: it holds signs that none has, or no number."""
    return _CODE.search(text) is not None or not any(map(str.isdigit, text))


def spelled(text: str) -> tuple[str, list[int], list[int]]:
    """Return a Latin text with Chinese words for numbered parts, and where each character starts and ends.

    >>> spelled("xihu3zhuang1danyuan302shi")[0]
    'xihu 3幢 1单元 302室 '
    """
    marked, starts, ends = _with_breaks(text)
    made: list[str] = []
    spans: list[tuple[int, int]] = []
    last = 0
    for found in _NUMBERED.finditer(marked):
        cut, (low, high) = found.end("number"), found.span("word")
        made += marked[last:cut]
        spans += zip(starts[last:cut], ends[last:cut], strict=True)
        word = _WORDS[found["word"].replace(" ", "")] + " "
        made += word
        spans += [(starts[low], ends[high - 1])] * (len(word) - 1) + [(ends[high - 1], ends[high - 1])]
        last = high
    made += marked[last:]
    spans += zip(starts[last:], ends[last:], strict=True)
    return "".join(made), [start for start, _ in spans], [end for _, end in spans]


def _with_breaks(text: str) -> tuple[str, list[int], list[int]]:
    """Return a text in small letters with a blank where a number follows a name, and where it all stood."""
    lowered = "".join(low if len(low := character.lower()) == 1 else character for character in text)
    made: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for place, character in enumerate(lowered):
        if _BEFORE_DIGIT.match(lowered, place) or _CAPITAL.match(text, place):
            made.append(" ")
            starts.append(place)
            ends.append(place)
        made.append(character)
        starts.append(place)
        ends.append(place + 1)
    return "".join(made), starts, ends
