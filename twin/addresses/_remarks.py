"""Where a caller's address ends and what happened there begins: 环翠路162号门口 工地没有洒水."""

from __future__ import annotations

import re
from collections.abc import Callable

from twin.addresses._names import COMPLAINT, level_of_name
from twin.addresses.parsed import ParsedAddress

_BREAK = re.compile(r"[\s,，。;；、!！]+")
_HAPPENED = re.compile(
    rf"[有了满停没不被堵占坏漏响吵倒断掉破脏臭烧闹堆太]|直排|异味|施工|噪音|冒烟|晕|摔|{COMPLAINT.pattern}"
)
"""What is said of an event, and hardly ever part of a name that no ending marks as one."""
_ADDRESS = re.compile(
    r"[0-9０-９A-Za-zＡ-Ｚａ-ｚ]|[一-龥]{2}(?:(?<![挡上过修拦占马])路|街|巷|弄|村|小区|花园|公寓|大厦|号)(?:$|[一-龥]{0,3}$)"
)
_SHORTEST = 3
_NEAR = re.compile(r"(?:[大正后侧旁东南西北]*门[口前]?|处|内|里面?|楼[上下]|前面?)+")
_BESIDE_ROAD = re.compile(r"(?<=[村苑园寓区厂城庭府湾里品邸厦场院校天])路(?=[边旁侧])")

IsName = Callable[[str], bool]


def is_at(relation: str) -> bool:
    """Return whether a relation means the address itself: its door, or inside it.

    >>> is_at("门口"), is_at("对面"), is_at("附近楼上")
    (True, False, False)
    """
    return _NEAR.fullmatch(relation) is not None


def address_part(text: str, is_name: IsName) -> str:
    """Return a text without what it says of an event behind a blank or comma.

    >>> address_part("环翠路162号门口 工地没有洒水，扬尘严重", lambda name: False)
    '环翠路162号门口'
    >>> address_part("春晖新村路边树枝断落", lambda name: False)
    '春晖新村，路边树枝断落'
    """
    for found in _BREAK.finditer(text):
        if found.start() and _is_remark(text[found.end() :], is_name):
            text = text[: found.start()]
            break
    return _BESIDE_ROAD.sub("，路", text)


def remark_start(parsed: ParsedAddress, is_name: IsName) -> int:
    """Return where a remark begins right behind the last number or relation; the end where none does."""
    ends = [part.end for part in parsed.components if not part.level.is_named]
    if parsed.relation is not None:
        ends.append(parsed.relation.end)
    end = max(ends, default=len(parsed.text))
    is_last = all(part.start >= end or part.end <= end for part in parsed.components)
    return end if is_last and _is_remark(parsed.text[end:], is_name) else len(parsed.text)


def _is_remark(tail: str, is_name: IsName) -> bool:
    """Return whether words are about an event: none of them is a name, or ends as one does."""
    clauses = [clause for clause in _BREAK.split(tail) if clause]
    if len("".join(clauses)) < _SHORTEST or not _HAPPENED.search(tail):
        return False
    return not any(
        _ADDRESS.search(clause) or is_name(clause) or level_of_name(clause) is not None for clause in clauses
    )
