"""Vector tiles, TileJSON and styles over HTTP (矢量瓦片)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import orjson

from api.answer import Answer, fresh, fresh_gzip, not_modified
from api.ask import Ask
from api.compression import gunzipped, gzipped
from api.negotiation import JSON, MVT
from api.service import Service
from api.tile_cache import PackedTile, TileCache
from tiles.archive import Archive, archive_path
from tiles.cells_layer import LAYER_NAME, encode_cells_tile
from tiles.encode import encode_tile
from tiles.matrix import MAX_ZOOM, check_tile
from tiles.style import StyleLayerInfo, build_style
from tiles.tilejson import lowest_zoom
from tiles.tilejson import tilejson as layer_tilejson
from twin.catalog import LICENCE_SEPARATOR
from twin.errors import InvalidQueryError
from twin.layer import Layer
from twin.view import LayerView

CELLS = ".cells"
"""Behind a layer's name: its counts by H3 cell instead of its features."""
TRUNCATED = b"x-truncated"
"""Header of a tile that left features out: how many."""
MB = 1_000_000

Address = tuple[int, int, int]
"""Zoom, column from the west, row from the north."""


class Drawer:
    """Answers tiles: from the archive of the layer version where there is one, else drawn when asked for.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._cache = TileCache(service.settings.tile_cache_mb * MB)
        self._archives: dict[str, Archive] = {}

    async def tile(self, ask: Ask, layer: str, z: str, x: str, y: str) -> Answer:
        """Return one vector tile.

        Parameters
        ----------
        ask : Ask
        layer : str
            Layer name, with ``.cells`` its counts by H3 cell.
        z, x, y : str
            Tile address, WebMercatorQuad.

        Returns
        -------
        Answer
            Empty where nothing lies in the tile.

        Raises
        ------
        UnknownLayerError
            If there is no such layer.
        UnreadableLayerError
            If its files are damaged.
        InvalidQueryError
            If the address is malformed or the zoom is beyond what is drawn.
        InvalidTileError
            If column or row lie outside the matrix of the zoom.
        """
        address = parse_address(z, x, y)
        ask.only()
        view = view_of(self._service, ask, layer)
        max_age_s = self._service.settings.max_age_s
        tag = ask.tag(view.version_tag)
        if ask.holds(tag):
            return not_modified(tag, max_age_s=max_age_s)
        made = self._stored(view, address) if layer == view.layer.schema.name else None
        if made is None:
            made = await self._cache.tile(
                (layer, view.version_tag, *address),
                lambda: self._service.in_thread(draw, view, layer, address),
            )
        extra = ((TRUNCATED, made.truncated.encode()),) if made.truncated else ()
        if ask.takes_gzip and made.packed:
            return fresh_gzip(made.packed, MVT, tag=tag, max_age_s=max_age_s, extra=extra)
        return fresh(ask, gunzipped(made.packed), MVT, tag=tag, max_age_s=max_age_s, extra=extra)

    def _stored(self, view: LayerView, address: Address) -> PackedTile | None:
        """Return the tile of the version's archive; None where edits or the scope make it another."""
        if not view.edits.is_empty or not view.scope.is_whole_city:
            return None
        archive = self._archive(view.layer)
        if archive is None or address[0] not in archive.zooms:
            return None
        n_dropped = archive.n_dropped(*address)
        return PackedTile(archive.tile(*address) or b"", str(n_dropped) if n_dropped else "")

    def _archive(self, layer: Layer) -> Archive | None:
        path = archive_path(self._service.city.path, layer)
        held = self._archives.get(layer.schema.name)
        if held is None or held.path != path:
            if not path.exists():
                return None
            held = self._archives[layer.schema.name] = Archive.open(path)
        return held


def draw(view: LayerView, layer: str, address: Address) -> PackedTile:
    """Return one tile as it is kept; some milliseconds of work once its layer is prepared.

    Parameters
    ----------
    view : LayerView
    layer : str
        Layer name, with ``.cells`` its counts by H3 cell.
    address : tuple of int
        Zoom, column, row.

    Returns
    -------
    PackedTile
    """
    made = encode_cells_tile(view, *address) if layer.endswith(CELLS) else encode_tile(view, *address)
    packed = gzipped(made.content) if made.content else b""
    return PackedTile(packed, str(made.n_dropped) if made.n_dropped else "")


def _licences(views: Sequence[LayerView]) -> list[str]:
    """Return each licence that stands behind a map once."""
    named = (view.layer.provenance.licence.split(LICENCE_SEPARATOR) for view in views)
    return sorted({licence for licences in named for licence in licences} - {""})


