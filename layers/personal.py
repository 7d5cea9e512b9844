"""Persons in what departments deliver (个人信息不入库): cut out at the border, never stored."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers.columns import ColumnPlan
from layers.ledger import RowLedger
from twin.opaque import misfits
from twin.personal import CUT, without_contacts, without_persons
from twin.schema import LayerSchema

TOLD_BY_PEOPLE = frozenset({"addresses", "incidents"})
"""Layers whose texts people write or say: persons stand among them."""
_ADDRESS = ("addresses", "text")
_SUGGESTION = "leave persons out of what is delivered"


def cut_persons(
    arrays: dict[str, pa.Array],
    layer: LayerSchema,
    plan: ColumnPlan,
    ledger: RowLedger,
    places: Collection[str] = (),
) -> dict[str, pa.Array]:
    """Return the columns of a layer without what tells of persons.

    Address texts lose names, telephone, identity and account numbers; all other texts the numbers, and names
    that are said to be such. A row of which nothing is left that the layer needs is rejected.

    Parameters
    ----------
    arrays : dict of str to pyarrow.Array
        Columns by our names.
    layer : LayerSchema
        Unless it is one of ``TOLD_BY_PEOPLE`` nothing is looked at.
    plan : ColumnPlan
        Which column of the source each came from.
    ledger : RowLedger
        Told of every row, without quoting it.
    places : collection of str
        Names that are none of a person.

    Returns
    -------
    dict of str to pyarrow.Array
    """
    if layer.name not in TOLD_BY_PEOPLE:
        return arrays
    found = dict(arrays)
    for name, values in arrays.items():
        theirs = plan.fields.get(name) or plan.extras.get(name, "")
        if not theirs or not pa.types.is_string(values.type):
            continue
        if name == layer.key:
            _reject_identities(values, theirs, ledger)
            continue
        is_address = (layer.name, name) == _ADDRESS
        kept, is_cut = without_persons(values, places) if is_address else without_contacts(values)
        if not is_cut.any():
            continue
        found[name] = kept
        n_cut = np.count_nonzero(is_cut & ledger.is_taken)
        is_empty = is_cut & pc.is_null(kept).to_numpy(zero_copy_only=False)
        if layer.field(name).is_required if name in plan.fields else False:
            reason = "tells of a person and of nothing else (个人信息不入库): row rejected"
            ledger.reject(is_empty, theirs, CUT, reason, _SUGGESTION)
        reason = "tells of a person: cut out (个人信息不入库)"
        ledger.remark(is_cut, theirs, CUT, reason, _SUGGESTION)
        ledger.note(
            f"{theirs}: {n_cut:,} rows tell of persons; names and numbers are cut out (个人信息不入库)"
        )
    return found


def _reject_identities(keys: pa.Array, theirs: str, ledger: RowLedger) -> None:
    """Reject rows that are numbered by a person's identity number."""
    is_identity = misfits(keys) == "looks like an identity number"
    reason = "is a person's identity number (个人信息不入库): row rejected"
    ledger.reject(is_identity, theirs, CUT, reason, "give each row a number of its own")
