"""The police address file: the same town, written by many hands."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from sample_data.generator.addresses import Address, addresses, holdings
from sample_data.generator.frame import stream, to_gcj02, to_lonlat
from sample_data.generator.oldnames import old_names

DUPLICATES = 0.05
WITHOUT_PLACE = 0.015
_MISTAKES = {
    "湖": "胡",
    "苑": "院",
    "园": "圆",
    "滨": "宾",
    "溪": "西",
    "锦": "绵",
    "阳": "扬",
    "庄": "压",
    "嘉": "佳",
    "安": "按",
    "明": "名",
    "桥": "侨",
    "塘": "糖",
    "城": "诚",
    "学": "雪",
    "文": "纹",
    "清": "青",
    "梅": "莓",
    "华": "花",
    "府": "附",
}
_DIGITS = "零一二三四五六七八九"


def _written(number: int) -> str:
    """Return a number below 1000 as it is spoken."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十") + (
            _DIGITS[ones] if ones else ""
        )
    elif ones:
        text += ("零" if hundreds else "") + _DIGITS[ones]
    return text or "零"


@cache
def _former() -> dict[str, str]:
    return {new: old for old, new, kind, _ in old_names() if kind != "subdistrict"}


def _upper(one: Address, rng: np.random.Generator) -> str:
    """Return the part above the street, often without some of it."""
    community = "" if one.door.village == one.community else one.community
    parts = [("丽州市", 0.45), (one.district, 0.75), (one.subdistrict, 0.6), (community, 0.35)]
    text = "".join(part for part, share in parts if rng.random() < share)
    if one.subdistrict == "古城街道" and rng.random() < 0.2:
        text = text.replace("古城街道", "鼓楼街道" if one.xy[0] < 150 else "小东门街道")
    return ("浙江省" if rng.random() < 0.08 and text.startswith("丽州市") else "") + text


def _lower(one: Address, rng: np.random.Generator) -> str:
    """Return building, unit and room in one of the ways people write them."""
    label, unit, room = one.door.label, one.unit, one.room
    if label and rng.random() < 0.3:
        label = label.replace("幢", str(rng.choice(["栋", "号楼", "#"])))
    if unit and room and label and rng.random() < 0.18:
        return "-".join(re.sub(r"\D", "", part) for part in (label, unit, room))
    if rng.random() < 0.1:
        room = room.replace("室", "")
    if rng.random() < 0.12:
        unit = ""
    text = label + unit + room
    if rng.random() < 0.06:
        text = re.sub(r"\d+(?=[幢栋单])", lambda match: _written(int(match[0])), text)
    return text


def _as_written(one: Address, rng: np.random.Generator) -> str:
    """Return the address as some officer typed it."""
    former = _former()
    street, estate = one.door.street or one.door.village, one.door.estate
    if street in former and rng.random() < 0.3:
        street = former[street]
    if estate in former and rng.random() < 0.3:
        estate = former[estate]
    number = f"{one.door.number}号"
    if rng.random() < 0.05 and one.door.number < 1000:
        number = f"{_written(one.door.number)}号"
    if estate and rng.random() < 0.22:
        street, number = ("", "") if rng.random() < 0.6 else (street, "")
    elif estate and rng.random() < 0.1:
        estate = ""
    text = _upper(one, rng) + street + number + estate + _lower(one, rng)
    if rng.random() < 0.035:
        spots = [i for i, char in enumerate(text) if char in _MISTAKES]
        if spots:
            at = int(rng.choice(spots))
            text = text[:at] + _MISTAKES[text[at]] + text[at + 1 :]
    if rng.random() < 0.01 and len(text) > 6:
        at = int(rng.integers(2, len(text) - 3))
        text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if rng.random() < 0.02:
        text = text.translate({ord("0") + k: ord("０") + k for k in range(10)})
    if rng.random() < 0.02:
        at = int(rng.integers(1, len(text)))
        text = f"{text[:at]} {text[at:]}"
    return text


def police_rows() -> list[tuple[str, str, str, str]]:
    """Return 编号, 地址, 经度, 纬度 (GCJ-02) of the police file, a few rows of it broken."""
    rng = stream("police")
    held = np.flatnonzero(holdings()[1])
    again = rng.choice(held, int(len(held) * DUPLICATES), replace=False)
    order = rng.permutation(np.r_[held, again])
    spots = to_gcj02(to_lonlat([addresses()[i].xy for i in order]))
    rows = []
    for k, (i, (lon, lat)) in enumerate(zip(order, spots, strict=True)):
        place = ("", "") if rng.random() < WITHOUT_PLACE else (f"{lon:.6f}", f"{lat:.6f}")
        rows.append((f"GA{k + 1:07d}", _as_written(addresses()[i], rng), *place))
    return _broken(rows, rng)


def _broken(
    rows: list[tuple[str, str, str, str]], rng: np.random.Generator
) -> list[tuple[str, str, str, str]]:
    """Return rows with some spoilt: places zero, swapped or far away, no text, letters, ids twice."""
    faults = ["zero", "swapped", "far", "empty", "letters", "twice"] * 6
    for fault, i in zip(faults, rng.choice(len(rows), len(faults), replace=False), strict=True):
        key, text, lon, lat = rows[i]
        rows[i] = {
            "zero": (key, text, "0", "0"),
            "swapped": (key, text, lat, lon),
            "far": (key, text, "116.391300", "39.907500"),
            "empty": (key, "", lon, lat),
            "letters": (key, text, "东经120度", lat),
            "twice": (rows[i - 1][0], text, lon, lat),
        }[fault]
    return rows
