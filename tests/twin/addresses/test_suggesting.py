"""Suggestions follow the typing: names by their beginning, then numbers, most addresses first."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.addresses.books import book_of, dwellings
from tests.twin.addresses.test_finder import PATHS, SOUTH, finder_of
from twin.addresses.finder import Finder
from twin.addresses.levels import Level
from twin.addresses.suggesting import suggest

LAKE = "丽州市丽城区古城街道关帝社区永城路38号西湖花园"


@pytest.fixture(scope="module")
def finder() -> Finder:
    return finder_of(book_of([*PATHS, *dwellings(f"{SOUTH}/路环城西路/号9/苑西湖人家", 2, 1, 3, 2)]))


def endings(finder: Finder, typed: str, k: int = 10) -> list[str]:
    """Return the suggestions from the last name on."""
    return [one.text.rsplit("社区", 1)[-1] for one in suggest(finder, typed, k)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("西", "永城路38号西湖花园"),
        ("西湖", "永城路38号西湖花园"),
        ("西湖人", "环城西路9号西湖人家"),
        ("xi", "丽州市溪南区"),
        ("xihuh", "永城路38号西湖花园"),
        ("xhr", "环城西路9号西湖人家"),
        ("xhhy", "永城路38号西湖花园"),
        ("西湖hua", "永城路38号西湖花园"),
        ("溪湖花", "永城路38号西湖花园"),
        ("西糊花园", "永城路38号西湖花园"),
        ("xihuhuayun", "永城路38号西湖花园"),
        ("新吴", "新吴村"),
        ("溪南区西湖", "环城西路9号西湖人家"),
        ("西湖花园3", "永城路38号西湖花园3幢"),
        ("西湖花园3-", "永城路38号西湖花园3幢"),
        ("西湖花园3-2", "永城路38号西湖花园3幢2单元"),
        ("西湖花园3-2-5", "永城路38号西湖花园3幢2单元501室"),
        ("西湖花园3幢2单元5", "永城路38号西湖花园3幢2单元501室"),
        ("xihuhuayuan3-2-5", "永城路38号西湖花园3幢2单元501室"),
        ("新吴村4", "新吴村44号"),
        ("永城路38", "永城路38号"),
    ],
)
def test_first_suggestion_is_what_is_being_typed(finder: Finder, typed: str, first: str) -> None:
    assert endings(finder, typed)[0] == first


def test_numbers_come_in_their_order_with_the_exact_one_first(finder: Finder) -> None:
    assert endings(finder, "西湖花园1") == [f"永城路38号西湖花园{n}幢" for n in (1, 10, 11, 12)]
    below = endings(finder, "西湖花园3-")
    assert below == ["永城路38号西湖花园3幢", *(f"永城路38号西湖花园3幢{n}单元" for n in (1, 2, 3))]


def test_among_equals_the_one_with_most_addresses_comes_first(finder: Finder) -> None:
    offered = suggest(finder, "紫荆")
    below = [int(finder.n_below[one.position]) for one in offered]
    assert len(offered) == 2
    assert below == sorted(below, reverse=True)


def test_suggestions_are_stable_distinct_and_no_more_than_asked_for(finder: Finder) -> None:
    for typed in ("西", "x", "永", "西湖花园1", "xihu"):
        offered = suggest(finder, typed, 3)
        assert suggest(finder, typed, 3) == offered or any(np.isnan(one.lon) for one in offered)
        assert len({one.address_id for one in offered}) == len(offered) <= 3


def test_nothing_typed_and_nothing_alike_suggest_nothing(finder: Finder) -> None:
    for typed in ("", "  ", "，。", "🏠", "人民广场", "x" * 1000):
        assert suggest(finder, typed) == ()


def test_what_the_scope_does_not_reach_is_not_suggested(finder: Finder) -> None:
    book = finder.book
    south = book.names.to_pylist().index("溪南区")
    is_south = np.array([south in book.tokens[list(book.chain(node))] for node in range(len(book))])
    seen = finder.within(~is_south)
    assert [one.text for one in suggest(seen, "西湖")] == [LAKE]
    assert suggest(seen, "怡和公寓3") == ()


def test_suggestion_tells_level_and_id(finder: Finder) -> None:
    (one,) = suggest(finder, "西湖花园3-2-501")
    assert one.level == Level.DWELLING
    assert one.address_id == finder.book.ids[one.position]
    assert one.text == f"{LAKE}3幢2单元501室"
