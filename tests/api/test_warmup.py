from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api import warmup
from api.service import Service
from api.settings import Settings
from api.warmup import Warmth, warm_layer
from tests.api.town import make_town
from twin.city import City


def test_each_layer_is_asked_once_and_one_that_fails_again_next_time(
    town: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(_: City, name: str) -> bool:
        asked.append(name)
        return name != "roads"

    monkeypatch.setattr(warmup, "warm_layer", ask)
    service = Service.of(town, Settings())

    async def run() -> None:
        warmth = Warmth(service)
        await asyncio.gather(warmth.bring(), warmth.bring())

    asyncio.run(run())
    assert sorted(asked) == sorted([*town.layers(), "roads"])
    service.pool.shutdown()


def test_every_layer_of_a_sound_city_can_be_asked(town: City) -> None:
    assert all(warm_layer(town, name) for name in town.layers())


def test_damaged_layer_is_left_to_tell_its_callers(tmp_path: Path) -> None:
    make_town(tmp_path / "town.city", n_buildings=5, n_addresses=5).close()
    for path in (tmp_path / "town.city" / "index").glob("roads*"):
        path.write_bytes(b"")
    city = City.open(tmp_path / "town.city")
    assert not warm_layer(city, "roads")
    assert warm_layer(city, "grid")
    city.close()
