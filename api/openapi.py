"""The words of the API definition (OpenAPI 3.0): parameters, answers and examples of each operation."""

from __future__ import annotations

from api.items_query import DEFAULT_LIMIT, MAX_LIMIT
from api.negotiation import GEOJSON, JSON, MVT
from api.openapi_address import ONE_ADDRESS
from api.openapi_addresses import ADDRESS_OPERATIONS
from api.openapi_ledger import LEDGER_OPERATIONS
from api.openapi_links import LINK_OPERATIONS
from api.operation import NUMBER, TEXT, WHOLE, Operation, Schema, parameter

_LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
_BBOX: Schema = {
    "type": "array",
    "items": NUMBER,
    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
}

COLLECTION = parameter("collection_id", "path", TEXT, "roads", "Layer name.")
FEATURE = parameter("feature_id", "path", WHOLE, 17, "Feature id, stable over imports.")
BBOX: Schema = {
    **parameter(
        "bbox", "query", _BBOX, [119.9, 28.7, 120.2, 29.0], "West, south, east, north; CRS84 degrees."
    ),
    "style": "form",
    "explode": False,
}
LIMIT: Schema = {
    **parameter("limit", "query", _LIMIT, DEFAULT_LIMIT, "Features on a page."),
    "style": "form",
    "explode": False,
}
AFTER = parameter("after", "query", TEXT, "MS4wLmZm", "Cursor from a next link.")
DATETIME: Schema = {
    **parameter(
        "datetime",
        "query",
        TEXT,
        "2026-01-01T00:00:00Z/..",
        "Instant or interval; layers with a time field. A date alone is its day in China (UTC+8).",
    ),
    "style": "form",
    "explode": False,
}
PROPERTIES: Schema = {
    "name": "properties",
    "in": "query",
    "required": False,
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "example": {"class": "primary"},
    "description": "Any property of the layer as its own parameter: ?class=primary.",
}
FORMAT = parameter("f", "query", {"type": "string", "enum": ["json"]}, "json", "Format of the answer.")
PAGE_FORMAT = parameter(
    "f", "query", {"type": "string", "enum": ["json", "html"]}, "json", "json for programs, html for the map."
)
ITEMS_FORMAT = parameter(
    "f", "query", {"type": "string", "enum": ["json", "geojson"]}, "json", "Both are GeoJSON."
)
LAYER = parameter("layer", "path", TEXT, "buildings", "Layer name; with .cells its counts by H3 cell.")
ZOOM = parameter("z", "path", WHOLE, 14, "Zoom, WebMercatorQuad.")
COLUMN = parameter("x", "path", WHOLE, 13659, "Column from the west.")
ROW = parameter("y", "path", WHOLE, 6833, "Row from the north.")
THEME = parameter("theme", "path", {"type": "string", "enum": ["day", "night"]}, "day", "Colours.")
LANGUAGE = parameter("lang", "query", {"type": "string", "enum": ["zh", "en"]}, "zh", "Language of labels.")
LON = parameter("lon", "query", NUMBER, 120.04, "Longitude, degrees, or easting.", is_required=True)
LAT = parameter("lat", "query", NUMBER, 28.89, "Latitude, degrees, or northing.", is_required=True)
CRS = parameter("crs", "query", TEXT, "wgs84", "wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")

_LINK = {"href": "http://127.0.0.1:8000/collections", "rel": "data", "type": JSON}
_FEATURE = {
    "type": "Feature",
    "id": 17,
    "geometry": {"type": "LineString", "coordinates": [[120.0412, 28.8903], [120.0431, 28.8911]]},
    "properties": {"osm_id": "w9001", "class": "primary", "name": "人民路"},
}
_COLLECTION = {"id": "roads", "title": "道路", "itemType": "feature", "links": [_LINK]}
_TILEJSON = {
    "tilejson": "3.0.0",
    "tiles": ["http://127.0.0.1:8000/tiles/roads/{z}/{x}/{y}.mvt"],
    "vector_layers": [{"id": "roads", "fields": {"class": "String"}}],
}
_PLACE = {
    "lon": 120.04,
    "lat": 28.89,
    "crs": "wgs84",
    "grid_unit": {"grid_id": "331199001001001", "name": "第一网格"},
    "chain": [{"level": "city", "code": "331199000000", "name": "丽州市"}],
    "building": {"feature_id": 5, "name": "市民中心", "distance_m": 0.0, "contains": True},
    "address": {"feature_id": 9, "text": "人民路1号", "distance_m": 12.4},
}

OPERATIONS: dict[str, Operation] = {
    "/": Operation(
        "landing",
        "The map, or as JSON where everything is",
        "service",
        JSON,
        (PAGE_FORMAT, LANGUAGE),
        {"links": [_LINK]},
    ),
    "/conformance": Operation(
        "conformance",
        "Conformance classes that the tests prove",
        "service",
        JSON,
        (FORMAT,),
        {"conformsTo": ["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"]},
    ),
    "/collections": Operation(
        "collections",
        "All layers",
        "features",
        JSON,
        (FORMAT,),
        {"links": [_LINK], "collections": [_COLLECTION]},
    ),
    "/collections/{collection_id}": Operation(
        "collection", "One layer", "features", JSON, (COLLECTION, FORMAT), _COLLECTION
    ),
    "/collections/{collection_id}/items": Operation(
        "items",
        "Features of a layer, page by page",
        "features",
        GEOJSON,
        (COLLECTION, BBOX, LIMIT, AFTER, DATETIME, PROPERTIES, ITEMS_FORMAT),
        {"type": "FeatureCollection", "features": [_FEATURE], "numberReturned": 1, "links": [_LINK]},
    ),
    "/collections/{collection_id}/items/{feature_id}": Operation(
        "item", "One feature", "features", GEOJSON, (COLLECTION, FEATURE, ITEMS_FORMAT), _FEATURE
    ),
    "/tiles/{layer}/{z}/{x}/{y}.mvt": Operation(
        "tile", "One vector tile, Mapbox Vector Tile 2", "tiles", MVT, (LAYER, ZOOM, COLUMN, ROW)
    ),
    "/tiles/{layer}.json": Operation("tilejson", "TileJSON 3 of a layer", "tiles", JSON, (LAYER,), _TILEJSON),
    "/styles/{theme}.json": Operation(
        "style", "MapLibre style of the city's own base map", "tiles", JSON, (THEME, LANGUAGE), {"version": 8}
    ),
    "/v1/locate": Operation(
        "locate",
        "What is here: grid unit, divisions, building, address",
        "questions",
        JSON,
        (LON, LAT, CRS),
        _PLACE,
    ),
    "/v1/progress": Operation(
        "progress",
        "Build steps that are still running",
        "service",
        JSON,
        (),
        {"steps": [{"title": "建筑", "state": "running", "done": 3, "total": 12}]},
    ),
    "/healthz": Operation("healthz", "The process answers", "service", JSON, (), {"status": "ok"}),
    "/readyz": Operation(
        "readyz", "Every layer opens", "service", JSON, (), {"status": "ready", "failures": {}}
    ),
    "/metrics": Operation("metrics", "Request times for Prometheus", "service", "text/plain"),
    **ADDRESS_OPERATIONS,
    **LEDGER_OPERATIONS,
    **LINK_OPERATIONS,
    **ONE_ADDRESS,
}
"""Every documented path; pages and browser libraries are files, not part of the API."""
