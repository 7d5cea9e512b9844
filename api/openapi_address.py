"""The words of the API definition for one address."""

from __future__ import annotations

from api.negotiation import JSON
from api.openapi_ledger import AS_OF
from api.openapi_links import ADDRESS
from api.operation import Operation

ONE_ADDRESS: dict[str, Operation] = {
    "/v1/addresses/{address_id}": Operation(
        "address",
        "One address: components, the five levels as of a day, history and source rows",
        "addresses",
        JSON,
        (ADDRESS, AS_OF),
        {
            "address_id": 41,
            "text": "测试市东区中心街道城西社区人民路41号",
            "level": "number",
            "status": "in_force",
            "components": [{"address_id": 41, "level": "number", "token": "41", "word": "号"}],
            "chain": [{"level": "city", "code": "331100000000", "name": "测试市"}],
            "history": [],
            "n_records": 1,
            "sources": [{"record_id": 42, "source": "police", "source_id": "A000041"}],
        },
    ),
}
