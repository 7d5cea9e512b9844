"""Names of coordinate systems are taken as people write them."""

from __future__ import annotations

import pytest

from twin.crs import CRSName, parse_crs
from twin.errors import InvalidCRSError


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("wgs84", "wgs84"),
        ("WGS 84", "wgs84"),
        ("EPSG:4326", "wgs84"),
        ("OGC:CRS84", "wgs84"),
        ("CGCS2000", "cgcs2000"),
        ("epsg:4490", "cgcs2000"),
        ("GCJ-02", "gcj02"),
        ("gcj_02", "gcj02"),
        ("BD-09", "bd09"),
        ("bd09ll", "bd09"),
        ("epsg:4549", "EPSG:4549"),
        (" EPSG:3857 ", "EPSG:3857"),
    ],
)
def test_a_name_is_taken_in_any_writing(text: str, code: str) -> None:
    assert parse_crs(text) == CRSName(code)
    assert parse_crs(str(parse_crs(text))) == CRSName(code)


@pytest.mark.parametrize("text", ["", "mars", "4549", "EPSG:", "EPSG:abc", "wgs85", "EPSG:４５４９"])
def test_an_unknown_name_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(InvalidCRSError, match=r"accepted are wgs84, cgcs2000, gcj02 .*, bd09 .* or EPSG:n"):
        parse_crs(text)


@pytest.mark.parametrize("text", ["EPSG:999999", "EPSG:4479", "EPSG:5773", "EPSG:4979"])
def test_a_code_that_is_no_system_in_the_plane_is_refused(text: str) -> None:
    with pytest.raises(InvalidCRSError, match=text):
        parse_crs(text)


def test_names_say_what_they_are() -> None:
    assert parse_crs("cgcs2000").is_wgs84
    assert not parse_crs("gcj02").is_wgs84
    assert parse_crs("bd09").is_shifted
    assert not parse_crs("EPSG:4549").is_shifted
