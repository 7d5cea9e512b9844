"""Style of points: facilities, responders, incidents, parts, addresses, points of interest."""

from __future__ import annotations

from tiles.palette import Palette
from tiles.style_text import Lang, Layers, StyleLayer, by_class, by_zoom, label, name_of, text_paint

_FACILITIES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "fire": (("fire_station", "fire"), "消", "F"),
    "health": (("hospital", "clinic", "doctors", "ambulance_station", "pharmacy"), "医", "H"),
    "police": (("police", "police_station"), "警", "P"),
    "shelter": (("shelter", "assembly_point", "emergency_shelter"), "避", "S"),
    "education": (("school", "kindergarten", "university", "college", "library"), "校", "E"),
    "water": (("pump_station", "pump", "reservoir", "sluice", "gauge"), "泵", "W"),
}
"""Classes of facilities by subject, and the sign in their disc, Chinese and English."""

_POIS: dict[str, tuple[str, ...]] = {
    "fire": ("fire_station",),
    "health": ("hospital", "clinic", "doctors", "pharmacy", "dentist"),
    "police": ("police",),
    "education": ("school", "kindergarten", "university", "college", "library", "museum"),
    "food": ("restaurant", "cafe", "fast_food", "bar", "pub", "food_court"),
    "shop": ("supermarket", "mall", "marketplace", "convenience", "department_store", "bank", "hotel"),
    "transport": ("bus_station", "station", "fuel", "charging_station", "ferry_terminal", "halt"),
    "leisure": ("attraction", "viewpoint", "theatre", "cinema", "arts_centre", "place_of_worship", "park"),
    "office": ("townhall", "government", "public_building", "courthouse", "post_office", "community_centre"),
}
_NAMED_POIS = [one for classes in _POIS.values() for one in classes]
_STATES: dict[tuple[str, ...], str] = {
    ("reported", "accepted", "returned"): "incident",
    ("dispatched", "handling", "verified"): "busy",
}


def point_layers(palette: Palette, lang: Lang) -> dict[str, Layers]:
    """Return the style layers of everything drawn as a point, by drawing step.

    Parameters
    ----------
    palette : Palette
        Colours.
    lang : {"zh", "en"}
        Language of names and signs.

    Returns
    -------
    dict of str to list of dict
    """
    points = palette.points
    near = text_paint(palette.text_minor, palette)
    part = ["coalesce", ["get", "subclass"], ["get", "class"], ""]
    return {
        "addresses": [
            _dot("addresses", points["address"], {15: 1.2, 19: 4}, palette),
            label("address-text", ["get", "text"], {18: 10}, near, min_zoom=18.2, is_below=True),
        ],
        "parts": [
            _dot("parts", points["part"], {15: 1.4, 19: 4.5}, palette),
            label("part-name", part, {18: 10}, near, min_zoom=18, is_below=True),
        ],
        "barriers": [_dot("barriers", points["office"], {16: 1.5, 19: 4}, palette)],
        "restrictions": [_dot("restrictions", points["police"], {15: 1.6, 19: 5}, palette)],
        "traffic_signals": [_dot("traffic_signals", points["signal"], {14: 1.6, 18: 5}, palette)],
        "incidents": _incidents(palette),
        "facilities": _facilities(palette, lang),
        "units": _units(palette, lang),
        "pois": _pois(palette, lang),
    }


def plain_layers(name: str, geometry: str, palette: Palette) -> Layers:
    """Return the style of a layer the base map does not know, drawn by its geometry alone.

    Parameters
    ----------
    name : str
        Layer name.
    geometry : {"point", "line", "polygon"}
        Its family.
    palette : Palette
        Colours.

    Returns
    -------
    list of dict
    """
    color = palette.points["transport"]
    line = {"line-color": color, "line-width": by_zoom({10: 0.8, 16: 2})}
    if geometry == "point":
        return [_dot(name, color, {10: 2, 16: 5}, palette)]
    if geometry == "line":
        return [{"id": name, "type": "line", "paint": line}]
    fill = {"fill-color": color, "fill-opacity": 0.14}
    return [
        {"id": name, "type": "fill", "paint": fill},
        {"id": f"{name}-outline", "type": "line", "paint": line},
    ]


