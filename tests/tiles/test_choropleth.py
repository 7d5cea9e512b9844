"""Areas are coloured by class, the legend says which, and no font of the machine is needed."""

from __future__ import annotations

import io

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tiles.choropleth import COLOURS, NO_VALUE, Caption, choropleth, class_edges, class_of
from twin.errors import InvalidQueryError

SQUARES = shapely.box(120.0 + np.arange(6) * 0.1, 28.8, 120.1 + np.arange(6) * 0.1, 28.9)
VALUES = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def coloured(png: bytes) -> list[str]:
    """Return the colour in the middle of each square, from the west: the map is 6 squares wide."""
    image = picture(png)
    width, height = image.size
    # The axes span 0.02-0.74 of the width and 0.07-0.92 of the height, from below.
    row = round(height * (1 - (0.07 + 0.85 / 2)))
    columns = [round(width * (0.02 + 0.72 * (place + 0.5) / 6)) for place in range(6)]
    return ["#{:02x}{:02x}{:02x}".format(*image.getpixel((column, row))) for column in columns]


def test_each_area_has_the_colour_of_its_class() -> None:
    png = choropleth(SQUARES, VALUES, Caption("title"))
    assert coloured(png) == [*COLOURS, NO_VALUE]


def test_equal_classes_leave_empty_ones_between() -> None:
    values = np.array([0.0, 1.0, 2.0, 3.0, 100.0, np.nan])
    png = choropleth(SQUARES, values, Caption("title"), scheme="equal")
    assert coloured(png) == [*[COLOURS[0]] * 4, COLOURS[-1], NO_VALUE]


def test_quantile_classes_are_those_of_numpy() -> None:
    values = np.random.default_rng(1).gamma(1.0, 50.0, 501)
    edges = class_edges(values)
    np.testing.assert_array_equal(edges, np.quantile(values, [0, 0.2, 0.4, 0.6, 0.8, 1.0]))
    counts = np.bincount(class_of(values, edges))
    assert counts.sum() == 501
    assert counts.max() - counts.min() <= 1


def test_class_holds_its_upper_bound() -> None:
    edges = np.array([0.0, 2.0, 4.0])
    assert class_of(np.array([0.0, 2.0, 2.5, 4.0, np.nan]), edges).tolist() == [0, 0, 1, 1, -1]


def test_many_equal_values_make_fewer_classes() -> None:
    values = np.array([0.0] * 90 + [7.0] * 10)
    assert class_edges(values).tolist() == [0.0, 0.0, 7.0]
    assert class_edges(np.full(4, 3.0)).tolist() == [3.0, 3.0]
    assert len(class_edges(np.array([np.nan]))) == 0


def test_least_value_is_a_class_of_its_own_where_it_would_fill_one() -> None:
    """60 of 100 areas have nothing; of the other 40, with 1 to 40, a quarter is in each further class."""
    values = np.array([0.0] * 60 + [*range(1, 41)])
    edges = class_edges(values)
    assert np.bincount(class_of(values, edges)).tolist() == [60, 10, 10, 10, 10]
    assert set(class_of(np.zeros(3), edges).tolist()) == {0}
    half = class_edges(np.array([0.0] * 10 + [*range(1, 91)]))
    assert half[:2].tolist() == [0.0, 0.0], "no incident is not few incidents"
    few = np.array([0.0, *range(1, 100)])
    np.testing.assert_array_equal(class_edges(few), np.floor(np.quantile(few, [0, 0.2, 0.4, 0.6, 0.8, 1.0])))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 5))
def test_classes_are_filled_in_order_and_bounded_by_whole_numbers_of_whole_numbers(
    counts: list[int], n_classes: int
) -> None:
    values = np.array(counts, np.float64)
    edges = class_edges(values, n_classes)
    classes = class_of(values, edges)
    assert 0 < len(edges) - 1 <= n_classes
    assert (edges == np.floor(edges)).all()
    assert (edges[0], edges[-1]) == (values.min(), values.max())
    assert set(classes.tolist()) == set(range(len(edges) - 1))
    assert (np.diff(classes[np.argsort(values, kind="stable")]) >= 0).all()
    if (values == values.min()).mean() > 1 / n_classes and n_classes > 1:
        assert set(values[classes == 0].tolist()) == {values.min()}


def test_hole_of_an_area_shows_the_ground() -> None:
    outer, inner = shapely.box(120.0, 28.8, 120.6, 28.9), shapely.box(120.2, 28.81, 120.4, 28.89)
    png = choropleth(np.array([shapely.difference(outer, inner)]), np.array([5.0]), Caption("title"))
    assert [one == "#ffffff" for one in coloured(png)] == [False, False, True, True, False, False]


@pytest.mark.parametrize("fonts", [(), ("no such font",)])
def test_picture_without_a_chinese_font_leaves_out_what_it_cannot_write(fonts: tuple[str, ...]) -> None:
    png = choropleth(SQUARES, VALUES, Caption("丽州市 energy", "万 kWh", 17), fonts=fonts)
    assert coloured(png) == [*COLOURS, NO_VALUE]


def test_words_and_number_of_rows_without_area_change_the_picture() -> None:
    plain = choropleth(SQUARES, VALUES, Caption("title"))
    assert choropleth(SQUARES, VALUES, Caption("title")) == plain
    for caption in (
        Caption("other"),
        Caption("title", "kWh"),
        Caption("title", n_unplaced=3),
        Caption("title", n_unplaced=None),
    ):
        assert choropleth(SQUARES, VALUES, caption) != plain


def test_no_areas_missing_shapes_and_no_values_still_make_a_picture() -> None:
    nothing = np.empty(0, dtype=object)
    assert picture(choropleth(nothing, np.empty(0), Caption("empty"))).size == (1500, 1200)
    shapes = np.array([None, SQUARES[0]], dtype=object)
    assert choropleth(shapes, np.array([1.0, np.nan]), Caption("gaps"))


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(InvalidQueryError, match="areas"):
        choropleth(SQUARES, VALUES[:2], Caption("title"))
    with pytest.raises(InvalidQueryError, match="scheme"):
        class_edges(VALUES, scheme="jenks")  # type: ignore[arg-type]  # what a caller may send
    with pytest.raises(InvalidQueryError, match="classes"):
        class_edges(VALUES, 9)
