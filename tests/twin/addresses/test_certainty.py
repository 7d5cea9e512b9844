"""What keeps an answer from being sure: what was said and is not so, or is not known to be so."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.twin.addresses.books import book_of, dwellings
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.parsing import Parser

SURE = 0.9
EAST, WEST = "市丽州市/区丽城区/道古城街道", "市丽州市/区溪南区/道望江街道"
GAZETTEER = Gazetteer.of(
    [
        *[("丽州市", 1, -1), ("丽城区", 2, 0), ("溪南区", 2, 0), ("古城街道", 3, 1), ("望江街道", 3, 2)],
        *[("关帝社区", 4, 3), ("十里社区", 4, 4)],
    ]
)
PATHS = [
    *dwellings(f"{EAST}/社关帝社区/路永城路/号38/苑西湖花园", 3, 2, 4, 2),
    f"{WEST}/社十里社区/村和睦桥/号4",
    f"{WEST}/社十里社区/组3/村沈家桥/号7",
    "路创业路",  # as a row without division or place leaves it
    "路平安路/号5",
    *dwellings("市丽州市/区丽城区/苑东山花园", 2, 1, 2, 2),
    f"{EAST}/社关帝社区/路解放路/号1",
    f"{WEST}/路和平街/号3",
    f"{EAST}/苑仁松华府/幢6/元甲/室101",
    f"{EAST}/苑仁松华府/幢6/元乙/室102",
    *[f"{EAST}/苑新虹华府/号9/室{room}" for room in (101, 201, 301)],
    f"{WEST}/路永康路/号0/苑溪南区",
]


@pytest.fixture(scope="module")
def finder() -> Finder:
    book = book_of(PATHS)
    names = [name for name in book.names.to_pylist() if len(name) > 2 and not name.isdigit()]
    return Finder.of(book, Parser(GAZETTEER, names))


@pytest.mark.parametrize(
    "asked",
    [
        "和睦桥4号",
        "十里社区3组沈家桥7号",
        "永城路38号西湖花园3幢1单元302室",
        "丽城区西湖花园3幢1单元302室",
        "丽州市丽城区古城街道东山花园1幢1单元101室",
        "创业路",
        "解放路1号",
        "永城路38号西湖花园",
        "溪湖花园3幢1单元302室",
        "合平街3号",
        "西湖花园",
        "新虹华府9号201室",
        "西湖花园3幢1单元302室，电话13800001111",
    ],
)
def test_answer_is_sure_where_all_that_was_said_is_so(finder: Finder, asked: str) -> None:
    assert finder.geocode(asked)[0].score >= SURE, finder.geocode(asked)[0]


@pytest.mark.parametrize(
    ("asked", "ending", "said"),
    [
        ("和睦桥12组", "和睦桥", "12组"),
        ("和睦桥12组4号", "和睦桥4号", "12组"),
        ("十里社区5组沈家桥7号", "沈家桥3组7号", "5组"),
        ("丽城区创业路", "创业路", "丽城区"),
        ("丽州市丽城区古城街道创业路", "创业路", "未载明"),
        ("溪南区平安路5号", "平安路5号", "溪南区"),
        ("丽州市丽城区古城街道东山花园", "东山花园", "古城街道"),
        ("溪南区解放路1号", "解放路1号", "溪南区"),
        ("合平街", "和平街", "读音"),
        ("xihuhuayuan", "西湖花园", "拼音"),
        ("环翠路162号西湖花园", "西湖花园", "162号"),
        ("仁松华府6幢102室", "乙单元102室", ""),
        ("新虹华府9号10单元201室", "9号新虹华府201室", "10单元"),
    ],
)
def test_answer_is_not_sure_where_something_said_is_not_known_to_be_so(
    finder: Finder, asked: str, ending: str, said: str
) -> None:
    best = finder.geocode(asked)[0]
    assert best.standard_text.endswith(ending)
    assert 0.0 < best.score < SURE
    assert said in best.reason, best.reason
    assert finder.geocode_table(pa.array([asked]))["score"].to_pylist() == [best.score]


def test_estate_that_bears_the_name_of_a_district_is_hardly_meant_by_it(finder: Finder) -> None:
    best = finder.geocode("溪南区象珠镇泉头村")[0]
    assert best.score < 0.5


def test_base_without_any_division_is_sure_by_names_and_numbers() -> None:
    book = book_of(dwellings("路永城路/号38/苑西湖花园", 3, 2, 4, 2))
    finder = Finder.of(book, Parser(GAZETTEER, ["永城路", "西湖花园"]))
    asked = ["丽城区永城路38号西湖花园3幢1单元302室", "丽城区西湖花园"]
    sure, bare = finder.geocode_table(asked)["score"].to_pylist()
    assert sure >= SURE
    assert bare < SURE


@pytest.mark.parametrize(
    "asked",
    [
        "西湖花园3幢1单元302室，电话13800001111转8",
        "西湖花园 15/1/1002有人晕倒了",
        "西湖花园150423号",
        "西湖花园3幢1单元阁楼 张师傅 13900000000",
    ],
)
def test_numbers_among_remarks_are_not_passed_over(finder: Finder, asked: str) -> None:
    assert finder.geocode(asked)[0].score < SURE, finder.geocode(asked)[0]
    assert finder.geocode_table([asked])["score"].to_pylist()[0] < SURE


@pytest.mark.parametrize(
    ("asked", "ending"),
    [
        ("宁城路五农 26", "宁城路五弄26号"),
        ("海堤路己五巷30", "海堤路五巷30号"),
        ("康溪西路四吱路17号", "康溪西路四支路17号"),
        ("宁城路26号", "宁城路26号"),
        ("宁城路阳光花圆1幢", "宁城路30号阳光花园1幢"),
    ],
)
def test_branch_with_a_slip_is_that_branch_and_not_its_main_road(asked: str, ending: str) -> None:
    roads = ["宁城路", "宁城路五弄", "海堤路", "海堤路五巷", "康溪西路", "康溪西路四支路"]
    paths = [f"{EAST}/路{road}/号{number}" for road in roads for number in (17, 26, 30)]
    book = book_of([*paths, f"{EAST}/路宁城路/号30/苑阳光花园/幢1"])
    finder = Finder.of(book, Parser(GAZETTEER, [*roads, "阳光花园"]))
    assert finder.geocode(asked)[0].standard_text.endswith(ending)


def test_lane_is_another_place_than_the_house_of_its_number() -> None:
    book = book_of([f"{EAST}/路长乐弄/号8", f"{EAST}/路永城路/号9"])
    finder = Finder.of(book, Parser(GAZETTEER, ["长乐弄", "永城路"]))
    scores = finder.geocode_table(["长乐弄8号", "长乐弄8", "长乐弄8弄"])["score"].to_pylist()
    assert min(scores[:2]) >= SURE
    assert scores[2] < SURE
    assert "8弄" in finder.geocode("长乐弄8弄")[0].reason


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("丽州市溪南区十里社区9组10号", "丽州市溪南区望江街道十里社区9组10号"),
        ("十里社区和睦桥4组7号", "丽州市溪南区望江街道十里社区和睦桥4组7号"),
        ("十里社区3组沈家桥7号", "丽州市溪南区望江街道十里社区沈家桥3组7号"),
    ],
)
def test_group_of_a_village_is_followed_in_a_table_as_in_one_text(asked: str, text: str) -> None:
    paths = [*PATHS, f"{WEST}/社十里社区/组9/号10", f"{WEST}/社十里社区/村和睦桥/组4/号7"]
    finder = Finder.of(book_of(paths), Parser(GAZETTEER, ["和睦桥", "沈家桥"]))
    one, table = finder.geocode(asked)[0], finder.geocode_table([asked])
    assert (one.standard_text, table["standard_text"][0].as_py()) == (text, text)
    assert one.score == table["score"][0].as_py() >= SURE


def test_other_group_of_a_village_is_not_the_one_asked_for() -> None:
    finder = Finder.of(book_of([*PATHS, f"{WEST}/社十里社区/组9/号10"]), Parser(GAZETTEER, ["和睦桥"]))
    assert finder.geocode_table(["十里社区8组10号"])["score"][0].as_py() < SURE


@pytest.mark.parametrize("city", ["杭州市", "苏州市", "浙江省温州市", "河南省郑州市", "福州市丽城区"])
def test_a_city_one_character_off_is_another_city(finder: Finder, city: str) -> None:
    assert finder.geocode(f"{city}永城路38号西湖花园3幢1单元302室")[0].score < SURE
    assert finder.geocode("丽洲市永城路38号西湖花园3幢1单元302室")[0].score >= SURE  # heard alike: a slip
