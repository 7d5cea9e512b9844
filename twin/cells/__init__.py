"""H3 cells (六边形网格) as ``uint64`` arrays: cells of points, covers of polygons, neighbours, outlines.

The cell of a point at a resolution is computed from its coordinates at that resolution, never as a parent of
a finer cell: the hierarchy is not nested, and for 6-7 % of points the two differ. Only this package
imports h3.
"""

from twin.cells.covering import Cover, cover
from twin.cells.encoding import are_on_earth, cells_at, cells_of
from twin.cells.hierarchy import are_valid, compact, disk, edge_length_m, parent, resolution_of, uncompact
from twin.cells.shapes import boundaries, centers
from twin.cells.text import from_hex, to_hex

__all__ = [
    "Cover",
    "are_on_earth",
    "are_valid",
    "boundaries",
    "cells_at",
    "cells_of",
    "centers",
    "compact",
    "cover",
    "disk",
    "edge_length_m",
    "from_hex",
    "parent",
    "resolution_of",
    "to_hex",
    "uncompact",
]
