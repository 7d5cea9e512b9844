"""Style of names that stand on areas and along water; they come from the label points of polygon layers."""

from __future__ import annotations

from tiles.palette import Palette
from tiles.style_text import FONT_STRONG, Lang, Layers, label, name_of, text_paint

_GREEN = [
    "park",
    "garden",
    "forest",
    "wood",
    "recreation_ground",
    "nature_reserve",
    "cemetery",
    "golf_course",
]
_GROUNDS = ["school", "university", "college", "hospital", "stadium", "industrial"]


def name_layers(palette: Palette, lang: Lang) -> dict[str, Layers]:
    """Return the style layers of names on areas, by drawing step.

    Parameters
    ----------
    palette : Palette
        Colours.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    dict of str to list of dict
        Layers with ``"of": "names"`` draw from the label points of their city layer.
    """
    name = name_of(lang)
    minor = text_paint(palette.text_minor, palette)
    green = text_paint(palette.green_text, palette)
    blue = text_paint(palette.water_text, palette, width=1.0)
    teal = text_paint(palette.grid, palette)
    along: dict[str, object] = {
        "symbol-placement": "line",
        "symbol-spacing": 420,
        "text-letter-spacing": 0.25,
        "text-max-angle": 35,
    }
    river = label("waterway-name", name, {11: 10.5, 16: 14}, blue, min_zoom=11, layout=along)
    return {
        "building names": [
            label("building-name", name, {16: 9.5, 19: 12}, minor, min_zoom=16.4, is_on_area=True)
        ],
        "green names": [
            {
                **label("ground-name", name, {14: 10, 17: 12}, minor, min_zoom=14.5, is_on_area=True),
                "filter": ["match", ["get", "class"], _GROUNDS, True, False],
            },
            {
                **label("green-name", name, {13: 10, 17: 13}, green, min_zoom=13, is_on_area=True),
                "filter": ["match", ["get", "class"], _GREEN, True, False],
            },
        ],
        "waterway names": [{**river, "filter": ["has", "name"]}],
        "water names": [label("water-name", name, {11: 10.5, 16: 14}, blue, min_zoom=11.5, is_on_area=True)],
        "grid names": [label("grid-name", name, {14: 9.5, 17: 12}, teal, min_zoom=14.5, is_on_area=True)],
        "division names": _divisions(palette, lang),
    }


def _divisions(palette: Palette, lang: Lang) -> Layers:
    """Return names of communities, subdistricts and districts, each while its areas are legible."""
    minor = text_paint(palette.text_minor, palette, width=1.8)
    strong = text_paint(palette.text, palette, width=1.8)
    emphasis: dict[str, object] = {"text-font": FONT_STRONG, "text-letter-spacing": 0.1}
    return [
        {
            **label(
                f"division-name-{tier}",
                name_of(lang),
                sizes,
                paint,
                min_zoom=first,
                is_on_area=True,
                layout=emphasis,
            ),
            "maxzoom": last,
            "filter": ["match", ["get", "level"], levels, True, False],
        }
        for tier, levels, first, last, sizes, paint in (
            ("community", [4], 13, 16.5, {13: 10.0, 16: 12.5}, minor),
            ("subdistrict", [3], 10, 15, {10: 10.5, 14: 15.0}, strong),
            ("district", [1, 2], 6, 12.5, {6: 12.0, 12: 18.0}, strong),
        )
    ]
