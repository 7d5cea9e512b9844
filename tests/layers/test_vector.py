"""Vector files of every malady come in, row by row accounted for, or are refused in one sentence."""

from __future__ import annotations

import csv as standard
import gzip
import io
import warnings
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.misfit import Trusted
from layers.report import ReadResult
from layers.vector import read_vector
from tests.layers.gcj02_oracle import gcj02_of
from tests.reference import reference_path
from twin.errors import ImportRefusedError
from twin.frame import CityFrame
from twin.schema import DECLARED

NEW = CityFrame("丽州市", "EPSG:4549")
CITY = CityFrame("丽州市", "EPSG:4549", (119.9, 28.7, 120.2, 29.1))
PARTS, BUILDINGS, FACILITIES = DECLARED["parts"], DECLARED["buildings"], DECLARED["facilities"]


def csv(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def places(result: ReadResult) -> list[tuple[float, float] | None]:
    shapes = shapely.from_wkb(result.table["geometry"].to_numpy())
    return [None if shape is None else (round(shape.x, 6), round(shape.y, 6)) for shape in shapes]


def findings(result: ReadResult) -> list[tuple[int, str]]:
    return [(item.row, item.reason) for item in result.report.rejections]


def refusal(path: Path, schema: object = PARTS, **options: object) -> str:
    with pytest.raises(ImportRefusedError) as caught:
        read_vector(path, schema, **({"city": CITY} | options))  # type: ignore[arg-type]  # options vary by test
    assert "\n" not in str(caught.value)
    return str(caught.value)


def squares(n: int, crs: int = 4549) -> geopandas.GeoDataFrame:
    x, y = 500_000 + 20.0 * np.arange(n), np.full(n, 3_200_000.0)
    columns = {
        "building_id": [f"B{i}" for i in range(n)],
        "floors": np.arange(n, dtype=np.int32),
        "height_m": 3.5,
    }
    return geopandas.GeoDataFrame(columns, geometry=shapely.box(x, y, x + 10, y + 10), crs=4549).to_crs(crs)


@pytest.mark.filterwarnings("ignore:Column names longer", "ignore:Normalized/laundered")
@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".fgb", ".gml", ".kml"])
@pytest.mark.parametrize("packing", ["plain", "gz", "zip"])
def test_every_format_brings_the_same_features(tmp_path: Path, suffix: str, packing: str) -> None:
    frame = squares(30, 4326)
    path = tmp_path / f"buildings{suffix}"
    frame.to_file(path, driver="KML" if suffix == ".kml" else None)
    if packing == "gz":
        if suffix == ".shp":
            return  # several files
        path = tmp_path / f"b{suffix}.gz"
        path.write_bytes(gzip.compress((tmp_path / f"buildings{suffix}").read_bytes()))
    if packing == "zip":
        path = tmp_path / "b.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in tmp_path.glob("buildings.*"):
                archive.write(file, file.name)
    result = read_vector(path, BUILDINGS, city=CITY)
    order = np.argsort(result.table["floors"].to_numpy())  # FlatGeobuf sorts by place
    assert result.table["building_id"].take(order).to_pylist() == frame["building_id"].tolist()
    assert result.table["floors"].take(order).to_pylist() == list(range(30))
    assert result.table.schema.field("height_m").type == pa.float64()
    came = shapely.from_wkb(result.table["geometry"].to_numpy())[order]
    assert shapely.area(shapely.symmetric_difference(came, frame.geometry.to_numpy())).max() < 1e-14
    assert result.report.rows_read == result.report.rows_taken == 30


