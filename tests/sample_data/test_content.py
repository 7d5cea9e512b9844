"""The committed files hold what the generator makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sample_data import LIZHOU
from sample_data.generator.content import UNPACKED, content_of, contents
from sample_data.generator.frame import stream, to_gcj02
from sample_data.generator.tables import FILES
from twin.crs import wgs84_to_gcj02

MOST_BYTES = 12 * 2**20


def test_files_hold_the_content_that_content_json_states() -> None:
    assert contents(LIZHOU) == json.loads((LIZHOU / "content.json").read_text(encoding="utf-8"))


def test_folder_holds_exactly_the_files_of_the_generator() -> None:
    names = {path.name for path in LIZHOU.iterdir() if path.suffix not in UNPACKED}
    assert names == {*FILES, "content.json"}


@pytest.mark.parametrize("name", ["rain.csv", "water_level.csv", "gauges.geojson", "dem_30m.tif"])
def test_file_made_again_has_the_same_content(name: str, tmp_path: Path) -> None:
    FILES[name](tmp_path / name)
    assert content_of(tmp_path / name) == content_of(LIZHOU / name)


def test_all_files_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in LIZHOU.iterdir()) <= MOST_BYTES


def test_readme_and_sources_name_every_file() -> None:
    readme = (LIZHOU / "README.md").read_text(encoding="utf-8")
    assert [name for name in FILES if f"`{name}`" not in readme] == []


def test_content_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("x,y\n3,4\n1,2\n", encoding="utf-8")
    (tmp_path / "c.csv").write_text("x,y\n3,4\n1,3\n", encoding="utf-8")
    assert content_of(tmp_path / "a.csv") == content_of(tmp_path / "b.csv") != content_of(tmp_path / "c.csv")


def test_unknown_file_has_no_content(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"notes\.pdf"):
        content_of(tmp_path / "notes.pdf")


def test_random_numbers_of_a_subject_do_not_depend_on_other_subjects() -> None:
    alone = stream("roads").random(4)
    stream("rivers").random(100)
    assert np.array_equal(stream("roads").random(4), alone)
    assert not np.array_equal(stream("rivers").random(4), alone)


def test_gcj02_of_the_generator_agrees_with_that_of_the_city() -> None:
    lonlat = stream("gcj02 test").uniform((119.9, 28.7), (120.2, 29.0), (500, 2))
    expected = np.column_stack(wgs84_to_gcj02(lonlat[:, 0], lonlat[:, 1]))
    assert np.abs(to_gcj02(lonlat) - expected).max() < 6e-7  # rounded to 1e-6 degrees
