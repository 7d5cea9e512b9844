"""The words of the API definition for divisions through time, grid units, buildings and parts."""

from __future__ import annotations

from api.negotiation import JSON
from api.operation import NUMBER, TEXT, WHOLE, Operation, parameter

CODE = parameter("code", "path", TEXT, "331102000000", "Statistical code, with or without padding zeros.")
AS_OF = parameter("as_of", "query", TEXT, "2026-01-01", "Day, YYYY-MM-DD; today in China by default.")
GRID_ID = parameter("grid_id", "path", TEXT, "331102001001000", "Id of a grid unit.")
BUILDING = parameter("feature_id", "path", WHOLE, 17, "Feature id of a building.")
PART_CLASS = parameter("class", "query", TEXT, "消火栓", "Class (大类) or subclass (小类); any by default.")
LON = parameter("lon", "query", NUMBER, 120.04, "Longitude, degrees.", is_required=True)
LAT = parameter("lat", "query", NUMBER, 28.89, "Latitude, degrees.", is_required=True)
LIMIT = parameter(
    "limit", "query", {"type": "integer", "minimum": 1, "maximum": 1000}, 100, "How many at most."
)
AFTER_ID = parameter("after", "query", WHOLE, 0, "Id that the page before ended with.")
REACH = parameter("max_distance_m", "query", NUMBER, 2000, "Farther ones are left out, m.")

_DISTRICT = {"level": "district", "code": "330105000000", "name": "拱墅区"}
_BUILDING = {"feature_id": 17, "building_id": "B6", "house_number": "6幢", "addresses": 4, "dwellings": 2}
_DATED = {**_DISTRICT, "valid_from": None, "valid_to": "2021-04-09", "superseded_by": ["330105"]}

LEDGER_OPERATIONS: dict[str, Operation] = {
    "/v1/divisions/{code}": Operation(
        "division",
        "A division as of a day: chain, children, what it was and became",
        "questions",
        JSON,
        (CODE, AS_OF),
        {
            **_DISTRICT,
            "as_of": "2022-01-01",
            "valid_from": "2021-04-09",
            "valid_to": None,
            "followed": {**_DATED, "code": "330103000000", "name": "下城区"},
            "chain": [{"level": "city", "code": "330100000000", "name": "杭州市"}, _DISTRICT],
            "children": [{"level": "subdistrict", "code": "330105012000", "name": "天水街道"}],
            "predecessors": [_DATED],
            "successors": [],
            "history": [_DATED],
        },
    ),
    "/v1/grid-units/{grid_id}": Operation(
        "grid_unit",
        "Ledger of a grid unit: chain, counts, buildings, history",
        "ledger",
        JSON,
        (GRID_ID,),
        {
            "grid_id": "331102001001000",
            "name": "第一网格",
            "kind": "",
            "chain": [{"level": "city", "code": "331100000000", "name": "丽州市"}],
            "counts": {
                "addresses": 290,
                "buildings": 171,
                "people": None,
                "area_m2": 151544.9,
                "walk_m": 3394.4,
            },
            "buildings": [_BUILDING],
            "links": [],
            "history": [{"since": None, "author": "", "action": "import", "area_m2": 151544.9}],
        },
    ),
    "/v1/grid-units/{grid_id}/buildings": Operation(
        "grid_unit_buildings",
        "Buildings of a grid unit, page by page",
        "ledger",
        JSON,
        (GRID_ID, LIMIT, AFTER_ID),
        {"grid_id": "331102001001000", "buildings": [_BUILDING], "links": []},
    ),
    "/v1/buildings/{feature_id}/dwellings": Operation(
        "dwellings",
        "Dwellings of a building",
        "ledger",
        JSON,
        (BUILDING, LIMIT, AFTER_ID),
        {
            **_BUILDING,
            "total": 1,
            "dwellings": [{"address_id": 72, "text": "永城路紫荆花园6幢1单元101室", "matched": "inside"}],
            "links": [],
        },
    ),
    "/v1/parts/nearest": Operation(
        "nearest_part",
        "Nearest parts of a class",
        "ledger",
        JSON,
        (LON, LAT, PART_CLASS, LIMIT, REACH),
        {"lon": 120.04, "lat": 28.89, "class": "消火栓", "parts": []},
    ),
}
