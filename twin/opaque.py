"""Opaque references (不透明引用): what the city may hold of a person or firm, and what looks like more."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

WITHHELD = "(withheld 不予显示)"
"""What stands in reports and messages in place of a value that may be personal."""

_PROVINCES = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY = rf"{_PROVINCES}\d{{4}}(?:(?:19|20)\d{{2}}{_DAY}\d{{3}}[\dXx]|\d{{2}}{_DAY}\d{{3}})"
"""GB 11643-1999: province, county, day of birth, serial, check digit; before it 15 digits without century."""
_MOBILE = r"(?:(?:00)?86)?1[3-9]\d{9}"
_LANDLINE = r"\(?0(?:10|2\d|[3-9]\d{2})\)?[- ][2-8]\d{6,7}"
"""Only with its separator: without one it is a number like any other of 11 or 12 digits."""
_SYLLABLE = (
    "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    "(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ui|un|uo|ue|ve|[aeiouv])"
)
_SPELLED = rf"(?i)(?:{_SYLLABLE}){{2,4}}"
_WORDS = r"[A-Za-z]{2,}(?:[ .,']+[A-Za-z]{2,})+"
_ALLOWED = r"[0-9A-Za-z_.:+=~-]{1,64}"
_SEPARATORS = r"[-_.:/+=~ ()]"

_RULES = (
    (r"[\p{Han}]", "holds Chinese characters, as names do"),
    (r"@", "looks like an e-mail address"),
    (_LANDLINE, "looks like a telephone number"),
    (rf"^{_WORDS}$", "looks like a name"),
)
"""Pattern anywhere in the text -> what is wrong with it."""
_BOUNDED = ((_IDENTITY, "looks like an identity number"), (_MOBILE, "looks like a telephone number"))
"""Pattern of a whole number within the text, or of all of it without separators."""


def misfits(references: pa.Array | pa.ChunkedArray) -> NDArray[np.object_]:
    """Return what keeps each text from being an opaque reference.

    Parameters
    ----------
    references : pyarrow string array, shape (n,)

    Returns
    -------
    ndarray of str, shape (n,)
        ``"looks like a telephone number"`` and such; empty where nothing does and where the text is null.

    Examples
    --------
    >>> misfits(pa.array(["9c7a1ffa0ee9", "13800138000", "张三", "zhangsan"])).tolist()
    ['', 'looks like a telephone number', 'holds Chinese characters, as names do', 'looks like a name']
    """
    found = np.full(len(references), "", dtype=object)
    plain = pc.replace_substring_regex(references, _SEPARATORS, "")
    for pattern, said in _RULES:
        _tell(found, _matches(references, pattern), said)
    for pattern, said in _BOUNDED:
        is_within = _matches(references, rf"(?:^|[^0-9A-Za-z])(?:{pattern})(?:$|[^0-9A-Za-z])")
        _tell(found, is_within | _matches(plain, rf"^(?:{pattern})$"), said)
    _tell(found, _matches(plain, rf"^(?:{_SPELLED})$"), "looks like a name")
    is_allowed = _matches(references, f"^{_ALLOWED}$") | pc.is_null(references).to_numpy(zero_copy_only=False)
    _tell(found, ~is_allowed, "holds other characters than 1-64 of 0-9 A-Z a-z _ . : + = ~ -")
    return found


def holds_number_of_person(texts: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    """Return which texts hold an identity or telephone number, whatever else they say.

    Parameters
    ----------
    texts : pyarrow string array, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> holds_number_of_person(pa.array(["餐饮", "餐饮 13800138000", None])).tolist()
    [False, True, False]
    """
    found = np.zeros(len(texts), dtype=np.bool_)
    found |= _matches(texts, _LANDLINE)
    for pattern, _ in _BOUNDED:
        found |= _matches(texts, rf"(?:^|[^0-9A-Za-z])(?:{pattern})(?:$|[^0-9A-Za-z])")
    return found


def _tell(found: NDArray[np.object_], is_so: NDArray[np.bool_], said: str) -> None:
    """Say something of the texts of which nothing was said yet."""
    found[is_so & (found == "")] = said


def _matches(texts: pa.Array | pa.ChunkedArray, pattern: str) -> NDArray[np.bool_]:
    flags = pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False)
    matched: NDArray[np.bool_] = (
        flags.to_numpy() if isinstance(flags, pa.ChunkedArray) else flags.to_numpy(zero_copy_only=False)
    )
    return matched
