"""Where the records and fields of a CSV table start and end, by RFC 4180, byte by byte."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

QUOTE, COMMA, NEWLINE, RETURN = 0x22, 0x2C, 0x0A, 0x0D
"""None of them is part of a longer character in UTF-8 or GB18030."""


@njit(cache=True, nogil=True)
def split(
    content: NDArray[np.uint8],
    start: int,
    wanted: NDArray[np.int64],
    ends: NDArray[np.int64],
    counts: NDArray[np.int64],
    bounds: NDArray[np.int64],
) -> int:
    """Find the records of ``content[start:]``; return how many, or minus the one whose quote stays open.

    ``wanted`` (k,) are column numbers. For each record, blank lines left out, ``ends`` (m,) receives
    where its last field ends, ``counts`` (m,) its number of fields, and ``bounds`` (m, k, 2) where each
    wanted field starts and ends, quotes included. Stops after m records.
    """
    n_bytes, at, record = len(content), start, 0
    while at < n_bytes and record < len(ends):
        column = 0
        is_open = True
        first = last = at
        while is_open:
            first = at
            if at < n_bytes and content[at] == QUOTE:
                at += 1
                while at < n_bytes and (content[at] != QUOTE or content[at + 1 : at + 2].sum() == QUOTE):
                    at += 2 if content[at] == QUOTE else 1
                if at >= n_bytes:
                    return -1 - record
            while at < n_bytes and content[at] != COMMA and content[at] != NEWLINE:
                at += 1
            last = at
            is_open = at < n_bytes and content[at] == COMMA
            if not is_open and last > first and content[last - 1] == RETURN:
                last -= 1
            for place in range(len(wanted)):
                if wanted[place] == column:
                    bounds[record, place, 0] = first
                    bounds[record, place, 1] = last
            column += 1
            at += 1
        if column > 1 or last > first:
            ends[record] = last
            counts[record] = column
            record += 1
    return record
