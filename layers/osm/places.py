"""Points that people look for: places with a purpose (兴趣点) and addresses (地址)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import shapely

from layers.osm.rows import LayerRows
from layers.osm.values import word_set

POI_KEYS = ("amenity", "shop", "tourism", "healthcare", "office", "public_transport", "emergency")
"""Keys that make an object a place of interest; the first one present names its class."""

STATIONS = word_set("station halt tram_stop subway_entrance")
_NO_PLACE = frozenset({"no", "disused", "vacant"})

ADDRESS_KEYS = ("addr:housenumber", "addr:full", "addr:housename")
"""Any of these makes an object an address."""

_ROAD_KEYS = ("addr:street", "addr:place", "addr:hamlet", "addr:village")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CHINESE_ORDER = (
    (("addr:province", "addr:state"), ""),
    (("addr:city",), ""),
    (("addr:district", "addr:county"), ""),
    (("addr:subdistrict", "addr:town"), ""),
    (("addr:village", "addr:place", "addr:hamlet"), ""),
    (("addr:street",), ""),
    (("addr:housenumber",), "号"),
    (("addr:neighbourhood", "addr:housename"), ""),
    (("addr:building", "addr:block"), "幢"),
    (("addr:unit",), "单元"),
    (("addr:floor",), "层"),
    (("addr:door", "addr:flats"), "室"),
)
"""Parts of a Chinese address from the large to the small, and the word that a bare number needs."""


def poi_class(tags: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the key that makes an object a place of interest and its class; None where it is none.

    Parameters
    ----------
    tags : mapping of str to str

    Returns
    -------
    tuple of (category, class), or None
        The class of ``shop=yes`` is ``shop``.

    Examples
    --------
    >>> poi_class({"amenity": "hospital", "emergency": "yes"}), poi_class({"highway": "primary"})
    (('amenity', 'hospital'), None)
    """
    for key in POI_KEYS:
        value = tags.get(key)
        if value is None or value in _NO_PLACE:
            continue
        if value == "yes":
            if key == "emergency":  # there it says that ambulances may pass, or that a ward is open
                continue
            return key, key
        return key, value
    if tags.get("railway") in STATIONS:
        return "railway", tags["railway"]
    return None


def address_text(tags: Mapping[str, str]) -> str | None:
    """Return the address of an object as people write it; None where its street or place is unknown.

    Parameters
    ----------
    tags : mapping of str to str
        ``addr:*`` tags. ``addr:full`` is taken as it stands.

    Returns
    -------
    str or None
        From the large to the small without blanks where the names are Chinese, else
        ``street number, postcode city``.

    Examples
    --------
    >>> address_text({"addr:street": "Städtle", "addr:housenumber": "49", "addr:city": "Vaduz"})
    'Städtle 49, Vaduz'
    >>> address_text({"addr:city": "丽州市", "addr:street": "中山街", "addr:housenumber": "12"})
    '丽州市中山街12号'
    """
    full = tags.get("addr:full", "").strip()
    if full:
        return full
    road = next((tags[key] for key in _ROAD_KEYS if key in tags), "")
    if _HAN.search(road or tags.get("addr:city", "")):
        return _chinese_text(tags)
    road = road or tags.get("addr:suburb") or tags.get("addr:city", "")
    if not road:
        return None
    number = " ".join(tags[key] for key in ("addr:housenumber", "addr:unit") if key in tags)
    house = "" if number else tags.get("addr:housename", "")
    first = " ".join(part for part in (house, road, number) if part)
    town = " ".join(tags[key] for key in ("addr:postcode", "addr:city") if key in tags and tags[key] != road)
    return ", ".join(part for part in (first, town) if part)


def _chinese_text(tags: Mapping[str, str]) -> str:
    """Return the parts from the large to the small; a bare number gets the word of its part."""
    text = ""
    for keys, word in _CHINESE_ORDER:
        part = next((tags[key].strip() for key in keys if key in tags), "")
        text += part + word if word and part and part[-1].isalnum() and part.isascii() else part
    return text


class Places:
    """Takes points of interest and addresses."""

    def __init__(self, pois: LayerRows, addresses: LayerRows) -> None:
        self._pois = pois
        self._addresses = addresses

    def take(self, osm_id: str, tags: Mapping[str, str], point: shapely.Point) -> None:
        """Take an object into the layers that it belongs to.

        Parameters
        ----------
        osm_id : str
        tags : mapping of str to str
        point : Point
            lon, lat degrees; on the surface of an area.
        """
        found = poi_class(tags)
        if found is not None:
            category, kind = found
            self._pois.add(point, osm_id, kind, tags.get("name"), category, tags.get("name:en"))
        if any(key in tags for key in ADDRESS_KEYS):
            self._take_address(osm_id, tags, point)

    def refuse(self, osm_id: str, tags: Mapping[str, str], came: str, reason: str, suggestion: str) -> None:
        """Leave an object without a place out of the layers that it would belong to.

        Parameters
        ----------
        osm_id : str
        tags : mapping of str to str
        came, reason, suggestion : str
        """
        if poi_class(tags) is not None:
            self._pois.refuse(osm_id, "geometry", came, reason, suggestion)
        if any(key in tags for key in ADDRESS_KEYS):
            self._addresses.refuse(osm_id, "geometry", came, reason, suggestion)

    def _take_address(self, osm_id: str, tags: Mapping[str, str], point: shapely.Point) -> None:
        text = address_text(tags)
        if text is None:
            came = f"addr:housenumber={tags.get('addr:housenumber', '')}"
            reason, advice = "no street or place is given", "add addr:street or addr:place"
            self._addresses.refuse(osm_id, "text", came, reason, advice)
            return
        kind = "building" if "building" in tags else "entrance" if "entrance" in tags else "point"
        street = tags.get("addr:street") or tags.get("addr:place")
        self._addresses.add(
            point,
            *(osm_id, text, "OpenStreetMap", kind, None, None),
            *(street, tags.get("addr:housenumber"), tags.get("addr:postcode"), tags.get("addr:city")),
        )


def belongs_to_places(tags: Mapping[str, str]) -> bool:
    """Return whether an object is a place of interest or an address.

    Parameters
    ----------
    tags : mapping of str to str

    Returns
    -------
    bool

    Examples
    --------
    >>> belongs_to_places({"addr:housenumber": "7"})
    True
    """
    return poi_class(tags) is not None or any(key in tags for key in ADDRESS_KEYS)
