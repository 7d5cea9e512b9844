"""What merged and corrected addresses were called: their former names still lead to them (旧名、已并入)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.addresses.assembly import Rulings
from twin.addresses.levels import Level
from twin.addresses.names import Alias
from twin.errors import UnknownFeatureError
from twin.view import LayerView


@dataclass(frozen=True, slots=True)
class Former:
    """Names and numbers that people took from addresses.

    Parameters
    ----------
    names : tuple of Alias
        Of roads, estates and other named places.
    numbers : dict of (int, int, str) to int
        Of numbered parts: the id of the address above, level and number; to the id of what it is now.
    """

    names: tuple[Alias, ...] = ()
    numbers: dict[tuple[int, int, str], int] = field(default_factory=dict)


def former_of(view: LayerView, rulings: Rulings) -> Former:
    """Return what the decisions in force have taken out of use.

    Parameters
    ----------
    view : LayerView
        Of the layer ``address_base``.
    rulings : Rulings

    Returns
    -------
    Former
    """
    went = {old: _final(rulings.merges, old) for old in rulings.merges}
    wanted = sorted({*went, *went.values(), *rulings.source_tokens})
    positions = np.array([place for one in wanted if (place := _position(view, one)) >= 0], np.int64)
    if not len(positions):
        return Former()
    rows = view.take(positions, ["feature_id", "level", "parent_id", "token"]).to_pylist()
    known = {row["feature_id"]: row for row in rows}
    told = [(old, known[old]["token"], new) for old, new in went.items() if old in known and new in known]
    told += [(one, token, one) for one, token in rulings.source_tokens.items() if one in known]
    names, numbers = [], {}
    for old, token, new in sorted(told):
        level = Level(known[old]["level"])
        if level.is_named:
            if token != known[new]["token"]:
                names.append(Alias(token, known[new]["token"]))
        elif known[old]["parent_id"] is not None:
            above = _final(rulings.merges, known[old]["parent_id"])
            numbers[above, int(level), token] = new
    return Former(tuple(dict.fromkeys(names)), numbers)


def _final(merges: dict[int, int], address_id: int) -> int:
    """Return what an address has become after all merges."""
    seen = {address_id}
    while (after := merges.get(address_id, address_id)) not in seen:
        seen.add(after)
        address_id = after
    return address_id


def _position(view: LayerView, address_id: int) -> int:
    try:
        return view.position_of(address_id)
    except UnknownFeatureError:
        return -1
