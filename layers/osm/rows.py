"""Rows of one layer while an OpenStreetMap file is read, and the table they become."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from layers.osm.source import OsmSource
from layers.report import ImportReport, ReadResult, Rejection
from twin.errors import InvalidValueError
from twin.schema import DECLARED, Field, FieldType

ARROW_TYPES: dict[FieldType, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("ms", tz="UTC"),
}

EXTRA_FIELDS: dict[str, tuple[Field, ...]] = {
    "roads": (Field("ref", "string", "编号"),),
    "restrictions": (
        Field("condition", "string", "条件"),
        Field("vehicles", "string", "车种"),
    ),
    "traffic_signals": (Field("tags", "string", "其余标签"),),
    "barriers": (Field("tags", "string", "其余标签"),),
    "pois": (Field("category", "string", "大类"), Field("name_en", "string", "英文名")),
    "addresses": (
        Field("street", "string", "街路巷"),
        Field("house_number", "string", "门牌"),
        Field("postcode", "string", "邮编"),
        Field("city", "string", "市"),
    ),
}
"""Columns that OpenStreetMap fills beyond the declared fields of a layer."""

LICENCE = "© OpenStreetMap contributors, Open Database Licence 1.0: name them wherever the map is shown"


def osm_number(osm_id: str) -> int:
    """Return the number of an id with its letter.

    Parameters
    ----------
    osm_id : str

    Returns
    -------
    int

    Examples
    --------
    >>> osm_number("w123")
    123
    """
    return int(osm_id[1:])


class LayerRows:
    """Rows, geometries and rejections of one layer, in the order they come.

    Parameters
    ----------
    name : str
        One of the declared layers.
    number_of : callable
        Id of a feature to its number in the source, for the report.
    """

    def __init__(self, name: str, number_of: Callable[[str], int] = osm_number) -> None:
        self.schema = DECLARED[name]
        self.fields = self.schema.fields + EXTRA_FIELDS.get(name, ())
        self.rejections: list[Rejection] = []
        self._values: list[tuple[object, ...]] = []
        self._geometries: list[shapely.Geometry] = []
        self._n_refused = 0
        self._number_of = number_of

    def __len__(self) -> int:
        return len(self._values)

    def add(self, geometry: shapely.Geometry, *values: object) -> None:
        """Take one feature.

        Parameters
        ----------
        geometry : shapely geometry
            lon, lat degrees.
        *values : object
            One a field, in the order of ``fields``, the key first.
        """
        self._values.append(values)
        self._geometries.append(geometry)

    def geometry(self, row: int) -> shapely.Geometry:
        """Return the geometry of one feature.

        Parameters
        ----------
        row : int

        Returns
        -------
        shapely geometry
            lon, lat degrees.
        """
        return self._geometries[row]

    def refuse(self, osm_id: str, field: str, came: str, reason: str, suggestion: str) -> None:
        """Leave a whole feature out, and say why.

        Parameters
        ----------
        osm_id : str
            ``n``, ``w`` or ``r`` and the number, such as ``w123``.
        field, came, reason, suggestion : str
            What is wrong, what stood there, why it cannot be taken, what to do.
        """
        self._n_refused += 1
        self.remark(osm_id, field, came, reason, suggestion)

    def remark(self, osm_id: str, field: str, came: str, reason: str, suggestion: str) -> None:
        """Say that a feature was taken without one of its values or a part of its shape.

        Parameters
        ----------
        osm_id : str
            ``n``, ``w`` or ``r`` and the number, such as ``w123``.
        field, came, reason, suggestion : str
            What is wrong, what stood there, why it was left out, what to do.
        """
        self.rejections.append(
            Rejection(self._number_of(osm_id), field, f"{osm_id}: {came}", reason, suggestion)
        )

    def number(
        self, osm_id: str, tags: Mapping[str, str], key: str, parse: Callable[[str], float | None]
    ) -> float | None:
        """Return a tag's value as a number; None where it is absent, states none, or cannot be read.

        Parameters
        ----------
        osm_id : str
        tags : mapping of str to str
        key : str
        parse : callable
            Text to number; raises InvalidValueError, which becomes a remark.

        Returns
        -------
        float or None
        """
        raw = tags.get(key)
        if raw is None:
            return None
        try:
            return parse(raw)
        except InvalidValueError as error:
            self.remark_value(osm_id, key, raw, error)
            return None

    def remark_value(self, osm_id: str, key: str, raw: str, error: InvalidValueError) -> None:
        """Say that one tag could not be read.

        Parameters
        ----------
        osm_id, key, raw : str
        error : InvalidValueError
            What is wrong with it.
        """
        reason = f"{error}; the feature is taken without it"
        self.remark(osm_id, key, f"{key}={raw}", reason, "correct the tag at its source")

    def result(
        self, source: OsmSource, notes: Sequence[str] = (), extra: Mapping[str, pa.Array] | None = None
    ) -> ReadResult:
        """Return the table and the report.

        Parameters
        ----------
        source : OsmSource
        notes : sequence of str
            Sentences about the layer as a whole.
        extra : mapping of str to pyarrow.Array, optional
            Further columns, one value a row.

        Returns
        -------
        ReadResult
        """
        columns: dict[str, pa.Array] = {}
        by_column = list(zip(*self._values, strict=True)) or [()] * len(self.fields)
        for field, values in zip(self.fields, by_column, strict=True):
            columns[field.name] = pa.array(values, type=ARROW_TYPES[field.type])
        columns.update(extra or {})
        columns["geometry"] = pa.array(shapely.to_wkb(_in_one_part(self._geometries)), type=pa.binary())
        n_taken = len(self._values)
        report = ImportReport(
            source=source.path.name,
            sha256=source.sha256,
            rows_read=n_taken + self._n_refused,
            rows_taken=n_taken,
            rejections=tuple(sorted(self.rejections, key=lambda item: item.row)),
            notes=(LICENCE, *notes),
            crs="EPSG:4326",
        )
        return ReadResult(self.schema, pa.table(columns), report)

    @property
    def n_read(self) -> int:
        """Features seen, taken or not."""
        return len(self._values) + self._n_refused


class NodeLists:
    """Node ids of each way, flat: ids of row i stand at ``starts[i]:starts[i + 1]``."""

    def __init__(self) -> None:
        self.ids = array("q")
        self.starts = array("q", [0])

    def append(self, ids: Sequence[int]) -> None:
        """Add the nodes of the next way.

        Parameters
        ----------
        ids : sequence of int
        """
        self.ids.extend(ids)
        self.starts.append(len(self.ids))

    def of(self, row: int) -> NDArray[np.int64]:
        """Return the node ids of one way.

        Parameters
        ----------
        row : int

        Returns
        -------
        ndarray of int64, shape (n_nodes,)
        """
        return np.array(self.ids[self.starts[row] : self.starts[row + 1]], dtype=np.int64)

    def to_arrow(self) -> pa.ListArray:
        """Return all lists as one Arrow column.

        Returns
        -------
        pyarrow.ListArray of int64
        """
        return pa.ListArray.from_arrays(pa.array(np.array(self.starts, dtype=np.int32)), np.array(self.ids))


def _in_one_part(geometries: Sequence[shapely.Geometry]) -> NDArray[np.object_]:
    """Return the geometries with every one-part multi-polygon as a polygon."""
    shapes = np.empty(len(geometries), dtype=object)
    shapes[:] = geometries
    is_single = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOLYGON) & (
        shapely.get_num_geometries(shapes) == 1
    )
    shapes[is_single] = shapely.get_geometry(shapes[is_single], 0)
    return shapes
