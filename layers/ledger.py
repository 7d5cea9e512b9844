"""Which rows of a source are still taken, and everything that was said about rows and file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from layers.report import ImportReport, Rejection
from twin.opaque import WITHHELD
from twin.personal import CUT, personal_spans


class RowLedger:
    """Keeps account of the rows of one source while they are checked, whole columns at a time.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n,)
        1-based number of each row in its source.
    broken : iterable of Rejection
        Rows that could not even be split into columns; they are no rows here.
    withholds : bool
        Whether findings never show what came, because it may be personal.
    hides_persons : bool
        Whether findings do not show what came where it tells of a person.
    """

    def __init__(
        self,
        numbers: NDArray[np.int64],
        broken: Iterable[Rejection] = (),
        *,
        withholds: bool = False,
        hides_persons: bool = False,
    ) -> None:
        self.numbers = numbers
        self.is_taken = np.ones(len(numbers), dtype=bool)
        self.notes: list[str] = []
        self._withholds = withholds
        self._hides_persons = hides_persons
        self._broken = tuple(replace(one, came=self._shown(one.came)) for one in broken)
        self._findings: list[Rejection] = list(self._broken)

    @property
    def n_read(self) -> int:
        """Rows of the source, broken ones included."""
        return len(self.numbers) + len(self._broken)

    @property
    def n_taken(self) -> int:
        """Rows not rejected so far."""
        return int(self.is_taken.sum())

    def reject(
        self,
        is_bad: NDArray[np.bool_],
        field: str,
        came: str | Sequence[object] | NDArray[np.object_],
        reason: str,
        suggestion: str,
    ) -> None:
        """Leave out the rows that are marked, and say why.

        Parameters
        ----------
        is_bad : ndarray of bool, shape (n,)
            Rows left out before are not spoken of again.
        field : str
            Column of the source.
        came : str or sequence, shape (n,)
            What stood there: one text for all rows, or a column.
        reason, suggestion : str
            Why the row cannot be taken, and what the sender can do.
        """
        self.remark(is_bad, field, came, reason, suggestion)
        self.is_taken &= ~is_bad

    def reject_row(self, row: int, field: str, came: str, reason: str, suggestion: str) -> None:
        """Leave out one row, where each has a reason of its own.

        Parameters
        ----------
        row : int
            Position, 0 for the first.
        field, came, reason, suggestion : str
            As for ``reject``.
        """
        self._findings.append(Rejection(int(self.numbers[row]), field, self._shown(came), reason, suggestion))
        self.is_taken[row] = False

    def remark(
        self,
        is_odd: NDArray[np.bool_],
        field: str,
        came: str | Sequence[object] | NDArray[np.object_],
        reason: str,
        suggestion: str,
    ) -> None:
        """Speak of marked rows that are taken all the same.

        Parameters
        ----------
        is_odd : ndarray of bool, shape (n,)
            Rows left out before are not spoken of.
        field : str
            Column of the source.
        came : str or sequence, shape (n,)
            What stood there: one text for all rows, or a column.
        reason, suggestion : str
            What was done about it, and what the sender can do.
        """
        rows = np.flatnonzero(is_odd & self.is_taken)
        for row in rows.tolist():
            text = self._shown(came if isinstance(came, str) else _text_of(came[row]))
            self._findings.append(Rejection(int(self.numbers[row]), field, text, reason, suggestion))

    def note(self, *sentences: str) -> None:
        """Say something about the file as a whole; the same sentence stands once.

        Parameters
        ----------
        *sentences : str
            Empty ones are passed over.
        """
        for sentence in sentences:
            if sentence and sentence not in self.notes:
                self.notes.append(sentence)

    def _shown(self, came: str) -> str:
        if self._withholds and came:
            return WITHHELD
        return CUT if self._hides_persons and personal_spans(came) else came

    def first_reason(self) -> str:
        """Return the first finding in words, for a message about the whole file.

        Returns
        -------
        str
        """
        if not self._findings:
            return "no row has anything to take"
        first = min(self._findings, key=lambda finding: finding.row)
        return f"row {first.row}, {first.field}: '{first.came}' {first.reason}; {first.suggestion}"

    def report(self, source: str, sha256: str, crs: str = "") -> ImportReport:
        """Return what became of the file.

        Parameters
        ----------
        source, sha256 : str
            Name and digest of the delivered file.
        crs : str
            CRS that the coordinates came in.

        Returns
        -------
        ImportReport
        """
        findings = tuple(sorted(self._findings, key=lambda finding: finding.row))
        return ImportReport(source, sha256, self.n_read, self.n_taken, findings, tuple(self.notes), crs)


def _text_of(value: object) -> str:
    plain = value.as_py() if isinstance(value, pa.Scalar) else value
    return "" if plain is None else str(plain)
