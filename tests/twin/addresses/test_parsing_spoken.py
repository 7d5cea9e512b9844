"""The parser on what callers and clerks write: slips, phases, odd numbers, greetings; taken apart by hand."""

from __future__ import annotations

import pytest

from tests.twin.addresses.test_parsing import BARE, PARSER, said
from twin.addresses.levels import Level


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("渔梅路56弄岭仁三村4号203室", "road 渔梅路 number 56 estate 岭仁三村 building 4 dwelling 203"),
        ("兰信西路252号融岚世纪二村14号楼", "road 兰信西路 number 252 estate 融岚世纪二村 building 14"),
        (
            "永城路8号滨信新村5号楼2单元101",
            "road 永城路 number 8 estate 滨信新村 building 5 unit 2 dwelling 101",
        ),
        ("观峰新三村21号301室", "estate 观峰新三村 building 21 dwelling 301"),
        ("观峰新三村3-1-302", "estate 观峰新三村 building 3 unit 1 dwelling 302"),
        ("鹤峰三村一期3号楼", "estate 鹤峰三村一期 building 3"),
        ("茶府庄3幢1梯2401房", "estate 茶府庄 building 3 unit 1 dwelling 2401"),
        ("滨信新庄 5#2-101", "estate 滨信新庄 building 5 unit 2 dwelling 101"),
        ("滨信庄8-1-302", "estate 滨信庄 building 8 unit 1 dwelling 302"),
        ("永城路36号桥岩景苑3号楼", "road 永城路 number 36 estate 桥岩景苑 building 3"),
        ("桥燕7栋", "estate 桥燕 building 7"),
        (
            "溪南区横街镇外坦村石庄40号",
            "district 溪南区 subdistrict 横街镇 community 外坦村 hamlet 石庄 number 40",
        ),
        ("石庄40号", "hamlet 石庄 number 40"),
    ],
)
def test_a_village_by_name_with_buildings_is_an_estate(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("紫荆花园二期3幢", "estate 紫荆花园二期 building 3"),
        ("上洪村东区15-4-302", "estate 上洪村东区 building 15 unit 4 dwelling 302"),
        ("清梅新区一期1幢", "estate 清梅新区一期 building 1"),
        ("横街镇外坦村东区3幢", "subdistrict 横街镇 community 外坦村 estate 外坦村东区 building 3"),
    ],
)
def test_a_phase_belongs_to_the_name_before_it(text: str, wanted: str) -> None:
    assert said(text) == wanted


