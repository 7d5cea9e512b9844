"""The words of the API definition for links and roll-ups."""

from __future__ import annotations

from api.negotiation import JSON
from api.openapi_ledger import AS_OF, CODE
from api.operation import NUMBER, TEXT, WHOLE, Operation, Schema, parameter
from twin.link_kinds import LINK_KINDS

_KINDS: Schema = {"type": "string", "enum": list(LINK_KINDS)}
ADDRESS = parameter("address_id", "path", WHOLE, 41, "Address id, never reused.")
KIND = parameter("kind", "path", _KINDS, "person", "What the reference is of (人企地物政、事).")
REFERENCE = parameter("reference", "path", TEXT, "p000", "Opaque reference.")
LISTED_KIND = parameter(
    "kind", "query", _KINDS, "person", "References of this kind; by default of all kinds but people."
)
LINK_LIMIT = parameter("limit", "query", WHOLE, 100, "References listed at most, up to 10,000.")
LAYER = parameter("layer", "query", TEXT, "buildings", "Layer whose features are counted.", is_required=True)
BY = parameter("by", "query", TEXT, "community", "Level below the division, or h3:9; by default the next.")
SUM = parameter("sum", "query", TEXT, "floors", "Number fields to sum, separated by commas.")
MEAN = parameter("mean", "query", TEXT, "height_m", "Number fields to average, separated by commas.")

_REFERENCE = {"kind": "enterprise", "ref": "e001", "class": "餐饮", "address_id": 21, "valid_from": None}
_COUNTS = {"person": None, "enterprise": 1, "place": 0, "thing": 0, "agency": 0, "incident": 0}

LINK_OPERATIONS: dict[str, Operation] = {
    "/v1/addresses/{address_id}/links": Operation(
        "address_links",
        "What is linked to an address and all below it; few people are not counted out",
        "questions",
        JSON,
        (ADDRESS, AS_OF, LISTED_KIND, LINK_LIMIT),
        {"address_id": 21, "counts": _COUNTS, "references": [_REFERENCE], "n_more": 0},
    ),
    "/v1/links/{kind}/{reference}": Operation(
        "reference_addresses",
        "The addresses of a reference, each with its chain and grid unit",
        "questions",
        JSON,
        (KIND, REFERENCE, AS_OF),
        {"kind": "enterprise", "ref": "e001", "addresses": [{"address_id": 21, "grid_unit": None}]},
    ),
    "/v1/divisions/{code}/rollup": Operation(
        "division_rollup",
        "Features of a layer by the areas below a division",
        "questions",
        JSON,
        (CODE, LAYER, BY, SUM, MEAN),
        {
            "by": "community",
            "rows": [{"key": "331102001001", "name": "城西社区", "count": 210, "sum_floors": 3021}],
            "total": {"count": 400, "sum_floors": 5921},
        },
    ),
}

_COLUMN = "Column of the table in the body."
POSTED_ROLLUP = Operation(
    "posted_rollup",
    "A table in the body by the areas below a division, as CSV",
    "questions",
    "text/csv",
    (
        CODE,
        BY,
        parameter("text", "query", TEXT, "地址", _COLUMN + " Addresses."),
        parameter("lon", "query", TEXT, "lon", _COLUMN + " Longitudes or eastings."),
        parameter("lat", "query", TEXT, "lat", _COLUMN + " Latitudes or northings."),
        parameter("crs", "query", TEXT, "wgs84", "wgs84, cgcs2000, gcj02, bd09 or EPSG:n."),
        parameter("code", "query", TEXT, "code", _COLUMN + " Codes of divisions or grid units."),
        parameter("min_score", "query", NUMBER, 0.8, "What the best answer to an address must reach."),
        parameter("sum", "query", TEXT, "kwh", "Columns to sum, separated by commas."),
        parameter("mean", "query", TEXT, "kwh", "Columns to average, separated by commas."),
        parameter("people", "query", {"type": "string", "enum": ["true"]}, "true", "Rows are people."),
        AS_OF,
        parameter(
            "answer",
            "query",
            {"type": "string", "enum": ["areas", "placed"]},
            "areas",
            "The areas, or how each row was placed.",
        ),
    ),
)
TABLE_BODY: Schema = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}, "example": "code,kwh\n331102001001,12.5\n"}},
    }
}
"""What a posted roll-up takes."""
