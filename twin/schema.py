"""The layers a city declares: name, geometry family, key and fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twin.errors import UnknownFieldError

Geometry = Literal["point", "line", "polygon", "none"]
FieldType = Literal["string", "int64", "float64", "bool", "timestamp"]


@dataclass(frozen=True, slots=True)
class Field:
    """One declared column: its name, type, unit and whether every row must have it."""

    name: str
    type: FieldType = "string"
    title: str = ""
    unit: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class LayerSchema:
    """What a layer's table must look like.

    Parameters
    ----------
    name : str
        Lower-case identifier, also the collection id and the tile layer name.
    geometry : {"point", "line", "polygon", "none"}
        One family a layer; multi-part geometries belong to their family.
    key : str
        The field that identifies a feature across imports; empty where the source
        has none. A declared key is required and unique.
    title, title_en : str
        Names shown to people.
    fields : tuple of Field
        Declared columns; further columns of a source are kept as they come.
    min_zoom : int
        The lowest tile zoom at which single features are drawn.
    dated_by : str
        The field of the first day where a key may be carried again from another day on, as
        codes of divisions are: then key and day together are unique.
    is_internal : bool
        Whether rows are for questions alone and never handed out: no collection, tile or style shows them.
    """

    name: str
    geometry: Geometry
    key: str = ""
    title: str = ""
    title_en: str = ""
    fields: tuple[Field, ...] = ()
    min_zoom: int = 0
    dated_by: str = ""
    is_internal: bool = False

    def field(self, name: str) -> Field:
        """Return the declared field of this name.

        Raises
        ------
        UnknownFieldError
            If the layer declares no such field.
        """
        for field in self.fields:
            if field.name == name:
                return field
        names = ", ".join(field.name for field in self.fields)
        raise UnknownFieldError(f"layer {self.name!r} declares no field {name!r}; it has {names}")


def _text(name: str, title: str, *, is_required: bool = False) -> Field:
    return Field(name, "string", title, is_required=is_required)


def _whole(name: str, title: str, unit: str = "") -> Field:
    return Field(name, "int64", title, unit)


def _real(name: str, title: str, unit: str) -> Field:
    return Field(name, "float64", title, unit)


_VALIDITY = (Field("valid_from", "timestamp", "生效"), Field("valid_to", "timestamp", "失效"))

DECLARED: dict[str, LayerSchema] = {
    schema.name: schema
    for schema in (
        LayerSchema(
            "roads",
            "line",
            "osm_id",
            "道路",
            "Roads",
            (
                _text("osm_id", "OSM 编号", is_required=True),
                _text("class", "等级", is_required=True),
                _text("name", "路名"),
                _text("name_en", "英文名"),
                _text("oneway", "单行"),
                _whole("lanes", "车道"),
                _real("maxspeed_kmh", "限速", "km/h"),
                _real("maxheight_m", "限高", "m"),
                _real("maxweight_t", "限重", "t"),
                _real("maxwidth_m", "限宽", "m"),
                _text("access", "通行权"),
                _text("bridge", "桥"),
                _text("tunnel", "隧道"),
                _whole("layer", "层"),
                _text("junction", "路口形式"),
                _text("tags", "其余标签"),
            ),
        ),
        LayerSchema(
            "restrictions",
            "point",
            "osm_id",
            "转向限制",
            "Turn restrictions",
            (
                _text("osm_id", "OSM 编号", is_required=True),
                _text("kind", "类型", is_required=True),
                _text("from_ways", "起始道路"),
                _text("via", "经由"),
                _text("to_ways", "到达道路"),
                _text("exceptions", "例外"),
            ),
            14,
        ),
        LayerSchema(
            "traffic_signals",
            "point",
            "osm_id",
            "信号灯",
            "Traffic signals",
            (_text("osm_id", "OSM 编号", is_required=True),),
            13,
        ),
        LayerSchema(
            "barriers",
            "point",
            "osm_id",
            "路障",
            "Barriers",
            (
                _text("osm_id", "OSM 编号", is_required=True),
                _text("kind", "类型", is_required=True),
                _text("access", "通行权"),
            ),
            15,
        ),
        LayerSchema(
            "railways",
            "line",
            "osm_id",
            "铁路",
            "Railways",
            (_text("osm_id", "OSM 编号", is_required=True), _text("class", "等级"), _text("name", "名称")),
            9,
        ),
        LayerSchema(
            "water",
            "polygon",
            "osm_id",
            "水面",
            "Water",
            (_text("osm_id", "OSM 编号", is_required=True), _text("class", "类型"), _text("name", "名称")),
        ),
        LayerSchema(
            "waterways",
            "line",
            "osm_id",
            "水系",
            "Waterways",
            (
                _text("osm_id", "OSM 编号", is_required=True),
                _text("class", "类型"),
                _text("name", "名称"),
                _real("width_m", "宽", "m"),
            ),
            8,
        ),
        LayerSchema(
            "landuse",
            "polygon",
            "osm_id",
            "用地",
            "Land use",
            (
                _text("osm_id", "OSM 编号", is_required=True),
                _text("class", "类型", is_required=True),
                _text("name", "名称"),
            ),
            9,
        ),
        LayerSchema(
            "buildings",
            "polygon",
            "building_id",
            "建筑",
            "Buildings",
            (
                _text("building_id", "建筑编码", is_required=True),
                _whole("floors", "层数"),
                _real("height_m", "高度", "m"),
                _text("use", "用途"),
                _text("name", "名称"),
                _text("house_number", "门牌"),
                _text("estate", "小区"),
                _whole("built_year", "年代"),
            ),
            13,
        ),
        LayerSchema(
            "pois",
            "point",
            "osm_id",
            "兴趣点",
            "Points of interest",
            (
                _text("osm_id", "OSM 编号", is_required=True),
                _text("class", "类型", is_required=True),
                _text("name", "名称"),
            ),
            14,
        ),
        LayerSchema(
            "addresses",
            "point",
            "source_id",
            "地址",
            "Addresses",
            (
                _text("source_id", "来源编号", is_required=True),
                _text("text", "地址", is_required=True),
                _text("source", "来源"),
                _text("kind", "类别"),
                *_VALIDITY,
            ),
            15,
        ),
        LayerSchema(
            "address_base",
            "point",
            "",
            "统一地址库",
            "Address base",
            (
                _whole("level", "层级"),
                _whole("parent_id", "上级地址"),
                _text("token", "要素", is_required=True),
                _text("word", "称谓"),
                _text("text", "标准地址", is_required=True),
                _whole("division_id", "所在区划地址"),
                _text("division_code", "区划代码"),
                _text("source", "来源"),
                _text("source_id", "来源编号"),
                _whole("n_records", "来源记录数"),
                _text("status", "状态", is_required=True),
                _whole("superseded_by", "并入"),
                *_VALIDITY,
                _text("gates", "其他门牌"),
            ),
            15,
        ),
        LayerSchema(
            "aliases",
            "none",
            "",
            "别名旧名",
            "Aliases",
            (
                _text("alias", "别名", is_required=True),
                _text("name", "名称", is_required=True),
                _text("kind", "类别"),
                *_VALIDITY,
            ),
        ),
        LayerSchema(
            "links",
            "none",
            "link_id",
            "关联",
            "Links",
            (
                _text("link_id", "关联编号", is_required=True),
                _text("kind", "类型", is_required=True),
                _text("ref", "引用", is_required=True),
                _whole("address_id", "地址标识"),
                _text("address_source", "地址来源"),
                _text("source_id", "来源编号"),
                _text("class", "类别"),
                *_VALIDITY,
            ),
            is_internal=True,
        ),
        LayerSchema(
            "divisions",
            "polygon",
            "code",
            "行政区划",
            "Divisions",
            (
                _text("code", "代码", is_required=True),
                _text("name", "名称", is_required=True),
                _whole("level", "层级"),
                _text("parent_code", "上级代码"),
                _text("superseded_by", "并入"),
                *_VALIDITY,
            ),
            dated_by="valid_from",
        ),
        LayerSchema(
            "grid",
            "polygon",
            "grid_id",
            "网格",
            "Grid units",
            (
                _text("grid_id", "网格编码", is_required=True),
                _text("name", "网格名称"),
                _text("community_code", "社区代码"),
                _text("kind", "类型"),
            ),
            10,
        ),
        LayerSchema(
            "facilities",
            "point",
            "facility_id",
            "设施",
            "Facilities",
            (
                _text("facility_id", "设施编号", is_required=True),
                _text("name", "名称"),
                _text("class", "类型", is_required=True),
                _whole("capacity", "容量"),
                _whole("beds", "床位"),
            ),
            12,
        ),
        LayerSchema(
            "units",
            "point",
            "unit_id",
            "救援力量",
            "Responders",
            (
                _text("unit_id", "编号", is_required=True),
                _text("name", "名称"),
                _text("type", "类型", is_required=True),
                _text("facility_id", "驻地"),
                _text("status", "状态"),
            ),
            12,
        ),
        LayerSchema(
            "parts",
            "point",
            "part_id",
            "部件",
            "Parts",
            (
                _text("part_id", "部件编码", is_required=True),
                _text("class", "大类"),
                _text("subclass", "小类"),
                _text("condition", "状态"),
                _text("owner", "权属单位"),
            ),
            15,
        ),
        LayerSchema(
            "gauges",
            "point",
            "gauge_id",
            "测站",
            "Gauges",
            (
                _text("gauge_id", "测站编号", is_required=True),
                _text("name", "名称"),
                _text("class", "类型"),
                _text("unit", "单位"),
            ),
            12,
        ),
        LayerSchema(
            "incidents",
            "point",
            "incident_id",
            "事件",
            "Incidents",
            (
                _text("incident_id", "编号", is_required=True),
                _text("class", "大类"),
                _text("subclass", "小类"),
                Field("reported_at", "timestamp", "上报时间"),
                _text("text", "描述"),
                _text("state", "状态"),
                Field("closed_at", "timestamp", "结案时间"),
            ),
            13,
        ),
    )
}
"""The layers every city may have, by name. Other vector files become layers of their own."""
