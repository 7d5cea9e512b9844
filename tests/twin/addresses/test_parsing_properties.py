"""What holds for every text: nothing raises, spans lie in it in order, a table says what parse says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.addresses._divisions import DivisionReader
from twin.addresses._folding import fold
from twin.addresses._head import read
from twin.addresses._plain import plain
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.parsed import PARSED_COLUMNS, ParsedAddress
from twin.addresses.parsing import MAX_CHARS, Parser

CITY = Gazetteer.of(
    [
        ("丽州市", 1, -1),
        ("丽城区", 2, 0),
        ("溪南区", 2, 0),
        ("古城街道", 3, 1),
        ("文苑街道", 3, 2),
        ("竹亭村", 4, 4),
        ("城隍社区", 4, 3),
    ]
)
PARSER = Parser(CITY, ["紫荆花园", "永城路"])
PIECES = st.sampled_from(
    [
        *(
            "丽州市",
            "丽州",
            "丽城区",
            "丽城",
            "溪南",
            "古城街道",
            "竹亭村",
            "浙江省",
            "中国",
            "永城路",
            "文三路",
        ),
        *(
            "学院路",
            "紫荆花园",
            "金泽大厦",
            "12号",
            "3幢",
            "三十八号楼",
            "1单元",
            "一单元",
            "302室",
            "三零二",
        ),
        *(
            "3-1-302",
            "1-10幢",
            "12、14幢",
            "669弄",
            "附3",
            "A座",
            "5组",
            "对面",
            "旁50米",
            "交叉口",
            "与",
            "和",
        ),
        *(
            "（",
            "）",
            "(",
            ")",
            "，",
            ",",
            "。",
            "-",
            "#",
            "＃",
            "１２",
            "〇",
            "里",
            "楼",
            "层",
            "号",
            "村",
            "一",
        ),
        *(
            "二",
            "廿",
            "第",
            "负",
            "米",
            "国道",
            "张三",
            "13800001234",
            "联系人：李四",
            "电话",
            "xihu",
            "huayuan",
        ),
        *("3zhuang", "2danyuan", " ", "\u3000", "\t", "\x00", "\ud800", "😀", "<b>", "'", ";"),
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=60)


def check_spans(parsed: ParsedAddress) -> None:
    """Fail unless spans lie in the text, in order and apart, and say what the components say."""
    last = 0
    for component in parsed.components:
        assert last <= component.start < component.end <= len(parsed.text)
        assert fold(parsed.text)[component.start : component.end] == component.text
        assert component.token
        last = component.end
    for start, end in parsed.noise:
        assert 0 <= start < end <= len(parsed.text)
        assert all(part.end <= start or end <= part.start for part in parsed.components)


@settings(deadline=None)
@given(TEXTS)
def test_any_text_is_read_without_error_and_spans_lie_in_it(text: str) -> None:
    check_spans(PARSER.parse(text))
    check_spans(Parser(Gazetteer.empty()).parse(text))


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=8))
def test_table_says_what_parse_says(texts: list[str]) -> None:
    readable = [text for text in texts if text.isprintable()]
    table = PARSER.parse_table(readable)
    assert table.column_names == list(PARSED_COLUMNS)
    for text, row in zip(readable, table.to_pylist(), strict=True):
        parsed = PARSER.parse(text)
        for level in Level:
            component = parsed.of(level)
            assert row[level.column] == (component.token if component else None), text
        assert (row["province"] or "") == parsed.province
        assert row["rest"] == parsed.rest
        is_partial = parsed.relation is not None or parsed.is_intersection
        assert row["is_partial"] == (is_partial or any(part.is_range for part in parsed.components)), text


@given(TEXTS)
@settings(deadline=None)
def test_head_and_tail_read_apart_say_what_the_whole_says(text: str) -> None:
    source = plain(text)
    whole = read(source.text, DivisionReader(CITY), PARSER._names, PARSER._longest, None)
    parsed = PARSER.parse(text)
    wanted = [(part.level, part.token, part.is_range) for part in whole.parts]
    assert [(part.level, part.token, part.is_range) for part in parsed.components] == wanted
    assert parsed.noise == tuple(source.span(start, end) for start, end in whole.noise)


@pytest.mark.parametrize(
    "text",
    [
        "3" * 10_000,
        "(" * 10_000,
        "()" * 5_000,
        "号" * 9_000,
        "1-" * 9_000,
        "路" * 9_000,
        "一" * 9_000,
        " " * 9_000 + "路",
        "我的" * 5_000,
        "请问" * 5_000,
        "3A甲" * 3_000,
        "镇" * 9_000,
    ],
)
def test_pathological_text_is_read_to_a_stated_length_and_the_rest_marked(text: str) -> None:
    parsed = PARSER.parse(text)
    check_spans(parsed)
    assert all(part.end <= MAX_CHARS for part in parsed.components)
    assert parsed.rest