def test_shapefile_as_departments_deliver_it(tmp_path: Path) -> None:
    """GB18030 attributes without .cpg, no .prj, eastings with zone prefix, zipped, Chinese names."""
    frame = squares(3).rename(columns={"building_id": "建筑编码", "floors": "层数"}).assign(用途="住宅")
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy + np.array([40_000_000, 0]))
    frame.to_file(tmp_path / "房屋.shp", encoding="GB18030")
    path = tmp_path / "房屋.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for suffix in (".shp", ".shx", ".dbf"):
            archive.write(tmp_path / f"房屋{suffix}", f"房屋{suffix}")
    result = read_vector(path, BUILDINGS, columns={"use": "用途"}, city=CITY)
    assert result.table["use"].to_pylist() == ["住宅"] * 3
    assert result.table["building_id"].to_pylist() == ["B0", "B1", "B2"]
    assert result.report.crs == "EPSG:4528"
    said = " | ".join(result.report.notes)
    assert "GB18030" in said
    assert "recognised as EPSG:4528" in said
    assert result.bbox is not None
    corner = pyproj.Transformer.from_crs(4528, 4490, always_xy=True).transform(40_500_000, 3_200_000)
    assert list(result.bbox[:2]) == pytest.approx(list(corner), abs=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "crs"),
    [
        ("40500000", "3200000", "EPSG:4528"),
        ("500000", "3200000", "EPSG:4549"),
        ("120.0", "28.9", "wgs84"),
        ("13358338.9", "3365000", "EPSG:3857"),
        ("20695000", "3202000", "EPSG:4498"),
    ],
)
def test_undeclared_numbers_are_recognised_and_said(tmp_path: Path, x: str, y: str, crs: str) -> None:
    for header, row in (("X坐标,Y坐标", f"{x},{y}"), ("X坐标,Y坐标", f"{y},{x}")):
        path = csv(tmp_path, f"部件编码,{header}\n" + "".join(f"P{i},{row}\n" for i in range(9)))
        city = CITY if crs != "EPSG:4498" else CityFrame("y", "", (118.8, 28.7, 119.2, 29.1))
        result = read_vector(path, PARTS, city=city)
        assert result.report.crs == crs
        assert any(f"recognised as {crs}" in note for note in result.report.notes)
        is_exchanged = row.startswith(y)
        assert any("axes are exchanged" in note for note in result.report.notes) == is_exchanged
        lon, lat = places(result)[0] or (0.0, 0.0)
        assert city.bbox is not None
        west, south, east, north = city.bbox
        assert west <= lon <= east
        assert south <= lat <= north


def test_evidence_that_leaves_several_is_refused_with_the_options(tmp_path: Path) -> None:
    path = csv(tmp_path, "part_id,x,y\n1,500000,3200000\n2,500100,3200000\n")
    message = refusal(path, city=CityFrame("x", ""))
    assert "--crs EPSG:4549" in message
    assert "--crs EPSG:4546" in message
    assert read_vector(path, PARTS, crs="EPSG:4549", city=CityFrame("x", "")).report.crs == "EPSG:4549"


@pytest.mark.parametrize(
    ("header", "row", "crs", "says"),
    [
        ("lon,lat", "28.9,120.0", None, "--map lon=lat --map lat=lon"),
        ("lon,lat", "28.9,120.0", "wgs84", "--map lon=lat --map lat=lon"),
        ("经度,纬度", "40500000,3200000", "wgs84", "pass --crs EPSG:4528"),
        ("x,y", "40500000,3200000", "EPSG:4549", "pass --crs EPSG:4528"),
        ("x,y", "500000,3200000", "EPSG:4528", "pass --crs EPSG:4549"),
        ("x,y", "500000,3200000", "gcj02", "pass --crs EPSG:4549"),
        ("lon,lat", "116.4,39.9", None, "outside the city"),
        ("lon,lat", "116.4,39.9", "gcj02", "丽州市 lies in 119.4-120.7 E"),
        ("x,y", "1,2", None, "no CRS declared"),
        ("lon,lat", "0,0", None, "stands at 0, 0"),
        ("lon,lat", "120.0,28.9", "EPSG:99999", "no known EPSG code"),
        ("lon,lat", "120.0,28.9", "beijing54", "accepted are wgs84"),
    ],
)
def test_numbers_that_contradict_what_is_declared_refuse_the_file(
    tmp_path: Path, header: str, row: str, crs: str | None, says: str
) -> None:
    path = csv(tmp_path, f"part_id,{header}\n" + "".join(f"{i},{row}\n" for i in range(9)))
    assert says in refusal(path, crs=crs)


