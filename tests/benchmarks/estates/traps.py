"""Questions without a certain answer: whoever is sure of one is wrong."""

from __future__ import annotations

import random
from collections.abc import Mapping

from rapidfuzz.distance import OSA

from tests.benchmarks.estates import drafts, wording
from tests.benchmarks.estates.drafts import Draft, draft, in_context, tight
from tests.benchmarks.estates.names import ESTATE_KINDS, estate
from tests.benchmarks.estates.questions import Ask, Question
from tests.benchmarks.estates.sounds import common_characters, fuzzy_reading, initials, reading, respelled
from tests.benchmarks.estates.town import Town

NONSENSE = (
    *(
        "不知道",
        "哈哈哈哈",
        "test",
        "asdfgh",
        "地址不详",
        "无",
        "同上",
        "302",
        "3-1-302",
        "1单元",
        "。。。",
        "12345678901",
    ),
    *(
        "请输入地址",
        "没有门牌号",
        "我也说不清在哪里",
        "快来人啊",
        "null",
        "N/A",
        "0",
        "收",
        "你好",
        "幢单元室",
        "号号号",
    ),
    *(
        "在家里",
        "门口",
        "老地方",
        "3幢1单元302室",
        "路",
        "小区",
        "𠀀𠀁",
        "😀😀",
        "1=1",
        "--",
        "室302单元1幢3",
    ),
)


def _tail(one: Draft, labels: Mapping[str, str], rng: random.Random) -> str:
    if rng.random() < 0.5:
        return wording.official(labels, one.block.words)
    return " " + wording.short(labels, one.block.words, rng)


def nonexistent(town: Town, rng: random.Random) -> Question | None:
    """Ask for a building, unit, room or house that an estate or road does not have."""
    one = in_context(draft(town, rng), rng)
    rung = rng.choice(sorted(set(one.labels) & {"house", "building", "unit", "room"}))
    label = one.labels[rung]
    if rung == "room" and not label.isdigit():
        label = "9977"
    elif rung == "room":
        floor, door = label[:-2], label[-2:]
        label = rng.choice((f"{int(floor) + 40}{door}", f"{floor}{int(door) + 60}"))
    elif label.isdigit():
        label = str(int(label) + {"house": 5_000, "building": 300, "unit": 9}[rung])
    else:
        label = {"house": f"{label}-77"}.get(rung, "X")
    labels = {**one.labels, rung: label}
    if rung == "room":
        labels.pop("floor", None)
    without = Draft(town, one.dwelling, one.said, labels)
    if without.count() or without.count(without={"estate": "road", "road": "number"}.get(one.target, "")):
        return None
    return Question("nonexistent", one.head() + _tail(one, labels, rng), "")


def unknown_name(town: Town, rng: random.Random) -> Question | None:
    """Ask for an estate that is not in the town, nor like any that is."""
    name = estate(ESTATE_KINDS)(rng)
    known = town.spellings("estate") | town.spellings("road") | town.spellings("community")
    bare = name[:2]
    for other in known:
        is_near = OSA.distance(other, name, score_cutoff=2) <= 2 or bare in other
        if is_near or fuzzy_reading(other[:2]) == fuzzy_reading(bare):
            return None
    labels = {
        "building": str(rng.randint(1, 12)),
        "unit": str(rng.randint(1, 2)),
        "room": f"{rng.randint(1, 6)}02",
    }
    words = {"building": "幢", "unit": "单元", "room": "室"}
    tail = rng.choice((wording.official(labels, words), wording.short(labels, words, rng)))
    return Question("unknown_name", name + tail, "")


TOLD_APART = ("东西南北中", "一二三四五六七八九")
"""Characters that tell a place from its sibling: nobody who writes one means another."""


def sibling(town: Town, rng: random.Random) -> Question | None:
    """Ask for a place that is not there, though its sibling is: 永安西路, 翠湖三村, 紫荆公寓."""
    one = tight(draft(town, rng))
    name = one.name(one.target)
    spelling = _other_kind(name, rng) if rng.random() < 0.4 else _other_sign(name, rng)
    if spelling is None or spelling == name or one.is_a_name(spelling) or not one.is_certain():
        return None
    if one.rivals(one.target, spelling, drafts.sounds_nearly_alike) - {name}:
        return None
    return Question("sibling", one.head({one.target: spelling}) + _tail(one, one.labels, rng), "")


