"""What tells who somebody is never passes for an opaque reference, and what tells nothing always does."""

from __future__ import annotations

import uuid

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.opaque import holds_number_of_person, misfits

# Made up: the day of birth does not exist together with the serial and check digit of anybody known;
# 339901 is the district code of the made-up county.
IDENTITY = "339901199001011234"


def said(text: str) -> str:
    return str(misfits(pa.array([text], pa.string()))[0])


@pytest.mark.parametrize(
    "text",
    ["张三", "丽州市公安局", "浙A12345", "欧阳·娜", "ref-李四", "１３８００１３８０００"],
)
def test_chinese_and_full_width_text_is_no_reference(text: str) -> None:
    assert said(text)


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "138-0013-8000",
        "+8613800138000",
        "008613800138000",
        "86 138 0013 8000",
        "p:13800138000",
    ],
)
def test_mobile_number_is_seen_however_it_is_written(text: str) -> None:
    assert "telephone" in said(text)


@pytest.mark.parametrize("text", ["0571-88886666", "010 66668888", "(0571)-8888666", "tel 0571-88886666"])
def test_landline_is_seen_by_its_separator(text: str) -> None:
    assert said(text)


@pytest.mark.parametrize(
    "text", [IDENTITY, IDENTITY[:17] + "X", "339901-19900101-1234", "339901900101123", f"id:{IDENTITY}"]
)
def test_identity_number_is_seen_without_proof_of_its_check_digit(text: str) -> None:
    assert "identity" in said(text)


@pytest.mark.parametrize("text", ["Zhang San", "zhangsan", "LiSi", "ouyang.na", "zhang_san", "John Smith"])
def test_spelled_name_is_seen(text: str) -> None:
    assert "name" in said(text)


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a/b", "x" * 65, "a<b>", "a'b", "a@b.cn", "3399*******1234", "a\x07"]
)
def test_what_no_reference_is_made_of_is_refused(text: str) -> None:
    assert said(text)


@pytest.mark.parametrize(
    "text", ["9c7a1ffa0ee9", "R-000123", "P17", "A-2024.001", "res:17", "3399", "deadbeef"]
)
def test_plain_references_pass(text: str) -> None:
    assert said(text) == ""


@given(st.uuids(version=4))
def test_random_uuid_passes(one: uuid.UUID) -> None:
    assert said(str(one)) == ""


@given(st.integers(0, 2**96 - 1))
def test_hexadecimal_reference_passes(number: int) -> None:
    assert said(f"r{number:024x}") == ""


@given(st.text(max_size=12), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=12))
def test_number_of_a_person_is_found_between_other_words(before: str, number: str, after: str) -> None:
    text = f"{before} {number} {after}"
    assert holds_number_of_person(pa.array([text]))[0]


def test_null_is_left_to_others_and_empty_arrays_are_fine() -> None:
    assert misfits(pa.array([None, "x1"], pa.string())).tolist() == ["", ""]
    assert misfits(pa.array([], pa.string())).tolist() == []
    assert misfits(pa.chunked_array([["张三"], ["x1"]])).tolist()[1] == ""
    assert holds_number_of_person(pa.array([None, "餐饮"], pa.string())).tolist() == [False, False]
