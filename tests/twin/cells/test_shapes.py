"""Centres and outlines of cells agree with the h3 library and are valid shapes."""

from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely

from twin.cells import boundaries, cells_of, centers
from twin.errors import InvalidCellError


def random_cells(resolution: int, n: int = 300) -> np.ndarray:
    rng = np.random.default_rng(resolution)
    return cells_of(rng.uniform(-180, 180, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n))), resolution)


@pytest.mark.parametrize("resolution", range(16))
def test_centres_agree_with_h3_and_lie_in_their_cell(resolution: int) -> None:
    cells = random_cells(resolution)
    lon, lat = centers(cells)
    assert list(zip(lat, lon, strict=True)) == [h3.cell_to_latlng(int(cell)) for cell in cells]
    np.testing.assert_array_equal(cells_of(lon, lat, resolution), cells)


@pytest.mark.parametrize("resolution", range(16))
def test_outlines_have_the_corners_of_h3_modulo_whole_turns(resolution: int) -> None:
    cells = random_cells(resolution)
    for cell, polygon in zip(cells.tolist(), boundaries(cells), strict=True):
        want = np.array(h3.cell_to_boundary(cell))
        if cell in (h3.latlng_to_cell(90, 0, resolution), h3.latlng_to_cell(-90, 0, resolution)):
            continue
        got = shapely.get_coordinates(polygon)[:-1]
        np.testing.assert_array_equal(got[:, 1], want[:, 0])
        turns = (got[:, 0] - want[:, 1]) / 360.0
        np.testing.assert_allclose(turns, np.round(turns), atol=1e-15)


def test_outlines_of_the_whole_globe_tile_it() -> None:
    """Including pentagons, the antimeridian and the poles: the planar areas add up to 360 x 180."""
    for resolution in (1, 2, 3):
        cells = h3.uncompact_cells(h3.get_res0_cells(), resolution)
        shapes = boundaries(cells)
        assert shapely.is_valid(shapes).all()
        assert shapely.area(shapes).sum() == pytest.approx(360.0 * 180.0, rel=1e-9)
        assert (shapely.bounds(shapes)[:, 2] - shapely.bounds(shapes)[:, 0] > 180).sum() <= 4


def test_a_cell_across_the_antimeridian_keeps_its_shape() -> None:
    (shape,) = boundaries(cells_of([180.0], [10.0], 5))
    xmin, _, xmax, _ = shape.bounds
    assert xmax - xmin < 0.5
    assert xmax > 180.0 or xmin < -180.0


def test_no_cells_have_no_shapes() -> None:
    assert boundaries(np.empty(0, np.uint64)).shape == (0,)
    assert centers(np.empty(0, np.uint64))[0].shape == (0,)


def test_values_that_are_no_cells_have_no_shape() -> None:
    with pytest.raises(InvalidCellError, match="row 0 is 0x5"):
        boundaries([5])
    with pytest.raises(InvalidCellError, match="row 0 is 0x5"):
        centers([5])
