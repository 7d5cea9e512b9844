"""Protobuf messages as fields: just enough to read tiles and to frame them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twin.errors import InvalidTileError

VARINT, FIXED_64, LENGTH, FIXED_32 = 0, 1, 2, 5
_FIXED = {FIXED_64: 8, FIXED_32: 4}
_LONGEST_VARINT = 10


class BrokenMessageError(InvalidTileError):
    """Bytes are not the protobuf message they should be."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Parameters
    ----------
    number, wire : int
        Field number and wire type.
    value : int
        Of a varint.
    content : bytes
        Of the other wire types.
    """

    number: int
    wire: int
    value: int = 0
    content: bytes = b""


def fields_of(content: bytes) -> Iterator[Field]:
    """Yield the fields of a message in order.

    Parameters
    ----------
    content : bytes
        One message.

    Yields
    ------
    Field

    Raises
    ------
    BrokenMessageError
        If the message ends within a field or has a wire type of no meaning.

    Examples
    --------
    >>> [(one.number, one.value) for one in fields_of(bytes.fromhex("08960110ff7f"))]
    [(1, 150), (2, 16383)]
    """
    at = 0
    while at < len(content):
        head, at = _read_varint(content, at)
        number, wire = head >> 3, head & 7
        if wire == VARINT:
            value, at = _read_varint(content, at)
            yield Field(number, wire, value)
            continue
        if wire == LENGTH:
            size, at = _read_varint(content, at)
        elif wire in _FIXED:
            size = _FIXED[wire]
        else:
            raise BrokenMessageError(f"wire type {wire} came at byte {at}, 0, 1, 2 or 5 was wanted")
        if at + size > len(content):
            raise BrokenMessageError(f"field {number} of {size} bytes came with {len(content) - at} left")
        yield Field(number, wire, content=content[at : at + size])
        at += size


def varints_of(content: bytes) -> list[int]:
    """Return packed unsigned numbers.

    Parameters
    ----------
    content : bytes
        Varints one behind the other.

    Returns
    -------
    list of int

    Raises
    ------
    BrokenMessageError
        If the last one does not end.

    Examples
    --------
    >>> varints_of(bytes.fromhex("018001"))
    [1, 128]
    """
    numbers = []
    at = 0
    while at < len(content):
        number, at = _read_varint(content, at)
        numbers.append(number)
    return numbers


def varint(number: int) -> bytes:
    """Return an unsigned number as a varint.

    Parameters
    ----------
    number : int
        At least 0.

    Returns
    -------
    bytes

    Examples
    --------
    >>> varint(150).hex()
    '9601'
    """
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, content: bytes) -> bytes:
    r"""Return a length-delimited field.

    Parameters
    ----------
    number : int
        Field number.
    content : bytes
        What it holds.

    Returns
    -------
    bytes

    Examples
    --------
    >>> field(1, b"roads")
    b'\n\x05roads'
    """
    return varint(number << 3 | LENGTH) + varint(len(content)) + content


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    """Return the number that starts at a byte, and where the next field starts."""
    number = 0
    for shift in range(0, 7 * _LONGEST_VARINT, 7):
        if at >= len(content):
            raise BrokenMessageError(f"a number at byte {at} does not end")
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise BrokenMessageError(f"a number of more than {_LONGEST_VARINT} bytes came at byte {at}")
