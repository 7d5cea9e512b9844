"""Questions with one certain answer, class by class, as call takers and clerks type them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.estates import drafts, names, wording
from tests.benchmarks.estates.drafts import Draft, draft, in_context, tight
from tests.benchmarks.estates.sounds import common_characters, initials, misheard, reading, respelled
from tests.benchmarks.estates.town import NAMES, Town


@dataclass(frozen=True)
class Question:
    """One question: its class, its text, the row that it asks for (empty where none is certain).

    ``control`` is the same text without building, unit and room: whoever answers it right has guessed.
    Questions for a whole building or estate want a standard text that ``ends`` so, and no row.
    """

    kind: str
    text: str
    want: str
    control: str = ""
    ends: str = ""


SPELLED: tuple[str, ...] = ("estate", "road", "hamlet")
"""Names that are misspelled, the one that matters most first."""
Ask = Callable[[Town, random.Random], Question | None]
"""Return a question of one class, None where the dwelling that was drawn has none of the kind."""


def exact(town: Town, rng: random.Random) -> Question | None:
    one = draft(town, rng)
    return Question("exact", one.dwelling.text, one.dwelling.source_id, one.head())


def _asked(kind: str, one: Draft, head: str, tail: str, around: str = "{}") -> Question:
    return Question(kind, around.format(head + tail), one.dwelling.source_id, around.format(head))


def _tail(one: Draft, rng: random.Random) -> str:
    """Return the numbered part as the base has it, or jotted down after a blank or none."""
    if rng.random() < 0.5:
        return wording.official(one.labels, one.block.words)
    return rng.choice(("", " ")) + wording.short(one.labels, one.block.words, rng)


def _misspelled(kind: str, spell: Callable[[str, random.Random], str | None], may_mean: drafts.Rival) -> Ask:
    """Return what asks with one name misspelled."""

    def ask(town: Town, rng: random.Random) -> Question | None:
        one = in_context(draft(town, rng), rng)
        fields = [field for field in SPELLED if field in one.said] or [one.target]
        field = fields[0] if rng.random() < 0.75 else rng.choice(fields)
        spelling = spell(one.name(field), rng)
        if spelling is None or not one.is_certain_as(field, spelling, may_mean):
            return None
        return _asked(kind, one, one.head({field: spelling}), _tail(one, rng))

    return ask


def _wrong(name: str, rng: random.Random) -> str | None:
    place = rng.randrange(len(name))
    other = rng.choice(common_characters())
    return None if reading(other) == reading(name[place]) else name[:place] + other + name[place + 1 :]


def _missing(name: str, rng: random.Random) -> str | None:
    place = rng.randrange(len(name))
    return name[:place] + name[place + 1 :] if len(name) > 3 else None


def _extra(name: str, rng: random.Random) -> str | None:
    place = rng.randrange(1, len(name))
    other = rng.choice((name[place - 1], rng.choice(common_characters())))
    return name[:place] + other + name[place:]


def _swapped(name: str, rng: random.Random) -> str | None:
    place = rng.randrange(len(name) - 1)
    text = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    return text if text != name else None


def shorthand(town: Town, rng: random.Random) -> Question | None:
    one = tight(draft(town, rng))
    if rng.random() < 0.3 and "unit" in one.labels:
        one = one.without_labels("unit")
    if not one.is_certain():
        return None
    blank = "" if one.target == "road" else rng.choice(("", " ", "，"))
    return _asked("shorthand", one, one.head(), blank + wording.short(one.labels, one.block.words, rng))


def numerals(town: Town, rng: random.Random) -> Question | None:
    one = in_context(draft(town, rng), rng)
    tail = wording.in_numerals(one.labels, one.block.words, rng)
    head = one.head()
    if one.name("number") and "number" in one.said and rng.random() < 0.5:
        number = one.name("number")
        head = one.head({"number": wording.number(number[:-1]) + number[-1]})
    return _asked("variant_numerals", one, head, tail) if one.is_certain() else None


def words(town: Town, rng: random.Random) -> Question | None:
    one = in_context(draft(town, rng), rng)
    tail = wording.reworded(one.labels, one.block.words, rng)
    if not one.is_certain() or tail == wording.official(one.labels, one.block.words):
        return None
    return _asked("variant_words", one, one.head(), tail)


def width(town: Town, rng: random.Random) -> Question | None:
    one = in_context(draft(town, rng), rng)
    tail = _tail(one, rng)
    blank = rng.choice(("", "　", " "))
    head = blank.join(one.name(field) for field in one.said)
    if not one.is_certain():
        return None
    return _asked("variant_width", one, wording.wide(head), wording.wide(tail))


def _in_pinyin(kind: str, write: Callable[[str, random.Random], str | None], may_mean: drafts.Rival) -> Ask:
    """Return what asks with the name of the place in Latin letters."""

    def ask(town: Town, rng: random.Random) -> Question | None:
        one = tight(draft(town, rng))
        name = one.name(one.target)
        rivals = one.rivals(one.target, name, may_mean)
        written = write(name, rng)
        if written is None or not one.is_certain() or (rivals and one.count({one.target: rivals})):
            return None
        is_latin = kind in {"pinyin_full", "pinyin_blanks"}
        parts = {
            field: "".join(reading(one.name(field))) if is_latin else one.name(field) for field in one.said
        }
        blank = "" if "road" in one.said and "house" in one.labels else rng.choice(("", " "))
        tail = wording.in_latin(one.labels, one.block.words, rng) if is_latin else _tail(one, rng)
        return _asked(kind, one, one.head({**parts, one.target: written}), blank + tail.lstrip())

    return ask


def _run_together(name: str, rng: random.Random) -> str:
    text = "".join(reading(name))
    return rng.choice((text, text, text.upper(), text.capitalize()))


def _spaced(name: str, rng: random.Random) -> str:
    return " ".join(reading(name)) + " "


def _initials(name: str, rng: random.Random) -> str:
    return rng.choice((initials(name), initials(name).upper()))


def _half(name: str, rng: random.Random) -> str | None:
    place = rng.randint(1, len(name) - 1)
    first, last = name[:place], name[place:]
    latin = "".join(reading(name)[place:]), "".join(reading(name)[:place])
    return rng.choice((first + latin[0], latin[1] + last))


def missing_division(town: Town, rng: random.Random) -> Question | None:
    whole = draft(town, rng)
    above = [field for field in whole.said if field in drafts.DIVISIONS and field != whole.target]
    gone = set(rng.sample(above, rng.randint(1, len(above))))
    one = whole.saying(*(field for field in NAMES if field not in gone))
    return _asked("missing_division", one, one.head(), _tail(one, rng)) if one.is_certain() else None


def _without(kind: str, *gone: str) -> Ask:
    """Return what asks for an estate on a road with one of the two left out."""

    def ask(town: Town, rng: random.Random) -> Question | None:
        whole = draft(town, rng)
        if not (whole.name("estate") and whole.name("road")):
            return None
        one = whole.saying(*(field for field in in_context(whole, rng).said if field not in gone))
        if kind == "missing_estate":
            one = one.saying(*one.said, "road", "number")
        return _asked(kind, one, one.head(), _tail(one, rng)) if one.is_certain() else None

    return ask


def missing_unit(town: Town, rng: random.Random) -> Question | None:
    whole = in_context(draft(town, rng), rng)
    one = whole.without_labels("unit")
    if "unit" not in whole.labels or not one.is_certain():
        return None
    return _asked("missing_unit", one, one.head(), _tail(one, rng))


def missing_suffix(town: Town, rng: random.Random) -> Question | None:
    one = draft(town, rng)
    if one.target != "estate":
        return _bare_divisions(one, rng)
    one = tight(one)
    name = one.name("estate")
    kinds = {*names.ESTATE_KINDS, *names.NORTHERN_KINDS, *names.LANE_KINDS, *names.TOWER_KINDS}
    kind = max((kind for kind in kinds if name.endswith(kind)), key=len, default="")
    bare = name[: len(name) - len(kind)]
    if not kind or len(bare) < 2 or not one.is_certain():
        return None
    rivals = one.rivals("estate", bare, lambda other, said: said in other)
    if (rivals and one.count({"estate": rivals})) or one.is_a_name(bare):
        return None
    return _asked("missing_suffix", one, one.head({"estate": bare}), _tail(one, rng))


def _bare_divisions(one: Draft, rng: random.Random) -> Question | None:
    """Ask with the divisions above named without 区, 县, 街道, 镇, as people say them."""
    bare = {}
    for field in ("district", "subdistrict"):
        name = one.name(field)
        bare[field] = name.removesuffix("街道") if name.endswith("街道") else name[:-1]
    if not one.is_certain() or any(len(name) < 2 for name in bare.values()):
        return None
    return _asked("missing_suffix", one, one.head(bare), _tail(one, rng))


def combined(town: Town, rng: random.Random) -> Question | None:
    """Ask with a name misspelled, the numbers in other words, and something around it."""
    one = in_context(draft(town, rng), rng)
    spell = rng.choice((_wrong, _missing, _extra, _swapped, respelled, misheard))
    spelling = spell(one.name(one.target), rng)
    if spelling is None or not one.is_certain_as(one.target, spelling, drafts.sounds_nearly_alike):
        return None
    write = rng.choice((wording.in_numerals, wording.reworded, wording.short))
    tail = write(one.labels, one.block.words, rng)
    around = rng.choice(("{}", "{}，谢谢", "地址：{}", "{} 张师傅 13900000000", "我在{}", "{}。"))
    return _asked("combined", one, one.head({one.target: spelling}), tail, around)


SURNAMES = "赵钱孙李周吴郑王冯陈"
GIVEN = ("小明", "建国", "丽", "秀英", "先生", "女士", "师傅", "阿姨")


def noise(town: Town, rng: random.Random) -> Question | None:
    one = in_context(draft(town, rng), rng)
    if not one.is_certain():
        return None
    person = rng.choice(SURNAMES) + rng.choice(GIVEN)
    phone = "1" + rng.choice("3578") + "".join(rng.choice("0123456789") for _ in range(9))
    around = rng.choice(
        (
            f"{{}} {person} {phone}",
            f"{{}}，{person}收",
            f"{person}，{phone}，{{}}",
            f"收货地址：{{}} 电话{phone}",
            "我家在{}，水管爆了",
            "{}（家里没人放门卫）",
            "你好，我在{}，麻烦快点",
            f"{{}}{person}收 {phone}",
            "地址: {} (工作日送)",
            "{}有人晕倒了",
        )
    )
    return _asked("noise", one, one.head(), _tail(one, rng), around)


ANSWERABLE: dict[str, Ask] = {
    "exact": exact,
    "typo_wrong": _misspelled("typo_wrong", _wrong, drafts.looks_alike),
    "typo_missing": _misspelled("typo_missing", _missing, drafts.looks_alike),
    "typo_extra": _misspelled("typo_extra", _extra, drafts.looks_alike),
    "typo_swapped": _misspelled("typo_swapped", _swapped, drafts.looks_alike),
    "homophone": _misspelled("homophone", respelled, drafts.looks_alike),
    "fuzzy_sound": _misspelled("fuzzy_sound", misheard, drafts.sounds_nearly_alike),
    "shorthand": shorthand,
    "variant_numerals": numerals,
    "variant_words": words,
    "variant_width": width,
    "pinyin_full": _in_pinyin("pinyin_full", _run_together, drafts.sounds_alike),
    "pinyin_blanks": _in_pinyin("pinyin_blanks", _spaced, drafts.sounds_alike),
    "pinyin_initials": _in_pinyin("pinyin_initials", _initials, drafts.begins_alike),
    "pinyin_mixed": _in_pinyin("pinyin_mixed", _half, drafts.sounds_alike),
    "missing_division": missing_division,
    "missing_road": _without("missing_road", "road", "number"),
    "missing_estate": _without("missing_estate", "estate", "phase"),
    "missing_unit": missing_unit,
    "missing_suffix": missing_suffix,
    "noise": noise,
    "combined": combined,
}
