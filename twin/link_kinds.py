"""What an address may be linked to: the five typed layers 人企地物政, and incidents 事."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

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
_IDENTITY = ("kind", "ref", "address_id", "address_source", "source_id", "valid_from")
"""What tells one link from another, where its source does not number them."""


def link_ids(links: pa.Table) -> pa.ChunkedArray:
    """Return the number of each link: the same for the same thing, at the same address, from the same day.

    Parameters
    ----------
    links : pyarrow.Table, n rows
        Columns of the layer ``links``.

    Returns
    -------
    pyarrow.ChunkedArray of string, length n
        16 hexadecimal digits.
    """
    parts = [links[name].cast(pa.string()).fill_null("") for name in _IDENTITY]
    joined = pc.binary_join_element_wise(*parts, "\0").to_pylist()
    numbers = [hashlib.blake2b(one.encode(), digest_size=8).hexdigest() for one in joined]
    return pa.chunked_array([numbers], pa.string())
