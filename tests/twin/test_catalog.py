"""The catalog: what it keeps comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from twin.catalog import (
    Catalog,
    LayerEntry,
    LayerVersion,
    Provenance,
    catalog_lock,
    read_catalog,
    write_catalog,
)
from twin.durable import StoredFile
from twin.errors import StorageError, UnknownLayerError
from twin.schema import DECLARED


@dataclass(frozen=True)
class Report:
    source: str = "道路.shp"
    sha256: str = "ab" * 32
    rows_read: int = 10
    rows_taken: int = 8
    crs: str = "EPSG:4549"


def version(number: int) -> LayerVersion:
    return LayerVersion(
        "roads",
        number,
        "c0ffee",
        8,
        (120.0, 28.8, 120.1, 28.9),
        DECLARED["roads"],
        Provenance.of_report(Report(), kind="vector", licence="内部"),
        (StoredFile(f"layers/roads.v{number}.parquet", 12, "dd" * 32, 2**32 - 1),),
    )


def test_catalog_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert read_catalog(tmp_path) == Catalog()
    catalog = Catalog({"roads": LayerEntry(2, 3, 77, (version(1), version(2))), "gone": LayerEntry(0, 5, 9)})
    write_catalog(tmp_path, catalog)
    assert read_catalog(tmp_path) == catalog
    assert list(read_catalog(tmp_path).layers) == ["roads", "gone"]
    assert "道路.shp" in (tmp_path / "catalog.json").read_text(encoding="utf-8")


def test_declared_layer_is_internal_also_in_catalogs_written_before_it_was_said(tmp_path: Path) -> None:
    links = replace(version(1), layer="links", schema=DECLARED["links"])
    write_catalog(tmp_path, Catalog({"links": LayerEntry(1, 2, 9, (links,))}))
    path = tmp_path / "catalog.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["layers"]["links"]["versions"][0]["schema"]["is_internal"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert read_catalog(tmp_path).layers["links"].versions[0].schema.is_internal


def test_version_that_is_not_kept_is_told() -> None:
    entry = LayerEntry(2, 3, 77, (version(2),))
    assert entry.version(2).version == 2
    with pytest.raises(UnknownLayerError, match="version 1 is not kept; kept versions: 2"):
        entry.version(1)


def test_provenance_tells_what_the_report_told() -> None:
    provenance = Provenance.of_report(Report(), kind="vector", source="roads 2024")
    assert provenance.sources == ("roads 2024",)
    assert provenance.sha256 == ("ab" * 32,)
    assert (provenance.reader, provenance.crs) == ("vector", "EPSG:4549")
    assert (provenance.rows_read, provenance.rows_taken, provenance.rows_rejected) == (10, 8, 2)
    assert datetime.fromisoformat(provenance.imported_at).utcoffset() is not None


def test_lock_of_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"), catalog_lock(tmp_path / "missing"):
        pass
