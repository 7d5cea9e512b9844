"""The MapLibre style of a city's own base map, made of whatever layers the city has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tiles.palette import THEMES
from tiles.rules import LABELS
from tiles.style_ground import ground_layers
from tiles.style_names import name_layers
from tiles.style_points import plain_layers, point_layers
from tiles.style_roads import road_layers
from tiles.style_text import Lang, Layers, StyleLayer
from twin.errors import InvalidQueryError

SOURCE_MAX_ZOOM = 16  # tiles of zoom 16 resolve 15 cm: deeper zooms are drawn from them

_DRAWING_ORDER = (
    ("landuse", "landuse"),
    ("water", "water"),
    ("waterways", "waterways"),
    ("buildings", "buildings"),
    ("roads", "tunnels"),
    ("railways", "railways"),
    ("roads", "roads"),
    ("grid", "grid"),
    ("divisions", "divisions"),
    ("buildings", "extrusions"),
    ("addresses", "addresses"),
    ("parts", "parts"),
    ("barriers", "barriers"),
    ("restrictions", "restrictions"),
    ("traffic_signals", "traffic_signals"),
    ("incidents", "incidents"),
    ("buildings", "building names"),
    ("pois", "pois"),
    ("landuse", "green names"),
    ("waterways", "waterway names"),
    ("water", "water names"),
    ("roads", "road names"),
    ("grid", "grid names"),
    ("units", "units"),
    ("facilities", "facilities"),
    ("divisions", "division names"),
)
"""City layer and drawing step, from the ground up; of two labels in one place the later is shown."""


@dataclass(frozen=True, slots=True)
class StyleLayerInfo:
    """What a style needs to know of one city layer.

    Parameters
    ----------
    name : str
        Layer name; also its source and its layer in the tiles.
    geometry : {"point", "line", "polygon", "none"}
        Layers without geometry are left out.
    min_zoom : int
        Lowest zoom that has tiles.
    bbox : tuple of float, optional
        West, south, east, north, degrees; tiles outside are not asked for.
    """

    name: str
    geometry: Literal["point", "line", "polygon", "none"]
    min_zoom: int = 0
    bbox: tuple[float, float, float, float] | None = None


def build_style(
    layers: Sequence[StyleLayerInfo],
    *,
    tiles_url: str,
    theme: str = "day",
    lang: Lang = "zh",
    name: str = "",
    attribution: str = "",
) -> dict[str, object]:
    """Return a MapLibre style that draws these layers as one map.

    No glyphs and no sprite are named: MapLibre GL JS (5.11 and later) then draws all text with the fonts of
    the reader's machine, Chinese included, and asks no server for any.

    Parameters
    ----------
    layers : sequence of StyleLayerInfo
        The city's layers; those the base map does not know are drawn plainly by their geometry.
    tiles_url : str
        Address of a tile with ``{layer}``, ``{z}``, ``{x}`` and ``{y}``.
    theme : {"day", "night"}
        Palette.
    lang : {"zh", "en"}
        Language of labels; English falls back to the local name.
    name : str
        Name of the map.
    attribution : str
        Credit to show on the map.

    Returns
    -------
    dict
        Style of version 8; every layer's source is named like its city layer.

    Raises
    ------
    InvalidQueryError
        If theme or language is unknown.

    Examples
    --------
    >>> style = build_style([StyleLayerInfo("water", "polygon")], tiles_url="/tiles/{layer}/{z}/{x}/{y}.mvt")
    >>> style["sources"]["water"]["tiles"], [layer["id"] for layer in style["layers"]]
    (['/tiles/water/{z}/{x}/{y}.mvt'], ['background', 'water', 'water-name'])
    """
    if theme not in THEMES:
        raise InvalidQueryError(f"theme {theme!r} came, one of {', '.join(THEMES)} was wanted")
    if lang not in ("zh", "en"):
        raise InvalidQueryError(f"lang {lang!r} came, zh or en was wanted")
    palette = THEMES[theme]
    drawn = {layer.name: layer for layer in layers if layer.geometry != "none"}
    steps = (
        ground_layers(palette)
        | road_layers(palette, lang)
        | point_layers(palette, lang)
        | name_layers(palette, lang)
    )
    style_layers: Layers = [
        {"id": "background", "type": "background", "paint": {"background-color": palette.background}}
    ]
    for layer, step in _DRAWING_ORDER:
        if layer in drawn:
            style_layers += [_with_source(one, layer) for one in steps[step]]
    for layer in sorted(drawn.keys() - {known for known, _ in _DRAWING_ORDER}):
        plain = plain_layers(layer, drawn[layer].geometry, palette)
        style_layers += [_with_source(one, layer) for one in plain]
    style: dict[str, object] = {
        "version": 8,
        "name": name or "citytwin",
        "light": {"anchor": "viewport", "color": "#ffffff", "intensity": 0.22, "position": [1.3, 210, 40]},
        "sources": {layer: _source(info, tiles_url, attribution) for layer, info in drawn.items()},
        "layers": style_layers,
    }
    boxes = [info.bbox for info in drawn.values() if info.bbox is not None]
    if boxes:
        style["center"] = [sum(box[i] + box[i + 2] for box in boxes) / 2 / len(boxes) for i in (0, 1)]
        style["zoom"] = 12
    return style


def _source(info: StyleLayerInfo, tiles_url: str, attribution: str) -> dict[str, object]:
    """Return the tile source of one layer."""
    source: dict[str, object] = {
        "type": "vector",
        "tiles": [tiles_url.replace("{layer}", info.name)],
        "minzoom": info.min_zoom,
        "maxzoom": max(SOURCE_MAX_ZOOM, info.min_zoom),
    }
    if info.bbox is not None:
        source["bounds"] = list(info.bbox)
    if attribution:
        source["attribution"] = attribution
    return source


def _with_source(layer: StyleLayer, name: str) -> StyleLayer:
    """Return a style layer that draws from a city layer, or from its label points if it says so."""
    rest = {key: value for key, value in layer.items() if key not in ("id", "type", "of")}
    source_layer = name + LABELS if layer.get("of") == "names" else name
    return {"id": layer["id"], "type": layer["type"], "source": name, "source-layer": source_layer, **rest}
