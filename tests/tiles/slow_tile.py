"""The slow, obvious twin of the tile encoder: one Python loop per feature, ring and byte."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import shapely

from tiles.repair import RaggedRings, repaired
from tiles.rules import LABEL_COLUMNS
from twin.ragged import RaggedGeometry

Point = tuple[int, int]
Parts = list[list[Point]]
KINDS = {"point": 1, "line": 2, "polygon": 3}


def slow_tile(
    name: str,
    geometry: RaggedGeometry,
    ids: Sequence[int],
    properties: Mapping[str, pa.Array],
    tile: tuple[int, int, int],
    vertex_zooms: Sequence[int] | None = None,
    *,
    extent: int = 4096,
    buffer: int = 64,
) -> bytes:
    """Return the tile at full detail, or at the detail of the given vertex zooms."""
    z, x, y = tile
    side = 40 - z
    shift = side - (extent.bit_length() - 1)
    corner = ((x << side) - (1 << 39), (y << side) - (1 << 39))
    frame = np.array([z, *corner, shift, -buffer << shift, (extent + buffer) << shift])
    world = [project(lon, lat) for lon, lat in geometry.coords.tolist()]
    zooms = [0] * len(world) if vertex_zooms is None else list(vertex_zooms)
    drawn: list[tuple[int, Parts]] = []
    broken: list[tuple[int, Parts]] = []
    for row in range(len(geometry)):
        parts = feature_parts(geometry, row, world, zooms, frame)
        if geometry.kind == "polygon":
            rings, is_broken = draw_polygon(parts, frame)
            if is_broken:
                broken.append((row, repair(geometry, row, world, zooms, frame)))
            else:
                drawn.append((row, rings))
        elif geometry.kind == "line":
            drawn.append((row, draw_lines(parts, frame)))
        else:
            drawn.append((row, draw_points(parts, frame)))
    kept = [one for one in drawn + broken if one[1]]
    content = write(name, KINDS[geometry.kind], kept, ids, properties, extent)
    if geometry.kind == "polygon" and "name" in properties:
        half = (1 << shift) >> 1
        inside = np.array([z, *corner, shift, -half, (extent << shift) - half - 1])
        anchors = [project(lon, lat) for lon, lat in geometry.representative_points().tolist()]
        labels = [
            (row, draw_points([[[(anchors[row][0] - corner[0], anchors[row][1] - corner[1])]]], inside))
            for row in range(len(geometry))
            if properties["name"][row].as_py() is not None
        ]
        columns = {key: properties[key] for key in properties if key in LABEL_COLUMNS}
        content += write(name + ".labels", 1, [one for one in labels if one[1]], ids, columns, extent)
    return content


def project(lon: float, lat: float) -> Point:
    x = math.floor(lon / 360.0 * 2.0**40 + 0.5)
    y = math.floor(-math.asinh(math.tan(math.radians(lat))) / (2.0 * math.pi) * 2.0**40 + 0.5)
    return x, y


def feature_parts(
    geometry: RaggedGeometry, row: int, world: list[Point], zooms: list[int], frame: np.ndarray
) -> list[list[list[Point]]]:
    """Return polygons of open rings, or one list of lines or points, relative to the corner."""
    z, cx, cy = (int(value) for value in frame[:3])

    def vertices(start: int, end: int) -> list[Point]:
        return [(world[i][0] - cx, world[i][1] - cy) for i in range(start, end) if zooms[i] <= z]

    if geometry.kind == "point":
        return [[vertices(row, row + 1)]]
    if geometry.kind == "line":
        lines, features = geometry.offsets
        return [[vertices(lines[k], lines[k + 1]) for k in range(features[row], features[row + 1])]]
    rings, polygons, features = geometry.offsets
    return [
        [vertices(rings[r], rings[r + 1] - 1) for r in range(polygons[p], polygons[p + 1])]
        for p in range(features[row], features[row + 1])
    ]


def meet(a0: int, b0: int, a1: int, b1: int, limit: int) -> int:
    (a0, b0), (a1, b1) = sorted([(a0, b0), (a1, b1)])
    return b0 + math.floor((limit - a0) / (a1 - a0) * (b1 - b0) + 0.5)


def clip_ring(ring: list[Point], low: int, high: int) -> list[Point]:
    for axis, limit, sign in ((0, low, -1), (0, high, 1), (1, low, -1), (1, high, 1)):
        out: list[Point] = []
        for last, this in zip(ring[-1:] + ring[:-1], ring, strict=True):
            was_inside, is_inside = sign * last[axis] <= sign * limit, sign * this[axis] <= sign * limit
            if was_inside != is_inside:
                b = meet(last[axis], last[1 - axis], this[axis], this[1 - axis], limit)
                out.append((limit, b) if axis == 0 else (b, limit))
            if is_inside:
                out.append(this)
        ring = out
    return ring


def rounded(points: Iterable[Point], shift: int) -> list[Point]:
    half = (1 << shift) >> 1
    return [((x + half) >> shift, (y + half) >> shift) for x, y in points]


def turn(a: Point, b: Point, c: Point) -> int:
    return (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])


def tidy_ring(ring: list[Point]) -> list[Point]:
    """Return the ring without repeated, spiked or straight vertices, found one at a time from the front."""
    out: list[Point] = []
    for point in ring:
        while len(out) >= 2 and out[-1] != point and turn(out[-2], out[-1], point) == 0:
            out.pop()
        if not out or out[-1] != point:
            out.append(point)
    while len(out) >= 3:
        if out[-1] == out[0] or turn(out[-2], out[-1], out[0]) == 0:
            out.pop()
        elif turn(out[-1], out[0], out[1]) == 0:
            out.pop(0)
        else:
            return out
    return []


def bounds_place(points: list[Point], low: int, high: int) -> str:
    if not points:
        return "outside"
    values = [[point[axis] for point in points] for axis in (0, 1)]
    if any(min(v) > high or max(v) < low for v in values):
        return "outside"
    return "inside" if all(min(v) >= low and max(v) <= high for v in values) else "across"


def area(ring: list[Point]) -> int:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))


def draw_polygon(polygons: list[Parts], frame: np.ndarray) -> tuple[Parts, bool]:
    """Return rings in tile units and whether they need repair."""
    z, shift, low, high = int(frame[0]), int(frame[3]), int(frame[4]), int(frame[5])
    out: list[Parts] = []
    is_met = False
    for polygon in polygons:
        rings: Parts = []
        for i, ring in enumerate(polygon):
            place = bounds_place(ring, low, high)
            clipped = ring if place == "inside" else clip_ring(ring, low, high) if place == "across" else []
            is_met |= bool(clipped)
            tidy = tidy_ring(rounded(clipped, shift))
            if not tidy and i == 0:
                break
            if tidy:
                rings.append(tidy if (area(tidy) > 0) == (i == 0) else tidy[::-1])
        if rings:
            out.append(rings)
    flat = [ring for rings in out for ring in rings]
    if not flat:
        return [], is_met and z >= 14
    return flat, not is_strictly_valid(out)


def is_strictly_valid(polygons: list[Parts]) -> bool:
    """Return whether rings are simple, apart from one another, and nest as shells and holes do."""
    rings = [shapely.LinearRing(ring) for polygon in polygons for ring in polygon]
    if not all(ring.is_valid for ring in rings):
        return False
    if any(a.intersects(b) for a, b in itertools.combinations(rings, 2)):
        return False
    return bool(shapely.MultiPolygon([(polygon[0], polygon[1:]) for polygon in polygons]).is_valid)


def repair(
    geometry: RaggedGeometry, row: int, world: list[Point], zooms: list[int], frame: np.ndarray
) -> Parts:
    """Return what the shapely repair makes of one feature."""
    rings, polygons, features = (np.asarray(level) for level in geometry.offsets)
    own_polygons = polygons[features[row] : features[row + 1] + 1]
    own_rings = rings[own_polygons[0] : own_polygons[-1] + 1]
    span = range(own_rings[0], own_rings[-1])
    shown = np.array([zooms[i] <= frame[0] for i in span])
    xy = np.array([world[i] for i in span])[shown]
    starts = np.concatenate([[0], np.cumsum(shown)])[own_rings - own_rings[0]]
    feature = RaggedRings(xy, starts, own_polygons - own_polygons[0])
    found = repaired(feature, frame, keep_small=bool(frame[0] >= 14))
    return [[(int(x), int(y)) for x, y in ring] for ring in found]


def trim(a: Point, b: Point, low: int, high: int) -> Point | None:
    for axis in (0, 1):
        for limit, sign in ((low, -1), (high, 1)):
            if sign * a[axis] > sign * limit:
                if sign * b[axis] > sign * limit:
                    return None
                other = meet(a[axis], a[1 - axis], b[axis], b[1 - axis], limit)
                a = (limit, other) if axis == 0 else (other, limit)
    return a


def cut_line(line: list[Point], low: int, high: int) -> Parts:
    pieces: Parts = []
    is_open = False
    for start, end in itertools.pairwise(line):
        a = trim(start, end, low, high)
        b = None if a is None else trim(end, a, low, high)
        if a is None or b is None:
            is_open = False
            continue
        if not is_open or a != start:
            pieces.append([a])
        pieces[-1].append(b)
        is_open = b == end
    return pieces


def tidy_line(line: list[Point]) -> list[Point]:
    out: list[Point] = []
    for point in line:
        if out and out[-1] == point:
            continue
        if len(out) >= 2 and turn(out[-2], out[-1], point) == 0:
            (ax, ay), (bx, by) = out[-2:]
            if (bx - ax) * (point[0] - bx) + (by - ay) * (point[1] - by) > 0:
                out.pop()
        out.append(point)
    return out


def draw_lines(polygons: list[Parts], frame: np.ndarray) -> Parts:
    z, shift, low, high = int(frame[0]), int(frame[3]), int(frame[4]), int(frame[5])
    spots: list[Point] = []
    out: Parts = []
    for line in polygons[0]:
        place = bounds_place(line, low, high)
        pieces = [line] if place == "inside" else cut_line(line, low, high) if place == "across" else []
        for piece in pieces:
            units = rounded(piece, shift)
            spots.append(units[0])
            tidy = tidy_line(units)
            if len(tidy) >= 2:
                out.append(tidy)
    if not out and spots and z >= 14:
        x, y = spots[-1]
        return [[(x, y), (x + 1, y)]]
    return out


def draw_points(polygons: list[Parts], frame: np.ndarray) -> Parts:
    low, high = int(frame[4]), int(frame[5])
    inside = [p for p in polygons[0][0] if low <= p[0] <= high and low <= p[1] <= high]
    return [rounded(inside, int(frame[3]))] if inside else []


def varint(number: int) -> bytes:
    out = b""
    while number >= 128:
        out += bytes([number % 128 + 128])
        number //= 128
    return out + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number * 8 + 2) + varint(len(content)) + content


def zigzag(number: int) -> int:
    return 2 * number if number >= 0 else -2 * number - 1


def commands(kind: int, parts: Parts) -> list[int]:
    out: list[int] = []
    x = y = 0
    for part in parts:
        for i, (px, py) in enumerate(part):
            if i == 0:
                out.append(1 + 8 * (len(part) if kind == 1 else 1))
            elif i == 1 and kind != 1:
                out.append(2 + 8 * (len(part) - 1))
            out += [zigzag(px - x), zigzag(py - y)]
            x, y = px, py
        if kind == 3:
            out.append(7 + 8)
    return out


def value_message(value: object) -> bytes:
    match value:
        case bool():
            return b"\x38" + varint(int(value))
        case int():
            return b"\x28" + varint(value) if value >= 0 else b"\x30" + varint(zigzag(value))
        case float():
            with np.errstate(over="ignore"):
                single = np.float32(value)
            return (
                b"\x15" + single.tobytes() if float(single) == value else b"\x19" + struct.pack("<d", value)
            )
        case str():
            return field(1, value.encode())
    raise TypeError(value)


def write(
    name: str,
    kind: int,
    drawn: list[tuple[int, Parts]],
    ids: Sequence[int],
    properties: Mapping[str, pa.Array],
    extent: int,
) -> bytes:
    if not drawn:
        return b""
    columns = {key: values.to_pylist() for key, values in properties.items()}
    numbers: dict[tuple[str, object], int] = {}
    out = field(1, name.encode())
    for row, parts in drawn:
        tags: list[int] = []
        for key, values in enumerate(columns.values()):
            value = values[row]
            if value is None or value != value:  # null or NaN
                continue
            tags += [key, numbers.setdefault((str(key), value), len(numbers))]
        message = b"\x08" + varint(int(ids[row]))
        if tags:
            message += field(2, b"".join(map(varint, tags)))
        message += b"\x18" + bytes([kind]) + field(4, b"".join(map(varint, commands(kind, parts))))
        out += field(2, message)
    out += b"".join(field(3, key.encode()) for key in columns)
    out += b"".join(field(4, value_message(value)) for _, value in numbers)
    return field(3, out + b"\x28" + varint(extent) + b"\x78\x02")
