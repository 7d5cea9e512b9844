"""Seeded tables of each geometry family, and a scope over them, for the tests of the layer store."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from twin.ragged import Kind
from twin.schema import Field, LayerSchema

WEST, SOUTH = 120.0, 28.8
WIDTH = 0.1  # degrees, about 10 km


def schema_of(kind: Kind) -> LayerSchema:
    return LayerSchema(
        f"{kind}s",
        kind,
        "code",
        fields=(Field("code", is_required=True), Field("floors", "int64"), Field("height_m", "float64")),
    )


def shapes_of(kind: Kind, n: int, seed: int = 5) -> NDArray[np.object_]:
    """Return n shapes of the sample area: every third of several parts, every fifth polygon with a hole."""
    rng = np.random.default_rng(seed)
    centres = np.column_stack([rng.uniform(WEST, WEST + WIDTH, n), rng.uniform(SOUTH, SOUTH + WIDTH, n)])
    centres = np.round(centres, 6)
    if kind == "point":
        return np.asarray(shapely.points(centres))
    if kind == "line":
        return np.array(
            [_line(rng, centre, row % 3 == 0) for row, centre in enumerate(centres)], dtype=object
        )
    return np.array([_polygon(rng, centre, row) for row, centre in enumerate(centres)], dtype=object)


def _line(rng: np.random.Generator, centre: NDArray[np.float64], is_multi: bool) -> shapely.Geometry:
    first = centre + np.cumsum(rng.normal(0.0, 0.001, (int(rng.integers(2, 7)), 2)), axis=0)
    if not is_multi:
        return shapely.LineString(first)
    return shapely.MultiLineString([first, first + rng.normal(0.0, 0.003, 2)])


def _polygon(rng: np.random.Generator, centre: NDArray[np.float64], row: int) -> shapely.Geometry:
    angle = np.linspace(0.0, 2.0 * np.pi, 9, endpoint=False)
    radius = rng.uniform(0.0005, 0.002, (9, 1))
    ring = centre + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    hole = centre + 0.0002 * np.column_stack([np.cos(angle), np.sin(angle)])
    polygon = shapely.Polygon(ring, [hole[::-1]] if row % 5 == 0 else [])
    if row % 3:
        return polygon
    return shapely.MultiPolygon([polygon, shapely.box(*(centre + 0.003), *(centre + 0.004))])


def table_of(shapes: NDArray[np.object_], *, first_code: int = 0) -> pa.Table:
    """Return a layer table of shapes (None: without place) with codes, floors, some of them null, heights."""
    n = len(shapes)
    floors = [None if row % 7 == 0 else row % 6 for row in range(n)]
    return pa.table(
        {
            "code": [f"c{first_code + row}" for row in range(n)],
            "floors": pa.array(floors, pa.int64()),
            "height_m": pa.array([3.1 * row for row in range(n)], pa.float64()),
            "geometry": pa.array(shapely.to_wkb(shapes), pa.binary()),
        }
    )


class Quarters:
    """Divides the sample area into divisions 11, 12 (south), 21, 22 (north): a slow AreaSource."""

    tag = "quarters"
    ids = np.array([11, 12, 21, 22])
    boxes = shapely.box(
        WEST + WIDTH * np.array([-9.0, 0.5, -9.0, 0.5]),
        SOUTH + WIDTH * np.array([-9.0, -9.0, 0.5, 0.5]),
        WEST + WIDTH * np.array([0.5, 9.0, 0.5, 9.0]),
        SOUTH + WIDTH * np.array([0.5, 0.5, 9.0, 9.0]),
    )

    def assign(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
        return self.assign_geometries(np.asarray(shapely.points(lon, lat)))

    def assign_geometries(
        self, geometries: NDArray[np.object_]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
        meets = shapely.intersects(geometries[:, None], self.boxes[None, :])
        offsets = np.concatenate([[0], np.cumsum(meets.sum(axis=1))]).astype(np.int32)
        return offsets, np.nonzero(meets)[1].astype(np.int32), self.ids

    def preorder_of(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Number 11, 12, 21, 22 as 1, 2, 3, 4 below the city 0."""
        return np.searchsorted(self.ids, ids).astype(np.int32) + np.int32(1)