def test_exchanged_map_file_is_refused_and_read_with_the_option(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"part_id": ["a", "b"]}, geometry=shapely.points([28.9, 28.91], [120.0, 120.01]), crs=4326
    )
    frame.to_file(tmp_path / "a.geojson")
    assert "--map x=y --map y=x" in refusal(tmp_path / "a.geojson")
    result = read_vector(tmp_path / "a.geojson", PARTS, columns={"x": "y", "y": "x"}, city=CITY)
    assert places(result) == [(120.0, 28.9), (120.01, 28.91)]


def test_bad_rows_are_rejected_one_by_one_with_number_field_and_reason(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "facility_id,class,capacity,lon,lat\n"
        "F1,hospital,100,120.0,28.9\n"
        "F2,hospital,viele,120.0,28.9\n"
        ",hospital,1,120.0,28.9\n"
        "F4,,1,120.0,28.9\n"
        "F5,police,1,28.9,120.0\n"
        "F6,police,1,0,0\n"
        "F7,police,1,120.0,abc\n"
        "F8,police,1,121.5,28.9\n"
        "F9,police,1,120.0,\n"
        "F10,police,1,,\n"
        "F1,police,1,120.0,28.9\n"
        "F12,police,1,120.0,28.9,too many\n"
        "\n"
        "F14,police,1,120.0,95\n"
        "F15,poli\x07ce,3.0,120.0,28.9\n",
    )
    result = read_vector(path, FACILITIES, city=CITY)
    assert result.table["facility_id"].to_pylist() == ["F1", "F2", "F10", "F15"]
    assert result.table["capacity"].to_pylist() == [100, None, 1, 3]
    assert places(result) == [(120.0, 28.9), (120.0, 28.9), None, (120.0, 28.9)]
    assert findings(result) == [
        (2, "is not a whole number: left empty"),
        (3, "is empty but facility_id is required: row rejected"),
        (4, "is empty but class is required: row rejected"),
        (5, "has its two coordinates exchanged (坐标颠倒): row rejected"),
        (6, "stands at 0, 0: row rejected"),
        (7, "is no coordinate: row rejected"),
        (8, "lies outside the city (119.4-120.7 E, 28.2-29.6 N): row rejected"),
        (9, "has one coordinate of two: row rejected"),
        (11, "stands already in row 1: row rejected"),
        (12, "has 6 columns, the header 5: row rejected"),
        (14, "lies outside the city (119.4-120.7 E, 28.2-29.6 N): row rejected"),
        (15, "holds control characters: they were taken out"),
    ]
    assert (result.report.rows_read, result.report.rows_taken) == (14, 4)
    assert "1 rows have no place: taken without one, not on the map" in result.report.notes
    assert "1 blank lines passed over" in result.report.notes
    assert result.report.rejections[3].came == "28.9, 120.0"


def test_gcj02_is_converted_once_and_said(tmp_path: Path) -> None:
    """GCJ-02 of 120.0, 30.0 is 120.00466, 29.997534 by the formula in public use."""
    path = csv(tmp_path, "编号,经度,纬度\n1,120.0046601,29.9975343\n")
    city = CityFrame("x", "EPSG:4549")
    result = read_vector(path, PARTS, crs="gcj02", columns={"part_id": "编号"}, city=city)
    (lon, lat) = places(result)[0] or (0.0, 0.0)
    assert [lon, lat] == pytest.approx([120.0, 30.0], abs=1e-6)
    assert result.report.crs == "gcj02"
    named = csv(tmp_path, "编号,gcj02_lng,gcj02_lat\n1,120.0046601,29.9975343\n", "b.csv")
    assert places(read_vector(named, PARTS, columns={"part_id": "编号"}, city=city)) == [(lon, lat)]


def test_degrees_minutes_seconds_in_gbk_with_full_width_digits(tmp_path: Path) -> None:
    text = "部件编码\t东经\t北纬\nP1\t120°02′11″\t２８°５３′００″\n"
    result = read_vector(csv(tmp_path, text, "a.txt", "gbk"), PARTS, city=CITY)
    assert places(result) == [(round(120 + 2 / 60 + 11 / 3600, 6), round(28 + 53 / 60, 6))]
    said = " | ".join(result.report.notes)
    assert "GB18030" in said
    assert "degrees, minutes and seconds" in said
    assert "separated by tab" in said


