"""How Chinese names sound: readings, characters that sound the same, and those that sound nearly the same."""

from __future__ import annotations

import random
from functools import cache

from pypinyin import Style, lazy_pinyin

_FUZZY_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"))
"""Retroflex against flat: the first pair of every list of fuzzy sounds; n/l and the nasals follow below."""


@cache
def reading(name: str) -> tuple[str, ...]:
    """Return the toneless syllables of a name as they are typed, ``ü`` as ``v``."""
    return tuple(lazy_pinyin(name))


@cache
def fuzzy_reading(name: str) -> tuple[str, ...]:
    """Return the syllables with zh/z, ch/c, sh/s, n/l, ing/in, eng/en, ang/an told apart no more."""
    return tuple(_fuzzy(syllable) for syllable in reading(name))


def _fuzzy(syllable: str) -> str:
    for curled, flat in _FUZZY_INITIALS:
        if syllable.startswith(curled):
            syllable = flat + syllable[len(curled) :]
    if syllable[:1] == "n":
        syllable = "l" + syllable[1:]
    return syllable[:-1] if syllable.endswith(("ing", "eng", "ang")) else syllable


@cache
def initials(name: str) -> str:
    """Return the first letter of every syllable; digits and letters stay."""
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))


@cache
def common_characters() -> tuple[str, ...]:
    """Return the 3,755 characters of level 1 of GB 2312, those in everyday use."""
    cells = [(row, place) for row in range(0xB0, 0xD8) for place in range(0xA1, 0xFF)]
    cells = [cell for cell in cells if cell[0] < 0xD7 or cell[1] <= 0xF9]
    return tuple(bytes(cell).decode("gb2312") for cell in cells)


@cache
def _by_sound(*, is_fuzzy: bool) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for character in common_characters():
        sound = (fuzzy_reading if is_fuzzy else reading)(character)[0]
        groups.setdefault(sound, []).append(character)
    return {sound: tuple(members) for sound, members in groups.items()}


def respelled(name: str, rng: random.Random) -> str | None:
    """Return the name with one or two characters replaced by others of the same sound, or None."""
    return _resounded(name, rng, is_fuzzy=False)


def misheard(name: str, rng: random.Random) -> str | None:
    """Return the name with one character replaced by one that sounds nearly, not quite, the same."""
    return _resounded(name, rng, is_fuzzy=True)


def _resounded(name: str, rng: random.Random, *, is_fuzzy: bool) -> str | None:
    characters = list(name)
    places = list(range(len(name)))
    rng.shuffle(places)
    wanted = 1 if is_fuzzy or len(name) < 4 else rng.choice((1, 1, 2))
    changed = 0
    for place in places:
        old = characters[place]
        sound = reading(old)[0]
        key = _fuzzy(sound) if is_fuzzy else sound
        others = [
            other
            for other in _by_sound(is_fuzzy=is_fuzzy).get(key, ())
            if other != old and (not is_fuzzy or reading(other)[0] != sound)
        ]
        if others:
            characters[place] = rng.choice(others)
            changed += 1
        if changed == wanted:
            break
    text = "".join(characters)
    same_sound = (fuzzy_reading if is_fuzzy else reading)(text) == (fuzzy_reading if is_fuzzy else reading)(
        name
    )
    return text if changed == wanted and same_sound else None
