"""The reference queries that every implementation of the storage must answer alike."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from tests.reference import reference_path
from twin.cells import from_hex, to_hex
from twin.schema import Field, LayerSchema
from twin.store import LayerStore
from twin.view import LayerView

SCHEMA = LayerSchema("points", "point", "id", fields=(Field("id", "int64", is_required=True),))


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> LayerView:
    path = reference_path("storage-conformance/points.csv.gz")
    with gzip.open(path, "rt") as file:
        ids, lon, lat = np.loadtxt(file, delimiter=",", skiprows=1).T
    store = LayerStore(tmp_path_factory.mktemp("city"))
    geometry = pa.array(shapely.to_wkb(shapely.points(lon, lat)))
    store.put(SCHEMA, pa.table({"id": ids.astype(np.int64), "geometry": geometry}))
    return LayerView(store.open("points"))


def reference_queries() -> list[dict[str, Any]]:
    queries: list[dict[str, Any]] = json.loads(
        gzip.decompress(Path(reference_path("storage-conformance/queries.json.gz")).read_bytes())
    )
    return queries


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_reference_query_gets_the_reference_answer(view: LayerView) -> None:
    queries = reference_queries()
    assert len(queries) == 25
    for query in queries:
        if query["type"] == "count_by_h3":
            cells, counts = view.count_by_cell(query["res"])
            assert len(cells) == query["cells"]
            assert counts.sum() == query["rows"]
            pairs = zip(to_hex(cells), counts, strict=True)
            assert digest(";".join(f"{cell}:{count}" for cell, count in pairs)) == query["sha256"]
            continue
        if query["type"] == "bbox":
            positions = view.in_bbox(query["bbox"])
        elif query["type"] == "polygon":
            positions = view.in_polygon(shapely.from_wkt(query["wkt"]))
        else:
            positions = view.in_disk(int(from_hex([query["center"]])[0]), query["k"])
        ids = np.sort(view.take(positions, ["id"])["id"].to_numpy())
        assert len(ids) == query["n"]
        assert digest(",".join(map(str, ids.tolist()))) == query["sha256"]
        if "ids" in query:
            assert ids.tolist() == query["ids"]
