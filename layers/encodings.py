"""Which encoding Chinese text came in: UTF-8, UTF-16 or GB18030 (which reads GBK and GB2312 too)."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from layers.delivery import sibling
from twin.errors import ImportRefusedError

SAMPLE_BYTES = 4 << 20
MIN_COMMON_SHARE = 0.9
"""Share of the characters that must be everyday ones before bytes are believed to be GB18030."""

_CHUNK_BYTES = 4 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with BOM"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """An encoding that was recognised.

    Parameters
    ----------
    codec : str
        Name for Python and GDAL: ``utf-8``, ``utf-8-sig``, ``utf-16`` or ``gb18030``.
    note : str
        What to say about it; empty for plain UTF-8 and ASCII.
    """

    codec: str
    note: str = ""


UTF_8 = TextEncoding("utf-8")


def encoding_of_text(path: Path, name: str) -> TextEncoding:
    """Return the encoding of a text file, having decoded all of it.

    Parameters
    ----------
    path : Path
    name : str
        What to call the file in messages.

    Returns
    -------
    TextEncoding

    Raises
    ------
    ImportRefusedError
        If the bytes are no text in any encoding that Chinese offices use.
    """
    with path.open("rb") as file:
        head = file.read(4)
        for bom, codec, label in _BOMS:
            if head.startswith(bom):
                broken_at = _first_broken_byte(file, codec)
                if broken_at is not None:
                    raise ImportRefusedError(
                        f"{name} begins as {label} but is broken near byte {broken_at:,}"
                    )
                return TextEncoding(codec, f"{label} text")
        bad_utf8 = _first_broken_byte(file, "utf-8")
        if bad_utf8 is None:
            return UTF_8
        bad_gb = _first_broken_byte(file, "gb18030")
        file.seek(max(0, bad_utf8 - 1024))
        sample = file.read(SAMPLE_BYTES)
    if bad_gb is None and _common_share([sample]) >= MIN_COMMON_SHARE:
        return TextEncoding("gb18030", "GB18030 (GBK) text recognised")
    where = f"it breaks UTF-8 near byte {bad_utf8:,}"
    where += (
        f" and GB18030 near byte {bad_gb:,}" if bad_gb is not None else " and reads as gibberish in GB18030"
    )
    raise ImportRefusedError(f"the encoding of {name} is not known: {where}; save it as UTF-8")


def encoding_of_dbf(shapefile: Path, name: str) -> TextEncoding:
    """Return the encoding of a Shapefile's attributes, judged by their bytes.

    The ``.cpg`` beside it is believed only where the bytes agree: copied, renamed and
    re-saved files often carry the wrong one, and many carry none.

    Parameters
    ----------
    shapefile : Path
        The ``.shp``; its ``.dbf`` stands beside it.
    name : str
        What to call the file in messages.

    Returns
    -------
    TextEncoding

    Raises
    ------
    ImportRefusedError
        If the bytes are neither UTF-8 nor GB18030 and no ``.cpg`` says what they are.
    """
    dbf, cpg = sibling(shapefile, ".dbf"), sibling(shapefile, ".cpg")
    declared = cpg.read_text(encoding="ascii", errors="replace").strip() if cpg else ""
    texts = list(_non_ascii_texts(dbf)) if dbf else []
    if not texts:
        return UTF_8
    fits_utf8, fits_gb = _all_decode(texts, "utf-8"), _all_decode(texts, "gb18030")
    is_gb_likely = fits_gb and _common_share(texts) >= MIN_COMMON_SHARE
    declared_codec = _codec(declared)
    if fits_utf8 and not (is_gb_likely and declared_codec == "gb18030"):
        return TextEncoding("utf-8", _remark_on_cpg(declared, "UTF-8", agrees=declared_codec == "utf-8"))
    if is_gb_likely:
        return TextEncoding(
            "gb18030", _remark_on_cpg(declared, "GB18030", agrees=declared_codec == "gb18030")
        )
    if declared_codec and declared_codec != "utf-8" and _all_decode(texts, declared_codec):
        return TextEncoding(declared_codec, f"attributes read as {declared}, as the .cpg says")
    said = f"its .cpg says {declared}, which does not fit" if declared else "it has no .cpg"
    raise ImportRefusedError(
        f"the encoding of the attributes of {name} is not known: neither UTF-8 nor GB18030, and {said}; "
        "send a .cpg that names it"
    )


def utf8_chunks(path: Path, encoding: TextEncoding) -> Iterator[bytes]:
    """Yield the text of a file as UTF-8 without BOM, a few MB at a time.

    Parameters
    ----------
    path : Path
    encoding : TextEncoding
        As ``encoding_of_text`` found it.

    Yields
    ------
    bytes
    """
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk if encoding.codec == "utf-8" else decoder.decode(chunk).encode("utf-8")


def _first_broken_byte(file: BinaryIO, codec: str) -> int | None:
    """Return about where a file stops being text of a codec; None where it is text to its end."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)()
    done = 0
    try:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
            done += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done + error.start
    return None


