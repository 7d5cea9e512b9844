"""The ledger counts every row once and keeps findings in the order of the source."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from layers.ledger import RowLedger
from layers.report import Rejection


def mask(*rows: int) -> np.ndarray:
    return np.isin(np.arange(4), rows)


def test_rows_are_read_taken_or_rejected_and_nothing_else() -> None:
    ledger = RowLedger(np.array([1, 2, 4, 5]), [Rejection(3, "columns", "a,b", "r", "s")])
    ledger.reject(mask(1), "lon", pa.array(["a", "b", "c", "d"]), "r", "s")
    ledger.remark(mask(1, 2), "name", "x", "left empty", "s")
    ledger.reject_row(3, "key", "k", "twice", "s")
    ledger.note("once", "once", "")
    report = ledger.report("a.csv", "00", "wgs84")
    assert (report.rows_read, report.rows_taken, report.rows_rejected) == (5, 2, 3)
    assert [(item.row, item.came) for item in report.rejections] == [(2, "b"), (3, "a,b"), (4, "x"), (5, "k")]
    assert report.notes == ("once",)
    assert ledger.first_reason() == "row 2, lon: 'b' r; s"


def test_row_left_out_is_not_spoken_of_again() -> None:
    ledger = RowLedger(np.arange(1, 5))
    ledger.reject(mask(0, 1, 2, 3), "a", "", "r", "s")
    ledger.reject(mask(0), "b", "", "r", "s")
    assert ledger.n_taken == 0
    assert len(ledger.report("a", "").rejections) == 4


def test_empty_source_has_no_reason() -> None:
    assert RowLedger(np.empty(0, np.int64)).first_reason() == "no row has anything to take"
