from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.etag import entity_tag, is_held


@given(st.lists(st.text()), st.lists(st.text()))
def test_equal_tags_mean_equal_parts(one: list[str], other: list[str]) -> None:
    assert (entity_tag(*one) == entity_tag(*other)) == (one == other)


@given(st.text())
def test_a_tag_is_a_quoted_opaque_string_of_the_standard(part: str) -> None:
    tag = entity_tag(part)
    assert tag[0] == tag[-1] == '"'
    # etagc of RFC 9110, section 8.8.3: visible ASCII without the double quote
    assert all(0x21 <= ord(letter) <= 0x7E and letter != '"' for letter in tag[1:-1])


def test_weak_and_strong_tags_of_one_answer_match_each_other() -> None:
    weak, strong = entity_tag("a", is_weak=True), entity_tag("a")
    assert weak == f"W/{strong}"
    assert is_held(weak, strong)
    assert is_held(strong, weak)


def test_if_none_match_takes_lists_and_the_star() -> None:
    tag = entity_tag("a")
    assert is_held(f'"x", {tag} , "y"', tag)
    assert is_held("*", tag)
    assert not is_held('"x"', tag)
    assert not is_held("", tag)
    assert not is_held(",", tag)
