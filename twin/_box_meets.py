"""Which lines and polygons meet a closed box: exact where float64 can tell, said where it cannot."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

NO, YES, DOUBTFUL = 0, 1, 2
# Shewchuk (1997), "Adaptive Precision Floating-Point Arithmetic": (3 + 16 e) e, orient2d bound A, e = 2**-53.
_ORIENT_ERROR = 3.3306690738754716e-16


@njit(cache=True, nogil=True)
def _side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return on which side of a -> b a point lies: 1 left, -1 right, 0 on it, 2 where rounding may decide."""
    left, right = (ax - px) * (by - py), (ay - py) * (bx - px)
    bound = _ORIENT_ERROR * (abs(left) + abs(right))
    if left - right > bound:
        return 1
    if right - left > bound:
        return -1
    return 0 if left == 0.0 and right == 0.0 else 2


@njit(cache=True, nogil=True)
def _segment_meets(ax: float, ay: float, bx: float, by: float, box: tuple[float, float, float, float]) -> int:
    """Return whether a segment meets the box, by separating axes: x, y and the segment's normal."""
    xmin, ymin, xmax, ymax = box
    if max(ax, bx) < xmin or min(ax, bx) > xmax or max(ay, by) < ymin or min(ay, by) > ymax:
        return NO
    if (xmin <= ax <= xmax and ymin <= ay <= ymax) or (xmin <= bx <= xmax and ymin <= by <= ymax):
        return YES
    n_left = n_right = n_doubtful = 0
    for corner in range(4):
        side = _side(ax, ay, bx, by, xmin if corner & 1 else xmax, ymin if corner & 2 else ymax)
        if side == 0:
            return YES
        n_left += side == 1
        n_right += side == -1
        n_doubtful += side == 2
    if n_left and n_right:
        return YES
    return DOUBTFUL if n_doubtful else NO


@njit(cache=True, nogil=True)
def _path_meets(
    coords: NDArray[np.float64], first: int, end: int, box: tuple[float, float, float, float]
) -> int:
    """Return whether a run of vertices meets the box."""
    verdict = NO
    for i in range(first, end - 1):
        meets = _segment_meets(coords[i, 0], coords[i, 1], coords[i + 1, 0], coords[i + 1, 1], box)
        if meets == YES:
            return YES
        verdict = max(verdict, meets)
    return verdict


@njit(cache=True, nogil=True)
def _crossings(coords: NDArray[np.float64], first: int, end: int, px: float, py: float) -> int:
    """Return how often a ring crosses the ray east of a point that is not on it; -1 where in doubt."""
    n_crossed = 0
    for i in range(first, end - 1):
        ax, ay, bx, by = coords[i, 0], coords[i, 1], coords[i + 1, 0], coords[i + 1, 1]
        if (ay > py) == (by > py) or max(ax, bx) < px:
            continue
        side = _side(ax, ay, bx, by, px, py)
        if side == 2:
            return -1
        n_crossed += (side == 1) == (by > ay)
    return n_crossed


@njit(cache=True, nogil=True)
def lines_meet(
    coords: NDArray[np.float64],
    parts: NDArray[np.int64],
    features: NDArray[np.int64],
    rows: NDArray[np.int64],
    box: tuple[float, float, float, float],
) -> NDArray[np.uint8]:
    """Return NO, YES or DOUBTFUL for each of these (multi-)lines."""
    verdicts = np.zeros(len(rows), np.uint8)
    for k in range(len(rows)):
        for part in range(features[rows[k]], features[rows[k] + 1]):
            meets = _path_meets(coords, parts[part], parts[part + 1], box)
            verdicts[k] = max(verdicts[k], meets) if verdicts[k] != YES and meets != YES else YES
    return verdicts


@njit(cache=True, nogil=True)
def polygons_meet(
    coords: NDArray[np.float64],
    rings: NDArray[np.int64],
    polygons: NDArray[np.int64],
    features: NDArray[np.int64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    rows: NDArray[np.int64],
    box: tuple[float, float, float, float],
) -> NDArray[np.uint8]:
    """Return NO, YES or DOUBTFUL for each of these valid (multi-)polygons.

    Where no edge meets the box, the box lies wholly inside or wholly outside: its corner is asked.
    """
    verdicts = np.zeros(len(rows), np.uint8)
    for k in range(len(rows)):
        row = rows[k]
        if (
            bounds[0][row] >= box[0]
            and bounds[1][row] >= box[1]
            and bounds[2][row] <= box[2]
            and bounds[3][row] <= box[3]
        ):
            verdicts[k] = YES
            continue
        first, end = polygons[features[row]], polygons[features[row + 1]]
        verdict, n_crossed = NO, 0
        for ring in range(first, end):
            meets = _path_meets(coords, rings[ring], rings[ring + 1], box)
            if meets == YES:
                verdict = YES
                break
            verdict = max(verdict, meets)
        if verdict == NO:
            for ring in range(first, end):
                crossed = _crossings(coords, rings[ring], rings[ring + 1], box[0], box[1])
                if crossed < 0:
                    verdict = DOUBTFUL
                    break
                n_crossed += crossed
            if verdict == NO and n_crossed % 2:
                verdict = YES
        verdicts[k] = verdict
    return verdicts
