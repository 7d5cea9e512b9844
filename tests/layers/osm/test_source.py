from __future__ import annotations

import bz2
import gzip
import zipfile
from pathlib import Path

import pytest

from layers.osm import read_osm
from tests.layers.osm.handmade import Extract
from tests.reference import reference_path
from twin.errors import ImportRefusedError

TOWN = Extract().nodes(n1=(120.0, 28.0), n2=(120.1, 28.0)).way(5, [1, 2], {"highway": "primary"}).text()
BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>'
    '<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="name" v="&c;"/></node></osm>'
)


def test_plain_gzip_and_bzip2_files_give_the_same_roads(tmp_path: Path) -> None:
    content = TOWN.encode()
    (tmp_path / "a.osm").write_bytes(content)
    (tmp_path / "b.osm.gz").write_bytes(gzip.compress(content))
    (tmp_path / "c.osm.bz2").write_bytes(bz2.compress(content))
    tables = [read_osm(path)[0].table for path in sorted(tmp_path.iterdir())]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])
    assert tables[0].num_rows == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.osm.pbf", b"", "empty"),
        ("a.osm", b"", "empty"),
        ("a.osm.pbf", b"id,lon,lat\n1,120,28\n", "neither OSM PBF nor XML"),
        ("a.osm", b"<html><body>not found</body></html>", "web page"),
        ("a.osm", b'<?xml version="1.0"?><graphml/>', "import it as graphml"),
        ("a.osm", b'<?xml version="1.0"?>\n<osmChange version="0.6"></osmChange>', "changes"),
        ("a.osm", BILLION_LAUGHS.encode(), "document type"),
        ("a.osm.pbf", TOWN.encode(), "suffix is named as pbf"),
        ("a.osm.gz", TOWN.encode(), "suffix is named as xml.gz"),
        ("a.osm", gzip.compress(TOWN.encode(), mtime=0), "suffix is named as xml"),
        ("a.map", TOWN.encode(), "suffix is no known name for OSM"),
        ("a.osm", TOWN[:-40].encode(), "damaged or cut-off"),
        ("a.osm.gz", gzip.compress(TOWN.encode(), mtime=0)[:-9], "cut-off|cannot be unpacked"),
        ("a.osm.gz", gzip.compress(TOWN.encode(), mtime=0)[:30], "cut-off|cannot be unpacked"),
        ("a.osm", TOWN.replace('lat="28.0"', 'lat="north"').encode(), "damaged"),
        ("a.osm", b'<osm version="0.6"></osm>', "no way with the tag highway"),
        ("a.osm", TOWN.replace("highway", "waterway").replace("primary", "river").encode(), "no way with"),
        ("a.osm", Extract().way(5, [1, 2], {"highway": "primary"}).text().encode(), "none of the 1 roads"),
        ("a.osm", b"SQLite format 3\0", "SQLite or GeoPackage"),
    ],
)
def test_bad_file_is_refused_with_what_it_is(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError, match=said) as refusal:
        read_osm(path)
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("numbers", [(6, 5), (6, 6)])
def test_unsorted_file_is_refused_with_what_to_do(tmp_path: Path, numbers: tuple[int, int]) -> None:
    extract = Extract().nodes(n1=(120.0, 28.0), n2=(120.1, 28.0))
    for number in numbers:
        extract.way(number, [1, 2], {"highway": "primary"})
    with pytest.raises(ImportRefusedError, match="osmium sort"):
        extract.read(tmp_path)


def test_zip_archive_is_named_as_one(tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("town.osm", TOWN)
    with pytest.raises(ImportRefusedError, match="zip archive"):
        read_osm(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"no file .*absent.osm.pbf"):
        read_osm(tmp_path / "absent.osm.pbf")


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.3, 0.6, 0.9, 0.99999])
def test_cut_off_pbf_is_refused_wherever_it_is_cut(tmp_path: Path, share: float) -> None:
    whole = reference_path("roads/helsinki_centre.osm.pbf").read_bytes()
    path = tmp_path / "part.osm.pbf"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImportRefusedError, match="damaged or cut-off"):
        read_osm(path)


def test_overwritten_pbf_is_refused(tmp_path: Path) -> None:
    content = bytearray(reference_path("roads/helsinki_centre.osm.pbf").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(value ^ 0x5A for value in content[middle : middle + 400])
    path = tmp_path / "broken.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(ImportRefusedError, match="damaged"):
        read_osm(path)
