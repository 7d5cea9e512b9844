"""Whole numbers in paths and parameters: ids, limits, cursors."""

from __future__ import annotations

from twin.errors import InvalidQueryError, UnknownFeatureError

_MAX_DIGITS = 16
"""As many as 2^53 has, beyond which no feature id lies."""


def parse_whole(text: str, name: str, low: int, high: int) -> int:
    """Return a whole number of a parameter.

    Parameters
    ----------
    text : str
        What came.
    name : str
        Of the parameter, for the message.
    low, high : int
        Bounds, both allowed, >= 0.

    Returns
    -------
    int

    Raises
    ------
    InvalidQueryError
        If it is none within the bounds.

    Examples
    --------
    >>> parse_whole("250", "limit", 1, 10_000)
    250
    """
    if not (_is_whole(text) and low <= int(text) <= high):
        raise InvalidQueryError(f"{name}={text[:40]!r} is not a whole number from {low:,} to {high:,}")
    return int(text)


def parse_feature_id(text: str, of: str) -> int:
    """Return the feature id in a path.

    Parameters
    ----------
    text : str
        What came.
    of : str
        What is looked for, for the message.

    Returns
    -------
    int

    Raises
    ------
    UnknownFeatureError
        If nothing can have this id.

    Examples
    --------
    >>> parse_feature_id("17", "address")
    17
    """
    if not _is_whole(text):
        raise UnknownFeatureError(f"there is no {of} {text[:40]!r}; ids are whole numbers")
    return int(text)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
