"""Which rows are one place and which are two, worked out by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.twin.addresses.places import TREE, assembled, row, texts
from twin.addresses.assembly import Assembly, Surroundings, assemble
from twin.addresses.book import AddressBook
from twin.addresses.finder import Finder
from twin.addresses.gazetteer import Gazetteer
from twin.addresses.levels import Level
from twin.addresses.names import Alias
from twin.addresses.parsing import Parser
from twin.divisions import DivisionTree

HOME = "丽州市丽城区古城街道长春社区永城路38号紫荆花园3幢1单元302室"
ELSEWHERE = "丽州市溪南区文苑街道和平社区学院路5号紫荆花园3幢1单元302室"


def ids(found: Assembly) -> list[int | None]:
    named: list[int | None] = found.matches["address_id"].to_pylist()
    return named


def methods(found: Assembly) -> list[str | None]:
    ways: list[str | None] = found.matches["match_method"].to_pylist()
    return ways


def nodes(found: Assembly, level: Level) -> list[str]:
    rows = found.base.filter(pa.compute.equal(found.base["level"], int(level)))
    return sorted(rows["text"].to_pylist())


@pytest.mark.parametrize(
    "text",
    [
        "紫荆花园3-1-302",
        "丽城区永城路38号紫荆花园3栋1单元302",
        "永城路三十八号紫荆花园三幢一单元三零二室",
        "古城街道紫荆花园3幢1单元302室",
    ],
)
def test_written_variants_of_one_dwelling_are_one_address(text: str) -> None:
    found = assembled([row(HOME, 0, 0), row(text, 5, 5)])
    assert texts(found) == [HOME, HOME]


def test_estates_of_one_name_in_two_districts_are_two() -> None:
    found = assembled([row(HOME, 0, 0), row(ELSEWHERE, 3_000, -3_000)])
    assert texts(found) == [HOME, ELSEWHERE]


def test_estates_of_one_name_kilometres_apart_are_two_even_in_one_community() -> None:
    other = "丽城区古城街道长春社区中山路7号紫荆花园3幢1单元302室"
    found = assembled([row(HOME, 0, 0), row(other, 4_000, 0)])
    assert len(set(ids(found))) == 2


def test_estate_of_one_community_is_one_though_a_source_places_a_row_wrongly() -> None:
    found = assembled([row(HOME, 0, 0), row("丽城区长春社区紫荆花园3幢1单元302室", 1_500, 0)])
    assert texts(found) == [HOME, HOME]


def test_estate_of_one_road_is_one_though_a_row_leaves_out_the_number() -> None:
    found = assembled([row(HOME, 0, 0), row("丽城区丰收社区永城路紫荆花园3幢1单元302室", 900, 0)])
    assert len(set(ids(found))) == 1


def test_another_number_nearby_is_another_gate_of_the_estate() -> None:
    found = assembled(
        [row(HOME, 0, 0), row(HOME, 0, 0), row("丽城区永城路46号紫荆花园3幢1单元302室", 120, 0)]
    )
    assert len(set(ids(found))) == 1
    (estate,) = [one for one in found.base.to_pylist() if one["level"] == Level.ESTATE]
    (gate,) = [one for one in found.base.to_pylist() if one["text"].endswith("永城路46号")]
    assert estate["gates"] == str(gate["feature_id"])


def test_row_without_division_or_place_joins_the_only_estate_of_its_name() -> None:
    found = assembled([row(HOME, 0, 0), row("紫荆花园3幢1单元302室")])
    assert texts(found) == [HOME, HOME]


def test_row_that_fits_two_estates_stays_where_it_is_sure() -> None:
    found = assembled([row(HOME, 0, 0), row(ELSEWHERE, 3_000, -3_000), row("紫荆花园3幢1单元302室")])
    assert texts(found)[2] == "丽州市"
    assert methods(found)[2] == "ambiguous"
    assert found.matches["match_score"][2].as_py() < 0.9


def test_row_with_number_and_building_joins_the_only_estate_there() -> None:
    found = assembled([row(HOME, 0, 0), row("丽城区永城路38号3幢2单元101室", 3, 3)])
    assert texts(found)[1] == "丽州市丽城区古城街道长春社区永城路38号紫荆花园3幢2单元101室"
    assert methods(found)[1] == "number"


def test_row_with_number_and_a_building_that_the_estate_has_not_stays_at_the_number() -> None:
    found = assembled([row(HOME, 0, 0), row("丽城区永城路38号9幢2单元101室", 3, 3)])
    assert "紫荆花园" not in (texts(found)[1] or "")


def test_homophone_with_the_same_buildings_at_the_same_places_is_a_slip() -> None:
    slip = HOME.replace("紫荆", "紫金")
    found = assembled([row(HOME, 0, 0), row(HOME.replace("302", "402"), 0, 0), row(slip, 4, 4)])
    assert ids(found)[2] == ids(found)[0]
    assert methods(found)[2] == "alike"


def test_homophone_with_equal_buildings_at_other_places_is_another_estate() -> None:
    rows = [row(f"丽城区古城街道长春社区永城路38号紫荆花园{one}幢", 30 * one, 0) for one in (1, 2, 3)]
    rows += [row(f"丽城区古城街道长春社区永城路90号紫金花园{one}幢", 30 * one, 300) for one in (1, 2, 3)]
    found = assembled(rows)
    assert len(set(ids(found))) == 6
    assert found.doubts.num_rows == 0


def test_names_that_differ_by_a_direction_are_never_one() -> None:
    found = assembled(
        [row("丽城区古城街道长春社区人民东路3号", 0, 0), row("丽城区古城街道长春社区人民西路3号", 5, 0)]
    )
    assert len(set(ids(found))) == 2
    assert found.doubts.num_rows == 0


def test_likely_slip_without_equal_parts_is_left_to_people() -> None:
    found = assembled(
        [row("丽城区古城街道长春社区紫荆花园5幢", 0, 0), row("丽城区古城街道长春社区紫金花园8幢", 60, 0)]
    )
    assert len(set(ids(found))) == 2
    (pair,) = found.doubts.to_pylist()
    assert {pair["text"][-4:], pair["other_text"][-4:]} == {"紫荆花园", "紫金花园"}
    assert pair["distance_m"] == pytest.approx(60, abs=2)


def test_floor_told_by_the_dwelling_is_dropped() -> None:
    found = assembled(
        [row("丽城区永城路38号紫荆花园3幢12层1203室", 0, 0), row("丽城区永城路38号紫荆花园3幢1203", 0, 0)]
    )
    assert len(set(ids(found))) == 1
    assert nodes(found, Level.FLOOR) == []


def test_left_out_unit_is_found_where_the_building_has_one_alone() -> None:
    found = assembled([row(HOME, 0, 0), row("紫荆花园3幢302室", 0, 0)])
    assert texts(found) == [HOME, HOME]
    assert methods(found)[1] == "unit"


def test_left_out_unit_stays_open_where_the_building_has_two() -> None:
    found = assembled(
        [row(HOME, 0, 0), row(HOME.replace("1单元", "2单元"), 0, 0), row("紫荆花园3幢302室", 0, 0)]
    )
    assert (texts(found)[2] or "").endswith("3幢")
    assert methods(found)[2] == "ambiguous"


def test_range_of_buildings_names_the_estate() -> None:
    found = assembled([row(HOME, 0, 0), row("丽城区永城路38号紫荆花园1-10幢", 0, 0)])
    assert (texts(found)[1] or "").endswith("紫荆花园")
    assert methods(found)[1] == "partial"


def test_place_beside_a_number_is_never_that_number_for_sure() -> None:
    found = assembled([row("丽城区永城路38号", 0, 0), row("丽城区永城路38号对面", 20, 0)])
    assert ids(found)[1] == ids(found)[0]
    assert found.matches["match_score"].to_pylist()[1] <= 0.5


def test_road_through_two_communities_is_one_and_stands_under_what_holds_both() -> None:
    rows = [row(f"丽城区古城街道长春社区永城路{one}号", 100 * one, 0) for one in range(1, 5)]
    rows += [row(f"丽城区古城街道丰收社区永城路{one}号", 100 * one, 0) for one in range(5, 9)]
    found = assembled(rows)
    assert nodes(found, Level.ROAD) == ["丽州市丽城区古城街道永城路"]


def test_roads_of_one_name_in_two_districts_are_two() -> None:
    found = assembled([row("丽城区永城路3号", 0, 0), row("溪南区永城路3号", 6_000, 0)])
    assert len(nodes(found, Level.ROAD)) == 2


def test_place_far_from_its_estate_does_not_move_it() -> None:
    rows = [row(HOME.replace("302", str(301 + one)), one, 0) for one in range(5)] + [row(HOME, 20_000, 0)]
    found = assembled(rows)
    assert found.n_far == 1
    (estate,) = [one for one in found.base.to_pylist() if one["level"] == Level.ESTATE]
    (home,) = [one for one in found.base.to_pylist() if one["text"] == HOME]
    assert home["lon"] == pytest.approx(estate["lon"], abs=0.001)


def test_text_that_is_no_address_is_told_with_the_reason() -> None:
    found = assembled([row("杭州市西湖区文三路5号"), row("！？…"), row("丽城区" * 400)])
    assert ids(found) == [None, None, None]
    reasons = [one.reason for one in found.unread]
    assert len(reasons) == 3
    assert "characters" in reasons[2]


def test_former_name_leads_to_the_road_of_today() -> None:
    aliases = (Alias("老城路", "永城路", "street"),)
    table = assembled_table([row("丽城区永城路38号", 0, 0), row("丽城区老城路38号", 4, 0)])
    found = assemble(table, Parser(Gazetteer.from_tree(TREE, aliases)), Surroundings(TREE, aliases=aliases))
    assert len(set(ids(found))) == 1
    assert methods(found)[1] == "alias"


def assembled_table(rows: list[tuple[str, float | None, float | None]]) -> pa.Table:
    from tests.twin.addresses.places import records

    return records(rows)


def test_city_without_divisions_takes_those_that_its_texts_name() -> None:
    found = assemble(assembled_table([row(HOME, 0, 0)]), Parser(Gazetteer.empty()))
    assert texts(found) == [HOME]
    assert nodes(found, Level.COMMUNITY) == ["丽州市丽城区古城街道长春社区"]


def test_no_rows_make_a_base_of_the_divisions_alone() -> None:
    found = assembled([])
    assert found.matches.num_rows == 0
    assert set(found.base["level"].to_pylist()) == {1, 2, 3, 4}


FACTORY = "丽州市丽城区古城街道鸿湖产业园信鹭巷1165号4号厂房203室"


def zones(found: Assembly, ending: str) -> list[str]:
    """Return the zones told beside the address whose text ends so."""
    rows = found.base.to_pylist()
    (gates,) = [one["gates"] for one in rows if one["text"].endswith(ending)]
    text = {one["feature_id"]: one["text"] for one in rows}
    return [text[int(one)] for one in (gates or "").split()]


def test_zone_written_before_a_road_is_told_beside_the_road() -> None:
    found = assembled([row(FACTORY, 0, 0), row("丽城区古城街道信鹭巷7号", 90, 0)])
    assert zones(found, "信鹭巷") == ["丽州市丽城区古城街道鸿湖产业园"]
    assert texts(found)[1] == "丽州市丽城区古城街道信鹭巷7号"


def test_road_through_two_zones_has_both_told_beside_it() -> None:
    other = "丽州市丽城区古城街道长风工业园信鹭巷3号"
    found = assembled([row(FACTORY, 0, 0), row(other, 150, 0)])
    assert len(set(ids(found))) == 2
    prefix = "丽州市丽城区古城街道"
    assert sorted(zones(found, "信鹭巷")) == [f"{prefix}长风工业园", f"{prefix}鸿湖产业园"]


def test_rows_of_a_zone_without_a_road_stand_below_the_zone() -> None:
    found = assembled([row(FACTORY, 0, 0), row("丽城区古城街道鸿湖产业园8幢", 40, 0)])
    assert texts(found)[1] == "丽州市丽城区古城街道鸿湖产业园8幢"
    assert texts(found)[0].endswith("信鹭巷1165号4号厂房203室")


def test_text_of_a_source_row_with_a_zone_is_answered_for_certain() -> None:
    found = assembled([row(FACTORY, 0, 0), row("丽城区古城街道信鹭巷7号", 90, 0)])
    book = AddressBook.from_table(found.base)
    names = [name for name in book.names.to_pylist() if len(name) > 2 and not name.isdigit()]
    finder = Finder.of(book, Parser(Gazetteer.from_tree(TREE), names))
    assert finder.geocode(FACTORY)[0].score >= 0.9
    assert finder.geocode(FACTORY)[0].address_id == ids(found)[0]
    table = pa.array([FACTORY])
    assert finder.clean_rows.positions(table, finder.parser.parse_table(table))[0] >= 0
    assert finder.geocode("丽城区古城街道长风工业园信鹭巷7号")[0].score < 0.9


def test_row_that_fits_roads_of_two_cities_is_told_so() -> None:
    none = DivisionTree.from_tables(
        pa.table({"code": pa.array([], pa.string()), "name": pa.array([], pa.string())}), None
    )
    rows = ["杭州市下城区环城西路1号", "宁波市海曙区环城西路2号", "环城西路1052号4幢1196"]
    found = assembled([row(text) for text in rows], tree=none)
    assert [one.reason for one in found.unread] == [
        "names a place of which the city has several, and not the division that it lies in"
    ]


def test_estates_alone_make_a_base_and_phases_in_brackets_are_two() -> None:
    rows = [row("金色家园8幢"), row("金色家园(一期)8幢"), row("金色家园(二期)8幢")]
    found = assembled(rows, tree=DivisionTree.from_tables(None, None))
    assert len(set(ids(found))) == 3
    assert nodes(found, Level.ESTATE) == ["金色家园", "金色家园一期", "金色家园二期"]
