"""A picture of values by area (分级设色图): classes, legend, title, and how many rows have no area."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.errors import InvalidQueryError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

Scheme = Literal["quantile", "equal"]

COLOURS = ("#eff3ff", "#bdd7e7", "#6baed6", "#3182bd", "#08519c")
"""ColorBrewer's five blues, light to dark (Brewer, Harrower, 2003)."""
NO_VALUE = "#e3e0da"
EDGE = "#8a8a8a"
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans CJK JP",
    "Droid Sans Fallback",
)
"""Looked for in this order; where none is installed, Chinese words are left out of the picture."""
_INCHES, _DPI = (10.0, 8.0), 150
_FIRST_NOT_LATIN = 0x2E80
"""Where the scripts begin that the fonts shipped with matplotlib do not know."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Caption:
    """The words around a picture.

    Parameters
    ----------
    title : str
    unit : str
        Of the values, ``"kWh"``; empty for plain counts.
    n_unplaced : int or None
        Rows that have no area, said below the picture; None where that is not published.
    """

    title: str
    unit: str = ""
    n_unplaced: int | None = 0


def class_edges(values: _Floats, n_classes: int = len(COLOURS), scheme: Scheme = "quantile") -> _Floats:
    """Return the bounds of the classes of some values.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where there is none.
    n_classes : int
        At most; fewer where quantiles fall together. Where the least value fills a class, or zero half of
        one, it is a class of its own, and the others are divided among the rest.
    scheme : {"quantile", "equal"}
        As many areas in each class, or classes of equal width.

    Returns
    -------
    ndarray of float64, shape (k + 1,)
        Ascending; the first is the least value, the last the greatest, and the first two are the same where
        the first class holds that value alone. Quantiles of whole numbers are whole. Empty without values.

    Raises
    ------
    InvalidQueryError
        If the scheme is unknown or there is not one class to fill with a colour each.

    Examples
    --------
    >>> class_edges(np.array([0.0, 1.0, 2.0, 3.0, 100.0]), 2)
    array([  0.,   2., 100.])
    >>> class_edges(np.array([0.0, 1.0, 2.0, 3.0, 100.0]), 2, "equal")
    array([  0.,  50., 100.])
    >>> class_edges(np.array([0.0, 0.0, 0.0, 2.0, 3.0, 9.0]), 3)
    array([0., 0., 3., 9.])
    """
    if scheme not in ("quantile", "equal"):
        raise InvalidQueryError(f"the scheme {scheme!r} came; wanted quantile or equal")
    if not 1 <= n_classes <= len(COLOURS):
        raise InvalidQueryError(f"{n_classes} classes came; wanted 1 to {len(COLOURS)}")
    known = values[np.isfinite(values)]
    if not len(known):
        return np.empty(0)
    if scheme == "equal":
        low, high = float(known.min()), float(known.max())
        edges = np.unique(low + np.linspace(0.0, 1.0, n_classes + 1) * (high - low))
    else:
        edges = _quantiles(known, n_classes)
    return edges if len(edges) > 1 else np.repeat(edges, 2)


def _quantiles(known: _Floats, n_classes: int) -> _Floats:
    """Return the bounds of classes of as many values each, none empty; see :func:`class_edges`."""
    least = known.min()
    uppers = np.quantile(known, np.linspace(0.0, 1.0, n_classes + 1)[1:])
    # The least value fills a class alone; none and few are told apart even where zeros fill but half of one.
    is_many = uppers[0] == least or (least == 0.0 and 2 * n_classes * float((known == 0.0).mean()) >= 1.0)
    if n_classes > 1 and is_many and uppers[-1] > least:
        uppers = np.quantile(known[known > least], np.linspace(0.0, 1.0, n_classes))[1:]
        uppers = np.append(least, uppers)
    if (known == np.floor(known)).all():
        uppers = np.floor(uppers)  # the same classes, with bounds that are values
    uppers = np.unique(uppers)
    is_filled = np.isin(np.arange(len(uppers)), np.searchsorted(uppers, known, side="left"))
    return np.append(least, uppers[is_filled])


def class_of(values: _Floats, edges: _Floats) -> NDArray[np.int64]:
    """Return the class of each value: the first whose upper bound is not below it.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    edges : ndarray of float64, shape (k + 1,)
        As :func:`class_edges` gives them.

    Returns
    -------
    ndarray of int64, shape (n,)
        0 to k - 1; -1 for NaN.
    """
    if not len(edges):
        return np.full(len(values), -1)
    classes = np.searchsorted(edges[1:-1], values, side="left")
    return np.where(np.isfinite(values), classes, -1)


def choropleth(
    geometry: NDArray[np.object_],
    values: _Floats,
    caption: Caption,
    *,
    scheme: Scheme = "quantile",
    fonts: Sequence[str] = CHINESE_FONTS,
) -> bytes:
    """Return a picture of areas coloured by their value.

    Parameters
    ----------
    geometry : ndarray of shapely Polygon or MultiPolygon, shape (n,)
        lon, lat degrees; None is not drawn.
    values : ndarray of float64, shape (n,)
        NaN where there is none, or none is published.
    caption : Caption
    scheme : {"quantile", "equal"}
    fonts : sequence of str
        Fonts with Chinese, the best first.

    Returns
    -------
    bytes
        PNG of 1500 x 1200 pixels. Text that no installed font can write is left out.

    Raises
    ------
    InvalidQueryError
        If the scheme is unknown, or values and areas are not equally many.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if len(geometry) != len(values):
        raise InvalidQueryError(f"{len(values)} values came for {len(geometry)} areas")
    edges = class_edges(values, scheme=scheme)
    classes = class_of(values, edges)
    font = _font(fonts)
    figure = Figure(figsize=_INCHES, dpi=_DPI)
    axes = figure.add_axes((0.02, 0.07, 0.72, 0.85))
    _draw(axes, geometry, classes, _shades(max(len(edges) - 1, 1)))
    axes.set_axis_off()
    words: dict[str, Any] = {"family": font} if font else {}
    figure.text(0.5, 0.95, _written(caption.title, font), ha="center", fontsize=15, **words)
    n_unplaced = "不公布 withheld" if caption.n_unplaced is None else f"{caption.n_unplaced:,}"
    below = f"未落图 could not be placed: {n_unplaced}"
    figure.text(0.04, 0.025, _written(below, font), fontsize=9, **words)
    _legend(axes, edges, caption.unit, font, has_gaps=bool((classes < 0).any()))
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _draw(
    axes: Axes, geometry: NDArray[np.object_], classes: NDArray[np.int64], shades: Sequence[str]
) -> None:
    """Draw the areas, a degree of longitude as long as it is in the middle of them."""
    from matplotlib.collections import PathCollection

    rows = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    paths = [_path(shape) for shape in geometry[rows]]
    colours = [shades[one] if one >= 0 else NO_VALUE for one in classes[rows].tolist()]
    axes.add_collection(PathCollection(paths, facecolors=colours, edgecolors=EDGE, linewidths=0.3))
    if len(rows):
        west, south, east, north = shapely.total_bounds(geometry[rows])
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.set_aspect(1.0 / np.cos(np.radians((south + north) / 2)))


