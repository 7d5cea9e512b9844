"""What the decisions in force tell an assembly."""

from __future__ import annotations

import numpy as np

from twin.addresses.assembly import Rulings, Split
from twin.state import StateStore
from twin.state.decisions import decisions


def rulings_of(state: StateStore) -> Rulings:
    """Return what the decisions in force tell an assembly.

    Parameters
    ----------
    state : StateStore

    Returns
    -------
    Rulings
    """
    splits: list[Split] = []
    source_tokens: dict[int, str] = {}
    rejected: set[tuple[int, int]] = set()
    merges: dict[int, int] = {}
    for made in decisions(state, only_in_force=True):
        told = made.payload
        if made.kind == "merge":
            merges |= dict(told["went"])
        elif made.kind == "split":
            moved = np.array(told["record_ids"], np.int64)
            splits.extend(Split(moved, old, new) for old, new in told["copies"])
        elif made.kind == "correct":
            source_tokens.setdefault(told["id"], told["source_token"])
        elif made.kind == "reject":
            low, high = told["pair"]
            rejected.add((low, high))
    return Rulings(tuple(splits), source_tokens, frozenset(rejected), merges)
