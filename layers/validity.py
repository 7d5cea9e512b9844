"""Validity (生效、失效) of the rows of a layer: an end may not come before its beginning."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from layers.ledger import RowLedger


def reject_backward(table: pa.Table, ledger: RowLedger) -> None:
    """Reject rows that end before they begin.

    Parameters
    ----------
    table : pyarrow.Table
        With ``valid_from`` and ``valid_to``; null is unbounded.
    ledger : RowLedger
        Of the same rows.
    """
    first, last = table["valid_from"], table["valid_to"]
    is_backward = pc.less(last, first).fill_null(fill_value=False).to_numpy()
    reason = "lies before valid_from: row rejected"
    ledger.reject(
        is_backward, "valid_to", last.cast(pa.string()), reason, "exchange or correct the two dates"
    )
