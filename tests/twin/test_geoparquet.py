"""Stored Parquet files as other programs read them."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from tests.twin.layer_samples import schema_of, shapes_of, table_of
from twin.ragged import Kind
from twin.schema import LayerSchema
from twin.store import LayerStore


@pytest.mark.parametrize("kind", ["point", "line", "polygon"])
def test_geopandas_reads_the_file(tmp_path: Path, kind: Kind) -> None:
    shapes = np.append(shapes_of(kind, 200), [None])
    LayerStore(tmp_path).put(schema_of(kind), table_of(shapes))
    frame = geopandas.read_parquet(tmp_path / "layers" / f"{kind}s.v1.parquet")
    assert frame.crs.to_string() == "OGC:CRS84"
    rows = [int(code[1:]) for code in frame["code"]]
    assert sorted(rows) == list(range(201))
    assert shapely.equals_exact(frame.geometry.to_numpy()[:200], shapes[rows[:200]]).all()
    assert frame.geometry.iloc[200] is None
    assert {"feature_id", "cell_7", "cell_9", "cell_10", "floors", "height_m"} <= set(frame.columns)


def test_part_of_a_file_is_read_by_its_bbox_column(tmp_path: Path) -> None:
    shapes = shapes_of("polygon", 300)
    LayerStore(tmp_path).put(schema_of("polygon"), table_of(shapes))
    box = (120.02, 28.82, 120.05, 28.85)
    frame = geopandas.read_parquet(tmp_path / "layers" / "polygons.v1.parquet", bbox=box)
    bounds = shapely.bounds(shapes)
    meets = (bounds[:, :2] <= box[2:]).all(axis=1) & (bounds[:, 2:] >= box[:2]).all(axis=1)
    assert sorted(frame["code"]) == sorted(f"c{row}" for row in np.flatnonzero(meets))


def test_metadata_follow_geoparquet_1_1(tmp_path: Path) -> None:
    shapes = shapes_of("line", 50)
    LayerStore(tmp_path).put(schema_of("line"), table_of(shapes))
    metadata = pq.read_metadata(tmp_path / "layers" / "lines.v1.parquet").metadata
    about = orjson.loads(metadata[b"geo"])
    assert (about["version"], about["primary_column"]) == ("1.1.0", "geometry")
    column = about["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["LineString", "MultiLineString"]
    assert column["bbox"] == shapely.total_bounds(shapes).tolist()


def test_row_groups_hold_twenty_thousand_rows_in_cell_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    points = shapely.points(rng.uniform((120.0, 28.8), (120.4, 29.2), (45_000, 2)))
    LayerStore(tmp_path).put(LayerSchema("points", "point"), table_of(points), with_json=False)
    file = pq.ParquetFile(tmp_path / "layers" / "points.v1.parquet")
    groups = [file.metadata.row_group(place) for place in range(file.metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [20_000, 20_000, 5_000]
    place = file.schema_arrow.get_field_index("cell_7")
    assert all(group.column(place).is_stats_set for group in groups)
    assert groups[0].column(place).statistics.min < groups[2].column(place).statistics.max
    assert {group.column(0).compression for group in groups} == {"ZSTD"}


def test_layer_without_geometry_is_plain_parquet(tmp_path: Path) -> None:
    LayerStore(tmp_path).put(LayerSchema("codes", "none"), pa.table({"code": ["a", "b"]}))
    table = pq.read_table(tmp_path / "layers" / "codes.v1.parquet")
    assert table.select(["feature_id", "code"]).to_pydict() == {"feature_id": [1, 2], "code": ["a", "b"]}
    assert b"geo" not in (table.schema.metadata or {})
