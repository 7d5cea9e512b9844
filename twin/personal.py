"""Persons in texts (个人信息): names, telephone, identity and account numbers are found and cut, not kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin import _person_patterns as patterns
from twin._given_names import is_name
from twin._glued_names import glued_names
from twin.addresses._folding import MASK, fold

CUT = "******"
"""What stands in reports and messages in place of what tells of a person."""

Spans = tuple[tuple[int, int], ...]

_LONGEST = 2_000
"""Characters; what stands behind is prose that nobody takes for an address."""
_SIGNS = " ,;:|/、，；：。-_—"
_EMPTY_BRACKETS = re.compile(r"[(（【\[][\s,，;；:：、/]*[)）】\]]")
_BLANKS = re.compile(r"[ \t　]{2,}")
_TWICE = re.compile(r"([,，;；、])(?:\s*[,，;；、])+")
_ANY_LEFT = re.compile(r"[0-9A-Za-z０-９一-龥]")
_ONLY_WORDS = re.compile(r"^(?:[家收的处宅]|地址|住址|收货|收件|寄件|联系|电话|姓名|手机|[:：\s,，])*$")


def personal_spans(text: str, places: Collection[str] = ()) -> Spans:
    """Return the parts of an address text that tell of a person.

    Telephone, identity-card and other papers' numbers, e-mail, WeChat and QQ accounts, with the words before
    them; names behind such words as 联系人 and 户主, with a title, beside a number, and alone before or
    behind an address, unless they end as places and firms do.

    Parameters
    ----------
    text : str
    places : collection of str
        Names that are none of a person.

    Returns
    -------
    tuple of (int, int)
        Ascending, none touching another.

    Examples
    --------
    >>> text = "长乐弄18号陈建国13800001234"
    >>> [text[start:end] for start, end in personal_spans(text)]
    ['陈建国13800001234']
    >>> personal_spans("长乐弄18号建国饭店")
    ()
    """
    folded = fold(text[:_LONGEST])
    found = _said(folded)
    return _united([*found, *_alone(_without(folded, found), frozenset(places))])


def contact_spans(text: str) -> Spans:
    """Return the parts of any text that tell of a person by a number, a word or a title.

    Unlike :func:`personal_spans` it leaves names that stand alone: in prose nobody can tell them from others.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of (int, int)
        Ascending, none touching another.

    Examples
    --------
    >>> text = "王女士反映下水道堵塞，电话13800001234"
    >>> [text[start:end] for start, end in contact_spans(text)]
    ['电话13800001234']
    """
    return _united(_said(fold(text[:_LONGEST])))


def masked(text: str) -> str:
    """Return a text with :data:`CUT` in place of what tells of a person, for reports and messages.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> masked("长乐弄18号陈建国")
    '长乐弄18号******'
    """
    for start, end in reversed(personal_spans(text)):
        text = text[:start] + CUT + text[end:]
    return text


def without_persons(
    texts: pa.Array | pa.ChunkedArray, places: Collection[str] = ()
) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Return address texts without what tells of persons, as :func:`personal_spans` finds it.

    Parameters
    ----------
    texts : pyarrow string array, shape (n,)
    places : collection of str
        Names that are none of a person. What stands before a number elsewhere in the texts is none either.

    Returns
    -------
    texts : pyarrow.StringArray, shape (n,)
        Null where nothing of an address is left.
    is_cut : ndarray of bool, shape (n,)
        Where anything was cut. Texts without a sign of persons are not looked at one by one.

    Examples
    --------
    >>> kept, is_cut = without_persons(pa.array(["张三 13800001234 中山路1号", "中山路1号", "张三"]))
    >>> kept.to_pylist(), is_cut.tolist()
    (['中山路1号', '中山路1号', None], [True, False, True])
    """
    whole = _whole(texts)
    known = frozenset(places)
    suspects, names = _suspects(whole, known)
    known |= _named_places(whole, names)
    rows = np.array(suspects, np.int64)
    glued = glued_names(whole, known)
    if glued:
        rows = np.union1d(rows, list(glued))
        first = {text: (0, length) for text, length in glued.values()}
        return _cut(whole, rows, lambda text: _united([*personal_spans(text, known), *_first(first, text)]))
    return _cut(whole, rows, lambda text: personal_spans(text, known))


def _first(first: dict[str, tuple[int, int]], text: str) -> Spans:
    return (first[text],) if text in first else ()


