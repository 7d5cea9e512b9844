"""Style of roads and railways: casing, fill, tunnels below, bridges above, names along them."""

from __future__ import annotations

from tiles.palette import Palette
from tiles.style_text import (
    FONT,
    Expression,
    Lang,
    Layers,
    StyleLayer,
    by_class,
    by_zoom,
    name_of,
    text_paint,
)

ROAD_CLASSES: dict[str, tuple[str, ...]] = {
    "trunk": ("motorway", "motorway_link", "trunk", "trunk_link"),
    "primary": ("primary", "primary_link"),
    "secondary": ("secondary", "secondary_link"),
    "tertiary": ("tertiary", "tertiary_link"),
    "street": ("unclassified", "residential", "living_street", "road", "busway"),
    "lane": ("service", "pedestrian"),
}
"""Road classes by the group they are drawn in, the widest first; all others are paths."""

_ALL = [one for classes in ROAD_CLASSES.values() for one in classes]
_ZOOMS = (6, 9, 11, 13, 15, 17, 19)
_WIDTHS_PX = {
    "trunk": (0.7, 1.3, 2.2, 4.0, 8.0, 19.0, 42.0),
    "primary": (0.5, 1.0, 1.8, 3.3, 7.0, 17.0, 38.0),
    "secondary": (0.4, 0.8, 1.3, 2.5, 5.6, 14.0, 32.0),
    "tertiary": (0.3, 0.6, 0.9, 1.9, 4.6, 12.0, 28.0),
    "street": (0.2, 0.4, 0.6, 1.2, 3.4, 10.0, 24.0),
    "lane": (0.1, 0.2, 0.3, 0.7, 1.9, 5.5, 14.0),
}
_CASING_PX = (0.0, 0.0, 0.35, 0.55, 0.8, 1.0, 1.2)
_IS_ROAD: Expression = ["match", ["get", "class"], _ALL, True, False]
_IS_PATH: Expression = ["!", _IS_ROAD]
_IS_TUNNEL: Expression = ["all", ["has", "tunnel"], ["!=", ["get", "tunnel"], "no"]]
_IS_BRIDGE: Expression = ["all", ["has", "bridge"], ["!=", ["get", "bridge"], "no"]]
_ON_GROUND: Expression = ["all", ["!", _IS_TUNNEL], ["!", _IS_BRIDGE]]
_ROUND = {"line-cap": "round", "line-join": "round"}


def road_layers(palette: Palette, lang: Lang) -> dict[str, Layers]:
    """Return the style layers of roads and railways, by drawing step.

    Parameters
    ----------
    palette : Palette
        Colours.
    lang : {"zh", "en"}
        Language of the names.

    Returns
    -------
    dict of str to list of dict
    """
    return {
        "tunnels": _tunnels(palette),
        "railways": _railways(palette),
        "roads": _roads(palette),
        "road names": _names(palette, lang),
    }


def _width(*, casing: bool) -> Expression:
    """Return the width of a road, or of what shows of its casing on both sides of it, by zoom and class."""
    stops: dict[float, object] = {}
    for place, zoom in enumerate(_ZOOMS):
        edge = 2 * _CASING_PX[place] if casing else 0.0
        by_group = {ROAD_CLASSES[name]: round(widths[place] + edge, 2) for name, widths in _WIDTHS_PX.items()}
        stops[zoom] = by_class(by_group, 0.5)
    return by_zoom(stops, base=1.4)


def _color(palette: Palette, part: int) -> Expression:
    """Return the fill (0) or casing (1) of a road by class."""
    colors = {ROAD_CLASSES[name]: palette.roads[name][part] for name in ROAD_CLASSES}
    return by_class(colors, palette.roads["lane"][part])


def _order() -> Expression:
    """Return the sort key that puts higher levels and wider roads on top."""
    ranks = {classes: len(ROAD_CLASSES) - rank for rank, classes in enumerate(ROAD_CLASSES.values())}
    return ["+", by_class(ranks, 0), ["*", 10, ["coalesce", ["get", "layer"], 0]]]


