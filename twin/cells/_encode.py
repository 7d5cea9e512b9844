"""Kernels of the H3 encoder: face plane, hexagonal lattice, digits.

A point goes to the nearest icosahedron face, is projected gnomonically on its plane, and falls into a hexagon
of the lattice of each resolution; climbing the aperture-7 hierarchy from there yields the digits. Where the
point is closer to a decision boundary than the rounding errors of any implementation, the cell is left 0 and
the caller asks the reference library.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

UNKNOWN = 255
# Bounds on the difference between two double-precision implementations of the projection, rad on the face
# plane. Each stage rounds to a few 1e-16; those that go through acos lose another 1e-16 / r near the face
# centre. The largest difference from h3 4.5 seen on cell boundaries is 3e-15.
ROUNDING = 1e-13
ROUNDING_AT_CENTRE = 1e-14
FACE_TIE = 1e-13  # difference of cosines to two face centres
LOW_BITS = np.uint64(0o111111111111111)  # lowest bit of each of the fifteen digits
LOW_PAIRS = np.uint64(0o333333333333333)
# Digit of a child at odd and even resolutions, and its offset along the axis that is not divided, by the
# remainder (-3..3) of the climbing numerator.
ODD_DIGIT = np.array([1, 5, 3, 0, 4, 2, 6], np.int64)
EVEN_DIGIT = np.array([1, 3, 5, 0, 2, 4, 6], np.int64)
OFFSET = np.array([-1, -1, 0, 0, 0, 1, 1], np.int64)
# Rounded division by 7 as a product: exact while 0 <= dividend < 2**32 / 3. Numerators stay below
# 6 * 7**7.5 < LIFT.
RECIPROCAL_OF_7 = (1 << 32) // 7 + 1
LIFT = 1 << 26


@njit(cache=True, nogil=True, inline="always")
def _nearest_face(x: float, y: float, z: float, frames: NDArray[np.float64]) -> tuple[int, float]:
    """Return the face whose centre is nearest to the unit vector and its lead over the second, in cosine."""
    face = 0
    best = -2.0
    second = -2.0
    for candidate in range(frames.shape[0]):
        cosine = x * frames[candidate, 0] + y * frames[candidate, 1] + z * frames[candidate, 2]
        if cosine > best:
            second = best
            best = cosine
            face = candidate
        elif cosine > second:
            second = cosine
    return face, best - second


@njit(cache=True, nogil=True)
def _turned(digits: np.uint64, turn: int) -> np.uint64:
    """Return digits turned counter-clockwise by ``turn`` sixths (a third rotates bits, a half flips them)."""
    if turn & 1:
        used = (digits | (digits >> np.uint64(1)) | (digits >> np.uint64(2))) & LOW_BITS
        digits ^= used * np.uint64(7)
        turn += 3
    turn %= 6
    if turn == 2:
        digits = ((digits >> np.uint64(1)) & LOW_PAIRS) | ((digits & LOW_BITS) << np.uint64(2))
    elif turn == 4:
        digits = ((digits & LOW_PAIRS) << np.uint64(1)) | ((digits >> np.uint64(2)) & LOW_BITS)
    return digits


@njit(cache=True, nogil=True, inline="always")
def _climb(a: int, b: int, resolution: int) -> tuple[int, int, int, int]:
    """Return digits, leading non-zero digit and resolution-0 axial position of the lattice hexagon (a, b).

    A parent is the child's position divided by (2 + w) or its mirror, rounded; the remainder names the child.
    """
    digits = 0
    lead = 0
    for level in range(resolution, 0, -1):
        numerator = a + 2 * b if level & 1 else 2 * a + b
        parent = (((numerator + 3 + 7 * LIFT) * RECIPROCAL_OF_7) >> 32) - LIFT
        remainder = numerator - 7 * parent + 3
        if level & 1:
            digit = ODD_DIGIT[remainder]
            a, b = 3 * parent - (b - OFFSET[remainder]), parent
        else:
            digit = EVEN_DIGIT[remainder]
            a, b = parent, 3 * parent - (a - OFFSET[remainder])
        digits |= digit << (3 * (15 - level))
        lead = digit or lead
    return digits, lead, a, b


@njit(cache=True, nogil=True, inline="always")
def _hexagon(a: float, b: float) -> tuple[int, int, float]:
    """Return the lattice hexagon that holds axial coordinates, and the half steps to its boundary."""
    i = round(a)
    j = round(b)
    da = a - i
    db = b - j
    across_a = 2.0 * da - db
    across_b = 2.0 * db - da
    if abs(across_a) > abs(across_b):
        if abs(across_a) > 1.0:
            i += 1 if across_a > 0.0 else -1
    elif abs(across_b) > 1.0:
        j += 1 if across_b > 0.0 else -1
    da = a - i
    db = b - j
    margin = 1.0 - max(abs(2.0 * da - db), abs(2.0 * db - da), abs(da + db))
    return i, j, margin


@njit(cache=True, nogil=True)
def encode(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    resolutions: NDArray[np.int64],
    frames: NDArray[np.float64],
    lattices: NDArray[np.float64],
    base_cells: NDArray[np.uint8],
    turns: NDArray[np.uint8],
    cells: NDArray[np.uint64],
) -> int:
    """Write cells (n, k) of points (n,), 0 where in doubt; return the first invalid row or -1.

    Tables are those of ``_icosahedron.Icosahedron``; coordinates are degrees.
    """
    for row in range(lon.shape[0]):
        if not (abs(lon[row]) <= 180.0 and abs(lat[row]) <= 90.0):
            return row
        phi = lat[row] * (math.pi / 180.0)
        lam = lon[row] * (math.pi / 180.0)
        cos_phi = math.cos(phi)
        x = math.cos(lam) * cos_phi
        y = math.sin(lam) * cos_phi
        z = math.sin(phi)
        face, lead_over_second = _nearest_face(x, y, z, frames)
        frame = frames[face]
        height = x * frame[0] + y * frame[1] + z * frame[2]
        u = (x * frame[3] + y * frame[4] + z * frame[5]) / height
        v = (x * frame[6] + y * frame[7] + z * frame[8]) / height
        doubt = ROUNDING + ROUNDING_AT_CENTRE / (math.sqrt(u * u + v * v) + 1e-300)
        for k in range(resolutions.shape[0]):
            resolution = resolutions[k]
            lattice = lattices[resolution]
            i, j, margin = _hexagon(lattice[0] * u + lattice[1] * v, lattice[2] * u + lattice[3] * v)
            cells[row, k] = np.uint64(0)
            if margin < 2.0 * doubt * lattice[4] or lead_over_second < FACE_TIE:
                continue
            digits, lead, i, j = _climb(i, j, resolution)
            turn = turns[face, i + 2, j + 2, lead]
            base_cell = base_cells[face, i + 2, j + 2]
            if turn == UNKNOWN or base_cell == UNKNOWN:
                continue
            unused = (np.uint64(1) << np.uint64(3 * (15 - resolution))) - np.uint64(1)
            cells[row, k] = (
                np.uint64(1 << 59)
                | (np.uint64(resolution) << np.uint64(52))
                | (np.uint64(base_cell) << np.uint64(45))
                | _turned(np.uint64(digits), turn)
                | unused
            )
    return -1


@njit(cache=True, nogil=True)
def nearest_faces(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    frames: NDArray[np.float64],
    faces: NDArray[np.int64],
) -> None:
    """Write the face (n,) whose centre is nearest to each point; degrees."""
    for row in range(lon.shape[0]):
        phi = lat[row] * (math.pi / 180.0)
        lam = lon[row] * (math.pi / 180.0)
        x = math.cos(lam) * math.cos(phi)
        y = math.sin(lam) * math.cos(phi)
        faces[row] = _nearest_face(x, y, math.sin(phi), frames)[0]


@njit(cache=True, nogil=True)
def turned(digits: NDArray[np.uint64], turn: int) -> NDArray[np.uint64]:
    """Return each row of packed digits turned counter-clockwise by ``turn`` sixths."""
    result = np.empty_like(digits)
    for row in range(digits.shape[0]):
        result[row] = _turned(digits[row], turn)
    return result


@njit(cache=True, nogil=True)
def leading_digits(digits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the coarsest non-zero digit of each row of packed digits, 0 where there is none."""
    result = np.zeros(digits.shape[0], np.int64)
    for row in range(digits.shape[0]):
        for shift in range(42, -1, -3):
            digit = (digits[row] >> np.uint64(shift)) & np.uint64(7)
            if digit:
                result[row] = digit
                break
    return result


@njit(cache=True, nogil=True)
def are_cells(values: NDArray[np.uint64], pentagons: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which 64-bit values are cells; ``pentagons`` (128,) marks the pentagonal base cells."""
    result = np.zeros(values.shape[0], np.bool_)
    for row in range(values.shape[0]):
        value = values[row]
        resolution = (value >> np.uint64(52)) & np.uint64(15)
        base_cell = (value >> np.uint64(45)) & np.uint64(127)
        if value >> np.uint64(56) != 8 or base_cell > 121:
            continue
        lead = np.uint64(0)
        fits = True
        for level in range(1, 16):
            digit = (value >> np.uint64(3 * (15 - level))) & np.uint64(7)
            fits &= (digit == 7) == (level > resolution)
            if lead == 0 and level <= resolution:
                lead = digit
        result[row] = fits and not (pentagons[base_cell] and lead == 1)
    return result
