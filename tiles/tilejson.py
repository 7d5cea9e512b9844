"""TileJSON 3.0: what clients need to know of a layer's tiles."""

from __future__ import annotations

import pyarrow as pa

from tiles.matrix import MAX_ZOOM
from tiles.properties import is_tile_type
from tiles.rules import FULL_ZOOM, LABEL_COLUMNS, LABELS, is_drawn, rules_of
from twin.view import LayerView

MAX_SERVED_ZOOM = 18
"""Deepest zoom announced; clients draw deeper ones from it, to the centimetre."""


def tilejson(view: LayerView, tiles_url: str, *, attribution: str = "") -> dict[str, object]:
    """Return the TileJSON document of a layer.

    Parameters
    ----------
    view : LayerView
        The layer.
    tiles_url : str
        URL of its tiles with ``{z}``, ``{x}`` and ``{y}``.
    attribution : str
        Credit to show on maps.

    Returns
    -------
    dict
        Valid against the schema of TileJSON 3.0.0. ``bounds`` and ``center`` are lon, lat degrees.

    Examples
    --------
    >>> import shapely
    >>> from twin.layer import Layer
    >>> from twin.schema import DECLARED
    >>> pois = {"osm_id": ["n1"], "class": ["bank"], "geometry": [shapely.to_wkb(shapely.Point(120, 29))]}
    >>> view = LayerView(Layer.from_table(DECLARED["pois"], pa.table(pois)))
    >>> tilejson(view, "/tiles/pois/{z}/{x}/{y}.mvt")["minzoom"]
    14
    """
    schema = view.layer.schema
    first = lowest_zoom(view)
    west, south, east, north = view.bbox or (-180.0, -85.0, 180.0, 85.0)
    document: dict[str, object] = {
        "tilejson": "3.0.0",
        "name": schema.title or schema.name,
        "description": _description(view),
        "version": "1.0.0",
        "scheme": "xyz",
        "tiles": [tiles_url],
        "minzoom": first,
        "maxzoom": MAX_SERVED_ZOOM,
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, max(first, 12)],
        "vector_layers": vector_layers(view, first, MAX_SERVED_ZOOM),
    }
    if attribution:
        document["attribution"] = attribution
    return document


def vector_layers(view: LayerView, min_zoom: int, max_zoom: int) -> list[dict[str, object]]:
    """Return what describes the layers in the tiles of a layer: its features and, for polygons, their names.

    Parameters
    ----------
    view : LayerView
        The layer.
    min_zoom, max_zoom : int
        Zooms it is drawn at.

    Returns
    -------
    list of dict
        Entries of ``vector_layers``.
    """
    schema = view.layer.schema
    titles = {field.name: f"{field.title} {field.unit}".strip() for field in schema.fields}
    fields = {}
    for column in view.columns:
        if is_tile_type(column.type) and is_drawn(column.name, MAX_ZOOM):
            kind = _kind(column.type)
            fields[column.name] = f"{kind}: {titles[column.name]}" if titles.get(column.name) else kind
    zooms = {"minzoom": min_zoom, "maxzoom": max_zoom}
    title = schema.title or schema.title_en or schema.name
    layers = [{"id": schema.name, "description": title, **zooms, "fields": fields}]
    if schema.geometry == "polygon" and "name" in fields:
        names = {key: value for key, value in fields.items() if key in LABEL_COLUMNS}
        layers.append(
            {"id": schema.name + LABELS, "description": f"{title}: names", **zooms, "fields": names}
        )
    return layers


def lowest_zoom(view: LayerView) -> int:
    """Return the lowest zoom at which single features of a layer are drawn.

    Parameters
    ----------
    view : LayerView
        The layer.

    Returns
    -------
    int
    """
    return rules_of(view.layer.schema).min_zoom


def _kind(column: pa.DataType) -> str:
    """Return what clients call a type of value."""
    if pa.types.is_boolean(column):
        return "Boolean"
    if pa.types.is_integer(column) or pa.types.is_floating(column):
        return "Number"
    return "String"


def _description(view: LayerView) -> str:
    """Return in one sentence what the tiles leave out."""
    schema = view.layer.schema
    name = schema.title_en or schema.name
    return (
        f"{name}: below zoom {FULL_ZOOM} small or minor features and some properties are left out; "
        "a tile that leaves features out says how many in the header X-Truncated."
    )
