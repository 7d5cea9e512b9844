"""Does a tile keep the Mapbox Vector Tile specification? A reader that trusts nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely

from tiles.wire import LENGTH, VARINT, BrokenMessageError, Field, fields_of, varints_of

_VALUE_WIRES = {1: LENGTH, 2: 5, 3: 1, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT}
_LAYER_WIRES = {1: LENGTH, 2: LENGTH, 3: LENGTH, 4: LENGTH, 5: VARINT, 15: VARINT}
_FEATURE_WIRES = {1: VARINT, 2: LENGTH, 3: VARINT, 4: LENGTH}
_MOVE_TO, _LINE_TO, _CLOSE_PATH = 1, 2, 7
_POINT, _LINE, _POLYGON = 1, 2, 3

Version = Literal[1, 2]
Ring = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of the specification: where, and what is wrong.

    Parameters
    ----------
    where : str
        Layer and feature, as far as known.
    what : str
        What came and what was wanted.
    """

    where: str
    what: str


@dataclass(slots=True)
class _Layer:
    """What has been read of a layer."""

    name: str = ""
    version: int | None = None
    features: list[bytes] = field(default_factory=list)
    n_keys: int = 0
    n_values: int = 0


def validate_tile(content: bytes, version: Version = 2) -> tuple[Problem, ...]:
    """Return every breach of the vector tile specification in a tile; none if it is valid.

    Parameters
    ----------
    content : bytes
        Tile as served, not compressed.
    version : {1, 2}
        2 adds what 2.x demands: no ClosePath in lines, polygons with right winding, shells first, no ring
        without area, and geometry that is valid in the sense of OGC simple features.

    Returns
    -------
    tuple of Problem

    Notes
    -----
    Mapbox Vector Tile specification 2.1, sections 4.1-4.4. Unknown fields are breaches too: the specification
    lets readers skip them, but nothing that writes this version makes any.

    Examples
    --------
    >>> validate_tile(b"")
    ()
    >>> validate_tile(bytes.fromhex("1a05780a0a0161"))[0].what
    'version 10 came, 1 or 2 was wanted'
    """
    problems: list[Problem] = []
    names: set[str] = set()
    try:
        for one in fields_of(content):
            if one.number != 3 or one.wire != LENGTH:
                problems.append(
                    Problem("tile", f"field {one.number} of wire type {one.wire} came, layers wanted")
                )
                continue
            layer = _Layer()
            problems += _layer_problems(one.content, layer)
            if layer.name in names:
                problems.append(Problem(f"layer {layer.name!r}", "the name came twice"))
            names.add(layer.name)
            for place, feature in enumerate(layer.features):
                where = f"layer {layer.name!r}, feature {place}"
                problems += [Problem(where, what) for what in _feature_problems(feature, layer, version)]
    except BrokenMessageError as error:
        problems.append(Problem("tile", str(error)))
    return tuple(problems)


def _layer_problems(content: bytes, layer: _Layer) -> Iterator[Problem]:
    """Read a layer; yield what is wrong with it apart from its features."""
    for one in fields_of(content):
        if _LAYER_WIRES.get(one.number) != one.wire:
            yield Problem("layer", f"field {one.number} of wire type {one.wire} is not one of a layer")
        elif one.number == 1:
            layer.name = one.content.decode("utf-8", "replace")
        elif one.number == 2:
            layer.features.append(one.content)
        elif one.number == 3:
            layer.n_keys += 1
        elif one.number == 4:
            layer.n_values += 1
            if what := _value_problem(one.content):
                yield Problem(f"layer {layer.name!r}, value {layer.n_values - 1}", what)
        elif one.number == 15:
            layer.version = one.value
    where = f"layer {layer.name!r}"
    if not layer.name:
        yield Problem("layer", "a layer without name came")
    if layer.version is None:
        yield Problem(where, "no version came")
    elif layer.version not in (1, 2):
        yield Problem(where, f"version {layer.version} came, 1 or 2 was wanted")


def _value_problem(content: bytes) -> str:
    """Return what is wrong with a property value, empty if nothing."""
    fields = list(fields_of(content))
    if len(fields) != 1:
        return f"{len(fields)} values came in one, 1 was wanted"
    if _VALUE_WIRES.get(fields[0].number) != fields[0].wire:
        return f"field {fields[0].number} of wire type {fields[0].wire} is not a kind of value"
    return ""


