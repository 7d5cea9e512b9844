"""Style of what lies flat: land, water, buildings, areas of administration."""

from __future__ import annotations

from tiles.palette import Palette
from tiles.style_text import Layers, StyleLayer, by_class, by_zoom

LAND_CLASSES: dict[str, tuple[str, ...]] = {
    "settlement": ("residential", "garages"),
    "business": ("commercial", "retail", "marketplace", "civic", "government", "institutional"),
    "industry": (
        "industrial",
        "railway",
        "port",
        "depot",
        "brownfield",
        "construction",
        "landfill",
        "quarry",
    ),
    "field": ("farmland", "farmyard", "orchard", "vineyard", "plant_nursery", "greenhouse_horticulture"),
    "wood": ("forest", "wood", "scrub"),
    "grass": (
        "grass",
        "meadow",
        "grassland",
        "heath",
        "village_green",
        "allotments",
        "cemetery",
        "grave_yard",
    ),
    "park": ("park", "garden", "recreation_ground", "nature_reserve", "dog_park", "golf_course", "square"),
    "sport": ("pitch", "playground", "stadium", "sports_centre", "track", "swimming_pool"),
    "education": ("school", "university", "college", "kindergarten", "library"),
    "health": ("hospital", "clinic"),
    "bare": ("beach", "sand", "bare_rock", "scree", "shingle", "rock"),
    "paved": ("parking", "plaza", "aeroway", "apron", "bus_station"),
    "wet": ("wetland", "marsh", "salt_pond", "aquaculture"),
}
"""Land-use classes by the colour group they are drawn in, the lowest first."""


def ground_layers(palette: Palette) -> dict[str, Layers]:
    """Return the style layers of land, water, buildings and administrative borders, by drawing step.

    Parameters
    ----------
    palette : Palette
        Colours.

    Returns
    -------
    dict of str to list of dict
    """
    return {
        "landuse": _landuse(palette),
        "water": _water(palette),
        "waterways": _waterways(palette),
        "buildings": _buildings(palette),
        "extrusions": _extrusions(palette),
        "grid": _grid(palette),
        "divisions": _divisions(palette),
    }


def _landuse(palette: Palette) -> Layers:
    """Return the tints of land use, small uses above the large ones they lie in."""
    groups = list(LAND_CLASSES.items())
    colors = {classes: palette.land[group] for group, classes in groups}
    order = {classes: rank for rank, (_, classes) in enumerate(groups)}
    return [
        {
            "id": "landuse",
            "type": "fill",
            "layout": {"fill-sort-key": by_class(order, 0)},
            "paint": {
                "fill-color": by_class(colors, palette.land["settlement"]),
                "fill-opacity": by_zoom({8: 0.75, 13: 1}),
                "fill-antialias": False,
            },
        }
    ]


def _water(palette: Palette) -> Layers:
    """Return lakes, ponds and wide rivers."""
    return [{"id": "water", "type": "fill", "paint": {"fill-color": palette.water}}]


def _waterways(palette: Palette) -> Layers:
    """Return rivers, canals and streams as lines; as wide as they are where that is known."""
    # One metre at 29 degrees north is 2**z / 68,500 pixels of a 512-pixel tile.
    known = ["case", ["has", "width_m"], ["*", ["get", "width_m"], 2**18 / 68_500]]
    width = by_zoom(
        {
            8: by_class({("river",): 0.8, ("canal",): 0.5}, 0.3),
            13: by_class({("river",): 2.4, ("canal",): 1.7}, 1.0),
            18: [*known, by_class({("river",): 26, ("canal",): 18}, 7)],
        },
        base=1.5,
    )
    covered = ["all", ["has", "tunnel"], ["!=", ["get", "tunnel"], "no"]]
    return [
        {
            "id": "waterways",
            "type": "line",
            "layout": {"line-cap": "round", "line-join": "round"},
            "paint": {
                "line-color": palette.water,
                "line-width": width,
                "line-opacity": ["case", covered, 0.35, 1],
            },
        }
    ]


def _buildings(palette: Palette) -> Layers:
    """Return building footprints."""
    return [
        {
            "id": "buildings",
            "type": "fill",
            "minzoom": 13,
            "paint": {
                "fill-color": palette.building,
                "fill-outline-color": palette.building_edge,
                "fill-opacity": by_zoom({13: 0.4, 14.5: 1}),
            },
        }
    ]


def _extrusions(palette: Palette) -> Layers:
    """Return buildings in their height, measured or three metres a floor."""
    height = [
        "case", ["has", "height_m"], ["get", "height_m"], ["has", "floors"], ["*", ["get", "floors"], 3], 6,
    ]  # fmt: skip
    return [
        {
            "id": "buildings-3d",
            "type": "fill-extrusion",
            "minzoom": 15,
            "paint": {
                "fill-extrusion-color": palette.building_wall,
                "fill-extrusion-height": by_zoom({15: 0, 15.8: height}),
                "fill-extrusion-opacity": by_zoom({15: 0.3, 15.8: 0.82}),
                "fill-extrusion-vertical-gradient": True,
            },
        }
    ]


def _grid(palette: Palette) -> Layers:
    """Return the outlines of grid units."""
    return [
        {
            "id": "grid",
            "type": "line",
            "minzoom": 12,
            "paint": {
                "line-color": palette.grid,
                "line-width": by_zoom({12: 0.4, 16: 1.2}),
                "line-opacity": 0.45,
            },
        }
    ]


def _divisions(palette: Palette) -> Layers:
    """Return the borders of communities, subdistricts and districts, the stronger the higher.

    Neighbours draw their common border twice, so dashes would fill each other's gaps: width and opacity tell
    the levels apart.
    """
    return [
        _border(palette, "community", [4], 12, by_zoom({12: 0.5, 16: 1.0}), 0.4),
        _border(palette, "subdistrict", [3], 9, by_zoom({9: 0.6, 16: 1.6}), 0.55),
        _border(palette, "district-band", [1, 2], 0, by_zoom({8: 3, 14: 8}), 0.1),
        _border(palette, "district", [1, 2], 0, by_zoom({8: 0.9, 16: 2.2}), 0.7),
    ]


def _border(
    palette: Palette, name: str, levels: list[int], min_zoom: int, width: object, opacity: float
) -> StyleLayer:
    """Return the borders of some levels of the tree."""
    return {
        "id": f"division-{name}",
        "type": "line",
        "minzoom": min_zoom,
        "filter": ["match", ["get", "level"], levels, True, False],
        "layout": {"line-join": "round"},
        "paint": {"line-color": palette.boundary, "line-width": width, "line-opacity": opacity},
    }
