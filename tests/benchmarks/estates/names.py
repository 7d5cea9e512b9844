"""Names of made-up places: thousands of estates, roads and villages, some of them near twins."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.benchmarks.estates.sounds import common_characters, reading

FIRST = (
    "金玉紫翠碧锦华瑞康宁安泰和平永春秋明星阳天云青绿红白丹新东南西北上凤龙鹤鹭鸿松竹梅兰桂荷莲枫柳桃杏棠榕桐樟"
    "清静雅悦景嘉祥福寿德仁义信诚文博学望观听枕临依怡尚盛富丰广宏江湖海溪河滨沙石山岭峰茶盐渔桥塔灯书墨琴"
)
SECOND = (
    "江湖海溪河泉潭湾洲浦港岸滩山岭峰岩坡林园田野原陵台阁亭楼轩苑庭院府第城都门桥堤塘池月光辉霞虹云星阳晖景"
    "香芳华英荣茂丰和平安康宁泰兴盛昌隆祥瑞福乐仁德信义贤达远翔凤龙鹤鹭燕雁鹿竹松梅兰荷莲柳枫桂桃杏榆槐舟帆"
)
BRANDS = ("恒川", "绿榕", "中澜", "万澍", "金榈", "世邦", "融岚", "佳垣", "龙垲", "雅筑")
ESTATE_KINDS = (
    *(
        "花园",
        "花苑",
        "小区",
        "新村",
        "家园",
        "公寓",
        "华庭",
        "名苑",
        "佳苑",
        "嘉园",
        "新苑",
        "雅苑",
        "华府",
        "景苑",
    ),
    *("豪庭", "水岸", "山庄", "名邸", "公馆", "湾", "府", "苑", "城"),
)
NORTHERN_KINDS = (
    "小区",
    "家园",
    "里",
    "东里",
    "西里",
    "苑",
    "北苑",
    "南苑",
    "庄",
    "新村",
    "家属院",
    "花园",
    "小镇",
    "嘉园",
)
LANE_KINDS = ("新村", "公寓", "小区", "花园", "里", "坊", "苑", "一村", "二村", "三村", "名邸", "大楼")
TOWER_KINDS = ("大厦", "中心", "广场", "商务楼", "国际大厦", "科创园", "写字楼")
ROAD_KINDS = ("路", "路", "路", "街", "大道", "东路", "西路", "南路", "北路", "中路", "巷", "大街")
HAMLET_KINDS = ("湾", "岙", "坑", "塘下", "桥头", "岭脚", "庄", "屋", "坪", "前", "后村", "店")
CLOSE_SHARE = 0.06
"""Names that differ from an earlier one in one character, as 一村 and 二村, 东 and 西 do."""
TWIN_SHARE = 0.02
"""Names that sound as an earlier one does."""

Make = Callable[[random.Random], str]


def stem(rng: random.Random) -> str:
    """Return two characters that could name anything, such as 翠湖."""
    first = rng.choice(FIRST)
    second = rng.choice(SECOND)
    return first + second if first != second else stem(rng)


def estate(kinds: Sequence[str]) -> Make:
    """Return what makes names of estates: 翠湖花园, 恒川紫云府, 金桂三村."""

    def make(rng: random.Random) -> str:
        brand = rng.choice(BRANDS) if rng.random() < 0.15 else ""
        middle = rng.choice(("", "", "", "", "新", "世纪", "阳光"))
        kind = rng.choice(kinds)
        if kind == "新村" and rng.random() < 0.3:
            kind = rng.choice("一二三四五六") + "村"
        return brand + stem(rng) + middle + kind

    return make


def road(rng: random.Random) -> str:
    """Return the name of a road: 永安东路, 纬三路, 文昌巷."""
    if rng.random() < 0.05:
        return rng.choice("经纬") + rng.choice("一二三四五六七八九") + rng.choice(("路", "街", "大道"))
    return stem(rng) + rng.choice(ROAD_KINDS)


def plain(*kinds: str) -> Make:
    """Return what makes a stem followed by one of these words."""

    def make(rng: random.Random) -> str:
        return stem(rng) + rng.choice(kinds)

    return make


def hamlet(rng: random.Random) -> str:
    """Return the name of a natural village: 石桥头, 上杏岙."""
    lead = rng.choice(("", "", "上", "下", "大", "小", "后"))
    name = rng.choice(FIRST)
    return (lead if lead != name else "") + name + rng.choice(HAMLET_KINDS)


def distinct(count: int, make: Make, rng: random.Random, taken: set[str] | None = None) -> list[str]:
    """Return names no two of which are equal, some of them hard to tell apart by eye or by ear.

    ``taken`` holds names that must not come again; it grows by those returned.
    """
    used = set() if taken is None else taken
    found: list[str] = []
    tries = 0
    while len(found) < count:
        tries += 1
        if tries > 200 * count + 1_000:
            raise ValueError(f"{count} different names do not come from these syllables")
        luck = rng.random()
        if found and luck < CLOSE_SHARE:
            name = _close(rng.choice(found), rng)
        elif found and luck < CLOSE_SHARE + TWIN_SHARE:
            name = _sounding_alike(rng.choice(found), rng)
        else:
            name = make(rng)
        if name not in used:
            used.add(name)
            found.append(name)
    return found


def _close(name: str, rng: random.Random) -> str:
    """Return the name with the first or second character of its stem replaced."""
    place = rng.choice((0, 1))
    return name[:place] + rng.choice(FIRST + SECOND) + name[place + 1 :]


def _sounding_alike(name: str, rng: random.Random) -> str:
    """Return the name with its first character replaced by a common one of the same sound."""
    sound = reading(name[0])
    others = [one for one in common_characters() if reading(one) == sound and one != name[0]]
    text = rng.choice(others) + name[1:] if others else name
    return text if reading(text) == reading(name) else name