def _feature_problems(content: bytes, layer: _Layer, version: Version) -> Iterator[str]:
    """Yield what is wrong with a feature."""
    fields: dict[int, Field] = {}
    for one in fields_of(content):
        if _FEATURE_WIRES.get(one.number) != one.wire:
            yield f"field {one.number} of wire type {one.wire} is not one of a feature"
        elif one.number in fields:
            yield f"field {one.number} came twice"
        fields[one.number] = one
    if 2 in fields:
        yield from _tag_problems(varints_of(fields[2].content), layer)
    if 3 not in fields:
        yield "no geometry type came"
        return
    if fields[3].value > _POLYGON:
        yield f"geometry type {fields[3].value} came, 0-3 was wanted"
    if 4 not in fields:
        yield "no geometry came"
        return
    yield from _geometry_problems(fields[3].value, varints_of(fields[4].content), version)


def _tag_problems(tags: list[int], layer: _Layer) -> Iterator[str]:
    """Yield what is wrong with the pairs of key and value numbers."""
    if len(tags) % 2:
        yield f"{len(tags)} tag numbers came, pairs were wanted"
    keys, values = tags[::2], tags[1::2]
    if keys and max(keys) >= layer.n_keys:
        yield f"key {max(keys)} came, the layer has {layer.n_keys}"
    if values and max(values) >= layer.n_values:
        yield f"value {max(values)} came, the layer has {layer.n_values}"
    if len(set(keys)) < len(keys):
        yield "a key came twice"


def _geometry_problems(kind: int, numbers: list[int], version: Version) -> Iterator[str]:
    """Yield what is wrong with the commands, then with the shapes they draw."""
    if kind == 0:
        return  # unknown type: anything may stand here
    try:
        parts = list(_parts_of(kind, numbers, version))
    except BrokenMessageError as error:
        yield str(error)
        return
    if not parts:
        yield "an empty geometry came"
    if kind == _LINE:
        for part in parts:
            if any(a == b for a, b in itertools.pairwise(part)):
                yield "a line with two equal vertices in a row came"
    if kind == _POLYGON and version == 2:
        yield from _polygon_problems(parts)


def _parts_of(kind: int, numbers: list[int], version: Version) -> Iterator[Ring]:
    """Yield points, lines or open rings; raise at the first command that has no place."""
    at = x = y = 0
    part: Ring = []
    expected = {_MOVE_TO}
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command not in expected:
            raise BrokenMessageError(f"command {command} came, one of {sorted(expected)} was wanted")
        _check_count(kind, command, count, len(numbers) - at)
        if command in (_MOVE_TO, _CLOSE_PATH) and part:
            yield part
            part = []
        for _ in range(count if command != _CLOSE_PATH else 0):
            x, y = x + _unzigzag(numbers[at]), y + _unzigzag(numbers[at + 1])
            part.append((x, y))
            at += 2
        expected = _followers(kind, command, version)
    if _MOVE_TO not in expected and kind != _POINT:
        raise BrokenMessageError(f"the geometry ended where one of {sorted(expected)} was wanted")
    if part:
        yield part


def _check_count(kind: int, command: int, count: int, n_left: int) -> None:
    """Refuse a count that the command, the kind of geometry or the numbers left do not allow."""
    if command == _CLOSE_PATH:
        if count != 1:
            raise BrokenMessageError(f"ClosePath of count {count} came, 1 was wanted")
        return
    if not count or 2 * count > n_left:
        raise BrokenMessageError(f"command {command} came with another count than the numbers behind it")
    if command == _MOVE_TO and kind != _POINT and count != 1:
        raise BrokenMessageError(f"MoveTo of count {count} came, 1 was wanted")
    if command == _LINE_TO and kind == _POLYGON and count < 2:
        raise BrokenMessageError(f"a ring of {count + 1} vertices came, 3 were wanted")


def _followers(kind: int, command: int, version: Version) -> set[int]:
    """Return the commands that may come next."""
    if kind == _POINT:
        return set()
    if command == _MOVE_TO:
        return {_LINE_TO}
    if command == _CLOSE_PATH:
        return {_MOVE_TO}
    if kind == _LINE:
        return {_MOVE_TO} if version == 2 else {_MOVE_TO, _CLOSE_PATH}
    return {_CLOSE_PATH}


def _polygon_problems(rings: list[Ring]) -> Iterator[str]:
    """Yield breaches of winding, order and simple-features validity."""
    polygons: list[list[Ring]] = []
    for ring in rings:
        xy = np.array([*ring, ring[0]], np.int64)
        area = int(np.sum(xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1]))
        if area == 0:
            yield "a ring without area came"
            return
        if area > 0:
            polygons.append([ring])
        elif polygons:
            polygons[-1].append(ring)
        else:
            yield "an interior ring came before any exterior one"
            return
    shape = shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in polygons])
    if not shape.is_valid:
        yield f"an invalid polygon came: {shapely.is_valid_reason(shape)}"


def _unzigzag(number: int) -> int:
    """Return the signed number of a zigzag one of 32 bits."""
    number &= 0xFFFFFFFF
    return (number >> 1) ^ -(number & 1)
