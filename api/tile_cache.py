"""Encoded tiles of this process: bounded in bytes, and each tile encoded once however many ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

ENTRY_BYTES = 200  # dictionary entry, key and object beside the tile's bytes


@dataclass(frozen=True, slots=True)
class PackedTile:
    """One tile as it is kept.

    Attributes
    ----------
    packed : bytes
        Mapbox Vector Tile, gzipped; no bytes at all where nothing is drawn.
    truncated : str
        How many features were left out to keep the tile small, empty for none;
        announced, never silent.
    """

    packed: bytes
    truncated: str = ""


class TileCache:
    """The most recently asked tiles; a key holds the layer's version tag, so nothing goes stale.

    Parameters
    ----------
    max_bytes : int
        Memory for tiles, bytes.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._tiles: OrderedDict[Hashable, PackedTile] = OrderedDict()
        self._coming: dict[Hashable, asyncio.Future[PackedTile]] = {}

    async def tile(self, key: Hashable, encode: Callable[[], Awaitable[PackedTile]]) -> PackedTile:
        """Return a tile, encoding it only where it is neither kept nor already being encoded.

        Parameters
        ----------
        key : hashable
            Everything that decides the tile's bytes.
        encode : callable
            Makes the tile.

        Returns
        -------
        PackedTile
        """
        kept = self._tiles.get(key)
        if kept is not None:
            self._tiles.move_to_end(key)
            return kept
        coming = self._coming.get(key)
        if coming is None:
            coming = self._coming[key] = asyncio.ensure_future(self._encoded(key, encode))
        # Shielded: a caller who goes away must not take the tile from the others who wait.
        return await asyncio.shield(coming)

    async def _encoded(self, key: Hashable, encode: Callable[[], Awaitable[PackedTile]]) -> PackedTile:
        try:
            made = await encode()
            self._keep(key, made)
            return made
        finally:
            del self._coming[key]

    def _keep(self, key: Hashable, made: PackedTile) -> None:
        self._tiles[key] = made
        self._n_bytes += len(made.packed) + ENTRY_BYTES
        while self._n_bytes > self._max_bytes:
            _, oldest = self._tiles.popitem(last=False)
            self._n_bytes -= len(oldest.packed) + ENTRY_BYTES

    def __len__(self) -> int:
        return len(self._tiles)
