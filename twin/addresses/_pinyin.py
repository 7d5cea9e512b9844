"""How names sound, what ears and fingers confuse in that, and how they are typed in Latin letters."""

from __future__ import annotations

import re
from functools import lru_cache

_LATIN_RUN = re.compile(r"[a-z]+|[0-9]+|.", re.DOTALL)
_INITIALS = {"zh": "z", "ch": "c", "sh": "s"}
_SECOND_READINGS = {
    "长": "zhang",
    "重": "zhong",
    "乐": "yue",
    "厦": "sha",
    "行": "xing",
    "朝": "zhao",
    "都": "dou",
    "单": "shan",
    "曾": "ceng",
    "埔": "pu",
    "堡": "pu",
    "浒": "xu",
    "番": "pan",
    "泊": "po",
    "会": "kuai",
    "解": "xie",
    "车": "ju",
    "柏": "bo",
    "盛": "cheng",
    "藏": "zang",
    "弹": "dan",
    "强": "jiang",
    "模": "mu",
    "宿": "xiu",
    "六": "lu",
    "幢": "zhuang",
    "校": "jiao",
    "调": "tiao",
    "降": "xiang",
    "卡": "qia",
    "率": "lv",
}
"""Characters of place names with a second common reading, beside the one that their word suggests."""


@lru_cache(maxsize=65536)
def syllables(text: str) -> tuple[str, ...]:
    """Return the sound of each character without tones; runs of letters or digits are one sound each."""
    from pypinyin import lazy_pinyin

    sounds: list[str] = []
    for run in lazy_pinyin(text.lower()):
        if run.isascii() and run.isalpha():
            sounds.append(run)
        else:
            sounds.extend(part for part in _LATIN_RUN.findall(run) if not part.isspace())
    return tuple(sounds)


@lru_cache(maxsize=4096)
def folded(syllable: str) -> str:
    """Return what southern ears hear: zh as z, n as l, -ing as -in, -eng as -en, -ang as -an."""
    if not syllable.isalpha():
        return syllable
    initial = _INITIALS.get(syllable[:2])
    if initial:
        syllable = initial + syllable[2:]
    if syllable.startswith("n") and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    syllable = syllable.replace("v", "u") if syllable.startswith("l") else syllable
    return syllable[:-1] if syllable.endswith(("ang", "eng", "ing")) else syllable


@lru_cache(maxsize=65536)
def folded_syllables(text: str) -> tuple[str, ...]:
    """Return the folded sound of each character."""
    return tuple(map(folded, syllables(text)))


def readings(text: str) -> list[tuple[str, ...]]:
    """Return the sounds of a name, and those with one character in its second reading."""
    first = syllables(text)
    if len(first) != len(text):
        return [first]
    found = [first]
    for place, character in enumerate(text):
        other = _SECOND_READINGS.get(character)
        if other is not None and other != first[place]:
            found.append((*first[:place], other, *first[place + 1 :]))
    return found


def typed_forms(text: str) -> list[str]:
    """Return how a name is typed in Latin letters: in full, by initials, the first or last in full."""
    forms: dict[str, None] = {}
    for sounds in readings(text):
        whole = [sound if sound.isascii() else "" for sound in sounds]
        initials = [sound if sound.isdigit() else sound[:1] for sound in whole]
        for n_full in range(len(whole), -1, -1):
            first_in_full = "".join(whole[:n_full]) + "".join(initials[n_full:])
            last_in_full = "".join(initials[:n_full]) + "".join(whole[n_full:])
            for form in (first_in_full, last_in_full):
                if len(form) > 1:
                    forms[form] = None
                if "v" in form:
                    forms[form.replace("v", "u")] = None
    return list(forms)


def latin_key(text: str) -> str:
    """Return a text in Latin letters alone: Chinese by its sound, the rest in lower case without blanks."""
    return "".join(sound for sound in syllables(text) if sound.isascii() and sound.isalnum())
