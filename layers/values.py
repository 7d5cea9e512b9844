"""Columns of text as offices write them, read as numbers, degrees, moments and truth values at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.schema import FieldType

MOMENT = pa.timestamp("ms", tz="UTC")
BEIJING_OFFSET_S = 8 * 3600
EXACT_WHOLE = 2.0**53
"""Up to here every whole number is exact in float64."""

_FULL_WIDTH = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
_HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F))) + " "
_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_DECIMAL_COMMA = r"^[+-]?\d+,\d+$"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_AXIS = r"[NSEWnsew]|东经|西经|北纬|南纬|东|西|南|北"
_DEGREES = (
    rf"^(?P<before>{_AXIS})?\s*(?P<sign>[+-])?(?P<d>\d{{1,3}}(?:\.\d*)?)"
    r"(?:(?:\s*[°º˚度:]\s*|\s+)(?:(?P<m>\d{1,2}(?:\.\d*)?)"
    r"(?:(?:\s*['′’‘´分:]\s*|\s+)(?:(?P<s>\d{1,2}(?:\.\d*)?)\s*(?:\"|″|”|“|''|′′|’’|秒)?)?)?)?)?"
    rf"\s*(?P<after>{_AXIS})?$"
)
_CLOCK = (
    r"(?:[T\s]*(?P<h>\d{1,2})[:时点](?P<mi>\d{1,2})(?:[:分](?P<s>\d{1,2})?(?:\.(?P<f>\d{1,9}))?秒?)?)?"
    r"\s*(?P<zone>Z|z|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)
_SEPARATED = r"^(?P<y>\d{4})\s*[-/.年]\s*(?P<mo>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?" + _CLOCK
_COMPACT = (
    r"^(?P<y>\d{4})(?P<mo>\d{2})(?P<d>\d{2})(?:T?(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})?)?"
    r"(?P<zone>Z|z|[+-]\d{2}:?\d{2})?$"
)
_UNSEEN = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
"""Controls but tab and line ends, characters without width, and those that turn the direction of writing."""
_TRUE = ("true", "t", "yes", "y", "1", "是", "有", "真")
_FALSE = ("false", "f", "no", "n", "0", "否", "无", "假")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A column in its type, and which of its values could not be read.

    Parameters
    ----------
    values : pyarrow.Array, shape (n,)
        Null where nothing stood and where it could not be read.
    is_bad : ndarray of bool, shape (n,)
        True where something stood that could not be read.
    notes : tuple of str
        How unusual forms were read, without the name of the column.
    """

    values: pa.Array
    is_bad: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def clean_text(column: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.bool_]]:
    r"""Return text without blanks around it and without control characters; nothing is null.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of string, shape (n,)

    Returns
    -------
    text : pyarrow.Array of string, shape (n,)
        Null where only blanks stood.
    had_controls : ndarray of bool, shape (n,)
        Where control characters other than tab and line ends, or others without width, were taken out.

    Examples
    --------
    >>> clean_text(pa.chunked_array([["\u3000 中山路\x07", "  "]]))[0].to_pylist()
    ['中山路', None]
    """
    text = _whole(column)
    had_controls = _mask(pc.match_substring_regex(text, _UNSEEN))
    if had_controls.any():
        text = pc.replace_substring_regex(text, _UNSEEN, "")
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text), had_controls


def reader_of(kind: FieldType) -> Callable[[pa.Array], Parsed]:
    """Return the function that reads text as a declared type.

    Parameters
    ----------
    kind : {"string", "int64", "float64", "bool", "timestamp"}

    Returns
    -------
    callable
        Takes clean text, returns ``Parsed``.
    """
    return {"string": _as_text, "int64": whole_numbers, "float64": real_numbers, "bool": truths}.get(
        kind, moments
    )


