"""Closed ways and multi-polygons: buildings (建筑), water (水面) and land use (用地)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shapely

from layers.osm.places import Places, belongs_to_places
from layers.osm.rows import LayerRows
from layers.osm.values import floor_count, length_m, start_year, word_set

AREA_KEYS = ("building", "natural", "waterway", "landuse", "leisure", "amenity")
"""Keys of which one stands on every object of these layers."""

_WATER_LANDUSE = frozenset({"reservoir", "basin", "salt_pond"})
_LAND_NATURAL = word_set(
    "wood scrub grassland heath bare_rock sand scree shingle wetland glacier beach mud fell tundra shrubbery"
)
_LAND_LEISURE = word_set(
    "park garden pitch golf_course playground common dog_park sports_centre stadium track recreation_ground"
)
_LAND_AMENITY = word_set("school kindergarten college university hospital grave_yard parking")


def is_building(tags: Mapping[str, str]) -> bool:
    """Return whether the tags are those of a building.

    Parameters
    ----------
    tags : mapping of str to str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_building({"building": "yes"}), is_building({"building": "no"})
    (True, False)
    """
    return tags.get("building", "no") != "no"


def water_class(tags: Mapping[str, str]) -> str | None:
    """Return the kind of water surface, None where the tags are of none.

    Parameters
    ----------
    tags : mapping of str to str

    Returns
    -------
    str or None

    Examples
    --------
    >>> water_class({"natural": "water", "water": "lake"}), water_class({"landuse": "forest"})
    ('lake', None)
    """
    if tags.get("natural") == "water":
        return tags.get("water", "water")
    if tags.get("waterway") in {"riverbank", "dock"}:
        return "river" if tags["waterway"] == "riverbank" else "dock"
    return tags["landuse"] if tags.get("landuse") in _WATER_LANDUSE else None


def landuse_class(tags: Mapping[str, str]) -> str | None:
    """Return what an area is used for or covered with, None where the tags say neither.

    Parameters
    ----------
    tags : mapping of str to str

    Returns
    -------
    str or None

    Examples
    --------
    >>> landuse_class({"landuse": "residential"}), landuse_class({"natural": "wood"})
    ('residential', 'wood')
    """
    if is_building(tags) or water_class(tags) is not None:
        return None
    if "landuse" in tags:
        return tags["landuse"]
    for key, values in (("leisure", _LAND_LEISURE), ("natural", _LAND_NATURAL), ("amenity", _LAND_AMENITY)):
        if tags.get(key) in values:
            return tags[key]
    return None


def belongs_to_areas(tags: Mapping[str, str]) -> bool:
    """Return whether an object belongs to a layer of polygons.

    Parameters
    ----------
    tags : mapping of str to str

    Returns
    -------
    bool

    Examples
    --------
    >>> belongs_to_areas({"leisure": "park"}), belongs_to_areas({"leisure": "slipway"})
    (True, False)
    """
    return bool(_layers_of(tags))


class Areas:
    """Takes areas as libosmium puts them together, and knows which ones never came."""

    def __init__(self, rows: Mapping[str, LayerRows], places: Places) -> None:
        self._rows = rows
        self._places = places
        self._awaited: dict[str, tuple[dict[str, str], bool]] = {}
        self._taken: set[str] = set()

    def expect(self, osm_id: str, tags: dict[str, str], *, is_closed: bool) -> None:
        """Note a way or relation that comes back as an area, or came already: relations follow theirs.

        Parameters
        ----------
        osm_id : str
        tags : dict of str to str
        is_closed : bool
            Whether its outline ends where it begins; True for relations.
        """
        if osm_id not in self._taken and (belongs_to_areas(tags) or belongs_to_places(tags)):
            self._awaited[osm_id] = (tags, is_closed)

    def take(self, area: Any, tags: Mapping[str, str], shape: shapely.Geometry) -> None:
        """Take one area into the layers that it belongs to.

        Parameters
        ----------
        area : osmium Area
        tags : mapping of str to str
        shape : Polygon or MultiPolygon
            lon, lat degrees.
        """
        osm_id = f"{'w' if area.from_way() else 'r'}{area.orig_id()}"
        self._awaited.pop(osm_id, None)
        self._taken.add(osm_id)
        if is_building(tags):
            rows = self._rows["buildings"]
            rows.add(shape, osm_id, *_building_values(rows, osm_id, tags))
        water, land = water_class(tags), landuse_class(tags)
        if water is not None:
            self._rows["water"].add(shape, osm_id, water, tags.get("name"))
        if land is not None:
            self._rows["landuse"].add(shape, osm_id, land, tags.get("name"))
        if belongs_to_places(tags):
            self._places.take(osm_id, tags, shapely.point_on_surface(shape))

    def settle(self) -> None:
        """Refuse, with a reason, everything that was expected and did not come."""
        for osm_id, (tags, is_closed) in self._awaited.items():
            came = " ".join(f"{key}={tags[key]}" for key in AREA_KEYS if key in tags) or "an area"
            reason = "its outline crosses itself or lacks parts" if is_closed else "its outline is not closed"
            advice = "correct the outline, or cut the extract with complete ways"
            for layer in _layers_of(tags):
                self._rows[layer].refuse(osm_id, "geometry", came, reason, advice)
            self._places.refuse(osm_id, tags, came, reason, advice)
        self._awaited.clear()


def _layers_of(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the polygon layers that tags belong to."""
    return tuple(
        layer
        for layer, is_member in (
            ("buildings", is_building(tags)),
            ("water", water_class(tags) is not None),
            ("landuse", landuse_class(tags) is not None),
        )
        if is_member
    )


def _building_values(rows: LayerRows, osm_id: str, tags: Mapping[str, str]) -> tuple[object, ...]:
    """Return floors, height_m, use, name, house_number, estate and built_year."""
    use = tags["building"] if tags["building"] != "yes" else tags.get("building:use")
    return (
        rows.number(osm_id, tags, "building:levels", floor_count),
        rows.number(osm_id, tags, "height", lambda raw: length_m(raw, lowest=0.5, highest=1000)),
        use,
        tags.get("name"),
        tags.get("addr:housenumber"),
        tags.get("addr:neighbourhood"),
        start_year(tags.get("start_date", "")),
    )