def test_a_phase_alone_is_no_name() -> None:
    parsed = PARSER.parse("古城街道一期12号楼")
    assert said(parsed.text) == "subdistrict 古城街道 building 12"
    assert parsed.rest == "一期"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("榕池南81弄", "road 榕池南 number 81"),
        ("鹤泰南81弄9号", "road 鹤泰南 number 81 building 9"),
        ("溪门北185号", "road 溪门北 number 185"),
        ("丰塘大88号", "road 丰塘大 number 88"),
        ("文江北魏191弄", "road 文江北魏 number 191"),
        ("凤院路南156弄", "road 凤院路南 number 156"),
        ("锦路湖279弄12号102室", "road 锦路湖 number 279 building 12 dwelling 102"),
        ("绿巷岸7号", "road 绿巷岸 number 7"),
        ("悦村辉11组51#", "community 悦村辉 group 11 number 51"),
        ("天轩区10组33号", "community 天轩区 group 10 number 33"),
        ("鹤锦产业园景帆大1057号1号厂房", "zone 鹤锦产业园 road 景帆大 number 1057 building 1"),
        ("helanchanyeyuan永隆路1070号", "estate helanchanyeyuan road 永隆路 number 1070"),
    ],
)
def test_a_road_or_village_with_a_slip_in_its_ending_stays_one_name(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("书院路2-3号", "road 书院路 number 2-3"),
        ("书院路12-1号", "road 书院路 number 12-1"),
        ("书院路38-40号", "road 书院路 number 38-40*"),
        ("紫荆花园2-3幢", "estate 紫荆花园 building 2-3*"),
        ("德信豪庭137-703", "estate 德信豪庭 building 137 dwelling 703"),
        ("塔贤家园104-301", "estate 塔贤家园 building 104 dwelling 301"),
        ("书院路八之二号", "road 书院路 number 8-2"),
        ("书院路十之一号", "road 书院路 number 10-1"),
        ("大青湾十八之三号", "estate 大青湾 number 18-3"),
        ("后临坑48-2号", "hamlet 后临坑 number 48-2"),
        ("依云路17#", "road 依云路 number 17"),
        ("大碧坪45#", "hamlet 大碧坪 number 45"),
        ("城隍社区后寿湾58", "community 城隍社区 hamlet 后寿湾 number 58"),
        ("大鹤店8号", "hamlet 大鹤店 number 8"),
        ("城隍社区后寿坪58号", "community 城隍社区 hamlet 后寿坪 number 58"),
    ],
)
def test_a_pair_of_numbers_is_a_range_only_where_it_must_be(text: str, wanted: str) -> None:
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("紫荆花园3A栋A单元302室", "building 3A unit A dwelling 302"),
        ("紫荆花园3B/乙/302A", "building 3B unit 乙 dwelling 302A"),
        ("紫荆花园三B号楼B单元二零一A室", "building 3B unit B dwelling 201A"),
        ("紫荆花园十二A幢甲单元302室", "building 12A unit 甲 dwelling 302"),
        ("紫荆花园3幢2单元阁楼", "building 3 unit 2 dwelling 阁楼"),
        ("紫荆花园3幢2单元地下室", "building 3 unit 2 dwelling 地下室"),
        ("紫荆花园3幢阁楼室", "building 3 dwelling 阁楼"),
        ("紫荆花园A2栋1梯阁楼", "building A2 unit 1 dwelling 阁楼"),
        ("紫荆花园三栋一梯三零二", "building 3 unit 1 dwelling 302"),
        ("紫荆花园3幢二门301室", "building 3 unit 2 dwelling 301"),
        ("紫荆花园3幢地下车库", "building 3 dwelling 地下车库"),
        ("紫荆花园3幢商铺12", "building 3 dwelling 商铺12"),
        ("紫荆花园，K-601", "building K dwelling 601"),
        ("紫荆花园K-601有人晕倒了", "building K dwelling 601"),
        ("紫荆花园 13/2/602有人晕倒了", "building 13 unit 2 dwelling 602"),
    ],
)
def test_letters_and_attics_are_numbers_too(text: str, wanted: str) -> None:
    assert said(text) == f"estate 紫荆花园 {wanted}"
    assert PARSER.parse(text).rest == ""


@pytest.mark.parametrize(
    "text",
    [
        "收货地址：永城路8号3幢302室",
        "详细地址:永城路8号3幢302室",
        "我的收货地址是永城路8号3幢302室",
        "我家在永城路8号3幢302室",
        "你好，我在永城路8号3幢302室，麻烦快点",
        "喂，永城路8号3幢302室",
        "永城路8号3幢302室有人晕倒了",
        "永城路8号3-302有个老人摔倒了",
        "永城路8号3幢302室着火了，救命",
        "永城路8号3幢302室谢谢",
    ],
)
def test_greetings_and_calls_for_help_are_no_names(text: str) -> None:
    parsed = PARSER.parse(text)
    assert said(text) == "road 永城路 number 8 building 3 dwelling 302"
    assert parsed.rest == ""


@pytest.mark.parametrize("what", ["路面有坑洞", "，邻居漏水", "着火了", "有人打架", "绿化带里有垃圾"])
def test_what_happened_at_a_number_is_no_name(what: str) -> None:
    assert said(f"永城路9号{what}") == "road 永城路 number 9"


