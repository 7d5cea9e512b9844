"""``city.toml``: what is written is read again, and what is wrong is said in one sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.config import CONFIG_NAME, CityConfig, read_config, write_config
from twin.errors import InvalidConfigError, StorageError

NAMES = st.text(min_size=1).filter(lambda name: bool(name.strip()) and name.isprintable())
DEGREES = st.tuples(st.floats(-180, 0), st.floats(-90, 0), st.floats(0, 180), st.floats(0, 90))
CONFIGS = st.builds(
    CityConfig,
    name=NAMES,
    crs=st.sampled_from(["", "EPSG:4549", "EPSG:32632"]),
    admin_code=st.sampled_from(["", "330102000000"]),
    resolutions=st.sets(st.integers(0, 12), min_size=1).map(lambda found: tuple(sorted(found))),
    bbox=st.none() | DEGREES,
    state_url=st.sampled_from(["", "sqlite:////srv/丽州/live.db", 'postgresql+psycopg://a:"b\\@db/𠀀']),
    converts_shifted=st.booleans(),
)


@given(config=CONFIGS)
def test_settings_come_back_as_they_were_written(
    config: CityConfig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("city")
    write_config(folder, config)
    assert read_config(folder) == config
    assert tomllib.loads((folder / CONFIG_NAME).read_text(encoding="utf-8"))["name"] == config.name


def test_name_alone_makes_a_city_with_the_defaults(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_text('name = "丽州市"\n', encoding="utf-8")
    config = read_config(tmp_path)
    assert config == CityConfig("丽州市", "", "", (7, 9, 10), None, "")
    assert config.converts_shifted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is not TOML"),
        ('crs = "EPSG:4549"', "has no name"),
        ('name = ""', "needs a name"),
        ('name = "a\\nb"', "of one line"),
        ("name = 3", "name = 3 should be a text"),
        ('name = "a"\ncrs = "gcj02"', "'gcj02' is not written like EPSG:4549"),
        ('name = "a"\nadmin_code = "3301"', "'3301' has not 12 digits"),
        ('name = "a"\ncity = "b"', "unknown setting 'city'; known are name, crs"),
        ('name = "a"\nresolutions = [9, 7]', "must rise within 0-12, got [9, 7]"),
        ('name = "a"\nresolutions = []', "must rise within 0-12, got []"),
        ('name = "a"\nresolutions = [7, 13]', "must rise within 0-12"),
        ('name = "a"\nresolutions = ["7"]', "must rise within 0-12"),
        ('name = "a"\nresolutions = [true]', "must rise within 0-12"),
        ('name = "a"\nbbox = [1, 2, 3]', "is not west, south, east, north"),
        ('name = "a"\nbbox = ["1", 2, 3, 4]', "is not west, south, east, north"),
        ('name = "a"\nbbox = [120.2, 28.8, 120.0, 29.0]', "is not west, south, east, north"),
        ('name = "a"\nbbox = [nan, 28.8, 120.0, 29.0]', "is not west, south, east, north"),
        ('name = "a"\nconverts_shifted = "no"', "converts_shifted = 'no' should be true or false"),
    ],
)
def test_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / CONFIG_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidConfigError) as refusal:
        read_config(tmp_path)
    assert said in str(refusal.value)
    assert CONFIG_NAME in str(refusal.value)


def test_file_in_another_encoding_is_not_toml(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_bytes('name = "丽州"'.encode("gb18030"))
    with pytest.raises(InvalidConfigError, match="is not TOML"):
        read_config(tmp_path)


def test_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match="cannot be read"):
        read_config(tmp_path)


def test_settings_that_cannot_be_written_leave_those_before(tmp_path: Path) -> None:
    write_config(tmp_path, CityConfig("前"))
    (tmp_path / f"{CONFIG_NAME}.part").mkdir()
    with pytest.raises(StorageError, match="could not be written"):
        write_config(tmp_path, CityConfig("后"))
    assert read_config(tmp_path).name == "前"
