"""The validator against the specification's own fixtures, and against every tile we write."""

from __future__ import annotations

import io
import json
import tarfile
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import reference_path
from tests.tiles.town import building_layer
from tiles.draw import draw_tile
from tiles.validate import validate_tile

# Verdicts of the collection that contradict another of its own, so that no reader can keep both sides:
# 016 calls valid, byte for byte, the tile that 003 calls invalid (a feature without type);
# 057 calls valid the MoveTo whose count exceeds its numbers that 051 calls invalid;
# 061 calls valid in version 1 the layer without version that 024 calls invalid there.
CONTRADICTORY = {1: {"016": "003", "057": "051", "061": "024"}, 2: {"016": "003", "057": "051"}}


@pytest.fixture(scope="module")
def fixtures() -> dict[str, dict]:
    found: dict[str, dict] = defaultdict(dict)
    content = reference_path("ogc-conformance/mvt-fixtures.tar.gz").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            if member.isfile():
                *_, name, file = member.name.split("/")
                found[name][file] = archive.extractfile(member).read()
    return {
        name: {"tile": files["tile.mvt"], **json.loads(files["info.json"])["validity"]}
        for name, files in found.items()
    }


@pytest.mark.parametrize("version", [1, 2])
def test_the_validator_agrees_with_every_fixture(fixtures: dict[str, dict], version: int) -> None:
    assert len(fixtures) > 70
    wrong = {
        name: validate_tile(one["tile"], version)
        for name, one in fixtures.items()
        if (not validate_tile(one["tile"], version)) != one[f"v{version}"]
    }
    assert set(wrong) == set(CONTRADICTORY[version])


@pytest.mark.parametrize("version", [1, 2])
def test_the_fixtures_left_out_contradict_others(fixtures: dict[str, dict], version: int) -> None:
    assert fixtures["016"]["tile"] == fixtures["003"]["tile"]
    for one, other in CONTRADICTORY[version].items():
        assert fixtures[one][f"v{version}"] != fixtures[other][f"v{version}"]
        mine, theirs = (validate_tile(fixtures[name]["tile"], version)[0].what for name in (one, other))
        assert mine == theirs


@pytest.mark.parametrize("z", [13, 14, 16])
def test_our_own_tiles_are_valid(z: int) -> None:
    layer = building_layer(1000, (14, 13648, 6800))
    tile = draw_tile([(layer, np.arange(1000))], z, *(n << z >> 14 for n in (13648, 6800)))
    assert tile.n_features > 50
    assert validate_tile(tile.content) == ()


@given(st.binary(max_size=60))
def test_any_bytes_are_judged_without_an_exception(content: bytes) -> None:
    validate_tile(content)
    validate_tile(b"\x1a" + bytes([len(content)]) + content, 1)


def polygon(*numbers: int) -> bytes:
    """Return a tile with one polygon of these geometry numbers, each below 128."""
    feature = b"\x18\x03\x22" + bytes([len(numbers), *numbers])
    layer = b"\x78\x02\x0a\x01a\x12" + bytes([len(feature)]) + feature
    return b"\x1a" + bytes([len(layer)]) + layer


@pytest.mark.parametrize(
    ("numbers", "what"),
    [
        ((9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15), None),
        ((9, 0, 0, 26, 0, 20, 20, 0, 0, 19, 15), "before any exterior"),
        ((9, 0, 0, 18, 20, 0, 20, 0, 15), "without area"),
        ((9, 0, 0, 26, 20, 20, 19, 0, 20, 19, 15), "without area"),
        ((9, 0, 0, 26, 0, 12, 20, 11, 0, 20, 15), "invalid polygon"),
        ((9, 0, 0, 10, 20, 0, 15), "ring of 2 vertices"),
        ((9, 0, 0, 26, 20, 0, 0, 20, 19, 0), "ended where"),
    ],
)
def test_polygons_are_judged_by_winding_area_and_simplicity(
    numbers: tuple[int, ...], what: str | None
) -> None:
    problems = validate_tile(polygon(*numbers))
    assert not problems if what is None else what in problems[0].what