def _pair(name: str, condition: Expression, palette: Palette, *, cap: str = "round") -> Layers:
    """Return casing and fill of the roads that a condition picks."""
    chosen = ["all", _IS_ROAD, condition]
    layout = {"line-cap": cap, "line-join": "round", "line-sort-key": _order()}
    return [
        {
            "id": f"{name}-casing",
            "type": "line",
            "minzoom": 10,
            "filter": chosen,
            "layout": {**layout, "line-cap": "butt"} if cap == "butt" else layout,
            "paint": {"line-color": _color(palette, 1), "line-width": _width(casing=True)},
        },
        {
            "id": name,
            "type": "line",
            "filter": chosen,
            "layout": {**layout, "line-cap": "round"},
            "paint": {"line-color": _color(palette, 0), "line-width": _width(casing=False)},
        },
    ]


def _tunnels(palette: Palette) -> Layers:
    """Return roads under ground: pale, with a dashed casing."""
    casing, fill = _pair("road-tunnel", _IS_TUNNEL, palette, cap="butt")
    casing["paint"] = {
        "line-color": _color(palette, 1),
        "line-width": _width(casing=True),
        "line-dasharray": [1.2, 0.8],
    }
    fill["paint"] = {"line-color": palette.tunnel, "line-width": _width(casing=False)}
    return [casing, fill]


def _roads(palette: Palette) -> Layers:
    """Return paths, roads on the ground, and bridges above them."""
    path: StyleLayer = {
        "id": "path",
        "type": "line",
        "minzoom": 14,
        "filter": ["all", _IS_PATH, ["!", _IS_TUNNEL]],
        "layout": {"line-join": "round"},
        "paint": {
            "line-color": palette.path,
            "line-width": by_zoom({14: 0.6, 16: 1.2, 19: 3}),
            "line-dasharray": [2.5, 1.5],
        },
    }
    ground = _pair("road", _ON_GROUND, palette)
    bridge = _pair("road-bridge", _IS_BRIDGE, palette, cap="butt")
    return [path, *ground, *bridge]


def _railways(palette: Palette) -> Layers:
    """Return railways as a band with ties; those under ground thin and dashed."""
    under: Expression = ["any", _IS_TUNNEL, ["==", ["get", "class"], "subway"]]
    return [
        {
            "id": "rail-under",
            "type": "line",
            "filter": under,
            "paint": {
                "line-color": palette.rail,
                "line-width": by_zoom({10: 0.6, 16: 1.6}),
                "line-opacity": 0.6,
                "line-dasharray": [4, 3],
            },
        },
        {
            "id": "rail",
            "type": "line",
            "filter": ["!", under],
            "layout": {"line-join": "round"},
            "paint": {"line-color": palette.rail, "line-width": by_zoom({8: 0.6, 13: 1.8, 16: 3.4, 19: 7})},
        },
        {
            "id": "rail-ties",
            "type": "line",
            "minzoom": 13,
            "filter": ["!", under],
            "paint": {
                "line-color": palette.rail_gap,
                "line-width": by_zoom({13: 0.9, 16: 2, 19: 4.6}),
                "line-dasharray": [6, 6],
            },
        },
    ]


def _names(palette: Palette, lang: Lang) -> Layers:
    """Return road names along the roads, the wider roads first."""
    major = [one for name in ("trunk", "primary", "secondary") for one in ROAD_CLASSES[name]]
    ranks = {classes: rank for rank, classes in enumerate(ROAD_CLASSES.values())}
    shared: dict[str, object] = {
        "symbol-placement": "line",
        "symbol-spacing": 320,
        "symbol-sort-key": by_class(ranks, 9),
        "text-field": name_of(lang),
        "text-font": FONT,
        "text-max-angle": 35,
        "text-padding": 6,
        "text-letter-spacing": 0.06,
    }
    is_major: Expression = ["match", ["get", "class"], major, True, False]
    is_tertiary: Expression = ["match", ["get", "class"], list(ROAD_CLASSES["tertiary"]), True, False]
    paint = text_paint(palette.text_minor, palette, width=1.6)
    return [
        {
            "id": f"road-name-{name}",
            "type": "symbol",
            "minzoom": min_zoom,
            "filter": ["all", ["has", "name"], condition],
            "layout": {**shared, "text-size": size},
            "paint": paint,
        }
        for name, min_zoom, condition, size in (
            ("minor", 15.3, ["all", ["!", is_major], ["!", is_tertiary]], by_zoom({15: 10, 18: 13})),
            ("tertiary", 14, is_tertiary, by_zoom({14: 10, 18: 14})),
            ("major", 12, is_major, by_zoom({12: 10, 15: 12.5, 18: 15})),
        )
    ]