def real_numbers(text: pa.Array) -> Parsed:
    """Return numbers; full-width digits, thousands separators and decimal commas are understood.

    A comma is a decimal comma only where some value of the column cannot be read
    with commas as thousands separators.

    Parameters
    ----------
    text : pyarrow.Array of string, shape (n,)
        Clean text.

    Returns
    -------
    Parsed
        float64, finite.

    Examples
    --------
    >>> real_numbers(pa.array(["1,234.5", "１２", "1e3", "三"])).values.to_pylist()
    [1234.5, 12.0, 1000.0, None]
    """
    try:
        return _finite(text, pc.cast(text, pa.float64()), ())
    except pa.ArrowInvalid:
        notes = []
    plain, n_wide = _half_width(text)
    if n_wide:
        notes.append(f"full-width digits read in {n_wide:,} rows")
    plain = pc.replace_substring_regex(plain, "^'", "")  # how spreadsheets mark a number kept as text
    is_thousands = _mask(pc.match_substring_regex(plain, _THOUSANDS))
    has_comma = _mask(pc.match_substring_regex(plain, _DECIMAL_COMMA))
    if (has_comma & ~is_thousands).any():
        plain = pc.if_else(pa.array(has_comma), pc.replace_substring(plain, ",", "."), plain)
        notes.append(f"decimal commas read in {int(has_comma.sum()):,} rows")
    elif is_thousands.any():
        notes.append(f"thousands separators read in {int(is_thousands.sum()):,} rows")
    is_thousands = _mask(pc.match_substring_regex(plain, _THOUSANDS))
    plain = pc.if_else(pa.array(is_thousands), pc.replace_substring(plain, ",", ""), plain)
    is_number = pc.match_substring_regex(plain, f"^{_NUMBER}$")
    numbers = pc.cast(pc.if_else(is_number, plain, pa.scalar(None, pa.string())), pa.float64())
    return _finite(text, numbers, tuple(notes))


def whole_numbers(text: pa.Array) -> Parsed:
    """Return whole numbers; ``3.0`` is one, ``3.5`` is not.

    Parameters
    ----------
    text : pyarrow.Array of string, shape (n,)
        Clean text.

    Returns
    -------
    Parsed
        int64.

    Examples
    --------
    >>> whole_numbers(pa.array(["3", "3.0", "3.5"])).values.to_pylist()
    [3, 3, None]
    """
    try:
        return Parsed(pc.cast(text, pa.int64()), np.zeros(len(text), dtype=bool))
    except pa.ArrowInvalid:
        return whole_of_real(real_numbers(text))


def whole_of_real(numbers: Parsed) -> Parsed:
    """Return real numbers as whole ones; those with a fraction are bad.

    Parameters
    ----------
    numbers : Parsed
        float64.

    Returns
    -------
    Parsed
        int64.
    """
    values = numbers.values.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        is_whole = (np.floor(values) == values) & (np.abs(values) <= EXACT_WHOLE)
    is_bad = numbers.is_bad | (~is_whole & ~np.isnan(values))
    whole = pa.array(np.where(is_whole, values, 0).astype(np.int64), mask=~is_whole)
    return Parsed(whole, is_bad, numbers.notes)


def degrees(text: pa.Array, axis: Literal["lon", "lat"] | None) -> Parsed:
    """Return degrees of one axis: decimal, or degrees, minutes and seconds (度分秒).

    Parameters
    ----------
    text : pyarrow.Array of string, shape (n,)
        Clean text such as ``120.5``, ``120°02′11″``, ``东经120度02分``, ``28.9N``.
    axis : {"lon", "lat"}, optional
        A letter of the other axis makes a value bad; None where the axis is not known.

    Returns
    -------
    Parsed
        float64 degrees, south and west negative. Ranges are not checked: the
        numbers may prove to be metres.

    Examples
    --------
    >>> degrees(pa.array(["120°30′36″", "东经 120.5", "28.9N"]), "lon").values.to_pylist()
    [120.51, 120.5, None]
    """
    decimal = real_numbers(text)
    if not decimal.is_bad.any():
        return decimal
    parts = pc.extract_regex(_half_width(text)[0], _DEGREES)
    d, m, s = (_number_of(parts, name) for name in "dms")
    side = _side(parts)
    wrong_axis = np.isin(side, {"lon": ["N", "S"], "lat": ["E", "W"]}.get(axis or "", []))
    signs = np.where(_mask(pc.equal(_group(parts, "sign"), "-")) ^ np.isin(side, list("SW")), -1.0, 1.0)
    values = signs * (d + m / 60.0 + s / 3600.0)
    is_good = decimal.is_bad & _mask(pc.is_valid(parts)) & ~wrong_axis & (m < 60.0) & (s < 60.0)
    is_good &= ~((m > 0) & (d != np.floor(d))) & ~((s > 0) & (m != np.floor(m)))
    merged = np.where(is_good, values, decimal.values.to_numpy(zero_copy_only=False))
    notes = (*decimal.notes, f"degrees, minutes and seconds read in {int(is_good.sum()):,} rows")
    return Parsed(
        pa.array(merged, from_pandas=True), decimal.is_bad & ~is_good, notes if is_good.any() else ()
    )


