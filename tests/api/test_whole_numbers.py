"""Whole numbers of callers are read, or refused with a sentence, however long they are."""

from __future__ import annotations

import pytest

from api.whole_numbers import parse_feature_id, parse_whole
from tests.api.conftest import Client
from twin.errors import InvalidQueryError, UnknownFeatureError

NOT_WHOLE = ["", "x", "1.5", "-1", "+1", "1_0", " 1", "１", "²", "9" * 17, "9" * 5000]


@pytest.mark.parametrize("text", NOT_WHOLE)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidQueryError, match="is not a whole number from 1 to 10,000"):
        parse_whole(text, "limit", 1, 10_000)
    with pytest.raises(UnknownFeatureError, match="there is no address"):
        parse_feature_id(text, "address")


def test_bounds_are_allowed_and_nothing_beyond() -> None:
    assert [parse_whole(text, "k", 1, 3) for text in ("1", "3", "0002")] == [1, 3, 2]
    for text in ("0", "4"):
        with pytest.raises(InvalidQueryError):
            parse_whole(text, "k", 1, 3)
    assert parse_feature_id(str(2**53 - 1), "address") == 2**53 - 1


@pytest.mark.parametrize("number", ["9" * 40, "9" * 5000])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/collections/buildings/items/{}", 404),
        ("/collections/buildings/items?limit={}", 400),
        ("/v1/addresses/{}", 404),
        ("/v1/buildings/{}/dwellings", 404),
        ("/v1/parts/nearest?lon=120.04&lat=28.89&limit={}", 400),
        ("/v1/geocode?text=人民路1号&k={}", 400),
    ],
)
def test_endless_numbers_are_the_callers_fault(client: Client, path: str, status: int, number: str) -> None:
    answer = client(path.format(number))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
