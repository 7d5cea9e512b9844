"""The fifteen levels of a standard address (地址层级), from the city down to the dwelling."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """What a component of an address names; the order is that of the provincial address service.

    Examples
    --------
    >>> Level.DWELLING, Level.DWELLING.title
    (<Level.DWELLING: 15>, '户室')
    """

    CITY = 1
    DISTRICT = 2
    SUBDISTRICT = 3
    COMMUNITY = 4
    GROUP = 5
    HAMLET = 6
    ZONE = 7
    ROAD = 8
    NUMBER = 9
    ESTATE = 10
    PREMISES = 11
    BUILDING = 12
    UNIT = 13
    FLOOR = 14
    DWELLING = 15

    @property
    def title(self) -> str:
        """What the standard calls the level."""
        return _TITLES[self - 1]

    @property
    def column(self) -> str:
        """Name of the level in tables: ``city`` ... ``dwelling``."""
        return self.name.lower()

    @property
    def is_division(self) -> bool:
        """Whether the level belongs to the administrative tree, not to the address base."""
        return self <= Level.COMMUNITY

    @property
    def is_named(self) -> bool:
        """Whether its components are names, found by likeness; the others are numbers, found exactly."""
        return self in _NAMED


_TITLES = (
    "市",
    "县",
    "街道",
    "社区",
    "行政组",
    "自然村",
    "专业区",
    "街路巷",
    "门牌",
    "小区",
    "建筑物",
    "楼牌",
    "单元",
    "楼层",
    "户室",
)
_NAMED = frozenset(
    {
        Level.CITY,
        Level.DISTRICT,
        Level.SUBDISTRICT,
        Level.COMMUNITY,
        Level.HAMLET,
        Level.ZONE,
        Level.ROAD,
        Level.ESTATE,
        Level.PREMISES,
    }
)
