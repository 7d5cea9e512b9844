"""The words of the API definition for finding addresses."""

from __future__ import annotations

from api.negotiation import JSON
from api.operation import NUMBER, TEXT, Operation, Schema, parameter

_K: Schema = {"type": "integer", "minimum": 1, "maximum": 50}
ADDRESS_TEXT = parameter("text", "query", TEXT, "人民中路127号", "As a person says it.", is_required=True)
TYPED_TEXT = parameter("text", "query", TEXT, "renmin", "As far as it is typed.", is_required=True)
COUNT = parameter("k", "query", _K, 5, "How many at most.")
OLD_NAMES_OF = parameter(
    "as_of", "query", TEXT, "2004-11-30", "Day, YYYY-MM-DD: its addresses and old names."
)
LON = parameter("lon", "query", NUMBER, 120.04, "Longitude, degrees, or easting.", is_required=True)
LAT = parameter("lat", "query", NUMBER, 28.89, "Latitude, degrees, or northing.", is_required=True)
CRS = parameter("crs", "query", TEXT, "wgs84", "wgs84, cgcs2000, gcj02, bd09 or EPSG:n.")

_PLACE = {"lon": 120.0410646, "lat": 28.8923744}
_MATCH = {
    "address_id": 4711,
    "standard_text": "丽州市丽城区古城街道城隍社区人民中路127号",
    "level": "门牌",
    "score": 0.99,
    **_PLACE,
    "grid_id": "331199001001001",
    "reason": "标准地址一致",
    "source_id": "MZ0013916",
}
_NEAR = {
    "address_id": 4711,
    "standard_text": "丽州市丽城区古城街道城隍社区人民中路127号",
    "level": "门牌",
    **_PLACE,
    "distance_m": 12.4,
    "is_of_building": False,
}

ADDRESS_OPERATIONS: dict[str, Operation] = {
    "/v1/geocode": Operation(
        "geocode",
        "The addresses that a text may mean, how sure and why",
        "addresses",
        JSON,
        (ADDRESS_TEXT, COUNT, OLD_NAMES_OF),
        {"text": "人民中路127号", "matches": [_MATCH], "reason": "标准地址一致"},
    ),
    "/v1/suggest": Operation(
        "suggest",
        "Addresses that may be what somebody is typing, in Chinese, pinyin or initials",
        "addresses",
        JSON,
        (TYPED_TEXT, COUNT, OLD_NAMES_OF),
        {"suggestions": [{"address_id": 4711, "text": "人民中路", "level": "街路巷", **_PLACE}]},
    ),
    "/v1/reverse": Operation(
        "reverse",
        "The addresses at a place: those of its building, then the nearest",
        "addresses",
        JSON,
        (LON, LAT, CRS, COUNT),
        {**_PLACE, "grid_unit": None, "chain": [], "addresses": [_NEAR]},
    ),
}

GEOCODE_MANY = Operation(
    "geocode_many",
    "The likeliest address of each of many texts, one line each as they are found",
    "addresses",
    "application/x-ndjson",
)
TEXTS_BODY: Schema = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["texts"],
                    "properties": {"texts": {"type": "array", "items": {"type": "string"}}},
                },
                "example": {"texts": ["人民中路127号", "怡和花园17幢"]},
            }
        },
    }
}
"""What the batch takes; ``Accept: text/csv`` asks for CSV in place of NDJSON."""
