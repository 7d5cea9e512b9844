"""What of each layer is drawn at which zoom: classes, properties, sizes and caps.

From `FULL_ZOOM` on every feature is drawn with every vertex and property. Below it a feature is drawn once it
is large or important enough, with simplified borders and only the properties that styles need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.schema import LayerSchema

FULL_ZOOM = 14
PIXEL_UNITS = 8  # a 4096-unit tile is drawn 512 pixels wide
TOLERANCE_UNITS = 4  # half a pixel
MIN_AREA_UNITS = 256  # four pixels
MAX_FEATURES_LOW = 20_000  # of one layer in a tile below FULL_ZOOM
MAX_FEATURES = 100_000  # at FULL_ZOOM and above: a guard against memory, not a style

DRAWN_BELOW_FULL_ZOOM = frozenset(
    {"class", "subclass", "kind", "type", "use", "level", "state", "status", "condition", "code", "grid_id"}
    | {
        "name",
        "name_en",
        "bridge",
        "tunnel",
        "layer",
        "oneway",
        "height_m",
        "floors",
        "width_m",
        "cell",
        "count",
    }
)
"""Properties that styles and labels read; the others join at `FULL_ZOOM`."""

LABELS = ".labels"
"""Behind the name of a polygon layer: the layer of points that carry the names of its features."""

LABEL_COLUMNS = frozenset({"name", "name_en", "class", "level", "use"})
"""Properties of a label."""

_NEVER = frozenset({"tags"})  # every remaining OpenStreetMap tag of a way, as JSON: for queries, not for maps


Zooms = Mapping[str, int] | Mapping[int, int]


@dataclass(frozen=True, slots=True)
class LayerRules:
    """Drawing rules of one layer (制图综合规则).

    Parameters
    ----------
    min_zoom : int
        Below it no single feature is drawn; aggregate tiles take over.
    rank_field : str
        The property that ranks features; empty ranks by size.
    zooms : mapping
        Value of the rank field -> lowest zoom that draws it; values not named are drawn
        from ``other_zoom`` on.
    other_zoom : int
        Lowest zoom of features whose value is not named.
    """

    min_zoom: int = 0
    rank_field: str = ""
    zooms: Zooms = field(default_factory=dict)
    other_zoom: int = 0


_ROADS = {
    **dict.fromkeys(("motorway", "motorway_link"), 5),
    "trunk": 6,
    **dict.fromkeys(("trunk_link", "primary"), 8),
    "secondary": 9,
    **dict.fromkeys(("primary_link", "tertiary"), 10),
    "secondary_link": 11,
    **dict.fromkeys(("tertiary_link", "unclassified", "residential"), 12),
    **dict.fromkeys(("living_street", "pedestrian", "busway", "road"), 13),
}
_RAILWAYS = {"rail": 8, "light_rail": 10, "subway": 10, "monorail": 10, "narrow_gauge": 10, "tram": 12}
_WATERWAYS = {"river": 8, "canal": 10, "stream": 12}
_DIVISIONS = {1: 0, 2: 0, 3: 8, 4: 10}

_RANKED: dict[str, tuple[str, Zooms, int]] = {
    "roads": ("class", _ROADS, FULL_ZOOM),
    "railways": ("class", _RAILWAYS, 13),
    "waterways": ("class", _WATERWAYS, 13),
    "divisions": ("level", _DIVISIONS, 12),
}


def rules_of(schema: LayerSchema) -> LayerRules:
    """Return the drawing rules of a layer.

    Parameters
    ----------
    schema : LayerSchema
        Declared or made at import.

    Returns
    -------
    LayerRules

    Examples
    --------
    >>> from twin.schema import DECLARED
    >>> rules_of(DECLARED["roads"]).zooms["trunk"], rules_of(DECLARED["buildings"]).min_zoom
    (6, 13)
    """
    rank_field, zooms, other_zoom = _RANKED.get(schema.name, ("", dict[str, int](), 0))
    return LayerRules(schema.min_zoom, rank_field, zooms, other_zoom)


def max_features(zoom: int) -> int:
    """Return how many features of one layer a tile of this zoom holds at most.

    Parameters
    ----------
    zoom : int
        Tile zoom.

    Returns
    -------
    int

    Examples
    --------
    >>> max_features(13), max_features(14)
    (20000, 100000)
    """
    return MAX_FEATURES if zoom >= FULL_ZOOM else MAX_FEATURES_LOW


def is_drawn(column: str, zoom: int) -> bool:
    """Return whether tiles of this zoom carry a property.

    Parameters
    ----------
    column : str
        Property name.
    zoom : int
        Tile zoom.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_drawn("name", 10), is_drawn("house_number", 10), is_drawn("house_number", 14)
    (True, False, True)
    """
    if column in _NEVER:
        return False
    return zoom >= FULL_ZOOM or column in DRAWN_BELOW_FULL_ZOOM or column.startswith("sum_")