def _other_kind(name: str, rng: random.Random) -> str | None:
    """Return an estate of the same stem and another kind; people do say 小区 of any, but not 水岸."""
    kind = max((kind for kind in ESTATE_KINDS if name.endswith(kind) and len(kind) == 2), default="")
    stem = name[: len(name) - 2]
    other = rng.choice(("公寓", "山庄", "名邸", "豪庭", "水岸", "公馆"))
    is_far = kind and not set(reading(other)) & set(reading(kind))
    return stem + other if is_far and len(stem) >= 2 else None


def _other_sign(name: str, rng: random.Random) -> str | None:
    """Return the name with its direction or number before the last characters changed."""
    for place in range(len(name) - 1, 1, -1):
        for signs in TOLD_APART:
            if name[place] in signs and place >= len(name) - 3 and name[place:] != "中心":
                other = rng.choice([sign for sign in signs if sign != name[place]])
                return name[:place] + other + name[place + 1 :]
    return None


def ambiguous(town: Town, rng: random.Random) -> Question | None:
    """Ask for what several dwellings are called, as far as the question goes."""
    return rng.choice((_homonym, _homonym, _any_unit, _two_of_one_sound, _two_of_one_beginning))(town, rng)


def _homonym(town: Town, rng: random.Random) -> Question | None:
    whole = draft(town, rng)
    one = whole.saying(whole.target) if rng.random() < 0.5 else tight(whole)
    if one.count() < 2:
        return None
    return Question("ambiguous", one.head() + _tail(one, one.labels, rng), "")


def _any_unit(town: Town, rng: random.Random) -> Question | None:
    one = in_context(draft(town, rng), rng)
    if "unit" not in one.labels or one.without_labels("unit").count() < 2:
        return None
    one = one.without_labels("unit")
    return Question("ambiguous", one.head() + _tail(one, one.labels, rng), "")


def _two_of_one_sound(town: Town, rng: random.Random) -> Question | None:
    one = tight(draft(town, rng))
    name = one.name(one.target)
    spelling = respelled(name, rng)
    if spelling is None or one.is_a_name(spelling) or not one.is_certain():
        return None
    rivals = one.rivals(one.target, spelling, drafts.sounds_alike)
    near = frozenset(
        rival for rival in rivals if OSA.distance(rival, spelling) == OSA.distance(name, spelling)
    )
    if not near or not one.count({one.target: near}):
        return None
    return Question("ambiguous", one.head({one.target: spelling}) + _tail(one, one.labels, rng), "")


def _two_of_one_beginning(town: Town, rng: random.Random) -> Question | None:
    one = tight(draft(town, rng))
    name = one.name(one.target)
    rivals = one.rivals(one.target, name, drafts.begins_alike)
    if not rivals or not one.count({one.target: rivals}):
        return None
    return Question("ambiguous", one.head({one.target: initials(name)}) + _tail(one, one.labels, rng), "")


def relative(town: Town, rng: random.Random) -> Question | None:
    """Ask for a place beside the one that is named."""
    one = in_context(draft(town, rng), rng)
    if not one.is_certain():
        return None
    where = rng.choice(("对面", "旁边", "隔壁", "附近", "往东50米", "北侧30米", "斜对面"))
    return Question("relative", one.head() + wording.official(one.labels, one.block.words) + where, "")


def several(town: Town, rng: random.Random) -> Question | None:
    """Ask for a range of buildings or houses at once."""
    one = in_context(draft(town, rng), rng)
    rung = "house" if "house" in one.labels else "building"
    label = one.labels[rung]
    if not label.isdigit():
        return None
    to = rng.choice(("-", "至", "到", "~", "、"))
    last = str(int(label) + rng.randint(2, 9))
    return Question("several", f"{one.head()}{label}{to}{last}{one.block.words[rung]}", "")


def nonsense(town: Town, rng: random.Random) -> Question | None:
    """Ask for nothing that could be an address."""
    if rng.random() < 0.6:
        return Question("nonsense", rng.choice(NONSENSE), "")
    if rng.random() < 0.5:
        return Question("nonsense", "".join(rng.choices(common_characters(), k=rng.randint(3, 14))), "")
    return Question(
        "nonsense", "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789#-", k=rng.randint(4, 16))), ""
    )


UNANSWERABLE: dict[str, Ask] = {
    "nonexistent": nonexistent,
    "unknown_name": unknown_name,
    "sibling": sibling,
    "ambiguous": ambiguous,
    "relative": relative,
    "several": several,
    "nonsense": nonsense,
}
