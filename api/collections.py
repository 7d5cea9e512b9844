"""Layers as collections (OGC API - Features, clauses 7.12-7.14)."""

from __future__ import annotations

import orjson

from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.links import Link, link
from api.negotiation import GEOJSON, JSON, chosen_format
from api.service import Service
from twin.view import LayerView

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


async def collections(service: Service, ask: Ask) -> Answer:
    """Return every layer the caller may see; damaged ones are left out.

    Parameters
    ----------
    service : Service
    ask : Ask

    Returns
    -------
    Answer

    Raises
    ------
    InvalidQueryError
        If a parameter is unknown.
    """
    chosen_format(ask.only("f").get("f"), ask.accept, ("json",))
    views = list(service.layers(ask.caller).values())
    tag = ask.tag(*(part for view in views for part in (view.layer.schema.name, view.version_tag)))
    if ask.holds(tag):
        return not_modified(tag)
    page = {
        "links": [link(f"{ask.base_url}/collections", "self", JSON)],
        "collections": [describe(view, ask.base_url) for view in views],
    }
    return fresh(ask, orjson.dumps(page), tag=tag, max_age_s=service.settings.max_age_s)


async def collection(service: Service, ask: Ask, name: str) -> Answer:
    """Return one layer.

    Parameters
    ----------
    service : Service
    ask : Ask
    name : str
        Layer name.

    Returns
    -------
    Answer

    Raises
    ------
    UnknownLayerError
        If there is no such layer.
    UnreadableLayerError
        If its files are damaged.
    InvalidQueryError
        If a parameter is unknown.
    """
    chosen_format(ask.only("f").get("f"), ask.accept, ("json",))
    view = service.layer(name, ask.caller)
    tag = ask.tag(view.version_tag)
    if ask.holds(tag):
        return not_modified(tag)
    body = orjson.dumps(describe(view, ask.base_url))
    return fresh(ask, body, tag=tag, max_age_s=service.settings.max_age_s)


def describe(view: LayerView, root: str) -> dict[str, object]:
    """Return one layer as a ``collection`` object.

    Parameters
    ----------
    view : LayerView
        The layer.
    root : str
        Start of every link.

    Returns
    -------
    dict
    """
    schema = view.layer.schema
    here = f"{root}/collections/{schema.name}"
    links: list[Link] = [
        link(here, "self", JSON),
        link(f"{here}/items", "items", GEOJSON, schema.title),
    ]
    if schema.geometry != "none":
        links.append(link(f"{root}/tiles/{schema.name}.json", "tiles", JSON, "TileJSON"))
    described: dict[str, object] = {
        "id": schema.name,
        "title": schema.title or schema.name,
        "title_en": schema.title_en or schema.name,
        "description": f"{schema.title} {schema.title_en}".strip() or schema.name,
        "itemType": "feature",
        "itemCount": view.count(),
        "geometry": schema.geometry,
        "crs": [CRS84],
        "links": links,
    }
    box = view.bbox
    if box is not None:
        described["extent"] = {"spatial": {"bbox": [list(box)], "crs": CRS84}}
    return described
