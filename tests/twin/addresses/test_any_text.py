"""Whatever parts a text is put together of, the finder answers: no text ends a run over a million rows."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.addresses.books import book_of, dwellings
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsing import Parser

GAZETTEER = Gazetteer.of(
    [("宁波市", 1, -1), ("江北区", 2, 0), ("庄桥街道", 3, 1), ("天合社区", 4, 2), ("冯家社区", 4, 2)]
)
ABOVE = "市宁波市/区江北区/道庄桥街道"
PATHS = [
    *dwellings(f"{ABOVE}/社天合社区/路文汇路/号553/苑天合家园", 3, 2, 3, 2),
    *[f"{ABOVE}/社天合社区/路文汇路/号553/幢{block}/室{room}" for block in (7, 8) for room in (101, 472)],
    f"{ABOVE}/社天合社区/路文汇路/号560/幢1/元2/层3/室301",
    f"{ABOVE}/社冯家社区/村冯家村/组3/号12",
    f"{ABOVE}/社冯家社区/组4/号8",
    f"{ABOVE}/社冯家社区/园江北工业园区/号15/厦创业大厦/层2/室205",
    f"{ABOVE}/社冯家社区/路北环路/号7",
]
BOOK = book_of(PATHS, [(f"{ABOVE}/社冯家社区/路北环路", f"{ABOVE}/社冯家社区/园江北工业园区")])
NAMES = [name for name in BOOK.names.to_pylist() if len(name) > 2 and not name.isdigit()]
FINDER = Finder.of(BOOK, Parser(GAZETTEER, NAMES))
SAID = {
    Level.CITY: ("宁波市", "台州市"),
    Level.DISTRICT: ("江北区", "镇海区"),
    Level.SUBDISTRICT: ("庄桥街道", "高桥镇"),
    Level.COMMUNITY: ("天合社区", "龙山村"),
    Level.GROUP: ("3组", "9组"),
    Level.HAMLET: ("冯家村", "李家自然村"),
    Level.ZONE: ("江北工业园区", "鸿湖产业园"),
    Level.ROAD: ("文汇路", "文会路", "建设大道"),
    Level.NUMBER: ("553号", "553弄", "8号", "1-9号"),
    Level.ESTATE: ("天合家园", "天河家园", "海泰佳园"),
    Level.PREMISES: ("创业大厦", "万达广场"),
    Level.BUILDING: ("8幢", "2号楼", "A座", "1-3幢"),
    Level.UNIT: ("2单元", "甲单元", "9单元"),
    Level.FLOOR: ("3层", "-1层"),
    Level.DWELLING: ("101室", "472", "地下室"),
}
"""What a text may say at each level: what the book has, and what it has not."""
WORDS = [word for words in SAID.values() for word in words]
REMARKS = (
    "8号门472",
    "对面",
    "旁50米",
    "与北环路交叉口",
    "天heyuan",
    "阁楼",
    "3",
    "-",
    " ",
    "，",
    "13800001111",
)


def _is_sound(text: str) -> bool:
    answers = FINDER.geocode(text)
    is_told = all(one.reason for one in answers)
    return is_told and all(0.0 <= one.score <= 1.0 for one in answers)


def test_text_with_a_lane_and_the_door_of_a_building_is_answered() -> None:
    assert _is_sound("宁波市江北区文汇路553弄8号门472")


def test_two_parts_of_any_two_levels_are_answered() -> None:
    pairs = list(itertools.product(WORDS, repeat=2))
    texts = ["".join(pair) for pair in pairs]
    assert FINDER.geocode_table(texts).num_rows == len(texts)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, *REMARKS]), min_size=1, max_size=9))
def test_any_sequence_of_parts_is_answered(parts: list[str]) -> None:
    assert _is_sound("".join(parts))
