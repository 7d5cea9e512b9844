"""The icosahedron under the H3 grid: face frames, lattices and the tables that name base cells.

The twelve pentagons fix the icosahedron, and the aperture-7 construction fixes the lattices. Which base cell
lies where, turned by how much, is learnt by asking a reference encoder about a few thousand points (10 ms).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.cells import _encode

N_FACES = 20
N_RESOLUTIONS = 16
UNKNOWN = 255
# A vertex lies two resolution-0 lattice steps from the face centre, at gnomonic distance 3 - sqrt(5).
STEP_0 = (3.0 - np.sqrt(5.0)) / 2.0
# Odd resolutions are turned by asin(sqrt(3/28)), the angle between a lattice and its aperture-7 parent.
CLASS_3_SIN = np.sqrt(3.0 / 28.0)
CLASS_3_COS = 5.0 / np.sqrt(28.0)
SIDE = 20  # sample points along the side of a face
SAMPLE_RESOLUTION = 5


@dataclass(frozen=True, slots=True)
class Icosahedron:
    """What the encoder kernel needs to know about the H3 grid."""

    frames: NDArray[np.float64]
    """Shape (20, 9): outward normal, first and second axis of each face, unit vectors, right-handed."""
    lattices: NDArray[np.float64]
    """Shape (16, 5): row-major matrix from face plane to axial lattice coordinates, and steps per radian."""
    base_cells: NDArray[np.uint8]
    """Shape (20, 5, 5): base cell at axial position (i - 2, j - 2) of a face; 255 unknown."""
    turns: NDArray[np.uint8]
    """Shape (20, 5, 5, 8): sixth-turns of the digits by leading non-zero digit; 255 unknown."""


def build(
    pentagons: NDArray[np.float64],
    pentagon_faces: Sequence[set[int]],
    encode: Callable[[NDArray[np.float64], NDArray[np.float64], int], NDArray[np.uint64]],
) -> Icosahedron:
    """Return the tables, learnt from the pentagon centres (12, 3), the faces they touch, and an encoder."""
    frames = _frames(pentagons, pentagon_faces)
    lattices = _lattices()
    lon, lat = _samples(pentagons, pentagon_faces)
    slots = np.broadcast_to(np.arange(25, dtype=np.uint8).reshape(5, 5), (N_FACES, 5, 5)).copy()
    no_turns = np.zeros((N_FACES, 5, 5, 8), np.uint8)
    resolutions = np.array([SAMPLE_RESOLUTION])
    raw = np.empty((lon.size, 1), np.uint64)
    faces = np.empty(lon.size, np.int64)
    _encode.encode(lon, lat, resolutions, frames, lattices, slots, no_turns, raw)
    _encode.nearest_faces(lon, lat, frames, faces)
    base_cells, turns = _learn(raw[:, 0], faces, encode(lon, lat, SAMPLE_RESOLUTION))
    return Icosahedron(frames, lattices, base_cells, turns)


def _frames(pentagons: NDArray[np.float64], touches: Sequence[set[int]]) -> NDArray[np.float64]:
    """Return the frame of each face: centre of its three vertices, first axis towards one of them."""
    frames = np.empty((N_FACES, 9))
    for face in range(N_FACES):
        corners = pentagons[[face in faces for faces in touches]]
        normal = corners.sum(axis=0)
        normal /= np.linalg.norm(normal)
        first = corners[0] - normal * (corners[0] @ normal)
        first /= np.linalg.norm(first)
        frames[face] = np.concatenate([normal, first, np.cross(normal, first)])
    return frames


def _lattices() -> NDArray[np.float64]:
    """Return for each resolution the matrix from the face plane to axial coordinates, and its scale."""
    skew = np.array([[1.0, 1.0 / np.sqrt(3.0)], [0.0, 2.0 / np.sqrt(3.0)]])
    turn = np.array([[CLASS_3_COS, CLASS_3_SIN], [-CLASS_3_SIN, CLASS_3_COS]])
    lattices = np.empty((N_RESOLUTIONS, 5))
    for resolution in range(N_RESOLUTIONS):
        scale = np.sqrt(7.0) ** resolution / STEP_0
        matrix = skew @ turn if resolution % 2 else skew
        lattices[resolution] = [*(matrix * scale).ravel(), scale]
    return lattices


def _samples(
    pentagons: NDArray[np.float64], touches: Sequence[set[int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lon, lat of points all over every face, dense enough to meet every base cell and sector."""
    i, j = np.nonzero(np.add.outer(np.arange(SIDE), np.arange(SIDE)) < SIDE)
    spread = np.column_stack([i, j, SIDE - 1 - i - j]) + np.array([0.013, 0.029, 0.021])  # off every symmetry
    # One sector of each pentagon reaches a face only by a sliver beside its edge, 4 % along it.
    along, inward = (
        grid.ravel() for grid in np.meshgrid(np.linspace(0.036, 0.047, 8), [0.0004, 0.0008, 0.0012])
    )
    sliver = np.column_stack([1.0 - along - inward, along, inward])
    slivers = [
        sliver[:, order] for order in ([0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1], [1, 2, 0], [2, 1, 0])
    ]
    weights = np.concatenate([spread, *slivers])
    points = np.concatenate(
        [weights @ pentagons[[face in seen for seen in touches]] for face in range(N_FACES)]
    )
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return np.degrees(np.arctan2(points[:, 1], points[:, 0])), np.degrees(np.arcsin(points[:, 2]))


def _learn(
    raw: NDArray[np.uint64], faces: NDArray[np.int64], known: NDArray[np.uint64]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the base cell and turn tables that take our unturned cells to the known ones."""
    sure = raw != 0
    raw, faces, known = raw[sure], faces[sure], known[sure]
    digits = np.uint64((1 << 45) - 1) ^ np.uint64((1 << 3 * (15 - SAMPLE_RESOLUTION)) - 1)
    slot = ((raw >> np.uint64(45)) & np.uint64(127)).astype(np.int64)
    lead = _encode.leading_digits(raw & digits)
    base_cells = np.full((N_FACES, 25), UNKNOWN, np.uint8)
    base_cells[faces, slot] = (known >> np.uint64(45)) & np.uint64(127)
    turns = np.full((N_FACES, 25, 8), UNKNOWN, np.uint8)
    for turn in range(6):
        fits = _encode.turned(raw & digits, turn) == (known & digits)
        turns[faces[fits], slot[fits], lead[fits]] = turn
    turns[:, :, 0] = 0
    _fill_hexagons(base_cells, turns)
    return base_cells.reshape(N_FACES, 5, 5), turns.reshape(N_FACES, 5, 5, 8)


def _fill_hexagons(base_cells: NDArray[np.uint8], turns: NDArray[np.uint8]) -> None:
    """Spread the one turn of a hexagonal base cell over all leading digits; pentagons are left as learnt."""
    for face, slot in np.argwhere(base_cells != UNKNOWN):
        seen = turns[face, slot, 1:]
        values = np.unique(seen[seen != UNKNOWN])
        at_vertex = slot in (4 * 5 + 2, 2 * 5 + 4, 0)  # axial (2, 0), (0, 2), (-2, -2)
        if values.size == 1 and not at_vertex:
            turns[face, slot, 1:] = values[0]
