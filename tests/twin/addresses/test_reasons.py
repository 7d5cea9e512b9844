"""Reasons repeat no person who stood in the text that was asked about. All of them are made up."""

from __future__ import annotations

import pytest

from tests.twin.addresses.books import book_of, dwellings
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.parsing import Parser
from twin.addresses.scoring import no_match
from twin.personal import CUT


@pytest.mark.parametrize("asked", ["陈建国", "永城路38号陈建国", "王小明 13800001234", "永城路38号 王小明家"])
def test_answer_names_no_person(asked: str) -> None:
    book = book_of(dwellings("市丽州市/区丽城区/路永城路/号38/苑西湖花园", 2, 1, 2, 2))
    for match in Finder.of(book, Parser(Gazetteer.empty())).geocode(asked):
        assert not any(secret in match.reason for secret in ("陈建国", "王小明", "13800001234"))


def test_quoted_places_stay_and_quoted_persons_go() -> None:
    assert no_match("“陈建国”未能识别").reason == f"“{CUT}”未能识别"
    assert no_match("名称按读音匹配：溪湖花园→西湖花园").reason == "名称按读音匹配：溪湖花园→西湖花园"
