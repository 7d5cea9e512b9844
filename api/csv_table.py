"""A CSV table kept byte for byte: single columns read from it, new ones put behind the last."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api._csv_records import NEWLINE, split
from layers.delivery import delivered
from layers.encodings import encoding_of_text, utf8_chunks
from twin.durable import DurableFile
from twin.errors import ImportRefusedError, StorageError

MAX_RECORD_BYTES = 8_000_000
"""Longer records are no table: a file without line ends, or a quotation mark that closes far too late."""
_BOM = b"\xef\xbb\xbf"
_NUMBER = r'^[ \t"]*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[ \t"]*$'
_SHOWN_HEADER = 200


@dataclass(frozen=True, slots=True, eq=False)
class CsvTable:
    """The bytes of a CSV table and where its records end; make it by :meth:`read`.

    Attributes
    ----------
    content : ndarray of uint8
    codec : str
    ends : ndarray of int64, shape (n + 1,)
        Where each record ends; the header is record 0.
    bounds : ndarray of int64, shape (n + 1, k, 2)
        Where the wanted fields of each record start and end, quotation marks included.
    n_missing : ndarray of int64, shape (n + 1,)
        How many fields each record has fewer than the header.
    """

    content: NDArray[np.uint8]
    codec: str
    ends: NDArray[np.int64]
    bounds: NDArray[np.int64]
    n_missing: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends) - 1

    @classmethod
    def read(cls, source: Path, wanted: Sequence[str], new: Sequence[str]) -> CsvTable:
        """Return a table with the places of some of its columns.

        Parameters
        ----------
        source : Path
            CSV; UTF-8, UTF-16 or GB18030, plain, ``.gz`` or ``.zip``.
        wanted : sequence of str
            Columns to be read, in capitals or not.
        new : sequence of str
            Columns to be added.

        Returns
        -------
        CsvTable
            UTF-16, where a comma is two bytes, has become UTF-8. Of records that are shorter than the
            header no field is read.

        Raises
        ------
        ImportRefusedError
            If the source is missing, no CSV, lacks a wanted column or has a new one already.
        """
        content, codec = _bytes_of(source, wanted)
        start = len(_BOM) if content[: len(_BOM)].tobytes() == _BOM else 0
        header = _header(content, start, codec, source.name)
        places = np.array(_places(header, wanted, new, source.name), dtype=np.int64)
        n_lines = int(np.count_nonzero(content == NEWLINE)) + 1
        ends, counts = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
        bounds = np.empty((n_lines, len(places), 2), np.int64)
        n_records = split(content, start, places, ends, counts, bounds)
        if n_records < 0:
            raise ImportRefusedError(f"{source.name}: the quotation mark of row {-1 - n_records} stays open")
        for row in np.flatnonzero(np.diff(ends[:n_records], prepend=0) > MAX_RECORD_BYTES)[:1].tolist():
            raise ImportRefusedError(
                f"{source.name}: row {row} has over {MAX_RECORD_BYTES:,} bytes; that is no table"
            )
        n_missing = len(header) - counts[:n_records]
        for row in np.flatnonzero(n_missing < 0)[:1].tolist():
            raise ImportRefusedError(
                f"{source.name}: row {row} has {counts[row]} fields, the header has {len(header)}"
            )
        is_short = n_missing > 0
        bounds[:n_records][is_short] = ends[:n_records][is_short, None, None]  # no field that can be read
        return cls(content, codec, ends[:n_records], bounds[:n_records], n_missing)

    def _fields(self, place: int) -> pa.Array:
        """Return one wanted field of each data record as its bytes."""
        # Fields and what lies between them share the bytes of the file; every other one is a field.
        bounds = self.bounds[1:, place].reshape(-1)
        return _slices(self.content, bounds).take(pa.array(np.arange(0, len(bounds) - 1, 2)))

    def numbers(self, place: int) -> NDArray[np.float64]:
        """Return one wanted field of each data record as a number.

        Parameters
        ----------
        place : int
            In the wanted columns.

        Returns
        -------
        ndarray of float64, shape (n,)
            NaN where it is no number.
        """
        fields = self._fields(place)
        try:
            numbers = fields.cast(pa.string()).cast(pa.float64())
        except pa.ArrowInvalid:  # some are none, or stand in quotes or blanks
            plain = pc.struct_field(pc.extract_regex(fields, _NUMBER), "number")
            numbers = plain.cast(pa.string()).cast(pa.float64())
        return np.array(numbers, dtype=np.float64)

    def texts(self, place: int) -> pa.Array:
        """Return one wanted field of each data record as text, without its quotation marks.

        Parameters
        ----------
        place : int
            In the wanted columns.

        Returns
        -------
        pyarrow.StringArray, length n
            Bytes that the encoding does not know are the replacement character.
        """
        texts = self._decoded(self._fields(place))
        texts = pc.utf8_trim(texts, " \t")
        inner = pc.replace_substring(pc.utf8_slice_codeunits(texts, 1, -1), '""', '"')
        return pc.if_else(pc.starts_with(texts, '"'), inner, texts)

    def _decoded(self, fields: pa.Array) -> pa.Array:
        if self.codec == "utf-8":
            try:
                return fields.cast(pa.string())
            except pa.ArrowInvalid:
                pass  # some bytes are no UTF-8; the others shall be read all the same
        return pa.array([one.decode(self.codec, errors="replace") for one in fields.to_pylist()], pa.string())

    def encoded(self, texts: pa.Array) -> pa.Array:
        """Return texts as fields of this table: in quotation marks where they need them, in its encoding.

        Parameters
        ----------
        texts : pyarrow.StringArray

        Returns
        -------
        pyarrow.LargeBinaryArray
        """
        needs = pc.match_substring_regex(texts, '[,"\r\n]')
        if pc.any(needs).as_py():
            quoted = pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")
            texts = pc.if_else(needs, quoted, texts)
        if self.codec == "utf-8":
            return texts.cast(pa.large_string()).cast(pa.large_binary())
        codes = texts.dictionary_encode()
        values = [text.encode(self.codec, errors="replace") for text in codes.dictionary.to_pylist()]
        return pa.array(values, pa.large_binary()).take(codes.indices)

    def write(self, target: Path, new: Sequence[str], suffix: pa.Array) -> None:
        """Write the table with new columns behind the last; every byte before stays.

        Parameters
        ----------
        target : Path
        new : sequence of str
            Their names.
        suffix : pyarrow.LargeBinaryArray, length n
            Their fields, by :meth:`encoded`, joined by commas.

        Raises
        ------
        StorageError
            If the file cannot be written; nothing is left of it then.
        """
        pieces = self._filled(new, suffix)
        try:
            with DurableFile(target) as file:
                for piece in pieces:
                    file.write(piece)
        except OSError as error:
            raise StorageError(f"{target} could not be written: {error.strerror}") from error

    def _filled(self, new: Sequence[str], suffix: pa.Array) -> tuple[pa.Buffer, bytes]:
        """Return the bytes of the table with the new fields in each record, in two pieces."""
        header = ",".join(new).encode(self.codec)
        commas = pa.array([b"," * (1 + n) for n in range(int(self.n_missing.max()) + 1)], pa.large_binary())
        leads = commas.take(pa.array(self.n_missing))
        ends = pa.concat_arrays([pa.array([header], pa.large_binary()), suffix])
        cuts = np.column_stack([self.ends, self.ends])
        edges = np.concatenate([[0], cuts.reshape(-1), [len(self.content)]])
        kept = _slices(self.content, edges).take(pa.array(np.arange(0, len(edges) - 2, 2)))
        joined = pc.binary_join_element_wise(kept, leads, ends, pa.scalar(b"", pa.large_binary()))
        return joined.buffers()[2], self.content[cuts[-1, 1] :].tobytes()


def _bytes_of(source: Path, wanted: Sequence[str]) -> tuple[NDArray[np.uint8], str]:
    """Return the text of a file and its encoding."""
    with delivered(source) as delivery:
        if delivery.kind != "text":
            raise ImportRefusedError(
                f"{source.name} is {delivery.kind}; wanted a CSV with {' and '.join(wanted)}"
            )
        encoding = encoding_of_text(delivery.path, source.name)
        if encoding.codec != "utf-16":
            return np.fromfile(delivery.path, dtype=np.uint8), encoding.codec.removesuffix("-sig")
        return np.frombuffer(b"".join(utf8_chunks(delivery.path, encoding)), dtype=np.uint8), "utf-8"


def _header(content: NDArray[np.uint8], start: int, codec: str, name: str) -> list[str]:
    """Return the fields of the first record."""
    end, count = np.zeros(1, np.int64), np.zeros(1, np.int64)
    if split(content, start, np.empty(0, np.int64), end, count, np.empty((1, 0, 2), np.int64)) < 1:
        return []
    if end[0] - start > csv.field_size_limit():
        raise ImportRefusedError(f"{name}: its first line has {end[0] - start:,} bytes; that is no table")
    return next(csv.reader([content[start : end[0]].tobytes().decode(codec)]))


def _places(header: list[str], wanted: Sequence[str], new: Sequence[str], name: str) -> list[int]:
    """Return the places of the wanted columns; refuse a table that has a column to be written."""
    plain = [field.strip().lower() for field in header]
    for column in wanted:
        if plain.count(column.lower()) != 1:
            n_found = plain.count(column.lower())
            came = f"{n_found} columns" if n_found else "no column"
            has = ", ".join(header)[:_SHOWN_HEADER] or "no header"
            raise ImportRefusedError(f"{name} has {came} {column!r}; it has {has}")
    for column in new:
        if column.lower() in plain:
            raise ImportRefusedError(
                f"{name} has a column {column!r} already; rename or remove it, its values would be lost"
            )
    return [plain.index(column.lower()) for column in wanted]


def _slices(content: NDArray[np.uint8], edges: NDArray[np.int64]) -> pa.Array:
    """Return the bytes between neighbouring edges as one Arrow array, without a copy."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(edges)), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.large_binary(), max(len(edges) - 1, 0), buffers)
