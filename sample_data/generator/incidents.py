"""A year of incidents (事件) with free-text places, as a hotline and grid workers write them down."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from sample_data.generator.addresses import Address, addresses
from sample_data.generator.frame import stream, to_lonlat
from sample_data.generator.terrain import ground, smooth_noise

N_INCIDENTS = 12_000
BEIJING = timezone(timedelta(hours=8))
_START = datetime(2024, 1, 1, tzinfo=BEIJING)
_END = datetime(2025, 1, 1, tzinfo=BEIJING)
WITHOUT_PLACE = 0.3

_CLASSES: tuple[tuple[str, str, float, tuple[str, ...]], ...] = (
    ("街面秩序", "占道经营", 14, ("有流动摊贩占道经营，影响行人通行", "早点摊占用人行道", "水果摊占道")),
    ("街面秩序", "机动车乱停放", 12, ("有车辆违停堵住消防通道", "人行道上停满汽车", "路口违停影响视线")),
    ("街面秩序", "非机动车乱停放", 8, ("共享单车堆放杂乱", "电动车占用盲道")),
    ("市容环境", "暴露垃圾", 12, ("有一堆建筑垃圾无人清理", "垃圾桶满溢", "绿化带里有垃圾")),
    ("市容环境", "道路破损", 6, ("路面有坑洞", "人行道砖松动", "路面塌陷，请尽快处理")),
    ("市容环境", "油烟扰民", 4, ("饭店油烟直排", "烧烤摊油烟大")),
    ("公用设施", "路灯不亮", 6, ("路灯不亮", "整排路灯晚上不亮", "路灯白天常亮")),
    ("公用设施", "井盖破损", 5, ("井盖松动有响声", "雨水井盖缺失", "井盖沉降")),
    ("公用设施", "自来水管破裂", 3, ("自来水管爆裂，水流到路上", "水表处漏水")),
    ("突发事件", "道路积水", 3, ("路面积水，车辆熄火", "下雨后积水过膝", "桥下积水无法通行")),
    ("突发事件", "树木倒伏", 2, ("大树倒了压住电线", "树枝断落挡路")),
    ("消防隐患", "电动车违规充电", 5, ("楼道内电动车充电", "飞线充电")),
    ("消防隐患", "楼道堆物", 5, ("楼道堆放杂物", "消防通道被堵")),
    ("矛盾纠纷", "噪音扰民", 8, ("深夜施工噪音大", "广场舞音响太吵", "楼上装修噪音")),
    ("矛盾纠纷", "邻里纠纷", 3, ("邻居漏水引起纠纷", "因停车位发生争吵")),
    ("施工管理", "工地扬尘", 4, ("工地没有洒水，扬尘严重", "渣土车带泥上路")),
)
_HOURS = np.array([2, 1, 1, 1, 1, 2, 4, 8, 10, 11, 10, 8, 6, 7, 9, 9, 8, 8, 8, 9, 9, 7, 5, 3], float)
_WET_HOURS = ((6, 12), (6, 13), (6, 14), (9, 16))
"""Days (month, day) of heavy rain, when water stands in the streets."""


def _weights() -> NDArray[np.float64]:
    """Return how likely each address is the place of an incident: clustered, denser in town."""
    xy = np.array([one.xy for one in addresses()])
    patches = ground().sample(xy, smooth_noise("trouble", 700)) + ground().sample(
        xy, smooth_noise("hot spots", 250)
    )
    crowd = np.exp(-np.hypot(*(xy - (300, -300)).T) / 4200)
    share: NDArray[np.float64] = np.exp(0.9 * patches) * crowd
    share[[bool(one.room) for one in addresses()]] *= 0.25
    return share


def _place(one: Address, rng: np.random.Generator) -> str:
    """Return the place as somebody says it on the telephone."""
    door = one.door
    near = str(rng.choice(["", "门口", "附近", "旁边", "对面", "路边"]))
    way = rng.random()
    if door.estate and way < 0.45:
        return f"{door.estate}{door.label if rng.random() < 0.6 else ''}{one.unit}{near}"
    if way < 0.6:
        return f"{one.subdistrict}{one.street_number}{near}"
    if way < 0.85:
        return f"{one.street_number}{door.estate}{near}"
    return f"{one.district}{one.community}{door.street or door.village}{near}"


def _when(rng: np.random.Generator, kind: str) -> datetime:
    """Return a time of report: more by day, more on rainy days for standing water."""
    if kind in ("道路积水", "树木倒伏") and rng.random() < 0.75:
        month, day = _WET_HOURS[int(rng.integers(len(_WET_HOURS)))]
        date = datetime(2024, month, day, tzinfo=BEIJING)
    else:
        date = _START + timedelta(days=int(rng.integers(0, 366)))
    hour = int(rng.choice(24, p=_HOURS / _HOURS.sum()))
    return date + timedelta(hours=hour, seconds=int(rng.integers(0, 3600)))


def _outcome(reported: datetime, rng: np.random.Generator) -> tuple[str, str]:
    """Return state and time of closing."""
    draw = rng.random()
    if draw < 0.04:
        return "rejected", ""
    if draw < 0.07:
        return "merged", ""
    closed = reported + timedelta(hours=float(rng.gamma(1.6, 18.0)) + 0.4)
    if closed < _END:
        return "closed", closed.isoformat(timespec="seconds")
    return str(rng.choice(["reported", "accepted", "dispatched", "handling", "verified"])), ""


def incident_rows() -> list[tuple[str, ...]]:
    """Return incident_id, class, subclass, reported_at, text, lon, lat, state, closed_at, by time."""
    rng = stream("incidents")
    weight = _weights()
    share = np.array([one[2] for one in _CLASSES])
    picked = rng.choice(len(weight), N_INCIDENTS, p=weight / weight.sum())
    lonlat = to_lonlat(np.array([addresses()[i].xy for i in picked]) + rng.normal(0, 14.0, (N_INCIDENTS, 2)))
    rows = []
    for i, (lon, lat) in zip(picked, lonlat, strict=True):
        group, kind, _, texts = _CLASSES[int(rng.choice(len(_CLASSES), p=share / share.sum()))]
        if kind == "道路积水" and rng.random() < 0.25:
            place = "解放北路铁路下穿"
        else:
            place = _place(addresses()[i], rng)
        text = f"{place}{rng.choice(['', '，', ' '])}{texts[int(rng.integers(len(texts)))]}"
        reported = _when(rng, kind)
        spot = ("", "") if rng.random() < WITHOUT_PLACE else (f"{lon:.6f}", f"{lat:.6f}")
        rows.append(
            (group, kind, reported.isoformat(timespec="seconds"), text, *spot, *_outcome(reported, rng))
        )
    rows.sort(key=lambda row: (row[2], row[3]))
    return [(f"SJ2024{k + 1:06d}", *row) for k, row in enumerate(rows)]
