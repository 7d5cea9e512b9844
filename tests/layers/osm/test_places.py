from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from layers.osm.places import address_text, poi_class
from tests.layers.osm.handmade import Extract, Tags


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        (
            {"street": "Städtle", "housenumber": "49", "postcode": "9490", "city": "Vaduz"},
            "Städtle 49, 9490 Vaduz",
        ),
        ({"street": "Mannerheimintie", "housenumber": "1"}, "Mannerheimintie 1"),
        ({"place": "Silum", "housenumber": "3", "city": "Triesenberg"}, "Silum 3, Triesenberg"),
        ({"housenumber": "7", "city": "Vaduz"}, "Vaduz 7"),
        ({"housename": "Villa Rosa", "street": "Gass", "city": "Vaduz"}, "Villa Rosa Gass, Vaduz"),
        ({"full": "丽州市莲湖区中山街12号"}, "丽州市莲湖区中山街12号"),
        (
            {"city": "丽州市", "district": "莲湖区", "street": "中山街", "housenumber": "12"},
            "丽州市莲湖区中山街12号",
        ),
        (
            {
                "street": "中山街",
                "housenumber": "12号",
                "building": "3",
                "unit": "2",
                "floor": "5",
                "door": "501",
            },
            "中山街12号3幢2单元5层501室",
        ),
        ({"city": "丽州市", "housenumber": "8"}, "丽州市8号"),
        ({"housenumber": "8"}, None),
    ],
)
def test_address_is_written_as_people_write_it(tags: Tags, text: str | None) -> None:
    assert address_text({f"addr:{key}": value for key, value in tags.items()}) == text


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"amenity": "fire_station"}, ("amenity", "fire_station")),
        ({"shop": "yes"}, ("shop", "shop")),
        ({"shop": "vacant"}, None),
        ({"emergency": "fire_hydrant"}, ("emergency", "fire_hydrant")),
        ({"emergency": "yes", "highway": "service"}, None),
        ({"healthcare": "clinic", "amenity": "clinic"}, ("amenity", "clinic")),
        ({"railway": "station"}, ("railway", "station")),
        ({"railway": "switch"}, None),
    ],
)
def test_place_of_interest_has_the_class_of_its_first_key(
    tags: Tags, expected: tuple[str, str] | None
) -> None:
    assert poi_class(tags) == expected


def test_place_of_a_building_lies_on_its_surface(tmp_path: Path) -> None:
    # A U-shaped building: its centroid lies in the court, outside the walls.
    corners = [(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)]
    extract = Extract()
    for number, (x, y) in enumerate(corners, start=1):
        extract.node(number, x / 100, y / 100)
    extract.way(
        10, [1, 2, 3, 4, 5, 6, 7, 8, 1], {"building": "yes", "amenity": "school", "addr:full": "学校路1号"}
    )
    extract.way(11, [1, 2], {"highway": "service"})
    layers = extract.read(tmp_path)
    outline = shapely.from_wkb(layers["buildings"].table["geometry"][0].as_py())
    for name in ("pois", "addresses"):
        point = shapely.from_wkb(layers[name].table["geometry"][0].as_py())
        assert outline.contains(point)
    assert layers["addresses"].table["kind"].to_pylist() == ["building"]


def test_open_platform_is_a_place_in_its_middle(tmp_path: Path) -> None:
    extract = Extract().nodes(n1=(0.0, 0.0), n2=(0.2, 0.0)).way(5, [1, 2], {"public_transport": "platform"})
    layers = extract.way(6, [1, 2], {"highway": "service"}).read(tmp_path)
    assert layers["pois"].bbox == pytest.approx((0.1, 0.0, 0.1, 0.0))


def test_area_of_a_relation_is_a_place_on_its_surface(tmp_path: Path) -> None:
    extract = Extract().nodes(n1=(0.0, 0.0), n2=(0.2, 0.0), n3=(0.2, 0.2), n4=(0.0, 0.2))
    extract.way(5, [1, 2, 3], {"highway": "service"}).way(6, [3, 4, 1], {"note": "fence"})
    tags = {"type": "multipolygon", "tourism": "museum", "name": "丽州博物馆"}
    pois = extract.relation(7, [("way", 5, "outer"), ("way", 6, "outer")], tags).read(tmp_path)["pois"]
    assert pois.table["osm_id"].to_pylist() == ["r7"]
    assert shapely.box(0.0, 0.0, 0.2, 0.2).contains(shapely.from_wkb(pois.table["geometry"][0].as_py()))


def test_house_number_without_a_street_is_rejected(tmp_path: Path) -> None:
    extract = Extract().nodes(n1=(0.0, 0.0), n2=(0.2, 0.0)).node(3, 0.0, 0.1, {"addr:housenumber": "8"})
    report = extract.way(6, [1, 2], {"highway": "service"}).read(tmp_path)["addresses"].report
    assert (report.rows_read, report.rows_taken) == (1, 0)
    assert report.rejections[0].row == 3
