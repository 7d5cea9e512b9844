"""Addresses that have another name or number than their sources say (更正)."""

from __future__ import annotations

from twin.addresses.decisions._plan import Plan, name_of
from twin.addresses.decisions.decided import Decided, stored
from twin.addresses.decisions.rulings import rulings_of
from twin.addresses.levels import Level
from twin.city import City
from twin.errors import InvalidDecisionError


def correct(city: City, address_id: int, token: str, *, author: str) -> Decided:
    """Give an address another name or number; the sources keep theirs and still lead to it.

    Parameters
    ----------
    city : City
    address_id : int
        An address in force.
    token : str
        The name, or the number alone.
    author : str
        Opaque account name.

    Returns
    -------
    Decided

    Raises
    ------
    UnknownFeatureError
        If there is no such address.
    InvalidDecisionError
        If it is a division or not in force, the name is empty or as it was, or a sibling has it.
    StateConflictError
        If somebody else edited addresses meanwhile.
    """
    plan = Plan(city)
    address = plan.address(address_id)
    token = token.strip()
    if address["level"] <= Level.COMMUNITY:
        raise InvalidDecisionError(f"{address['text']} is a division; import divisions to rename it")
    if not token or not token.isprintable() or token == address["token"]:
        raise InvalidDecisionError(f"{token!r} is no new name for {address['text']}")
    parent = address["parent_id"]
    for sibling in plan.children(parent) if parent is not None else ():
        if name_of(plan.address(sibling)) == (address["level"], token):
            raise InvalidDecisionError(
                f"{plan.address(sibling)['text']} ({sibling}) has this name already; merge the two"
            )
    source_token = rulings_of(city.state).source_tokens.get(address_id, address["token"])
    address["token"] = token
    plan.write_texts(plan.below(address_id))
    told = {"id": address_id, "source_token": source_token, "token": token}
    return stored(plan, "correct", told, address_id, author)
