"""Whom maps must name: kept through merges and builds, shown by styles and tile descriptions."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from api.app import create_app
from api.building import build_city
from api.importing import OSM_LICENCE, ImportRequest
from api.progress import ProgressBoard
from api.settings import Settings
from tests.api.conftest import Client
from tests.api.deliveries import square, take_in, write_divisions, write_geojson, write_osm
from twin.city import City
from twin.config import CityConfig
from twin.errors import ImportRefusedError


def licence_of(city: City, layer: str) -> str:
    return city.store.current(layer).provenance.licence


def write_cadastre(folder: Path) -> Path:
    return write_geojson(folder / "cadastre.geojson", [({"building_id": "K1"}, square(0.1, 0.1, 0.01))])


def test_map_of_openstreetmap_names_its_contributors_after_merge_and_build(tmp_path: Path) -> None:
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as city:
        take_in(city, "osm", write_osm(tmp_path / "town.osm", roads=[7], buildings=[9]))
        take_in(city, "vector", write_cadastre(tmp_path), layer="buildings")
        assert licence_of(city, "buildings") == OSM_LICENCE
        take_in(city, "vector", write_cadastre(tmp_path), layer="buildings", licence="市自然资源局")
        assert licence_of(city, "buildings") == f"{OSM_LICENCE}; 市自然资源局"
        take_in(city, "osm", write_osm(tmp_path / "town.osm", roads=[7], buildings=[9, 10]))
        assert set(licence_of(city, "buildings").split("; ")) == {OSM_LICENCE, "市自然资源局"}
        take_in(city, "divisions", write_divisions(tmp_path / "divisions.csv"))
        with ProgressBoard(None) as board:
            build_city(city, board)
        assert licence_of(city, "roads") == OSM_LICENCE
        client = Client(create_app(city, Settings()))
        assert client("/tiles/roads.json").json()["attribution"] == OSM_LICENCE
        sources = client("/styles/day.json").json()["sources"].values()
        assert any(OSM_LICENCE in source.get("attribution", "") for source in sources)
        assert "attribution" not in client("/tiles/divisions.json").json()


def test_source_of_its_own_licence_is_not_said_to_be_openstreetmap(tmp_path: Path) -> None:
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as city:
        take_in(city, "osm", write_osm(tmp_path / "town.osm"), licence="CC0-1.0")
        assert licence_of(city, "roads") == "CC0-1.0"
        take_in(city, "osm", write_osm(tmp_path / "town.osm"))
        assert licence_of(city, "roads") == OSM_LICENCE, "the only source came again under another licence"


def test_source_without_a_licence_names_nobody(tmp_path: Path) -> None:
    with City.create(tmp_path / "a.city", CityConfig("丽州市", "EPSG:4549")) as city:
        path = write_geojson(tmp_path / "trees.geojson", [({}, shapely.Point(120.001, 28.801))])
        take_in(city, "vector", path, layer="trees")
        assert licence_of(city, "trees") == ""


def test_licence_of_several_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.osm"
    path.touch()
    with pytest.raises(ImportRefusedError, match="the licence 'a\\\\nb' cannot be printed"):
        ImportRequest("osm", (path,), licence="a\nb")