def view_of(service: Service, ask: Ask, layer: str) -> LayerView:
    """Return the view that a tile layer draws.

    Parameters
    ----------
    service : Service
    ask : Ask
    layer : str
        Layer name, with or without ``.cells``.

    Returns
    -------
    LayerView

    Raises
    ------
    UnknownLayerError
        If there is no such layer.
    UnreadableLayerError
        If its files are damaged.
    InvalidQueryError
        If the layer has no geometry.
    """
    view = service.layer(layer.removesuffix(CELLS), ask.caller)
    if view.layer.schema.geometry == "none":
        raise InvalidQueryError(f"layer {view.layer.schema.name!r} has no geometry, so it has no tiles")
    return view


def parse_address(z: str, x: str, y: str) -> Address:
    """Return a tile address.

    Parameters
    ----------
    z, x, y : str
        Parts of the path.

    Returns
    -------
    tuple of int

    Raises
    ------
    InvalidQueryError
        If one is no whole number, or the zoom is beyond what is drawn.
    InvalidTileError
        If column or row lie outside the matrix of the zoom.

    Examples
    --------
    >>> parse_address("14", "13656", "6822")
    (14, 13656, 6822)
    """
    for name, text in (("z", z), ("x", x), ("y", y)):
        if not (text.isascii() and text.isdigit() and len(text) <= 10):
            raise InvalidQueryError(f"{name}={text[:40]!r} is not a whole number; wanted is z/x/y.mvt")
    address = int(z), int(x), int(y)
    if address[0] > MAX_ZOOM:
        raise InvalidQueryError(f"zoom {z} came, 0-{MAX_ZOOM} was wanted")
    check_tile(*address)
    return address


async def tilejson(service: Service, ask: Ask, layer: str) -> Answer:
    """Return the TileJSON of a layer, or of its counts by H3 cell.

    Parameters
    ----------
    service : Service
    ask : Ask
    layer : str
        Layer name, with or without ``.cells``.

    Returns
    -------
    Answer

    Raises
    ------
    UnknownLayerError
        If there is no such layer.
    UnreadableLayerError
        If its files are damaged.
    InvalidQueryError
        If the layer has no geometry, or a parameter came.
    """
    ask.only()
    view = view_of(service, ask, layer)
    max_age_s = service.settings.max_age_s
    tag = ask.tag(view.version_tag)
    if ask.holds(tag):
        return not_modified(tag, max_age_s=max_age_s)
    url = f"{ask.base_url}/tiles/{quote(layer)}/{{z}}/{{x}}/{{y}}.mvt"
    document = layer_tilejson(view, url, attribution=view.layer.provenance.licence)
    if layer.endswith(CELLS):
        fields = {"cell": "String: H3", "count": "Number"}
        document |= {"minzoom": 0, "vector_layers": [{"id": LAYER_NAME, "fields": fields}]}
        document["description"] = f"{view.layer.schema.name}: features by H3 cell, none left out"
    return fresh(ask, orjson.dumps(document), JSON, tag=tag, max_age_s=max_age_s)


async def style(service: Service, ask: Ask, theme: str) -> Answer:
    """Return the MapLibre style of the city's own base map.

    Parameters
    ----------
    service : Service
    ask : Ask
        Query parameter ``lang``: ``zh`` (the default) or ``en``.
    theme : str
        ``day`` or ``night``.

    Returns
    -------
    Answer

    Raises
    ------
    InvalidQueryError
        If theme, language or a parameter is unknown.
    """
    lang = ask.only("lang").get("lang", "zh")
    if lang not in ("zh", "en"):
        raise InvalidQueryError(f"lang={lang[:40]!r} came, zh or en was wanted")
    city = service.city
    views = list(service.layers(ask.caller).values())
    tag = ask.tag(
        city.config.name, *(part for view in views for part in (view.layer.schema.name, view.version_tag))
    )
    if ask.holds(tag):
        return not_modified(tag, max_age_s=service.settings.max_age_s)
    layers = [
        StyleLayerInfo(view.layer.schema.name, view.layer.schema.geometry, lowest_zoom(view), view.bbox)
        for view in views
    ]
    document = build_style(
        layers,
        tiles_url=f"{ask.base_url}/tiles/{{layer}}/{{z}}/{{x}}/{{y}}.mvt",
        theme=theme,
        lang="en" if lang == "en" else "zh",
        name=city.config.name,
        attribution=", ".join(_licences(views)),
    )
    return fresh(ask, orjson.dumps(document), JSON, tag=tag, max_age_s=service.settings.max_age_s)
