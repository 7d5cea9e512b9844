"""Arrow and numpy on the same memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.reference import ROOT
from tests.twin.layer_samples import schema_of, shapes_of, table_of
from twin.buffers import array_of, flags_of, values_of
from twin.store import LayerStore


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint64, np.float64])
def test_numbers_go_there_and_back_without_a_copy(kind: type[np.generic]) -> None:
    values = np.arange(20).astype(kind)
    column = array_of(values)
    assert column.to_pylist() == values.tolist()
    assert np.shares_memory(values_of(column), values)
    assert values_of(column.slice(3, 5)).tolist() == values[3:8].tolist()
    assert values_of(column[:0]).tolist() == []
    assert not values_of(column).flags.writeable


@pytest.mark.parametrize(("start", "length"), [(0, 0), (0, 1), (0, 70), (3, 9), (8, 62), (69, 1)])
def test_truth_values_of_a_slice_are_its_own(start: int, length: int) -> None:
    expected = np.random.default_rng(0).random(70) < 0.5
    column = pa.array(expected.tolist()).slice(start, length)
    assert flags_of(column).tolist() == expected[start : start + length].tolist()


def test_strided_numbers_are_put_together() -> None:
    assert array_of(np.arange(10).reshape(5, 2)[:, 1]).to_pylist() == [1, 3, 5, 7, 9]


READER = """
import sys
from pathlib import Path
import numpy as np
from twin.store import LayerStore
from twin.view import LayerView
view = LayerView(LayerStore(Path(sys.argv[1])).open("points"))
view.take(view.in_bbox((119.0, 28.0, 121.0, 30.0)))
view.feature_json(view.page(-1, 5)[0])
view.nearest(120.0, 29.0)
view.count_by_cell(9)
assert "pandas" not in sys.modules
"""


def test_process_that_answers_where_questions_never_loads_pandas(tmp_path: Path) -> None:
    LayerStore(tmp_path).put(schema_of("point"), table_of(shapes_of("point", 20)))
    subprocess.run([sys.executable, "-c", READER, str(tmp_path)], cwd=ROOT, check=True)
