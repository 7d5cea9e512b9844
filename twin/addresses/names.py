"""The names of the base, found by likeness: as written, by sound, in pinyin, by initials, with slips."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import tantivy
from isal import isal_zlib
from numpy.typing import ArrayLike, NDArray

from twin.addresses._pinyin import folded_syllables, latin_key, readings, syllables, typed_forms
from twin.addresses.likeness import (
    ALIAS_ODDS,
    EXACT_ODDS,
    SOUND_ODDS,
    Likeness,
    Way,
    canonical,
    is_latin,
    likeness,
    spoken,
    stem_and_kind,
)
from twin.errors import DamagedLayerError

_FORMAT = "names 3"
"""Part of the fingerprint: an index of another make is built anew."""
_MANIFEST = "files.json"
_HEAP_BYTES = 30_000_000
_CANDIDATES = 40
_LONGEST_NAME = 16
_REGEX_SIGN = re.compile(r"[\\.+*?()|\[\]{}^$#&~-]")
_SHOULD = tantivy.Occur.Should


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of what the base calls by its own (旧名、别名).

    Parameters
    ----------
    alias : str
    name : str
        The name in the base.
    kind : str
        ``street``, ``estate``, ``subdistrict``; empty where unknown.
    valid_from, valid_to : date, optional
        When the alias was the name; None without limit, ``valid_to`` excluded.
    """

    alias: str
    name: str
    kind: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid(self, day: date) -> bool:
        """Return whether it was the name on a day.

        Parameters
        ----------
        day : date

        Returns
        -------
        bool
        """
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class NameHit:
    """A name of the base that a text may mean.

    Parameters
    ----------
    name : int
        Its position in the names that the index was made of.
    likeness : Likeness
    text : str
        The name, or the alias that led to it.
    start, end : int
        The part of the text that is meant; all of it unless found within.
    """

    name: int
    likeness: Likeness
    text: str
    start: int = 0
    end: int = 0