def moments(text: pa.Array) -> Parsed:
    """Return points in time; a time without a zone is Beijing time (UTC+8), a date its midnight.

    Parameters
    ----------
    text : pyarrow.Array of string, shape (n,)
        Clean text such as ``2024/1/5``, ``20240105``, ``2024年1月5日 8:30``, ISO 8601.

    Returns
    -------
    Parsed
        timestamp[ms, UTC].

    Examples
    --------
    >>> str(moments(pa.array(["2024年1月5日"])).values[0])
    '2024-01-04 16:00:00+00:00'
    """
    for kind in (pa.timestamp("ms"), MOMENT):
        try:
            values = pc.cast(text, kind)
        except pa.ArrowInvalid:
            continue  # not all in plain ISO 8601, with or without zones throughout
        is_good = np.zeros(len(text), dtype=bool)
        return beijing_moments(values) if kind.tz is None else Parsed(values, is_good)
    return _moments_of_all_forms(text)


def _moments_of_all_forms(text: pa.Array) -> Parsed:
    """Return moments of texts that are not all of one plain form."""
    plain, _ = _half_width(text)
    matches = [pc.extract_regex(plain, pattern) for pattern in (_SEPARATED, _COMPACT)]
    parts = {
        name: pc.coalesce(*(_group(found, name) for found in matches))
        for name in ("y", "mo", "d", "h", "mi", "s", "f", "zone")
    }
    y, mo, d, h, mi, s = (_whole_number(parts[name]) for name in ("y", "mo", "d", "h", "mi", "s"))
    months = ((y - 1970) * 12 + np.clip(mo, 1, 12) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (d - 1)
    is_good = (y > 0) & (mo >= 1) & (mo <= 12) & (d >= 1) & (days.astype("datetime64[M]") == months)
    is_good &= (h <= 23) & (mi <= 59) & (s <= 59)
    milliseconds = _whole_number(pc.utf8_slice_codeunits(pc.utf8_rpad(parts["f"], 3, "0"), 0, 3))
    offset_s, is_zoned = _zone_offset_s(parts["zone"])
    seconds = days.astype("datetime64[s]").astype(np.int64) + h * 3600 + mi * 60 + s - offset_s
    values = pa.array(seconds * 1000 + milliseconds, mask=~is_good).cast(pa.timestamp("ms")).cast(MOMENT)
    n_naive = int((is_good & ~is_zoned).sum())
    notes = (f"{n_naive:,} times without a zone taken as Beijing time (UTC+8)",) if n_naive else ()
    return Parsed(values, ~is_good & _mask(pc.is_valid(text)), notes)


def beijing_moments(naive: pa.Array) -> Parsed:
    """Return dates or times without a zone as moments, taken as Beijing time (UTC+8).

    Parameters
    ----------
    naive : pyarrow.Array of date or timestamp without zone, shape (n,)

    Returns
    -------
    Parsed
        timestamp[ms, UTC].
    """
    wall = pc.cast(naive, pa.timestamp("ms"), safe=False)
    shifted = pc.subtract(wall, pa.scalar(BEIJING_OFFSET_S * 1000, pa.duration("ms")))
    n = len(naive) - naive.null_count
    notes = (f"{n:,} times without a zone taken as Beijing time (UTC+8)",) if n else ()
    return Parsed(shifted.cast(MOMENT), np.zeros(len(naive), dtype=bool), notes)


def truths(text: pa.Array) -> Parsed:
    """Return truth values of words such as 是/否, yes/no, 1/0.

    Parameters
    ----------
    text : pyarrow.Array of string, shape (n,)
        Clean text.

    Returns
    -------
    Parsed
        bool.

    Examples
    --------
    >>> truths(pa.array(["是", "N", "也许"])).values.to_pylist()
    [True, False, None]
    """
    lower = pc.utf8_lower(text)
    is_true, is_false = (pc.is_in(lower, value_set=pa.array(words)) for words in (_TRUE, _FALSE))
    values = pc.if_else(
        is_true, pa.scalar(value=True), pc.if_else(is_false, False, pa.scalar(None, pa.bool_()))
    )
    return Parsed(values, _mask(pc.is_valid(text)) & _mask(pc.is_null(values)))


def _as_text(text: pa.Array) -> Parsed:
    return Parsed(text, np.zeros(len(text), dtype=bool))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array of text."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.cast(array, pa.string())


def _mask(flags: pa.Array) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False)
    return mask


