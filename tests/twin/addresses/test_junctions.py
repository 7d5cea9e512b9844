"""A junction is where the lines of its two roads meet; which one is meant is never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely

from tests.twin.addresses.books import book_of
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.junctions import Junctions, meeting_of
from twin.addresses.levels import Level
from twin.addresses.names import Alias
from twin.addresses.parsing import Parser
from twin.city import City
from twin.config import CityConfig
from twin.schema import DECLARED
from twin.view import LayerView

LON, LAT = 120.04, 28.89
M_LAT = 1.0 / 111_195.0
M_LON = M_LAT / np.cos(np.radians(LAT))
WHERE = "市丽州市/区丽城区"
GAZETTEER = Gazetteer.of([("丽州市", 1, -1), ("丽城区", 2, 0), ("溪南区", 2, 0)])
Line = Sequence[tuple[float, float]]
ROADS: list[tuple[str | None, Line]] = [
    ("永城路", [(-500, 0), (0, 0)]),
    ("永城路", [(0, 0), (800, 0)]),
    ("环翠路", [(200, -300), (200, 300)]),
    *[("人民西路", [(-400 + side, -300), (-400 + side, 300)]) for side in (0, 30)],
    ("环城路", [(-450, -50), (-450, 50), (700, 50), (700, -50)]),
    ("滨江路", [(600, 20), (600, 400)]),
    ("远山路", [(0, 5000), (500, 5000)]),
    ("新华路", [(50, -300), (50, 300)]),
    (None, [(0, -300), (0, 300)]),
]


def line(points: Line) -> shapely.LineString:
    """Return a line of points in metres east and north of the middle of the town."""
    return shapely.LineString([(LON + east * M_LON, LAT + north * M_LAT) for east, north in points])


def metres(lon: float, lat: float) -> tuple[float, float]:
    return (lon - LON) / M_LON, (lat - LAT) / M_LAT


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("junctions") / "a.city"
    with City.create(folder, CityConfig("丽州市", "EPSG:4549")) as made:
        count = len(ROADS)
        columns = {
            "osm_id": [f"w{n}" for n in range(count)],
            "class": ["primary"] * count,
            "name": [name for name, _ in ROADS],
            "geometry": [shapely.to_wkb(line(points)) for _, points in ROADS],
        }
        made.store.put(DECLARED["roads"], pa.table(columns))
        yield made


@pytest.fixture(scope="module")
def finder(city: City) -> Finder:
    roads = sorted({name for name, _ in ROADS if name not in (None, "新华路")} | {"断头路"})
    book = book_of([f"{WHERE}/路{name}/号1" for name in roads])
    aliases = [Alias("革命路", "永城路", "street", None, date(2004, 12, 1))]
    found = Finder.of(book, Parser(GAZETTEER, [*roads, "新华路"]), aliases)
    found.junctions = Junctions(lambda: city.layer("roads"))
    return found


@pytest.mark.parametrize(
    ("asked", "text", "place"),
    [
        ("永城路与环翠路交叉口", "永城路与环翠路交叉口", (200, 0)),
        ("丽城区环翠路和永城路路口", "环翠路与永城路交叉口", (200, 0)),
        ("永城路/环翠路", "永城路与环翠路交叉口", (200, 0)),
        ("永城路环翠路交叉口 两车相撞，有人受伤", "永城路与环翠路交叉口", (200, 0)),
        ("永城路与人民西路交叉口", "永城路与人民西路交叉口", (-385, 0)),
        ("革命路与环翠路交叉口", "永城路与环翠路交叉口", (200, 0)),
        ("永城路与新华路交叉口", "永城路与新华路交叉口", (50, 0)),
    ],
)
def test_junction_is_the_place_where_the_roads_meet(
    finder: Finder, asked: str, text: str, place: tuple[float, float]
) -> None:
    best = finder.geocode(asked)[0]
    assert best.standard_text == f"丽州市丽城区{text}"
    assert metres(best.lon, best.lat) == pytest.approx(place, abs=0.5)
    assert best.score >= 0.9
    first = "永城路" if text.startswith("永") else "环翠路"
    assert finder.book.name_of(best.position) == first
    assert best.level == Level.ROAD
    (row,) = finder.geocode_table([asked]).to_pylist()
    assert (row["standard_text"], row["lon"], row["lat"]) == (best.standard_text, best.lon, best.lat)


def test_roads_that_meet_again_far_away_are_told_apart_and_not_guessed(finder: Finder) -> None:
    found = finder.geocode("永城路与环城路交叉口")
    places = sorted(round(metres(one.lon, one.lat)[0]) for one in found)
    assert places == [-450, 700]
    assert max(one.score for one in found) <= 0.5
    assert "2 处" in found[0].reason


@pytest.mark.parametrize(
    ("asked", "said", "most"),
    [
        ("永城路与远山路交叉口", "并不相交", 0.3),
        ("永城路与断头路交叉口", "没有“断头路”", 0.3),
        ("永城路与葫芦街交叉口", "没有“葫芦街”", 0.3),
        ("永城路与滨江路交叉口", "相距 20 米", 0.85),
        ("永成路与环翠路交叉口", "永成路→永城路", 0.85),
        ("永城路与环翠路交叉口往东200米", "200米", 0.6),
        ("溪南区永城路与环翠路交叉口", "溪南区", 0.85),
    ],
)
def test_what_speaks_against_a_junction_is_said_and_keeps_the_score_low(
    finder: Finder, asked: str, said: str, most: float
) -> None:
    best = finder.geocode(asked)[0]
    assert best.is_found
    assert said in best.reason
    assert 0.0 < best.score <= most
    assert "永城路" in best.standard_text


def test_city_without_roads_answers_the_first_road_in_doubt(finder: Finder) -> None:
    bare = finder.within(np.ones(len(finder.book), np.bool_))
    bare.junctions = Junctions(lambda: None)
    best = bare.geocode("永城路与环翠路交叉口")[0]
    assert best.standard_text == "丽州市丽城区永城路"
    assert best.score <= 0.6


def test_roads_are_read_anew_when_they_change(tmp_path: Path) -> None:
    with City.create(tmp_path / "b.city", CityConfig("丽州市", "EPSG:4549")) as made:
        seen: list[LayerView] = []
        junctions = Junctions(lambda: seen[-1] if seen else None)
        assert not junctions.has("永城路")
        for east in (100, 300):
            shapes = [line([(-500, 0), (500, 0)]), line([(east, -100), (east, 100)])]
            columns = {
                "osm_id": ["1", "2"],
                "class": ["primary"] * 2,
                "name": ["永城路", "环翠路"],
                "geometry": [shapely.to_wkb(one) for one in shapes],
            }
            made.store.put(DECLARED["roads"], pa.table(columns))
            made.forget("roads")
            seen.append(made.layer("roads"))
            found = junctions.meeting("环翠路", "永城路")
            assert metres(found.lon[0], found.lat[0]) == pytest.approx((east, 0), abs=0.5)


@pytest.mark.parametrize(("apart_m", "n_junctions"), [(90.0, 1), (110.0, 2)])
def test_meetings_within_100_m_are_one_junction(apart_m: float, n_junctions: int) -> None:
    across = shapely.MultiLineString([line([(0, -50), (0, 50)]), line([(apart_m, -50), (apart_m, 50)])])
    assert len(meeting_of(line([(-500, 0), (500, 0)]), across).lon) == n_junctions


def test_junction_of_the_county_lies_on_both_roads(lizhou: City) -> None:
    roads = lizhou.layer("roads").to_geodataframe().set_crs(4326, allow_override=True).to_crs(4549)
    best = lizhou.address_finder().geocode("环翠路与人民西路交叉口")[0]
    assert best.score >= 0.9
    spot = shapely.transform(
        shapely.Point(best.lon, best.lat),
        lambda xy: np.column_stack(_projected(xy)),
    )
    for name in ("环翠路", "人民西路"):
        assert roads[roads["name"] == name].distance(spot).min() < 50.0


def _projected(lonlat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import pyproj

    east, north = pyproj.Transformer.from_crs(4326, 4549, always_xy=True).transform(
        lonlat[:, 0], lonlat[:, 1]
    )
    return np.atleast_1d(east), np.atleast_1d(north)