def without_contacts(texts: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Return texts without what :func:`contact_spans` finds.

    Parameters
    ----------
    texts : pyarrow string array, shape (n,)

    Returns
    -------
    texts : pyarrow.StringArray, shape (n,)
        Null where nothing is left.
    is_cut : ndarray of bool, shape (n,)
        Where anything was cut.
    """
    whole = _whole(texts)
    return _cut(whole, _hinted(whole, patterns.CONTACT_HINT), contact_spans)


def _whole(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    texts = texts.cast(pa.string())
    if isinstance(texts, pa.ChunkedArray):
        return texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0)
    return texts


def _hinted(texts: pa.Array, hint: str) -> NDArray[np.int64]:
    """Return the rows that may tell of a person."""
    flags = pc.fill_null(pc.match_substring_regex(texts, hint), fill_value=False)
    return np.flatnonzero(flags.to_numpy(zero_copy_only=False))


def _cut(
    texts: pa.Array, rows: NDArray[np.int64], spans_of: Callable[[str], Spans]
) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Return texts without the spans that are found in some rows."""
    is_cut = np.zeros(len(texts), np.bool_)
    kept: list[str | None] = []
    for row, text in zip(rows.tolist(), texts.take(pa.array(rows)).to_pylist(), strict=True):
        left = text
        while spans := spans_of(left):  # what comes together by a cut may be one more
            is_cut[row] = True
            left = _tidy(left, spans)
        if is_cut[row]:
            kept.append(left if _ANY_LEFT.search(left) and not _ONLY_WORDS.match(left) else None)
    if not is_cut.any():
        return texts, is_cut
    return pc.replace_with_mask(texts, pa.array(is_cut), pa.array(kept, pa.string())), is_cut


def _tidy(text: str, spans: Spans) -> str:
    """Return a text without some spans, and without the signs that stood around them."""
    for start, end in reversed(spans):
        before, after = text[:start], text[end:]
        gap = " " if before[-1:].isalnum() and after[:1].isalnum() else ""
        text = before + gap + after
    text = _BLANKS.sub(" ", _EMPTY_BRACKETS.sub("", text))
    return _TWICE.sub(r"\1", text).strip(_SIGNS + "\t　(（【")


def _said(folded: str) -> list[tuple[int, int]]:
    """Return what is said to tell of a person: numbers with labels, names by words, titles and numbers."""
    if not patterns.SAYS_ANY.search(folded):
        return []
    found = [_with_label(folded, one.start(), one.end()) for one in patterns.NUMBER.finditer(folded)]
    for one in patterns.SAID_NAME.finditer(folded):
        name = one[1] or one[2]
        if (one[1] or is_name(name, is_told=True)) and name[-1] not in patterns.NO_NAME:
            found.append(one.span())
    found += [
        (start, one.end())
        for one in patterns.TITLED.finditer(folded)
        if (start := _start_of_titled(folded, one.start())) < one.start()
    ]
    marked = _without(folded, found)
    for pattern in patterns.BESIDE_NUMBER:
        found += [one.span() for one in pattern.finditer(marked) if is_name(one[1], is_told=True)]
    if found:
        marked = _without(folded, found).rstrip(MASK + _SIGNS)
        dangling = patterns.DANGLING.search(marked)
        if dangling:
            found.append(dangling.span())
    return found


def _with_label(folded: str, start: int, end: int) -> tuple[int, int]:
    label = patterns.LABEL_BEFORE.search(folded, max(0, start - 20), start)
    return (label.start() if label else start), end


def _start_of_titled(folded: str, end: int) -> int:
    """Return where the name before a title begins: at a boundary, else with the family name alone."""
    starts = [
        start
        for start in range(max(0, end - 4), end)
        if patterns.BEFORE_TITLE.fullmatch(folded, start, end)
        and not any(sign in patterns.NO_NAME for sign in folded[start + 1 : end])
    ]
    for start in starts:
        before = folded[start - 1 : start]
        if not re.match(patterns.HAN, before) or before in patterns.NO_NAME:
            return start
    return starts[-1] if starts else end


def _alone(masked_text: str, places: frozenset[str]) -> list[tuple[int, int]]:
    """Return names that stand alone in a text whose other findings are masked."""
    found = []
    for number, pattern in enumerate(patterns.BARE):
        for one in pattern.finditer(masked_text):
            is_sure = number > 4 or (is_name(one[1], is_told=number < 2) and one[1] not in places)
            if is_sure and not _is_split(masked_text, one):
                found.append(one.span())
    behind = patterns.AFTER_DIVISION.search(masked_text)
    if behind and behind[1] not in places and _is_surely_name(behind[1]):
        found.append(behind.span())
    latin = patterns.LATIN.search(masked_text)
    if latin and not patterns.LATIN_PLACES.search(latin[1]):
        found.append(latin.span(1))
    return found


def _is_surely_name(name: str) -> bool:
    """Return whether a name is made of nothing but what people are called by."""
    if len(name) == 2:
        return name[1] in patterns.TELLING | patterns.COUNTED
    return set(name[1:]) <= patterns.GIVEN and is_name(name)


def _is_split(text: str, name: re.Match[str]) -> bool:
    """Return whether what looks like a name is the head of an estate's that a blank has cut in two."""
    rest = patterns.SPLIT.match(text, name.end())
    return rest is not None and len(rest[1]) <= (1 if name[1][0] in patterns.PURE else 2)


def _suspects(texts: pa.Array, places: frozenset[str]) -> tuple[list[int], set[str]]:
    """Return the rows that tell of a person, and the names that stand alone in them."""
    suspects: list[int] = []
    names: set[str] = set()
    rows = _hinted(texts, patterns.PERSON_HINT)
    for row, text in zip(rows.tolist(), texts.take(pa.array(rows)).to_pylist(), strict=True):
        spans = personal_spans(text, places)
        if spans:
            suspects.append(row)
            found = (patterns.ANY_NAME.search(text, start, end) for start, end in spans)
            names.update(name[0] for name in found if name)
    return suspects, names


def _named_places(texts: pa.Array, names: set[str]) -> frozenset[str]:
    """Return the names that some text numbers, or goes on as a road, estate or village: no persons."""
    found: set[str] = set()
    wanted = sorted(names)
    for first in range(0, len(wanted), 500):
        which = "|".join(wanted[first : first + 500])
        pattern = rf"(?P<name>{which}){patterns.GOES_ON}"
        hits = texts.filter(pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False))
        found.update(one["name"] for one in pc.extract_regex(hits, pattern).to_pylist() if one)
    return frozenset(found)


def _without(folded: str, spans: list[tuple[int, int]]) -> str:
    """Return a text with some spans masked."""
    for start, end in spans:
        folded = folded[:start] + MASK * (end - start) + folded[end:]
    return folded


def _united(spans: list[tuple[int, int]]) -> Spans:
    """Return spans ascending, those that touch as one."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return tuple(united)
