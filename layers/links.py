"""Links (关联) as delivered: which person, firm, place, thing, agency or incident belongs to an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from layers.ledger import RowLedger
from layers.report import ImportReport, ReadResult
from layers.validity import reject_backward
from layers.vector import read_vector
from twin.frame import CityFrame
from twin.link_kinds import KIND_WORDS, LINK_KINDS, link_ids
from twin.opaque import holds_number_of_person, misfits
from twin.schema import DECLARED


def read_links(path: Path, *, columns: Mapping[str, str] | None = None, city: CityFrame) -> ReadResult:
    r"""Return links of addresses to opaque references.

    Parameters
    ----------
    path : Path
        A text table, or any vector file; geometry is left aside.
    columns : mapping of str to str, optional
        Our field -> theirs: ``kind`` (person, enterprise, place, thing, agency, incident; 人 企 地 物 政 事)
        and ``ref`` are required, and either ``address_id`` or ``source_id``, the number of an address row
        (with ``address_source`` where several sources number alike). ``class``, ``valid_from``,
        ``valid_to`` and ``link_id`` are optional; other columns are left out.
    city : CityFrame
        Where the city lies.

    Returns
    -------
    ReadResult
        Without geometry. A row whose reference looks like a name, telephone or identity number is rejected;
        the report never shows what stood there.

    Raises
    ------
    ImportRefusedError
        If the file as a whole cannot be taken.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "links.csv"
    ...     _ = path.write_text("source_id,kind,ref\nM1,人,9c7a1f\nM1,人,张三\n", encoding="utf-8")
    ...     result = read_links(path, city=CityFrame("丽州市", "EPSG:4549"))
    >>> result.table["ref"].to_pylist(), result.report.rejections[0].came
    (['9c7a1f'], '(withheld 不予显示)')
    """
    declared = DECLARED["links"]
    fields = tuple(replace(field, is_required=field.name in {"kind", "ref"}) for field in declared.fields)
    result = read_vector(
        path,
        replace(declared, key="", fields=fields),
        columns=columns,
        city=city,
        check=_check,
        withholds=True,
    )
    table = _normalised(result.table).select([field.name for field in fields])
    extras = [name for name in result.table.column_names if name not in table.column_names]
    report = _without(result.report, extras)
    return ReadResult(declared, table, report)


def _check(table: pa.Table, ledger: RowLedger) -> None:
    """Reject links to nothing known, of no address, that may tell who somebody is, or that came before."""
    table = _normalised(table)
    is_known = pc.is_in(table["kind"], value_set=pa.array(LINK_KINDS)).to_numpy()
    wanted = ", ".join(LINK_KINDS)
    ledger.reject(
        ~is_known, "kind", table["kind"], "is no kind of link: row rejected", f"write one of {wanted}"
    )
    found = misfits(table["ref"])
    for reason in dict.fromkeys(found.tolist()):
        if reason:
            suggestion = "send an opaque reference instead (请使用不透明编号)"
            ledger.reject(found == reason, "ref", table["ref"], f"{reason}: row rejected", suggestion)
    for name in ("class", "source_id", "address_source", "link_id"):
        is_personal = holds_number_of_person(table[name])
        reason = "holds a telephone or identity number: row rejected"
        ledger.reject(is_personal, name, table[name], reason, "remove it")
    lacks = pc.and_(pc.is_null(table["address_id"]), pc.is_null(table["source_id"])).to_numpy()
    ledger.reject(lacks, "source_id", "", "names no address: row rejected", "fill in address_id or source_id")
    reject_backward(table, ledger)
    codes = pc.dictionary_encode(table["link_id"]).combine_chunks().indices.to_numpy()
    taken = np.flatnonzero(ledger.is_taken)
    is_again = ledger.is_taken.copy()
    is_again[taken[np.unique(codes[taken], return_index=True)[1]]] = False
    ledger.reject(is_again, "ref", table["ref"], "came in an earlier row: row rejected", "send it once")


def _normalised(table: pa.Table) -> pa.Table:
    """Return the rows with our words for kinds, and a number for each link that has none."""
    kinds = table["kind"]
    for kind, words in KIND_WORDS.items():
        kinds = pc.if_else(pc.is_in(kinds, value_set=pa.array(words)), kind, kinds)
    table = _set(table, "kind", kinds)
    return _set(table, "link_id", pc.coalesce(table["link_id"], link_ids(table)))


def _set(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _without(report: ImportReport, extras: list[str]) -> ImportReport:
    """Return the report with a word on the columns that are left out."""
    if not extras:
        return report
    said = f"columns {', '.join(extras)} are left out: a link holds references and nothing more"
    return replace(report, notes=(*report.notes, said))
