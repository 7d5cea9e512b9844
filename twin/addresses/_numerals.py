"""Numbers of addresses as the base keeps them: Arabic, capital letters, no leading zeros."""

from __future__ import annotations

DIGITS = "零一二三四五六七八九"
NUMERALS = DIGITS + "十百千廿卅两〇"
_VALUES = {digit: value for value, digit in enumerate(DIGITS)} | {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_TWENTIES = {"廿": 20, "卅": 30}


def arabic(written: str) -> str:
    """Return a number of an address in Arabic digits and capitals.

    >>> [arabic(text) for text in ("三十八", "三零二", "一百零二", "一百二", "廿三", "0302", "b1", "十二A")]
    ['38', '302', '102', '120', '23', '302', 'B1', '12A']
    """
    if written[0] in NUMERALS:
        numerals, letter = (written[:-1], written[-1]) if written[-1].isascii() else (written, "")
        if all(character in NUMERALS for character in numerals):
            return _value(numerals) + letter.upper()
    token = written.upper()
    return token.lstrip("0") or "0" if token[0] == "0" else token


def _value(numerals: str) -> str:
    """Return what Chinese numerals come to, said digit by digit or with 十, 百, 千."""
    if not any(character in _SCALES or character in _TWENTIES for character in numerals):
        # Not through int, which refuses thousands of digits.
        return "".join(str(_VALUES[character]) for character in numerals).lstrip("0") or "0"
    total, digit, scale = 0, -1, 1
    for character in numerals:
        if character in _SCALES:
            scale = _SCALES[character]
            total += (1 if digit < 0 else digit) * scale
            digit = -1
        elif character in _TWENTIES:
            total, digit, scale = total + _TWENTIES[character], -1, 10
        else:
            digit = _VALUES[character]
            scale = 10 if digit == 0 else scale
    # 一百二 is 120, 一百零二 is 102.
    return str(total + max(digit, 0) * max(scale // 10, 1))
