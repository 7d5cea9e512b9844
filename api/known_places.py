"""The names of places that a city knows, which nobody may take for persons."""

from __future__ import annotations

from twin.addresses.aliases import ALIASES, aliases_of
from twin.city import City

_DIVISION_ENDS = ("市", "区", "县", "街道", "镇", "乡", "社区", "村")


def known_places(city: City) -> frozenset[str]:
    """Return the names of a city's divisions, with and without their endings, and its other names of places.

    Parameters
    ----------
    city : City

    Returns
    -------
    frozenset of str
    """
    names = {one.name for one in city.divisions.nodes if one.level < 5}
    names |= {name.removesuffix(end) for name in names for end in _DIVISION_ENDS}
    if city.has_layer(ALIASES):
        for alias in aliases_of(city.layer(ALIASES)):
            names |= {alias.alias, alias.name}
    return frozenset(name for name in names if len(name) > 1)