def _common_share(texts: Iterable[bytes]) -> float:
    """Return the share of everyday characters among the non-ASCII ones, read as GB18030.

    Everyday: level 1 of GB 2312 (the 3,755 commonest) and its symbols, lead bytes A1-A3 and
    B0-D7. Level 2 and GBK's own are rare in real text but usual in other bytes misread.
    """
    text = b"\n".join(texts).decode("gb18030", errors="ignore")
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    codes = codes[codes > 0x7F]
    return 1.0 if not len(codes) else float(np.isin(codes, _everyday_characters()).mean())


def _everyday_characters() -> NDArray[np.uint32]:
    rows = [0xA1, 0xA3, *range(0xB0, 0xD8)]
    codes = b"".join(bytes((row, cell)) for row in rows for cell in range(0xA1, 0xFF))
    text = codes.decode("gb18030")
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


def _non_ascii_texts(dbf: Path) -> Iterator[bytes]:
    """Yield the distinct field names and values of a dBase table that hold bytes above 127."""
    with dbf.open("rb") as header:
        start = header.read(32)
        n_rows = int.from_bytes(start[4:8], "little")
        header_bytes = int.from_bytes(start[8:10], "little")
        row_bytes = int.from_bytes(start[10:12], "little")
        fields = header.read(max(0, header_bytes - 32))
    offset = 1
    columns: list[tuple[int, int]] = []
    for at in range(0, len(fields) - 31, 32):
        if fields[at] == 0x0D:
            break
        name = fields[at : at + 11].split(b"\0")[0]
        if not name.isascii():
            yield name
        width = fields[at + 16]
        if fields[at + 11 : at + 12] == b"C":
            columns.append((offset, width))
        offset += width
    if not columns or not n_rows:
        return
    rows = np.memmap(dbf, dtype=np.uint8, mode="r", offset=header_bytes, shape=(n_rows, row_bytes))
    for at, width in columns:
        values = np.unique(np.ascontiguousarray(rows[:, at : at + width]).view(f"S{width}"))
        yield from (value for value in values.tolist() if not value.isascii())


def _all_decode(texts: Iterable[bytes], codec: str) -> bool:
    """Return whether every text decodes; a last character that the field's width cut is forgiven."""
    decoder = codecs.getincrementaldecoder(codec)
    try:
        for text in texts:
            decoder().decode(text.rstrip(b" "))
    except UnicodeDecodeError:
        return False
    return True


def _codec(declared: str) -> str:
    """Return the Python codec that a ``.cpg`` means, empty where it means none."""
    text = declared.lower().removeprefix("cp").strip()
    if text in {"936", "gbk", "gb2312", "gb18030", "54936"}:
        return "gb18030"
    try:
        return codecs.lookup(text if not text.isdigit() else f"cp{text}").name
    except LookupError:
        return ""


def _remark_on_cpg(declared: str, found: str, *, agrees: bool) -> str:
    if agrees:
        return f"attributes are {found}, as the .cpg says"
    if declared:
        return f"attributes recognised as {found}; the .cpg says {declared}, which is wrong"
    return f"attributes recognised as {found}; there is no .cpg"