def _dot(name: str, color: object, radius_px: dict[int, float], palette: Palette) -> StyleLayer:
    """Return a circle with a thin rim, shown from the first zoom of its radius on."""
    return {
        "id": name,
        "type": "circle",
        "minzoom": min(radius_px),
        "paint": {
            "circle-color": color,
            "circle-radius": by_zoom(radius_px),
            "circle-stroke-color": palette.halo,
            "circle-stroke-width": by_zoom({13: 0.4, 17: 1.4}),
        },
    }


def _incidents(palette: Palette) -> Layers:
    """Return incidents by state: open, being handled; what is over stands back."""
    colors = {states: palette.points[subject] for states, subject in _STATES.items()}
    color = by_class(colors, palette.points["done"], field="state")
    dot = _dot("incidents", color, {13: 1.8, 16: 4, 19: 7}, palette)
    paint = {
        "circle-color": color,
        "circle-opacity": by_class(dict.fromkeys(_STATES, 1.0), 0.45, field="state"),
        "circle-radius": by_zoom({13: 1.8, 16: 4, 19: 7}),
        "circle-stroke-color": palette.halo,
        "circle-stroke-width": by_class(dict.fromkeys(_STATES, 1.0), 0.0, field="state"),
    }
    return [{**dot, "paint": paint}]


def _facilities(palette: Palette, lang: Lang) -> Layers:
    """Return stations, hospitals and shelters as discs with one sign in them, and their names."""
    colors = {classes: palette.points[subject] for subject, (classes, _, _) in _FACILITIES.items()}
    signs = {classes: (sign if lang == "zh" else letter) for classes, sign, letter in _FACILITIES.values()}
    on_top = {"text-allow-overlap": True, "text-ignore-placement": True, "text-padding": 0}
    text = text_paint(palette.text, palette)
    return [
        _dot("facilities", by_class(colors, palette.points["other"]), {12: 5, 15: 9, 18: 12}, palette),
        label(
            "facility-sign",
            by_class(signs, "•"),
            {12: 6.5, 15: 11, 18: 14},
            {"text-color": "#fff"},
            layout=on_top,
        ),
        label(
            "facility-name", name_of(lang), {14: 10, 18: 13}, text, min_zoom=14, is_below=True, offset_em=1.2
        ),
    ]


def _units(palette: Palette, lang: Lang) -> Layers:
    """Return responders where they stand, coloured by service."""
    kinds = {
        ("fire_engine", "ladder"): palette.points["fire"],
        ("ambulance",): palette.points["health"],
        ("police_car",): palette.points["police"],
    }
    color = by_class(kinds, palette.points["busy"], field="type")
    text = text_paint(palette.text, palette)
    return [
        _dot("units", color, {12: 3, 16: 6}, palette),
        label("unit-name", name_of(lang), {15: 10.5}, text, min_zoom=15, is_below=True),
    ]


def _pois(palette: Palette, lang: Lang) -> Layers:
    """Return points of interest: dots by subject, names when near; those of small interest last."""
    colors = {classes: palette.points[group] for group, classes in _POIS.items()}
    color = by_class(colors, palette.points["other"])
    is_named = ["all", ["has", "name"], ["match", ["get", "class"], _NAMED_POIS, True, False]]
    text = text_paint(palette.text_minor, palette)
    return [
        {**_dot("pois-minor", color, {17: 1.6, 19: 3}, palette), "filter": ["!", is_named]},
        {**_dot("pois", color, {14: 1.6, 16: 3, 19: 5}, palette), "filter": is_named},
        {
            **label("poi-name", name_of(lang), {15: 10, 18: 12}, text, min_zoom=15.5, is_below=True),
            "filter": is_named,
        },
    ]
