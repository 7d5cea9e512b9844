"""Villages that the city's divisions do not list: names of places in texts, not divisions."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from twin.addresses.assembly._districts import Districts
from twin.addresses.levels import Level

_COMMITTEE = r"(?:社区|居委会|居民区|村委会|居民委员会|村民委员会)$"
"""Endings of what can be nothing but a division, listed or not."""


def with_unlisted_villages(parsed: pa.Table, districts: Districts) -> pa.Table:
    """Return parsed texts with a village that is no division of the city as a hamlet.

    Left where it is, 新吴村3号 and 上田村3号 would both become number 3 of their subdistrict.
    """
    listed = pa.array([one.name for one in districts.divisions if one.level == Level.COMMUNITY], pa.string())
    community = parsed[Level.COMMUNITY.column].cast(pa.string())
    hamlet = parsed[Level.HAMLET.column].cast(pa.string())
    is_village = pc.and_(pc.is_valid(community), pc.not_equal(community, ""))
    is_village = pc.and_(is_village, pc.invert(pc.is_in(community, value_set=listed)))
    is_village = pc.and_(is_village, pc.invert(pc.match_substring_regex(community, _COMMITTEE)))
    is_village = pc.fill_null(pc.and_(is_village, pc.equal(pc.fill_null(hamlet, ""), "")), False)
    if not pc.any(is_village).as_py():
        return parsed
    moved = {
        Level.COMMUNITY: pc.if_else(is_village, pa.scalar(None, pa.string()), community),
        Level.HAMLET: pc.if_else(is_village, community, hamlet),
    }
    for level, column in moved.items():
        place = parsed.column_names.index(level.column)
        parsed = parsed.set_column(place, level.column, column.dictionary_encode())
    return parsed
