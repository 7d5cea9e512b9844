"""Aliases (别名、旧名) as delivered: what else a street, an estate or a subdistrict is or was called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers.ledger import RowLedger
from layers.report import ReadResult
from layers.validity import reject_backward
from layers.vector import read_vector
from twin.frame import CityFrame
from twin.schema import DECLARED

KINDS = {
    "street": ("街路巷", "道路", "路", "road"),
    "estate": ("小区", "院落", "楼盘"),
    "subdistrict": ("街道", "乡镇", "镇", "乡"),
    "community": ("社区", "村", "行政村"),
    "hamlet": ("自然村",),
    "premises": ("建筑物", "楼宇", "大厦"),
}
"""Kind of the thing renamed -> other words for it; further kinds are kept as they come."""


def read_aliases(path: Path, *, columns: Mapping[str, str] | None = None, city: CityFrame) -> ReadResult:
    r"""Return other and former names of places.

    Parameters
    ----------
    path : Path
        A text table, or any vector file; geometry is left aside.
    columns : mapping of str to str, optional
        Our field -> theirs: ``alias`` and ``name`` are required, ``kind``, ``valid_from``, ``valid_to`` (the
        first moment it is no longer used) optional.
    city : CityFrame
        Where the city lies.

    Returns
    -------
    ReadResult
        Without geometry. A row whose alias is the name itself, whose validity ends before it begins, or that
        came before, is rejected.

    Raises
    ------
    ImportRefusedError
        If the file as a whole cannot be taken.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "old_names.csv"
    ...     _ = path.write_text("alias,name,kind\n革命街,人民中路,道路\n人民路,人民路,路\n", "utf-8")
    ...     result = read_aliases(path, city=CityFrame("丽州市", "EPSG:4549"))
    >>> result.table.select(["alias", "name", "kind"]).to_pylist()
    [{'alias': '革命街', 'name': '人民中路', 'kind': 'street'}]
    """
    result = read_vector(path, DECLARED["aliases"], columns=columns, city=city, check=_check)
    kinds = result.table["kind"]
    for kind, words in KINDS.items():
        kinds = pc.if_else(pc.is_in(kinds, value_set=pa.array(words)), kind, kinds)
    place = result.table.column_names.index("kind")
    return ReadResult(result.schema, result.table.set_column(place, "kind", kinds), result.report)


def _check(table: pa.Table, ledger: RowLedger) -> None:
    """Reject rows that rename nothing, never hold, or stand twice."""
    is_same = pc.equal(table["alias"], table["name"]).fill_null(fill_value=False).to_numpy()
    reason = "is the name itself: row rejected"
    ledger.reject(is_same, "alias", table["alias"], reason, "give the other or former name")
    reject_backward(table, ledger)
    parts = [table[name].cast(pa.string()).fill_null("") for name in ("alias", "name", "kind", "valid_from")]
    joined = pc.binary_join_element_wise(*parts, "\0").combine_chunks()
    codes = joined.dictionary_encode().indices.to_numpy()
    taken = np.flatnonzero(ledger.is_taken)
    first = np.unique(codes[taken], return_index=True)[1]
    is_again = ledger.is_taken.copy()
    is_again[taken[first]] = False
    ledger.reject(is_again, "alias", table["alias"], "came in an earlier row: row rejected", "send it once")
