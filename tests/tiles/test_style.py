"""Styles: valid by the specification, whole for whatever layers a city has, without foreign addresses."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pytest

from tests.reference import ROOT
from tiles.palette import THEMES
from tiles.rules import LABELS, is_drawn
from tiles.style import StyleLayerInfo, build_style
from twin.errors import InvalidQueryError
from twin.schema import DECLARED

VALIDATOR = ROOT / "node_modules" / ".bin" / "gl-style-validate"
URL = "http://127.0.0.1:8000/tiles/{layer}/{z}/{x}/{y}.mvt"
INFOS = [
    *(
        StyleLayerInfo(one.name, one.geometry, one.min_zoom, (119.9, 28.8, 120.1, 29.0))
        for one in DECLARED.values()
    ),
    *(StyleLayerInfo(f"other_{geometry}", geometry) for geometry in ("point", "line", "polygon", "none")),
]


def strings_of(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in strings_of(one)]
    if isinstance(value, list):
        return [text for one in value for text in strings_of(one)]
    return [value] if isinstance(value, str) else []


def fields_of(value: object) -> set[str]:
    """Return every property that an expression reads."""
    if isinstance(value, dict):
        return set().union(*map(fields_of, value.values()))
    if isinstance(value, list):
        own = (
            {value[1]}
            if len(value) == 2 and value[0] in ("get", "has") and isinstance(value[1], str)
            else set()
        )
        return own.union(*map(fields_of, value))
    return set()


@pytest.mark.parametrize(("theme", "lang"), [*itertools.product(THEMES, ("zh", "en"))])
def test_the_style_passes_the_validator_of_the_specification(tmp_path: Path, theme: str, lang: str) -> None:
    if not VALIDATOR.exists():
        pytest.skip("the npm packages are absent; make install-dev fetches them")
    path = tmp_path / "style.json"
    path.write_text(json.dumps(build_style(INFOS, tiles_url=URL, theme=theme, lang=lang, name="丽州市")))
    done = subprocess.run([VALIDATOR, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_layer_of_the_city_is_drawn_from_its_own_source() -> None:
    style = build_style(INFOS, tiles_url=URL)
    drawn = {layer["source"] for layer in style["layers"] if "source" in layer}
    assert drawn == set(style["sources"]) == {one.name for one in INFOS if one.geometry != "none"}
    for layer in style["layers"][1:]:
        assert layer["source-layer"] in (layer["source"], layer["source"] + LABELS)
    ids = [layer["id"] for layer in style["layers"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("n", range(0, len(INFOS), 5))
def test_a_city_with_few_layers_has_a_style_without_gaps(n: int) -> None:
    style = build_style(INFOS[n : n + 2], tiles_url=URL)
    assert {layer["source"] for layer in style["layers"][1:]} <= set(style["sources"])


def test_no_layer_asks_for_tiles_below_its_lowest_zoom() -> None:
    sources = build_style(INFOS, tiles_url=URL)["sources"]
    for one in INFOS[:-4]:
        if one.geometry == "none":
            continue
        assert sources[one.name]["minzoom"] == one.min_zoom <= sources[one.name]["maxzoom"]
        assert sources[one.name]["tiles"] == [URL.replace("{layer}", one.name)]


def test_no_other_host_is_ever_asked() -> None:
    for theme in THEMES:
        style = build_style(INFOS, tiles_url=URL, theme=theme)
        assert not {"glyphs", "sprite", "font-faces"} & set(style)
        assert all(text.startswith("http://127.0.0.1") for text in strings_of(style) if "://" in text)


def test_styles_read_only_properties_that_tiles_carry_at_that_zoom() -> None:
    columns = {one.name: {field.name for field in one.fields} for one in DECLARED.values()}
    for layer in build_style(INFOS, tiles_url=URL)["layers"][1:]:
        if layer["source"] in columns:
            zoom = int(layer.get("minzoom", 0))
            read = fields_of([layer.get(part, {}) for part in ("paint", "layout", "filter")])
            known = columns[layer["source"]] | {"name_en", "tunnel", "class"}
            assert read <= known, layer["id"]
            assert all(is_drawn(field, zoom) for field in read), layer["id"]


def test_english_labels_fall_back_to_the_local_name() -> None:
    texts = {
        lang: {
            layer["id"]: layer["layout"]["text-field"]
            for layer in build_style(INFOS, tiles_url=URL, lang=lang)["layers"]
            if layer.get("type") == "symbol"
        }
        for lang in ("zh", "en")
    }
    assert texts["en"]["road-name-major"][1:3] == [["get", "name_en"], ["get", "name"]]
    assert texts["zh"]["road-name-major"][1:3] == [["get", "name"], ["get", "name_en"]]


def test_unknown_themes_and_languages_are_refused() -> None:
    with pytest.raises(InvalidQueryError, match="'dusk' came, one of day, night"):
        build_style(INFOS, tiles_url=URL, theme="dusk")
    with pytest.raises(InvalidQueryError, match="'fr' came"):
        build_style(INFOS, tiles_url=URL, lang="fr")