def test_crs_of_each_row_is_followed(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "source_id,text,lon,lat,crs\n1,a,120.0046601,29.9975343,GCJ-02\n2,b,120.0,30.0,wgs84\n3,c,120.0,30.0,mars\n",
    )
    result = read_vector(path, DECLARED["addresses"], city=CityFrame("x", "EPSG:4549"))
    assert places(result) == [(120.0, 30.0), (120.0, 30.0)]
    assert findings(result) == [(3, "names no known coordinate system: row rejected")]
    assert result.report.crs == "gcj02, wgs84"


def test_polygons_are_repaired_or_rejected_and_spoken_of(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(120, 28.9), (120.001, 28.901), (120.001, 28.9), (120, 28.901)])
    flat = shapely.Polygon([(120, 28.9), (120.001, 28.9), (120.002, 28.9)])
    high = shapely.force_3d(shapely.box(120, 28.9, 120.001, 28.901), 7.0)
    two = shapely.MultiPolygon(
        [shapely.box(120, 28.9, 120.001, 28.901), shapely.box(120.002, 28.9, 120.003, 28.901)]
    )
    mixed = shapely.GeometryCollection([shapely.box(120, 28.9, 120.001, 28.901)])
    shapes = [high, bow_tie, flat, shapely.Point(120, 28.9), None, two, mixed, shapely.Polygon()]
    ids = [f"B{i}" for i in range(1, 9)]
    geopandas.GeoDataFrame({"building_id": ids}, geometry=shapes, crs=4326).to_file(tmp_path / "a.gpkg")
    result = read_vector(tmp_path / "a.gpkg", BUILDINGS, city=CITY)
    assert result.table["building_id"].to_pylist() == ["B1", "B2", "B6", "B7"]
    assert [row for row, _ in findings(result)] == [2, 3, 4, 5, 8]
    assert "repaired" in findings(result)[0][1]
    came = shapely.from_wkb(result.table["geometry"].to_numpy())
    assert shapely.is_valid(came).all()
    assert not shapely.has_z(came).any()
    assert came[1].area == pytest.approx(0.5e-6, rel=1e-6)
    assert shapely.get_num_geometries(came).tolist() == [1, 2, 2, 1]
    assert any("heights (Z)" in note for note in result.report.notes)


def test_well_known_text_is_read_with_its_srid(tmp_path: Path) -> None:
    square = "SRID=4549;POLYGON ((500000 3200000, 500010 3200000, 500010 3200010, 500000 3200000))"
    path = csv(tmp_path, f'building_id;wkt\n1;"{square}"\n2;POLYGON ((1 1))\n3;\n')
    result = read_vector(path, BUILDINGS, city=CITY)
    assert result.report.crs == "EPSG:4549"
    assert findings(result) == [
        (2, "cannot be read as a geometry: row rejected"),
        (3, "has no place: row rejected"),
    ]


def test_free_layer_takes_the_fields_of_the_file_and_keeps_codes_as_text(tmp_path: Path) -> None:
    path = csv(tmp_path, "code,n,depth,lon,lat,xmin\n007,1,1.5,120,28.9,a\n008,2,2,120,28.9,b\n")
    result = read_vector(path, "inlets", columns={"key": "code", "depth_m": "depth"}, city=CITY)
    assert (result.schema.name, result.schema.geometry, result.schema.key) == ("inlets", "point", "code")
    assert {field.name: field.type for field in result.schema.fields} == {
        "code": "string",
        "n": "int64",
        "depth_m": "float64",
        "source_xmin": "string",
    }
    assert result.table["code"].to_pylist() == ["007", "008"]


def test_personal_columns_stay_outside(tmp_path: Path) -> None:
    path = csv(tmp_path, "part_id,lon,lat,联系人电话\n1,120,28.9,13900000000\n")
    result = read_vector(path, PARTS, city=CITY)
    assert "联系人电话" not in result.table.column_names
    assert any("personal" in note for note in result.report.notes)


