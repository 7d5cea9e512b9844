"""Hangzhou as of every day, by hand from the public record: on 2021-04-09 its districts were redrawn.

下城区 went into 拱墅区; 江干区 into 上城区, but for 下沙 and 白杨, which went into the new 钱塘区 with the
east of 萧山区; 余杭区 was split into 余杭区 and 临平区. Subdistricts moved with new codes; not all are here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa

BEFORE, DAY, AFTER = date(2020, 6, 1), date(2021, 4, 9), date(2022, 1, 1)
_MIDNIGHT = datetime(2021, 4, 9, tzinfo=UTC)

ABOLISHED = (
    ("330102", "上城区", "3301", "330102"),
    ("330103", "下城区", "3301", "330105"),
    ("330104", "江干区", "3301", "330102,330114"),
    ("330105", "拱墅区", "3301", "330105"),
    ("330109", "萧山区", "3301", "330109 330114"),
    ("330110", "余杭区", "3301", "330110、330113"),
    ("330103001", "天水街道", "330103", "330105012"),
    ("330104006", "四季青街道", "330104", "330102014"),
    ("330104008", "下沙街道", "330104", "330114002"),
    ("330110001", "临平街道", "330110", "330113001"),
)
"""Code, name, code above, what it went into."""
CREATED = (
    ("330102", "上城区", "3301"),
    ("330105", "拱墅区", "3301"),
    ("330109", "萧山区", "3301"),
    ("330110", "余杭区", "3301"),
    ("330113", "临平区", "3301"),
    ("330114", "钱塘区", "3301"),
    ("330105012", "天水街道", "330105"),
    ("330102014", "四季青街道", "330102"),
    ("330114002", "下沙街道", "330114"),
    ("330113001", "临平街道", "330113"),
)
ALWAYS = (
    ("3301", "杭州市", None),
    ("330106", "西湖区", "3301"),
    ("330102001", "清波街道", "330102"),
    ("330110005", "五常街道", "330110"),
)


def padded(code: str) -> str:
    """Return a code of 12 digits."""
    return code.ljust(12, "0")


def hangzhou() -> pa.Table:
    """Return the dated rows of the layer ``divisions``, without boundaries."""
    rows = [
        *((code, name, above, None, _MIDNIGHT, heirs) for code, name, above, heirs in ABOLISHED),
        *((code, name, above, _MIDNIGHT, None, None) for code, name, above in CREATED),
        *((code, name, above, None, None, None) for code, name, above in ALWAYS),
    ]
    codes, names, parents, firsts, lasts, heirs = zip(*rows, strict=True)
    days = pa.timestamp("ms", "UTC")
    return pa.table(
        {
            "code": [padded(code) for code in codes],
            "name": list(names),
            "parent_code": [None if above is None else padded(above) for above in parents],
            "superseded_by": pa.array(heirs, pa.string()),
            "valid_from": pa.array(firsts, days),
            "valid_to": pa.array(lasts, days),
        }
    )
