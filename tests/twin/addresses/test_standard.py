"""The standard text: order, words, and that it reads back as what it was made of."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsing import Parser
from twin.addresses.standard import standard_text, word_of

CITY = Gazetteer.of(
    [("丽州市", 1, -1), ("丽城区", 2, 0), ("古城街道", 3, 1), ("城隍社区", 4, 2), ("西山村", 4, 2)]
)
PARSER = Parser(CITY)
SMALL = st.integers(1, 99).map(str)


def test_parts_stand_in_order_with_the_words_of_the_source() -> None:
    parts = [
        (Level.DWELLING, "302", "室"),
        (Level.BUILDING, "38", "号楼"),
        (Level.CITY, "丽州市", ""),
        (Level.NUMBER, "867", "号"),
        (Level.ROAD, "环翠路", ""),
        (Level.UNIT, "1", "单元"),
        (Level.DISTRICT, "丽城区", ""),
        (Level.ESTATE, "丽景佳苑", ""),
    ]
    assert standard_text(parts) == "丽州市丽城区环翠路867号丽景佳苑38号楼1单元302室"
    assert standard_text(parts, "浙江省").startswith("浙江省丽州市")


def test_words_that_the_source_leaves_out_are_put_in() -> None:
    parts = [(Level.BUILDING, "3", ""), (Level.UNIT, "1", ""), (Level.DWELLING, "302", "")]
    assert standard_text(parts) == "3幢1单元302室"
    assert standard_text([(Level.NUMBER, "669", "弄"), (Level.BUILDING, "14", "号")]) == "669弄14号"


def test_nothing_gives_an_empty_text() -> None:
    assert standard_text([]) == ""


def test_words_of_components_are_those_of_the_text() -> None:
    parsed = PARSER.parse("柳营路669弄14号三单元1102室")
    assert [word_of(part) for part in parsed.components] == ["", "弄", "号", "单元", "室"]
    assert [word_of(part) for part in PARSER.parse("紫荆花园3-1-302").components] == ["", "", "", ""]


@st.composite
def addresses(draw: st.DrawFn) -> list[tuple[Level, str, str]]:
    """Draw the parts of a standard address."""
    parts = [(Level.CITY, "丽州市", ""), (Level.DISTRICT, "丽城区", "")][draw(st.integers(0, 2)) :]
    if draw(st.booleans()):
        parts.append((Level.SUBDISTRICT, "古城街道", ""))
        community = draw(st.sampled_from(["", "城隍社区", "西山村"]))
        parts += [(Level.COMMUNITY, community, "")] if community else []
    road = draw(st.sampled_from(["永城路", "和平一路", "井下巷", "丽州大道", "五二七国道", "东升小巷"]))
    parts += [(Level.ROAD, road, ""), (Level.NUMBER, draw(st.integers(1, 9999).map(str)), "号")]
    estate = draw(st.sampled_from(["", "丽景佳苑", "学林一品", "紫金里", "水岸新村", "丽州市第八小学"]))
    if not estate:
        return parts
    level = Level.PREMISES if estate.endswith("学") else Level.ESTATE
    parts += [(level, estate, ""), (Level.BUILDING, draw(SMALL), draw(st.sampled_from(["幢", "栋", "号楼"])))]
    if draw(st.booleans()):
        parts.append((Level.UNIT, draw(SMALL), "单元"))
    if draw(st.booleans()):
        parts.append((Level.FLOOR, draw(SMALL), draw(st.sampled_from(["层", "楼"]))))
    if draw(st.booleans()):
        parts.append((Level.DWELLING, draw(st.integers(1, 3999).map(str)), "室"))
    return parts


@given(addresses())
@settings(deadline=None)
def test_a_standard_text_reads_back_as_its_parts(parts: list[tuple[Level, str, str]]) -> None:
    text = standard_text(parts)
    parsed = PARSER.parse(text)
    assert [(part.level, part.token) for part in parsed.components] == [part[:2] for part in parts], text
    again = [(part.level, part.token, word_of(part)) for part in parsed.components]
    assert standard_text(again) == text
    assert parsed.rest == ""