def _finite(text: pa.Array, numbers: pa.Array, notes: tuple[str, ...]) -> Parsed:
    """Return numbers without NaN and infinity; what became null although something stood is bad."""
    numbers = pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))
    return Parsed(numbers, _mask(pc.is_valid(text)) & _mask(pc.is_null(numbers)), notes)


def _half_width(text: pa.Array) -> tuple[pa.Array, int]:
    """Return text with full-width (全角) forms made plain, and in how many rows some stood."""
    n_wide = int(_mask(pc.match_substring_regex(text, "[\uff01-\uff5e\u3000]")).sum())
    if n_wide:
        for wide, plain in zip(_FULL_WIDTH, _HALF_WIDTH, strict=True):
            text = pc.replace_substring(text, wide, plain)
    return text, n_wide


def _group(parts: pa.StructArray, name: str) -> pa.Array:
    """Return one named group of a match, null where it did not take part or is not in the pattern."""
    if parts.type.get_field_index(name) < 0:
        return pa.nulls(len(parts), pa.string())
    group = pc.struct_field(parts, name)
    return pc.if_else(pc.equal(group, ""), pa.scalar(None, pa.string()), group)


def _number_of(parts: pa.StructArray, name: str) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pc.fill_null(pc.cast(_group(parts, name), pa.float64()), 0.0).to_numpy()
    return numbers


def _whole_number(text: pa.Array) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = pc.fill_null(pc.cast(text, pa.int64()), 0).to_numpy()
    return numbers


def _side(parts: pa.StructArray) -> NDArray[np.str_]:
    """Return N, S, E, W or an empty string for each match."""
    words = pc.fill_null(pc.coalesce(_group(parts, "before"), _group(parts, "after")), "")
    letters = pc.utf8_upper(pc.utf8_slice_codeunits(words, 0, 1))
    for chinese, letter in zip("东西南北", "EWSN", strict=True):
        letters = pc.replace_substring(letters, chinese, letter)
    return np.asarray(letters.to_pylist(), dtype=np.str_)


def _zone_offset_s(zone: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return seconds east of UTC, Beijing's where no zone stands, and where one stands."""
    digits = pc.fill_null(pc.replace_substring_regex(zone, "[Zz+:-]", ""), "")
    digits = pc.utf8_rpad(digits, 4, "0")
    hours = _whole_number(pc.utf8_slice_codeunits(digits, 0, 2))
    minutes = _whole_number(pc.utf8_slice_codeunits(digits, 2, 4))
    signs = np.where(_mask(pc.starts_with(zone, "-")), -1, 1)
    is_zoned = _mask(pc.is_valid(zone))
    return np.where(is_zoned, signs * (hours * 3600 + minutes * 60), BEIJING_OFFSET_S), is_zoned