class NameIndex:
    """An index of names that stands in a folder and is mapped into memory; make it by :meth:`of`.

    Safe to share between threads.

    Parameters
    ----------
    index : tantivy.Index
    names : sequence of str
    aliases : sequence of (Alias, int)
        Aliases and the positions of their names.

    Examples
    --------
    >>> index = NameIndex.of(["永城路", "西湖花园"], [400, 2000])
    >>> [(hit.text, hit.likeness.way.value) for hit in index.search("溪湖花园")]
    [('西湖花园', '按读音匹配')]
    >>> [hit.text for hit in index.starting("yong")]
    ['永城路']
    """

    def __init__(
        self, index: tantivy.Index, names: Sequence[str], aliases: Sequence[tuple[Alias, int]]
    ) -> None:
        self._index = index
        self._names = names
        self._aliases = aliases
        self._schema = index.schema
        self._searcher = index.searcher()

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        weights: ArrayLike,
        aliases: Sequence[Alias] = (),
        folder: Path | None = None,
    ) -> NameIndex:
        """Return the index of names; the stored one where the folder has it whole, else one built now.

        Parameters
        ----------
        names : sequence of str
            Distinct names.
        weights : array-like of int, shape (n,)
            Addresses below each name: what is offered first among equals.
        aliases : sequence of Alias
            Those of names that are not in ``names`` are left out.
        folder : Path, optional
            Where the index stands; made where missing. Without it, or where it takes no files, the
            index is held in memory.

        Returns
        -------
        NameIndex
        """
        weighed = np.asarray(weights, np.int64)
        places = {name: place for place, name in enumerate(names)}
        known = [(alias, places[alias.name]) for alias in aliases if alias.name in places]
        if folder is None:
            return cls(_built(tantivy.Index(_schema()), names, weighed, known), names, known)
        stored = folder / f"names-{_fingerprint(names, weighed, known)}"
        try:
            index = _opened(stored)
        except DamagedLayerError:
            try:
                index = _stored(stored, names, weighed, known)
            except (OSError, ValueError):  # a read-only city, a full disk: it can be answered all the same
                index = _built(tantivy.Index(_schema()), names, weighed, known)
        return cls(index, names, known)

    def search(self, text: str, k: int = 12, *, as_of: date | None = None) -> list[NameHit]:
        """Return the names that a text may mean, the likeliest first.

        Parameters
        ----------
        text : str
            A name and nothing else: Chinese, pinyin, initials or a mixture, with slips.
        k : int
            How many at most.
        as_of : date, optional
            Only aliases that were in use on this day.

        Returns
        -------
        list of NameHit
            Where names are exactly as typed, these and aliases alone.
        """
        key = canonical(text)
        if not key or len(key) > 4 * _LONGEST_NAME:
            return []
        entries = dict.fromkeys(self._entries(self._term("key", key), k))
        if not entries:
            entries.update(dict.fromkeys(self._alike(key)))
        return self._ranked(text, entries, k, as_of)

    def search_widely(self, text: str, k: int = 12, *, as_of: date | None = None) -> list[NameHit]:
        """Return the names that a text may mean, those that are merely like it beside the exact ones.

        Parameters
        ----------
        text, k, as_of
            As in :meth:`search`.

        Returns
        -------
        list of NameHit
        """
        key = canonical(text)
        if not key or len(key) > 4 * _LONGEST_NAME:
            return []
        entries = dict.fromkeys((*self._entries(self._term("key", key), k), *self._alike(key)))
        return self._ranked(text, entries, k, as_of)

    def starting(self, text: str, k: int = 12, *, as_of: date | None = None) -> list[NameHit]:
        """Return the names that begin as a text does, in characters, pinyin or initials, with one slip.

        Parameters
        ----------
        text, k, as_of
            As in :meth:`search`.

        Returns
        -------
        list of NameHit
            As written first, then by sound, then with a slip; within these, most addresses first.
        """
        key, typed = canonical(text), latin_key(spoken(text))
        if not key:
            return []
        found: dict[int, NameHit] = {}
        for query, odds, way in self._beginnings(key, typed):
            for entry in self._entries(query, 4 * k, by_weight=True):
                hit = self._hit(entry, Likeness(odds, way), as_of)
                if hit is not None:
                    found.setdefault(hit.name, hit)
            if len(found) >= k:
                break
        return list(found.values())[:k]

    def _beginnings(self, key: str, typed: str) -> Iterator[tuple[Any, float, Way]]:
        yield self._prefix("key", key), EXACT_ODDS, Way.EXACT
        if len(typed) > 1:
            way = Way.PINYIN if is_latin(key) else Way.SOUND
            yield self._prefix("forms", typed), SOUND_ODDS, way
        if len(typed) > 4:
            slip = tantivy.Query.fuzzy_term_query(self._schema, "forms", typed, 1, True, True)
            yield slip, 1.0, Way.TYPO

    def within(self, text: str, *, as_of: date | None = None) -> list[NameHit]:
        """Return the names that stand in a text as written or as they sound, wherever.

        Parameters
        ----------
        text : str
            Several names run together, perhaps with other words.
        as_of : date, optional
            Only aliases that were in use on this day.

        Returns
        -------
        list of NameHit
            By start, the longest first; they may overlap.
        """
        sounds = syllables(text)
        is_aligned = len(sounds) == len(text)
        found: list[NameHit] = []
        for start in range(len(text) - 1):
            for end in range(min(len(text), start + _LONGEST_NAME), start + 1, -1):
                part = text[start:end]
                entries = self._entries(self._term("key", canonical(part)), 4)
                if not entries and is_aligned and end - start > 2:
                    entries = self._entries(self._term("sound", " ".join(sounds[start:end])), 4)
                hits = self._ranked(part, dict.fromkeys(entries), 4, as_of)
                found += [NameHit(hit.name, hit.likeness, hit.text, start, end) for hit in hits]
        return found

    def has(self, name: str) -> bool:
        """Return whether a name is one of these, as it is written.

        Parameters
        ----------
        name : str

        Returns
        -------
        bool
        """
        return bool(self._entries(self._term("key", canonical(name)), 1))

    def spelled(self, typed: str) -> bool:
        """Return whether Latin letters spell a name in full.

        Parameters
        ----------
        typed : str
            Lower case, without blanks.

        Returns
        -------
        bool
        """
        return bool(self._entries(self._term("forms", typed), 1))

    def _alike(self, key: str) -> Iterator[int]:
        """Yield the entries that may be like a canonical text, those by sound and stem before others."""
        if is_latin(key):
            typed = latin_key(spoken(key))
            yield from self._entries(self._term("forms", typed), _CANDIDATES, by_weight=True)
            yield from self._entries(self._term("stem", typed), _CANDIDATES, by_weight=True)
            if len(typed) > 4:
                n_slips = 2 if len(typed) > 9 else 1
                slips = tantivy.Query.fuzzy_term_query(self._schema, "forms", typed, n_slips)
                yield from self._entries(slips, _CANDIDATES, by_weight=True)
            return
        yield from self._entries(self._term("folded", " ".join(folded_syllables(spoken(key)))), _CANDIDATES)
        stem = stem_and_kind(key)[0]
        if len(stem) > 1:
            yield from self._entries(self._term("stem", stem), _CANDIDATES, by_weight=True)
        terms = [self._term("grams", gram) for gram in _grams(key)]
        terms += [self._term("sounds", gram) for gram in _grams(folded_syllables(spoken(key)))]
        both = tantivy.Query.boolean_query([(_SHOULD, term) for term in terms])
        yield from self._entries(both, _CANDIDATES)

    def _ranked(self, text: str, entries: dict[int, None], k: int, as_of: date | None) -> list[NameHit]:
        """Return the entries that are like a text, the likeliest reading of each name alone."""
        found: dict[int, NameHit] = {}
        for entry in entries:
            alike = likeness(text, self._text_of(entry))
            hit = None if alike is None else self._hit(entry, alike, as_of)
            if hit is not None and (
                hit.name not in found or found[hit.name].likeness.odds < hit.likeness.odds
            ):
                found[hit.name] = hit
        return sorted(found.values(), key=lambda hit: (-hit.likeness.odds, hit.name))[:k]

    def _text_of(self, entry: int) -> str:
        n_names = len(self._names)
        return self._names[entry] if entry < n_names else self._aliases[entry - n_names][0].alias

    def _hit(self, entry: int, alike: Likeness, as_of: date | None) -> NameHit | None:
        """Return an entry as a hit; None for an alias that was not in use on the day."""
        text = self._text_of(entry)
        if entry < len(self._names):
            return NameHit(entry, alike, text, 0, len(text))
        alias, name = self._aliases[entry - len(self._names)]
        if as_of is not None and not alias.is_valid(as_of):
            return None
        return NameHit(name, Likeness(min(alike.odds, ALIAS_ODDS), Way.ALIAS), text, 0, len(text))

    def _term(self, field: str, value: str) -> Any:
        return tantivy.Query.term_query(self._schema, field, value, "freq" if field in _GRAMS else "basic")

    def _prefix(self, field: str, value: str) -> Any:
        literal = _REGEX_SIGN.sub(r"\\\g<0>", value)
        return tantivy.Query.regex_query(self._schema, field, f"{literal}.*")

    def _entries(self, query: Any, limit: int, *, by_weight: bool = False) -> list[int]:
        """Return the entries that a query finds, best or heaviest first."""
        order = "weight" if by_weight else None
        found = self._searcher.search(query, limit, count=False, order_by_field=order)
        if not found.hits:
            return []
        values = self._searcher.fast_field_values("entry", [address for _, address in found.hits])
        return [int(value) for value in values if value is not None]


