"""The standard text of an address (标准地址): its components in order, joined without blanks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from twin.addresses.levels import Level
from twin.addresses.parsed import Component

__all__ = ["standard_text", "word_of"]

_ORDER = (
    Level.CITY,
    Level.DISTRICT,
    Level.SUBDISTRICT,
    Level.COMMUNITY,
    Level.HAMLET,
    Level.GROUP,
    Level.ZONE,
    Level.ROAD,
    Level.NUMBER,
    Level.ESTATE,
    Level.PREMISES,
    Level.BUILDING,
    Level.UNIT,
    Level.FLOOR,
    Level.DWELLING,
)
_WORDS = {
    Level.GROUP: "组",
    Level.NUMBER: "号",
    Level.BUILDING: "幢",
    Level.UNIT: "单元",
    Level.FLOOR: "层",
    Level.DWELLING: "室",
}
_WORD = re.compile(r"[^0-9A-Za-z零一二三四五六七八九十百千〇廿卅两负#附之、至到和~/-]+$|#$")


def standard_text(parts: Iterable[tuple[Level, str, str]], province: str = "") -> str:
    """Return the standard text of an address: 省?市 区县 街道 社区 路 门牌 小区 幢 单元 室.

    Parameters
    ----------
    parts : iterable of (Level, token, word)
        Tokens and how the source calls them (``幢``, ``栋``, ``号楼``; empty where it does not say:
        then 幢, 单元, 层, 室, 号, 组). Of two parts of a level, as main road and branch, the order stays.
    province : str
        Put in front where given.

    Returns
    -------
    str
        Groups stand behind their hamlet, as they are spoken. Read again, it gives the same tokens.

    Examples
    --------
    >>> standard_text([(Level.UNIT, "1", ""), (Level.ROAD, "永城路", ""), (Level.BUILDING, "38", "号楼")])
    '永城路38号楼1单元'
    """
    ranked = sorted(parts, key=lambda part: _ORDER.index(part[0]))
    return province + "".join(_written(level, token, word) for level, token, word in ranked)


def word_of(component: Component) -> str:
    """Return how a text calls a numbered part, empty where it does not say.

    Parameters
    ----------
    component : Component

    Returns
    -------
    str

    Examples
    --------
    >>> word_of(Component(Level.BUILDING, "三十八号楼", "38", 0, 5))
    '号楼'
    """
    if component.level.is_named:
        return ""
    found = _WORD.search(component.text)
    return found[0] if found else ""


def _written(level: Level, token: str, word: str) -> str:
    default = _WORDS.get(level, "")
    if not default or not token:
        return token
    if level == Level.GROUP and token.endswith("组"):
        return token
    if level == Level.DWELLING and not token.isascii() and token.endswith(("楼", "室", "层")):
        return token  # 阁楼, 地下室
    if level == Level.FLOOR and token.startswith("-"):
        return f"负{token[1:]}{word or default}"
    return token + (word or default)
