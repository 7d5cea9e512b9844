"""``twin locate``: the unit of every point as shapely has it, and every other byte as it came."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from api._csv_records import split
from api.locating import LocateSummary, locate_table
from tests.twin.tessellation import placed_by_shapely, points_for, tessellation
from twin.city import City
from twin.config import CityConfig
from twin.crs import wgs84_to_bd09, wgs84_to_gcj02
from twin.errors import (
    ImportRefusedError,
    InvalidCRSError,
    InvalidLayerError,
    StorageError,
    UnknownLayerError,
)
from twin.schema import DECLARED, LayerSchema

IDS, POLYGONS = tessellation(20, 12, seed=7)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with City.create(
        tmp_path_factory.mktemp("locating") / "a.city", CityConfig("测试市", "EPSG:4549")
    ) as made:
        made.store.put(DECLARED["grid"], pa.table({"grid_id": IDS, "geometry": shapely.to_wkb(POLYGONS)}))
        wards = {"ward": ["东,区", '"西"区'], "geometry": shapely.to_wkb(shapely.box([0, 2], 0, [1, 3], 1))}
        made.store.put(LayerSchema("wards", "polygon", "ward"), pa.table(wards))
        made.store.put(LayerSchema("ponds", "polygon"), pa.table(wards))
        yield made


def located(
    city: City, tmp_path: Path, content: bytes, *, layer: str = "grid", crs: str = "wgs84"
) -> tuple[bytes, LocateSummary]:
    source, target = tmp_path / "points.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    summary = locate_table(city, source, target, layer=layer, crs=crs)
    return target.read_bytes(), summary


def inside(unit: int) -> tuple[float, float]:
    point = POLYGONS[unit].representative_point()
    return point.x, point.y


def test_units_of_100_000_points_are_those_of_shapely(city: City, tmp_path: Path) -> None:
    lon, lat = points_for(POLYGONS, 100_000, seed=8, hard_share=0.02)
    rows = [
        f"{number},{x!r},{y!r}" for number, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
    ]
    output, summary = located(city, tmp_path, "\n".join(["id,lon,lat", *rows, ""]).encode())
    came = list(csv.DictReader(io.StringIO(output.decode())))
    names = np.array([*IDS, ""])
    assert [row["grid_id"] for row in came] == names[placed_by_shapely(IDS, POLYGONS, lon, lat)].tolist()
    assert [row["id"] for row in came] == [str(number) for number in range(100_000)]
    n_placed = sum(bool(row["grid_id"]) for row in came)
    assert summary == LocateSummary(100_000, n_placed, 100_000 - n_placed, 0)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_other_byte_stays_as_it_came(city: City, tmp_path: Path, codec: str, line_end: str) -> None:
    x, y = inside(3)
    lines = [
        '编号,lon,"说明, 备注",lat,empty',
        f'1,{x},"中山路""1""号,后门",{y},',
        f'"2",{x},两行{line_end}文字,{y},""'.replace("两行", '"两行').replace("文字", '文字"'),
        "",
        f'3, {x} ,7" 管,"{y}",𠮷',
        "4,,没有坐标,,",
    ]
    source = line_end.join([*lines, ""])
    output, summary = located(city, tmp_path, source.encode(codec))
    unit = IDS[3]
    expected = [f"{line},{unit}" if line and line[0] in '123"' else line for line in lines]
    expected[0] += ",grid_id"
    expected[-1] += ","
    assert output == line_end.join([*expected, ""]).encode(codec)
    assert summary == LocateSummary(4, 3, 0, 1)


def test_last_line_without_an_end_gets_none(city: City, tmp_path: Path) -> None:
    x, y = inside(0)
    output, _ = located(city, tmp_path, f"lon,lat\n{x},{y}".encode())
    assert output == f"lon,lat,grid_id\n{x},{y},{IDS[0]}".encode()


def test_header_alone_gets_the_column(city: City, tmp_path: Path) -> None:
    assert located(city, tmp_path, b"lon,lat\n") == (b"lon,lat,grid_id\n", LocateSummary(0, 0, 0, 0))
    assert located(city, tmp_path, b"lon,lat")[0] == b"lon,lat,grid_id"


def test_capitals_and_blanks_in_the_header_are_understood(city: City, tmp_path: Path) -> None:
    x, y = inside(5)
    output, summary = located(city, tmp_path, f' LAT ,"Lon"\n{y},{x}\n'.encode())
    assert output.splitlines()[1].decode().endswith(f",{IDS[5]}")
    assert summary.placed == 1


def test_column_that_is_there_already_is_not_overwritten(city: City, tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="has a column 'grid_id' already"):
        located(city, tmp_path, b"lon,grid_id,lat\n0,kept,0\n")
    assert not (tmp_path / "out.csv").exists()


def test_short_row_is_filled_up_and_counted_as_unreadable(city: City, tmp_path: Path) -> None:
    x, y = inside(5)
    output, summary = located(city, tmp_path, f"id,lon,lat,note\n1,{x}\n2,{x},{y},a\n3,{x},{y}\n4\n".encode())
    unit = IDS[5]
    assert output == f"id,lon,lat,note,grid_id\n1,{x},,,\n2,{x},{y},a,{unit}\n3,{x},{y},,\n4,,,,\n".encode()
    assert summary == LocateSummary(4, 1, 0, 3)


def test_deepest_division_in_force_counts(tmp_path: Path) -> None:
    rows = [
        ("339900000000", 1, 4, None),
        ("339901000000", 2, 3, None),
        ("339901001000", 3, 2, None),
        ("339901001001", 4, 1, None),
        ("339901000001", 4, 2, 0),  # no longer in force
    ]
    code, level, width, valid_to = zip(*rows, strict=True)
    table = pa.table(
        {
            "code": code,
            "name": [f"区{one}" for one in code],
            "level": level,
            "valid_to": pa.array(valid_to, pa.timestamp("ms", "UTC")),
            "geometry": shapely.to_wkb(shapely.box(120, 28, 120 + np.array(width) / 10, 28.1)),
        }
    )
    with City.create(tmp_path / "b.city", CityConfig("测试市", "EPSG:4549")) as city:
        city.store.put(DECLARED["divisions"], table)
        points = b"lon,lat\n120.05,28.05\n120.15,28.05\n120.25,28.05\n120.35,28.05\n120.45,28.05\n"
        output, _ = located(city, tmp_path, points, layer="divisions")
    keys = [line.split(",")[2] for line in output.decode().splitlines()]
    assert keys == ["code", "339901001001", "339901001000", "339901000000", "339900000000", ""]


@pytest.mark.parametrize(
    "coordinates",
    [
        "abc,29",
        ",29",
        "nan,29",
        "inf,29",
        "120,-90.5",
        "181,29",
        "1e400,29",
        "0x78,29",
        "120°,29",
        "１２０,29",
    ],
)
def test_unreadable_coordinates_are_counted_and_the_row_kept(
    city: City, tmp_path: Path, coordinates: str
) -> None:
    output, summary = located(city, tmp_path, f"lon,lat\n{coordinates}\n".encode())
    assert output == f"lon,lat,grid_id\n{coordinates},\n".encode()
    assert summary == LocateSummary(1, 0, 0, 1)


def test_shifted_coordinates_are_converted(city: City, tmp_path: Path) -> None:
    for crs, shift in (("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)):
        lon, lat = shift(*np.transpose([inside(unit) for unit in range(40)]))
        rows = "\n".join(f"{x!r},{y!r}" for x, y in zip(lon.tolist(), lat.tolist(), strict=True))
        output, summary = located(city, tmp_path, f"lon,lat\n{rows}\n".encode(), crs=crs)
        assert [line.rpartition(",")[2] for line in output.decode().split()[1:]] == IDS[:40]
        assert summary.placed == 40


def test_projected_coordinates_are_converted(city: City, tmp_path: Path) -> None:
    from pyproj import Transformer

    x, y = Transformer.from_crs(4490, 4549, always_xy=True).transform(*inside(11))
    output, _ = located(city, tmp_path, f"lon,lat\n{x!r},{y!r}\n".encode(), crs="EPSG:4549")
    assert output.decode().endswith(f",{IDS[11]}\n")


def test_conversion_that_is_switched_off_is_refused_by_the_name_of_its_setting(
    city: City, tmp_path: Path
) -> None:
    with City.create(tmp_path / "b.city", CityConfig("b", converts_shifted=False)) as strict:
        strict.store.put(DECLARED["grid"], pa.table({"grid_id": IDS, "geometry": shapely.to_wkb(POLYGONS)}))
        with pytest.raises(InvalidCRSError, match=r"converts_shifted = false in city\.toml"):
            located(strict, tmp_path, b"lon,lat\n1,2\n", crs="gcj02")
        assert located(strict, tmp_path, b"lon,lat\n1,2\n")[1].outside == 1


def test_keys_that_need_quotes_get_them(city: City, tmp_path: Path) -> None:
    output, _ = located(city, tmp_path, b"lon,lat\n0.5,0.5\n2.5,0.5\n9,9\n", layer="wards")
    rows = list(csv.reader(io.StringIO(output.decode())))
    assert [row[-1] for row in rows] == ["ward", "东,区", '"西"区', ""]


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: text.decode().encode("utf-16")])
def test_packed_and_utf16_tables_come_out_as_plain_utf8(city: City, tmp_path: Path, pack: object) -> None:
    x, y = inside(2)
    text = f"lon,lat,名\n{x},{y},中\n"
    output, _ = located(city, tmp_path, pack(text.encode()))  # type: ignore[operator]  # either of two packers
    plain = output.removeprefix(codecs.BOM_UTF8).decode()
    assert plain == f"lon,lat,名,grid_id\n{x},{y},中,{IDS[2]}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "has no column 'lon'; it has no header"),
        (b"x,y\n1,2\n", "has no column 'lon'; it has x, y"),
        ("经度,纬度\n1,2\n".encode("gbk"), "has no column 'lon'; it has 经度, 纬度"),
        (b"lon,lat,LON\n1,2,3\n", "has 2 columns 'lon'"),
        (b"lon,lat\n1,2\n3,4,5\n", "row 2 has 3 fields, the header has 2"),
        (b'lon,lat\n1,"2\n3,4\n', "the quotation mark of row 1 stays open"),
        (b"\x00\x01\x02\x03", "holds zero bytes"),
        (b'{"type": "FeatureCollection"}', "named as a text table but its content is GeoJSON"),
        (b"lon,lat\n\xff\xfe,1\n", "the encoding of points.csv is not known"),
    ],
)
def test_file_that_is_no_table_of_points_is_refused(
    city: City, tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(ImportRefusedError) as refusal:
        located(city, tmp_path, content)
    assert said in str(refusal.value)
    assert not (tmp_path / "out.csv").exists()


def test_missing_file_is_refused(city: City, tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match="there is no file"):
        locate_table(city, tmp_path / "none.csv", tmp_path / "out.csv")


def test_target_that_cannot_be_written_leaves_nothing_behind(city: City, tmp_path: Path) -> None:
    source = tmp_path / "points.csv"
    source.write_text("lon,lat\n1,2\n")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "missing" / "out.csv", tmp_path / "folder"):
        with pytest.raises(StorageError, match="could not be written"):
            locate_table(city, source, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "points.csv"]


def test_target_is_never_the_source(city: City, tmp_path: Path) -> None:
    source = tmp_path / "points.csv"
    source.write_text("lon,lat\n1,2\n")
    with pytest.raises(ImportRefusedError, match="would be lost"):
        locate_table(city, source, source)
    assert source.read_text() == "lon,lat\n1,2\n"


def test_layer_without_polygons_or_key_is_refused(city: City, tmp_path: Path) -> None:
    with pytest.raises(InvalidLayerError, match="'ponds' holds polygon features with no key"):
        located(city, tmp_path, b"lon,lat\n1,2\n", layer="ponds")
    with pytest.raises(UnknownLayerError, match="no layer 'none'"):
        located(city, tmp_path, b"lon,lat\n1,2\n", layer="none")


FIELDS = st.text(alphabet='a,"\n中 ', max_size=6)


@settings(deadline=None)
@given(rows=st.lists(st.lists(FIELDS, min_size=2, max_size=2), min_size=1, max_size=12), crlf=st.booleans())
def test_records_are_those_of_the_csv_module(rows: list[list[str]], crlf: bool) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n" if crlf else "\n").writerows(rows)
    text = written.getvalue().encode()
    content = np.frombuffer(text, np.uint8)
    wanted = np.array([1, 0])
    ends, counts = np.empty(len(rows) + 1, np.int64), np.empty(len(rows) + 1, np.int64)
    bounds = np.empty((len(rows) + 1, 2, 2), np.int64)
    assert split(content, 0, wanted, ends, counts, bounds) == len(rows)
    assert (counts[: len(rows)] == 2).all()
    fields = [
        [text[slice(*field)].decode() for field in record] for record in bounds[: len(rows), ::-1].tolist()
    ]
    assert [next(csv.reader([",".join(record)])) for record in fields] == rows
    assert ends[: len(rows)].tolist() == bounds[: len(rows), 0, 1].tolist()
