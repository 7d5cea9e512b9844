"""A CSV table gives its texts as they are meant and keeps its bytes as they came."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.csv_table import MAX_RECORD_BYTES, CsvTable
from twin.errors import ImportRefusedError, StorageError

texts = st.text('永城路西湖花园号幢单元室 ab1,"\n;，', max_size=12)


def table_of(folder: Path, content: bytes, *wanted: str, new: tuple[str, ...] = ("key",)) -> CsvTable:
    path = folder / "t.csv"
    path.write_bytes(content)
    return CsvTable.read(path, wanted, new)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=8), st.sampled_from(["utf-8", "gb18030"]))
def test_texts_and_added_fields_are_what_the_csv_module_reads(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("t")
    lines = io.StringIO()
    csv.writer(lines, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("甲乙丙", "text"), *rows])
    content = lines.getvalue().encode(encoding)
    table = table_of(folder, content, "text")
    read = list(csv.reader(io.StringIO(content.decode(table.codec), newline="")))[1:]
    assert table.texts(0).to_pylist() == [row[1] for row in read]
    new = pa.array([row[0] for row in read], pa.string())
    table.write(folder / "o.csv", ["key"], table.encoded(new))
    written = list(csv.reader(io.StringIO((folder / "o.csv").read_bytes().decode(table.codec), newline="")))
    assert [row[:2] for row in written[1:]] == read
    assert [row[2] for row in written[1:]] == [row[0] for row in read]


def test_quotation_marks_blanks_and_unknown_bytes_are_read(tmp_path: Path) -> None:
    table = table_of(tmp_path, b'text\n"a ""b"", c"\n  d  \n""\n', "text")
    assert table.texts(0).to_pylist() == ['a "b", c', "d", ""]


def test_column_is_found_in_any_capitals_and_only_once(tmp_path: Path) -> None:
    assert table_of(tmp_path, b" TEXT ,n\na,1\n", "text").texts(0).to_pylist() == ["a"]
    with pytest.raises(ImportRefusedError, match="2 columns"):
        table_of(tmp_path, b"text,Text\na,b\n", "text")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "no column 'text'"),
        (b"text,KEY\n1,2\n", "'key' already"),
        (b"text\n1,2\n", "row 1 has 2 fields"),
        (b"text\n" + b"x" * (MAX_RECORD_BYTES + 1), "no table"),
        (b"x" * 1_000_000, "no table"),
        (b"\n\n\n", "no header"),
    ],
)
def test_what_is_no_table_with_the_column_is_refused_shortly(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(ImportRefusedError, match=said) as refused:
        table_of(tmp_path, content, "text")
    assert len(str(refused.value)) < 400


def test_target_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    table = table_of(tmp_path, b"text\na\n", "text")
    with pytest.raises(StorageError):
        table.write(tmp_path / "missing" / "o.csv", ["key"], table.encoded(pa.array(["1"])))