def _path(shape: shapely.Geometry) -> Path:
    """Return a polygon as one path, holes turning the other way."""
    from matplotlib.path import Path

    rings = shapely.get_rings(shapely.get_parts(shapely.orient_polygons(shape)))
    return Path.make_compound_path(*(Path(shapely.get_coordinates(ring), closed=True) for ring in rings))


def _legend(axes: Axes, edges: _Floats, unit: str, font: str, *, has_gaps: bool) -> None:
    """Write beside the map which colour stands for which values."""
    from matplotlib.patches import Patch

    shades = _shades(max(len(edges) - 1, 1))
    # A class holds its upper bound, the first one its lower bound too.
    starts = ["", *["> "] * (len(shades) - 1)]
    entries = [
        Patch(facecolor=shade, edgecolor=EDGE, label=_span(start, low, high))
        for shade, start, low, high in zip(shades, starts, edges[:-1], edges[1:], strict=False)
    ]
    if has_gaps:
        label = _written("无数据或不公布\nno value, or withheld", font)
        entries.append(Patch(facecolor=NO_VALUE, edgecolor=EDGE, label=label))
    words: dict[str, Any] = {"family": font} if font else {}
    title = _written(unit, font) or None
    axes.legend(
        handles=entries,
        loc="lower left",
        bbox_to_anchor=(1.01, 0.0),
        frameon=False,
        alignment="left",
        title=title,
        prop={"size": 9, **words},
        title_fontproperties={"size": 9, **words},
    )


def _shades(n_classes: int) -> tuple[str, ...]:
    """Return as many colours, from the lightest to the darkest."""
    chosen = np.linspace(0, len(COLOURS) - 1, n_classes).round().astype(int) if n_classes > 1 else [2]
    return tuple(COLOURS[place] for place in chosen)


def _span(start: str, low: float, high: float) -> str:
    """Return the values of a class, of one alone itself."""
    return _number(low) if low == high else f"{start}{_number(low)} – {_number(high)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"


def _font(wanted: Sequence[str]) -> str:
    """Return the first of some fonts that is installed, empty where none is."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return next((name for name in wanted if name in installed), "")


def _written(text: str, font: str) -> str:
    """Return what of a text can be written."""
    if font:
        return text
    return "".join(char for char in text if ord(char) < _FIRST_NOT_LATIN).strip()
