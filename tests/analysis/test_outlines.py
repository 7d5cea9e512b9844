"""Outlines are those of the areas in force today, and none where there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import shapely

from analysis.outlines import outlines
from tests.api.town import CITY_CODE, COMMUNITY_CODES, EAST, NORTH, SOUTH, STEP_DEG, WEST, make_town, unit_id
from twin.city import City
from twin.config import CityConfig
from twin.layer_table import TIMESTAMP
from twin.schema import DECLARED


def test_outlines_come_in_the_order_of_the_codes(tmp_path: Path) -> None:
    with make_town(tmp_path / "a.city", n_buildings=2, n_addresses=2) as city:
        east, nowhere, whole = outlines(city, "community", [COMMUNITY_CODES[1], "", CITY_CODE])
        assert nowhere is None
        assert east.equals(shapely.box((WEST + EAST) / 2, SOUTH, EAST, NORTH))
        assert whole.equals(shapely.box(WEST, SOUTH, EAST, NORTH))
        (unit,) = outlines(city, "grid", [unit_id(0, 0)])
        assert unit.equals(shapely.box(WEST, SOUTH, WEST + STEP_DEG, SOUTH + STEP_DEG))


def test_code_that_was_carried_before_has_the_outline_of_today(tmp_path: Path) -> None:
    day = datetime(2021, 4, 9, tzinfo=UTC)
    old, new = shapely.box(0, 0, 1, 1), shapely.box(0, 0, 2, 1)
    divisions = pa.table(
        {
            "code": ["330105000000", "330105000000", "330103000000"],
            "name": ["拱墅区", "拱墅区", "下城区"],
            "level": [2, 2, 2],
            "valid_from": pa.array([None, day, None], TIMESTAMP),
            "valid_to": pa.array([day, None, day], TIMESTAMP),
            "geometry": shapely.to_wkb([old, new, old]),
        }
    )
    with City.create(tmp_path / "b.city", CityConfig("杭州市")) as city:
        assert outlines(city, "district", ["330105000000"]).tolist() == [None]
        city.store.put(DECLARED["divisions"], divisions)
        found = outlines(city, "district", ["330105000000", "330103000000"])
        assert found[0].equals(new)
        assert found[1] is None