_GRAMS = ("grams", "sounds")
_WORDS = ("key", "sound", "folded", "stem", "forms")


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for name in ("entry", "weight"):
        builder = builder.add_unsigned_field(name, fast=True)
    for name in _GRAMS:
        builder = builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    for name in _WORDS:
        builder = builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _grams(parts: Sequence[str]) -> list[str]:
    """Return the parts of a name and each two that are neighbours."""
    single = [part for part in parts if not part.isspace()]
    return [*single, *(one + other for one, other in pairwise(single))]


def _document(entry: int, name: str, weight: int) -> Any:
    """Return what is searched of one name."""
    key, aloud = canonical(name), spoken(name)
    document = tantivy.Document()
    document.add_unsigned("entry", entry)
    document.add_unsigned("weight", max(weight, 0))
    document.add_text("key", key)
    for sounds in readings(aloud):
        document.add_text("sound", " ".join(sounds))
    document.add_text("folded", " ".join(folded_syllables(aloud)))
    stem, kind = stem_and_kind(key)
    document.add_text("stem", stem)
    if kind:
        document.add_text("stem", latin_key(spoken(stem)))
    for form in typed_forms(aloud):
        document.add_text("forms", form)
    document.add_text("grams", " ".join(_grams(key)))
    document.add_text("sounds", " ".join(_grams(folded_syllables(aloud))))
    return document


