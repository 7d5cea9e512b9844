"""Columns of numbers that are to be added up: whole numbers and decimals stay what they are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers.values import Parsed, clean_text, real_numbers

_WHOLE = r"^-?\d{1,18}$"
_DECIMAL = r"^-?\d{1,18}(\.\d{1,9})?$"
_PRECISION, _PLACES = 38, 9


def exact_numbers(column: pa.ChunkedArray) -> Parsed:
    """Return a column of text as numbers that lose nothing where that can be.

    Parameters
    ----------
    column : pyarrow.ChunkedArray of string, shape (n,)

    Returns
    -------
    Parsed
        int64 where all are whole, decimal128 with as many places as there are (up to 9) where all are plain
        decimals, else float64.

    Examples
    --------
    >>> exact_numbers(pa.chunked_array([["1.10", " 2", "无", None]])).values.to_pylist()
    [Decimal('1.10'), Decimal('2.00'), None, None]
    """
    text = clean_text(column)[0]
    real = real_numbers(text)
    good = pc.if_else(pa.array(real.is_bad), pa.scalar(None, pa.string()), text)
    if _all(good, _WHOLE):
        return Parsed(good.cast(pa.int64()), real.is_bad, real.notes)
    if _all(good, _DECIMAL):
        lengths = pc.utf8_length(pc.replace_substring_regex(good, r"^[^.]*\.?", ""))
        places = min(pc.max(lengths).as_py() or 0, _PLACES)
        return Parsed(good.cast(pa.decimal128(_PRECISION, places)), real.is_bad, real.notes)
    return real


def _all(text: pa.Array, pattern: str) -> bool:
    """Return whether every text that is there matches."""
    return bool(
        np.all(
            pc.fill_null(pc.match_substring_regex(text, pattern), fill_value=True).to_numpy(
                zero_copy_only=False
            )
        )
    )
