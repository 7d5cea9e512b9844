"""The landing page for programs and what the service conforms to (OGC API - Common, Features)."""

from __future__ import annotations

import orjson

from api.answer import Answer, fresh, not_modified
from api.ask import Ask
from api.links import link
from api.negotiation import HTML, JSON, OPENAPI
from api.service import Service

CONFORMS_TO = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
)
"""Only what ``tests/api/test_conformance.py`` proves."""

_NEGOTIATED = ((b"vary", b"accept"),)


async def landing(service: Service, ask: Ask) -> Answer:
    """Return the JSON landing page: where everything is.

    Parameters
    ----------
    service : Service
    ask : Ask

    Returns
    -------
    Answer
    """
    name = service.city.config.name
    tag = ask.tag("landing", name)
    if ask.holds(tag):
        return not_modified(tag, extra=_NEGOTIATED)
    root = ask.base_url
    page = {
        "title": name,
        "description": f"Layers, tiles and questions of {name} (城市数字底座)",
        "links": [
            link(f"{root}/?f=json", "self", JSON, "This page"),
            link(f"{root}/?f=html", "alternate", HTML, "The map"),
            link(f"{root}/openapi.json", "service-desc", OPENAPI, "API definition"),
            link(f"{root}/conformance", "conformance", JSON, "What this service conforms to"),
            link(f"{root}/collections", "data", JSON, "Layers"),
        ],
    }
    return fresh(ask, orjson.dumps(page), tag=tag, extra=_NEGOTIATED)


async def conformance(ask: Ask) -> Answer:
    """Return the conformance classes.

    Parameters
    ----------
    ask : Ask

    Returns
    -------
    Answer
    """
    ask.only("f")
    tag = ask.tag(*CONFORMS_TO)
    if ask.holds(tag):
        return not_modified(tag)
    return fresh(ask, orjson.dumps({"conformsTo": CONFORMS_TO}), tag=tag)
