from __future__ import annotations

from pathlib import Path

import pytest

from layers.osm.restrictions import read_rule
from layers.report import ReadResult
from tests.layers.osm.handmade import Extract, Member, Tags, only_row
from twin.errors import InvalidValueError

ROAD = {"highway": "primary"}


def crossroads() -> Extract:
    """Return ways 12, 23, 25, 34 between nodes 1-5; 2 and 3 are the junctions."""
    extract = Extract().nodes(n1=(0.0, 0.0), n2=(0.1, 0.0), n3=(0.2, 0.0), n4=(0.3, 0.0), n5=(0.1, 0.1))
    for number, ends in ((12, [1, 2]), (23, [2, 3]), (25, [2, 5]), (34, [3, 4])):
        extract.way(number, ends, ROAD)
    return extract


def restriction(folder: Path, members: list[Member], tags: Tags) -> ReadResult:
    extract = crossroads().relation(7, members, {"type": "restriction", **tags})
    return extract.read(folder)["restrictions"]


def test_restriction_at_a_node_stands_at_that_node(tmp_path: Path) -> None:
    members = [("way", 12, "from"), ("node", 2, "via"), ("way", 25, "to")]
    result = restriction(tmp_path, members, {"restriction": "no_left_turn", "except": "bus;bicycle"})
    row = only_row(result.table)
    assert {key: value for key, value in row.items() if key != "geometry"} == {
        "osm_id": "r7",
        "kind": "no_left_turn",
        "from_ways": "w12",
        "via": "n2",
        "to_ways": "w25",
        "exceptions": "bus;bicycle",
        "condition": None,
        "vehicles": None,
    }
    assert result.bbox == pytest.approx((0.1, 0.0, 0.1, 0.0))


def test_restriction_over_a_way_stands_in_its_middle(tmp_path: Path) -> None:
    members = [("way", 12, "from"), ("way", 23, "via"), ("way", 34, "to")]
    result = restriction(tmp_path, members, {"restriction": "no_straight_on"})
    assert only_row(result.table)["via"] == "w23"
    assert result.bbox == pytest.approx((0.15, 0.0, 0.15, 0.0))


def test_no_entry_may_have_several_from_ways(tmp_path: Path) -> None:
    members = [("way", 12, "from"), ("way", 25, "from"), ("node", 2, "via"), ("way", 23, "to")]
    assert (
        only_row(restriction(tmp_path, members, {"restriction": "no_entry"}).table)["from_ways"] == "w12 w25"
    )


def test_no_exit_may_have_several_to_ways(tmp_path: Path) -> None:
    members = [("way", 12, "from"), ("node", 2, "via"), ("way", 25, "to"), ("way", 23, "to")]
    assert only_row(restriction(tmp_path, members, {"restriction": "no_exit"}).table)["to_ways"] == "w25 w23"


def test_u_turn_back_into_the_same_way_is_taken(tmp_path: Path) -> None:
    members = [("way", 12, "from"), ("node", 2, "via"), ("way", 12, "to")]
    assert restriction(tmp_path, members, {"restriction": "no_u_turn"}).table.num_rows == 1


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("node", 2, "via"), ("way", 25, "to")], "role from"),
        ([("way", 12, "from"), ("node", 2, "via")], "role to"),
        ([("way", 12, "from"), ("way", 25, "to")], "role via"),
        ([("way", 99, "from"), ("node", 2, "via"), ("way", 25, "to")], "way 99 is not among"),
        ([("way", 12, "from"), ("way", 99, "via"), ("way", 25, "to")], "way 99 is not among"),
        ([("way", 12, "from"), ("node", 3, "via"), ("way", 34, "to")], "does not touch the via node 3"),
        ([("way", 12, "from"), ("way", 34, "via"), ("way", 23, "to")], "way 12 does not meet way 34"),
        ([("way", 12, "from"), ("node", 2, "via"), ("way", 12, "to")], "back into itself"),
        (
            [("way", 12, "from"), ("way", 23, "from"), ("node", 2, "via"), ("way", 25, "to")],
            "only no_entry may",
        ),
        ([("way", 12, "from"), ("node", 2, "via"), ("way", 25, "to"), ("way", 23, "to")], "only no_exit may"),
        ([("way", 12, "from"), ("node", 2, "via"), ("node", 3, "via"), ("way", 25, "to")], "2 nodes"),
        ([("way", 12, "from"), ("node", 2, "via"), ("way", 23, "via"), ("way", 25, "to")], "both"),
    ],
)
def test_broken_restriction_is_rejected_with_its_reason(
    tmp_path: Path, members: list[Member], said: str
) -> None:
    result = restriction(tmp_path, members, {"restriction": "no_left_turn"})
    assert (result.report.rows_read, result.report.rows_taken) == (1, 0)
    (rejection,) = result.report.rejections
    assert rejection.row == 7
    assert said in rejection.reason


def test_unknown_kind_is_rejected(tmp_path: Path) -> None:
    members = [("way", 12, "from"), ("node", 2, "via"), ("way", 25, "to")]
    result = restriction(tmp_path, members, {"restriction": "no_dancing"})
    assert "no_dancing" in result.report.rejections[0].reason


@pytest.mark.parametrize(
    ("tags", "kind", "vehicles", "condition"),
    [
        ({"restriction": "no_left_turn"}, "no_left_turn", None, None),
        ({"restriction:hgv": "no_right_turn"}, "no_right_turn", "hgv", None),
        (
            {"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"},
            "no_left_turn",
            None,
            "(Mo-Fr 07:00-09:00)",
        ),
        (
            {"restriction": "no_u_turn", "day_on": "Mo", "day_off": "Fr", "hour_on": "7", "hour_off": "18"},
            "no_u_turn",
            None,
            "Mo-Fr 7-18",
        ),
    ],
)
def test_rule_says_for_whom_and_when(
    tags: Tags, kind: str, vehicles: str | None, condition: str | None
) -> None:
    rule = read_rule({"type": "restriction", **tags})
    assert (rule.kind, rule.vehicles, rule.condition) == (kind, vehicles, condition)


def test_relation_without_a_rule_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="no tag restriction"):
        read_rule({"type": "restriction"})