def _built(
    index: Any, names: Sequence[str], weights: NDArray[np.int64], aliases: Sequence[tuple[Alias, int]]
) -> Any:
    """Fill an empty index and return it."""
    writer = index.writer(_HEAP_BYTES, 1)
    for entry, (name, weight) in enumerate(zip(names, weights.tolist(), strict=True)):
        writer.add_document(_document(entry, name, weight))
    for entry, (alias, place) in enumerate(aliases, start=len(names)):
        writer.add_document(_document(entry, alias.alias, int(weights[place])))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


def _fingerprint(
    names: Sequence[str], weights: NDArray[np.int64], aliases: Sequence[tuple[Alias, int]]
) -> str:
    """Return what tells an index of these names from every other."""
    digest = hashlib.sha256(f"{_FORMAT} {metadata.version('tantivy')}".encode())
    digest.update("\0".join(names).encode())
    digest.update(weights.tobytes())
    digest.update(repr(aliases).encode())
    return digest.hexdigest()[:16]


def _opened(folder: Path) -> Any:
    """Map a stored index; refuse it where a file is missing, cut off or changed."""
    try:
        files = orjson.loads((folder / _MANIFEST).read_bytes())
        for name, (size, crc32) in files.items():
            content = (folder / name).read_bytes()
            if len(content) != size or isal_zlib.crc32(content) != crc32:
                raise DamagedLayerError(f"{folder / name} is not what was stored")
        return tantivy.Index.open(str(folder))
    except (OSError, ValueError) as error:
        raise DamagedLayerError(f"the name index {folder} is missing or damaged: {error}") from error


def _stored(
    folder: Path,
    names: Sequence[str],
    weights: NDArray[np.int64],
    aliases: Sequence[tuple[Alias, int]],
) -> Any:
    """Build an index beside its place, rename it there, and return it mapped; older ones go."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".names-", dir=folder.parent))
    try:
        _built(tantivy.Index(_schema(), path=str(part)), names, weights, aliases)
        files = {
            path.name: (path.stat().st_size, isal_zlib.crc32(path.read_bytes()))
            for path in sorted(part.iterdir())
            if not path.name.endswith(".lock")
        }
        (part / _MANIFEST).write_bytes(orjson.dumps(files))
        _replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for older in folder.parent.glob("names-*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)  # who has it mapped keeps it
    return _opened(folder)


def _replace(part: Path, folder: Path) -> None:
    """Put a folder in the place of another, which may be damaged or another process's equal."""
    if folder.exists():
        aside = Path(tempfile.mkdtemp(prefix=".names-", dir=folder.parent))
        folder.rename(aside / "old")
        shutil.rmtree(aside, ignore_errors=True)
    part.rename(folder)
