"""Pairs for review are told in Chinese, and sorted by all that speaks for one address."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from twin.addresses.assembly._alike import HALF_ODDS_M, Pair


def pair(*, odds: float = 45.0, shared: int = 0, near: int = 0, away_m: float = 0.0) -> Pair:
    return Pair(0, 1, odds, is_sound=odds > 20, n_shared=shared, n_near=near, distance_m=away_m)


def test_names_alone_leave_the_odds_of_the_names() -> None:
    assert pair().review_odds == 45.0
    assert pair(away_m=HALF_ODDS_M).review_odds == 22.5
    assert pair(away_m=math.nan).review_odds == 22.5, "not to know is as far as half"


@given(st.integers(0, 5), st.integers(0, 5), st.floats(0.0, 5_000.0))
def test_more_at_the_same_place_and_nearer_is_likelier(near: int, apart: int, away_m: float) -> None:
    known = pair(shared=near + apart, near=near, away_m=away_m).review_odds
    assert pair(shared=near + apart + 1, near=near + 1, away_m=away_m).review_odds > known
    assert pair(shared=near + apart + 1, near=near, away_m=away_m).review_odds < known
    assert pair(shared=near + apart, near=near, away_m=away_m + 10.0).review_odds < known


def test_reason_is_told_in_chinese_and_english() -> None:
    assert pair().why == "名称读音相近，无相同号码可比 (names sound alike; no number in common)"
    chinese, english = pair(odds=3.0, shared=2, near=1).why.split(" (")
    assert chinese == "名称仅差一字，2 个相同号码中 1 个在同一位置"
    assert english == "names differ by a slip; 1 of 2 equal numbers at the same place)"
