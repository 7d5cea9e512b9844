"""The Python example of the README answers what it says, of the sample county."""

from __future__ import annotations

import doctest
from pathlib import Path

import pandas as pd
import pytest

from analysis.joint import near, places, select
from api.demo import sample_folder
from twin.city import City
from twin.links import links_of

README = Path(__file__).parents[1] / "README.md"


def test_example_runs_and_says_what_it_answers(
    lizhou_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lizhou.city").symlink_to(lizhou_folder)
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert found.attempted > 15
    assert found.failed == 0


def test_addresses_of_the_example_stand_in_the_communities_that_the_source_says() -> None:
    texts = pd.read_csv(sample_folder() / "addresses_civil.csv.gz", dtype=str)["text"]
    for end, community in (("莲池弄13号", "清泉社区"), ("塔山路258号水岸府4幢2单元1102室", "长乐社区")):
        (text,) = texts[texts.str.endswith(end)]
        assert community in text
        assert text.endswith(community + end)


def test_enterprises_of_the_example_are_those_that_a_slow_count_finds(lizhou: City) -> None:
    links, crs = links_of(lizhou), lizhou.config.crs
    people, firms = (places(links, kind, crs) for kind in ("person", "enterprise"))
    busy = select(firms, near(people, 100, at_least=21))
    names = people.table["ref"].to_pandas()
    wanted = [
        names[(people.x - x) ** 2 + (people.y - y) ** 2 <= 100**2].nunique() >= 21
        for x, y in zip(firms.x, firms.y, strict=True)
    ]
    assert 0 < len(busy) < len(firms)
    assert (
        busy.table["address_id"].to_pylist()
        == firms.where(pd.Series(wanted).to_numpy()).table["address_id"].to_pylist()
    )
