"""Text tables keep every value as it came and every row under its number."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.delimited import read_delimited
from layers.delivery import delivered
from layers.source_table import SourceTable
from twin.errors import ImportRefusedError


def read(folder: Path, text: str) -> SourceTable:
    path = folder / "a.csv"
    path.write_bytes(text.encode())
    with delivered(path) as delivery:
        return read_delimited(delivery)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_separator_is_recognised(tmp_path: Path, delimiter: str) -> None:
    table = read(tmp_path, delimiter.join("ab") + "\n" + delimiter.join("12") + "\n")
    assert table.columns.to_pydict() == {"a": ["1"], "b": ["2"]}
    assert bool(table.notes) == (delimiter != ",")


def test_row_numbers_count_blank_and_broken_rows(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b\n1,2\n\n3\n"x\ny",4\n5,6,7\n8,9')
    assert table.columns["a"].to_pylist() == ["1", "x\ny", "8"]
    assert table.numbers.tolist() == [1, 4, 6]
    assert [(item.row, item.came) for item in table.broken] == [(3, "3"), (5, "5,6,7")]


def test_names_are_all_there_and_all_different(tmp_path: Path) -> None:
    table = read(tmp_path, "\n\n a ,,a,a_2,a\n1,2,3,4,5\n")
    assert table.columns.column_names == ["a", "column_2", "a_2", "a_2_2", "a_3"]
    assert len(table.notes) == 3


def test_zeros_blanks_and_quotes_stay(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b\n007, x \n"say ""hi""",\n')
    assert table.columns.to_pydict() == {"a": ["007", 'say "hi"'], "b": [" x ", ""]}


def test_quote_in_the_middle_of_a_value_is_no_quote(tmp_path: Path) -> None:
    assert read(tmp_path, 'a,b\n1,4" pipe\n2,x\n').columns["b"].to_pylist() == ['4" pipe', "x"]


@pytest.mark.parametrize(
    "text", ['a,b\n1,2\n3,"4\n5,6\n', 'a,b\n1,2\n"3,4\n5,6\n', 'a,b\n1,"2\n3,4,5\n6,7\n']
)
def test_quote_that_is_never_closed_refuses_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(ImportRefusedError, match="quotation mark is not closed"):
        read(tmp_path, text)


def test_quote_that_swallows_lines_is_spoken_of(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b\n1,2\n"3,4\n5,6\n7,"8"\n9,10\n')
    assert table.columns["a"].to_pylist() == ["1", "9"]
    assert "it runs over 3 lines because a quotation mark is not closed" in table.broken[0].reason


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_rows_are_those_that_the_standard_library_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    table = read(tmp_path_factory.mktemp("t"), text.getvalue()) if any(any(row) for row in rows) else None
    expected = [row for row in csv.reader(io.StringIO(text.getvalue(), newline="")) if any(row)][1:]
    if table is not None:
        assert [list(row.values()) for row in table.columns.to_pylist()] == expected
