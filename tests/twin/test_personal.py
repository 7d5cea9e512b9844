"""Persons in texts: what must be cut, and what looks alike and must stay. All of them are made up."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sample_data import __file__ as sample_data
from tests.benchmarks.estates.styles import STYLES
from twin.personal import CUT, contact_spans, masked, personal_spans, without_contacts, without_persons

WITH_PERSONS = {
    "张三 13800001234 中山路1号": "中山路1号",
    "李四家 长乐弄8号 身份证330781198001011234": "长乐弄8号",
    "长乐弄18号陈建国": "长乐弄18号",
    "永城路26号老王家": "永城路26号",
    "中山路34号zhang san": "中山路34号",
    "中山路24号微信zhangsan123 QQ": "中山路24号",
    "业主 王伟 丽州市长乐弄1号": "丽州市长乐弄1号",
    "长乐弄3号（联系人：欧阳修 0578-8765432转12）": "长乐弄3号",
    "长乐弄周先生家": "长乐弄",
    "长乐弄8号，张三，１３８－００００－１２３４": "长乐弄8号",
    "长乐弄8号 (0578)87654321": "长乐弄8号",
    "长乐弄8号 一三八零零零零一二三四": "长乐弄8号",
    "长乐弄8号 身份证号：33078119800101123X": "长乐弄8号",
    "长乐弄8号 330781800101123": "长乐弄8号",
    "长乐弄8号 护照E12345678": "长乐弄8号",
    "zhang.san@example.com 中山路8号": "中山路8号",
    "中山路8号 QQ：123456": "中山路8号",
    "中山路3号 陈丽、王强": "中山路3号",
    "竹海春天3-1-302吴秀英收 +86 139 0000 1111": "竹海春天3-1-302",
    "竹海春天3幢102室金海江": "竹海春天3幢102室",
    "丽州市张三": "丽州市",
    "丽城区王小明家": "丽城区",
    "长乐弄30号6222021234567890123": "长乐弄30号",
    "文苑路7号 林志玲 1 3 8 0 0 0 0 7 7 7 7": "文苑路7号",
    "长乐弄48号 浙G12345 车主何大壮": "长乐弄48号",
}
"""Text -> what is left of it."""
WITHOUT_PERSONS = (
    "长乐弄18号建国饭店",
    "浙B区12号楼1201室",
    "云A栋3单元1201室",
    "王家村12号",
    "李家巷18号",
    "永城路38号金茂",
    "江南春3幢201室",
    "永城路9号业主委员会",
    "长乐弄18号王师傅汽修店",
    "方山 永城路8号",
    "18-3-1201-1202",
    "万豪雅 苑11-2-701",
    "五二七国道329号万豪嘉园1幢",
    "金川街道何家12号",
    "丽州市第八十小学19号楼",
    "陈家桥88号高层",
    "西青区杨柳青",
    "秀洲区王江泾",
    "塘下镇陈岙",
    "新城街道吴兴",
)


@pytest.mark.parametrize(("text", "left"), WITH_PERSONS.items())
def test_what_tells_of_a_person_is_cut(text: str, left: str) -> None:
    kept, is_cut = without_persons(pa.array([text]))
    assert kept.to_pylist() == [left]
    assert is_cut.all()


@pytest.mark.parametrize("text", WITHOUT_PERSONS)
def test_places_and_firms_that_look_like_names_stay(text: str) -> None:
    assert personal_spans(text) == ()
    assert without_persons(pa.array([text]))[0].to_pylist() == [text]


@pytest.mark.parametrize("text", ["张三", "13800001234", "联系人：李四 13800001234", "收件：王女士"])
def test_nothing_is_left_of_a_text_without_an_address(text: str) -> None:
    kept, is_cut = without_persons(pa.array([text]))
    assert kept.to_pylist() == [None]
    assert is_cut.all()


def test_a_name_glued_before_a_road_is_told_by_the_other_texts() -> None:
    texts = ["陈建国长乐弄18号", "长乐弄3号", "丽州市长乐弄12号", "高新路3号", "新路9号"]
    assert without_persons(pa.array(texts))[0].to_pylist() == ["长乐弄18号", *texts[1:]]


def test_a_name_glued_before_a_known_division_is_cut() -> None:
    texts = pa.array(["王丽丽丽州市西路1号", "王丽丽州市西路1号"])
    assert without_persons(texts, {"丽州市"})[0].to_pylist() == ["丽州市西路1号"] * 2


def test_a_name_that_other_texts_number_as_an_estate_is_none() -> None:
    texts = ["永城路8号高建华", "高建华3幢201室", "永城路9号陈建华"]
    assert without_persons(pa.array(texts))[0].to_pylist() == [*texts[:2], "永城路9号"]
    assert personal_spans("永城路8号高建华", {"高建华"}) == ()


def test_prose_loses_numbers_and_names_that_are_said_to_be_such() -> None:
    texts = ["反映人李四，电话13800001234，称3号楼漏水", "中山路堵车", None]
    kept, is_cut = without_contacts(pa.array(texts))
    assert kept.to_pylist() == ["称3号楼漏水", "中山路堵车", None]
    assert is_cut.tolist() == [True, False, False]
    assert contact_spans("张三 中山路1号") == ()


def test_masked_text_shows_that_something_was_there() -> None:
    assert masked("长乐弄18号 13800001234") == f"长乐弄18号 {CUT}"


def test_no_row_of_the_sample_county_loses_anything() -> None:
    folder = Path(sample_data).parent / "lizhou"
    n_rows = 0
    for name, encoding, column in (("civil", "utf-8-sig", 1), ("police", "gb18030", 1)):
        lines = gzip.decompress((folder / f"addresses_{name}.csv.gz").read_bytes()).decode(encoding)
        texts = [line.split(",")[column] for line in lines.splitlines()[1:]]
        assert not without_persons(pa.array(texts))[1].any()
        n_rows += len(texts)
    assert n_rows > 57_000


@pytest.mark.parametrize("style", STYLES)
def test_no_row_of_a_made_up_town_loses_anything(style: str) -> None:
    texts = [row[1] for row in STYLES[style](41, 3_000).rows(with_places=False)]
    assert not without_persons(pa.array(texts))[1].any()


@example("0张建)0")
@given(st.text("张三王建国李陈13800001234 路号长乐弄室，、()收先生微信QQ@.a", max_size=30))
def test_nothing_more_is_found_in_what_is_left(text: str) -> None:
    kept = without_persons(pa.array([text]))[0].to_pylist()[0]
    assert kept is None or personal_spans(kept) == ()


@given(st.text(max_size=60))
def test_spans_ascend_and_lie_within_the_text(text: str) -> None:
    bounds = [bound for span in personal_spans(text) for bound in span]
    assert bounds == sorted(bounds)
    assert all(0 <= bound <= len(text) for bound in bounds)


def test_sliced_and_chunked_texts_are_read_alike() -> None:
    texts = pa.array(["x", "长乐弄18号陈建国", None, "长乐弄18号"])
    want = ["长乐弄18号", None, "长乐弄18号"]
    assert without_persons(texts.slice(1))[0].to_pylist() == want
    assert without_persons(pa.chunked_array([texts.slice(1, 1), texts.slice(2)]))[0].to_pylist() == want
    assert without_persons(pa.array([], pa.string()))[0].to_pylist() == []
