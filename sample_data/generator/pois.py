"""Points of interest: shops, banks, stops, temples, each in or before a building."""

from __future__ import annotations

from functools import cache

import numpy as np

from sample_data.generator import names
from sample_data.generator.buildings import buildings
from sample_data.generator.frame import stream
from sample_data.generator.landuse import sites
from sample_data.generator.rural import village_sites
from sample_data.generator.skeleton import UNDERPASS

Tags = dict[str, str]

_KINDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("shop", "supermarket", ("好又多超市", "联华超市", "供销超市", "万家惠超市")),
    ("shop", "convenience", ("便利店", "烟酒商行", "小卖部", "粮油店")),
    ("shop", "clothes", ("服饰店", "布庄", "童装店")),
    ("shop", "hardware", ("五金店", "电动工具行", "建材店")),
    ("amenity", "restaurant", ("饭店", "酒楼", "饼店", "面馆", "麦饼店", "土菜馆")),
    ("amenity", "cafe", ("茶馆", "咖啡馆")),
    ("amenity", "bank", ("丽州农商银行", "丽州商业银行", "邮政储蓄所")),
    ("amenity", "pharmacy", ("大药房", "百草堂药店", "回春堂药店")),
    ("amenity", "clinic", ("社区卫生服务站", "口腔诊所", "中医诊所")),
    ("amenity", "kindergarten", ("幼儿园", "实验幼儿园")),
    ("amenity", "marketplace", ("农贸市场", "综合市场")),
    ("amenity", "fuel", ("加油站",)),
    ("tourism", "hotel", ("宾馆", "大酒店", "招待所")),
    ("amenity", "post_office", ("邮政所",)),
)
_SHARE = np.array([5, 16, 8, 9, 18, 5, 5, 7, 5, 4, 2, 2, 5, 1], float)


@cache
def points_of_interest() -> tuple[tuple[tuple[float, float], Tags], ...]:
    """Return local x, y and tags of the points of interest."""
    rng = stream("pois")
    found: list[tuple[tuple[float, float], Tags]] = []
    weight = {
        "commerce": 10.0,
        "lanes": 2.0,
        "urban_village": 1.5,
        "estate": 0.6,
        "towers": 0.8,
        "houses": 0.5,
        "civic": 1.0,
    }
    share = np.array([weight.get(sites()[one.site].use, 0.0) for one in buildings()])
    words = names.STREET_WORDS + names.ESTATE_FIRST
    for i in np.sort(rng.choice(len(share), 880, replace=False, p=share / share.sum())):
        key, value, titles = _KINDS[int(rng.choice(len(_KINDS), p=_SHARE / _SHARE.sum()))]
        where = buildings()[i].footprint.representative_point()
        name = f"{words[rng.integers(len(words))]}{titles[rng.integers(len(titles))]}"
        found.append(((round(where.x, 2), round(where.y, 2)), {key: value, "name": name}))
    for k, (x, y) in enumerate(village_sites()):
        if k % 3 == 0:
            found.append(
                ((float(x) + 35, float(y) + 28), {"amenity": "community_centre", "name": "文化礼堂"})
            )
    found.append(((UNDERPASS[0] - 980, UNDERPASS[1] + 110), {"railway": "station", "name": "丽州站"}))
    return tuple(found)
