"""Pieces of style expressions that several subjects share: text, classes, widths by zoom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from tiles.palette import Palette

T = TypeVar("T")
Lang = Literal["zh", "en"]
StyleLayer = dict[str, object]
Layers = list[StyleLayer]
Expression = list[object]

# Families the reader's machine may have, by system: macOS, Windows, Linux. The first that exists is used.
_FAMILIES = [
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
]
FONT = _FAMILIES
FONT_STRONG = ["PingFang SC Medium", *_FAMILIES]  # the weight is read off the first name


def name_of(lang: Lang) -> Expression:
    """Return the expression of a feature's name in a language.

    Parameters
    ----------
    lang : {"zh", "en"}
        English falls back to the local name.

    Returns
    -------
    list
    """
    if lang == "en":
        return ["coalesce", ["get", "name_en"], ["get", "name"], ""]
    return ["coalesce", ["get", "name"], ["get", "name_en"], ""]


def by_class(values: Mapping[tuple[str, ...], T], other: object, *, field: str = "class") -> Expression:
    """Return a match expression over the class of a feature.

    Parameters
    ----------
    values : mapping of tuple of str to object
        Value for each group of classes.
    other : object
        Value for all others.
    field : str
        The property that holds the class.

    Returns
    -------
    list

    Examples
    --------
    >>> by_class({("a", "b"): 1}, 0)
    ['match', ['get', 'class'], ['a', 'b'], 1, 0]
    """
    expression: Expression = ["match", ["get", field]]
    for classes, value in values.items():
        expression += [list(classes), value]
    return [*expression, other]


def by_zoom(stops: Mapping[float, T] | Mapping[int, T], *, base: float = 1.0) -> Expression:
    """Return an interpolation over zoom.

    Parameters
    ----------
    stops : mapping of float to object
        Value at each zoom, ascending.
    base : float
        1 grows evenly, 2 doubles with every zoom.

    Returns
    -------
    list

    Examples
    --------
    >>> by_zoom({10: 1, 14: 3})
    ['interpolate', ['linear'], ['zoom'], 10, 1, 14, 3]
    """
    kind: Expression = ["linear"] if base == 1.0 else ["exponential", base]
    return ["interpolate", kind, ["zoom"], *(part for stop in stops.items() for part in stop)]


def text_paint(color: str, palette: Palette, *, width: float = 1.4) -> dict[str, object]:
    """Return the paint of a label with its halo.

    Parameters
    ----------
    color : str
        Of the letters.
    palette : Palette
        Gives the halo.
    width : float
        Of the halo, pixels.

    Returns
    -------
    dict
    """
    return {"text-color": color, "text-halo-color": palette.halo, "text-halo-width": width}


def label(
    name: str,
    text: object,
    sizes_px: Mapping[int, float],
    paint: dict[str, object],
    *,
    min_zoom: float = 0,
    is_on_area: bool = False,
    is_below: bool = False,
    offset_em: float = 0.7,
    layout: Mapping[str, object] | None = None,
) -> StyleLayer:
    """Return a symbol layer of text.

    Parameters
    ----------
    name : str
        Id of the style layer.
    text : expression
        What to write.
    sizes_px : mapping of int to float
        Size at each zoom, pixels.
    paint : dict
        Colours, see `text_paint`.
    min_zoom : float
        Lowest zoom that shows it.
    is_on_area : bool
        Take the label points of a polygon layer.
    is_below : bool
        Stand below the dot on the point, and give way to others.
    offset_em : float
        How far below, in text sizes.
    layout : mapping of str to object, optional
        Further layout properties.

    Returns
    -------
    dict
    """
    below = {"text-anchor": "top", "text-offset": [0, offset_em], "text-optional": True} if is_below else {}
    return {
        "id": name,
        "type": "symbol",
        "of": "names" if is_on_area else "features",
        "minzoom": min_zoom,
        "layout": {
            "text-field": text,
            "text-font": FONT,
            "text-size": by_zoom(sizes_px),
            "text-max-width": 8,
            "text-padding": 4,
            **below,
            **(layout or {}),
        },
        "paint": paint,
    }