def test_times_come_as_beijing_time_and_are_said(tmp_path: Path) -> None:
    path = csv(tmp_path, "incident_id,reported_at,lon,lat\n1,2024年1月5日,120,28.9\n2,gestern,120,28.9\n")
    result = read_vector(path, DECLARED["incidents"], city=CITY)
    assert [str(moment) for moment in result.table["reported_at"]] == ["2024-01-04 16:00:00+00:00", "None"]
    assert any("Beijing time" in note for note in result.report.notes)
    assert findings(result)[0][0] == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("part_id,lon,lat\n", "no row"),
        ("\n\n", "only blanks"),
        ("name,lon,lat\na,120,28.9\n", "no column for part_id"),
        ("part_id,a,b\n1,120,28.9\n", "--map lon=COLUMN --map lat=COLUMN"),
        ('part_id,lon,lat\n1,120,28.9\n2,"120,28.9\n3,120,28.9\n', "not closed from row 2 on"),
        ("part_id,lon,lat\n,120,28.9\n,120,28.9\n", "none of its 2 rows can be taken; row 1"),
    ],
)
def test_tables_that_cannot_be_taken_are_refused(tmp_path: Path, text: str, says: str) -> None:
    assert says in refusal(csv(tmp_path, text))


def test_mapping_from_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = csv(tmp_path, "part_id,lon,lat\n1,120,28.9\n")
    assert "has no column '编号' to read part_id from" in refusal(path, columns={"part_id": "编号"})
    assert "lat is not; map both" in refusal(path, columns={"lon": "lon"})


def test_one_endless_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a" * (20 << 20))
    assert "no table with one row a line" in refusal(path)
    path.write_bytes(b"part_id,lon,lat\n1,120,28.9\n" + b"a" * (40 << 20))
    assert "no table with one row a line" in refusal(path)


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".gml", ".kml"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_cut_off_map_files_are_refused(tmp_path: Path, suffix: str, share: float) -> None:
    squares(200, 4326).to_file(tmp_path / f"whole{suffix}", driver="KML" if suffix == ".kml" else None)
    content = (tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(content[: int(len(content) * share)])
    assert "cut.".replace(".", suffix) in refusal(path, BUILDINGS)


def test_layer_of_several_is_chosen_by_name(tmp_path: Path) -> None:
    squares(2).to_file(tmp_path / "a.gpkg", layer="old")
    squares(3).to_file(tmp_path / "a.gpkg", layer="buildings", mode="a")
    assert read_vector(tmp_path / "a.gpkg", BUILDINGS, city=CITY).report.rows_taken == 3
    assert "none is called 'parts': old, buildings" in refusal(tmp_path / "a.gpkg")


def test_geojson_with_a_cgcs2000_crs_is_read_in_it(tmp_path: Path) -> None:
    squares(2, 4528).to_file(tmp_path / "a.gpkg")
    result = read_vector(tmp_path / "a.gpkg", BUILDINGS, city=CITY)
    assert result.report.crs == "EPSG:4528"
    asked = read_vector(tmp_path / "a.gpkg", BUILDINGS, crs="EPSG:4528", city=CITY)
    assert asked.table.equals(result.table)


def test_datum_without_a_public_way_is_refused(tmp_path: Path) -> None:
    squares(2).set_crs(2385, allow_override=True).to_file(tmp_path / "xian80.gpkg")
    assert "convert the source first" in refusal(tmp_path / "xian80.gpkg", BUILDINGS)


def test_points_in_columns_are_no_buildings(tmp_path: Path) -> None:
    said = refusal(csv(tmp_path, "building_id,lon,lat\nB1,120.1,28.9\nB2,120.2,28.9\n"), BUILDINGS)
    assert said.startswith("a.csv: none of its 2 rows can be taken; row 1, lon, lat: 'a point' is no polygon")


def test_gcj02_shift_is_seen_against_trusted_features(tmp_path: Path) -> None:
    """Points at known corners, shifted by the public formula as an independent scalar writes it."""
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(120.0, 120.05, 60), rng.uniform(28.9, 28.95, 60)
    true = list(zip(lon.tolist(), lat.tolist(), strict=True))
    shifted = [gcj02_of(*point) for point in true]

    def to_buildings(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        metres = np.hypot((x[:, None] - lon) * 97_500, (y[:, None] - lat) * 110_900)
        nearest: np.ndarray = metres.min(axis=1)
        return nearest

    def table(points: list[tuple[float, float]], name: str) -> Path:
        rows = "".join(f"{i},{x!r},{y!r}\n" for i, (x, y) in enumerate(points))
        return csv(tmp_path, "part_id,lon,lat\n" + rows, name)

    silent = table(shifted, "a.csv")
    trusted = Trusted(to_buildings)
    result = read_vector(silent, PARTS, city=CITY, trusted=trusted)
    assert any("lie as gcj02" in note for note in result.report.notes)
    came = np.array(places(result), dtype=float)
    assert np.abs(came - np.column_stack([lon, lat])).max() < 2e-6
    assert "pass --crs gcj02" in refusal(silent, crs="wgs84", trusted=trusted)
    straight = table(true, "b.csv")
    assert "pass --crs wgs84" in refusal(straight, crs="gcj02", trusted=trusted)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(119.9, 120.2),
            st.floats(28.7, 29.1),
            st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_table_written_and_read_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float, str]], encoding: str
) -> None:
    text = io.StringIO()
    writer = standard.writer(text)
    writer.writerow(["part_id", "class", "lon", "lat"])
    writer.writerows([i, name, repr(lon), repr(lat)] for i, (lon, lat, name) in enumerate(rows))
    path = csv(tmp_path_factory.mktemp("t"), text.getvalue(), encoding=encoding)
    result = read_vector(path, PARTS, city=CITY)
    assert result.table["class"].to_pylist() == [name or None for _, _, name in rows]
    came = shapely.from_wkb(result.table["geometry"].to_numpy())
    assert [(shape.x, shape.y) for shape in came] == [(lon, lat) for lon, lat, _ in rows]


