"""A text as the scanner reads it: folded, without blanks and noise, pinyin words in Chinese."""

from __future__ import annotations

from typing import NamedTuple

from twin.addresses._folding import MAX_CHARS, compact, fold
from twin.addresses._latin import has_spelt_words, is_code, is_latin, spelled
from twin.addresses._noise import mask_noise

_SHOWN = 40
"""Characters of what was not read that are told."""


class Plain(NamedTuple):
    """What the scanner reads and how it lies in the text.

    ``starts`` and ``ends`` say where each character stands in the folded text, None where it is the same
    place. ``unread`` is text that is no address or lies beyond :data:`MAX_CHARS`.
    """

    text: str
    folded: str
    starts: list[int] | None
    ends: list[int] | None
    unread: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of the plain text lies in the text as it came."""
        if self.starts is None:
            return start, end
        if self.ends is None:
            return self.starts[start], self.starts[end - 1] + 1
        return self.starts[start], self.ends[end - 1]


def plain(text: str) -> Plain:
    """Return a text as the scanner reads it; linear in 400 characters, whatever comes."""
    folded = fold(text[:MAX_CHARS])
    unread = ""
    if len(text) > MAX_CHARS and not text[MAX_CHARS:].isspace():
        unread = fold(text[MAX_CHARS : MAX_CHARS + _SHOWN]).strip() or "…"
    is_spelt = folded.isascii() and is_latin(folded)
    if is_spelt or has_spelt_words(folded):
        if is_spelt and is_code(folded):
            return Plain("", folded, None, None, " ".join(f"{folded} {unread}".split()))
        spelt, starts, ends = spelled(folded)
        dense, kept = compact(spelt)
        kept = list(range(len(dense))) if kept is None else kept
        starts, ends = [starts[place] for place in kept], [ends[place] for place in kept]
        return Plain(mask_noise(dense), folded, starts, ends, unread)
    dense, kept = compact(folded)
    return Plain(mask_noise(dense), folded, kept, None, unread)
