"""How people write the numbered part of an address: 3幢1单元302室, 3-1-302, 3#302, 三栋一单元三零二."""

from __future__ import annotations

import random
from collections.abc import Mapping

from tests.benchmarks.estates.town import RUNGS, worded

DIGITS = "零一二三四五六七八九"
BUILDING_WORDS = {
    "幢": ("幢", "栋", "号楼", "座"),
    "栋": ("幢", "栋", "号楼", "座"),
    "号楼": ("幢", "栋", "号楼"),
    "座": ("座", "栋", "幢"),
    "号": ("号", "号楼", "幢"),
    "号厂房": ("号厂房", "幢", "号楼", "栋"),
}
UNIT_WORDS = ("单元", "单元", "梯", "门")
ROOM_WORDS = ("室", "", "房", "号")
FULL_WIDTH = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-#",
    "".join(chr(ord(one) + 0xFEE0) for one in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-#"),
)

Labels = Mapping[str, str]


def official(labels: Labels, words: Labels) -> str:
    """Return the numbered part as the base has it."""
    return "".join(worded(labels[rung], words[rung]) for rung in RUNGS if rung in labels)


def number(label: str) -> str:
    """Return a whole number below 1,000 as it is said: 38 三十八, 105 一百零五; others digit by digit."""
    if label[:1].isalpha():
        return label
    if label[-1:].isascii() and label[-1:].isalpha():
        return number(label[:-1]) + label[-1]
    if not label.isdigit() or len(label) > 3 or label.startswith("0"):
        return spelled(label)
    value = int(label)
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    text = f"{DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (DIGITS[ones] if ones or not text else "")


def spelled(label: str) -> str:
    """Return a label digit by digit: 302 三零二."""
    return "".join(DIGITS[int(one)] if one.isascii() and one.isdigit() else one for one in label)


def in_numerals(labels: Labels, words: Labels, rng: random.Random) -> str:
    """Return the numbered part with Chinese numerals, all of them or all but the room's."""
    spells_room = rng.random() < 0.7 or set(labels) <= {"house"}
    parts = []
    for rung in RUNGS:
        if rung not in labels:
            continue
        label = labels[rung]
        said = number(label)
        if rung == "room":
            said = spelled(label) if spells_room else label
        if rung == "house" and "-" in label:
            said = "之".join(number(part) for part in label.split("-"))
        parts.append(
            said + words[rung] if said[0] in DIGITS or label.isascii() else worded(label, words[rung])
        )
    return "".join(parts)


def reworded(labels: Labels, words: Labels, rng: random.Random) -> str:
    """Return the numbered part with other words for the same things, some of them left out."""
    parts = []
    for rung in RUNGS:
        if rung not in labels or (rung == "floor" and rng.random() < 0.5):
            continue
        word = words[rung]
        if rung == "building":
            word = rng.choice(BUILDING_WORDS[word])
        elif rung == "unit":
            word = rng.choice(UNIT_WORDS)
        elif rung == "room":
            word = rng.choice(ROOM_WORDS if words["building"] != "号" else ROOM_WORDS[:3])
        elif rung == "floor":
            word = rng.choice(("层", "楼"))
        elif rung == "house":
            word = rng.choice(("号", "", "#"))
        parts.append(worded(labels[rung], word))
    return "".join(parts)


def wide(text: str) -> str:
    """Return a text with full-width digits, letters and dashes."""
    return text.translate(FULL_WIDTH)


def short(labels: Labels, words: Labels, rng: random.Random) -> str:
    """Return the numbered part as it is jotted down: 3-1-302, 3#1-302, 3栋1单元302, 3/1/302."""
    if "house" in labels:
        return labels["house"] + rng.choice(("", "#", "号"))
    building, unit, room = labels["building"], labels.get("unit", ""), labels["room"]
    word = rng.choice(BUILDING_WORDS[words["building"]])
    if not room.isascii():
        return f"{building}{word}{unit and unit + '单元'}{room}"
    if not unit:
        return rng.choice((f"{building}-{room}", f"{building}#{room}", f"{building}{word}{room}"))
    forms = (
        f"{building}-{unit}-{room}",
        f"{building}-{unit}-{room}",
        f"{building}#{unit}-{room}",
        f"{building}{word}{unit}单元{room}",
        f"{building}{word}{unit}-{room}",
        f"{building}/{unit}/{room}",
        f"{building}—{unit}—{room}",
        f"{building}#{unit}单元{room}室",
    )
    return rng.choice(forms)


def in_latin(labels: Labels, words: Labels, rng: random.Random) -> str:
    """Return the numbered part in Latin letters, mostly jotted, at times spelled out: 3dong1danyuan302shi."""
    if not labels.get("room", "").isascii():
        return official(labels, words)
    if rng.random() < 0.75 or "house" in labels:
        if "house" in labels:
            return labels["house"] + rng.choice(("", "hao"))
        return "-".join(labels[rung] for rung in ("building", "unit", "room") if rung in labels)
    said = {
        "幢": "zhuang",
        "栋": "dong",
        "号楼": "haolou",
        "座": "zuo",
        "号": "hao",
        "号厂房": "haochangfang",
    }
    parts = [labels["building"] + said[words["building"]]]
    if "unit" in labels:
        parts.append(labels["unit"] + "danyuan")
    return "".join(parts) + labels["room"] + rng.choice(("", "shi"))