def test_natural_earth_of_the_cql2_suite_comes_in_whole(tmp_path: Path) -> None:
    packed = reference_path("ogc-conformance/cql2/ne110m4cql2.gpkg.gz")
    path = tmp_path / "ne110m4cql2.gpkg"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    world = CityFrame("world", "")
    for name, family in (
        ("ne_110m_admin_0_countries", "polygon"),
        ("ne_110m_populated_places_simple", "point"),
        ("ne_110m_rivers_lake_centerlines", "line"),
    ):
        result = read_vector(packed, name, city=world)
        frame = geopandas.read_file(path, layer=name)
        assert result.schema.geometry == family
        assert result.report.rows_taken == len(frame)
        came = shapely.from_wkb(result.table["geometry"].to_numpy())
        assert (
            shapely.equals_exact(came, shapely.force_2d(frame.geometry.to_numpy()), normalize=True).mean()
            > 0.98
        )
        assert (
            result.table["name" if "name" in frame else "NAME"].to_pylist()
            == frame["name" if "name" in frame else "NAME"].tolist()
        )


def test_county_polygons_in_gcj02_move_by_the_known_shift() -> None:
    path = reference_path("address/counties_330700_gcj02.json.gz")
    city = CityFrame("金华", "EPSG:4549")
    plain = read_vector(path, "counties", crs="wgs84", city=city)
    result = read_vector(path, "counties", crs="gcj02", city=city)
    before, after = (
        shapely.centroid(shapely.from_wkb(r.table["geometry"].to_numpy())) for r in (plain, result)
    )
    east_m = (shapely.get_x(before) - shapely.get_x(after)) * 97_500
    north_m = (shapely.get_y(before) - shapely.get_y(after)) * 110_900
    assert np.hypot(east_m, north_m).min() > 300
    assert np.hypot(east_m, north_m).max() < 700


def test_gdal_warnings_become_notes_not_noise(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"part_id":"1"},"geometry":'
        '{"type":"Point","coordinates":[120]}},{"type":"Feature","properties":{"part_id":"2"},"geometry":'
        '{"type":"Point","coordinates":[120,28.9]}}]}',
        "a.geojson",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = read_vector(path, PARTS, city=CITY)
    assert places(result) == [None, (120.0, 28.9)]
    assert any("GDAL says" in note for note in result.report.notes)
