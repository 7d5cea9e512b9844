"""What a decision did, and how it is stored with the changes that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twin.addresses.base import ADDRESS_BASE, ADDRESSES
from twin.addresses.decisions._plan import Plan
from twin.city import City
from twin.state.decisions import Change, Kind, store_decision


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did.

    Parameters
    ----------
    decision_id : int
        By which it can be undone.
    address_id : int
        The address that it left in force.
    n_addresses, n_records : int
        Addresses and source rows that it changed.
    needs_build : bool
        Whether sources have come in between, so that ``twin build`` has to sort their rows anew.
    """

    decision_id: int
    address_id: int
    n_addresses: int
    n_records: int
    needs_build: bool = False


def stored(plan: Plan, kind: Kind, told: dict[str, Any], left: int, author: str) -> Decided:
    """Store a decision with the changes of its plan, all or nothing; return what it did.

    Parameters
    ----------
    plan : Plan
    kind : str
    told : dict
        What was decided; goes into JSON.
    left : int
        The address that it leaves in force.
    author : str
        Opaque account name.

    Returns
    -------
    Decided

    Raises
    ------
    StateConflictError
        If somebody else edited or imported addresses meanwhile.
    """
    changes = plan.changes()
    with plan.still_true():
        decision_id = store_decision(
            plan.city.state, kind, told, changes, author=author, expected=plan.expected
        )
    forget(plan.city)
    return Decided(decision_id, left, *counted(changes))


def counted(changes: Sequence[Change]) -> tuple[int, int]:
    """Return how many addresses and how many source rows are changed.

    Parameters
    ----------
    changes : sequence of Change

    Returns
    -------
    tuple of int
    """
    n_addresses = sum(change.layer == ADDRESS_BASE for change in changes)
    return n_addresses, len(changes) - n_addresses


def forget(city: City) -> None:
    """Look at the two layers of addresses anew at the next question.

    Parameters
    ----------
    city : City
    """
    city.forget(ADDRESS_BASE)
    city.forget(ADDRESSES)
