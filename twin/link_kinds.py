"""What an address may be linked to: the five typed layers 人企地物政, and incidents 事."""

from __future__ import annotations

LINK_KINDS = ("person", "enterprise", "place", "thing", "agency", "incident")
"""Kinds of links; a position in it stands for a kind in arrays."""
KIND_TITLES = {
    "person": "人",
    "enterprise": "企",
    "place": "地",
    "thing": "物",
    "agency": "政",
    "incident": "事",
}
KIND_WORDS = {
    "person": ("人", "人口", "人员", "居民"),
    "enterprise": ("企", "企业", "法人", "单位"),
    "place": ("地", "地点", "场所"),
    "thing": ("物", "物品", "部件", "设备"),
    "agency": ("政", "政府", "机构", "机关"),
    "incident": ("事", "事件"),
}
"""Kind -> how departments call it."""
