"""The parser on texts taken apart by hand."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsed import PARSED_COLUMNS
from twin.addresses.parsing import Parser

CITY = Gazetteer.of(
    [
        ("丽州市", 1, -1),
        ("丽城区", 2, 0),
        ("溪南区", 2, 0),
        ("余杭区", 2, 0),
        ("古城街道", 3, 1),
        ("横街镇", 3, 2),
        ("五常街道", 3, 3),
        ("开发区街道", 3, 2),
        ("外坦村", 4, 5),
        ("城隍社区", 4, 4),
    ]
)
PARSER = Parser(CITY)
BARE = Parser(Gazetteer.empty())


def said(text: str, parser: Parser = PARSER) -> str:
    """Return the components of a text as ``level token``, a star behind ranges."""
    return " ".join(
        f"{part.level.column} {part.token}{'*' * part.is_range}" for part in parser.parse(text).components
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("永城路38号楼一单元三零二", "road 永城路 building 38 unit 1 dwelling 302"),
        ("永城路三十八号楼一单元一百零二室", "road 永城路 building 38 unit 1 dwelling 102"),
        ("永城路３８号楼１单元３０２室", "road 永城路 building 38 unit 1 dwelling 302"),
        ("永城路38號樓", "road 永城路 building 38"),
        ("紫荆花园三幢二单元五〇二", "estate 紫荆花园 building 3 unit 2 dwelling 502"),
        ("紫荆花园廿三栋", "estate 紫荆花园 building 23"),
        ("紫荆花园3栋2梯0302", "estate 紫荆花园 building 3 unit 2 dwelling 302"),
        ("紫荆花园3＃楼2单元302房", "estate 紫荆花园 building 3 unit 2 dwelling 302"),
        ("紫荆花园B1栋", "estate 紫荆花园 building B1"),
        ("金泽大厦a座1203", "premises 金泽大厦 building A dwelling 1203"),
        ("金泽大厦A座负一层", "premises 金泽大厦 building A floor -1"),
        ("万达广场C区3栋302", "estate 万达广场C区 building 3 dwelling 302"),
        ("紫荆花园3号楼3楼302", "estate 紫荆花园 building 3 floor 3 dwelling 302"),
        ("紫荆花园3幢2单元12层1203室", "estate 紫荆花园 building 3 unit 2 floor 12 dwelling 1203"),
        ("紫荆花园二期3幢", "estate 紫荆花园二期 building 3"),
        ("紫荆花园3幢西单元302", "estate 紫荆花园 building 3 unit 西 dwelling 302"),
        ("永城路38号金泽大厦12F1203", "road 永城路 number 38 premises 金泽大厦 floor 12 dwelling 1203"),
        ("永城路38号金泽大厦12楼1203", "road 永城路 number 38 premises 金泽大厦 floor 12 dwelling 1203"),
    ],
)
def test_building_unit_floor_and_room_are_read_however_written(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("紫荆花园3-1-302", "estate 紫荆花园 building 3 unit 1 dwelling 302"),
        ("紫荆花园15-2-1701", "estate 紫荆花园 building 15 unit 2 dwelling 1701"),
        ("紫荆花园38-1-302室", "estate 紫荆花园 building 38 unit 1 dwelling 302"),
        ("永城路38-1-302", "road 永城路 building 38 unit 1 dwelling 302"),
        ("紫荆花园3-302", "estate 紫荆花园 building 3 dwelling 302"),
        ("紫荆花园9幢2301", "estate 紫荆花园 building 9 dwelling 2301"),
        ("紫荆花园3#1-302", "estate 紫荆花园 building 3 unit 1 dwelling 302"),
        ("紫荆花园3栋302", "estate 紫荆花园 building 3 dwelling 302"),
        ("永城路12-1", "road 永城路 number 12-1"),
        ("永城路12-302", "road 永城路 number 12 dwelling 302"),
        ("3-1-302", "building 3 unit 1 dwelling 302"),
        ("永城路8号3-1-302", "road 永城路 number 8 building 3 unit 1 dwelling 302"),
        ("紫荆花园 3 - 1 - 302", "estate 紫荆花园 building 3 unit 1 dwelling 302"),
        ("紫荆花园3一1一302", "estate 紫荆花园 building 3 unit 1 dwelling 302"),
    ],
)
def test_shorthand_is_spread_over_building_unit_and_room(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("柳营路669弄14号1102室", "road 柳营路 number 669 building 14 dwelling 1102"),
        ("永城路12号附3号", "road 永城路 number 12-3"),
        ("永城路12-1号", "road 永城路 number 12-1"),
        ("永城路12号之一", "road 永城路 number 12-1"),
        ("永城路12号甲", "road 永城路 number 12甲"),
        ("和平一路一百一十一号", "road 和平一路 number 111"),
        ("溪南区25号大街12号", "district 溪南区 road 25号大街 number 12"),
        ("五二七国道1392号", "road 五二七国道 number 1392"),
        ("G320国道12号", "road G320国道 number 12"),
        ("文一路支路12号", "road 文一路支路 number 12"),
        ("江南大道创业大道288号", "road 江南大道 road 创业大道 number 288"),
        ("溪南区廿三里路12号", "district 溪南区 road 廿三里路 number 12"),
        ("井下巷3号", "road 井下巷 number 3"),
        ("解放北路186号西胡新村20幢", "road 解放北路 number 186 estate 西胡新村 building 20"),
        ("文昌里21号", "road 文昌里 number 21"),
        ("紫金里21幢", "estate 紫金里 building 21"),
        ("学院路小学", "premises 学院路小学"),
    ],
)
def test_roads_and_numbers(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("永城路1-10幢", "road 永城路 building 1-10*"),
        ("永城路1至10幢", "road 永城路 building 1-10*"),
        ("永城路1～3号楼", "road 永城路 building 1-3*"),
        ("紫荆花园12、14幢", "estate 紫荆花园 building 12-14*"),
        ("紫荆花园3幢至5幢", "estate 紫荆花园 building 3* building 5*"),
        ("紫荆花园3幢101-103室", "estate 紫荆花园 building 3 dwelling 101-103*"),
        ("永城路38-40号", "road 永城路 number 38-40*"),
    ],
)
def test_a_range_of_numbers_is_no_single_place(text: str, wanted: str) -> None:
    assert said(text) == wanted
    assert PARSER.parse_table([text])["is_partial"].to_pylist() == [True]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("丽州丽城古城永城路8号", "city 丽州市 district 丽城区 subdistrict 古城街道 road 永城路 number 8"),
        ("余杭五常街道文一西路969号", "district 余杭区 subdistrict 五常街道 road 文一西路 number 969"),
        ("余杭五常文一西路969号", "district 余杭区 subdistrict 五常街道 road 文一西路 number 969"),
        ("溪南区横街镇外坦12号", "district 溪南区 subdistrict 横街镇 community 外坦村 number 12"),
        (
            "溪南区横街镇外坦村5组12号",
            "district 溪南区 subdistrict 横街镇 community 外坦村 group 5 number 12",
        ),
        ("横街镇外坦村第六村民小组", "subdistrict 横街镇 community 外坦村 group 6"),
        ("城隍社区上王村6号", "community 城隍社区 hamlet 上王村 number 6"),
        ("溪南区溪南区横街镇", "district 溪南区 district 溪南区 subdistrict 横街镇"),
        ("丽州丽州市丽城区", "city 丽州市 city 丽州市 district 丽城区"),
        ("开发区街道永城路8号", "subdistrict 开发区街道 road 永城路 number 8"),
        ("溪南区经济开发区纬三路5号", "district 溪南区 zone 经济开发区 road 纬三路 number 5"),
        ("溪南区江北工业园区纬三路5号", "district 溪南区 zone 江北工业园区 road 纬三路 number 5"),
        ("余杭塘路12号", "road 余杭塘路 number 12"),
        ("丽州大道12号", "road 丽州大道 number 12"),
        ("横街12号", "road 横街 number 12"),
        ("溪南市古城镇", "district 溪南区 subdistrict 古城街道"),
        ("丽 州市丽城 区永城路8号", "city 丽州市 district 丽城区 road 永城路 number 8"),
        ("永城路8号丽州市第八小学10幢", "road 永城路 number 8 premises 丽州市第八小学 building 10"),
        ("丽州市第八小学", "premises 丽州市第八小学"),
    ],
)
def test_divisions_come_from_the_citys_own_names(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "江苏省南通市海门区三厂街道中华社区永城路8号",
            "city 南通市 district 海门区 subdistrict 三厂街道 community 中华社区 road 永城路 number 8",
        ),
        ("安吉县梅溪镇上舍村6号", "district 安吉县 subdistrict 梅溪镇 community 上舍村 number 6"),
        ("北京市东城区东中街29号", "city 北京市 district 东城区 road 东中街 number 29"),
        ("溪南街道县前社区县前街3号", "subdistrict 溪南街道 community 县前社区 road 县前街 number 3"),
        ("解放路街道文三路8号", "subdistrict 解放路街道 road 文三路 number 8"),
        ("虎溪新村12幢", "estate 虎溪新村 building 12"),
        ("联华超市", "premises 联华超市"),
    ],
)
def test_a_city_without_divisions_is_read_by_endings(text: str, wanted: str) -> None:
    assert said(text, BARE) == wanted


def test_another_provinces_city_is_never_read_into_a_subdistrict() -> None:
    parsed = PARSER.parse("浙江省余杭五常街道")
    assert parsed.province == "浙江省"
    assert parsed.of(Level.CITY) is None
    assert said("五常市", PARSER) == "city 五常市"  # said in full it is what it says


@pytest.mark.parametrize(
    ("text", "word", "distance_m"),
    [
        ("永城路8号对面", "对面", math.nan),
        ("永城路8号旁50米", "旁50米", 50.0),
        ("永城路8号往东200米", "往东200米", 200.0),
        ("永城路8号门口", "门口", math.nan),
        ("紫荆花园附近", "附近", math.nan),
        ("紫荆花园东侧约1.5公里", "东侧约1.5公里", 1_500.0),
        ("紫荆花园3幢斜对面", "斜对面", math.nan),
    ],
)
def test_a_place_beside_another_is_a_relation(text: str, word: str, distance_m: float) -> None:
    relation = PARSER.parse(text).relation
    assert relation is not None
    assert relation.text == word
    assert relation.distance_m == pytest.approx(distance_m, nan_ok=True)
    assert text[relation.start : relation.end] == word


@pytest.mark.parametrize(
    "text",
    ["文三路与学院路交叉口", "文三路学院路路口", "文三路和学院路", "文三路/学院路", "文三路（学院路口）"],
)
def test_two_roads_that_meet_are_an_intersection(text: str) -> None:
    parsed = PARSER.parse(text)
    assert parsed.is_intersection
    assert [part.token for part in parsed.components] == ["文三路", "学院路"]
    assert PARSER.parse_table([text])["is_partial"].to_pylist() == [True]


def test_a_branch_road_is_no_intersection() -> None:
    row = PARSER.parse_table(["江南大道创业大道288号"]).to_pylist()[0]
    assert (row["main_road"], row["road"], row["is_partial"]) == ("江南大道", "创业大道", False)


@pytest.mark.parametrize(
    "text",
    [
        "永城路8号3幢302室张三13800001234",
        "张三，13800001234，永城路8号3幢302室",
        "永城路8号3幢302室，联系人：李四，电话：0579-87654321",
        "收货人：王小明 地址：永城路8号3幢302室",
        "永城路8号3幢302室 王先生收",
        "永城路8号3幢302室，路灯不亮，请尽快处理",
        "永城路8号3幢302室芳芳饭店",
        "永城路8号（近老供销社）3幢302室",
    ],
)
def test_names_phones_and_remarks_are_noise_and_nowhere_else(text: str) -> None:
    parsed = PARSER.parse(text)
    assert said(text) == "road 永城路 number 8 building 3 dwelling 302"
    assert parsed.rest == ""
    covered = {place for start, end in parsed.noise for place in range(start, end)}
    covered |= {place for part in parsed.components for place in range(part.start, part.end)}
    left = "".join(character for place, character in enumerate(text) if place not in covered)
    assert set(left) <= set("，,（） ")


def test_brackets_that_name_an_estate_are_read() -> None:
    assert said("永城路8号（紫荆花园）3幢") == "road 永城路 number 8 estate 紫荆花园 building 3"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("xihu huayuan 3-1-302", "estate xihu huayuan building 3 unit 1 dwelling 302"),
        ("xihuhuayuan3zhuang1danyuan302shi", "estate xihuhuayuan building 3 unit 1 dwelling 302"),
        ("Yongcheng Lu 38 haolou 1 danyuan 302", "estate yongcheng lu building 38 unit 1 dwelling 302"),
        ("yongcheng lu 38 hao", "estate yongcheng lu number 38"),
        ("XHHY 3dong 302", "estate xhhy building 3 dwelling 302"),
        ("xihu huayuan b zuo 12 ceng", "estate xihu huayuan building B floor 12"),
    ],
)
def test_pinyin_keeps_the_name_and_reads_the_numbers(text: str, wanted: str) -> None:
    assert said(text) == wanted


def test_names_that_the_base_knows_are_read_whole() -> None:
    known = Parser(CITY, ["三座桥里", "丽州路路通大厦"])
    assert said("丽城区三座桥里3幢", known) == "district 丽城区 estate 三座桥里 building 3"
    assert said("丽州路路通大厦3楼", known) == "premises 丽州路路通大厦 floor 3"


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'; DROP TABLE address; --", "302", "😀😀"])
def test_what_is_no_address_is_left_over(text: str) -> None:
    parsed = PARSER.parse(text)
    assert parsed.components == ()
    assert parsed.rest


def test_empty_and_blank_texts_say_nothing() -> None:
    for text in ("", "  \t\n", "\x00\x01"):
        parsed = PARSER.parse(text)
        assert (parsed.components, parsed.rest, parsed.level) == ((), "", None)


def test_spans_point_into_the_text_as_it_came() -> None:
    text = " 丽 城区（永城路）３８ 號樓 "
    parsed = PARSER.parse(text)
    assert [text[part.start : part.end] for part in parsed.components] == ["丽 城区", "永城路", "３８ 號樓"]
    assert [part.text for part in parsed.components] == ["丽 城区", "永城路", "38 号楼"]


def test_table_has_a_row_a_text_and_words_as_the_source_has_them() -> None:
    texts = ["永城路38号楼1单元302", "柳营路669弄14号1102室", "", "紫荆花园3-1-302"]
    table = PARSER.parse_table(pa.array([*texts, None]))
    assert table.column_names == list(PARSED_COLUMNS)
    assert table.num_rows == 5
    assert table["building_word"].to_pylist() == ["号楼", "号", None, "", None]
    assert table["number_word"].to_pylist() == [None, "弄", None, None, None]
    assert table["dwelling_word"].to_pylist() == ["", "室", None, "", None]
    assert all(kind == pa.dictionary(pa.int32(), pa.string()) for kind in table.schema.types[:-1])


def test_table_takes_chunks_and_nothing() -> None:
    chunks = pa.chunked_array([["永城路8号"], [], ["永城路9号"]], pa.string())
    assert PARSER.parse_table(chunks)["number"].to_pylist() == ["8", "9"]
    assert PARSER.parse_table([]).num_rows == 0


def test_table_forgets_heads_without_losing_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.addresses.parsing._KEPT", 3)
    texts = [f"永城路{number}号紫荆花园{number % 7}幢" for number in range(1, 50)]
    table = PARSER.parse_table(pa.array(texts))
    assert table["number"].to_pylist() == [str(number) for number in range(1, 50)]
    assert table["building"].to_pylist() == [str(number % 7) for number in range(1, 50)]
