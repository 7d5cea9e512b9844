"""The words of the API definition for divisions through time, grid units, buildings and parts."""

from __future__ import annotations

from api.negotiation import JSON
from api.operation import TEXT, Operation, parameter

CODE = parameter("code", "path", TEXT, "331102000000", "Statistical code, with or without padding zeros.")
AS_OF = parameter("as_of", "query", TEXT, "2026-01-01", "Day, YYYY-MM-DD; today in China by default.")

_DISTRICT = {"level": "district", "code": "330105000000", "name": "拱墅区"}
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
}