def test_numbers_that_cannot_be_read_are_told() -> None:
    assert "77" in PARSER.parse("紫荆花园3幢302室第77次来电").rest


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("taofengyangguangmingdi7zhuangBdanyuan402", "building 7 unit B dwelling 402"),
        ("yonglonglu1070hao5haochangfang102shi", "number 1070 building 5 dwelling 102"),
        ("XIANGFENGXINYUAN 9Azhuang1danyuan402", "building 9A unit 1 dwelling 402"),
        ("hongfenggongyu 1haolouBdanyuan201", "building 1 unit B dwelling 201"),
        ("华鹭苑A10dong甲danyuan102Ashi", "building A10 unit 甲 dwelling 102A"),
        ("chengguancun15zu8hao", "group 15 number 8"),
        ("yilu111nong 9-402", "number 111 building 9 dwelling 402"),
        ("xi'an lu 60hao", "number 60"),
        ("观榆四cun12#403", "building 12 dwelling 403"),
        ("BYZ26号楼1单元102号", "building 26 unit 1 dwelling 102"),
    ],
)
def test_numbers_called_in_pinyin_are_read(text: str, wanted: str) -> None:
    assert said(text).split(" ", 1)[1].endswith(wanted)


@pytest.mark.parametrize(
    "text",
    ["../../../../etc/passwd", "<script>x</script>", "';--", "hello world", "幢幢幢幢", "号号号", "..//"],
)
def test_texts_that_name_nothing_name_nothing(text: str) -> None:
    assert PARSER.parse(text).components == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("东德居民区观鹿大街236弄", "community 东德居民区 road 观鹿大街 number 236"),
        ("竹远第一居委会北街12号", "community 竹远第一居委会 road 北街 number 12"),
        ("北鹤村大鹤店40号", "community 北鹤村 hamlet 大鹤店 number 40"),
        ("依楼乡秋华村16组5号", "subdistrict 依楼乡 community 秋华村 group 16 number 5"),
        ("书芳镇海晖北路81号", "subdistrict 书芳镇 road 海晖北路 number 81"),
        ("瑞隆镇学霞社区4组30号", "subdistrict 瑞隆镇 community 学霞社区 group 4 number 30"),
        ("江苏镇江市京口区8号", "city 镇江市 district 京口区 number 8"),
    ],
)
def test_communities_are_read_by_their_endings(text: str, wanted: str) -> None:
    assert said(text, BARE) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("钱江路695号丁桥蕙兰雅路1幢302室", "number 695 estate 丁桥蕙兰雅路 building 1 dwelling 302"),
        ("钱江路158号观潮巷社区12幢302", "number 158 estate 观潮巷社区 building 12 dwelling 302"),
        ("钱江路12号甲", "number 12甲"),
        ("钱江路12甲号", "number 12甲"),
        ("钱江路288号创业大道12号", "number 288 road 创业大道 number 12"),
    ],
)
def test_what_has_buildings_at_a_number_is_an_estate(text: str, wanted: str) -> None:
    assert said(text) == f"road 钱江路 {wanted}"


def test_what_stands_behind_a_repeated_or_empty_part_counts() -> None:
    wanted = "city 丽州市 city 丽州市 district 丽城区 road 永城路 number 8"
    assert said("浙江省丽州市null浙江省丽州市丽城区永城路8号") == wanted
    assert said("浙江省丽州市浙江省丽州市丽城区永城路8号") == wanted


@pytest.mark.parametrize(
    ("text", "rest"),
    [("永城路150423号", "150423号"), ("永城路8号123456789012", "123456789012"), ("永城路8号邮编310000", "")],
)
def test_only_phones_and_postcodes_are_numbers_without_a_meaning(text: str, rest: str) -> None:
    assert PARSER.parse(text).rest == rest


def test_a_road_may_follow_a_committee_that_is_known() -> None:
    assert said("城隍社区居委会北街12号") == "community 城隍社区 road 北街 number 12"
    assert PARSER.parse("城隍社区居委会北街12号").level == Level.NUMBER


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("金色家园（二期）8幢2单元1501室", "estate 金色家园二期 building 8 unit 2 dwelling 1501"),
        ("金色家园(东区)3-1-302", "estate 金色家园东区 building 3 unit 1 dwelling 302"),
        ("金色家园(近二期)3幢", "estate 金色家园 building 3"),
        ("(二期)3幢", "building 3"),
    ],
)
def test_a_phase_in_brackets_belongs_to_its_estate(text: str, wanted: str) -> None:
    assert said(text) == wanted
