"""Texts as the parser reads them: width and dashes folded one to one, blanks dropped, lengths bounded."""

from __future__ import annotations

import re

MAX_CHARS = 400
"""Longer texts are no address: what lies behind is marked as unread, so that no text costs more."""
MASK = "\0"
"""Stands for each character that is no part of the address; folding lets none in."""

_OPEN, _SHUT = "【〔〖[{《〈「『﹙", "】〕〗]}》〉」』﹚"
_OLD_FORMS = dict(
    zip(
        "號樓棟單層區縣鎮鄉門東園廣場廈棟莊灣橋隣滙",
        "号楼栋单层区县镇乡门东园广场厦栋庄湾桥邻汇",
        strict=True,
    )
)
"""Traditional forms (繁体) of the words that addresses are read by."""
_DASHES = "‐‑‒–—―−─━ー﹣~〜∼"


def _folds() -> dict[int, str]:
    """Return what stands for each character that is folded."""
    folds = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    folds[0xFF5E] = "-"
    for code in (*range(0x20), *range(0x7F, 0xA1), 0xAD, *range(0x2000, 0x2010), *range(0x2028, 0x2030)):
        folds[code] = " "
    folds |= dict.fromkeys((0x3000, 0x1680, 0x205F, 0x2060, 0xFEFF, 0xFFFC, 0xFFFD), " ")
    folds |= dict.fromkeys(map(ord, _OPEN), "(") | dict.fromkeys(map(ord, _SHUT), ")")
    folds |= dict.fromkeys(map(ord, _DASHES), "-")
    folds |= {ord(old): new for old, new in _OLD_FORMS.items()}
    return folds | {ord("。"): ",", ord("○"): "〇", ord("℃"): " ", ord("№"): "#"}


_FOLDS = _folds()
_BLANKS = re.compile(r" +")
_DASH_ONE = re.compile(r"(?<=[0-9])[一_](?=[0-9])")


def fold(text: str) -> str:
    """Return a text of the same length: half width, one kind of dash and bracket, blanks for controls.

    >>> fold("３８＃—１（东）")
    '38#-1(东)'
    """
    return text.translate(_FOLDS)


def compact(folded: str) -> tuple[str, list[int] | None]:
    """Return a folded text without blanks, and where its characters stood.

    Blanks stay between Latin letters and digits.

    A dash written as 一 or _ between digits becomes one.

    >>> compact("丽州 市 3 - 2")
    ('丽州市3-2', [0, 1, 3, 5, 7, 9])
    """
    if "一" in folded or "_" in folded:
        folded = _DASH_ONE.sub("-", folded)
    if " " not in folded:
        return folded, None
    kept: list[int] = []
    last = 0
    for blank in _BLANKS.finditer(folded):
        kept.extend(range(last, blank.start()))
        last = blank.end()
        before, after = folded[blank.start() - 1 : blank.start()], folded[last : last + 1]
        if _is_latin(before) and _is_latin(after):
            kept.append(blank.start())
    kept.extend(range(last, len(folded)))
    return "".join([folded[place] for place in kept]), kept


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
